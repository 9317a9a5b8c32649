/*
 * move - one legal move of a referral, by a word that people use for it.
 *
 * One table says which message each word is and what it needs; the exchange's lifecycle
 * says whether it may be made now, and if not, what could be.
 */
#include <ctype.h>
#include <string.h>

#include "base/id.h"
#include "cli/command_table.h"
#include "cli/form.h"
#include "cli/outbox.h"
#include "cli/question.h"
#include "wire/limits.h"

#define FORM(...) ((const struct tc_form_field[]){__VA_ARGS__, {.option = NULL}})

#define WORKER                                                                                     \
	{                                                                                          \
		.option = "worker", .path = "worker.id", .ask = "whose case it is at your agency", \
		.kind = TC_FORM_TEXT                                                               \
	}
#define TEAM                                                                                       \
	{                                                                                          \
		.option = "team", .path = "worker.team", .ask = "and which team's",                \
		.kind = TC_FORM_TEXT                                                               \
	}
#define REASON(words)                                                                              \
	{                                                                                          \
		.option = "reason", .path = "reasonCode", .ask = "why, as a code: " words,         \
		.kind = TC_FORM_TEXT, .required = true                                             \
	}
#define WITHDRAW                                                                                   \
	"mistaken_or_duplicate, ineligible, not_engaged, needs_met_elsewhere, moved, "             \
	"work_or_caring, died, acquitted, returned_to_custody, sentence_revoked, "                 \
	"sentence_expired, completed_early, other"
#define OUTCOMES                                                                                   \
	{                                                                                          \
		.option = "outcome", .path = "outcomes",                                           \
		.ask = "how each desired outcome ended, as "                                       \
		       "ID=achieved|partial|not_achieved,...",                                     \
		.kind = TC_FORM_PAIRS, .required = true, .key = "desiredId",                       \
		.value = "achievement"                                                             \
	}

struct move {
	const char *word;  /* what people type */
	const char *state; /* the state that it leads to, which they may type too; or NULL */
	const char *type;  /* of the message */
	const char *field; /* of its content that says which move it is; NULL: the type does */
	const char *status;
	const struct tc_form_field *form;
};

#define RESPONSE "ReferralResponse", "status"

