/*
 * dial - a TCP connection within a deadline.
 *
 * Owner: the caller of each call. Blocks: up to the deadline; name look-up is the system's.
 */
#ifndef CLIENT_DIAL_H
#define CLIENT_DIAL_H

#include <stdint.h>

#include <throughcare/client.h>

#include "base/err.h"
#include "client/profile.h"

/* When a call must have ended: milliseconds of the monotonic clock. */
int64_t tc_deadline_in(int timeout_ms);
/* What is left of it as poll takes it: -1 for ever, 0 when it has passed. */
int tc_deadline_left(int64_t deadline_ms);

/* Tries each address of the host in turn. *ret_fd is non-blocking, close-on-exec, without Nagle's
 * delay. TC_EIO or TC_ETIMEDOUT with the error's text; *ret_stage is how far it came. */
int tc_dial(const struct tc_address *address, int64_t deadline_ms, struct tc_client_error *error,
	    enum tc_client_stage *ret_stage, int *ret_fd) TC_MUST_CHECK;

#endif
