#include <string.h>

#include "cli/command_table.h"
#include "cli/help.h"
#include "cli/paragraph.h"

static bool same_verb(const struct tc_command *command, const char *verb)
{
	return !verb || (command->verb && strcmp(command->verb, verb) == 0);
}

#define OPTION_COLUMN  28
#define COMMAND_COLUMN 22

static void row_print(const struct tc_screen *screen, int column, const char *left,
		      const char *right)
{
	fprintf(screen->out, "  %-*s  ", column - 4, left);
	tc_paragraph_hang(screen, column, right);
}

static bool options_have(const struct tc_command_option *options, const char *name)
{
	for (; options && options->name; options++)
		if (strcmp(options->name, name) == 0)
			return true;
	return false;
}

/* But for those that `own` has, too. */
static void options_print(const struct tc_screen *screen, const struct tc_command_option *options,
			  const struct tc_command_option *own)
{
	for (; options && options->name; options++) {
		char left[64];
		if (options_have(own, options->name))
			continue;
		snprintf(left, sizeof(left), "--%s%s%s", options->name, options->value ? " " : "",
			 options->value ? options->value : "");
		row_print(screen, OPTION_COLUMN, left, options->summary);
	}
}

static void lines_print(FILE *to, const char *indent, const char *text)
{
	while (*text) {
		int len = (int)strcspn(text, "\n");
		fprintf(to, "%s%.*s\n", indent, len, text);
		text += len + (text[len] == '\n');
	}
}

/* What it is called, what it is for, and how it is written. */
static void head_print(const struct tc_command *command, const struct tc_screen *screen)
{
	const char *space = command->verb ? " " : "", *verb = command->verb ? command->verb : "";
	char words[256];

	snprintf(words, sizeof(words), "throughcare %s%s%s - %s", command->noun, space, verb,
		 command->summary);
	tc_paragraph_hang(screen, 0, words);
	snprintf(words, sizeof(words), "throughcare [--profile DIR] [--json] %s%s%s%s%s%s",
		 command->noun, space, verb, *command->operands ? " " : "", command->operands,
		 command->options ? " [OPTION]..." : "");
	fputs("\nUsage: ", screen->out);
	tc_paragraph_hang(screen, (int)strlen("Usage: "), words);
}

void tc_help_command(const struct tc_command *command, const struct tc_screen *screen)
{
	FILE *to = screen->out;

	head_print(command, screen);
	if (*command->details) {
		fputc('\n', to);
		tc_paragraph_hang(screen, 0, command->details);
	}
	if (command->options) {
		fputs("\nOptions:\n", to);
		options_print(screen, command->options, NULL);
	}
	fputs("\nOptions of every command:\n", to);
	options_print(screen, tc_command_global_options, command->options);
	fputs("\nExamples:\n", to);
	lines_print(to, "  ", command->examples);
}

static void commands_print(const char *noun, const struct tc_screen *screen)
{
	for (const struct tc_command *command = tc_command_table; command->noun; command++) {
		char left[48];
		if (noun && strcmp(noun, command->noun) != 0)
			continue;
		snprintf(left, sizeof(left), "%s%s%s", command->noun, command->verb ? " " : "",
			 command->verb ? command->verb : "");
		row_print(screen, COMMAND_COLUMN, left, command->summary);
	}
}

void tc_help_overview(const char *noun, const struct tc_screen *screen)
{
	FILE *to = screen->out;

	fputs("throughcare - the command line of a Throughcare network\n\n"
	      "Usage: throughcare [--profile DIR] [--json] NOUN VERB [OPERAND]... [OPTION]...\n\n"
	      "Commands:\n",
	      to);
	commands_print(noun, screen);
	fputs("\nOptions of every command:\n", to);
	options_print(screen, tc_command_global_options, NULL);
	fputs("\nExit codes: 0 done, 1 failed, 2 usage, 3 refused by the exchange.\n"
	      "`throughcare NOUN VERB --help` explains one command, with examples.\n",
	      to);
	if (!noun)
		fputs("\nTo begin:\n"
		      "  throughcare network init pilot\n"
		      "  throughcared --config pilot/throughcared.yaml &\n"
		      "  throughcare network add pilot agency/parole-east --name \"East Parole\"\n"
		      "  throughcare --profile pilot/profiles/parole-east doctor\n",
		      to);
}

static void completion_words(FILE *to, const struct tc_command *command)
{
	fprintf(to, "\t%s%s%s) words=\"", command->noun, command->verb ? "_" : "",
		command->verb ? command->verb : "");
	for (const struct tc_command_option *option = command->options; option && option->name;
	     option++)
		fprintf(to, "--%s ", option->name);
	fputs("$globals\" ;;\n", to);
}

static void completion_verbs(FILE *to)
{
	for (const struct tc_command *command = tc_command_table; command->noun; command++) {
		if (!command->verb)
			continue;
		bool first =
			command == tc_command_table || strcmp(command[-1].noun, command->noun) != 0;
		bool last = !command[1].noun || strcmp(command[1].noun, command->noun) != 0;
		if (first)
			fprintf(to, "\t%s) words=\"", command->noun);
		fprintf(to, "%s%s", first ? "" : " ", command->verb);
		if (last)
			fputs("\" ;;\n", to);
	}
}

