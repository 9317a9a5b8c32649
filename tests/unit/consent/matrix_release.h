/*
 * matrix_release - rule by rule: what a consent or another basis lets go. Each row cites its
 * section and has a question that must be answered with a release and one that must not, about
 * the same document and what has happened to it.
 */
#ifndef TESTS_MATRIX_RELEASE_H
#define TESTS_MATRIX_RELEASE_H

#include "unit/consent/consent_fixture.h"

#define FROM_MS INT64_C(1798761600000) /* 2027-01-01: from when the 2.35 consents are revocable */

enum document {
	PLAIN,       /* the fixture's: treatment-a tells parole attendance and sud_treatment */
	TWO_WAY,     /* the same, and back */
	TO_CLASS,    /* treatment-a tells "my treating providers" */
	DESKS,       /* one desk and one person of parole */
	TPO,         /* for treatment, to treatment-b, without an end */
	NOTES,       /* counselling notes alone */
	PROCEEDING,  /* for a legal proceeding, to the court, case-1 */
	CJ_TIME,     /* 2.35, revocable from FROM_MS, case-1 */
	CJ_EVENT,    /* 2.35, revocable with the final disposition of case-1 */
	UNTIL_EVENT, /* ends with the final disposition of case-1 */
	LATER,       /* valid from FROM_MS */
};

/* What happens after the document is recorded, a day before it is asked. */
enum event {
	NOTHING,
	REVOKED,
	REVOKED_FOR_PAROLE,
	REVOKED_FOR_B, /* treatment-b, of a class */
	DISPOSED,      /* the final disposition of case-1 */
	SUPERSEDED,
	IN_ERROR,
};

struct matrix_rule {
	const char *section;
	enum document document;
	enum event event;
	struct question yes; /* released whole */
	struct question no;
	enum decision_kind kind; /* of the second */
	enum tc_refusal_code code;
	enum event then; /* happens between the two questions */
};

/* The names that rows use. */
#define HOLD    DECISION_HOLD
#define DENY    DECISION_DENY
#define MISSING TC_REFUSAL_CONSENT_MISSING
#define TAKEN   TC_REFUSAL_CONSENT_REVOKED
#define OVER    TC_REFUSAL_CONSENT_EXPIRED
#define BASIS   TC_REFUSAL_BASIS_INSUFFICIENT
#define ELSE    TC_REFUSAL_CONSENT_OTHER_PROCEEDING

#define DRUG_TEST                                                                                  \
	{                                                                                          \
		(uint8_t) CATEGORY(DRUG_TEST)                                                      \
	}
#define COUNSELLING                                                                                \
	{                                                                                          \
		(uint8_t) CATEGORY(SUD_COUNSELLING_NOTES)                                          \
	}
#define VICTIM                                                                                     \
	{                                                                                          \
		(uint8_t) CATEGORY(VICTIM_INFO)                                                    \
	}
#define CASE_1 .proceeding = "case-1"

/* Each in a fresh store. */
void matrix_walk(struct fixture *f, const struct matrix_rule *rules, size_t count);

#endif
