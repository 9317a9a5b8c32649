#include "trail/disclosure.h"

#include <stdlib.h>
#include <string.h>

#include "store/store_cursor.h"
#include "store/store_key.h"
#include "wire/digest.h"

#define BATCH_FIRST      256
#define ID_BYTES         sizeof(((struct tc_id *)NULL)->bytes)
#define LINK_VALUE_BYTES (8 + 4 + 8 + DISCLOSURE_HASH_BYTES)
#define HEAD_VALUE_BYTES (8 + DISCLOSURE_HASH_BYTES)
#define EVENT_RELEASE    "release"

struct disclosure_entry {
	uint64_t tag;
	struct tc_id subject;
	struct disclosure_head head;
};

struct disclosure_pending {
	struct tc_id subject;
	struct disclosure_link link;
};

bool disclosure_is(const Throughcare__V1__TrailRow *row, struct tc_id *ret_subject)
{
	return row->event != NULL && strcmp(row->event, EVENT_RELEASE) == 0 &&
	       row->agency != NULL && strcmp(row->agency, TC_AGENCY_EXCHANGE) != 0 &&
	       row->subject != NULL && tc_id_parse(tc_slice_text(row->subject), ret_subject);
}

int disclosure_chain(const uint8_t before[DISCLOSURE_HASH_BYTES],
		     const struct disclosure_link *link, uint8_t ret[DISCLOSURE_HASH_BYTES])
{
	uint8_t place[8 + POSTING_POSITION_BYTES];
	const struct tc_slice pieces[] = {
		tc_slice_text("throughcare/disclosure/v1\n"),
		tc_slice(before, DISCLOSURE_HASH_BYTES),
		tc_slice(place, sizeof(place)),
		tc_slice(link->row_sha256, DISCLOSURE_HASH_BYTES),
	};

	tc_put_be64(place, (uint64_t)link->time_ms);
	posting_position_put(place + 8, link->at);
	return tc_sha256_pieces(pieces, sizeof(pieces) / sizeof(pieces[0]), ret);
}

int disclosure_tag(struct tc_id subject, uint64_t *ret)
{
	uint8_t digest[TC_SHA256_BYTES];
	const struct tc_slice pieces[] = {
		tc_slice_text("throughcare/person/v1\n"),
		tc_slice(subject.bytes, sizeof(subject.bytes)),
	};
	int r = tc_sha256_pieces(pieces, 2, digest);

	if (r == 0)
		*ret = tc_get_be64(digest);
	return r;
}

void disclosure_touch(uint8_t touched[DISCLOSURE_BUCKETS / 8], uint64_t tag)
{
	uint64_t bucket = tag >> 48;

	touched[bucket / 8] |= (uint8_t)(1 << bucket % 8);
}

/* ---- rows ---- */

static void put_id(struct store_key *key, struct tc_id id)
{
	store_key_bytes(key, tc_slice(id.bytes, sizeof(id.bytes)));
}

static void link_key(struct store_key *key, struct tc_id subject, uint64_t number)
{
	store_key_init(key);
	put_id(key, subject);
	store_key_u64(key, number);
}

static void head_key(struct store_key *key, uint64_t tag, struct tc_id subject)
{
	store_key_init(key);
	store_key_u64(key, tag);
	put_id(key, subject);
}

static int link_put(struct store_txn *txn, const struct disclosure_tables *tables,
		    const struct disclosure_pending *pending)
{
	const struct disclosure_link *link = &pending->link;
	uint8_t value[LINK_VALUE_BYTES];
	struct store_key key;

	link_key(&key, pending->subject, link->number);
	posting_position_put(value, link->at);
	tc_put_be64(value + POSTING_POSITION_BYTES, (uint64_t)link->time_ms);
	memcpy(value + POSTING_POSITION_BYTES + 8, link->row_sha256, DISCLOSURE_HASH_BYTES);
	return store_put(txn, tables->links, store_key_slice(&key), tc_slice(value, sizeof(value)));
}

