/*
 * grant - recording signed consents, and finding them again.
 *
 * A consent is one signed document with grants. It is recorded whole or refused with
 * the element that it lacks (42 CFR 2.31(a)): a facially deficient consent must never
 * permit a disclosure, so it never enters the tables. A consent may supersede an
 * earlier one of the same subject, whose grants then end.
 *
 * Owner:  writing: ledger thread, inside its write transaction. Finding: any transaction.
 * Blocks: never.
 */
#ifndef CONSENT_GRANT_H
#define CONSENT_GRANT_H

#include "base/id.h"
#include "consent/consent_tables.h"
#include "consent/policy.h"
#include "wire/refusal.h"

/* Outcomes (> 0). */
enum grant_outcome {
	GRANT_REFUSED = 1, /* see *refusal; nothing was changed */
	GRANT_UNKNOWN,     /* find: no such consent or grant */
};

/* Stored: never renumber. */
enum grant_status {
	GRANT_ACTIVE = 1,
	GRANT_REVOCATION_PENDING = 2, /* 2.35: revoked, effective later */
	GRANT_PARTLY_REVOKED = 3,     /* for some of its recipients */
	GRANT_REVOKED = 4,
	GRANT_SUPERSEDED = 5,
	GRANT_ENDED = 6, /* the event that it was to expire on has come */
};

/* What changed for grants: the ledger decides the undelivered again that relied on one. */
struct grant_change {
	struct tc_id grant;
	struct tc_id subject;
	bool effective;       /* now; otherwise pending... */
	int64_t effective_ms; /* ...until this time (INT64_MAX: until an event) */
};

/* Owned rows; all zero when empty. */
struct grant_changes {
	struct grant_change *rows;
	size_t count;
	size_t capacity;
};

void grant_changes_free(struct grant_changes *changes);

struct consent_arrival {
	struct tc_slice document; /* packed throughcare.v1.ConsentGrant, as validated */
	struct tc_id subject;     /* of the header */
	const tc_agency *sender;  /* who sent the consent in */
	uint64_t sequence;
	int64_t now_ms;
	const struct policy *policy;
	/* The registry's view of an agency. */
	enum agency_kind (*kind_of)(void *context, const tc_agency *agency);
	void *context;
};

/*
 * Records the document. 0, GRANT_REFUSED (CONSENT_DEFICIENT and the element, CONSENT_COMBINED,
 * CONSENT_EXPIRED, ID_CONFLICT, UNKNOWN_CONSENT for what it supersedes) or a fault. *ended gets the
 * superseded grants; what was held for this subject may now be decided again.
 */
int consent_record(struct store_txn *txn, const struct consent_tables *tables,
		   const struct consent_arrival *arrival, struct grant_changes *ended,
		   struct tc_refusal *refusal) TC_MUST_CHECK;

/* One consent as stored. Slices are borrowed as in store.h. */
struct consent_view {
	struct tc_id consent;
	struct tc_id subject;
	tc_agency sender;
	uint64_t sequence;
	int64_t recorded_ms;
	uint32_t version;
	bool superseded;
	struct tc_slice document; /* packed throughcare.v1.ConsentGrant */
};

/* One grant's state. */
struct grant_view {
	struct tc_id grant;
	struct tc_id consent;
	struct tc_id subject;
	uint32_t position;        /* in the document's list of grants */
	enum grant_status status; /* as stored; see grant_status_at */
	int64_t valid_from_ms;
	int64_t expires_ms;   /* INT64_MAX: by an event, or not at all */
	int64_t revoked_ms;   /* 0: never */
	int64_t effective_ms; /* of the revocation; INT64_MAX: at an event */
};

/* 0, GRANT_UNKNOWN or a fault. */
int consent_find(struct store_txn *txn, const struct consent_tables *tables, struct tc_id consent,
		 struct consent_view *ret) TC_MUST_CHECK;
int grant_find(struct store_txn *txn, const struct consent_tables *tables, struct tc_id grant,
	       struct grant_view *ret) TC_MUST_CHECK;
/* The consent of that id, or the one that the grant of that id is in. */
int consent_find_either(struct store_txn *txn, const struct consent_tables *tables, struct tc_id id,
			struct consent_view *ret) TC_MUST_CHECK;
/* Up to `max` consent ids of a subject after `after` (none: from the start). Sets *ret_count. */
int consent_list(struct store_txn *txn, const struct consent_tables *tables, struct tc_id subject,
		 struct tc_id after, struct tc_id *ret, size_t max,
		 size_t *ret_count) TC_MUST_CHECK;

/* "active", "revocation_pending", "partly_revoked", "revoked", "superseded", "expired",
 * "not_yet_valid": as it is at `now_ms`. */
const char *grant_status_at(const struct grant_view *grant, int64_t now_ms);
/* The same for a whole consent, from its grants. */
int consent_status_at(struct store_txn *txn, const struct consent_tables *tables,
		      const struct consent_view *consent, int64_t now_ms,
		      const char **ret) TC_MUST_CHECK;

#endif
