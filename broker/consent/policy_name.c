#include "consent/policy_name.h"

#include <stddef.h>

#include "throughcare/v1/consent.pb-c.h"
#include "throughcare/v1/envelope.pb-c.h"
#include "throughcare/v1/options.pb-c.h"
#include "throughcare/v1/policy.pb-c.h"
#include "throughcare/v1/registry.pb-c.h"
#include "wire/part_types.h"

static const char *const purposes[] = {
	"",
	"referral_coordination",
	"treatment",
	"care_management",
	"supervision_monitoring",
	"payment",
	"operations",
	"at_request",
	"emergency",
	"legal_proceeding",
	"audit_evaluation",
	"research",
};

static const char *const kinds[] = {
	"unknown",   "parole", "probation",      "treatment", "housing", "court",      "employment",
	"education", "police", "victim_service", "intake",    "lab",     "monitoring", "other",
};

static const char *const bases[] = {
	"",
	"consent",
	"court_order",
	"medical_emergency",
	"mandatory_report",
	"statute",
	"non_part2_operational",
};

static const char *const regimes[] = {
	"", "part2", "part2_cj", "hipaa_auth", "state", "va", "policy",
};

#define COUNT(table) ((uint32_t)(sizeof(table) / sizeof((table)[0])))

_Static_assert(COUNT(purposes) == POLICY_PURPOSE_COUNT &&
		       (int)THROUGHCARE__V1__PURPOSE__PURPOSE_RESEARCH == POLICY_PURPOSE_COUNT - 1,
	       "every purpose has its name");
_Static_assert(COUNT(kinds) == AGENCY_KIND_COUNT, "every kind has its name");
_Static_assert(COUNT(bases) == POLICY_BASIS_COUNT &&
		       (int)THROUGHCARE__V1__RELEASE_BASIS__RELEASE_BASIS_NON_PART2_OPERATIONAL ==
			       POLICY_BASIS_COUNT - 1,
	       "every basis has its name");
_Static_assert(COUNT(regimes) == POLICY_REGIME_COUNT, "every regime has its name");

/* The number of a name from 1 on; 0 when there is none. */
static uint32_t find(const char *const *names, uint32_t count, struct tc_slice name)
{
	for (uint32_t i = 1; i < count; i++)
		if (tc_slice_equal(tc_slice_text(names[i]), name))
			return i;
	return 0;
}

const char *policy_category_name(uint32_t category)
{
	return category > 0 && category < POLICY_CATEGORY_COUNT
		       ? tc_category_name((Throughcare__V1__Category)category)
		       : "unknown";
}

const char *agency_kind_name(enum agency_kind kind)
{
	return kinds[(uint32_t)kind < COUNT(kinds) ? (uint32_t)kind : 0];
}

const char *policy_purpose_name(uint32_t purpose)
{
	return purposes[purpose < COUNT(purposes) ? purpose : 0];
}

const char *policy_basis_name(uint32_t basis)
{
	return bases[basis < COUNT(bases) ? basis : 0];
}

const char *policy_regime_name(uint32_t regime)
{
	return regimes[regime < COUNT(regimes) ? regime : 0];
}

uint32_t policy_category_find(struct tc_slice name)
{
	for (uint32_t i = 1; i < POLICY_CATEGORY_COUNT; i++)
		if (tc_slice_equal(tc_slice_text(policy_category_name(i)), name))
			return i;
	return 0;
}

enum agency_kind agency_kind_find(struct tc_slice name)
{
	return (enum agency_kind)find(kinds, COUNT(kinds), name);
}

uint32_t policy_basis_of(uint32_t legal)
{
	return legal > 0 && legal < POLICY_BASIS_COUNT - 1 ? legal + 1 : POLICY_BASIS_NONE;
}
