/* When the trail commits, and whom it tells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "journal/record.h"
#include "throughcare/v1/record.pb-c.h"
#include "trail/trail_thread.h"
#include "unit/trail/trail_fixture.h"

#define DEADLINE_MS 10000

struct scene {
	struct trail_fixture *trail;
	struct bus *bus;
	struct bus_socket *ledger;
	struct bus_socket *query;
	struct bus_socket *journal;
	struct bus_socket *to_trail;
	struct bus_socket *from_trail[3]; /* to the ledger, to the query thread, to the journal */
	struct bus_socket *inbox;
	struct thread *thread;
};

static int setup_with(void **state, unsigned wait_ms, unsigned anchor_ms)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	struct trail_thread_options options = {
		.query_count = 1, .wait_ms = wait_ms, .anchor_ms = anchor_ms};
	void *trail;

	assert_non_null(scene);
	assert_int_equal(trail_fixture_setup(&trail), 0);
	scene->trail = trail;
	assert_int_equal(bus_open(&scene->bus), 0);
	assert_int_equal(bus_bind_pull(scene->bus, "ledger", 16, &scene->ledger), 0);
	assert_int_equal(bus_bind_pull(scene->bus, "query.0", 16, &scene->query), 0);
	assert_int_equal(bus_bind_pull(scene->bus, "trail", 16, &scene->inbox), 0);
	assert_int_equal(bus_connect_push(scene->bus, "trail", 16, &scene->to_trail), 0);
	assert_int_equal(bus_connect_push(scene->bus, "ledger", 16, &scene->from_trail[0]), 0);
	assert_int_equal(bus_connect_push(scene->bus, "query.0", 16, &scene->from_trail[1]), 0);
	assert_int_equal(bus_bind_pull(scene->bus, "journal", 16, &scene->journal), 0);
	assert_int_equal(bus_connect_push(scene->bus, "journal", 16, &scene->from_trail[2]), 0);
	options.journal = scene->from_trail[2];
	options.index = scene->trail->index;
	options.inbox = scene->inbox;
	options.ledger = scene->from_trail[0];
	options.queries = &scene->from_trail[1];
	assert_int_equal(trail_thread_start(&options, &scene->thread), 0);
	*state = scene;
	return 0;
}

static int setup(void **state)
{
	return setup_with(state, 200, 50);
}

/* As an exchange does, with less of both. */
static int setup_anchors_last(void **state)
{
	return setup_with(state, 50, 200);
}

static void drop_positions(struct bus_socket *socket)
{
	struct bus_message message;

	while (bus_receive(socket, 0, &message) == 0)
		free(message.payload);
}

static int teardown(void **state)
{
	struct scene *scene = *state;
	void *trail = scene->trail;

	assert_int_equal(bus_send(scene->to_trail, BUS_STOP, NULL, DEADLINE_MS), 0);
	thread_join(&scene->thread);
	drop_positions(scene->ledger);
	drop_positions(scene->query);
	bus_socket_close(&scene->from_trail[0]);
	bus_socket_close(&scene->from_trail[1]);
	bus_socket_close(&scene->from_trail[2]);
	bus_socket_close(&scene->inbox);
	bus_socket_close(&scene->to_trail);
	bus_socket_close(&scene->query);
	bus_socket_close(&scene->journal);
	bus_socket_close(&scene->ledger);
	bus_close(&scene->bus);
	free(scene);
	return trail_fixture_teardown(&trail);
}

static void send_facts(struct scene *scene, uint64_t first, uint64_t count)
{
	struct effects *facts = effects_new();

	assert_non_null(facts);
	for (uint64_t i = 0; i < count; i++)
		push_fact(facts, &(struct made_fact){.sequence = first + i, .subject = 1});
	facts->facts_next = first + count;
	assert_int_equal(bus_send(scene->to_trail, BUS_FACTS, facts, DEADLINE_MS), 0);
}

static uint64_t receive_position(struct bus_socket *socket)
{
	struct bus_position *position;
	struct bus_message message;
	uint64_t next;

	assert_int_equal(bus_receive(socket, DEADLINE_MS, &message), 0);
	assert_int_equal(message.kind, BUS_COMMITTED);
	position = message.payload;
	assert_int_equal(position->source, 1);
	next = position->next;
	free(position);
	return next;
}

static void it_commits_when_wanted_and_tells_ledger_and_query(void **state)
{
	struct scene *scene = *state;
	struct trail_question question = trail_question_any();
	uint64_t found[8];

	send_facts(scene, 0, 5);
	assert_int_equal(bus_send(scene->to_trail, BUS_COMMIT_WANTED, NULL, DEADLINE_MS), 0);
	assert_int_equal(receive_position(scene->ledger), 5);
	assert_int_equal(receive_position(scene->query), 5);
	assert_int_equal(find_all(scene->trail, &question, found, 8), 5);
}

