/*
 * task - what a message asks of the people of an agency besides the moves of referrals: to
 * acknowledge an alert, to attest that something was destroyed, to find out which of two
 * claims holds.
 *
 * A task belongs to a message that was handed over to its owner, never to one that waits.
 * A named person of the owner answers with a TaskReply; whoever asked is told. When nobody
 * does in time it is overdue, whoever asked is told that, and after each further span of
 * the same length both are reminded, TASK_TIMES_MAX times in all. It stays open.
 *
 *   task           delivery -> row
 *   task_open      owner, due, delivery -> nothing     (open and overdue)
 *   task_owner     owner, delivery -> nothing          (all)
 *   task_message   owner, message, delivery -> nothing (open and overdue)
 *   task_referral  referral, owner, delivery -> nothing (open and overdue)
 *   task_alert     owner, subject, delivery -> nothing  (open and overdue, to acknowledge)
 *
 * Owner:  writing: ledger thread, inside its transaction. Reading rows: any transaction.
 * Blocks: never.
 */
#ifndef LEDGER_TASK_H
#define LEDGER_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"
#include "store/store.h"
#include "wire/limits.h"

struct job;
struct ledger;
struct order_about;
struct submission;

#define TASK_CODE_BYTES_MAX 64
#define TASK_COUNTED_MAX    1000
#define TASK_TIMES_MAX      6 /* a list says that it is overdue; more notices would only be noise */

enum task_outcome {
	TASK_NONE = 1, /* no (further) one */
};

/* Stored: never renumber. */
enum task_kind {
	TASK_ACKNOWLEDGE = 1, /* a SafetyAlert */
	TASK_ATTEST = 2,      /* that what was disclosed in error is gone */
	TASK_VERIFY = 3,      /* that an outcome still holds */
	TASK_DISCREPANCY = 4, /* which of two claims holds */
	TASK_REPORT = 5,      /* that a hearing waits for */
	TASK_HANDOVER = 6,    /* of a referral, when supervision ends */
	TASK_NOTIFY = 7,      /* that the officer sees a record of a meeting */
};

/* Stored: never renumber. */
enum task_status {
	TASK_OPEN = 1,
	TASK_OVERDUE = 2,
	TASK_DONE = 3,
	TASK_WITHDRAWN = 4,
};

struct task {
	uint64_t delivery; /* of the message that asks; 0 to task_open: it takes a number */
	enum task_kind kind;
	uint32_t owner;       /* principal */
	uint32_t asker;       /* principal; 0: the exchange */
	struct tc_id message; /* that asks, as a TaskReply names it */
	struct tc_id cause; /* that the asker sent, as evidence to it names it; none: no evidence */
	struct tc_id subject;
	struct tc_id referral;
	int64_t opened_ms;
	int64_t due_ms;
	/* Kept by this file. */
	enum task_status status;
	int64_t alarm_ms; /* of its timer */
	uint16_t times;   /* that it has run out */
	char result[TASK_CODE_BYTES_MAX + 1];
	char done_by[TC_ACTOR_BYTES_MAX + 1];
	int64_t done_ms;
};

/* So many working days from now, as the owner's place counts them. */
int task_due(struct ledger *ledger, uint32_t owner, unsigned days, int64_t *ret_ms) TC_MUST_CHECK;
int task_open(struct ledger *ledger, struct task *task) TC_MUST_CHECK;
/* Done, by nobody in particular when `by` is "". One that is not open stays as it is. */
int task_close(struct ledger *ledger, uint64_t delivery, const char *result,
	       const char *by) TC_MUST_CHECK;
/* Every open one of a referral, of this owner (0: of everybody): what it asks is no longer wanted.
 */
int task_withdraw_referral(struct ledger *ledger, struct tc_id referral,
			   uint32_t owner) TC_MUST_CHECK;
/* Every open one of that kind that this message asks of the owner: not wanted any more, or done. */
int task_withdraw_message(struct ledger *ledger, uint32_t owner, struct tc_id message,
			  enum task_kind kind) TC_MUST_CHECK;
int task_close_message(struct ledger *ledger, uint32_t owner, struct tc_id message,
		       enum task_kind kind, const char *result, const char *by) TC_MUST_CHECK;
/* Every open one about what an order names (order_row.h) goes without a trace. */
int task_forget(struct ledger *ledger, const struct order_about *about) TC_MUST_CHECK;
/* JOB_WITHDRAW. 0, JOB_MORE or a fault. */
int task_job(struct ledger *ledger, struct job *job) TC_MUST_CHECK;
/* TIMER_TASK. */
int task_clock(struct ledger *ledger, uint64_t delivery) TC_MUST_CHECK;
/* A TaskReply. 0, SUBMISSION_REFUSED (UNKNOWN_TASK, FIELD_INVALID) or a fault. */
int task_submit(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;

/* ---- reading ---- */

struct task_tables {
	struct store_table rows, open, owner, referral, alert;
};

/* The next of an owner after `after` (NULL: the first): the open and overdue ones by when they are
 * due, or all in the order in which they were opened. 0, TASK_NONE or a fault. */
int task_next(struct store_txn *txn, const struct task_tables *tables, uint32_t owner,
	      bool open_only, const struct task *after, struct task *ret) TC_MUST_CHECK;
/* Which ones do not count. */
struct task_gate {
	int (*hides)(void *context, const struct task *task, bool *ret);
	void *context;
};

/* Whether an alert about the person (none: about anybody) waits for this owner. Of both, `gate`
 * NULL: all count. */
int task_alerted(struct store_txn *txn, const struct task_tables *tables, uint32_t owner,
		 struct tc_id subject, const struct task_gate *gate, bool *ret) TC_MUST_CHECK;
/* How many of a referral are open at this owner; no more than TASK_COUNTED_MAX. */
int task_count(struct store_txn *txn, const struct task_tables *tables, uint32_t owner,
	       struct tc_id referral, const struct task_gate *gate, uint32_t *ret) TC_MUST_CHECK;

/* "acknowledge", ...; "open", ... */
const char *task_kind_name(enum task_kind kind);
const char *task_status_name(enum task_status status);

#endif
