#include "trail/trail_index.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "ledger/arena.h"
#include "throughcare/v1/wire.pb-c.h"
#include "trail/anchor.h"
#include "trail/posting.h"
#include "wire/digest.h"

#define TABLES_MAX     7
#define READERS_MAX    64
#define FORMAT_VERSION 3
#define POSTINGS_MAX   262144 /* kept in memory before they are written */
#define NAME_CACHE     256
#define EVENT_ANCHOR   "anchor"

struct name_slot {
	tc_agency name;
	struct posting_term term;
};

struct trail_index {
	struct store *store;
	struct trail_index_tables tables;
	struct store_txn *txn; /* NULL: nothing since the last commit */
	uint64_t next;
	uint64_t committed;
	size_t pending;
	uint64_t anchors;
	struct posting_position last; /* of the row written last */
	struct posting_batch postings;
	struct disclosure_batch disclosures;
	struct arena memory;
	struct name_slot names[NAME_CACHE];
};

static struct tc_slice next_key(void)
{
	return tc_slice_text("next");
}

int trail_index_read_next(struct store_txn *txn, const struct trail_index_tables *tables,
			  uint64_t *ret)
{
	struct tc_slice value;
	int r = store_get(txn, tables->meta, next_key(), &value);

	if (r == STORE_NOT_FOUND) {
		*ret = 0;
		return 0;
	}
	if (r < 0)
		return r;
	if (value.len != 9 || value.data[8] != FORMAT_VERSION)
		return TC_ECORRUPT;
	*ret = tc_get_be64(value.data);
	return 0;
}

static int open_store(struct trail_index *index, const struct trail_index_options *options)
{
	struct store_options store = {
		.path = options->path,
		.map_bytes = options->map_bytes,
		.sync = STORE_SYNC_DURABLE,
		.tables_max = TABLES_MAX,
		.readers_max = READERS_MAX,
	};
	int r = store_open(&store, &index->store);

	if (r != 0)
		return r > 0 ? TC_ESTORE : r;
	r = store_table_open(index->store, "meta", &index->tables.meta);
	if (r == 0)
		r = store_table_open(index->store, "rows", &index->tables.rows);
	if (r == 0)
		r = store_table_open(index->store, "postings", &index->tables.postings);
	if (r == 0)
		r = store_table_open(index->store, "links", &index->tables.disclosures.links);
	if (r == 0)
		r = store_table_open(index->store, "heads", &index->tables.disclosures.heads);
	if (r == 0)
		r = store_table_open(index->store, "anchors", &index->tables.anchors);
	if (r == 0)
		r = store_table_open(index->store, "tiles", &index->tables.tiles);
	return r > 0 ? TC_ESTORE : r;
}

int trail_index_open(const struct trail_index_options *options, struct trail_index **ret)
{
	struct trail_index *index = calloc(1, sizeof(*index));
	struct store_txn *txn = NULL;
	int r = TC_ENOMEM;

	if (index == NULL)
		goto out;
	arena_init(&index->memory);
	r = open_store(index, options);
	if (r < 0)
		goto out;
	r = store_read_begin(index->store, &txn);
	if (r < 0)
		goto out;
	r = trail_index_read_next(txn, &index->tables, &index->next);
	if (r == 0)
		r = anchor_growth_load(txn, &index->tables, &index->disclosures.growth);
	if (r < 0)
		goto out;
	index->committed = index->next;
	*ret = index;
	index = NULL;
out:
	store_abort(&txn);
	trail_index_close(&index);
	return r;
}

void trail_index_close(struct trail_index **index)
{
	if (*index == NULL)
		return;
	store_abort(&(*index)->txn);
	store_close(&(*index)->store);
	posting_batch_free(&(*index)->postings);
	disclosure_batch_free(&(*index)->disclosures);
	arena_done(&(*index)->memory);
	free(*index);
	*index = NULL;
}

uint64_t trail_index_next(const struct trail_index *index)
{
	return index->next;
}

uint64_t trail_index_committed(const struct trail_index *index)
{
	return index->committed;
}

size_t trail_index_pending(const struct trail_index *index)
{
	return index->pending;
}

struct store *trail_index_store(struct trail_index *index)
{
	return index->store;
}

const struct trail_index_tables *trail_index_tables(const struct trail_index *index)
{
	return &index->tables;
}

/* Few names come again and again: their terms are kept. */
static int name_term(struct trail_index *index, enum posting_kind kind, const char *text,
		     struct posting_term *ret)
{
	struct tc_slice name = tc_slice_text(text);
	struct name_slot *slot;
	uint32_t hash = (uint32_t)kind;
	int r;

