#include "consent/consent_check.h"

#include <string.h>

#include "consent/consent_element.h"
#include "wire/limits.h"

typedef Throughcare__V1__ConsentGrant consent_document;
typedef Throughcare__V1__ConsentGrant__Grant consent_grant;
typedef Throughcare__V1__ConsentGrant__Party consent_party;

#define GRANT_PREFIX "grants."

int64_t consent_time_ms(const Google__Protobuf__Timestamp *time, int64_t absent)
{
	if (!time)
		return absent;
	return time->seconds * 1000 + time->nanos / 1000000;
}

int64_t consent_signed_ms(const Throughcare__V1__ConsentGrant *consent, int64_t absent)
{
	return consent->signature ? consent_time_ms(consent->signature->signed_at, absent) : absent;
}

/* ---- elements ---- */

static const struct consent_element *find(const struct consent_element *elements, size_t count,
					  const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(elements[i].name, name) == 0)
			return &elements[i];
	return NULL;
}

/* The element of a grant that a policy names; NULL when it is one of the document, or unknown. */
static const struct consent_element *find_of_grant(const char *name)
{
	size_t len = strlen(GRANT_PREFIX);

	return strncmp(name, GRANT_PREFIX, len) == 0
		       ? find(consent_grant_elements, consent_grant_element_count, name + len)
		       : NULL;
}

static const struct consent_element *find_of_document(const char *name)
{
	return find(consent_document_elements, consent_document_element_count, name);
}

bool consent_element_known(const char *name)
{
	return find_of_document(name) || find_of_grant(name);
}

static bool required(const struct consent_place *place, const struct consent_element *element)
{
	const struct policy_regime *regime = place->regime;

	if (element->demanded && element->demanded(place))
		return true;
	for (size_t i = 0; regime && i < regime->required_count; i++)
		if (element == (place->grant ? find_of_grant(regime->required[i])
					     : find_of_document(regime->required[i])))
			return true;
	return false;
}

static const char *first_missing(const struct consent_place *place,
				 const struct consent_element *elements, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (required(place, &elements[i]) && !elements[i].present(place))
			return elements[i].name;
	return NULL;
}

/* What a policy demands and this exchange cannot find in any document is missing in all. */
static int check_unknown(const struct policy_regime *regime, struct tc_refusal *refusal)
{
	for (size_t i = 0; i < regime->required_count; i++)
		if (!consent_element_known(regime->required[i]))
			return tc_refuse(refusal, TC_REFUSAL_CONSENT_DEFICIENT, "%s",
					 regime->required[i]);
	return 0;
}

static int check_document(struct consent_place *place, struct tc_refusal *refusal)
{
	const char *missing =
		first_missing(place, consent_document_elements, consent_document_element_count);

	if (missing)
		return tc_refuse(refusal, TC_REFUSAL_CONSENT_DEFICIENT, "%s", missing);
	return check_unknown(place->regime, refusal);
}

static int check_grant(struct consent_place *place, size_t position, struct tc_refusal *refusal)
{
	const char *missing;

	place->grant = place->consent->grants[position];
	missing = first_missing(place, consent_grant_elements, consent_grant_element_count);
	place->grant = NULL;
	if (missing)
		return tc_refuse(refusal, TC_REFUSAL_CONSENT_DEFICIENT, "grants[%zu].%s", position,
				 missing);
	return 0;
}

/* ---- who may be named ---- */

static bool is_class(const consent_party *party)
{
	return party->kind == THROUGHCARE__V1__PARTY_KIND__PARTY_KIND_CLASS_TREATING;
}

/*
 * Why this recipient is none, or NULL. A class reaches treating providers only, so that a document
 * which writes another agency's name beside one says something false; and it stands for nobody in
 * particular. 2.35 reaches only those who watch over a condition.
 */
static const char *recipient_false(const struct consent_place *place, const consent_party *party,
				   const struct policy_agency_kind *kind)
{
	if (is_class(party) && kind && !kind->treating)
		return "not a treating provider";
	if (is_class(party) && kind)
		return "a class names no agency";
	if (place->regime->revocable_later && (is_class(party) || !kind->criminal_justice))
		return "not an authority that can monitor (2.35)";
	return NULL;
}

