/* One request to several providers: exactly one of them has it. */
#include <string.h>

#include "ledger/offer.h"
#include "ledger/state.h"
#include "unit/ledger/ledger_fixture.h"

#define PROVIDERS 3

static const char *const providers[PROVIDERS] = {"treatment", "house", "annex"};

/* A request of the parole office to three. */
struct request {
	struct tc_id subject, group, referrals[PROVIDERS];
	uint64_t connections[PROVIDERS];
};

static const char *refer(struct exchange *x, const struct request *request, const char *from,
			 const char *to, struct tc_id id)
{
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct message message = contact(x);
	char group[TC_ID_TEXT_BYTES];

	tc_id_format(request->group, group);
	claim.offer_group = group;
	message.claim = &claim;
	message.from = from;
	message.to = to;
	message.type = "Referral";
	message.id = message.referral = id;
	message.subject = request->subject;
	exchange_send(x, &message);
	return exchange_answer(x);
}

static const char *respond(struct exchange *x, const struct request *request, unsigned provider,
			   bool source, const char *status)
{
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct message message = {.from = source ? "parole" : providers[provider],
				  .to = source ? providers[provider] : "parole",
				  .type = "ReferralResponse",
				  .category = CONTACT,
				  .id = exchange_id(x),
				  .subject = request->subject,
				  .referral = request->referrals[provider],
				  .legal = OPERATIONAL,
				  .claim = &claim,
				  .evidence = QUIET};

	claim.status = (char *)(uintptr_t)status;
	claim.worker = (char *)(uintptr_t) "worker-7";
	claim.has_offer_expires_ms = 1;
	claim.offer_expires_ms = x->now_ms + 3600000;
	exchange_send(x, &message);
	return exchange_answer(x);
}

static struct referral present(struct exchange *x, const struct request *request, unsigned provider)
{
	struct referral referral;

	assert_int_equal(referral_find(x->ledger->txn, &x->ledger->referral,
				       request->referrals[provider], &referral),
			 0);
	return referral;
}

/* The first `shown` providers are handed theirs. */
static struct request request(struct exchange *x, unsigned shown)
{
	struct request it = {.subject = exchange_id(x), .group = exchange_id(x)};

	exchange_agency(x, "house", "TREATMENT");
	exchange_agency(x, "annex", "TREATMENT");
	for (unsigned i = 0; i < PROVIDERS; i++) {
		it.referrals[i] = exchange_id(x);
		if (i < shown)
			it.connections[i] = collector(x, providers[i], 50);
		assert_string_equal(refer(x, &it, "parole", providers[i], it.referrals[i]),
				    "accepted");
	}
	return it;
}

static void who_accepts_first_has_it_and_the_others_are_over(void **state)
{
	struct exchange *x = *state;
	struct request it = request(x, 2);
	struct referral other;

	assert_string_equal(respond(x, &it, 0, false, "RECEIVED"), "accepted");
	assert_string_equal(respond(x, &it, 1, false, "RECEIVED"), "accepted");
	assert_string_equal(respond(x, &it, 0, false, "ACCEPTED"), "accepted");
	assert_int_equal(exchange_facts(x, "transition"), 3);
	/* One was shown in vain and one was not: only that one has something to destroy. */
	assert_int_equal(exchange_own(x, "RecallNotice"), 1);
	assert_int_equal(exchange_facts(x, "recall"), 1);
	assert_int_equal(present(x, &it, 0).state, REFERRAL_ACCEPTED);
	other = present(x, &it, 1);
	assert_int_equal(other.state, REFERRAL_CANCELLED);
	assert_int_equal(present(x, &it, 2).state, REFERRAL_CANCELLED);
	collector(x, "annex", 50);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
}

