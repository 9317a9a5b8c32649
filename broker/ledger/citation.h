/*
 * citation - messages that a message speaks about, by id: its sender must have sent them
 * itself or been handed them. Others' ids are none of its business: it is not told whether
 * there is such a message.
 *
 * Owner:  ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_CITATION_H
#define LEDGER_CITATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"

struct ledger;
struct submission;

enum citation_outcome {
	CITATION_UNKNOWN = 1, /* nobody has sent such a message, or not to this agency */
};

/* The message of this id that `agency` (a principal) has sent or was handed: its sequence and
 * sender. Message ids are their senders' own; of several, the agency's own one comes first. */
int citation_find(struct ledger *ledger, uint32_t agency, struct tc_id message,
		  uint64_t *ret_sequence, uint32_t *ret_sender) TC_MUST_CHECK;

/* Was this delivery handed over, ever? Its row need not be there. */
int citation_handed(struct ledger *ledger, uint64_t delivery, bool *ret) TC_MUST_CHECK;

/* A Statement must be about a message that its sender knows, or a referral that it is a party to; a
 * desk that takes consents may attach one to anything. 0, SUBMISSION_REFUSED (UNKNOWN_CITATION) or
 * a fault. */
int citation_check_statement(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;

/* A ViolationReport, BreachReport or CourtReport cites messages that its sender knows, not more
 * than CLAIM_CITES_MAX. 0, SUBMISSION_REFUSED (UNKNOWN_CITATION, FIELD_INVALID) or a fault. */
int citation_check_report(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;

#endif
