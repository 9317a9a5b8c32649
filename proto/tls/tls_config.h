/*
 * tls_config - certificate, key, authority and revocation list of one end, loaded and tested.
 *
 * TLS 1.3 only; both ends show a certificate; no tickets and no resumption, since a
 * resumed session would outlive a revocation. A configuration never changes: to reload,
 * open another one and swap the pointer. Connections keep the one they began with.
 *
 * Owner:  counted references; safe from any thread.
 * Blocks: tc_tls_config_open reads files.
 */
#ifndef TLS_TLS_CONFIG_H
#define TLS_TLS_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "tls/tls_peer.h"

#define TC_TLS_DETAIL_BYTES 256

enum tc_tls_role {
	TC_TLS_SERVER,
	TC_TLS_CLIENT,
};

/* Paths of PEM files; `crl` may be NULL: no revocation list. */
struct tc_tls_files {
	const char *certificate; /* and its chain, if any */
	const char *key;
	const char *ca;
	const char *crl;
};

struct tc_tls_config;

/*
 * TC_ECONFIG when a file cannot be read, the key is not the certificate's, the certificate has no
 * identity or is not of the authority, or the list is not of the authority or is expired: `detail`
 * then says which file and why (it never holds key material). Also TC_ENOMEM, TC_ECRYPTO.
 */
int tc_tls_config_open(enum tc_tls_role role, const struct tc_tls_files *files,
		       char detail[TC_TLS_DETAIL_BYTES], struct tc_tls_config **ret) TC_MUST_CHECK;
struct tc_tls_config *tc_tls_config_ref(struct tc_tls_config *config);
void tc_tls_config_unref(struct tc_tls_config **config);

/* The own certificate's identity; its trust domain is the network's. Borrowed. */
const struct tc_peer *tc_tls_config_self(const struct tc_tls_config *config);
/* Its DER form; borrowed. */
struct tc_slice tc_tls_config_certificate(const struct tc_tls_config *config);

/* When the revocation list must be replaced; 0 without one. */
int64_t tc_tls_config_crl_next_update_ms(const struct tc_tls_config *config);
/* Whether the list has this serial number (as in struct tc_peer): for connections that stand. */
bool tc_tls_config_revokes(const struct tc_tls_config *config, const char *serial);
/* The serials on the list, 0..count-1. Borrowed. */
size_t tc_tls_config_revoked_count(const struct tc_tls_config *config);
const char *tc_tls_config_revoked_serial(const struct tc_tls_config *config, size_t index);

/* Whether a certificate that is not a connection's is of the authority and of our trust domain,
 * whatever its dates: for signatures over what was accepted earlier. 0, TC_PEER_NO_IDENTITY (it
 * is not), or a fault. */
int tc_tls_config_vouch(const struct tc_tls_config *config, struct x509_st *certificate,
			struct tc_peer *ret) TC_MUST_CHECK;

#endif
