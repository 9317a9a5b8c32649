/*
 * consent_tables - where consents stand in the ledger's store.
 *
 *   consents             consent id, version                           -> state row, document
 *   consent_grants       grant id, version of its consent              -> state row
 *   consent_pairs        subject, discloser, recipient, grant, version -> what a decision needs
 *   consent_over         (the same key)                                -> the same, once it is over
 *   consent_members      grant, version, discloser, recipient          -> when it was taken out
 *   consent_subjects     subject, consent id                           -> nothing
 *   consent_seen         agency, subject, consent id                   -> nothing; see grant.h
 *   consent_proceedings  proceeding, subject, grant id, version        -> nothing
 *   consent_events       proceeding, event, subject, who says so       -> when it last happened
 *   consent_happened     subject, proceeding, event, who says so       -> by which record
 *   consent_courts       proceeding, subject                           -> see authority.h
 *   consent_unsettled    proceeding, sequence, index                   -> see consent_event.h
 *
 * Nothing is ever overwritten by a later document: what a version said, and until when it
 * counted, can be decided on again years later. What was superseded, revoked, ended by its
 * event or entered in error leaves consent_pairs for consent_over, so that a decision does not
 * pass by all that ever was.
 *
 * Owner: ledger thread for writing; query threads read with their own read transaction.
 */
#ifndef CONSENT_CONSENT_TABLES_H
#define CONSENT_CONSENT_TABLES_H

#include "store/store.h"

#define CONSENT_TABLES_COUNT 12

struct consent_tables {
	struct store_table consents;
	struct store_table grants;
	struct store_table pairs;
	struct store_table over;
	struct store_table members;
	struct store_table subjects;
	struct store_table seen;
	struct store_table proceedings;
	struct store_table events;
	struct store_table unsettled;
	struct store_table courts;
	struct store_table happened;
};

/* Once at start, while no write transaction is open. */
int consent_tables_open(struct store *store, struct consent_tables *ret) TC_MUST_CHECK;

#endif
