/*
 * Kills the writer and breaks its disk: what was acknowledged must be there afterwards.
 *
 * This program stands between LMDB and the C library for the three calls with which
 * LMDB writes, so that any one of them can be made to fail.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/random.h"
#include "journal/journal_lmdb.h"
#include "journal_sample.h"
#include "scratch.h"

#define MAP_BYTES (256 * 1024 * 1024)
#define CYCLES    50
#define WAIT_MS   20000

/* ---- a disk that fails ---- */

static int calls_until_failure = -1; /* negative: never */

static bool fails_now(void)
{
	if (calls_until_failure < 0 || calls_until_failure-- > 0)
		return false;
	calls_until_failure = 0; /* and all that follow */
	errno = EIO;
	return true;
}

__attribute__((visibility("default"))) ssize_t pwrite64(int fd, const void *data, size_t len,
							off_t at)
{
	return fails_now() ? -1 : (ssize_t)syscall(SYS_pwrite64, fd, data, len, at);
}

__attribute__((visibility("default"))) ssize_t pwrite(int fd, const void *data, size_t len,
						      off_t at)
{
	return fails_now() ? -1 : (ssize_t)syscall(SYS_pwrite64, fd, data, len, at);
}

__attribute__((visibility("default"))) ssize_t writev(int fd, const struct iovec *pieces, int count)
{
	return fails_now() ? -1 : (ssize_t)syscall(SYS_writev, fd, pieces, count);
}

__attribute__((visibility("default"))) int fdatasync(int fd)
{
	return fails_now() ? -1 : (int)syscall(SYS_fdatasync, fd);
}

static int open_journal(const char *path, struct journal **ret)
{
	struct journal_lmdb_options options = {
		.path = path, .map_bytes = MAP_BYTES, .clock = &tc_clock_real};

	return journal_lmdb_open(&options, ret);
}

static int append(struct journal *journal, uint64_t first, size_t count)
{
	struct record_batch batch = {0};
	int r;

	sample_batch(&batch, first, count);
	r = journal_append(journal, &batch, tc_id_new(tc_clock_now_ms(&tc_clock_real)));
	record_batch_free(&batch);
	return r;
}

/* Every record below `acked` must be there, and what is beyond must be whole. */
static uint64_t assert_whole(const char *path, uint64_t acked)
{
	struct journal_reader *reader = NULL;
	struct journal *journal = NULL;
	struct journal_usage usage;

	assert_int_equal(open_journal(path, &journal), 0);
	assert_int_equal(journal_usage(journal, &usage), 0);
	assert_true(usage.tip >= acked);
	assert_int_equal(journal_reader_open(journal, &reader), 0);
	for (uint64_t i = 0; i < usage.tip; i++)
		assert_int_equal(sample_check(reader, i, i), 0);
	journal_reader_close(&reader);
	journal_close(&journal);
	return usage.tip;
}

static void a_failing_disk_is_a_fault_and_nothing_more_is_written(void **state)
{
	char folder[PATH_MAX];
	struct journal *journal;
	uint64_t tip = 0;
	int failures = 0;
	int r;

	(void)state;
	scratch_make(folder);
	/* The n-th write call of a commit, for every n there is. */
	for (int n = 0; n < 8; n++) {
		journal = NULL;
		assert_int_equal(open_journal(folder, &journal), 0);
		assert_int_equal(append(journal, tip, 5), 0);
		tip += 5;
		calls_until_failure = n;
		r = append(journal, tip, 7);
		assert_true(r == 0 || r == TC_ESTORE);
		if (r == 0) {
			tip += 7;
		} else {
			failures++;
			calls_until_failure = -1;
			/* The disk is well again, but this process may not believe it. */
			assert_int_equal(append(journal, tip, 1), TC_ESTORE);
		}
		calls_until_failure = -1;
		journal_close(&journal);
		tip = assert_whole(folder, tip);
	}
	assert_true(failures >= 2);
	scratch_remove(folder);
}

/* ---- a writer that is killed ---- */

static _Noreturn void write_until_killed(const char *path, int pipe_fd, unsigned seed)
{
	struct journal *journal = NULL;
	struct journal_usage usage;
	uint64_t tip;
	size_t count;

	if (open_journal(path, &journal) != 0 || journal_usage(journal, &usage) != 0)
		_exit(1);
	tip = usage.tip;
	for (;;) {
		count = 1 + (size_t)rand_r(&seed) % 40;
		if (append(journal, tip, count) != 0)
			_exit(1);
		tip += count;
		if (write(pipe_fd, &tip, sizeof(tip)) != sizeof(tip))
			_exit(1);
	}
}

/* The last number in the pipe once `least` have come. */
static uint64_t acknowledged(int pipe_fd, int least)
{
	struct pollfd poll_fd = {.fd = pipe_fd, .events = POLLIN};
	uint64_t tip = 0;

	for (int i = 0; i < least; i++) {
		assert_int_equal(poll(&poll_fd, 1, WAIT_MS), 1);
		assert_int_equal(read(pipe_fd, &tip, sizeof(tip)), sizeof(tip));
	}
	return tip;
}

static void what_was_acknowledged_survives_every_kill(void **state)
{
	unsigned seed = 20261121;
	char folder[PATH_MAX];
	uint64_t tip = 0;
	uint64_t acked, more;
	int fds[2];
	pid_t child;

	(void)state;
	scratch_make(folder);
	for (int cycle = 0; cycle < CYCLES; cycle++) {
		assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
		child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			close(fds[0]);
			write_until_killed(folder, fds[1], (unsigned)rand_r(&seed));
		}
		close(fds[1]);
		acked = acknowledged(fds[0], 1 + rand_r(&seed) % 4);
		assert_int_equal(kill(child, SIGKILL), 0);
		assert_int_equal(waitpid(child, NULL, 0), child);
		/* What it told before it died counts too. */
		while (read(fds[0], &more, sizeof(more)) == sizeof(more))
			acked = more;
		close(fds[0]);
		assert_true(acked > tip || cycle == 0);
		tip = assert_whole(folder, acked);
	}
	scratch_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failing_disk_is_a_fault_and_nothing_more_is_written),
		cmocka_unit_test(what_was_acknowledged_survives_every_kill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
