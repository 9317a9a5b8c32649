#include "query/outcomes.h"

#include <string.h>
#include <strings.h>

#include "consent/consent_check.h"
#include "ledger/ledger_view.h"
#include "query/seal.h"
#include "query/told.h"
#include "throughcare/v1/registry.pb-c.h"

#define DAY_MS INT64_C(86400000)
#define CHUNK  100 /* referrals at a time */

struct report {
	const struct question *question;
	struct answer *answer;
	int64_t since_ms, until_ms;
	const char *service, *area; /* NULL: any */
	struct outcomes_cell *cells;
	size_t count;
	uint64_t seen; /* the asker's, of those that were looked at */
	bool left;     /* there are more */
};

/* ---- cells ---- */

/* NULL when the report has no room for a further kind, or memory is short. */
static struct outcomes_cell *cell_find(struct report *report, const char *service,
				       const char *measure, const char *code)
{
	struct outcomes_cell *cell;

	for (size_t i = 0; i < report->count; i++) {
		cell = &report->cells[i];
		if (strcmp(cell->measure, measure) == 0 && strcmp(cell->service, service) == 0 &&
		    strcmp(cell->code, code) == 0)
			return cell;
	}
	if (report->count == OUTCOMES_CELLS_MAX)
		return NULL;
	cell = &report->cells[report->count++];
	memcpy(cell->service, service, strlen(service) + 1);
	cell->measure = measure;
	memcpy(cell->code, code, strnlen(code, sizeof(cell->code) - 1));
	return cell;
}

static void tally(struct report *report, const struct referral *referral, const char *measure,
		  const char *code)
{
	struct outcomes_cell *cell = cell_find(report, referral->service, measure, code);

	if (cell)
		cell->count++;
}

static int tally_wait(struct report *report, const struct referral *referral, const char *measure,
		      int64_t at_ms)
{
	struct outcomes_cell *cell = cell_find(report, referral->service, measure, "");
	int64_t days = (at_ms - referral->created_ms) / DAY_MS;

	if (cell == NULL)
		return 0;
	if (cell->days == NULL)
		cell->days = arena_take(&report->answer->arena,
					(OUTCOMES_DAYS_MAX + 1) * sizeof(*cell->days));
	if (cell->days == NULL)
		return TC_ENOMEM;
	cell->days[days < 0 ? 0 : days < OUTCOMES_DAYS_MAX ? days : OUTCOMES_DAYS_MAX]++;
	cell->count++;
	return 0;
}

/* ---- counting ---- */

#define ON(state) (UINT32_C(1) << REFERRAL_##state)

/* Milestones: a step from one of these states to that one. `wait`: since it was made. */
static const struct {
	uint32_t from;
	enum referral_state to;
	const char *measure;
	const char *wait;
} milestones[] = {
	{ON(NONE), REFERRAL_REQUESTED, "made", NULL},
	{ON(REQUESTED), REFERRAL_RECEIVED, "received", "days_to_receipt"},
	{ON(RECEIVED) | ON(INFO_REQUESTED) | ON(WAITLISTED) | ON(OFFERED), REFERRAL_ACCEPTED,
	 "accepted", "days_to_decision"},
	{ON(RECEIVED) | ON(INFO_REQUESTED) | ON(WAITLISTED) | ON(OFFERED), REFERRAL_DECLINED, NULL,
	 "days_to_decision"},
	{ON(ACCEPTED) | ON(SCHEDULED), REFERRAL_IN_PROGRESS, "started", "days_to_start"},
};

static int tally_step(struct report *report, const struct referral *referral,
		      const struct referral_step *step)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(milestones) / sizeof(milestones[0]); i++) {
		if (step->to != milestones[i].to ||
		    !(milestones[i].from & UINT32_C(1) << step->from))
			continue;
		if (milestones[i].measure)
			tally(report, referral, milestones[i].measure, "");
		if (milestones[i].wait)
			r = tally_wait(report, referral, milestones[i].wait, step->occurred_ms);
	}
	if (step->to == REFERRAL_DECLINED)
		tally(report, referral, "declined", step->reason_code);
	if (lifecycle_state(step->to)->terminal && !lifecycle_state(step->from)->terminal)
		tally(report, referral, "ended", lifecycle_state(step->to)->name);
	return r;
}

