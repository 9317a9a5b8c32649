/*
 * hearing - the hearings of a person, as each agency has been told of them.
 *
 *   HEARING      subject, court, hearing id, agency -> when, told by which record, report's notice
 *   HEARING_DAY  agency, subject, time, court, hearing id -> nothing, while it is set for then
 *
 * A hearing's id is its court's own, so that nobody else changes it; of several a person has, each
 * stands until its own result, and one that was set for another day has left the day before. The
 * latest word counts, in whatever order the messages are handed over.
 *
 * What a court says of a hearing binds those who were told of it: a later notice and the result go
 * along (attached.h) to each of them whom the court has not addressed this time. Who takes the
 * supervision of the person over is told of those to come as its former agency was (court_word.h).
 *
 * Owner:  writing: ledger thread, inside its transaction. Reading: any transaction.
 * Blocks: never.
 */
#ifndef LEDGER_HEARING_H
#define LEDGER_HEARING_H

#include "ledger/submission.h"
#include "store/store.h"

struct ledger;
struct record_ranges;

/* What a notice or a result says. */
struct hearing_news {
	uint32_t court; /* principal */
	struct tc_id subject;
	const char *id;
	uint64_t sequence;    /* of the record that says it */
	int64_t at_ms;        /* 0: it is over, or not set yet */
	struct tc_id message; /* of a notice for which a report is due; none: no report is */
};

/* An agency is told of it. *ret_fresh false: it knew something later already, and nothing was
 * changed. A report that an earlier word asked for is asked for no more. */
int hearing_told(struct ledger *ledger, uint32_t agency, const struct hearing_news *news,
		 bool *ret_fresh) TC_MUST_CHECK;
/* Whether an agency was told of it, and that it is set for some day. */
int hearing_known(struct ledger *ledger, uint32_t agency, const struct hearing_news *news,
		  bool *ret) TC_MUST_CHECK;
/* The next after *agency (0: the first) whom a message of that court about it binds. 0,
 * STORE_NOT_FOUND or a fault. */
int hearing_bound_next(struct ledger *ledger, const struct hearing_news *news,
		       uint32_t *agency) TC_MUST_CHECK;
/* A CourtReport was accepted: what the hearing waited for of its sender is done. */
int hearing_reported(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;

/* What these records said last of a hearing was never said: nobody knows of that hearing. */
int hearing_expunge(struct ledger *ledger, const struct record_ranges *gone) TC_MUST_CHECK;

/* Which ones do not count: by the record that said the last word of it. */
struct hearing_gate {
	struct store_table hearings; /* HEARING */
	int (*hides)(void *context, uint64_t sequence, bool *ret);
	void *context;
};

/* When the next one of the person is, as that agency knows; else the latest of the past 24 hours;
 * else 0. `days` is HEARING_DAY; `gate` NULL: all count. */
int hearing_next(struct store_txn *txn, struct store_table days, uint32_t agency,
		 struct tc_id subject, int64_t now_ms, const struct hearing_gate *gate,
		 int64_t *ret_ms) TC_MUST_CHECK;

#endif
