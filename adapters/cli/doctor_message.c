/* The checks of doctor that talk with the exchange as a member. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/doctor.h"
#include "cli/question.h"
#include "cli/session.h"
#include "throughcare/v1/exchange.pb-c.h"

/* Of the synthetic range: about nobody, never counted. */
#define SYNTHETIC_PERSON "00000000-0000-7000-8000-000000000001"
/* Messages that wait before ours and are given back unread. */
#define OTHERS_MAX 256

static bool failed(struct tc_doctor *doctor, int r)
{
	tc_session_problem(&doctor->problem, tc_client_error(doctor->client), r);
	doctor->refused = r == TC_CLIENT_REFUSED;
	return false;
}

bool tc_doctor_registry(struct tc_doctor *doctor)
{
	const struct tc_client_identity *self = tc_client_identity(doctor->client);
	Throughcare__V1__AgencyListQuery list = THROUGHCARE__V1__AGENCY_LIST_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	Throughcare__V1__Page page = THROUGHCARE__V1__PAGE__INIT;
	json_t *reply = NULL;
	size_t index, count;
	json_t *row;
	bool found = strcmp(self->kind, "agency") != 0;

	query.body_case = THROUGHCARE__V1__QUERY__BODY_AGENCY_LIST;
	query.agency_list = &list;
	query.page = &page;
	page.has_limit = true;
	page.limit = 500;
	enum tc_exit code = tc_question_ask(doctor->invocation, doctor->client, &query, &reply);
	if (code != TC_EXIT_DONE) {
		doctor->problem = doctor->invocation->problem;
		doctor->refused = code == TC_EXIT_REFUSED;
		return false;
	}
	const json_t *rows = json_object_get(reply, "agencies");
	count = json_array_size(rows);
	json_array_foreach(rows, index, row)
	{
		const char *agency = json_string_value(json_object_get(row, "agency"));
		found = found || (agency && strcmp(agency, self->id) == 0);
	}
	/* A longer list has more pages; that the log-on was taken says the agency is known. */
	found = found || json_object_get(reply, "nextCursor");
	json_decref(reply);
	if (!found) {
		tc_problem_set(&doctor->problem, "unknown_agency",
			       "the registry does not list this agency",
			       "ask the operator to enter it: throughcare network add", "%s",
			       self->id);
		return false;
	}
	snprintf(doctor->detail, sizeof(doctor->detail), "%zu agencies in the registry%s", count,
		 strcmp(self->kind, "agency") == 0 ? ", this one among them" : "");
	return true;
}

static int test_message_make(const char *agency, struct tc_message **ret)
{
	Throughcare__V1__TestMessage content = THROUGHCARE__V1__TEST_MESSAGE__INIT;
	uint8_t packed[64];

	content.text = (char *)(uintptr_t) "doctor";
	size_t len = throughcare__v1__test_message__pack(&content, packed);
	int r = tc_message_new("TestMessage", ret);
	if (r == 0)
		r = tc_message_add_recipient(*ret, agency, NULL, NULL);
	if (r == 0)
		r = tc_message_set_subject(*ret, SYNTHETIC_PERSON);
	if (r == 0)
		r = tc_message_set_expires(*ret, tc_clock_now_ms(&tc_clock_real) + 600000);
	if (r != 0)
		return r;
	tc_message_set_priority(*ret, THROUGHCARE__V1__PRIORITY__PRIORITY_URGENT);
	tc_message_set_evidence(*ret, THROUGHCARE__V1__EVIDENCE_LEVEL__EVIDENCE_LEVEL_EXCEPTIONS);
	return tc_message_add_part(*ret, "TestMessage", 0, packed, len);
}

/* Looks at one delivery after another until ours is there and acknowledges it. All others stay
 * lent until the connection closes, and then wait as before. */
static bool test_message_await(struct tc_doctor *doctor, const char *message_id)
{
	int64_t deadline_us = tc_clock_monotonic_us() + (int64_t)doctor->timeout_ms * 1000;
	const struct tc_delivery *delivery = NULL;

	for (int seen = 0; seen < OTHERS_MAX; seen++) {
		int64_t left_ms = (deadline_us - tc_clock_monotonic_us()) / 1000;
		int r = tc_client_collect(doctor->client, 1, 30000);
		if (r == 0)
			r = tc_client_delivery_next(doctor->client, left_ms > 1 ? (int)left_ms : 1,
						    &delivery);
		if (r == TC_CLIENT_EMPTY)
			break;
		if (r != 0)
			return failed(doctor, r);
		if (strcmp(delivery->message_id, message_id) != 0)
			continue;
		struct tc_settlement acknowledge = {.delivery_id = delivery->id,
						    .kind = TC_SETTLE_ACK};
		r = tc_client_settle(doctor->client, &acknowledge, 1, 0, doctor->timeout_ms, NULL);
		return r == 0 || failed(doctor, r);
	}
	tc_problem_set(
		&doctor->problem, "message_not_returned",
		"the exchange took the test message, but did not hand it to this connection",
		"is another program collecting for this agency? see `throughcare mailbox status`",
		"%s", message_id);
	return false;
}

bool tc_doctor_message(struct tc_doctor *doctor)
{
	const struct tc_receipt *receipts = NULL;
	struct tc_message *message = NULL;
	size_t count = 0;
	char id[40] = "";
	int64_t started_us = tc_clock_monotonic_us();
	int r = test_message_make(tc_client_identity(doctor->client)->id, &message);

	if (r == 0)
		r = tc_client_submit(doctor->client, &message, 1, doctor->timeout_ms, &receipts,
				     &count);
	bool well = r == 0 || failed(doctor, r);
	if (well)
		snprintf(id, sizeof(id), "%s", tc_message_id(message));
	if (well && receipts[0].status != TC_RECEIPT_ACCEPTED) {
		tc_session_problem(&doctor->problem, &receipts[0].refusal, 0);
		doctor->refused = true;
		well = false;
	}
	int64_t skew_ms = well ? receipts[0].accepted_ms - tc_clock_now_ms(&tc_clock_real) : 0;
	well = well && test_message_await(doctor, id);
	tc_message_free(&message);
	if (!well)
		return false;
	if (llabs(skew_ms) > 60000) {
		tc_problem_set(&doctor->problem, "clock_skew",
			       "this machine's clock and the exchange's differ",
			       "set this machine's clock (timedatectl)", "by %lld seconds",
			       (long long)(skew_ms / 1000));
		return false;
	}
	snprintf(doctor->detail, sizeof(doctor->detail),
		 "sent, accepted, collected and acknowledged in %lld ms",
		 (long long)((tc_clock_monotonic_us() - started_us) / 1000));
	return true;
}
