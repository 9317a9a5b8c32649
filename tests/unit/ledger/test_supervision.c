/* Events of supervision and orders of courts: who knows of them, and what follows. */
#include "unit/ledger/case_fixture.h"
#include "unit/ledger/order_fixture.h"

#include <string.h>

#include "ledger/ledger_view.h"
#include "ledger/state.h"
#include "ledger/supervision.h"

#define CONDITIONS THROUGHCARE__V1__CATEGORY__CATEGORY_SUPERVISION_CONDITIONS
#define MANY       70 /* agencies */

static char *text(const char *text)
{
	return (char *)(uintptr_t)text;
}

static int known(struct exchange *x, const char *agency, struct tc_id subject,
		 struct supervision *ret)
{
	struct ledger_view *view;
	tc_agency name = {{0}};
	uint32_t number;
	uint64_t next;
	int r;

	assert_int_equal(ledger_commit(x->ledger), 0);
	assert_int_equal(ledger_view_open(&view, x->ledger), 0);
	assert_int_equal(ledger_view_renew(view, &next), 0);
	snprintf(name.name, sizeof(name.name), "%s", agency);
	assert_int_equal(ledger_view_number(view, &name, &number), 0);
	r = supervision_find(ledger_view_txn(view),
			     ledger_view_table(view, LEDGER_TABLE_SUPERVISION), number, subject,
			     ret);
	ledger_view_close(&view);
	return r;
}

static enum referral_state state_of(struct exchange *x, struct tc_id id)
{
	struct ledger_view *view;
	struct referral referral;
	uint64_t next;

	assert_int_equal(ledger_commit(x->ledger), 0);
	assert_int_equal(ledger_view_open(&view, x->ledger), 0);
	assert_int_equal(ledger_view_renew(view, &next), 0);
	assert_int_equal(
		referral_find(ledger_view_txn(view), ledger_view_referral(view), id, &referral), 0);
	ledger_view_close(&view);
	return referral.state;
}

/* Of parole, to treatment. With `legal` 0 it waits for a consent. */
static void event(struct exchange *x, struct tc_id subject, const char *status, uint32_t legal)
{
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct message message = contact(x);

	claim.status = text(status);
	claim.officer = text("officer-9");
	claim.team = text("east");
	message.category = legal == 0 ? CONDITIONS : message.category;
	message.subject = subject;
	message.legal = legal;
	message.claim = &claim;
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "accepted");
}

static void custody_pauses_care_where_it_is_told_and_then_only(void **state)
{
	struct exchange *x = *state;
	struct message referral = case_referral(x);
	struct supervision at;
	struct consent given;

	collector(x, "treatment", 100);
	exchange_send(x, &referral);
	case_begin(x, &referral);
	event(x, referral.subject, "CUSTODY_IN", 0);
	assert_int_equal(known(x, "parole", referral.subject, &at), 0);
	assert_true(at.custody);
	assert_int_equal(known(x, "treatment", referral.subject, &at), SUPERVISION_UNKNOWN);
	assert_int_equal(state_of(x, referral.referral), REFERRAL_IN_PROGRESS);
	given = grant(x, referral.subject);
	given.from = "parole";
	given.to = "treatment";
	given.category = "SUPERVISION_CONDITIONS";
	exchange_consent(x, &given);
	assert_int_equal(known(x, "treatment", referral.subject, &at), 0);
	assert_true(at.custody);
	assert_int_equal(state_of(x, referral.referral), REFERRAL_ON_HOLD);
	event(x, referral.subject, "CUSTODY_OUT", OPERATIONAL);
	assert_int_equal(state_of(x, referral.referral), REFERRAL_IN_PROGRESS);
	assert_int_equal(known(x, "treatment", referral.subject, &at), 0);
	assert_false(at.custody);
}

static void what_is_never_handed_over_is_never_known(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x);
	struct supervision at;

	event(x, subject, "ABSCONDED", OPERATIONAL);
	assert_int_equal(known(x, "parole", subject, &at), 0);
	assert_true(at.absconded);
	exchange_tick(x, x->now_ms + YEAR_MS); /* it has expired in the mailbox */
	collector(x, "treatment", 100);
	assert_int_equal(known(x, "treatment", subject, &at), SUPERVISION_UNKNOWN);
}

/* The last word counts, and with it goes what was said before: nobody knows that any more. */
static void what_is_expunged_of_a_supervision_nobody_knows(void **state)
{
	struct exchange *x = *state;
	struct message referral = case_referral(x);
	struct supervision at;
	uint64_t custody;

	collector(x, "treatment", 100);
	exchange_send(x, &referral);
	event(x, referral.subject, "OFFICER_CHANGE", OPERATIONAL);
	custody = ledger_next(x->ledger);
	event(x, referral.subject, "CUSTODY_IN", OPERATIONAL);
	order_forgets(x, custody, 1);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(known(x, i == 0 ? "parole" : "treatment", referral.subject, &at),
				 0);
		assert_false(at.custody);
		assert_string_equal(at.officer, "officer-9");
	}
	order_forgets(x, custody - 1, 1);
	assert_int_equal(known(x, "parole", referral.subject, &at), 0);
	assert_string_equal(at.officer, "");
	assert_string_equal(at.team, "");
	exchange_check_lists(x);
}

