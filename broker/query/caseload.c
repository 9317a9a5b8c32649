#include "query/caseload.h"

#include <stdio.h>
#include <string.h>

#include "ledger/case_list.h"
#include "ledger/hearing.h"
#include "ledger/ledger_view.h"
#include "ledger/supervision.h"
#include "ledger/task.h"
#include "query/appointments.h"
#include "query/gate.h"
#include "query/risk.h"
#include "query/seal.h"
#include "query/told.h"
#include "query/tracking.h"

#define LEGAL_MAX    32
#define CURSOR_BYTES (4 + sizeof(struct tc_id))

/* A place in the order: higher ranks first, then by id. */
struct place {
	uint32_t rank;
	struct tc_id id;
};

static int place_compare(const struct place *a, const struct place *b)
{
	if (a->rank != b->rank)
		return a->rank > b->rank ? -1 : 1;
	return memcmp(a->id.bytes, b->id.bytes, sizeof(a->id.bytes));
}

/* What holds for every referral of one answer. */
struct asker {
	const struct question *question;
	uint32_t number; /* principal; 0: the log has not seen it */
	bool alerted;    /* an alert about somebody waits for it */
	bool sealed;     /* orders are in force, and a list may say too much */
};

/* One that is to be shown. */
struct found {
	struct place place;
	struct risk_facts facts;
};

/* One page under way: the best ones so far, in order, and one more if there is one. */
struct page {
	const struct question *question;
	struct asker asker;
	struct answer *answer;
	bool overdue_only, me, them, unacknowledged;
	const char *team;
	bool after_given;
	struct place after;
	struct found *found;
	size_t count, max;
};

/* ---- one referral ---- */

/* The asker's side of it. */
static enum referral_side_of side_of(const struct question *question,
				     const struct referral *referral)
{
	return tc_agency_equal(&question->asker, &referral->source) ? REFERRAL_SOURCE
								    : REFERRAL_TARGET;
}

static bool has_move(const struct question *question, const struct referral *referral)
{
	return strcmp(referral_next_move(referral), question->asker.name) == 0;
}

static struct task_tables task_tables(const struct question *question)
{
	return (struct task_tables){
		.rows = ledger_view_table(question->ledger, LEDGER_TABLE_TASK),
		.open = ledger_view_table(question->ledger, LEDGER_TABLE_TASK_OPEN),
		.owner = ledger_view_table(question->ledger, LEDGER_TABLE_TASK_OWNER),
		.referral = ledger_view_table(question->ledger, LEDGER_TABLE_TASK_REFERRAL),
		.alert = ledger_view_table(question->ledger, LEDGER_TABLE_TASK_ALERT),
	};
}

static int read_asker(const struct question *question, struct asker *ret)
{
	const struct task_tables tables = task_tables(question);
	int r;

	*ret = (struct asker){.question = question};
	r = seal_stands(question, &ret->sealed);
	if (r == 0)
		r = ledger_view_number(question->ledger, &question->asker, &ret->number);
	if (r != 0)
		return r == LEDGER_VIEW_UNKNOWN ? 0 : r;
	return task_alerted(ledger_view_txn(question->ledger), &tables, ret->number,
			    (struct tc_id){{0}}, NULL, &ret->alerted);
}

/* ---- what an order hides of a person ---- */

/* Of a referral that is not hidden itself: so it is about the message. */
static int hides_task(void *context, const struct task *task, bool *ret)
{
	const struct question *question = context;

	return seal_hides(question, task->subject, task->referral, task->message, ret);
}

static int hides_record(void *context, uint64_t sequence, bool *ret)
{
	return seal_hides_record(context, sequence, ret);
}

static int next_hearing(const struct asker *asker, struct tc_id subject, int64_t *ret_ms)
{
	const struct question *question = asker->question;
	const struct hearing_gate gate = {
		.hearings = ledger_view_table(question->ledger, LEDGER_TABLE_HEARING),
		.hides = hides_record,
		.context = (void *)(uintptr_t)question,
	};

	return hearing_next(ledger_view_txn(question->ledger),
			    ledger_view_table(question->ledger, LEDGER_TABLE_HEARING_DAY),
			    asker->number, subject, question->now_ms, asker->sealed ? &gate : NULL,
			    ret_ms);
}

/* As if what is hidden had not been said. */
static int hide_supervision(const struct asker *asker, struct supervision *supervision)
{
	int r = 0;

	for (int fact = 0; r == 0 && asker->sealed && fact < SUPERVISION_FACTS; fact++) {
		bool hidden = false;

		if (supervision->said[fact] != 0)
			r = seal_hides_record(asker->question, supervision->said[fact], &hidden);
		if (hidden)
			supervision_unsay(supervision, (enum supervision_fact)fact);
	}
	return r;
}

