/*
 * config_value - one setting's text read as its type, and written back.
 *
 * Owner: the caller. Blocks: never.
 */
#ifndef DAEMON_CONFIG_VALUE_H
#define DAEMON_CONFIG_VALUE_H

#include "daemon/config.h"

enum config_type {
	CONFIG_BOOL,
	CONFIG_INT,
	CONFIG_BYTES,
	CONFIG_DURATION,
	CONFIG_LEVEL,
	CONFIG_TEXT,
	CONFIG_PATH,
	CONFIG_ADDRESSES,
};

/* One line of settings.def. */
struct config_row {
	const char *key;
	enum config_type type;
	int64_t least;
	int64_t greatest;
	const char *standard; /* NULL: required */
	bool reloadable;
	const char *help;
	size_t offset; /* of its field in struct config */
};

extern const struct config_row config_rows[SETTING_COUNT];

/* The row's number, or -1. */
int config_row_find(const char *key);
/* The key that looks most like `key`; NULL when none is near. */
const char *config_row_nearest(const char *key);

/*
 * Reads `text` into the row's field of `config` (an address is added to its list). Paths are taken
 * as relative to `folder`. 0; CONFIG_WRONG with the three texts of *error filled; or TC_ENOMEM.
 */
int config_value_read(struct config *config, const struct config_row *row, const char *text,
		      const char *folder, struct config_error *error) TC_MUST_CHECK;
void config_value_free(struct config *config, const struct config_row *row);
/* The value as the file would say it, with its unit. */
void config_value_print(const struct config *config, const struct config_row *row, FILE *to);
/* "8MiB": a number of the row's type with the largest unit that divides it. */
void config_number_format(const struct config_row *row, int64_t number, char to[32]);
/* "duration": what a person calls the type. */
const char *config_type_name(enum config_type type);

#endif
