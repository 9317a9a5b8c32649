/*
 * grant - recording signed consents, and finding them again.
 *
 * A consent is one signed document with grants. It is recorded whole or refused with
 * the element that it lacks (42 CFR 2.31(a)): a facially deficient consent must never
 * permit a disclosure, so it never enters the tables. A consent may supersede an
 * earlier one of the same subject, whose grants then end; those that 42 CFR 2.35(c) does
 * not let end yet wait for it as if they were revoked. The same consent with the status
 * ENTERED_IN_ERROR ends everything at once.
 *
 * Owner:  writing: ledger thread, inside its write transaction. Finding: any transaction.
 * Blocks: never.
 */
#ifndef CONSENT_GRANT_H
#define CONSENT_GRANT_H

#include <stdbool.h>

#include "base/id.h"
#include "consent/consent_tables.h"
#include "consent/policy.h"
#include "wire/refusal.h"

/* Outcomes (> 0). */
enum grant_outcome {
	GRANT_REFUSED = 1, /* see *refusal; nothing was changed */
	GRANT_UNKNOWN,     /* find: no such consent or grant */
};

#define GRANT_NEVER           INT64_MAX
#define GRANT_EVENT_BYTES_MAX 64

/* How a grant came to its end before its time. Stored: never renumber. */
enum grant_status {
	GRANT_OPEN = 0,
	GRANT_SUPERSEDED = 5,
	GRANT_ENDED = 6, /* the event that it was to expire on has come */
	GRANT_IN_ERROR = 7,
	GRANT_EXPUNGED = 8, /* an order takes the record of its consent */
};

/* What changed for grants: the ledger decides the undelivered again that relied on one. */
struct grant_change {
	struct tc_id grant;
	struct tc_id subject;
	bool effective;                        /* now; otherwise pending... */
	int64_t effective_ms;                  /* ...until this time, or GRANT_NEVER: until... */
	char event[GRANT_EVENT_BYTES_MAX + 1]; /* ...this event */
	char recipient[TC_NAME_BYTES_MAX + 1]; /* only what goes to this agency; "": all */
};

/* Owned rows; all zero when empty. */
struct grant_changes {
	struct grant_change *rows;
	size_t count;
	size_t capacity;
	bool in_error; /* the document said that a consent never held, whatever had ended before */
	struct tc_id expunged; /* the message that said the consent; none: for another reason */
};

void grant_changes_free(struct grant_changes *changes);

struct consent_arrival {
	struct tc_slice document; /* packed throughcare.v1.ConsentGrant, as validated */
	struct tc_id subject;     /* of the header */
	const tc_agency *sender;  /* who sent the consent in */
	enum agency_kind sender_kind;
	const struct policy *policy; /* in force now */
	uint64_t sequence;
	int64_t now_ms;
	/* The registry's view of an agency. */
	enum agency_kind (*kind_of)(void *context, const tc_agency *agency);
	void *context;
};

/*
 * Records the document. 0, GRANT_REFUSED (CONSENT_DEFICIENT and the element, CONSENT_COMBINED,
 * CONSENT_EXPIRED, ID_CONFLICT, UNKNOWN_CONSENT for what it supersedes or enters in error) or a
 * fault. *ended gets the grants whose place it took, over or waiting for it; what was held for this
 * subject may now be decided again.
 */
int consent_record(struct store_txn *txn, const struct consent_tables *tables,
		   const struct consent_arrival *arrival, struct grant_changes *ended,
		   struct tc_refusal *refusal) TC_MUST_CHECK;

/* One version of a consent as stored. Slices are borrowed as in store.h. */
struct consent_view {
	struct tc_id consent;
	uint32_t version;
	struct tc_id subject;
	tc_agency sender;
	uint64_t sequence;
	int64_t recorded_ms;
	enum grant_status ended_as; /* GRANT_SUPERSEDED, _IN_ERROR or _EXPUNGED... */
	int64_t ended_ms;           /* ...from then on; GRANT_NEVER */
	struct tc_slice document;   /* packed throughcare.v1.ConsentGrant */
};

