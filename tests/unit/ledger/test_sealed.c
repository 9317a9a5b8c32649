/* Parts that were sealed to a certificate which is its agency's no longer. */
#include <string.h>

#include "ledger_fixture.h"
#include "wire/digest.h"

#define DAY_MS INT64_C(86400000)

/* Logs an agency on with the certificate made of a name. */
static uint64_t logon(struct exchange *x, const char *agency, const char *adapter,
		      const char *certificate, int64_t not_before_ms)
{
	Throughcare__V1__Record record = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__LogonRecord body = THROUGHCARE__V1__LOGON_RECORD__INIT;
	Throughcare__V1__Peer peer;
	uint8_t sha256[32];

	exchange_peer(&peer, agency, sha256);
	assert_int_equal(tc_sha256(tc_slice_text(certificate), sha256), 0);
	peer.adapter = (char *)(uintptr_t)adapter;
	body.has_accepted = body.accepted = 1;
	body.has_certificate_der = body.has_certificate_not_before_ms = 1;
	body.certificate_der =
		(ProtobufCBinaryData){strlen(certificate), (uint8_t *)(uintptr_t)certificate};
	body.certificate_not_before_ms = not_before_ms;
	record.has_connection = 1;
	record.connection = (uint64_t)ledger_boot(x->ledger) << 32 | ++x->connections;
	record.peer = &peer;
	record.body_case = THROUGHCARE__V1__RECORD__BODY_LOGON;
	record.logon = &body;
	exchange_append(x, &record, record.connection);
	return record.connection;
}

static void revoke(struct exchange *x, const char *certificate)
{
	Throughcare__V1__Record record = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__CertificateRevokedRecord revoked =
		THROUGHCARE__V1__CERTIFICATE_REVOKED_RECORD__INIT;
	uint8_t sha256[32];

	assert_int_equal(tc_sha256(tc_slice_text(certificate), sha256), 0);
	revoked.has_certificate_sha256 = 1;
	revoked.certificate_sha256 = (ProtobufCBinaryData){32, sha256};
	record.body_case = THROUGHCARE__V1__RECORD__BODY_CERTIFICATE_REVOKED;
	record.certificate_revoked = &revoked;
	exchange_append(x, &record, 0);
}

/* From parole to treatment, for which nobody needs a consent; sealed to treatment's first one. */
static struct message sealed(struct exchange *x)
{
	struct message message = contact(x);

	message.second = CONTACT;
	message.sealed = "first";
	return message;
}

static void what_waits_is_recalled_when_its_recipient_comes_with_a_newer_certificate(void **state)
{
	struct exchange *x = *state;
	struct message message = sealed(x), clear = contact(x);

	collector(x, "parole", 10);
	logon(x, "treatment", NULL, "first", DAY_MS);
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "accepted");
	exchange_send(x, &clear);
	logon(x, "treatment", NULL, "second", 2 * DAY_MS);
	assert_int_equal(exchange_facts(x, "recall"), 1);
	assert_int_equal(exchange_evidence(x, EVIDENCE(RECALLED)), 1);
	assert_int_equal(exchange_facts(x, "registry"), 1);
	/* What is not sealed goes. */
	collector(x, "treatment", 10);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
}

static void what_was_sealed_to_an_outdated_certificate_is_not_taken(void **state)
{
	struct exchange *x = *state;
	struct message message = sealed(x);

	logon(x, "treatment", NULL, "second", 2 * DAY_MS);
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "certificate_changed");
	/* The same id is free for the message as it is sealed anew. */
	message.sealed = "second";
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "accepted");
}

static void where_the_sender_does_not_say_to_which_the_one_in_force_is_taken_for_it(void **state)
{
	struct exchange *x = *state;
	struct message message = sealed(x);

	message.sealed = "";
	logon(x, "treatment", NULL, "first", DAY_MS);
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "accepted");
	logon(x, "treatment", NULL, "second", 2 * DAY_MS);
	assert_int_equal(exchange_facts(x, "recall"), 1);
}

