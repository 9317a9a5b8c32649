/*
 * weighing - the grants between one discloser and one recipient, weighed for the parts of
 * one request.
 *
 * Only grants that name exactly this discloser and this recipient (each by name, or by the
 * class of treating providers when it is one) are ever read, so that nothing about others
 * can show. For each category the grant that covers most of the request is kept: memory
 * does not grow with the grants, and whatever some grant permits is found.
 *
 * Owner: the caller. Blocks: never.
 */
#ifndef CONSENT_WEIGHING_H
#define CONSENT_WEIGHING_H

#include "consent/decision.h"

#define WEIGHING_CATEGORIES POLICY_CATEGORY_COUNT

/* A grant in force between the pair, and the parts that it permits. */
struct weighed_grant {
	struct tc_id grant;
	uint32_t version; /* of its consent */
	uint64_t parts;   /* none: no grant */
	uint8_t of;       /* see decision.of */
	uint32_t obligations;
	uint8_t regime;
};

struct weighing {
	const struct decision_request *request;
	const struct policy *policy;
	/* Of each category among the parts: */
	uint64_t parts[WEIGHING_CATEGORIES]; /* that are of it */
	uint64_t asked;                      /* bit of each category that needs a grant */
	/* What the grants give: */
	struct weighed_grant best[WEIGHING_CATEGORIES];
	uint64_t elsewhere;                /* a grant in force is for another proceeding */
	uint8_t told[WEIGHING_CATEGORIES]; /* enum weighing_reason: the most telling so far */
	struct tc_id told_by[WEIGHING_CATEGORIES]; /* and the grant that tells it */
	int64_t coming_ms[WEIGHING_CATEGORIES];    /* one becomes valid then; 0: none does */
	uint8_t of;                                /* whose grants are weighed, see decision.of */
	uint64_t served; /* bit of each category that an id before this one covers */
	unsigned over;   /* rows that were seen to be over */
	bool looked;     /* whether any event is unsettled: */
	bool unsettled;
};

/* Why no grant covers a part, the more telling the higher. */
enum weighing_reason {
	WEIGHING_MISSING = 0,
	WEIGHING_EXPIRED,
	WEIGHING_REVOKED,
	WEIGHING_NOT_YET_VALID,
};

enum tc_refusal_code weighing_code(enum weighing_reason reason);

/* Weighs the grants between the two. 0 or a fault. */
int weighing_weigh(struct store_txn *txn, const struct consent_tables *tables,
		   struct weighing *weighing) TC_MUST_CHECK;
/* The fewest grants that permit the most: grants, obligations and parts of *ret. */
void weighing_choose(const struct weighing *weighing, struct decision *ret);

#endif
