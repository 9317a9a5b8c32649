/* sealing: the library seals to certificates that it has checked, and opens what it collects. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <throughcare/throughcare.h>

#include "client/handle.h"
#include "client/message.h"
#include "throughcare/v1/policy.pb-c.h"
#include "unit/client/test_exchange.h"
#include "unit/tls/test_authority.h"

#define WAIT_MS 20000 /* never used up unless something is broken */
#define SUBJECT "00000000-0000-7000-8000-000000000001"
#define CONTENT "\x0a\x05hello"

struct fixture {
	struct test_authority authority;
	struct test_exchange exchange;
	struct test_identity identity; /* of the client: agency "parole" */
	struct tc_client *client;
};

static void client_open(struct fixture *fixture, const struct test_request *request)
{
	struct tc_client_options options = {0};
	char address[32];
	char *paths[3];

	fixture->identity = test_authority_issue(&fixture->authority, request);
	paths[0] = test_authority_write_certificate(&fixture->authority, "own.pem",
						    fixture->identity.certificate);
	paths[1] = test_authority_write_key(&fixture->authority, "key.pem", fixture->identity.key);
	paths[2] = test_authority_write_ca(&fixture->authority, "ca.pem");
	snprintf(address, sizeof(address), "127.0.0.1:%d", fixture->exchange.port);
	options.certificate = paths[0];
	options.key = paths[1];
	options.ca = paths[2];
	options.address = address;
	assert_int_equal(tc_client_open(&options, NULL, &fixture->client), 0);
	for (size_t i = 0; i < 3; i++)
		free(paths[i]);
	assert_int_equal(tc_client_connect(fixture->client, WAIT_MS), 0);
}

static void client_close(struct fixture *fixture)
{
	tc_client_close(&fixture->client);
	test_identity_done(&fixture->identity);
}

static void policy_set(struct fixture *fixture, Throughcare__V1__Category sealed)
{
	Throughcare__V1__ReleasePolicy policy = THROUGHCARE__V1__RELEASE_POLICY__INIT;
	Throughcare__V1__ReleasePolicy__CategoryRule rule =
		THROUGHCARE__V1__RELEASE_POLICY__CATEGORY_RULE__INIT;
	Throughcare__V1__ReleasePolicy__CategoryRule *rules[] = {&rule};
	struct tc_bytes *packed = &fixture->exchange.policy;

	rule.has_category = rule.has_sealed = 1;
	rule.category = sealed;
	rule.sealed = 1;
	policy.policy_id = (char[]){"county"};
	policy.has_version = 1;
	policy.version = 1;
	policy.n_categories = 1;
	policy.categories = rules;
	packed->len = 0;
	assert_int_equal(
		tc_bytes_reserve(packed, throughcare__v1__release_policy__get_packed_size(&policy)),
		0);
	packed->len = throughcare__v1__release_policy__pack(&policy, packed->data);
}

static int setup(void **state)
{
	struct test_request request = {.uri = "spiffe://d/agency/parole"};
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	test_authority_init(&fixture->authority);
	test_exchange_start(&fixture->exchange, &fixture->authority);
	policy_set(fixture, THROUGHCARE__V1__CATEGORY__CATEGORY_DRUG_TEST);
	client_open(fixture, &request);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	client_close(fixture);
	test_exchange_stop(&fixture->exchange);
	test_authority_done(&fixture->authority);
	free(fixture);
	return 0;
}

/* A leading part in the clear, and one of each of three categories. */
static struct tc_message *new_message(const char *recipient)
{
	static const Throughcare__V1__Category categories[] = {
		THROUGHCARE__V1__CATEGORY__CATEGORY_TEST,
		THROUGHCARE__V1__CATEGORY__CATEGORY_DRUG_TEST,
		THROUGHCARE__V1__CATEGORY__CATEGORY_HOUSING,
	};
	struct tc_message *message = NULL;

	assert_int_equal(tc_message_new("TestMessage", &message), 0);
	assert_int_equal(tc_message_set_id(message, "0197f000-0000-7000-8000-000000000001"), 0);
	assert_int_equal(tc_message_add_recipient(message, recipient, NULL, NULL), 0);
	assert_int_equal(tc_message_set_subject(message, SUBJECT), 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(
			tc_message_add_part(message, "TestMessage", (int)categories[i], CONTENT, 7),
			0);
	return message;
}

static uint64_t sealed_parts(const struct tc_message *message)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < message->part_count; i++)
		bits |= message->parts[i].sealed ? UINT64_C(1) << i : 0;
	return bits;
}

static uint64_t chosen(struct fixture *fixture, enum tc_seal_choice choice, int marked)
{
	struct tc_message *message = new_message("parole");
	uint64_t bits;

	if (marked >= 0)
		assert_int_equal(tc_message_mark_sealed(message, (unsigned)marked), 0);
	assert_int_equal(tc_client_seal(fixture->client, message, choice, WAIT_MS), 0);
	bits = sealed_parts(message);
	tc_message_free(&message);
	return bits;
}

