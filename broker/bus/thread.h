/*
 * thread - one of the exchange's threads, with a copy of what it was told at its start.
 *
 * Owner: whoever starts it joins it. Blocks: thread_join, until it has ended.
 */
#ifndef BUS_THREAD_H
#define BUS_THREAD_H

#include <stddef.h>

#include "base/err.h"

struct thread;

/* `run` gets a copy of the `bytes` at `told`, which is its own until the join. 0 or TC_ENOMEM. */
int thread_start(void *(*run)(void *told), const void *told, size_t bytes,
		 struct thread **ret) TC_MUST_CHECK;
/* NULL inside: there is none. */
void thread_join(struct thread **thread);

#endif
