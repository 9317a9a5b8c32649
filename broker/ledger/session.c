#include "ledger/session.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/delivery.h"
#include "ledger/row.h"
#include "ledger/state.h"
#include "ledger/waiter.h"
#include "wire/limits.h"

/* The place of a connection in a list of sessions: of it, or where it would go. */
static size_t session_place(struct session *const *rows, size_t count, uint64_t connection)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (rows[middle]->connection < connection)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int session_insert(struct session ***rows, size_t *count, size_t *capacity,
			  struct session *session)
{
	size_t at;

	if (*count == *capacity) {
		size_t more = *capacity == 0 ? 4 : *capacity * 2;
		struct session **grown = realloc(*rows, more * sizeof(**rows));

		if (grown == NULL)
			return TC_ENOMEM;
		*rows = grown;
		*capacity = more;
	}
	at = session_place(*rows, *count, session->connection);
	memmove(*rows + at + 1, *rows + at, (*count - at) * sizeof(**rows));
	(*rows)[at] = session;
	(*count)++;
	return 0;
}

static void session_remove(struct session **rows, size_t *count, uint64_t connection)
{
	size_t at = session_place(rows, *count, connection);

	TC_CHECK(at < *count && rows[at]->connection == connection);
	(*count)--;
	memmove(rows + at, rows + at + 1, (*count - at) * sizeof(*rows));
}

struct session *session_find(struct ledger *ledger, uint64_t connection)
{
	const struct sessions *all = &ledger->sessions;
	size_t at = session_place(all->rows, all->count, connection);

	if (at == all->count || all->rows[at]->connection != connection)
		return NULL;
	return all->rows[at];
}

static void session_free(struct session *session)
{
	if (session == NULL)
		return;
	free(session->flights);
	free(session);
}

int session_open(struct ledger *ledger, uint64_t connection, struct principal *principal,
		 const uint8_t certificate[32], struct session **ret)
{
	struct sessions *all = &ledger->sessions;
	struct session *session = calloc(1, sizeof(*session));
	int r;

	if (session == NULL)
		return TC_ENOMEM;
	session->connection = connection;
	session->principal = principal;
	session->lease_ms = TC_LEASE_MS_DEFAULT;
	session->lease_due_ms = INT64_MAX;
	session->dirty = true;
	memcpy(session->certificate, certificate, sizeof(session->certificate));
	r = session_insert(&all->rows, &all->count, &all->capacity, session);
	if (r < 0) {
		session_free(session);
		return r;
	}
	r = session_insert(&principal->sessions, &principal->session_count,
			   &principal->session_capacity, session);
	if (r < 0) {
		session_remove(all->rows, &all->count, connection);
		session_free(session);
		return r;
	}
	*ret = session;
	return 0;
}

int session_close(struct ledger *ledger, struct session **session)
{
	struct principal *principal = (*session)->principal;
	uint64_t connection = (*session)->connection;
	uint8_t key[8];
	int r;

	TC_CHECK((*session)->flight_count == 0);
	tc_put_be64(key, connection);
	r = store_del(ledger->txn, ledger->table[LEDGER_TABLE_SESSION], tc_slice(key, sizeof(key)));
	if (r != STORE_NOT_FOUND && (r = ledger_store_fault(r)) < 0)
		return r;
	waiters_drop(ledger, connection);
	principal->credit -= (*session)->credit;
	session_remove(ledger->sessions.rows, &ledger->sessions.count, connection);
	session_remove(principal->sessions, &principal->session_count, connection);
	session_free(*session);
	*session = NULL;
	return 0;
}

void session_add_credit(struct session *session, uint32_t credit)
{
	uint32_t room = TC_CREDIT_MAX - session->credit;

	if (credit > room)
		credit = room;
	session->credit += credit;
	session->principal->credit += credit;
	session->dirty = true;
}

bool session_ready(const struct session *session)
{
	return session->credit > 0 && session->flight_count < SESSION_FLIGHTS_MAX;
}

struct session *session_next_ready(struct principal *principal)
{
	size_t at;

	if (principal->credit == 0)
		return NULL;
	at = session_place(principal->sessions, principal->session_count,
			   principal->box.connection + 1);
	for (size_t i = 0; i < principal->session_count; i++, at++) {
		if (at >= principal->session_count)
			at = 0;
		if (session_ready(principal->sessions[at]))
			return principal->sessions[at];
	}
	return NULL;
}

