/*
 * handle - the inside of struct tc_client.
 *
 * Owner: one thread at a time, the caller's.
 */
#ifndef CLIENT_HANDLE_H
#define CLIENT_HANDLE_H

#include <stdbool.h>
#include <stdint.h>

#include <throughcare/client.h>

#include "base/bytes.h"
#include "client/arena.h"
#include "client/inbox.h"
#include "client/link.h"
#include "client/profile.h"
#include "client/recipients.h"
#include "client/senders.h"
#include "client/terms.h"
#include "throughcare/v1/wire.pb-c.h"
#include "tls/tls_config.h"
#include "wire/signature.h"

/* Requests that the client makes of its own accord have this bit in their id; what answers them is
 * never handed out. */
#define TC_REQUEST_OWN (UINT64_C(1) << 63)

struct tc_client {
	struct tc_address address;
	struct tc_tls_config *tls;
	struct tc_signing_key *key;
	struct tc_client_identity identity;
	bool trust_senders;

	struct tc_link *link; /* NULL: not connected */
	enum tc_client_stage stage;
	struct tc_client_error error;

	uint64_t last_request; /* the id given last */
	uint64_t collect_sent; /* id of the latest Collect, and of the latest that was answered */
	uint64_t collect_answered;
	uint32_t lease_ms;
	uint64_t rejected;

	struct tc_inbox inbox; /* came while something else was waited for */
	struct tc_inbox_frame
		*given;        /* the frame that the latest event points into, if it is owned */
	struct tc_arena arena; /* and what it was unpacked into */
	struct tc_terms_memory terms;
	struct tc_senders senders;
	struct tc_recipients recipients;
	struct tc_bytes scratch; /* requests are packed here */
	struct tc_bytes opened;  /* content in the clear, for the caller; wiped at the next call */
	struct tc_client_error unopened;
};

/* What a call waits for. */
enum tc_want_kind {
	TC_WANT_ANY,
	TC_WANT_DELIVERY, /* ends with TC_CLIENT_EMPTY when the latest Collect is answered, too */
	TC_WANT_REQUEST,  /* the response to .request_id */
};

struct tc_want {
	enum tc_want_kind kind;
	uint64_t request_id;
	bool until_collected; /* TC_WANT_DELIVERY: do not wait longer than for that */
};

/* Also what tc_client_event has not: the answer to a query. */
struct tc_response {
	struct tc_client_event event; /* kind 0: .reply */
	struct tc_slice reply;        /* packed QueryReply */
};

/* The next response that is wanted. 0, TC_CLIENT_EMPTY (the deadline has passed), TC_CLIENT_REFUSED
 * (a wanted request was refused), or a fault, after which there is no link. */
int tc_client_receive(struct tc_client *client, const struct tc_want *want, int64_t deadline_ms,
		      struct tc_response *ret) TC_MUST_CHECK;

uint64_t tc_client_request_id(struct tc_client *client);
/* Packs a Request and sends it. Faults as those of tc_link_send, with the handle's text set. */
int tc_client_send(struct tc_client *client, const Throughcare__V1__Request *request) TC_MUST_CHECK;
int tc_client_send_packed(struct tc_client *client, struct tc_slice request) TC_MUST_CHECK;
/* Gives up the link when `r` says that it cannot be used any more. Returns r, as callers see it. */
int tc_client_settle_link(struct tc_client *client, int r);

#endif
