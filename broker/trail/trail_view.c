#include "trail/trail_view.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/arena.h"
#include "wire/digest.h"

#define TERMS_MAX 11

struct trail_view {
	struct store_txn *txn;
	struct trail_index_tables tables;
	struct arena memory;
	bool idle;      /* the snapshot was let go */
	bool searching; /* `memory` holds a row that somebody looks at */
};

/* One search under way. */
struct search {
	struct trail_view *view;
	const struct trail_question *question;
	struct arena *memory; /* of the row that is shown */
	struct posting_cursor terms[TERMS_MAX];
	size_t term_count;
	struct store_cursor rows; /* in the direction of the walk */
	uint64_t first;           /* sequence that is early enough */
	uint64_t end;             /* first sequence that is too late */
};

int trail_view_open(struct trail_index *index, struct trail_view **ret)
{
	struct trail_view *view = calloc(1, sizeof(*view));
	int r;

	if (view == NULL)
		return TC_ENOMEM;
	arena_init(&view->memory);
	view->tables = *trail_index_tables(index);
	r = store_read_begin(trail_index_store(index), &view->txn);
	if (r < 0) {
		trail_view_close(&view);
		return r;
	}
	*ret = view;
	return 0;
}

int trail_view_renew(struct trail_view *view, uint64_t *ret_next)
{
	int r = store_read_renew(view->txn);

	if (r < 0)
		return r;
	view->idle = false;
	return trail_index_read_next(view->txn, &view->tables, ret_next);
}

void trail_view_reset(struct trail_view *view)
{
	if (!view->idle)
		store_read_reset(view->txn);
	view->idle = true;
}

void trail_view_close(struct trail_view **view)
{
	if (*view == NULL)
		return;
	store_abort(&(*view)->txn);
	arena_done(&(*view)->memory);
	free(*view);
	*view = NULL;
}

/* The first row of these at or after a position (backward: at or before). 0, STORE_NOT_FOUND or a
 * fault. */
static int row_next(struct store_cursor *rows, struct posting_position from,
		    struct posting_position *ret, struct tc_slice *ret_value)
{
	uint8_t seek[POSTING_POSITION_BYTES];
	struct tc_slice key;
	int r;

	posting_position_put(seek, from);
	r = store_cursor_seek(rows, tc_slice(seek, sizeof(seek)));
	if (r == 0)
		r = store_cursor_next(rows, &key, ret_value);
	if (r != 0)
		return r;
	if (key.len != POSTING_POSITION_BYTES || ret_value->len < 8)
		return TC_ECORRUPT;
	*ret = posting_position_get(key.data);
	return 0;
}

/* The first sequence in [0, end) whose row is at or after `time_ms`, or end. */
static int sequence_at(struct store_cursor *rows, int64_t time_ms, uint64_t end, uint64_t *ret)
{
	uint64_t low = 0;
	uint64_t high = end;

	while (low < high) {
		struct posting_position middle = {.sequence = low + (high - low) / 2};
		struct posting_position at;
		struct tc_slice value;
		int r = row_next(rows, middle, &at, &value);

		if (r < 0)
			return r;
		if (r == STORE_NOT_FOUND || at.sequence >= high ||
		    (int64_t)tc_get_be64(value.data) >= time_ms)
			high = middle.sequence;
		else
			low = at.sequence + 1;
	}
	*ret = low;
	return 0;
}

static int add_term(struct search *search, struct posting_term term)
{
	struct posting_cursor *cursor = &search->terms[search->term_count];
	int r = posting_cursor_init(cursor, search->view->txn, search->view->tables.postings, term);

	if (r == 0)
		search->term_count++;
	return r;
}

static int add_id_term(struct search *search, enum posting_kind kind, struct tc_id id)
{
	if (tc_id_is_none(id))
		return 0;
	return add_term(search, posting_term_id(kind, id));
}

static int add_name_term(struct search *search, enum posting_kind kind, const char *name)
{
	struct posting_term term;
	int r;

	if (name == NULL)
		return 0;
	r = posting_term_name(kind, tc_slice_text(name), &term);
	return r < 0 ? r : add_term(search, term);
}

static int add_certificate_term(struct search *search)
{
	struct posting_term term;

	if (search->question->certificate == NULL)
		return 0;
	/* What is no digest is in no row. */
	return posting_term_certificate(search->question->certificate, &term)
		       ? add_term(search, term)
		       : STORE_NOT_FOUND;
}

