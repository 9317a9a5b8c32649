/*
 * evidence - what the exchange itself says: to senders about custody, to recipients
 * about consents that ended and messages to give back.
 *
 * Each is an own message (own_message.h) about messages and grants, never about what a
 * consent says of others.
 *
 * Owner:  ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_EVIDENCE_H
#define LEDGER_EVIDENCE_H

#include "ledger/delivery.h"
#include "ledger/principal.h"
#include "throughcare/v1/consent.pb-c.h"
#include "throughcare/v1/exchange.pb-c.h"

/* Tells the sender, when the evidence level of the message and the kind ask for it. */
int evidence_send(struct ledger *ledger, const struct delivery *delivery,
		  Throughcare__V1__EvidenceKind kind, const char *code) TC_MUST_CHECK;

/* What evidence is about when its delivery may have ended long ago. */
struct evidence_about {
	struct tc_id message;
	struct tc_id subject;
	struct tc_id referral;
	uint32_t recipient; /* of that message */
};
/* Tells `to`, whatever the evidence level was. */
int evidence_say(struct ledger *ledger, uint32_t to, const struct evidence_about *about,
		 Throughcare__V1__EvidenceKind kind, const char *code) TC_MUST_CHECK;

/* Tells a recipient that nothing more will come under a grant (or will not, from then on). */
int evidence_consent_notice(struct ledger *ledger, uint32_t recipient, struct tc_id grant,
			    struct tc_id subject, bool ended, int64_t effective_ms) TC_MUST_CHECK;

/* Tells the agency that disclosed `message` that this must be reviewed until `due_ms`, or was not.
 */
int evidence_review_notice(struct ledger *ledger, uint32_t sender, struct tc_id message,
			   struct tc_id subject, int64_t due_ms, bool overdue) TC_MUST_CHECK;

#endif