static size_t flight_place(const struct session *session, uint64_t delivery)
{
	size_t low = 0, high = session->flight_count;

	if (high > 0 && session->flights[high - 1].delivery < delivery)
		return high; /* the usual case: numbers grow */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (session->flights[middle].delivery < delivery)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct flight *session_flight(struct session *session, uint64_t delivery)
{
	size_t at = flight_place(session, delivery);

	if (at == session->flight_count || session->flights[at].delivery != delivery)
		return NULL;
	return &session->flights[at];
}

/* Puts a delivery into the list of what is in flight. */
static int session_hold(struct session *session, uint64_t delivery, struct tc_id subject,
			int64_t until_ms)
{
	size_t at;

	if (session->flight_count == session->flight_capacity) {
		size_t capacity = session->flight_capacity == 0 ? 16 : session->flight_capacity * 2;
		struct flight *grown =
			realloc(session->flights, capacity * sizeof(*session->flights));

		if (grown == NULL)
			return TC_ENOMEM;
		session->flights = grown;
		session->flight_capacity = capacity;
	}
	at = flight_place(session, delivery);
	memmove(session->flights + at + 1, session->flights + at,
		(session->flight_count - at) * sizeof(*session->flights));
	session->flights[at] =
		(struct flight){.delivery = delivery, .until_ms = until_ms, .subject = subject};
	session->flight_count++;
	if (until_ms < session->lease_due_ms)
		session->lease_due_ms = until_ms;
	return 0;
}

int session_lend(struct session *session, uint64_t delivery, struct tc_id subject, int64_t until_ms)
{
	int r = session_hold(session, delivery, subject, until_ms);

	if (r < 0)
		return r;
	session->credit--;
	session->principal->credit--;
	session->dirty = true;
	return 0;
}

void session_extend(struct session *session, struct flight *flight, int64_t until_ms)
{
	flight->until_ms = until_ms;
	if (until_ms < session->lease_due_ms)
		session->lease_due_ms = until_ms;
}

void session_return(struct session *session, uint64_t delivery)
{
	struct flight *flight = session_flight(session, delivery);

	TC_CHECK(flight != NULL);
	session->flight_count--;
	memmove(flight, flight + 1,
		(size_t)(session->flights + session->flight_count - flight) * sizeof(*flight));
	if (session->flight_count == 0)
		session->lease_due_ms = INT64_MAX;
}

/* ---- rows ---- */

static int session_load(struct ledger *ledger, struct tc_slice key, struct tc_slice value)
{
	struct row_reader row = row_read(value);
	struct principal *principal;
	struct session *session;
	uint8_t certificate[32];
	uint32_t number, credit, lease_ms;
	int r;

	number = row_take_u32(&row);
	credit = row_take_u32(&row);
	lease_ms = row_take_u32(&row);
	row_take(&row, certificate, sizeof(certificate));
	if (key.len != 8 || !row_read_whole(&row) || credit > TC_CREDIT_MAX)
		return TC_ECORRUPT;
	r = principal_get(ledger, number, &principal);
	if (r < 0)
		return r;
	r = session_open(ledger, tc_get_be64(key.data), principal, certificate, &session);
	if (r < 0)
		return r;
	session_add_credit(session, credit);
	session->lease_ms = lease_ms;
	session->dirty = false;
	return 0;
}

static int flight_load(struct ledger *ledger, struct tc_slice key, struct tc_slice value)
{
	struct delivery delivery;
	struct session *session;

	if (!delivery_read(key, value, &delivery))
		return TC_ECORRUPT;
	if (delivery.state != DELIVERY_IN_FLIGHT)
		return 0;
	session = session_find(ledger, delivery.connection);
	if (session == NULL)
		return TC_ECORRUPT;
	return session_hold(session, delivery.id, delivery.subject, delivery.due_ms);
}

static int sessions_walk(struct ledger *ledger, enum ledger_table table,
			 int (*load)(struct ledger *, struct tc_slice, struct tc_slice))
{
	struct store_cursor cursor;
	struct tc_slice key, value;
	int r = store_cursor_init(&cursor, ledger->txn, ledger->table[table], tc_slice(NULL, 0),
				  STORE_FORWARD);

	while (r == 0 && (r = store_cursor_next(&cursor, &key, &value)) == 0)
		r = load(ledger, key, value);
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : r;
}

int sessions_load(struct ledger *ledger)
{
	int r = sessions_walk(ledger, LEDGER_TABLE_SESSION, session_load);

	if (r == 0 && ledger->sessions.count > 0)
		r = sessions_walk(ledger, LEDGER_TABLE_DELIVERY, flight_load);
	return r;
}

int sessions_flush(struct ledger *ledger)
{
	for (size_t i = 0; i < ledger->sessions.count; i++) {
		struct session *session = ledger->sessions.rows[i];
		struct row_writer row;
		uint8_t key[8];
		int r;

		if (!session->dirty)
			continue;
		row.len = 0;
		tc_put_be64(key, session->connection);
		row_put_u32(&row, session->principal->number);
		row_put_u32(&row, session->credit);
		row_put_u32(&row, session->lease_ms);
		row_put(&row, session->certificate, sizeof(session->certificate));
		r = ledger_put(ledger, LEDGER_TABLE_SESSION, tc_slice(key, sizeof(key)),
			       row_slice(&row));
		if (r < 0)
			return r;
		session->dirty = false;
	}
	return 0;
}

void sessions_done(struct ledger *ledger)
{
	for (size_t i = 0; i < ledger->sessions.count; i++)
		session_free(ledger->sessions.rows[i]);
	free(ledger->sessions.rows);
	ledger->sessions = (struct sessions){0};
}
