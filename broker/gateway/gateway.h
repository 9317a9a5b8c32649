/*
 * gateway - what the files of one gateway thread share.
 *
 * Owner: the gateway thread. Blocks: never.
 */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include <event2/event.h>
#include <stdbool.h>

#include "gateway/admission.h"
#include "gateway/gateway_thread.h"
#include "gateway/request.h"
#include "gateway/scratch.h"
#include "journal/record.h"
#include "ledger/effects.h"
#include "wire/refusal.h"

#define GATEWAY_CONNECTION_BUCKETS 4096
#define GATEWAY_INPUT_BYTES        (256 * 1024) /* read from one connection in one turn */

struct connection;

struct gateway {
	struct gateway_options options;
	struct event_base *base;
	struct admission *admission;
	struct scratch scratch; /* of the request or record at hand */
	struct request_room request_room;
	struct journal_reader *reader;
	int fault; /* not 0: the thread ends */
	bool ended;
	bool draining;
	int64_t drain_deadline_us;
	int64_t now_us; /* monotonic, of this turn */

	struct event *listener_events[GATEWAY_LISTENERS_MAX];
	struct event *bus_event;
	struct event *wake_event; /* what must be tried again soon */
	int64_t wake_us;          /* when that is, monotonic */
	int spare_fd;             /* given up to accept and close when descriptors run out */

	struct record_batch batch; /* of this turn, for the journal */
	int64_t awake_until_us;    /* while something is held */
	int64_t held_us;           /* since when it has waited for company; 0: it does not */
	size_t records;            /* unanswered, of all connections */
	size_t bytes;
	size_t next_query;

	struct effects *held, *held_last; /* of the ledger, not durable yet, in order */
	uint64_t durable_next;            /* every record before this is durable */

	uint32_t last_number;           /* of a connection that logged on */
	struct connection *connections; /* all */
	struct connection *by_number[GATEWAY_CONNECTION_BUCKETS];
	struct connection *dirty;  /* have output to write at the end of the turn */
	struct connection *paused; /* are not read until there is room */
	struct connection *doomed; /* closed, freed at the end of the turn */

	uint8_t input[GATEWAY_INPUT_BYTES];
};

/* Remembers the first fault; the loop ends after this turn. */
void gateway_fail(struct gateway *gateway, int fault);
/* True while requests may be read as far as the whole thread is concerned. */
bool gateway_has_room(const struct gateway *gateway);
/* Puts a record of the exchange's own making (no reply) into the batch of this turn. */
void gateway_push(struct gateway *gateway, struct record **record);
/* True while no answer is outstanding but of riders that are held here. */
bool gateway_is_quiet(const struct gateway *gateway);
/* A lone request is about to be checked: the journal wakes up meanwhile. */
void gateway_announce(struct gateway *gateway);
/* A failed log-on: recorded at once or counted. `peer` and `address` may be NULL. */
void gateway_logon_failed(struct gateway *gateway, const struct tc_peer *peer, const char *address,
			  enum tc_refusal_code code);

/* listener.c */
int listener_start(struct gateway *gateway) TC_MUST_CHECK;
void listener_stop(struct gateway *gateway);

/* effect_route.c: does what the ledger, or an answer of the query threads, wants done. The struct
 * stays the caller's. */
void effect_route(struct gateway *gateway, struct effects *effects);
/* Keeps effects of the ledger until what they follow from is durable: nothing is told of what a
 * crash might still forget. Takes the struct. */
void effect_hold(struct gateway *gateway, struct effects *effects);
/* Routes what may go now. */
void effect_release(struct gateway *gateway);

#endif
