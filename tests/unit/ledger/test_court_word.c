/* What courts have said reaches who takes the supervision over; not what is hidden or gone by then.
 */
#include "unit/ledger/case_fixture.h"
#include "unit/ledger/order_fixture.h"

#include <string.h>

#include "ledger/court_word.h"

#define DAY_MS INT64_C(86400000)

/* A hearing to come and an order, both to parole. */
struct said {
	struct tc_id subject;
	struct message hearing, order;
	uint64_t sequence; /* of the order */
};

/* A CourtOrder, or of a hearing: `at_ms` 0: it is over. */
static struct message court_says(struct exchange *x, const char *type, const char *to,
				 struct tc_id subject, int64_t at_ms)
{
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct message message = contact(x);

	if (strcmp(type, "CourtOrder") == 0)
		claim.order_id = (char *)(uintptr_t) "o-1";
	else
		claim.hearing_id = (char *)(uintptr_t) "h-1";
	claim.has_start_ms = at_ms != 0;
	claim.start_ms = at_ms;
	message.from = "court";
	message.to = to;
	message.type = type;
	message.subject = subject;
	message.claim = &claim;
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "accepted");
	return message;
}

static struct said said(struct exchange *x)
{
	struct said ret = {.subject = exchange_id(x)};

	exchange_agency(x, "county", "PROBATION");
	collector(x, "parole", 50);
	collector(x, "county", 50);
	collector(x, "treatment", 50);
	ret.hearing = court_says(x, "HearingNotice", "parole", ret.subject, x->now_ms + 5 * DAY_MS);
	ret.order = court_says(x, "CourtOrder", "parole", ret.subject, 0);
	ret.sequence = ledger_next(x->ledger) - 1;
	return ret;
}

/* How many deliveries go out with the transfer to county; two are told of it. */
static size_t transferred(struct exchange *x, struct tc_id subject)
{
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct message message = contact(x);

	claim.status = (char *)(uintptr_t) "TRANSFER";
	claim.to_agency = (char *)(uintptr_t) "county";
	message.also = "county";
	message.subject = subject;
	message.claim = &claim;
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "accepted");
	return exchange_effects(x, EFFECT_DELIVER);
}

static void ordered(struct exchange *x, const char *kind, const char *what, struct tc_id target)
{
	struct tc_id id = order_say(x, "court", "judge-1", kind, what, target);

	order_approve(x, "court", "judge-2", id, true);
	assert_string_equal(exchange_answer(x), "accepted");
}

static void what_stands_goes_along(void **state)
{
	struct exchange *x = *state;
	struct said about = said(x);

	assert_int_equal(transferred(x, about.subject), 2 + 2);
}

static void a_hearing_that_is_set_is_told_to_who_takes_over(void **state)
{
	struct exchange *x = *state;
	struct tc_id who = exchange_id(x);
	int64_t at_ms = x->now_ms + 5 * DAY_MS;

	exchange_agency(x, "county", "PROBATION");
	collector(x, "parole", 50);
	collector(x, "treatment", 50);
	court_says(x, "HearingNotice", "parole", who, at_ms);
	transferred(x, who);
	assert_int_equal(next_hearing(x, "county", who), 0);
	collector(x, "county", 10);
	assert_int_equal(next_hearing(x, "county", who), at_ms);
	assert_int_equal(next_hearing(x, "treatment", who), 0);
	/* From now on it is bound as the former one is. */
	court_says(x, "HearingNotice", "parole", who, at_ms + DAY_MS);
	assert_int_equal(next_hearing(x, "county", who), at_ms + DAY_MS);
	court_says(x, "HearingResult", "parole", who, 0);
	assert_int_equal(next_hearing(x, "county", who), 0);
}

static void a_hearing_that_the_former_agency_was_not_told_of_stays_untold(void **state)
{
	struct exchange *x = *state;
	struct tc_id who = exchange_id(x);

	exchange_agency(x, "county", "PROBATION");
	collector(x, "parole", 50);
	collector(x, "county", 50);
	collector(x, "treatment", 50);
	court_says(x, "HearingNotice", "treatment", who, x->now_ms + 5 * DAY_MS);
	assert_int_equal(transferred(x, who), 2);
	assert_int_equal(next_hearing(x, "county", who), 0);
}

static void an_order_that_stands_binds_who_takes_over(void **state)
{
	struct exchange *x = *state;
	struct tc_id who = exchange_id(x);

	exchange_agency(x, "county", "PROBATION");
	collector(x, "parole", 50);
	collector(x, "county", 50);
	collector(x, "treatment", 50);
	court_says(x, "CourtOrder", "parole", who, 0);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
	assert_int_equal(transferred(x, who), 2 + 1);
	court_says(x, "CourtOrder", "parole", who, 0);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 2); /* and said anew */
	assert_int_equal(transferred(x, who), 2);                 /* it has the order */
}

static void what_is_sealed_of_the_person_goes_to_nobody_else(void **state)
{
	struct exchange *x = *state;
	struct said about = said(x);

	ordered(x, "SEAL", "subjects", about.subject);
	assert_int_equal(transferred(x, about.subject), 2);
}

static void a_sealed_word_alone_stays_behind(void **state)
{
	struct exchange *x = *state;
	struct said about = said(x);

	ordered(x, "SEAL", "message_ids", about.hearing.id);
	assert_int_equal(transferred(x, about.subject), 2 + 1);
}

static void what_is_to_be_expunged_goes_to_nobody_else(void **state)
{
	struct exchange *x = *state;
	struct said about = said(x);

	ordered(x, "EXPUNGE", "message_ids", about.order.id);
	assert_int_equal(transferred(x, about.subject), 2 + 1);
}

static void a_word_stays_when_the_content_of_others_goes(void **state)
{
	struct exchange *x = *state;
	struct said about = said(x);

	retention_forgets(x, about.sequence + 1);
	retention_forgets(x, about.sequence - 2);
	assert_int_equal(transferred(x, about.subject), 2 + 2);
}

static void a_word_whose_content_was_kept_long_enough_is_dropped(void **state)
{
	struct exchange *x = *state;
	struct said about = said(x);

	retention_forgets(x, about.sequence);
	assert_int_equal(transferred(x, about.subject), 2 + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_stands_goes_along),
		TEST(a_hearing_that_is_set_is_told_to_who_takes_over),
		TEST(a_hearing_that_the_former_agency_was_not_told_of_stays_untold),
		TEST(an_order_that_stands_binds_who_takes_over),
		TEST(what_is_sealed_of_the_person_goes_to_nobody_else),
		TEST(a_sealed_word_alone_stays_behind),
		TEST(what_is_to_be_expunged_goes_to_nobody_else),
		TEST(a_word_stays_when_the_content_of_others_goes),
		TEST(a_word_whose_content_was_kept_long_enough_is_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
