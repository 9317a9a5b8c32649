#include "backup/backup_desk.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

struct backup_desk {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool open;
	bool wanted; /* asked for and not begun */
	atomic_bool stopping;
	struct backup_status status;
};

int backup_desk_new(bool open, struct backup_desk **ret)
{
	struct backup_desk *desk = calloc(1, sizeof(*desk));
	pthread_condattr_t attributes;

	if (!desk)
		return TC_ENOMEM;
	desk->open = open;
	pthread_mutex_init(&desk->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&desk->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	*ret = desk;
	return 0;
}

void backup_desk_free(struct backup_desk **desk)
{
	if (!*desk)
		return;
	pthread_cond_destroy(&(*desk)->changed);
	pthread_mutex_destroy(&(*desk)->lock);
	free(*desk);
	*desk = NULL;
}

int backup_desk_ask(struct backup_desk *desk, const tc_agency *name)
{
	int r = 0;

	pthread_mutex_lock(&desk->lock);
	if (!desk->open || atomic_load(&desk->stopping))
		r = BACKUP_DESK_OFF;
	else if (desk->status.state == BACKUP_RUNNING)
		r = BACKUP_DESK_BUSY;
	if (r == 0) {
		desk->status = (struct backup_status){.state = BACKUP_RUNNING, .name = *name};
		desk->status.started_ms = tc_clock_now_ms(&tc_clock_real);
		desk->wanted = true;
		pthread_cond_signal(&desk->changed);
	}
	pthread_mutex_unlock(&desk->lock);
	return r;
}

void backup_desk_look(struct backup_desk *desk, struct backup_status *ret)
{
	pthread_mutex_lock(&desk->lock);
	*ret = desk->status;
	pthread_mutex_unlock(&desk->lock);
}

int backup_desk_wait(struct backup_desk *desk, tc_agency *ret)
{
	int r;

	pthread_mutex_lock(&desk->lock);
	while (!desk->wanted && !atomic_load(&desk->stopping))
		pthread_cond_wait(&desk->changed, &desk->lock);
	r = atomic_load(&desk->stopping) ? TC_ESHUTDOWN : 0;
	*ret = desk->status.name;
	desk->wanted = false;
	pthread_mutex_unlock(&desk->lock);
	return r;
}

bool backup_desk_pause(struct backup_desk *desk, unsigned ms)
{
	int64_t until_ms = tc_clock_monotonic_us() / 1000 + ms;
	struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
	int r = 0;

	pthread_mutex_lock(&desk->lock);
	while (r == 0 && !atomic_load(&desk->stopping))
		r = pthread_cond_timedwait(&desk->changed, &desk->lock, &until);
	pthread_mutex_unlock(&desk->lock);
	return !atomic_load(&desk->stopping);
}

void backup_desk_progress(struct backup_desk *desk, const struct backup_progress *progress,
			  uint64_t tip)
{
	pthread_mutex_lock(&desk->lock);
	desk->status.progress = *progress;
	desk->status.tip = tip;
	pthread_mutex_unlock(&desk->lock);
}

void backup_desk_end(struct backup_desk *desk, const char *problem)
{
	pthread_mutex_lock(&desk->lock);
	desk->status.state = problem ? BACKUP_FAILED : BACKUP_VERIFIED;
	desk->status.ended_ms = tc_clock_now_ms(&tc_clock_real);
	snprintf(desk->status.problem, sizeof(desk->status.problem), "%s", problem ? problem : "");
	pthread_mutex_unlock(&desk->lock);
}

void backup_desk_stop(struct backup_desk *desk)
{
	pthread_mutex_lock(&desk->lock);
	atomic_store(&desk->stopping, true);
	pthread_cond_broadcast(&desk->changed);
	pthread_mutex_unlock(&desk->lock);
}

const atomic_bool *backup_desk_stopping(const struct backup_desk *desk)
{
	return &desk->stopping;
}