static int tally_referral(struct report *report, struct referral *referral)
{
	const struct question *question = report->question;
	bool source = tc_agency_equal(&question->asker, &referral->source);
	uint64_t version = referral->version;
	bool all = referral->side[source ? REFERRAL_SOURCE : REFERRAL_TARGET].told == version;
	int r = 0;

	for (uint64_t i = 1; r == 0 && i <= version; i++) {
		struct referral_step step;
		bool told = all;

		r = referral_step_find(ledger_view_txn(question->ledger),
				       ledger_view_referral(question->ledger), referral->id, i,
				       &step);
		if (r != 0)
			return r > 0 ? TC_ECORRUPT : r;
		if (!all)
			r = told_step(question, referral, &step, &told);
		if (r == 0 && told)
			r = tally_step(report, referral, &step);
	}
	return r;
}

/* A service without areas serves everywhere. */
static int serves(struct report *report, const struct referral *referral, bool *ret)
{
	Throughcare__V1__ServiceEntry *entry;
	struct registry_service service;
	int r;

	*ret = report->area == NULL;
	if (*ret)
		return 0;
	r = registry_find_service(ledger_view_txn(report->question->ledger),
				  ledger_view_registry(report->question->ledger),
				  tc_slice_text(referral->service), &service);
	if (r != 0)
		return r > 0 ? 0 : r;
	entry = throughcare__v1__service_entry__unpack(&report->answer->arena.allocator,
						       service.entry.len, service.entry.data);
	if (entry == NULL)
		return TC_ECORRUPT;
	*ret = entry->n_service_areas == 0;
	for (size_t i = 0; !*ret && i < entry->n_service_areas; i++)
		*ret = strcasecmp(entry->service_areas[i], report->area) == 0;
	return 0;
}

static int look_at(struct report *report, struct referral *referral)
{
	bool source = tc_agency_equal(&report->question->asker, &referral->source);
	bool serving, hidden;
	int r;

	if (!source && !referral->shown)
		return 0;
	r = seal_hides(report->question, referral->subject, referral->id, (struct tc_id){{0}},
		       &hidden);
	if (r < 0 || hidden)
		return r;
	report->seen++;
	if (referral->created_ms < report->since_ms || referral->created_ms >= report->until_ms ||
	    (report->service && strcmp(report->service, referral->service) != 0))
		return 0;
	r = serves(report, referral, &serving);
	return r < 0 || !serving ? r : tally_referral(report, referral);
}

static int scan(struct report *report)
{
	struct referral_filter filter = {.agency = &report->question->asker};
	struct referral *found = arena_take(&report->answer->arena, CHUNK * sizeof(*found));
	bool more = true;

	if (found == NULL)
		return TC_ENOMEM;
	for (size_t scanned = 0; more && scanned < OUTCOMES_SCANNED_MAX; scanned += CHUNK) {
		size_t count;
		int r = referral_list(ledger_view_txn(report->question->ledger),
				      ledger_view_referral(report->question->ledger), &filter,
				      found, CHUNK, &count, &more);

		for (size_t i = 0; r == 0 && i < count; i++)
			r = look_at(report, &found[i]);
		if (r < 0 || count == 0)
			return r;
		filter.after = found[count - 1].id;
	}
	report->left = more;
	return 0;
}

/* ---- what is told ---- */

static bool same_group(const struct outcomes_cell *a, const struct outcomes_cell *b)
{
	return a->measure == b->measure && strcmp(a->service, b->service) == 0;
}

/* How many of a cell's group are suppressed, and the smallest of the others. */
static size_t suppressed_of(struct outcomes_cell *cells, size_t count,
			    const struct outcomes_cell *of, struct outcomes_cell **ret_next)
{
	size_t suppressed = 0;

	*ret_next = NULL;
	for (size_t i = 0; i < count; i++) {
		if (!same_group(&cells[i], of))
			continue;
		if (cells[i].suppressed)
			suppressed++;
		else if (*ret_next == NULL || cells[i].count < (*ret_next)->count)
			*ret_next = &cells[i];
	}
	return suppressed;
}

