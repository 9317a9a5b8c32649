/*
 * pair_row - who may disclose to whom under one grant: the rows that a decision reads.
 *
 * They hold what it asks and nothing that must be decoded: masks, times, and two short texts.
 *
 * Owner: the caller; texts that were read are borrowed from the store. Blocks: never.
 */
#ifndef CONSENT_PAIR_ROW_H
#define CONSENT_PAIR_ROW_H

#include "base/id.h"
#include "consent/consent_tables.h"
#include "store/store_key.h"

/* In the place of an agency in a pair's key: names cannot hold '*'. */
#define CONSENT_CLASS_TREATING "*treating"

#define PAIR_DESKS_BYTES_MAX 640

enum pair_flag {
	PAIR_PARTED = 2, /* of a class, and some members were taken out: see consent_members */
};

/* consent_pairs and consent_over: one discloser and one recipient under one grant. Of a member
 * that was taken out of a class only the times count. */
struct pair_row {
	unsigned flags; /* enum pair_flag bits */
	uint8_t regime; /* throughcare.v1.ConsentRegime */
	uint64_t categories;
	uint32_t purposes;
	uint32_t obligations; /* what the grant itself attaches */
	int64_t recorded_ms;
	int64_t valid_from_ms;
	int64_t expires_ms;
	/* GRANT_NEVER until it happens. */
	int64_t ended_ms;      /* superseded, or entered in error */
	int64_t event_ms;      /* the event that it was to expire on has come */
	int64_t revoked_ms;    /* a revocation was recorded... */
	int64_t effective_ms;  /* ...and took or takes effect */
	struct tc_slice desks; /* see grant_pairs.h; empty: the agency and any desk of it */
	struct tc_slice proceeding;
};

/* Without the grant: the prefix of every row between the two. */
void pair_key(struct store_key *key, struct tc_id subject, struct tc_slice discloser,
	      struct tc_slice recipient);
/* What follows it in a row's key. */
void pair_key_grant(struct store_key *key, struct tc_id grant, uint32_t version);

/* 0 or TC_ECORRUPT. */
int pair_row_decode(struct tc_slice bytes, struct pair_row *ret) TC_MUST_CHECK;
/* Whether it covers one of the categories for the purpose (bits of masks, both), by the head of a
 * row alone: most grants between two agencies are about something else. */
bool pair_row_covers(struct tc_slice bytes, uint64_t categories, uint32_t purposes);
/* A new one. */
int pair_row_put(struct store_txn *txn, const struct consent_tables *tables,
		 const struct store_key *key, const struct pair_row *row) TC_MUST_CHECK;
/* Wherever it stands. 0, GRANT_UNKNOWN or a fault. */
int pair_row_find(struct store_txn *txn, const struct consent_tables *tables,
		  const struct store_key *key, struct pair_row *ret) TC_MUST_CHECK;
/* One that was found and has changed: it moves when it is over now. */
int pair_row_keep(struct store_txn *txn, const struct consent_tables *tables,
		  const struct store_key *key, const struct pair_row *row,
		  int64_t now_ms) TC_MUST_CHECK;
/* Superseded, entered in error, revoked or ended by its event: it never permits again. What has
 * expired with its time stays where it is: nothing happens then. */
bool pair_row_over(const struct pair_row *row, int64_t now_ms);

/* A member of a class under a grant. */
void member_key(struct store_key *key, struct tc_id grant, uint32_t version,
		struct tc_slice discloser, struct tc_slice recipient);
int member_row_find(struct store_txn *txn, const struct consent_tables *tables,
		    const struct store_key *key, struct pair_row *ret) TC_MUST_CHECK;
int member_row_put(struct store_txn *txn, const struct consent_tables *tables,
		   const struct store_key *key, const struct pair_row *row) TC_MUST_CHECK;

#endif
