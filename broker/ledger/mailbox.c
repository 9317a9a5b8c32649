#include "ledger/mailbox.h"

#include "ledger/evidence_clock.h"
#include "ledger/state.h"
#include "ledger/timer.h"

/* Of 12 turns: 8 urgent, 3 normal, 1 low, spread out. */
static const uint8_t mailbox_turns[] = {0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 2};

bool mailbox_full(const struct ledger *ledger, const struct principal *principal, uint64_t bytes,
		  unsigned factor)
{
	const struct mailbox_counts *box = &principal->box;
	uint64_t messages = box->queued + box->in_flight + box->retry_wait;

	return messages >= (uint64_t)ledger->settings.mailbox_messages_max * factor ||
	       box->bytes - box->held_for_bytes + bytes >
		       ledger->settings.mailbox_bytes_max * factor;
}

bool mailbox_holds_full(const struct ledger *ledger, const struct principal *sender,
			uint64_t messages, uint64_t bytes)
{
	const struct mailbox_counts *box = &sender->box;

	return box->held + messages > ledger->settings.mailbox_messages_max ||
	       box->held_bytes + bytes > ledger->settings.mailbox_bytes_max;
}

static void mailbox_count(struct principal *recipient, struct principal *sender,
			  enum delivery_state state, uint64_t change, uint64_t bytes)
{
	recipient->dirty = true;
	switch (state) {
	case DELIVERY_QUEUED:
		recipient->box.queued += change;
		break;
	case DELIVERY_IN_FLIGHT:
		recipient->box.in_flight += change;
		break;
	case DELIVERY_RETRY_WAIT:
		recipient->box.retry_wait += change;
		break;
	case DELIVERY_HELD:
		recipient->box.held_for_bytes += change * bytes;
		if (sender != NULL) {
			sender->box.held += change;
			sender->box.held_bytes += change * bytes;
			sender->dirty = true;
		}
		break;
	case DELIVERY_DEAD:
		recipient->box.dead += change;
		break;
	case DELIVERY_NEW:
	case DELIVERY_DELIVERED:
	case DELIVERY_RECALLED:
	case DELIVERY_EXPIRED:
		break;
	}
}

static int mailbox_move(struct ledger *ledger, const struct delivery *delivery,
			enum delivery_state state, uint64_t change)
{
	struct principal *recipient, *sender = NULL;
	int r = principal_get(ledger, delivery->recipient, &recipient);

	/* Of what goes along with another message its sender is not to know. */
	if (r == 0 && delivery->sender != 0 && !delivery->attached)
		r = principal_get(ledger, delivery->sender, &sender);
	if (r < 0)
		return r;
	mailbox_count(recipient, sender, state, change, delivery->bytes);
	return 0;
}

int mailbox_enter(struct ledger *ledger, struct delivery *delivery, enum delivery_state state)
{
	int r = mailbox_move(ledger, delivery, delivery->state, UINT64_MAX); /* one less */

	delivery->state = state;
	return r < 0 ? r : mailbox_move(ledger, delivery, state, 1);
}

int mailbox_attach(struct ledger *ledger, struct delivery *delivery)
{
	int r = mailbox_move(ledger, delivery, delivery->state, UINT64_MAX);

	delivery->attached = true;
	return r < 0 ? r : mailbox_move(ledger, delivery, delivery->state, 1);
}

/* ---- waiting ---- */

static void waiting_key(struct store_key *key, const struct delivery *delivery)
{
	store_key_init(key);
	store_key_id(key, delivery->subject);
	store_key_u64(key, delivery->id);
}

int mailbox_park(struct ledger *ledger, struct delivery *delivery)
{
	struct store_key key;
	int r = evidence_watch(ledger, delivery);

	if (r < 0 || delivery->parked)
		return r;
	delivery->parked = true;
	if (!delivery->own && !tc_id_is_none(delivery->subject)) {
		waiting_key(&key, delivery);
		r = ledger_put(ledger, LEDGER_TABLE_WAITING, store_key_slice(&key),
			       tc_slice(NULL, 0));
	}
	if (r == 0)
		r = timer_set(ledger, delivery->expires_ms, TIMER_EXPIRY,
			      timer_delivery(delivery->id));
	return r;
}