/* One grant, and what has happened to it. Times are GRANT_NEVER until it happens. */
struct grant_view {
	struct tc_id grant;
	uint32_t version; /* of the consent that it is in */
	struct tc_id consent;
	struct tc_id subject;
	uint32_t position; /* in the document's list of grants */
	int64_t recorded_ms;
	int64_t valid_from_ms;
	int64_t expires_ms;        /* GRANT_NEVER: by an event, or not at all */
	int64_t revocable_from_ms; /* 0: at once; GRANT_NEVER: at an event to come */
	enum grant_status ended_as;
	int64_t ended_ms;
	int64_t revoked_ms;        /* the revocation of all of it was recorded... */
	int64_t effective_ms;      /* ...and took or takes effect */
	int64_t partly_revoked_ms; /* the first one for one recipient */
	int64_t partly_effective_ms;
	bool waiting;     /* a revocation, for all or for one, has not been seen to take effect */
	bool names_court; /* see authority.h */
};

/* The newest version. 0, GRANT_UNKNOWN or a fault. */
int consent_find(struct store_txn *txn, const struct consent_tables *tables, struct tc_id consent,
		 struct consent_view *ret) TC_MUST_CHECK;
int grant_find(struct store_txn *txn, const struct consent_tables *tables, struct tc_id grant,
	       struct grant_view *ret) TC_MUST_CHECK;
/* The newest that was recorded by that time. */
int consent_find_at(struct store_txn *txn, const struct consent_tables *tables,
		    struct tc_id consent, int64_t by_ms, struct consent_view *ret) TC_MUST_CHECK;
int grant_find_at(struct store_txn *txn, const struct consent_tables *tables, struct tc_id grant,
		  int64_t by_ms, struct grant_view *ret) TC_MUST_CHECK;
int consent_find_version(struct store_txn *txn, const struct consent_tables *tables,
			 struct tc_id consent, uint32_t version,
			 struct consent_view *ret) TC_MUST_CHECK;
int grant_find_version(struct store_txn *txn, const struct consent_tables *tables,
		       struct tc_id grant, uint32_t version, struct grant_view *ret) TC_MUST_CHECK;
/* The consent of that id, or the one that the grant of that id is in. */
int consent_find_either(struct store_txn *txn, const struct consent_tables *tables, struct tc_id id,
			struct consent_view *ret) TC_MUST_CHECK;
/* Up to `max` consent ids of a subject after `after` (none: from the start). Sets *ret_count. With
 * `agency` those that it may see or once might: which it recorded, or by which it may tell somebody
 * something. What others' consents there are takes no time then. */
int consent_list(struct store_txn *txn, const struct consent_tables *tables,
		 const tc_agency *agency, struct tc_id subject, struct tc_id after,
		 struct tc_id *ret, size_t max, size_t *ret_count) TC_MUST_CHECK;

/* The event that the grant becomes revocable with; "" when it is a time. 0, GRANT_UNKNOWN or a
 * fault. */
int grant_event(struct store_txn *txn, const struct consent_tables *tables, struct tc_id grant,
		char ret[GRANT_EVENT_BYTES_MAX + 1]) TC_MUST_CHECK;

/* "active", "revocation_pending", "partly_revoked", "revoked", "superseded", "entered_in_error",
 * "expunged", "expired", "not_yet_valid", "not_recorded": as it was or is at that time. */
const char *grant_status_at(const struct grant_view *grant, int64_t at_ms);
/* The same for a whole consent, from its grants. */
int consent_status_at(struct store_txn *txn, const struct consent_tables *tables,
		      const struct consent_view *consent, int64_t at_ms,
		      const char **ret) TC_MUST_CHECK;

#endif
