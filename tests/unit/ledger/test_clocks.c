/* Clocks of referrals in a whole exchange: who is told, and by whose calendar. */
#include <string.h>

#include "base/clock.h"
#include "unit/ledger/ledger_fixture.h"

#define DAY_MS (24LL * 3600 * 1000)

/* Monday, 6 December 2027, 09:00 UTC. */
static void monday(struct exchange *x)
{
	int64_t ms;

	assert_true(tc_time_parse(tc_slice_text("2027-12-06T09:00:00Z"), &ms));
	assert_true(ms > x->now_ms);
	exchange_tick(x, ms);
}

static struct message referral(struct exchange *x)
{
	struct message message = contact(x);

	message.type = "Referral";
	message.referral = message.id;
	return message;
}

/* The target answers; `claim` lives until it is sent. */
static void respond(struct exchange *x, const struct message *about, const char *status)
{
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct message message = {.from = "treatment",
				  .to = "parole",
				  .type = "ReferralResponse",
				  .category = CONTACT,
				  .id = exchange_id(x),
				  .subject = about->subject,
				  .referral = about->referral,
				  .legal = OPERATIONAL,
				  .claim = &claim,
				  .evidence = QUIET};

	claim.status = (char *)(uintptr_t)status;
	claim.worker = (char *)(uintptr_t) "worker-7";
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "accepted");
}

static const char *calendar(struct exchange *x, const char *from, const char *jurisdiction,
			    unsigned version, const char *holiday)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "{\"jurisdiction\":\"%s\",\"version\":%u,\"holidays\":[{\"date\":\"%s\"}]}",
		 jurisdiction, version, holiday);
	exchange_say(x, from, "clerk-1", "CalendarEntry", (struct tc_id){{0}}, text);
	return exchange_effects(x, EFFECT_RECEIPT) == 0 ? "later" : exchange_answer(x);
}

static void a_reminder_goes_to_whose_move_it_is_and_lateness_to_both(void **state)
{
	struct exchange *x = *state;
	struct message message = referral(x);

	monday(x);
	collector(x, "treatment", 50);
	collector(x, "parole", 50);
	exchange_send(x, &message);
	exchange_tick(x, x->now_ms + DAY_MS);
	assert_int_equal(exchange_facts(x, "clock"), 1);
	assert_int_equal(exchange_own(x, "ClockNotice"), 1);
	exchange_tick(x, x->now_ms + DAY_MS);
	assert_int_equal(exchange_facts(x, "clock"), 1);
	assert_int_equal(exchange_own(x, "ClockNotice"), 2);
	exchange_tick(x, x->now_ms + DAY_MS);
	assert_int_equal(exchange_facts(x, "clock"), 0);
}

static void who_was_not_shown_a_referral_hears_nothing_of_its_clock(void **state)
{
	struct exchange *x = *state;
	struct message message = referral(x);

	monday(x);
	collector(x, "parole", 50);
	exchange_send(x, &message);
	exchange_tick(x, x->now_ms + 2 * DAY_MS);
	assert_int_equal(exchange_facts(x, "clock"), 1);
	assert_int_equal(exchange_own(x, "ClockNotice"), 1);
	collector(x, "treatment", 50);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
	assert_int_equal(exchange_own(x, "ClockNotice"), 0);
}

/* The source has not been handed the answer: it does not know by when the target must decide. */
static void a_notice_tells_nobody_of_a_step_it_does_not_know(void **state)
{
	struct exchange *x = *state;
	struct message message = referral(x);

	monday(x);
	collector(x, "treatment", 50);
	exchange_send(x, &message);
	respond(x, &message, "RECEIVED");
	respond(x, &message, "ACCEPTED");
	exchange_tick(x, x->now_ms + 14 * DAY_MS);
	assert_int_equal(exchange_facts(x, "clock"), 1);
	assert_int_equal(exchange_own(x, "ClockNotice"), 1);
	collector(x, "parole", 50);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
	assert_int_equal(exchange_own(x, "ClockNotice"), 0);
}