static void it_answers_also_when_there_is_nothing_to_commit(void **state)
{
	struct scene *scene = *state;

	assert_int_equal(bus_send(scene->to_trail, BUS_COMMIT_WANTED, NULL, DEADLINE_MS), 0);
	assert_int_equal(receive_position(scene->ledger), 0);
	assert_int_equal(receive_position(scene->query), 0);
}

static void it_commits_by_itself_after_a_while(void **state)
{
	struct scene *scene = *state;

	send_facts(scene, 0, 3);
	assert_int_equal(receive_position(scene->query), 3);
}

static void it_commits_by_itself_when_many_facts_wait(void **state)
{
	struct scene *scene = *state;
	uint64_t next = 0;

	for (int i = 0; i < 4; i++)
		send_facts(scene, (uint64_t)i * TRAIL_THREAD_FACTS / 2, TRAIL_THREAD_FACTS / 2);
	while (next < 2 * TRAIL_THREAD_FACTS)
		next = receive_position(scene->query);
	assert_int_equal(next, 2 * TRAIL_THREAD_FACTS);
}

static void send_release(struct scene *scene, uint64_t sequence)
{
	struct effects *facts = effects_new();

	assert_non_null(facts);
	push_fact(facts, &(struct made_fact){.sequence = sequence,
					     .subject = 1,
					     .agency = "clinic",
					     .event = "release"});
	facts->facts_next = sequence + 1;
	assert_int_equal(bus_send(scene->to_trail, BUS_FACTS, facts, DEADLINE_MS), 0);
}

/* The anchor comes to the journal, and back as the fact of record `sequence`. */
static void pass_anchor(struct scene *scene, uint64_t sequence, bool first)
{
	struct effects *facts = effects_new();
	struct record_batch *batch;
	struct bus_message message;
	Throughcare__V1__Record *body;
	uint8_t packed[128];

	assert_non_null(facts);
	assert_int_equal(bus_receive(scene->journal, DEADLINE_MS, &message), 0);
	assert_int_equal(message.kind, BUS_RECORDS);
	batch = message.payload;
	assert_int_equal(batch->count, 1);
	assert_true(batch->first->rider);
	body = throughcare__v1__record__unpack(NULL, batch->first->body.len,
					       batch->first->body.data);
	assert_non_null(body);
	assert_int_equal(body->body_case, THROUGHCARE__V1__RECORD__BODY_ANCHOR);
	assert_int_equal(body->anchor->has_of_sequence, !first);
	push_fact(facts, &(struct made_fact){
				 .sequence = sequence,
				 .event = "anchor",
				 .record = tc_slice(packed, throughcare__v1__anchor_record__pack(
								    body->anchor, packed)),
			 });
	throughcare__v1__record__free_unpacked(body, NULL);
	record_batch_free(batch);
	free(batch);
	facts->facts_next = sequence + 1;
	assert_int_equal(bus_send(scene->to_trail, BUS_FACTS, facts, DEADLINE_MS), 0);
}

static void two_anchors_follow_the_last_disclosure(void **state)
{
	struct scene *scene = *state;
	struct bus_message message;

	send_facts(scene, 0, 2);
	send_release(scene, 2);
	pass_anchor(scene, 3, true);
	pass_anchor(scene, 4, false);
	assert_int_equal(bus_receive(scene->journal, 200, &message), BUS_EMPTY);
	send_release(scene, 5);
	send_release(scene, 6);
	pass_anchor(scene, 7, false);
	pass_anchor(scene, 8, false);
	assert_int_equal(bus_receive(scene->journal, 200, &message), BUS_EMPTY);
}

/* Long after the last commit, and no message wakes the thread. */
static void an_anchor_comes_though_nothing_else_does(void **state)
{
	struct scene *scene = *state;

	send_release(scene, 0);
	pass_anchor(scene, 1, true);
	pass_anchor(scene, 2, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_commits_when_wanted_and_tells_ledger_and_query,
						setup, teardown),
		cmocka_unit_test_setup_teardown(it_answers_also_when_there_is_nothing_to_commit,
						setup, teardown),
		cmocka_unit_test_setup_teardown(it_commits_by_itself_after_a_while, setup,
						teardown),
		cmocka_unit_test_setup_teardown(it_commits_by_itself_when_many_facts_wait, setup,
						teardown),
		cmocka_unit_test_setup_teardown(two_anchors_follow_the_last_disclosure, setup,
						teardown),
		cmocka_unit_test_setup_teardown(an_anchor_comes_though_nothing_else_does,
						setup_anchors_last, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
