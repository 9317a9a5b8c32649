/*
 * lookup - fills in what a message's writer left out and the exchange knows: which
 * referral an answer is about, which consent is taken back.
 *
 * Only what is beyond doubt: the one referral of the person between the two agencies,
 * or the one whose loop is open; the one consent of the person, or the one in force.
 * With none, nothing is filled in, and the exchange says what is missing. Each look
 * is a question, and so a record of the trail.
 *
 * Owner:  the main thread.
 * Blocks: up to TC_SESSION_TIMEOUT_MS.
 */
#ifndef CLI_LOOKUP_H
#define CLI_LOOKUP_H

#include <jansson.h>
#include <stdbool.h>

#include "cli/command.h"
#include "cli/session.h"

/* Does this message leave out what could be looked up? */
bool tc_lookup_wanted(const json_t *message);

/* Fills it in. TC_EXIT_REFUSED with the invocation's problem when there are several to choose
 * from: the message cannot be sent, others can. */
enum tc_exit tc_lookup_fill(struct tc_invocation *invocation, struct tc_client *client,
			    json_t *message);

/* ---- for the tests ---- */

/* The only row; else the only one that `still` is true of; else NULL, with how many there were. */
const json_t *tc_lookup_choose(const json_t *rows, bool (*still)(const json_t *row),
			       size_t *ret_count);

#endif
