#include "consent/consent_happened.h"

#include <string.h>

#include "consent/consent_row.h"
#include "store/store_cursor.h"

/* When; whether whoever says so treats, and it is the final disposition; and by which record. */
#define EVENT_BYTES 17

enum { FLAG_TREATS = 1, FLAG_FINAL = 2 };

/* Without who says so. */
static void event_key(struct store_key *key, struct tc_slice proceeding, const char *code,
		      struct tc_id subject)
{
	store_key_init(key);
	store_key_text(key, proceeding);
	store_key_text(key, tc_slice_text(code));
	store_key_id(key, subject);
}

static void whole_key(struct store_key *key, const struct consent_event *event)
{
	event_key(key, tc_slice_text(event->proceeding), event->code, event->subject);
	store_key_text(key, tc_slice_text(event->says.agency.name));
}

static void happened_key(struct store_key *key, const struct consent_event *event)
{
	store_key_init(key);
	store_key_id(key, event->subject);
	store_key_text(key, tc_slice_text(event->proceeding));
	store_key_text(key, tc_slice_text(event->code));
	store_key_text(key, tc_slice_text(event->says.agency.name));
}

int consent_happened_keep(struct store_txn *txn, const struct consent_tables *tables,
			  const struct consent_event *event)
{
	int64_t at_ms = event->happened_ms != 0 ? event->happened_ms : event->at_ms;
	uint64_t said = event->said != 0 ? event->said : event->sequence;
	struct store_key key;
	uint8_t at[EVENT_BYTES];
	int r;

	whole_key(&key, event);
	tc_put_be64(at, (uint64_t)at_ms);
	tc_put_be64(at + 9, said);
	at[8] = (uint8_t)((event->says.treats ? FLAG_TREATS : 0) | (event->final ? FLAG_FINAL : 0));
	r = store_put(txn, tables->events, store_key_slice(&key), tc_slice(at, sizeof(at)));
	if (r != 0 || tc_id_is_none(event->subject))
		return consent_fault(r);
	happened_key(&key, event);
	return consent_fault(
		store_put(txn, tables->happened, store_key_slice(&key), tc_slice(at + 9, 8)));
}

/* ---- for a grant ---- */

/* The latest of those who are believed; of one subject, or of everybody. */
static int last_of(struct store_txn *txn, const struct consent_tables *tables,
		   const struct store_key *prefix, const struct authority_grant *grant,
		   int64_t *last_ms)
{
	struct store_cursor cursor;
	int r = store_cursor_init(&cursor, txn, tables->events, store_key_slice(prefix),
				  STORE_FORWARD);

	while (r == 0) {
		struct tc_slice key, value, agency;
		struct authority says;
		bool believed;

		r = store_cursor_next(&cursor, &key, &value);
		if (r != 0)
			break;
		key = tc_slice(key.data + prefix->len, key.len - prefix->len);
		if (value.len != EVENT_BYTES || !store_key_take_text(&key, &agency) ||
		    !tc_agency_parse(agency, &says.agency)) {
			r = TC_ECORRUPT;
			break;
		}
		says.treats = (value.data[8] & FLAG_TREATS) != 0;
		r = authority_believed(txn, tables, &says, grant, &believed);
		if (r == 0 && believed && (int64_t)tc_get_be64(value.data) > *last_ms)
			*last_ms = (int64_t)tc_get_be64(value.data);
	}
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : consent_fault(r);
}

int consent_happened_last_ms(struct store_txn *txn, const struct consent_tables *tables,
			     const struct authority_grant *grant, const char *code, int64_t *ret)
{
	const struct tc_id everybody = {{0}};
	struct tc_slice proceeding = tc_slice_text(grant->grant->proceeding_id);
	int64_t last_ms = INT64_MIN;
	struct store_key key;
	int r;

	event_key(&key, proceeding, code, everybody);
	r = last_of(txn, tables, &key, grant, &last_ms);
	event_key(&key, proceeding, code, grant->subject);
	if (r == 0)
		r = last_of(txn, tables, &key, grant, &last_ms);
	if (r == 0)
		*ret = last_ms;
	return r;
}

/* ---- of a person ---- */

int consent_happened_known(struct store_txn *txn, const struct consent_tables *tables,
			   const struct consent_event *event, bool *ret)
{
	struct tc_slice value;
	struct store_key key;
	int r;

	*ret = false;
	whole_key(&key, event);
	r = store_get(txn, tables->events, store_key_slice(&key), &value);
	if (r != 0)
		return r == STORE_NOT_FOUND ? 0 : consent_fault(r);
	if (value.len != EVENT_BYTES)
		return TC_ECORRUPT;
	*ret = (int64_t)tc_get_be64(value.data) >= event->at_ms;
	return 0;
}

static bool take_field(struct tc_slice *key, char *ret, size_t size)
{
	struct tc_slice text;

	if (!store_key_take_text(key, &text) || text.len >= size)
		return false;
	tc_slice_copy(text, ret, size);
	return true;
}

/* What is said of it besides. */
static int read_event(struct store_txn *txn, const struct consent_tables *tables,
		      struct consent_event *event)
{
	struct tc_slice value;
	struct store_key key;
	int r;

	whole_key(&key, event);
	r = store_get(txn, tables->events, store_key_slice(&key), &value);
	if (r != 0)
		return r == STORE_NOT_FOUND ? TC_ECORRUPT : consent_fault(r);
	if (value.len != EVENT_BYTES)
		return TC_ECORRUPT;
	event->at_ms = (int64_t)tc_get_be64(value.data);
	event->says.treats = (value.data[8] & FLAG_TREATS) != 0;
	event->final = (value.data[8] & FLAG_FINAL) != 0;
	event->said = tc_get_be64(value.data + 9);
	return 0;
}

int consent_happened_next(struct store_txn *txn, const struct consent_tables *tables,
			  struct consent_event *event)
{
	struct tc_id subject = event->subject;
	struct store_key from;
	struct tc_slice key;
	int r;

	happened_key(&from, event);
	r = store_after(txn, tables->happened, tc_slice(subject.bytes, sizeof(subject.bytes)),
			store_key_slice(&from), &key, NULL);
	if (r != 0)
		return r == STORE_NOT_FOUND ? CONSENT_HAPPENED_END : consent_fault(r);
	*event = (struct consent_event){.sequence = 0};
	if (!store_key_take_id(&key, &event->subject) ||
	    !take_field(&key, event->proceeding, sizeof(event->proceeding)) ||
	    !take_field(&key, event->code, sizeof(event->code)) ||
	    !take_field(&key, event->says.agency.name, sizeof(event->says.agency.name)))
		return TC_ECORRUPT;
	return read_event(txn, tables, event);
}
