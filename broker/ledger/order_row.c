#include "ledger/order_row.h"

#include <string.h>

#include "ledger/row.h"
#include "ledger/state.h"
#include "wire/digest.h"

/* ---- orders ---- */

static int order_read(struct tc_slice key, struct tc_slice value, struct order *ret)
{
	struct row_reader row = row_read(value);

	if (!store_key_take_id(&key, &ret->id))
		return TC_ECORRUPT;
	ret->status = (enum order_status)row_take_u8(&row);
	ret->kind = (Throughcare__V1__OrderKind)row_take_u8(&row);
	ret->sequence = row_take_u64(&row);
	ret->at_ms = (int64_t)row_take_u64(&row);
	ret->proposer = row_take_u32(&row);
	row_take_text(&row, ret->ordered_by, sizeof(ret->ordered_by));
	ret->approved_sequence = row_take_u64(&row);
	ret->approved_ms = (int64_t)row_take_u64(&row);
	ret->approver = row_take_u32(&row);
	row_take_text(&row, ret->approved_by, sizeof(ret->approved_by));
	ret->executed_ms = (int64_t)row_take_u64(&row);
	ret->records = row_take_u64(&row);
	row_take_text(&row, ret->cite, sizeof(ret->cite));
	ret->packed = tc_slice(row.at, (size_t)(row.end - row.at));
	return row.short_of ? TC_ECORRUPT : 0;
}

static bool ends_another(Throughcare__V1__OrderKind kind)
{
	return kind == THROUGHCARE__V1__ORDER_KIND__ORDER_KIND_UNSEAL ||
	       kind == THROUGHCARE__V1__ORDER_KIND__ORDER_KIND_HOLD_END;
}

static bool all_gone(char *const *ids, size_t count, const struct sought *gone)
{
	for (size_t i = 0; i < count; i++) {
		struct tc_id id;

		if (tc_id_parse(tc_slice_text(ids[i]), &id) && !tc_id_is_none(id) &&
		    !sought_has(gone, id))
			return false;
	}
	return true;
}

int order_find_closed(struct tc_slice key, struct tc_slice value, const struct sought *gone,
		      struct sought *ret)
{
	Throughcare__V1__TrailOrder *said;
	struct order order;
	int r = order_read(key, value, &order);

	if (r < 0 || order.packed.len == 0 || ends_another(order.kind))
		return r;
	said = throughcare__v1__trail_order__unpack(NULL, order.packed.len, order.packed.data);
	if (said == NULL)
		return TC_ECORRUPT;
	if (all_gone(said->subjects, said->n_subjects, gone) &&
	    all_gone(said->referral_ids, said->n_referral_ids, gone) &&
	    all_gone(said->message_ids, said->n_message_ids, gone))
		r = sought_add(ret, order.id);
	throughcare__v1__trail_order__free_unpacked(said, NULL);
	return r;
}

bool order_of_closed(const Throughcare__V1__TrailOrder *said, struct tc_id order,
		     const struct sought *closed)
{
	struct tc_id ended;

	if (!ends_another(said->kind))
		return sought_has(closed, order);
	return said->ends_order_id != NULL &&
	       tc_id_parse(tc_slice_text(said->ends_order_id), &ended) && sought_has(closed, ended);
}

/* Its docket number goes as well. */
static int append_closed(Throughcare__V1__TrailOrder *said, struct tc_bytes *to)
{
	char *reference = said->reference;
	size_t len;
	int r;

	said->reference = NULL;
	len = throughcare__v1__trail_order__get_packed_size(said);
	r = tc_bytes_reserve(to, len);
	if (r == 0)
		to->len += throughcare__v1__trail_order__pack(said, to->data + to->len);
	said->reference = reference;
	return r;
}

int order_stays(struct tc_slice key, struct tc_slice value, const struct sought *closed,
		struct tc_bytes *ret)
{
	Throughcare__V1__TrailOrder *said;
	struct order order;
	int r = order_read(key, value, &order);

	if (r == 0)
		r = tc_bytes_append(ret, value.data, value.len - order.packed.len);
	if (r < 0 || order.status == ORDER_EXECUTED || order.packed.len == 0)
		return r;
	said = throughcare__v1__trail_order__unpack(NULL, order.packed.len, order.packed.data);
	if (said == NULL)
		return TC_ECORRUPT;
	r = order_of_closed(said, order.id, closed)
		    ? append_closed(said, ret)
		    : tc_bytes_append(ret, order.packed.data, order.packed.len);
	throughcare__v1__trail_order__free_unpacked(said, NULL);
	return r;
}

