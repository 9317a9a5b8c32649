/*
 * audit_disclosure - the opened rows of a person's chain: each the one that its link names, none
 * missing within the window, and the list of the accounting made of them and nothing else.
 *
 * Names, addresses and the wording of a line come from the registry and are the exchange's word;
 * so is the kind of a recipient, where an exemption depends on it.
 *
 * Owner: any thread. Blocks: never. Faults: those of digest.h, TC_ENOMEM.
 */
#ifndef AUDIT_AUDIT_DISCLOSURE_H
#define AUDIT_AUDIT_DISCLOSURE_H

#include "audit/audit_accounting.h"

/* Fills listed, exempt, withheld and lines. 0, TC_AUDIT_FOUND or a fault. */
int tc_audit_disclosures_check(const Throughcare__V1__Accounting *accounting, struct tc_id subject,
			       struct tc_audit_accounted *ret,
			       struct tc_audit_finding *finding) TC_MUST_CHECK;

#endif
