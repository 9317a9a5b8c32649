#include "consent/consent_element.h"

#include <string.h>

#include "consent/consent_check.h"

typedef Throughcare__V1__ConsentGrant consent_document;
typedef Throughcare__V1__ConsentGrant__Grant consent_grant;
typedef Throughcare__V1__ConsentGrant__Party consent_party;

/* The generated names are long. */
#define STATUS_ACTIVE    THROUGHCARE__V1__CONSENT_STATUS__CONSENT_STATUS_ACTIVE
#define CAPACITY(name)   THROUGHCARE__V1__SIGNER_CAPACITY__SIGNER_CAPACITY_##name
#define REGIME(name)     THROUGHCARE__V1__CONSENT_REGIME__CONSENT_REGIME_##name
#define METHOD(name)     THROUGHCARE__V1__SIGNATURE_METHOD__SIGNATURE_METHOD_##name
#define PARTY(name)      THROUGHCARE__V1__PARTY_KIND__PARTY_KIND_##name
#define DIRECTION(name)  THROUGHCARE__V1__GRANT_DIRECTION__GRANT_DIRECTION_##name
#define REDISCLOSE(name) THROUGHCARE__V1__REDISCLOSURE_RULE__REDISCLOSURE_RULE_##name

#define SHA256_BYTES 32

static bool filled(const char *text)
{
	return text && *text;
}

static bool always(const struct consent_place *place)
{
	(void)place;
	return true;
}

/* How many of its purposes are treatment, payment or operations. */
static size_t tpo_purposes(const struct policy *policy, const consent_grant *grant)
{
	size_t count = 0;

	for (size_t i = 0; i < grant->n_purposes; i++)
		if (policy_purpose(policy, (uint32_t)grant->purposes[i])->tpo)
			count++;
	return count;
}

/* ---- of the document ---- */

static bool tpo(const struct consent_place *place)
{
	for (size_t i = 0; i < place->consent->n_grants; i++)
		if (tpo_purposes(place->policy, place->consent->grants[i]) > 0)
			return true;
	return false;
}

static bool status(const struct consent_place *place)
{
	return place->consent->has_status && place->consent->status == STATUS_ACTIVE;
}

static bool regime(const struct consent_place *place)
{
	return place->consent->has_regime && place->regime;
}

static bool subject_name(const struct consent_place *place)
{
	return filled(place->consent->subject_name_as_signed);
}

static bool document_given(const struct consent_place *place)
{
	return place->consent->document && place->consent->document->has_sha256;
}

static bool document_digest(const struct consent_place *place)
{
	return document_given(place) && place->consent->document->sha256.len == SHA256_BYTES;
}

static bool given_to_agency(const struct consent_place *place)
{
	return filled(place->consent->given_to_agency);
}

static bool given_to_user(const struct consent_place *place)
{
	return filled(place->consent->given_to_user);
}

static bool revocation_right(const struct consent_place *place)
{
	return place->consent->statements && place->consent->statements->revocation_right;
}

static bool how_to_revoke(const struct consent_place *place)
{
	return place->consent->statements && filled(place->consent->statements->how_to_revoke);
}

static bool redisclosure_warning(const struct consent_place *place)
{
	return place->consent->statements && place->consent->statements->redisclosure_warning;
}

static bool refusal_consequence(const struct consent_place *place)
{
	return place->consent->statements &&
	       filled(place->consent->statements->refusal_consequence);
}

static bool list_on_request(const struct consent_place *place)
{
	return place->consent->statements && place->consent->statements->list_on_request;
}

static bool signer(const struct consent_place *place)
{
	return place->consent->signature && filled(place->consent->signature->signer);
}

static bool capacity(const struct consent_place *place)
{
	return place->consent->signature && place->consent->signature->has_capacity &&
	       place->consent->signature->capacity != CAPACITY(UNSPECIFIED);
}

/* Whoever is not the person, a guardian, an attorney or a court, signs by an authority named. */
static bool represented(const struct consent_place *place)
{
	return !capacity(place) || place->consent->signature->capacity != CAPACITY(SELF);
}

