#include "query/caseload.h"

#include <stdio.h>
#include <string.h>

#include "ledger/case.h"
#include "ledger/ledger_view.h"
#include "ledger/supervision.h"
#include "ledger/task.h"
#include "query/appointments.h"
#include "query/gate.h"
#include "query/risk.h"
#include "query/told.h"
#include "query/tracking.h"

#define ALERTS_MAX   64
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
	uint32_t number;                 /* principal; 0: the log has not seen it */
	struct tc_id alerts[ALERTS_MAX]; /* persons about whom an alert waits for it */
	size_t alert_count;
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
	struct place *places;
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
	};
}

/* Alerts that nobody of the agency has acknowledged. */
static int read_asker(const struct question *question, struct asker *ret)
{
	const struct task_tables tables = task_tables(question);
	struct task task = {.delivery = 0}, after;
	bool first = true;
	int r;

	*ret = (struct asker){.question = question};
	r = ledger_view_number(question->ledger, &question->asker, &ret->number);
	if (r != 0)
		return r == LEDGER_VIEW_UNKNOWN ? 0 : r;
	while (r == 0 && ret->alert_count < ALERTS_MAX) {
		after = task;
		r = task_next(ledger_view_txn(question->ledger), &tables, ret->number, true,
			      first ? NULL : &after, &task);
		first = false;
		if (r == 0 && task.kind == TASK_ACKNOWLEDGE)
			ret->alerts[ret->alert_count++] = task.subject;
	}
	return r == TASK_NONE ? 0 : r;
}

static int judge(const struct asker *asker, const struct referral *referral, struct risk *ret)
{
	const struct question *question = asker->question;
	struct supervision supervision = {.custody = false};
	struct risk_facts facts = {
		.referral = referral,
		.mine = has_move(question, referral),
		.now_ms = question->now_ms,
		.risk = side_of(question, referral) == REFERRAL_SOURCE ? referral->risk
								       : referral->known,
	};
	int r = supervision_find(ledger_view_txn(question->ledger),
				 ledger_view_table(question->ledger, LEDGER_TABLE_SUPERVISION),
				 asker->number, referral->subject, &supervision);

	if (r < 0)
		return r;
	facts.hearing_ms = supervision.hearing_ms;
	facts.in_custody = supervision.custody;
	facts.absconded = supervision.absconded;
	facts.high_risk = strstr(supervision.risk, "high") != NULL; /* "very_high", too */
	for (size_t i = 0; i < asker->alert_count; i++)
		facts.alert = facts.alert || tc_id_equal(asker->alerts[i], referral->subject);
	risk_judge(&facts, ret);
	return 0;
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

static bool wanted(const struct page *page, const struct referral *referral)
{
	const struct referral_side *side = &referral->side[side_of(page->question, referral)];
	bool mine = has_move(page->question, referral);

	if (page->team && strcmp(page->team, side->team) != 0)
		return false;
	if (page->overdue_only && !risk_overdue(referral, page->question->now_ms))
		return false;
	if (!page->unacknowledged && lifecycle_state(referral->state)->terminal)
		return false;
	return (!page->me || mine) && (!page->them || !mine);
}

/* ---- the order ---- */

/* Keeps it if it is among the best after the cursor. */
static void place_keep(struct page *page, const struct place *place)
{
	size_t at;

	if (page->after_given && place_compare(place, &page->after) <= 0)
		return;
	if (page->count == page->max) {
		if (place_compare(place, &page->places[page->count - 1]) >= 0)
			return;
		page->count--;
	}
	for (at = page->count; at > 0 && place_compare(place, &page->places[at - 1]) < 0; at--)
		page->places[at] = page->places[at - 1];
	page->places[at] = *place;
	page->count++;
}

static int look_at(struct page *page, struct tc_id id)
{
	struct place place = {.id = id};
	struct referral referral;
	struct risk risk;
	bool seen;
	int r = see(page->question, id, &referral, &seen);

	if (r < 0 || !seen || !wanted(page, &referral))
		return r;
	r = judge(&page->asker, &referral, &risk);
	place.rank = risk.rank;
	if (r == 0)
		place_keep(page, &place);
	return r;
}

static int scan(struct page *page, const struct case_list *list)
{
	struct store_cursor cursor = {0};
	struct tc_id id;
	int r = case_walk(ledger_view_txn(page->question->ledger),
			  ledger_view_table(page->question->ledger, LEDGER_TABLE_CASELOAD), list,
			  &cursor);

	for (size_t i = 0; r == 0 && i < CASELOAD_SCANNED_MAX; i++) {
		r = case_walk_next(&cursor, &id);
		if (r == 0)
			r = look_at(page, id);
	}
	store_cursor_done(&cursor);
	return r == CASE_NONE ? 0 : r;
}

/* ---- rows ---- */

static int put_tasks(const struct asker *asker, const struct referral *referral,
		     Throughcare__V1__ReferralRow *row)
{
	const struct task_tables tables = task_tables(asker->question);
	int r = task_count(ledger_view_txn(asker->question->ledger), &tables, asker->number,
			   referral->id, &row->tasks);

	row->has_tasks = r == 0 && row->tasks > 0;
	return r;
}

static int put_risks(struct answer *answer, const struct risk *risk,
		     Throughcare__V1__ReferralRow *row)
{
	int r = 0;

	row->has_rank = 1;
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
	row->has_overdue = 1;
	row->overdue = risk_overdue(referral, question->now_ms);
	return r;
}

static int put_outlook(const struct asker *asker, struct answer *answer,
		       const struct referral *referral, Throughcare__V1__ReferralRow *row)
{
	const struct question *question = asker->question;
	enum referral_side_of side = side_of(question, referral);
	int64_t coming_ms = 0;
	struct risk risk;
	int r = judge(asker, referral, &risk);

	if (r == 0)
		r = put_case(question, answer, referral, side, row);
	if (r == 0)
		r = put_risks(answer, &risk, row);
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
	struct asker asker;
	int r = read_asker(question, &asker);

	return r < 0 ? r : put_outlook(&asker, answer, referral, row);
}

static int add_row(struct page *page, const struct place *place)
{
	Throughcare__V1__QueryReply *reply = &page->answer->reply;
	Throughcare__V1__ReferralRow *row;
	struct referral referral;
	bool seen;
	int r = see(page->question, place->id, &referral, &seen);

	if (r == 0)
		r = tracking_row(page->answer, &referral, &row);
	if (r == 0)
		r = put_outlook(&page->asker, page->answer, &referral, row);
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
	page.places = arena_take(&answer->arena, page.max * sizeof(*page.places));
	answer->reply.referrals = answer_array(answer, rows_max);
	if (page.places == NULL || answer->reply.referrals == NULL)
		return TC_ENOMEM;
	r = scan(&page, &list);
	for (size_t i = 0; r == 0 && i < page.count && i < rows_max; i++)
		r = add_row(&page, &page.places[i]);
	if (r < 0 || page.count <= rows_max)
		return r;
	return next_page(answer, &page.places[rows_max - 1]);
}
