/* 42 CFR 2.35 through the ledger: a revocation that waits, what is answered, and what ends it. */
#include "unit/ledger/ledger_fixture.h"

#include <string.h>

static void assert_disposition(struct exchange *x, const char *code)
{
	Throughcare__V1__Receipt *receipt = exchange_receipt(x);

	assert_int_equal(receipt->n_dispositions, 1);
	assert_int_equal(receipt->dispositions[0]->kind,
			 THROUGHCARE__V1__DISPOSITION_KIND__DISPOSITION_KIND_APPLIED);
	if (code == NULL)
		assert_null(receipt->dispositions[0]->code);
	else
		assert_string_equal(receipt->dispositions[0]->code, code);
	throughcare__v1__receipt__free_unpacked(receipt, NULL);
}

/* The n-th own message handed out by the latest record, which must be a ConsentNotice. */
static Throughcare__V1__ConsentNotice *notice(const struct exchange *x, size_t n)
{
	const struct effect *effect = exchange_effect(x, EFFECT_DELIVER_OWN, n);
	Throughcare__V1__ConsentNotice *content;
	Throughcare__V1__Delivery *delivery;

	assert_non_null(effect);
	delivery = throughcare__v1__delivery__unpack(NULL, effect->body.len, effect->body.data);
	assert_non_null(delivery);
	assert_string_equal(delivery->parts[0]->type, "ConsentNotice");
	content = throughcare__v1__consent_notice__unpack(NULL, delivery->parts[0]->content.len,
							  delivery->parts[0]->content.data);
	assert_non_null(content);
	throughcare__v1__delivery__free_unpacked(delivery, NULL);
	return content;
}

#define PENDING THROUGHCARE__V1__CONSENT_NOTICE_KIND__CONSENT_NOTICE_KIND_REVOCATION_PENDING
#define ENDED   THROUGHCARE__V1__CONSENT_NOTICE_KIND__CONSENT_NOTICE_KIND_ENDED

static struct consent waiting_grant(struct exchange *x, struct tc_id subject)
{
	struct consent consent = grant(x, subject);

	consent.revocable_from_ms = (x->now_ms / 1000 + 86400) * 1000;
	return consent;
}

static struct message in_case(struct exchange *x, struct tc_id subject)
{
	struct message message = attendance(x, subject);

	message.proceeding = "case-1";
	return message;
}

static void hear_finally(struct exchange *x, struct tc_id subject, const char *from)
{
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct message message = {
		.from = from,
		.to = "treatment",
		.type = "HearingResult",
		.category = CONTACT,
		.id = exchange_id(x),
		.subject = subject,
		.legal = OPERATIONAL,
		.evidence = QUIET,
		.claim = &claim,
	};

	claim.has_disposition_final = claim.disposition_final = 1;
	claim.about_id = (char *)(uintptr_t) "case-1";
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "accepted");
}

/* It says that nothing of it ever held: so nothing of it may be left, whatever had ended before. */
static void an_entry_in_error_does_not_overtake_an_earlier_recall(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x);
	struct consent consent = grant(x, subject);

	exchange_slices(x, 2);
	exchange_consent(x, &consent);
	for (int i = 0; i < 7; i++) {
		struct message message = attendance(x, subject);

		exchange_send(x, &message);
	}
	exchange_revoke(x, &consent);
	assert_int_equal(exchange_effects(x, EFFECT_RECEIPT), 0);
	consent.version = 2;
	consent.in_error = true;
	exchange_consent(x, &consent);
	assert_int_equal(exchange_effects(x, EFFECT_RECEIPT), 0);
	exchange_settle_down(x);
	assert_int_equal(exchange_effects(x, EFFECT_RECEIPT), 2);
	assert_string_equal(exchange_answer(x), "accepted");
}

static void a_revocation_that_waits_is_answered_with_its_time(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x);
	struct consent consent = waiting_grant(x, subject);
	Throughcare__V1__ConsentNotice *told;

	exchange_consent(x, &consent);
	assert_string_equal(exchange_answer(x), "accepted");
	collector(x, "intake", 10);
	exchange_revoke(x, &consent);
	assert_disposition(x, "revocation_pending");
	assert_int_equal(exchange_facts(x, "grant_pending"), 1);
	told = notice(x, 0);
	assert_int_equal(told->kind, PENDING);
	assert_int_equal(told->effective_at->seconds, consent.revocable_from_ms / 1000);
	assert_null(told->event_code);
	throughcare__v1__consent_notice__free_unpacked(told, NULL);
}

