/* caseload - what an officer has, and giving it to somebody else. */
#include <string.h>

#include "cli/command_table.h"
#include "cli/form.h"
#include "cli/outbox.h"
#include "cli/question.h"

/* protobuf-c has no const strings; packing does not write. */
#define TEXT(value) ((char *)(uintptr_t)(value))

/* The day alone, without its year, and in the place of no risk what is to be done: a line has 80
 * columns. */
static void row_shorten(json_t *row)
{
	const char *due = json_string_value(json_object_get(row, "dueAt"));
	json_t *risks = json_object_get(row, "risks");
	bool late = json_is_true(json_object_get(row, "overdue"));

	if (due && strlen(due) >= 10)
		json_object_set_new(row, "due", json_sprintf("%.5s%s", due + 5, late ? "!" : ""));
	if (json_array_size(risks) == 0)
		json_object_set(row, "risks", json_object_get(row, "nextStep"));
}

enum tc_exit tc_caseload_run(struct tc_invocation *invocation)
{
	static const struct tc_column columns[] = {
		{"referralId", "REFERRAL"},    {"state", "STATE"}, {"due", "DUE"},
		{"risks", "AT RISK, OR NEXT"}, {NULL, NULL},
	};
	Throughcare__V1__CaseloadQuery caseload = THROUGHCARE__V1__CASELOAD_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;

	caseload.officer = TEXT(tc_invocation_option(invocation, "officer"));
	caseload.team = TEXT(tc_invocation_option(invocation, "team"));
	caseload.whose_move = TEXT(tc_invocation_option(invocation, "whose-move"));
	caseload.has_overdue_only = true;
	caseload.overdue_only = tc_invocation_option(invocation, "overdue") != NULL;
	caseload.has_unacknowledged = true;
	caseload.unacknowledged = tc_invocation_option(invocation, "open") == NULL;
	query.body_case = THROUGHCARE__V1__QUERY__BODY_CASELOAD;
	query.caseload = &caseload;
	return tc_question_rows(invocation, &query, "referrals", columns, row_shorten);
}

enum tc_exit tc_referral_assign_run(struct tc_invocation *invocation)
{
	static const struct tc_form_field form[] = {
		{"from", "fromOfficer", "all that this officer has", TC_FORM_TEXT, false, NULL,
		 NULL},
		{"to", "to.id", "who has it from now on", TC_FORM_TEXT, true, NULL, NULL},
		{"team", "to.team", "and which team", TC_FORM_TEXT, false, NULL, NULL},
		{"reason", "reasonCode", "why: leave, workload, transfer", TC_FORM_TEXT, true, NULL,
		 NULL},
		{.option = NULL},
	};
	const struct tc_outbox_options plain = {.seal = TC_SEAL_MARKED};
	json_t *content = json_object();
	enum tc_exit code = tc_form_fill(invocation, form, content);

	if (code == TC_EXIT_DONE && invocation->operand_count == 0 &&
	    !json_object_get(content, "fromOfficer"))
		code = tc_invocation_usage(invocation, "name the referrals, or --from an officer");
	for (int i = 0; i < invocation->operand_count; i++) {
		if (i == 0)
			json_object_set_new(content, "referralIds", json_array());
		json_array_append_new(json_object_get(content, "referralIds"),
				      json_string(invocation->operands[i]));
	}
	json_t *messages = json_pack("[o]", tc_form_message("CaseAssignment", content));
	if (code == TC_EXIT_DONE)
		code = tc_outbox_send(invocation, messages, &plain);
	json_decref(messages);
	return code;
}
