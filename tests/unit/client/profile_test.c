/* profile: addresses as people write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "client/failure.h"
#include "client/profile.h"

static void addresses_are_host_and_port(void **state)
{
	static const struct {
		const char *text;
		const char *host;
		const char *port;
	} good[] = {
		{"localhost:7411", "localhost", "7411"},
		{"127.0.0.1:1", "127.0.0.1", "1"},
		{"[::1]:65535", "::1", "65535"},
		{"exchange.example.org:7411", "exchange.example.org", "7411"},
	};
	static const char *const wrong[] = {"",      "localhost", "localhost:", ":7411",
					    "h:0",   "h:65536",   "h:x",        "h:7411x",
					    "::1:7", "[::1]",     "[]:7411",    "h:-1"};
	struct tc_client_error error;
	struct tc_address address;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(tc_address_parse(good[i].text, &error, &address), 0);
		assert_string_equal(address.host, good[i].host);
		assert_string_equal(address.port, good[i].port);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (tc_address_parse(wrong[i], &error, &address) != TC_ECONFIG)
			fail_msg("taken: %s", wrong[i]);
		assert_string_equal(error.code, "address_invalid");
	}
}

static void reasons_of_the_exchange_are_taken_apart(void **state)
{
	struct tc_client_error error;
	struct tc_bytes text = {0};
	const char *message = tc_refusal_message(TC_REFUSAL_UNKNOWN_AGENCY);

	(void)state;
	tc_failure_set_reason(&error, tc_slice_text("unknown_agency"));
	assert_string_equal(error.code, "unknown_agency");
	assert_string_equal(error.message, message);
	assert_true(error.hint[0] != '\0');
	assert_string_equal(error.detail, "");
	assert_int_equal(tc_bytes_append(&text, "unknown_agency: ", 16), 0);
	assert_int_equal(tc_bytes_append(&text, message, strlen(message)), 0);
	tc_failure_set_reason(&error, tc_bytes_slice(&text));
	assert_string_equal(error.detail, "");
	assert_int_equal(tc_bytes_append(&text, ": parole", 8), 0);
	tc_failure_set_reason(&error, tc_bytes_slice(&text));
	assert_string_equal(error.detail, "parole");
	tc_failure_set_reason(&error, tc_slice_text("what is this"));
	assert_string_equal(error.code, "exchange_protocol");
	tc_bytes_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_host_and_port),
		cmocka_unit_test(reasons_of_the_exchange_are_taken_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
