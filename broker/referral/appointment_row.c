#include "referral/appointment_row.h"

#include <string.h>

#include "referral/referral_row.h"
#include "store/store_cursor.h"
#include "store/store_key.h"
#include "store/store_row.h"
#include "wire/digest.h"

int appointment_key(const tc_agency *owner, struct tc_id subject, struct tc_id id,
		    struct tc_id *ret)
{
	uint8_t digest[32];
	struct store_key key;
	int r;

	store_key_init(&key);
	store_key_agency(&key, owner);
	store_key_id(&key, subject);
	store_key_id(&key, id);
	r = tc_sha256(store_key_slice(&key), digest);
	if (r == 0)
		memcpy(ret->bytes, digest, sizeof(ret->bytes));
	return r;
}

static void list_key(struct store_key *key, struct tc_id of, int64_t start_ms, struct tc_id id)
{
	store_key_init(key);
	store_key_id(key, of);
	store_key_i64(key, start_ms);
	store_key_id(key, id);
}

static int put_empty(struct store_txn *txn, struct store_table table, const struct store_key *key)
{
	return referral_fault(store_put(txn, table, store_key_slice(key), tc_slice(NULL, 0)));
}

static int put_lists(struct store_txn *txn, const struct referral_tables *tables,
		     const struct appointment *appointment)
{
	struct store_key key;
	int r = 0;

	if (!tc_id_is_none(appointment->referral)) {
		list_key(&key, appointment->referral, appointment->start_ms, appointment->key);
		r = put_empty(txn, tables->referral_appointments, &key);
	}
	if (r != 0 || tc_id_is_none(appointment->booked))
		return r;
	store_key_init(&key);
	store_key_id(&key, appointment->booked);
	return referral_fault(
		store_put(txn, tables->appointment_messages, store_key_slice(&key),
			  tc_slice(appointment->key.bytes, sizeof(appointment->key.bytes))));
}

static void missed_key(struct store_key *key, struct tc_id referral)
{
	store_key_init(key);
	store_key_id(key, referral);
}

int appointment_missed(struct store_txn *txn, const struct referral_tables *tables,
		       struct tc_id referral, uint32_t *ret)
{
	struct tc_slice value;
	struct store_key key;
	int r;

	*ret = 0;
	missed_key(&key, referral);
	r = store_get(txn, tables->appointments_missed, store_key_slice(&key), &value);
	if (r != 0)
		return r == STORE_NOT_FOUND ? 0 : referral_fault(r);
	if (value.len != sizeof(*ret))
		return TC_ECORRUPT;
	*ret = tc_get_be32(value.data);
	return 0;
}

/* Before its row is written: a correction may say that the person came after all. */
static int count_missed(struct store_txn *txn, const struct referral_tables *tables,
			const struct appointment *appointment)
{
	bool missed = appointment->state == APPOINTMENT_DID_NOT_ATTEND, was = false;
	struct appointment before;
	struct store_key key;
	uint8_t value[4];
	uint32_t count;
	int r = appointment_find(txn, tables, appointment->key, &before);

	if (r == 0)
		was = before.state == APPOINTMENT_DID_NOT_ATTEND;
	if (r < 0 || was == missed || tc_id_is_none(appointment->referral))
		return r < 0 ? r : 0;
	r = appointment_missed(txn, tables, appointment->referral, &count);
	if (r != 0)
		return r;
	tc_put_be32(value, missed ? count + 1 : count - 1);
	missed_key(&key, appointment->referral);
	return referral_fault(store_put(txn, tables->appointments_missed, store_key_slice(&key),
					tc_slice(value, sizeof(value))));
}

int appointment_put(struct store_txn *txn, const struct referral_tables *tables,
		    const struct appointment *appointment, bool made)
{
	struct store_row row = {.len = 0};
	struct store_key key;
	int r = count_missed(txn, tables, appointment);

	if (r != 0)
		return r;
	store_row_id(&row, appointment->id);
	store_row_id(&row, appointment->referral);
	store_row_id(&row, appointment->subject);
	store_row_id(&row, appointment->supersedes);
	store_row_id(&row, appointment->successor);
	store_row_id(&row, appointment->booked);
	store_row_id(&row, appointment->record);
	store_row_text(&row, tc_slice_text(appointment->owner.name));
	store_row_text(&row, tc_slice_text(appointment->other.name));
	store_row_u8(&row, (uint8_t)appointment->state);
	store_row_i64(&row, appointment->start_ms);
	store_row_i64(&row, appointment->alarm_ms);
	store_row_u32(&row, appointment->duration_minutes);
	store_row_u8(&row, appointment->reason);
	store_row_u8(&row, appointment->by);
	store_row_u32(&row, (uint32_t)appointment->corrections << 16 | appointment->times);
	store_row_u8(&row, appointment->told);
	store_key_init(&key);
	store_key_id(&key, appointment->key);
	r = referral_fault(
		store_put(txn, tables->appointments, store_key_slice(&key), store_row_slice(&row)));
	return r == 0 && made ? put_lists(txn, tables, appointment) : r;
}