/* Options whose value is a folder or file complete to names; others to nothing. */
void tc_help_completion(FILE *to)
{
	fputs("# bash completion for throughcare(1), made from its command table.\n"
	      "_throughcare()\n{\n"
	      "\tlocal current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
	      "\tlocal noun=\"\" verb=\"\" words=\"\" skip=\"\" word globals=\"",
	      to);
	for (const struct tc_command_option *option = tc_command_global_options; option->name;
	     option++)
		fprintf(to, "%s--%s", option == tc_command_global_options ? "" : " ", option->name);
	fputs("\"\n"
	      "\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
	      "\t\tif [ -n \"$skip\" ]; then skip=\"\"; continue; fi\n"
	      "\t\tcase $word in\n"
	      "\t\t--profile) skip=1 ;;\n"
	      "\t\t-*) ;;\n"
	      "\t\t*) if [ -z \"$noun\" ]; then noun=$word; elif [ -z \"$verb\" ]; then "
	      "verb=$word; fi ;;\n"
	      "\t\tesac\n"
	      "\tdone\n"
	      "\tif [ \"$previous\" = --profile ]; then\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -d -- \"$current\")\n\t\treturn\n\tfi\n"
	      "\tif [ -z \"$noun\" ]; then\n\t\twords=\"$globals",
	      to);
	for (const struct tc_command *command = tc_command_table; command->noun; command++)
		if (command == tc_command_table || strcmp(command[-1].noun, command->noun) != 0)
			fprintf(to, " %s", command->noun);
	fputs("\"\n\telse\n\t\tcase $noun in\n", to);
	completion_verbs(to);
	fputs("\t*) verb=-; words=$globals ;;\n\tesac\n\tif [ -n \"$verb\" ]; then\n"
	      "\tcase ${noun}${verb:+_$verb} in\n",
	      to);
	for (const struct tc_command *command = tc_command_table; command->noun; command++)
		completion_words(to, command);
	fputs("\tesac\n\tfi\n\tfi\n"
	      "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
	      "\tif [ ${#COMPREPLY[@]} -eq 0 ]; then\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n\tfi\n}\n"
	      "complete -o filenames -F _throughcare throughcare\n",
	      to);
}

/* scdoc takes some characters as marks anywhere, and others at the start of a line. */
static void scdoc_put(FILE *to, const char *text)
{
	bool start = true;

	for (; *text; text++) {
		if (strchr("\\*_<>`", *text) || (start && strchr("-#.|[]", *text)))
			fputc('\\', to);
		fputc(*text, to);
		start = *text == '\n';
	}
}

static void scdoc_options(FILE *to, const struct tc_command_option *options)
{
	for (; options && options->name; options++) {
		fprintf(to, "*--%s*", options->name);
		if (options->value) {
			fputs(" _", to);
			fputs(options->value, to);
			fputc('_', to);
		}
		fputs("\n\t", to);
		scdoc_put(to, options->summary);
		fputs("\n\n", to);
	}
}

void tc_help_scdoc(FILE *to)
{
	fputs("# OPTIONS OF EVERY COMMAND\n\n", to);
	scdoc_options(to, tc_command_global_options);
	fputs("# COMMANDS\n\n", to);
	for (const struct tc_command *command = tc_command_table; command->noun; command++) {
		fprintf(to, "## %s%s%s ", command->noun, command->verb ? " " : "",
			command->verb ? command->verb : "");
		fputs(command->operands, to); /* a title takes no escapes */
		fputs("\n\nTo ", to);
		scdoc_put(to, command->summary);
		fputs(".\n\n", to);
		if (*command->details) {
			scdoc_put(to, command->details);
			fputs("\n\n", to);
		}
		scdoc_options(to, command->options);
		fputs("```\n", to);
		lines_print(to, "", command->examples);
		fputs("```\n\n", to);
	}
}

enum tc_exit tc_help_run(struct tc_invocation *invocation)
{
	const char *noun = invocation->operand_count > 0 ? invocation->operands[0] : NULL;
	const char *verb = invocation->operand_count > 1 ? invocation->operands[1] : NULL;
	const struct tc_screen *screen = &invocation->screen;
	bool known = false;

	if (!noun) {
		tc_help_overview(NULL, screen);
		return TC_EXIT_DONE;
	}
	if (!verb && strcmp(noun, "completion") == 0) {
		tc_help_completion(screen->out);
		return TC_EXIT_DONE;
	}
	if (!verb && strcmp(noun, "options") == 0) {
		tc_help_scdoc(screen->out);
		return TC_EXIT_DONE;
	}
	const struct tc_command *command = tc_command_find(noun, verb);
	if (command) {
		tc_help_command(command, screen);
		return TC_EXIT_DONE;
	}
	for (command = tc_command_table; command->noun; command++)
		known = known || (strcmp(command->noun, noun) == 0 && same_verb(command, verb));
	if (!known)
		return tc_invocation_usage(invocation, "there is no command \"%s%s%s\"", noun,
					   verb ? " " : "", verb ? verb : "");
	tc_help_overview(noun, screen);
	return TC_EXIT_DONE;
}
