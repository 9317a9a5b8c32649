/*
 * random - bytes from the kernel's generator.
 *
 * getrandom cannot fail once the kernel's pool is ready, and before that it waits;
 * a kernel without it ends the process, since nothing could be kept secret.
 * Small requests are served from a per-thread buffer that is wiped as it is used.
 */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>

void tc_random_fill(void *to, size_t len);

#endif
