#include "gateway/connection.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "base/log.h"

#define ACCEPTS_PER_TURN 64

static int spare_open(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* Too many descriptors: a waiting connection is taken and dropped with the spare one, so that it
 * is not left hanging and the loop does not spin on a listener that stays readable. */
static void shed(struct gateway *gateway, int listener)
{
	int fd;

	log_event(EV_ACCEPT_FAILED, NULL, NULL, EMFILE);
	if (gateway->spare_fd >= 0)
		close(gateway->spare_fd);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		close(fd);
	gateway->spare_fd = spare_open();
}

/* True: there may be more. */
static bool accept_one(struct gateway *gateway, int listener)
{
	struct sockaddr_storage from = {0};
	socklen_t len = sizeof(from);
	struct admission_key address;
	struct connection *connection;
	int one = 1;
	int fd = accept4(listener, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	int r;

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE) {
			shed(gateway, listener);
			return false;
		}
		/* The peer may be gone already: that ends this one, not the accepting. */
		if (errno == ECONNABORTED || errno == EINTR || errno == EPERM)
			return true;
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			log_event(EV_ACCEPT_FAILED, NULL, NULL, errno);
		return false;
	}
	atomic_fetch_add_explicit(&gateway->options.counters->accepted, 1, memory_order_relaxed);
	admission_key_address(&from, &address);
	r = admission_enter(gateway->admission, &address);
	if (r) {
		close(fd);
		gateway_logon_failed(gateway, NULL, address.text, TC_REFUSAL_TOO_MANY_CONNECTIONS);
		return true;
	}
	/* Small replies go out at once: turns already gather what can be gathered. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	r = connection_open(gateway, fd, &address, &connection);
	if (r)
		admission_leave(gateway->admission, &address);
	return true;
}

static void listener_ready(evutil_socket_t listener, short what, void *context)
{
	struct gateway *gateway = context;

	(void)what;
	for (int i = 0; i < ACCEPTS_PER_TURN && accept_one(gateway, listener); i++)
		continue;
}

int listener_start(struct gateway *gateway)
{
	gateway->spare_fd = spare_open();
	for (size_t i = 0; i < gateway->options.listener_count; i++) {
		struct event *event = event_new(gateway->base, gateway->options.listeners[i],
						EV_READ | EV_PERSIST, listener_ready, gateway);

		if (!event)
			return TC_ENOMEM;
		gateway->listener_events[i] = event;
		if (event_add(event, NULL) != 0)
			return TC_ENOMEM;
	}
	return 0;
}

void listener_stop(struct gateway *gateway)
{
	for (size_t i = 0; i < gateway->options.listener_count; i++) {
		if (gateway->listener_events[i])
			event_free(gateway->listener_events[i]);
		gateway->listener_events[i] = NULL;
	}
	if (gateway->spare_fd >= 0)
		close(gateway->spare_fd);
	gateway->spare_fd = -1;
}
