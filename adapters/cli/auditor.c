/* auditor - what auditors may look at, and what they have asked to be told of. */
#include <stdlib.h>
#include <string.h>

#include "cli/command_table.h"
#include "cli/question.h"
#include "cli/rendition.h"
#include "cli/session.h"
#include "throughcare/v1/order.pb-c.h"

#define ITEMS_MAX 64

/* protobuf-c has no const strings; packing does not write. */
#define TEXT(value) ((char *)(uintptr_t)(value))

/* ---- one message to the exchange ---- */

static int message_make(const struct tc_invocation *invocation, const struct tc_client *client,
			const ProtobufCMessage *content, struct tc_message **ret)
{
	const char *type = content->descriptor->short_name;
	const char *actor = tc_invocation_option(invocation, "actor");
	size_t len = protobuf_c_message_get_packed_size(content);
	uint8_t *packed = malloc(len + 1);
	int r;

	if (!packed)
		return TC_ENOMEM;
	protobuf_c_message_pack(content, packed);
	r = tc_message_new(type, ret);
	if (r == 0)
		r = tc_message_set_actor(*ret, actor ? actor : tc_client_identity(client)->id,
					 NULL);
	if (r == 0)
		r = tc_message_add_part(*ret, type, 0, packed, len);
	free(packed);
	return r;
}

static enum tc_exit content_send(struct tc_invocation *invocation, const ProtobufCMessage *content,
				 const char *done)
{
	const struct tc_receipt *receipts = NULL;
	struct tc_message *message = NULL;
	struct tc_client *client = NULL;
	json_t *object = NULL;
	size_t count = 0;
	enum tc_exit code = tc_session_open(invocation, &client);

	if (code == TC_EXIT_DONE) {
		int r = message_make(invocation, client, content, &message);

		if (r == 0)
			r = tc_client_submit(client, &message, 1, TC_SESSION_TIMEOUT_MS, &receipts,
					     &count);
		if (r != 0)
			code = tc_session_failed(invocation, client, r);
	}
	if (count == 1 && receipts[0].status != TC_RECEIPT_ACCEPTED) {
		tc_session_problem(&invocation->problem, &receipts[0].refusal, 0);
		code = TC_EXIT_REFUSED;
	} else if (count == 1) {
		tc_screen_say(&invocation->screen, "%s from log position %llu on", done,
			      (unsigned long long)receipts[0].log_sequence);
		if (invocation->screen.json &&
		    tc_rendition_packed(tc_slice(receipts[0].packed, receipts[0].packed_len),
					&throughcare__v1__receipt__descriptor, &object) == 0)
			tc_screen_line(&invocation->screen, object);
	}
	json_decref(object);
	tc_message_free(&message);
	tc_client_close(&client);
	return code;
}

/* ---- scopes ---- */

enum tc_exit tc_auditor_scopes_run(struct tc_invocation *invocation)
{
	static const struct tc_column columns[] = {
		{"auditor", "AUDITOR"},   {"agencies", "AGENCIES"},
		{"subjects", "PERSONS"},  {"since", "SINCE"},
		{"until", "UNTIL"},       {"content", "CONTENT"},
		{"grantedBy", "BY WHOM"}, {"grantedAt", "GRANTED"},
		{"endsAt", "ENDS"},       {NULL, NULL},
	};
	Throughcare__V1__ScopeListQuery list = THROUGHCARE__V1__SCOPE_LIST_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;

	query.body_case = THROUGHCARE__V1__QUERY__BODY_SCOPE_LIST;
	query.scope_list = &list;
	return tc_question_table(invocation, &query, "scopes", columns);
}

/* Splits a list with commas where it stands; -1: there are too many. */
static int items_split(char *list, char *items[ITEMS_MAX])
{
	int count = 0;
	char *rest = NULL;

	for (char *item = list ? strtok_r(list, ",", &rest) : NULL; item;
	     item = strtok_r(NULL, ",", &rest)) {
		if (count == ITEMS_MAX)
			return -1;
		items[count++] = item;
	}
	return count;
}

static char *copy_of(const struct tc_invocation *invocation, const char *option)
{
	const char *list = tc_invocation_option(invocation, option);

	return list ? strdup(list) : NULL;
}

/* False: the option is no time. */
static bool time_take(struct tc_invocation *invocation, const char *option,
		      Google__Protobuf__Timestamp *room, Google__Protobuf__Timestamp **ret)
{
	int64_t ms = 0;

	if (tc_invocation_time(invocation, option, &ms) < 0)
		return false;
	if (tc_invocation_option(invocation, option)) {
		tc_question_time(ms, room);
		*ret = room;
	}
	return true;
}

static enum tc_exit scope_send(struct tc_invocation *invocation,
			       Throughcare__V1__AuditorScope *scope)
{
	Google__Protobuf__Timestamp since, until, ends;

	scope->granted_by = TEXT(tc_invocation_option(invocation, "granted-by"));
	if (!scope->granted_by)
		return tc_invocation_usage(invocation, "--granted-by: on whose word?");
	if (!time_take(invocation, "since", &since, &scope->since) ||
	    !time_take(invocation, "until", &until, &scope->until) ||
	    !time_take(invocation, "ends", &ends, &scope->ends_at))
		return TC_EXIT_USAGE;
	scope->has_content = true;
	scope->content = tc_invocation_option(invocation, "content") != NULL;
	return content_send(invocation, &scope->base, "the scope is in force");
}

