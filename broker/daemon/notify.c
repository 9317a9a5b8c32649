#include "daemon/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

void notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len;
	int fd;

	if (!path || (path[0] != '/' && path[0] != '@'))
		return;
	len = strlen(path);
	if (len >= sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, path, len);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	close(fd);
}

void notify_reloading(void)
{
	char state[64];

	snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
		 tc_clock_monotonic_us());
	notify(state);
}

int pid_file_write(const char *path)
{
	char *temporary = NULL;
	FILE *file;
	int r = TC_EIO;

	if (!path || !*path)
		return 0;
	if (asprintf(&temporary, "%s.new", path) < 0)
		return TC_ENOMEM;
	file = fopen(temporary, "we");
	if (file) {
		fprintf(file, "%ld\n", (long)getpid());
		if (fclose(file) == 0 && rename(temporary, path) == 0)
			r = 0;
	}
	free(temporary);
	return r;
}

void pid_file_remove(const char *path)
{
	if (path && *path)
		(void)unlink(path);
}
