#include "trail/trail_forget.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_cursor.h"
#include "throughcare/v1/wire.pb-c.h"
#include "trail/anchor.h"
#include "trail/posting.h"

#define ID_BYTES sizeof(((struct tc_id *)NULL)->bytes)

struct forgetting {
	struct store_txn *txn;
	const struct trail_index_tables *tables;
	const struct forget_what *what;
	struct store_dump *dump;
	struct posting_position *gone; /* ascending */
	size_t gone_count, gone_capacity;
	uint64_t persons;                /* that go */
	struct disclosure_growth growth; /* of those that stay */
};

typedef int (*row_visit)(struct forgetting *forgetting, struct tc_slice key, struct tc_slice value);

static int walk(struct forgetting *forgetting, struct store_table table, row_visit see)
{
	struct store_cursor cursor = {0};
	struct tc_slice key, value;
	int r = store_cursor_init(&cursor, forgetting->txn, table, tc_slice(NULL, 0),
				  STORE_FORWARD);

	while (r == 0) {
		r = store_cursor_next(&cursor, &key, &value);
		if (r == 0)
			r = see(forgetting, key, value);
	}
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : r;
}

/* ---- what goes ---- */

static bool record_goes(const struct forgetting *forgetting, uint64_t sequence)
{
	return sought_numbers_has(&forgetting->what->records, sequence) &&
	       !sought_numbers_has(&forgetting->what->orders, sequence);
}

static int find_row(struct forgetting *forgetting, struct tc_slice key, struct tc_slice value)
{
	struct posting_position at;

	if (key.len != POSTING_POSITION_BYTES)
		return TC_ECORRUPT;
	at = posting_position_get(key.data);
	if (!record_goes(forgetting, at.sequence) && !sought_in(&forgetting->what->ids, value))
		return 0;
	if (forgetting->gone_count == forgetting->gone_capacity) {
		size_t capacity = forgetting->gone_capacity * 2 + 64;
		struct posting_position *grown =
			reallocarray(forgetting->gone, capacity, sizeof(*grown));

		if (grown == NULL)
			return TC_ENOMEM;
		forgetting->gone = grown;
		forgetting->gone_capacity = capacity;
	}
	forgetting->gone[forgetting->gone_count++] = at;
	return 0;
}

/* A key that begins with the person, or (heads) with a tag and the person. */
static bool person_goes(const struct forgetting *forgetting, struct tc_slice key, size_t at)
{
	struct tc_id subject;

	if (key.len < at + ID_BYTES)
		return false;
	memcpy(subject.bytes, key.data + at, ID_BYTES);
	return sought_has(&forgetting->what->roots, subject);
}

static int find_head(void *context, uint64_t tag, struct tc_id subject,
		     const struct disclosure_head *head)
{
	struct forgetting *forgetting = context;

	if (sought_has(&forgetting->what->roots, subject)) {
		forgetting->persons++;
		return 0;
	}
	forgetting->growth.persons++;
	forgetting->growth.disclosures += head->count;
	disclosure_touch(forgetting->growth.touched, tag);
	return 0;
}

static int compare(const void *left, const void *right)
{
	return posting_position_compare(*(const struct posting_position *)left,
					*(const struct posting_position *)right);
}

static bool is_gone(const struct forgetting *forgetting, struct posting_position at)
{
	return forgetting->gone_count > 0 &&
	       bsearch(&at, forgetting->gone, forgetting->gone_count, sizeof(at), compare) != NULL;
}

/* ---- what stays ---- */

static int keep(struct forgetting *forgetting, struct tc_slice key, struct tc_slice value)
{
	return store_dump_row(forgetting->dump, key, value);
}

static int keep_row(struct forgetting *forgetting, struct tc_slice key, struct tc_slice value)
{
	return is_gone(forgetting, posting_position_get(key.data)) ? 0
								   : keep(forgetting, key, value);
}

static int keep_link(struct forgetting *forgetting, struct tc_slice key, struct tc_slice value)
{
	return person_goes(forgetting, key, 0) ? 0 : keep(forgetting, key, value);
}

static int keep_head(struct forgetting *forgetting, struct tc_slice key, struct tc_slice value)
{
	return person_goes(forgetting, key, 8) ? 0 : keep(forgetting, key, value);
}

static int keep_posting(struct forgetting *forgetting, struct tc_slice key, struct tc_slice value)
{
	struct posting_position read[POSTING_BLOCK_MAX], left[POSTING_BLOCK_MAX];
	uint8_t key_left[POSTING_TERM_BYTES + POSTING_POSITION_BYTES];
	uint8_t value_left[POSTING_BLOCK_BYTES];
	size_t count, count_left = 0;
	struct tc_slice term;
	int r = posting_row_read(key, value, &term, read, &count);

	if (r < 0)
		return r;
	while (count > 0) {
		count--;
		if (!is_gone(forgetting, read[count]))
			left[count_left++] = read[count];
	}
	if (count_left == 0)
		return 0;
	memcpy(key_left, term.data, term.len);
	posting_position_put(key_left + POSTING_TERM_BYTES, left[count_left - 1]);
	return keep(forgetting, tc_slice(key_left, sizeof(key_left)),
		    tc_slice(value_left, posting_block_encode(left, count_left, value_left)));
}

