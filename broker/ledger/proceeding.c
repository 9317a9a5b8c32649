#include "ledger/proceeding.h"

#include <stdio.h>
#include <string.h>

#include "consent/consent_happened.h"
#include "ledger/job.h"
#include "ledger/person.h"
#include "ledger/state.h"

/* Whether the message says that the event has come, and is believed. */
static bool proceeding_says(const struct submission *submission, const struct policy_event *event)
{
	const Throughcare__V1__LifecycleClaim *claim = submission->record->claim;
	struct tc_slice status = tc_slice_text(claim ? claim->status : NULL);

	return tc_slice_equal(submission->header.type, tc_slice_text(event->type)) &&
	       event->from & UINT32_C(1) << submission->sender_kind &&
	       (*event->status == '\0' || tc_slice_equal(status, tc_slice_text(event->status))) &&
	       (!event->disposition_final ||
		(claim && claim->has_disposition_final && claim->disposition_final));
}

/* The header's, or what a HearingResult itself names; empty: none. */
static struct tc_slice proceeding_of(const struct submission *submission)
{
	const Throughcare__V1__LifecycleClaim *claim = submission->record->claim;

	if (submission->header.proceeding_id.len > 0)
		return submission->header.proceeding_id;
	return tc_slice_text(claim && claim->has_disposition_final ? claim->about_id : NULL);
}

/* The grants of the proceeding are reached by a job; the event counts from here. */
static int proceeding_event(struct ledger *ledger, const struct consent_event *event)
{
	struct job job = {
		.kind = JOB_EVENT,
		.ended = true,
		.subject = event->subject,
		.number = event->index,
	};
	int r = consent_event_begin(ledger->txn, &ledger->consent, event);

	if (r < 0)
		return r;
	_Static_assert(sizeof(job.name) == sizeof(event->proceeding), "the same text");
	memcpy(job.name, event->proceeding, sizeof(job.name));
	return job_start(ledger, &job);
}

/* The same of every id that the person has now, each an event of its own. */
static int proceeding_events(struct ledger *ledger, const struct person *person,
			     struct consent_event *happening)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < person->count; i++) {
		happening->subject = person->ids[i].id;
		r = proceeding_event(ledger, happening);
		happening->index++;
	}
	return r;
}

static int proceeding_speak(struct ledger *ledger, const struct submission *submission,
			    struct tc_slice proceeding, const struct person *person)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < person->count; i++)
		r = authority_speak(ledger->txn, &ledger->consent, proceeding, person->ids[i].id,
				    &submission->sender->name, ledger->sequence);
	return r;
}

int proceeding_follow(struct ledger *ledger, const struct submission *submission)
{
	const struct policy_agency_kind *kind =
		policy_agency_kind(ledger->policy, submission->sender_kind);
	const struct person_tables persons = person_tables_of(ledger);
	struct tc_slice proceeding = proceeding_of(submission);
	struct consent_event happening = {
		.sequence = ledger->sequence,
		.says = {submission->sender->name, kind->treating},
		.at_ms = ledger->now_ms,
	};
	const struct policy_event *event;
	struct person person;
	int r;

	/* No grant can wait for one with a longer name. */
	if (proceeding.len == 0 || proceeding.len >= sizeof(happening.proceeding))
		return 0;
	r = person_find(ledger->txn, &persons, submission->header.subject, &person);
	if (r == 0 && kind->orders)
		r = proceeding_speak(ledger, submission, proceeding, &person);
	memcpy(happening.proceeding, proceeding.data, proceeding.len);
	for (size_t i = 0; r == 0 && (event = policy_event(ledger->policy, i)) != NULL; i++) {
		if (!proceeding_says(submission, event))
			continue;
		snprintf(happening.code, sizeof(happening.code), "%s", event->event_code);
		happening.final = event->disposition_final;
		r = proceeding_events(ledger, &person, &happening);
	}
	return r;
}

/* ---- what is one person from now on ---- */

/* It happened already, and counts for the other id from here. */
static int proceeding_share(struct ledger *ledger, const struct consent_event *happened,
			    struct tc_id to)
{
	struct consent_event event = *happened;
	bool known;
	int r;

	event.subject = to;
	r = consent_happened_known(ledger->txn, &ledger->consent, &event, &known);
	if (r < 0 || known)
		return r;
	r = authority_share(ledger->txn, &ledger->consent, tc_slice_text(event.proceeding),
			    happened->subject, to);
	event.sequence = ledger->sequence;
	event.index = ledger->job_index; /* that of its job: several merges may be of one record */
	event.happened_ms = happened->at_ms;
	event.at_ms = ledger->now_ms;
	return r < 0 ? r : proceeding_event(ledger, &event);
}

int proceeding_merged(struct ledger *ledger, struct tc_id id)
{
	const struct person_tables persons = person_tables_of(ledger);
	struct person person;
	int r = person_find(ledger->txn, &persons, id, &person);

	for (size_t i = 0; r == 0 && i < person.count; i++) {
		struct consent_event event = {.subject = person.ids[i].id};

		while (r == 0 &&
		       (r = consent_happened_next(ledger->txn, &ledger->consent, &event)) == 0) {
			for (size_t k = 0; r == 0 && k < person.count; k++)
				if (k != i)
					r = proceeding_share(ledger, &event, person.ids[k].id);
		}
		if (r == CONSENT_HAPPENED_END)
			r = 0;
	}
	return r;
}
