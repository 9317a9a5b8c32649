/* validate: what protobuf-c would let through is refused, with the path of the field. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "throughcare/v1/envelope.pb-c.h"
#include "throughcare/v1/person.pb-c.h"
#include "throughcare/v1/referral.pb-c.h"
#include "throughcare/v1/service.pb-c.h"
#include "throughcare/v1/wire.pb-c.h"
#include "wire/limits.h"
#include "wire/part_types.h"
#include "wire/validate.h"

#define NOTE (&throughcare__v1__loop_closed__descriptor)
#define ID   "00000000-0000-7000-8000-000000000001"

/* A message put together byte by byte. */
struct draft {
	uint8_t bytes[4096];
	size_t len;
};

static void put(struct draft *draft, const void *bytes, size_t len)
{
	assert_true(draft->len + len <= sizeof(draft->bytes));
	memcpy(draft->bytes + draft->len, bytes, len);
	draft->len += len;
}

static void put_varint(struct draft *draft, uint64_t value)
{
	uint8_t byte;

	do {
		byte = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
		put(draft, &byte, 1);
		value >>= 7;
	} while (value > 0);
}

static void put_number(struct draft *draft, uint32_t field, uint64_t value)
{
	put_varint(draft, (uint64_t)field << 3);
	put_varint(draft, value);
}

static void put_bytes(struct draft *draft, uint32_t field, const void *bytes, size_t len)
{
	put_varint(draft, (uint64_t)field << 3 | 2);
	put_varint(draft, len);
	put(draft, bytes, len);
}

static void put_text(struct draft *draft, uint32_t field, const char *text)
{
	put_bytes(draft, field, text, strlen(text));
}

static void assert_refused(const struct draft *draft, const ProtobufCMessageDescriptor *type,
			   enum tc_refusal_code code, const char *path)
{
	struct tc_refusal refusal = {.code = TC_REFUSAL_NONE};

	assert_int_equal(tc_message_scan(tc_slice(draft->bytes, draft->len), type, &refusal),
			 TC_MESSAGE_REFUSED);
	assert_string_equal(tc_refusal_name(refusal.code), tc_refusal_name(code));
	assert_memory_equal(refusal.detail, path, strlen(path));
	assert_true(strlen(path) > 0 || refusal.detail[0] == '\0');
}

static void assert_accepted(const struct draft *draft, const ProtobufCMessageDescriptor *type)
{
	struct tc_refusal refusal = {.code = TC_REFUSAL_NONE};

	if (tc_message_scan(tc_slice(draft->bytes, draft->len), type, &refusal) != 0)
		fail_msg("refused: %s %s", tc_refusal_name(refusal.code), refusal.detail);
}

/* Accepted as LoopClosed: decision 1, reason_code 2, reason_text 3. */
static struct draft closed(void)
{
	struct draft draft = {.len = 0};

	put_number(&draft, 1, 1);
	return draft;
}

static void a_whole_message_is_accepted(void **state)
{
	struct draft draft = closed();

	(void)state;
	put_text(&draft, 2, "done");
	put_text(&draft, 3,
		 "Gr\xc3\xbc\xc3\x9f"
		 "e");
	assert_accepted(&draft, NOTE);
}

static void what_required_fields_lack_is_named(void **state)
{
	struct draft none = {.len = 0};
	struct draft zero = {.len = 0};
	struct draft empty = {.len = 0};

	(void)state;
	put_number(&zero, 1, 0);
	put_text(&empty, 1, "");
	assert_refused(&none, NOTE, TC_REFUSAL_FIELD_MISSING, "decision");
	assert_refused(&zero, NOTE, TC_REFUSAL_FIELD_MISSING, "decision");
	assert_refused(&empty, &throughcare__v1__person_identity__descriptor,
		       TC_REFUSAL_FIELD_MISSING, "family_name");
}

static void unknown_and_repeated_fields_are_refused(void **state)
{
	struct draft unknown = closed();
	struct draft twice = closed();

	(void)state;
	put_number(&unknown, 99, 1);
	put_number(&twice, 1, 2);
	assert_refused(&unknown, NOTE, TC_REFUSAL_FIELD_UNKNOWN, "field 99");
	assert_refused(&twice, NOTE, TC_REFUSAL_FIELD_INVALID, "decision: given twice");
}

static void texts_are_utf8_without_nul_and_within_their_limit(void **state)
{
	struct draft broken = closed();
	struct draft nul = closed();
	struct draft longer = closed();
	char text[1001];

	(void)state;
	memset(text, 'x', sizeof(text));
	put_bytes(&broken, 3, "a\xff", 2);
	put_bytes(&nul, 3, "a\0b", 3);
	put_bytes(&longer, 3, text, sizeof(text));
	assert_refused(&broken, NOTE, TC_REFUSAL_UTF8_INVALID, "reason_text");
	assert_refused(&nul, NOTE, TC_REFUSAL_FIELD_INVALID, "reason_text");
	assert_refused(&longer, NOTE, TC_REFUSAL_FIELD_TOO_LONG, "reason_text: 1001 bytes");
}

