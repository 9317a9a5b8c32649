/*
 * collect - messages from the exchange, lent under credit, and how they are settled.
 *
 * Delivery is at least once: what is not settled within its lease is offered again, with the
 * same message id.
 *
 * Threads: one at a time for each handle. Blocks: calls with `timeout_ms`, up to that.
 */
#ifndef THROUGHCARE_COLLECT_H
#define THROUGHCARE_COLLECT_H

#include <stddef.h>
#include <stdint.h>

#include <throughcare/connection.h>
#include <throughcare/terms.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TC_SETTLE_MAX        1024 /* settlements in one request */
#define TC_CLIENT_CREDIT_MAX 1024

enum tc_delivery_origin {
	TC_ORIGIN_VERIFIED = 1, /* signed with a certificate of this network that is the sender's */
	TC_ORIGIN_EXCHANGE,     /* said by the exchange itself, on this connection */
	TC_ORIGIN_UNVERIFIED /* not looked at (trust_senders), or the certificate is not to be had
			      */
};

struct tc_delivery_part {
	unsigned index; /* in the message as it was sent: gaps were not released */
	const char *type;
	int category;        /* a number of throughcare.v1.Category */
	int sealed;          /* the sender sealed it */
	int opened;          /* and this is the content in the clear, checked against its type */
	const void *content; /* sealed and not opened: the sealed bytes as they came */
	size_t content_len;
};

struct tc_delivery {
	uint64_t id; /* to settle it by */
	uint32_t attempt;
	uint32_t lease_ms;
	uint64_t log_sequence;
	uint64_t released_at_sequence;
	int64_t accepted_ms;
	const char *basis; /* grant id or name of a legal basis that permitted the release */
	char message_id[37];
	char type[65];
	char sender[64];
	char subject[37];
	char referral_id[37];
	int64_t created_ms;
	enum tc_delivery_origin origin;
	unsigned parts_sent; /* parts of the message; those below were released to us */
	const struct tc_delivery_part *parts;
	size_t part_count;
	/* Why not every sealed part could be opened, of the first one; NULL: every one could.
	 * Settle it with TC_SETTLE_TERM and the code as its reason, and the sender learns to send
	 * it again. */
	const struct tc_client_error *unopened;
	const char *const *obligations;
	size_t obligation_count;
	const void *header; /* packed throughcare.v1.Header, as signed */
	size_t header_len;
	const void *packed; /* the throughcare.v1.Delivery as it came */
	size_t packed_len;
	const struct tc_terms *terms; /* NULL for what the exchange itself says */
};

/*
 * Asks for up to `credit` more deliveries (1..TC_CLIENT_CREDIT_MAX), each lent for `lease_ms`
 * (1000..3600000). Returns at once; they come by tc_client_delivery_next or as events. A delivery
 * whose parts are not what its sender signed is never handed out: the client sends it to the dead
 * letters, with the reason, and counts it (tc_client_rejected).
 */
TC_API int tc_client_collect(struct tc_client *client, uint32_t credit, uint32_t lease_ms);
/* The next one. TC_CLIENT_EMPTY when none came within the timeout; with timeout 0: when the
 * exchange has said that nothing more is due now (waits for that up to 30 s). */
TC_API int tc_client_delivery_next(struct tc_client *client, int timeout_ms,
				   const struct tc_delivery **ret);
TC_API uint64_t tc_client_rejected(const struct tc_client *client);

enum tc_settlement_kind {
	TC_SETTLE_ACK = 1,        /* taken over for good */
	TC_SETTLE_NAK = 2,        /* not now: offer it again after delay_ms */
	TC_SETTLE_TERM = 3,       /* never: to the dead letters, with a reason */
	TC_SETTLE_IN_PROGRESS = 4 /* still at work: the lease starts anew */
};

struct tc_settlement {
	uint64_t delivery_id;
	enum tc_settlement_kind kind;
	uint32_t delay_ms;
	const char *reason_code; /* [a-z0-9_.:-]+ or NULL */
};

enum tc_settlement_result {
	TC_SETTLED_DONE = 1,  /* durable; settling it again gives this, too */
	TC_SETTLED_STALE = 2, /* the lease ran out: it will be offered again */
	TC_SETTLED_UNKNOWN = 3
};

/* Settles 1..TC_SETTLE_MAX deliveries and, when `credit` is not 0, asks for as many more. Waits for
 * the results: results[i] of settlement i; `results` may be NULL. */
TC_API int tc_client_settle(struct tc_client *client, const struct tc_settlement *settlements,
			    size_t count, uint32_t credit, int timeout_ms,
			    enum tc_settlement_result *results);
TC_API int tc_client_settle_start(struct tc_client *client, const struct tc_settlement *settlements,
				  size_t count, uint32_t credit, uint64_t *ret_request_id);

#ifdef __cplusplus
}
#endif
#endif
