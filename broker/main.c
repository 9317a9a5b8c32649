/*
 * throughcared - the exchange. Everything is in daemon/; here is its command line.
 */
#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config.h"
#include "daemon/daemon.h"
#include "daemon/decision_bench.h"
#include "daemon/forgotten_lost.h"
#include "daemon/help.h"
#include "daemon/problem.h"
#include "daemon/restore.h"
#include "daemon/verify.h"
#include "wire/actor.h"

#define EXIT_USAGE 2

enum action { RUN, CHECK_CONFIG, PRINT_CONFIG, REBUILD, CHECK, MEASURE, RESTORE, LOST };

static int usage(const char *error)
{
	problem_print(error, NULL, "see throughcared --help");
	return EXIT_USAGE;
}

/* What the command line says. */
struct words {
	enum action action;
	const char *path;
	const char *persons, *grants, *seconds; /* of --measure-decisions */
	const char *lost;                       /* why: of --forgotten-lost */
	struct restore_words restore;
};

/* What needs the configuration. */
static int act(const struct words *words)
{
	const char *path = words->path;
	struct config config;
	struct config_error error;
	int status = 0;
	int r = config_load(&config, path, &error);

	if (r == CONFIG_WRONG) {
		config_error_print(&error, stderr);
		return EXIT_USAGE;
	}
	if (r) {
		problem_print_at(path, "the configuration cannot be read", tc_err_text(r),
				 "check the path and who may read the file");
		return EXIT_FAILURE;
	}
	switch (words->action) {
	case RUN:
		status = daemon_run(&config);
		break;
	case CHECK_CONFIG:
		break;
	case PRINT_CONFIG:
		config_print(&config, stdout);
		break;
	case REBUILD:
		status = verify_rebuild(&config);
		break;
	case CHECK:
		status = verify_check(&config);
		break;
	case RESTORE:
		status = restore_run(&config, &words->restore);
		break;
	case LOST:
		status = forgotten_lost_run(&config, words->lost, words->restore.decided_by);
		break;
	case MEASURE:
		break;
	}
	config_done(&config);
	return status;
}

/* The options of --measure-decisions: a whole number within bounds. */
static bool number(const char *text, unsigned long least, unsigned long most, unsigned long *ret)
{
	char *end;

	*ret = strtoul(text, &end, 10);
	return isdigit((unsigned char)*text) && *end == '\0' && *ret >= least && *ret <= most;
}

static int measure(const struct words *words)
{
	unsigned long count = DECISION_BENCH_PERSONS_DEFAULT;
	unsigned long each = DECISION_BENCH_GRANTS_DEFAULT;
	unsigned long time = DECISION_BENCH_SECONDS_DEFAULT;
	struct decision_bench_plan plan;

	if (words->persons && !number(words->persons, 2, DECISION_BENCH_PERSONS_MAX, &count))
		return usage("--persons takes a number from 2 to 10000000");
	if (words->grants && !number(words->grants, 1, DECISION_BENCH_GRANTS_MAX, &each))
		return usage("--grants takes a number from 1 to 1000");
	if (words->seconds && !number(words->seconds, 1, DECISION_BENCH_SECONDS_MAX, &time))
		return usage("--seconds takes a number from 1 to 3600");
	plan = (struct decision_bench_plan){count, (unsigned)each, (unsigned)time};
	return decision_bench_run(&plan);
}

/* Whether the option was all there is to do. */
static bool print_only(int option)
{
	switch (option) {
	case 'e':
		config_print_example(stdout);
		return true;
	case 's':
		config_print_scdoc(stdout);
		return true;
	case 'v':
		puts("throughcared " THROUGHCARE_VERSION);
		return true;
	case 'h':
		help_print();
		return true;
	default:
		return false;
	}
}

static bool take(struct words *words, int option)
{
	switch (option) {
	case 'C':
		words->action = CHECK_CONFIG;
		/* fall through */
	case 'c':
		words->path = optarg;
		return true;
	case 'p':
		words->action = PRINT_CONFIG;
		return true;
	case 'r':
		words->action = REBUILD;
		return true;
	case 'k':
		words->action = CHECK;
		return true;
	case 'm':
		words->action = MEASURE;
		return true;
	case 'R':
		words->action = RESTORE;
		words->restore.folder = optarg;
		return true;
	case 'l':
		words->action = LOST;
		words->lost = optarg;
		return true;
	case 'x':
		words->restore.replace = true;
		return true;
	case 'g':
		words->restore.accept_gap = optarg;
		return true;
	case 'd':
		words->restore.decided_by = optarg;
		return true;
	case 'w':
		words->restore.witnessed = optarg;
		return true;
	case 'P':
		words->persons = optarg;
		return true;
	case 'G':
		words->grants = optarg;
		return true;
	case 'S':
		words->seconds = optarg;
		return true;
	default:
		return false;
	}
}

/* Who accepts that records are missing says why, and who they are. */
static bool restore_words_fit(const struct words *words)
{
	const struct restore_words *restore = &words->restore;
	const char *reason = words->action == LOST ? words->lost : restore->accept_gap;

	if (words->action != RESTORE &&
	    (restore->replace || restore->accept_gap || restore->witnessed))
		return false;
	if (!reason)
		return !restore->decided_by;
	/* Blanks name nobody, and are no reason. */
	return tc_actor_named(tc_slice_text(reason)) && restore->decided_by &&
	       tc_actor_named(tc_slice_text(restore->decided_by));
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"check-config", required_argument, NULL, 'C'},
		{"print-config", no_argument, NULL, 'p'},
		{"rebuild", no_argument, NULL, 'r'},
		{"check", no_argument, NULL, 'k'},
		{"restore", required_argument, NULL, 'R'},
		{"forgotten-lost", required_argument, NULL, 'l'},
		{"replace", no_argument, NULL, 'x'},
		{"accept-gap", required_argument, NULL, 'g'},
		{"decided-by", required_argument, NULL, 'd'},
		{"witnessed", required_argument, NULL, 'w'},
		{"measure-decisions", no_argument, NULL, 'm'},
		{"persons", required_argument, NULL, 'P'},
		{"grants", required_argument, NULL, 'G'},
		{"seconds", required_argument, NULL, 'S'},
		{"print-example", no_argument, NULL, 'e'},
		{"print-settings-scd", no_argument, NULL, 's'},
		{"version", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct words words = {.action = RUN};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (print_only(option))
			return 0;
		if (!take(&words, option))
			return usage("the command line is not understood");
	}
	if (optind < argc)
		return usage("there is an argument too many");
	if (words.action == MEASURE)
		return words.path ? usage("--measure-decisions takes no configuration")
				  : measure(&words);
	if (words.persons || words.grants || words.seconds)
		return usage("--persons, --grants and --seconds belong to --measure-decisions");
	if (!restore_words_fit(&words))
		return usage("--replace, --accept-gap, --decided-by and --witnessed belong to "
			     "--restore; a gap is accepted for a reason, by somebody, and so is a "
			     "loss");
	if (!words.path && words.action == PRINT_CONFIG) {
		config_print_defaults(stdout);
		return 0;
	}
	if (!words.path)
		return usage("no --config FILE is given");
	return act(&words);
}
