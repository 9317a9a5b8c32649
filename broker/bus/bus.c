#include "bus/bus.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "base/check.h"
#include "base/clock.h"

#define ADDRESS_BYTES_MAX 128

/* What the sockets of one name share. */
struct line {
	struct line *next;
	/*
	 * Counted up by each sender, read by the receiver: so the order "what was written before
	 * the send is seen after the receive" is ours and not only libzmq's, into which a thread
	 * sanitizer cannot look. One for each name: were there one for all, any send would order
	 * its thread before any receiver, and hide what is not ordered.
	 */
	atomic_uint_fast64_t sent;
	char address[ADDRESS_BYTES_MAX];
};

struct bus {
	void *context;
	atomic_int sockets;
	pthread_mutex_t lock; /* of the list; a line stays until the bus is closed */
	struct line *lines;
};

struct bus_socket {
	struct bus *bus;
	struct line *line;
	void *socket;
	pthread_t owner;
	bool adopted;
};

int bus_open(struct bus **ret)
{
	struct bus *bus = calloc(1, sizeof(*bus));

	if (!bus)
		return TC_ENOMEM;
	pthread_mutex_init(&bus->lock, NULL);
	bus->context = zmq_ctx_new();
	/* Inproc needs no I/O thread. */
	if (!bus->context || zmq_ctx_set(bus->context, ZMQ_IO_THREADS, 0) < 0) {
		bus_close(&bus);
		return TC_EBUS;
	}
	*ret = bus;
	return 0;
}

static void lines_free(struct bus *bus)
{
	while (bus->lines) {
		struct line *line = bus->lines;

		bus->lines = line->next;
		free(line);
	}
}

void bus_close(struct bus **bus)
{
	if (!*bus)
		return;
	/* The term would wait for ever for a socket that nobody closes. */
	TC_CHECK((*bus)->sockets == 0);
	while ((*bus)->context && zmq_ctx_term((*bus)->context) < 0 && errno == EINTR)
		;
	lines_free(*bus);
	pthread_mutex_destroy(&(*bus)->lock);
	free(*bus);
	*bus = NULL;
}

/* The line of that name, made by whoever asks first. */
static int line_of(struct bus *bus, const char *name, struct line **ret)
{
	char address[ADDRESS_BYTES_MAX];
	struct line *line;

	if (snprintf(address, sizeof(address), "inproc://%s", name) >= ADDRESS_BYTES_MAX)
		return TC_EINVAL;
	pthread_mutex_lock(&bus->lock);
	for (line = bus->lines; line && strcmp(line->address, address) != 0;)
		line = line->next;
	if (!line) {
		line = calloc(1, sizeof(*line));
		if (line) {
			memcpy(line->address, address, sizeof(address));
			line->next = bus->lines;
			bus->lines = line;
		}
	}
	pthread_mutex_unlock(&bus->lock);
	*ret = line;
	return line ? 0 : TC_ENOMEM;
}

static int socket_new(struct bus *bus, int type, const char *name, int queue_max,
		      struct bus_socket **ret)
{
	int limit_option = type == ZMQ_PULL ? ZMQ_RCVHWM : ZMQ_SNDHWM;
	struct bus_socket *socket;
	struct line *line = NULL;
	int linger = 0;
	int r;

	if (queue_max < 1)
		return TC_EINVAL;
	r = line_of(bus, name, &line);
	if (r)
		return r;
	socket = calloc(1, sizeof(*socket));
	if (!socket)
		return TC_ENOMEM;
	socket->bus = bus;
	socket->line = line;
	socket->owner = pthread_self();
	socket->socket = zmq_socket(bus->context, type);
	if (!socket->socket) {
		free(socket);
		return TC_EBUS;
	}
	bus->sockets++;
	if (zmq_setsockopt(socket->socket, ZMQ_LINGER, &linger, sizeof(linger)) < 0 ||
	    zmq_setsockopt(socket->socket, limit_option, &queue_max, sizeof(queue_max)) < 0) {
		bus_socket_close(&socket);
		return TC_EBUS;
	}
	*ret = socket;
	return 0;
}

