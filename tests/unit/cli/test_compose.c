#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/evp.h>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/compose.h"
#include "cli/issuance.h"
#include "cli/lookup.h"
#include "wire/envelope.h"
#include "wire/part_types.h"
#include "wire/request.h"

#define NOW_MS 1763700000000

static struct tc_signing_key *key;
static struct tc_problem problem;

static int key_make(void **state)
{
	EVP_PKEY *made = tc_issuance_key_new();
	(void)state;
	int r = made ? tc_signing_key_wrap(made, &key) : -1;
	EVP_PKEY_free(made);
	return r;
}

static int key_drop(void **state)
{
	(void)state;
	tc_signing_key_free(&key);
	return 0;
}

static const char test_message[] =
	"{\"messageId\":\"0197a0c0-0000-7000-8000-000000000001\",\"type\":\"TestMessage\","
	"\"recipients\":[{\"agency\":\"clinic\"}],"
	"\"subject\":\"00000000-0000-7000-8000-000000000001\","
	"\"parts\":[{\"type\":\"TestMessage\",\"content\":{\"text\":\"hello\",\"number\":\"7\"}}]}";

static struct tc_composition *composed_at(const char *text, int64_t now_ms)
{
	struct tc_compose_writer writer = {
		.sender = "parole-north", .actor = "w-1", .key = key, .now_ms = now_ms};
	struct tc_composition *composition = NULL;
	json_t *messages = NULL;

	assert_int_equal(tc_compose_read(tc_slice_text(text), &messages, &problem), 0);
	int r = tc_compose(json_array_get(messages, 0), &writer, &composition, &problem);
	if (r != 0)
		fail_msg("%s: %s: %s", problem.code, problem.message, problem.detail);
	json_decref(messages);
	return composition;
}

static struct tc_composition *composed(const char *text)
{
	return composed_at(text, NOW_MS);
}

static struct tc_bytes header_bytes(struct tc_composition *composition)
{
	struct tc_draft draft = {.header = composition->header,
				 .parts = composition->parts,
				 .part_count = composition->part_count};
	uint8_t salts[TC_PARTS_MAX][TC_SALT_BYTES];
	struct tc_bytes packed = {0};

	assert_int_equal(tc_draft_pack_header(&draft, key, salts, &packed), 0);
	return packed;
}

/* The header holds the digests of salted parts: equal headers are equal messages. */
static void the_same_json_gives_the_same_bytes(void **state)
{
	struct tc_composition *first = composed_at(test_message, NOW_MS);
	struct tc_composition *second = composed_at(test_message, NOW_MS + 86400000);
	struct tc_bytes one = header_bytes(first), other = header_bytes(second);

	(void)state;
	assert_true(tc_slice_equal(tc_bytes_slice(&one), tc_bytes_slice(&other)));
	tc_bytes_free(&one);
	tc_bytes_free(&other);
	tc_compose_free(&first);
	tc_compose_free(&second);
}

static void what_is_absent_is_filled_in(void **state)
{
	struct tc_composition *made =
		composed("{\"parts\":[{\"type\":\"TestMessage\",\"content\":{}}]}");

	(void)state;
	assert_int_equal(strlen(made->header->message_id), 36);
	assert_string_equal(made->header->type, "TestMessage");
	assert_string_equal(made->header->sender, "parole-north");
	assert_string_equal(made->header->actor->id, "w-1");
	assert_int_equal(made->header->created_at->seconds, NOW_MS / 1000);
	assert_int_equal(made->parts[0].category, THROUGHCARE__V1__CATEGORY__CATEGORY_TEST);
	assert_null(made->header->referral_id);
	tc_compose_free(&made);
}

static void a_new_referral_gets_an_id_that_stays(void **state)
{
	static const char text[] = "{\"messageId\":\"0197a0c0-0000-7000-8000-000000000002\","
				   "\"parts\":[{\"type\":\"Referral\",\"content\":{}}]}";
	struct tc_composition *first = composed(text), *second = composed(text);

	(void)state;
	assert_int_equal(strlen(first->header->referral_id), 36);
	assert_string_equal(first->header->referral_id, second->header->referral_id);
	tc_compose_free(&first);
	tc_compose_free(&second);
}

static void refused(const char *text, const char *code)
{
	struct tc_compose_writer writer = {.sender = "parole-north", .key = key, .now_ms = NOW_MS};
	struct tc_composition *composition = NULL;
	json_t *messages = NULL;

	assert_int_equal(tc_compose_read(tc_slice_text(text), &messages, &problem), 0);
	assert_int_equal(tc_compose(json_array_get(messages, 0), &writer, &composition, &problem),
			 TC_COMPOSE_REFUSED);
	assert_string_equal(problem.code, code);
	json_decref(messages);
}

