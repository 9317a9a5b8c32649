/*
 * misdirected - what was disclosed about the wrong person, or must be given back: a notice to
 * whoever has it, and a task to attest in five working days that it is gone.
 *
 * Owner:  ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_MISDIRECTED_H
#define LEDGER_MISDIRECTED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/id.h"
#include "referral/referral.h"

struct ledger;

#define MISDIRECTED_MESSAGES_MAX 1024 /* of one notice, as its schema has it */
#define MISDIRECTED_DAYS         5    /* working days until it must be attested */

struct misdirected {
	uint32_t to;        /* principal: whoever has it */
	uint32_t asker;     /* principal: who is told what became of it; 0: nobody */
	struct tc_id cause; /* the message that `asker` knows it by */
	struct tc_id subject;
	struct tc_id referral;
	const struct tc_id *messages;
	size_t count;       /* 1..MISDIRECTED_MESSAGES_MAX */
	const char *reason; /* a code */
	bool recalled;      /* a RecallNotice: nothing was wrong, it is only no longer needed */
};

/* Sends the notice and opens the task. */
int misdirected_open(struct ledger *ledger, const struct misdirected *misdirected) TC_MUST_CHECK;
/* A referral was entered in error: whoever was told of it by the other side is asked to destroy
 * it. The notice names the Referral, which stands for all that was sent under it. */
int misdirected_follow(struct ledger *ledger, const struct referral_change *change) TC_MUST_CHECK;

#endif
