#include "unit/ledger/case_fixture.h"

#include <string.h>

#include "ledger/ledger_view.h"
#include "ledger/task.h"

#define DV_SAFETY THROUGHCARE__V1__CATEGORY__CATEGORY_DV_SAFETY
#define URGENT    THROUGHCARE__V1__PRIORITY__PRIORITY_URGENT
#define EMERGENCY THROUGHCARE__V1__LEGAL_BASIS__LEGAL_BASIS_MEDICAL_EMERGENCY
#define HOUR_MS   (3600LL * 1000)

/* From parole to treatment, at once. */
static struct message alert(struct exchange *x)
{
	struct message message = contact(x);

	message.type = "SafetyAlert";
	message.category = DV_SAFETY;
	message.legal = EMERGENCY;
	message.priority = URGENT;
	message.actor = "officer-1";
	return message;
}

static struct ledger_view *look(struct exchange *x)
{
	struct ledger_view *view;
	uint64_t next;

	assert_int_equal(ledger_commit(x->ledger), 0);
	assert_int_equal(ledger_view_open(&view, x->ledger), 0);
	assert_int_equal(ledger_view_renew(view, &next), 0);
	return view;
}

static size_t tasks(struct exchange *x, const char *owner, bool open_only, struct task *ret_last)
{
	struct ledger_view *view = look(x);
	const struct task_tables tables = {
		.rows = ledger_view_table(view, LEDGER_TABLE_TASK),
		.open = ledger_view_table(view, LEDGER_TABLE_TASK_OPEN),
		.owner = ledger_view_table(view, LEDGER_TABLE_TASK_OWNER),
		.referral = ledger_view_table(view, LEDGER_TABLE_TASK_REFERRAL),
		.alert = ledger_view_table(view, LEDGER_TABLE_TASK_ALERT),
	};
	tc_agency name = {{0}};
	struct task task;
	uint32_t number;
	size_t count = 0;
	int r;

	snprintf(name.name, sizeof(name.name), "%s", owner);
	assert_int_equal(ledger_view_number(view, &name, &number), 0);
	while ((r = task_next(ledger_view_txn(view), &tables, number, open_only,
			      count == 0 ? NULL : &task, &task)) == 0) {
		*ret_last = task;
		count++;
	}
	assert_int_equal(r, TASK_NONE);
	ledger_view_close(&view);
	return count;
}

static void an_alert_asks_its_recipient_for_a_named_acknowledgement(void **state)
{
	struct exchange *x = *state;
	struct message message = alert(x);
	struct task task;

	collector(x, "parole", 10);
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(exchange_facts(x, "task"), 0); /* nobody has it yet */
	collector(x, "treatment", 10);
	assert_int_equal(exchange_facts(x, "task"), 1);
	assert_int_equal(tasks(x, "treatment", true, &task), 1);
	assert_string_equal(task_kind_name(task.kind), "acknowledge");
	assert_int_equal(tasks(x, "parole", false, &task), 0);
	exchange_reply(x, "treatment", message.id, NULL, "acknowledged");
	assert_string_equal(exchange_answer(x), "field_missing");
	exchange_reply(x, "treatment", message.id, "nurse-1", "destroyed");
	assert_string_equal(exchange_answer(x), "field_invalid");
	exchange_reply(x, "treatment", message.id, "nurse-1", "acknowledged");
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(exchange_evidence(x, EVIDENCE(ACKNOWLEDGED)), 1);
	assert_int_equal(tasks(x, "treatment", true, &task), 0);
	assert_int_equal(tasks(x, "treatment", false, &task), 1);
	assert_string_equal(task_status_name(task.status), "done");
	assert_string_equal(task.done_by, "nurse-1");
	exchange_tick(x, x->now_ms + 24 * HOUR_MS);
	assert_int_equal(exchange_facts(x, "task_overdue"), 0);
}

static void an_alert_that_nobody_acknowledges_is_told_to_its_sender_and_again(void **state)
{
	struct exchange *x = *state;
	struct message message = alert(x);
	struct task task;

	collector(x, "parole", 10);
	collector(x, "treatment", 10);
	exchange_send(x, &message);
	exchange_tick(x, x->now_ms + 2 * HOUR_MS - 1);
	assert_int_equal(exchange_evidence(x, EVIDENCE(NOT_ACKNOWLEDGED)), 0);
	exchange_tick(x, x->now_ms + 1);
	assert_int_equal(exchange_evidence(x, EVIDENCE(NOT_ACKNOWLEDGED)), 1);
	assert_int_equal(exchange_facts(x, "task_overdue"), 1);
	exchange_tick(x, x->now_ms + 2 * HOUR_MS);
	assert_int_equal(exchange_evidence(x, EVIDENCE(NOT_ACKNOWLEDGED)), 0);
	assert_int_equal(exchange_own(x, "ClockNotice"), 2);
	exchange_reply(x, "treatment", message.id, "nurse-1", "acknowledged");
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(exchange_evidence(x, EVIDENCE(ACKNOWLEDGED)), 1);
	assert_int_equal(tasks(x, "treatment", false, &task), 1);
	assert_int_equal(task.times, 2);
}

