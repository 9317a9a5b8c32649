#include "ledger/case.h"

#include <stdio.h>
#include <string.h>

#include "ledger/fact.h"
#include "ledger/row.h"
#include "ledger/state.h"
#include "ledger/submission.h"
#include "ledger/supervision.h"
#include "referral/referral_row.h"
#include "throughcare/v1/referral.pb-c.h"

#define PAGE 16

/* ---- rows ---- */

static void assignment_key(struct store_key *key, struct tc_id referral, enum referral_side_of side)
{
	store_key_init(key);
	store_key_id(key, referral);
	store_key_u8(key, (uint8_t)side);
}

static int assignment_put(struct ledger *ledger, struct tc_id referral, enum referral_side_of side,
			  const struct case_assignment *assignment)
{
	struct row_writer row;
	struct store_key key;

	row.len = 0;
	assignment_key(&key, referral, side);
	store_key_u64(&key, assignment->sequence);
	row_put_u64(&row, (uint64_t)assignment->at_ms);
	row_put_text(&row, assignment->officer);
	row_put_text(&row, assignment->team);
	row_put_text(&row, assignment->reason);
	row_put_text(&row, assignment->by);
	return ledger_put(ledger, LEDGER_TABLE_ASSIGNMENT, store_key_slice(&key), row_slice(&row));
}

static bool assignment_read(struct tc_slice key, struct tc_slice value, struct case_assignment *ret)
{
	struct row_reader row = row_read(value);

	if (key.len != sizeof(struct tc_id) + 9)
		return false;
	ret->sequence = tc_get_be64(key.data + sizeof(struct tc_id) + 1);
	ret->at_ms = (int64_t)row_take_u64(&row);
	row_take_text(&row, ret->officer, sizeof(ret->officer));
	row_take_text(&row, ret->team, sizeof(ret->team));
	row_take_text(&row, ret->reason, sizeof(ret->reason));
	row_take_text(&row, ret->by, sizeof(ret->by));
	return row_read_whole(&row);
}

int case_assignment_before(struct store_txn *txn, struct store_table assignment,
			   struct tc_id referral, enum referral_side_of side, uint64_t before,
			   struct case_assignment *ret)
{
	struct store_key prefix, upto;
	struct tc_slice key, value;
	int r;

	assignment_key(&prefix, referral, side);
	upto = prefix;
	store_key_u64(&upto, before - 1);
	r = store_upto(txn, assignment, store_key_slice(&prefix), store_key_slice(&upto), &key,
		       &value);
	if (r == 0 && !assignment_read(key, value, ret))
		r = TC_ECORRUPT;
	return r == STORE_NOT_FOUND ? CASE_NONE : r;
}

/* ---- the lists ---- */

/* Whether it is listed at that side. */
static bool listed_at(const struct referral *referral, enum referral_side_of side)
{
	if (referral->loop_closed_ms != 0)
		return false;
	return side == REFERRAL_SOURCE || !lifecycle_state(referral->state)->terminal ||
	       (referral->next_move & REFERRAL_BY_TARGET) != 0;
}

/* Where it is listed by the latest assignment. */
static struct case_list list_of(uint32_t agency, const struct case_assignment *of)
{
	return (struct case_list){.agency = agency, .officer = of->officer, .team = of->team};
}

/* As it stands now, and as that agency knows the person. */
static int list_brief(struct ledger *ledger, const struct case_list *at,
		      const struct referral *referral, enum referral_side_of side)
{
	struct supervision supervision;
	struct case_brief brief;
	int r;

	if (!listed_at(referral, side))
		return case_list_drop(ledger, at, referral->id);
	r = supervision_find(ledger->txn, ledger->table[LEDGER_TABLE_SUPERVISION], at->agency,
			     referral->subject, &supervision);
	if (r < 0)
		return r;
	case_brief_of(referral, side, &supervision, &brief);
	return case_list_put(ledger, at, referral->id, &brief);
}

static void put_text(char *to, size_t size, const char *text)
{
	size_t len = text ? strnlen(text, size - 1) : 0;

	memset(to, 0, size);
	if (len > 0)
		memcpy(to, text, len);
}

/* Of an agency that is both sides: its lists have one row for both, which this side must not take
 * from the other. */
static int list_other(struct ledger *ledger, uint32_t agency, const struct referral *referral,
		      enum referral_side_of side)
{
	enum referral_side_of other = side == REFERRAL_SOURCE ? REFERRAL_TARGET : REFERRAL_SOURCE;
	const struct case_list at = {.agency = agency,
				     .officer = referral->side[other].officer,
				     .team = referral->side[other].team};

	return tc_agency_equal(&referral->source, &referral->target) && listed_at(referral, other)
		       ? list_brief(ledger, &at, referral, other)
		       : 0;
}

