/*
 * standing_window - how often something came from one place in a window of time, for a standing
 * question about bursts.
 *
 *   STANDING_WINDOW  auditor, name, whence            -> count, when the window ends
 *   STANDING_OVER    when it ends, auditor, name, whence -> nothing
 *
 * A window begins with the first one. Whoever counts forgets a few of those that are over, of
 * whatever question: more than a count can add, so that there are never many more rows than places
 * within a window.
 *
 * Owner:  ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_STANDING_WINDOW_H
#define LEDGER_STANDING_WINDOW_H

#include <stdint.h>

#include "base/err.h"
#include "base/id.h"

struct ledger;

/* `more` came from there, now. *ret_before: how many in its window before. */
int standing_window_add(struct ledger *ledger, const tc_agency *auditor, const char *name,
			const char *from, uint64_t more, int64_t window_ms,
			uint64_t *ret_before) TC_MUST_CHECK;

#endif
