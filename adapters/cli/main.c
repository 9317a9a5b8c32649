/* throughcare - the command line for all roles of a network. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/help.h"

#ifndef THROUGHCARE_VERSION
#error "the build says the version"
#endif

static enum tc_exit run(struct tc_invocation *invocation)
{
	if (invocation->version) {
		puts("throughcare " THROUGHCARE_VERSION);
		return TC_EXIT_DONE;
	}
	if (invocation->help) {
		if (invocation->command)
			tc_help_command(invocation->command, stdout);
		else
			tc_help_overview(NULL, stdout);
		return TC_EXIT_DONE;
	}
	return invocation->command->run(invocation);
}

int main(int argc, char **argv)
{
	struct tc_invocation invocation;
	enum tc_exit code = TC_EXIT_USAGE;

	/* Only the width of characters in tables; numbers and times never depend on it. */
	setlocale(LC_CTYPE, "");
	signal(SIGPIPE, SIG_IGN);
	if (tc_command_parse(argc, argv, &invocation) == 0)
		code = run(&invocation);
	if (code != TC_EXIT_DONE && invocation.problem.code[0])
		tc_screen_problem(&invocation.screen, &invocation.problem);
	if (!tc_screen_flush(&invocation.screen) && code == TC_EXIT_DONE) {
		perror("throughcare: cannot write the results");
		code = TC_EXIT_FAILED;
	}
	return code;
}