static void numbers_without_a_meaning_are_refused(void **state)
{
	struct draft unknown = {.len = 0};
	struct draft negative = {.len = 0};
	struct draft wide = {.len = 0};
	struct draft mistyped = {.len = 0};

	(void)state;
	put_number(&unknown, 1, 3);
	put_number(&negative, 1, UINT64_MAX);
	put_number(&wide, 3, UINT64_C(1) << 32);
	put_text(&mistyped, 1, "x");
	assert_refused(&unknown, NOTE, TC_REFUSAL_FIELD_INVALID, "decision");
	assert_refused(&negative, NOTE, TC_REFUSAL_FIELD_INVALID, "decision");
	assert_refused(&wide, &throughcare__v1__attendance_record__descriptor,
		       TC_REFUSAL_FIELD_INVALID, "late_minutes: over 32 bits");
	assert_refused(&mistyped, NOTE, TC_REFUSAL_FIELD_INVALID, "decision: of another");
}

static void formats_are_held(void **state)
{
	static const char *const bad_ids[] = {"", "x", "00000000-0000-7000-8000-00000000000A",
					      "00000000-0000-7000-8000-0000000000011"};
	static const char *const bad_dates[] = {"2026-02-29", "2026-13-01", "2026-1-01",
						"0000-01-01", "1900-02-29", "2026-04-31"};
	static const char *const good_dates[] = {"2024-02-29", "2000-02-29", "2026-12-31"};
	static const char *const bad_codes[] = {"", "A", "a b", "\xc3\xa4"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad_ids) / sizeof(bad_ids[0]); i++) {
		struct draft draft = {.len = 0};

		put_text(&draft, 1, bad_ids[i]);
		assert_refused(&draft, &throughcare__v1__referral_show_query__descriptor,
			       TC_REFUSAL_FIELD_INVALID, "referral_id: not a UUID");
	}
	for (size_t i = 0; i < sizeof(bad_dates) / sizeof(bad_dates[0]); i++) {
		struct draft draft = {.len = 0};

		put_text(&draft, 5, bad_dates[i]);
		assert_refused(&draft, &throughcare__v1__person_identity__descriptor,
			       TC_REFUSAL_FIELD_INVALID, "birth_date: not a date");
	}
	for (size_t i = 0; i < sizeof(good_dates) / sizeof(good_dates[0]); i++) {
		struct draft draft = {.len = 0};

		put_text(&draft, 1, "Person");
		put_text(&draft, 5, good_dates[i]);
		assert_accepted(&draft, &throughcare__v1__person_identity__descriptor);
	}
	for (size_t i = 0; i < sizeof(bad_codes) / sizeof(bad_codes[0]); i++) {
		struct draft draft = closed();

		put_text(&draft, 2, bad_codes[i]);
		assert_refused(&draft, NOTE, TC_REFUSAL_FIELD_INVALID, "reason_code: not a code");
	}
}

static void the_path_leads_through_messages_and_entries(void **state)
{
	struct draft outcome = {.len = 0};
	struct draft referral = {.len = 0};

	(void)state;
	put_text(&outcome, 1, "outcome-1");
	put_bytes(&outcome, 2, "\xff", 1);
	put_text(&referral, 1, "intake");
	put_text(&referral, 2, "reason");
	put_bytes(&referral, 5, outcome.bytes, 0);
	assert_refused(&referral, &throughcare__v1__referral__descriptor, TC_REFUSAL_FIELD_MISSING,
		       "desired_outcomes[0].id");
	referral.len -= 2;
	put_bytes(&referral, 5, outcome.bytes, outcome.len);
	assert_refused(&referral, &throughcare__v1__referral__descriptor, TC_REFUSAL_UTF8_INVALID,
		       "desired_outcomes[0].text");
}

/* Rows have room for as much. */
static void a_persons_id_is_as_long_as_the_limit_says(void **state)
{
	const struct tc_message_rule *actor =
		tc_message_rule_find(&throughcare__v1__actor__descriptor);

	(void)state;
	assert_non_null(actor);
	assert_int_equal(tc_field_rule_find(actor, 1)->max_bytes, TC_ACTOR_BYTES_MAX);
}

