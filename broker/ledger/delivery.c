#include "ledger/delivery.h"

#include <string.h>

#include "ledger/evidence_clock.h"
#include "ledger/row.h"
#include "ledger/state.h"
#include "ledger/supervision.h"

enum {
	FLAG_OWN = 1,
	FLAG_PARKED = 2,
	FLAG_READY = 4,
	FLAG_LANED = 8,
	FLAG_ASIDE = 16,
	FLAG_ACTED = 32,
	FLAG_TOLD_WAITING = 64,
	FLAG_TOLD_UNREAD = 128,
	/* of the second byte */
	FLAG_ATTACHED = 1,
	FLAG_NOTIFIES = 2,
};

void delivery_row_put(const struct delivery *d, struct row_writer *row)
{
	row_put_u64(row, d->sequence);
	row_put_u64(row, d->position);
	row_put_u64(row, (uint64_t)d->accepted_ms);
	row_put_u64(row, (uint64_t)d->expires_ms);
	row_put_u64(row, (uint64_t)d->due_ms);
	row_put_u64(row, (uint64_t)d->held_ms);
	row_put_u64(row, (uint64_t)d->watch_ms);
	row_put_u16(row, d->hold_days);
	row_put_u8(row, (uint8_t)d->state);
	row_put_u8(row, d->priority);
	row_put_u8(row, d->evidence);
	row_put_u8(row, (uint8_t)((d->own ? FLAG_OWN : 0) | (d->parked ? FLAG_PARKED : 0) |
				  (d->ready ? FLAG_READY : 0) | (d->laned ? FLAG_LANED : 0) |
				  (d->aside ? FLAG_ASIDE : 0) | (d->acted ? FLAG_ACTED : 0) |
				  (d->told_waiting ? FLAG_TOLD_WAITING : 0) |
				  (d->told_unread ? FLAG_TOLD_UNREAD : 0)));
	row_put_u8(row, (uint8_t)((d->attached ? FLAG_ATTACHED : 0) |
				  (d->notifies ? FLAG_NOTIFIES : 0)));
	row_put_u16(row, d->attempt);
	row_put_u16(row, d->failures);
	row_put_u32(row, d->sender);
	row_put_u32(row, d->recipient);
	row_put_u64(row, d->connection);
	row_put_u32(row, d->bytes);
	row_put_code(row, d->code);
	row_put_u64(row, d->parts_mask);
	row_put_u64(row, d->sealed);
	row_put_u32(row, d->seal);
	row_put_u64(row, d->forbidden);
	row_put_u32(row, d->sources);
	row_put_u32(row, d->obligations);
	row_put_u32(row, d->rule_version);
	row_put_id(row, d->message);
	row_put_id(row, d->subject);
	row_put_id(row, d->referral);
	row_put_id(row, d->grant);
	row_put_u16(row, d->purpose);
	row_put_u16(row, d->legal);
	row_put_u8(row, d->part_count);
	row_put(row, d->categories, d->part_count);
	row_put_text(row, d->basis);
	row_put_text(row, d->type);
	row_put_text(row, d->role);
	row_put_text(row, d->person);
	row_put_text(row, d->proceeding);
	row_put_text(row, d->reference);
}

bool delivery_read(struct tc_slice key, struct tc_slice value, struct delivery *d)
{
	struct row_reader row = row_read(value);
	uint8_t flags;

	if (key.len != 8)
		return false;
	d->id = tc_get_be64(key.data);
	d->sequence = row_take_u64(&row);
	d->position = row_take_u64(&row);
	d->accepted_ms = (int64_t)row_take_u64(&row);
	d->expires_ms = (int64_t)row_take_u64(&row);
	d->due_ms = (int64_t)row_take_u64(&row);
	d->held_ms = (int64_t)row_take_u64(&row);
	d->watch_ms = (int64_t)row_take_u64(&row);
	d->hold_days = row_take_u16(&row);
	d->state = (enum delivery_state)row_take_u8(&row);
	d->priority = row_take_u8(&row);
	d->evidence = row_take_u8(&row);
	flags = row_take_u8(&row);
	d->own = (flags & FLAG_OWN) != 0;
	d->parked = (flags & FLAG_PARKED) != 0;
	d->ready = (flags & FLAG_READY) != 0;
	d->laned = (flags & FLAG_LANED) != 0;
	d->aside = (flags & FLAG_ASIDE) != 0;
	d->acted = (flags & FLAG_ACTED) != 0;
	d->told_waiting = (flags & FLAG_TOLD_WAITING) != 0;
	d->told_unread = (flags & FLAG_TOLD_UNREAD) != 0;
	flags = row_take_u8(&row);
	d->attached = (flags & FLAG_ATTACHED) != 0;
	d->notifies = (flags & FLAG_NOTIFIES) != 0;
	d->attempt = row_take_u16(&row);
	d->failures = row_take_u16(&row);
	d->sender = row_take_u32(&row);
	d->recipient = row_take_u32(&row);
	d->connection = row_take_u64(&row);
	d->bytes = row_take_u32(&row);
	d->code = row_take_code(&row);
	d->parts_mask = row_take_u64(&row);
	d->sealed = row_take_u64(&row);
	d->seal = row_take_u32(&row);
	d->forbidden = row_take_u64(&row);
	d->sources = row_take_u32(&row);
	d->obligations = row_take_u32(&row);
	d->rule_version = row_take_u32(&row);
	d->message = row_take_id(&row);
	d->subject = row_take_id(&row);
	d->referral = row_take_id(&row);
	d->grant = row_take_id(&row);
	d->purpose = row_take_u16(&row);
	d->legal = row_take_u16(&row);
	d->part_count = row_take_u8(&row);
	if (d->part_count > TC_PARTS_MAX || d->priority >= MAILBOX_PRIORITIES)
		return false;
	row_take(&row, d->categories, d->part_count);
	row_take_text(&row, d->basis, sizeof(d->basis));
	row_take_text(&row, d->type, sizeof(d->type));
	row_take_text(&row, d->role, sizeof(d->role));
	row_take_text(&row, d->person, sizeof(d->person));
	row_take_text(&row, d->proceeding, sizeof(d->proceeding));
	row_take_text(&row, d->reference, sizeof(d->reference));
	return row_read_whole(&row);
}