int bus_bind_pull(struct bus *bus, const char *name, int queue_max, struct bus_socket **ret)
{
	struct bus_socket *socket = NULL;
	int r = socket_new(bus, ZMQ_PULL, name, queue_max, &socket);

	if (r)
		return r;
	if (zmq_bind(socket->socket, socket->line->address) < 0) {
		bus_socket_close(&socket);
		return TC_EBUS;
	}
	*ret = socket;
	return 0;
}

int bus_connect_push(struct bus *bus, const char *name, int queue_max, struct bus_socket **ret)
{
	struct bus_socket *socket = NULL;
	int r = socket_new(bus, ZMQ_PUSH, name, queue_max, &socket);

	if (r)
		return r;
	if (zmq_connect(socket->socket, socket->line->address) < 0) {
		bus_socket_close(&socket);
		return TC_EBUS;
	}
	*ret = socket;
	return 0;
}

/* Closing is allowed to the thread that joined the owner, so it is not checked. */
void bus_socket_close(struct bus_socket **socket)
{
	if (!*socket)
		return;
	TC_CHECK(zmq_close((*socket)->socket) == 0);
	(*socket)->bus->sockets--;
	free(*socket);
	*socket = NULL;
}

void bus_socket_adopt(struct bus_socket *socket)
{
	TC_CHECK(!socket->adopted);
	socket->adopted = true;
	socket->owner = pthread_self();
}

void bus_socket_inherit(struct bus_socket *socket)
{
	socket->owner = pthread_self();
}

static void check_owner(const struct bus_socket *socket)
{
	TC_CHECK(pthread_equal(socket->owner, pthread_self()));
}

/* Waits until the socket can send or receive. 0, BUS_EMPTY after the deadline, or TC_EBUS. */
static int wait_until(struct bus_socket *socket, short events, int64_t deadline_us)
{
	zmq_pollitem_t item = {.socket = socket->socket, .events = events};
	int64_t left_us;
	int count;

	for (;;) {
		left_us = deadline_us - tc_clock_monotonic_us();
		if (left_us <= 0)
			return BUS_EMPTY;
		count = zmq_poll(&item, 1, (long)((left_us + 999) / 1000));
		if (count > 0)
			return 0;
		if (count < 0 && errno != EINTR)
			return TC_EBUS;
	}
}

/* The deadline of a wait that is neither 0 nor for ever. */
static int64_t deadline_of(int wait_ms)
{
	return wait_ms > 0 ? tc_clock_monotonic_us() + (int64_t)wait_ms * 1000 : 0;
}

int bus_send(struct bus_socket *socket, enum bus_message_kind kind, void *payload, int wait_ms)
{
	struct bus_message message = {.kind = kind, .payload = payload};
	int64_t deadline_us = deadline_of(wait_ms);
	int flags = wait_ms < 0 ? 0 : ZMQ_DONTWAIT;
	int r;

	check_owner(socket);
	atomic_fetch_add_explicit(&socket->line->sent, 1, memory_order_release);
	for (;;) {
		if (zmq_send(socket->socket, &message, sizeof(message), flags) >= 0)
			return 0;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return TC_EBUS;
		if (wait_ms == 0)
			return BUS_EMPTY;
		r = wait_until(socket, ZMQ_POLLOUT, deadline_us);
		if (r != 0)
			return r;
	}
}

int bus_receive(struct bus_socket *socket, int wait_ms, struct bus_message *ret)
{
	int64_t deadline_us = deadline_of(wait_ms);
	int flags = wait_ms < 0 ? 0 : ZMQ_DONTWAIT;
	struct bus_message message;
	int bytes;
	int r;

	check_owner(socket);
	for (;;) {
		bytes = zmq_recv(socket->socket, &message, sizeof(message), flags);
		if (bytes == (int)sizeof(message)) {
			(void)atomic_load_explicit(&socket->line->sent, memory_order_acquire);
			*ret = message;
			return 0;
		}
		if (bytes >= 0)
			return TC_EBUS;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return TC_EBUS;
		if (wait_ms == 0)
			return BUS_EMPTY;
		r = wait_until(socket, ZMQ_POLLIN, deadline_us);
		if (r != 0)
			return r;
	}
}

int bus_socket_fd(struct bus_socket *socket)
{
	int fd = -1;
	size_t len = sizeof(fd);

	TC_CHECK(zmq_getsockopt(socket->socket, ZMQ_FD, &fd, &len) == 0);
	return fd;
}
