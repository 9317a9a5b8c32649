/* throughcare - the command line for all roles of a network. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/help.h"

#ifndef THROUGHCARE_VERSION
#error "the build says the version"
#endif

static void text_print(const struct tc_invocation *invocation, const struct tc_screen *screen)
{
	if (invocation->version)
		fputs("throughcare " THROUGHCARE_VERSION "\n", screen->out);
	else if (invocation->command)
		tc_help_command(invocation->command, screen);
	else
		tc_help_overview(invocation->noun, screen);
}

/* With --json there is nothing but objects on stdout, these texts too. */
static enum tc_exit text_say(const struct tc_invocation *invocation)
{
	char *text = NULL;
	size_t len = 0;
	FILE *memory;

	if (!invocation->screen.json) {
		text_print(invocation, &invocation->screen);
		return TC_EXIT_DONE;
	}
	memory = open_memstream(&text, &len);
	if (!memory)
		return TC_EXIT_FAILED;
	text_print(invocation, &(struct tc_screen){.out = memory});
	if (fclose(memory) == 0) {
		json_t *object = invocation->version
					 ? json_pack("{s:s}", "version", THROUGHCARE_VERSION)
					 : json_pack("{s:s}", "help", text);
		tc_screen_line(&invocation->screen, object);
		json_decref(object);
	}
	free(text);
	return TC_EXIT_DONE;
}

static enum tc_exit run(struct tc_invocation *invocation)
{
	if (invocation->version || invocation->help)
		return text_say(invocation);
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
