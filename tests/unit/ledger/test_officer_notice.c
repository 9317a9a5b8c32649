/* Records of meetings that an officer must see: who is asked, when, and who hears of the answer. */
#include "unit/ledger/case_fixture.h"

#include <string.h>

#define DAY_MS INT64_C(86400000)

static char appointment_id[] = "00000000-0000-7000-8000-0000000000a1";

static struct message referred(struct exchange *x)
{
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct message referral = case_referral(x);

	claim.officer = (char *)(uintptr_t) "w-104";
	claim.team = (char *)(uintptr_t) "east";
	referral.claim = &claim;
	collector(x, "treatment", 100);
	exchange_send(x, &referral);
	case_begin(x, &referral);
	referral.claim = NULL;
	return referral;
}

/* A record of treatment's; with `legal` 0 it waits for a consent. */
static struct tc_id record(struct exchange *x, const struct message *referral, const char *to,
			   Throughcare__V1__LifecycleClaim *claim, uint32_t legal)
{
	struct message message;

	claim->appointment_id = appointment_id;
	claim->status = (char *)(uintptr_t) "ATTENDED";
	message = case_message(x, referral, "treatment", "AttendanceRecord", claim);
	message.to = to;
	message.legal = legal;
	message.category = legal == 0 ? ATTENDANCE : message.category;
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "accepted");
	return message.id;
}

static Throughcare__V1__LifecycleClaim marked(void)
{
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;

	claim.has_notify_officer = claim.notify_officer = 1;
	return claim;
}

static void the_officer_is_named_when_the_record_is_handed_over(void **state)
{
	struct exchange *x = *state;
	Throughcare__V1__LifecycleClaim claim = marked();
	struct message referral = referred(x);
	Throughcare__V1__OfficerNotice *notice;
	char text[TC_ID_TEXT_BYTES];
	struct tc_id id = record(x, &referral, "parole", &claim, OPERATIONAL);

	assert_int_equal(exchange_facts(x, "task"), 0); /* it has not been handed over */
	x->keep = true;
	exchange_clear(x);
	exchange_collect(x, exchange_logon(x, "parole"), 100, LEASE_MS);
	for (size_t n = 0; n < 8 && exchange_own(x, "OfficerNotice") == 0; n++) {
		const struct effect *effect = exchange_effect(x, EFFECT_DELIVER, n);

		assert_non_null(effect);
		exchange_settle(x, effect->connection, effect->delivery_id, ACK, 0);
	}
	x->keep = false;
	notice = (Throughcare__V1__OfficerNotice *)case_own(x, "OfficerNotice", 0);
	assert_non_null(notice);
	tc_id_format(id, text);
	assert_string_equal(notice->message_id, text);
	assert_string_equal(notice->officer, "w-104");
	assert_string_equal(notice->team, "east");
	throughcare__v1__officer_notice__free_unpacked(notice, NULL);
	assert_int_equal(exchange_facts(x, "task"), 1);
	exchange_clear(x);
	exchange_reply(x, "parole", id, "w-104", "acknowledged");
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(exchange_evidence(x, EVIDENCE(ACKNOWLEDGED)), 1);
}

/* One that is the first of its lane, so that it is handed over in its own record. */
static size_t asked_at_once(struct exchange *x, Throughcare__V1__LifecycleClaim *claim)
{
	struct message none = contact(x);

	collector(x, "parole", 100);
	(void)record(x, &none, "parole", claim, OPERATIONAL);
	return exchange_own(x, "OfficerNotice");
}

static void a_safety_flag_always_asks(void **state)
{
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;

	claim.has_safety_flag = claim.safety_flag = 1;
	assert_int_equal(asked_at_once(*state, &claim), 1);
}

static void a_record_without_a_mark_asks_nobody(void **state)
{
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;

	claim.has_notify_officer = claim.has_safety_flag = 1;
	assert_int_equal(asked_at_once(*state, &claim), 0);
}

static void nobody_saw_it_in_time_and_its_sender_hears_that(void **state)
{
	struct exchange *x = *state;
	Throughcare__V1__LifecycleClaim claim = marked();

	collector(x, "treatment", 100);
	assert_int_equal(asked_at_once(x, &claim), 1);
	exchange_clear(x);
	x->keep = true;
	exchange_tick(x, x->now_ms + 5 * DAY_MS);
	assert_int_equal(exchange_facts(x, "task_overdue"), 1);
	assert_int_equal(exchange_evidence(x, EVIDENCE(NOT_ACKNOWLEDGED)), 1);
	x->keep = false;
}

static void what_waits_for_a_consent_asks_nobody_yet(void **state)
{
	struct exchange *x = *state;
	Throughcare__V1__LifecycleClaim claim = marked();
	struct message none = contact(x);
	struct consent given = grant(x, none.subject);

	collector(x, "parole", 100);
	(void)record(x, &none, "parole", &claim, 0);
	assert_int_equal(exchange_own(x, "OfficerNotice"), 0);
	assert_int_equal(exchange_facts(x, "task"), 0);
	exchange_consent(x, &given);
	assert_int_equal(exchange_own(x, "OfficerNotice"), 1);
	assert_int_equal(exchange_facts(x, "task"), 1);
}

static void only_the_source_is_asked_about_its_referral(void **state)
{
	struct exchange *x = *state;
	Throughcare__V1__LifecycleClaim claim = marked();
	struct message referral = referred(x);

	collector(x, "court", 100);
	(void)record(x, &referral, "court", &claim, OPERATIONAL);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
	assert_int_equal(exchange_own(x, "OfficerNotice"), 0);
	assert_int_equal(exchange_facts(x, "task"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_officer_is_named_when_the_record_is_handed_over),
		TEST(a_safety_flag_always_asks),
		TEST(a_record_without_a_mark_asks_nobody),
		TEST(nobody_saw_it_in_time_and_its_sender_hears_that),
		TEST(what_waits_for_a_consent_asks_nobody_yet),
		TEST(only_the_source_is_asked_about_its_referral),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
