/* Receipts of one request become one reply, whatever the order they come in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "gateway/owed.h"
#include "throughcare/v1/wire.pb-c.h"

static struct effect *receipt(uint64_t request_id, uint32_t index, uint32_t count)
{
	Throughcare__V1__Receipt message = THROUGHCARE__V1__RECEIPT__INIT;
	struct effect *effect = effect_new(EFFECT_RECEIPT);
	char id[16];

	assert_non_null(effect);
	snprintf(id, sizeof(id), "%u", index);
	message.message_id = id;
	effect->request_id = request_id;
	effect->index = index;
	effect->count = count;
	assert_int_equal(tc_bytes_reserve(&effect->body, 64), 0);
	effect->body.len = throughcare__v1__receipt__pack(&message, effect->body.data);
	return effect;
}

static int give(struct owed_queue *queue, struct effect *effect, struct tc_bytes *out)
{
	int r = owed_receipt(queue, effect, out);

	effect_free(&effect);
	return r;
}

/* The Response inside a short ZMTP frame. */
static Throughcare__V1__Response *response_of(const struct tc_bytes *out)
{
	assert_true(out->len > 2);
	assert_int_equal(out->data[0], 0);
	assert_int_equal(out->data[1], out->len - 2);
	return throughcare__v1__response__unpack(NULL, out->len - 2, out->data + 2);
}

static void receipts_are_joined_in_the_order_of_the_envelopes(void **state)
{
	struct owed_queue queue = {0};
	struct tc_bytes out = {0};
	Throughcare__V1__Response *response;

	(void)state;
	assert_int_equal(owed_expect(&queue, 300, 3, 1000), 0);
	assert_int_equal(queue.records, 3);
	assert_int_equal(give(&queue, receipt(300, 2, 3), &out), OWED_WAITING);
	assert_int_equal(give(&queue, receipt(300, 0, 3), &out), OWED_WAITING);
	assert_int_equal(out.len, 0);
	assert_int_equal(give(&queue, receipt(300, 1, 3), &out), 0);
	response = response_of(&out);
	assert_non_null(response);
	assert_int_equal(response->request_id, 300);
	assert_int_equal(response->body_case, THROUGHCARE__V1__RESPONSE__BODY_SUBMIT);
	assert_int_equal(response->submit->n_receipts, 3);
	assert_string_equal(response->submit->receipts[0]->message_id, "0");
	assert_string_equal(response->submit->receipts[2]->message_id, "2");
	throughcare__v1__response__free_unpacked(response, NULL);
	assert_int_equal(queue.records, 0);
	assert_int_equal(queue.bytes, 0);
	tc_bytes_free(&out);
}

static void requests_do_not_mix(void **state)
{
	struct owed_queue queue = {0};
	struct tc_bytes out = {0};

	(void)state;
	assert_int_equal(owed_expect(&queue, 1, 2, 10), 0);
	assert_int_equal(owed_expect(&queue, 2, 1, 20), 0);
	assert_int_equal(give(&queue, receipt(1, 0, 2), &out), OWED_WAITING);
	assert_int_equal(give(&queue, receipt(2, 0, 1), &out), 0);
	assert_int_equal(queue.bytes, 10);
	assert_int_equal(give(&queue, receipt(1, 1, 2), &out), 0);
	assert_int_equal(queue.records, 0);
	tc_bytes_free(&out);
}

static void the_same_number_twice_is_answered_twice(void **state)
{
	struct owed_queue queue = {0};
	struct tc_bytes out = {0};

	(void)state;
	assert_int_equal(owed_expect(&queue, 5, 1, 1), 0);
	assert_int_equal(owed_expect(&queue, 5, 1, 1), 0);
	assert_int_equal(give(&queue, receipt(5, 0, 1), &out), 0);
	assert_int_equal(give(&queue, receipt(5, 0, 1), &out), 0);
	assert_int_equal(give(&queue, receipt(5, 0, 1), &out), OWED_UNKNOWN);
	tc_bytes_free(&out);
}

static void what_nobody_asked_is_unknown(void **state)
{
	struct owed_queue queue = {0};
	struct tc_bytes out = {0};
	struct effect whole = {.kind = EFFECT_REPLY, .request_id = 9};

	(void)state;
	assert_int_equal(give(&queue, receipt(1, 0, 1), &out), OWED_UNKNOWN);
	assert_int_equal(owed_whole(&queue, &whole, &out), OWED_UNKNOWN);
	assert_int_equal(owed_expect(&queue, 1, 2, 1), 0);
	assert_int_equal(give(&queue, receipt(1, 7, 2), &out), OWED_UNKNOWN);
	assert_int_equal(give(&queue, receipt(1, 0, 3), &out), OWED_UNKNOWN);
	assert_int_equal(out.len, 0);
	owed_queue_done(&queue);
	assert_int_equal(queue.records, 0);
}

static void a_whole_response_goes_out_as_it_is(void **state)
{
	struct owed_queue queue = {0};
	struct tc_bytes out = {0};
	struct effect whole = {.kind = EFFECT_REPLY, .request_id = 9};

	(void)state;
	assert_int_equal(owed_expect(&queue, 9, 0, 100), 0);
	assert_int_equal(queue.records, 1);
	assert_int_equal(tc_bytes_append(&whole.body, "\x08\x09", 2), 0);
	assert_int_equal(owed_whole(&queue, &whole, &out), 0);
	assert_int_equal(out.len, 4);
	assert_int_equal(queue.records, 0);
	tc_bytes_free(&whole.body);
	tc_bytes_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(receipts_are_joined_in_the_order_of_the_envelopes),
		cmocka_unit_test(requests_do_not_mix),
		cmocka_unit_test(the_same_number_twice_is_answered_twice),
		cmocka_unit_test(what_nobody_asked_is_unknown),
		cmocka_unit_test(a_whole_response_goes_out_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
