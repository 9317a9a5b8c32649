#include "ledger/principal.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/row.h"
#include "ledger/state.h"

#define PRINCIPAL_SLOTS_MIN 64

static size_t principal_hash(Throughcare__V1__PeerKind kind, struct tc_slice name)
{
	uint64_t hash = 14695981039346656037u ^ (uint64_t)kind; /* FNV-1a */

	for (size_t i = 0; i < name.len; i++)
		hash = (hash ^ name.data[i]) * 1099511628211u;
	return (size_t)(hash ^ (hash >> 29));
}

/* The slot that has it, or the free one where it would go. */
static size_t principal_slot(const struct principals *all, Throughcare__V1__PeerKind kind,
			     struct tc_slice name)
{
	size_t at = principal_hash(kind, name) & (all->slot_count - 1);

	for (;; at = (at + 1) & (all->slot_count - 1)) {
		const struct principal *row;

		if (all->slots[at] == 0)
			return at;
		row = all->rows[all->slots[at] - 1];
		if (row->kind == kind && tc_slice_equal(tc_slice_text(row->name.name), name))
			return at;
	}
}

static int principals_grow(struct principals *all)
{
	if (all->count == all->capacity) {
		size_t capacity = all->capacity == 0 ? 16 : all->capacity * 2;
		struct principal **rows = realloc(all->rows, capacity * sizeof(*rows));

		if (rows == NULL)
			return TC_ENOMEM;
		all->rows = rows;
		all->capacity = capacity;
	}
	if ((all->count + 1) * 2 > all->slot_count) {
		size_t count = all->slot_count == 0 ? PRINCIPAL_SLOTS_MIN : all->slot_count * 2;
		uint32_t *slots = calloc(count, sizeof(*slots));

		if (slots == NULL)
			return TC_ENOMEM;
		free(all->slots);
		all->slots = slots;
		all->slot_count = count;
		for (size_t i = 0; i < all->count; i++) {
			const struct principal *row = all->rows[i];
			struct tc_slice name = tc_slice_text(row->name.name);

			all->slots[principal_slot(all, row->kind, name)] = row->number;
		}
	}
	return 0;
}

static int principal_add(struct principals *all, Throughcare__V1__PeerKind kind,
			 const tc_agency *name, struct principal **ret)
{
	struct principal *row;
	int r = principals_grow(all);

	if (r < 0)
		return r;
	row = calloc(1, sizeof(*row));
	if (row == NULL)
		return TC_ENOMEM;
	row->number = (uint32_t)all->count + 1;
	row->kind = kind;
	row->name = *name;
	all->slots[principal_slot(all, kind, tc_slice_text(name->name))] = row->number;
	all->rows[all->count++] = row;
	*ret = row;
	return 0;
}

struct principal *principal_find(struct ledger *ledger, Throughcare__V1__PeerKind kind,
				 struct tc_slice name)
{
	const struct principals *all = &ledger->principals;
	uint32_t number;

	if (all->slot_count == 0)
		return NULL;
	number = all->slots[principal_slot(all, kind, name)];
	return number == 0 ? NULL : all->rows[number - 1];
}

int principal_take(struct ledger *ledger, Throughcare__V1__PeerKind kind, const tc_agency *name,
		   struct principal **ret)
{
	struct principal *row = principal_find(ledger, kind, tc_slice_text(name->name));
	struct row_writer value = {0};
	uint8_t key[4];
	int r;

	if (row == NULL) {
		r = principal_add(&ledger->principals, kind, name, &row);
		if (r < 0)
			return r;
		tc_put_be32(key, row->number);
		row_put_u8(&value, (uint8_t)kind);
		row_put_text(&value, name->name);
		r = ledger_put(ledger, LEDGER_TABLE_PRINCIPAL, tc_slice(key, sizeof(key)),
			       row_slice(&value));
		if (r < 0)
			return r;
	}
	*ret = row;
	return 0;
}

int principal_get(struct ledger *ledger, uint32_t number, struct principal **ret)
{
	if (number == 0 || number > ledger->principals.count)
		return TC_ECORRUPT;
	*ret = ledger->principals.rows[number - 1];
	return 0;
}

static int principal_read_entry(struct ledger *ledger, struct principal *principal)
{
	uint32_t epoch = ledger->principals.registry_epoch + 1;
	struct registry_agency entry;
	int r;

	if (principal->registry_epoch == epoch)
		return 0;
	r = registry_find_agency(ledger->txn, &ledger->registry, &principal->name, &entry);
	if (r < 0)
		return r;
	principal->agency_kind = r == 0 ? entry.kind : AGENCY_KIND_UNKNOWN;
	principal->suspended = r == 0 && entry.status == REGISTRY_SUSPENDED;
	principal->registry_epoch = epoch;
	return 0;
}

