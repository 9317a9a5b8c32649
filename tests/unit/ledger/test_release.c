#include "unit/ledger/ledger_fixture.h"

#include <string.h>

#include "wire/digest.h"

static void without_consent_it_is_held_and_released_by_a_grant(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x);
	struct message message = attendance(x, subject);
	struct consent consent = grant(x, subject);
	Throughcare__V1__Receipt *receipt;
	uint64_t first;

	collector(x, "parole", 10);
	collector(x, "treatment", 10);
	first = exchange_send(x, &message);
	receipt = exchange_receipt(x);
	assert_int_equal(receipt->dispositions[0]->kind,
			 THROUGHCARE__V1__DISPOSITION_KIND__DISPOSITION_KIND_HELD);
	assert_string_equal(receipt->dispositions[0]->code, "consent_missing");
	throughcare__v1__receipt__free_unpacked(receipt, NULL);
	assert_int_equal(exchange_evidence(x, EVIDENCE(HELD)), 1);
	message.id = exchange_id(x);
	exchange_send(x, &message);
	exchange_consent(x, &consent);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 2);
	assert_int_equal(exchange_effect(x, EFFECT_DELIVER, 0)->sequence, first);
	assert_int_equal(exchange_evidence(x, EVIDENCE(RELEASED)), 2);
}

static void only_what_the_grant_covers_goes(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x);
	struct message message = attendance(x, subject);
	struct consent consent = grant(x, subject);

	exchange_consent(x, &consent);
	collector(x, "parole", 10);
	message.second = DRUG_TEST;
	exchange_send(x, &message);
	assert_int_equal(exchange_effect(x, EFFECT_DELIVER, 0)->parts_mask, 1);
	assert_int_equal(exchange_facts(x, "release"), 1);
}

static void revocation_recalls_what_is_still_queued(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x);
	struct message message = attendance(x, subject);
	struct consent consent = grant(x, subject);

	exchange_consent(x, &consent);
	exchange_send(x, &message);
	collector(x, "treatment", 10);
	exchange_revoke(x, &consent);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(exchange_facts(x, "recall"), 1);
	assert_int_equal(exchange_evidence(x, EVIDENCE(RECALLED)), 1);
	collector(x, "parole", 10);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
}

static void prior_recipients_are_told_of_the_revocation(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x);
	struct message message = attendance(x, subject);
	struct consent consent = grant(x, subject);

	exchange_consent(x, &consent);
	collector(x, "parole", 10);
	exchange_send(x, &message);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
	exchange_revoke(x, &consent);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER_OWN), 1);
}

static void another_grant_keeps_it_in_the_queue(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x);
	struct message message = attendance(x, subject);
	struct consent consent = grant(x, subject), second = grant(x, subject);

	exchange_consent(x, &consent);
	exchange_consent(x, &second);
	exchange_send(x, &message);
	exchange_revoke(x, &consent);
	assert_int_equal(exchange_facts(x, "recall"), 0);
	collector(x, "parole", 10);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
}

static void a_grant_that_has_expired_meanwhile_holds_at_hand_over(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x);
	struct message message = attendance(x, subject);
	struct consent consent = grant(x, subject);

	consent.expires_ms = x->now_ms + 60000;
	exchange_consent(x, &consent);
	exchange_send(x, &message);
	x->now_ms += 60001;
	collector(x, "parole", 10);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
	assert_int_equal(exchange_facts(x, "held"), 1);
}

static void a_grant_that_becomes_valid_releases_by_itself(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x);
	struct message message = attendance(x, subject);
	struct consent consent = grant(x, subject);

	consent.valid_from_ms = x->now_ms + 60000;
	exchange_consent(x, &consent);
	collector(x, "parole", 10);
	exchange_send(x, &message);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
	exchange_tick(x, consent.valid_from_ms);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
}

static void a_revoked_certificate_is_cut_off(void **state)
{
	struct exchange *x = *state;
	Throughcare__V1__Record record = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__CertificateRevokedRecord revoked =
		THROUGHCARE__V1__CERTIFICATE_REVOKED_RECORD__INIT;
	struct message message = contact(x);
	uint8_t certificate[32];

	exchange_logon(x, "parole");
	assert_int_equal(tc_sha256(tc_slice_text("parole"), certificate), 0);
	revoked.has_certificate_sha256 = 1;
	revoked.certificate_sha256 = (ProtobufCBinaryData){32, certificate};
	record.body_case = THROUGHCARE__V1__RECORD__BODY_CERTIFICATE_REVOKED;
	record.certificate_revoked = &revoked;
	exchange_append(x, &record, 0);
	assert_int_equal(exchange_effects(x, EFFECT_CLOSE), 1);
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "certificate_revoked");
}

static void a_crash_loses_nothing_of_the_state(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);
	uint64_t connection = collector(x, "treatment", 10), delivery;
	uint8_t before[32], after[32];

	exchange_send(x, &message);
	delivery = delivered(x);
	assert_int_equal(ledger_commit(x->ledger), 0);
	message.id = exchange_id(x);
	exchange_send(x, &message);
	exchange_digest(x, before);
	exchange_crash(x);
	exchange_digest(x, after);
	assert_memory_equal(before, after, 32);
	assert_settled(x, connection, delivery, ACK, DONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_consent_it_is_held_and_released_by_a_grant),
		TEST(only_what_the_grant_covers_goes),
		TEST(revocation_recalls_what_is_still_queued),
		TEST(prior_recipients_are_told_of_the_revocation),
		TEST(another_grant_keeps_it_in_the_queue),
		TEST(a_grant_that_has_expired_meanwhile_holds_at_hand_over),
		TEST(a_grant_that_becomes_valid_releases_by_itself),
		TEST(a_revoked_certificate_is_cut_off),
		TEST(a_crash_loses_nothing_of_the_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
