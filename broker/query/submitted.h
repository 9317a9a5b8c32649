/*
 * submitted - a message as its record of the log has it, and the decision about it.
 *
 * The record holds all that a decision asks of a message: the header as it was signed
 * and the labels of the parts. So any release can be decided again, by the function that
 * decided it, at another time or under another policy.
 *
 * Owner: the query thread. Blocks: on page faults only.
 */
#ifndef QUERY_SUBMITTED_H
#define QUERY_SUBMITTED_H

#include "consent/decision.h"
#include "ledger/arena.h"
#include "query/question.h"
#include "wire/header.h"

enum submitted_outcome {
	SUBMITTED_NONE = 1, /* the record at that position is no message */
};

struct submitted {
	uint64_t sequence;
	int64_t accepted_ms;
	const Throughcare__V1__SubmissionRecord *record;
	struct tc_header header;
	uint8_t categories[TC_PARTS_MAX]; /* of each part */
};

/* What a decision is taken under. */
struct submitted_facts {
	const struct policy *policy;
	int64_t at_ms;
	uint64_t forbidden;          /* parts that the rule they came with forbids to pass on */
	const struct tc_id *without; /* grants taken for revoked from the start */
	size_t without_count;
};

/* Reads the record at `sequence`; it lives as long as the arena. 0, SUBMITTED_NONE or a fault. */
int submitted_read(const struct question *question, struct arena *arena, uint64_t sequence,
		   struct submitted *ret) TC_MUST_CHECK;

/* What would become of it towards one of its recipients. 0 or a fault. */
int submitted_decide(const struct question *question, const struct submitted *submitted,
		     const tc_agency *recipient, const struct submitted_facts *facts,
		     struct decision *ret) TC_MUST_CHECK;

/* The decision as the ledger takes it, at the question's time or before; of a sender that is
 * suspended now nothing goes now. 0 or a fault. */
int submitted_take(const struct question *question, const struct policy *policy,
		   const struct decision_request *request, struct decision *ret) TC_MUST_CHECK;

/* Bits of the categories of these parts (bit i: part i). */
uint64_t submitted_categories(const struct submitted *submitted, uint64_t parts);
/* The parts of these categories. */
uint64_t submitted_parts(const struct submitted *submitted, uint64_t categories);
/* Bits of categories by their names, as rows of the trail have them. */
uint64_t submitted_names(char *const *names, size_t count);

#endif
