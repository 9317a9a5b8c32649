#include "consent/policy.h"

#include <string.h>

#include "throughcare/v1/envelope.pb-c.h"
#include "throughcare/v1/options.pb-c.h"

/* The generated names are long; the tables below should read as tables. */
#define CATEGORY(name) THROUGHCARE__V1__CATEGORY__CATEGORY_##name
#define BIT(name)      (UINT64_C(1) << CATEGORY(name))

static const struct policy_agency_kind agency_kinds[AGENCY_KIND_COUNT] = {
	[AGENCY_KIND_UNKNOWN] = {.name = "unknown", .part2_programme = true},
	[AGENCY_KIND_PAROLE] = {.name = "parole", .criminal_justice = true},
	[AGENCY_KIND_PROBATION] = {.name = "probation", .criminal_justice = true},
	[AGENCY_KIND_TREATMENT] = {.name = "treatment", .treating = true, .part2_programme = true},
	[AGENCY_KIND_HOUSING] = {.name = "housing"},
	[AGENCY_KIND_COURT] = {.name = "court", .criminal_justice = true, .orders = true},
	[AGENCY_KIND_EMPLOYMENT] = {.name = "employment"},
	[AGENCY_KIND_EDUCATION] = {.name = "education"},
	[AGENCY_KIND_POLICE] = {.name = "police", .criminal_justice = true},
	[AGENCY_KIND_VICTIM_SERVICE] = {.name = "victim_service"},
	[AGENCY_KIND_INTAKE] = {.name = "intake"},
	[AGENCY_KIND_LAB] = {.name = "lab"},
	[AGENCY_KIND_MONITORING] = {.name = "monitoring"},
	[AGENCY_KIND_OTHER] = {.name = "other"},
};

static const struct policy_category categories[] = {
	[CATEGORY(UNSPECIFIED)] = {.name = "unknown"},
	[CATEGORY(IDENTITY)] = {.name = "identity", .class = POLICY_OPERATIONAL},
	[CATEGORY(CONTACT)] = {.name = "contact", .class = POLICY_OPERATIONAL},
	[CATEGORY(REFERRAL_FACT)] = {.name = "referral_fact", .class = POLICY_OPERATIONAL},
	[CATEGORY(ATTENDANCE)] = {.name = "attendance",
				  .class = POLICY_OPERATIONAL,
				  .part2_from_programme = true},
	[CATEGORY(PROGRESS)] = {.name = "progress",
				.class = POLICY_OPERATIONAL,
				.part2_from_programme = true},
	[CATEGORY(SUD_DIAGNOSIS)] = {.name = "sud_diagnosis",
				     .class = POLICY_PROTECTED,
				     .part2 = true},
	[CATEGORY(SUD_TREATMENT)] = {.name = "sud_treatment",
				     .class = POLICY_PROTECTED,
				     .part2 = true},
	[CATEGORY(DRUG_TEST)] = {.name = "drug_test", .class = POLICY_PROTECTED, .part2 = true},
	[CATEGORY(MEDICATION)] = {.name = "medication", .class = POLICY_PROTECTED, .part2 = true},
	[CATEGORY(SUD_COUNSELLING_NOTES)] = {.name = "sud_counselling_notes",
					     .class = POLICY_PROTECTED,
					     .stands_alone = true,
					     .part2 = true},
	[CATEGORY(MENTAL_HEALTH)] = {.name = "mental_health", .class = POLICY_PROTECTED},
	[CATEGORY(PSYCHOTHERAPY_NOTES)] = {.name = "psychotherapy_notes",
					   .class = POLICY_PROTECTED,
					   .stands_alone = true},
	[CATEGORY(HIV)] = {.name = "hiv", .class = POLICY_PROTECTED},
	[CATEGORY(DV_SAFETY)] = {.name = "dv_safety", .class = POLICY_PROTECTED},
	[CATEGORY(MEDICAL_OTHER)] = {.name = "medical_other", .class = POLICY_PROTECTED},
	[CATEGORY(HOUSING)] = {.name = "housing", .class = POLICY_OPERATIONAL},
	[CATEGORY(EMPLOYMENT_EDUCATION)] = {.name = "employment_education",
					    .class = POLICY_OPERATIONAL},
	[CATEGORY(BENEFITS_FINANCE)] = {.name = "benefits_finance", .class = POLICY_OPERATIONAL},
	[CATEGORY(FAMILY)] = {.name = "family", .class = POLICY_OPERATIONAL},
	[CATEGORY(RISK_ASSESSMENT)] = {.name = "risk_assessment", .class = POLICY_OPERATIONAL},
	[CATEGORY(SUPERVISION_CONDITIONS)] = {.name = "supervision_conditions",
					      .class = POLICY_OPERATIONAL},
	[CATEGORY(CRIMINAL_HISTORY)] = {.name = "criminal_history", .class = POLICY_OPERATIONAL},
	[CATEGORY(COURT_PROCEEDING)] = {.name = "court_proceeding",
					.class = POLICY_PROTECTED,
					.stands_alone = true},
	[CATEGORY(VICTIM_INFO)] = {.name = "victim_info", .class = POLICY_VICTIM},
	[CATEGORY(JUVENILE)] = {.name = "juvenile", .class = POLICY_OPERATIONAL},
	[CATEGORY(EXCHANGE)] = {.name = "exchange", .class = POLICY_EXCHANGE},
	[CATEGORY(TEST)] = {.name = "test", .class = POLICY_TEST},
};

