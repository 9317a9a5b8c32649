/*
 * policy_name - the short names of categories, purposes, kinds of agency and bases.
 *
 * They are the schema's own, in lower case and without its prefixes, and hold under every
 * policy: "sud_treatment", "care_management", "victim_service", "court_order".
 *
 * Owner: nobody; constant. Blocks: never.
 */
#ifndef CONSENT_POLICY_NAME_H
#define CONSENT_POLICY_NAME_H

#include <stdint.h>

#include "base/bytes.h"

/* The numbers of AgencyKind in registry.proto. Stored: never renumber. */
enum agency_kind {
	AGENCY_KIND_UNKNOWN = 0, /* the most restrictive: no exception applies to it */
	AGENCY_KIND_PAROLE = 1,
	AGENCY_KIND_PROBATION = 2,
	AGENCY_KIND_TREATMENT = 3,
	AGENCY_KIND_HOUSING = 4,
	AGENCY_KIND_COURT = 5,
	AGENCY_KIND_EMPLOYMENT = 6,
	AGENCY_KIND_EDUCATION = 7,
	AGENCY_KIND_POLICE = 8,
	AGENCY_KIND_VICTIM_SERVICE = 9,
	AGENCY_KIND_INTAKE = 10,
	AGENCY_KIND_LAB = 11,
	AGENCY_KIND_MONITORING = 12,
	AGENCY_KIND_OTHER = 13,
	AGENCY_KIND_COUNT
};

/* The numbers of ReleaseBasis in policy.proto: consent, or a LegalBasis plus one. */
enum policy_release_basis {
	POLICY_BASIS_NONE = 0,
	POLICY_BASIS_CONSENT = 1,
	POLICY_BASIS_COUNT = 7
};

/* How many there are, with the unspecified 0. */
#define POLICY_CATEGORY_COUNT 28
#define POLICY_PURPOSE_COUNT  12
#define POLICY_REGIME_COUNT   7

/* "unknown" for a number without a name. */
const char *policy_category_name(uint32_t category);
const char *agency_kind_name(enum agency_kind kind);
/* "" for a number without a name. */
const char *policy_purpose_name(uint32_t purpose);
const char *policy_basis_name(uint32_t basis);
const char *policy_regime_name(uint32_t regime);

/* 0 for an unknown name. */
uint32_t policy_category_find(struct tc_slice name);
enum agency_kind agency_kind_find(struct tc_slice name);

/* The release basis of a LegalBasis of a header; POLICY_BASIS_NONE for an unknown number. */
uint32_t policy_basis_of(uint32_t legal);

#endif
