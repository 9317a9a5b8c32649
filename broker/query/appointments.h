/*
 * appointments - meetings as the asker may know of them.
 *
 * Their owner sees all of them. The other side sees one from the hand-over of the message
 * that fixed it on, and how it went once it was handed that: until then the meeting stands
 * where it stood.
 *
 * 0, QUESTION_REFUSED or a fault. Owner: the query thread. Blocks: on page faults only.
 */
#ifndef QUERY_APPOINTMENTS_H
#define QUERY_APPOINTMENTS_H

#include "query/answer.h"
#include "referral/appointment.h"

/* Through those of one referral that the asker knows of, by their start. */
struct appointments_walk {
	int64_t from_ms; /* those that begin before are passed over */
	bool begun;
	struct appointment at; /* as it stands: not what the asker knows */
};

/* The next one as the asker knows it. 0, APPOINTMENT_UNKNOWN for no further one, or a fault. */
int appointments_next(const struct question *question, struct tc_id referral,
		      struct appointments_walk *walk, struct appointment *ret) TC_MUST_CHECK;

/* Those of one referral. */
int appointments_list(const struct question *question, struct answer *answer) TC_MUST_CHECK;
/* When the next one of a referral begins that the asker knows of; 0: there is none. */
int appointments_coming(const struct question *question, struct tc_id referral,
			int64_t *ret_start_ms) TC_MUST_CHECK;

#endif
