/*
 * decision_person - made-up persons with signed consents, and questions about them.
 *
 * For decision_bench. All that a person is follows from its number, so that nothing has to be
 * kept to ask about it later. A document holds up to ten grants; of every five documents one
 * is in force, one for a proceeding only (42 CFR 2.35), one has expired, one was revoked, and
 * one is an authorization in force. The grants of a person with an even number are spread over
 * several agencies, some of them for a role or the class of treating providers; those of one
 * with an odd number all stand between the two agencies that are asked about.
 *
 * Owner: the caller's transaction. Blocks: never.
 */
#ifndef DAEMON_DECISION_PERSON_H
#define DAEMON_DECISION_PERSON_H

#include "consent/consent_tables.h"
#include "consent/decision.h"

#define DECISION_PERSON_PARTS_MAX 3

enum decision_shape { DECISION_SPREAD, DECISION_ONE_PAIR, DECISION_SHAPES };

static inline enum decision_shape decision_person_shape(uint64_t person)
{
	return person & 1 ? DECISION_ONE_PAIR : DECISION_SPREAD;
}

struct tc_id decision_person_id(uint64_t person);

/* Records the person's consents as the exchange does. 0 or a fault. */
int decision_person_record(struct store_txn *txn, const struct consent_tables *tables,
			   const struct policy *policy, uint64_t person,
			   unsigned grants) TC_MUST_CHECK;

/* A request and what it points into; it must not be copied. */
struct decision_question {
	struct decision_request request;
	tc_agency sender;
	tc_agency recipient;
	uint8_t categories[DECISION_PERSON_PARTS_MAX];
	char proceeding[32];
};

/* The next pseudo-random number of a sequence. */
uint64_t decision_person_draw(uint64_t *sequence);
/* A question about the person, most of which its consents speak about. */
void decision_person_ask(uint64_t person, unsigned grants, uint64_t *sequence,
			 struct decision_question *ret);

#endif