int mailbox_unpark(struct ledger *ledger, struct delivery *delivery)
{
	struct store_key key;
	int r = 0;

	if (!delivery->parked)
		return 0;
	delivery->parked = false;
	if (!delivery->own && !tc_id_is_none(delivery->subject)) {
		waiting_key(&key, delivery);
		r = ledger_del(ledger, LEDGER_TABLE_WAITING, store_key_slice(&key));
	}
	if (r == 0)
		r = timer_drop(ledger, delivery->expires_ms, TIMER_EXPIRY,
			       timer_delivery(delivery->id));
	return r;
}

/* ---- ready ---- */

static void ready_key(struct store_key *key, uint32_t recipient, uint8_t priority)
{
	store_key_init(key);
	store_key_u32(key, recipient);
	store_key_u8(key, priority);
}

int mailbox_ready_add(struct ledger *ledger, struct delivery *delivery)
{
	struct principal *recipient;
	struct store_key key;
	uint8_t value[8];
	int r = principal_get(ledger, delivery->recipient, &recipient);

	if (r < 0)
		return r;
	ready_key(&key, delivery->recipient, delivery->priority);
	store_key_u64(&key, delivery->position);
	tc_put_be64(value, delivery->id);
	r = ledger_put(ledger, LEDGER_TABLE_READY, store_key_slice(&key),
		       tc_slice(value, sizeof(value)));
	if (r < 0)
		return r;
	delivery->ready = true;
	recipient->box.ready[delivery->priority]++;
	recipient->dirty = true;
	return 0;
}

int mailbox_ready_drop(struct ledger *ledger, struct delivery *delivery)
{
	struct principal *recipient;
	struct store_key key;
	int r;

	if (!delivery->ready)
		return 0;
	r = principal_get(ledger, delivery->recipient, &recipient);
	if (r < 0)
		return r;
	ready_key(&key, delivery->recipient, delivery->priority);
	store_key_u64(&key, delivery->position);
	r = ledger_del(ledger, LEDGER_TABLE_READY, store_key_slice(&key));
	if (r < 0)
		return r;
	delivery->ready = false;
	recipient->box.ready[delivery->priority]--;
	recipient->dirty = true;
	return 0;
}

/* The priority whose turn it is, or the most urgent that has somebody. False: nobody. */
static bool mailbox_turn(struct mailbox_counts *box, uint8_t *ret)
{
	uint8_t turn = mailbox_turns[box->turn % sizeof(mailbox_turns)];

	for (uint8_t i = 0; box->ready[turn] == 0; i++) {
		if (i == MAILBOX_PRIORITIES)
			return false;
		turn = i;
	}
	box->turn = (uint8_t)((box->turn + 1) % sizeof(mailbox_turns));
	*ret = turn;
	return true;
}

int mailbox_pop(struct ledger *ledger, struct principal *principal, struct delivery *ret)
{
	struct store_key key;
	struct tc_slice value;
	uint8_t priority;
	int r;

	if (!mailbox_turn(&principal->box, &priority))
		return MAILBOX_EMPTY;
	ready_key(&key, principal->number, priority);
	r = store_first(ledger->txn, ledger->table[LEDGER_TABLE_READY], store_key_slice(&key), NULL,
			&value);
	if (r != 0)
		return r == STORE_NOT_FOUND ? TC_ECORRUPT : r;
	if (value.len != 8)
		return TC_ECORRUPT;
	r = delivery_find(ledger, tc_get_be64(value.data), ret);
	if (r != 0)
		return r == DELIVERY_UNKNOWN ? TC_ECORRUPT : r;
	return mailbox_ready_drop(ledger, ret);
}