static void an_officer_who_changes_takes_the_referrals_along(void **state)
{
	struct exchange *x = *state;
	struct message referral = case_referral(x);
	struct supervision at;
	struct referral row;
	struct ledger_view *view;
	uint64_t next;

	exchange_send(x, &referral);
	event(x, referral.subject, "OFFICER_CHANGE", OPERATIONAL);
	assert_int_equal(known(x, "parole", referral.subject, &at), 0);
	assert_string_equal(at.officer, "officer-9");
	assert_string_equal(at.team, "east");
	assert_int_equal(ledger_commit(x->ledger), 0);
	assert_int_equal(ledger_view_open(&view, x->ledger), 0);
	assert_int_equal(ledger_view_renew(view, &next), 0);
	assert_int_equal(referral_find(ledger_view_txn(view), ledger_view_referral(view),
				       referral.referral, &row),
			 0);
	assert_string_equal(row.side[REFERRAL_SOURCE].officer, "officer-9");
	assert_string_equal(row.side[REFERRAL_SOURCE].team, "east");
	ledger_view_close(&view);
}

static const char *order_of(struct exchange *x, const char *type, const char *from,
			    struct tc_id subject, const char *id, const char *supersedes)
{
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct message message = contact(x);

	claim.order_id = text(id);
	claim.supersedes = text(supersedes);
	message.from = from;
	message.type = type;
	message.subject = subject;
	message.claim = &claim;
	exchange_send(x, &message);
	return exchange_answer(x);
}

static const char *order(struct exchange *x, const char *from, struct tc_id subject, const char *id,
			 const char *supersedes)
{
	return order_of(x, "CourtOrder", from, subject, id, supersedes);
}

static void a_set_of_conditions_takes_the_place_of_an_order_likewise(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x);

	assert_string_equal(order(x, "court", subject, "o-1", NULL), "accepted");
	assert_string_equal(order_of(x, "ConditionSet", "parole", subject, "o-2", "o-1"),
			    "unknown_court_order");
	assert_string_equal(order_of(x, "ConditionSet", "court", subject, "o-2", "o-1"),
			    "accepted");
	assert_string_equal(order(x, "court", subject, "o-3", "o-2"), "accepted");
}

static void an_order_reaches_whoever_the_one_before_bound(void **state)
{
	struct exchange *x = *state;
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct message message = contact(x);

	collector(x, "parole", 50);
	collector(x, "treatment", 50);
	collector(x, "court", 50);
	message.from = "court";
	message.to = "parole";
	message.also = "treatment";
	message.type = "CourtOrder";
	message.claim = &claim;
	claim.order_id = text("o-1");
	exchange_send(x, &message);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 2);
	message.also = NULL;
	claim.order_id = text("o-2");
	claim.supersedes = text("o-1");
	message.id = exchange_id(x);
	message.evidence = THROUGHCARE__V1__EVIDENCE_LEVEL__EVIDENCE_LEVEL_ALL;
	exchange_send(x, &message);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 2);
	/* whom it binds besides, the court is not told */
	assert_int_equal(exchange_evidence(x, EVIDENCE(DELIVERED)), 1);
	claim.order_id = text("o-3"); /* and so on */
	claim.supersedes = text("o-2");
	message.id = exchange_id(x);
	exchange_send(x, &message);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 2);
	claim.order_id = text("o-4"); /* nobody else's */
	claim.supersedes = NULL;
	message.id = exchange_id(x);
	exchange_send(x, &message);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
}

static void an_order_reaches_them_however_many_they_are(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x);
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct message message = contact(x);
	uint64_t before;

	message.from = "court";
	message.type = "CourtOrder";
	message.subject = subject;
	message.claim = &claim;
	claim.order_id = text("o-1");
	for (int i = 0; i < MANY; i++) {
		char name[32];

		snprintf(name, sizeof(name), "site-%03d", i);
		exchange_agency(x, name, "TREATMENT");
		message.to = name;
		message.id = exchange_id(x);
		exchange_send(x, &message);
		assert_string_equal(exchange_answer(x), "accepted");
	}
	before = x->ledger->next_delivery;
	assert_string_equal(order(x, "court", subject, "o-2", "o-1"), "accepted");
	assert_int_equal(x->ledger->next_delivery - before, MANY + 1); /* and treatment */
}

static void an_order_takes_the_place_of_its_own_courts_order_alone(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x);

	assert_string_equal(order(x, "court", subject, "o-1", NULL), "accepted");
	assert_string_equal(order(x, "parole", subject, "o-2", "o-1"), "unknown_court_order");
	assert_string_equal(order(x, "court", exchange_id(x), "o-2", "o-1"), "unknown_court_order");
	assert_string_equal(order(x, "court", subject, "o-2", "o-9"), "unknown_court_order");
	assert_string_equal(order(x, "court", subject, "o-2", "o-1"), "accepted");
}

static void the_end_of_supervision_asks_for_a_handover_of_each_open_referral(void **state)
{
	struct exchange *x = *state;
	struct message referral = case_referral(x);

	collector(x, "treatment", 10);
	exchange_send(x, &referral);
	event(x, referral.subject, "END", OPERATIONAL);
	assert_int_equal(exchange_facts(x, "task"), 1);
	event(x, exchange_id(x), "END", OPERATIONAL);
	assert_int_equal(exchange_facts(x, "task"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(custody_pauses_care_where_it_is_told_and_then_only),
		TEST(what_is_never_handed_over_is_never_known),
		TEST(what_is_expunged_of_a_supervision_nobody_knows),
		TEST(an_officer_who_changes_takes_the_referrals_along),
		TEST(an_order_takes_the_place_of_its_own_courts_order_alone),
		TEST(an_order_reaches_whoever_the_one_before_bound),
		TEST(an_order_reaches_them_however_many_they_are),
		TEST(a_set_of_conditions_takes_the_place_of_an_order_likewise),
		TEST(the_end_of_supervision_asks_for_a_handover_of_each_open_referral),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
