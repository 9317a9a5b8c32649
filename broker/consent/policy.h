/*
 * policy - the policy of release, compiled: what each rule permits, what each category, kind
 * of agency, purpose, regime and basis is before it.
 *
 * The policy is data (throughcare.v1.ReleasePolicy): the exchange brings a default along, an
 * operator puts another in force, and every decision names the version that it was taken by.
 * What any rule denies is denied; else what any rule permits is permitted; what no rule speaks
 * about is denied. The exchange's own business (EXCHANGE) is permitted without a rule; synthetic
 * content (TEST) is the decision's, since it depends on the subject. What the policy has no row
 * for is treated in the most restrictive way.
 *
 * Owner: whoever compiled it; immutable, so that any thread may read it. Blocks: never.
 */
#ifndef CONSENT_POLICY_H
#define CONSENT_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "consent/policy_name.h"
#include "wire/refusal.h"

#define POLICY_NOTICES_MAX 32           /* bits of a set of notices, see notice.h */
#define POLICY_BYTES_MAX   (256 * 1024) /* of a packed policy */
#define POLICY_RULES_MAX   256

struct policy;

enum policy_outcome {
	POLICY_REFUSED = 1, /* the refusal says why: POLICY_INVALID, its detail names the place */
};

/* `packed` is a ReleasePolicy from anywhere; it is copied. 0, POLICY_REFUSED or a fault. */
int policy_compile(struct tc_slice packed, struct policy **ret,
		   struct tc_refusal *refusal) TC_MUST_CHECK;
void policy_free(struct policy **policy);
/* The packed ReleasePolicy that this build brings along (broker/consent/policy.yaml). */
struct tc_slice policy_default(void);

const char *policy_id(const struct policy *policy);
uint32_t policy_version(const struct policy *policy);
/* Of the packed policy: 32 bytes. */
const uint8_t *policy_sha256(const struct policy *policy);
struct tc_slice policy_packed(const struct policy *policy);

struct policy_ruling {
	bool permitted;
	int rule;         /* the first that permits, or the first that denies; -1: none speaks */
	uint32_t notices; /* of every rule that permits: bits of notice.h */
};

/* What the rules say about a part of `category` from an agency of one kind to one of another, for
 * `purpose` (throughcare.v1.Purpose), on `basis` (enum policy_release_basis). Unknown numbers are
 * matched by rules that ask for none, an unknown category or basis by none at all. */
void policy_rule(const struct policy *policy, uint32_t category, enum agency_kind from,
		 enum agency_kind to, uint32_t purpose, uint32_t basis, struct policy_ruling *ret);
/* Whether any rule permits the category on that basis, for some agencies and purpose. */
bool policy_may_permit(const struct policy *policy, uint32_t category, uint32_t basis);
/* "" for a number that is no rule's. */
const char *policy_rule_id(const struct policy *policy, int rule);
const char *policy_rule_cite(const struct policy *policy, int rule);

struct policy_category {
	const char *name;   /* "sud_treatment" */
	bool stands_alone;  /* a grant over it covers nothing else */
	bool sealed;        /* the sender's library seals it by default */
	bool restricted;    /* whoever received it is bound by the rule it came with */
	uint32_t hold_days; /* 0: as long as the message is valid */
};

struct policy_agency_kind {
	const char *name;      /* "treatment": as registry entries and the command line say it */
	bool treating;         /* may be reached by a "my treating providers" class */
	bool criminal_justice; /* may monitor under 42 CFR 2.35 */
	bool orders;           /* a court or board: its orders and dispositions count */
	bool consent_desk;     /* takes consents and revocations, also others' */
	bool identity_source;  /* says which network ids are one person */
};

struct policy_purpose {
	const char *name;
	bool tpo;          /* treatment, payment or operations */
	bool stands_alone; /* a consent for it is for nothing else */
};

enum policy_intermediary {
	POLICY_INTERMEDIARY_NEVER = 0,
	POLICY_INTERMEDIARY_ALWAYS = 1,
	POLICY_INTERMEDIARY_FOR_CLASSES = 2,
};

struct policy_regime {
	const char *name;
	const char *const *required; /* "subject_name_as_signed", "grants.description" */
	size_t required_count;
	enum policy_intermediary intermediary;
	bool revocable_later; /* 42 CFR 2.35(c) */
	uint32_t notices;     /* when the grant attaches no statement of its own */
	bool scope;           /* 42 CFR 2.32(b): the consent's scope is explained */
};

struct policy_basis {
	const char *name;     /* "court_order" */
	bool needs_reference; /* order id, citation or report number */
	bool needs_actor;
	uint32_t review_hours; /* released at once, reviewed within; 0: no review */
	bool lifts_redisclosure;
};

struct policy_event {
	const char *event_code; /* "final_disposition" */
	const char *type;       /* of the envelope that tells of it */
	const char *status;     /* "": any */
	bool disposition_final;
	uint32_t from; /* bit of each kind of agency that is believed */
};

/* Numbers of the schema. Never NULL: the most restrictive row for what the policy leaves out. */
const struct policy_category *policy_category(const struct policy *policy, uint32_t category);
const struct policy_agency_kind *policy_agency_kind(const struct policy *policy,
						    enum agency_kind kind);
const struct policy_purpose *policy_purpose(const struct policy *policy, uint32_t purpose);
/* NULL for one without a row: no consent can be recorded under it. */
const struct policy_regime *policy_regime(const struct policy *policy, uint32_t regime);
/* NULL for an unknown basis. */
const struct policy_basis *policy_basis(const struct policy *policy, uint32_t basis);
/* The i-th in the policy's order; NULL past the last. */
const struct policy_event *policy_event(const struct policy *policy, size_t i);

/* How long something is kept. */
struct policy_retention {
	const char *name;
	uint32_t days;
	const char *cite;    /* "" when there is none */
	uint32_t categories; /* of parts: bit of each */
	bool queries, logons, refusals;
};

/* The i-th in the policy's order; false past the last. */
bool policy_retention(const struct policy *policy, size_t i, struct policy_retention *ret);

struct notice;
/* The text of a notice bit for a discloser's jurisdiction (NULL or "": none): that one's, else the
 * one without, else the built-in. False when the bit means nothing under this policy. */
bool policy_notice(const struct policy *policy, unsigned bit, const char *jurisdiction,
		   struct notice *ret);
/* The codes of every bit set, in bit order: fills at most POLICY_NOTICES_MAX, returns how many. */
unsigned policy_notice_codes(const struct policy *policy, uint32_t notices,
			     const char *ret_codes[POLICY_NOTICES_MAX]);

#endif