	for (size_t i = 0; i < name.len; i++)
		hash = hash * 31 + name.data[i];
	slot = &index->names[hash % NAME_CACHE];
	if (slot->term.kind == kind && strcmp(slot->name.name, text) == 0) {
		*ret = slot->term;
		return 0;
	}
	r = posting_term_name(kind, name, ret);
	if (r < 0 || name.len > TC_NAME_BYTES_MAX)
		return r;
	memset(slot, 0, sizeof(*slot));
	memcpy(slot->name.name, name.data, name.len);
	slot->term = *ret;
	return 0;
}

static int add_name(struct trail_index *index, enum posting_kind kind, const char *text,
		    struct posting_position at)
{
	struct posting_term term;
	int r;

	if (text == NULL || text[0] == '\0')
		return 0;
	r = name_term(index, kind, text, &term);
	return r < 0 ? r : posting_batch_add(&index->postings, term, at);
}

static int add_id(struct trail_index *index, enum posting_kind kind, const char *text,
		  struct posting_position at)
{
	struct tc_id id;

	/* A refused message may have had any text where its id should be. */
	if (text == NULL || !tc_id_parse(tc_slice_text(text), &id))
		return 0;
	return posting_batch_add(&index->postings, posting_term_id(kind, id), at);
}

static int add_certificate(struct trail_index *index, const char *hex, struct posting_position at)
{
	struct posting_term term;

	if (hex == NULL || !posting_term_certificate(hex, &term))
		return 0;
	return posting_batch_add(&index->postings, term, at);
}

/* Every grant relied on; an older row says only one, as its basis. */
static int add_grants(struct trail_index *index, const Throughcare__V1__TrailRow *row,
		      struct posting_position at)
{
	int r = add_id(index, POSTING_GRANT, row->basis, at);

	for (size_t i = 0; r == 0 && i < row->n_grants; i++)
		r = add_id(index, POSTING_GRANT, row->grants[i], at);
	return r;
}

static int add_postings(struct trail_index *index, const Throughcare__V1__TrailRow *row,
			struct posting_position at)
{
	int r = add_id(index, POSTING_SUBJECT, row->subject, at);
	if (r == 0)
		r = add_id(index, POSTING_REFERRAL, row->referral_id, at);
	if (r == 0)
		r = add_id(index, POSTING_MESSAGE, row->message_id, at);
	if (r == 0)
		r = add_name(index, POSTING_AGENCY, row->agency, at);
	if (r == 0)
		r = add_name(index, POSTING_AGENCY, row->recipient, at);
	if (r == 0)
		r = add_name(index, POSTING_ACTOR, row->actor, at);
	if (r == 0)
		r = add_name(index, POSTING_TYPE, row->message_type, at);
	if (r == 0)
		r = add_name(index, POSTING_EVENT, row->event, at);
	if (r == 0)
		r = add_name(index, POSTING_CODE, row->code, at);
	if (r == 0)
		r = add_name(index, POSTING_PROCEEDING, row->proceeding_id, at);
	if (r == 0)
		r = add_certificate(index, row->certificate, at);
	if (r == 0)
		r = add_grants(index, row, at);
	return r;
}

static int add_anchor(struct trail_index *index, const struct fact *fact,
		      const Throughcare__V1__TrailRow *row)
{
	const Throughcare__V1__AnchorRecord *record = throughcare__v1__anchor_record__unpack(
		&index->memory.allocator, row->record.len, row->record.data);
	int r;

	if (record == NULL)
		return TC_ECORRUPT;
	r = disclosure_batch_write(&index->disclosures, index->txn, &index->tables.disclosures);
	if (r == 0)
		r = anchor_take(index->txn, &index->tables, &index->disclosures.growth, record,
				fact->sequence, fact->time_ms);
	index->anchors++;
	if (r == TC_ECORRUPT)
		log_event(EV_ANCHOR_MISMATCH, NULL, NULL, r);
	return r;
}

/* Under everything that it will be looked for by. */
static int add_row(struct trail_index *index, const struct fact *fact, struct posting_position at)
{
	const Throughcare__V1__TrailRow *row;
	struct tc_id subject;
	int r;

	arena_reset(&index->memory);
	row = throughcare__v1__trail_row__unpack(&index->memory.allocator, fact->row.len,
						 fact->row.data);
	if (row == NULL)
		return TC_ENOMEM;
	r = add_postings(index, row, at);
	if (r == 0 && row->event != NULL && strcmp(row->event, EVENT_ANCHOR) == 0)
		r = add_anchor(index, fact, row);
	if (r == 0 && disclosure_is(row, &subject))
		r = disclosure_batch_add(&index->disclosures, index->txn,
					 &index->tables.disclosures, subject, at, fact->time_ms,
					 tc_bytes_slice(&fact->row));
	return r;
}

