/* json: what people write is read as the proto3 JSON mapping says, or refused with its path. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "throughcare/v1/consent.pb-c.h"
#include "throughcare/v1/envelope.pb-c.h"
#include "throughcare/v1/exchange.pb-c.h"
#include "throughcare/v1/service.pb-c.h"
#include "throughcare/v1/wire.pb-c.h"
#include "wire/base64.h"
#include "wire/json.h"
#include "wire/part_types.h"
#include "wire/validate.h"

#define NOW_MS 1795255200123LL

static ProtobufCMessage *read_as(const ProtobufCMessageDescriptor *type, const char *text)
{
	struct tc_refusal refusal;
	ProtobufCMessage *message = NULL;
	json_t *json = NULL;

	if (tc_json_parse(tc_slice_text(text), &json, &refusal) != 0 ||
	    tc_json_to_message(json, type, &message, &refusal) != 0)
		fail_msg("refused: %s %s", tc_refusal_name(refusal.code), refusal.detail);
	json_decref(json);
	return message;
}

static void assert_refused(const ProtobufCMessageDescriptor *type, const char *text,
			   enum tc_refusal_code code, const char *path)
{
	struct tc_refusal refusal = {.code = TC_REFUSAL_NONE};
	ProtobufCMessage *message = NULL;
	json_t *json = NULL;
	int r = tc_json_parse(tc_slice_text(text), &json, &refusal);

	if (r == 0)
		r = tc_json_to_message(json, type, &message, &refusal);
	json_decref(json);
	assert_int_equal(r, TC_JSON_REFUSED);
	assert_null(message);
	assert_string_equal(tc_refusal_name(refusal.code), tc_refusal_name(code));
	assert_memory_equal(refusal.detail, path, strlen(path));
}

static void assert_prints(const ProtobufCMessage *message, const char *wanted)
{
	json_t *json = NULL;
	char *text;

	assert_int_equal(tc_json_from_message(message, &json), 0);
	text = json_dumps(json, JSON_COMPACT);
	assert_string_equal(text, wanted);
	free(text);
	json_decref(json);
}

static void both_spellings_of_a_name_are_read(void **state)
{
	static const char *const texts[] = {"{\"expectedVersion\": \"7\", \"referralId\": null}",
					    "{\"expected_version\": 7}"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		ProtobufCMessage *message = read_as(&throughcare__v1__header__descriptor, texts[i]);
		const Throughcare__V1__Header *header = (const Throughcare__V1__Header *)message;

		assert_true(header->has_expected_version);
		assert_int_equal(header->expected_version, 7);
		assert_null(header->referral_id);
		assert_prints(message, "{\"expectedVersion\":\"7\"}");
		protobuf_c_message_free_unpacked(message, NULL);
	}
}

static void values_of_enumerations_have_short_names(void **state)
{
	ProtobufCMessage *message = read_as(&throughcare__v1__header__descriptor,
					    "{\"purpose\":\"treatment\",\"priority\":1,"
					    "\"evidence\":\"EVIDENCE_LEVEL_EXCEPTIONS\"}");

	(void)state;
	assert_prints(message,
		      "{\"purpose\":\"PURPOSE_TREATMENT\",\"priority\":\"PRIORITY_URGENT\","
		      "\"evidence\":\"EVIDENCE_LEVEL_EXCEPTIONS\"}");
	protobuf_c_message_free_unpacked(message, NULL);
	assert_refused(&throughcare__v1__header__descriptor, "{\"purpose\":\"profit\"}",
		       TC_REFUSAL_FIELD_INVALID, "purpose: not a value of Purpose");
	assert_refused(&throughcare__v1__header__descriptor, "{\"purpose\":99}",
		       TC_REFUSAL_FIELD_INVALID, "purpose");
}

static void times_keep_their_nanoseconds_and_become_utc(void **state)
{
	static const char *const pairs[][2] = {
		{"2026-11-21T10:20:30Z", "2026-11-21T10:20:30Z"},
		{"2026-11-21T12:20:30.5+02:00", "2026-11-21T10:20:30.500Z"},
		{"2026-11-21T10:20:30.123456789Z", "2026-11-21T10:20:30.123456789Z"},
		{"1969-12-31T23:59:59.000001Z", "1969-12-31T23:59:59.000001Z"},
		{"1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		ProtobufCMessage *message;
		char text[96];

		snprintf(text, sizeof(text), "{\"since\":\"%s\"}", pairs[i][0]);
		message = read_as(&throughcare__v1__trail_find_query__descriptor, text);
		snprintf(text, sizeof(text), "{\"since\":\"%s\"}", pairs[i][1]);
		assert_prints(message, text);
		protobuf_c_message_free_unpacked(message, NULL);
	}
	assert_refused(&throughcare__v1__trail_find_query__descriptor, "{\"since\":\"yesterday\"}",
		       TC_REFUSAL_FIELD_INVALID, "since: not a time");
	assert_refused(&throughcare__v1__trail_find_query__descriptor, "{\"since\":1}",
		       TC_REFUSAL_FIELD_INVALID, "since: not a time");
}

static void numbers_fit_their_fields_or_are_refused(void **state)
{
	const ProtobufCMessageDescriptor *type = &throughcare__v1__test_message__descriptor;
	ProtobufCMessage *message = read_as(type, "{\"number\":\"18446744073709551615\"}");

	(void)state;
	assert_prints(message, "{\"number\":\"18446744073709551615\"}");
	protobuf_c_message_free_unpacked(message, NULL);
	message = read_as(type, "{\"number\":1e3}");
	assert_prints(message, "{\"number\":\"1000\"}");
	protobuf_c_message_free_unpacked(message, NULL);
	assert_refused(type, "{\"number\":\"18446744073709551616\"}", TC_REFUSAL_FIELD_INVALID,
		       "number");
	assert_refused(type, "{\"number\":-1}", TC_REFUSAL_FIELD_INVALID, "number");
	assert_refused(type, "{\"number\":1.5}", TC_REFUSAL_FIELD_INVALID, "number");
	assert_refused(type, "{\"number\":\"0x1\"}", TC_REFUSAL_FIELD_INVALID, "number");
	assert_refused(type, "{\"number\":\"\"}", TC_REFUSAL_FIELD_INVALID, "number");
	assert_refused(type, "{\"number\":true}", TC_REFUSAL_FIELD_INVALID, "number");
	assert_refused(&throughcare__v1__attendance_record__descriptor,
		       "{\"lateMinutes\":4294967296}", TC_REFUSAL_FIELD_INVALID, "lateMinutes");
}

static void a_real_is_a_number_or_its_text(void **state)
{
	ProtobufCMessage *message = read_as(&throughcare__v1__drug_test_result__analyte__descriptor,
					    "{\"cutoff\":\"2.5e2\",\"level\":3}");

	(void)state;
	assert_prints(message, "{\"cutoff\":250.0,\"level\":3.0}");
	protobuf_c_message_free_unpacked(message, NULL);
	assert_refused(&throughcare__v1__drug_test_result__analyte__descriptor,
		       "{\"cutoff\":\"NaN\"}", TC_REFUSAL_FIELD_INVALID, "cutoff");
}

static void bytes_are_base64_of_either_alphabet(void **state)
{
	static const char *const same[] = {"+/8A", "-_8A"};
	static const char *const bad[] = {"A", "AB=", "AB", "A===", "A B=", "===="};
	char text[64];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		ProtobufCMessage *message;

		snprintf(text, sizeof(text), "{\"filling\":\"%s\"}", same[i]);
		message = read_as(&throughcare__v1__test_message__descriptor, text);
		assert_prints(message, "{\"filling\":\"+/8A\"}");
		protobuf_c_message_free_unpacked(message, NULL);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "{\"filling\":\"%s\"}", bad[i]);
		assert_refused(&throughcare__v1__test_message__descriptor, text,
			       TC_REFUSAL_FIELD_INVALID, "filling");
	}
	for (size_t len = 0; len <= 9; len++) {
		uint8_t back[16];
		size_t back_len = 99;

		tc_base64_encode(tc_slice("\x00\xff\x10\x83\x7f\x01\x02\x03\x04", len), text);
		assert_true(tc_base64_decode(tc_slice_text(text), back, &back_len));
		assert_int_equal(back_len, len);
		assert_memory_equal(back, "\x00\xff\x10\x83\x7f\x01\x02\x03\x04", len);
	}
}

static void what_the_schema_does_not_know_is_refused_with_its_path(void **state)
{
	const ProtobufCMessageDescriptor *type = &throughcare__v1__consent_grant__descriptor;

	(void)state;
	assert_refused(type, "{\"grants\":[{\"expiry\":{\"when\":1}}]}", TC_REFUSAL_FIELD_UNKNOWN,
		       "grants[0].expiry.when");
	assert_refused(type, "{\"grants\":[{},{\"categories\":[\"hiv\",\"gossip\"]}]}",
		       TC_REFUSAL_FIELD_INVALID,
		       "grants[1].categories[1]: not a value of Category");
	assert_refused(type, "{\"grants\":{}}", TC_REFUSAL_FIELD_INVALID, "grants: not an array");
	assert_refused(type, "{\"grants\":[null]}", TC_REFUSAL_FIELD_INVALID,
		       "grants[0]: not an object");
	assert_refused(type, "{\"consentId\":\"a\",\"consent_id\":\"b\"}", TC_REFUSAL_FIELD_INVALID,
		       "consent_id: given twice");
	assert_refused(type, "{\"a person's name\":1}", TC_REFUSAL_FIELD_UNKNOWN, "(a name)");
	assert_refused(type, "[]", TC_REFUSAL_FIELD_INVALID, ": not an object");
}

static void what_is_no_json_is_refused_with_its_place(void **state)
{
	static const char *const bad[] = {"",
					  "{",
					  "{} {}",
					  "{\"a\":1,\"a\":2}",
					  "{\"a\":\"\\u0000\"}",
					  "{\"a\":\"\xff\"}",
					  "{\"a\":\"\\ud800\"}",
					  "{'a':1}",
					  "{\"a\":1,}",
					  "{\"a\":99999999999999999999}"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_refused(&throughcare__v1__header__descriptor, bad[i], TC_REFUSAL_MALFORMED,
			       "line ");
}

static void one_member_of_a_oneof_is_read_and_printed(void **state)
{
	const ProtobufCMessageDescriptor *type = &throughcare__v1__request__descriptor;
	ProtobufCMessage *message =
		read_as(type, "{\"requestId\":\"1\",\"collect\":{\"credit\":5}}");

	(void)state;
	assert_prints(message, "{\"requestId\":\"1\",\"collect\":{\"credit\":5}}");
	protobuf_c_message_free_unpacked(message, NULL);
	assert_refused(type, "{\"collect\":{},\"settle\":{}}", TC_REFUSAL_FIELD_INVALID, "settle");
}

static void every_template_is_accepted_as_it_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < tc_part_type_count; i++) {
		const struct tc_part_type *part = &tc_part_types[i];
		const ProtobufCMessageDescriptor *type = part->message->descriptor;
		struct tc_refusal refusal;
		ProtobufCMessage *message = NULL;
		uint8_t packed[8192];
		json_t *json = NULL;
		size_t len;

		if (part->envelope &&
		    part->envelope->destination ==
			    THROUGHCARE__V1__DESTINATION__DESTINATION_FROM_EXCHANGE)
			continue;
		assert_int_equal(tc_json_template(type, NOW_MS, &json), 0);
		if (tc_json_to_message(json, type, &message, &refusal) != 0)
			fail_msg("%s: %s %s", part->name, tc_refusal_name(refusal.code),
				 refusal.detail);
		len = protobuf_c_message_get_packed_size(message);
		assert_true(len <= sizeof(packed));
		protobuf_c_message_pack(message, packed);
		if (tc_message_scan(tc_slice(packed, len), type, &refusal) != 0)
			fail_msg("%s: %s %s", part->name, tc_refusal_name(refusal.code),
				 refusal.detail);
		protobuf_c_message_free_unpacked(message, NULL);
		json_decref(json);
	}
}

static void templates_count_their_times_from_now(void **state)
{
	json_t *json = NULL;
	const char *text;

	(void)state;
	assert_int_equal(
		tc_json_template(tc_part_descriptor(tc_slice_text("Referral")), NOW_MS, &json), 0);
	text = json_string_value(json_object_get(json, "releaseDate"));
	assert_string_equal(text, "2026-12-12");
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_spellings_of_a_name_are_read),
		cmocka_unit_test(values_of_enumerations_have_short_names),
		cmocka_unit_test(times_keep_their_nanoseconds_and_become_utc),
		cmocka_unit_test(numbers_fit_their_fields_or_are_refused),
		cmocka_unit_test(a_real_is_a_number_or_its_text),
		cmocka_unit_test(bytes_are_base64_of_either_alphabet),
		cmocka_unit_test(what_the_schema_does_not_know_is_refused_with_its_path),
		cmocka_unit_test(what_is_no_json_is_refused_with_its_place),
		cmocka_unit_test(one_member_of_a_oneof_is_read_and_printed),
		cmocka_unit_test(every_template_is_accepted_as_it_is),
		cmocka_unit_test(templates_count_their_times_from_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
