#include "consent/consent_check.h"

#include <string.h>

#include "wire/limits.h"

typedef Throughcare__V1__ConsentGrant consent_document;
typedef Throughcare__V1__ConsentGrant__Grant consent_grant;
typedef Throughcare__V1__ConsentGrant__Party consent_party;

#define PURPOSE_BIT(name) (UINT32_C(1) << THROUGHCARE__V1__PURPOSE__PURPOSE_##name)
#define PURPOSES_TPO      (PURPOSE_BIT(TREATMENT) | PURPOSE_BIT(PAYMENT) | PURPOSE_BIT(OPERATIONS))

int64_t consent_time_ms(const Google__Protobuf__Timestamp *time, int64_t absent)
{
	if (!time)
		return absent;
	return time->seconds * 1000 + time->nanos / 1000000;
}

static bool filled(const char *text)
{
	return text && *text;
}

static uint32_t purposes_of(const consent_grant *grant)
{
	uint32_t purposes = 0;

	for (size_t i = 0; i < grant->n_purposes; i++)
		if ((unsigned)grant->purposes[i] < 32)
			purposes |= UINT32_C(1) << grant->purposes[i];
	return purposes;
}

static bool grant_tpo(const consent_grant *grant)
{
	uint32_t purposes = purposes_of(grant);

	return purposes != 0 && (purposes & ~PURPOSES_TPO) == 0;
}

static bool document_tpo(const consent_document *consent)
{
	for (size_t i = 0; i < consent->n_grants; i++)
		if (grant_tpo(consent->grants[i]))
			return true;
	return false;
}

/* ---- elements of the document ---- */

static bool has_status(const consent_document *consent)
{
	return !consent->has_status ||
	       consent->status == THROUGHCARE__V1__CONSENT_STATUS__CONSENT_STATUS_ACTIVE;
}

static bool has_name(const consent_document *consent)
{
	return filled(consent->subject_name_as_signed);
}

static bool has_regime(const consent_document *consent)
{
	return consent->has_regime &&
	       consent->regime != THROUGHCARE__V1__CONSENT_REGIME__CONSENT_REGIME_UNSPECIFIED;
}

static bool has_revocation_right(const consent_document *consent)
{
	return consent->statements && consent->statements->revocation_right;
}

static bool has_how_to_revoke(const consent_document *consent)
{
	return consent->statements && filled(consent->statements->how_to_revoke);
}

static bool has_redisclosure_warning(const consent_document *consent)
{
	return !document_tpo(consent) ||
	       (consent->statements && consent->statements->redisclosure_warning);
}

static bool has_refusal_consequence(const consent_document *consent)
{
	return !document_tpo(consent) ||
	       (consent->statements && filled(consent->statements->refusal_consequence));
}

static bool has_signer(const consent_document *consent)
{
	return consent->signature && filled(consent->signature->signer);
}

static bool has_capacity(const consent_document *consent)
{
	return consent->signature && consent->signature->has_capacity &&
	       consent->signature->capacity !=
		       THROUGHCARE__V1__SIGNER_CAPACITY__SIGNER_CAPACITY_UNSPECIFIED;
}

static bool has_authority(const consent_document *consent)
{
	return consent->signature->capacity ==
		       THROUGHCARE__V1__SIGNER_CAPACITY__SIGNER_CAPACITY_SELF ||
	       filled(consent->signature->authority_ref);
}

static bool has_method(const consent_document *consent)
{
	return consent->signature->has_method &&
	       consent->signature->method !=
		       THROUGHCARE__V1__SIGNATURE_METHOD__SIGNATURE_METHOD_UNSPECIFIED;
}

static bool has_signed_at(const consent_document *consent)
{
	return consent->signature->signed_at;
}

static bool has_grants(const consent_document *consent)
{
	return consent->n_grants > 0;
}

static const struct {
	const char *field;
	bool (*present)(const consent_document *consent);
} document_elements[] = {
	{"status", has_status},
	{"regime", has_regime},
	{"subject_name_as_signed", has_name},
	{"statements.revocation_right", has_revocation_right},
	{"statements.how_to_revoke", has_how_to_revoke},
	{"statements.redisclosure_warning", has_redisclosure_warning},
	{"statements.refusal_consequence", has_refusal_consequence},
	{"signature.signer", has_signer},
	{"signature.capacity", has_capacity},
	{"signature.authority_ref", has_authority},
	{"signature.method", has_method},
	{"signature.signed_at", has_signed_at},
	{"grants", has_grants},
};

/* ---- elements of a grant ---- */

static bool party_named(const consent_party *party)
{
	if (party->kind == THROUGHCARE__V1__PARTY_KIND__PARTY_KIND_CLASS_TREATING)
		return !filled(party->role) && !filled(party->person);
	if (!filled(party->agency))
		return false;
	if (party->kind == THROUGHCARE__V1__PARTY_KIND__PARTY_KIND_ROLE_IN_AGENCY)
		return filled(party->role);
	if (party->kind == THROUGHCARE__V1__PARTY_KIND__PARTY_KIND_PERSON)
		return filled(party->role) || filled(party->person);
	return party->kind != THROUGHCARE__V1__PARTY_KIND__PARTY_KIND_UNSPECIFIED;
}

