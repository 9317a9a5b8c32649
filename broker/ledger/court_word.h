/*
 * court_word - the latest word of a court about each hearing that is to come, and each of its
 * orders that stands, as they can be told to one more agency.
 *
 *   COURT_WORD  subject, kind, court, id -> what it tells, row of a delivery without a recipient
 *
 * Who takes the supervision of the person over is told what whoever had it was told, and is bound
 * by it (attached.h); not of what an order of a court hides from it, nor of what the policy has
 * kept long enough.
 *
 * Owner:  ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_COURT_WORD_H
#define LEDGER_COURT_WORD_H

#include "ledger/record_ranges.h"
#include "ledger/supervision_row.h"

enum court_word_outcome {
	COURT_WORD_END = 1, /* no further one */
};

/* Stored: never renumber. */
enum court_word_kind {
	COURT_WORD_HEARING = 1,
	COURT_WORD_ORDER = 2,
};

struct court_word {
	enum court_word_kind kind;
	uint32_t court; /* principal */
	char id[65];    /* of the hearing or order, the court's own */
	struct news news;
	struct delivery template; /* attached_template */
};

/* The latest word, as `template` tells it; NULL: there is none to tell any more. */
int court_word_keep(struct ledger *ledger, struct tc_id subject, struct court_word *word,
		    const struct delivery *template) TC_MUST_CHECK;
/* If it is there. */
int court_word_drop(struct ledger *ledger, struct tc_id subject, enum court_word_kind kind,
		    uint32_t court, const char *id) TC_MUST_CHECK;
/* The next one of its kind after *word (court 0: the first), into *word. 0, COURT_WORD_END or a
 * fault. */
int court_word_next(struct ledger *ledger, struct tc_id subject,
		    struct court_word *word) TC_MUST_CHECK;
/* May it be told to that agency? Not to its court, nor when an order (order.h) hides it. */
int court_word_goes(struct ledger *ledger, const struct court_word *word, uint32_t agency,
		    bool *ret) TC_MUST_CHECK;
/* The content of these records goes: there is nothing left to tell. */
int court_word_forget(struct ledger *ledger, const struct record_ranges *gone) TC_MUST_CHECK;

#endif
