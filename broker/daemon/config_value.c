#include "daemon/config_value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct unit {
	const char *name;
	int64_t factor;
};

static const struct unit byte_units[] = {
	{"TiB", 1LL << 40}, {"GiB", 1LL << 30}, {"MiB", 1LL << 20},
	{"KiB", 1LL << 10}, {"B", 1},           {NULL, 0},
};

static const struct unit time_units[] = {
	{"d", 86400000}, {"h", 3600000}, {"min", 60000}, {"s", 1000}, {"ms", 1}, {NULL, 0},
};

static const struct unit no_units[] = {{NULL, 0}};

static const char *const levels[] = {"emergency", "alert",  "critical", "error",
				     "warning",   "notice", "info",     "debug"};

static const struct unit *units_of(enum config_type type)
{
	if (type == CONFIG_BYTES)
		return byte_units;
	if (type == CONFIG_DURATION)
		return time_units;
	return no_units;
}

const char *config_type_name(enum config_type type)
{
	static const char *const names[] = {
		"yes or no", "number", "size", "duration", "level", "text", "path", "address",
	};
	return names[type];
}

static void *field_of(const struct config *config, const struct config_row *row)
{
	return (char *)(uintptr_t)config + row->offset;
}

static int wrong(struct config_error *error, const struct config_row *row, const char *text,
		 const char *hint)
{
	snprintf(error->error, sizeof(error->error), "%s is not a %s", row->key,
		 config_type_name(row->type));
	snprintf(error->detail, sizeof(error->detail), "it says \"%.80s\"", text);
	snprintf(error->hint, sizeof(error->hint), "%s", hint);
	return CONFIG_WRONG;
}

void config_number_format(const struct config_row *row, int64_t number, char to[32])
{
	const struct unit *unit = units_of(row->type);

	while (unit->name && (number == 0 ? unit[1].name != NULL : number % unit->factor != 0))
		unit++;
	if (unit->name)
		snprintf(to, 32, "%" PRId64 "%s", number / unit->factor, unit->name);
	else if (row->type == CONFIG_LEVEL && number >= 0 && number <= 7)
		snprintf(to, 32, "%s", levels[number]);
	else
		snprintf(to, 32, "%" PRId64, number);
}

static int out_of_range(struct config_error *error, const struct config_row *row, const char *text)
{
	char least[32], greatest[32];

	config_number_format(row, row->least, least);
	config_number_format(row, row->greatest, greatest);
	snprintf(error->error, sizeof(error->error), "%s is out of range", row->key);
	snprintf(error->detail, sizeof(error->detail), "it says \"%.80s\"", text);
	snprintf(error->hint, sizeof(error->hint), "use %s to %s", least, greatest);
	return CONFIG_WRONG;
}

/* Digits, then (for sizes and durations) a unit, with at most one space between. */
static int number_read(const struct config_row *row, const char *text, int64_t *ret,
		       struct config_error *error)
{
	const struct unit *unit = units_of(row->type);
	const char *hint = row->type == CONFIG_BYTES
				   ? "write a whole number and B, KiB, MiB, GiB or TiB, as in 64MiB"
			   : row->type == CONFIG_DURATION
				   ? "write a whole number and ms, s, min, h or d, as in 10s"
				   : "write a whole number";
	int64_t number = 0;
	size_t digits = strspn(text, "0123456789");
	const char *rest = text + digits;

	if (digits == 0)
		return wrong(error, row, text, hint);
	if (digits > 18)
		return out_of_range(error, row, text);
	for (size_t i = 0; i < digits; i++)
		number = number * 10 + (text[i] - '0');
	if (*rest == ' ')
		rest++;
	if (!unit->name) {
		if (rest != text + digits || *rest)
			return wrong(error, row, text, hint);
	} else {
		while (unit->name && strcmp(unit->name, rest) != 0)
			unit++;
		if (!unit->name)
			return wrong(error, row, text, hint);
		if (number > row->greatest / unit->factor)
			return out_of_range(error, row, text);
		number *= unit->factor;
	}
	if (number < row->least || number > row->greatest)
		return out_of_range(error, row, text);
	*ret = number;
	return 0;
}

static int level_read(const struct config_row *row, const char *text, int64_t *ret,
		      struct config_error *error)
{
	for (int i = 0; i < 8; i++) {
		if (strcmp(levels[i], text) != 0)
			continue;
		*ret = i;
		return 0;
	}
	return wrong(error, row, text,
		     "use emergency, alert, critical, error, warning, notice, info or debug");
}

static int bool_read(const struct config_row *row, const char *text, bool *ret,
		     struct config_error *error)
{
	bool yes = strcmp(text, "yes") == 0 || strcmp(text, "true") == 0;