static void what_cannot_be_a_message_is_refused_with_its_place(void **state)
{
	(void)state;
	refused("[7]", "malformed");
	refused("{}", "part_missing");
	refused("{\"parts\":[]}", "part_missing");
	refused("{\"parts\":[{\"type\":\"Nonsense\",\"content\":{}}]}", "unknown_part_type");
	assert_string_equal(problem.detail, "parts[0]: Nonsense");
	refused("{\"messageId\":\"x\",\"parts\":[{\"type\":\"TestMessage\"}]}", "field_invalid");
	refused("{\"colour\":1,\"parts\":[{\"type\":\"TestMessage\"}]}", "field_unknown");
	refused("{\"parts\":[{\"type\":\"TestMessage\",\"body\":{}}]}", "field_unknown");
	refused("{\"parts\":[{\"type\":\"TestMessage\",\"content\":{\"texts\":1}}]}",
		"field_unknown");
	refused("{\"parts\":[{\"type\":\"TestMessage\",\"salt\":\"AAAA\"}]}", "salt_invalid");
	refused("{\"parts\":[{\"type\":\"TestMessage\",\"category\":\"housing\"}]}",
		"part_category");
}

static json_t *letters(size_t count)
{
	char *text = malloc(count);

	assert_non_null(text);
	memset(text, 'A', count);
	json_t *made = json_stringn(text, count);
	free(text);
	return made;
}

static void refused_made(json_t *message, const char *code, const char *where)
{
	char *text = json_dumps(message, 0);

	assert_non_null(text);
	refused(text, code);
	assert_non_null(strstr(problem.detail, where));
	free(text);
	json_decref(message);
}

/* The exchange would close the connection over it: better said before, and of which part. */
static void what_is_too_large_is_refused_by_part(void **state)
{
	json_t *parts = json_array();

	(void)state;
	for (int i = 0; i < 5; i++) /* 900,000 bytes in base64 each */
		json_array_append_new(parts, json_pack("{s:s,s:b,s:o}", "type", "TestMessage",
						       "sealed", 1, "content", letters(1200000)));
	refused_made(json_pack("{s:o}", "parts", parts), "frame_too_large", "parts[4]");
	refused_made(json_pack("{s:[{s:s,s:{s:o}}]}", "parts", "type", "TestMessage", "content",
			       "text", letters(1200000)),
		     "field_too_long", "parts[0]");
	refused_made(json_pack("{s:[{s:s}],s:o}", "parts", "type", "TestMessage", "type",
			       letters(20000)),
		     "field_too_long", "header");
}

static void a_part_that_is_to_be_sealed_is_marked_and_one_that_is_stays_as_it_is(void **state)
{
	struct tc_composition *made =
		composed("{\"parts\":[{\"type\":\"TestMessage\"},"
			 "{\"type\":\"TestMessage\",\"sealed\":true,\"opened\":true,\"salt\":"
			 "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\",\"content\":{\"text\":"
			 "\"a\"}},"
			 "{\"type\":\"TestMessage\",\"sealed\":true,\"content\":\"AQID\"}]}");
	struct tc_message *message = NULL;

	(void)state;
	assert_false(made->marked[0] || made->parts[0].sealed);
	assert_true(made->marked[1]);
	assert_false(made->parts[1].sealed);
	assert_int_equal(made->parts[1].salt.len, TC_SALT_BYTES);
	assert_int_equal(made->parts[1].content.len, 3);
	assert_true(made->parts[2].sealed);
	assert_false(made->marked[2]);
	assert_memory_equal(made->parts[2].content.data, "\x01\x02\x03", 3);
	assert_int_equal(tc_compose_message(made, &message), 0);
	tc_message_free(&message);
	tc_compose_free(&made);
	refused("{\"parts\":[{\"type\":\"AttendanceRecord\",\"sealed\":true,\"content\":{}}]}",
		"part_sealed");
	refused("{\"parts\":[{\"type\":\"TestMessage\",\"sealed\":true,\"content\":\"?\"}]}",
		"field_invalid");
}

static void lines_arrays_and_single_objects_are_read(void **state)
{
	static const struct {
		const char *text;
		size_t count;
	} inputs[] = {
		{"{\"a\":1}", 1},
		{"{\"a\":1}\n{\"a\":2}\n\n{\"a\":3}\n", 3},
		{"[{\"a\":1},{\"a\":2}]", 2},
		{"{\n  \"a\": {\n    \"b\": 1\n  }\n}\n{\n  \"a\": 2\n}\n", 2},
		{"\xef\xbb\xbf {\"a\":1}\r\n", 1},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
		json_t *messages = NULL;
		assert_int_equal(
			tc_compose_read(tc_slice_text(inputs[i].text), &messages, &problem), 0);
		assert_int_equal(json_array_size(messages), inputs[i].count);
		json_decref(messages);
	}
}

