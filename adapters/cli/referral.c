#include "cli/command_table.h"
#include "cli/question.h"

/* protobuf-c has no const strings; packing does not write. */
#define TEXT(value) ((char *)(uintptr_t)(value))

enum tc_exit tc_referral_list_run(struct tc_invocation *invocation)
{
	static const struct tc_column columns[] = {
		{"referralId", "REFERRAL"},
		{"subject", "PERSON"},
		{"source", "FROM"},
		{"target", "TO"},
		{"service", "SERVICE"},
		{"state", "STATE"},
		{"version", "VERSION"},
		{"nextMove", "NEXT MOVE"},
		{"dueAt", "DUE"},
		{"loopClosedAt", "CLOSED"},
		{NULL, NULL},
	};
	Throughcare__V1__ReferralListQuery list = THROUGHCARE__V1__REFERRAL_LIST_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;

	list.subject = TEXT(tc_invocation_option(invocation, "subject"));
	list.state = TEXT(tc_invocation_option(invocation, "state"));
	list.has_open_only = list.open_only = tc_invocation_option(invocation, "open") != NULL;
	query.body_case = THROUGHCARE__V1__QUERY__BODY_REFERRAL_LIST;
	query.referral_list = &list;
	return tc_question_table(invocation, &query, "referrals", columns);
}

enum tc_exit tc_referral_show_run(struct tc_invocation *invocation)
{
	static const struct tc_column columns[] = {
		{"referralId", "referral"},
		{"subject", "person"},
		{"source", "from"},
		{"target", "to"},
		{"service", "service"},
		{"state", "state"},
		{"version", "version"},
		{"nextMove", "next move"},
		{"nextStep", "next step"},
		{"dueAt", "due"},
		{"clock", "clock"},
		{"nextAppointmentAt", "next meeting"},
		{"overdue", "overdue"},
		{"risks", "at risk"},
		{"officer", "officer"},
		{"team", "team"},
		{"tasks", "open tasks"},
		{"legal", "legal now"},
		{"predecessor", "follows"},
		{"successor", "followed by"},
		{"createdAt", "created"},
		{"changedAt", "changed"},
		{"loopClosedAt", "loop closed"},
		{NULL, NULL},
	};
	static const struct tc_column timeline[] = {
		{"occurredAt", "WHEN"},
		{"by", "BY"},
		{"event", "WHAT"},
		{"code", "CODE"},
		{"messageType", "MESSAGE"},
		{"withheldCategories", "KEPT"},
		{NULL, NULL},
	};
	static const struct tc_column assignments[] = {
		{"at", "SINCE"},       {"officer", "OFFICER"}, {"team", "TEAM"},
		{"reasonCode", "WHY"}, {"by", "DECIDED BY"},   {NULL, NULL},
	};
	Throughcare__V1__ReferralShowQuery show = THROUGHCARE__V1__REFERRAL_SHOW_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	json_t *reply = NULL, *event;
	size_t index;

	show.referral_id = invocation->operands[0];
	query.body_case = THROUGHCARE__V1__QUERY__BODY_REFERRAL_SHOW;
	query.referral_show = &show;
	enum tc_exit code = tc_question_once(invocation, &query, &reply);
	const json_t *row = json_array_get(json_object_get(reply, "referrals"), 0);
	if (code == TC_EXIT_DONE && !row) {
		tc_problem_set(&invocation->problem, "not_found",
			       "there is no such referral that you may see", "check the id", "%s",
			       invocation->operands[0]);
		code = TC_EXIT_REFUSED;
	}
	if (code == TC_EXIT_DONE) {
		tc_screen_record(&invocation->screen, columns, row);
		if (!invocation->screen.json) {
			json_array_foreach(json_object_get(row, "timeline"), index, event)
				tc_screen_minute(event, "occurredAt");
			tc_screen_say(&invocation->screen, "%s", "");
			tc_screen_table(&invocation->screen, timeline,
					json_object_get(row, "timeline"));
			if (json_array_size(json_object_get(row, "assignments")) > 1) {
				tc_screen_say(&invocation->screen, "%s", "");
				tc_screen_table(&invocation->screen, assignments,
						json_object_get(row, "assignments"));
			}
		}
	}
	json_decref(reply);
	return code;
}
