/* outbox - see the header. */
#include "cli/outbox.h"

#include <string.h>

#include "base/clock.h"
#include "cli/compose.h"
#include "cli/lookup.h"
#include "cli/rendition.h"
#include "client/message.h"
#include "wire/refusal.h"

struct sending {
	struct tc_invocation *invocation;
	struct tc_client *client;
	struct tc_compose_writer writer;
	enum tc_seal_choice seal;
	bool refused; /* any of them */
	size_t bytes; /* of the batch */
	size_t count;
	struct tc_message *batch[TC_SUBMIT_MAX];
};

static void dispositions_say(const struct tc_screen *screen, const struct tc_receipt *receipt)
{
	static const char *const kinds[] = {"unknown",   "queued for", "held for",
					    "denied to", "applied by", "recorded by"};
	for (size_t i = 0; i < receipt->disposition_count; i++) {
		const struct tc_disposition *to = &receipt->dispositions[i];
		bool known = to->kind > 0 && (size_t)to->kind < sizeof(kinds) / sizeof(kinds[0]);
		char parts[64] = ""; /* what the exchange keeps for itself is released to nobody */

		if (to->parts_released + to->parts_withheld > 0)
			snprintf(parts, sizeof(parts), ": %u part%s released, %u withheld",
				 to->parts_released, to->parts_released == 1 ? "" : "s",
				 to->parts_withheld);
		tc_screen_say(screen, "  %s %s%s%s%s%s", kinds[known ? to->kind : 0],
			      to->recipient && *to->recipient ? to->recipient : "the exchange",
			      to->code && *to->code ? " (" : "", to->code ? to->code : "",
			      to->code && *to->code ? ")" : "", parts);
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

/* Made of the JSON, and sealed. TC_EXIT_REFUSED: this message cannot be sent, others can. */
static enum tc_exit message_make(struct sending *sending, const json_t *message,
				 struct tc_message **ret, size_t *ret_bytes)
{
	struct tc_problem *problem = &sending->invocation->problem;
	struct tc_composition *composition = NULL;
	int r = tc_compose(message, &sending->writer, &composition, problem);

	if (r != 0)
		return r > 0 ? TC_EXIT_REFUSED : TC_EXIT_FAILED;
	const size_t count = composition->part_count;
	r = tc_compose_message(composition, ret);
	tc_compose_free(&composition);
	if (r != 0) {
		tc_session_problem(problem, NULL, r);
		return TC_EXIT_FAILED;
	}
	r = tc_client_seal(sending->client, *ret, sending->seal, TC_SESSION_TIMEOUT_MS);
	if (r == TC_CLIENT_SEAL || r == TC_CLIENT_REFUSED) {
		tc_session_problem(problem, tc_client_error(sending->client), r);
		return TC_EXIT_REFUSED;
	}
	if (r != 0)
		return tc_session_failed(sending->invocation, sending->client, r);
	/* Sealed, it is longer. */
	*ret_bytes = tc_message_content_bytes(*ret) + count * TC_PART_OVERHEAD_BYTES;
	if (*ret_bytes <= TC_FRAME_BYTES_MAX - TC_HEADER_BYTES_MAX)
		return TC_EXIT_DONE;
	tc_problem_set(problem, tc_refusal_name(TC_REFUSAL_FRAME_TOO_LARGE),
		       tc_refusal_message(TC_REFUSAL_FRAME_TOO_LARGE),
		       tc_refusal_hint(TC_REFUSAL_FRAME_TOO_LARGE),
		       "sealed, the message has more than 4 MiB");
	return TC_EXIT_REFUSED;
}

static enum tc_exit one_send(struct sending *sending, const json_t *message)
{
	struct tc_message *made = NULL;
	size_t bytes = 0;
	enum tc_exit code = message_make(sending, message, &made, &bytes);

	if (code == TC_EXIT_DONE &&
	    (sending->count == TC_SUBMIT_MAX || sending->bytes + bytes > TC_FRAME_BYTES_MAX / 2))
		code = batch_send(sending);
	if (code == TC_EXIT_DONE) {
		sending->batch[sending->count++] = made;
		sending->bytes += bytes;
		made = NULL;
	}
	tc_message_free(&made);
	return code == TC_EXIT_REFUSED ? refusal_say(sending) : code;
}

/* Takes the ids of a sending before out of the message, and says which one it follows. False, and
 * the problem says why: it does not say which one that was. */
static bool message_renew(struct sending *sending, json_t *message)
{
	static const char *const ids[] = {"messageId", "message_id", "id"};
	static const char *const times[] = {"createdAt", "created_at", "created"};
	const json_t *lead = json_array_get(json_object_get(message, "parts"), 0);
	const char *type = json_string_value(json_object_get(lead, "type"));
	const char *before = NULL;

	for (size_t i = 0; i < 3 && !before; i++)
		before = json_string_value(json_object_get(message, ids[i]));
	if (!before) {
		tc_problem_set(&sending->invocation->problem, "field_missing",
			       "a message to be sent again does not say which one it was",
			       "write its messageId into it, as the receipt had it", "messageId");
		return false;
	}
	json_object_set_new(message, "causationId", json_string(before));
	for (size_t i = 0; i < 3; i++) {
		json_object_del(message, ids[i]);
		json_object_del(message, times[i]);
	}
	/* A new Referral makes a referral of its own. */
	if (type && strcmp(type, "Referral") == 0) {
		json_object_del(message, "referralId");
		json_object_del(message, "referral_id");
	}
	return true;
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

enum tc_exit tc_outbox_send(struct tc_invocation *invocation, json_t *messages,
			    const struct tc_outbox_options *options)
{
	struct sending sending = {.invocation = invocation, .seal = options->seal};
	struct tc_signing_key *key = NULL;
	size_t index;
	json_t *message;
	enum tc_exit code = key_load(invocation, &key);

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
		if (options->again && json_is_object(message) && !message_renew(&sending, message))
			code = refusal_say(&sending);
		else
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
	return code == TC_EXIT_DONE && sending.refused ? TC_EXIT_REFUSED : code;
}
