#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "simulation/exchange.h"
#include "wire/digest.h"

#define ATTENDANCE     THROUGHCARE__V1__CATEGORY__CATEGORY_ATTENDANCE
#define DRUG_TEST      THROUGHCARE__V1__CATEGORY__CATEGORY_DRUG_TEST
#define CONTACT        THROUGHCARE__V1__CATEGORY__CATEGORY_CONTACT
#define ACK            THROUGHCARE__V1__SETTLEMENT_KIND__SETTLEMENT_KIND_ACK
#define NAK            THROUGHCARE__V1__SETTLEMENT_KIND__SETTLEMENT_KIND_NAK
#define TERM           THROUGHCARE__V1__SETTLEMENT_KIND__SETTLEMENT_KIND_TERM
#define PROGRESS       THROUGHCARE__V1__SETTLEMENT_KIND__SETTLEMENT_KIND_IN_PROGRESS
#define EVIDENCE(kind) THROUGHCARE__V1__EVIDENCE_KIND__EVIDENCE_KIND_##kind
#define QUIET          THROUGHCARE__V1__EVIDENCE_LEVEL__EVIDENCE_LEVEL_EXCEPTIONS
#define OPERATIONAL    THROUGHCARE__V1__LEGAL_BASIS__LEGAL_BASIS_NON_PART2_OPERATIONAL
#define LEASE_MS       30000
#define YEAR_MS        (365LL * 86400 * 1000)

static int setup(void **state)
{
	struct exchange *x = calloc(1, sizeof(*x));

	assert_non_null(x);
	exchange_open(x);
	exchange_agency(x, "intake", "INTAKE");
	exchange_agency(x, "treatment", "TREATMENT");
	exchange_agency(x, "parole", "PAROLE");
	exchange_agency(x, "court", "COURT");
	*state = x;
	return 0;
}

static int teardown(void **state)
{
	struct exchange *x = *state;
	uint8_t live[32], rebuilt[32];

	/* Whatever the test did: the log alone gives the same state. */
	exchange_digest(x, live);
	exchange_rebuild(x, 0, rebuilt);
	assert_memory_equal(live, rebuilt, 32);
	exchange_rebuild(x, 3, rebuilt);
	assert_memory_equal(live, rebuilt, 32);
	exchange_close(x);
	free(x);
	return 0;
}

static struct message attendance(struct exchange *x, struct tc_id subject)
{
	return (struct message){.from = "treatment",
				.to = "parole",
				.type = "AttendanceRecord",
				.category = ATTENDANCE,
				.id = exchange_id(x),
				.subject = subject,
				.evidence = QUIET};
}

static struct consent grant(struct exchange *x, struct tc_id subject)
{
	return (struct consent){.consent = exchange_id(x),
				.grant = exchange_id(x),
				.subject = subject,
				.from = "treatment",
				.to = "parole",
				.category = "ATTENDANCE",
				.expires_ms = x->now_ms + YEAR_MS};
}

/* Nobody needs a consent for this. */
static struct message contact(struct exchange *x)
{
	return (struct message){.from = "parole",
				.to = "treatment",
				.type = "SupervisionEvent",
				.category = CONTACT,
				.id = exchange_id(x),
				.subject = exchange_id(x),
				.legal = OPERATIONAL,
				.evidence = QUIET};
}

static uint64_t collector(struct exchange *x, const char *name, uint32_t credit)
{
	uint64_t connection = exchange_logon(x, name);

	assert_int_equal(exchange_effects(x, EFFECT_LOGON_ACCEPTED), 1);
	exchange_collect(x, connection, credit, LEASE_MS);
	return connection;
}

static uint64_t delivered(struct exchange *x)
{
	const struct effect *effect = exchange_effect(x, EFFECT_DELIVER, 0);

	assert_non_null(effect);
	return effect->delivery_id;
}