static bool parties_named(consent_party *const *parties, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!party_named(parties[i]))
			return false;
	return count > 0;
}

static bool class_among(consent_party *const *parties, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (parties[i]->kind == THROUGHCARE__V1__PARTY_KIND__PARTY_KIND_CLASS_TREATING)
			return true;
	return false;
}

static bool grant_disclosers(const consent_document *consent, const consent_grant *grant)
{
	(void)consent;
	return parties_named(grant->disclosers, grant->n_disclosers);
}

static bool grant_recipients(const consent_document *consent, const consent_grant *grant)
{
	(void)consent;
	return parties_named(grant->recipients, grant->n_recipients);
}

/* 2.31(a)(4)(ii): a class is reached through an intermediary, which then must be named. */
static bool grant_intermediary(const consent_document *consent, const consent_grant *grant)
{
	(void)consent;
	return grant->intermediary_named || !class_among(grant->recipients, grant->n_recipients);
}

static bool grant_categories(const consent_document *consent, const consent_grant *grant)
{
	(void)consent;
	return grant->n_categories > 0;
}

static bool grant_purposes(const consent_document *consent, const consent_grant *grant)
{
	(void)consent;
	for (size_t i = 0; i < grant->n_purposes; i++)
		if (*policy_purpose_name((uint32_t)grant->purposes[i]) == '\0')
			return false;
	return grant->n_purposes > 0;
}

static bool event_known(const char *event, const consent_grant *grant)
{
	return strcmp(event, CONSENT_EVENT_FINAL) == 0 && filled(grant->proceeding_id);
}

static bool grant_expiry(const consent_document *consent, const consent_grant *grant)
{
	const Throughcare__V1__ConsentGrant__Expiry *expiry = grant->expiry;
	int64_t from_ms;

	if (!expiry)
		return false;
	if ((expiry->at != NULL) + filled(expiry->event_code) + (expiry->none_tpo != 0) != 1)
		return false;
	if (expiry->none_tpo)
		return grant_tpo(grant);
	if (expiry->event_code)
		return event_known(expiry->event_code, grant);
	from_ms = consent_time_ms(grant->valid_from,
				  consent_time_ms(consent->signature->signed_at, 0));
	return consent_time_ms(expiry->at, 0) > from_ms;
}

static bool grant_revocable_from(const consent_document *consent, const consent_grant *grant)
{
	const Throughcare__V1__ConsentGrant__RevocableFrom *from = grant->revocable_from;

	if (!from)
		return consent->regime != THROUGHCARE__V1__CONSENT_REGIME__CONSENT_REGIME_PART2_CJ;
	if ((from->at != NULL) + filled(from->event_code) != 1)
		return false;
	/* Only 2.35 lets a consent be irrevocable for a time. */
	if (consent->regime != THROUGHCARE__V1__CONSENT_REGIME__CONSENT_REGIME_PART2_CJ)
		return false;
	return !from->event_code || event_known(from->event_code, grant);
}

static bool criminal_justice(const consent_document *consent)
{
	return consent->regime == THROUGHCARE__V1__CONSENT_REGIME__CONSENT_REGIME_PART2_CJ;
}

static bool grant_authority(const consent_document *consent, const consent_grant *grant)
{
	return !criminal_justice(consent) || filled(grant->imposing_authority);
}

static bool grant_monitor(const consent_document *consent, const consent_grant *grant)
{
	return !criminal_justice(consent) || filled(grant->monitor_role);
}

static bool grant_duration(const consent_document *consent, const consent_grant *grant)
{
	return !criminal_justice(consent) || filled(grant->duration_reason);
}

static const struct {
	const char *field;
	bool (*present)(const consent_document *consent, const consent_grant *grant);
} grant_elements[] = {
	{"disclosers", grant_disclosers},
	{"recipients", grant_recipients},
	{"intermediary_named", grant_intermediary},
	{"categories", grant_categories},
	{"purposes", grant_purposes},
	{"expiry", grant_expiry},
	{"revocable_from", grant_revocable_from},
	{"imposing_authority", grant_authority},
	{"monitor_role", grant_monitor},
	{"duration_reason", grant_duration},
};

/* ---- who may be named ---- */

/* What no rule lets go by consent cannot be consented to. */
static int check_categories(const consent_document *consent, size_t position,
			    const struct consent_arrival *arrival, struct tc_refusal *refusal)
{
	const consent_grant *grant = consent->grants[position];

	for (size_t i = 0; i < grant->n_categories; i++)
		if (!policy_may_permit(arrival->policy, (uint32_t)grant->categories[i],
				       POLICY_BASIS_CONSENT))
			return tc_refuse(refusal, TC_REFUSAL_CONSENT_DEFICIENT,
					 "grants[%zu].categories", position);
	return 0;
}

