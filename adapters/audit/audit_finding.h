/*
 * audit_finding - what a verification found wrong, in three parts.
 *
 * A value: it owns nothing. Which findings there are stands in audit_findings.def.
 *
 * Owner:  any thread. Blocks: never.
 */
#ifndef AUDIT_AUDIT_FINDING_H
#define AUDIT_AUDIT_FINDING_H

#define FINDING(name, code, message, hint) TC_AUDIT_##name,
enum tc_audit_code {
	TC_AUDIT_NOTHING,
#include "audit/audit_findings.def"
};
#undef FINDING

/* The outcome of every function of this folder that checks something. */
enum tc_audit_outcome {
	TC_AUDIT_FOUND = 1, /* it does not hold; the finding says why */
};

struct tc_audit_finding {
	enum tc_audit_code code;
	char detail[512]; /* where, and what exactly */
};

/* Fills it in and returns TC_AUDIT_FOUND. */
int tc_audit_find(struct tc_audit_finding *finding, enum tc_audit_code code, const char *format,
		  ...) __attribute__((format(printf, 3, 4)));
/* The same about a path, with what errno says. */
int tc_audit_find_errno(struct tc_audit_finding *finding, enum tc_audit_code code,
			const char *path);

const char *tc_audit_code_name(enum tc_audit_code code);
const char *tc_audit_code_message(enum tc_audit_code code);
const char *tc_audit_code_hint(enum tc_audit_code code);

#endif
