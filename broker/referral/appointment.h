/*
 * appointment - every meeting that was fixed, and how it went: the third of the three machines,
 * as one table of rules.
 *
 *   appointments           key                      -> row
 *   referral_appointments  referral id, start, key  -> nothing
 *   appointment_messages   message id               -> key, of what fixed it
 *   appointments_missed    referral id              -> how many the person did not attend
 *
 * Whoever fixes a meeting owns it and alone says how it went. Its id is the owner's: the key is
 * made of owner, person and id, so that nobody meets another's. What was said of a meeting is
 * corrected by naming the message that said it; it counts once, as the latest says.
 *
 * Owner:  ledger thread for writing, inside its transaction; any transaction reads.
 * Blocks: never. Time: now_ms is the record's.
 */
#ifndef REFERRAL_APPOINTMENT_H
#define REFERRAL_APPOINTMENT_H

#include "referral/referral.h"

/* Stored: never renumber. */
enum appointment_state {
	APPOINTMENT_NONE = 0,
	APPOINTMENT_BOOKED = 1,
	APPOINTMENT_ATTENDED = 2,
	APPOINTMENT_ATTENDED_LATE = 3,
	APPOINTMENT_DID_NOT_ATTEND = 4,
	APPOINTMENT_DID_NOT_HAPPEN = 5,
	APPOINTMENT_RESCHEDULED = 6,
	APPOINTMENT_CANCELLED = 7,
	APPOINTMENT_AWAITING_FEEDBACK = 8, /* it is over, and nobody has said how it went */
	APPOINTMENT_STATE_COUNT,
};

enum appointment_need {
	APPOINTMENT_NEEDS_START = 1,  /* a time */
	APPOINTMENT_NEEDS_BEGUN = 2,  /* it is not long before its time */
	APPOINTMENT_NEEDS_RECORD = 4, /* the message that the record corrects */
	APPOINTMENT_NEEDS_CASE = 8,   /* it is of a referral */
};

#define APPOINTMENT_CLOCK "(clock)"

struct appointment_rule {
	uint32_t from; /* bits: 1 << enum appointment_state */
	enum appointment_state to;
	const char *type;   /* of the owner's message; or the event above */
	const char *status; /* NULL: whatever it says */
	unsigned needs;     /* enum appointment_need bits */
};

/* How long before its start a meeting may have gone in some way: clocks differ, people come early.
 */
#define APPOINTMENT_EARLY_MS        INT64_C(86400000)
#define APPOINTMENT_MINUTES_DEFAULT 60

enum appointment_outcome {
	APPOINTMENT_REFUSED = 1, /* see *refusal; nothing was changed */
	APPOINTMENT_UNKNOWN,     /* find: no such one; or no further one */
};

struct appointment {
	struct tc_id key;      /* of its rows and timer */
	struct tc_id id;       /* as its owner calls it */
	struct tc_id referral; /* none: of no referral */
	struct tc_id subject;
	struct tc_id supersedes, successor; /* keys: whose place it took, and who took its place */
	struct tc_id booked; /* the message that fixed it; none: it was never fixed */
	struct tc_id record; /* the message that says how it went */
	tc_agency owner, other;
	enum appointment_state state;
	int64_t start_ms;
	int64_t alarm_ms; /* of its timer; 0: none */
	uint32_t duration_minutes;
	uint8_t reason; /* throughcare.v1.AbsenceReason */
	uint8_t by;     /* throughcare.v1.Party: who wanted it moved */
	uint16_t corrections;
	uint16_t times; /* how often somebody should have said how it went */
	bool told;      /* `other` was handed the message that fixed it */
};

struct appointment_change {
	bool changed;  /* else nothing is kept of the message */
	bool recorded; /* it says how a meeting went */
	bool late;     /* the clock rang: nobody has said how it went */
	int64_t alarm_before_ms;
	struct appointment appointment;
	struct appointment successor; /* key none: none */
};

/* The whole table, and the names of the states. */
const struct appointment_rule *appointment_rules(size_t *ret_count);
const char *appointment_state_name(enum appointment_state state);
bool appointment_ended(enum appointment_state state);

/* May it say so? 0, also for what is none of this machine's; APPOINTMENT_REFUSED with
 * UNKNOWN_APPOINTMENT, APPOINTMENT_EXISTS, ILLEGAL_TRANSITION, FIELD_MISSING, FIELD_INVALID; or a
 * fault. `event` as for referral_apply; its referral may be none. */
int appointment_check(struct store_txn *txn, const struct referral_tables *tables,
		      const struct referral_event *event, struct tc_refusal *refusal) TC_MUST_CHECK;
/* The same, and does it. `other`: to whom it is told. */
int appointment_apply(struct store_txn *txn, const struct referral_tables *tables,
		      const struct referral_event *event, const tc_agency *other,
		      struct appointment_change *ret, struct tc_refusal *refusal) TC_MUST_CHECK;
/* Its timer fired. */
int appointment_clock(struct store_txn *txn, const struct referral_tables *tables, struct tc_id key,
		      int64_t now_ms, struct appointment_change *ret) TC_MUST_CHECK;
/* The message was handed over to `to`. */
int appointment_told(struct store_txn *txn, const struct referral_tables *tables,
		     struct tc_id message, const tc_agency *to) TC_MUST_CHECK;

/* ---- reading: 0, APPOINTMENT_UNKNOWN or a fault ---- */

int appointment_find(struct store_txn *txn, const struct referral_tables *tables, struct tc_id key,
		     struct appointment *ret) TC_MUST_CHECK;
/* Of a referral, by start: the one after `after`, which NULL begins. */
int appointment_next(struct store_txn *txn, const struct referral_tables *tables,
		     struct tc_id referral, const struct appointment *after,
		     struct appointment *ret) TC_MUST_CHECK;
/* How many meetings of a referral the person has missed, each once; no walk. */
int appointment_missed(struct store_txn *txn, const struct referral_tables *tables,
		       struct tc_id referral, uint32_t *ret) TC_MUST_CHECK;

#endif
