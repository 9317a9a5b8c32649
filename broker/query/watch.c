#include "query/watch.h"

#include <string.h>

#include "ledger/ledger_view.h"
#include "ledger/status.h"
#include "query/seal.h"

#define CURSOR_BYTES 12

uint32_t watch_wait_ms(const struct question *question)
{
	const Throughcare__V1__ReferralWatchQuery *asked = question->query->referral_watch;
	uint32_t wait_ms = asked->has_wait_ms ? asked->wait_ms : 0;

	return wait_ms < WATCH_WAIT_MS_MAX ? wait_ms : WATCH_WAIT_MS_MAX;
}

/* What made the step: nothing that the asker took over, and others read. */
static int put_cause(struct answer *answer, const struct referral_step *step,
		     Throughcare__V1__ChangeRow *row)
{
	int r = answer_put_text(answer, step->by, &row->by);

	if (r == 0)
		r = answer_put_text(answer, step->type, &row->message_type);
	return r < 0 ? r : answer_put_text(answer, step->reason_code, &row->reason_code);
}

static int put_before(const struct question *question, struct answer *answer,
		      const struct status *status, Throughcare__V1__ChangeRow *row)
{
	struct tc_id none = {{0}};
	struct referral_step before;
	bool hidden;
	int r;

	if (status->before == 0)
		return 0;
	r = referral_step_find(ledger_view_txn(question->ledger),
			       ledger_view_referral(question->ledger), status->referral,
			       status->before, &before);
	if (r != 0)
		return r < 0 ? r : TC_ECORRUPT;
	r = seal_hides(question, none, status->referral, before.message, &hidden);
	return r < 0 || hidden ? r
			       : answer_put_text(answer, lifecycle_state(before.to)->name,
						 &row->from_state);
}

static int make_change(const struct question *question, struct answer *answer,
		       const struct status *status, const struct referral *referral,
		       const struct referral_step *step, Throughcare__V1__ChangeRow **ret)
{
	const struct lifecycle_state *to = lifecycle_state(step->to);
	struct referral then = *referral;
	Throughcare__V1__ChangeRow *row = arena_take(&answer->arena, sizeof(*row));
	int r;

	if (row == NULL)
		return TC_ENOMEM;
	throughcare__v1__change_row__init(row);
	if (step->version != referral->version) /* whose move it was then */
		then.next_move = to->next_move;
	row->has_log_sequence = row->has_version = 1;
	row->log_sequence = status->sequence;
	row->version = status->version;
	row->has_loop_closed = 1;
	row->loop_closed =
		strcmp(step->type, "LoopClosed") == 0 && referral->loop_closed_ms == step->at_ms;
	row->has_taken_over = row->taken_over = status->taken_over_ms != 0;
	r = answer_put_time(answer, row->taken_over ? status->taken_over_ms : step->at_ms,
			    &row->at);
	if (r == 0)
		r = answer_put_id(answer, referral->id, &row->referral_id);
	if (r == 0)
		r = answer_put_id(answer, referral->subject, &row->subject);
	if (r == 0)
		r = put_before(question, answer, status, row);
	if (r == 0)
		r = answer_put_text(answer, to->name, &row->to_state);
	if (r == 0)
		r = answer_put_text(answer, referral_next_move(&then), &row->next_move);
	if (r == 0)
		r = answer_put_time(answer, step->due_ms, &row->due_at);
	if (r == 0 && !row->taken_over)
		r = put_cause(answer, step, row);
	*ret = row;
	return r;
}

static int find_change(const struct question *question, const struct status *status,
		       struct referral *referral, struct referral_step *step)
{
	struct store_txn *txn = ledger_view_txn(question->ledger);
	const struct referral_tables *tables = ledger_view_referral(question->ledger);
	int r = referral_find(txn, tables, status->referral, referral);

	if (r == 0)
		r = referral_step_find(txn, tables, status->referral, status->version, step);
	return r > 0 ? TC_ECORRUPT : r;
}

/* The next one that no order hides; until it is found no page is full. */
static int next_change(const struct question *question, uint32_t asker, struct status *status,
		       struct referral *referral, struct referral_step *step)
{
	bool hidden = true;
	int r = 0;

	while (r == 0 && hidden) {
		struct status last = *status;

		r = status_next(ledger_view_txn(question->ledger),
				ledger_view_table(question->ledger, LEDGER_TABLE_STATUS), asker,
				last.sequence, last.index, status);
		if (r == 0)
			r = find_change(question, status, referral, step);
		if (r == 0)
			r = seal_hides(question, referral->subject, referral->id, step->message,
				       &hidden);
	}
	return r;
}

/* The place after which the page begins: of a page before, or all of a record. */
static int read_place(const struct question *question, struct answer *answer, struct status *ret)
{
	const Throughcare__V1__ReferralWatchQuery *asked = question->query->referral_watch;
	struct tc_slice cursor = answer_cursor(question);

	*ret = (struct status){.sequence = asked->has_after_sequence ? asked->after_sequence : 0,
			       .index = UINT32_MAX};
	if (cursor.len == 0)
		return 0;
	if (cursor.len != CURSOR_BYTES)
		return tc_refuse(&answer->refusal, TC_REFUSAL_FIELD_INVALID, "page.cursor");
	ret->sequence = tc_get_be64(cursor.data);
	ret->index = tc_get_be32(cursor.data + 8);
	return 0;
}

static int next_page(struct answer *answer, const struct status *last)
{
	uint8_t cursor[CURSOR_BYTES];

	tc_put_be64(cursor, last->sequence);
	tc_put_be32(cursor + 8, last->index);
	return answer_next_page(answer, tc_slice(cursor, sizeof(cursor)));
}

int watch_changes(const struct question *question, struct answer *answer)
{
	size_t rows_max = answer_page_rows(question);
	struct referral_step step;
	struct referral referral;
	struct status status, shown;
	uint32_t asker;
	int r = read_place(question, answer, &status);

	if (r != 0)
		return r;
	answer->reply.changes = answer_array(answer, rows_max);
	if (answer->reply.changes == NULL)
		return TC_ENOMEM;
	shown = status;
	r = ledger_view_number(question->ledger, &question->asker, &asker);
	while (r == 0) {
		r = next_change(question, asker, &status, &referral, &step);
		if (r == 0 && answer->reply.n_changes == rows_max)
			return next_page(answer, &shown);
		if (r == 0)
			r = make_change(question, answer, &status, &referral, &step,
					&answer->reply.changes[answer->reply.n_changes++]);
		shown = status;
	}
	if (r < 0)
		return r;
	return answer->reply.n_changes == 0 && watch_wait_ms(question) > 0 ? QUESTION_LATER : 0;
}
