#include "daemon/config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config_value.h"
#include "daemon/config_yaml.h"

#define SETTING(field, key, type, least, greatest, standard, reloadable, help)                     \
	{key,      CONFIG_##type, least, greatest,                                                 \
	 standard, reloadable,    help,  offsetof(struct config, field)},
const struct config_row config_rows[SETTING_COUNT] = {
#include "daemon/settings.def"
};
#undef SETTING

int config_row_find(const char *key)
{
	for (int i = 0; i < SETTING_COUNT; i++) {
		if (strcmp(config_rows[i].key, key) == 0)
			return i;
	}
	return -1;
}

/* Letters to insert, drop or change to make b of a; keys are short. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[64];
	size_t len = strlen(b);

	if (len >= 64)
		return 64;
	for (unsigned j = 0; j <= len; j++)
		row[j] = j;
	for (unsigned i = 1; *a; i++, a++) {
		unsigned corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= len; j++) {
			unsigned above = row[j];
			unsigned best = corner + (*a != b[j - 1]);

			if (above + 1 < best)
				best = above + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
			corner = above;
		}
	}
	return row[len];
}

const char *config_row_nearest(const char *key)
{
	const char *nearest = NULL;
	unsigned least = 64;

	for (int i = 0; i < SETTING_COUNT; i++) {
		const char *last = strrchr(config_rows[i].key, '.');
		unsigned steps = distance(key, config_rows[i].key);

		/* `threads` at the top is likely meant as gateway.threads. */
		if (last && strcmp(last + 1, key) == 0)
			steps = 1;
		if (steps < least) {
			least = steps;
			nearest = config_rows[i].key;
		}
	}
	return least <= 2 + strlen(key) / 4 ? nearest : NULL;
}

/* What the file left out: the default, or an error where there is none. */
static int standards_fill(struct config *config, struct config_error *error)
{
	for (int i = 0; i < SETTING_COUNT; i++) {
		const struct config_row *row = &config_rows[i];
		int r;

		if (config->from_file[i])
			continue;
		if (!row->standard) {
			error->line = 0;
			snprintf(error->error, sizeof(error->error), "%s is missing", row->key);
			snprintf(error->detail, sizeof(error->detail), "%s", row->help);
			snprintf(error->hint, sizeof(error->hint),
				 "add it; `throughcared --print-example` shows every setting");
			return CONFIG_WRONG;
		}
		r = config_value_read(config, row, row->standard, "", error);
		if (r)
			return r;
	}
	return 0;
}

int config_load(struct config *ret, const char *path, struct config_error *error)
{
	struct config config = {0};
	int r;

	memset(error, 0, sizeof(*error));
	snprintf(error->file, sizeof(error->file), "%s", path);
	r = config_yaml_read(&config, path, error);
	if (r == 0)
		r = standards_fill(&config, error);
	if (r == 0 && config.idle_ms <= config.ping_ms) {
		error->line = 0;
		snprintf(error->error, sizeof(error->error),
			 "gateway.idle_max is not longer than gateway.ping_interval");
		snprintf(error->detail, sizeof(error->detail),
			 "a connection would be closed before it is asked");
		snprintf(error->hint, sizeof(error->hint), "use about three times the interval");
		r = CONFIG_WRONG;
	}
	if (r)
		config_done(&config);
	else
		*ret = config;
	return r;
}

void config_done(struct config *config)
{
	for (int i = 0; i < SETTING_COUNT; i++)
		config_value_free(config, &config_rows[i]);
}

void config_error_print(const struct config_error *error, FILE *to)
{
	fputs(error->file, to);
	if (error->line)
		fprintf(to, ":%u:%u", error->line, error->column);
	fprintf(to, ": error: %s\n", error->error);
	if (error->detail[0])
		fprintf(to, "detail: %s\n", error->detail);
	if (error->hint[0])
		fprintf(to, "hint: %s\n", error->hint);
}

void config_print(const struct config *config, FILE *to)
{
	for (int i = 0; i < SETTING_COUNT; i++) {
		fprintf(to, "%s ", config_rows[i].key);
		config_value_print(config, &config_rows[i], to);
		fprintf(to, " %s\n", config->from_file[i] ? "file" : "default");
	}
}

void config_print_defaults(FILE *to)
{
	for (int i = 0; i < SETTING_COUNT; i++) {
		const char *standard = config_rows[i].standard;

		fprintf(to, "%s %s %s\n", config_rows[i].key,
			standard && *standard ? standard : "\"\"",
			standard ? "default" : "required");
	}
}

/* What the example says where there is no default. */
static const char *example_of(const char *key)
{
	static const char *const examples[][2] = {
		{"trust_domain", "county.example"},
		{"data_dir", "/var/lib/throughcare"},
		{"tls.certificate", "/etc/throughcare/exchange/certificate.pem"},
		{"tls.key", "/etc/throughcare/exchange/key.pem"},
		{"tls.ca", "/etc/throughcare/ca/ca.pem"},
		{"tls.crl", "/etc/throughcare/ca/crl.pem"},
	};

	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		if (strcmp(examples[i][0], key) == 0)
			return examples[i][1];
	}
	return "";
}

static void bounds_print(const struct config_row *row, FILE *to)
{
	char least[32], greatest[32];

	fprintf(to, "%s", config_type_name(row->type));
	if (row->type == CONFIG_INT || row->type == CONFIG_BYTES || row->type == CONFIG_DURATION) {
		config_number_format(row, row->least, least);
		config_number_format(row, row->greatest, greatest);
		fprintf(to, ", %s to %s", least, greatest);
	}
	if (!row->standard)
		fputs(", required", to);
	else if (*row->standard)
		fprintf(to, ", default %s", row->standard);
	else
		fputs(", may be absent", to);
	if (row->reloadable)
		fputs(", read again on SIGHUP", to);
}

void config_print_example(FILE *to)
{
	char section[64] = "";

	fputs("# Settings of throughcared(8). What is commented out shows its default.\n", to);
	for (int i = 0; i < SETTING_COUNT; i++) {
		const struct config_row *row = &config_rows[i];
		const char *dot = strchr(row->key, '.');
		size_t len = dot ? (size_t)(dot - row->key) : 0;
		const char *indent = dot ? "  " : "";

		if (dot && (strncmp(section, row->key, len) != 0 || section[len])) {
			snprintf(section, sizeof(section), "%.*s", (int)len, row->key);
			/* A section without a setting of its own would be an empty value. */
			fprintf(to, "\n%s%s:\n", row->standard ? "#" : "", section);
		}
		fprintf(to, "%s# %s\n%s# (", indent, row->help, indent);
		bounds_print(row, to);
		fprintf(to, ")\n%s%s%s: %s\n", row->standard ? "#" : "", indent,
			dot ? dot + 1 : row->key,
			!row->standard   ? example_of(row->key)
			: *row->standard ? row->standard
					 : "\"\"");
	}
}

void config_print_scdoc(FILE *to)
{
	for (int i = 0; i < SETTING_COUNT; i++) {
		const struct config_row *row = &config_rows[i];

		fprintf(to, "*%s*\n\t", row->key);
		for (const char *c = row->help; *c; c++)
			fprintf(to, "%s%c", strchr("_*\\<>", *c) ? "\\" : "", *c);
		fputs("++\n(", to);
		bounds_print(row, to);
		fputs(")\n\n", to);
	}
}
