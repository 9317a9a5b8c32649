/*
 * order - orders about the trail itself: what is sealed, expunged or held, on whose word.
 *
 * One named human proposes (TrailOrder), another approves (TrailOrderApproval); then it is
 * in force. A seal hides everything about its targets from everybody but those that the
 * order names; an expungement does so, too, from its approval on until it is executed,
 * and then there is nothing left to hide. A hold stops expungements and retention.
 *
 * What was sent before the approval and waits is recalled without a word to its sender:
 * nobody shall learn of an order from what became of a message. No table finds all of it, so
 * a job looks at everything that waits, in slices; until it has, nothing is handed over, and
 * the approval's receipt waits. Of an expungement tasks, reviews, places held, clocks
 * and consents end, too. What is sent afterwards is taken as before.
 *
 *   order         order id (the TrailOrder's message id) -> row
 *   order_target  target id, order id -> kind of target, kind of order (in force, and hiding)
 *   forgotten_id  hash of sender and message id -> nothing (of what was expunged)
 *
 * Owner:  writing: ledger thread, inside its transaction. Reading rows: any transaction.
 * Blocks: never.
 */
#ifndef LEDGER_ORDER_H
#define LEDGER_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"
#include "ledger/person.h"
#include "ledger/person_decision.h"
#include "ledger/sought.h"
#include "store/store.h"
#include "throughcare/v1/order.pb-c.h"
#include "wire/limits.h"

struct ledger;
struct referral_tables;
struct submission;

#define ORDER_CITE_BYTES_MAX 200

enum order_outcome {
	ORDER_NONE = 1, /* no (further) one */
};

/* Stored: never renumber. */
enum order_status {
	ORDER_PROPOSED = 1,
	ORDER_IN_FORCE = 2,
	ORDER_EXECUTED = 3, /* its targets are forgotten, and it no longer names them */
	ORDER_ENDED = 4,    /* turned down, lifted, or an UNSEAL or HOLD_END that was approved */
};

/* Stored: never renumber. */
enum order_target {
	ORDER_TARGET_SUBJECT = 1,
	ORDER_TARGET_REFERRAL = 2,
	ORDER_TARGET_MESSAGE = 3,
};

struct order {
	struct tc_id id;
	enum order_status status;
	Throughcare__V1__OrderKind kind;
	uint64_t sequence; /* of the TrailOrder */
	int64_t at_ms;
	uint32_t proposer;                       /* principal */
	char ordered_by[TC_ACTOR_BYTES_MAX + 1]; /* who acted there */
	uint64_t approved_sequence; /* of the approval, or of what turned it down; 0: none */
	int64_t approved_ms;
	uint32_t approver; /* principal; 0: none */
	char approved_by[TC_ACTOR_BYTES_MAX + 1];
	int64_t executed_ms; /* 0: not yet */
	uint64_t records;    /* that it took */
	char cite[ORDER_CITE_BYTES_MAX + 1];
	struct tc_slice packed; /* TrailOrder; borrowed from the transaction; empty: forgotten */
};

struct order_tables {
	struct store_table orders, targets, submissions;
	struct person_tables persons;
	struct person_decision_tables decisions;
	const struct referral_tables *referral;
};

struct order_tables order_tables_of(struct ledger *ledger);

/* ---- messages; 0, SUBMISSION_REFUSED or a fault ---- */

int order_submit(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;
int order_approval_submit(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;

/* JOB_ORDER. 0, JOB_MORE or a fault. */
struct job;
int order_job(struct ledger *ledger, struct job *job) TC_MUST_CHECK;

/* ---- execution ---- */

/* The EXPUNGE that came into force first, is not executed, and that no hold stands against. 0,
 * ORDER_NONE or a fault. */
int order_next_due(struct store_txn *txn, const struct order_tables *tables,
		   struct order *ret) TC_MUST_CHECK;
/* A ForgottenRecord of the order whose TrailOrder has this position: ends whatever is still open
 * about its targets and forgets them; `records` more are gone. 0, ORDER_NONE or a fault. */
int order_executed(struct ledger *ledger, uint64_t order_sequence, uint64_t records) TC_MUST_CHECK;
/* The order whose TrailOrder has this position; `ret->packed` still says what it is about until
 * order_stays leaves that out. 0, ORDER_NONE or a fault. */
int order_at(struct ledger *ledger, uint64_t sequence, struct order *ret) TC_MUST_CHECK;
/* Of a stored row: adds the order to *ret when everybody and everything that it names is gone. 0 or
 * a fault. */
int order_find_closed(struct tc_slice key, struct tc_slice value, const struct sought *gone,
		      struct sought *ret) TC_MUST_CHECK;
/* Is it one of these, or does it end one? */
bool order_of_closed(const Throughcare__V1__TrailOrder *said, struct tc_id order,
		     const struct sought *closed);
/* What stays of a stored row in a dump: one that is executed no longer names its targets, and one
 * that is closed, or ends one that is, has no docket number. 0 or a fault. */
int order_stays(struct tc_slice key, struct tc_slice value, const struct sought *closed,
		struct tc_bytes *ret) TC_MUST_CHECK;
/* An EXPUNGE is due: whoever forgets is wanted. */
bool order_forget_due(const struct ledger *ledger);
/* After opening. */
int order_load(struct ledger *ledger) TC_MUST_CHECK;

/* ---- reading ---- */

/* 0, ORDER_NONE or a fault. */
int order_find(struct store_txn *txn, struct store_table orders, struct tc_id id,
	       struct order *ret) TC_MUST_CHECK;
/* By id; `after` none: the first. */
int order_next(struct store_txn *txn, struct store_table orders, struct tc_id after,
	       struct order *ret) TC_MUST_CHECK;

/* Does a seal or an expungement in force hide it from this asker (NULL: from anybody)? Ids may be
 * none. */
int order_sealed(struct store_txn *txn, const struct order_tables *tables, struct tc_id subject,
		 struct tc_id referral, struct tc_id message, const tc_agency *asker,
		 bool *ret) TC_MUST_CHECK;

/* "seal", ...; "proposed", "in_force", "forgotten", "ended". */
const char *order_kind_name(Throughcare__V1__OrderKind kind);
const char *order_status_name(enum order_status status);

/* ---- message ids of what was expunged ---- */

/* The key of FORGOTTEN_ID: nobody finds the id from it. */
int order_forgotten_key(const tc_agency *sender, struct tc_id message,
			uint8_t ret[16]) TC_MUST_CHECK;
int order_forgotten(struct ledger *ledger, const tc_agency *sender, struct tc_id message,
		    bool *ret) TC_MUST_CHECK;

#endif