static Throughcare__V1__SettlementResult settled(struct exchange *x, uint64_t connection,
						 uint64_t delivery,
						 Throughcare__V1__SettlementKind kind)
{
	const struct effect *effect;
	Throughcare__V1__Response *response;
	Throughcare__V1__SettlementResult result;

	exchange_settle(x, connection, delivery, kind, 0);
	effect = exchange_effect(x, EFFECT_REPLY, 0);
	assert_non_null(effect);
	response = throughcare__v1__response__unpack(NULL, effect->body.len, effect->body.data);
	assert_non_null(response);
	assert_int_equal(response->body_case, THROUGHCARE__V1__RESPONSE__BODY_SETTLE);
	assert_int_equal(response->settle->n_results, 1);
	result = response->settle->results[0];
	throughcare__v1__response__free_unpacked(response, NULL);
	return result;
}

#define assert_settled(x, connection, delivery, kind, result)                                      \
	assert_int_equal(settled(x, connection, delivery, kind),                                   \
			 THROUGHCARE__V1__SETTLEMENT_RESULT__SETTLEMENT_RESULT_##result)

/* ---- custody and idempotency ---- */

static void an_unknown_agency_cannot_log_on(void **state)
{
	struct exchange *x = *state;

	exchange_logon(x, "nobody");
	assert_int_equal(exchange_effects(x, EFFECT_LOGON_REFUSED), 1);
	assert_int_equal(exchange_facts(x, "logon_refused"), 1);
}

static void same_id_returns_the_first_receipt(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);
	uint64_t sequence = exchange_send(x, &message);
	Throughcare__V1__Receipt *receipt;

	assert_string_equal(exchange_answer(x), "accepted");
	x->now_ms += YEAR_MS;
	exchange_send(x, &message);
	receipt = exchange_receipt(x);
	assert_int_equal(receipt->status, THROUGHCARE__V1__RECEIPT_STATUS__RECEIPT_STATUS_ACCEPTED);
	assert_true(receipt->repeated_submission);
	assert_int_equal(receipt->log_sequence, sequence);
	assert_int_equal(receipt->n_dispositions, 1);
	assert_string_equal(receipt->dispositions[0]->recipient, "treatment");
	throughcare__v1__receipt__free_unpacked(receipt, NULL);
}

static void same_id_with_other_content_is_a_conflict(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);

	exchange_send(x, &message);
	message.flavour = 1;
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "id_conflict");
	assert_int_equal(exchange_facts(x, "refusal"), 1);
}

static void a_refused_id_may_be_sent_again(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);

	message.to = "housing";
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "unknown_recipient");
	exchange_agency(x, "housing", "HOUSING");
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "accepted");
}

static void an_unsupported_type_is_refused_clearly(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);

	message.type = "CapacityUpdate";
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "type_not_allowed");
}

static void a_message_that_is_expired_on_arrival_is_refused(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);

	message.expires_ms = x->now_ms - 1000;
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "expired_on_arrival");
}

/* ---- delivery ---- */

static void a_waiting_recipient_is_handed_the_message_at_once(void **state)
{
	struct exchange *x = *state;
	uint64_t connection = collector(x, "treatment", 10);
	struct message message = contact(x);
	uint64_t sequence = exchange_send(x, &message), delivery = delivered(x);

	assert_int_equal(exchange_effect(x, EFFECT_DELIVER, 0)->sequence, sequence);
	assert_int_equal(exchange_effect(x, EFFECT_DELIVER, 0)->released_at, sequence);
	assert_int_equal(exchange_effect(x, EFFECT_DELIVER, 0)->attempt, 1);
	assert_int_equal(exchange_effect(x, EFFECT_DELIVER, 0)->parts_mask, 1);
	assert_int_equal(exchange_facts(x, "submission"), 1);
	assert_int_equal(exchange_facts(x, "release"), 1);
	assert_settled(x, connection, delivery, ACK, DONE);
	assert_int_equal(exchange_facts(x, "settlement"), 1);
	assert_settled(x, connection, delivery, ACK, DONE);
	assert_settled(x, connection, delivery, NAK, STALE);
	assert_settled(x, connection, delivery + 1000, ACK, UNKNOWN);
}

