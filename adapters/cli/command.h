/*
 * command - the table of everything `throughcare` can do, and the words of one call.
 *
 * The table (command_table.c) is the only place that knows the commands: parsing,
 * --help, shell completion and the option part of the man page walk it.
 *
 * Owner:  the main thread (getopt keeps state of its own).
 * Blocks: never.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "cli/problem.h"
#include "cli/screen.h"

#define TC_COMMAND_OPTIONS_MAX 24

struct tc_invocation;

struct tc_command_option {
	const char *name;  /* without the dashes; NULL ends a list */
	const char *value; /* what it takes, for instance "SECONDS"; NULL: nothing */
	const char *summary;
};

struct tc_command {
	const char *noun;
	const char *verb;     /* NULL: the noun alone is the command */
	const char *operands; /* "DIR KIND/ID", as usage shows them; "" for none */
	int operands_min;
	int operands_max;
	const char *summary;  /* one line */
	const char *details;  /* what it does and what must be true before */
	const char *examples; /* command lines, one per line, without the prompt */
	const struct tc_command_option *options; /* or NULL */
	/* Prints its own results; a problem goes into invocation->problem, which main prints. */
	enum tc_exit (*run)(struct tc_invocation *invocation);
};

/* Every command; a NULL noun ends the table. Options that all commands take. */
extern const struct tc_command tc_command_table[];
extern const struct tc_command_option tc_command_global_options[];

/* One call, as parsed. Everything is borrowed from argv. */
struct tc_invocation {
	const struct tc_command *command; /* NULL: only --help or --version was asked for */
	const char *noun; /* without a command: whose commands to explain, or NULL */
	const char *program;
	const char *profile; /* as given with --profile, or NULL */
	bool help;
	bool version;
	char **operands;
	int operand_count;
	const char *values[TC_COMMAND_OPTIONS_MAX]; /* by the command's options; flags: "" */
	struct tc_screen screen;
	struct tc_problem problem;
};

/* Reads the command line (argv is reordered). 0, or TC_EINVAL with `problem` filled. */
int tc_command_parse(int argc, char **argv, struct tc_invocation *ret) TC_MUST_CHECK;
/* `verb` may be NULL. NULL when there is none. */
const struct tc_command *tc_command_find(const char *noun, const char *verb);

/* The option's value, "" for a flag, NULL when it was not given. Naming an option that the command
 * does not have is our own bug. */
const char *tc_invocation_option(const struct tc_invocation *invocation, const char *name);
/* A whole number within bounds; `fallback` when it was not given. 0 or TC_EINVAL. */
int tc_invocation_number(struct tc_invocation *invocation, const char *name, int64_t least,
			 int64_t greatest, int64_t fallback, int64_t *ret) TC_MUST_CHECK;
/* RFC 3339; *ret stays as it is when the option was not given. 0 or TC_EINVAL. */
int tc_invocation_time(struct tc_invocation *invocation, const char *name,
		       int64_t *ret_ms) TC_MUST_CHECK;
/* Fills the problem with a usage error and returns TC_EXIT_USAGE. */
enum tc_exit tc_invocation_usage(struct tc_invocation *invocation, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