	if (!yes && strcmp(text, "no") != 0 && strcmp(text, "false") != 0)
		return wrong(error, row, text, "write yes or no");
	*ret = yes;
	return 0;
}

static int text_read(const struct config_row *row, const char *text, char **ret,
		     struct config_error *error)
{
	size_t len = strlen(text);

	if (row->greatest > 0 && ((int64_t)len < row->least || (int64_t)len > row->greatest)) {
		snprintf(error->error, sizeof(error->error), "%s is empty or too long", row->key);
		snprintf(error->detail, sizeof(error->detail), "it has %zu bytes", len);
		snprintf(error->hint, sizeof(error->hint), "use %" PRId64 " to %" PRId64 " bytes",
			 row->least, row->greatest);
		return CONFIG_WRONG;
	}
	free(*ret);
	*ret = strdup(text);
	return *ret ? 0 : TC_ENOMEM;
}

static int path_read(const char *text, const char *folder, char **ret)
{
	free(*ret);
	*ret = NULL;
	if (*text == '\0' || *text == '/' || *folder == '\0') {
		*ret = strdup(text);
		return *ret ? 0 : TC_ENOMEM;
	}
	return asprintf(ret, "%s/%s", folder, text) < 0 ? TC_ENOMEM : 0;
}

/* HOST:PORT or [IPV6]:PORT, the port 0 to 65535. */
static bool address_valid(const char *text)
{
	const char *colon = strrchr(text, ':');
	size_t digits;

	if (!colon || colon == text)
		return false;
	if (*text == '[' && (colon == text + 1 || colon[-1] != ']'))
		return false;
	if (*text != '[' && memchr(text, ':', (size_t)(colon - text)))
		return false;
	digits = strspn(colon + 1, "0123456789");
	return digits > 0 && digits <= 5 && colon[1 + digits] == '\0' &&
	       strtol(colon + 1, NULL, 10) <= 65535;
}

static int address_read(const struct config_row *row, const char *text,
			struct config_addresses *ret, struct config_error *error)
{
	if (!address_valid(text))
		return wrong(error, row, text, "write HOST:PORT or [IPV6]:PORT");
	if (ret->count == CONFIG_ADDRESSES_MAX) {
		snprintf(error->error, sizeof(error->error), "%s has too many entries", row->key);
		snprintf(error->detail, sizeof(error->detail), "the next is \"%.80s\"", text);
		snprintf(error->hint, sizeof(error->hint), "use at most %d", CONFIG_ADDRESSES_MAX);
		return CONFIG_WRONG;
	}
	ret->text[ret->count] = strdup(text);
	if (!ret->text[ret->count])
		return TC_ENOMEM;
	ret->count++;
	return 0;
}

int config_value_read(struct config *config, const struct config_row *row, const char *text,
		      const char *folder, struct config_error *error)
{
	void *field = field_of(config, row);

	switch (row->type) {
	case CONFIG_BOOL:
		return bool_read(row, text, field, error);
	case CONFIG_INT:
	case CONFIG_BYTES:
	case CONFIG_DURATION:
		return number_read(row, text, field, error);
	case CONFIG_LEVEL:
		return level_read(row, text, field, error);
	case CONFIG_TEXT:
		return text_read(row, text, field, error);
	case CONFIG_PATH:
		return path_read(text, folder, field);
	case CONFIG_ADDRESSES:
		return address_read(row, text, field, error);
	}
	return TC_EINVAL;
}

void config_value_free(struct config *config, const struct config_row *row)
{
	if (row->type == CONFIG_TEXT || row->type == CONFIG_PATH) {
		char **text = field_of(config, row);

		free(*text);
		*text = NULL;
	}
	if (row->type == CONFIG_ADDRESSES) {
		struct config_addresses *addresses = field_of(config, row);

		while (addresses->count > 0)
			free(addresses->text[--addresses->count]);
	}
}

void config_value_print(const struct config *config, const struct config_row *row, FILE *to)
{
	const void *field = field_of(config, row);
	char number[32];

	switch (row->type) {
	case CONFIG_BOOL:
		fputs(*(const bool *)field ? "yes" : "no", to);
		return;
	case CONFIG_INT:
	case CONFIG_BYTES:
	case CONFIG_DURATION:
	case CONFIG_LEVEL:
		config_number_format(row, *(const int64_t *)field, number);
		fputs(number, to);
		return;
	case CONFIG_TEXT:
	case CONFIG_PATH: {
		const char *const *text = field;

		fputs(*text && **text ? *text : "\"\"", to);
		return;
	}
	case CONFIG_ADDRESSES: {
		const struct config_addresses *addresses = field;

		for (size_t i = 0; i < addresses->count; i++)
			fprintf(to, "%s%s", i ? "," : "", addresses->text[i]);
		return;
	}
	}
}
