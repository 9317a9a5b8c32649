/* message - send and show. Collecting is in collect.c, examples in template.c. */
#include <stdlib.h>
#include <string.h>

#include "cli/command_table.h"
#include "cli/compose.h"
#include "cli/outbox.h"
#include "cli/question.h"
#include "cli/terms.h"

#define INPUT_BYTES_MAX (256UL * 1024 * 1024)

static enum tc_exit input_read(struct tc_invocation *invocation, json_t **ret)
{
	const char *path = invocation->operand_count > 0 ? invocation->operands[0] : "-";
	struct tc_bytes text = {0};
	int r = strcmp(path, "-") == 0
			? tc_file_read_stream(stdin, INPUT_BYTES_MAX, &text, &invocation->problem)
			: tc_file_read(path, INPUT_BYTES_MAX, &text, &invocation->problem);

	if (r == 0)
		r = tc_compose_read(tc_bytes_slice(&text), ret, &invocation->problem);
	tc_bytes_free(&text);
	return r == 0 ? TC_EXIT_DONE : TC_EXIT_FAILED;
}

enum tc_exit tc_message_send_run(struct tc_invocation *invocation)
{
	struct tc_outbox_options options = {
		.seal = TC_SEAL_POLICY,
		.again = tc_invocation_option(invocation, "again") != NULL,
	};
	const bool all = tc_invocation_option(invocation, "seal") != NULL;
	const bool none = tc_invocation_option(invocation, "no-seal") != NULL;
	json_t *messages = NULL;

	if (all && none)
		return tc_invocation_usage(invocation, "--seal and --no-seal exclude each other");
	if (all || none)
		options.seal = all ? TC_SEAL_ALL : TC_SEAL_MARKED;
	enum tc_exit code = input_read(invocation, &messages);
	if (code == TC_EXIT_DONE)
		code = tc_outbox_send(invocation, messages, &options);
	json_decref(messages);
	return code;
}

enum tc_exit tc_message_show_run(struct tc_invocation *invocation)
{
	Throughcare__V1__MessageShowQuery show = THROUGHCARE__V1__MESSAGE_SHOW_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	struct tc_terms_shown notices = {0};
	json_t *shown = NULL, *terms = NULL;

	show.message_id = invocation->operands[0];
	query.body_case = THROUGHCARE__V1__QUERY__BODY_MESSAGE_SHOW;
	query.message_show = &show;
	enum tc_exit code = tc_question_message(invocation, &query, &shown);
	if (code == TC_EXIT_DONE && !invocation->screen.json)
		terms = tc_terms_split(shown);
	if (code == TC_EXIT_DONE)
		tc_screen_document(&invocation->screen, shown);
	if (terms)
		tc_terms_say(&invocation->screen, terms, &notices);
	json_decref(terms);
	json_decref(shown);
	return code;
}
