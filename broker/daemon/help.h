/*
 * help - what throughcared --help says.
 *
 * Owner: anybody. Blocks: never.
 */
#ifndef DAEMON_HELP_H
#define DAEMON_HELP_H

void help_print(void);

#endif