static bool authority_ref(const struct consent_place *place)
{
	return place->consent->signature && filled(place->consent->signature->authority_ref);
}

static bool verbal(const struct consent_place *place)
{
	return place->consent->signature && place->consent->signature->has_method &&
	       place->consent->signature->method == METHOD(VERBAL_WITNESSED);
}

/* By federal law a consent is written (42 CFR 2.31(a), 45 CFR 164.508(c), 38 CFR 1.475). */
static bool method(const struct consent_place *place)
{
	bool federal =
		place->consent->regime != REGIME(STATE) && place->consent->regime != REGIME(POLICY);

	return place->consent->signature && place->consent->signature->has_method &&
	       place->consent->signature->method != METHOD(UNSPECIFIED) &&
	       !(federal && verbal(place));
}

static bool witness(const struct consent_place *place)
{
	return place->consent->signature && filled(place->consent->signature->witness);
}

static bool signed_at(const struct consent_place *place)
{
	return place->consent->signature && place->consent->signature->signed_at;
}

static bool grants(const struct consent_place *place)
{
	return place->consent->n_grants > 0;
}

const struct consent_element consent_document_elements[] = {
	{"status", status, always},
	{"regime", regime, always},
	{"subject_name_as_signed", subject_name, NULL},
	{"document.sha256", document_digest, document_given},
	{"given_to_agency", given_to_agency, NULL},
	{"given_to_user", given_to_user, NULL},
	{"statements.revocation_right", revocation_right, NULL},
	{"statements.how_to_revoke", how_to_revoke, NULL},
	{"statements.redisclosure_warning", redisclosure_warning, tpo},
	{"statements.refusal_consequence", refusal_consequence, tpo},
	{"statements.list_on_request", list_on_request, NULL},
	{"signature.signer", signer, NULL},
	{"signature.capacity", capacity, NULL},
	{"signature.authority_ref", authority_ref, represented},
	{"signature.method", method, verbal},
	{"signature.witness", witness, verbal},
	{"signature.signed_at", signed_at, NULL},
	{"grants", grants, always},
};
const size_t consent_document_element_count =
	sizeof(consent_document_elements) / sizeof(consent_document_elements[0]);

/* ---- of a grant ---- */

/* Named so that it can be told who it is, and by nothing that its kind does not mean. */
static bool party_named(const consent_party *party)
{
	bool role = filled(party->role), person = filled(party->person);

	switch (party->kind) {
	case PARTY(AGENCY):
	case PARTY(COURT):
		return filled(party->agency) && !role && !person;
	case PARTY(ROLE_IN_AGENCY):
		return filled(party->agency) && role && !person;
	case PARTY(PERSON):
		return filled(party->agency) && person;
	case PARTY(CLASS_TREATING):
		return !role && !person;
	case PARTY(UNSPECIFIED):
	case _THROUGHCARE__V1__PARTY_KIND_IS_INT_SIZE:
		break;
	}
	return false;
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
		if (parties[i]->kind == PARTY(CLASS_TREATING))
			return true;
	return false;
}

static bool disclosers(const struct consent_place *place)
{
	return parties_named(place->grant->disclosers, place->grant->n_disclosers);
}

static bool recipients(const struct consent_place *place)
{
	return parties_named(place->grant->recipients, place->grant->n_recipients);
}

static bool intermediary_named(const struct consent_place *place)
{
	return place->grant->intermediary_named;
}

/* 2.31(a)(4)(ii): a class is reached through an intermediary, which then must be named. */
static bool intermediary_needed(const struct consent_place *place)
{
	return place->regime->intermediary == POLICY_INTERMEDIARY_ALWAYS ||
	       class_among(place->grant->recipients, place->grant->n_recipients);
}

/* What no rule lets go by consent cannot be consented to. */
static bool categories(const struct consent_place *place)
{
	for (size_t i = 0; i < place->grant->n_categories; i++)
		if (!policy_may_permit(place->policy, (uint32_t)place->grant->categories[i],
				       POLICY_BASIS_CONSENT))
			return false;
	return place->grant->n_categories > 0;
}

