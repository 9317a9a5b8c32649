/*
 * review - what was released without asking, since a life was at stake: a named person
 * of the agency that disclosed looks at it afterwards (42 CFR 2.51(c)).
 *
 * A legal basis of the policy may have review_hours. What names it goes at once; with its
 * first hand-over the review is open, the sender is told, and a clock runs. Somebody else
 * (wire/actor.h) than the one who sent it says whether it was justified. When nobody does in time,
 * the trail has it and the sender is told again; the review stays open, overdue.
 *
 *   review   sequence of the submission -> row
 *
 * Owner:  writing: ledger thread, inside its transaction. Reading rows: any transaction.
 * Blocks: never.
 */
#ifndef LEDGER_REVIEW_H
#define LEDGER_REVIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"
#include "store/store.h"
#include "wire/limits.h"

struct delivery;
struct ledger;
struct order_about;
struct submission;

/* Stored: never renumber. */
enum review_status {
	REVIEW_AWAITING = 1, /* nothing was handed over yet: there is nothing to review */
	REVIEW_OPEN = 2,
	REVIEW_OVERDUE = 3,
	REVIEW_JUSTIFIED = 4,
	REVIEW_NOT_JUSTIFIED = 5,
};

struct review {
	uint64_t sequence; /* of the submission */
	enum review_status status;
	uint32_t sender; /* principal */
	struct tc_id message;
	struct tc_id subject;
	char actor[TC_ACTOR_BYTES_MAX + 1]; /* who sent it */
	uint16_t hours;
	int64_t released_ms; /* the first hand-over */
	int64_t due_ms;
	uint32_t recipients[TC_RECIPIENTS_MAX]; /* principals that it was handed over to */
	uint8_t recipient_count;
	int64_t reviewed_ms;
	char reviewer[TC_ACTOR_BYTES_MAX + 1];
};

/* A message is accepted: notes who sent it, when its basis is one that is reviewed. */
int review_expect(struct ledger *ledger, const struct submission *submission) TC_MUST_CHECK;
/* Its first hand-over to this recipient. */
int review_released(struct ledger *ledger, const struct delivery *delivery) TC_MUST_CHECK;
/* TIMER_REVIEW of the submission `sequence`. */
int review_clock(struct ledger *ledger, uint64_t sequence) TC_MUST_CHECK;
/* An EmergencyReview message. 0, SUBMISSION_REFUSED (UNKNOWN_REVIEW, REVIEW_SELF) or a fault. */
int review_submit(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;

/* Every one about what an order names (order_row.h) goes without a trace. */
int review_forget(struct ledger *ledger, const struct order_about *about) TC_MUST_CHECK;

/* ---- reading ---- */

struct review_filter {
	uint32_t sender; /* 0: any */
	bool open_only;  /* OPEN and OVERDUE */
	uint64_t after;  /* the sequence of the last one of the page before; 0: the first page */
};

/* Up to `max` in the order of the log, without those that await their hand-over. *ret_more: there
 * are further ones. */
int review_list(struct store_txn *txn, struct store_table table, const struct review_filter *filter,
		struct review *ret, size_t max, size_t *ret_count, bool *ret_more) TC_MUST_CHECK;
/* "open", "overdue", "justified", "not_justified". */
const char *review_status_name(enum review_status status);

#endif
