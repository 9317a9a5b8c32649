/*
 * address - HOST:PORT into listening sockets.
 *
 * Owner: the caller. Blocks: on looking up a host name.
 */
#ifndef DAEMON_ADDRESS_H
#define DAEMON_ADDRESS_H

#include <stddef.h>

#include "base/err.h"

#define ADDRESS_TEXT_BYTES 80 /* "[2001:db8::1]:65535" with the final NUL */

/* One address may stand for several sockets ("localhost"). Appends non-blocking listening sockets
 * to fds[*count..max). 0 or TC_EIO with errno telling why (EINVAL: not an address; EADDRNOTAVAIL:
 * no such host). */
int address_listen(const char *text, int *fds, size_t max, size_t *count) TC_MUST_CHECK;
/* Where a listening socket listens, with the port it was given. 0 or TC_EIO. */
int address_of(int fd, char to[ADDRESS_TEXT_BYTES], int *ret_port) TC_MUST_CHECK;

#endif
