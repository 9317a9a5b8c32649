/* What the ledger says stays in the gateway until what it follows from is durable. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "gateway/connection.h"

#define NUMBER  77
#define REQUEST 5

struct scene {
	struct gateway *gateway;
	struct connection connection;
};

static int setup(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	assert_non_null(scene);
	scene->gateway = calloc(1, sizeof(*scene->gateway));
	assert_non_null(scene->gateway);
	scene->connection.gateway = scene->gateway;
	scene->connection.number = NUMBER;
	scene->connection.state = CONNECTION_OPEN;
	scene->gateway->by_number[NUMBER] = &scene->connection;
	*state = scene;
	return 0;
}

static int teardown(void **state)
{
	struct scene *scene = *state;

	tc_bytes_free(&scene->connection.out);
	owed_queue_done(&scene->connection.replies);
	free(scene->gateway);
	free(scene);
	return 0;
}

/* An answer of the ledger to the request of that number, and its batch's position. */
static void answer(struct scene *scene, uint64_t request_id, uint64_t durable_next)
{
	struct effects *effects = effects_new();
	struct effect *effect = effect_new(EFFECT_REPLY);

	assert_non_null(effects);
	assert_non_null(effect);
	assert_int_equal(owed_expect(&scene->connection.replies, request_id, 0, 10), 0);
	scene->gateway->records++;
	scene->gateway->bytes += 10;
	effect->connection = NUMBER;
	effect->request_id = request_id;
	assert_int_equal(tc_bytes_append(&effect->body, "said", 4), 0);
	effects_push(effects, &effect);
	effects->durable_next = durable_next;
	effect_hold(scene->gateway, effects);
}

static void durable(struct scene *scene, uint64_t next)
{
	scene->gateway->durable_next = next;
	effect_release(scene->gateway);
}

static void nothing_is_said_before_it_is_durable(void **state)
{
	struct scene *scene = *state;

	answer(scene, REQUEST, 12);
	effect_release(scene->gateway);
	durable(scene, 11);
	assert_int_equal(connection_output(&scene->connection), 0);
	assert_null(scene->gateway->dirty);
	assert_int_equal(scene->gateway->records, 1);
	durable(scene, 12);
	assert_true(connection_output(&scene->connection) > 0);
	assert_ptr_equal(scene->gateway->dirty, &scene->connection);
	assert_int_equal(scene->gateway->records, 0);
	assert_null(scene->gateway->held);
}

static void what_is_durable_goes_and_the_rest_waits(void **state)
{
	struct scene *scene = *state;
	size_t first;

	answer(scene, REQUEST, 3);
	answer(scene, REQUEST + 1, 6);
	answer(scene, REQUEST + 2, 9);
	durable(scene, 3);
	first = connection_output(&scene->connection);
	assert_true(first > 0);
	durable(scene, 5);
	assert_int_equal(connection_output(&scene->connection), first);
	durable(scene, 20);
	assert_int_equal(connection_output(&scene->connection), 3 * first);
	assert_null(scene->gateway->held);
}

static void what_is_durable_already_goes_at_once(void **state)
{
	struct scene *scene = *state;

	durable(scene, 40);
	answer(scene, REQUEST, 40);
	effect_release(scene->gateway);
	assert_true(connection_output(&scene->connection) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_is_said_before_it_is_durable, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_is_durable_goes_and_the_rest_waits, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_is_durable_already_goes_at_once, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
