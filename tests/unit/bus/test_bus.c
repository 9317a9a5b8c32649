#include "bus/bus.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define WAIT_MS 10000

static int setup(void **state)
{
	return bus_open((struct bus **)state);
}

static int teardown(void **state)
{
	bus_close((struct bus **)state);
	return 0;
}

static struct bus_socket *pull(void **state, int queue_max)
{
	struct bus_socket *socket = NULL;

	assert_int_equal(bus_bind_pull(*state, "journal", queue_max, &socket), 0);
	return socket;
}

static struct bus_socket *push(void **state, int queue_max)
{
	struct bus_socket *socket = NULL;

	assert_int_equal(bus_connect_push(*state, "journal", queue_max, &socket), 0);
	return socket;
}

static void messages_of_one_sender_keep_their_order(void **state)
{
	struct bus_socket *receiver = pull(state, 8);
	struct bus_socket *sender = push(state, 8);
	struct bus_message message;
	int payloads[8];

	for (int i = 0; i < 8; i++)
		assert_int_equal(bus_send(sender, BUS_QUERY, &payloads[i], 0), 0);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(bus_receive(receiver, WAIT_MS, &message), 0);
		assert_int_equal(message.kind, BUS_QUERY);
		assert_ptr_equal(message.payload, &payloads[i]);
	}
	assert_int_equal(bus_receive(receiver, 0, &message), BUS_EMPTY);
	assert_int_equal(bus_receive(receiver, 1, &message), BUS_EMPTY);
	bus_socket_close(&sender);
	bus_socket_close(&receiver);
}

static void a_full_queue_refuses_without_waiting_and_drains(void **state)
{
	struct bus_socket *receiver = pull(state, 2);
	struct bus_socket *sender = push(state, 3);
	struct bus_message message;
	int sent = 0;
	int r;

	while ((r = bus_send(sender, BUS_DRAIN, NULL, 0)) == 0)
		sent++;
	assert_int_equal(r, BUS_EMPTY);
	assert_int_equal(sent, 5);
	assert_int_equal(bus_send(sender, BUS_DRAIN, NULL, 1), BUS_EMPTY);
	for (int i = 0; i < sent; i++)
		assert_int_equal(bus_receive(receiver, 0, &message), 0);
	assert_int_equal(bus_send(sender, BUS_DRAIN, NULL, WAIT_MS), 0);
	assert_int_equal(bus_receive(receiver, WAIT_MS, &message), 0);
	bus_socket_close(&sender);
	bus_socket_close(&receiver);
}

/*
 * The descriptor is edge-triggered: a sender's second message makes no second edge
 * while the first is unread, and reading one message eats the edge of both. A loop that
 * reads one message for each wake-up loses the rest; one that reads until BUS_EMPTY does not.
 */
static void reading_until_empty_after_an_edge_misses_nothing(void **state)
{
	struct bus_socket *receiver = pull(state, 64);
	struct bus_socket *sender = push(state, 64);
	struct pollfd poll_fd = {.fd = bus_socket_fd(receiver), .events = POLLIN};
	struct bus_message message;
	int received = 0;

	for (int i = 0; i < 10; i++)
		assert_int_equal(bus_send(sender, BUS_DRAIN, NULL, 0), 0);
	assert_int_equal(poll(&poll_fd, 1, WAIT_MS), 1);
	assert_int_equal(bus_receive(receiver, 0, &message), 0);
	received++;
	/* Nine wait, and no edge tells. */
	assert_int_equal(poll(&poll_fd, 1, 0), 0);
	while (bus_receive(receiver, 0, &message) == 0)
		received++;
	assert_int_equal(received, 10);
	/* After BUS_EMPTY the next message makes an edge again. */
	assert_int_equal(bus_send(sender, BUS_DRAIN, NULL, 0), 0);
	assert_int_equal(poll(&poll_fd, 1, WAIT_MS), 1);
	assert_int_equal(bus_receive(receiver, 0, &message), 0);
	bus_socket_close(&sender);
	bus_socket_close(&receiver);
}

struct sender_thread {
	struct bus_socket *socket;
	uintptr_t from;
	unsigned count;
};

static void *send_run(void *argument)
{
	struct sender_thread *s = argument;

	bus_socket_adopt(s->socket);
	for (unsigned i = 0; i < s->count; i++) {
		if (bus_send(s->socket, BUS_QUERY, (void *)(s->from + i), -1) != 0)
			return argument;
	}
	return NULL;
}

