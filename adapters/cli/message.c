/* message - send and show. Collecting is in collect.c, examples in template.c. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/command_table.h"
#include "cli/compose.h"
#include "cli/lookup.h"
#include "cli/question.h"
#include "cli/rendition.h"
#include "cli/session.h"

#define INPUT_BYTES_MAX (256UL * 1024 * 1024)

struct sending {
	struct tc_invocation *invocation;
	struct tc_client *client;
	struct tc_compose_writer writer;
	bool refused; /* any of them */
	size_t bytes; /* of the batch */
	size_t count;
	struct tc_message *batch[TC_SUBMIT_MAX];
};

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

static void dispositions_say(const struct tc_screen *screen, const struct tc_receipt *receipt)
{
	static const char *const kinds[] = {"unknown",   "queued for", "held for",
					    "denied to", "applied by", "recorded by"};
	for (size_t i = 0; i < receipt->disposition_count; i++) {
		const struct tc_disposition *to = &receipt->dispositions[i];
		bool known = to->kind > 0 && (size_t)to->kind < sizeof(kinds) / sizeof(kinds[0]);
		tc_screen_say(screen, "  %s %s%s%s%s: %u parts released, %u withheld",
			      kinds[known ? to->kind : 0],
			      to->recipient && *to->recipient ? to->recipient : "the exchange",
			      to->code && *to->code ? " (" : "", to->code ? to->code : "",
			      to->code && *to->code ? ")" : "", to->parts_released,
			      to->parts_withheld);
	}
}

static void receipt_print(struct sending *sending, const struct tc_receipt *receipt)
{
	const struct tc_screen *screen = &sending->invocation->screen;
	struct tc_problem problem;

	if (receipt->status != TC_RECEIPT_ACCEPTED)
		sending->refused = true;
	if (screen->json) {
		json_t *object = NULL;
		if (tc_rendition_packed(tc_slice(receipt->packed, receipt->packed_len),
					&throughcare__v1__receipt__descriptor, &object) == 0)
			tc_screen_line(screen, object);
		json_decref(object);
	} else if (receipt->status == TC_RECEIPT_ACCEPTED) {
		tc_screen_say(screen, "accepted  %s  at log position %llu%s", receipt->message_id,
			      (unsigned long long)receipt->log_sequence,
			      receipt->repeated ? " (sent before: the first receipt)" : "");
		dispositions_say(screen, receipt);
	} else {
		tc_screen_say(screen, "refused   %s", receipt->message_id);
		tc_session_problem(&problem, &receipt->refusal, 0);
		tc_screen_problem(screen, &problem);
	}
}

static enum tc_exit batch_send(struct sending *sending)
{
	const struct tc_receipt *receipts = NULL;
	size_t count = 0;
	enum tc_exit code = TC_EXIT_DONE;

	if (sending->count > 0) {
		int r = tc_client_submit(sending->client, sending->batch, sending->count,
					 TC_SESSION_TIMEOUT_MS, &receipts, &count);
		if (r != 0)
			code = tc_session_failed(sending->invocation, sending->client, r);
	}
	for (size_t i = 0; i < count; i++)
		receipt_print(sending, &receipts[i]);
	for (size_t i = 0; i < sending->count; i++)
		tc_message_free(&sending->batch[i]);
	sending->count = 0;
	sending->bytes = 0;
	return code;
}

/* A message that cannot be made is a refusal of its own; the others go on. */
static enum tc_exit refusal_say(struct sending *sending)
{
	struct tc_invocation *invocation = sending->invocation;
	enum tc_exit code = batch_send(sending); /* receipts stay in the order of the messages */

	if (code == TC_EXIT_DONE)
		tc_screen_problem(&invocation->screen, &invocation->problem);
	if (code == TC_EXIT_DONE)
		invocation->problem = (struct tc_problem){0};
	sending->refused = true;
	return code;
}