static void broken_json_is_refused_with_its_line(void **state)
{
	json_t *messages = NULL;

	(void)state;
	assert_int_equal(
		tc_compose_read(tc_slice_text("{\"a\":1}\n{\"a\":}\n"), &messages, &problem),
		TC_COMPOSE_REFUSED);
	assert_string_equal(problem.code, "malformed");
	assert_non_null(strstr(problem.detail, "line 2"));
	assert_int_equal(tc_compose_read(tc_slice_text("{\"a\":1,\"a\":2}"), &messages, &problem),
			 TC_COMPOSE_REFUSED);
	assert_int_equal(tc_compose_read(tc_slice_text(" \n"), &messages, &problem),
			 TC_COMPOSE_REFUSED);
}

/* The text that `message template TYPE` prints. */
static void template_print(const char *type, char *text, size_t room)
{
	char *words[] = {"throughcare", "message", "template", (char *)(uintptr_t)type, NULL};
	struct tc_invocation invocation;

	assert_int_equal(tc_command_parse(4, words, &invocation), 0);
	invocation.screen.out = fmemopen(text, room, "w");
	assert_non_null(invocation.screen.out);
	assert_int_equal(invocation.command->run(&invocation), TC_EXIT_DONE);
	fclose(invocation.screen.out);
}

/* As the exchange will look at it. */
static void envelope_check(const char *type, const struct tc_bytes *submission)
{
	struct tc_refusal refusal = {0};
	struct tc_submit submit;
	struct tc_envelope *envelope = calloc(1, sizeof(*envelope));

	assert_non_null(envelope);
	assert_int_equal(tc_submit_split(tc_bytes_slice(submission), &submit, &refusal), 0);
	int r = tc_envelope_decode(submit.envelopes[0], tc_clock_now_ms(&tc_clock_real), envelope,
				   &refusal);
	if (r != 0)
		fail_msg("%s: %s: %s", type, tc_refusal_name(refusal.code), refusal.detail);
	free(envelope);
}

/* What `message send` looks up at the exchange. */
static void looked_up(json_t *message)
{
	static const char *const id = "00000000-0000-7000-8000-0000000000a1";
	json_t *part = json_array_get(json_object_get(message, "parts"), 0);
	bool revokes =
		strcmp(json_string_value(json_object_get(message, "type")), "ConsentRevoke") == 0;

	if (!tc_lookup_wanted(message))
		return;
	json_object_set_new(revokes ? json_object_get(part, "content") : message,
			    revokes ? "consentId" : "referralId", json_string(id));
}

static void every_template_is_a_message_that_can_be_sent(void **state)
{
	struct tc_compose_writer writer = {
		.sender = "parole-north", .key = key, .now_ms = tc_clock_now_ms(&tc_clock_real)};
	(void)state;
	for (size_t i = 0; i < tc_part_type_count; i++) {
		const struct tc_part_type *type = &tc_part_types[i];
		struct tc_composition *composition = NULL;
		struct tc_bytes submission = {0};
		char text[16384] = "";
		json_t *messages = NULL;

		if (!type->envelope ||
		    type->envelope->destination ==
			    THROUGHCARE__V1__DESTINATION__DESTINATION_FROM_EXCHANGE)
			continue;
		template_print(type->name, text, sizeof(text));
		assert_int_equal(tc_compose_read(tc_slice_text(text), &messages, &problem), 0);
		looked_up(json_array_get(messages, 0));
		int r = tc_compose(json_array_get(messages, 0), &writer, &composition, &problem);
		if (r != 0)
			fail_msg("%s: %s: %s", type->name, problem.code, problem.detail);
		struct tc_draft draft = {.header = composition->header,
					 .parts = composition->parts,
					 .part_count = composition->part_count};
		assert_int_equal(tc_draft_pack_submit(&draft, 1, key, &submission), 0);
		envelope_check(type->name, &submission);
		tc_bytes_free(&submission);
		tc_compose_free(&composition);
		json_decref(messages);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_json_gives_the_same_bytes),
		cmocka_unit_test(what_is_absent_is_filled_in),
		cmocka_unit_test(a_new_referral_gets_an_id_that_stays),
		cmocka_unit_test(what_cannot_be_a_message_is_refused_with_its_place),
		cmocka_unit_test(what_is_too_large_is_refused_by_part),
		cmocka_unit_test(
			a_part_that_is_to_be_sealed_is_marked_and_one_that_is_stays_as_it_is),
		cmocka_unit_test(lines_arrays_and_single_objects_are_read),
		cmocka_unit_test(every_template_is_a_message_that_can_be_sent),
		cmocka_unit_test(broken_json_is_refused_with_its_line),
	};
	return cmocka_run_group_tests(tests, key_make, key_drop);
}
