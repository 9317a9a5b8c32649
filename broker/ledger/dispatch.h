/*
 * dispatch - every move of a delivery from one state to another.
 *
 * Each function here is one arrow of the delivery machine: it moves the rows, counts,
 * timers and lanes, tells the sender what the evidence level asks for, and leaves one
 * fact. Handing over is an effect of the record being applied, and consent is decided
 * in that moment: at submission, and again when what has waited is lent out, so that
 * a revocation and a hand-over can never cross (P3).
 *
 * Owner:  ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_DISPATCH_H
#define LEDGER_DISPATCH_H

#include "consent/decision.h"
#include "ledger/delivery.h"
#include "ledger/principal.h"

struct session;

/* May it go now? What the exchange itself says always may. */
int dispatch_decide(struct ledger *ledger, const struct delivery *delivery,
		    struct decision *ret) TC_MUST_CHECK;
/* Notes in the delivery what a release relies on. */
void dispatch_rely(struct delivery *delivery, const struct decision *decision);

/* NEW or HELD, or QUEUED beside its lane -> QUEUED, and on to IN_FLIGHT when the recipient can take
 * it. What would overtake others that a job is about to release stays, or comes, beside its lane.
 * `decision` was taken at this record; NULL for what the exchange itself says. */
int dispatch_enqueue(struct ledger *ledger, struct delivery *delivery,
		     const struct decision *decision) TC_MUST_CHECK;
/* NEW, or any open state -> HELD. */
int dispatch_hold(struct ledger *ledger, struct delivery *delivery,
		  const struct decision *decision) TC_MUST_CHECK;
/* What nothing permits any more, in any open state: RECALLED when a consent `ended` or is revoked,
 * or when no consent could change it; else HELD. */
int dispatch_withdraw(struct ledger *ledger, struct delivery *delivery,
		      const struct decision *decision, bool ended) TC_MUST_CHECK;
/* RETRY_WAIT (its time has come) or IN_FLIGHT (given back) -> QUEUED. */
int dispatch_requeue(struct ledger *ledger, struct delivery *delivery) TC_MUST_CHECK;
/* IN_FLIGHT -> RETRY_WAIT after at least `delay_ms`, or DEAD after too many attempts.
 * The trail hears of it as `event` with `code`. */
int dispatch_retry(struct ledger *ledger, struct delivery *delivery, uint32_t delay_ms,
		   const char *event, const char *code) TC_MUST_CHECK;
/* Any open state -> an ended one. `code` may be NULL. */
int dispatch_end(struct ledger *ledger, struct delivery *delivery, enum delivery_state state,
		 const char *code) TC_MUST_CHECK;

/* Lends out what is ready to whoever has credit, before this record is done; when much of it turns
 * out not to go, a job goes on. */
void dispatch_want(struct ledger *ledger, struct principal *principal);
int dispatch_run(struct ledger *ledger) TC_MUST_CHECK;

#endif
