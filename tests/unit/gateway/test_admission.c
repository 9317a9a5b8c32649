/* Who gets in, and how floods of failures are counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "gateway/admission.h"

static struct admission *make(uint32_t total, uint32_t each, uint32_t failures)
{
	struct admission_limits limits = {total, each, each, failures};
	struct admission *admission = NULL;

	assert_int_equal(admission_new(&admission, &limits), 0);
	return admission;
}

static struct admission_key key(const char *text)
{
	struct admission_key made = {{0}};

	snprintf(made.text, sizeof(made.text), "%s", text);
	return made;
}

static void an_address_has_its_limit_and_others_are_not_touched(void **state)
{
	struct admission *admission = make(10, 2, 1);
	struct admission_key a = key("192.0.2.1"), b = key("192.0.2.2");

	(void)state;
	assert_int_equal(admission_enter(admission, &a), 0);
	assert_int_equal(admission_enter(admission, &a), 0);
	assert_int_equal(admission_enter(admission, &a), ADMISSION_FULL);
	assert_int_equal(admission_enter(admission, &b), 0);
	admission_leave(admission, &a);
	assert_int_equal(admission_enter(admission, &a), 0);
	assert_int_equal(admission_count(admission), 3);
	admission_free(&admission);
}

static void the_total_is_a_limit_of_its_own(void **state)
{
	struct admission *admission = make(2, 10, 1);
	struct admission_key a = key("192.0.2.1"), b = key("192.0.2.2"), c = key("192.0.2.3");

	(void)state;
	assert_int_equal(admission_enter(admission, &a), 0);
	assert_int_equal(admission_enter(admission, &b), 0);
	assert_int_equal(admission_enter(admission, &c), ADMISSION_FULL);
	admission_free(&admission);
}

static void an_identity_has_its_limit(void **state)
{
	struct admission *admission = make(10, 1, 1);
	struct admission_key agency = key("agency/court-first");

	(void)state;
	assert_int_equal(admission_enter_identity(admission, &agency), 0);
	assert_int_equal(admission_enter_identity(admission, &agency), ADMISSION_FULL);
	admission_leave_identity(admission, &agency);
	assert_int_equal(admission_enter_identity(admission, &agency), 0);
	admission_free(&admission);
}

static void a_flood_of_failures_is_counted_and_nothing_is_lost(void **state)
{
	struct admission *admission = make(10, 10, 3);
	enum tc_refusal_code code;
	uint32_t count;
	uint32_t recorded = 0;
	int64_t now_us = 50000000;

	(void)state;
	for (int i = 0; i < 100; i++)
		recorded += admission_failure(admission, TC_REFUSAL_TLS_FAILED, now_us + i);
	for (int i = 0; i < 10; i++)
		recorded += admission_failure(admission, TC_REFUSAL_PROTOCOL, now_us + 200 + i);
	assert_int_equal(recorded, 3);
	assert_false(admission_overdue(admission, now_us + 300, &code, &count));
	now_us += 1000000;
	while (admission_overdue(admission, now_us, &code, &count))
		recorded += count;
	assert_int_equal(recorded, 110);
	assert_false(admission_has_counted(admission));
	assert_true(admission_failure(admission, TC_REFUSAL_TLS_FAILED, now_us + 1));
	admission_free(&admission);
}

static void an_ipv6_customer_is_one_address(void **state)
{
	struct sockaddr_storage from = {0};
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&from;
	struct admission_key a, b;

	(void)state;
	in6->sin6_family = AF_INET6;
	assert_int_equal(inet_pton(AF_INET6, "2001:db8:1:2:3::4", &in6->sin6_addr), 1);
	admission_key_address(&from, &a);
	assert_int_equal(inet_pton(AF_INET6, "2001:db8:1:2:ffff::9", &in6->sin6_addr), 1);
	admission_key_address(&from, &b);
	assert_string_equal(a.text, b.text);
	assert_int_equal(inet_pton(AF_INET6, "::ffff:192.0.2.9", &in6->sin6_addr), 1);
	admission_key_address(&from, &a);
	assert_string_equal(a.text, "192.0.2.9");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_has_its_limit_and_others_are_not_touched),
		cmocka_unit_test(the_total_is_a_limit_of_its_own),
		cmocka_unit_test(an_identity_has_its_limit),
		cmocka_unit_test(a_flood_of_failures_is_counted_and_nothing_is_lost),
		cmocka_unit_test(an_ipv6_customer_is_one_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
