/*
 * tls_context - what a connection needs of its configuration: inside this folder only.
 *
 * Owner: the configuration. Blocks: never.
 */
#ifndef TLS_TLS_CONTEXT_H
#define TLS_TLS_CONTEXT_H

#include "tls/tls_config.h"

struct ssl_ctx_st; /* OpenSSL's SSL_CTX */

struct ssl_ctx_st *tc_tls_config_context(const struct tc_tls_config *config);
enum tc_tls_role tc_tls_config_role(const struct tc_tls_config *config);

#endif
