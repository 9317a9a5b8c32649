/* What a configuration file may say, and where each mistake is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/config.h"

#define REQUIRED                                                                                   \
	"trust_domain: county.example\n"                                                           \
	"data_dir: data\n"                                                                         \
	"tls: {certificate: a.pem, key: b.pem, ca: c.pem, crl: d.pem}\n"
#define REQUIRED_LINES 3

static char path[64];

static int path_make(void **state)
{
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/throughcare-config-XXXXXX");
	fd = mkstemp(path);
	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

static int path_drop(void **state)
{
	(void)state;
	return unlink(path);
}

static void write_file(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
}

static void load(const char *text, struct config *config)
{
	struct config_error error;
	int r;

	write_file(text);
	r = config_load(config, path, &error);
	if (r)
		config_error_print(&error, stderr);
	assert_int_equal(r, 0);
}

static void what_is_absent_has_its_default(void **state)
{
	struct config config;

	(void)state;
	load(REQUIRED, &config);
	assert_string_equal(config.trust_domain, "county.example");
	assert_true(config.from_file[SETTING_trust_domain]);
	assert_false(config.from_file[SETTING_gateway_threads]);
	assert_int_equal(config.gateway_threads, 1);
	assert_int_equal(config.journal_map_bytes, 64LL << 30);
	assert_int_equal(config.handshake_ms, 10000);
	assert_int_equal(config.log_level, 6);
	assert_int_equal(config.listen.count, 1);
	assert_string_equal(config.listen.text[0], "127.0.0.1:7411");
	assert_string_equal(config.pid_file, "");
	config_done(&config);
}

static void values_are_read_with_their_units(void **state)
{
	struct config config;

	(void)state;
	load(REQUIRED "listen: [\"127.0.0.1:0\", \"[::1]:7411\"]\n"
		      "journal:\n"
		      "  map_size: 512 MiB\n"
		      "  rider_wait: 0ms\n"
		      "gateway:\n"
		      "  threads: 2\n"
		      "  handshake_max: 2min\n"
		      "log: {level: debug}\n",
	     &config);
	assert_int_equal(config.listen.count, 2);
	assert_string_equal(config.listen.text[1], "[::1]:7411");
	assert_int_equal(config.journal_map_bytes, 512LL << 20);
	assert_int_equal(config.rider_wait_ms, 0);
	assert_int_equal(config.gateway_threads, 2);
	assert_int_equal(config.handshake_ms, 120000);
	assert_int_equal(config.log_level, 7);
	config_done(&config);
}

static void paths_are_relative_to_the_file(void **state)
{
	struct config config;

	(void)state;
	load(REQUIRED "pid_file: /run/throughcared.pid\n", &config);
	assert_string_equal(config.data_dir, "/tmp/data");
	assert_string_equal(config.tls_key, "/tmp/b.pem");
	assert_string_equal(config.pid_file, "/run/throughcared.pid");
	config_done(&config);
}

struct mistake {
	const char *text; /* after the required lines */
	unsigned line;    /* from the first of `text` */
	unsigned column;
	const char *error;
	const char *hint;
};

static const struct mistake mistakes[] = {
	{"gatway:\n  threads: 1\n", 1, 1, "there is no setting gatway", "setting"},
	{"gateway:\n  thread: 1\n", 2, 3, "there is no setting gateway.thread",
	 "did you mean gateway.threads?"},
	{"handshake_max: 5s\n", 1, 1, "there is no setting handshake_max",
	 "did you mean gateway.handshake_max?"},
	{"data_dir: other\n", 1, 1, "data_dir stands there twice", "remove one"},
	{"log: {level: info}\nlog: {level: info}\n", 2, 1, "log stands there twice", "join"},
	{"gateway:\n  threads: two\n", 2, 12, "gateway.threads is not a number", "whole number"},
	{"gateway:\n  threads: 1.5\n", 2, 12, "gateway.threads is not a number", "whole number"},
	{"gateway:\n  threads: 17\n", 2, 12, "gateway.threads is out of range", "use 1 to 16"},
	{"gateway:\n  threads: 74x3\n", 2, 12, "gateway.threads is not a number", ""},
	{"gateway:\n  threads:\n", 2, 11, "gateway.threads has no value", ""},
	{"gateway:\n  threads: [1]\n", 2, 12, "gateway.threads is not a number", ""},
	{"gateway:\n  handshake_max: 10\n", 2, 18, "gateway.handshake_max is not a duration",
	 "ms, s, min, h or d"},
	{"gateway:\n  handshake_max: 10 seconds\n", 2, 18,
	 "gateway.handshake_max is not a duration", ""},
	{"journal:\n  map_size: 64GB\n", 2, 13, "journal.map_size is not a size", "GiB"},
	{"journal:\n  map_size: 9999999999999999999TiB\n", 2, 13,
	 "journal.map_size is out of range", ""},
	{"journal:\n  map_size: 999999999TiB\n", 2, 13, "journal.map_size is out of range", ""},
	{"listen: 7411\n", 1, 9, "listen is not a address", "HOST:PORT"},
	{"listen: [\"a:1\", \"b:99999\"]\n", 1, 17, "listen is not a address", ""},
	{"listen: []\n", 1, 9, "listen is empty", ""},
	{"listen: {a: b}\n", 1, 9, "listen is not a address", ""},
	{"log: info\n", 1, 6, "log is a section", ""},
	{"log: {level: loud}\n", 1, 14, "log.level is not a level", "debug"},
	{"log: &here {level: info}\n", 1, 6, "an anchor is not allowed here", ""},
	{"pid_file: *there\n", 1, 11, "an alias is not allowed here", ""},
	{"pid_file: !!str x\n", 1, 11, "a tag is not allowed here", ""},
	{"pid_file: \"x\n", 2, 1, "found unexpected end of stream", "YAML"},
	{"? [a]\n: b\n", 1, 3, "a key is not a text", ""},
	{"---\npid_file: x\n", 1, 1, "a second document is not allowed", ""},
	{"pid_file: \"a\\0b\"\n", 1, 11, "pid_file holds a NUL", ""},
};