int appointment_find(struct store_txn *txn, const struct referral_tables *tables, struct tc_id key,
		     struct appointment *ret)
{
	struct store_row_reader row;
	struct store_key bytes;
	struct tc_slice value;
	uint32_t counts;
	int r;

	store_key_init(&bytes);
	store_key_id(&bytes, key);
	r = store_get(txn, tables->appointments, store_key_slice(&bytes), &value);
	if (r == STORE_NOT_FOUND)
		return APPOINTMENT_UNKNOWN;
	if (r != 0)
		return referral_fault(r);
	row = store_row_read(value);
	ret->key = key;
	ret->id = store_row_take_id(&row);
	ret->referral = store_row_take_id(&row);
	ret->subject = store_row_take_id(&row);
	ret->supersedes = store_row_take_id(&row);
	ret->successor = store_row_take_id(&row);
	ret->booked = store_row_take_id(&row);
	ret->record = store_row_take_id(&row);
	store_row_take_field(&row, ret->owner.name, sizeof(ret->owner.name));
	store_row_take_field(&row, ret->other.name, sizeof(ret->other.name));
	ret->state = (enum appointment_state)store_row_take_u8(&row);
	ret->start_ms = store_row_take_i64(&row);
	ret->alarm_ms = store_row_take_i64(&row);
	ret->duration_minutes = store_row_take_u32(&row);
	ret->reason = store_row_take_u8(&row);
	ret->by = store_row_take_u8(&row);
	counts = store_row_take_u32(&row);
	ret->corrections = (uint16_t)(counts >> 16);
	ret->times = (uint16_t)counts;
	ret->told = store_row_take_u8(&row) != 0;
	return row.failed ? TC_ECORRUPT : 0;
}

int appointment_next(struct store_txn *txn, const struct referral_tables *tables,
		     struct tc_id referral, const struct appointment *after,
		     struct appointment *ret)
{
	struct tc_slice prefix = tc_slice(referral.bytes, sizeof(referral.bytes)), row;
	struct store_key key;
	struct tc_id id;
	int r;

	store_key_init(&key);
	if (after)
		list_key(&key, referral, after->start_ms, after->key);
	r = store_after(txn, tables->referral_appointments, prefix, store_key_slice(&key), &row,
			NULL);
	if (r != 0)
		return r == STORE_NOT_FOUND ? APPOINTMENT_UNKNOWN : referral_fault(r);
	memcpy(id.bytes, row.data + row.len - sizeof(id.bytes), sizeof(id.bytes));
	r = appointment_find(txn, tables, id, ret);
	return r == APPOINTMENT_UNKNOWN ? TC_ECORRUPT : r;
}

int appointment_told(struct store_txn *txn, const struct referral_tables *tables,
		     struct tc_id message, const tc_agency *to)
{
	struct appointment appointment;
	struct store_key key;
	struct tc_slice value;
	struct tc_id id;
	int r;

	store_key_init(&key);
	store_key_id(&key, message);
	r = store_get(txn, tables->appointment_messages, store_key_slice(&key), &value);
	if (r != 0)
		return r == STORE_NOT_FOUND ? 0 : referral_fault(r);
	if (value.len != sizeof(id.bytes))
		return TC_ECORRUPT;
	memcpy(id.bytes, value.data, sizeof(id.bytes));
	r = appointment_find(txn, tables, id, &appointment);
	if (r != 0)
		return r == APPOINTMENT_UNKNOWN ? TC_ECORRUPT : r;
	if (appointment.told || !tc_agency_equal(&appointment.other, to))
		return 0;
	appointment.told = true;
	return appointment_put(txn, tables, &appointment, false);
}
