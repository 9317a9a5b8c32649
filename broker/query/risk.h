/*
 * risk - what waiting puts at risk, as codes, and the order of a caseload by it.
 *
 * One table: each row is a fact about a referral, its code, and what it weighs. The rank
 * is the sum, so that two grave things go before one.
 *
 * Owner: nobody; constant. Blocks: never.
 */
#ifndef QUERY_RISK_H
#define QUERY_RISK_H

#include "ledger/case_list.h"

#define RISK_CODES_MAX 12

/* What the asker was told of the referral and of the person. */
struct risk_facts {
	struct case_brief brief;
	bool alert; /* one about the person waits for the asker */
	int64_t now_ms;
};

struct risk {
	uint32_t rank;
	size_t count;
	char codes[RISK_CODES_MAX][32]; /* the gravest first: "hearing_3d" */
};

void risk_judge(const struct risk_facts *facts, struct risk *ret);
/* True when its clock has run out, also when it then got a last one. */
bool risk_overdue(const struct case_brief *brief, int64_t now_ms);
/* What to do, in words: "decide: accept, decline, offer a place or waitlist". */
const char *risk_next_step(const struct referral *referral, bool mine);

#endif
