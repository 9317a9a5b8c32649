/*
 * consent_tables - where consents stand in the ledger's store.
 *
 *   consents             consent id                           -> state row, document
 *   consent_grants       grant id                             -> state row
 *   consent_pairs        subject, discloser, recipient, grant -> what a decision needs, flat
 *   consent_subjects     subject, consent id                  -> nothing
 *   consent_proceedings  proceeding, grant id                 -> nothing
 *
 * Owner: ledger thread for writing; query threads read with their own read transaction.
 */
#ifndef CONSENT_CONSENT_TABLES_H
#define CONSENT_CONSENT_TABLES_H

#include "store/store.h"

#define CONSENT_TABLES_COUNT 5

struct consent_tables {
	struct store_table consents;
	struct store_table grants;
	struct store_table pairs;
	struct store_table subjects;
	struct store_table proceedings;
};

/* Once at start, while no write transaction is open. */
int consent_tables_open(struct store *store, struct consent_tables *ret) TC_MUST_CHECK;

#endif