/* 0, STORE_NOT_FOUND (nothing can answer) or a fault. */
static int add_terms(struct search *search)
{
	const struct trail_question *question = search->question;
	/* Shortest lists first: fewer seeks in the others. */
	const struct {
		enum posting_kind kind;
		struct tc_id id;
	} ids[] = {
		{POSTING_MESSAGE, question->message},
		{POSTING_REFERRAL, question->referral},
		{POSTING_GRANT, question->grant},
		{POSTING_SUBJECT, question->subject},
	};
	const struct {
		enum posting_kind kind;
		const char *name;
	} names[] = {
		{POSTING_PROCEEDING, question->proceeding},
		{POSTING_ACTOR, question->actor},
		{POSTING_AGENCY, question->agency},
		{POSTING_CODE, question->code},
		{POSTING_TYPE, question->type},
		{POSTING_EVENT, question->event},
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(ids) / sizeof(ids[0]); i++)
		r = add_id_term(search, ids[i].kind, ids[i].id);
	if (r == 0)
		r = add_certificate_term(search);
	for (size_t i = 0; r == 0 && i < sizeof(names) / sizeof(names[0]); i++)
		r = add_name_term(search, names[i].kind, names[i].name);
	return r;
}

/* Is it among the records that are looked at? */
static bool within(const struct search *search, struct posting_position at)
{
	return at.sequence >= search->first && at.sequence < search->end;
}

/* The first position at or after `from` (newest first: at or before) that is in every term's list.
 */
static int agree(struct search *search, struct posting_position from, struct posting_position *ret)
{
	size_t agreed = 0;

	for (size_t i = 0; agreed < search->term_count; i = (i + 1) % search->term_count) {
		struct posting_cursor *term = &search->terms[i];
		struct posting_position at;
		int r = search->question->newest_first ? posting_cursor_seek_back(term, from, &at)
						       : posting_cursor_seek(term, from, &at);

		if (r != 0)
			return r;
		if (!within(search, at))
			return STORE_NOT_FOUND;
		agreed = posting_position_compare(at, from) == 0 ? agreed + 1 : 1;
		from = at;
	}
	*ret = from;
	return 0;
}

/* The next row that may answer. 0, STORE_NOT_FOUND or a fault. */
static int next_row(struct search *search, struct posting_position from,
		    struct posting_position *ret, struct tc_slice *ret_value)
{
	int r = agree(search, from, &from);

	if (r == 0)
		r = row_next(&search->rows, from, ret, ret_value);
	if (r != 0)
		return r;
	if (search->term_count > 0 && posting_position_compare(*ret, from) != 0)
		return TC_ECORRUPT;
	return within(search, *ret) ? 0 : STORE_NOT_FOUND;
}

static int show_row(struct search *search, struct posting_position at, struct tc_slice value,
		    trail_visitor found, void *context)
{
	struct arena *memory = search->memory;
	Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Throughcare__V1__TrailRow *row;
	int64_t time_ms = (int64_t)tc_get_be64(value.data);

	arena_reset(memory);
	row = throughcare__v1__trail_row__unpack(&memory->allocator, value.len - 8, value.data + 8);
	if (row == NULL)
		return TC_ECORRUPT;
	if (!trail_question_answers(search->question, row))
		return TRAIL_FOUND_MORE;
	time.seconds = time_ms / 1000;
	time.nanos = (int32_t)(time_ms % 1000) * 1000000;
	row->at = &time;
	row->has_log_sequence = 1;
	row->log_sequence = at.sequence;
	return found(context, row);
}

/* The position after this one, in the walk's direction. False: there is none. */
static bool step(const struct trail_question *question, struct posting_position at,
		 struct posting_position *ret)
{
	*ret = at;
	if (!question->newest_first)
		ret->sequence += ++ret->n == 0;
	else if (ret->n-- == 0)
		return ret->sequence-- != 0;
	return true;
}

static int walk(struct search *search, struct posting_position from, trail_visitor found,
		void *context, struct posting_position *ret_next, bool *ret_ended)
{
	for (;;) {
		struct posting_position at;
		struct tc_slice value;
		int r = next_row(search, from, &at, &value);

		*ret_next = from;
		*ret_ended = r == STORE_NOT_FOUND;
		if (r == STORE_NOT_FOUND)
			return 0;
		if (r < 0)
			return r;
		*ret_next = at;
		r = show_row(search, at, value, found, context);
		if (r < 0)
			return r;
		if (r == TRAIL_FOUND_ENOUGH)
			return 0;
		if (!step(search->question, at, &from)) {
			*ret_ended = true;
			return 0;
		}
	}
}

/* The records that the question is about, by time and by position. */
static int find_span(struct search *search, uint64_t next)
{
	const struct trail_question *question = search->question;
	struct trail_view *view = search->view;
	struct store_cursor rows = {0};
	int r;

	search->end = next < question->before ? next : question->before;
	if (question->until_ms == INT64_MAX && question->since_ms == INT64_MIN)
		return 0;
	r = store_cursor_init(&rows, view->txn, view->tables.rows, tc_slice(NULL, 0),
			      STORE_FORWARD);
	if (r == 0 && question->until_ms != INT64_MAX)
		r = sequence_at(&rows, question->until_ms, search->end, &search->end);
	if (r == 0 && question->since_ms != INT64_MIN)
		r = sequence_at(&rows, question->since_ms, search->end, &search->first);
	store_cursor_done(&rows);
	return r;
}

