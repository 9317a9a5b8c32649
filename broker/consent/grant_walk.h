/*
 * grant_walk - from a consent to its grants, from a grant to its pairs, and a time set on
 * each pair that a change is about.
 *
 * Decisions read only the pairs; the grant's row says in what state people see it. A
 * member of a class cannot be taken out of the class's pair: it gets a row of its own
 * in another table, and decisions let that one win over the class.
 *
 * Owner: ledger thread, inside its write transaction. Blocks: never.
 */
#ifndef CONSENT_GRANT_WALK_H
#define CONSENT_GRANT_WALK_H

#include "consent/grant.h"
#include "throughcare/v1/consent.pb-c.h"

/* A consent with its document; close it whatever opening gave. */
struct walk_consent {
	struct consent_view view;
	Throughcare__V1__ConsentGrant *document;
};

/* A grant with its row and its place in the document. */
struct walk_grant {
	struct grant_view row;
	const Throughcare__V1__ConsentGrant__Grant *grant;
};

/* 0, GRANT_UNKNOWN or a fault. The newest version that is not the word that it was entered in
 * error, or that one. */
int walk_open_active(struct store_txn *txn, const struct consent_tables *tables,
		     struct tc_id consent, struct walk_consent *ret) TC_MUST_CHECK;
int walk_open_version(struct store_txn *txn, const struct consent_tables *tables,
		      struct tc_id consent, uint32_t version,
		      struct walk_consent *ret) TC_MUST_CHECK;
void walk_close(struct walk_consent *consent);
/* The grant at `position` of the document. */
int walk_grant(struct store_txn *txn, const struct consent_tables *tables,
	       const struct walk_consent *consent, size_t position,
	       struct walk_grant *ret) TC_MUST_CHECK;

/* Ended, revoked for everybody, or expired with its event: nothing can happen to it any more. */
bool walk_grant_over(const struct grant_view *grant, int64_t now_ms);
/* From when it may be revoked; *ret_event is the event that it waits or waited for. */
int64_t walk_revocable_ms(const struct walk_grant *grant,
			  char ret_event[GRANT_EVENT_BYTES_MAX + 1]);

struct walk_revocation {
	struct tc_slice recipient; /* empty: all; else only pairs that reach it, or its own */
	int64_t now_ms;
	int64_t effective_ms;
};

struct walk_revoked {
	bool reached; /* some pair was about the recipient, or its class */
	bool changed; /* some pair that was not revoked is now */
	bool waiting; /* some pair that it was about is revoked, and not yet without effect */
	bool whole;   /* all of the grant's pairs are revoked now... */
	int64_t effective_ms; /* ...and without effect from then on */
};

/* Revokes the pairs of a grant. */
int walk_revoke(struct store_txn *txn, const struct consent_tables *tables,
		const struct walk_grant *grant, const struct walk_revocation *revocation,
		struct walk_revoked *ret) TC_MUST_CHECK;
/* What was revoked and waits takes effect now. *ret: something did. */
int walk_take_effect(struct store_txn *txn, const struct consent_tables *tables,
		     const struct walk_grant *grant, int64_t now_ms, bool *ret) TC_MUST_CHECK;
/* Appends what is without effect now since a revocation that waited: the grant, or each recipient
 * that it was revoked for. */
int grant_changes_effective(struct store_txn *txn, const struct consent_tables *tables,
			    const struct walk_grant *grant, int64_t now_ms,
			    struct grant_changes *ret) TC_MUST_CHECK;
/* What has become over with time leaves the pairs that decisions read. */
int walk_settle(struct store_txn *txn, const struct consent_tables *tables,
		const struct walk_grant *grant, int64_t now_ms) TC_MUST_CHECK;
/* All of it ends now: by its event, or superseded or in error. */
int walk_end(struct store_txn *txn, const struct consent_tables *tables,
	     const struct walk_grant *grant, enum grant_status as, int64_t now_ms) TC_MUST_CHECK;

#endif
