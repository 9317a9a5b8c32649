/*
 * session - a logged-on connection: whose it is, how much it may still be handed, and
 * what it has in hand.
 *
 * What is in flight is known by the deliveries' rows; the list here is made from them
 * when the ledger is opened. Rows of sessions are written behind.
 *
 * Owner:  ledger thread. Blocks: never.
 */
#ifndef LEDGER_SESSION_H
#define LEDGER_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"

#define SESSION_FLIGHTS_MAX 4096 /* unsettled deliveries in one session's hands */

struct ledger;
struct principal;

/* One delivery that the session holds. */
struct flight {
	uint64_t delivery;
	int64_t until_ms; /* end of its lease */
	struct tc_id subject;
};

struct session {
	uint64_t connection;
	struct principal *principal;
	uint8_t certificate[32];
	uint32_t credit;
	uint32_t lease_ms;
	bool dirty;
	int64_t lease_due_ms;     /* of the first lease to end, or earlier; INT64_MAX: none */
	uint64_t collect_request; /* of its latest Collect, for replies to the living only */
	struct flight *flights;   /* by delivery */
	size_t flight_count, flight_capacity;
};

/* Reads sessions and what is in flight from the store. */
int sessions_load(struct ledger *ledger) TC_MUST_CHECK;
int sessions_flush(struct ledger *ledger) TC_MUST_CHECK;
void sessions_done(struct ledger *ledger);

/* NULL when there is none. */
struct session *session_find(struct ledger *ledger, uint64_t connection);
int session_open(struct ledger *ledger, uint64_t connection, struct principal *principal,
		 const uint8_t certificate[32], struct session **ret) TC_MUST_CHECK;
/* Removes it; what it had in flight must have gone back before. */
int session_close(struct ledger *ledger, struct session **session) TC_MUST_CHECK;

/* Up to TC_CREDIT_MAX in all. */
void session_add_credit(struct session *session, uint32_t credit);
/* The next session of this principal that may be handed something, in turn; NULL: none. */
struct session *session_next_ready(struct principal *principal);
bool session_ready(const struct session *session);

/* NULL when the session does not hold it. */
struct flight *session_flight(struct session *session, uint64_t delivery);
/* Takes one credit too. */
int session_lend(struct session *session, uint64_t delivery, struct tc_id subject,
		 int64_t until_ms) TC_MUST_CHECK;
void session_extend(struct session *session, struct flight *flight, int64_t until_ms);
void session_return(struct session *session, uint64_t delivery);

#endif