#define CATEGORY_COUNT (sizeof(categories) / sizeof(categories[0]))

#define OPERATIONAL                                                                                \
	(BIT(IDENTITY) | BIT(CONTACT) | BIT(REFERRAL_FACT) | BIT(ATTENDANCE) | BIT(PROGRESS) |     \
	 BIT(HOUSING) | BIT(EMPLOYMENT_EDUCATION) | BIT(BENEFITS_FINANCE) | BIT(FAMILY) |          \
	 BIT(RISK_ASSESSMENT) | BIT(SUPERVISION_CONDITIONS) | BIT(CRIMINAL_HISTORY) |              \
	 BIT(JUVENILE))
#define PROTECTED                                                                                  \
	(BIT(SUD_DIAGNOSIS) | BIT(SUD_TREATMENT) | BIT(DRUG_TEST) | BIT(MEDICATION) |              \
	 BIT(MENTAL_HEALTH) | BIT(HIV) | BIT(DV_SAFETY) | BIT(MEDICAL_OTHER))
#define NOTES (BIT(SUD_COUNSELLING_NOTES) | BIT(PSYCHOTHERAPY_NOTES))

/*
 * Counselling and psychotherapy notes move by a court's order or in an emergency, never on a
 * statute or report alone. Victim information is for those whom a statute or an order names.
 */
static const struct policy_basis bases[] = {
	[THROUGHCARE__V1__LEGAL_BASIS__LEGAL_BASIS_COURT_ORDER] =
		{
			.name = "court_order",
			.needs_reference = true,
			.categories = OPERATIONAL | PROTECTED | NOTES | BIT(COURT_PROCEEDING) |
				      BIT(VICTIM_INFO),
		},
	[THROUGHCARE__V1__LEGAL_BASIS__LEGAL_BASIS_MEDICAL_EMERGENCY] =
		{
			.name = "medical_emergency",
			.part2_notice = true,
			.treating_only = true,
			.categories = OPERATIONAL | PROTECTED | NOTES,
		},
	[THROUGHCARE__V1__LEGAL_BASIS__LEGAL_BASIS_MANDATORY_REPORT] =
		{
			.name = "mandatory_report",
			.needs_reference = true,
			.categories = OPERATIONAL | PROTECTED,
		},
	[THROUGHCARE__V1__LEGAL_BASIS__LEGAL_BASIS_STATUTE] =
		{
			.name = "statute",
			.needs_reference = true,
			.categories =
				OPERATIONAL | PROTECTED | BIT(COURT_PROCEEDING) | BIT(VICTIM_INFO),
		},
	[THROUGHCARE__V1__LEGAL_BASIS__LEGAL_BASIS_NON_PART2_OPERATIONAL] =
		{
			.name = "non_part2_operational",
			.operational_only = true,
			.categories = OPERATIONAL,
		},
};

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

const struct policy_agency_kind *policy_agency_kind(enum agency_kind kind)
{
	return (unsigned)kind < AGENCY_KIND_COUNT ? &agency_kinds[kind]
						  : &agency_kinds[AGENCY_KIND_UNKNOWN];
}

enum agency_kind policy_agency_kind_find(struct tc_slice name)
{
	for (unsigned i = 1; i < AGENCY_KIND_COUNT; i++)
		if (tc_slice_equal(tc_slice_text(agency_kinds[i].name), name))
			return (enum agency_kind)i;
	return AGENCY_KIND_UNKNOWN;
}

const struct policy_category *policy_category(uint32_t category)
{
	return category < CATEGORY_COUNT ? &categories[category] : &categories[0];
}

uint32_t policy_category_find(struct tc_slice name)
{
	for (uint32_t i = 1; i < CATEGORY_COUNT; i++)
		if (tc_slice_equal(tc_slice_text(categories[i].name), name))
			return i;
	return 0;
}

enum policy_class policy_class_of(uint32_t category, enum agency_kind sender)
{
	const struct policy_category *row = policy_category(category);

	if (row->part2_from_programme && policy_agency_kind(sender)->part2_programme)
		return POLICY_PROTECTED;
	return row->class;
}

bool policy_part2(uint32_t category, enum agency_kind sender)
{
	const struct policy_category *row = policy_category(category);

	return row->part2 ||
	       (row->part2_from_programme && policy_agency_kind(sender)->part2_programme);
}

const struct policy_basis *policy_basis(uint32_t legal)
{
	if (legal >= sizeof(bases) / sizeof(bases[0]) || !bases[legal].name)
		return NULL;
	return &bases[legal];
}

const char *policy_purpose_name(uint32_t purpose)
{
	return purpose < sizeof(purposes) / sizeof(purposes[0]) ? purposes[purpose] : "";
}