int order_put(struct ledger *ledger, const struct order *order)
{
	struct row_writer row = {.len = 0};
	struct tc_bytes value = {0};
	struct store_key key;
	int r;

	store_key_init(&key);
	store_key_id(&key, order->id);
	row_put_u8(&row, (uint8_t)order->status);
	row_put_u8(&row, (uint8_t)order->kind);
	row_put_u64(&row, order->sequence);
	row_put_u64(&row, (uint64_t)order->at_ms);
	row_put_u32(&row, order->proposer);
	row_put_text(&row, order->ordered_by);
	row_put_u64(&row, order->approved_sequence);
	row_put_u64(&row, (uint64_t)order->approved_ms);
	row_put_u32(&row, order->approver);
	row_put_text(&row, order->approved_by);
	row_put_u64(&row, (uint64_t)order->executed_ms);
	row_put_u64(&row, order->records);
	row_put_text(&row, order->cite);
	r = tc_bytes_append(&value, row.data, row.len);
	if (r == 0 && order->packed.len > 0)
		r = tc_bytes_append(&value, order->packed.data, order->packed.len);
	if (r == 0)
		r = ledger_put(ledger, LEDGER_TABLE_ORDER, store_key_slice(&key),
			       tc_bytes_slice(&value));
	tc_bytes_free(&value);
	return r;
}

int order_find(struct store_txn *txn, struct store_table orders, struct tc_id id, struct order *ret)
{
	struct tc_slice key = tc_slice(id.bytes, sizeof(id.bytes)), value;
	int r = store_get(txn, orders, key, &value);

	if (r == STORE_NOT_FOUND)
		return ORDER_NONE;
	return r == 0 ? order_read(key, value, ret) : ledger_store_fault(r);
}

int order_next(struct store_txn *txn, struct store_table orders, struct tc_id after,
	       struct order *ret)
{
	struct tc_slice key, value;
	int r = store_after(txn, orders, tc_slice(NULL, 0),
			    tc_slice(after.bytes, sizeof(after.bytes)), &key, &value);

	if (r == 0)
		r = order_read(key, value, ret);
	return r == STORE_NOT_FOUND ? ORDER_NONE : ledger_store_fault(r);
}

const char *order_kind_name(Throughcare__V1__OrderKind kind)
{
	static const char *const names[] = {"", "seal", "unseal", "expunge", "hold", "hold_end"};

	return (unsigned)kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "";
}

const char *order_status_name(enum order_status status)
{
	static const char *const names[] = {"", "proposed", "in_force", "forgotten", "ended"};

	return (unsigned)status < sizeof(names) / sizeof(names[0]) ? names[status] : "";
}

/* ---- targets ---- */

/* An order may name one id twice, as that of a referral and of a message. */
static void target_key(struct store_key *key, const struct order_named *target, struct tc_id order)
{
	store_key_init(key);
	store_key_id(key, target->id);
	store_key_id(key, order);
	store_key_u8(key, (uint8_t)target->kind);
}

int order_targets_put(struct ledger *ledger, const struct order *order,
		      const struct order_about *about)
{
	const Throughcare__V1__TrailOrder *said = about->said;
	int r = 0;

	for (size_t i = 0; r == 0 && i < about->named; i++) {
		struct row_writer row = {.len = 0};
		struct store_key key;

		target_key(&key, &about->ids[i], order->id);
		row_put_u8(&row, (uint8_t)about->ids[i].kind);
		row_put_u8(&row, (uint8_t)order->kind);
		for (size_t k = 0; k < said->n_seen_by; k++)
			row_put_text(&row, said->seen_by[k]);
		r = ledger_put(ledger, LEDGER_TABLE_ORDER_TARGET, store_key_slice(&key),
			       row_slice(&row));
	}
	return r;
}

