#include "ledger/task_row.h"

#include "base/check.h"
#include "store/store_cursor.h"

void task_row_put(struct row_writer *row, const struct task *task)
{
	row->len = 0;
	row_put_u8(row, (uint8_t)task->kind);
	row_put_u8(row, (uint8_t)task->status);
	row_put_u32(row, task->owner);
	row_put_u32(row, task->asker);
	row_put_id(row, task->message);
	row_put_id(row, task->cause);
	row_put_id(row, task->subject);
	row_put_id(row, task->referral);
	row_put_u64(row, (uint64_t)task->opened_ms);
	row_put_u64(row, (uint64_t)task->due_ms);
	row_put_u64(row, (uint64_t)task->alarm_ms);
	row_put_u16(row, task->times);
	row_put_text(row, task->result);
	row_put_text(row, task->done_by);
	row_put_u64(row, (uint64_t)task->done_ms);
}

bool task_row_read(struct tc_slice key, struct tc_slice value, struct task *ret)
{
	struct row_reader row = row_read(value);

	if (!store_key_take_u64(&key, &ret->delivery) || key.len != 0)
		return false;
	ret->kind = (enum task_kind)row_take_u8(&row);
	ret->status = (enum task_status)row_take_u8(&row);
	ret->owner = row_take_u32(&row);
	ret->asker = row_take_u32(&row);
	ret->message = row_take_id(&row);
	ret->cause = row_take_id(&row);
	ret->subject = row_take_id(&row);
	ret->referral = row_take_id(&row);
	ret->opened_ms = (int64_t)row_take_u64(&row);
	ret->due_ms = (int64_t)row_take_u64(&row);
	ret->alarm_ms = (int64_t)row_take_u64(&row);
	ret->times = row_take_u16(&row);
	row_take_text(&row, ret->result, sizeof(ret->result));
	row_take_text(&row, ret->done_by, sizeof(ret->done_by));
	ret->done_ms = (int64_t)row_take_u64(&row);
	return row_read_whole(&row);
}

void task_row_key(struct store_key *key, uint64_t delivery)
{
	store_key_init(key);
	store_key_u64(key, delivery);
}

void task_open_key(struct store_key *key, const struct task *task)
{
	store_key_init(key);
	store_key_u32(key, task->owner);
	store_key_i64(key, task->due_ms);
	store_key_u64(key, task->delivery);
}

void task_owner_key(struct store_key *key, const struct task *task)
{
	store_key_init(key);
	store_key_u32(key, task->owner);
	store_key_u64(key, task->delivery);
}

void task_message_key(struct store_key *key, const struct task *task)
{
	store_key_init(key);
	store_key_u32(key, task->owner);
	store_key_id(key, task->message);
	store_key_u64(key, task->delivery);
}

void task_referral_key(struct store_key *key, const struct task *task)
{
	store_key_init(key);
	store_key_id(key, task->referral);
	store_key_u32(key, task->owner);
	store_key_u64(key, task->delivery);
}

void task_alert_key(struct store_key *key, const struct task *task)
{
	store_key_init(key);
	store_key_u32(key, task->owner);
	store_key_id(key, task->subject);
	store_key_u64(key, task->delivery);
}

/* ---- reading ---- */

/* The number of the delivery stands last in every key. */
static uint64_t task_key_delivery(struct tc_slice key)
{
	return key.len < 8 ? 0 : tc_get_be64(key.data + key.len - 8);
}

static int task_read_row(struct store_txn *txn, struct store_table rows, uint64_t delivery,
			 struct task *ret)
{
	struct tc_slice value;
	struct store_key key;
	int r;

	task_row_key(&key, delivery);
	r = store_get(txn, rows, store_key_slice(&key), &value);
	if (r != 0)
		return r == STORE_NOT_FOUND ? TC_ECORRUPT : r;
	return task_row_read(store_key_slice(&key), value, ret) ? 0 : TC_ECORRUPT;
}

