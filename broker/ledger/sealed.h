/*
 * sealed - deliveries with sealed parts, and the certificates that they were sealed to.
 *
 * What was sealed to a certificate that is not its recipient's any more could not be opened:
 * it is not taken, and what waits of it is recalled, so that its sender seals it anew. Both
 * are decided at a position of the log, from what the registry knows there. Where the sender
 * named the certificates (Part.sealed_to), the recipient's must be among them; where it did
 * not, the one in force at the submission is taken for it.
 *
 * Owner: ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_SEALED_H
#define LEDGER_SEALED_H

#include "base/err.h"
#include "consent/decision.h"
#include "ledger/delivery.h"
#include "throughcare/v1/record.pb-c.h"

struct ledger;
struct submission;

/* Notes in a new delivery which parts are sealed, and to which certificate. 0, SUBMISSION_REFUSED
 * (CERTIFICATE_CHANGED) or a fault. */
int sealed_take(struct ledger *ledger, struct submission *submission,
		struct delivery *delivery) TC_MUST_CHECK;
/* Denies what may go by consent or law, or may yet, and could not be opened. */
int sealed_decide(struct ledger *ledger, const struct delivery *delivery,
		  const tc_agency *recipient, struct decision *decision) TC_MUST_CHECK;

/* A certificate was seen at the log-on at hand, was entered into the registry, or is revoked: what
 * was sealed to another one is decided again. */
int sealed_logon(struct ledger *ledger) TC_MUST_CHECK;
int sealed_entry(struct ledger *ledger,
		 const Throughcare__V1__SubmissionRecord *record) TC_MUST_CHECK;
int sealed_revoked(struct ledger *ledger, const uint8_t sha256[32]) TC_MUST_CHECK;

#endif
