/*
 * tls_chain - whether a certificate that came without a connection is of the network.
 *
 * For signed files: the same authority, revocation list and purpose as a handshake
 * would hold the certificate against.
 *
 * Owner: the caller. Blocks: reads the files of authority and list.
 */
#ifndef TLS_TLS_CHAIN_H
#define TLS_TLS_CHAIN_H

#include "base/err.h"
#include "tls/tls_connection.h"

enum tc_tls_chain_outcome {
	TC_TLS_CHAIN_REFUSED = 1, /* *ret_reason says why */
};

/* `files`: only ca and crl are looked at. 0, TC_TLS_CHAIN_REFUSED (UNTRUSTED, EXPIRED or REVOKED),
 * TC_ECONFIG when a file cannot be used, or a fault. */
int tc_tls_chain_check(const struct tc_tls_files *files, struct x509_st *certificate,
		       enum tc_tls_reason *ret_reason) TC_MUST_CHECK;

#endif