int task_next(struct store_txn *txn, const struct task_tables *tables, uint32_t owner,
	      bool open_only, const struct task *after, struct task *ret)
{
	struct store_table index = open_only ? tables->open : tables->owner;
	struct store_key prefix, from;
	struct tc_slice key;
	int r;

	store_key_init(&prefix);
	store_key_u32(&prefix, owner);
	store_key_init(&from);
	if (after != NULL)
		(open_only ? task_open_key : task_owner_key)(&from, after);
	r = store_after(txn, index, store_key_slice(&prefix), store_key_slice(&from), &key, NULL);
	if (r != 0)
		return r == STORE_NOT_FOUND ? TASK_NONE : r;
	return task_read_row(txn, tables->rows, task_key_delivery(key), ret);
}

static int task_passes(struct store_txn *txn, const struct task_tables *tables, struct tc_slice key,
		       const struct task_gate *gate, bool *ret)
{
	struct task task;
	bool hidden;
	int r;

	*ret = true;
	if (gate == NULL)
		return 0;
	r = task_read_row(txn, tables->rows, task_key_delivery(key), &task);
	if (r == 0)
		r = gate->hides(gate->context, &task, &hidden);
	*ret = r == 0 && !hidden;
	return r;
}

static int task_count_index(struct store_txn *txn, const struct task_tables *tables,
			    struct store_table index, const struct store_key *prefix,
			    const struct task_gate *gate, uint32_t most, uint32_t *ret)
{
	struct store_cursor cursor;
	struct tc_slice key;
	bool passes;
	int r = store_cursor_init(&cursor, txn, index, store_key_slice(prefix), STORE_FORWARD);

	*ret = 0;
	while (r == 0 && *ret < most && (r = store_cursor_next(&cursor, &key, NULL)) == 0) {
		r = task_passes(txn, tables, key, gate, &passes);
		*ret += r == 0 && passes;
	}
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : r;
}

int task_alerted(struct store_txn *txn, const struct task_tables *tables, uint32_t owner,
		 struct tc_id subject, const struct task_gate *gate, bool *ret)
{
	struct store_key prefix;
	uint32_t count;
	int r;

	store_key_init(&prefix);
	store_key_u32(&prefix, owner);
	if (!tc_id_is_none(subject))
		store_key_id(&prefix, subject);
	r = task_count_index(txn, tables, tables->alert, &prefix, gate, 1, &count);
	*ret = count > 0;
	return r;
}

int task_count(struct store_txn *txn, const struct task_tables *tables, uint32_t owner,
	       struct tc_id referral, const struct task_gate *gate, uint32_t *ret)
{
	struct store_key prefix;

	store_key_init(&prefix);
	store_key_id(&prefix, referral);
	store_key_u32(&prefix, owner);
	return task_count_index(txn, tables, tables->referral, &prefix, gate, TASK_COUNTED_MAX,
				ret);
}

/* ---- names ---- */

const char *task_kind_name(enum task_kind kind)
{
	static const char *const names[] = {
		[TASK_ACKNOWLEDGE] = "acknowledge", [TASK_ATTEST] = "attest",
		[TASK_VERIFY] = "verify",           [TASK_DISCREPANCY] = "discrepancy",
		[TASK_REPORT] = "report",           [TASK_HANDOVER] = "handover",
		[TASK_NOTIFY] = "notify",
	};

	TC_CHECK(kind >= TASK_ACKNOWLEDGE && kind <= TASK_NOTIFY);
	return names[kind];
}

const char *task_status_name(enum task_status status)
{
	static const char *const names[] = {
		[TASK_OPEN] = "open",
		[TASK_OVERDUE] = "overdue",
		[TASK_DONE] = "done",
		[TASK_WITHDRAWN] = "withdrawn",
	};

	TC_CHECK(status >= TASK_OPEN && status <= TASK_WITHDRAWN);
	return names[status];
}