static void what_waits_is_handed_over_when_there_is_credit(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);
	uint64_t connection;

	exchange_send(x, &message);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
	message.id = exchange_id(x);
	exchange_send(x, &message);
	connection = collector(x, "treatment", 1);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
	exchange_collect(x, connection, 1, LEASE_MS);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
}

static void lease_expires_and_is_offered_again(void **state)
{
	struct exchange *x = *state;
	uint64_t connection = collector(x, "treatment", 10), delivery;
	struct message message = contact(x);

	exchange_send(x, &message);
	delivery = delivered(x);
	assert_int_equal(ledger_due_ms(x->ledger), x->now_ms + LEASE_MS);
	exchange_tick(x, x->now_ms + LEASE_MS);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
	assert_settled(x, connection, delivery, ACK, STALE);
	exchange_tick(x, x->now_ms + 1000);
	assert_int_equal(delivered(x), delivery);
	assert_int_equal(exchange_effect(x, EFFECT_DELIVER, 0)->attempt, 2);
	assert_settled(x, connection, delivery, ACK, DONE);
}

static void progress_starts_the_lease_anew(void **state)
{
	struct exchange *x = *state;
	uint64_t connection = collector(x, "treatment", 10), delivery;
	struct message message = contact(x);

	exchange_send(x, &message);
	delivery = delivered(x);
	x->now_ms += LEASE_MS - 1;
	assert_settled(x, connection, delivery, PROGRESS, DONE);
	exchange_tick(x, x->now_ms + LEASE_MS - 1);
	assert_settled(x, connection, delivery, ACK, DONE);
}

static void too_many_failures_end_as_a_dead_letter(void **state)
{
	struct exchange *x = *state;
	uint64_t connection = collector(x, "treatment", 10), sender, delivery;
	struct message message = contact(x);

	sender = collector(x, "parole", 10);
	exchange_send(x, &message);
	delivery = delivered(x);
	assert_settled(x, connection, delivery, NAK, DONE);
	exchange_tick(x, x->now_ms + 1000);
	assert_settled(x, connection, delivered(x), NAK, DONE);
	exchange_tick(x, x->now_ms + 1000);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0); /* the second wait is longer */
	exchange_tick(x, x->now_ms + 1000);
	assert_settled(x, connection, delivered(x), NAK, DONE);
	assert_int_equal(exchange_facts(x, "dead"), 1);
	assert_int_equal(exchange_evidence(x, EVIDENCE(DEAD)), 1);
	assert_true(sender != 0);
}

static void term_is_a_dead_letter_at_once(void **state)
{
	struct exchange *x = *state;
	uint64_t connection = collector(x, "treatment", 10);
	struct message message = contact(x);

	exchange_send(x, &message);
	assert_settled(x, connection, delivered(x), TERM, DONE);
	assert_int_equal(exchange_facts(x, "dead"), 1);
}

static void log_off_gives_back_what_was_in_hand(void **state)
{
	struct exchange *x = *state;
	uint64_t first = collector(x, "treatment", 10), second, delivery;
	struct message message = contact(x);

	exchange_send(x, &message);
	delivery = delivered(x);
	exchange_logoff(x, first);
	second = collector(x, "treatment", 10);
	assert_int_equal(delivered(x), delivery);
	assert_settled(x, second, delivery, ACK, DONE);
}

static void a_restart_ends_all_sessions(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);
	uint64_t delivery;

	collector(x, "treatment", 10);
	exchange_send(x, &message);
	delivery = delivered(x);
	for (int i = 0; i < 5; i++) { /* more often than a message may fail */
		exchange_barrier(x);
		assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
		collector(x, "treatment", 10);
		assert_int_equal(delivered(x), delivery);
	}
}

