#include "unit/ledger/ledger_fixture.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_alert_asks_its_recipient_for_a_named_acknowledgement),
		TEST(an_alert_that_nobody_acknowledges_is_told_to_its_sender_and_again),
		TEST(an_overdue_task_falls_silent_but_stays_open),
		TEST(a_reply_to_what_asks_nothing_of_its_sender_is_refused),
		TEST(a_second_message_of_the_same_id_hides_no_task),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
