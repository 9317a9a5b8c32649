/*
 * proceeding - what a message tells of the proceeding that it is about: the policy says
 * which messages of whom make an event that consents wait for (42 CFR 2.35(c)).
 *
 * It happens to the person, under whichever id it is told: to the grants of every id that is merged
 * with that one in this moment, and with a merge to those that were signed before it under the ids
 * that it brings together. An unmerge later takes nothing of it back, since an event only ever ends
 * what may flow.
 *
 * Owner: ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_PROCEEDING_H
#define LEDGER_PROCEEDING_H

#include "base/err.h"
#include "ledger/submission.h"

struct ledger;

/* Of a message that was accepted: its events happen, and what they end is decided again. */
int proceeding_follow(struct ledger *ledger, const struct submission *submission) TC_MUST_CHECK;
/* The person of this id has become one with others: what happened to each has happened to all. */
int proceeding_merged(struct ledger *ledger, struct tc_id id) TC_MUST_CHECK;

#endif
