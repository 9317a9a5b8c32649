#include "referral/referral_row.h"

#include <string.h>

#include "store/store_key.h"
#include "store/store_row.h"

enum row_bit {
	BIT_OVERDUE = 1,
	BIT_EXTENDED = 2,
	BIT_SHOWN = 4,
	BIT_REMINDED = 8,
	BIT_NAMED = 16,
	BIT_CUSTODY = 32,
};

int referral_fault(int r)
{
	if (r == STORE_FULL)
		return TC_EFULL;
	return r > 0 ? TC_ECORRUPT : r;
}

int referral_tables_open(struct store *store, struct referral_tables *ret)
{
	const struct {
		const char *name;
		struct store_table *table;
	} tables[REFERRAL_TABLES_COUNT] = {
		{"referrals", &ret->referrals},
		{"referral_steps", &ret->steps},
		{"referral_agencies", &ret->agencies},
		{"referral_open", &ret->open},
		{"referral_subjects", &ret->subjects},
		{"referral_items", &ret->items},
		{"referral_outcomes", &ret->outcomes},
		{"appointments", &ret->appointments},
		{"referral_appointments", &ret->referral_appointments},
		{"appointment_messages", &ret->appointment_messages},
		{"plans", &ret->plans},
		{"referral_former", &ret->former},
		{"appointments_missed", &ret->appointments_missed},
	};

	for (unsigned i = 0; i < REFERRAL_TABLES_COUNT; i++) {
		int r = store_table_open(store, tables[i].name, tables[i].table);

		if (r != 0)
			return referral_fault(r);
	}
	return 0;
}

static void agency_key(struct store_key *key, const tc_agency *agency, struct tc_id id)
{
	store_key_init(key);
	store_key_agency(key, agency);
	store_key_id(key, id);
}

static int put_empty(struct store_txn *txn, struct store_table table, const struct store_key *key)
{
	return referral_fault(store_put(txn, table, store_key_slice(key), tc_slice(NULL, 0)));
}

static int list_made(struct store_txn *txn, const struct referral_tables *tables,
		     const struct referral *referral)
{
	struct store_key key;
	int r;

	agency_key(&key, &referral->source, referral->id);
	r = put_empty(txn, tables->agencies, &key);
	agency_key(&key, &referral->target, referral->id);
	if (r == 0)
		r = put_empty(txn, tables->agencies, &key);
	store_key_init(&key);
	store_key_id(&key, referral->subject);
	store_key_id(&key, referral->id);
	return r != 0 ? r : put_empty(txn, tables->subjects, &key);
}

static int list_open(struct store_txn *txn, const struct referral_tables *tables,
		     const struct referral *referral, const tc_agency *agency, bool made)
{
	struct store_key key;
	int r;

	agency_key(&key, agency, referral->id);
	if (!lifecycle_state(referral->state)->terminal)
		return made ? put_empty(txn, tables->open, &key) : 0;
	r = store_del(txn, tables->open, store_key_slice(&key));
	return r == STORE_NOT_FOUND ? 0 : referral_fault(r);
}

static void put_clock(struct store_row *row, const struct referral *referral)
{
	store_row_u8(row, referral->clock);
	store_row_i64(row, referral->clock_from_ms);
	store_row_i64(row, referral->due_ms);
	store_row_i64(row, referral->alarm_ms);
	store_row_u32(row, (uint32_t)referral->left_days << 16 | referral->times);
}

static void take_clock(struct store_row_reader *row, struct referral *ret)
{
	uint32_t counts;

	ret->clock = store_row_take_u8(row);
	ret->clock_from_ms = store_row_take_i64(row);
	ret->due_ms = store_row_take_i64(row);
	ret->alarm_ms = store_row_take_i64(row);
	counts = store_row_take_u32(row);
	ret->left_days = (uint16_t)(counts >> 16);
	ret->times = (uint16_t)counts;
}

static void put_risk(struct store_row *row, const struct referral_risk *risk)
{
	store_row_u8(row, risk->urgency);
	store_row_i64(row, risk->release_ms);
	store_row_i64(row, risk->supervision_end_ms);
}

static void take_risk(struct store_row_reader *row, struct referral_risk *ret)
{
	ret->urgency = store_row_take_u8(row);
	ret->release_ms = store_row_take_i64(row);
	ret->supervision_end_ms = store_row_take_i64(row);
}