int order_targets_drop(struct ledger *ledger, const struct order *order)
{
	struct order_tables tables = order_tables_of(ledger);
	struct order_about about;
	int r = order_about_read(&ledger->arena, ledger->txn, &tables, order->packed, &about);

	if (r != 0)
		return r < 0 ? r : TC_ECORRUPT;
	for (size_t i = 0; r == 0 && i < about.named; i++) {
		struct store_key key;

		target_key(&key, &about.ids[i], order->id);
		r = store_del(ledger->txn, tables.targets, store_key_slice(&key));
		if (r == STORE_NOT_FOUND) /* named twice */
			r = 0;
	}
	return r < 0 ? r : ledger_store_fault(r);
}

/* ---- what stands in force about an id ---- */

struct target_search {
	enum order_target kind;
	const tc_agency *asker; /* whom a seal may name; NULL: nobody */
};

static bool target_names(struct row_reader *row, const tc_agency *asker)
{
	char name[TC_NAME_BYTES_MAX + 1];

	while (asker != NULL && row->at < row->end && !row->short_of) {
		row_take_text(row, name, sizeof(name));
		if (strcmp(name, asker->name) == 0)
			return true;
	}
	return false;
}

static bool target_answers(const struct target_search *search, struct tc_slice value)
{
	struct row_reader row = row_read(value);
	enum order_target kind = (enum order_target)row_take_u8(&row);
	Throughcare__V1__OrderKind order = (Throughcare__V1__OrderKind)row_take_u8(&row);

	if (kind != search->kind)
		return false;
	return order == THROUGHCARE__V1__ORDER_KIND__ORDER_KIND_EXPUNGE ||
	       (order == THROUGHCARE__V1__ORDER_KIND__ORDER_KIND_SEAL &&
		!target_names(&row, search->asker));
}

static int target_find(struct store_txn *txn, struct store_table targets,
		       const struct target_search *search, struct tc_id id, bool *ret)
{
	struct store_cursor cursor = {0};
	struct tc_slice value;
	int r;

	*ret = false;
	if (tc_id_is_none(id))
		return 0;
	r = store_cursor_init(&cursor, txn, targets, tc_slice(id.bytes, sizeof(id.bytes)),
			      STORE_FORWARD);
	while (r == 0 && !*ret && (r = store_cursor_next(&cursor, NULL, &value)) == 0)
		*ret = target_answers(search, value);
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : ledger_store_fault(r);
}

int order_sealed(struct store_txn *txn, const struct order_tables *tables, struct tc_id subject,
		 struct tc_id referral, struct tc_id message, const tc_agency *asker, bool *ret)
{
	const struct tc_id ids[] = {subject, referral, message};
	static const enum order_target kinds[] = {ORDER_TARGET_SUBJECT, ORDER_TARGET_REFERRAL,
						  ORDER_TARGET_MESSAGE};
	uint64_t count;
	int r = store_count(txn, tables->targets, &count);

	*ret = false;
	for (size_t i = 0; r == 0 && count > 0 && !*ret && i < 3; i++) {
		struct target_search search = {.kind = kinds[i], .asker = asker};

		r = target_find(txn, tables->targets, &search, ids[i], ret);
	}
	return r;
}

/* ---- message ids of what was expunged ---- */

int order_forgotten_key(const tc_agency *sender, struct tc_id message, uint8_t ret[16])
{
	uint8_t sha256[TC_SHA256_BYTES];
	const struct tc_slice pieces[] = {
		tc_slice_text("throughcare/forgotten/v1\n"),
		tc_slice_text(sender->name),
		tc_slice(message.bytes, sizeof(message.bytes)),
	};
	int r = tc_sha256_pieces(pieces, sizeof(pieces) / sizeof(pieces[0]), sha256);

	memcpy(ret, sha256, 16);
	return r;
}

int order_forgotten(struct ledger *ledger, const tc_agency *sender, struct tc_id message, bool *ret)
{
	struct store_table table = ledger->table[LEDGER_TABLE_FORGOTTEN_ID];
	struct tc_slice value;
	uint8_t key[16];
	uint64_t count;
	int r = store_count(ledger->txn, table, &count);

	*ret = false;
	if (r < 0 || count == 0)
		return r;
	r = order_forgotten_key(sender, message, key);
	if (r == 0)
		r = store_get(ledger->txn, table, tc_slice(key, sizeof(key)), &value);
	*ret = r == 0;
	return r == STORE_NOT_FOUND ? 0 : r;
}