static int check_recipients(const struct consent_place *place, size_t position,
			    const struct consent_arrival *arrival, struct tc_refusal *refusal)
{
	const consent_grant *grant = place->consent->grants[position];

	for (size_t i = 0; i < grant->n_recipients; i++) {
		const consent_party *party = grant->recipients[i];
		const struct policy_agency_kind *kind = NULL;
		const char *why;
		tc_agency agency;

		if (party->agency && *party->agency) {
			if (!tc_agency_parse(tc_slice_text(party->agency), &agency))
				return tc_refuse(refusal, TC_REFUSAL_CONSENT_DEFICIENT,
						 "grants[%zu].recipients[%zu].agency", position, i);
			kind = policy_agency_kind(arrival->policy,
						  arrival->kind_of(arrival->context, &agency));
		}
		why = recipient_false(place, party, kind);
		if (why)
			return tc_refuse(refusal, TC_REFUSAL_CONSENT_DEFICIENT,
					 "grants[%zu].recipients[%zu]: %s", position, i, why);
	}
	for (size_t i = 0; i < grant->n_disclosers; i++)
		if (is_class(grant->disclosers[i]) && grant->disclosers[i]->agency &&
		    *grant->disclosers[i]->agency)
			return tc_refuse(refusal, TC_REFUSAL_CONSENT_DEFICIENT,
					 "grants[%zu].disclosers[%zu]: a class names no agency",
					 position, i);
	return 0;
}

/* ---- what may not stand together ---- */

/* What sets a grant apart from others: the category and the purpose that stand alone. */
struct apart {
	uint64_t category, purpose;
};

/* False when the grant itself combines: *ret_field says in what. */
static bool grant_apart(const struct policy *policy, const consent_grant *grant, struct apart *ret,
			const char **ret_field)
{
	uint64_t categories = 0, purposes = 0;

	*ret = (struct apart){0};
	for (size_t i = 0; i < grant->n_categories; i++) {
		uint64_t bit = UINT64_C(1) << grant->categories[i];

		categories |= bit;
		if (policy_category(policy, (uint32_t)grant->categories[i])->stands_alone)
			ret->category |= bit;
	}
	for (size_t i = 0; i < grant->n_purposes; i++) {
		uint64_t bit = UINT64_C(1) << grant->purposes[i];

		purposes |= bit;
		if (policy_purpose(policy, (uint32_t)grant->purposes[i])->stands_alone)
			ret->purpose |= bit;
	}
	*ret_field = "categories";
	if (ret->category && (categories & (categories - 1)))
		return false;
	*ret_field = "purposes";
	return !ret->purpose || !(purposes & (purposes - 1));
}

static int check_combination(const struct policy *policy, const consent_document *consent,
			     struct tc_refusal *refusal)
{
	struct apart first, apart;
	const char *field;

	for (size_t i = 0; i < consent->n_grants; i++) {
		if (!grant_apart(policy, consent->grants[i], &apart, &field))
			return tc_refuse(refusal, TC_REFUSAL_CONSENT_COMBINED, "grants[%zu].%s", i,
					 field);
		if (i == 0)
			first = apart;
		if (apart.category != first.category || apart.purpose != first.purpose)
			return tc_refuse(refusal, TC_REFUSAL_CONSENT_COMBINED, "grants[%zu].%s", i,
					 apart.category != first.category ? "categories"
									  : "purposes");
	}
	return 0;
}

/* ---- what cannot be true ---- */

static int check_times(const consent_document *consent, int64_t now_ms, struct tc_refusal *refusal)
{
	const Google__Protobuf__Timestamp *signed_at =
		consent->signature ? consent->signature->signed_at : NULL;
	int64_t latest_ms = now_ms + TC_CLOCK_SKEW_MS_MAX;

	if (consent_time_ms(signed_at, 0) > latest_ms)
		return tc_refuse(refusal, TC_REFUSAL_CONSENT_DEFICIENT,
				 "signature.signed_at: in the future");
	if (consent_time_ms(consent->created_at, 0) > latest_ms)
		return tc_refuse(refusal, TC_REFUSAL_CONSENT_DEFICIENT,
				 "created_at: in the future");
	for (size_t i = 0; i < consent->n_grants; i++) {
		const consent_grant *grant = consent->grants[i];

		if (grant->expiry->at && consent_time_ms(grant->expiry->at, 0) <= now_ms)
			return tc_refuse(refusal, TC_REFUSAL_CONSENT_EXPIRED,
					 "grants[%zu].expiry.at", i);
	}
	return 0;
}

int consent_check(const Throughcare__V1__ConsentGrant *consent,
		  const struct consent_arrival *arrival, struct tc_refusal *refusal)
{
	struct consent_place place = {
		.consent = consent,
		.policy = arrival->policy,
		.regime = policy_regime(arrival->policy, (uint32_t)consent->regime),
	};
	int r = check_document(&place, refusal);

	for (size_t i = 0; r == 0 && i < consent->n_grants; i++) {
		r = check_grant(&place, i, refusal);
		if (r == 0)
			r = check_recipients(&place, i, arrival, refusal);
	}
	if (r == 0)
		r = check_combination(arrival->policy, consent, refusal);
	return r != 0 ? r : check_times(consent, arrival->now_ms, refusal);
}
