/* Places: who is promised one, and what becomes of it. */
#include <string.h>

#include "base/clock.h"
#include "ledger/capacity.h"
#include "ledger/lease.h"
#include "ledger/state.h"
#include "unit/ledger/ledger_fixture.h"

#define HOUR_MS (3600LL * 1000)
#define DAY_MS  (24 * HOUR_MS)

static const char *answer(struct exchange *x, const char *from, const char *type, const char *text)
{
	exchange_say(x, from, "worker-1", type, (struct tc_id){{0}}, text);
	return exchange_answer(x);
}

static const char *tell(struct exchange *x, const char *from, unsigned available, int64_t as_of_ms)
{
	char text[512], at[TC_TIME_TEXT_BYTES];

	tc_time_format(as_of_ms, at);
	snprintf(text, sizeof(text),
		 "{\"service_id\":\"beds\",\"as_of\":\"%s\",\"lines\":[{\"unit\":\"bed\","
		 "\"maximum\":9,\"available\":%u,\"status\":\"CAPACITY_STATUS_%s\"}]}",
		 at, available, available > 0 ? "AVAILABLE" : "NONE");
	return answer(x, from, "CapacityUpdate", text);
}

static void beds(struct exchange *x, unsigned available)
{
	assert_string_equal(
		answer(x, "treatment", "ServiceEntry",
		       "{\"service_id\":\"beds\",\"agency\":\"treatment\",\"name\":\"Beds\","
		       "\"status\":\"SERVICE_STATUS_ACTIVE\"}"),
		"accepted");
	assert_string_equal(tell(x, "treatment", available, x->now_ms), "accepted");
}

static const char *hold(struct exchange *x, const char *from, struct tc_id lease, int64_t ms)
{
	char text[512], id[TC_ID_TEXT_BYTES], at[TC_TIME_TEXT_BYTES];

	tc_id_format(lease, id);
	tc_time_format(x->now_ms + ms, at);
	snprintf(text, sizeof(text),
		 "{\"lease_id\":\"%s\",\"service_id\":\"beds\",\"unit\":\"bed\","
		 "\"expires\":\"%s\"}",
		 id, at);
	return answer(x, from, "CapacityHold", text);
}

/* "CapacityRelease", "CapacityConfirm". */
static const char *end(struct exchange *x, const char *from, const char *type, struct tc_id lease,
		       uint64_t token)
{
	char text[256], id[TC_ID_TEXT_BYTES];

	tc_id_format(lease, id);
	snprintf(text, sizeof(text), "{\"lease_id\":\"%s\",\"token\":\"%llu\"}", id,
		 (unsigned long long)token);
	return answer(x, from, type, text);
}

static struct capacity present(struct exchange *x)
{
	const struct capacity_place place = {.service = "beds", .unit = "bed"};
	struct capacity capacity;

	assert_int_equal(capacity_find(x->ledger->txn, x->ledger->table[LEDGER_TABLE_CAPACITY],
				       &place, &capacity),
			 0);
	return capacity;
}

static enum lease_state state_of(struct exchange *x, struct tc_id id)
{
	struct lease lease;

	assert_int_equal(
		lease_find(x->ledger->txn, x->ledger->table[LEDGER_TABLE_LEASE], id, &lease), 0);
	return lease.state;
}

static size_t held_by(struct exchange *x, const char *name)
{
	const struct principal *principal = principal_find(
		x->ledger, THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY, tc_slice_text(name));
	struct tc_id after = {{0}};
	size_t count = 0;

	while (lease_next(x->ledger->txn, x->ledger->table[LEDGER_TABLE_LEASE_HOLDER],
			  principal->number, after, &after) == 0)
		count++;
	return count;
}