/* One side, after anything about the referral has changed. The row of who has it is written when
 * that is somebody else than before. */
static int list_side(struct ledger *ledger, const struct referral *referral,
		     enum referral_side_of side, const struct case_holder *why)
{
	const tc_agency *agency = side == REFERRAL_SOURCE ? &referral->source : &referral->target;
	const struct referral_side *now = &referral->side[side];
	struct case_assignment had = {.sequence = 0};
	struct case_assignment has = {.sequence = ledger->sequence, .at_ms = ledger->now_ms};
	struct case_list before, at;
	struct principal *principal;
	bool first, same;
	int r = principal_take(ledger, THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY, agency,
			       &principal);

	if (r == 0)
		r = case_assignment_before(ledger->txn, ledger->table[LEDGER_TABLE_ASSIGNMENT],
					   referral->id, side, UINT64_MAX, &had);
	if (r < 0)
		return r;
	first = r == CASE_NONE;
	same = strcmp(had.officer, now->officer) == 0 && strcmp(had.team, now->team) == 0;
	put_text(has.officer, sizeof(has.officer), now->officer);
	put_text(has.team, sizeof(has.team), now->team);
	put_text(has.reason, sizeof(has.reason), why->reason);
	put_text(has.by, sizeof(has.by), why->by);
	before = list_of(principal->number, &had);
	at = list_of(principal->number, &has);
	r = 0;
	if (!first && !same)
		r = case_list_drop(ledger, &before, referral->id);
	if (r == 0 && !same)
		r = assignment_put(ledger, referral->id, side, &has);
	if (r == 0)
		r = list_brief(ledger, &at, referral, side);
	return r < 0 ? r : list_other(ledger, principal->number, referral, side);
}

int case_follow(struct ledger *ledger, const struct referral_change *change)
{
	const struct case_holder nothing = {.reason = NULL};
	struct referral referral;
	int r = referral_find(ledger->txn, &ledger->referral, change->referral, &referral);

	if (r != 0)
		return r == REFERRAL_UNKNOWN ? 0 : r;
	r = list_side(ledger, &referral, REFERRAL_SOURCE, &nothing);
	return r < 0 ? r : list_side(ledger, &referral, REFERRAL_TARGET, &nothing);
}

/* Whoever has it stays. */
static int brief_side(struct ledger *ledger, uint32_t agency, const struct referral *referral,
		      enum referral_side_of side)
{
	const struct referral_side *has = &referral->side[side];
	const struct case_list at = {.agency = agency, .officer = has->officer, .team = has->team};

	return list_brief(ledger, &at, referral, side);
}

static int brief_agency(struct ledger *ledger, const struct principal *agency,
			const struct referral *referral)
{
	int r = 0;

	if (tc_agency_equal(&referral->source, &agency->name))
		r = brief_side(ledger, agency->number, referral, REFERRAL_SOURCE);
	if (r == 0 && tc_agency_equal(&referral->target, &agency->name))
		r = brief_side(ledger, agency->number, referral, REFERRAL_TARGET);
	return r;
}

int case_told(struct ledger *ledger, struct tc_id id, const struct principal *agency)
{
	struct referral referral;
	int r = referral_find(ledger->txn, &ledger->referral, id, &referral);

	if (r != 0)
		return r == REFERRAL_UNKNOWN ? 0 : r;
	return brief_agency(ledger, agency, &referral);
}

int case_person_told(struct ledger *ledger, struct tc_id subject, const struct principal *agency)
{
	struct job job = {.kind = JOB_BRIEFS, .subject = subject, .principal = agency->number};

	return job_start(ledger, &job);
}

/* `about` is the referral that it has come to. */
int case_briefs_job(struct ledger *ledger, struct job *job)
{
	struct referral_filter filter = {.subject = job->subject};
	struct referral page[PAGE];
	struct principal *agency;
	bool more = true;
	int r = principal_get(ledger, job->principal, &agency);

	if (r < 0)
		return r;
	filter.agency = &agency->name;
	while (r == 0 && more) {
		size_t count;

		filter.after = job->about;
		r = referral_list(ledger->txn, &ledger->referral, &filter, page, PAGE, &count,
				  &more);
		for (size_t i = 0; r == 0 && i < count; i++) {
			if (!job_take_turn(ledger))
				return JOB_MORE;
			r = brief_agency(ledger, agency, &page[i]);
			job->about = page[i].id;
		}
	}
	return r;
}

/* ---- to somebody else ---- */

static int assign_fact(struct ledger *ledger, const struct referral *referral,
		       enum referral_side_of side, const struct case_holder *holder)
{
	const tc_agency *agency = side == REFERRAL_SOURCE ? &referral->source : &referral->target;
	struct fact_draft draft;

