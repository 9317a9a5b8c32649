/*
 * emergency - a release because a life was at stake (42 CFR 2.51), as the simulation's
 * oracle knows it: it goes at once, is reviewed by somebody else than the one who sent it,
 * and is overdue when nobody has done so in time.
 *
 * Owner: the simulation.
 */
#ifndef TESTS_EMERGENCY_H
#define TESTS_EMERGENCY_H

#include "simulation/exchange.h"

#define EMERGENCIES 4000

struct emergency {
	struct tc_id message;
	char actor[16];
	int64_t released_ms; /* the first hand-over; 0: none yet */
	bool overdue, reviewed;
};

/* From parole to treatment. The caller fills in id and subject, and sends it. */
struct message emergency_message(struct emergency *emergency, uint32_t number);
/* Somebody of parole looks at it; `who`: the sender in one of several spellings, or another. */
void emergency_review(const struct emergency *emergency, struct exchange *x, uint32_t who);

/* What came out of the latest record: a fact about it, a hand-over of it. */
void emergency_fact(struct emergency *emergency, const Throughcare__V1__TrailRow *row,
		    int64_t now_ms);
void emergency_released(const struct emergency *emergency, const struct effect *effect);
/* No tick is due. */
void emergency_settled(const struct emergency *emergency, int64_t now_ms);

#endif