/* Whose case it is, what it puts at risk, and the referrals and the place that it hangs together
 * with. */
static void put_care(struct store_row *row, const struct referral *referral)
{
	for (unsigned i = 0; i < REFERRAL_SIDES; i++) {
		store_row_text(row, tc_slice_text(referral->side[i].officer));
		store_row_text(row, tc_slice_text(referral->side[i].team));
		store_row_u64(row, referral->side[i].told);
	}
	put_risk(row, &referral->risk);
	put_risk(row, &referral->known);
	store_row_id(row, referral->risk_message);
	store_row_id(row, referral->predecessor);
	store_row_id(row, referral->successor);
	store_row_id(row, referral->group);
	store_row_id(row, referral->lease);
	store_row_u64(row, referral->lease_token);
}

static void take_care(struct store_row_reader *row, struct referral *ret)
{
	for (unsigned i = 0; i < REFERRAL_SIDES; i++) {
		struct referral_side *side = &ret->side[i];

		store_row_take_field(row, side->officer, sizeof(side->officer));
		store_row_take_field(row, side->team, sizeof(side->team));
		side->told = store_row_take_u64(row);
	}
	take_risk(row, &ret->risk);
	take_risk(row, &ret->known);
	ret->risk_message = store_row_take_id(row);
	ret->predecessor = store_row_take_id(row);
	ret->successor = store_row_take_id(row);
	ret->group = store_row_take_id(row);
	ret->lease = store_row_take_id(row);
	ret->lease_token = store_row_take_u64(row);
}

int referral_put(struct store_txn *txn, const struct referral_tables *tables,
		 const struct referral *referral, bool made)
{
	struct store_row row = {.len = 0};
	struct store_key key;
	int r;

	store_row_id(&row, referral->subject);
	store_row_text(&row, tc_slice_text(referral->source.name));
	store_row_text(&row, tc_slice_text(referral->target.name));
	store_row_text(&row, tc_slice_text(referral->service));
	store_row_u8(&row, (uint8_t)referral->state);
	store_row_u8(&row, (uint8_t)referral->state_before_cancel);
	store_row_u64(&row, referral->version);
	store_row_u8(&row, (uint8_t)referral->next_move);
	store_row_i64(&row, referral->offer_expires_ms);
	store_row_i64(&row, referral->respond_by_ms);
	store_row_u8(&row, (uint8_t)((referral->overdue ? BIT_OVERDUE : 0) |
				     (referral->extended ? BIT_EXTENDED : 0) |
				     (referral->custody ? BIT_CUSTODY : 0) |
				     (referral->shown ? BIT_SHOWN : 0) |
				     (referral->reminded ? BIT_REMINDED : 0) |
				     (referral->named ? BIT_NAMED : 0)));
	store_row_i64(&row, referral->created_ms);
	store_row_i64(&row, referral->changed_ms);
	store_row_i64(&row, referral->occurred_ms);
	store_row_i64(&row, referral->loop_closed_ms);
	store_row_id(&row, referral->message);
	for (unsigned i = 0; i < CLOCK_COUNT; i++)
		store_row_u8(&row, referral->days.days[i]);
	store_row_u8(&row, referral->days.missed_limit);
	put_clock(&row, referral);
	put_care(&row, referral);

	store_key_init(&key);
	store_key_id(&key, referral->id);
	r = referral_fault(
		store_put(txn, tables->referrals, store_key_slice(&key), store_row_slice(&row)));
	if (r == 0 && made)
		r = list_made(txn, tables, referral);
	if (r == 0)
		r = list_open(txn, tables, referral, &referral->source, made);
	return r != 0 ? r : list_open(txn, tables, referral, &referral->target, made);
}

int referral_find(struct store_txn *txn, const struct referral_tables *tables, struct tc_id id,
		  struct referral *ret)
{
	struct store_row_reader row;
	struct tc_slice bytes;
	struct store_key key;
	unsigned bits;
	int r;

