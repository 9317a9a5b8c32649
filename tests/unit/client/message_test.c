/* message: what is absent is filled in once, and the same each time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "client/message.h"
#include "unit/tls/test_authority.h"
#include "wire/limits.h"

#define NOW_MS 1800000000000LL

static struct test_authority authority;
static struct test_identity identity;
static struct tc_signing_key *key;

static int setup(void **state)
{
	struct test_request request = {.uri = "spiffe://d/agency/parole"};

	(void)state;
	test_authority_init(&authority);
	identity = test_authority_issue(&authority, &request);
	assert_int_equal(tc_signing_key_wrap(identity.key, &key), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tc_signing_key_free(&key);
	test_identity_done(&identity);
	test_authority_done(&authority);
	return 0;
}

static struct tc_message *new_message(const char *type)
{
	struct tc_message *message = NULL;

	assert_int_equal(tc_message_new(type, &message), 0);
	return message;
}

static void what_is_absent_is_filled_in_once(void **state)
{
	struct tc_message *message = new_message("TestMessage");
	char id[TC_ID_TEXT_BYTES];

	(void)state;
	assert_string_equal(tc_message_id(message), "");
	assert_int_equal(tc_message_complete(message, "parole", NOW_MS, key), 0);
	assert_int_equal(strlen(tc_message_id(message)), 36);
	assert_string_equal(message->header->sender, "parole");
	assert_int_equal(message->header->created_at->seconds, NOW_MS / 1000);
	assert_null(message->header->referral_id);
	snprintf(id, sizeof(id), "%s", tc_message_id(message));
	assert_int_equal(tc_message_complete(message, "other", NOW_MS + 99000, key), 0);
	assert_string_equal(tc_message_id(message), id);
	assert_string_equal(message->header->sender, "parole");
	assert_int_equal(message->header->created_at->seconds, NOW_MS / 1000);
	tc_message_free(&message);
}

static void a_new_referral_gets_the_same_id_from_the_same_message(void **state)
{
	struct tc_message *a = new_message("Referral");
	struct tc_message *b = new_message("Referral");
	struct tc_id id;

	(void)state;
	assert_int_equal(tc_message_set_id(a, "0197f000-0000-7000-8000-000000000001"), 0);
	assert_int_equal(tc_message_set_id(b, "0197f000-0000-7000-8000-000000000001"), 0);
	assert_int_equal(tc_message_complete(a, "parole", NOW_MS, key), 0);
	assert_int_equal(tc_message_complete(b, "parole", NOW_MS + 5000, key), 0);
	assert_string_equal(a->header->referral_id, b->header->referral_id);
	assert_true(tc_id_parse(tc_slice_text(a->header->referral_id), &id));
	assert_int_equal(id.bytes[6] >> 4, 8);
	tc_message_free(&b);
	b = new_message("Referral");
	assert_int_equal(tc_message_complete(b, "parole", NOW_MS, key), 0);
	assert_string_not_equal(a->header->referral_id, b->header->referral_id);
	tc_message_free(&a);
	tc_message_free(&b);
}

static void an_id_with_an_impossible_time_does_not_date_the_message(void **state)
{
	struct tc_message *message = new_message("TestMessage");

	(void)state;
	assert_int_equal(tc_message_set_id(message, "00000000-0001-7000-8000-000000000001"), 0);
	assert_int_equal(tc_message_complete(message, "parole", NOW_MS, key), 0);
	assert_int_equal(message->header->created_at->seconds, NOW_MS / 1000);
	tc_message_free(&message);
}

static void categories_come_from_the_type_and_limits_hold(void **state)
{
	struct tc_message *message = new_message("TestMessage");

	(void)state;
	assert_int_equal(tc_message_add_part(message, "Nonsense", 0, "", 0), TC_EINVAL);
	assert_int_equal(tc_message_add_part(message, "Nonsense", 5, "", 0), 0);
	for (int i = 1; i < TC_PARTS_MAX; i++)
		assert_int_equal(tc_message_add_part(message, "TestMessage", 0, "x", 1), 0);
	assert_int_equal(message->parts[1].category, THROUGHCARE__V1__CATEGORY__CATEGORY_TEST);
	assert_int_equal(tc_message_add_part(message, "TestMessage", 0, "x", 1), TC_EINVAL);
	for (int i = 0; i < TC_RECIPIENTS_MAX; i++)
		assert_int_equal(tc_message_add_recipient(message, "court", NULL, NULL), 0);
	assert_int_equal(tc_message_add_recipient(message, "court", NULL, NULL), TC_EINVAL);
	tc_message_free(&message);
}

static void a_packed_header_is_taken_without_its_manifest(void **state)
{
	struct tc_message *message = new_message("TestMessage");
	struct tc_message *again = NULL;
	uint8_t salts[TC_PARTS_MAX][TC_SALT_BYTES];
	struct tc_bytes packed = {0};
	struct tc_draft draft;

	(void)state;
	assert_int_equal(tc_message_set_actor(message, "w-1", "officer"), 0);
	assert_int_equal(tc_message_set_legal_basis(message, 5, "ref"), 0);
	assert_int_equal(tc_message_set_grant(message, NULL), 0);
	assert_int_equal(tc_message_set_occurred(message, -1), 0);
	assert_int_equal(tc_message_set_expires(message, NOW_MS), 0);
	assert_int_equal(tc_message_add_part(message, "TestMessage", 0, "", 0), 0);
	assert_int_equal(tc_message_complete(message, "parole", NOW_MS, key), 0);
	assert_int_equal(message->header->occurred_at->seconds, -1);
	assert_int_equal(message->header->occurred_at->nanos, 999000000);
	draft = tc_message_draft(message);
	assert_int_equal(tc_draft_pack_header(&draft, key, salts, &packed), 0);
	assert_int_equal(tc_message_new_packed(packed.data, packed.len, &again), 0);
	assert_int_equal(again->header->n_manifest, 0);
	assert_string_equal(again->header->actor->id, "w-1");
	assert_string_equal(tc_message_id(again), tc_message_id(message));
	assert_int_equal(tc_message_new_packed("\xff", 1, &again), TC_EINVAL);
	tc_bytes_free(&packed);
	tc_message_free(&message);
	tc_message_free(&again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_absent_is_filled_in_once),
		cmocka_unit_test(a_new_referral_gets_the_same_id_from_the_same_message),
		cmocka_unit_test(an_id_with_an_impossible_time_does_not_date_the_message),
		cmocka_unit_test(categories_come_from_the_type_and_limits_hold),
		cmocka_unit_test(a_packed_header_is_taken_without_its_manifest),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
