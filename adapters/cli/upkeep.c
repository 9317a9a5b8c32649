/* upkeep - appointments, outcomes, tasks, who is the same person as who, working days, feeds. */
#include "cli/command_table.h"
#include "cli/form.h"
#include "cli/outbox.h"
#include "cli/question.h"
#include "cli/rendition.h"
#include "throughcare/v1/registry.pb-c.h"

/* protobuf-c has no const strings; packing does not write. */
#define TEXT(value) ((char *)(uintptr_t)(value))

/* Of which referral, and who did it, programs read: a line has 80 columns. */
static void task_shorten(json_t *row)
{
	tc_screen_minute(row, "due");
}

enum tc_exit tc_task_list_run(struct tc_invocation *invocation)
{
	static const struct tc_column columns[] = {
		{"messageId", "TASK"}, {"kind", "WHAT"},         {"status", "STATUS"},
		{"due", "DUE"},        {"resultCode", "RESULT"}, {NULL, NULL},
	};
	Throughcare__V1__TaskListQuery list = THROUGHCARE__V1__TASK_LIST_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;

	list.has_open_only = true;
	list.open_only = tc_invocation_option(invocation, "all") == NULL;
	query.body_case = THROUGHCARE__V1__QUERY__BODY_TASK_LIST;
	query.task_list = &list;
	return tc_question_rows(invocation, &query, "tasks", columns, task_shorten);
}

enum tc_exit tc_task_reply_run(struct tc_invocation *invocation)
{
	static const struct tc_form_field form[] = {
		{"result", "resultCode", "what came of it, as a code", TC_FORM_TEXT, true, NULL,
		 NULL},
		{.option = NULL},
	};
	const struct tc_outbox_options plain = {.seal = TC_SEAL_MARKED};
	json_t *content = json_pack("{s:s}", "messageId", invocation->operands[0]);
	enum tc_exit code = tc_form_fill(invocation, form, content);
	json_t *messages = json_pack("[o]", tc_form_message("TaskReply", content));

	if (code == TC_EXIT_DONE)
		code = tc_outbox_send(invocation, messages, &plain);
	json_decref(messages);
	return code;
}

enum tc_exit tc_person_show_run(struct tc_invocation *invocation)
{
	static const struct tc_column columns[] = {
		{"subject", "person"}, {"sameAs", "same as"}, {"members", "ids"}, {NULL, NULL}};
	static const struct tc_column decided[] = {
		{"kind", "decided"},       {"fromIds", "from"},      {"toId", "to"},
		{"agency", "at"},          {"decidedBy", "by"},      {"effective", "since"},
		{"confidence", "certain"}, {"messageId", "message"}, {NULL, NULL},
	};
	Throughcare__V1__PersonShowQuery show = THROUGHCARE__V1__PERSON_SHOW_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	json_t *reply = NULL, *decision;
	size_t index;

	show.subject = invocation->operands[0];
	query.body_case = THROUGHCARE__V1__QUERY__BODY_PERSON_SHOW;
	query.person_show = &show;
	enum tc_exit code = tc_question_once(invocation, &query, &reply);
	const json_t *row = json_object_get(reply, "person");
	if (code == TC_EXIT_DONE) {
		tc_screen_record(&invocation->screen, columns, row);
		json_array_foreach(json_object_get(row, "decisions"), index, decision)
		{
			if (invocation->screen.json)
				break;
			tc_screen_say(&invocation->screen, "%s", "");
			tc_screen_record(&invocation->screen, decided, decision);
		}
	}
	json_decref(reply);
	return code;
}

/* The calendar itself in the place of its bytes; for a table, how many holidays it has. */
static void calendar_show(json_t *row, bool counted)
{
	const char *packed = json_string_value(json_object_get(row, "entry"));
	struct tc_bytes bytes = {0};
	json_t *entry = NULL;

	if (packed && tc_rendition_bytes(packed, &bytes) == 0 &&
	    tc_rendition_packed(tc_bytes_slice(&bytes),
				&throughcare__v1__calendar_entry__descriptor, &entry) == 0)
		json_object_set_new(row, "entry", entry);
	if (counted) {
		json_object_set_new(entry, "holidayCount",
				    json_integer((json_int_t)json_array_size(
					    json_object_get(entry, "holidays"))));
		tc_screen_minute(row, "at");
	}
	tc_bytes_free(&bytes);
}

/* The days on which clocks rest, below the line of the one calendar that was asked for. */
static void calendar_holidays(struct tc_invocation *invocation, const json_t *calendars)
{
	static const struct tc_column columns[] = {
		{"date", "HOLIDAY"}, {"name", "NAME"}, {NULL, NULL}};
	const json_t *entry = json_object_get(json_array_get(calendars, 0), "entry");

	if (invocation->operand_count == 0 || invocation->screen.json || entry == NULL)
		return;
	tc_screen_say(&invocation->screen, "%s", "");
	tc_screen_table(&invocation->screen, columns, json_object_get(entry, "holidays"));
}

