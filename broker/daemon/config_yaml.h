/*
 * config_yaml - the strict reader: libyaml's events bound to the table of settings.
 *
 * The only file that includes yaml.h.
 *
 * Owner: the caller. Blocks: on reading the file.
 */
#ifndef DAEMON_CONFIG_YAML_H
#define DAEMON_CONFIG_YAML_H

#include "daemon/config.h"

/* Reads what the file says into *config and marks it in from_file. 0; CONFIG_WRONG; or a fault.
 * Whatever it returns, *config is to be released. */
int config_yaml_read(struct config *config, const char *path,
		     struct config_error *error) TC_MUST_CHECK;

#endif
