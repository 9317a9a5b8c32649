/*
 * tls_socket - OpenSSL's view of a socket that does not raise SIGPIPE.
 *
 * OpenSSL's own socket BIO uses write(2), and a library may not decide for its process what
 * happens to signals.
 *
 * Owner: the connection. Blocks: never, given a non-blocking descriptor.
 */
#ifndef TLS_TLS_SOCKET_H
#define TLS_TLS_SOCKET_H

#include "base/err.h"

struct bio_st; /* OpenSSL's BIO */

/* The descriptor stays the caller's. TC_ENOMEM. */
int tc_tls_socket_new(int fd, struct bio_st **ret) TC_MUST_CHECK;

#endif
