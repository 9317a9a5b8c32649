/* template - examples of messages, made from the schema's own examples. */
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "cli/command_table.h"
#include "cli/compose.h"
#include "cli/session.h"
#include "wire/json.h"
#include "wire/part_types.h"

static void types_list(const struct tc_screen *screen)
{
	static const struct tc_column columns[] = {
		{"type", "TYPE"}, {"to", "GOES TO"}, {"summary", "FOR"}, {NULL, NULL}};
	json_t *rows = json_array();

	for (size_t i = 0; i < tc_part_type_count; i++) {
		const struct tc_part_type *type = &tc_part_types[i];
		if (!type->envelope ||
		    type->envelope->destination ==
			    THROUGHCARE__V1__DESTINATION__DESTINATION_FROM_EXCHANGE)
			continue;
		bool exchange = type->envelope->destination ==
				THROUGHCARE__V1__DESTINATION__DESTINATION_EXCHANGE;
		json_array_append_new(rows, json_pack("{s:s,s:s,s:s,s:s*}", "type", type->name,
						      "category", tc_category_name(type->category),
						      "to", exchange ? "exchange" : "agencies",
						      "summary", type->envelope->summary));
	}
	tc_screen_table(screen, columns, rows);
	json_decref(rows);
}

static json_t *id_json(void)
{
	char text[TC_ID_TEXT_BYTES];

	tc_id_format(tc_id_new(tc_clock_now_ms(&tc_clock_real)), text);
	return json_string(text);
}

/* New ids where the example makes something new, so that sending two examples makes two things. */
static void ids_renew(json_t *content, const struct tc_message_rule *rule)
{
	for (size_t i = 0; i < rule->field_count; i++) {
		const struct tc_field_rule *field = &rule->fields[i];
		json_t *value = json_object_get(content, field->json_name);
		size_t index;
		json_t *element;
		if (json_is_string(value) && field->required &&
		    field->format == THROUGHCARE__V1__FORMAT__FORMAT_UUID)
			json_object_set_new(content, field->json_name, id_json());
		else if (json_is_array(value) && field->kind == TC_FIELD_MESSAGE)
			json_array_foreach(value, index, element)
				ids_renew(element, field->message);
	}
}

/* The header that the envelope's rule asks for. Recipient and subject are examples to replace.
 * The referral that an answer is about is left to `message send`, which finds it by these two. */
static json_t *template_header(const struct tc_part_type *type)
{
	static const char *const person = "00000000-0000-7000-8000-000000000001";
	const struct tc_envelope_rule *rule = type->envelope;
	json_t *header = json_pack("{s:s}", "type", type->name);

	if (rule->destination == THROUGHCARE__V1__DESTINATION__DESTINATION_AGENCY)
		json_object_set_new(header, "recipients",
				    json_pack("[{s:s}]", "agency", "agency-id"));
	if (rule->needs_subject)
		json_object_set_new(header, "subject", json_string(person));
	if (strcmp(type->name, "Referral") == 0) {
		json_object_set_new(header, "referralId", id_json());
		json_object_set_new(
			header, "basis",
			json_pack("{s:s}", "legal", "LEGAL_BASIS_NON_PART2_OPERATIONAL"));
	}
	if (rule->needs_purpose)
		json_object_set_new(header, "purpose",
				    json_string("PURPOSE_REFERRAL_COORDINATION"));
	/* No consent of the person it is about can release it: a law must. */
	if (type->category == THROUGHCARE__V1__CATEGORY__CATEGORY_VICTIM_INFO)
		json_object_set_new(header, "basis",
				    json_pack("{s:s,s:s}", "legal", "LEGAL_BASIS_STATUTE",
					      "reference", "the statute, as cited"));
	if (rule->needs_actor)
		json_object_set_new(header, "actor",
				    json_pack("{s:s,s:s}", "id", "w-104", "role", "officer"));
	return header;
}

enum tc_exit tc_message_template_run(struct tc_invocation *invocation)
{
	const char *name = invocation->operand_count > 0 ? invocation->operands[0] : NULL;
	json_t *content = NULL;

	if (tc_invocation_option(invocation, "list")) {
		types_list(&invocation->screen);
		return TC_EXIT_DONE;
	}
	if (!name)
		return tc_invocation_usage(invocation, "name a TYPE, or use --list");
	const struct tc_part_type *type = tc_part_type_find(tc_slice_text(name));
	if (!type || !type->envelope ||
	    type->envelope->destination == THROUGHCARE__V1__DESTINATION__DESTINATION_FROM_EXCHANGE)
		return tc_invocation_usage(invocation,
					   "there is no message type \"%s\"; see `throughcare "
					   "message template --list`",
					   name);
	int r = tc_json_template(type->message->descriptor, tc_clock_now_ms(&tc_clock_real),
				 &content);
	if (r < 0) {
		tc_session_problem(&invocation->problem, NULL, r);
		return TC_EXIT_FAILED;
	}
	if (tc_compose_makes_ids(type->name))
		ids_renew(content, type->message);
	if (strcmp(type->name, "ConsentRevoke") == 0)
		json_object_del(content, "consentId"); /* found by the person, as a referral is */
	json_t *message = template_header(type);
	json_object_set_new(message, "parts",
			    json_pack("[{s:s,s:o}]", "type", type->name, "content", content));
	tc_screen_document(&invocation->screen, message);
	json_decref(message);
	return TC_EXIT_DONE;
}
