/*
 * tls_peer - who a certificate says its holder is.
 *
 * The identity is the one SAN URI spiffe://<trust-domain>/<kind>/<id>[/<adapter>];
 * the common name means nothing.
 *
 * Owner: a value. Blocks: never.
 */
#ifndef TLS_TLS_PEER_H
#define TLS_TLS_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/id.h"

#define TC_TRUST_DOMAIN_BYTES_MAX 255
#define TC_SERIAL_TEXT_BYTES      41 /* 20 bytes in hexadecimal, and the final NUL */

struct x509_st; /* OpenSSL's X509 */

enum tc_peer_outcome {
	TC_PEER_NO_IDENTITY = 1, /* no, more than one, or no such SAN URI */
};

/* Numbers as in options.proto. */
enum tc_peer_kind {
	TC_PEER_AGENCY = 1,
	TC_PEER_AUDITOR = 2,
	TC_PEER_OPERATOR = 3,
	TC_PEER_EXCHANGE = 4,
};

struct tc_peer {
	enum tc_peer_kind kind;
	tc_agency id;
	tc_agency adapter; /* empty name: none */
	char trust_domain[TC_TRUST_DOMAIN_BYTES_MAX + 1];
	uint8_t certificate_sha256[32];
	char serial[TC_SERIAL_TEXT_BYTES]; /* hexadecimal, lower case, even number of digits */
	int64_t not_before_ms;
	int64_t not_after_ms;
};

/* 0, TC_PEER_NO_IDENTITY, or a fault. */
int tc_peer_read(const struct x509_st *certificate, struct tc_peer *ret) TC_MUST_CHECK;

/* Of a certificate in DER. The same outcomes. */
int tc_peer_decode(struct tc_slice der, struct tc_peer *ret) TC_MUST_CHECK;

/* The URI alone. Fills kind, id, adapter and trust_domain. False when it is none of ours. */
bool tc_peer_parse(struct tc_slice uri, struct tc_peer *ret);

/* "agency", "auditor", "operator", "exchange". */
const char *tc_peer_kind_name(enum tc_peer_kind kind);
bool tc_peer_kind_find(struct tc_slice name, enum tc_peer_kind *ret);

#endif
