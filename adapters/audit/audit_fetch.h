/*
 * audit_fetch - the bundles of a log from the exchange, ahead of whoever takes them.
 *
 * A few connections, each with its own thread and one question in flight, so that the exchange
 * reads and sends while the caller counts and writes. Bundles come out in their order.
 *
 * Owner:  the thread that started it; each client belongs to its thread until the fetch is stopped.
 * Blocks: tc_audit_fetch_bundle, until the bundle is there.
 */
#ifndef AUDIT_AUDIT_FETCH_H
#define AUDIT_AUDIT_FETCH_H

#include <stdint.h>

#include <throughcare/client.h>

#include "base/bytes.h"
#include "base/err.h"

#define TC_AUDIT_FETCH_CLIENTS 2
#define TC_AUDIT_FETCH_BUNDLES 64 /* in one question */

enum tc_audit_fetch_outcome {
	TC_AUDIT_FETCH_UNANSWERED = 2, /* tc_audit_fetch_error says why */
};

struct tc_audit_fetch;

/* From bundle `first` on, of the log of `size` records; nothing is asked before the first is
 * wanted. The clients are connected and stay the caller's. */
int tc_audit_fetch_new(struct tc_client *const clients[TC_AUDIT_FETCH_CLIENTS], uint64_t size,
		       struct tc_audit_fetch **ret) TC_MUST_CHECK;
/* Ends the threads (each after its question) and accepts NULL inside. */
void tc_audit_fetch_free(struct tc_audit_fetch **fetch);

/* The next bundle: any number the first time, then one more each time. The slice stands until the
 * next call. 0, TC_AUDIT_FETCH_UNANSWERED or a fault. */
int tc_audit_fetch_bundle(struct tc_audit_fetch *fetch, uint64_t number, uint32_t width,
			  struct tc_slice *ret) TC_MUST_CHECK;

/* What went wrong: as the client's call returned it, with the client that has the text. */
struct tc_client *tc_audit_fetch_failed(const struct tc_audit_fetch *fetch, int *ret_result);

#endif
