/*
 * scope - what one auditor may look at, on whose word, from when until when.
 *
 * An operator with a named actor sets it by an AuditorScope message, in the place of what
 * was before. Without one an auditor sees the facts about everybody and the content of
 * nothing. With one, rows outside its agencies, persons and time are not there; whoever
 * names something outside is refused OUT_OF_SCOPE, and so is, where the scope leaves out
 * anything, every kind of question whose answers are not cut to it. It alone can open the
 * content of messages.
 *
 * Owner:  scope_submit: ledger thread. The rest: whoever owns the transaction. Blocks: never.
 */
#ifndef LEDGER_SCOPE_H
#define LEDGER_SCOPE_H

#include <stdbool.h>

#include "base/id.h"
#include "ledger/asking.h"
#include "store/store.h"
#include "throughcare/v1/order.pb-c.h"

struct ledger;
struct submission;

enum scope_outcome {
	SCOPE_REFUSED = 1, /* see *refusal */
	SCOPE_UNKNOWN,     /* find: this auditor has none; next: no further one */
};

struct scope_row {
	tc_agency auditor;
	uint64_t sequence; /* of the message that set it */
	int64_t at_ms;
	struct tc_slice packed; /* AuditorScope; borrowed from the transaction */
};

/* In force for one auditor. */
struct scope {
	const Throughcare__V1__AuditorScope *said;
	int64_t since_ms, until_ms; /* at or after, before */
	int64_t ends_ms;            /* INT64_MAX: never */
};

/* An AuditorScope message. 0, SUBMISSION_REFUSED or a fault. */
int scope_submit(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;

int scope_find(struct store_txn *txn, struct store_table table, const tc_agency *auditor,
	       struct scope_row *ret) TC_MUST_CHECK;
/* By name; `after` empty: the first one. */
int scope_next(struct store_txn *txn, struct store_table table, struct tc_slice after,
	       struct scope_row *ret) TC_MUST_CHECK;

/* Of this asker, if it is an auditor and has one: 0 and true, or 0 and false, or a fault. What it
 * points to lives as the allocator's memory does. */
int scope_read(struct store_txn *txn, struct store_table table, Throughcare__V1__PeerKind kind,
	       const tc_agency *asker, ProtobufCAllocator *allocator, struct scope *ret,
	       bool *ret_found) TC_MUST_CHECK;

/* May this be asked at all? `scope` is the asker's, NULL: none. 0, or SCOPE_REFUSED with
 * OUT_OF_SCOPE or NOT_PERMITTED. */
int scope_check(const struct scope *scope, Throughcare__V1__PeerKind kind,
		const Throughcare__V1__Query *query, int64_t now_ms,
		struct tc_refusal *refusal) TC_MUST_CHECK;

/* Does it reach from the beginning to the end? NULL: it does. */
bool scope_all_times(const struct scope *scope);
/* Something about a person between agencies, at a time. An unknown person or agency is none. */
bool scope_covers(const struct scope *scope, struct tc_id subject, const char *agency,
		  const char *other, int64_t at_ms);

#endif
