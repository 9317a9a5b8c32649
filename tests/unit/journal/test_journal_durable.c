/* The ledger has a batch before it is durable, and nobody hears of it until it is. */
#include "journal/journal_thread.h"

#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "line_fixture.h"
#include "scratch.h"

#define MAP_BYTES (64 * 1024 * 1024)

/* A journal whose sync waits until the test lets it go on, and then does as it is told. */
struct gated {
	struct journal base;
	struct journal *inner;
	sem_t arrived, go;
	int outcome;
	bool stores; /* whatever it says */
};

static int gated_stage(struct journal *journal, struct record_batch *batch, struct tc_id batch_id)
{
	return journal_stage(((struct gated *)journal)->inner, batch, batch_id);
}

static int gated_sync(struct journal *journal)
{
	struct gated *gated = (struct gated *)journal;

	sem_post(&gated->arrived);
	while (sem_wait(&gated->go) != 0)
		;
	if (gated->stores && journal_sync(gated->inner) != 0)
		return TC_ESTORE;
	return gated->outcome;
}

static int gated_find(struct journal *journal, struct tc_id batch_id, uint64_t *ret_first)
{
	return journal_find_batch(((struct gated *)journal)->inner, batch_id, ret_first);
}

static int gated_usage(struct journal *journal, struct journal_usage *ret)
{
	return journal_usage(((struct gated *)journal)->inner, ret);
}

static void gated_close(struct journal *journal)
{
	journal_close(&((struct gated *)journal)->inner);
}

static struct fixture *gate(struct gated *gated, bool stores, int outcome)
{
	static const struct journal_ops ops = {.stage = gated_stage,
					       .sync = gated_sync,
					       .find_batch = gated_find,
					       .usage = gated_usage,
					       .close = gated_close};
	struct fixture *f = fixture_new(MAP_BYTES);

	*gated = (struct gated){
		.base.ops = &ops, .inner = f->journal, .stores = stores, .outcome = outcome};
	assert_int_equal(sem_init(&gated->arrived, 0, 0), 0);
	assert_int_equal(sem_init(&gated->go, 0, 0), 0);
	f->journal = &gated->base;
	return f;
}

static void a_batch_is_passed_on_while_it_is_synced_and_called_durable_after(void **state)
{
	struct gated gated;
	struct fixture *f = gate(&gated, true, 0);

	(void)state;
	fixture_start(f, 0);
	send_samples(f, 0, 3, false);
	expect_records(f, 0, 3);
	assert_int_equal(sem_wait(&gated.arrived), 0);
	send_samples(f, 3, 1, false);
	expect_nothing(f->gateway);
	expect_nothing(f->ledger); /* the next batch waits for this one's sync */
	sem_post(&gated.go);
	expect_durable(f->gateway, 3);
	expect_durable(f->ledger, 3);
	expect_records(f, 3, 1);
	expect_nothing(f->gateway);
	sem_post(&gated.go);
	expect_durable(f->gateway, 4);
	expect_durable(f->ledger, 4);
	fixture_stop(f);
	fixture_free(f);
}

static void a_gateway_without_room_is_told_the_newest_position_later(void **state)
{
	struct fixture *f = fixture_new(MAP_BYTES);
	struct bus_message message;
	uint64_t next = 0;

	(void)state;
	fixture_start(f, 0);
	for (uint64_t i = 0; i < 20; i++) {
		send_samples(f, i, 1, false);
		expect_records(f, i, 1);
	}
	while (next < 20) {
		struct bus_position *position;

		assert_int_equal(bus_receive(f->gateway, LINE_WAIT_MS, &message), 0);
		position = message.payload;
		assert_true(position->next > next);
		next = position->next;
		free(position);
	}
	fixture_stop(f);
	fixture_free(f);
}

static void a_batch_that_is_found_after_all_is_durable(void **state)
{
	struct gated gated;
	struct fixture *f = gate(&gated, true, JOURNAL_UNKNOWN);

	(void)state;
	fixture_start(f, 0);
	send_samples(f, 0, 2, false);
	sem_post(&gated.go);
	expect_records(f, 0, 2);
	expect_durable(f->gateway, 2);
	fixture_stop(f);
	fixture_free(f);
}

/* In a process of its own: the batch is with the ledger, then its sync ends like that. */
static int status_after(bool stores, int outcome)
{
	struct bus_message message;
	struct gated gated;
	struct fixture *f;
	pid_t child = fork();
	int status;

	if (child == 0) {
		if (!freopen("/dev/null", "w", stderr))
			_exit(1);
		f = gate(&gated, stores, outcome);
		scratch_remove(f->folder);
		fixture_start(f, 5);
		send_samples(f, 0, 1, false);
		expect_records(f, 0, 1);
		sem_post(&gated.go);
		(void)!bus_receive(f->gateway, LINE_WAIT_MS, &message);
		_exit(0); /* somebody was told */
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void a_sync_that_fails_ends_the_process_before_anybody_is_told(void **state)
{
	(void)state;
	assert_int_equal(status_after(false, TC_ESTORE), JOURNAL_THREAD_EXIT);
	assert_int_equal(status_after(true, TC_ESTORE), JOURNAL_THREAD_EXIT);
	assert_int_equal(status_after(false, JOURNAL_FENCED), JOURNAL_THREAD_EXIT);
}

static void a_batch_of_unknown_fate_that_is_not_found_ends_the_process(void **state)
{
	(void)state;
	assert_int_equal(status_after(false, JOURNAL_UNKNOWN), JOURNAL_THREAD_EXIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sync_that_fails_ends_the_process_before_anybody_is_told),
		cmocka_unit_test(a_batch_of_unknown_fate_that_is_not_found_ends_the_process),
		cmocka_unit_test(a_batch_that_is_found_after_all_is_durable),
		cmocka_unit_test(a_batch_is_passed_on_while_it_is_synced_and_called_durable_after),
		cmocka_unit_test(a_gateway_without_room_is_told_the_newest_position_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
