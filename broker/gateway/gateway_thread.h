/*
 * gateway_thread - one thread that speaks with agencies.
 *
 * A libevent loop of its own over its connections and its end of the bus. In each
 * turn: sockets are read and requests become records; effects of the ledger become
 * output once the journal says that what they follow from is durable, and are held until then;
 * then everything new goes to the journal as one message and everything to be
 * sent goes out with as few writes as possible. It never waits for another thread:
 * what the journal cannot take yet stays here and stops the reading of sockets; a few
 * riders alone wait a millisecond for a request that goes with them. A
 * fault of the journal's reader or of the bus ends the process (GATEWAY_THREAD_EXIT).
 *
 * Owner:  gateway_thread_start..join: the daemon. The rest: the thread itself.
 * Blocks: join.
 */
#ifndef GATEWAY_GATEWAY_THREAD_H
#define GATEWAY_GATEWAY_THREAD_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "bus/bus.h"
#include "journal/journal.h"
#include "tls/tls_config.h"

#define GATEWAY_THREAD_EXIT   74 /* the process's exit status: a gateway failed */
#define GATEWAY_LISTENERS_MAX 8
#define GATEWAY_QUERIES_MAX   16

struct gateway_thread;

/* Shared by all gateway threads and read by whoever reports them. */
struct gateway_counters {
	atomic_uint_fast64_t connections; /* open now */
	atomic_uint_fast64_t accepted;
	atomic_uint_fast64_t logons;
	atomic_uint_fast64_t logons_refused;
	atomic_uint_fast64_t requests;
	atomic_uint_fast64_t requests_refused;
	atomic_uint_fast64_t records;
	atomic_uint_fast64_t deliveries;
	atomic_uint_fast64_t bytes_in;
	atomic_uint_fast64_t bytes_out;
};

struct gateway_limits {
	uint32_t connections; /* these three for each thread */
	uint32_t connections_per_address;
	uint32_t connections_per_identity;
	int64_t handshake_ms;
	int64_t ping_ms;
	int64_t idle_ms;
	int64_t stalled_ms;
	size_t frame_bytes;
	size_t connection_records;
	size_t connection_bytes;
	size_t records;
	size_t bytes;
	size_t output_bytes;
	uint32_t malformed;
	uint32_t logon_failures_per_s;
};

struct gateway_options {
	uint16_t number; /* of this gateway: its receiving socket is "gateway-<number>" */
	uint32_t boot;   /* of the barrier record: makes connection numbers unique in the log */
	struct gateway_limits limits;
	unsigned rider_wait_ms;    /* of the journal; 0: riders do not wait here either */
	struct journal *journal;   /* read only */
	struct tc_tls_config *tls; /* a reference is taken */
	struct gateway_counters *counters;
	int listeners[GATEWAY_LISTENERS_MAX]; /* listening and non-blocking; stay the caller's */
	size_t listener_count;

	/* Adopted by the thread; closed by the caller after the join. */
	struct bus_socket *in;
	struct bus_socket *journal_out;
	struct bus_socket *query_out[GATEWAY_QUERIES_MAX];
	size_t query_count;
};

/* The payload of BUS_RELOAD. */
struct gateway_reload {
	struct tc_tls_config *tls; /* a reference of its own */
};

struct gateway_reload *gateway_reload_new(struct tc_tls_config *tls);
void gateway_reload_free(struct gateway_reload **reload);

/* Ends after BUS_DRAIN when every request is answered or five
 * seconds have passed, after BUS_STOP at once. */
int gateway_thread_start(struct gateway_thread **ret,
			 const struct gateway_options *options) TC_MUST_CHECK;
void gateway_thread_join(struct gateway_thread **thread);

#endif
