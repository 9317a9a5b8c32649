/*
 * audit_accounting - an accounting of disclosures, checked against the log: that it is about this
 * person, that no disclosure was left out of it, and that its list is what they give.
 *
 * Every disclosure about a person is a link of the person's chain of hashes. The newest link (the
 * head) stands in a tree over all persons; the root of that tree stands in a record of the log (the
 * anchor), and that record is proven like any other.
 *
 * What it rests on: that the exchange's software chained each disclosure when it made it (who
 * applies the log again would find out), and that the checkpoint is the one that others see
 * (witnesses). Disclosures after the anchor are listed and not proven.
 *
 * Owner: any thread. Blocks: never. Faults: those of digest.h.
 */
#ifndef AUDIT_AUDIT_ACCOUNTING_H
#define AUDIT_AUDIT_ACCOUNTING_H

#include "audit/audit_claim.h"
#include "base/id.h"
#include "throughcare/v1/trail.pb-c.h"

/* Why a link of the chain is not opened. */
enum tc_audit_withheld {
	TC_AUDIT_WITHHELD_WINDOW, /* outside what was asked for */
	TC_AUDIT_WITHHELD_SUSPENDED,
	TC_AUDIT_WITHHELD_SEALED,
	TC_AUDIT_WITHHELD_EXPUNGED,
	TC_AUDIT_WITHHELD_RETENTION,
	TC_AUDIT_WITHHELD_COUNT
};
const char *tc_audit_withheld_name(enum tc_audit_withheld why);

struct tc_audit_accounted {
	struct tc_audit_claimed claimed; /* the anchor's record and its checkpoint */
	uint64_t proven;                 /* links of the chain */
	uint64_t unproven;               /* after the anchor */
	uint64_t listed;                 /* disclosures in the list */
	uint64_t exempt;                 /* within the window, and left out by the rule */
	uint64_t withheld[TC_AUDIT_WITHHELD_COUNT];
	uint64_t complete_before; /* the position that the chain is complete up to */
	size_t lines;
};

/* From the JSON that `accounting --format json` prints; freed by
 * throughcare__v1__accounting__free_unpacked(ret, NULL). 0, TC_AUDIT_FOUND or a fault. */
int tc_audit_accounting_read(struct tc_slice text, Throughcare__V1__Accounting **ret,
			     struct tc_audit_finding *finding) TC_MUST_CHECK;
/* 0, TC_AUDIT_FOUND or a fault. */
int tc_audit_accounting_check(const struct tc_audit_policy *policy,
			      const Throughcare__V1__Accounting *accounting,
			      struct tc_audit_accounted *ret,
			      struct tc_audit_finding *finding) TC_MUST_CHECK;

#endif