static void a_new_calendar_moves_the_clocks_that_run(void **state)
{
	struct exchange *x = *state;
	struct message message = referral(x);

	monday(x);
	collector(x, "treatment", 50);
	exchange_send(x, &message);
	assert_string_equal(calendar(x, "operator", "", 1, "2027-12-08"), "accepted");
	assert_int_equal(exchange_facts(x, "calendar"), 1);
	exchange_tick(x, x->now_ms + DAY_MS);
	assert_int_equal(exchange_facts(x, "clock"), 1); /* Tuesday: it reminds */
	exchange_tick(x, x->now_ms + DAY_MS);
	assert_int_equal(exchange_facts(x, "clock"), 0); /* the holiday */
	exchange_tick(x, x->now_ms + DAY_MS);
	assert_int_equal(exchange_facts(x, "clock"), 1);
}

static void another_places_calendar_moves_nothing(void **state)
{
	struct exchange *x = *state;
	struct message message = referral(x);

	monday(x);
	collector(x, "treatment", 50);
	exchange_send(x, &message);
	assert_string_equal(calendar(x, "operator", "elsewhere", 1, "2027-12-08"), "accepted");
	exchange_tick(x, x->now_ms + 2 * DAY_MS);
	assert_int_equal(exchange_facts(x, "clock"), 1);
}

static void an_agency_that_moves_takes_the_calendar_of_its_new_place(void **state)
{
	struct exchange *x = *state;
	struct message message = referral(x);

	monday(x);
	collector(x, "treatment", 50);
	exchange_send(x, &message);
	assert_string_equal(calendar(x, "operator", "elsewhere", 1, "2027-12-08"), "accepted");
	exchange_say(x, "operator", NULL, "AgencyEntry", (struct tc_id){{0}},
		     "{\"agency\":\"treatment\",\"name\":\"treatment\",\"kind\":"
		     "\"AGENCY_KIND_TREATMENT\",\"status\":\"AGENCY_STATUS_ACTIVE\","
		     "\"jurisdiction\":\"elsewhere\"}");
	exchange_tick(x, x->now_ms + DAY_MS);
	exchange_tick(x, x->now_ms + DAY_MS);
	assert_int_equal(exchange_facts(x, "clock"), 0); /* the holiday there */
	exchange_tick(x, x->now_ms + DAY_MS);
	assert_int_equal(exchange_facts(x, "clock"), 1);
}

static void clocks_are_moved_in_slices(void **state)
{
	struct exchange *x = *state;

	monday(x);
	exchange_slices(x, 2);
	for (int i = 0; i < 60; i++) {
		struct message message = referral(x);

		exchange_send(x, &message);
	}
	assert_string_equal(calendar(x, "operator", "", 1, "2027-12-08"), "accepted");
	exchange_settle_down(x);
	exchange_tick(x, x->now_ms + 2 * DAY_MS);
	assert_int_equal(exchange_facts(x, "clock"), 60); /* reminders, a day late */
	exchange_tick(x, x->now_ms + DAY_MS);
	assert_int_equal(exchange_facts(x, "clock"), 60);
}

static void a_calendar_is_put_in_force_by_an_operator_and_versions_rise(void **state)
{
	struct exchange *x = *state;

	assert_string_equal(calendar(x, "parole", "", 1, "2027-12-08"), "type_not_allowed");
	assert_string_equal(calendar(x, "operator", "", 2, "2027-12-08"), "accepted");
	assert_string_equal(calendar(x, "operator", "", 2, "2027-12-09"), "field_invalid");
	assert_string_equal(calendar(x, "operator", "here", 1, "2027-12-09"), "accepted");
	assert_string_equal(calendar(x, "operator", "", 3, "2027-12-40"), "calendar_invalid");
	assert_string_equal(calendar(x, "operator", "", 3, "2027-12-09"), "accepted");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_reminder_goes_to_whose_move_it_is_and_lateness_to_both),
		TEST(who_was_not_shown_a_referral_hears_nothing_of_its_clock),
		TEST(a_notice_tells_nobody_of_a_step_it_does_not_know),
		TEST(a_new_calendar_moves_the_clocks_that_run),
		TEST(another_places_calendar_moves_nothing),
		TEST(an_agency_that_moves_takes_the_calendar_of_its_new_place),
		TEST(clocks_are_moved_in_slices),
		TEST(a_calendar_is_put_in_force_by_an_operator_and_versions_rise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
