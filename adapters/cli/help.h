/*
 * help - every text that is made from the command table: help, shell completion and
 * the list of commands in the man page.
 *
 * Owner:  the main thread.
 * Blocks: on the stream.
 */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include <stdio.h>

#include "cli/command.h"
#include "cli/screen.h"

/* As wide as the screen; only the examples are as they are. */
void tc_help_command(const struct tc_command *command, const struct tc_screen *screen);
/* All commands, or those of a noun. */
void tc_help_overview(const char *noun, const struct tc_screen *screen);
/* For bash. */
void tc_help_completion(FILE *to);
/* In scdoc. */
void tc_help_scdoc(FILE *to);

#endif