static void of_two_who_ask_for_the_last_place_one_gets_it(void **state)
{
	struct exchange *x = *state;
	struct tc_id first = exchange_id(x), second = exchange_id(x);
	Throughcare__V1__Receipt *receipt;

	beds(x, 1);
	collector(x, "treatment", 10);
	assert_string_equal(hold(x, "parole", first, DAY_MS), "accepted");
	assert_int_equal(exchange_own(x, "CapacityNotice"), 1);
	receipt = exchange_receipt(x);
	assert_true(receipt->lease_token > 0);
	assert_int_equal(receipt->lease_expires_at->seconds, (x->now_ms + DAY_MS) / 1000);
	throughcare__v1__receipt__free_unpacked(receipt, NULL);
	assert_string_equal(hold(x, "court", second, DAY_MS), "no_capacity");
	assert_int_equal(capacity_free(&(struct capacity){.available = 1, .live = 1}), 0);
	assert_int_equal(present(x).live, 1);
	assert_int_equal(held_by(x, "parole"), 1);
	assert_int_equal(held_by(x, "treatment"), 1);
	assert_int_equal(held_by(x, "court"), 0);
	assert_string_equal(end(x, "parole", "CapacityRelease", first, 0), "accepted");
	assert_string_equal(hold(x, "court", second, DAY_MS), "accepted");
}

static void a_hold_runs_out_by_itself_and_both_are_told(void **state)
{
	struct exchange *x = *state;
	struct tc_id lease = exchange_id(x);

	beds(x, 1);
	collector(x, "treatment", 10);
	collector(x, "parole", 10);
	hold(x, "parole", lease, HOUR_MS);
	exchange_tick(x, x->now_ms + HOUR_MS);
	assert_int_equal(exchange_own(x, "CapacityNotice"), 2);
	assert_int_equal(exchange_facts(x, "lease"), 1);
	assert_int_equal(state_of(x, lease), LEASE_EXPIRED);
	assert_int_equal(present(x).live, 0);
	assert_int_equal(held_by(x, "parole"), 0);
	assert_string_equal(end(x, "parole", "CapacityRelease", lease, 0), "lease_stale");
}

static void an_old_token_acts_on_nothing(void **state)
{
	struct exchange *x = *state;
	struct tc_id lease = exchange_id(x);

	beds(x, 1);
	hold(x, "parole", lease, DAY_MS);
	assert_string_equal(end(x, "parole", "CapacityRelease", lease, 1), "lease_stale");
	assert_string_equal(end(x, "court", "CapacityRelease", lease, 0), "unknown_lease");
	assert_string_equal(end(x, "parole", "CapacityConfirm", lease, 0), "not_permitted");
	assert_string_equal(end(x, "parole", "CapacityRelease", exchange_id(x), 0),
			    "unknown_lease");
	assert_int_equal(state_of(x, lease), LEASE_HELD);
}

static void a_place_that_is_taken_is_gone_until_the_service_counts_anew(void **state)
{
	struct exchange *x = *state;
	struct tc_id lease = exchange_id(x);
	struct capacity capacity;
	int64_t before_ms;

	beds(x, 2);
	before_ms = x->now_ms;
	exchange_tick(x, x->now_ms + HOUR_MS);
	hold(x, "parole", lease, DAY_MS);
	assert_string_equal(end(x, "treatment", "CapacityConfirm", lease, 0), "accepted");
	capacity = present(x);
	assert_int_equal(capacity.live, 0);
	assert_int_equal(capacity.confirmed_since, 1);
	assert_int_equal(capacity_free(&capacity), 1);
	/* A count from before does not know of it; one from after does. */
	assert_string_equal(tell(x, "treatment", 2, before_ms), "accepted");
	assert_int_equal(present(x).confirmed_since, 1);
	assert_string_equal(tell(x, "treatment", 1, x->now_ms), "accepted");
	capacity = present(x);
	assert_int_equal(capacity.confirmed_since, 0);
	assert_int_equal(capacity_free(&capacity), 1);
}

