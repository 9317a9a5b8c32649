/*
 * attached - a message goes along to somebody to whom it was not addressed: the person's own
 * statement to whoever gets what it is about, a changed hearing to whoever was told of it.
 *
 * Each has a decision of its own. Its sender is not to learn who that is: there is no evidence, no
 * count of what is held, and their rows of the trail are the exchange's. What no consent permits
 * yet waits, as any message, until one does or it expires.
 *
 * What is sealed goes to whom it is sealed only, and so does a part that came from others with a
 * rule on passing it on.
 *
 * Owner:  ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_ATTACHED_H
#define LEDGER_ATTACHED_H

#include "base/err.h"
#include "ledger/submission.h"
#include "store/store_key.h"

struct ledger;

/* A delivery without a recipient, of which others are made. False: this message goes to nobody
 * else. */
bool attached_template(const struct ledger *ledger, const struct submission *submission,
		       struct delivery *ret);
/* To one more. ret->id 0: it did not go; ret->attempt > 0: it was handed over at once. */
int attached_send(struct ledger *ledger, const struct delivery *template, uint32_t recipient,
		  struct delivery *ret) TC_MUST_CHECK;

/* Whom it goes to, each once and however many they are: the next principal after *recipient (0: the
 * first) that the table has under this prefix. 0, STORE_NOT_FOUND or a fault. */
int attached_next(struct ledger *ledger, struct store_table table, const struct store_key *prefix,
		  uint32_t *recipient) TC_MUST_CHECK;

/* Any open delivery is recalled, as one of which its sender is not to know: nobody is told. */
int attached_recall(struct ledger *ledger, struct delivery *delivery) TC_MUST_CHECK;

#endif
