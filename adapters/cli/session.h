/*
 * session - a command's connection to the exchange, opened from its profile.
 *
 * Turns what the client library reports into the exit codes and problems of the
 * command line.
 *
 * Owner:  the main thread.
 * Blocks: up to TC_SESSION_TIMEOUT_MS for each step.
 */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include <throughcare/client.h>

#include "cli/command.h"
#include "cli/file.h"

#define TC_SESSION_TIMEOUT_MS 30000

/* --profile, else $THROUGHCARE_PROFILE, else ~/.config/throughcare. */
enum tc_exit tc_session_profile(struct tc_invocation *invocation, char to[TC_FILE_PATH_BYTES]);

/* Loads the profile and connects. */
enum tc_exit tc_session_open(struct tc_invocation *invocation, struct tc_client **ret);

/* What a call of the client returned (not 0) as an exit code; fills the problem. */
enum tc_exit tc_session_failed(struct tc_invocation *invocation, const struct tc_client *client,
			       int r);

void tc_session_problem(struct tc_problem *problem, const struct tc_client_error *error, int r);

#endif
