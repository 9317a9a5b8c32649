#include "cli/command.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"

/* Values that getopt_long returns: globals by their place, then the command's own. */
#define GLOBAL_FIRST 256
#define OPTION_FIRST 512
#define GLOBALS_MAX  8

enum tc_exit tc_invocation_usage(struct tc_invocation *invocation, const char *format, ...)
{
	char detail[512], hint[128];
	const struct tc_command *command = invocation->command;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(detail, sizeof(detail), format, arguments);
	va_end(arguments);
	if (command)
		snprintf(hint, sizeof(hint), "see `throughcare %s%s%s --help`", command->noun,
			 command->verb ? " " : "", command->verb ? command->verb : "");
	else if (invocation->noun)
		snprintf(hint, sizeof(hint), "see `throughcare help %s`", invocation->noun);
	else
		snprintf(hint, sizeof(hint), "see `throughcare --help`");
	tc_problem_set(&invocation->problem, "usage", "the command line is not right", hint, "%s",
		       detail);
	return TC_EXIT_USAGE;
}

const struct tc_command *tc_command_find(const char *noun, const char *verb)
{
	for (const struct tc_command *command = tc_command_table; command->noun; command++) {
		if (strcmp(command->noun, noun) != 0)
			continue;
		if (!command->verb || (verb && strcmp(command->verb, verb) == 0))
			return command;
	}
	return NULL;
}

static bool noun_known(const char *noun)
{
	for (const struct tc_command *command = tc_command_table; command->noun; command++)
		if (strcmp(command->noun, noun) == 0)
			return true;
	return false;
}

static void verb_missing(struct tc_invocation *invocation, const char *noun, const char *verb)
{
	invocation->noun = noun;
	tc_invocation_usage(invocation, "\"%s\" needs one of its verbs%s%s", noun,
			    verb ? ", not " : "", verb ? verb : "");
}

static size_t options_append(struct option *to, size_t used, size_t room, int first,
			     const struct tc_command_option *options)
{
	for (int i = 0; options && options[i].name; i++) {
		TC_CHECK(used + 1 < room);
		to[used++] = (struct option){.name = options[i].name,
					     .has_arg = options[i].value ? required_argument
									 : no_argument,
					     .val = first + i};
	}
	return used;
}

static void global_take(struct tc_invocation *invocation, int place, const char *value)
{
	const char *name = tc_command_global_options[place].name;

	if (strcmp(name, "profile") == 0)
		invocation->profile = value;
	else if (strcmp(name, "json") == 0)
		invocation->screen = tc_screen_standard(true);
	else if (strcmp(name, "help") == 0)
		invocation->help = true;
	else
		invocation->version = true;
}

/* One pass of getopt over globals and, when there is a command, its own options, which go before a
 * global one of the same name (`policy publish --version N`). Without a command it stops at the
 * first word, else words may stand between options. */
static int options_read(int argc, char **argv, struct tc_invocation *invocation)
{
	const struct tc_command *command = invocation->command;
	struct option options[TC_COMMAND_OPTIONS_MAX + GLOBALS_MAX] = {0};
	size_t room = sizeof(options) / sizeof(options[0]);
	size_t used =
		options_append(options, 0, room, OPTION_FIRST, command ? command->options : NULL);
	int value;

	options_append(options, used, room, GLOBAL_FIRST, tc_command_global_options);
	opterr = 0;
	optind = 0; /* glibc: start anew */
	while ((value = getopt_long(argc, argv, command ? ":h" : "+:h", options, NULL)) != -1) {
		if (value == 'h') {
			invocation->help = true;
		} else if (value >= OPTION_FIRST) {
			invocation->values[value - OPTION_FIRST] = optarg ? optarg : "";
		} else if (value >= GLOBAL_FIRST) {
			global_take(invocation, value - GLOBAL_FIRST, optarg);
		} else {
			const char *word = argv[optind > 1 ? optind - 1 : 0];
			tc_invocation_usage(invocation,
					    value == ':' ? "%s needs a value"
							 : "%s is not an option of this command",
					    word);
			return TC_EINVAL;
		}
	}
	return 0;
}

static int operands_check(struct tc_invocation *invocation)
{
	const struct tc_command *command = invocation->command;

	if (invocation->help)
		return 0;
	if (invocation->operand_count < command->operands_min)
		tc_invocation_usage(invocation, "missing operand; expected: %s", command->operands);
	else if (invocation->operand_count > command->operands_max)
		tc_invocation_usage(invocation, "unexpected operand: %s",
				    invocation->operands[command->operands_max]);
	else
		return 0;
	return TC_EINVAL;
}

int tc_command_parse(int argc, char **argv, struct tc_invocation *ret)
{
	*ret = (struct tc_invocation){.program = argc > 0 ? argv[0] : "throughcare",
				      .screen = tc_screen_standard(false)};
	/* Known before anything can go wrong, so that a usage error is printed as asked for. */
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--json") == 0)
			ret->screen = tc_screen_standard(true);

	int r = options_read(argc, argv, ret);
	if (r < 0 || ret->version)
		return r;
	if (optind >= argc) {
		if (ret->help)
			return 0;
		tc_invocation_usage(ret, "no command was given");
		return TC_EINVAL;
	}
	const char *noun = argv[optind];
	const char *verb =
		optind + 1 < argc && argv[optind + 1][0] != '-' ? argv[optind + 1] : NULL;
	ret->command = tc_command_find(noun, verb);
	if (!ret->command) {
		bool asked = noun_known(noun) && !verb;
		if (asked &&
		    (ret->help || (optind + 1 < argc && strcmp(argv[optind + 1], "--help") == 0))) {
			ret->help = true;
			ret->noun = noun;
			return 0;
		}
		if (!noun_known(noun))
			tc_invocation_usage(ret, "there is no command \"%s\"", noun);
		else
			verb_missing(ret, noun, verb);
		return TC_EINVAL;
	}
	int words = optind + (ret->command->verb ? 1 : 0);
	r = options_read(argc - words, argv + words, ret);
	if (r < 0)
		return r;
	ret->operands = argv + words + optind;
	ret->operand_count = argc - words - optind;
	return operands_check(ret);
}

const char *tc_invocation_option(const struct tc_invocation *invocation, const char *name)
{
	const struct tc_command_option *options = invocation->command->options;
	size_t i = 0;

	while (options && options[i].name && strcmp(options[i].name, name) != 0)
		i++;
	TC_CHECK(options && options[i].name);
	return invocation->values[i];
}

int tc_invocation_number(struct tc_invocation *invocation, const char *name, int64_t least,
			 int64_t greatest, int64_t fallback, int64_t *ret)
{
	const char *text = tc_invocation_option(invocation, name);
	char *end = NULL;

	if (!text) {
		*ret = fallback;
		return 0;
	}
	errno = 0;
	long long value = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || value < least || value > greatest) {
		tc_invocation_usage(invocation, "--%s takes a whole number from %lld to %lld", name,
				    (long long)least, (long long)greatest);
		return TC_EINVAL;
	}
	*ret = value;
	return 0;
}

int tc_invocation_time(struct tc_invocation *invocation, const char *name, int64_t *ret_ms)
{
	const char *text = tc_invocation_option(invocation, name);

	if (!text || tc_time_parse(tc_slice_text(text), ret_ms))
		return 0;
	tc_invocation_usage(invocation,
			    "--%s takes a time as in RFC 3339, for instance 2026-11-21T08:00:00Z",
			    name);
	return TC_EINVAL;
}