static void the_policy_or_the_caller_chooses_what_is_sealed(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(chosen(fixture, TC_SEAL_MARKED, -1), 0);
	assert_int_equal(fixture->exchange.policy_queries, 0);
	assert_int_equal(chosen(fixture, TC_SEAL_MARKED, 2), 4);
	assert_int_equal(chosen(fixture, TC_SEAL_MARKED, 0), 1);
	assert_int_equal(chosen(fixture, TC_SEAL_POLICY, -1), 2);
	assert_int_equal(chosen(fixture, TC_SEAL_POLICY, 2), 6);
	assert_int_equal(chosen(fixture, TC_SEAL_ALL, -1), 6);
	/* What was asked once is kept for a while. */
	assert_int_equal(fixture->exchange.policy_queries, 1);
	assert_int_equal(fixture->exchange.certificate_queries, 1);
}

static void what_the_exchange_must_read_is_not_sealed(void **state)
{
	struct fixture *fixture = *state;
	struct tc_message *message = NULL;

	assert_int_equal(tc_message_new("AttendanceRecord", &message), 0);
	assert_int_equal(tc_message_add_recipient(message, "parole", NULL, NULL), 0);
	assert_int_equal(tc_message_add_part(message, "AttendanceRecord", 0, "", 0), 0);
	assert_int_equal(tc_message_mark_sealed(message, 0), TC_FAULT_ARGUMENT);
	assert_int_equal(tc_message_mark_sealed(message, 1), TC_FAULT_ARGUMENT);
	assert_int_equal(tc_client_seal(fixture->client, message, TC_SEAL_ALL, WAIT_MS), 0);
	assert_int_equal(sealed_parts(message), 0);
	tc_message_free(&message);
}

static void what_is_sealed_is_collected_in_the_clear(void **state)
{
	struct fixture *fixture = *state;
	struct tc_message *message = new_message("parole");
	const struct tc_receipt *receipts;
	const struct tc_delivery *delivery;
	size_t count;

	assert_int_equal(tc_client_seal(fixture->client, message, TC_SEAL_POLICY, WAIT_MS), 0);
	/* A second time there is nothing left to seal. */
	assert_int_equal(tc_client_seal(fixture->client, message, TC_SEAL_POLICY, WAIT_MS), 0);
	assert_int_equal(tc_client_submit(fixture->client, &message, 1, WAIT_MS, &receipts, &count),
			 0);
	tc_message_free(&message);
	assert_int_equal(tc_client_collect(fixture->client, 1, 30000), 0);
	assert_int_equal(tc_client_delivery_next(fixture->client, WAIT_MS, &delivery), 0);
	assert_null(delivery->unopened);
	assert_int_equal(delivery->part_count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(delivery->parts[i].sealed, i == 1);
		assert_int_equal(delivery->parts[i].opened, i == 1);
		assert_int_equal(delivery->parts[i].content_len, 7);
		assert_memory_equal(delivery->parts[i].content, CONTENT, 7);
	}
	/* Not as it came. */
	assert_true(delivery->packed_len > 300);
}

static void sealing_again_is_the_same_salt_around_other_bytes(void **state)
{
	struct fixture *fixture = *state;
	uint8_t salts[2][TC_PARTS_MAX][TC_SALT_BYTES];
	struct tc_message *messages[2];

	for (size_t i = 0; i < 2; i++) {
		struct tc_bytes header = {0};
		struct tc_draft draft;

		messages[i] = new_message("parole");
		assert_int_equal(tc_client_seal(fixture->client, messages[i], TC_SEAL_ALL, WAIT_MS),
				 0);
		draft = tc_message_draft(messages[i]);
		assert_int_equal(
			tc_draft_pack_header(&draft, fixture->client->key, salts[i], &header), 0);
		tc_bytes_free(&header);
	}
	for (size_t i = 0; i < 3; i++)
		assert_memory_equal(salts[0][i], salts[1][i], TC_SALT_BYTES);
	assert_memory_not_equal(salts[0][1], salts[0][2], TC_SALT_BYTES);
	assert_false(tc_slice_equal(messages[0]->parts[1].content, messages[1]->parts[1].content));
	tc_message_free(&messages[0]);
	tc_message_free(&messages[1]);
}

static void a_certificate_that_is_not_the_recipients_is_not_sealed_to(void **state)
{
	struct fixture *fixture = *state;
	struct tc_message *message = new_message("court");

	assert_int_equal(tc_client_seal(fixture->client, message, TC_SEAL_ALL, WAIT_MS),
			 TC_CLIENT_SEAL);
	assert_string_equal(tc_client_error(fixture->client)->code, "cannot_seal");
	assert_non_null(strstr(tc_client_error(fixture->client)->detail, "court"));
	assert_int_equal(sealed_parts(message), 0);
	tc_message_free(&message);
}

