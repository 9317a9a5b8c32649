/*
 * principal - whoever submits or receives: agencies, and the operators and auditors who
 * send and ask, each with a small number, a mailbox and its live sessions.
 *
 * Numbers are given in the order of first appearance in the log and never change. All
 * principals are in memory, since they are few; counts are written behind.
 *
 * Owner:  ledger thread. Blocks: never.
 */
#ifndef LEDGER_PRINCIPAL_H
#define LEDGER_PRINCIPAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/id.h"
#include "consent/policy.h"
#include "store/store.h"
#include "throughcare/v1/options.pb-c.h"

#define MAILBOX_PRIORITIES 3

struct session;

/* The counts of one mailbox: the row of table MAILBOX. */
struct mailbox_counts {
	uint64_t queued; /* waiting for its turn, also behind another of its referral */
	uint64_t in_flight;
	uint64_t retry_wait;
	uint64_t held;           /* of what this principal *sent*: its own quota, nobody else's */
	uint64_t held_bytes;     /* ... */
	uint64_t held_for_bytes; /* of what was sent to it: never shown */
	uint64_t dead;
	uint64_t bytes;                     /* of all that is open and addressed to it */
	uint64_t ready[MAILBOX_PRIORITIES]; /* rows of READY */
	uint64_t connection;                /* the session that the latest hand-over went to */
	uint8_t turn;                       /* of the weighted choice of a priority */
	int64_t oldest_ms; /* of what is ready; 0: nothing. Not stored: in views only */
};

struct principal {
	uint32_t number; /* from 1 */
	Throughcare__V1__PeerKind kind;
	enum agency_kind agency_kind; /* see principal_agency_kind */
	bool suspended;               /* see principal_suspended */
	uint32_t registry_epoch;      /* in which they were read, plus one; 0: never */
	tc_agency name;
	struct mailbox_counts box;
	bool dirty;   /* `box` differs from its row */
	bool stalled; /* a job lends to it: nobody else does */
	bool waiting; /* in the list of those to dispatch to before this record is done */
	struct session **sessions; /* by connection */
	size_t session_count, session_capacity;
	uint64_t credit; /* of all its sessions */
	struct principal *next_waiting;
};

struct principals {
	struct principal **rows; /* number - 1 */
	size_t count, capacity;
	uint32_t *slots; /* by name: numbers, 0 is free */
	size_t slot_count;
	uint32_t registry_epoch; /* grows with each change of the registry's agencies */
};

struct ledger;

/* Reads all from the store. */
int principals_load(struct ledger *ledger) TC_MUST_CHECK;
void principals_done(struct principals *principals);
/* Writes the counts that changed. */
int principals_flush(struct ledger *ledger) TC_MUST_CHECK;

/* NULL when unknown. */
struct principal *principal_find(struct ledger *ledger, Throughcare__V1__PeerKind kind,
				 struct tc_slice name);
/* Made when it is new. */
int principal_take(struct ledger *ledger, Throughcare__V1__PeerKind kind, const tc_agency *name,
		   struct principal **ret) TC_MUST_CHECK;
/* Of a number that the tables say; TC_ECORRUPT when there is none. */
int principal_get(struct ledger *ledger, uint32_t number, struct principal **ret) TC_MUST_CHECK;

/* As the registry has it: asked for with every message, so it is read once until the registry
 * changes. */
int principal_agency_kind(struct ledger *ledger, struct principal *principal,
			  enum agency_kind *ret) TC_MUST_CHECK;
/* The same: it may not send now, nor does what it has sent go. */
int principal_suspended(struct ledger *ledger, struct principal *principal,
			bool *ret) TC_MUST_CHECK;
/* An agency's entry was changed. */
void principals_registry_changed(struct principals *principals);

/* The row of table MAILBOX. False when it is damaged. */
bool mailbox_counts_read(struct tc_slice value, struct mailbox_counts *ret);
/* The row of table PRINCIPAL. */
bool principal_row_read(struct tc_slice value, Throughcare__V1__PeerKind *ret_kind,
			tc_agency *ret_name);

#endif
