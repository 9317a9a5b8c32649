/* user_policy - policies that users must accept: publish, read, accept, see who has. */
#include <string.h>

#include "base/clock.h"
#include "cli/command_table.h"
#include "cli/file.h"
#include "cli/form.h"
#include "cli/outbox.h"
#include "cli/question.h"
#include "wire/base64.h"
#include "wire/digest.h"

#define TEXT_BYTES_MAX 32768 /* as UserPolicy.text */

static const struct tc_outbox_options plain = {.seal = TC_SEAL_MARKED};

/* Sends one message in the name of --actor. Takes the content. */
static enum tc_exit send_take(struct tc_invocation *invocation, const char *type, json_t *content)
{
	json_t *messages = json_pack("[o]", tc_form_message(type, content));
	enum tc_exit code = tc_outbox_send(invocation, messages, &plain);

	json_decref(messages);
	return code;
}

static bool actor_named(const struct tc_invocation *invocation)
{
	const char *actor = tc_invocation_option(invocation, "actor");

	return actor && *actor;
}

enum tc_exit tc_policy_publish_run(struct tc_invocation *invocation)
{
	static const struct tc_form_field form[] = {
		{"id", "policyId", "id of the policy", TC_FORM_TEXT, true, NULL, NULL},
		{"version", "version", "its version", TC_FORM_NUMBER, true, NULL, NULL},
		{"title", "title", "its title", TC_FORM_TEXT, true, NULL, NULL},
		{.option = NULL},
	};
	const char *path = invocation->operands[0];
	json_t *content = json_object(), *text = NULL;
	struct tc_bytes bytes = {0};
	enum tc_exit code = TC_EXIT_FAILED;

	if (!actor_named(invocation))
		code = tc_invocation_usage(invocation, "--actor: which person publishes it?");
	else if (tc_file_read(path, TEXT_BYTES_MAX, &bytes, &invocation->problem) == 0)
		code = tc_form_fill(invocation, form, content);
	if (code == TC_EXIT_DONE) {
		text = json_stringn((const char *)bytes.data, bytes.len);
		if (text == NULL) {
			tc_problem_set(&invocation->problem, "utf8_invalid",
				       "a text is not valid UTF-8", "write it as UTF-8", "%s",
				       path);
			code = TC_EXIT_FAILED;
		}
	}
	if (code == TC_EXIT_DONE) {
		json_object_set_new(content, "text", text);
		code = send_take(invocation, "UserPolicy", json_incref(content));
	}
	json_decref(content);
	tc_bytes_free(&bytes);
	return code;
}

/* ---- reading ---- */

/* The reply, and in it the newest version; or all, without their texts, when no id is given. */
static enum tc_exit policies_ask(struct tc_invocation *invocation, json_t **ret_reply)
{
	Throughcare__V1__UserPolicyQuery asked = THROUGHCARE__V1__USER_POLICY_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;

	asked.policy_id = invocation->operand_count > 0 ? invocation->operands[0] : NULL;
	query.body_case = THROUGHCARE__V1__QUERY__BODY_USER_POLICY;
	query.user_policy = &asked;
	return tc_question_once(invocation, &query, ret_reply);
}

/* Line by line, since what the screen says is escaped. */
static void text_say(const struct tc_screen *screen, const char *text)
{
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");

		tc_screen_say(screen, "%.*s", (int)len, text);
		text += len + (text[len] == '\n');
	}
}

enum tc_exit tc_policy_text_run(struct tc_invocation *invocation)
{
	static const struct tc_column columns[] = {
		{"policyId", "POLICY"}, {"version", "VERSION"}, {"at", "SINCE"},
		{"title", "TITLE"},     {NULL, NULL},
	};
	json_t *reply = NULL;
	enum tc_exit code = policies_ask(invocation, &reply);
	const json_t *rows = json_object_get(reply, "userPolicies");
	const char *text = json_string_value(json_object_get(json_array_get(rows, 0), "text"));

	if (code == TC_EXIT_DONE)
		tc_screen_table(&invocation->screen, columns, rows);
	if (code == TC_EXIT_DONE && !invocation->screen.json && text) {
		tc_screen_say(&invocation->screen, "%s", "");
		text_say(&invocation->screen, text);
	}
	json_decref(reply);
	return code;
}

/* ---- accepting ---- */

/* The digest is made of the text itself: that is what the person accepts. NULL: no memory. */
static json_t *ack_make(const json_t *policy)
{
	const char *text = json_string_value(json_object_get(policy, "text"));
	char base64[TC_BASE64_TEXT_BYTES(TC_SHA256_BYTES)], now[TC_TIME_TEXT_BYTES];
	uint8_t digest[TC_SHA256_BYTES];

	if (tc_sha256(tc_slice_text(text ? text : ""), digest) != 0)
		return NULL;
	tc_base64_encode(tc_slice(digest, sizeof(digest)), base64);
	tc_time_format(tc_clock_now_ms(&tc_clock_real), now);
	return json_pack("{s:O,s:O,s:s,s:s}", "policyId", json_object_get(policy, "policyId"),
			 "version", json_object_get(policy, "version"), "textSha256", base64,
			 "acceptedAt", now);
}

enum tc_exit tc_policy_accept_run(struct tc_invocation *invocation)
{
	json_t *reply = NULL;

	if (!actor_named(invocation))
		return tc_invocation_usage(invocation, "--actor: which person accepts it?");
	enum tc_exit code = policies_ask(invocation, &reply);
	const json_t *policy = json_array_get(json_object_get(reply, "userPolicies"), 0);
	json_t *ack = code == TC_EXIT_DONE ? ack_make(policy) : NULL;
	if (code == TC_EXIT_DONE && ack == NULL) {
		tc_problem_set(&invocation->problem, "protocol",
			       "the exchange's answer cannot be read",
			       "check that this program is of the exchange's version", NULL);
		code = TC_EXIT_FAILED;
	}
	if (code == TC_EXIT_DONE) {
		tc_screen_say(&invocation->screen, "%s, version %lld",
			      json_string_value(json_object_get(policy, "title")),
			      (long long)json_integer_value(json_object_get(policy, "version")));
		code = send_take(invocation, "PolicyAck", json_incref(ack));
	}
	json_decref(ack);
	json_decref(reply);
	return code;
}

static void acceptance_shorten(json_t *row)
{
	if (json_object_get(row, "at"))
		tc_screen_minute(row, "at");
	else
		json_object_set_new(row, "at", json_string("not yet"));
}

enum tc_exit tc_policy_accepted_run(struct tc_invocation *invocation)
{
	static const struct tc_column columns[] = {
		{"agency", "AGENCY"}, {"actor", "WHO"}, {"at", "ACCEPTED"}, {NULL, NULL}};
	Throughcare__V1__AcceptanceListQuery list = THROUGHCARE__V1__ACCEPTANCE_LIST_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;

	list.policy_id = invocation->operands[0];
	query.body_case = THROUGHCARE__V1__QUERY__BODY_ACCEPTANCE_LIST;
	query.acceptance_list = &list;
	return tc_question_rows(invocation, &query, "acceptances", columns, acceptance_shorten);
}