static void entries_are_counted(void **state)
{
	struct draft query = {.len = 0};
	struct draft request = {.len = 0};

	(void)state;
	for (int i = 0; i < 17; i++)
		put_text(&query, 6, "");
	assert_refused(&query, &throughcare__v1__header__descriptor, TC_REFUSAL_FIELD_TOO_LONG,
		       "recipients: more than 16");
	put_text(&request, 1, "from");
	put_text(&request, 2, "to");
	put_text(&request, 3, ID);
	put_bytes(&request, 5, "\x01\x07", 2); /* packed */
	put_number(&request, 5, 2);
	assert_accepted(&request, &throughcare__v1__consent_check_query__descriptor);
	put_bytes(&request, 5, "\x63", 1);
	assert_refused(&request, &throughcare__v1__consent_check_query__descriptor,
		       TC_REFUSAL_FIELD_INVALID, "categories[3]");
	request.len -= 3;
	put_bytes(&request, 5, "\x80", 1);
	assert_refused(&request, &throughcare__v1__consent_check_query__descriptor,
		       TC_REFUSAL_MALFORMED, "categories");
}

static void one_member_of_a_oneof_is_enough(void **state)
{
	struct draft request = {.len = 0};

	(void)state;
	put_number(&request, 1, 7);
	put_text(&request, 3, "");
	assert_accepted(&request, &throughcare__v1__request__descriptor);
	put_text(&request, 4, "");
	assert_refused(&request, &throughcare__v1__request__descriptor, TC_REFUSAL_FIELD_INVALID,
		       "settle: beside another");
}

static void times_outside_the_calendar_are_absurd(void **state)
{
	struct draft time = {.len = 0};
	struct draft query = {.len = 0};

	(void)state;
	put_number(&time, 1, 253402300800);
	put_bytes(&query, 5, time.bytes, time.len);
	assert_refused(&query, &throughcare__v1__trail_find_query__descriptor,
		       TC_REFUSAL_TIME_ABSURD, "since");
	time.len = query.len = 0;
	put_number(&time, 2, 1000000000);
	put_bytes(&query, 6, time.bytes, time.len);
	assert_refused(&query, &throughcare__v1__trail_find_query__descriptor,
		       TC_REFUSAL_FIELD_INVALID, "until");
}

static void reals_are_numbers(void **state)
{
	static const uint8_t nan[] = {0x19, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f};
	struct draft analyte = {.len = 0};

	(void)state;
	put_text(&analyte, 1, "opiates");
	put_number(&analyte, 2, 1);
	put(&analyte, nan, sizeof(nan));
	assert_refused(&analyte, &throughcare__v1__drug_test_result__analyte__descriptor,
		       TC_REFUSAL_FIELD_INVALID, "cutoff: not a number");
}

static void a_message_cut_at_any_byte_is_refused_or_whole(void **state)
{
	struct draft whole = {.len = 0};
	size_t refused = 0;

	(void)state;
	put_text(&whole, 1, ID);
	put_text(&whole, 2, "Referral");
	put_text(&whole, 3, "parole-a");
	put_bytes(&whole, 14, "\x08\x01", 2);
	assert_accepted(&whole, &throughcare__v1__header__descriptor);
	for (size_t len = 0; len < whole.len; len++) {
		struct tc_refusal refusal;
		uint8_t *exact = malloc(len + 1); /* so that a sanitizer sees a read past the end */

		assert_non_null(exact);
		memcpy(exact, whole.bytes, len);
		if (tc_message_scan(tc_slice(exact, len), &throughcare__v1__header__descriptor,
				    &refusal) == TC_MESSAGE_REFUSED)
			refused++;
		free(exact);
	}
	assert_int_equal(refused, whole.len);
}

static void a_type_of_another_package_is_the_callers_fault(void **state)
{
	struct tc_refusal refusal;

	(void)state;
	assert_int_equal(tc_message_scan(tc_slice(NULL, 0),
					 &google__protobuf__timestamp__descriptor, &refusal),
			 TC_EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_message_is_accepted),
		cmocka_unit_test(what_required_fields_lack_is_named),
		cmocka_unit_test(unknown_and_repeated_fields_are_refused),
		cmocka_unit_test(texts_are_utf8_without_nul_and_within_their_limit),
		cmocka_unit_test(numbers_without_a_meaning_are_refused),
		cmocka_unit_test(formats_are_held),
		cmocka_unit_test(the_path_leads_through_messages_and_entries),
		cmocka_unit_test(a_persons_id_is_as_long_as_the_limit_says),
		cmocka_unit_test(entries_are_counted),
		cmocka_unit_test(one_member_of_a_oneof_is_enough),
		cmocka_unit_test(times_outside_the_calendar_are_absurd),
		cmocka_unit_test(reals_are_numbers),
		cmocka_unit_test(a_message_cut_at_any_byte_is_refused_or_whole),
		cmocka_unit_test(a_type_of_another_package_is_the_callers_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
