/* order - what is sealed, expunged or held, by two persons. */
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "cli/command_table.h"
#include "cli/form.h"
#include "cli/outbox.h"
#include "cli/question.h"

/* As a message of the person who acts, under an id that is told before. */
static enum tc_exit order_send(struct tc_invocation *invocation, const char *type, json_t *content,
			       const char *id)
{
	const struct tc_outbox_options plain = {.seal = TC_SEAL_MARKED};
	json_t *message = tc_form_message(type, content), *messages;
	enum tc_exit code;

	if (id)
		json_object_set_new(message, "messageId", json_string(id));
	messages = json_pack("[o]", message);
	code = tc_outbox_send(invocation, messages, &plain);
	json_decref(messages);
	return code;
}

static bool actor_named(struct tc_invocation *invocation)
{
	const char *actor = tc_invocation_option(invocation, "actor");

	return actor && *actor;
}

/* What it names, or what it ends. */
static bool named(const json_t *content)
{
	return json_object_get(content, "subjects") || json_object_get(content, "referralIds") ||
	       json_object_get(content, "messageIds") || json_object_get(content, "endsOrderId");
}

enum tc_exit tc_order_make_run(struct tc_invocation *invocation)
{
	static const struct tc_form_field form[] = {
		{"kind", "kind", "seal, unseal, expunge, hold or hold_end", TC_FORM_TEXT, true,
		 NULL, NULL},
		{"subject", "subjects", "about which persons, by id", TC_FORM_TEXTS, false, NULL,
		 NULL},
		{"referral", "referralIds", "about which referrals", TC_FORM_TEXTS, false, NULL,
		 NULL},
		{"message", "messageIds", "about which messages", TC_FORM_TEXTS, false, NULL, NULL},
		{"ends", "endsOrderId", "which order it ends", TC_FORM_TEXT, false, NULL, NULL},
		{"cite", "cite", "the law that orders it, without a case or a name", TC_FORM_TEXT,
		 true, NULL, NULL},
		{"reference", "reference", "docket or order number", TC_FORM_TEXT, true, NULL,
		 NULL},
		{"seen-by", "seenBy", "who may see it all the same", TC_FORM_TEXTS, false, NULL,
		 NULL},
		{.option = NULL},
	};
	char id[TC_ID_TEXT_BYTES];
	json_t *content = json_object();
	enum tc_exit code = tc_form_fill(invocation, form, content);

	if (code == TC_EXIT_DONE && !actor_named(invocation))
		code = tc_invocation_usage(invocation, "--actor: which person orders it?");
	if (code == TC_EXIT_DONE && !named(content))
		code = tc_invocation_usage(invocation,
					   "name --subject, --referral or --message, or what it "
					   "--ends");
	if (code != TC_EXIT_DONE) {
		json_decref(content);
		return code;
	}
	tc_id_format(tc_id_new(tc_clock_now_ms(&tc_clock_real)), id);
	tc_screen_say(&invocation->screen,
		      "order     %s (in force once another person approves it)", id);
	return order_send(invocation, "TrailOrder", content, id);
}

enum tc_exit tc_order_approve_run(struct tc_invocation *invocation)
{
	bool turned_down = tc_invocation_option(invocation, "turn-down") != NULL;

	if (!actor_named(invocation))
		return tc_invocation_usage(invocation, "--actor: which person approves it?");
	return order_send(invocation, "TrailOrderApproval",
			  json_pack("{s:s,s:b}", "orderId", invocation->operands[0], "approved",
				    !turned_down),
			  NULL);
}

static void order_shorten(json_t *row)
{
	tc_screen_minute(row, "orderedAt");
}

enum tc_exit tc_order_list_run(struct tc_invocation *invocation)
{
	static const struct tc_column columns[] = {
		{"orderId", "ORDER"},     {"kind", "KIND"}, {"status", "STATUS"},
		{"orderedAt", "ORDERED"}, {NULL, NULL},
	};
	Throughcare__V1__OrderListQuery list = THROUGHCARE__V1__ORDER_LIST_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;

	list.has_open_only = 1;
	list.open_only = tc_invocation_option(invocation, "open") != NULL;
	query.body_case = THROUGHCARE__V1__QUERY__BODY_ORDER_LIST;
	query.order_list = &list;
	return tc_question_rows(invocation, &query, "orders", columns, order_shorten);
}