static int link_read(struct tc_slice key, struct tc_slice value, struct disclosure_link *ret)
{
	if (key.len != ID_BYTES + 8 || value.len != LINK_VALUE_BYTES)
		return TC_ECORRUPT;
	ret->number = tc_get_be64(key.data + ID_BYTES);
	ret->at = posting_position_get(value.data);
	ret->time_ms = (int64_t)tc_get_be64(value.data + POSTING_POSITION_BYTES);
	memcpy(ret->row_sha256, value.data + POSTING_POSITION_BYTES + 8, DISCLOSURE_HASH_BYTES);
	return 0;
}

static int head_put(struct store_txn *txn, const struct disclosure_tables *tables,
		    const struct disclosure_entry *entry)
{
	uint8_t value[HEAD_VALUE_BYTES];
	struct store_key key;

	head_key(&key, entry->tag, entry->subject);
	tc_put_be64(value, entry->head.count);
	memcpy(value + 8, entry->head.hash, DISCLOSURE_HASH_BYTES);
	return store_put(txn, tables->heads, store_key_slice(&key), tc_slice(value, sizeof(value)));
}

static int head_read(struct tc_slice value, struct disclosure_head *ret)
{
	if (value.len != HEAD_VALUE_BYTES)
		return TC_ECORRUPT;
	ret->count = tc_get_be64(value.data);
	memcpy(ret->hash, value.data + 8, DISCLOSURE_HASH_BYTES);
	return 0;
}

/* All zero when there is none yet. 0, DISCLOSURE_NONE or a fault. */
static int head_get(struct store_txn *txn, const struct disclosure_tables *tables, uint64_t tag,
		    struct tc_id subject, struct disclosure_head *ret)
{
	struct tc_slice value;
	struct store_key key;
	int r;

	*ret = (struct disclosure_head){0};
	head_key(&key, tag, subject);
	r = store_get(txn, tables->heads, store_key_slice(&key), &value);
	if (r != 0)
		return r == STORE_NOT_FOUND ? DISCLOSURE_NONE : r;
	return head_read(value, ret);
}

int disclosure_head_find(struct store_txn *txn, const struct disclosure_tables *tables,
			 struct tc_id subject, struct disclosure_head *ret)
{
	uint64_t tag = 0;
	int r = disclosure_tag(subject, &tag);

	return r < 0 ? r : head_get(txn, tables, tag, subject, ret);
}

int disclosure_links(struct store_txn *txn, const struct disclosure_tables *tables,
		     struct tc_id subject, uint64_t from, struct disclosure_link *ret, size_t max,
		     size_t *ret_count)
{
	struct store_cursor cursor = {0};
	struct store_key key;
	int r;

	*ret_count = 0;
	r = store_cursor_init(&cursor, txn, tables->links,
			      tc_slice(subject.bytes, sizeof(subject.bytes)), STORE_FORWARD);
	link_key(&key, subject, from);
	if (r == 0)
		r = store_cursor_seek(&cursor, store_key_slice(&key));
	while (r == 0 && *ret_count < max) {
		struct tc_slice at, value;

		r = store_cursor_next(&cursor, &at, &value);
		if (r == 0)
			r = link_read(at, value, &ret[*ret_count]);
		if (r == 0)
			(*ret_count)++;
	}
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : r;
}

int disclosure_heads(struct store_txn *txn, const struct disclosure_tables *tables,
		     struct tc_slice prefix, disclosure_visitor see, void *context)
{
	struct store_cursor cursor = {0};
	struct disclosure_head head;
	struct tc_slice key, value;
	struct tc_id subject;
	int r = store_cursor_init(&cursor, txn, tables->heads, prefix, STORE_FORWARD);

	while (r == 0 && (r = store_cursor_next(&cursor, &key, &value)) == 0) {
		r = key.len == 8 + ID_BYTES ? head_read(value, &head) : TC_ECORRUPT;
		if (r < 0)
			break;
		memcpy(subject.bytes, key.data + 8, ID_BYTES);
		r = see(context, tc_get_be64(key.data), subject, &head);
	}
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : r;
}

int disclosure_head_before(struct store_txn *txn, const struct disclosure_tables *tables,
			   struct tc_id subject, const struct disclosure_head *now, uint64_t before,
			   struct disclosure_head *ret)
{
	struct disclosure_link links[64];
	size_t count;
	int r;

