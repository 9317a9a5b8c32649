/* Where the exchange listens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "daemon/address.h"

static void port_zero_takes_a_free_port(void **state)
{
	char text[ADDRESS_TEXT_BYTES];
	int fds[4];
	size_t count = 0;
	int port = 0;

	(void)state;
	assert_int_equal(address_listen("127.0.0.1:0", fds, 4, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(address_of(fds[0], text, &port), 0);
	assert_true(port > 0);
	assert_int_equal(strncmp(text, "127.0.0.1:", 10), 0);
	close(fds[0]);
}

static void an_address_in_use_is_refused(void **state)
{
	char text[ADDRESS_TEXT_BYTES];
	int fds[4];
	size_t count = 0;
	int port = 0;

	(void)state;
	assert_int_equal(address_listen("127.0.0.1:0", fds, 4, &count), 0);
	assert_int_equal(address_of(fds[0], text, &port), 0);
	assert_int_equal(address_listen(text, fds, 4, &count), TC_EIO);
	assert_int_equal(errno, EADDRINUSE);
	assert_int_equal(count, 1);
	close(fds[0]);
}

static void nonsense_is_no_address(void **state)
{
	int fds[4];
	size_t count = 0;

	(void)state;
	assert_int_equal(address_listen("no-port", fds, 4, &count), TC_EIO);
	assert_int_equal(errno, EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(port_zero_takes_a_free_port),
		cmocka_unit_test(an_address_in_use_is_refused),
		cmocka_unit_test(nonsense_is_no_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
