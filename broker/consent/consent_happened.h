/*
 * consent_happened - which events of a proceeding have come, about whom, and who says so.
 *
 *   consent_events    proceeding, event, subject, who says so -> when it last happened, by which
 *                                                                 record
 *   consent_happened  subject, proceeding, event, who says so -> the record
 *
 * Owner:  writing: ledger thread, inside its transaction. Blocks: never.
 */
#ifndef CONSENT_CONSENT_HAPPENED_H
#define CONSENT_CONSENT_HAPPENED_H

#include "consent/consent_event.h"

enum consent_happened_outcome {
	CONSENT_HAPPENED_END = 1, /* no further one */
};

int consent_happened_keep(struct store_txn *txn, const struct consent_tables *tables,
			  const struct consent_event *event) TC_MUST_CHECK;

/* When the event last happened for this grant; INT64_MIN: never. A consent that was signed before
 * is recorded as one whose event has come. */
int consent_happened_last_ms(struct store_txn *txn, const struct consent_tables *tables,
			     const struct authority_grant *grant, const char *code,
			     int64_t *ret) TC_MUST_CHECK;

/* Whether the same agency said it of the event's subject in that moment, or later. */
int consent_happened_known(struct store_txn *txn, const struct consent_tables *tables,
			   const struct consent_event *event, bool *ret) TC_MUST_CHECK;
/* What was said of event->subject, after *event (without a proceeding: the first), into *event. 0,
 * CONSENT_HAPPENED_END or a fault. */
int consent_happened_next(struct store_txn *txn, const struct consent_tables *tables,
			  struct consent_event *event) TC_MUST_CHECK;

#endif
