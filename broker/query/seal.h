/*
 * seal - what an order hides from the asker, of anything that a question could answer.
 *
 * A seal, or an expungement that is not executed yet, takes everything about its targets
 * out of every answer but those to whom the order names; to all others it answers as what
 * is not there. Every row of the trail that an answer is made from comes through seal_find,
 * and every referral, consent, task, review and message is asked about by its ids.
 *
 * Free while no order is in force.
 *
 * Owner: any query thread. Blocks: on page faults only.
 */
#ifndef QUERY_SEAL_H
#define QUERY_SEAL_H

#include "query/question.h"

/* Is any order in force? */
int seal_stands(const struct question *question, bool *ret) TC_MUST_CHECK;
/* Is it about something that is hidden? Ids may be none: of a referral without its person, and of
 * a message without one, the person is found out. 0 and *ret, or a fault. */
int seal_hides(const struct question *question, struct tc_id subject, struct tc_id referral,
	       struct tc_id message, bool *ret) TC_MUST_CHECK;
/* The same of a consent: it is about its subject, and the message that said this version of it. */
int seal_hides_consent(const struct question *question, const struct consent_view *consent,
		       bool *ret) TC_MUST_CHECK;
/* Is the message hidden whose record this is? */
int seal_hides_record(const struct question *question, uint64_t sequence, bool *ret) TC_MUST_CHECK;
/* The same of the ids that a row names. */
int seal_hides_row(const struct question *question, const Throughcare__V1__TrailRow *row,
		   bool *ret) TC_MUST_CHECK;

/* trail_view_find without what is hidden. */
int seal_find(const struct question *question, const struct trail_question *asked,
	      trail_visitor found, void *context, struct posting_position *ret_next,
	      bool *ret_ended) TC_MUST_CHECK;

/* An id of nobody, the same each time: what is asked about somebody hidden is answered as of
 * somebody unknown. */
struct tc_id seal_nobody(struct tc_id subject);

#endif