/* The brief of `ret` is given. */
static int judge(const struct asker *asker, struct risk_facts *ret, struct risk *ret_risk)
{
	const struct question *question = asker->question;
	const struct task_tables tables = task_tables(question);
	const struct task_gate gate = {hides_task, (void *)(uintptr_t)question};
	int r = 0;

	ret->now_ms = question->now_ms;
	ret->alert = false;
	/* The row has the one that was next when it was written. */
	if (ret->brief.hearing_ms != 0 &&
	    (asker->sealed || ret->brief.hearing_ms < question->now_ms))
		r = next_hearing(asker, ret->brief.subject, &ret->brief.hearing_ms);
	if (r < 0)
		return r;
	if (asker->alerted)
		r = task_alerted(ledger_view_txn(question->ledger), &tables, asker->number,
				 ret->brief.subject, asker->sealed ? &gate : NULL, &ret->alert);
	if (r == 0)
		risk_judge(ret, ret_risk);
	return r;
}

/* Of one that was looked up, and is as the asker was told of it. */
static int brief_of(const struct asker *asker, const struct referral *referral,
		    struct case_brief *ret)
{
	const struct question *question = asker->question;
	struct supervision supervision;
	int r = supervision_find(ledger_view_txn(question->ledger),
				 ledger_view_table(question->ledger, LEDGER_TABLE_SUPERVISION),
				 asker->number, referral->subject, &supervision);

	if (r >= 0)
		r = hide_supervision(asker, &supervision);
	if (r >= 0)
		case_brief_of(referral, side_of(question, referral), &supervision, ret);
	return r < 0 ? r : 0;
}

/* As the asker has been told of it; *ret false: it does not exist for the asker, or not any more.
 */
static int see(const struct question *question, struct tc_id id, struct referral *referral,
	       bool *ret)
{
	int r = referral_find(ledger_view_txn(question->ledger),
			      ledger_view_referral(question->ledger), id, referral);

	*ret = r == 0 && (referral->shown || side_of(question, referral) == REFERRAL_SOURCE);
	if (r == 0 && *ret)
		r = told_referral(question, referral);
	return r == REFERRAL_UNKNOWN ? TC_ECORRUPT : r;
}

static bool wanted(const struct page *page, const struct case_brief *brief)
{
	if (page->team && strcmp(page->team, brief->team) != 0)
		return false;
	if (page->overdue_only && !risk_overdue(brief, page->question->now_ms))
		return false;
	if (!page->unacknowledged && brief->terminal)
		return false;
	return (!page->me || brief->mine) && (!page->them || !brief->mine);
}

/* ---- the order ---- */

/* Keeps it if it is among the best after the cursor. */
static void keep(struct page *page, const struct found *found)
{
	const struct place *place = &found->place;
	size_t at;

	if (page->after_given && place_compare(place, &page->after) <= 0)
		return;
	if (page->count == page->max) {
		if (place_compare(place, &page->found[page->count - 1].place) >= 0)
			return;
		page->count--;
	}
	for (at = page->count; at > 0 && place_compare(place, &page->found[at - 1].place) < 0; at--)
		page->found[at] = page->found[at - 1];
	page->found[at] = *found;
	page->count++;
}

/* What the list says of it is what the asker knows, unless a message waits for a consent. */
static int look_at(struct page *page, struct found *found)
{
	struct referral referral;
	struct risk risk;
	const struct tc_id none = {{0}};
	bool seen = true, hidden;
	int r = seal_hides(page->question, none, found->place.id, none, &hidden);

	if (r < 0 || hidden)
		return r;
	if (!found->facts.brief.known || page->asker.sealed) {
		r = see(page->question, found->place.id, &referral, &seen);
		if (r == 0 && seen)
			r = brief_of(&page->asker, &referral, &found->facts.brief);
	}
	if (r < 0 || !seen || !wanted(page, &found->facts.brief))
		return r;
	r = judge(&page->asker, &found->facts, &risk);
	found->place.rank = risk.rank;
	if (r == 0)
		keep(page, found);
	return r;
}