static const struct move moves[] = {
	{"receive", "RECEIVED", RESPONSE, "received",
	 FORM({.option = "worker",
	       .path = "worker.id",
	       .ask = "whose case it is at your agency",
	       .kind = TC_FORM_TEXT,
	       .required = true},
	      TEAM)},
	{"info", "INFO_REQUESTED", "InfoRequest", NULL, NULL,
	 FORM({.option = "item",
	       .path = "items",
	       .ask = "what is missing, as codes: release_address,id_document",
	       .kind = TC_FORM_LIST,
	       .required = true,
	       .key = "code"},
	      {.option = "until", .path = "due", .ask = "by when", .kind = TC_FORM_TIME},
	      {.option = "person-acts",
	       .path = "needsClient",
	       .ask = "the person must act, not the source",
	       .kind = TC_FORM_FLAG})},
	{"reply", NULL, "InfoReply", NULL, NULL,
	 FORM({.option = "item",
	       .path = "answers",
	       .ask = "the answers, as CODE=TEXT,CODE=TEXT",
	       .kind = TC_FORM_PAIRS,
	       .required = true,
	       .key = "code",
	       .value = "text"})},
	{"waitlist", "WAITLISTED", RESPONSE, "waitlisted",
	 FORM({.option = "position",
	       .path = "waitlist.position",
	       .ask = "the place in the queue",
	       .kind = TC_FORM_NUMBER},
	      {.option = "estimate",
	       .path = "waitlist.estimate",
	       .ask = "about how long",
	       .kind = TC_FORM_TEXT},
	      WORKER, TEAM)},
	{"still-wanted", NULL, RESPONSE, "still_wanted", FORM(WORKER)},
	{"offer", "OFFERED", RESPONSE, "offered",
	 FORM({.option = "until",
	       .path = "offer.expires",
	       .ask = "until when the place is held",
	       .kind = TC_FORM_TIME,
	       .required = true},
	      {.option = "lease",
	       .path = "offer.leaseId",
	       .ask = "the lease of the place (see capacity hold)",
	       .kind = TC_FORM_TEXT},
	      {.option = "token",
	       .path = "offer.token",
	       .ask = "its fencing token",
	       .kind = TC_FORM_NUMBER},
	      WORKER, TEAM)},
	{"accept", "ACCEPTED", RESPONSE, "accepted", FORM(WORKER, TEAM)},
	{"decline", "DECLINED", RESPONSE, "declined",
	 FORM(REASON("no_capacity, waitlist_closed, not_eligible, out_of_area, "
		     "risk_or_needs_unmanageable, insufficient_time_on_supervision, duplicate, "
		     "missing_information, conflict, other"),
	      WORKER)},
	{"reroute", "REROUTED", RESPONSE, "rerouted",
	 FORM({.option = "to-referral",
	       .path = "successorId",
	       .ask = "the referral that takes its place",
	       .kind = TC_FORM_TEXT,
	       .required = true})},
	{"schedule", "SCHEDULED", "AppointmentScheduled", NULL, NULL,
	 FORM({.option = "start",
	       .path = "start",
	       .ask = "when it begins",
	       .kind = TC_FORM_TIME,
	       .required = true},
	      {.option = "minutes",
	       .path = "durationMinutes",
	       .ask = "how long it takes",
	       .kind = TC_FORM_NUMBER},
	      {.option = "place", .path = "place", .ask = "where", .kind = TC_FORM_TEXT},
	      {.option = "appointment",
	       .path = "appointmentId",
	       .ask = "its id",
	       .kind = TC_FORM_ID},
	      WORKER)},
	{"start", "IN_PROGRESS", RESPONSE, "in_progress", FORM(WORKER, TEAM)},
	{"hold", "ON_HOLD", RESPONSE, "on_hold", FORM(WORKER)},
	{"resume", NULL, RESPONSE, "resumed", FORM(WORKER)},
	{"extend", NULL, "ReferralAmend", NULL, NULL,
	 FORM({.option = "until",
	       .path = "respondBy",
	       .ask = "until when an answer is wanted",
	       .kind = TC_FORM_TIME,
	       .required = true},
	      {.option = "reason",
	       .path = "reason",
	       .ask = "why, in words",
	       .kind = TC_FORM_TEXT,
	       .required = true})},
	{"cancel", "CANCELLED", "ReferralCancel", NULL, NULL, FORM(REASON(WITHDRAW))},
	{"confirm-cancel", NULL, RESPONSE, "cancel_confirmed", FORM(WORKER)},
	{"reject-cancel", NULL, RESPONSE, "cancel_rejected",
	 FORM(REASON("care_continues, court_condition, other"))},
	{"complete", "COMPLETED", "OutcomeReport", "endState", "completed", FORM(OUTCOMES)},
	{"end", "ENDED_EARLY", "OutcomeReport", "endState", "ended_early",
	 FORM(REASON(WITHDRAW), OUTCOMES)},
	{"close", NULL, "LoopClosed", "decision", "accepted", FORM({.option = NULL})},
	{"dispute", NULL, "LoopClosed", "decision", "disputed",
	 FORM(REASON("outcome_not_seen, wrong_end_state, other"))},
	{"error", "ENTERED_IN_ERROR", RESPONSE, "entered_in_error",
	 FORM({.option = "second",
	       .path = "worker.id",
	       .ask = "the second person who confirms it",
	       .kind = TC_FORM_TEXT,
	       .required = true})},
};

#define MOVES (sizeof(moves) / sizeof(moves[0]))

/* By its word, or by the name of the state in any case of letters. */
static const struct move *move_find(const char *name)
{
	for (size_t i = 0; i < MOVES; i++)
		if (strcasecmp(moves[i].word, name) == 0 ||
		    (moves[i].state && strcasecmp(moves[i].state, name) == 0))
			return &moves[i];
	return NULL;
}

static enum tc_exit words_say(struct tc_invocation *invocation, const char *name)
{
	char words[400] = "";
	size_t len = 0;

	for (size_t i = 0; i < MOVES && len < sizeof(words); i++)
		len += (size_t)snprintf(words + len, sizeof(words) - len, "%s%s", i ? ", " : "",
					moves[i].word);
	return tc_invocation_usage(invocation, "there is no move \"%s\"; there are: %s", name,
				   words);
}

/* ---- what the exchange knows ---- */

struct about {
	char self[TC_NAME_BYTES_MAX + 1];
	json_t *referral; /* the row */
	bool programme;   /* what it tells needs a consent: see the policy */
};

static enum tc_exit kind_ask(struct tc_invocation *invocation, struct tc_client *client,
			     struct about *about)
{
	Throughcare__V1__AgencyListQuery list = THROUGHCARE__V1__AGENCY_LIST_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	Throughcare__V1__Page page = THROUGHCARE__V1__PAGE__INIT;
	Throughcare__V1__Actor actor;
	json_t *reply = NULL, *row;
	size_t index;

	page.has_limit = true;
	page.limit = TC_PAGE_ROWS_MAX;
	query.page = &page;
	query.body_case = THROUGHCARE__V1__QUERY__BODY_AGENCY_LIST;
	query.agency_list = &list;
	tc_question_actor(invocation, &query, &actor);
	enum tc_exit code = tc_question_ask(invocation, client, &query, &reply);
	about->programme = true; /* of a kind that is not known, the strictest */
	json_array_foreach(json_object_get(reply, "agencies"), index, row)
	{
		const char *id = json_string_value(json_object_get(row, "agency"));
		const char *kind = json_string_value(json_object_get(row, "kind"));
		if (id && strcmp(id, about->self) == 0)
			about->programme = !kind || strcmp(kind, "treatment") == 0;
	}
	json_decref(reply);
	return code;
}