static void every_mistake_is_named_by_line_and_column(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		const struct mistake *mistake = &mistakes[i];
		struct config config;
		struct config_error error;
		char text[2048];

		snprintf(text, sizeof(text), "%s%s", REQUIRED, mistake->text);
		write_file(text);
		assert_int_equal(config_load(&config, path, &error), CONFIG_WRONG);
		if (error.line != mistake->line + REQUIRED_LINES ||
		    error.column != mistake->column || !strstr(error.error, mistake->error) ||
		    !strstr(error.hint, mistake->hint)) {
			config_error_print(&error, stderr);
			fail_msg("mistake %zu: %s", i, mistake->text);
		}
	}
}

static void a_required_setting_is_missed(void **state)
{
	struct config config;
	struct config_error error;

	(void)state;
	write_file("");
	assert_int_equal(config_load(&config, path, &error), CONFIG_WRONG);
	assert_string_equal(error.error, "trust_domain is missing");
	assert_int_equal(error.line, 0);
}

static void an_idle_limit_below_the_ping_is_refused(void **state)
{
	struct config config;
	struct config_error error;

	(void)state;
	write_file(REQUIRED "gateway: {ping_interval: 30s, idle_max: 20s}\n");
	assert_int_equal(config_load(&config, path, &error), CONFIG_WRONG);
}

static void a_file_that_is_not_there_is_told(void **state)
{
	struct config config;
	struct config_error error;

	(void)state;
	assert_int_equal(config_load(&config, "/nowhere/at/all.yaml", &error), CONFIG_WRONG);
	assert_string_equal(error.error, "the file cannot be read");
}

static char *printed(const struct config *config)
{
	char *text = NULL;
	size_t len = 0;
	FILE *memory = open_memstream(&text, &len);

	assert_non_null(memory);
	if (config)
		config_print(config, memory);
	else
		config_print_defaults(memory);
	assert_int_equal(fclose(memory), 0);
	return text;
}

static void defaults_are_printed_as_they_would_be_from_a_file(void **state)
{
	struct config config;
	char *defaults = printed(NULL), *values, *line, *rest;
	int rows = 0;

	(void)state;
	load(REQUIRED, &config);
	values = printed(&config);
	config_done(&config);
	for (line = strtok_r(values, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		size_t len = strlen(line);

		if (len < 8 || strcmp(line + len - 8, " default") != 0)
			continue;
		rows++;
		if (!strstr(defaults, line))
			fail_msg("%s", line);
	}
	assert_true(rows > 10);
	assert_non_null(strstr(defaults, "trust_domain \"\" required\n"));
	free(values);
	free(defaults);
}

static void the_example_is_a_configuration(void **state)
{
	struct config config;
	struct config_error error;
	FILE *file = fopen(path, "w");

	(void)state;
	assert_non_null(file);
	config_print_example(file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(config_load(&config, path, &error), 0);
	for (int i = 0; i < SETTING_COUNT; i++) {
		if (i == SETTING_trust_domain)
			assert_true(config.from_file[i]);
	}
	config_done(&config);
}

/* Every commented default in the example is what its setting's type reads. */
static void the_example_without_comments_is_a_configuration(void **state)
{
	struct config config;
	struct config_error error;
	char *text = NULL;
	size_t len = 0;
	FILE *memory = open_memstream(&text, &len);
	FILE *file;

	(void)state;
	assert_non_null(memory);
	config_print_example(memory);
	assert_int_equal(fclose(memory), 0);
	file = fopen(path, "w");
	assert_non_null(file);
	for (char *rest = NULL, *line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		const char *trimmed = line + strspn(line, " ");

		if (trimmed[0] == '#' && trimmed[1] == ' ' && trimmed[2] != ' ')
			continue;
		fprintf(file, "%s\n", *line == '#' ? line + 1 : line);
	}
	free(text);
	assert_int_equal(fclose(file), 0);
	if (config_load(&config, path, &error) != 0) {
		config_error_print(&error, stderr);
		fail();
	}
	for (int i = 0; i < SETTING_COUNT; i++)
		assert_true(config.from_file[i]);
	config_done(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_absent_has_its_default),
		cmocka_unit_test(defaults_are_printed_as_they_would_be_from_a_file),
		cmocka_unit_test(values_are_read_with_their_units),
		cmocka_unit_test(paths_are_relative_to_the_file),
		cmocka_unit_test(every_mistake_is_named_by_line_and_column),
		cmocka_unit_test(a_required_setting_is_missed),
		cmocka_unit_test(an_idle_limit_below_the_ping_is_refused),
		cmocka_unit_test(a_file_that_is_not_there_is_told),
		cmocka_unit_test(the_example_is_a_configuration),
		cmocka_unit_test(the_example_without_comments_is_a_configuration),
	};

	return cmocka_run_group_tests(tests, path_make, path_drop);
}
