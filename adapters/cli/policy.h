/*
 * policy - a policy of release in a file, as the commands read it.
 *
 * Owner:  the main thread. Blocks: on the disk and the terminal.
 */
#ifndef CLI_POLICY_H
#define CLI_POLICY_H

#include "cli/command.h"
#include "yaml/yaml_message.h"

/* Reads the file, checks it and prints what was found. TC_EXIT_DONE: *ret holds a policy without
 * errors; the caller releases it. Otherwise the problem says why. */
enum tc_exit tc_policy_read(struct tc_invocation *invocation, const char *path,
			    struct tc_yaml_document *ret);

#endif
