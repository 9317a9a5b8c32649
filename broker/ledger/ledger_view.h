/*
 * ledger_view - read-only snapshots of the ledger for the query threads.
 *
 * A view sees one commit. The tables of registry, consents and referrals are read
 * through their own folders' functions with ledger_view_txn.
 *
 * Owner:  the thread that opened it. Blocks: on page faults only.
 */
#ifndef LEDGER_LEDGER_VIEW_H
#define LEDGER_LEDGER_VIEW_H

#include <stdint.h>

#include "consent/consent_tables.h"
#include "consent/policy.h"
#include "ledger/delivery.h"
#include "ledger/idempotency.h"
#include "ledger/ledger.h"
#include "ledger/order.h"
#include "ledger/person.h"
#include "ledger/policy_state.h"
#include "ledger/principal.h"
#include "ledger/registry.h"
#include "ledger/review.h"
#include "ledger/tables.h"
#include "referral/referral.h"
#include "store/store.h"

struct ledger_view;

enum ledger_view_outcome {
	LEDGER_VIEW_UNKNOWN = 1, /* no such row */
};

/* Opened while the ledger is; closed before it is. */
int ledger_view_open(struct ledger_view **ret, const struct ledger *ledger) TC_MUST_CHECK;
/* Moves to the newest commit and returns through *ret_next the sequence it has reached. */
int ledger_view_renew(struct ledger_view *view, uint64_t *ret_next) TC_MUST_CHECK;
/* Lets go of the snapshot while nothing is asked; renew before the next question. */
void ledger_view_reset(struct ledger_view *view);
void ledger_view_close(struct ledger_view **view);

struct store_txn *ledger_view_txn(const struct ledger_view *view);
/* One of the ledger's own tables, for the reader that the table's file exports. */
struct store_table ledger_view_table(const struct ledger_view *view, enum ledger_table table);
const struct registry_tables *ledger_view_registry(const struct ledger_view *view);
const struct consent_tables *ledger_view_consent(const struct ledger_view *view);
const struct referral_tables *ledger_view_referral(const struct ledger_view *view);
struct order_tables ledger_view_orders(const struct ledger_view *view);
/* In force at the snapshot; valid until the view is renewed. */
const struct policy *ledger_view_policy(const struct ledger_view *view);
/* The one that was in force at the record of `sequence`. 0 or a fault. */
int ledger_view_policy_at(struct ledger_view *view, uint64_t sequence,
			  const struct policy **ret) TC_MUST_CHECK;
/* That of a version. These two are valid until renewed or eight others were asked for. 0,
 * LEDGER_VIEW_UNKNOWN or a fault. */
int ledger_view_policy_version(struct ledger_view *view, uint32_t version,
			       const struct policy **ret) TC_MUST_CHECK;
/* Since when it is in force, and its bytes; version 0: the one in force. The same outcomes. */
int ledger_view_policy_row(struct ledger_view *view, uint32_t version,
			   struct policy_row *ret) TC_MUST_CHECK;

/* Counts of an agency's mailbox. 0, LEDGER_VIEW_UNKNOWN (nothing was ever sent to it) or a fault.
 */
int ledger_view_mailbox(struct ledger_view *view, const tc_agency *agency,
			struct mailbox_counts *ret) TC_MUST_CHECK;

/* Sequence of what was accepted from this sender under this message id. 0, LEDGER_VIEW_UNKNOWN or
 * a fault. */
int ledger_view_submission(struct ledger_view *view, Throughcare__V1__PeerKind kind,
			   const tc_agency *sender, struct tc_id message,
			   uint64_t *ret_sequence) TC_MUST_CHECK;

/* The number of an agency in the ledger's keys. 0, LEDGER_VIEW_UNKNOWN (the log has not seen it) or
 * a fault. */
int ledger_view_number(struct ledger_view *view, const tc_agency *agency,
		       uint32_t *ret) TC_MUST_CHECK;

/* The other network ids that were the same person at that time, as far as no merge was undone
 * since; see person.h. 0 or a fault. */
int ledger_view_others(struct ledger_view *view, struct tc_id id, int64_t as_of_ms,
		       struct tc_id ret[PERSON_IDS_MAX], size_t *ret_count) TC_MUST_CHECK;

/* The name behind receipt_line.recipient and the like. */
int ledger_view_principal(struct ledger_view *view, uint32_t number, tc_agency *ret) TC_MUST_CHECK;

/* Releases that are reviewed, of one agency or (NULL) of all; see review_list. */
int ledger_view_reviews(struct ledger_view *view, const tc_agency *agency, bool open_only,
			uint64_t after, struct review *ret, size_t max, size_t *ret_count,
			bool *ret_more) TC_MUST_CHECK;

#endif