enum tc_exit tc_auditor_scope_run(struct tc_invocation *invocation)
{
	Throughcare__V1__AuditorScope scope = THROUGHCARE__V1__AUDITOR_SCOPE__INIT;
	char *agencies = copy_of(invocation, "agency"), *agency_items[ITEMS_MAX];
	char *subjects = copy_of(invocation, "subject"), *subject_items[ITEMS_MAX];
	int agency_count = items_split(agencies, agency_items);
	int subject_count = items_split(subjects, subject_items);
	enum tc_exit code;

	scope.auditor = invocation->operands[0];
	scope.agencies = agency_items;
	scope.subjects = subject_items;
	if (agency_count < 0 || subject_count < 0) {
		code = tc_invocation_usage(invocation, "at most %d agencies and persons",
					   ITEMS_MAX);
	} else {
		scope.n_agencies = (size_t)agency_count;
		scope.n_subjects = (size_t)subject_count;
		code = scope_send(invocation, &scope);
	}
	free(agencies);
	free(subjects);
	return code;
}

/* ---- standing questions ---- */

enum tc_exit tc_auditor_questions_run(struct tc_invocation *invocation)
{
	static const struct tc_column columns[] = {
		{"name", "NAME"},     {"kind", "WHAT"}, {"hits", "ANSWERS"},
		{"lastAt", "LATEST"}, {NULL, NULL},
	};
	Throughcare__V1__StandingListQuery list = THROUGHCARE__V1__STANDING_LIST_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;

	query.body_case = THROUGHCARE__V1__QUERY__BODY_STANDING_LIST;
	query.standing_list = &list;
	return tc_question_table(invocation, &query, "standing", columns);
}

static const struct {
	const char *name;
	Throughcare__V1__StandingKind kind;
} kinds[] = {
	{"without-consent", THROUGHCARE__V1__STANDING_KIND__STANDING_KIND_WITHOUT_CONSENT},
	{"break-glass", THROUGHCARE__V1__STANDING_KIND__STANDING_KIND_BREAK_GLASS},
	{"override", THROUGHCARE__V1__STANDING_KIND__STANDING_KIND_OVERRIDE},
	{"logon-burst", THROUGHCARE__V1__STANDING_KIND__STANDING_KIND_LOGON_BURST},
	{"outside-hours", THROUGHCARE__V1__STANDING_KIND__STANDING_KIND_QUERY_OUTSIDE_HOURS},
};

static bool kind_find(const char *name, Throughcare__V1__StandingKind *ret)
{
	for (size_t i = 0; name && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].name, name) != 0)
			continue;
		*ret = kinds[i].kind;
		return true;
	}
	return false;
}

/* "08:30" as minutes of the day; "24:00" is its end. */
static bool minute_read(const char *text, uint32_t *ret)
{
	unsigned hour, minute;
	char after;

	if (sscanf(text, "%2u:%2u%c", &hour, &minute, &after) != 2 || minute > 59 ||
	    hour * 60 + minute > 24 * 60)
		return false;
	*ret = hour * 60 + minute;
	return true;
}

enum tc_exit tc_auditor_ask_run(struct tc_invocation *invocation)
{
	Throughcare__V1__StandingQuestion asked = THROUGHCARE__V1__STANDING_QUESTION__INIT;
	const char *from = tc_invocation_option(invocation, "from");
	const char *to = tc_invocation_option(invocation, "to");
	int64_t threshold = 0, window = 0, offset = 0;

	asked.name = invocation->operands[0];
	asked.agency = TEXT(tc_invocation_option(invocation, "agency"));
	asked.has_kind = asked.has_active = true;
	asked.active = tc_invocation_option(invocation, "end") == NULL;
	asked.kind = THROUGHCARE__V1__STANDING_KIND__STANDING_KIND_BREAK_GLASS;
	if (!kind_find(tc_invocation_option(invocation, "kind"), &asked.kind) && asked.active)
		return tc_invocation_usage(invocation,
					   "--kind: without-consent, break-glass, override, "
					   "logon-burst or outside-hours");
	if (tc_invocation_number(invocation, "threshold", 1, 1000000, 10, &threshold) < 0 ||
	    tc_invocation_number(invocation, "window", 1, 86400, 600, &window) < 0 ||
	    tc_invocation_number(invocation, "utc-offset", -1440, 1440, 0, &offset) < 0)
		return TC_EXIT_USAGE;
	asked.to_minute = 24 * 60;
	if ((from && !minute_read(from, &asked.from_minute)) ||
	    (to && !minute_read(to, &asked.to_minute)))
		return tc_invocation_usage(invocation, "--from, --to: a time of day like 08:30");
	asked.has_threshold = asked.has_window_s = asked.has_from_minute = asked.has_to_minute =
		true;
	asked.has_utc_offset_minutes = tc_invocation_option(invocation, "utc-offset") != NULL;
	asked.threshold = (uint32_t)threshold;
	asked.window_s = (uint32_t)window;
	asked.utc_offset_minutes = (int32_t)offset;
	return content_send(invocation, &asked.base,
			    asked.active ? "the question is asked" : "the question is ended");
}
