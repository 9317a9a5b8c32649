/*
 * referral - every referral's present state, its steps, and the lists that people ask for.
 *
 *   referrals           referral id             -> row
 *   referral_steps      referral id, version    -> step
 *   referral_agencies   agency, id              -> nothing (source and target each)
 *   referral_open       agency, id              -> nothing, while not terminal
 *   referral_subjects   subject, id             -> nothing
 *   referral_items      referral id, code       -> nothing, while it is unanswered
 *   referral_outcomes   referral id, outcome id -> nothing
 *   referral_former     referral id, agency     -> nothing, see referral_former.h
 *
 * Late news is accepted and kept with its own `occurred_at`, and never reopens a
 * terminal state. Silence is a state: every open referral has an owner of the next
 * move and a clock. An agency that is no party to a referral learns nothing of it:
 * not even that it exists (P7).
 *
 * Owner:  ledger thread for writing, inside its transaction; any transaction reads.
 * Blocks: never. Time: now_ms is the record's.
 */
#ifndef REFERRAL_REFERRAL_H
#define REFERRAL_REFERRAL_H

#include "base/id.h"
#include "referral/clock.h"
#include "referral/lifecycle.h"
#include "store/store.h"
#include "throughcare/v1/record.pb-c.h"
#include "wire/refusal.h"

#define REFERRAL_TABLES_COUNT 13

/* The tables first, and nothing between them. */
struct referral_tables {
	struct store_table referrals;
	struct store_table steps;
	struct store_table agencies;
	struct store_table open;
	struct store_table subjects;
	struct store_table items;
	struct store_table outcomes;
	struct store_table appointments; /* see appointment.h */
	struct store_table referral_appointments;
	struct store_table appointment_messages;
	struct store_table plans; /* see plan.h */
	struct store_table former;
	struct store_table appointments_missed;
	const struct clock_book *book; /* of the owner of the tables; NULL: see clock.h */
};

/* Once at start, while no write transaction is open. */
int referral_tables_open(struct store *store, struct referral_tables *ret) TC_MUST_CHECK;

enum referral_outcome {
	REFERRAL_REFUSED = 1, /* see *refusal; nothing was changed */
	REFERRAL_UNKNOWN,     /* find: no such referral; or no further one */
};

/* One of the two agencies of a referral. */
enum referral_side_of {
	REFERRAL_SOURCE = 0,
	REFERRAL_TARGET = 1,
	REFERRAL_SIDES,
};

struct referral_side {
	char officer[65]; /* whose case it is there; "": not known */
	char team[64];
	/* The latest version that this side knows: by a step of its own, of the exchange or of a
	 * court, or because it was handed the other side's message. 0: none. */
	uint64_t told;
};

/* What the source says that puts the person at risk; zeros: nothing. */
struct referral_risk {
	uint8_t urgency;    /* throughcare.v1.Urgency */
	int64_t release_ms; /* from custody */
	int64_t supervision_end_ms;
};

struct referral {
	struct tc_id id;
	struct tc_id subject;
	tc_agency source;
	tc_agency target;
	char service[TC_NAME_BYTES_MAX + 1]; /* "" when the target was named directly */
	enum referral_state state;
	enum referral_state state_before_cancel;
	uint64_t version;         /* 1 after the Referral; each step adds one */
	unsigned next_move;       /* enum referral_actor; 0: nobody's */
	uint8_t clock;            /* enum lifecycle_clock that runs */
	int64_t clock_from_ms;    /* since when */
	int64_t due_ms;           /* of the clock; 0: none */
	int64_t alarm_ms;         /* when its timer fires: before it is due, or then; 0: none */
	uint16_t left_days;       /* to decide, of a clock that is or was paused; 0: all */
	uint16_t times;           /* how often it has run out since a sign of life */
	bool reminded;            /* that it will be due soon was said */
	bool named;               /* when it is due was named: no calendar changes it */
	int64_t offer_expires_ms; /* 0: no offer */
	bool overdue;             /* the clock has run out once, or has no rule of its own */
	int64_t respond_by_ms;    /* the source's own date for a decision; 0: the clock's */
	bool extended;            /* the source has used its one extension */
	bool custody;             /* ON_HOLD: because the person is in custody */
	int64_t created_ms;
	int64_t changed_ms;
	int64_t occurred_ms;    /* as the latest step says */
	int64_t loop_closed_ms; /* 0: not acknowledged */
	struct lifecycle_days days;
	struct tc_id message; /* the Referral's own message: its delivery is this referral's */
	bool shown;           /* it was handed over: before, the target does not know of it */
	struct referral_side side[REFERRAL_SIDES];
	struct referral_risk risk;  /* as the source has said last... */
	struct referral_risk known; /* ...and as far as that was handed to the target */
	struct tc_id risk_message;  /* which has said so last */
	struct tc_id predecessor, successor;
	struct tc_id group; /* that it is offered in; none: to one provider only */
	struct tc_id lease; /* the place that is held for it */
	uint64_t lease_token;
};