	fact_init(&draft, "assignment");
	fact_text(&draft.row.agency, agency->name);
	fact_text(&draft.row.actor, holder->by);
	fact_text(&draft.row.code, holder->reason);
	fact_subject(&draft, referral->subject);
	fact_referral(&draft, referral->id);
	return fact_push(ledger, &draft);
}

int case_assign(struct ledger *ledger, struct tc_id id, enum referral_side_of side,
		const struct case_holder *holder)
{
	struct referral referral;
	struct referral_side *at = &referral.side[side];
	int r = referral_find(ledger->txn, &ledger->referral, id, &referral);

	if (r != 0)
		return r == REFERRAL_UNKNOWN ? 0 : r;
	if (holder->officer)
		put_text(at->officer, sizeof(at->officer), holder->officer);
	/* An officer who names no team takes it out of the team of the one before. */
	if (holder->team || holder->officer)
		put_text(at->team, sizeof(at->team), holder->team);
	r = referral_put(ledger->txn, &ledger->referral, &referral, false);
	if (r == 0)
		r = list_side(ledger, &referral, side, holder);
	return r < 0 ? r : assign_fact(ledger, &referral, side, holder);
}

int case_leave(struct ledger *ledger, struct tc_id id, enum referral_side_of side)
{
	const struct store_table table = ledger->table[LEDGER_TABLE_ASSIGNMENT];
	const struct principal *principal;
	struct case_assignment had = {.sequence = 0};
	struct case_list at;
	struct referral referral;
	struct store_key prefix;
	struct tc_slice row;
	int r = referral_find(ledger->txn, &ledger->referral, id, &referral);

	if (r == 0)
		r = case_assignment_before(ledger->txn, table, id, side, UINT64_MAX, &had);
	if (r != 0 && r != CASE_NONE)
		return r > 0 ? TC_ECORRUPT : r;
	principal = principal_find(ledger, THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY,
				   tc_slice_text(side == REFERRAL_SOURCE ? referral.source.name
									 : referral.target.name));
	if (principal == NULL)
		return TC_ECORRUPT;
	at = list_of(principal->number, &had);
	r = case_list_drop(ledger, &at, id);
	assignment_key(&prefix, id, side);
	while (r == 0 &&
	       (r = store_first(ledger->txn, table, store_key_slice(&prefix), &row, NULL)) == 0) {
		struct store_key key;

		store_key_init(&key);
		store_key_bytes(&key, row);
		r = store_del(ledger->txn, table, store_key_slice(&key));
	}
	return r == STORE_NOT_FOUND ? 0 : r;
}

static int refuse(struct submission *submission, enum tc_refusal_code code, const char *detail)
{
	(void)tc_refuse(&submission->refusal, code, "%s", detail);
	return SUBMISSION_REFUSED;
}

/* The side of the sender at a referral that it may know of. 0, SUBMISSION_REFUSED or a fault. */
static int side_of(struct ledger *ledger, struct submission *submission, const char *text,
		   struct tc_id *ret_id, enum referral_side_of *ret)
{
	const tc_agency *sender = &submission->sender->name;
	struct referral referral;
	bool source, target;
	int r;

	if (!tc_id_parse(tc_slice_text(text), ret_id))
		return refuse(submission, TC_REFUSAL_FIELD_INVALID, "referral_ids");
	r = referral_find(ledger->txn, &ledger->referral, *ret_id, &referral);
	if (r < 0)
		return r;
	source = r == 0 && tc_agency_equal(sender, &referral.source);
	target = r == 0 && referral.shown && tc_agency_equal(sender, &referral.target);
	if (!source && !target)
		return refuse(submission, TC_REFUSAL_UNKNOWN_REFERRAL, "referral_ids");
	*ret = source ? REFERRAL_SOURCE : REFERRAL_TARGET;
	return 0;
}

static struct case_holder holder_of(const Throughcare__V1__CaseAssignment *document, const char *by)
{
	return (struct case_holder){.officer = document->to->id,
				    .team = document->to->team,
				    .reason = document->reason_code,
				    .by = by};
}

/* All of them are asked for before any is given to somebody. */
static int assign_named(struct ledger *ledger, struct submission *submission,
			const Throughcare__V1__CaseAssignment *document, const char *by)
{
	const struct case_holder holder = holder_of(document, by);
	enum referral_side_of side;
	struct tc_id id;
	int r = 0;

	for (size_t i = 0; r == 0 && i < document->n_referral_ids; i++)
		r = side_of(ledger, submission, document->referral_ids[i], &id, &side);
	for (size_t i = 0; r == 0 && i < document->n_referral_ids; i++) {
		r = side_of(ledger, submission, document->referral_ids[i], &id, &side);
		if (r == 0)
			r = case_assign(ledger, id, side, &holder);
	}
	return r;
}

