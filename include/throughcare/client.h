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

#include <stddef.h>
#include <stdint.h>

#include <throughcare/message.h>
#include <throughcare/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TC_SUBMIT_MAX        64   /* messages in one submission */
#define TC_SETTLE_MAX        1024 /* settlements in one request */
#define TC_CLIENT_CREDIT_MAX 1024

struct tc_client;

enum tc_client_outcome {
	TC_CLIENT_REFUSED = 1, /* the exchange refused: tc_client_error has its code and text */
	TC_CLIENT_EMPTY        /* nothing came within the timeout */
};

/* What went wrong, in the three parts of every text of Throughcare. */
struct tc_client_error {
	char code[40];     /* stable, for programs: "certificate_expired"; "" when nothing did */
	char message[160]; /* what happened */
	char detail[256];  /* where, or what exactly */
	char hint[256];    /* what to do about it */
};

/* ---- The handle ---- */

/* Paths of PEM files (the key unencrypted), and "host:port" or "[address]:port". */
struct tc_client_options {
	const char *certificate;
	const char *key;
	const char *ca;
	const char *address;
	int trust_senders; /* 1: do not verify the signatures of what is received */
};

/*
 * Loads and checks certificate, key and authority; does not connect. A profile is a folder with
 * certificate.pem, key.pem, ca.pem and address. On a fault *error (when not NULL) has the text.
 * Faults: TC_FAULT_PROFILE, TC_FAULT_MEMORY, TC_FAULT_CRYPTO.
 */
TC_API int tc_client_open_profile(const char *folder, struct tc_client_error *error,
				  struct tc_client **ret);
TC_API int tc_client_open(const struct tc_client_options *options, struct tc_client_error *error,
			  struct tc_client **ret);
/* Closes without waiting. Accepts NULL inside and clears the pointer. */
TC_API void tc_client_close(struct tc_client **client);

/* About the latest call that did not return 0. Borrowed. */
TC_API const struct tc_client_error *tc_client_error(const struct tc_client *client);

/* Who the own certificate says we are. */
struct tc_client_identity {
	char kind[16]; /* "agency", "auditor", "operator" */
	char id[64];
	char adapter[64]; /* "" when none */
	char trust_domain[256];
	char serial[41];
	uint8_t certificate_sha256[32];
	int64_t not_before_ms;
	int64_t not_after_ms;
};
TC_API const struct tc_client_identity *tc_client_identity(const struct tc_client *client);
TC_API const char *tc_client_address(const struct tc_client *client);

/* ---- The connection ---- */

/* How far the latest connect came: what a diagnosis needs. */
enum tc_client_stage {
	TC_STAGE_PROFILE, /* the profile is usable */
	TC_STAGE_ADDRESS, /* the host name has an address */
	TC_STAGE_TCP,     /* somebody listens there */
	TC_STAGE_TLS,     /* it is the exchange of our trust domain */
	TC_STAGE_READY    /* and it took our log-on: connected */
};

/* Connects once. 0, TC_CLIENT_REFUSED (the log-on was refused) or TC_FAULT_IO, _TLS, _PROTOCOL,
 * _CLOSED, _TIMEOUT, _MEMORY, _CRYPTO. Name look-up is the system's and may outlast the timeout. */
TC_API int tc_client_connect(struct tc_client *client, int timeout_ms);
/* Connects, with growing pauses (50 ms to 2 s, jittered), until it works, the timeout has passed,
 * or the exchange's answer says that trying again will not help. As tc_client_connect. */
TC_API int tc_client_reconnect(struct tc_client *client, int timeout_ms);
TC_API void tc_client_disconnect(struct tc_client *client);
TC_API enum tc_client_stage tc_client_stage(const struct tc_client *client);
TC_API int tc_client_connected(const struct tc_client *client);

/* Watch this descriptor for reading, and for writing while tc_client_wants_write is 1; then call
 * tc_client_event_next with timeout 0 until it gives TC_CLIENT_EMPTY. -1 without a connection. */
TC_API int tc_client_fd(const struct tc_client *client);
TC_API int tc_client_wants_write(const struct tc_client *client);
/* Bytes that wait to be sent: what a sender holds its window against. */
TC_API size_t tc_client_unsent_bytes(const struct tc_client *client);

/* ---- Submitting ---- */

enum tc_receipt_status {
	TC_RECEIPT_ACCEPTED = 1, /* on stable storage; the exchange has custody */
	TC_RECEIPT_REFUSED = 2
};

struct tc_disposition {
	const char *recipient;
	int kind; /* a number of throughcare.v1.DispositionKind */
	const char *code;
	uint32_t parts_released;
	uint32_t parts_withheld;
};

struct tc_receipt {
	const char *message_id;
	enum tc_receipt_status status;
	int repeated; /* 1: this id was accepted before; the rest is the first receipt */
	uint64_t log_sequence;
	int64_t accepted_ms;
	uint64_t referral_version;
	const struct tc_disposition *dispositions;
	size_t disposition_count;
	struct tc_client_error refusal; /* code "" unless refused */
	const void *packed;             /* the throughcare.v1.Receipt as it came */
	size_t packed_len;
};

/*
 * Submits 1..TC_SUBMIT_MAX messages under one signature and waits for their receipts, in order.
 * Ids, times and senders that are absent are set in the messages, so that submitting them again is
 * safe. When the connection is lost on the way, connects and submits again while there is time.
 * 0 (every message has a receipt; look at each status), TC_CLIENT_REFUSED (all as a whole), or a
 * fault; after a fault it is unknown whether the exchange has custody: submit again.
 */
TC_API int tc_client_submit(struct tc_client *client, struct tc_message *const *messages,
			    size_t count, int timeout_ms, const struct tc_receipt **ret_receipts,
			    size_t *ret_count);
/* Signs and queues; the receipts come as an event with this request id. */
TC_API int tc_client_submit_start(struct tc_client *client, struct tc_message *const *messages,
				  size_t count, uint64_t *ret_request_id);

/* ---- Collecting ---- */

enum tc_delivery_origin {
	TC_ORIGIN_VERIFIED = 1, /* signed with a certificate of this network that is the sender's */
	TC_ORIGIN_EXCHANGE,     /* said by the exchange itself, on this connection */
	TC_ORIGIN_UNVERIFIED /* not looked at (trust_senders), or the certificate is not to be had
			      */
};

struct tc_delivery_part {
	unsigned index; /* in the message as it was sent: gaps were not released */
	const char *type;
	int category; /* a number of throughcare.v1.Category */
	int sealed;
	const void *content;
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
	const char *const *obligations;
	size_t obligation_count;
	const void *header; /* packed throughcare.v1.Header, as signed */
	size_t header_len;
	const void *packed; /* the throughcare.v1.Delivery as it came */
	size_t packed_len;
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

/* ---- Asking ---- */

/* A packed throughcare.v1.Query; *ret is the packed throughcare.v1.QueryReply. Each question is
 * itself a record of the exchange's log. 0, TC_CLIENT_REFUSED or a fault. */
TC_API int tc_client_query(struct tc_client *client, const void *query, size_t len, int timeout_ms,
			   const void **ret, size_t *ret_len);

/* ---- Events ---- */

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