struct referral_step {
	uint64_t version; /* of the referral after it */
	uint64_t sequence;
	int64_t at_ms;
	int64_t occurred_ms;
	char by[TC_NAME_BYTES_MAX + 1]; /* agency, or "exchange" */
	enum referral_state from;
	enum referral_state to;
	char type[64];
	struct tc_id message;
	char reason_code[64];
	int64_t due_ms; /* of the clock that it started; 0: none */
};

/* A submitted message that names a referral. */
struct referral_event {
	struct tc_slice type;
	struct tc_id referral;
	struct tc_id message;
	uint64_t sequence;
	int64_t now_ms;
	int64_t occurred_ms; /* 0: as now */
	const tc_agency *sender;
	bool sender_orders;    /* a court or board: policy_agency_kind()->orders */
	struct tc_slice actor; /* header.actor.id; may be empty */
	bool has_expected_version;
	uint64_t expected_version;
	struct tc_id subject;               /* Referral: of the header */
	const tc_agency *const *recipients; /* resolved; of a Referral exactly one */
	size_t recipient_count;
	struct tc_slice service;    /* Referral: header.recipients[0].service; may be empty */
	struct lifecycle_days days; /* Referral: the service's own clocks; zeros: defaults */
	bool ordered;               /* CourtOrder: `referral` is one of claim.cancels_referrals */
	const Throughcare__V1__LifecycleClaim *claim; /* NULL: none */
};

struct referral_change {
	bool moved;           /* a new version was made (a step was written) */
	bool loop_closed;     /* now */
	bool overdue;         /* a clock ran out that moves nothing: somebody is late */
	bool ended;           /* it became terminal, now */
	bool reassigned;      /* another officer or team has it at one side */
	bool learned;         /* a side was told more of it */
	enum clock_ring ring; /* of referral_clock... */
	enum lifecycle_clock rang;
	unsigned late; /* ...whose move it was */
	enum referral_state from;
	enum referral_state to;
	uint64_t version;        /* after this message */
	int64_t due_ms;          /* of its clock; 0: none */
	int64_t alarm_before_ms; /* the timer to drop; 0: none */
	int64_t alarm_ms;        /* the timer to set for this referral; 0: none */
	unsigned next_move;      /* enum referral_actor; 0: nobody's */
	struct tc_id referral;
	struct tc_id subject;
	tc_agency source;
	tc_agency target;
	/* Of the step, when it moved. */
	char by[TC_NAME_BYTES_MAX + 1];
	char type[64];
	char reason_code[64];
	struct tc_id message;
	int64_t occurred_ms;
	struct tc_id group, lease, successor;
	/* The latest version that each side knew before it was told this one; 0: none. */
	uint64_t told_before[REFERRAL_SIDES];
};

/*
 * Applies a message that carries a referral id (a Referral makes it). 0 and *ret (also for one
 * that moves nothing); REFERRAL_REFUSED with ILLEGAL_TRANSITION, STALE_VERSION, UNKNOWN_REFERRAL,
 * REFERRAL_EXISTS, SUCCESSOR_UNFIT, ITEMS_UNKNOWN, OUTCOMES_UNSCORED, SECOND_PERSON,
 * OUTCOME_MISSING or FIELD_MISSING; or a fault.
 */