void outcomes_suppress(struct outcomes_cell *cells, size_t count)
{
	for (size_t i = 0; i < count; i++)
		cells[i].suppressed = cells[i].count < OUTCOMES_CELL_MIN;
	for (size_t i = 0; i < count; i++) {
		struct outcomes_cell *next;

		if (cells[i].suppressed && suppressed_of(cells, count, &cells[i], &next) == 1 &&
		    next != NULL)
			next->suppressed = true;
	}
}

/* The days within which that share of them had come. */
static uint64_t days_within(const struct outcomes_cell *cell, unsigned percent)
{
	uint64_t wanted = (cell->count * percent + 99) / 100, seen = 0;
	size_t day = 0;

	while (day < OUTCOMES_DAYS_MAX && (seen += cell->days[day]) < wanted)
		day++;
	return day;
}

static int add_row(struct report *report, const struct outcomes_cell *cell, const char *code,
		   uint64_t count)
{
	Throughcare__V1__QueryReply *reply = &report->answer->reply;
	Throughcare__V1__OutcomeRow *row = arena_take(&report->answer->arena, sizeof(*row));
	int r;

	if (row == NULL)
		return TC_ENOMEM;
	throughcare__v1__outcome_row__init(row);
	row->has_count = !cell->suppressed;
	row->count = cell->suppressed ? 0 : count;
	row->has_suppressed = 1;
	row->suppressed = cell->suppressed;
	r = answer_put_text(report->answer, cell->service, &row->service);
	if (r == 0 && report->area)
		r = answer_put_text(report->answer, report->area, &row->area);
	if (r == 0)
		r = answer_put_text(report->answer, cell->measure, &row->measure);
	if (r == 0)
		r = answer_put_text(report->answer, code, &row->code);
	reply->outcomes[reply->n_outcomes++] = row;
	return r;
}

/* Numbers of only some of the referrals say so, first of all. */
static int add_left(struct report *report)
{
	const struct outcomes_cell cell = {.measure = OUTCOMES_COUNTED};

	return report->left ? add_row(report, &cell, "not_all", report->seen) : 0;
}

static int add_rows(struct report *report)
{
	int r = 0;

	report->answer->reply.outcomes = answer_array(report->answer, OUTCOMES_CELLS_MAX);
	if (report->answer->reply.outcomes == NULL)
		return TC_ENOMEM;
	r = add_left(report);
	for (size_t i = 0; r == 0 && i < report->count; i++) {
		const struct outcomes_cell *cell = &report->cells[i];

		if (report->answer->reply.n_outcomes + 2 > OUTCOMES_CELLS_MAX)
			break;
		if (cell->days == NULL) {
			r = add_row(report, cell, cell->code, cell->count);
			continue;
		}
		r = add_row(report, cell, "median", days_within(cell, 50));
		if (r == 0)
			r = add_row(report, cell, "p90", days_within(cell, 90));
	}
	return r;
}

int outcomes_report(const struct question *question, struct answer *answer)
{
	const Throughcare__V1__OutcomesReportQuery *asked = question->query->outcomes_report;
	struct report report = {.question = question, .answer = answer};
	int r;

	report.since_ms = consent_time_ms(asked->since, INT64_MIN);
	report.until_ms = consent_time_ms(asked->until, INT64_MAX);
	report.service = asked->service && *asked->service ? asked->service : NULL;
	report.area = asked->area && *asked->area ? asked->area : NULL;
	report.cells = arena_take(&answer->arena, OUTCOMES_CELLS_MAX * sizeof(*report.cells));
	if (report.cells == NULL)
		return TC_ENOMEM;
	r = scan(&report);
	if (r < 0)
		return r;
	outcomes_suppress(report.cells, report.count);
	return add_rows(&report);
}