/* Where the walk begins. False: there is nothing to walk. */
static bool find_start(const struct search *search, struct posting_position *ret)
{
	const struct trail_question *question = search->question;
	struct posting_position edge = {.sequence = search->first};

	if (search->end == 0)
		return false;
	if (question->newest_first)
		edge = (struct posting_position){.sequence = search->end - 1, .n = UINT32_MAX};
	*ret = edge;
	if (question->resumed &&
	    (posting_position_compare(question->from, edge) > 0) != question->newest_first)
		*ret = question->from;
	return true;
}

/* What one search looks at, from where it begins. True: there is more, from *ret_beyond on. */
static bool cut_span(struct search *search, struct posting_position from,
		     struct posting_position *ret_beyond)
{
	uint64_t records = search->question->records;

	if (records == 0 || !within(search, from))
		return false;
	if (search->question->newest_first) {
		if (from.sequence - search->first < records)
			return false;
		search->first = from.sequence - records + 1;
		*ret_beyond =
			(struct posting_position){.sequence = search->first - 1, .n = UINT32_MAX};
		return true;
	}
	if (search->end - from.sequence <= records)
		return false;
	search->end = from.sequence + records;
	*ret_beyond = (struct posting_position){.sequence = search->end};
	return true;
}

/* All that is to be looked at. */
static int walk_span(struct search *search, trail_visitor found, void *context,
		     struct posting_position *ret_next, bool *ret_ended)
{
	struct posting_position from, beyond;
	bool more;
	int r;

	if (!find_start(search, &from))
		return 0;
	more = cut_span(search, from, &beyond);
	r = walk(search, from, found, context, ret_next, ret_ended);
	if (r == 0 && *ret_ended && more) {
		*ret_next = beyond;
		*ret_ended = false;
	}
	return r;
}

int trail_view_find(struct trail_view *view, const struct trail_question *question,
		    trail_visitor found, void *context, struct posting_position *ret_next,
		    bool *ret_ended)
{
	struct search search = {.view = view, .question = question, .memory = &view->memory};
	bool nested_in = view->searching; /* whoever looks at a row asks about it */
	struct arena nested;
	uint64_t next;
	int r;

	*ret_ended = true;
	arena_init(&nested);
	if (nested_in)
		search.memory = &nested;
	view->searching = true;
	r = trail_index_read_next(view->txn, &view->tables, &next);
	if (r == 0)
		r = find_span(&search, next);
	if (r == 0)
		r = store_cursor_init(&search.rows, view->txn, view->tables.rows, tc_slice(NULL, 0),
				      question->newest_first ? STORE_BACKWARD : STORE_FORWARD);
	if (r == 0)
		r = add_terms(&search);
	if (r == 0)
		r = walk_span(&search, found, context, ret_next, ret_ended);
	for (size_t i = 0; i < search.term_count; i++)
		posting_cursor_done(&search.terms[i]);
	store_cursor_done(&search.rows);
	view->searching = nested_in;
	arena_done(&nested);
	if (r == STORE_NOT_FOUND)
		return 0;
	return r > 0 ? TC_ESTORE : r;
}

/* ---- disclosures ---- */

static int view_fault(int r)
{
	return r > 0 ? TC_ESTORE : r;
}

int trail_view_head(struct trail_view *view, struct tc_id subject, struct disclosure_head *ret)
{
	int r = disclosure_head_find(view->txn, &view->tables.disclosures, subject, ret);

	return r == DISCLOSURE_NONE ? r : view_fault(r);
}

int trail_view_links(struct trail_view *view, struct tc_id subject, uint64_t from,
		     struct disclosure_link *ret, size_t max, size_t *ret_count)
{
	return view_fault(disclosure_links(view->txn, &view->tables.disclosures, subject, from, ret,
					   max, ret_count));
}

int trail_view_anchor(struct trail_view *view, struct tc_id subject, uint64_t size,
		      struct anchor_proof *ret)
{
	int r = anchor_prove(view->txn, &view->tables, subject, size, ret);

	return r == ANCHOR_NONE ? r : view_fault(r);
}

int trail_view_row(struct trail_view *view, const struct disclosure_link *link,
		   struct tc_slice *ret)
{
	uint8_t key[POSTING_POSITION_BYTES], sha256[TC_SHA256_BYTES];
	struct tc_slice value;
	int r;

	posting_position_put(key, link->at);
	r = store_get(view->txn, view->tables.rows, tc_slice(key, sizeof(key)), &value);
	if (r != 0)
		return r == STORE_NOT_FOUND ? DISCLOSURE_NONE : view_fault(r);
	if (value.len < 8)
		return TC_ECORRUPT;
	*ret = tc_slice(value.data + 8, value.len - 8);
	r = tc_sha256(*ret, sha256);
	if (r < 0)
		return r;
	return memcmp(sha256, link->row_sha256, sizeof(sha256)) == 0 ? 0 : TC_ECORRUPT;
}
