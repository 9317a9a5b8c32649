#include "cli/bench_floor_writer.h"

#include <fcntl.h>
#include <lmdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/bytes.h"
#include "cli/file.h"

#define MAP_BYTES  (64ULL << 30)
#define PIECES_MAX 512

struct tc_bench_writer {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct tc_bench_jobs waiting; /* under the lock */
	struct tc_bench_jobs stored;  /* under the lock */
	enum tc_bench_floor kind;
	uint64_t *syncs;
	int event;
	MDB_env *env;
	MDB_dbi table;
	uint64_t next;
	int file;
};

void tc_bench_jobs_push(struct tc_bench_jobs *jobs, struct tc_bench_job *job)
{
	job->next = NULL;
	if (jobs->last)
		jobs->last->next = job;
	else
		jobs->first = job;
	jobs->last = job;
}

void tc_bench_jobs_free(struct tc_bench_jobs *jobs)
{
	struct tc_bench_job *next;

	for (struct tc_bench_job *job = jobs->first; job; job = next) {
		next = job->next;
		free(job);
	}
	*jobs = (struct tc_bench_jobs){0};
}

static void join(struct tc_bench_jobs *to, struct tc_bench_jobs *from)
{
	if (!from->first)
		return;
	if (to->last)
		to->last->next = from->first;
	else
		to->first = from->first;
	to->last = from->last;
	*from = (struct tc_bench_jobs){0};
}

/* Each message of the job is a row of its own. */
static int append_rows(struct tc_bench_writer *w, MDB_txn *txn, const struct tc_bench_job *job)
{
	const uint8_t *at = job->bytes;
	uint8_t key[8];
	int code = 0;

	for (uint32_t i = 0; code == 0 && i < job->messages; i++) {
		MDB_val k = {.mv_size = sizeof(key), .mv_data = key};
		MDB_val v = {.mv_size = job->lens[i], .mv_data = (void *)(uintptr_t)at};

		at += job->lens[i];
		tc_put_be64(key, w->next++);
		code = mdb_put(txn, w->table, &k, &v, MDB_APPEND);
	}
	return code;
}

static int store_lmdb(struct tc_bench_writer *w, const struct tc_bench_jobs *jobs)
{
	MDB_txn *txn = NULL;
	int code = mdb_txn_begin(w->env, NULL, 0, &txn);

	for (const struct tc_bench_job *job = jobs->first; code == 0 && job; job = job->next)
		code = append_rows(w, txn, job);
	if (code == 0)
		return mdb_txn_commit(txn) == 0 ? 0 : TC_EIO;
	mdb_txn_abort(txn);
	return TC_EIO;
}

static int store_file(struct tc_bench_writer *w, const struct tc_bench_jobs *jobs)
{
	const struct tc_bench_job *job = jobs->first;
	struct iovec pieces[PIECES_MAX];

	while (job) {
		size_t bytes = 0;
		int count = 0;

		for (; job && count < PIECES_MAX; job = job->next) {
			pieces[count].iov_base = (void *)(uintptr_t)job->bytes;
			pieces[count++].iov_len = job->len;
			bytes += job->len;
		}
		if (writev(w->file, pieces, count) != (ssize_t)bytes)
			return TC_EIO;
	}
	return fdatasync(w->file) == 0 ? 0 : TC_EIO;
}

static void *run(void *argument)
{
	struct tc_bench_writer *w = argument;
	uint64_t one = 1;
	int r;

	for (;;) {
		struct tc_bench_jobs jobs = {0};

		pthread_mutex_lock(&w->lock);
		while (!w->waiting.first)
			pthread_cond_wait(&w->more, &w->lock);
		join(&jobs, &w->waiting);
		pthread_mutex_unlock(&w->lock);
		r = w->kind == TC_BENCH_FLOOR_LMDB ? store_lmdb(w, &jobs) : store_file(w, &jobs);
		if (r < 0)
			_exit(EXIT_FAILURE);
		__atomic_fetch_add(w->syncs, 1, __ATOMIC_RELAXED);
		pthread_mutex_lock(&w->lock);
		join(&w->stored, &jobs);
		pthread_mutex_unlock(&w->lock);
		if (write(w->event, &one, sizeof(one)) != sizeof(one))
			_exit(EXIT_FAILURE);
	}
	return NULL;
}

static int storage_open(struct tc_bench_writer *w, const char *folder)
{
	char path[TC_FILE_PATH_BYTES];
	MDB_txn *txn = NULL;
	int code;

	if (w->kind == TC_BENCH_FLOOR_FILE) {
		if (!tc_file_path(path, folder, "floor.log"))
			return TC_EINVAL;
		w->file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
		return w->file < 0 ? TC_EIO : 0;
	}
	if (!tc_file_path(path, folder, "floor") || mkdir(path, 0700) < 0)
		return TC_EIO;
	code = mdb_env_create(&w->env);
	if (code == 0)
		code = mdb_env_set_mapsize(w->env, MAP_BYTES);
	if (code == 0)
		code = mdb_env_open(w->env, path, 0, 0600);
	if (code == 0)
		code = mdb_txn_begin(w->env, NULL, 0, &txn);
	if (code == 0)
		code = mdb_dbi_open(txn, NULL, 0, &w->table);
	if (code == 0)
		code = mdb_txn_commit(txn);
	return code == 0 ? 0 : TC_EIO;
}

int tc_bench_writer_start(const char *folder, enum tc_bench_floor kind, uint64_t *syncs, int event,
			  struct tc_bench_writer **ret)
{
	struct tc_bench_writer *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return TC_ENOMEM;
	w->kind = kind;
	w->syncs = syncs;
	w->event = event;
	w->file = -1;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->more, NULL);
	r = storage_open(w, folder);
	if (r == 0 && pthread_create(&w->thread, NULL, run, w) != 0)
		r = TC_ENOMEM;
	if (r < 0) {
		free(w);
		return r;
	}
	*ret = w;
	return 0;
}

void tc_bench_writer_push(struct tc_bench_writer *writer, struct tc_bench_jobs *jobs)
{
	pthread_mutex_lock(&writer->lock);
	join(&writer->waiting, jobs);
	pthread_cond_signal(&writer->more);
	pthread_mutex_unlock(&writer->lock);
}

struct tc_bench_jobs tc_bench_writer_stored(struct tc_bench_writer *writer)
{
	struct tc_bench_jobs jobs = {0};

	pthread_mutex_lock(&writer->lock);
	join(&jobs, &writer->stored);
	pthread_mutex_unlock(&writer->lock);
	return jobs;
}