static bool description(const struct consent_place *place)
{
	return filled(place->grant->description);
}

static bool purposes(const struct consent_place *place)
{
	for (size_t i = 0; i < place->grant->n_purposes; i++)
		if (*policy_purpose_name((uint32_t)place->grant->purposes[i]) == '\0')
			return false;
	return place->grant->n_purposes > 0;
}

/* One that the policy knows how to see, in a proceeding that is named. */
static bool event_known(const struct consent_place *place, const char *code)
{
	const struct policy_event *event;

	if (!filled(place->grant->proceeding_id))
		return false;
	for (size_t i = 0; (event = policy_event(place->policy, i)) != NULL; i++)
		if (strcmp(event->event_code, code) == 0)
			return true;
	return false;
}

static bool expiry(const struct consent_place *place)
{
	const Throughcare__V1__ConsentGrant__Expiry *end = place->grant->expiry;
	int64_t from_ms = 0;

	if (!end || (end->at != NULL) + filled(end->event_code) + (end->none_tpo != 0) != 1)
		return false;
	if (end->none_tpo)
		return tpo_purposes(place->policy, place->grant) == place->grant->n_purposes;
	if (!end->at)
		return event_known(place, end->event_code);
	if (place->consent->signature)
		from_ms = consent_time_ms(place->consent->signature->signed_at, 0);
	from_ms = consent_time_ms(place->grant->valid_from, from_ms);
	return consent_time_ms(end->at, 0) > from_ms;
}

static bool revocable_given(const struct consent_place *place)
{
	return place->grant->revocable_from;
}

/* Only 2.35 lets a consent be irrevocable for a time. */
static bool revocable_from(const struct consent_place *place)
{
	const Throughcare__V1__ConsentGrant__RevocableFrom *from = place->grant->revocable_from;

	if (!from || !place->regime->revocable_later ||
	    (from->at != NULL) + filled(from->event_code) != 1)
		return false;
	return from->at || event_known(place, from->event_code);
}

static bool revocable_later(const struct consent_place *place)
{
	return place->regime->revocable_later;
}

/* The case that it is irrevocable for, and that alone it may be used in (2.35(a), (d)). */
static bool proceeding_id(const struct consent_place *place)
{
	return filled(place->grant->proceeding_id);
}

static bool imposing_authority(const struct consent_place *place)
{
	return filled(place->grant->imposing_authority);
}

static bool monitor_role(const struct consent_place *place)
{
	return filled(place->grant->monitor_role);
}

static bool duration_reason(const struct consent_place *place)
{
	return filled(place->grant->duration_reason);
}

/* Those who may monitor a condition are told, and tell nothing back by it. */
static bool direction(const struct consent_place *place)
{
	return !place->regime->revocable_later || place->grant->direction != DIRECTION(TWO_WAY);
}

static bool redisclosure_given(const struct consent_place *place)
{
	return place->grant->redisclosure != REDISCLOSE(UNSPECIFIED);
}

/* 2.35(d): for official duties about that case, or not at all. */
static bool redisclosure(const struct consent_place *place)
{
	return redisclosure_given(place) &&
	       (!place->regime->revocable_later || place->grant->redisclosure == REDISCLOSE(NONE) ||
		place->grant->redisclosure == REDISCLOSE(OFFICIAL_DUTY_CASE));
}

const struct consent_element consent_grant_elements[] = {
	{"disclosers", disclosers, always},
	{"recipients", recipients, always},
	{"intermediary_named", intermediary_named, intermediary_needed},
	{"categories", categories, always},
	{"description", description, NULL},
	{"purposes", purposes, always},
	{"direction", direction, revocable_later},
	{"expiry", expiry, always},
	{"revocable_from", revocable_from, revocable_given},
	{"proceeding_id", proceeding_id, revocable_later},
	{"imposing_authority", imposing_authority, NULL},
	{"monitor_role", monitor_role, NULL},
	{"duration_reason", duration_reason, NULL},
	{"redisclosure", redisclosure, redisclosure_given},
};
const size_t consent_grant_element_count =
	sizeof(consent_grant_elements) / sizeof(consent_grant_elements[0]);
