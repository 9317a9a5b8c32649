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

/* True for a party that is one desk or one person of an agency. */
static bool party_narrow(const consent_party *party)
{
	return party->kind == THROUGHCARE__V1__PARTY_KIND__PARTY_KIND_ROLE_IN_AGENCY ||
	       party->kind == THROUGHCARE__V1__PARTY_KIND__PARTY_KIND_PERSON;
}

static size_t desk_put(uint8_t *to, struct tc_slice text)
{
	to[0] = (uint8_t)text.len;
	if (text.len > 0)
		memcpy(to + 1, text.data, text.len);
	return 1 + text.len;
}

static int pair_add_desk(struct grant_pair *pair, const consent_party *party)
{
	struct tc_slice role = tc_slice_text(party->role);
	struct tc_slice person = tc_slice_text(party->person);
	uint8_t *end = pair->desks + pair->desks_len;

	if (!party_narrow(party))
		pair->any_desk = true;
	if (pair->any_desk)
		return 0;
	if (role.len > UINT8_MAX || person.len > UINT8_MAX ||
	    role.len + person.len + 2 > sizeof(pair->desks) - pair->desks_len)
		return GRANT_PAIRS_TOO_MANY;
	end += desk_put(end, role);
	end += desk_put(end, person);
	pair->desks_len = (size_t)(end - pair->desks);
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
			return pair_add_desk(pair, to);
	}
	if (pairs->count == GRANT_PAIRS_MAX)
		return GRANT_PAIRS_TOO_MANY;
	pair = &pairs->rows[pairs->count++];
	pair->discloser = discloser;
	pair->recipient = recipient;
	return pair_add_desk(pair, to);
}

int grant_pairs_make(const Throughcare__V1__ConsentGrant__Grant *grant, struct grant_pairs *ret)
{
	bool both = grant->direction == THROUGHCARE__V1__GRANT_DIRECTION__GRANT_DIRECTION_TWO_WAY;
	size_t most = grant->n_disclosers * grant->n_recipients * (both ? 2 : 1);
	struct grant_pairs pairs = {0};
	int r = 0;

	if (most == 0)
		goto out;
	pairs.rows = calloc(most < GRANT_PAIRS_MAX ? most : GRANT_PAIRS_MAX, sizeof(*pairs.rows));
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

struct tc_slice grant_pair_desks(const struct grant_pair *pair)
{
	return pair->any_desk ? tc_slice(NULL, 0) : tc_slice(pair->desks, pair->desks_len);
}

void grant_pair_key(struct store_key *key, struct tc_id subject, const struct grant_pair *pair,
		    struct tc_id grant, uint32_t version)
{
	pair_key(key, subject, pair->discloser, pair->recipient);
	pair_key_grant(key, grant, version);
}

/* Takes one text from the front; an empty one where the bytes end. */
static struct tc_slice desk_take(struct tc_slice *desks)
{
	size_t len = desks->len > 0 ? desks->data[0] : 0;
	struct tc_slice text;

	if (desks->len == 0)
		return *desks;
	if (len > desks->len - 1)
		len = desks->len - 1;
	text = tc_slice(desks->data + 1, len);
	*desks = tc_slice(desks->data + 1 + len, desks->len - 1 - len);
	return text;
}

bool grant_desks_reach(struct tc_slice desks, struct tc_slice role, struct tc_slice person)
{
	if (desks.len == 0)
		return true;
	while (desks.len > 0) {
		struct tc_slice desk_role = desk_take(&desks);
		struct tc_slice desk_person = desk_take(&desks);

		if (desk_role.len > 0 && !tc_slice_equal(desk_role, role))
			continue;
		if (desk_person.len > 0 && !tc_slice_equal(desk_person, person))
			continue;
		return true;
	}
	return false;
}
