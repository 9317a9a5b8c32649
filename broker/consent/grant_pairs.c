#include "consent/grant_pairs.h"

#include <stdlib.h>
#include <string.h>

typedef Throughcare__V1__ConsentGrant__Party consent_party;

static struct tc_slice party_key(const consent_party *party)
{
	if (party->kind == THROUGHCARE__V1__PARTY_KIND__PARTY_KIND_CLASS_TREATING)
		return tc_slice_text(CONSENT_CLASS_TREATING);
	return tc_slice_text(party->agency);
}

/* The desk that a recipient's address must name; empty: none in particular. */
static struct tc_slice party_role(const consent_party *party)
{
	if (party->role && *party->role)
		return tc_slice_text(party->role);
	return tc_slice_text(party->person);
}

static int pair_add_role(struct grant_pair *pair, struct tc_slice role)
{
	size_t len = strlen(pair->roles);
	size_t gap = len > 0 ? 1 : 0;

	if (role.len == 0)
		pair->any_role = true;
	if (pair->any_role) {
		pair->roles[0] = '\0';
		return 0;
	}
	if (role.len + gap > PAIR_ROLES_BYTES_MAX - len)
		return GRANT_PAIRS_TOO_MANY;
	if (gap)
		pair->roles[len] = '\n';
	memcpy(pair->roles + len + gap, role.data, role.len);
	pair->roles[len + gap + role.len] = '\0';
	return 0;
}

static int pairs_add(struct grant_pairs *pairs, const consent_party *from, const consent_party *to)
{
	struct tc_slice discloser = party_key(from);
	struct tc_slice recipient = party_key(to);
	struct grant_pair *pair;

	for (size_t i = 0; i < pairs->count; i++) {
		pair = &pairs->rows[i];
		if (tc_slice_equal(pair->discloser, discloser) &&
		    tc_slice_equal(pair->recipient, recipient))
			return pair_add_role(pair, party_role(to));
	}
	if (pairs->count == GRANT_PAIRS_MAX)
		return GRANT_PAIRS_TOO_MANY;
	pair = &pairs->rows[pairs->count++];
	pair->discloser = discloser;
	pair->recipient = recipient;
	return pair_add_role(pair, party_role(to));
}

int grant_pairs_make(const Throughcare__V1__ConsentGrant__Grant *grant, struct grant_pairs *ret)
{
	bool both = grant->direction == THROUGHCARE__V1__GRANT_DIRECTION__GRANT_DIRECTION_TWO_WAY;
	struct grant_pairs pairs = {.rows = calloc(GRANT_PAIRS_MAX, sizeof(*pairs.rows))};
	int r = 0;

	if (!pairs.rows)
		return TC_ENOMEM;
	for (size_t i = 0; i < grant->n_disclosers; i++) {
		for (size_t j = 0; j < grant->n_recipients; j++) {
			r = pairs_add(&pairs, grant->disclosers[i], grant->recipients[j]);
			if (r == 0 && both)
				r = pairs_add(&pairs, grant->recipients[j], grant->disclosers[i]);
			if (r != 0)
				goto out;
		}
	}
	*ret = pairs;
	pairs.rows = NULL;
out:
	free(pairs.rows);
	return r;
}

void grant_pairs_free(struct grant_pairs *pairs)
{
	free(pairs->rows);
	*pairs = (struct grant_pairs){0};
}

void grant_pair_key(struct store_key *key, struct tc_id subject, const struct grant_pair *pair,
		    struct tc_id grant)
{
	pair_key(key, subject, pair->discloser, pair->recipient);
	store_key_id(key, grant);
}
