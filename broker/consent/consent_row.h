/*
 * consent_row - the flat rows of the consent tables, and their bytes: grants and documents.
 * What a decision reads of them is in pair_row.h.
 *
 * What has happened to a grant stands as the time when it happened, never as a flag, so that a
 * decision can be taken as of any time.
 *
 * Owner: the caller; texts that were read are borrowed from the store. Blocks: never.
 */
#ifndef CONSENT_CONSENT_ROW_H
#define CONSENT_CONSENT_ROW_H

#include "base/id.h"
#include "consent/consent_tables.h"
#include "consent/grant.h"
#include "consent/pair_row.h"
#include "store/store_key.h"
#include "store/store_row.h"

void consent_version_key(struct store_key *key, struct tc_id id, uint32_t version);

/* A row has only the times that are not GRANT_NEVER; `there` says whether this one is. */
int64_t consent_time_take(struct store_row_reader *row, bool there);
void consent_time_put(struct store_row *row, int64_t time_ms, bool there);

int grant_row_put(struct store_txn *txn, const struct consent_tables *tables,
		  const struct grant_view *row) TC_MUST_CHECK;
int consent_row_put(struct store_txn *txn, const struct consent_tables *tables,
		    const struct consent_view *consent) TC_MUST_CHECK;

/* The newest version below that one. 0, GRANT_UNKNOWN or a fault. */
int grant_find_below(struct store_txn *txn, const struct consent_tables *tables, struct tc_id grant,
		     uint32_t below, struct grant_view *ret) TC_MUST_CHECK;
int consent_find_below(struct store_txn *txn, const struct consent_tables *tables,
		       struct tc_id consent, uint32_t below,
		       struct consent_view *ret) TC_MUST_CHECK;

/* A row as a cursor finds it; slices are borrowed from it. 0 or TC_ECORRUPT. */
int consent_row_read(struct tc_slice key, struct tc_slice value,
		     struct consent_view *ret) TC_MUST_CHECK;

/* Its first version. 0, GRANT_UNKNOWN or a fault. */
int consent_find_first(struct store_txn *txn, const struct consent_tables *tables,
		       struct tc_id consent, struct consent_view *ret) TC_MUST_CHECK;

int grant_changes_add(struct grant_changes *changes,
		      const struct grant_change *change) TC_MUST_CHECK;

/* A store outcome that nobody expects: a full map, or rows that contradict each other. */
int consent_fault(int r);

#endif
