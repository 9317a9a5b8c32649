/*
 * event - what has come, whatever was asked first: receipts, deliveries, settlements.
 *
 * Threads: one at a time for each handle. Blocks: up to the timeout.
 */
#ifndef THROUGHCARE_EVENT_H
#define THROUGHCARE_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include <throughcare/collect.h>
#include <throughcare/submit.h>

#ifdef __cplusplus
extern "C" {
#endif

enum tc_client_event_kind {
	TC_EVENT_RECEIPTS = 1, /* .receipts */
	TC_EVENT_DELIVERY,     /* .delivery */
	TC_EVENT_SETTLED,      /* .results */
	TC_EVENT_COLLECTED,    /* what was due at once has been sent */
	TC_EVENT_REFUSED       /* the request as a whole: tc_client_error */
};

struct tc_client_event {
	enum tc_client_event_kind kind;
	uint64_t request_id;
	const struct tc_receipt *receipts;
	const struct tc_delivery *delivery;
	const enum tc_settlement_result *results;
	size_t count; /* of receipts or results */
};

/* Sends what waits to be sent, and gives the next thing that has come. 0, TC_CLIENT_EMPTY or a
 * fault. */
TC_API int tc_client_event_next(struct tc_client *client, int timeout_ms,
				struct tc_client_event *ret);

#ifdef __cplusplus
}
#endif
#endif