static void nothing_is_promised_on_an_old_number(void **state)
{
	struct exchange *x = *state;

	beds(x, 5);
	exchange_tick(x, x->now_ms + CAPACITY_VALID_MS);
	assert_string_equal(hold(x, "parole", exchange_id(x), DAY_MS), "accepted");
	exchange_tick(x, x->now_ms + 1);
	assert_string_equal(hold(x, "parole", exchange_id(x), DAY_MS), "capacity_stale");
	assert_string_equal(tell(x, "treatment", 5, x->now_ms), "accepted");
	assert_string_equal(hold(x, "parole", exchange_id(x), DAY_MS), "accepted");
}

static void late_news_of_places_changes_nothing(void **state)
{
	struct exchange *x = *state;

	beds(x, 5);
	assert_string_equal(tell(x, "treatment", 1, x->now_ms - HOUR_MS), "accepted");
	assert_int_equal(exchange_facts(x, "capacity"), 1);
	assert_int_equal(present(x).available, 5);
}

static void what_makes_no_sense_is_refused(void **state)
{
	struct exchange *x = *state;
	struct tc_id lease = exchange_id(x);

	beds(x, 5);
	assert_string_equal(tell(x, "parole", 5, x->now_ms), "not_permitted");
	assert_string_equal(tell(x, "operator", 4, x->now_ms), "accepted");
	assert_string_equal(tell(x, "treatment", 5, x->now_ms + HOUR_MS), "field_invalid");
	assert_string_equal(tell(x, "treatment", 10, x->now_ms), "field_invalid");
	assert_string_equal(hold(x, "parole", lease, LEASE_MS_MAX + 1), "field_invalid");
	assert_string_equal(hold(x, "parole", lease, 0), "field_invalid");
	assert_string_equal(hold(x, "operator", lease, DAY_MS), "type_not_allowed");
	assert_string_equal(hold(x, "parole", lease, DAY_MS), "accepted");
	assert_string_equal(hold(x, "parole", lease, DAY_MS), "field_invalid");
	assert_string_equal(
		answer(x, "treatment", "CapacityHold",
		       "{\"lease_id\":\"00000000-0000-7000-8000-0000000000c1\","
		       "\"service_id\":\"none\",\"unit\":\"bed\",\"expires\":\"2030-01-01\"}"),
		"unknown_service");
}

/* ---- places and referrals ---- */

struct offered {
	struct message referral;
	struct tc_id lease;
	char lease_text[TC_ID_TEXT_BYTES];
};

static void respond(struct exchange *x, const struct offered *about, const char *from,
		    const char *status, bool with_lease)
{
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct message message = {.from = from,
				  .to = strcmp(from, "parole") == 0 ? "treatment" : "parole",
				  .type = "ReferralResponse",
				  .category = CONTACT,
				  .id = exchange_id(x),
				  .subject = about->referral.subject,
				  .referral = about->referral.referral,
				  .legal = OPERATIONAL,
				  .claim = &claim,
				  .evidence = QUIET};

	claim.status = (char *)(uintptr_t)status;
	claim.worker = (char *)(uintptr_t) "worker-7";
	claim.reason_code = (char *)(uintptr_t) "no_capacity";
	claim.has_offer_expires_ms = 1;
	claim.offer_expires_ms = x->now_ms + HOUR_MS;
	if (with_lease)
		claim.lease_id = (char *)(uintptr_t)about->lease_text;
	exchange_send(x, &message);
}

static struct offered offered(struct exchange *x)
{
	struct offered it = {.referral = contact(x), .lease = exchange_id(x)};

	beds(x, 1);
	it.referral.type = "Referral";
	it.referral.referral = it.referral.id;
	tc_id_format(it.lease, it.lease_text);
	collector(x, "treatment", 50);
	exchange_send(x, &it.referral);
	respond(x, &it, "treatment", "RECEIVED", false);
	assert_string_equal(hold(x, "treatment", it.lease, DAY_MS), "accepted");
	respond(x, &it, "treatment", "OFFERED", true);
	assert_string_equal(exchange_answer(x), "accepted");
	return it;
}

