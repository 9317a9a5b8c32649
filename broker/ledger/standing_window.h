/*
 * standing_window - how often something came from one place in a window of time, for a standing
 * question about bursts.
 *
 *   STANDING_WINDOW  auditor, name, whence            -> a step's length, the newest step, until
 * when it is told of, and how many in each step STANDING_OVER    when it ends, auditor, name,
 * whence -> nothing
 *
 * The window goes along with time, in steps of an eighth: it holds the step at hand and the eight
 * before it, so that no burst falls between two windows. One that lasts is told of once a window.
 * Whoever counts forgets a few of those that are over, of whatever question: more than a count can
 * add, so that there are never many more rows than places within a window.
 *
 * Owner:  ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_STANDING_WINDOW_H
#define LEDGER_STANDING_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"

struct ledger;

struct standing_burst {
	uint64_t threshold;
	int64_t window_ms; /* 1000 and more */
};

/* `more` came from there, now. *ret: with them it is a burst that is to be told of. */
int standing_window_add(struct ledger *ledger, const tc_agency *auditor, const char *name,
			const char *from, uint64_t more, const struct standing_burst *burst,
			bool *ret) TC_MUST_CHECK;

#endif