int principal_agency_kind(struct ledger *ledger, struct principal *principal, enum agency_kind *ret)
{
	int r = principal_read_entry(ledger, principal);

	*ret = principal->agency_kind;
	return r;
}

int principal_suspended(struct ledger *ledger, struct principal *principal, bool *ret)
{
	int r = principal_read_entry(ledger, principal);

	*ret = principal->suspended;
	return r;
}

void principals_registry_changed(struct principals *principals)
{
	principals->registry_epoch++;
}

bool principal_row_read(struct tc_slice value, Throughcare__V1__PeerKind *ret_kind,
			tc_agency *ret_name)
{
	struct row_reader row = row_read(value);

	memset(ret_name, 0, sizeof(*ret_name));
	*ret_kind = (Throughcare__V1__PeerKind)row_take_u8(&row);
	row_take_text(&row, ret_name->name, sizeof(ret_name->name));
	return row_read_whole(&row);
}

bool mailbox_counts_read(struct tc_slice value, struct mailbox_counts *ret)
{
	struct row_reader row = row_read(value);

	ret->queued = row_take_u64(&row);
	ret->in_flight = row_take_u64(&row);
	ret->retry_wait = row_take_u64(&row);
	ret->held = row_take_u64(&row);
	ret->held_bytes = row_take_u64(&row);
	ret->held_for_bytes = row_take_u64(&row);
	ret->dead = row_take_u64(&row);
	ret->bytes = row_take_u64(&row);
	for (int i = 0; i < MAILBOX_PRIORITIES; i++)
		ret->ready[i] = row_take_u64(&row);
	ret->connection = row_take_u64(&row);
	ret->turn = row_take_u8(&row);
	ret->oldest_ms = 0;
	return row_read_whole(&row);
}

static void mailbox_counts_write(const struct mailbox_counts *box, struct row_writer *row)
{
	row_put_u64(row, box->queued);
	row_put_u64(row, box->in_flight);
	row_put_u64(row, box->retry_wait);
	row_put_u64(row, box->held);
	row_put_u64(row, box->held_bytes);
	row_put_u64(row, box->held_for_bytes);
	row_put_u64(row, box->dead);
	row_put_u64(row, box->bytes);
	for (int i = 0; i < MAILBOX_PRIORITIES; i++)
		row_put_u64(row, box->ready[i]);
	row_put_u64(row, box->connection);
	row_put_u8(row, box->turn);
}

int principals_load(struct ledger *ledger)
{
	struct store_cursor cursor;
	struct tc_slice key, value;
	int r = store_cursor_init(&cursor, ledger->txn, ledger->table[LEDGER_TABLE_PRINCIPAL],
				  tc_slice(NULL, 0), STORE_FORWARD);

	while (r == 0 && (r = store_cursor_next(&cursor, &key, &value)) == 0) {
		Throughcare__V1__PeerKind kind;
		struct principal *row;
		tc_agency name;

		if (key.len != 4 || tc_get_be32(key.data) != ledger->principals.count + 1 ||
		    !principal_row_read(value, &kind, &name)) {
			r = TC_ECORRUPT;
			break;
		}
		r = principal_add(&ledger->principals, kind, &name, &row);
		if (r < 0)
			break;
		r = ledger_get(ledger, LEDGER_TABLE_MAILBOX, key, &value);
		if (r == STORE_NOT_FOUND)
			r = 0;
		else if (r == 0 && !mailbox_counts_read(value, &row->box))
			r = TC_ECORRUPT;
	}
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : r;
}

int principals_flush(struct ledger *ledger)
{
	for (size_t i = 0; i < ledger->principals.count; i++) {
		struct principal *row = ledger->principals.rows[i];
		struct row_writer value;
		uint8_t key[4];
		int r;

		if (!row->dirty)
			continue;
		value.len = 0;
		tc_put_be32(key, row->number);
		mailbox_counts_write(&row->box, &value);
		r = ledger_put(ledger, LEDGER_TABLE_MAILBOX, tc_slice(key, sizeof(key)),
			       row_slice(&value));
		if (r < 0)
			return r;
		row->dirty = false;
	}
	return 0;
}

void principals_done(struct principals *principals)
{
	for (size_t i = 0; i < principals->count; i++) {
		free(principals->rows[i]->sessions);
		free(principals->rows[i]);
	}
	free(principals->rows);
	free(principals->slots);
	*principals = (struct principals){0};
}
