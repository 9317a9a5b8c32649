/*
 * senders - the certificates of those whose messages we receive, and what was verified.
 *
 * A certificate is asked for once. A signature covers up to 64 messages: it is verified
 * once, and remembered by root and signature.
 *
 * Owner: the handle. Blocks: never.
 */
#ifndef CLIENT_SENDERS_H
#define CLIENT_SENDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/id.h"
#include "tls/tls_config.h"
#include "wire/certificate.h"
#include "wire/merkle.h"

#define TC_SENDERS_MAX  256 /* certificates kept; the oldest goes */
#define TC_VERIFIED_MAX 256 /* signatures remembered */

enum tc_sender_state {
	TC_SENDER_ASKED = 1, /* a CertificateQuery is on its way */
	TC_SENDER_KNOWN,
	TC_SENDER_UNAVAILABLE, /* the exchange does not give it */
	TC_SENDER_UNTRUSTED,   /* what it gave is no certificate of this network */
};

struct tc_sender {
	uint8_t sha256[TC_SHA256_BYTES];
	enum tc_sender_state state;
	uint64_t request_id; /* of the query */
	struct tc_certificate *certificate;
	tc_agency id;
};

struct tc_verified {
	bool used;
	uint8_t certificate_sha256[TC_SHA256_BYTES];
	struct tc_merkle_hash root;
	uint8_t signature_sha256[TC_SHA256_BYTES];
};

struct tc_senders {
	struct tc_sender *list; /* TC_SENDERS_MAX of them */
	size_t count;
	size_t oldest;
	struct tc_verified *verified; /* TC_VERIFIED_MAX of them, placed by root */
};

int tc_senders_init(struct tc_senders *senders) TC_MUST_CHECK;
void tc_senders_done(struct tc_senders *senders);
/* After a connection was lost: what was asked for must be asked for again. */
void tc_senders_forget_asked(struct tc_senders *senders);

/* NULL when it was never asked for. */
struct tc_sender *tc_senders_find(struct tc_senders *senders, struct tc_slice sha256);
/* Notes that it was asked for with this request. */
void tc_senders_ask(struct tc_senders *senders, struct tc_slice sha256, uint64_t request_id);
/* The exchange's answer; an empty `der`: it does not give it. */
int tc_senders_answer(struct tc_senders *senders, uint64_t request_id, struct tc_slice der,
		      const struct tc_tls_config *tls) TC_MUST_CHECK;

/* 0, TC_SIGNATURE_WRONG or a fault. The sender is TC_SENDER_KNOWN. */
int tc_senders_verify(struct tc_senders *senders, struct tc_sender *sender,
		      const struct tc_merkle_hash *root, struct tc_slice signature) TC_MUST_CHECK;

#endif