static void a_place_that_is_offered_is_taken_when_care_begins(void **state)
{
	struct exchange *x = *state;
	struct offered it = offered(x);

	respond(x, &it, "parole", "ACCEPTED", false);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(state_of(x, it.lease), LEASE_HELD);
	respond(x, &it, "treatment", "IN_PROGRESS", false);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(state_of(x, it.lease), LEASE_CONFIRMED);
	assert_int_equal(present(x).live, 0);
}

static void a_place_that_a_third_agency_holds_is_offered_to_nobody_else(void **state)
{
	struct exchange *x = *state;
	struct offered it = offered(x);

	it.lease = exchange_id(x);
	tc_id_format(it.lease, it.lease_text);
	respond(x, &it, "parole", "ACCEPTED", false);
	it.referral = contact(x);
	it.referral.type = "Referral";
	it.referral.referral = it.referral.id;
	exchange_send(x, &it.referral);
	respond(x, &it, "treatment", "RECEIVED", false);
	assert_string_equal(tell(x, "treatment", 5, x->now_ms), "accepted");
	assert_string_equal(hold(x, "court", it.lease, DAY_MS), "accepted");
	respond(x, &it, "treatment", "OFFERED", true);
	assert_string_equal(exchange_answer(x), "field_invalid");
	it.lease = exchange_id(x);
	tc_id_format(it.lease, it.lease_text);
	assert_string_equal(hold(x, "parole", it.lease, DAY_MS), "accepted");
	respond(x, &it, "treatment", "OFFERED", true);
	assert_string_equal(exchange_answer(x), "accepted");
}

static void a_place_is_free_again_when_the_offer_comes_to_nothing(void **state)
{
	struct exchange *x = *state;
	struct offered it = offered(x);

	exchange_tick(x, x->now_ms + HOUR_MS);
	assert_int_equal(exchange_facts(x, "transition"), 1);
	assert_int_equal(state_of(x, it.lease), LEASE_RELEASED);
	assert_int_equal(present(x).live, 0);
}

static void an_offer_whose_place_was_given_back_is_not_accepted(void **state)
{
	struct exchange *x = *state;
	struct offered it = offered(x);

	end(x, "treatment", "CapacityRelease", it.lease, 0);
	respond(x, &it, "parole", "ACCEPTED", false);
	assert_string_equal(exchange_answer(x), "lease_stale");
}

static void one_place_is_not_offered_twice(void **state)
{
	struct exchange *x = *state;
	struct offered it = offered(x), other = it;

	other.referral = contact(x);
	other.referral.type = "Referral";
	other.referral.referral = other.referral.id;
	exchange_send(x, &other.referral);
	respond(x, &other, "treatment", "RECEIVED", false);
	respond(x, &other, "treatment", "OFFERED", true);
	assert_string_equal(exchange_answer(x), "field_invalid");
	respond(x, &other, "treatment", "DECLINED", false);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(state_of(x, it.lease), LEASE_HELD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(of_two_who_ask_for_the_last_place_one_gets_it),
		TEST(a_hold_runs_out_by_itself_and_both_are_told),
		TEST(an_old_token_acts_on_nothing),
		TEST(a_place_that_is_taken_is_gone_until_the_service_counts_anew),
		TEST(nothing_is_promised_on_an_old_number),
		TEST(late_news_of_places_changes_nothing),
		TEST(what_makes_no_sense_is_refused),
		TEST(a_place_that_is_offered_is_taken_when_care_begins),
		TEST(a_place_that_a_third_agency_holds_is_offered_to_nobody_else),
		TEST(a_place_is_free_again_when_the_offer_comes_to_nothing),
		TEST(an_offer_whose_place_was_given_back_is_not_accepted),
		TEST(one_place_is_not_offered_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