static void an_overdue_task_falls_silent_but_stays_open(void **state)
{
	struct exchange *x = *state;
	struct message message = alert(x);
	struct task task;

	collector(x, "treatment", 10);
	exchange_send(x, &message);
	for (int i = 0; i < TASK_TIMES_MAX; i++) {
		exchange_tick(x, x->now_ms + 2 * HOUR_MS);
		assert_int_equal(exchange_facts(x, "task_overdue"), 1);
	}
	exchange_tick(x, x->now_ms + 200 * HOUR_MS);
	assert_int_equal(exchange_facts(x, "task_overdue"), 0);
	assert_int_equal(tasks(x, "treatment", true, &task), 1);
	assert_string_equal(task_status_name(task.status), "overdue");
}

static void a_reply_to_what_asks_nothing_of_its_sender_is_refused(void **state)
{
	struct exchange *x = *state;
	struct message message = alert(x), ordinary = contact(x);

	collector(x, "treatment", 10);
	exchange_send(x, &message);
	exchange_send(x, &ordinary);
	exchange_reply(x, "court", message.id, "clerk-1", "acknowledged");
	assert_string_equal(exchange_answer(x), "unknown_task");
	exchange_reply(x, "parole", message.id, "officer-1", "acknowledged");
	assert_string_equal(exchange_answer(x), "unknown_task");
	exchange_reply(x, "treatment", ordinary.id, "nurse-1", "acknowledged");
	assert_string_equal(exchange_answer(x), "unknown_task");
	exchange_reply(x, "treatment", message.id, "nurse-1", "acknowledged");
	assert_string_equal(exchange_answer(x), "accepted");
	exchange_reply(x, "treatment", message.id, "nurse-1", "acknowledged");
	assert_string_equal(exchange_answer(x), "unknown_task"); /* it is done */
}

static void a_second_message_of_the_same_id_hides_no_task(void **state)
{
	struct exchange *x = *state;
	struct message message = alert(x), other = alert(x);
	struct task task;

	collector(x, "treatment", 10);
	collector(x, "parole", 10);
	exchange_send(x, &message);
	other.from = "court";
	other.id = message.id;
	exchange_send(x, &other);
	assert_int_equal(tasks(x, "treatment", true, &task), 2);
	exchange_reply(x, "treatment", message.id, "nurse-1", "acknowledged");
	assert_int_equal(tasks(x, "treatment", true, &task), 0);
	assert_int_equal(exchange_evidence(x, EVIDENCE(ACKNOWLEDGED)), 1); /* to parole */
}

/* Of one lane only one is handed over at a time. */
static void hand_over(struct exchange *x, const struct message *message, uint64_t connection)
{
	exchange_send(x, message);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_settled(x, connection, delivered(x), ACK, DONE);
}

/* About the referral, from each of its parties to the other, which has this connection. */
static void alert_both(struct exchange *x, const struct message *referral, int count,
		       uint64_t target, uint64_t source)
{
	for (int i = 0; i < count; i++) {
		struct message there = contact(x), back = contact(x);

		there.type = back.type = "SafetyAlert";
		there.subject = back.subject = referral->subject;
		there.referral = back.referral = referral->referral;
		back.from = referral->to;
		back.to = referral->from;
		hand_over(x, &there, target);
		hand_over(x, &back, source);
	}
}

/* Those of one owner stand before those of the other. */
static void what_is_asked_meanwhile_keeps_no_withdrawal_from_its_end(void **state)
{
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct exchange *x = *state;
	struct message referral = case_referral(x), wrong;
	uint64_t target, source;
	struct task task;

	exchange_slices(x, 2);
	target = collector(x, "treatment", 100);
	source = collector(x, "parole", 100);
	hand_over(x, &referral, target);
	alert_both(x, &referral, 3, target, source);
	claim.status = (char *)(uintptr_t) "ENTERED_IN_ERROR";
	claim.worker = (char *)(uintptr_t) "chief-2";
	wrong = case_message(x, &referral, "parole", "ReferralResponse", &claim);
	hand_over(x, &wrong, target);
	alert_both(x, &referral, 4, target, source);
	for (int i = 0; i < 50 && ledger_due_ms(x->ledger) <= x->now_ms; i++)
		exchange_tick(x, x->now_ms);
	assert_true(ledger_due_ms(x->ledger) > x->now_ms);
	assert_int_equal(tasks(x, "parole", true, &task), 4);
	assert_int_equal(tasks(x, "treatment", true, &task), 5); /* and to give it back */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_alert_asks_its_recipient_for_a_named_acknowledgement),
		TEST(an_alert_that_nobody_acknowledges_is_told_to_its_sender_and_again),
		TEST(an_overdue_task_falls_silent_but_stays_open),
		TEST(a_reply_to_what_asks_nothing_of_its_sender_is_refused),
		TEST(a_second_message_of_the_same_id_hides_no_task),
		TEST(what_is_asked_meanwhile_keeps_no_withdrawal_from_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