/* *ret: the message, with what the exchange knows filled in; NULL when it was refused. */
static enum tc_exit message_fill(struct sending *sending, json_t *message, json_t **ret)
{
	if (!tc_lookup_wanted(message)) {
		*ret = json_incref(message);
		return TC_EXIT_DONE;
	}
	enum tc_exit code = batch_send(sending); /* what it is about may be among those */
	if (code != TC_EXIT_DONE)
		return code;
	json_t *copy = json_deep_copy(message);
	code = tc_lookup_fill(sending->invocation, sending->client, copy);
	if (code == TC_EXIT_DONE)
		*ret = copy;
	else
		json_decref(copy);
	return code == TC_EXIT_REFUSED ? refusal_say(sending) : code;
}

static enum tc_exit one_send(struct sending *sending, const json_t *message)
{
	struct tc_invocation *invocation = sending->invocation;
	struct tc_composition *composition = NULL;
	enum tc_exit code = TC_EXIT_DONE;
	int r = tc_compose(message, &sending->writer, &composition, &invocation->problem);

	if (r > 0)
		return refusal_say(sending);
	if (r < 0)
		return TC_EXIT_FAILED;
	const size_t bytes = composition->bytes;
	if (sending->count == TC_SUBMIT_MAX || sending->bytes + bytes > TC_FRAME_BYTES_MAX / 2)
		code = batch_send(sending);
	if (code == TC_EXIT_DONE) {
		r = tc_compose_message(composition, &sending->batch[sending->count]);
		if (r == 0) {
			sending->count++;
			sending->bytes += bytes;
		} else {
			tc_message_free(&sending->batch[sending->count]);
			tc_session_problem(&invocation->problem, NULL, r);
			code = TC_EXIT_FAILED;
		}
	}
	tc_compose_free(&composition);
	return code;
}

static enum tc_exit key_load(struct tc_invocation *invocation, struct tc_signing_key **ret)
{
	char folder[TC_FILE_PATH_BYTES], path[TC_FILE_PATH_BYTES];
	enum tc_exit code = tc_session_profile(invocation, folder);

	if (code != TC_EXIT_DONE)
		return code;
	if (tc_file_path(path, folder, "key.pem") && tc_signing_key_load(path, ret) == 0)
		return TC_EXIT_DONE;
	tc_problem_set(&invocation->problem, "profile_unusable", "the profile's key cannot be used",
		       "run `throughcare doctor` with this profile", "%s", path);
	return TC_EXIT_FAILED;
}

enum tc_exit tc_message_send_run(struct tc_invocation *invocation)
{
	struct sending sending = {.invocation = invocation};
	struct tc_signing_key *key = NULL;
	json_t *messages = NULL;
	size_t index;
	json_t *message;

	enum tc_exit code = input_read(invocation, &messages);
	if (code == TC_EXIT_DONE)
		code = key_load(invocation, &key);
	if (code == TC_EXIT_DONE)
		code = tc_session_open(invocation, &sending.client);
	if (code == TC_EXIT_DONE)
		sending.writer = (struct tc_compose_writer){
			.sender = tc_client_identity(sending.client)->id,
			.actor = tc_invocation_option(invocation, "actor"),
			.key = key,
			.now_ms = tc_clock_now_ms(&tc_clock_real),
		};
	json_array_foreach(messages, index, message)
	{
		json_t *filled = NULL;
		if (code != TC_EXIT_DONE)
			break;
		code = message_fill(&sending, message, &filled);
		if (filled)
			code = one_send(&sending, filled);
		json_decref(filled);
	}
	if (code == TC_EXIT_DONE)
		code = batch_send(&sending);
	for (size_t i = 0; i < sending.count; i++)
		tc_message_free(&sending.batch[i]);
	tc_client_close(&sending.client);
	tc_signing_key_free(&key);
	json_decref(messages);
	return code == TC_EXIT_DONE && sending.refused ? TC_EXIT_REFUSED : code;
}

enum tc_exit tc_message_show_run(struct tc_invocation *invocation)
{
	Throughcare__V1__MessageShowQuery show = THROUGHCARE__V1__MESSAGE_SHOW_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	json_t *shown = NULL;

	show.message_id = invocation->operands[0];
	query.body_case = THROUGHCARE__V1__QUERY__BODY_MESSAGE_SHOW;
	query.message_show = &show;
	enum tc_exit code = tc_question_message(invocation, &query, &shown);
	if (code == TC_EXIT_DONE)
		tc_screen_document(&invocation->screen, shown);
	json_decref(shown);
	return code;
}
