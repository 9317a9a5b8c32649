/* client: the library against an exchange that does what it is told, also what no exchange should.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include <throughcare/throughcare.h>

#include "throughcare/v1/wire.pb-c.h"
#include "unit/client/test_exchange.h"
#include "unit/tls/test_authority.h"
#include "wire/delivery.h"
#include "wire/digest.h"

#define WAIT_MS 20000 /* never used up unless something is broken */
#define SUBJECT "00000000-0000-7000-8000-000000000001"

struct fixture {
	struct test_authority authority;
	struct test_exchange exchange;
	struct tc_client *client;
	char profile[128];
};

static void file_write(const char *folder, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void profile_make(struct fixture *fixture, struct test_authority *issuer,
			 const struct test_request *request)
{
	struct test_identity identity = test_authority_issue(issuer, request);
	char address[64];
	char name[64];

	snprintf(fixture->profile, sizeof(fixture->profile), "%s/parole",
		 fixture->authority.folder);
	(void)mkdir(fixture->profile, 0700);
	snprintf(name, sizeof(name), "parole/certificate.pem");
	free(test_authority_write_certificate(&fixture->authority, name, identity.certificate));
	free(test_authority_write_key(&fixture->authority, "parole/key.pem", identity.key));
	free(test_authority_write_ca(&fixture->authority, "parole/ca.pem"));
	snprintf(address, sizeof(address), "127.0.0.1:%d\n", fixture->exchange.port);
	file_write(fixture->profile, "address", address);
	test_identity_done(&identity);
}

static int setup(void **state)
{
	struct test_request request = {.uri = "spiffe://d/agency/parole"};
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	test_authority_init(&fixture->authority);
	test_exchange_start(&fixture->exchange, &fixture->authority);
	profile_make(fixture, &fixture->authority, &request);
	assert_int_equal(tc_client_open_profile(fixture->profile, NULL, &fixture->client), 0);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	tc_client_close(&fixture->client);
	test_exchange_stop(&fixture->exchange);
	test_authority_done(&fixture->authority);
	free(fixture);
	return 0;
}

static struct tc_message *new_message(void)
{
	struct tc_message *message = NULL;

	assert_int_equal(tc_message_new("TestMessage", &message), 0);
	assert_int_equal(tc_message_add_recipient(message, "treatment", NULL, NULL), 0);
	assert_int_equal(tc_message_set_subject(message, SUBJECT), 0);
	assert_int_equal(tc_message_add_part(message, "TestMessage", 0, "\x0a\x05hello", 7), 0);
	return message;
}

static void submit(struct fixture *fixture, size_t count)
{
	struct tc_message *messages[TC_SUBMIT_MAX];
	const struct tc_receipt *receipts = NULL;
	size_t receipt_count = 0;

	for (size_t i = 0; i < count; i++)
		messages[i] = new_message();
	assert_int_equal(tc_client_submit(fixture->client, messages, count, WAIT_MS, &receipts,
					  &receipt_count),
			 0);
	assert_int_equal(receipt_count, count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(receipts[i].status, TC_RECEIPT_ACCEPTED);
		assert_int_equal(receipts[i].log_sequence, 100 + i);
		tc_message_free(&messages[i]);
	}
}

static void connect_ok(struct fixture *fixture)
{
	assert_int_equal(tc_client_connect(fixture->client, WAIT_MS), 0);
	assert_int_equal(tc_client_stage(fixture->client), TC_STAGE_READY);
	assert_true(tc_client_fd(fixture->client) >= 0);
}

static void a_message_goes_there_and_back_and_is_acknowledged(void **state)
{
	struct fixture *fixture = *state;
	const struct tc_delivery *delivery = NULL;
	struct tc_settlement settlement = {.kind = TC_SETTLE_ACK};
	enum tc_settlement_result result;

	assert_string_equal(tc_client_identity(fixture->client)->id, "parole");
	connect_ok(fixture);
	submit(fixture, 1);
	assert_int_equal(tc_client_collect(fixture->client, 10, 30000), 0);
	assert_int_equal(tc_client_delivery_next(fixture->client, WAIT_MS, &delivery), 0);
	assert_string_equal(delivery->type, "TestMessage");
	assert_string_equal(delivery->sender, "parole");
	assert_string_equal(delivery->subject, SUBJECT);
	assert_int_equal(delivery->origin, TC_ORIGIN_VERIFIED);
	assert_int_equal(delivery->part_count, 1);
	assert_int_equal(delivery->parts[0].content_len, 7);
	settlement.delivery_id = delivery->id;
	assert_int_equal(tc_client_settle(fixture->client, &settlement, 1, 1, WAIT_MS, &result), 0);
	assert_int_equal(result, TC_SETTLED_DONE);
	assert_int_equal(fixture->exchange.acknowledged, 1);
	assert_int_equal(tc_client_delivery_next(fixture->client, 0, &delivery), TC_CLIENT_EMPTY);
}

static void a_senders_certificate_is_asked_for_once_and_order_is_kept(void **state)
{
	struct fixture *fixture = *state;
	const struct tc_delivery *delivery = NULL;

	connect_ok(fixture);
	submit(fixture, 40);
	submit(fixture, 3);
	assert_int_equal(tc_client_collect(fixture->client, 100, 30000), 0);
	for (uint64_t i = 1; i <= 43; i++) {
		assert_int_equal(tc_client_delivery_next(fixture->client, 0, &delivery), 0);
		assert_int_equal(delivery->id, i);
		assert_int_equal(delivery->origin, TC_ORIGIN_VERIFIED);
	}
	assert_int_equal(tc_client_delivery_next(fixture->client, 0, &delivery), TC_CLIENT_EMPTY);
	assert_int_equal(fixture->exchange.certificate_queries, 1);
}

static void what_was_changed_on_the_way_is_never_handed_out(void **state)
{
	struct fixture *fixture = *state;
	const struct tc_delivery *delivery = NULL;

	fixture->exchange.changes_parts = true;
	connect_ok(fixture);
	submit(fixture, 2);
	fixture->exchange.changes_parts = false;
	fixture->exchange.changes_signatures = true;
	submit(fixture, 1);
	fixture->exchange.changes_signatures = false;
	submit(fixture, 1);
	assert_int_equal(tc_client_collect(fixture->client, 10, 30000), 0);
	assert_int_equal(tc_client_delivery_next(fixture->client, WAIT_MS, &delivery), 0);
	assert_int_equal(delivery->id, 4);
	assert_int_equal(tc_client_rejected(fixture->client), 3);
	/* An answer after the three settlements: they have arrived. */
	submit(fixture, 1);
	assert_int_equal(fixture->exchange.terminated, 3);
}

/* What a release of sud_treatment under a grant says, packed. */
static size_t terms_make(uint8_t *to, size_t room)
{
	Throughcare__V1__ReleaseTerms terms = THROUGHCARE__V1__RELEASE_TERMS__INIT;
	Throughcare__V1__ReleaseTerms__Notice notice = THROUGHCARE__V1__RELEASE_TERMS__NOTICE__INIT;
	Throughcare__V1__ReleaseTerms__Scope scope = THROUGHCARE__V1__RELEASE_TERMS__SCOPE__INIT;
	Throughcare__V1__ReleaseTerms__Notice *notices[] = {&notice};
	Throughcare__V1__ReleaseTerms__Scope *scopes[] = {&scope};
	Throughcare__V1__Category category = THROUGHCARE__V1__CATEGORY__CATEGORY_SUD_TREATMENT;
	Google__Protobuf__Timestamp expires = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	char *rules[] = {"none", "as_stated"};

	notice.code = "42cfr2.32-2";
	notice.version = "2024-04-16";
	notice.text = "42 CFR part 2 prohibits";
	scope.grant_id = scope.consent_id = SUBJECT;
	scope.categories = &category;
	scope.n_categories = 1;
	expires.seconds = 1800000000;
	scope.expires_at = &expires;
	terms.notices = notices;
	terms.scopes = scopes;
	terms.n_notices = terms.n_scopes = 1;
	terms.redisclosure = rules;
	terms.n_redisclosure = 2;
	assert_true(throughcare__v1__release_terms__get_packed_size(&terms) <= room);
	return throughcare__v1__release_terms__pack(&terms, to);
}

static void the_terms_of_a_release_are_handed_out_with_it(void **state)
{
	struct fixture *fixture = *state;
	const struct tc_delivery *delivery = NULL;
	uint8_t packed[512], hash[32], expected[32], digest[32];
	size_t len = terms_make(packed, sizeof(packed));

	connect_ok(fixture);
	fixture->exchange.terms = tc_slice(packed, len);
	submit(fixture, 1);
	fixture->exchange.terms = tc_slice(NULL, 0);
	submit(fixture, 1);
	assert_int_equal(tc_client_collect(fixture->client, 10, 30000), 0);
	assert_int_equal(tc_client_delivery_next(fixture->client, WAIT_MS, &delivery), 0);
	assert_non_null(delivery->terms);
	assert_int_equal(delivery->terms->notice_count, 1);
	assert_string_equal(delivery->terms->notices[0].code, "42cfr2.32-2");
	assert_string_equal(delivery->terms->notices[0].jurisdiction, "");
	assert_int_equal(delivery->terms->scope_count, 1);
	assert_int_equal(delivery->terms->scopes[0].categories[0],
			 THROUGHCARE__V1__CATEGORY__CATEGORY_SUD_TREATMENT);
	assert_int_equal(delivery->terms->scopes[0].expires_ms, INT64_C(1800000000000));
	assert_string_equal(delivery->terms->scopes[0].proceeding_id, "");
	assert_null(delivery->terms->scopes[0].document_sha256);
	assert_int_equal(delivery->terms->redisclosure_count, 2);
	assert_string_equal(delivery->terms->redisclosure[0], "none");
	assert_memory_equal(delivery->terms->packed, packed, len);
	assert_int_equal(tc_delivery_terms_digest(delivery, digest), 0);
	assert_int_equal(tc_sha256(tc_slice(packed, len), hash), 0);
	assert_int_equal(tc_release_digest(delivery->log_sequence, 1, hash, expected), 0);
	assert_memory_equal(digest, expected, 32);
	assert_int_equal(tc_client_delivery_next(fixture->client, WAIT_MS, &delivery), 0);
	assert_null(delivery->terms);
	assert_int_equal(tc_delivery_terms_digest(delivery, digest), TC_FAULT_ARGUMENT);
}

static void what_comes_on_terms_that_nobody_can_read_is_not_taken(void **state)
{
	struct fixture *fixture = *state;
	const struct tc_delivery *delivery = NULL;

	connect_ok(fixture);
	fixture->exchange.terms = tc_slice_text("no terms");
	submit(fixture, 1);
	fixture->exchange.terms = tc_slice(NULL, 0);
	submit(fixture, 1);
	assert_int_equal(tc_client_collect(fixture->client, 10, 30000), 0);
	assert_int_equal(tc_client_delivery_next(fixture->client, WAIT_MS, &delivery), 0);
	assert_int_equal(delivery->id, 2);
	assert_int_equal(tc_client_rejected(fixture->client), 1);
}

static void without_a_certificate_the_origin_is_said_to_be_unverified(void **state)
{
	struct fixture *fixture = *state;
	const struct tc_delivery *delivery = NULL;

	fixture->exchange.hides_certificates = true;
	connect_ok(fixture);
	submit(fixture, 1);
	assert_int_equal(tc_client_collect(fixture->client, 10, 30000), 0);
	assert_int_equal(tc_client_delivery_next(fixture->client, WAIT_MS, &delivery), 0);
	assert_int_equal(delivery->origin, TC_ORIGIN_UNVERIFIED);
}

static void a_window_of_submissions_is_answered_by_events(void **state)
{
	struct fixture *fixture = *state;
	uint64_t ids[20];
	struct tc_client_event event;

	connect_ok(fixture);
	for (size_t i = 0; i < 20; i++) {
		struct tc_message *message = new_message();

		assert_int_equal(tc_client_submit_start(fixture->client, &message, 1, &ids[i]), 0);
		tc_message_free(&message);
	}
	for (size_t i = 0; i < 20; i++) {
		assert_int_equal(tc_client_event_next(fixture->client, WAIT_MS, &event), 0);
		assert_int_equal(event.kind, TC_EVENT_RECEIPTS);
		assert_int_equal(event.request_id, ids[i]);
		assert_int_equal(event.count, 1);
	}
	assert_int_equal(tc_client_event_next(fixture->client, 0, &event), TC_CLIENT_EMPTY);
	assert_int_equal(tc_client_unsent_bytes(fixture->client), 0);
}

static void events_that_came_in_between_are_kept(void **state)
{
	struct fixture *fixture = *state;
	const struct tc_delivery *delivery = NULL;
	struct tc_client_event event;
	struct tc_message *message = new_message();
	uint64_t id;

	connect_ok(fixture);
	assert_int_equal(tc_client_submit_start(fixture->client, &message, 1, &id), 0);
	assert_int_equal(tc_client_collect(fixture->client, 5, 30000), 0);
	/* Waits past the receipt and past the delivery. */
	submit(fixture, 1);
	assert_int_equal(tc_client_delivery_next(fixture->client, WAIT_MS, &delivery), 0);
	assert_int_equal(delivery->id, 1);
	assert_int_equal(tc_client_event_next(fixture->client, WAIT_MS, &event), 0);
	assert_int_equal(event.kind, TC_EVENT_RECEIPTS);
	assert_int_equal(event.request_id, id);
	tc_message_free(&message);
}

static void a_lost_connection_is_made_anew_and_the_message_sent_again(void **state)
{
	struct fixture *fixture = *state;

	fixture->exchange.lose_submits = 2;
	connect_ok(fixture);
	submit(fixture, 1);
	assert_int_equal(fixture->exchange.submits, 3);
	assert_int_equal(fixture->exchange.connections, 3);
}

static void a_refused_request_leaves_the_connection_standing(void **state)
{
	struct fixture *fixture = *state;
	struct tc_message *message = new_message();
	const struct tc_receipt *receipts = NULL;
	struct tc_client_event event;
	size_t count = 0;
	uint64_t id;

	fixture->exchange.refuse_requests = TC_REFUSAL_EXCHANGE_FULL;
	connect_ok(fixture);
	assert_int_equal(tc_client_submit(fixture->client, &message, 1, WAIT_MS, &receipts, &count),
			 TC_CLIENT_REFUSED);
	assert_string_equal(tc_client_error(fixture->client)->code, "exchange_full");
	assert_true(tc_client_error(fixture->client)->hint[0] != '\0');
	assert_int_equal(tc_client_submit_start(fixture->client, &message, 1, &id), 0);
	assert_int_equal(tc_client_event_next(fixture->client, WAIT_MS, &event), 0);
	assert_int_equal(event.kind, TC_EVENT_REFUSED);
	assert_int_equal(event.request_id, id);
	assert_true(tc_client_connected(fixture->client));
	tc_message_free(&message);
}

static void queries_are_answered(void **state)
{
	struct fixture *fixture = *state;
	const void *reply = NULL;
	size_t len = 0;

	connect_ok(fixture);
	/* AgencyListQuery: field 9, empty. */
	assert_int_equal(tc_client_query(fixture->client, "\x4a\x00", 2, WAIT_MS, &reply, &len), 0);
	assert_int_equal(len, 2);
	assert_memory_equal(reply, "\x08\x07", 2);
	assert_int_equal(tc_client_query(fixture->client, "\xff", 1, WAIT_MS, &reply, &len),
			 TC_CLIENT_REFUSED);
}

static void a_refused_log_on_says_why(void **state)
{
	struct fixture *fixture = *state;

	fixture->exchange.refuse_log_on = TC_REFUSAL_UNKNOWN_AGENCY;
	assert_int_equal(tc_client_reconnect(fixture->client, WAIT_MS), TC_CLIENT_REFUSED);
	assert_string_equal(tc_client_error(fixture->client)->code, "unknown_agency");
	assert_int_equal(tc_client_stage(fixture->client), TC_STAGE_TLS);
	assert_false(tc_client_connected(fixture->client));
	assert_int_equal(fixture->exchange.connections, 1);
}

static void an_exchange_that_speaks_nonsense_is_left(void **state)
{
	struct fixture *fixture = *state;
	struct tc_message *message = new_message();
	const struct tc_receipt *receipts = NULL;
	size_t count = 0;

	fixture->exchange.sends_garbage = true;
	connect_ok(fixture);
	assert_int_equal(tc_client_submit(fixture->client, &message, 1, WAIT_MS, &receipts, &count),
			 TC_FAULT_PROTOCOL);
	assert_string_equal(tc_client_error(fixture->client)->code, "exchange_protocol");
	assert_false(tc_client_connected(fixture->client));
	assert_int_equal(tc_client_submit_start(fixture->client, &message, 1, &(uint64_t){0}),
			 TC_FAULT_CLOSED);
	tc_message_free(&message);
}

static void a_silent_exchange_costs_no_more_than_the_timeout(void **state)
{
	struct fixture *fixture = *state;
	struct tc_message *message = new_message();
	const struct tc_receipt *receipts = NULL;
	size_t count = 0;

	fixture->exchange.silent = true;
	connect_ok(fixture);
	assert_int_equal(tc_client_submit(fixture->client, &message, 1, 50, &receipts, &count),
			 TC_FAULT_TIMEOUT);
	assert_true(tc_client_connected(fixture->client));
	tc_message_free(&message);
}

static void a_certificate_of_another_authority_is_told_so(void **state)
{
	struct fixture *fixture = *state;
	struct test_request expired = {
		.uri = "spiffe://d/agency/parole", .from_s = -7200, .until_s = -60};
	struct test_request exchange = {.uri = "spiffe://d/exchange/exchange"};
	struct tc_client_error error;
	struct tc_client *client = NULL;

	profile_make(fixture, &fixture->authority, &expired);
	assert_int_equal(tc_client_open_profile(fixture->profile, &error, &client),
			 TC_FAULT_PROFILE);
	assert_string_equal(error.code, "profile_unusable");
	assert_non_null(strstr(error.detail, "expired"));
	profile_make(fixture, &fixture->authority, &exchange);
	assert_int_equal(tc_client_open_profile(fixture->profile, &error, &client),
			 TC_FAULT_PROFILE);
	assert_null(client);
}

static void nobody_listening_is_not_reached(void **state)
{
	struct fixture *fixture = *state;
	struct tc_client *client = NULL;

	/* A port that nothing listens on: that of a listener just closed. */
	file_write(fixture->profile, "address", "127.0.0.1:1\n");
	assert_int_equal(tc_client_open_profile(fixture->profile, NULL, &client), 0);
	assert_int_equal(tc_client_connect(client, WAIT_MS), TC_FAULT_IO);
	assert_string_equal(tc_client_error(client)->code, "not_reached");
	assert_int_equal(tc_client_stage(client), TC_STAGE_ADDRESS);
	/* And with patience: until the patience is over. */
	assert_int_equal(tc_client_reconnect(client, 120), TC_FAULT_IO);
	tc_client_close(&client);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_message_goes_there_and_back_and_is_acknowledged),
		CASE(a_senders_certificate_is_asked_for_once_and_order_is_kept),
		CASE(what_was_changed_on_the_way_is_never_handed_out),
		CASE(the_terms_of_a_release_are_handed_out_with_it),
		CASE(what_comes_on_terms_that_nobody_can_read_is_not_taken),
		CASE(without_a_certificate_the_origin_is_said_to_be_unverified),
		CASE(a_window_of_submissions_is_answered_by_events),
		CASE(events_that_came_in_between_are_kept),
		CASE(a_lost_connection_is_made_anew_and_the_message_sent_again),
		CASE(a_refused_request_leaves_the_connection_standing),
		CASE(queries_are_answered),
		CASE(a_refused_log_on_says_why),
		CASE(an_exchange_that_speaks_nonsense_is_left),
		CASE(a_silent_exchange_costs_no_more_than_the_timeout),
		CASE(a_certificate_of_another_authority_is_told_so),
		CASE(nobody_listening_is_not_reached),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
