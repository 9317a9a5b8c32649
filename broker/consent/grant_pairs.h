/*
 * grant_pairs - the pairs of discloser and recipient that one grant names.
 *
 * A two-way grant also names each pair the other way round; a class stands for its
 * members; desks and persons at one agency are gathered into one pair.
 *
 * The desks of a pair are bytes: for each a length and the role, a length and the person.
 * A message reaches a desk when it names its role, and its person: what the desk leaves
 * empty is not asked for.
 *
 * Owner: the caller frees them. Blocks: never.
 */
#ifndef CONSENT_GRANT_PAIRS_H
#define CONSENT_GRANT_PAIRS_H

#include "consent/consent_row.h"
#include "throughcare/v1/consent.pb-c.h"

#define GRANT_PAIRS_MAX    256  /* more in one grant is no consent in a specific fashion */
#define DOCUMENT_PAIRS_MAX 1024 /* of all its grants: each is a row that is written and ended */

struct grant_pair {
	struct tc_slice discloser; /* agency or class; borrowed from the document */
	struct tc_slice recipient;
	bool any_desk;
	size_t desks_len;
	uint8_t desks[PAIR_DESKS_BYTES_MAX];
};

struct grant_pairs {
	struct grant_pair *rows;
	size_t count;
};

enum grant_pairs_outcome {
	GRANT_PAIRS_TOO_MANY = 1, /* over GRANT_PAIRS_MAX, or their desks do not fit */
};

/* 0, GRANT_PAIRS_TOO_MANY or TC_ENOMEM. The caller frees *ret. */
int grant_pairs_make(const Throughcare__V1__ConsentGrant__Grant *grant,
		     struct grant_pairs *ret) TC_MUST_CHECK;
void grant_pairs_free(struct grant_pairs *pairs);

/* What of the recipient the pair is narrowed to; empty: nothing. */
struct tc_slice grant_pair_desks(const struct grant_pair *pair);
/* The key of the pair's row. */
void grant_pair_key(struct store_key *key, struct tc_id subject, const struct grant_pair *pair,
		    struct tc_id grant, uint32_t version);

/* Whether a message to this role and this person of an agency (empty: none named) reaches one of
 * these desks. */
bool grant_desks_reach(struct tc_slice desks, struct tc_slice role, struct tc_slice person);

#endif
