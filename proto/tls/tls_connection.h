/*
 * tls_connection - TLS 1.3 over a non-blocking socket.
 *
 * Never waits: what would wait returns TC_TLS_WANT_READ or TC_TLS_WANT_WRITE, and is
 * called again with the same arguments when the socket is ready. Reading may want to
 * write and the other way round. With TLS 1.3 a client learns at its first read, not
 * by the handshake, that the other end refused its certificate.
 *
 * Owner:  the thread of the connection. The descriptor stays the caller's.
 * Blocks: never, given a non-blocking descriptor.
 */
#ifndef TLS_TLS_CONNECTION_H
#define TLS_TLS_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "tls/tls_config.h"
#include "tls/tls_peer.h"

enum tc_tls_outcome {
	TC_TLS_WANT_READ = 1,
	TC_TLS_WANT_WRITE,
	TC_TLS_CLOSED, /* the peer closed, with or without saying so */
	TC_TLS_FAILED, /* tc_tls_connection_reason says why; close */
};

/* Why a handshake or connection failed. */
enum tc_tls_reason {
	TC_TLS_REASON_NONE,
	TC_TLS_REASON_TLS,       /* not TLS 1.3, or broken */
	TC_TLS_REASON_MISSING,   /* no certificate */
	TC_TLS_REASON_UNTRUSTED, /* not of this network's authority */
	TC_TLS_REASON_EXPIRED,   /* expired or not yet valid */
	TC_TLS_REASON_REVOKED,
	TC_TLS_REASON_IDENTITY,     /* no SAN URI of ours, or of a kind that may not be here */
	TC_TLS_REASON_TRUST_DOMAIN, /* of another trust domain */
	TC_TLS_REASON_PEER_REFUSED, /* the peer refused our certificate; the text has its alert */
};

struct tc_tls_connection;

/* Takes a reference to the configuration; its role decides which end this is. `fd` is connected
 * and non-blocking. `host`: the name or numeric address that a client dialled, sent as SNI when it
 * is a name; NULL at a server. */
int tc_tls_connection_new(struct tc_tls_config *config, int fd, const char *host,
			  struct tc_tls_connection **ret) TC_MUST_CHECK;
void tc_tls_connection_free(struct tc_tls_connection **connection);

/* 0 when the handshake is done and the peer's identity is of our trust domain (a client: and of
 * kind exchange; a server: of any other kind); an outcome or a fault else. */
int tc_tls_connection_handshake(struct tc_tls_connection *connection) TC_MUST_CHECK;

/* Reads what is there, at most `len` bytes (> 0). One call may leave more inside TLS without the
 * socket being readable: go on until TC_TLS_WANT_READ. */
int tc_tls_connection_read(struct tc_tls_connection *connection, void *to, size_t len,
			   size_t *ret_len) TC_MUST_CHECK;
/* Writes some of it. When it wants, the next call must offer the same bytes again, at any address.
 */
int tc_tls_connection_write(struct tc_tls_connection *connection, const void *from, size_t len,
			    size_t *ret_len) TC_MUST_CHECK;
/* Says goodbye, once, without waiting for an answer. */
void tc_tls_connection_shutdown(struct tc_tls_connection *connection);

/* After the handshake. Borrowed. */
const struct tc_peer *tc_tls_connection_peer(const struct tc_tls_connection *connection);
/* The peer's certificate; borrowed; NULL when there is none. Also after a failed handshake, as far
 * as it was seen. */
struct x509_st *tc_tls_connection_certificate(const struct tc_tls_connection *connection);

enum tc_tls_reason tc_tls_connection_reason(const struct tc_tls_connection *connection);
/* True when it was the peer that refused us (by a TLS alert), and not we who refused the peer. */
bool tc_tls_connection_refused_by_peer(const struct tc_tls_connection *connection);
/* The socket ended under it: nobody refused anything, and the next try may work. */
bool tc_tls_connection_cut(const struct tc_tls_connection *connection);
/* OpenSSL's words for it, for the detail of a message. Borrowed. */
const char *tc_tls_connection_reason_text(const struct tc_tls_connection *connection);
/* The code of wire/refusals.def: "certificate_expired". */
const char *tc_tls_reason_code(enum tc_tls_reason reason);

#endif
