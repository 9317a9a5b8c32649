/*
 * suspension - disclosures to an oversight or law-enforcement body that stay out of the
 * person's own accounting for a time (45 CFR 164.528(a)(2)).
 *
 * Recorded by the agency that discloses, upon that body's statement: it bears on this
 * agency's disclosures about this person to that body, and on nobody else's. It hides
 * nothing from auditors, and recording it is a row of the trail itself.
 *
 * Owner:  suspension_submit: ledger thread. suspension_find: whoever owns the transaction.
 * Blocks: never.
 */
#ifndef LEDGER_SUSPENSION_H
#define LEDGER_SUSPENSION_H

#include <stdbool.h>

#include "base/id.h"
#include "store/store.h"

struct ledger;
struct submission;

enum suspension_outcome {
	SUSPENSION_NONE = 1, /* there never was one */
};

struct suspension {
	int64_t at_ms; /* recorded */
	int64_t until_ms;
	bool oral; /* counts for the rule's oral_days at most */
};

/* A DisclosureSuspension message. 0, SUBMISSION_REFUSED or a fault. */
int suspension_submit(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;

/* The latest of this agency about this person and recipient. 0, SUSPENSION_NONE or a fault. */
int suspension_find(struct store_txn *txn, struct store_table table, struct tc_id subject,
		    const tc_agency *agency, const tc_agency *recipient,
		    struct suspension *ret) TC_MUST_CHECK;

#endif
