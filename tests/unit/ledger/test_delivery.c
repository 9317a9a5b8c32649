#include "unit/ledger/ledger_fixture.h"

static void a_waiting_recipient_is_handed_the_message_at_once(void **state)
{
	struct exchange *x = *state;
	uint64_t connection = collector(x, "treatment", 10);
	struct message message = contact(x);
	uint64_t sequence = exchange_send(x, &message), delivery = delivered(x);

	assert_int_equal(exchange_effect(x, EFFECT_DELIVER, 0)->sequence, sequence);
	assert_int_equal(exchange_effect(x, EFFECT_DELIVER, 0)->released_at, sequence);
	assert_int_equal(exchange_effect(x, EFFECT_DELIVER, 0)->attempt, 1);
	assert_int_equal(exchange_effect(x, EFFECT_DELIVER, 0)->parts_mask, 1);
	assert_int_equal(exchange_facts(x, "submission"), 1);
	assert_int_equal(exchange_facts(x, "release"), 1);
	assert_settled(x, connection, delivery, ACK, DONE);
	assert_int_equal(exchange_facts(x, "settlement"), 1);
	assert_settled(x, connection, delivery, ACK, DONE);
	assert_settled(x, connection, delivery, NAK, STALE);
	assert_settled(x, connection, delivery + 1000, ACK, UNKNOWN);
}

static void what_waits_is_handed_over_when_there_is_credit(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);
	uint64_t connection;

	exchange_send(x, &message);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
	message.id = exchange_id(x);
	exchange_send(x, &message);
	connection = collector(x, "treatment", 1);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
	exchange_collect(x, connection, 1, LEASE_MS);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
}

static void lease_expires_and_is_offered_again(void **state)
{
	struct exchange *x = *state;
	uint64_t connection = collector(x, "treatment", 10), delivery;
	struct message message = contact(x);

	exchange_send(x, &message);
	delivery = delivered(x);
	assert_int_equal(ledger_due_ms(x->ledger), x->now_ms + LEASE_MS);
	exchange_tick(x, x->now_ms + LEASE_MS);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
	assert_settled(x, connection, delivery, ACK, STALE);
	exchange_tick(x, x->now_ms + 1000);
	assert_int_equal(delivered(x), delivery);
	assert_int_equal(exchange_effect(x, EFFECT_DELIVER, 0)->attempt, 2);
	assert_settled(x, connection, delivery, ACK, DONE);
}

static void progress_starts_the_lease_anew(void **state)
{
	struct exchange *x = *state;
	uint64_t connection = collector(x, "treatment", 10), delivery;
	struct message message = contact(x);

	exchange_send(x, &message);
	delivery = delivered(x);
	x->now_ms += LEASE_MS - 1;
	assert_settled(x, connection, delivery, PROGRESS, DONE);
	exchange_tick(x, x->now_ms + LEASE_MS - 1);
	assert_settled(x, connection, delivery, ACK, DONE);
}

static void too_many_failures_end_as_a_dead_letter(void **state)
{
	struct exchange *x = *state;
	uint64_t connection = collector(x, "treatment", 10), sender, delivery;
	struct message message = contact(x);

	sender = collector(x, "parole", 10);
	exchange_send(x, &message);
	delivery = delivered(x);
	assert_settled(x, connection, delivery, NAK, DONE);
	exchange_tick(x, x->now_ms + 1000);
	assert_settled(x, connection, delivered(x), NAK, DONE);
	exchange_tick(x, x->now_ms + 1000);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0); /* the second wait is longer */
	exchange_tick(x, x->now_ms + 1000);
	assert_settled(x, connection, delivered(x), NAK, DONE);
	assert_int_equal(exchange_facts(x, "dead"), 1);
	assert_int_equal(exchange_evidence(x, EVIDENCE(DEAD)), 1);
	assert_true(sender != 0);
}

static void term_is_a_dead_letter_at_once(void **state)
{
	struct exchange *x = *state;
	uint64_t connection = collector(x, "treatment", 10);
	struct message message = contact(x);

	exchange_send(x, &message);
	assert_settled(x, connection, delivered(x), TERM, DONE);
	assert_int_equal(exchange_facts(x, "dead"), 1);
}

static void log_off_gives_back_what_was_in_hand(void **state)
{
	struct exchange *x = *state;
	uint64_t first = collector(x, "treatment", 10), second, delivery;
	struct message message = contact(x);

	exchange_send(x, &message);
	delivery = delivered(x);
	exchange_logoff(x, first, "closed");
	second = collector(x, "treatment", 10);
	assert_int_equal(delivered(x), delivery);
	assert_settled(x, second, delivery, ACK, DONE);
}

/* Looking into the mailbox must not wear the messages out. */
static void only_a_connection_that_breaks_counts_as_a_failure(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);

	exchange_send(x, &message);
	for (int i = 0; i < 20; i++)
		exchange_logoff(x, collector(x, "treatment", 10), RECORD_LOGOFF_GOODBYE);
	assert_int_equal(exchange_facts(x, "dead"), 0);
	for (int i = 0; i < 20; i++)
		exchange_logoff(x, collector(x, "treatment", 10), "closed");
	collector(x, "treatment", 10);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
}

