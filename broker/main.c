/*
 * throughcared - the exchange. Everything is in daemon/; here is its command line.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config.h"
#include "daemon/daemon.h"
#include "daemon/help.h"
#include "daemon/problem.h"
#include "daemon/verify.h"

#define EXIT_USAGE 2

enum action { RUN, CHECK_CONFIG, PRINT_CONFIG, REBUILD, CHECK };

static int usage(const char *error)
{
	problem_print(error, NULL, "see throughcared --help");
	return EXIT_USAGE;
}

static int act(enum action action, const char *path)
{
	struct config config;
	struct config_error error;
	int status = 0;
	int r = config_load(&config, path, &error);

	if (r == CONFIG_WRONG) {
		config_error_print(&error, stderr);
		return EXIT_USAGE;
	}
	if (r) {
		problem_print_at(path, "the configuration cannot be read", tc_err_text(r), NULL);
		return EXIT_FAILURE;
	}
	switch (action) {
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
	}
	config_done(&config);
	return status;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"check-config", required_argument, NULL, 'C'},
		{"print-config", no_argument, NULL, 'p'},
		{"rebuild", no_argument, NULL, 'r'},
		{"check", no_argument, NULL, 'k'},
		{"print-example", no_argument, NULL, 'e'},
		{"print-settings-scd", no_argument, NULL, 's'},
		{"version", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	enum action action = RUN;
	const char *path = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'C':
			action = CHECK_CONFIG;
			/* fall through */
		case 'c':
			path = optarg;
			break;
		case 'p':
			action = PRINT_CONFIG;
			break;
		case 'r':
			action = REBUILD;
			break;
		case 'k':
			action = CHECK;
			break;
		case 'e':
			config_print_example(stdout);
			return 0;
		case 's':
			config_print_scdoc(stdout);
			return 0;
		case 'v':
			puts("throughcared " THROUGHCARE_VERSION);
			return 0;
		case 'h':
			help_print();
			return 0;
		default:
			return usage("the command line is not understood");
		}
	}
	if (optind < argc)
		return usage("there is an argument too many");
	if (!path && action == PRINT_CONFIG) {
		config_print_defaults(stdout);
		return 0;
	}
	if (!path)
		return usage("no --config FILE is given");
	return act(action, path);
}
