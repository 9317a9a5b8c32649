/* What courts have said reaches who takes the supervision over; not what is hidden or gone by then.
 */
#include "unit/ledger/case_fixture.h"
#include "unit/ledger/order_fixture.h"

#include "ledger/court_word.h"
#include "ledger/state.h"

#define DAY_MS INT64_C(86400000)

/* A hearing to come and an order, both to parole. */
struct said {
	struct tc_id subject;
	struct message hearing, order;
	uint64_t sequence; /* of the order */
};

static struct message court_says(struct exchange *x, const char *type, struct tc_id subject,
				 Throughcare__V1__LifecycleClaim *claim)
{
	struct message message = contact(x);

	message.from = "court";
	message.to = "parole";
	message.type = type;
	message.subject = subject;
	message.claim = claim;
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "accepted");
	return message;
}

static struct said said(struct exchange *x)
{
	Throughcare__V1__LifecycleClaim hearing = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	Throughcare__V1__LifecycleClaim order = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct said ret = {.subject = exchange_id(x)};

	exchange_agency(x, "county", "PROBATION");
	collector(x, "parole", 50);
	collector(x, "county", 50);
	collector(x, "treatment", 50);
	hearing.hearing_id = (char *)(uintptr_t) "h-1";
	hearing.has_start_ms = 1;
	hearing.start_ms = x->now_ms + 5 * DAY_MS;
	order.order_id = (char *)(uintptr_t) "o-1";
	ret.hearing = court_says(x, "HearingNotice", ret.subject, &hearing);
	ret.order = court_says(x, "CourtOrder", ret.subject, &order);
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

/* What the daemon writes when the parts of records have been kept long enough. */
static void content_goes(struct exchange *x, uint64_t first, uint32_t count)
{
	Throughcare__V1__Record record = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__ForgottenRecord forgotten = THROUGHCARE__V1__FORGOTTEN_RECORD__INIT;
	Throughcare__V1__SequenceRange early = THROUGHCARE__V1__SEQUENCE_RANGE__INIT;
	Throughcare__V1__SequenceRange late = THROUGHCARE__V1__SEQUENCE_RANGE__INIT;
	Throughcare__V1__SequenceRange *ranges[] = {&early, &late};

	early.has_first = early.has_count = late.has_first = late.has_count = 1;
	early.count = 1;
	late.first = first;
	late.count = count;
	forgotten.parts = ranges;
	forgotten.n_parts = 2;
	record.body_case = THROUGHCARE__V1__RECORD__BODY_FORGOTTEN;
	record.forgotten = &forgotten;
	exchange_append(x, &record, 0);
}

static void a_word_stays_when_the_content_of_others_goes(void **state)
{
	struct exchange *x = *state;
	struct said about = said(x);

	content_goes(x, about.sequence + 1, 1);
	content_goes(x, about.sequence - 2, 1);
	assert_int_equal(transferred(x, about.subject), 2 + 2);
}

static void a_word_whose_content_was_kept_long_enough_is_dropped(void **state)
{
	struct exchange *x = *state;
	struct said about = said(x);

	content_goes(x, about.sequence, 1);
	assert_int_equal(transferred(x, about.subject), 2 + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_stands_goes_along),
		TEST(what_is_sealed_of_the_person_goes_to_nobody_else),
		TEST(a_sealed_word_alone_stays_behind),
		TEST(what_is_to_be_expunged_goes_to_nobody_else),
		TEST(a_word_stays_when_the_content_of_others_goes),
		TEST(a_word_whose_content_was_kept_long_enough_is_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
