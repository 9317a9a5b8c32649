#include "query/tracking.h"

#include <string.h>

#include "ledger/ledger_view.h"
#include "query/caseload.h"
#include "query/gate.h"
#include "query/timeline.h"
#include "query/told.h"

int tracking_row(struct answer *answer, const struct referral *referral,
		 Throughcare__V1__ReferralRow **ret)
{
	Throughcare__V1__ReferralRow *row = arena_take(&answer->arena, sizeof(*row));
	int r;

	if (row == NULL)
		return TC_ENOMEM;
	throughcare__v1__referral_row__init(row);
	row->has_version = 1;
	row->version = referral->version;
	r = answer_put_id(answer, referral->id, &row->referral_id);
	if (r == 0)
		r = answer_put_id(answer, referral->subject, &row->subject);
	if (r == 0)
		r = answer_put_text(answer, referral->source.name, &row->source);
	if (r == 0)
		r = answer_put_text(answer, referral->target.name, &row->target);
	if (r == 0)
		r = answer_put_text(answer, referral->service, &row->service);
	if (r == 0)
		r = answer_put_text(answer, lifecycle_state(referral->state)->name, &row->state);
	if (r == 0)
		r = answer_put_text(answer, referral_next_move(referral), &row->next_move);
	if (r == 0)
		r = answer_put_time(answer, referral->due_ms, &row->due_at);
	if (r == 0)
		r = answer_put_time(answer, referral->created_ms, &row->created_at);
	if (r == 0)
		r = answer_put_time(answer, referral->changed_ms, &row->changed_at);
	if (r == 0)
		r = answer_put_time(answer, referral->loop_closed_ms, &row->loop_closed_at);
	if (r == 0)
		*ret = row;
	return r;
}

static int make_step(struct answer *answer, const struct referral_step *step,
		     Throughcare__V1__ReferralStep **ret)
{
	Throughcare__V1__ReferralStep *row = arena_take(&answer->arena, sizeof(*row));
	int r;

	if (row == NULL)
		return TC_ENOMEM;
	throughcare__v1__referral_step__init(row);
	row->has_log_sequence = 1;
	row->log_sequence = step->sequence;
	r = answer_put_time(answer, step->at_ms, &row->at);
	if (r == 0)
		r = answer_put_time(answer, step->occurred_ms, &row->occurred_at);
	if (r == 0)
		r = answer_put_text(answer, step->by, &row->by);
	if (r == 0 && step->from != REFERRAL_NONE)
		r = answer_put_text(answer, lifecycle_state(step->from)->name, &row->from_state);
	if (r == 0)
		r = answer_put_text(answer, lifecycle_state(step->to)->name, &row->to_state);
	if (r == 0)
		r = answer_put_text(answer, step->type, &row->message_type);
	if (r == 0)
		r = answer_put_id(answer, step->message, &row->message_id);
	if (r == 0)
		r = answer_put_text(answer, step->reason_code, &row->reason_code);
	if (r == 0)
		*ret = row;
	return r;
}

/* By state and openness referrals are chosen as the asker is told of them. */
struct wanted {
	enum referral_state state; /* REFERRAL_NONE: any */
	bool open_only;
};

static int read_filter(const struct question *question, struct answer *answer,
		       struct referral_filter *filter, struct wanted *ret)
{
	const Throughcare__V1__ReferralListQuery *asked = question->query->referral_list;
	struct tc_slice cursor = answer_cursor(question);

	if (question->scope == GATE_OWN)
		filter->agency = &question->asker;
	ret->open_only = asked->has_open_only && asked->open_only;
	if (asked->subject != NULL || filter->agency == NULL) {
		int r = answer_read_id(answer, asked->subject, "referral_list.subject",
				       &filter->subject);

		if (r != 0)
			return r;
	}
	if (asked->state != NULL && asked->state[0] != '\0') {
		ret->state = lifecycle_state_find(tc_slice_text(asked->state));
		if (ret->state == REFERRAL_NONE)
			return tc_refuse(&answer->refusal, TC_REFUSAL_FIELD_INVALID,
					 "referral_list.state");
	}
	if (question->scope != GATE_OWN && question->limits == NULL) {
		filter->state = ret->state;
		filter->open_only = ret->open_only;
	}
	if (cursor.len == 0)
		return 0;
	if (cursor.len != sizeof(filter->after.bytes))
		return tc_refuse(&answer->refusal, TC_REFUSAL_FIELD_INVALID, "page.cursor");
	memcpy(filter->after.bytes, cursor.data, cursor.len);
	return 0;
}