enum tc_exit tc_calendar_show_run(struct tc_invocation *invocation)
{
	static const struct tc_column columns[] = {
		{"jurisdiction", "WHERE"},
		{"version", "VERSION"},
		{"at", "SINCE"},
		{"entry.timeZone", "TIME ZONE"},
		{"entry.holidayCount", "HOLIDAYS"},
		{NULL, NULL},
	};
	Throughcare__V1__CalendarShowQuery show = THROUGHCARE__V1__CALENDAR_SHOW_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	json_t *reply = NULL, *row;
	size_t index;

	show.jurisdiction = invocation->operand_count > 0 ? invocation->operands[0] : NULL;
	query.body_case = THROUGHCARE__V1__QUERY__BODY_CALENDAR_SHOW;
	query.calendar_show = &show;
	enum tc_exit code = tc_question_once(invocation, &query, &reply);
	const json_t *calendars = json_object_get(reply, "calendars");
	json_array_foreach(calendars, index, row) calendar_show(row, !invocation->screen.json);
	if (code == TC_EXIT_DONE) {
		tc_screen_table(&invocation->screen, columns, calendars);
		calendar_holidays(invocation, calendars);
	}
	json_decref(reply);
	return code;
}

/* Silence is a matter of days. */
static void feed_shorten(json_t *row)
{
	const char *at = json_string_value(json_object_get(row, "lastAt"));

	if (at)
		json_object_set_new(row, "lastAt", json_sprintf("%.10s", at));
}

enum tc_exit tc_feed_list_run(struct tc_invocation *invocation)
{
	static const struct tc_column columns[] = {
		{"from", "FROM"},     {"to", "TO"},         {"type", "TYPE"},
		{"count", "SENT"},    {"lastAt", "LATEST"}, {"usualGapHours", "GAP H"},
		{"silent", "SILENT"}, {NULL, NULL},
	};
	Throughcare__V1__FeedListQuery list = THROUGHCARE__V1__FEED_LIST_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;

	list.has_silent_only = true;
	list.silent_only = tc_invocation_option(invocation, "silent") != NULL;
	query.body_case = THROUGHCARE__V1__QUERY__BODY_FEED_LIST;
	query.feed_list = &list;
	return tc_question_rows(invocation, &query, "feeds", columns, feed_shorten);
}

enum tc_exit tc_outcomes_report_run(struct tc_invocation *invocation)
{
	static const struct tc_column columns[] = {
		{"service", "SERVICE"}, {"measure", "MEASURE"},     {"code", "CODE"},
		{"count", "COUNT"},     {"suppressed", "NOT TOLD"}, {NULL, NULL},
	};
	Throughcare__V1__OutcomesReportQuery report = THROUGHCARE__V1__OUTCOMES_REPORT_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	Google__Protobuf__Timestamp since, until;
	int64_t since_ms = 0, until_ms = 0;

	if (tc_invocation_time(invocation, "since", &since_ms) < 0 ||
	    tc_invocation_time(invocation, "until", &until_ms) < 0)
		return TC_EXIT_USAGE;
	tc_question_time(since_ms, &since);
	tc_question_time(until_ms, &until);
	report.since = tc_invocation_option(invocation, "since") ? &since : NULL;
	report.until = tc_invocation_option(invocation, "until") ? &until : NULL;
	report.service = TEXT(tc_invocation_option(invocation, "service"));
	report.area = TEXT(tc_invocation_option(invocation, "area"));
	query.body_case = THROUGHCARE__V1__QUERY__BODY_OUTCOMES_REPORT;
	query.outcomes_report = &report;
	return tc_question_table(invocation, &query, "outcomes", columns);
}

/* What took whose place is for programs to follow: both are in the list. */
static void appointment_shorten(json_t *row)
{
	tc_screen_minute(row, "startAt");
}

enum tc_exit tc_appointment_list_run(struct tc_invocation *invocation)
{
	static const struct tc_column columns[] = {
		{"appointmentId", "MEETING"}, {"startAt", "WHEN"}, {"state", "STATE"},
		{"reason", "REASON"},         {"by", "BY"},        {NULL, NULL},
	};
	Throughcare__V1__AppointmentListQuery list = THROUGHCARE__V1__APPOINTMENT_LIST_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;

	list.referral_id = invocation->operands[0];
	query.body_case = THROUGHCARE__V1__QUERY__BODY_APPOINTMENT_LIST;
	query.appointment_list = &list;
	return tc_question_rows(invocation, &query, "appointments", columns, appointment_shorten);
}