static void a_restart_ends_all_sessions(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);
	uint64_t delivery;

	collector(x, "treatment", 10);
	exchange_send(x, &message);
	delivery = delivered(x);
	for (int i = 0; i < 5; i++) { /* more often than a message may fail */
		exchange_barrier(x);
		assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
		collector(x, "treatment", 10);
		assert_int_equal(delivered(x), delivery);
	}
}

static void a_waiting_message_expires_with_evidence(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);

	collector(x, "parole", 10);
	message.expires_ms = x->now_ms + 60000;
	exchange_send(x, &message);
	exchange_tick(x, x->now_ms + 60000);
	assert_int_equal(exchange_facts(x, "expired"), 1);
	assert_int_equal(exchange_evidence(x, EVIDENCE(EXPIRED)), 1);
}

static void messages_of_one_referral_go_one_after_another(void **state)
{
	struct exchange *x = *state;
	uint64_t connection = collector(x, "treatment", 10), first;
	struct message message = contact(x);

	message.type = "Referral";
	message.referral = exchange_id(x);
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "accepted");
	first = delivered(x);
	message.type = "SupervisionEvent";
	message.id = exchange_id(x);
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
	assert_settled(x, connection, first, NAK, DONE);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
	exchange_tick(x, x->now_ms + 1000);
	assert_int_equal(delivered(x), first);
	assert_settled(x, connection, first, ACK, DONE);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
}

static void urgent_goes_first_and_low_does_not_starve(void **state)
{
	struct exchange *x = *state;
	uint64_t connection;
	uint32_t lows = 0;
	struct message message = contact(x);

	for (int i = 0; i < 60; i++) {
		message.id = exchange_id(x);
		message.priority = i % 3 == 0   ? THROUGHCARE__V1__PRIORITY__PRIORITY_URGENT
				   : i % 3 == 1 ? THROUGHCARE__V1__PRIORITY__PRIORITY_LOW
						: THROUGHCARE__V1__PRIORITY__PRIORITY_NORMAL;
		exchange_send(x, &message);
	}
	connection = collector(x, "treatment", 12);
	for (size_t i = 0; i < 12; i++) {
		uint64_t id = exchange_effect(x, EFFECT_DELIVER, i)->delivery_id;

		lows += (id - exchange_effect(x, EFFECT_DELIVER, 0)->delivery_id) % 3 == 1;
	}
	assert_int_equal(lows, 1);
	assert_true(connection != 0);
}

/* Two messages to a mailbox, and two that one sender may have held. */
static void allow_two(struct exchange *x)
{
	Throughcare__V1__Record record = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__BarrierRecord barrier = THROUGHCARE__V1__BARRIER_RECORD__INIT;
	Throughcare__V1__LedgerSettings settings = THROUGHCARE__V1__LEDGER_SETTINGS__INIT;

	settings.has_mailbox_messages_max = 1;
	settings.mailbox_messages_max = 2;
	barrier.has_boot = 1;
	barrier.boot = 2;
	barrier.settings = &settings;
	record.body_case = THROUGHCARE__V1__RECORD__BODY_BARRIER;
	record.barrier = &barrier;
	exchange_append(x, &record, 0);
}

static const char *send_another(struct exchange *x, struct message *message)
{
	message->id = exchange_id(x);
	exchange_send(x, message);
	return exchange_answer(x);
}

static void a_full_mailbox_refuses(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);

	allow_two(x);
	assert_string_equal(send_another(x, &message), "accepted");
	assert_string_equal(send_another(x, &message), "accepted");
	assert_string_equal(send_another(x, &message), "mailbox_full");
}

static void what_is_held_fills_nobodys_mailbox(void **state)
{
	struct exchange *x = *state;
	struct message allowed = contact(x), held = allowed;

	held.legal = 0; /* and nobody has consented */
	held.referral = (struct tc_id){{0}};
	allow_two(x);
	assert_string_equal(send_another(x, &held), "accepted");
	assert_string_equal(send_another(x, &held), "accepted");
	assert_string_equal(send_another(x, &held), "held_full");
	assert_string_equal(send_another(x, &allowed), "accepted");
	assert_string_equal(send_another(x, &allowed), "accepted");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_waiting_recipient_is_handed_the_message_at_once),
		TEST(what_waits_is_handed_over_when_there_is_credit),
		TEST(lease_expires_and_is_offered_again),
		TEST(progress_starts_the_lease_anew),
		TEST(too_many_failures_end_as_a_dead_letter),
		TEST(term_is_a_dead_letter_at_once),
		TEST(log_off_gives_back_what_was_in_hand),
		TEST(only_a_connection_that_breaks_counts_as_a_failure),
		TEST(a_restart_ends_all_sessions),
		TEST(a_waiting_message_expires_with_evidence),
		TEST(messages_of_one_referral_go_one_after_another),
		TEST(urgent_goes_first_and_low_does_not_starve),
		TEST(a_full_mailbox_refuses),
		TEST(what_is_held_fills_nobodys_mailbox),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
