#include "unit/ledger/ledger_fixture.h"

static void an_unknown_agency_cannot_log_on(void **state)
{
	struct exchange *x = *state;

	exchange_logon(x, "nobody");
	assert_int_equal(exchange_effects(x, EFFECT_LOGON_REFUSED), 1);
	assert_int_equal(exchange_facts(x, "logon_refused"), 1);
}

static void same_id_returns_the_first_receipt(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);
	uint64_t sequence = exchange_send(x, &message);
	Throughcare__V1__Receipt *receipt;

	assert_string_equal(exchange_answer(x), "accepted");
	x->now_ms += YEAR_MS;
	exchange_send(x, &message);
	receipt = exchange_receipt(x);
	assert_int_equal(receipt->status, THROUGHCARE__V1__RECEIPT_STATUS__RECEIPT_STATUS_ACCEPTED);
	assert_true(receipt->repeated_submission);
	assert_int_equal(receipt->log_sequence, sequence);
	assert_int_equal(receipt->n_dispositions, 1);
	assert_string_equal(receipt->dispositions[0]->recipient, "treatment");
	throughcare__v1__receipt__free_unpacked(receipt, NULL);
}

static void same_id_with_other_content_is_a_conflict(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);

	exchange_send(x, &message);
	message.flavour = 1;
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "id_conflict");
	assert_int_equal(exchange_facts(x, "refusal"), 1);
}

static void a_refused_id_may_be_sent_again(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);

	message.to = "housing";
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "unknown_recipient");
	exchange_agency(x, "housing", "HOUSING");
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "accepted");
}

static void a_type_that_nobody_acts_on_is_only_recorded(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);
	Throughcare__V1__Receipt *receipt;

	message.type = "DisclosureAccountingRequest";
	exchange_send(x, &message);
	receipt = exchange_receipt(x);
	assert_int_equal(receipt->n_dispositions, 1);
	assert_int_equal(receipt->dispositions[0]->kind,
			 THROUGHCARE__V1__DISPOSITION_KIND__DISPOSITION_KIND_RECORDED);
	throughcare__v1__receipt__free_unpacked(receipt, NULL);
	assert_int_equal(exchange_facts(x, "submission"), 1);
}

static void a_message_that_is_expired_on_arrival_is_refused(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);

	message.expires_ms = x->now_ms - 1000;
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "expired_on_arrival");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_unknown_agency_cannot_log_on),
		TEST(same_id_returns_the_first_receipt),
		TEST(same_id_with_other_content_is_a_conflict),
		TEST(a_refused_id_may_be_sent_again),
		TEST(a_type_that_nobody_acts_on_is_only_recorded),
		TEST(a_message_that_is_expired_on_arrival_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
