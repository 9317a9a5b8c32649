#include "client/dial.h"

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "client/failure.h"

#define UNACKNOWLEDGED_MS_MAX 60000 /* a peer that is gone without a word is noticed by then */

int64_t tc_deadline_in(int timeout_ms)
{
	if (timeout_ms < 0)
		return INT64_MAX;
	return tc_clock_monotonic_us() / 1000 + timeout_ms;
}

int tc_deadline_left(int64_t deadline_ms)
{
	int64_t left;

	if (deadline_ms == INT64_MAX)
		return -1;
	left = deadline_ms - tc_clock_monotonic_us() / 1000;
	if (left <= 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

static void socket_tune(int fd)
{
	int on = 1;
	unsigned int unacknowledged_ms = UNACKNOWLEDGED_MS_MAX;

	/* None of these decides whether the connection works. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_ms,
			 sizeof(unacknowledged_ms));
}

/* 0, or the errno of what went wrong. */
static int connect_wait(int fd, int64_t deadline_ms)
{
	struct pollfd watched = {.fd = fd, .events = POLLOUT};
	int error = 0;
	socklen_t len = sizeof(error);
	int n;

	do {
		n = poll(&watched, 1, tc_deadline_left(deadline_ms));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno;
	if (n == 0)
		return ETIMEDOUT;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		return errno;
	return error;
}

static int address_connect(const struct addrinfo *info, int64_t deadline_ms, int *ret_fd)
{
	int fd = socket(info->ai_family, info->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
			info->ai_protocol);
	int error = 0;

	if (fd < 0)
		return errno;
	socket_tune(fd);
	if (connect(fd, info->ai_addr, info->ai_addrlen) != 0)
		error = errno == EINPROGRESS ? connect_wait(fd, deadline_ms) : errno;
	if (error != 0) {
		close(fd);
		return error;
	}
	*ret_fd = fd;
	return 0;
}

int tc_dial(const struct tc_address *address, int64_t deadline_ms, struct tc_client_error *error,
	    enum tc_client_stage *ret_stage, int *ret_fd)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	struct addrinfo *found = NULL;
	int cause = 0;
	int n;

	*ret_stage = TC_STAGE_PROFILE;
	n = getaddrinfo(address->host, address->port, &hints, &found);
	if (n != 0)
		return tc_failure_set(error, TC_FAILURE_HOST_UNKNOWN, "%s: %s", address->host,
				      gai_strerror(n));
	*ret_stage = TC_STAGE_ADDRESS;
	for (const struct addrinfo *info = found; info; info = info->ai_next) {
		cause = address_connect(info, deadline_ms, ret_fd);
		if (cause == 0)
			break;
	}
	freeaddrinfo(found);
	if (cause == ETIMEDOUT && tc_deadline_left(deadline_ms) == 0)
		return tc_failure_set(error, TC_FAILURE_TIMEOUT, "%s does not answer",
				      address->text);
	if (cause != 0)
		return tc_failure_set(error, TC_FAILURE_NOT_REACHED, "%s: %s", address->text,
				      strerror(cause));
	*ret_stage = TC_STAGE_TCP;
	return 0;
}
