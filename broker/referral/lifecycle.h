/*
 * lifecycle - the states of a referral and every way from one to another, as one table.
 *
 * DOMAIN: delivery, referral and appointment are three machines; this is the second.
 * What the table does not list does not happen. Owner: nobody; constant. Blocks: never.
 */
#ifndef REFERRAL_LIFECYCLE_H
#define REFERRAL_LIFECYCLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/* Stored: never renumber. */
enum referral_state {
	REFERRAL_NONE = 0, /* before it exists */
	REFERRAL_REQUESTED = 1,
	REFERRAL_RECEIVED = 2,
	REFERRAL_INFO_REQUESTED = 3,
	REFERRAL_WAITLISTED = 4,
	REFERRAL_OFFERED = 5,
	REFERRAL_ACCEPTED = 6,
	REFERRAL_SCHEDULED = 7,
	REFERRAL_IN_PROGRESS = 8,
	REFERRAL_ON_HOLD = 9,
	REFERRAL_CANCEL_REQUESTED = 10,
	REFERRAL_DECLINED = 11,
	REFERRAL_REROUTED = 12,
	REFERRAL_CANCELLED = 13,
	REFERRAL_EXPIRED = 14,
	REFERRAL_UNDELIVERABLE = 15,
	REFERRAL_ENDED_EARLY = 16,
	REFERRAL_COMPLETED = 17,
	REFERRAL_ENTERED_IN_ERROR = 18,
	REFERRAL_STATE_COUNT,
	REFERRAL_SAME = 30,   /* only as a rule's goal: accepted, and the clock starts anew */
	REFERRAL_BEFORE = 31, /* only as a rule's goal: the state before CANCEL_REQUESTED */
};

enum referral_actor {
	REFERRAL_BY_SOURCE = 1,
	REFERRAL_BY_TARGET = 2,
	REFERRAL_BY_EXCHANGE = 4, /* clocks, and the delivery machine */
	REFERRAL_BY_COURT = 8,
};

/* What a rule demands beyond actor, state and message: checked against the claim. */
enum lifecycle_need {
	NEED_WORKER = 1,           /* the human at the target is named */
	NEED_REASON = 2,           /* a reason code */
	NEED_ORDER = 4,            /* an order id */
	NEED_SUCCESSOR = 8,        /* the referral that takes its place */
	NEED_OFFER_EXPIRY = 16,    /* until when the place is held */
	NEED_OFFER_OPEN = 32,      /* that time has not passed */
	NEED_SECOND_PERSON = 64,   /* another than the actor confirmed it */
	NEED_UNEXTENDED = 128,     /* the clock was not extended before */
	NEED_OUTCOME = 256,        /* never met: an outcome report must come first */
	NEED_LOOP_OPEN = 512,      /* not yet acknowledged */
	NEED_SCORES = 1024,        /* each outcome that was asked for has a score, no other */
	NEED_KNOWN_SCORES = 2048,  /* what is scored was asked for */
	NEED_NEWEST = 4096,        /* nothing happened after it: late news moves nothing back */
	NEED_ITEMS = 8192,         /* what it answers was asked for */
	NEED_CUSTODY = 16384,      /* it was paused because of custody */
	NEED_LAST_MEETING = 65536, /* no other meeting of it is still booked */
	RULE_ANSWERS = 32768,      /* no need: it answers what the source has disputed */
};

/* Events of the exchange itself, in the place of a message type. */
#define LIFECYCLE_CLOCK       "(clock)"       /* the clock of the next move has run out */
#define LIFECYCLE_UNDELIVERED "(undelivered)" /* the referral's own delivery ended DEAD */
#define LIFECYCLE_TAKEN       "(taken)"       /* another provider of its group was first */
#define LIFECYCLE_CUSTODY_IN  "(custody_in)"  /* the person is in custody... */
#define LIFECYCLE_CUSTODY_OUT "(custody_out)" /* ...and out of it */

/* In the place of a message's status: it leaves items unanswered; it comes after what it tells of;
 * another meeting is still to come. */
#define LIFECYCLE_PARTIAL "(partial)"
#define LIFECYCLE_LATE    "(late)"
#define LIFECYCLE_MEETS   "(meets)"

struct lifecycle_rule {
	uint32_t from; /* bits: 1 << enum referral_state */
	enum referral_state to;
	unsigned by;        /* enum referral_actor bits */
	const char *type;   /* envelope type, or an event above */
	const char *status; /* the claim's status; NULL: whatever it says */
	unsigned needs;     /* enum lifecycle_need bits */
};

/* What a clock measures; working days unless a time was named. */
enum lifecycle_clock {
	CLOCK_NONE = 0,
	CLOCK_RECEIPT,     /* a human at the target opens it */
	CLOCK_DECISION,    /* the target decides */
	CLOCK_APPOINTMENT, /* the first appointment is fixed or kept */
	CLOCK_HEARTBEAT,   /* somebody says how it goes */
	CLOCK_OFFER,       /* the place is no longer held: a time, not days */
	CLOCK_ACKNOWLEDGE, /* the source says that it has seen how it ended */
	CLOCK_FEEDBACK,    /* somebody says how an appointment went */
	CLOCK_COUNT
};

/* What a service says of its referrals. Days of each clock; 0: the default of lifecycle_clock_days.
 */
struct lifecycle_days {
	uint8_t days[CLOCK_COUNT];
	uint8_t missed_limit; /* missed appointments after which it may end; 0: no limit */
};

struct lifecycle_state {
	const char *name;  /* "REQUESTED" */
	const char *words; /* "sent": what officers call it */
	bool terminal;
	unsigned next_move; /* one of enum referral_actor; 0: nobody's */
	enum lifecycle_clock clock;
	enum lifecycle_clock then_clock; /* one more chance before the clock's rule applies */
};

const struct lifecycle_state *lifecycle_state(enum referral_state state);
/* REFERRAL_NONE for an unknown name. */
enum referral_state lifecycle_state_find(struct tc_slice name);

/* The whole table, for tests and documentation. */
const struct lifecycle_rule *lifecycle_rules(size_t *ret_count);

/* The rule for that message by that actor in that state, or NULL. */
const struct lifecycle_rule *lifecycle_find(enum referral_state from, struct tc_slice type,
					    struct tc_slice status, enum referral_actor by);
/* True when the table has rules for this type and status: without one that fits, it is illegal. */
bool lifecycle_governs(struct tc_slice type, struct tc_slice status);
/* True when a message of this type is welcome after the end too (reports, late news). */
bool lifecycle_after_end(struct tc_slice type);
/* The rules by which that actor could move it now: in the order of the table, up to `max`. Returns
 * how many. What only tells something (a report, an amendment) is not among them. */
size_t lifecycle_legal(enum referral_state from, enum referral_actor by,
		       const struct lifecycle_rule **ret, size_t max);

unsigned lifecycle_clock_days(enum lifecycle_clock clock, const struct lifecycle_days *days);

#endif