/* A class reaches treating providers only; 2.35 consents only those who watch over a condition. */
static int check_recipients(const consent_document *consent, size_t position,
			    const struct consent_arrival *arrival, struct tc_refusal *refusal)
{
	const consent_grant *grant = consent->grants[position];

	for (size_t i = 0; i < grant->n_recipients; i++) {
		const consent_party *party = grant->recipients[i];
		const struct policy_agency_kind *kind;
		tc_agency agency;
		bool class;

		if (!filled(party->agency))
			continue;
		if (!tc_agency_parse(tc_slice_text(party->agency), &agency))
			return tc_refuse(refusal, TC_REFUSAL_CONSENT_DEFICIENT,
					 "grants[%zu].recipients[%zu].agency", position, i);
		kind = policy_agency_kind(arrival->policy,
					  arrival->kind_of(arrival->context, &agency));
		class = party->kind == THROUGHCARE__V1__PARTY_KIND__PARTY_KIND_CLASS_TREATING;
		if ((class && !kind->treating) ||
		    (criminal_justice(consent) && !kind->criminal_justice))
			return tc_refuse(refusal, TC_REFUSAL_CONSENT_DEFICIENT,
					 "grants[%zu].recipients[%zu]: %s", position, i,
					 class ? "not a treating provider"
					       : "not an authority that can monitor (2.35)");
	}
	if (criminal_justice(consent) && class_among(grant->recipients, grant->n_recipients))
		return tc_refuse(refusal, TC_REFUSAL_CONSENT_DEFICIENT,
				 "grants[%zu].recipients: a class (2.35)", position);
	return 0;
}

/* ---- what may not stand together ---- */

/*
 * What sets a grant apart: the one category that must stand alone, or use in a proceeding. Zero for
 * an ordinary grant, UINT64_MAX when it mixes.
 */
static uint64_t grant_apart(const struct policy *policy, const consent_grant *grant)
{
	uint64_t alone = 0, other = 0;
	uint32_t purposes = purposes_of(grant);

	for (size_t i = 0; i < grant->n_categories; i++) {
		uint32_t category = (uint32_t)grant->categories[i];
		uint64_t bit = UINT64_C(1) << category;

		if (policy_category(policy, category)->stands_alone)
			alone |= bit;
		else
			other |= bit;
	}
	if (alone && (other || (alone & (alone - 1))))
		return UINT64_MAX;
	if (purposes & PURPOSE_BIT(LEGAL_PROCEEDING)) {
		if (purposes & (purposes - 1))
			return UINT64_MAX;
		alone |= UINT64_C(1) << 63;
	}
	return alone;
}

static int check_combination(const struct policy *policy, const consent_document *consent,
			     struct tc_refusal *refusal)
{
	uint64_t first = grant_apart(policy, consent->grants[0]);

	for (size_t i = 0; i < consent->n_grants; i++) {
		uint64_t apart = grant_apart(policy, consent->grants[i]);

		if (apart == UINT64_MAX || apart != first)
			return tc_refuse(refusal, TC_REFUSAL_CONSENT_COMBINED, "grants[%zu]", i);
	}
	return 0;
}

static int check_times(const consent_document *consent, int64_t now_ms, struct tc_refusal *refusal)
{
	if (consent_time_ms(consent->signature->signed_at, 0) > now_ms + TC_CLOCK_SKEW_MS_MAX)
		return tc_refuse(refusal, TC_REFUSAL_CONSENT_DEFICIENT,
				 "signature.signed_at: in the future");
	for (size_t i = 0; i < consent->n_grants; i++) {
		const Google__Protobuf__Timestamp *at = consent->grants[i]->expiry->at;

		if (at && consent_time_ms(at, 0) <= now_ms)
			return tc_refuse(refusal, TC_REFUSAL_CONSENT_EXPIRED,
					 "grants[%zu].expiry.at", i);
	}
	return 0;
}

int consent_check(const Throughcare__V1__ConsentGrant *consent,
		  const struct consent_arrival *arrival, struct tc_refusal *refusal)
{
	int r;

	for (size_t i = 0; i < sizeof(document_elements) / sizeof(document_elements[0]); i++)
		if (!document_elements[i].present(consent))
			return tc_refuse(refusal, TC_REFUSAL_CONSENT_DEFICIENT, "%s",
					 document_elements[i].field);
	for (size_t g = 0; g < consent->n_grants; g++) {
		for (size_t i = 0; i < sizeof(grant_elements) / sizeof(grant_elements[0]); i++)
			if (!grant_elements[i].present(consent, consent->grants[g]))
				return tc_refuse(refusal, TC_REFUSAL_CONSENT_DEFICIENT,
						 "grants[%zu].%s", g, grant_elements[i].field);
		r = check_categories(consent, g, arrival, refusal);
		if (r == 0)
			r = check_recipients(consent, g, arrival, refusal);
		if (r != 0)
			return r;
	}
	r = check_combination(arrival->policy, consent, refusal);
	return r != 0 ? r : check_times(consent, arrival->now_ms, refusal);
}
