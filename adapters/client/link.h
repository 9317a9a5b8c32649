/*
 * link - one connection to the exchange: TLS, ZMTP and the buffers of both directions.
 *
 * PING is answered here. A frame that is handed out lies in the receive buffer until the
 * next call that receives.
 *
 * Owner: the handle. Blocks: link_open and link_wait, up to their deadline.
 */
#ifndef CLIENT_LINK_H
#define CLIENT_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <throughcare/client.h>

#include "base/bytes.h"
#include "base/err.h"
#include "client/profile.h"
#include "tls/tls_config.h"

struct tc_link;

enum tc_link_outcome {
	TC_LINK_EMPTY = 1, /* there is no whole frame */
	TC_LINK_REFUSED,   /* the exchange said why: the error has its code */
};

/* Connects, shakes hands and logs on. 0, TC_LINK_REFUSED or a fault, with the error's text. */
int tc_link_open(const struct tc_address *address, struct tc_tls_config *tls, int64_t deadline_ms,
		 struct tc_client_error *error, enum tc_client_stage *ret_stage,
		 struct tc_link **ret) TC_MUST_CHECK;
void tc_link_close(struct tc_link **link);

int tc_link_fd(const struct tc_link *link);
bool tc_link_wants_write(const struct tc_link *link);
size_t tc_link_unsent_bytes(const struct tc_link *link);

/* Queues one message and sends what the socket takes. TC_ENOMEM, TC_EINVAL (over the frame limit),
 * or what makes the link unusable, with the error's text. */
int tc_link_send(struct tc_link *link, struct tc_slice body,
		 struct tc_client_error *error) TC_MUST_CHECK;
/* The next message that is wholly there; reads nothing. 0, TC_LINK_EMPTY, TC_LINK_REFUSED or a
 * fault. */
int tc_link_next(struct tc_link *link, struct tc_client_error *error,
		 struct tc_slice *ret) TC_MUST_CHECK;
/* Sends and receives; waits until something came or was sent, or the deadline. 0 or a fault. */
int tc_link_wait(struct tc_link *link, int64_t deadline_ms,
		 struct tc_client_error *error) TC_MUST_CHECK;

#endif
