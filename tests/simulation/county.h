/*
 * county - two places with holidays and clock changes of their own, by a rule that knows
 * nothing of the calendars that the exchange is given.
 *
 * Owner: the test. Blocks: as exchange.h.
 */
#ifndef TESTS_COUNTY_H
#define TESTS_COUNTY_H

#include <stdint.h>

#include "simulation/exchange.h"

#define COUNTIES 2u

/* Its jurisdiction. */
const char *county_name(unsigned index);
/* Puts its calendar in force; up to 3, `version` says how many of its holidays there are. */
void county_calendar(struct exchange *x, unsigned index, unsigned version);
/* What the clocks there show, as if it were UTC. */
int64_t county_local_ms(unsigned index, int64_t ms);

#endif
