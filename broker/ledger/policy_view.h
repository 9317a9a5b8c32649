/*
 * policy_view - compiled policies for one reader of the ledger, by version.
 *
 * Policies are few and change rarely: the one in force and the last few that were asked
 * for are kept compiled.
 *
 * Owner: the thread of its ledger_view. Blocks: never.
 */
#ifndef LEDGER_POLICY_VIEW_H
#define LEDGER_POLICY_VIEW_H

#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

struct policy;
struct policy_row;

#define POLICY_VIEW_KEPT 8

/* All zero when empty. */
struct policy_view {
	struct policy *fallback; /* where the log names none */
	struct policy *in_force; /* NULL: the fallback */
	struct policy *kept[POLICY_VIEW_KEPT];
	unsigned next; /* the place that the next one takes */
};

int policy_view_open(struct policy_view *view) TC_MUST_CHECK;
void policy_view_done(struct policy_view *view);
/* Looks what is in force in this snapshot. */
int policy_view_renew(struct policy_view *view, struct store_txn *txn,
		      struct store_table table) TC_MUST_CHECK;
const struct policy *policy_view_in_force(const struct policy_view *view);
/* That of a version. Valid until renewed, or POLICY_VIEW_KEPT others were asked for. 0,
 * POLICY_STATE_UNKNOWN or a fault. */
int policy_view_version(struct policy_view *view, struct store_txn *txn, struct store_table table,
			uint32_t version, const struct policy **ret) TC_MUST_CHECK;
/* The one that was in force at the record of `sequence`. 0 or a fault. */
int policy_view_at(struct policy_view *view, struct store_txn *txn, struct store_table table,
		   uint64_t sequence, const struct policy **ret) TC_MUST_CHECK;

#endif