int referral_apply(struct store_txn *txn, const struct referral_tables *tables,
		   const struct referral_event *event, struct referral_change *ret,
		   struct tc_refusal *refusal) TC_MUST_CHECK;

/* The timer of `referral` fired. Moves nothing when its clock is not due (or gone, or rearmed):
 * then ret->moved is false. A clock without a transition of its own is rearmed as a reminder. */
int referral_clock(struct store_txn *txn, const struct referral_tables *tables,
		   struct tc_id referral, uint64_t sequence, int64_t now_ms,
		   struct referral_change *ret) TC_MUST_CHECK;

/* Another of its group was accepted: it is over, unless care has begun. */
int referral_taken(struct store_txn *txn, const struct referral_tables *tables,
		   struct tc_id referral, uint64_t sequence, int64_t now_ms,
		   struct referral_change *ret) TC_MUST_CHECK;

/* A calendar has changed: its clock is computed anew. */
int referral_recount(struct store_txn *txn, const struct referral_tables *tables,
		     struct tc_id referral, int64_t now_ms,
		     struct referral_change *ret) TC_MUST_CHECK;

/* The delivery of `message` ended DEAD: UNDELIVERABLE, when that was the Referral itself and nobody
 * has moved since. */
int referral_undelivered(struct store_txn *txn, const struct referral_tables *tables,
			 struct tc_id referral, struct tc_id message, uint64_t sequence,
			 int64_t now_ms, struct referral_change *ret) TC_MUST_CHECK;

/* The person went into custody, or came out: care pauses, and what paused so goes on. */
int referral_custody(struct store_txn *txn, const struct referral_tables *tables,
		     struct tc_id referral, bool in, uint64_t sequence, int64_t now_ms,
		     struct referral_change *ret) TC_MUST_CHECK;

/* The message was handed over to the agency `to`: it knows of the step that the message made, and
 * of those before. If it is the Referral itself, the target is a party from now on; until then its
 * answers are refused like those of strangers: an id that was guessed, or leaked, must not tell
 * that there is a referral, and moves nothing. `leading`: with its first part, of which the claim
 * is. ret->version: the version that it was told now; 0: none. */
int referral_told(struct store_txn *txn, const struct referral_tables *tables,
		  struct tc_id referral, struct tc_id message, bool leading, const tc_agency *to,
		  struct referral_change *ret) TC_MUST_CHECK;

/* ---- reading ---- */

/* 0, REFERRAL_UNKNOWN or a fault. */
int referral_find(struct store_txn *txn, const struct referral_tables *tables, struct tc_id id,
		  struct referral *ret) TC_MUST_CHECK;
bool referral_party(const struct referral *referral, const tc_agency *agency);
/* The step that made `version` (1..referral.version). 0, REFERRAL_UNKNOWN or a fault. */
int referral_step_find(struct store_txn *txn, const struct referral_tables *tables, struct tc_id id,
		       uint64_t version, struct referral_step *ret) TC_MUST_CHECK;
/* The agency id of next_move: source, target or "exchange"; "" when nobody's. */
const char *referral_next_move(const struct referral *referral);

struct referral_filter {
	const tc_agency *agency;   /* source or target; NULL: any (then subject is given) */
	struct tc_id subject;      /* none: any (then agency is given) */
	enum referral_state state; /* REFERRAL_NONE: any */
	bool open_only;
	struct tc_id after; /* cursor: the last id of the page before; none: the first page */
};

/* Up to `max` referrals in id order. *ret_more: there are further ones (the cursor is the last id).
 */
int referral_list(struct store_txn *txn, const struct referral_tables *tables,
		  const struct referral_filter *filter, struct referral *ret, size_t max,
		  size_t *ret_count, bool *ret_more) TC_MUST_CHECK;

#endif