static void a_waiting_message_expires_with_evidence(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);

	collector(x, "parole", 10);
	message.expires_ms = x->now_ms + 60000;
	exchange_send(x, &message);
	exchange_tick(x, x->now_ms + 60000);
	assert_int_equal(exchange_facts(x, "expired"), 1);
	assert_int_equal(exchange_evidence(x, EVIDENCE(EXPIRED)), 1);
}

static void messages_of_one_referral_go_one_after_another(void **state)
{
	struct exchange *x = *state;
	uint64_t connection = collector(x, "treatment", 10), first;
	struct message message = contact(x);

	message.type = "Referral";
	message.referral = exchange_id(x);
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "accepted");
	first = delivered(x);
	message.type = "SupervisionEvent";
	message.id = exchange_id(x);
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
	assert_settled(x, connection, first, NAK, DONE);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
	exchange_tick(x, x->now_ms + 1000);
	assert_int_equal(delivered(x), first);
	assert_settled(x, connection, first, ACK, DONE);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
}

static void urgent_goes_first_and_low_does_not_starve(void **state)
{
	struct exchange *x = *state;
	uint64_t connection;
	uint32_t lows = 0;
	struct message message = contact(x);

	for (int i = 0; i < 60; i++) {
		message.id = exchange_id(x);
		message.priority = i % 3 == 0   ? THROUGHCARE__V1__PRIORITY__PRIORITY_URGENT
				   : i % 3 == 1 ? THROUGHCARE__V1__PRIORITY__PRIORITY_LOW
						: THROUGHCARE__V1__PRIORITY__PRIORITY_NORMAL;
		exchange_send(x, &message);
	}
	connection = collector(x, "treatment", 12);
	for (size_t i = 0; i < 12; i++) {
		uint64_t id = exchange_effect(x, EFFECT_DELIVER, i)->delivery_id;

		lows += (id - exchange_effect(x, EFFECT_DELIVER, 0)->delivery_id) % 3 == 1;
	}
	assert_int_equal(lows, 1);
	assert_true(connection != 0);
}

static void a_full_mailbox_refuses(void **state)
{
	struct exchange *x = *state;
	Throughcare__V1__Record record = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__BarrierRecord barrier = THROUGHCARE__V1__BARRIER_RECORD__INIT;
	Throughcare__V1__LedgerSettings settings = THROUGHCARE__V1__LEDGER_SETTINGS__INIT;
	struct message message = contact(x);

	settings.has_mailbox_messages_max = 1;
	settings.mailbox_messages_max = 2;
	barrier.has_boot = 1;
	barrier.boot = 2;
	barrier.settings = &settings;
	record.body_case = THROUGHCARE__V1__RECORD__BODY_BARRIER;
	record.barrier = &barrier;
	exchange_append(x, &record, 0);
	for (int i = 0; i < 2; i++) {
		message.id = exchange_id(x);
		exchange_send(x, &message);
		assert_string_equal(exchange_answer(x), "accepted");
	}
	message.id = exchange_id(x);
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "mailbox_full");
}

/* ---- consent ---- */

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
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(an_unknown_agency_cannot_log_on),
		TEST(same_id_returns_the_first_receipt),
		TEST(same_id_with_other_content_is_a_conflict),
		TEST(a_refused_id_may_be_sent_again),
		TEST(an_unsupported_type_is_refused_clearly),
		TEST(a_message_that_is_expired_on_arrival_is_refused),
		TEST(a_waiting_recipient_is_handed_the_message_at_once),
		TEST(what_waits_is_handed_over_when_there_is_credit),
		TEST(lease_expires_and_is_offered_again),
		TEST(progress_starts_the_lease_anew),
		TEST(too_many_failures_end_as_a_dead_letter),
		TEST(term_is_a_dead_letter_at_once),
		TEST(log_off_gives_back_what_was_in_hand),
		TEST(a_restart_ends_all_sessions),
		TEST(a_waiting_message_expires_with_evidence),
		TEST(messages_of_one_referral_go_one_after_another),
		TEST(urgent_goes_first_and_low_does_not_starve),
		TEST(a_full_mailbox_refuses),
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