static void many_senders_wait_for_room_and_lose_nothing(void **state)
{
	enum { SENDERS = 4, EACH = 20000 };
	struct bus_socket *receiver = pull(state, 16);
	struct sender_thread senders[SENDERS];
	uintptr_t next[SENDERS];
	pthread_t threads[SENDERS];
	struct bus_message message;
	void *failed;

	for (size_t i = 0; i < SENDERS; i++) {
		next[i] = i * EACH;
		senders[i] = (struct sender_thread){
			.socket = push(state, 16), .from = i * EACH, .count = EACH};
		assert_int_equal(pthread_create(&threads[i], NULL, send_run, &senders[i]), 0);
	}
	for (size_t i = 0; i < SENDERS * EACH; i++) {
		uintptr_t value;

		assert_int_equal(bus_receive(receiver, WAIT_MS, &message), 0);
		value = (uintptr_t)message.payload;
		assert_int_equal(value, next[value / EACH]);
		next[value / EACH]++;
	}
	for (size_t i = 0; i < SENDERS; i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
		bus_socket_close(&senders[i].socket);
	}
	bus_socket_close(&receiver);
}

static void *adopt_run(void *argument)
{
	bus_socket_adopt(argument);
	return NULL;
}

static void who_joined_the_owner_receives_what_is_left(void **state)
{
	struct bus_socket *receiver = pull(state, 8);
	struct bus_socket *sender = push(state, 8);
	struct bus_message message;
	pthread_t thread;
	int payload;

	assert_int_equal(pthread_create(&thread, NULL, adopt_run, receiver), 0);
	assert_int_equal(bus_send(sender, BUS_COMMITTED, &payload, 0), 0);
	pthread_join(thread, NULL);
	bus_socket_inherit(receiver);
	assert_int_equal(bus_receive(receiver, 0, &message), 0);
	assert_ptr_equal(message.payload, &payload);
	assert_int_equal(bus_receive(receiver, 0, &message), BUS_EMPTY);
	bus_socket_close(&sender);
	bus_socket_close(&receiver);
}

static void a_socket_in_a_foreign_thread_ends_the_process(void **state)
{
	struct bus_socket *receiver = NULL;
	struct bus_message message;
	struct bus *bus = NULL;
	pthread_t thread;
	void *result;
	int status;
	pid_t child;

	(void)state;
	child = fork();
	if (child == 0) {
		struct sender_thread s = {0};

		if (!freopen("/dev/null", "w", stderr))
			_exit(1);
		if (bus_open(&bus) != 0 || bus_bind_pull(bus, "journal", 4, &receiver) != 0 ||
		    bus_connect_push(bus, "journal", 4, &s.socket) != 0)
			_exit(1);
		if (pthread_create(&thread, NULL, send_run, &s) != 0)
			_exit(1);
		pthread_join(thread, &result);
		/* Ours until the other thread adopted it. */
		(void)!bus_receive(receiver, 0, &message);
		(void)!bus_send(s.socket, BUS_DRAIN, NULL, 0);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
}

static void closing_with_messages_queued_does_not_hang(void **state)
{
	struct bus_socket *receiver = pull(state, 8);
	struct bus_socket *sender = push(state, 8);

	assert_int_equal(bus_send(sender, BUS_DRAIN, NULL, 0), 0);
	bus_socket_close(&receiver);
	bus_socket_close(&sender);
	bus_socket_close(&sender);
}

static void a_name_is_bound_once(void **state)
{
	struct bus_socket *receiver = pull(state, 8);
	struct bus_socket *second = NULL;

	assert_int_equal(bus_bind_pull(*state, "journal", 8, &second), TC_EBUS);
	assert_int_equal(bus_bind_pull(*state, "other", 0, &second), TC_EINVAL);
	assert_null(second);
	bus_socket_close(&receiver);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(messages_of_one_sender_keep_their_order, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_full_queue_refuses_without_waiting_and_drains,
						setup, teardown),
		cmocka_unit_test_setup_teardown(reading_until_empty_after_an_edge_misses_nothing,
						setup, teardown),
		cmocka_unit_test_setup_teardown(many_senders_wait_for_room_and_lose_nothing, setup,
						teardown),
		cmocka_unit_test_setup_teardown(who_joined_the_owner_receives_what_is_left, setup,
						teardown),
		cmocka_unit_test(a_socket_in_a_foreign_thread_ends_the_process),
		cmocka_unit_test_setup_teardown(closing_with_messages_queued_does_not_hang, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_name_is_bound_once, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