static int scan(struct page *page, const struct case_list *list)
{
	struct store_cursor cursor = {0};
	struct found found;
	int r = case_list_walk(ledger_view_txn(page->question->ledger),
			       ledger_view_table(page->question->ledger, LEDGER_TABLE_CASELOAD),
			       list, &cursor);

	for (size_t i = 0; r == 0; i++) {
		r = case_list_next(&cursor, &found.place.id, &found.facts.brief);
		if (r != 0 || i == CASELOAD_SCANNED_MAX)
			break;
		r = look_at(page, &found);
	}
	store_cursor_done(&cursor);
	/* Still on a row: the list goes on. */
	page->answer->reply.has_looked_at = r == 0;
	page->answer->reply.looked_at = CASELOAD_SCANNED_MAX;
	return r == CASE_LIST_END ? 0 : r;
}

/* ---- rows ---- */

static int put_tasks(const struct asker *asker, const struct referral *referral,
		     Throughcare__V1__ReferralRow *row)
{
	const struct task_gate gate = {hides_task, (void *)(uintptr_t)asker->question};
	const struct task_tables tables = task_tables(asker->question);
	int r = task_count(ledger_view_txn(asker->question->ledger), &tables, asker->number,
			   referral->id, asker->sealed ? &gate : NULL, &row->tasks);

	row->has_tasks = r == 0 && row->tasks > 0;
	return r;
}

static int put_risks(struct answer *answer, const struct risk_facts *facts, const struct risk *risk,
		     Throughcare__V1__ReferralRow *row)
{
	int r = 0;

	row->has_overdue = row->has_rank = 1;
	row->overdue = risk_overdue(&facts->brief, facts->now_ms);
	row->rank = risk->rank;
	row->risks = answer_array(answer, risk->count);
	if (row->risks == NULL)
		return TC_ENOMEM;
	for (size_t i = 0; r == 0 && i < risk->count; i++) {
		r = answer_put_text(answer, risk->codes[i], &row->risks[i]);
		row->n_risks++;
	}
	return r;
}

/* What the asker could send now: "ReferralResponse ACCEPTED". */
static int put_legal(struct answer *answer, const struct referral *referral,
		     enum referral_side_of side, Throughcare__V1__ReferralRow *row)
{
	enum referral_actor by = side == REFERRAL_SOURCE ? REFERRAL_BY_SOURCE : REFERRAL_BY_TARGET;
	const struct lifecycle_rule *rules[LEGAL_MAX];
	size_t count = lifecycle_legal(referral->state, by, rules, LEGAL_MAX);
	int r = 0;

	row->legal = answer_array(answer, count);
	if (row->legal == NULL)
		return TC_ENOMEM;
	for (size_t i = 0; r == 0 && i < count; i++) {
		char text[96];

		(void)snprintf(text, sizeof(text), "%s%s%s", rules[i]->type,
			       rules[i]->status ? " " : "",
			       rules[i]->status ? rules[i]->status : "");
		r = answer_put_text(answer, text, &row->legal[row->n_legal++]);
	}
	return r;
}

/* The one that takes its place is between its own source and target. A target that sends a person
 * elsewhere has named it. */
static int put_successor(const struct question *question, struct answer *answer,
			 const struct referral *referral, Throughcare__V1__ReferralRow *row)
{
	bool known = referral->state == REFERRAL_REROUTED;
	struct referral successor;
	int r = 0;

	if (!known && !tc_id_is_none(referral->successor)) {
		r = referral_find(ledger_view_txn(question->ledger),
				  ledger_view_referral(question->ledger), referral->successor,
				  &successor);
		if (r == 0)
			r = gate_referral(question, &successor, &known);
	}
	return r != 0 || !known ? (r < 0 ? r : 0)
				: answer_put_id(answer, referral->successor, &row->successor);
}

/* Whose case it is, which clock runs, and what hangs together with it. */
static int put_case(const struct question *question, struct answer *answer,
		    const struct referral *referral, enum referral_side_of side,
		    Throughcare__V1__ReferralRow *row)
{
	enum lifecycle_clock clock = lifecycle_state(referral->state)->clock;
	int r = answer_put_text(answer, referral->side[side].officer, &row->officer);

	if (r == 0)
		r = answer_put_text(answer, referral->side[side].team, &row->team);
	if (r == 0 && referral->due_ms != 0 && clock != CLOCK_NONE)
		r = answer_put_text(answer, clock_name(clock), &row->clock);
	if (r == 0)
		r = answer_put_text(answer, risk_next_step(referral, has_move(question, referral)),
				    &row->next_step);
	if (r == 0)
		r = answer_put_id(answer, referral->predecessor, &row->predecessor);
	if (r == 0)
		r = put_successor(question, answer, referral, row);
	return r;
}

