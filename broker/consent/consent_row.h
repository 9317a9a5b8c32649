/*
 * consent_row - the flat rows of the consent tables, and their bytes.
 *
 * Rows are written once and read on every decision, so they hold what a decision asks
 * and nothing that must be decoded: masks, times, and two short texts.
 *
 * Owner: the caller; texts that were read are borrowed from the store. Blocks: never.
 */
#ifndef CONSENT_CONSENT_ROW_H
#define CONSENT_CONSENT_ROW_H

#include "base/id.h"
#include "consent/consent_tables.h"
#include "consent/grant.h"
#include "store/store_key.h"

/* In the place of an agency in a pair's key: names cannot hold '*'. */
#define CONSENT_CLASS_TREATING "*treating"

#define PAIR_ROLES_BYTES_MAX 255

enum pair_flag {
	PAIR_REVOKED = 1, /* from effective_ms on */
	PAIR_ENDED = 2,   /* superseded by another consent */
	PAIR_EXPIRED = 4, /* the event that it was to expire on has come */
};

/* consent_pairs: one discloser and one recipient under one grant. The key ends with the grant. */
struct pair_row {
	unsigned flags; /* enum pair_flag bits */
	uint64_t categories;
	uint32_t purposes;
	uint32_t obligations;
	int64_t valid_from_ms;
	int64_t expires_ms;
	int64_t effective_ms;  /* of a revocation; INT64_MAX: at an event */
	struct tc_slice roles; /* one a line; empty: the agency as such and any desk of it */
	struct tc_slice proceeding;
};

/* consent_grants */
struct grant_row {
	struct tc_id consent;
	struct tc_id subject;
	uint32_t position; /* in the document */
	enum grant_status status;
	bool revocable_at_event;
	bool expires_at_event;
	int64_t valid_from_ms;
	int64_t expires_ms;
	int64_t revocable_from_ms; /* 0: at once; INT64_MAX: at the event */
	int64_t revoked_ms;
	int64_t effective_ms;
};

void consent_key(struct store_key *key, struct tc_id id);
/* Without the grant: the prefix of every row between the two. */
void pair_key(struct store_key *key, struct tc_id subject, struct tc_slice discloser,
	      struct tc_slice recipient);

/* 0 or TC_ECORRUPT. */
int pair_row_decode(struct tc_slice bytes, struct pair_row *ret) TC_MUST_CHECK;
int pair_row_put(struct store_txn *txn, const struct consent_tables *tables,
		 const struct store_key *key, const struct pair_row *row) TC_MUST_CHECK;

/* 0, GRANT_UNKNOWN or a fault. */
int grant_row_get(struct store_txn *txn, const struct consent_tables *tables, struct tc_id grant,
		  struct grant_row *ret) TC_MUST_CHECK;
int grant_row_put(struct store_txn *txn, const struct consent_tables *tables, struct tc_id grant,
		  const struct grant_row *row) TC_MUST_CHECK;
int consent_row_put(struct store_txn *txn, const struct consent_tables *tables,
		    const struct consent_view *consent) TC_MUST_CHECK;

/* The document stays readable; its grants no longer count. */
int consent_mark_superseded(struct store_txn *txn, const struct consent_tables *tables,
			    struct tc_id consent) TC_MUST_CHECK;

int grant_changes_add(struct grant_changes *changes,
		      const struct grant_change *change) TC_MUST_CHECK;

/* A store outcome that nobody expects: a full map, or rows that contradict each other. */
int consent_fault(int r);

#endif
