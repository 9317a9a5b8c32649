#include "daemon/address.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 1024

/* "[host]:port" or "host:port" into its two halves. */
static int split(const char *text, char *host, size_t room, const char **ret_port)
{
	const char *colon = strrchr(text, ':');
	size_t len;

	if (!colon)
		return -1;
	len = (size_t)(colon - text);
	if (*text == '[' && len >= 2 && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	if (len == 0 || len >= room)
		return -1;
	memcpy(host, text, len);
	host[len] = '\0';
	*ret_port = colon + 1;
	return 0;
}

static int listen_on(const struct addrinfo *info)
{
	int one = 1;
	int fd = socket(info->ai_family, info->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
			info->ai_protocol);

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (info->ai_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (bind(fd, info->ai_addr, info->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
		int saved = errno;

		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

int address_listen(const char *text, int *fds, size_t max, size_t *count)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC,
				 .ai_socktype = SOCK_STREAM,
				 .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *list = NULL;
	char host[256];
	const char *port;
	size_t before = *count;
	int saved = 0;

	if (split(text, host, sizeof(host), &port) != 0) {
		errno = EINVAL;
		return TC_EIO;
	}
	if (getaddrinfo(host, port, &hints, &list) != 0) {
		errno = EADDRNOTAVAIL;
		return TC_EIO;
	}
	for (const struct addrinfo *info = list; info && *count < max; info = info->ai_next) {
		int fd = listen_on(info);

		if (fd >= 0)
			fds[(*count)++] = fd;
		else
			saved = errno;
	}
	freeaddrinfo(list);
	if (*count > before)
		return 0;
	errno = saved;
	return TC_EIO;
}

int address_of(int fd, char to[ADDRESS_TEXT_BYTES], int *ret_port)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	char host[64], port[8];

	if (getsockname(fd, (struct sockaddr *)&address, &len) != 0 ||
	    getnameinfo((struct sockaddr *)&address, len, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return TC_EIO;
	snprintf(to, ADDRESS_TEXT_BYTES, address.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host,
		 port);
	*ret_port = (int)strtol(port, NULL, 10); /* as getnameinfo wrote it */
	return 0;
}