static void without_a_certificate_nothing_is_sealed(void **state)
{
	struct fixture *fixture = *state;
	struct tc_message *message = new_message("parole");

	fixture->exchange.hides_certificates = true;
	assert_int_equal(tc_client_seal(fixture->client, message, TC_SEAL_ALL, WAIT_MS),
			 TC_CLIENT_SEAL);
	assert_string_equal(tc_client_error(fixture->client)->code, "cannot_seal");
	assert_int_equal(sealed_parts(message), 0);
	tc_message_free(&message);
}

static void a_key_that_only_signs_is_said_to(void **state)
{
	struct test_request request = {.uri = "spiffe://d/agency/parole", .key = TEST_KEY_ED25519};
	struct fixture *fixture = *state;
	struct tc_message *message = new_message("parole");

	assert_int_equal(tc_client_sealable(fixture->client), 0);
	client_close(fixture);
	client_open(fixture, &request);
	assert_int_equal(tc_client_sealable(fixture->client), TC_CLIENT_SEAL);
	assert_int_equal(tc_client_seal(fixture->client, message, TC_SEAL_ALL, WAIT_MS),
			 TC_CLIENT_SEAL);
	assert_string_equal(tc_client_error(fixture->client)->code, "cannot_seal");
	assert_non_null(strstr(tc_client_error(fixture->client)->detail, "P-256"));
	tc_message_free(&message);
}

/* Collects what was sealed around `content` to the certificate that the client had then. */
static const struct tc_delivery *collected(struct fixture *fixture, const char *content, size_t len,
					   bool renewed)
{
	struct test_request request = {.uri = "spiffe://d/agency/parole"};
	const struct tc_receipt *receipts;
	const struct tc_delivery *delivery;
	struct tc_message *message = NULL;
	size_t count;

	assert_int_equal(tc_message_new("TestMessage", &message), 0);
	assert_int_equal(tc_message_add_recipient(message, "parole", NULL, NULL), 0);
	assert_int_equal(tc_message_add_part(message, "TestMessage", 0, content, len), 0);
	assert_int_equal(tc_message_mark_sealed(message, 0), 0);
	assert_int_equal(tc_client_seal(fixture->client, message, TC_SEAL_MARKED, WAIT_MS), 0);
	assert_int_equal(tc_client_submit(fixture->client, &message, 1, WAIT_MS, &receipts, &count),
			 0);
	tc_message_free(&message);
	if (renewed) {
		client_close(fixture);
		client_open(fixture, &request);
		fixture->client->trust_senders = true; /* the exchange here forgets certificates */
	}
	assert_int_equal(tc_client_collect(fixture->client, 1, 30000), 0);
	assert_int_equal(tc_client_delivery_next(fixture->client, WAIT_MS, &delivery), 0);
	assert_int_equal(delivery->part_count, 1);
	assert_int_equal(delivery->parts[0].sealed, 1);
	assert_int_equal(delivery->parts[0].opened, 0);
	assert_non_null(delivery->unopened);
	return delivery;
}

static void what_another_key_must_open_is_handed_out_sealed_and_said_to_be(void **state)
{
	const struct tc_delivery *delivery = collected(*state, CONTENT, 7, true);

	assert_string_equal(delivery->unopened->code, "cannot_open");
	assert_true(delivery->parts[0].content_len > 200);
}

static void what_is_not_of_the_parts_type_is_not_handed_out_as_if_it_were(void **state)
{
	const struct tc_delivery *delivery = collected(*state, "\x0a\x05worl", 6, false);

	assert_string_equal(delivery->unopened->code, "sealed_content_invalid");
	assert_true(delivery->parts[0].content_len > 200);
}

static void one_sealed_content_can_be_opened_alone(void **state)
{
	struct fixture *fixture = *state;
	struct tc_message *message = new_message("parole");
	struct tc_slice sealed;
	const void *content;
	size_t len;

	assert_int_equal(tc_client_seal(fixture->client, message, TC_SEAL_ALL, WAIT_MS), 0);
	sealed = message->parts[2].content;
	assert_int_equal(tc_client_unseal(fixture->client, sealed.data, sealed.len, &content, &len),
			 0);
	assert_int_equal(len, 7);
	assert_memory_equal(content, CONTENT, 7);
	assert_int_equal(tc_client_unseal(fixture->client, "no", 2, &content, &len),
			 TC_CLIENT_SEAL);
	assert_string_equal(tc_client_error(fixture->client)->code, "cannot_open");
	tc_message_free(&message);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_policy_or_the_caller_chooses_what_is_sealed),
		TEST(what_the_exchange_must_read_is_not_sealed),
		TEST(what_is_sealed_is_collected_in_the_clear),
		TEST(sealing_again_is_the_same_salt_around_other_bytes),
		TEST(a_certificate_that_is_not_the_recipients_is_not_sealed_to),
		TEST(without_a_certificate_nothing_is_sealed),
		TEST(a_key_that_only_signs_is_said_to),
		TEST(what_another_key_must_open_is_handed_out_sealed_and_said_to_be),
		TEST(what_is_not_of_the_parts_type_is_not_handed_out_as_if_it_were),
		TEST(one_sealed_content_can_be_opened_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