/* How many messages of that type about the person wait for somebody. */
static size_t waiting(struct exchange *x, struct tc_id subject, const char *type)
{
	struct store_cursor cursor;
	struct tc_slice key;
	size_t count = 0;

	assert_int_equal(
		store_cursor_init(&cursor, x->ledger->txn, x->ledger->table[LEDGER_TABLE_WAITING],
				  tc_slice(subject.bytes, sizeof(subject.bytes)), STORE_FORWARD),
		0);
	while (store_cursor_next(&cursor, &key, NULL) == 0) {
		struct delivery delivery;

		assert_int_equal(delivery_find(x->ledger,
					       tc_get_be64(key.data + sizeof(subject.bytes)),
					       &delivery),
				 0);
		count += strcmp(delivery.type, type) == 0;
	}
	store_cursor_done(&cursor);
	return count;
}

/* However much waits for those who lost, one record looks at no more than a slice of it, and what
 * it has not come to yet does not go out in between. */
static void what_waits_for_the_others_is_recalled_in_slices(void **state)
{
	enum { AMENDMENTS = 40 };
	struct exchange *x = *state;
	struct request it;

	exchange_slices(x, 4);
	it = request(x, 1);
	for (unsigned i = 0; i < AMENDMENTS; i++) {
		Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
		struct message message = contact(x);

		claim.status = (char *)(uintptr_t) "AMEND";
		message.claim = &claim;
		message.from = "parole";
		message.to = "annex";
		message.type = "ReferralAmend";
		message.subject = it.subject;
		message.referral = it.referrals[2];
		exchange_send(x, &message);
		assert_string_equal(exchange_answer(x), "accepted");
	}
	respond(x, &it, 0, false, "RECEIVED");
	exchange_clear(x);
	x->keep = true;
	assert_string_equal(respond(x, &it, 0, false, "ACCEPTED"), "accepted");
	assert_true(exchange_facts(x, "recall") < AMENDMENTS / 2);
	assert_int_equal(present(x, &it, 2).state, REFERRAL_CANCELLED);
	collector(x, "annex", 50);
	exchange_settle_down(x);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
	assert_int_equal(x->ledger->job_count, 0);
	assert_int_equal(waiting(x, it.subject, "Referral"), 0);
	assert_int_equal(waiting(x, it.subject, "ReferralAmend"), 0);
	x->keep = false;
	exchange_clear(x);
}

static void who_accepts_second_is_told_that_another_was_first(void **state)
{
	struct exchange *x = *state;
	struct request it = request(x, 3);

	respond(x, &it, 0, false, "RECEIVED");
	respond(x, &it, 1, false, "RECEIVED");
	respond(x, &it, 0, false, "ACCEPTED");
	assert_string_equal(respond(x, &it, 1, false, "ACCEPTED"), "offer_taken");
	assert_int_equal(present(x, &it, 0).state, REFERRAL_ACCEPTED);
}

static void who_was_not_shown_it_hears_what_a_stranger_hears(void **state)
{
	struct exchange *x = *state;
	struct request it = request(x, 1);

	respond(x, &it, 0, false, "RECEIVED");
	respond(x, &it, 0, false, "ACCEPTED");
	assert_string_equal(respond(x, &it, 2, false, "ACCEPTED"), "unknown_referral");
}

static void the_source_accepts_one_of_several_offers(void **state)
{
	struct exchange *x = *state;
	struct request it = request(x, 3);

	for (unsigned i = 0; i < PROVIDERS; i++) {
		assert_string_equal(respond(x, &it, i, false, "RECEIVED"), "accepted");
		assert_string_equal(respond(x, &it, i, false, "OFFERED"), "accepted");
	}
	assert_string_equal(respond(x, &it, 2, true, "ACCEPTED"), "accepted");
	assert_int_equal(present(x, &it, 2).state, REFERRAL_ACCEPTED);
	assert_int_equal(present(x, &it, 0).state, REFERRAL_CANCELLED);
	assert_int_equal(present(x, &it, 1).state, REFERRAL_CANCELLED);
	assert_string_equal(respond(x, &it, 1, true, "ACCEPTED"), "offer_taken");
}