static int put_outlook(const struct asker *asker, struct answer *answer,
		       const struct referral *referral, struct risk_facts *facts,
		       Throughcare__V1__ReferralRow *row)
{
	const struct question *question = asker->question;
	enum referral_side_of side = side_of(question, referral);
	int64_t coming_ms = 0;
	struct risk risk;
	int r = judge(asker, facts, &risk);

	if (r == 0)
		r = put_case(question, answer, referral, side, row);
	if (r == 0)
		r = put_risks(answer, facts, &risk, row);
	if (r == 0)
		r = put_legal(answer, referral, side, row);
	if (r == 0)
		r = appointments_coming(question, referral->id, &coming_ms);
	if (r == 0)
		r = answer_put_time(answer, coming_ms, &row->next_appointment_at);
	return r < 0 ? r : put_tasks(asker, referral, row);
}

int caseload_outlook(const struct question *question, struct answer *answer,
		     const struct referral *referral, Throughcare__V1__ReferralRow *row)
{
	struct risk_facts facts;
	struct asker asker;
	int r = read_asker(question, &asker);

	if (r == 0)
		r = brief_of(&asker, referral, &facts.brief);
	return r < 0 ? r : put_outlook(&asker, answer, referral, &facts, row);
}

static int add_row(struct page *page, struct found *found)
{
	Throughcare__V1__QueryReply *reply = &page->answer->reply;
	Throughcare__V1__ReferralRow *row;
	struct referral referral;
	bool seen;
	int r = see(page->question, found->place.id, &referral, &seen);

	if (r == 0)
		r = tracking_row(page->answer, &referral, &row);
	if (r == 0)
		r = put_outlook(&page->asker, page->answer, &referral, &found->facts, row);
	if (r == 0)
		reply->referrals[reply->n_referrals++] = row;
	return r;
}

/* ---- the question ---- */

static int read_question(struct page *page, struct case_list *ret)
{
	const Throughcare__V1__CaseloadQuery *asked = page->question->query->caseload;
	struct tc_slice cursor = answer_cursor(page->question);
	const char *whose = asked->whose_move ? asked->whose_move : "";

	page->overdue_only = asked->has_overdue_only && asked->overdue_only;
	page->unacknowledged = !asked->has_unacknowledged || asked->unacknowledged;
	page->me = strcmp(whose, "me") == 0;
	page->them = strcmp(whose, "them") == 0;
	if (*whose != '\0' && !page->me && !page->them)
		return tc_refuse(&page->answer->refusal, TC_REFUSAL_FIELD_INVALID,
				 "caseload.whose_move: me or them");
	ret->officer = asked->officer && *asked->officer ? asked->officer : NULL;
	ret->team = page->team = asked->team && *asked->team ? asked->team : NULL;
	if (cursor.len == 0)
		return 0;
	if (cursor.len != CURSOR_BYTES)
		return tc_refuse(&page->answer->refusal, TC_REFUSAL_FIELD_INVALID, "page.cursor");
	page->after_given = true;
	page->after.rank = tc_get_be32(cursor.data);
	memcpy(page->after.id.bytes, cursor.data + 4, sizeof(page->after.id.bytes));
	return 0;
}

static int next_page(struct answer *answer, const struct place *last)
{
	uint8_t cursor[CURSOR_BYTES];

	tc_put_be32(cursor, last->rank);
	memcpy(cursor + 4, last->id.bytes, sizeof(last->id.bytes));
	return answer_next_page(answer, tc_slice(cursor, sizeof(cursor)));
}

int caseload_list(const struct question *question, struct answer *answer)
{
	size_t rows_max = answer_page_rows(question);
	struct page page = {.question = question, .answer = answer, .max = rows_max + 1};
	struct case_list list = {.agency = 0};
	int r = read_question(&page, &list);

	if (r != 0)
		return r;
	r = read_asker(question, &page.asker);
	if (r < 0 || page.asker.number == 0)
		return r;
	list.agency = page.asker.number;
	page.found = arena_take(&answer->arena, page.max * sizeof(*page.found));
	answer->reply.referrals = answer_array(answer, rows_max);
	if (page.found == NULL || answer->reply.referrals == NULL)
		return TC_ENOMEM;
	r = scan(&page, &list);
	for (size_t i = 0; r == 0 && i < page.count && i < rows_max; i++)
		r = add_row(&page, &page.found[i]);
	if (r < 0 || page.count <= rows_max)
		return r;
	return next_page(answer, &page.found[rows_max - 1].place);
}