static enum tc_exit referral_ask(struct tc_invocation *invocation, struct tc_client *client,
				 struct about *about)
{
	Throughcare__V1__ReferralShowQuery show = THROUGHCARE__V1__REFERRAL_SHOW_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	Throughcare__V1__Actor actor;
	json_t *reply = NULL;

	show.referral_id = invocation->operands[0];
	query.body_case = THROUGHCARE__V1__QUERY__BODY_REFERRAL_SHOW;
	query.referral_show = &show;
	tc_question_actor(invocation, &query, &actor);
	enum tc_exit code = tc_question_ask(invocation, client, &query, &reply);
	about->referral = json_incref(json_array_get(json_object_get(reply, "referrals"), 0));
	json_decref(reply);
	return code;
}

static enum tc_exit about_ask(struct tc_invocation *invocation, struct about *about)
{
	struct tc_client *client = NULL;
	enum tc_exit code = tc_session_open(invocation, &client);

	if (code == TC_EXIT_DONE) {
		snprintf(about->self, sizeof(about->self), "%s", tc_client_identity(client)->id);
		code = referral_ask(invocation, client, about);
	}
	if (code == TC_EXIT_DONE && !tc_invocation_option(invocation, "grant") &&
	    !tc_invocation_option(invocation, "legal-basis"))
		code = kind_ask(invocation, client, about);
	tc_client_close(&client);
	return code;
}

/* ---- the message ---- */

static void basis_put(const struct tc_invocation *invocation, const struct about *about,
		      json_t *message)
{
	const char *grant = tc_invocation_option(invocation, "grant");
	const char *legal = tc_invocation_option(invocation, "legal-basis");
	const char *reference = tc_invocation_option(invocation, "reference");

	if (!grant && !legal && about->programme)
		return; /* the consent that covers it is found */
	if (!grant && !legal)
		legal = "non_part2_operational";
	json_object_set_new(message, "basis",
			    json_pack("{s:s*,s:s*,s:s*}", "grantId", grant, "legal", legal,
				      "reference", reference));
}

/* Header fields whose values are the options'. */
static void header_put(const struct tc_invocation *invocation, const struct about *about,
		       json_t *message)
{
	const char *source = json_string_value(json_object_get(about->referral, "source"));
	const char *target = json_string_value(json_object_get(about->referral, "target"));
	const char *purpose = tc_invocation_option(invocation, "purpose");
	const char *proceeding = tc_invocation_option(invocation, "proceeding");
	bool own = source && strcmp(source, about->self) == 0;

	json_object_set_new(message, "recipients",
			    json_pack("[{s:s*}]", "agency", own ? target : source));
	json_object_set(message, "subject", json_object_get(about->referral, "subject"));
	json_object_set(message, "referralId", json_object_get(about->referral, "referralId"));
	/* What somebody else did meanwhile is looked at before it is answered. */
	json_object_set(message, "expectedVersion", json_object_get(about->referral, "version"));
	json_object_set_new(message, "purpose",
			    json_string(purpose ? purpose : "referral_coordination"));
	if (proceeding)
		json_object_set_new(message, "proceedingId", json_string(proceeding));
}

static json_t *content_make(const struct tc_invocation *invocation, const struct move *move)
{
	json_t *content = json_object();

	if (move->status)
		json_object_set_new(content, move->field, json_string(move->status));
	if (strcmp(move->word, "extend") == 0)
		json_object_set_new(content, "changes",
				    json_pack("[{s:s,s:s*}]", "field", "respond_by", "newValue",
					      tc_invocation_option(invocation, "until")));
	return content;
}

enum tc_exit tc_referral_move_run(struct tc_invocation *invocation)
{
	const struct move *move = move_find(invocation->operands[1]);
	const struct tc_outbox_options sealed = {.seal = TC_SEAL_POLICY};
	struct about about = {.referral = NULL};

	if (!move)
		return words_say(invocation, invocation->operands[1]);
	json_t *content = content_make(invocation, move);
	enum tc_exit code = tc_form_fill(invocation, move->form, content);
	json_t *message = tc_form_message(move->type, content);
	if (code == TC_EXIT_DONE)
		code = about_ask(invocation, &about);
	if (code == TC_EXIT_DONE) {
		json_t *messages = json_pack("[O]", message);
		header_put(invocation, &about, message);
		basis_put(invocation, &about, message);
		code = tc_outbox_send(invocation, messages, &sealed);
		json_decref(messages);
	}
	json_decref(message);
	json_decref(about.referral);
	return code;
}
