/*
 * cosignature - what witnesses say they have seen: lines that go along with a checkpoint.
 *
 * The ledger knows the log and not its tree, so it takes what has the form of a cosignature
 * of a size that the log has reached. It is given to nobody but beside a checkpoint with the
 * same size and root, and whoever reads it there checks it with the witness's key.
 *
 * Owner:  ledger thread (submit), any query thread (list). Blocks: never.
 */
#ifndef LEDGER_COSIGNATURE_H
#define LEDGER_COSIGNATURE_H

#include "ledger/ledger.h"
#include "store/store.h"

#define COSIGNATURES_KEPT 64 /* of each witness, the largest sizes */
#define COSIGNATURES_MAX  16 /* that go along with one checkpoint */

struct submission;

/* A CheckpointCosignature to the exchange: 0, SUBMISSION_REFUSED or a fault. */
int cosignature_submit(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;

/* The lines of this size and root, without newlines, at most COSIGNATURES_MAX; borrowed as in
 * store.h. */
int cosignature_list(struct store_txn *txn, struct store_table table, uint64_t size,
		     const uint8_t root[32], struct tc_slice lines[COSIGNATURES_MAX],
		     size_t *ret_count) TC_MUST_CHECK;

#endif
