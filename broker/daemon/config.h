/*
 * config - the settings of throughcared: one table, a strict YAML reader, and what is printed from
 * them.
 *
 * The file is YAML read as libyaml events: mappings, sequences and scalars only.
 * Every scalar is text until its setting's type reads it, so `no` is never a
 * boolean by accident and `64` is never bytes without a unit. Unknown and repeated
 * keys, anchors, aliases, tags and second documents are errors with line and column.
 *
 * Owner:  whoever loaded it; read-only afterwards.
 * Blocks: on reading the file.
 */
#ifndef DAEMON_CONFIG_H
#define DAEMON_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

#define CONFIG_ADDRESSES_MAX 8

enum config_outcome {
	CONFIG_WRONG = 1, /* the file cannot be used: see struct config_error */
};

/* What is wrong and where, as file:line:column and the three parts of the text. Line 0: the file as
 * a whole. */
struct config_error {
	char file[256];
	unsigned line;
	unsigned column;
	char error[160];
	char detail[240];
	char hint[240];
};

struct config_addresses {
	char *text[CONFIG_ADDRESSES_MAX];
	size_t count;
};

typedef bool config_bool;
typedef int64_t config_number;
typedef char *config_text;

#define CONFIG_C_BOOL      config_bool
#define CONFIG_C_INT       config_number
#define CONFIG_C_BYTES     config_number
#define CONFIG_C_DURATION  config_number
#define CONFIG_C_LEVEL     config_number
#define CONFIG_C_TEXT      config_text
#define CONFIG_C_PATH      config_text
#define CONFIG_C_ADDRESSES struct config_addresses

#define SETTING(field, key, type, least, greatest, standard, reloadable, help) SETTING_##field,
enum config_setting {
#include "daemon/settings.def"
	SETTING_COUNT
};
#undef SETTING

/* One field for each setting; paths are absolute or relative to the working directory. */
struct config {
#define SETTING(field, key, type, least, greatest, standard, reloadable, help)                     \
	CONFIG_C_##type field;
#include "daemon/settings.def"
#undef SETTING
	bool from_file[SETTING_COUNT];
};

/* 0; CONFIG_WRONG with *error filled; or a fault. *ret is to be released by config_done on 0 only.
 */
int config_load(struct config *ret, const char *path, struct config_error *error) TC_MUST_CHECK;
void config_done(struct config *config);

/* "file:3:7: error: ...", then detail and hint on lines of their own. */
void config_error_print(const struct config_error *error, FILE *to);
/* One line a setting: key, value, origin. */
void config_print(const struct config *config, FILE *to);
/* The same without a file: what each is by default, and which have to be set. */
void config_print_defaults(FILE *to);
/* The commented example, accepted by config_load as it is. */
void config_print_example(FILE *to);
/* The settings part of the man page, in scdoc. */
void config_print_scdoc(FILE *to);

#endif