static void whoever_was_told_something_hears_of_it_only_when_it_takes_effect(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x);
	struct consent consent = waiting_grant(x, subject);
	struct message message = in_case(x, subject);

	exchange_consent(x, &consent);
	collector(x, "parole", 10);
	exchange_send(x, &message);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
	exchange_revoke(x, &consent);
	assert_int_equal(exchange_facts(x, "grant_pending"), 1);
	assert_int_equal(exchange_own(x, "ConsentNotice"), 0);
	exchange_tick(x, consent.revocable_from_ms);
	assert_int_equal(exchange_own(x, "ConsentNotice"), 1);
}

/* Sent again as another message: nothing changes, and the answer is as true as before. */
static void revoking_again_is_answered_alike(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x);
	struct consent consent = waiting_grant(x, subject);
	Throughcare__V1__ConsentNotice *told;

	exchange_consent(x, &consent);
	collector(x, "intake", 10);
	exchange_revoke(x, &consent);
	exchange_revoke(x, &consent);
	assert_disposition(x, "revocation_pending");
	assert_int_equal(exchange_facts(x, "grant_pending"), 0);
	told = notice(x, 0);
	assert_int_equal(told->kind, PENDING);
	throughcare__v1__consent_notice__free_unpacked(told, NULL);
}

static void it_takes_effect_by_itself_when_its_time_has_come(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x);
	struct consent consent = waiting_grant(x, subject);
	struct message message = in_case(x, subject);

	exchange_consent(x, &consent);
	exchange_revoke(x, &consent);
	exchange_send(x, &message);
	assert_int_equal(exchange_facts(x, "denied"), 0);
	exchange_tick(x, consent.revocable_from_ms - 1);
	assert_int_equal(exchange_facts(x, "recall"), 0);
	exchange_tick(x, consent.revocable_from_ms);
	assert_int_equal(exchange_facts(x, "grant_ended"), 1);
	assert_int_equal(exchange_facts(x, "recall"), 1);
}

static void the_final_disposition_ends_the_waiting(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x);
	struct consent consent = waiting_grant(x, subject);
	struct message message = in_case(x, subject);
	Throughcare__V1__ConsentNotice *told;

	exchange_consent(x, &consent);
	collector(x, "parole", 1);
	exchange_send(x, &message);
	exchange_revoke(x, &consent);
	message.id = exchange_id(x);
	exchange_send(x, &message);
	collector(x, "parole", 10);
	hear_finally(x, subject, "court");
	assert_int_equal(exchange_facts(x, "grant_ended"), 1);
	told = notice(x, 0);
	assert_int_equal(told->kind, ENDED);
	throughcare__v1__consent_notice__free_unpacked(told, NULL);
	message.id = exchange_id(x);
	exchange_send(x, &message);
	assert_int_equal(exchange_facts(x, "held"), 1);
	exchange_tick(x, consent.revocable_from_ms);
	assert_int_equal(exchange_facts(x, "grant_ended"), 0);
}

/* Whoever is no court or board ends nothing by saying so. */
static void a_final_disposition_is_a_courts_to_tell(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x);
	struct consent consent = waiting_grant(x, subject);

	exchange_consent(x, &consent);
	exchange_revoke(x, &consent);
	hear_finally(x, subject, "parole");
	assert_int_equal(exchange_facts(x, "grant_ended"), 0);
	hear_finally(x, exchange_id(x), "court");
	assert_int_equal(exchange_facts(x, "grant_ended"), 0);
	hear_finally(x, subject, "court");
	assert_int_equal(exchange_facts(x, "grant_ended"), 1);
}

static void a_revocation_at_once_says_nothing_of_waiting(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x);
	struct consent consent = grant(x, subject);

	exchange_consent(x, &consent);
	collector(x, "intake", 10);
	exchange_revoke(x, &consent);
	assert_disposition(x, NULL);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER_OWN), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_entry_in_error_does_not_overtake_an_earlier_recall),
		TEST(a_revocation_that_waits_is_answered_with_its_time),
		TEST(whoever_was_told_something_hears_of_it_only_when_it_takes_effect),
		TEST(revoking_again_is_answered_alike),
		TEST(it_takes_effect_by_itself_when_its_time_has_come),
		TEST(the_final_disposition_ends_the_waiting),
		TEST(a_final_disposition_is_a_courts_to_tell),
		TEST(a_revocation_at_once_says_nothing_of_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