/* ---- lanes ---- */

static void lane_key(struct store_key *key, const struct delivery *delivery)
{
	store_key_init(key);
	store_key_u32(key, delivery->recipient);
	store_key_id(key, delivery->referral);
}

/* The first of the lane; 0: nobody. */
static int lane_first(struct ledger *ledger, const struct store_key *lane, uint64_t *ret)
{
	struct tc_slice value;
	int r = store_first(ledger->txn, ledger->table[LEDGER_TABLE_LANE], store_key_slice(lane),
			    NULL, &value);

	*ret = 0;
	if (r != 0)
		return r == STORE_NOT_FOUND ? 0 : r;
	if (value.len != 8)
		return TC_ECORRUPT;
	*ret = tc_get_be64(value.data);
	return 0;
}

int mailbox_lane_join(struct ledger *ledger, struct delivery *delivery, bool *ret_first)
{
	struct store_key key;
	uint8_t value[8];
	uint64_t first;
	int r;

	delivery->position = ledger->next_position++;
	*ret_first = true;
	if (tc_id_is_none(delivery->referral) || delivery->own)
		return 0;
	lane_key(&key, delivery);
	r = lane_first(ledger, &key, &first);
	if (r < 0)
		return r;
	*ret_first = first == 0;
	store_key_u64(&key, delivery->position);
	tc_put_be64(value, delivery->id);
	delivery->laned = true;
	return ledger_put(ledger, LEDGER_TABLE_LANE, store_key_slice(&key),
			  tc_slice(value, sizeof(value)));
}

int mailbox_lane_leave(struct ledger *ledger, struct delivery *delivery, uint64_t *ret_next)
{
	struct store_key key, lane;
	uint64_t first;
	int r;

	*ret_next = 0;
	if (!delivery->laned)
		return 0;
	lane_key(&lane, delivery);
	r = lane_first(ledger, &lane, &first);
	if (r < 0)
		return r;
	key = lane;
	store_key_u64(&key, delivery->position);
	r = ledger_del(ledger, LEDGER_TABLE_LANE, store_key_slice(&key));
	delivery->laned = false;
	if (r < 0 || first != delivery->id)
		return r;
	return lane_first(ledger, &lane, ret_next);
}

/* ---- beside the lanes ---- */

static void aside_key(struct store_key *key, const struct delivery *delivery, uint64_t id)
{
	lane_key(key, delivery);
	store_key_u64(key, id);
}

int mailbox_aside_add(struct ledger *ledger, struct delivery *delivery)
{
	struct store_key key;

	if (delivery->aside || delivery->own || tc_id_is_none(delivery->referral))
		return 0;
	delivery->aside = true;
	aside_key(&key, delivery, delivery->id);
	return ledger_put(ledger, LEDGER_TABLE_ASIDE, store_key_slice(&key), tc_slice(NULL, 0));
}

int mailbox_aside_drop(struct ledger *ledger, struct delivery *delivery)
{
	struct store_key key;

	if (!delivery->aside)
		return 0;
	delivery->aside = false;
	aside_key(&key, delivery, delivery->id);
	return ledger_del(ledger, LEDGER_TABLE_ASIDE, store_key_slice(&key));
}

int mailbox_aside_first(struct ledger *ledger, const struct delivery *delivery, uint64_t from,
			uint64_t *ret)
{
	struct store_key lane, at;
	struct tc_slice key;
	int r;

	*ret = 0;
	lane_key(&lane, delivery);
	aside_key(&at, delivery, from);
	r = store_from(ledger->txn, ledger->table[LEDGER_TABLE_ASIDE], store_key_slice(&lane),
		       store_key_slice(&at), &key, NULL);
	if (r != 0)
		return r == STORE_NOT_FOUND ? 0 : r;
	if (key.len != lane.len + 8)
		return TC_ECORRUPT;
	*ret = tc_get_be64(key.data + lane.len);
	return 0;
}