/* Keeps what the job needs of it, while it goes on. */
static int assign_start(struct ledger *ledger, const struct submission *submission, const char *by)
{
	struct job job = {.kind = JOB_ASSIGN, .principal = submission->sender->number};
	struct tc_bytes value = {0};
	uint8_t key[8], len = (uint8_t)strlen(by);
	int r = tc_bytes_append(&value, &len, 1);

	if (r == 0)
		r = tc_bytes_append(&value, by, len);
	if (r == 0)
		r = tc_bytes_append(&value, submission->record->body.data,
				    submission->record->body.len);
	tc_put_be64(key, ledger->sequence);
	if (r == 0)
		r = ledger_put(ledger, LEDGER_TABLE_ASSIGNING, tc_slice(key, sizeof(key)),
			       tc_bytes_slice(&value));
	tc_bytes_free(&value);
	return r < 0 ? r : job_start(ledger, &job);
}

int case_submit(struct ledger *ledger, struct submission *submission)
{
	Throughcare__V1__CaseAssignment *document = throughcare__v1__case_assignment__unpack(
		&ledger->arena.allocator, submission->record->body.len,
		submission->record->body.data);
	char by[TC_ACTOR_BYTES_MAX + 1];
	bool all;
	int r;

	if (document == NULL || document->to == NULL || document->to->id == NULL)
		return refuse(submission, TC_REFUSAL_MALFORMED, "CaseAssignment");
	all = document->from_officer != NULL && document->from_officer[0] != '\0';
	if (!all && document->n_referral_ids == 0)
		return refuse(submission, TC_REFUSAL_FIELD_MISSING,
			      "referral_ids, or from_officer for all of an officer's");
	(void)snprintf(by, sizeof(by), "%.*s", (int)submission->header.actor_id.len,
		       (const char *)submission->header.actor_id.data);
	r = assign_named(ledger, submission, document, by);
	return r != 0 || !all ? r : assign_start(ledger, submission, by);
}

/* The first one that the officer still has, with the side that the agency is. */
static int first_of(struct ledger *ledger, uint32_t agency, const char *officer,
		    struct tc_id *ret_id, enum referral_side_of *ret_side)
{
	const struct case_list list = {.agency = agency, .officer = officer};
	struct principal *principal;
	struct referral referral;
	struct store_cursor cursor = {0};
	struct case_brief brief;
	int r = case_list_walk(ledger->txn, ledger->table[LEDGER_TABLE_CASELOAD], &list, &cursor);

	if (r == 0)
		r = case_list_next(&cursor, ret_id, &brief);
	store_cursor_done(&cursor);
	if (r != 0)
		return r == CASE_LIST_END ? CASE_NONE : r;
	r = referral_find(ledger->txn, &ledger->referral, *ret_id, &referral);
	if (r == 0)
		r = principal_get(ledger, agency, &principal);
	if (r != 0)
		return r > 0 ? TC_ECORRUPT : r;
	*ret_side = tc_agency_equal(&principal->name, &referral.source) &&
				    strcmp(referral.side[REFERRAL_SOURCE].officer, officer) == 0
			    ? REFERRAL_SOURCE
			    : REFERRAL_TARGET;
	return 0;
}

static int assign_all(struct ledger *ledger, const struct job *job,
		      const Throughcare__V1__CaseAssignment *document, const char *by)
{
	const struct case_holder holder = holder_of(document, by);
	enum referral_side_of side;
	struct tc_id id;
	int r;

	if (strcmp(document->from_officer, document->to->id) == 0)
		return 0;
	while ((r = first_of(ledger, job->principal, document->from_officer, &id, &side)) == 0) {
		if (!job_take_turn(ledger))
			return JOB_MORE;
		r = case_assign(ledger, id, side, &holder);
		if (r < 0)
			return r;
	}
	return r == CASE_NONE ? 0 : r;
}

int case_job(struct ledger *ledger, struct job *job)
{
	Throughcare__V1__CaseAssignment *document;
	struct row_reader row;
	struct tc_slice value;
	uint8_t key[8];
	char by[TC_ACTOR_BYTES_MAX + 1];
	int r;

	tc_put_be64(key, job->sequence);
	r = ledger_get(ledger, LEDGER_TABLE_ASSIGNING, tc_slice(key, sizeof(key)), &value);
	if (r != 0)
		return r == STORE_NOT_FOUND ? TC_ECORRUPT : r;
	row = row_read(value);
	row_take_text(&row, by, sizeof(by));
	document = throughcare__v1__case_assignment__unpack(&ledger->arena.allocator,
							    (size_t)(row.end - row.at), row.at);
	if (document == NULL)
		return TC_ECORRUPT;
	r = assign_all(ledger, job, document, by);
	return r != 0 ? r : ledger_del(ledger, LEDGER_TABLE_ASSIGNING, tc_slice(key, sizeof(key)));
}