int delivery_find(struct ledger *ledger, uint64_t id, struct delivery *ret)
{
	struct tc_slice value;
	uint8_t key[8];
	int r;

	tc_put_be64(key, id);
	r = ledger_get(ledger, LEDGER_TABLE_DELIVERY, tc_slice(key, sizeof(key)), &value);
	if (r == STORE_NOT_FOUND)
		return DELIVERY_UNKNOWN;
	if (r < 0)
		return r;
	return delivery_read(tc_slice(key, sizeof(key)), value, ret) ? 0 : TC_ECORRUPT;
}

int delivery_put(struct ledger *ledger, const struct delivery *delivery)
{
	struct row_writer row;
	uint8_t key[8];

	row.len = 0;
	tc_put_be64(key, delivery->id);
	delivery_row_put(delivery, &row);
	return ledger_put(ledger, LEDGER_TABLE_DELIVERY, tc_slice(key, sizeof(key)),
			  row_slice(&row));
}

int delivery_end(struct ledger *ledger, const struct delivery *delivery, enum delivery_state state)
{
	struct row_writer row;
	uint8_t key[8];
	int r;

	row.len = 0;
	tc_put_be64(key, delivery->id);
	r = ledger_del(ledger, LEDGER_TABLE_DELIVERY, tc_slice(key, sizeof(key)));
	if (r == 0 && delivery->own)
		r = ledger_del(ledger, LEDGER_TABLE_OWN, tc_slice(key, sizeof(key)));
	if (r == 0)
		r = evidence_unwatch(ledger, delivery);
	if (r == 0)
		r = supervision_forget(ledger, delivery);
	if (r < 0)
		return r;
	row_put_u8(&row, (uint8_t)state);
	/* What was never handed over ended without its recipient: to it there was nothing. */
	row_put_u32(&row, delivery->attempt > 0 ? delivery->recipient : 0);
	row_put_u64(&row, delivery->sequence);
	row_put_u64(&row, ledger->sequence);
	return ledger_put(ledger, LEDGER_TABLE_SETTLED, tc_slice(key, sizeof(key)),
			  row_slice(&row));
}

int delivery_end_find(struct ledger *ledger, uint64_t id, struct delivery_end *ret)
{
	struct row_reader row;
	struct tc_slice value;
	uint8_t key[8];
	int r;

	tc_put_be64(key, id);
	r = ledger_get(ledger, LEDGER_TABLE_SETTLED, tc_slice(key, sizeof(key)), &value);
	if (r == STORE_NOT_FOUND)
		return DELIVERY_UNKNOWN;
	if (r < 0)
		return r;
	row = row_read(value);
	ret->state = (enum delivery_state)row_take_u8(&row);
	ret->recipient = row_take_u32(&row);
	ret->sequence = row_take_u64(&row);
	ret->ended_at = row_take_u64(&row);
	return row_read_whole(&row) ? 0 : TC_ECORRUPT;
}

void delivery_renew(struct delivery *delivery)
{
	delivery->id = delivery->position = delivery->connection = 0;
	delivery->state = DELIVERY_NEW;
	delivery->held_ms = delivery->due_ms = delivery->watch_ms = 0;
	delivery->parked = delivery->ready = delivery->laned = delivery->aside = false;
	delivery->told_waiting = delivery->told_unread = false;
	delivery->attempt = delivery->failures = delivery->hold_days = 0;
	delivery->parts_mask = 0;
	delivery->code = TC_REFUSAL_NONE;
	memset(delivery->role, 0, sizeof(delivery->role));
	memset(delivery->person, 0, sizeof(delivery->person));
	memset(delivery->basis, 0, sizeof(delivery->basis));
}