/* As the asker has been told of it, if at all, and if it then is one of those wanted. */
static int see_referral(const struct question *question, const struct wanted *wanted,
			struct referral *referral, bool *ret)
{
	int r = gate_referral(question, referral, ret);

	if (r == 0 && *ret)
		r = told_referral(question, referral);
	if (r < 0 || !*ret)
		return r;
	*ret = (wanted->state == REFERRAL_NONE || wanted->state == referral->state) &&
	       (!wanted->open_only || !lifecycle_state(referral->state)->terminal);
	return 0;
}

/* A page under way. */
struct page {
	const struct question *question;
	struct answer *answer;
	struct wanted wanted;
	size_t rows_max;
	struct tc_id last; /* of the rows so far */
	bool full;         /* there is one more than it holds */
};

static int add_referrals(struct page *page, struct referral *found, size_t count)
{
	Throughcare__V1__QueryReply *reply = &page->answer->reply;

	for (size_t i = 0; i < count && !page->full; i++) {
		bool visible;
		int r = see_referral(page->question, &page->wanted, &found[i], &visible);

		if (r < 0)
			return r;
		if (!visible)
			continue;
		page->full = reply->n_referrals == page->rows_max;
		if (page->full)
			break;
		r = tracking_row(page->answer, &found[i], &reply->referrals[reply->n_referrals]);
		if (r < 0)
			return r;
		reply->n_referrals++;
		page->last = found[i].id;
	}
	return 0;
}

/*
 * Pages are counted in rows that the asker sees, and one goes on only when there is such a row:
 * a page that was cut at a referral which still waits for its target would tell it of that.
 */
int tracking_referrals(const struct question *question, struct answer *answer)
{
	struct page page = {.question = question, .answer = answer};
	struct referral_filter filter = {.agency = NULL};
	struct referral *found;
	bool more = true;
	size_t count;
	int r;

	page.rows_max = answer_page_rows(question);
	r = read_filter(question, answer, &filter, &page.wanted);
	if (r != 0)
		return r;
	found = arena_take(&answer->arena, page.rows_max * sizeof(*found));
	answer->reply.referrals = answer_array(answer, page.rows_max);
	if (found == NULL || answer->reply.referrals == NULL)
		return TC_ENOMEM;
	while (more && !page.full) {
		r = referral_list(ledger_view_txn(question->ledger),
				  ledger_view_referral(question->ledger), &filter, found,
				  page.rows_max, &count, &more);
		if (r != 0 || count == 0)
			return r;
		filter.after = found[count - 1].id;
		r = add_referrals(&page, found, count);
		if (r < 0)
			return r;
	}
	if (!page.full)
		return 0;
	return answer_next_page(answer, tc_slice(page.last.bytes, sizeof(page.last.bytes)));
}

static int add_steps(const struct question *question, struct answer *answer,
		     const struct referral *referral, Throughcare__V1__ReferralRow *row)
{
	enum referral_state reached = REFERRAL_NONE;
	uint64_t first = 1;

	if (referral->version > TRACKING_STEPS_MAX)
		first = referral->version - TRACKING_STEPS_MAX + 1;
	row->steps = answer_array(answer, (size_t)(referral->version - first + 1));
	if (row->steps == NULL)
		return TC_ENOMEM;
	for (uint64_t version = first; version <= referral->version; version++) {
		struct referral_step step;
		bool told = false;
		int r = referral_step_find(ledger_view_txn(question->ledger),
					   ledger_view_referral(question->ledger), referral->id,
					   version, &step);

		if (r == 0)
			r = told_step(question, referral, &step, &told);
		/* One that was passed over does not show in where the next one started. */
		if (r == 0 && told && version > 1)
			step.from = reached;
		if (r == 0 && told)
			r = make_step(answer, &step, &row->steps[row->n_steps]);
		if (r != 0)
			return r > 0 ? TC_ECORRUPT : r;
		if (told) {
			row->n_steps++;
			reached = step.to;
		}
	}
	return 0;
}

