/*
 * forget_rule - what the sweep of ledger_forget.h has to know about single tables.
 *
 * Of every other table it is enough that a row names an id.
 *
 * Owner: nobody; constant.
 */
#ifndef LEDGER_FORGET_RULE_H
#define LEDGER_FORGET_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "ledger/forget_consent.h"

/* Where a row has a number. */
enum forget_place {
	FORGET_NONE = 0,
	FORGET_KEY_FIRST,
	FORGET_KEY_LAST,
	FORGET_VALUE_FIRST,
	FORGET_VALUE_SETTLED,  /* behind state and recipient */
	FORGET_VALUE_HAPPENED, /* behind time and flags */
	FORGET_VALUE_ACCEPTED, /* behind version and time */
	FORGET_TIMER,          /* the clock is a delivery's */
	FORGET_TIMER_REVIEW,   /* the clock is a submission's */
};

struct forget_rule {
	const char *name;
	bool owned;    /* the id that its key begins with belongs to whomever the row names */
	bool messages; /* message id, sender -> sequence: see ledger_forget_find */
	bool orders;   /* order_stays */
	bool blanked;  /* about others, too: only the ids in it go */
	bool kept;  /* others point at it: without its person it goes, without a message it stays */
	bool steps; /* besides, it says what the message said: referral_step_forget */
	enum forget_place deliveries;
	enum forget_place records;
	enum forget_version version;
};

/* That of the table; all false when it has none. */
struct forget_rule forget_rule_of(const char *name);
/* False: there is none in this row. */
bool forget_rule_number(enum forget_place place, struct tc_slice key, struct tc_slice value,
			uint64_t *ret);

#endif