static void what_was_asked_of_who_lost_is_withdrawn_but_that_it_gives_back(void **state)
{
	struct exchange *x = *state;
	struct request it;
	struct message alert = contact(x);

	it = request(x, 0);
	collector(x, providers[0], 50);
	it.connections[1] = collector(x, providers[1], 50);
	assert_settled(x, it.connections[1], delivered(x), ACK, DONE);
	alert.type = "SafetyAlert";
	alert.to = providers[1];
	alert.subject = it.subject;
	alert.referral = it.referrals[1];
	exchange_send(x, &alert);
	assert_int_equal(exchange_facts(x, "task"), 1);
	respond(x, &it, 0, false, "RECEIVED");
	respond(x, &it, 0, false, "ACCEPTED");
	assert_int_equal(exchange_facts(x, "task"), 1); /* to give it back */
	exchange_reply(x, providers[1], alert.id, "worker-7", "acknowledged");
	assert_string_equal(exchange_answer(x), "unknown_task");
}

static void much_that_was_asked_is_withdrawn_in_slices(void **state)
{
	struct exchange *x = *state;
	struct message alerts[12];
	struct request it = request(x, 0);

	collector(x, providers[0], 50);
	it.connections[1] = collector(x, providers[1], 50);
	assert_settled(x, it.connections[1], delivered(x), ACK, DONE);
	for (int i = 0; i < 12; i++) {
		alerts[i] = contact(x);
		alerts[i].type = "SafetyAlert";
		alerts[i].to = providers[1];
		alerts[i].subject = it.subject;
		alerts[i].referral = it.referrals[1];
		exchange_send(x, &alerts[i]);
	}
	exchange_slices(x, 4);
	respond(x, &it, 0, false, "RECEIVED");
	respond(x, &it, 0, false, "ACCEPTED");
	exchange_settle_down(x);
	for (int i = 0; i < 12; i++) {
		exchange_reply(x, providers[1], alerts[i].id, "worker-7", "acknowledged");
		assert_string_equal(exchange_answer(x), "unknown_task");
	}
}

static void nobody_is_asked_when_it_is_taken(void **state)
{
	struct exchange *x = *state;
	struct request it = request(x, 1);

	respond(x, &it, 0, false, "RECEIVED");
	respond(x, &it, 0, false, "ACCEPTED");
	assert_string_equal(refer(x, &it, "parole", "annex", exchange_id(x)), "offer_taken");
}

static void a_group_is_one_request_to_at_most_eight(void **state)
{
	struct exchange *x = *state;
	struct request it = request(x, 0), other = it;

	assert_string_equal(refer(x, &it, "court", "annex", exchange_id(x)), "field_invalid");
	other.subject = exchange_id(x);
	assert_string_equal(refer(x, &other, "parole", "annex", exchange_id(x)), "field_invalid");
	for (unsigned i = PROVIDERS; i < OFFER_REFERRALS_MAX; i++)
		assert_string_equal(refer(x, &it, "parole", "annex", exchange_id(x)), "accepted");
	assert_string_equal(refer(x, &it, "parole", "annex", exchange_id(x)), "field_invalid");
}

static void what_runs_out_is_no_win(void **state)
{
	struct exchange *x = *state;
	struct request it = request(x, 2);

	respond(x, &it, 0, false, "RECEIVED");
	respond(x, &it, 1, false, "RECEIVED");
	exchange_tick(x, x->now_ms + 30LL * 86400000);
	exchange_settle_down(x);
	assert_int_equal(present(x, &it, 0).state, REFERRAL_EXPIRED);
	assert_string_equal(respond(x, &it, 1, false, "ACCEPTED"), "illegal_transition");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_accepts_first_has_it_and_the_others_are_over),
		TEST(what_waits_for_the_others_is_recalled_in_slices),
		TEST(who_accepts_second_is_told_that_another_was_first),
		TEST(who_was_not_shown_it_hears_what_a_stranger_hears),
		TEST(the_source_accepts_one_of_several_offers),
		TEST(what_was_asked_of_who_lost_is_withdrawn_but_that_it_gives_back),
		TEST(much_that_was_asked_is_withdrawn_in_slices),
		TEST(nobody_is_asked_when_it_is_taken),
		TEST(a_group_is_one_request_to_at_most_eight),
		TEST(what_runs_out_is_no_win),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
