/*
 * delivery - one message on its way to one recipient: the first of the three machines.
 *
 *   QUEUED -> IN_FLIGHT -> DELIVERED | RETRY_WAIT -> QUEUED
 *   any open state -> HELD | RECALLED | EXPIRED | DEAD; HELD -> QUEUED
 *
 * The row holds all that a decision needs, so that deciding again never opens the
 * journal. It is there while the delivery is open; what is left of an ended one is a
 * few bytes in SETTLED, so that settling it again gives the same answer.
 *
 * Owner:  ledger thread for writing; any read transaction may decode rows. Blocks: never.
 */
#ifndef LEDGER_DELIVERY_H
#define LEDGER_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/id.h"
#include "ledger/registry.h"
#include "wire/limits.h"
#include "wire/refusal.h"

#define DELIVERY_TYPE_BYTES_MAX       64
#define DELIVERY_PERSON_BYTES_MAX     64
#define DELIVERY_PROCEEDING_BYTES_MAX 64
#define DELIVERY_REFERENCE_BYTES_MAX  200
#define DELIVERY_BASIS_BYTES          40

/* Stored: never renumber. */
enum delivery_state {
	DELIVERY_NEW = 0, /* not stored yet */
	DELIVERY_QUEUED = 1,
	DELIVERY_IN_FLIGHT = 2,
	DELIVERY_RETRY_WAIT = 3,
	DELIVERY_HELD = 4,
	/* ended */
	DELIVERY_DELIVERED = 5,
	DELIVERY_RECALLED = 6,
	DELIVERY_EXPIRED = 7,
	DELIVERY_DEAD = 8,
};

enum delivery_outcome {
	DELIVERY_UNKNOWN = 1, /* no such delivery is open (or, of settled ones, was ever) */
};

struct delivery {
	uint64_t id;
	uint64_t sequence; /* of the submission; of what the exchange itself says: of its cause */
	uint64_t position; /* in the order of the mailbox: later for what was held */
	int64_t accepted_ms;
	int64_t expires_ms;
	int64_t held_ms;  /* HELD: since when */
	int64_t watch_ms; /* of the timer of evidence_clock.h; 0: none */
	int64_t due_ms; /* IN_FLIGHT: end of lease; RETRY_WAIT: next try; HELD: recheck, 0 never */
	enum delivery_state state;
	uint8_t priority; /* index of READY: 0 urgent, 1 normal, 2 low */
	uint8_t evidence; /* throughcare.v1.EvidenceLevel */
	bool own;         /* made by the exchange: body in OWN, nothing to decide, no evidence */
	bool parked;      /* it has its rows in WAITING and TIMER */
	bool ready;       /* it has its row in READY */
	bool laned;       /* it has its row in LANE */
	bool aside; /* it has its row in ASIDE: of a lane, but held, or behind what a job releases
		     */
	bool attached; /* goes along with another message; its sender is not to know, see
			  statement.h */
	bool notifies; /* a record that the recipient's officer must see, see officer_notice.h */
	bool told_waiting;  /* its sender knows that it was not delivered in time... */
	bool told_unread;   /* ...or not acknowledged */
	bool acted;         /* its header names the person who acts */
	uint16_t hold_days; /* HELD: for so long at most; 0: as long as it is valid */
	uint16_t attempt;   /* hand-overs so far */
	uint16_t failures; /* of these, ended without an acknowledgement by the recipient's fault */
	uint32_t sender;   /* principal; 0: the exchange */
	uint32_t recipient;
	uint64_t connection; /* IN_FLIGHT */
	uint32_t bytes;
	enum tc_refusal_code code; /* why it is held, or what withholds parts */
	uint64_t parts_mask;
	uint64_t sealed; /* bit of each sealed part... */
	uint32_t seal; /* ...sealed to this generation of the recipient's certificate; 0: not known
			*/
	uint64_t forbidden; /* parts that may not be passed on to this recipient, see origin.h */
	uint32_t sources;   /* bits of the categories that its facts came from, see sources.h */
	uint32_t obligations;
	uint32_t rule_version;
	struct tc_id message;
	struct tc_id subject;
	struct tc_id referral;
	struct tc_id grant; /* that the header names; none: any */
	uint16_t purpose;
	uint16_t legal;
	uint8_t part_count;
	uint8_t categories[TC_PARTS_MAX];
	char basis[DELIVERY_BASIS_BYTES]; /* relied on when it was last decided */
	char type[DELIVERY_TYPE_BYTES_MAX + 1];
	char role[REGISTRY_ROLE_BYTES_MAX + 1];
	char person[DELIVERY_PERSON_BYTES_MAX + 1]; /* of the recipient; "": nobody in particular */
	char proceeding[DELIVERY_PROCEEDING_BYTES_MAX + 1];
	char reference[DELIVERY_REFERENCE_BYTES_MAX + 1];
};

/* How an ended delivery ended. */
struct delivery_end {
	enum delivery_state state;
	uint32_t recipient; /* 0: it was never handed over */
	uint64_t sequence;
	uint64_t ended_at; /* sequence of the record */
};

struct ledger;

int delivery_find(struct ledger *ledger, uint64_t id, struct delivery *ret) TC_MUST_CHECK;
int delivery_put(struct ledger *ledger, const struct delivery *delivery) TC_MUST_CHECK;
/* Deletes the row and leaves its end. */
int delivery_end(struct ledger *ledger, const struct delivery *delivery,
		 enum delivery_state state) TC_MUST_CHECK;
int delivery_end_find(struct ledger *ledger, uint64_t id, struct delivery_end *ret) TC_MUST_CHECK;

struct row_writer;
/* The value of a row of DELIVERY. */
void delivery_row_put(const struct delivery *delivery, struct row_writer *row);
/* A row of DELIVERY under its key. False when it is damaged. */
bool delivery_read(struct tc_slice key, struct tc_slice value, struct delivery *ret);

/* As it was before anything became of it, to another recipient: none of its roles or persons. */
void delivery_renew(struct delivery *delivery);

#endif
