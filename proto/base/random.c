#include "base/random.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#include "base/bytes.h"
#include "base/check.h"

#define RANDOM_BUFFER_BYTES 2048

static _Thread_local uint8_t buffer[RANDOM_BUFFER_BYTES];
static _Thread_local size_t buffer_left;

static void fill_from_kernel(uint8_t *to, size_t len)
{
	while (len > 0) {
		ssize_t n = getrandom(to, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		TC_CHECK(n > 0);
		to += n;
		len -= (size_t)n;
	}
}

void tc_random_fill(void *to, size_t len)
{
	uint8_t *from;

	if (len > RANDOM_BUFFER_BYTES / 4) {
		fill_from_kernel(to, len);
		return;
	}
	if (buffer_left < len) {
		fill_from_kernel(buffer, sizeof(buffer));
		buffer_left = sizeof(buffer);
	}
	from = buffer + sizeof(buffer) - buffer_left;
	memcpy(to, from, len);
	tc_wipe(from, len);
	buffer_left -= len;
}
