/*
 * consent_event - what an event of a proceeding does to the grants that wait for it.
 *
 * A grant may expire on an event, or become revocable with it (42 CFR 2.35(c)). Which
 * messages of whom make which event happen is the policy's; the final disposition of the
 * proceeding is the latest at which a grant becomes revocable, whatever else it waits for.
 *
 * Owner:  ledger thread, inside its write transaction. Blocks: never.
 */
#ifndef CONSENT_CONSENT_EVENT_H
#define CONSENT_CONSENT_EVENT_H

#include "consent/grant.h"

struct consent_event {
	struct tc_slice proceeding;
	const char *code;     /* "final_disposition" */
	bool final;           /* it is the final disposition of the proceeding */
	struct tc_id subject; /* none: of everybody in the proceeding */
	int64_t now_ms;
};

/* Appends what flips to *ret. The caller has checked who says so. */
int consent_event_happen(struct store_txn *txn, const struct consent_tables *tables,
			 const struct consent_event *event,
			 struct grant_changes *ret) TC_MUST_CHECK;

/* When the event last happened for this subject; INT64_MIN: never. A consent that was signed
 * before is recorded as one whose event has come. */
int consent_event_last_ms(struct store_txn *txn, const struct consent_tables *tables,
			  struct tc_slice proceeding, const char *code, struct tc_id subject,
			  int64_t *ret) TC_MUST_CHECK;

#endif