	*ret = *now;
	if (before == UINT64_MAX)
		return 0;
	/* As a rule nothing came since. */
	r = disclosure_links(txn, tables, subject, now->count, links, 1, &count);
	if (r != 0 || (count == 1 && links[0].at.sequence < before))
		return r;
	*ret = (struct disclosure_head){0};
	do {
		r = disclosure_links(txn, tables, subject, ret->count + 1, links,
				     sizeof(links) / sizeof(links[0]), &count);
		for (size_t i = 0; r == 0 && i < count; i++) {
			if (links[i].at.sequence >= before)
				return 0;
			r = disclosure_chain(ret->hash, &links[i], ret->hash);
			ret->count++;
		}
	} while (r == 0 && count > 0);
	return r;
}

/* The stored head of a person is the one that its links give. */
static int check_head(struct store_txn *txn, const struct disclosure_tables *tables,
		      struct tc_id subject, const struct disclosure_head *wanted)
{
	struct disclosure_head head;
	int r = disclosure_head_find(txn, tables, subject, &head);

	if (r < 0)
		return r;
	return r == 0 && head.count == wanted->count &&
			       memcmp(head.hash, wanted->hash, sizeof(head.hash)) == 0
		       ? 0
		       : TC_ECORRUPT;
}

int disclosure_check(struct store_txn *txn, const struct disclosure_tables *tables)
{
	struct disclosure_head wanted = {0};
	struct store_cursor cursor = {0};
	struct disclosure_link link;
	struct tc_slice key, value;
	struct tc_id subject = {{0}};
	uint64_t persons = 0, heads = 0;
	int r = store_cursor_init(&cursor, txn, tables->links, tc_slice(NULL, 0), STORE_FORWARD);

	while (r == 0 && (r = store_cursor_next(&cursor, &key, &value)) == 0) {
		r = link_read(key, value, &link);
		if (r == 0 && memcmp(key.data, subject.bytes, ID_BYTES) != 0) {
			if (wanted.count > 0)
				r = check_head(txn, tables, subject, &wanted);
			memcpy(subject.bytes, key.data, ID_BYTES);
			wanted = (struct disclosure_head){0};
			persons++;
		}
		if (r == 0 && link.number != ++wanted.count)
			r = TC_ECORRUPT;
		if (r == 0)
			r = disclosure_chain(wanted.hash, &link, wanted.hash);
	}
	store_cursor_done(&cursor);
	r = r == STORE_NOT_FOUND ? 0 : r;
	if (r == 0 && wanted.count > 0)
		r = check_head(txn, tables, subject, &wanted);
	if (r == 0)
		r = store_count(txn, tables->heads, &heads);
	return r == 0 && heads != persons ? TC_ECORRUPT : r;
}

/* ---- a batch ---- */

static size_t find_slot(const struct disclosure_batch *batch, uint64_t tag, struct tc_id subject)
{
	size_t at = (size_t)tag & (batch->slot_count - 1);

	while (batch->slots[at] != 0 &&
	       !tc_id_equal(batch->entries[batch->slots[at] - 1].subject, subject))
		at = (at + 1) & (batch->slot_count - 1);
	return at;
}

/* Never more than half full. */
static int grow_slots(struct disclosure_batch *batch)
{
	size_t wanted = batch->slot_count ? batch->slot_count * 2 : 2 * BATCH_FIRST;
	uint32_t *slots;

	if (batch->entry_count * 2 < batch->slot_count)
		return 0;
	slots = calloc(wanted, sizeof(*slots));
	if (slots == NULL)
		return TC_ENOMEM;
	free(batch->slots);
	batch->slots = slots;
	batch->slot_count = wanted;
	for (size_t i = 0; i < batch->entry_count; i++)
		slots[find_slot(batch, batch->entries[i].tag, batch->entries[i].subject)] =
			(uint32_t)i + 1;
	return 0;
}