/* The tree over all persons is made anew, when somebody left it. */
static int keep_of_tree(struct forgetting *forgetting, struct tc_slice key, struct tc_slice value)
{
	return forgetting->persons > 0 ? 0 : keep(forgetting, key, value);
}

static int keep_meta(struct forgetting *forgetting, struct tc_slice key, struct tc_slice value)
{
	uint8_t growth[ANCHOR_GROWTH_BYTES];

	if (forgetting->persons == 0 || !anchor_is_growth(key))
		return keep(forgetting, key, value);
	anchor_growth_put(&forgetting->growth, growth);
	return keep(forgetting, key, tc_slice(growth, sizeof(growth)));
}

static int keep_table(struct forgetting *forgetting, const char *name, struct store_table table,
		      row_visit see)
{
	char full[STORE_DUMP_NAME_MAX + 1];
	int r;

	snprintf(full, sizeof(full), "trail/%s", name);
	r = store_dump_table(forgetting->dump, full);
	return r < 0 ? r : walk(forgetting, table, see);
}

static int keep_all(struct forgetting *forgetting)
{
	const struct trail_index_tables *tables = forgetting->tables;
	bool all = forgetting->what == NULL;
	int r = keep_table(forgetting, "meta", tables->meta, all ? keep : keep_meta);

	if (r == 0)
		r = keep_table(forgetting, "rows", tables->rows, all ? keep : keep_row);
	if (r == 0)
		r = keep_table(forgetting, "postings", tables->postings, all ? keep : keep_posting);
	if (r == 0)
		r = keep_table(forgetting, "links", tables->disclosures.links,
			       all ? keep : keep_link);
	if (r == 0)
		r = keep_table(forgetting, "heads", tables->disclosures.heads,
			       all ? keep : keep_head);
	if (r == 0)
		r = keep_table(forgetting, "anchors", tables->anchors, all ? keep : keep_of_tree);
	if (r == 0)
		r = keep_table(forgetting, "tiles", tables->tiles, all ? keep : keep_of_tree);
	return r;
}

/* ---- what is somebody else's ---- */

/* Whoever asks about an id does not make a person of it. */
static int is_question(const struct forgetting *forgetting, struct posting_position at, bool *ret)
{
	uint8_t key[POSTING_POSITION_BYTES];
	Throughcare__V1__TrailRow *row;
	struct tc_slice value;
	int r;

	posting_position_put(key, at);
	r = store_get(forgetting->txn, forgetting->tables->rows, tc_slice(key, sizeof(key)),
		      &value);
	if (r != 0 || value.len < 8)
		return r < 0 ? r : TC_ECORRUPT;
	row = throughcare__v1__trail_row__unpack(NULL, value.len - 8, value.data + 8);
	if (row == NULL)
		return TC_ECORRUPT;
	*ret = row->event != NULL &&
	       (strcmp(row->event, "query") == 0 || strcmp(row->event, "query_refused") == 0);
	throughcare__v1__trail_row__free_unpacked(row, NULL);
	return 0;
}

/* Has the term a row of a record that stays, and is no question? */
static int term_stays(const struct forgetting *forgetting, enum posting_kind kind, struct tc_id id,
		      bool *ret)
{
	struct posting_cursor cursor = {.count = 0};
	struct posting_position at = {.sequence = 0};
	int r = posting_cursor_init(&cursor, forgetting->txn, forgetting->tables->postings,
				    posting_term_id(kind, id));

	while (r == 0 && !*ret) {
		bool question = false;

		r = posting_cursor_seek(&cursor, at, &at);
		if (r == 0 && !sought_numbers_has(&forgetting->what->records, at.sequence)) {
			r = is_question(forgetting, at, &question);
			*ret = r == 0 && !question;
		}
		at = (struct posting_position){.sequence = at.sequence + 1};
	}
	posting_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : r;
}

int trail_forget_others(void *index, const struct forget_what *what, struct tc_id id,
			enum forget_role role, bool *ret)
{
	struct forgetting forgetting = {.tables = trail_index_tables(index), .what = what};
	int r = store_read_begin(trail_index_store(index), &forgetting.txn);

	*ret = false;
	if (r == 0)
		r = term_stays(&forgetting, POSTING_SUBJECT, id, ret);
	if (r == 0 && !*ret && role == FORGET_A_CASE)
		r = term_stays(&forgetting, POSTING_REFERRAL, id, ret);
	store_abort(&forgetting.txn);
	return r > 0 ? TC_ESTORE : r;
}

int trail_dump(struct trail_index *index, const struct forget_what *what, struct store_dump *dump)
{
	struct forgetting forgetting = {
		.tables = trail_index_tables(index), .what = what, .dump = dump};
	int r = store_read_begin(trail_index_store(index), &forgetting.txn);

	if (r == 0 && what != NULL)
		r = walk(&forgetting, forgetting.tables->rows, find_row);
	if (r == 0 && what != NULL)
		r = disclosure_heads(forgetting.txn, &forgetting.tables->disclosures,
				     tc_slice(NULL, 0), find_head, &forgetting);
	if (r == 0)
		r = keep_all(&forgetting);
	store_abort(&forgetting.txn);
	free(forgetting.gone);
	return r > 0 ? TC_ESTORE : r;
}
