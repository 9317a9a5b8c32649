#include "consent/authority.h"

#include <string.h>

#include "consent/consent_row.h"

#define SEQUENCE_BYTES 8

typedef Throughcare__V1__ConsentGrant__Grant consent_grant;
typedef Throughcare__V1__ConsentGrant__Party consent_party;

/* ---- the court that has a proceeding ---- */

static void court_key(struct store_key *key, struct tc_slice proceeding, struct tc_id subject)
{
	store_key_init(key);
	store_key_text(key, proceeding);
	store_key_id(key, subject);
}

/* The record, and the court. */
static bool court_read(struct tc_slice value, uint64_t *ret_sequence, struct tc_slice *ret_court)
{
	if (value.len < SEQUENCE_BYTES)
		return false;
	*ret_sequence = tc_get_be64(value.data);
	*ret_court = tc_slice(value.data + SEQUENCE_BYTES, value.len - SEQUENCE_BYTES);
	return true;
}

/* 0, STORE_NOT_FOUND or a fault. */
static int court_find(struct store_txn *txn, const struct consent_tables *tables,
		      struct tc_slice proceeding, struct tc_id subject, uint64_t *ret_sequence,
		      struct tc_slice *ret_court)
{
	struct tc_slice value;
	struct store_key key;
	int r;

	court_key(&key, proceeding, subject);
	r = store_get(txn, tables->courts, store_key_slice(&key), &value);
	return r == 0 && !court_read(value, ret_sequence, ret_court) ? TC_ECORRUPT : r;
}

int authority_speak(struct store_txn *txn, const struct consent_tables *tables,
		    struct tc_slice proceeding, struct tc_id subject, const tc_agency *court,
		    uint64_t sequence)
{
	uint8_t value[SEQUENCE_BYTES + sizeof(court->name)];
	size_t len = strlen(court->name);
	struct tc_slice before;
	struct store_key key;
	uint64_t earlier;
	int r = court_find(txn, tables, proceeding, subject, &earlier, &before);

	if (r == 0 && (earlier >= sequence || !tc_slice_equal(before, tc_slice_text(court->name))))
		return 0;
	if (r != 0 && r != STORE_NOT_FOUND)
		return consent_fault(r);
	tc_put_be64(value, sequence);
	memcpy(value + SEQUENCE_BYTES, court->name, len);
	court_key(&key, proceeding, subject);
	return consent_fault(store_put(txn, tables->courts, store_key_slice(&key),
				       tc_slice(value, SEQUENCE_BYTES + len)));
}

int authority_share(struct store_txn *txn, const struct consent_tables *tables,
		    struct tc_slice proceeding, struct tc_id from, struct tc_id to)
{
	struct tc_slice name;
	uint64_t sequence;
	tc_agency court;
	int r = court_find(txn, tables, proceeding, from, &sequence, &name);

	if (r != 0)
		return r == STORE_NOT_FOUND ? 0 : consent_fault(r);
	return tc_agency_parse(name, &court)
		       ? authority_speak(txn, tables, proceeding, to, &court, sequence)
		       : TC_ECORRUPT;
}

/* About the person, or else about nobody in particular. */
static int court_of(struct store_txn *txn, const struct consent_tables *tables,
		    struct tc_slice proceeding, struct tc_id subject, struct tc_slice *ret)
{
	const struct tc_id nobody = {{0}};
	uint64_t sequence;
	int r = court_find(txn, tables, proceeding, subject, &sequence, ret);

	if (r == STORE_NOT_FOUND)
		r = court_find(txn, tables, proceeding, nobody, &sequence, ret);
	if (r == STORE_NOT_FOUND)
		*ret = tc_slice(NULL, 0);
	return r == STORE_NOT_FOUND ? 0 : consent_fault(r);
}

/* ---- what a grant names ---- */

static bool orders(const struct consent_arrival *arrival, const char *name)
{
	tc_agency agency;

	return name && tc_agency_parse(tc_slice_text(name), &agency) &&
	       policy_agency_kind(arrival->policy, arrival->kind_of(arrival->context, &agency))
		       ->orders;
}

static bool orders_among(const struct consent_arrival *arrival, consent_party *const *parties,
			 size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (orders(arrival, parties[i]->agency))
			return true;
	return false;
}

bool authority_named(const consent_grant *grant, const struct consent_arrival *arrival)
{
	return orders(arrival, grant->imposing_authority) ||
	       orders_among(arrival, grant->disclosers, grant->n_disclosers) ||
	       orders_among(arrival, grant->recipients, grant->n_recipients);
}

static bool party_among(const struct authority *authority, consent_party *const *parties,
			size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (parties[i]->kind == THROUGHCARE__V1__PARTY_KIND__PARTY_KIND_CLASS_TREATING &&
		    authority->treats)
			return true;
		if (parties[i]->agency && strcmp(parties[i]->agency, authority->agency.name) == 0)
			return true;
	}
	return false;
}

static bool named(const struct authority *authority, const consent_grant *grant)
{
	return party_among(authority, grant->disclosers, grant->n_disclosers) ||
	       party_among(authority, grant->recipients, grant->n_recipients) ||
	       (grant->imposing_authority &&
		strcmp(grant->imposing_authority, authority->agency.name) == 0);
}

int authority_believed(struct store_txn *txn, const struct consent_tables *tables,
		       const struct authority *authority, const struct authority_grant *grant,
		       bool *ret)
{
	struct tc_slice court;
	int r;

	*ret = named(authority, grant->grant);
	if (*ret || grant->names_court)
		return 0;
	r = court_of(txn, tables, tc_slice_text(grant->grant->proceeding_id), grant->subject,
		     &court);
	if (r == 0)
		*ret = tc_slice_equal(court, tc_slice_text(authority->agency.name));
	return r;
}