/* Room for one more of `size` bytes. NULL: memory is short. */
static void *room(void *rows, size_t count, size_t *capacity, size_t size)
{
	void *grown;

	if (count < *capacity)
		return rows;
	grown = reallocarray(rows, *capacity ? *capacity * 2 : BATCH_FIRST, size);
	if (grown != NULL)
		*capacity = *capacity ? *capacity * 2 : BATCH_FIRST;
	return grown;
}

/* The person's head, as the batch has it or as it is stored. */
static int find_entry(struct disclosure_batch *batch, struct store_txn *txn,
		      const struct disclosure_tables *tables, struct tc_id subject,
		      struct disclosure_entry **ret)
{
	struct disclosure_entry entry = {.subject = subject};
	void *grown;
	size_t at;
	int r = grow_slots(batch);

	if (r == 0)
		r = disclosure_tag(subject, &entry.tag);
	if (r < 0)
		return r;
	at = find_slot(batch, entry.tag, subject);
	if (batch->slots[at] == 0) {
		r = head_get(txn, tables, entry.tag, subject, &entry.head);
		if (r < 0)
			return r;
		grown = room(batch->entries, batch->entry_count, &batch->entry_capacity,
			     sizeof(entry));
		if (grown == NULL)
			return TC_ENOMEM;
		batch->entries = grown;
		batch->entries[batch->entry_count++] = entry;
		batch->slots[at] = (uint32_t)batch->entry_count;
	}
	*ret = &batch->entries[batch->slots[at] - 1];
	return 0;
}

int disclosure_batch_add(struct disclosure_batch *batch, struct store_txn *txn,
			 const struct disclosure_tables *tables, struct tc_id subject,
			 struct posting_position at, int64_t time_ms, struct tc_slice row)
{
	struct disclosure_pending pending = {.subject = subject,
					     .link = {.at = at, .time_ms = time_ms}};
	struct disclosure_entry *entry;
	void *grown;
	int r = find_entry(batch, txn, tables, subject, &entry);

	if (r == 0)
		r = tc_sha256(row, pending.link.row_sha256);
	if (r == 0)
		r = disclosure_chain(entry->head.hash, &pending.link, entry->head.hash);
	if (r < 0)
		return r;
	batch->growth.persons += entry->head.count == 0;
	batch->growth.disclosures++;
	batch->growth.changed = true;
	disclosure_touch(batch->growth.touched, entry->tag);
	pending.link.number = ++entry->head.count;
	grown = room(batch->links, batch->link_count, &batch->link_capacity, sizeof(pending));
	if (grown == NULL)
		return TC_ENOMEM;
	batch->links = grown;
	batch->links[batch->link_count++] = pending;
	return 0;
}

static int compare_links(const void *left, const void *right)
{
	const struct disclosure_pending *a = left, *b = right;
	int order = memcmp(a->subject.bytes, b->subject.bytes, sizeof(a->subject.bytes));

	if (order != 0)
		return order;
	return (a->link.number > b->link.number) - (a->link.number < b->link.number);
}

static int compare_entries(const void *left, const void *right)
{
	const struct disclosure_entry *a = left, *b = right;

	return (a->tag > b->tag) - (a->tag < b->tag);
}

int disclosure_batch_write(struct disclosure_batch *batch, struct store_txn *txn,
			   const struct disclosure_tables *tables)
{
	int r = 0;

	if (batch->link_count == 0)
		return 0;
	qsort(batch->links, batch->link_count, sizeof(*batch->links), compare_links);
	qsort(batch->entries, batch->entry_count, sizeof(*batch->entries), compare_entries);
	for (size_t i = 0; r == 0 && i < batch->link_count; i++)
		r = link_put(txn, tables, &batch->links[i]);
	for (size_t i = 0; r == 0 && i < batch->entry_count; i++)
		r = head_put(txn, tables, &batch->entries[i]);
	if (r != 0)
		return r;
	batch->link_count = 0;
	batch->entry_count = 0;
	memset(batch->slots, 0, batch->slot_count * sizeof(*batch->slots));
	return 0;
}

void disclosure_batch_free(struct disclosure_batch *batch)
{
	free(batch->entries);
	free(batch->slots);
	free(batch->links);
	*batch = (struct disclosure_batch){0};
}
