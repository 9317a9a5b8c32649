/*
 * policy_state - the policies of release that were put in force, the last of which is.
 *
 * The exchange's own comes with the first barrier record of a log, so that a log means the same
 * under every later build; others come as ReleasePolicy messages of an operator, each with a higher
 * version. None is ever deleted: what was decided under one can be explained by it. A ledger whose
 * log names none goes by what the build brings along.
 *
 * Owner:  writing: ledger thread, inside its transaction. Reading rows: any transaction.
 * Blocks: never.
 */
#ifndef LEDGER_POLICY_STATE_H
#define LEDGER_POLICY_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

struct ledger;
struct policy;
struct store_table;
struct store_txn;
struct submission;

enum policy_state_outcome {
	POLICY_STATE_UNKNOWN = 1, /* no such version, or none at all */
};

struct policy_row {
	uint32_t version;
	uint64_t sequence; /* in force from this record on */
	int64_t time_ms;
	struct tc_slice packed; /* borrowed as in store.h */
};

/* The row of a version; 0: of the one in force. 0, POLICY_STATE_UNKNOWN or a fault. */
int policy_row_find(struct store_txn *txn, struct store_table table, uint32_t version,
		    struct policy_row *ret) TC_MUST_CHECK;
/* The row that was in force at the record of `sequence`. The same outcomes. */
int policy_row_at(struct store_txn *txn, struct store_table table, uint64_t sequence,
		  struct policy_row *ret) TC_MUST_CHECK;

/* What the build brings along, compiled; the caller owns it. */
int policy_state_default(struct policy **ret) TC_MUST_CHECK;

/* Opening: the one in force, or the default. */
int policy_state_load(struct ledger *ledger) TC_MUST_CHECK;
/* Has the log named none yet? Then the next barrier record should. */
int policy_state_wanted(struct ledger *ledger, bool *ret) TC_MUST_CHECK;
/* The policy of a barrier record: the first one counts, any later is passed by. */
int policy_state_begin(struct ledger *ledger, struct tc_slice packed) TC_MUST_CHECK;
/* A ReleasePolicy message. 0, SUBMISSION_REFUSED or a fault. */
int policy_state_submit(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;

#endif