int tracking_referral(const struct question *question, struct answer *answer)
{
	Throughcare__V1__ReferralRow *row;
	struct referral referral;
	bool visible = false;
	struct tc_id id;
	int r;

	r = answer_read_id(answer, question->query->referral_show->referral_id,
			   "referral_show.referral_id", &id);
	if (r != 0)
		return r;
	r = referral_find(ledger_view_txn(question->ledger), ledger_view_referral(question->ledger),
			  id, &referral);
	if (r == 0)
		r = gate_referral(question, &referral, &visible);
	if (r == 0 && visible)
		r = told_referral(question, &referral);
	if (r < 0)
		return r;
	if (!visible)
		return tc_refuse(&answer->refusal, TC_REFUSAL_NOT_FOUND, "%s", "");
	r = tracking_row(answer, &referral, &row);
	if (r == 0)
		r = add_steps(question, answer, &referral, row);
	if (r == 0 && question->scope == GATE_OWN)
		r = caseload_outlook(question, answer, &referral, row);
	if (r == 0)
		r = timeline_fill(question, answer, &referral, row);
	answer->reply.referrals = answer_array(answer, 1);
	if (r < 0 || answer->reply.referrals == NULL)
		return r < 0 ? r : TC_ENOMEM;
	answer->reply.referrals[0] = row;
	answer->reply.n_referrals = 1;
	return 0;
}

static int add_mailbox(const struct question *question, struct answer *answer,
		       const tc_agency *agency)
{
	Throughcare__V1__MailboxRow *row = arena_take(&answer->arena, sizeof(*row));
	struct mailbox_counts counts = {0};
	int r;

	if (row == NULL)
		return TC_ENOMEM;
	/* An agency that nothing was ever sent to has an empty mailbox. */
	r = ledger_view_mailbox(question->ledger, agency, &counts);
	if (r < 0)
		return r;
	throughcare__v1__mailbox_row__init(row);
	row->agency = answer_text(answer, agency->name);
	if (row->agency == NULL)
		return TC_ENOMEM;
	row->has_queued = row->has_in_flight = row->has_retry_wait = row->has_held = 1;
	row->has_dead = row->has_bytes = 1;
	row->queued = counts.queued;
	row->in_flight = counts.in_flight;
	row->retry_wait = counts.retry_wait;
	row->held = counts.held;
	row->dead = counts.dead;
	/* What is held for it does not exist for it, nor does its weight. */
	row->bytes = counts.bytes - counts.held_for_bytes;
	if (counts.oldest_ms != 0) {
		row->oldest_at = answer_time(answer, counts.oldest_ms);
		if (row->oldest_at == NULL)
			return TC_ENOMEM;
	}
	answer->reply.mailboxes[answer->reply.n_mailboxes++] = row;
	return 0;
}

/* For operators: every agency's, in the order of their ids. */
static int add_mailboxes(const struct question *question, struct answer *answer)
{
	struct tc_slice after = answer_cursor(question);
	size_t rows_max = answer_page_rows(question);
	tc_agency last;

	answer->reply.mailboxes = answer_array(answer, rows_max);
	if (answer->reply.mailboxes == NULL)
		return TC_ENOMEM;
	for (;;) {
		struct registry_agency agency;
		int r;

		if (answer->reply.n_mailboxes == rows_max)
			return answer_next_page(answer, after);
		r = registry_next_agency(ledger_view_txn(question->ledger),
					 ledger_view_registry(question->ledger), after, &agency);
		if (r == REGISTRY_UNKNOWN)
			return 0;
		if (r == 0)
			r = add_mailbox(question, answer, &agency.agency);
		if (r != 0)
			return r;
		last = agency.agency;
		after = tc_slice_text(last.name);
	}
}

int tracking_mailbox(const struct question *question, struct answer *answer)
{
	const char *named = question->query->mailbox_status->agency;
	tc_agency agency = question->asker;
	struct registry_agency known;
	int r;

	if (question->scope == GATE_ALL && (named == NULL || named[0] == '\0'))
		return add_mailboxes(question, answer);
	if (named != NULL && named[0] != '\0') {
		r = answer_read_agency(answer, named, "mailbox_status.agency", &agency);
		if (r != 0)
			return r;
	}
	r = registry_find_agency(ledger_view_txn(question->ledger),
				 ledger_view_registry(question->ledger), &agency, &known);
	if (r == REGISTRY_UNKNOWN)
		return tc_refuse(&answer->refusal, TC_REFUSAL_NOT_FOUND, "mailbox_status.agency");
	if (r != 0)
		return r;
	answer->reply.mailboxes = answer_array(answer, 1);
	if (answer->reply.mailboxes == NULL)
		return TC_ENOMEM;
	return add_mailbox(question, answer, &agency);
}