/* What was collected, in the order of keys. */
static int write_batches(struct trail_index *index)
{
	int r = posting_batch_write(&index->postings, index->txn, index->tables.postings);

	return r != 0 ? r
		      : disclosure_batch_write(&index->disclosures, index->txn,
					       &index->tables.disclosures);
}

static int write_row(struct trail_index *index, const struct fact *fact, struct posting_position at)
{
	uint8_t key[POSTING_POSITION_BYTES];
	uint8_t *value;
	int r;

	posting_position_put(key, at);
	r = store_append_space(index->txn, index->tables.rows, tc_slice(key, sizeof(key)),
			       8 + fact->row.len, &value);
	if (r != 0)
		return r;
	tc_put_be64(value, (uint64_t)fact->time_ms);
	memcpy(value + 8, fact->row.data, fact->row.len);
	return 0;
}

/* What the store says when it is not 0 is the end of this index's life. */
static int store_fault(int r)
{
	if (r == STORE_FULL)
		return TC_EFULL;
	return r > 0 ? TC_ESTORE : r;
}

static int take_fact(struct trail_index *index, const struct fact *fact)
{
	struct posting_position at = {.sequence = fact->sequence, .n = 0};
	int r;

	if (fact->sequence < index->next)
		return 0;
	if (index->pending > 0 && index->last.sequence == fact->sequence)
		at.n = index->last.n + 1;
	r = write_row(index, fact, at);
	if (r == 0)
		r = add_row(index, fact, at);
	if (r == 0 && index->postings.count >= POSTINGS_MAX)
		r = write_batches(index);
	if (r != 0)
		return store_fault(r);
	index->last = at;
	index->pending++;
	return 0;
}

int trail_index_take(struct trail_index *index, struct effects *effects, uint64_t next)
{
	struct effects taken = {0};
	int r = 0;

	effects_move_facts(&taken, effects);
	if (next <= index->next)
		goto out;
	if (index->txn == NULL)
		r = store_begin(index->store, &index->txn);
	for (const struct fact *fact = taken.first_fact; r == 0 && fact; fact = fact->next)
		r = take_fact(index, fact);
	if (r == 0)
		index->next = next;
out:
	effects_clear(&taken);
	return r;
}

int trail_index_commit(struct trail_index *index)
{
	uint8_t value[9];
	int r;

	if (index->txn == NULL)
		return 0;
	tc_put_be64(value, index->next);
	value[8] = FORMAT_VERSION;
	r = write_batches(index);
	if (r == 0)
		r = anchor_growth_store(index->txn, &index->tables, &index->disclosures.growth);
	if (r == 0)
		r = store_put(index->txn, index->tables.meta, next_key(),
			      tc_slice(value, sizeof(value)));
	if (r == 0)
		r = store_commit(&index->txn);
	else
		store_abort(&index->txn);
	if (r != 0)
		return store_fault(r);
	index->committed = index->next;
	index->pending = 0;
	return 0;
}

uint64_t trail_index_anchors(const struct trail_index *index)
{
	return index->anchors;
}

int trail_index_anchor(struct trail_index *index, Throughcare__V1__AnchorRecord *ret,
		       uint8_t ret_root[DISCLOSURE_HASH_BYTES])
{
	struct store_txn *read = NULL;
	struct store_txn *txn = index->txn;
	struct anchor last;
	uint64_t carried;
	int r = txn ? 0 : store_read_begin(index->store, &read);

	txn = txn ? txn : read;
	throughcare__v1__anchor_record__init(ret);
	if (r == 0)
		r = anchor_carried(txn, &index->tables, &carried);
	if (r == 0)
		r = anchor_find(txn, &index->tables, UINT64_MAX, &last);
	store_abort(&read);
	if (r < 0)
		return r;
	if (carried == index->disclosures.growth.disclosures)
		return TRAIL_TOLD;
	if (r == ANCHOR_NONE)
		return 0;
	memcpy(ret_root, last.root, sizeof(last.root));
	ret->has_of_sequence = ret->has_root = ret->has_persons = ret->has_disclosures = 1;
	ret->of_sequence = last.sequence;
	ret->root = (ProtobufCBinaryData){.len = sizeof(last.root), .data = ret_root};
	ret->persons = last.persons;
	ret->disclosures = last.disclosures;
	return 0;
}

int trail_index_sink(void *context, struct effects *effects, uint64_t next, bool durable)
{
	struct trail_index *index = context;
	int r = trail_index_take(index, effects, next);

	if (r == 0 && durable)
		r = trail_index_commit(index);
	return r;
}