	store_key_init(&key);
	store_key_id(&key, id);
	r = store_get(txn, tables->referrals, store_key_slice(&key), &bytes);
	if (r == STORE_NOT_FOUND)
		return REFERRAL_UNKNOWN;
	if (r != 0)
		return referral_fault(r);
	row = store_row_read(bytes);
	ret->id = id;
	ret->subject = store_row_take_id(&row);
	store_row_take_field(&row, ret->source.name, sizeof(ret->source.name));
	store_row_take_field(&row, ret->target.name, sizeof(ret->target.name));
	store_row_take_field(&row, ret->service, sizeof(ret->service));
	ret->state = (enum referral_state)store_row_take_u8(&row);
	ret->state_before_cancel = (enum referral_state)store_row_take_u8(&row);
	ret->version = store_row_take_u64(&row);
	ret->next_move = store_row_take_u8(&row);
	ret->offer_expires_ms = store_row_take_i64(&row);
	ret->respond_by_ms = store_row_take_i64(&row);
	bits = store_row_take_u8(&row);
	ret->overdue = bits & BIT_OVERDUE;
	ret->extended = bits & BIT_EXTENDED;
	ret->custody = bits & BIT_CUSTODY;
	ret->shown = bits & BIT_SHOWN;
	ret->reminded = bits & BIT_REMINDED;
	ret->named = bits & BIT_NAMED;
	ret->created_ms = store_row_take_i64(&row);
	ret->changed_ms = store_row_take_i64(&row);
	ret->occurred_ms = store_row_take_i64(&row);
	ret->loop_closed_ms = store_row_take_i64(&row);
	ret->message = store_row_take_id(&row);
	for (unsigned i = 0; i < CLOCK_COUNT; i++)
		ret->days.days[i] = store_row_take_u8(&row);
	ret->days.missed_limit = store_row_take_u8(&row);
	take_clock(&row, ret);
	take_care(&row, ret);
	return row.failed ? TC_ECORRUPT : 0;
}

static void step_key(struct store_key *key, struct tc_id id, uint64_t version)
{
	store_key_init(key);
	store_key_id(key, id);
	store_key_u64(key, version);
}

static void step_encode(const struct referral_step *step, struct store_row *ret)
{
	ret->len = 0;
	store_row_u64(ret, step->sequence);
	store_row_i64(ret, step->at_ms);
	store_row_i64(ret, step->occurred_ms);
	store_row_text(ret, tc_slice_text(step->by));
	store_row_u8(ret, (uint8_t)step->from);
	store_row_u8(ret, (uint8_t)step->to);
	store_row_text(ret, tc_slice_text(step->type));
	store_row_id(ret, step->message);
	store_row_text(ret, tc_slice_text(step->reason_code));
	store_row_i64(ret, step->due_ms);
}

static int step_decode(struct tc_slice bytes, struct referral_step *ret)
{
	struct store_row_reader row = store_row_read(bytes);

	ret->sequence = store_row_take_u64(&row);
	ret->at_ms = store_row_take_i64(&row);
	ret->occurred_ms = store_row_take_i64(&row);
	store_row_take_field(&row, ret->by, sizeof(ret->by));
	ret->from = (enum referral_state)store_row_take_u8(&row);
	ret->to = (enum referral_state)store_row_take_u8(&row);
	store_row_take_field(&row, ret->type, sizeof(ret->type));
	ret->message = store_row_take_id(&row);
	store_row_take_field(&row, ret->reason_code, sizeof(ret->reason_code));
	ret->due_ms = store_row_take_i64(&row);
	return row.failed ? TC_ECORRUPT : 0;
}

int referral_step_put(struct store_txn *txn, const struct referral_tables *tables, struct tc_id id,
		      const struct referral_step *step)
{
	struct store_row row;
	struct store_key key;

	step_encode(step, &row);
	step_key(&key, id, step->version);
	return referral_fault(
		store_put(txn, tables->steps, store_key_slice(&key), store_row_slice(&row)));
}

int referral_step_find(struct store_txn *txn, const struct referral_tables *tables, struct tc_id id,
		       uint64_t version, struct referral_step *ret)
{
	struct tc_slice bytes;
	struct store_key key;
	int r;

	step_key(&key, id, version);
	r = store_get(txn, tables->steps, store_key_slice(&key), &bytes);
	if (r == STORE_NOT_FOUND)
		return REFERRAL_UNKNOWN;
	if (r != 0)
		return referral_fault(r);
	ret->version = version;
	return step_decode(bytes, ret);
}

int referral_step_forget(struct tc_slice value, struct store_row *ret)
{
	struct referral_step step;
	int r = step_decode(value, &step);

	step.message = (struct tc_id){{0}};
	step.reason_code[0] = '\0';
	if (r == 0)
		step_encode(&step, ret);
	return r;
}