static void an_older_certificate_and_an_adapters_change_nothing(void **state)
{
	struct exchange *x = *state;
	struct message message = sealed(x);

	logon(x, "treatment", NULL, "first", 2 * DAY_MS);
	exchange_send(x, &message);
	logon(x, "treatment", NULL, "older", DAY_MS);
	assert_int_equal(exchange_facts(x, "recall"), 0);
	logon(x, "treatment", "beds", "newer", 3 * DAY_MS);
	assert_int_equal(exchange_facts(x, "recall"), 0);
	logon(x, "treatment", NULL, "first", 2 * DAY_MS);
	assert_int_equal(exchange_facts(x, "recall"), 0);
	collector(x, "treatment", 10);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
	/* Of the same second, the one that is new here. */
	message.id = exchange_id(x);
	logon(x, "treatment", NULL, "renewed", 2 * DAY_MS);
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "certificate_changed");
}

static void what_is_held_is_recalled_too(void **state)
{
	struct exchange *x = *state;
	struct tc_id person = exchange_id(x);
	struct message message = attendance(x, person);

	message.second = DRUG_TEST;
	message.sealed = "first";
	logon(x, "parole", NULL, "first", DAY_MS);
	exchange_send(x, &message);
	assert_int_equal(exchange_facts(x, "held"), 1);
	logon(x, "parole", NULL, "second", 2 * DAY_MS);
	assert_int_equal(exchange_facts(x, "recall"), 1);
}

static void who_gets_none_of_the_sealed_parts_keeps_the_others(void **state)
{
	struct exchange *x = *state;
	struct tc_id person = exchange_id(x);
	struct consent consent = grant(x, person);
	struct message message = attendance(x, person);

	message.second = DRUG_TEST;
	message.sealed = "first";
	exchange_consent(x, &consent);
	logon(x, "parole", NULL, "first", DAY_MS);
	exchange_send(x, &message);
	logon(x, "parole", NULL, "second", 2 * DAY_MS);
	assert_int_equal(exchange_facts(x, "recall"), 0);
	collector(x, "parole", 10);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
}

static void what_is_lent_may_be_finished_and_is_not_offered_again(void **state)
{
	struct exchange *x = *state;
	struct message message = sealed(x);
	uint64_t connection = logon(x, "treatment", NULL, "first", DAY_MS);
	uint64_t delivery;

	exchange_collect(x, connection, 1, LEASE_MS);
	exchange_send(x, &message);
	delivery = delivered(x);
	logon(x, "treatment", NULL, "second", 2 * DAY_MS);
	assert_int_equal(exchange_facts(x, "recall"), 0);
	/* The holder of the first key is still at it; should it give it back, nobody can read it.
	 */
	assert_settled(x, connection, delivery, NAK, DONE);
	assert_int_equal(exchange_facts(x, "recall"), 1);
	collector(x, "treatment", 10);
	exchange_tick(x, x->now_ms + DAY_MS);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
}

static void a_referral_that_comes_back_so_has_not_reached_its_target(void **state)
{
	struct exchange *x = *state;
	struct message message = sealed(x);

	message.type = "Referral";
	message.referral = exchange_id(x);
	logon(x, "treatment", NULL, "first", DAY_MS);
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "accepted");
	logon(x, "treatment", NULL, "second", 2 * DAY_MS);
	assert_int_equal(exchange_facts(x, "recall"), 1);
	assert_int_equal(exchange_facts(x, "transition"), 1);
}

static void a_revoked_certificate_is_sealed_to_no_more(void **state)
{
	struct exchange *x = *state;
	struct message message = sealed(x), again = sealed(x);

	logon(x, "treatment", NULL, "first", DAY_MS);
	exchange_send(x, &message);
	revoke(x, "first");
	assert_int_equal(exchange_facts(x, "recall"), 1);
	exchange_send(x, &again);
	assert_string_equal(exchange_answer(x), "certificate_changed");
	/* An older one that is still good takes its place. */
	logon(x, "treatment", NULL, "older", DAY_MS / 2);
	again.sealed = "older";
	exchange_send(x, &again);
	assert_string_equal(exchange_answer(x), "accepted");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_waits_is_recalled_when_its_recipient_comes_with_a_newer_certificate),
		TEST(what_was_sealed_to_an_outdated_certificate_is_not_taken),
		TEST(where_the_sender_does_not_say_to_which_the_one_in_force_is_taken_for_it),
		TEST(an_older_certificate_and_an_adapters_change_nothing),
		TEST(what_is_held_is_recalled_too),
		TEST(who_gets_none_of_the_sealed_parts_keeps_the_others),
		TEST(what_is_lent_may_be_finished_and_is_not_offered_again),
		TEST(a_referral_that_comes_back_so_has_not_reached_its_target),
		TEST(a_revoked_certificate_is_sealed_to_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
