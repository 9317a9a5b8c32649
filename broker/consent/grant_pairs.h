/*
 * grant_pairs - the pairs of discloser and recipient that one grant names.
 *
 * A two-way grant also names each pair the other way round; a class stands for its
 * members; roles and persons at one agency are gathered into one pair.
 *
 * Owner: the caller frees them. Blocks: never.
 */
#ifndef CONSENT_GRANT_PAIRS_H
#define CONSENT_GRANT_PAIRS_H

#include "consent/consent_row.h"
#include "throughcare/v1/consent.pb-c.h"

#define GRANT_PAIRS_MAX 256 /* more in one grant is no consent in a specific fashion */

struct grant_pair {
	struct tc_slice discloser; /* agency or class; borrowed from the document */
	struct tc_slice recipient;
	char roles[PAIR_ROLES_BYTES_MAX + 1]; /* of the recipient, one a line; "": any */
	bool any_role;
};

struct grant_pairs {
	struct grant_pair *rows;
	size_t count;
};

enum grant_pairs_outcome {
	GRANT_PAIRS_TOO_MANY = 1, /* over GRANT_PAIRS_MAX, or their roles do not fit */
};

/* 0, GRANT_PAIRS_TOO_MANY or TC_ENOMEM. The caller frees *ret. */
int grant_pairs_make(const Throughcare__V1__ConsentGrant__Grant *grant,
		     struct grant_pairs *ret) TC_MUST_CHECK;
void grant_pairs_free(struct grant_pairs *pairs);

/* The key of the pair's row. */
void grant_pair_key(struct store_key *key, struct tc_id subject, const struct grant_pair *pair,
		    struct tc_id grant);

#endif
