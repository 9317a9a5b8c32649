/*
 * policy - the rules of release that hold for everybody, as tables that decision.c walks.
 *
 * What each information category demands, what each legal basis covers, and what each
 * kind of agency is before the law. Rule sources: 42 CFR 2.12, 2.13, 2.31, 2.35, 2.51,
 * 2.61 to 2.67; 45 CFR 164.508(b)(3). A change of a table is a new rule version, which
 * every decision carries into the trail.
 *
 * Owner: nobody; constant. Blocks: never.
 */
#ifndef CONSENT_POLICY_H
#define CONSENT_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

#define POLICY_RULE_VERSION 1

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

struct policy_agency_kind {
	const char *name;      /* "treatment": as registry entries and the command line say it */
	bool treating;         /* may be reached by a "my treating providers" class */
	bool part2_programme;  /* what it says about attendance and progress is part 2 content */
	bool criminal_justice; /* may monitor under 42 CFR 2.35 */
	bool orders;           /* a court or board: may recall a referral by order */
};

const struct policy_agency_kind *policy_agency_kind(enum agency_kind kind);
/* AGENCY_KIND_UNKNOWN for an unknown name. */
enum agency_kind policy_agency_kind_find(struct tc_slice name);

enum policy_class {
	POLICY_UNKNOWN_CATEGORY = 0, /* released to nobody */
	POLICY_OPERATIONAL,          /* by a grant or as non_part2_operational */
	POLICY_PROTECTED,            /* by a grant or a strong legal basis */
	POLICY_VICTIM,               /* never by the subject's consent */
	POLICY_EXCHANGE,             /* the exchange's own business: no decision needed */
	POLICY_TEST,                 /* synthetic subjects only */
};

struct policy_category {
	const char *name; /* "sud_treatment" */
	enum policy_class class;
	bool stands_alone;         /* a grant over it covers nothing else */
	bool part2_from_programme; /* POLICY_PROTECTED when a part 2 programme sends it */
	bool part2;                /* carries the notice of 42 CFR 2.32 */
};

/* Category numbers are those of options.proto. Unknown ones give the UNKNOWN row, never NULL. */
const struct policy_category *policy_category(uint32_t category);
/* 0 for an unknown name. */
uint32_t policy_category_find(struct tc_slice name);
/* The class of a category when an agency of `sender` sends it. */
enum policy_class policy_class_of(uint32_t category, enum agency_kind sender);
/* Does it carry the notice of 2.32 when an agency of `sender` sends it? */
bool policy_part2(uint32_t category, enum agency_kind sender);

struct policy_basis {
	const char *name;      /* "court_order" */
	bool needs_reference;  /* order id, citation or report number */
	bool treating_only;    /* 2.51: medical personnel */
	bool part2_notice;     /* what part 2 protects goes out with its notice */
	bool operational_only; /* not what policy_class_of says is protected */
	uint64_t categories;   /* bit of each category that it covers */
};

/* NULL for an unknown or unspecified basis. Numbers are those of LegalBasis in envelope.proto. */
const struct policy_basis *policy_basis(uint32_t legal);

/* Purpose names for explanations: "supervision_monitoring"; "" for unknown. */
const char *policy_purpose_name(uint32_t purpose);

#endif
