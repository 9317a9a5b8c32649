/*
 * job - work that one record sets off and that may be more than one step should hold:
 * deciding again what waits, and telling those who had something released.
 *
 * What a job is about has changed for good when it starts: a revoked grant permits
 * nothing from its record on, and every hand-over is decided at its own position. The
 * job only carries the change to what waits. It is done in slices: the first in the
 * record that caused it, so that the ordinary case is one step, the others by ticks,
 * with whatever other traffic came in between. Its cursor is a row, so the same log
 * does the same slices.
 *
 * Who asked for it may have to wait for the end (see waiter.h): a revocation is
 * acknowledged when everything that it recalls is recalled, whatever the number (P3).
 *
 * Jobs take turns, so that a short one does not wait for the end of a long one. But for an order
 * about the trail: until it has come to all that waits, nothing is handed over, and no other job
 * has its turn.
 *
 * Owner:  ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_JOB_H
#define LEDGER_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"
#include "ledger/delivery.h"

#define JOB_SLICE_DEFAULT 96 /* deliveries of a slice, unless a barrier says otherwise */

/* Stored: never renumber. */
enum job_kind {
	JOB_NOTICE = 1,     /* tells who had something released under a grant; about: the grant */
	JOB_SUBJECT = 2,    /* decides again what waits of a subject; about: the subject */
	JOB_AGENCY = 3,     /* ... of what an agency sent or is sent; principal */
	JOB_EVERYTHING = 4, /* ... of all there is */
	JOB_DISPATCH = 5,   /* goes on lending out to a principal */
	JOB_EVENT = 6,      /* reaches the grants of a proceeding in which something happened */
	JOB_UNMERGE = 8,    /* tells who was handed what about the wrong person; about: the merge */
	JOB_ASSIGN = 9,     /* gives all that an officer has to somebody else; principal: whose */
	JOB_FEEDS = 7,      /* looks for who has fallen silent */
	JOB_CALENDAR = 10,  /* computes clocks anew; about: the referral to go on with */
	JOB_WITHDRAW = 11,  /* ends the tasks of a referral; about: it; principal: whose; 0: all */
	JOB_FORWARD = 12,   /* what waits of a referral goes on to who has it now, see transfer.h */
	JOB_BRIEFS = 13,    /* the lists of an agency say what it was told of the subject */
	JOB_POLICY = 14,    /* tells the agencies of a policy for users, see user_policy.h */
	JOB_ORDER = 15,     /* ends what waits about an order's targets, see order.h; about: it */
};

/* Of one slice of one job: the bodies of jobs give it, job_step and job_run handle it. */
enum job_outcome {
	JOB_MORE = 1, /* the slice is over before the job is */
};

struct job {
	uint64_t sequence; /* of the record that caused it... */
	uint32_t index;    /* ...and which one of it */
	enum job_kind kind;
	bool ended;           /* a consent ended: what is not permitted is recalled, not held */
	bool awaited;         /* the receipt of its cause waits for it */
	int64_t effective_ms; /* NOTICE: the grant is over since then */
	struct tc_id about;
	struct tc_id subject; /* NOTICE: of the grant; EVENT: whom it is about; none: everybody */
	uint32_t principal;   /* AGENCY, DISPATCH; NOTICE: tell only this one; 0: all */
	/* EVENT: which one of the record that caused it; FORWARD: to whom; WITHDRAW: the owner that
	 * it has come to. */
	uint32_t number;
	/* EVENT: the proceeding; FEEDS, POLICY: the type or agency that it has come to. */
	char name[DELIVERY_PROCEEDING_BYTES_MAX + 1];
	uint64_t cursor; /* the next delivery (NOTICE: recipient) to look at */
	uint64_t bound;  /* deliveries before this number */
};

/* Does what the record's slice has room for, and keeps the rest for ticks. Fills in sequence,
 * index, cursor and bound. */
int job_start(struct ledger *ledger, struct job *job) TC_MUST_CHECK;
/* A slice of those that are open, in turn. */
int job_run(struct ledger *ledger) TC_MUST_CHECK;
/* Counts what is open, after opening. */
int job_load(struct ledger *ledger) TC_MUST_CHECK;

/* For the bodies of jobs: counts one row that is visited; false: the slice has no room for it. */
bool job_take_turn(struct ledger *ledger);
/* The body of one that comes to what waits of a subject and did so when the job began: to each
 * once, in its order. 0, JOB_MORE or a fault. */
typedef int (*job_visit)(struct ledger *ledger, const struct job *job, struct delivery *delivery);
int job_walk_waiting(struct ledger *ledger, struct job *job, struct tc_id subject,
		     job_visit visit) TC_MUST_CHECK;

/* Does the receipt of the record `sequence` wait for an open job? */
int job_awaited(struct ledger *ledger, uint64_t sequence, bool *ret) TC_MUST_CHECK;
/* Will an open job recall this delivery if nothing permits it? */
int job_recalls(struct ledger *ledger, const struct delivery *delivery, bool *ret) TC_MUST_CHECK;
/* Will an open job take it from its recipient and give it to who has its referral now? */
int job_forwards(struct ledger *ledger, const struct delivery *delivery, bool *ret) TC_MUST_CHECK;
/* Is one from before this delivery still to be decided again in its lane, or to go on into it, by
 * an open job? Then the job comes to this one, too, and it must wait: else it would overtake. */
int job_behind(struct ledger *ledger, const struct delivery *delivery, bool *ret) TC_MUST_CHECK;

#endif
