/*
 * outbox - messages in JSON on their way out: composed, sealed, sent in batches, and a
 * receipt printed for each in their order.
 *
 * Owner:  the main thread.
 * Blocks: up to TC_SESSION_TIMEOUT_MS for each step.
 */
#ifndef CLI_OUTBOX_H
#define CLI_OUTBOX_H

#include <jansson.h>

#include "cli/session.h"

struct tc_outbox_options {
	enum tc_seal_choice seal;
	bool again; /* new ids, and the old one as the cause */
};

/* Connects and sends an array of messages. TC_EXIT_REFUSED when any was refused; the others went.
 * The command has the option --actor. */
enum tc_exit tc_outbox_send(struct tc_invocation *invocation, json_t *messages,
			    const struct tc_outbox_options *options);

#endif
