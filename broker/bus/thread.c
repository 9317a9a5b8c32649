#include "bus/thread.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

struct thread {
	pthread_t id;
	max_align_t told[];
};

int thread_start(void *(*run)(void *told), const void *told, size_t bytes, struct thread **ret)
{
	struct thread *thread = calloc(1, sizeof(*thread) + bytes);

	if (!thread)
		return TC_ENOMEM;
	memcpy(thread->told, told, bytes);
	if (pthread_create(&thread->id, NULL, run, thread->told) != 0) {
		free(thread);
		return TC_ENOMEM;
	}
	*ret = thread;
	return 0;
}

void thread_join(struct thread **thread)
{
	if (!*thread)
		return;
	TC_CHECK(pthread_join((*thread)->id, NULL) == 0);
	free(*thread);
	*thread = NULL;
}
