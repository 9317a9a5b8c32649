/*
 * client - an agency's connection to the exchange: submit, collect, settle, ask.
 *
 * Over TLS 1.3 with certificates on both ends (RFC 8446) and ZMTP 3.1 inside it. The
 * exchange is who its certificate says (SPIFFE URI of kind exchange, in the trust domain
 * of the own certificate), not what its host is called.
 *
 * There are two ways to work, and they mix. Blocking calls end within their timeout. Or
 * *_start calls return at once with a request id, tc_client_fd is watched, and
 * tc_client_event_next gives what has come; a window of unanswered requests makes a
 * sender fast. What a call hands out is borrowed from the handle and stands until the
 * next call with the same handle.
 *
 * After TC_FAULT_CLOSED, TC_FAULT_TLS or TC_FAULT_PROTOCOL the connection is gone:
 * tc_client_reconnect, then submit again what has no receipt (a message id is accepted
 * once) and collect again (what was lent is offered again).
 *
 * Threads: one at a time for each handle.
 * Blocks:  calls with `timeout_ms`, up to that (0: not at all, -1: for ever).
 */
#ifndef THROUGHCARE_CLIENT_H
#define THROUGHCARE_CLIENT_H

#include <throughcare/collect.h>
#include <throughcare/connection.h>
#include <throughcare/event.h>
#include <throughcare/query.h>
#include <throughcare/seal.h>
#include <throughcare/submit.h>

#endif
