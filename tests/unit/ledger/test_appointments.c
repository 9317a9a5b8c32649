/* Meetings on the way through the ledger: timers, notices, and what strangers learn. */
#include "unit/ledger/case_fixture.h"

#include <string.h>

#include "ledger/state.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS  (24 * HOUR_MS)

static char appointment_id[] = "00000000-0000-7000-8000-0000000000a1";

/* Of treatment, to parole, about the referral: the ids and times as of `claim`. */
static struct message meeting(struct exchange *x, const struct message *referral, const char *type,
			      Throughcare__V1__LifecycleClaim *claim)
{
	claim->appointment_id = appointment_id;
	return case_message(x, referral, "treatment", type, claim);
}

static void book(struct exchange *x, const struct message *referral, int64_t start_ms)
{
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct message message = meeting(x, referral, "AppointmentScheduled", &claim);

	claim.has_start_ms = 1;
	claim.start_ms = start_ms;
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "accepted");
}

static struct message begin(struct exchange *x)
{
	struct message referral = case_referral(x);

	exchange_send(x, &referral);
	case_respond(x, &referral, "RECEIVED");
	case_respond(x, &referral, "ACCEPTED");
	return referral;
}

/* Feedback notices that a tick brings to that connection; whatever comes is acknowledged. */
static size_t notices(struct exchange *x, uint64_t connection)
{
	uint64_t ids[EXCHANGE_SETTLE_MAX];
	size_t found = 0, count = 0;

	for (const struct effect *e = x->effects.first; e != NULL; e = e->next) {
		Throughcare__V1__Delivery *delivery;
		Throughcare__V1__ClockNotice *notice;

		if (e->connection != connection ||
		    (e->kind != EFFECT_DELIVER && e->kind != EFFECT_DELIVER_OWN))
			continue;
		ids[count++] = e->delivery_id;
		if (e->kind == EFFECT_DELIVER)
			continue;
		delivery = throughcare__v1__delivery__unpack(NULL, e->body.len, e->body.data);
		assert_non_null(delivery);
		if (strcmp(delivery->parts[0]->type, "ClockNotice") == 0) {
			notice = throughcare__v1__clock_notice__unpack(
				NULL, delivery->parts[0]->content.len,
				delivery->parts[0]->content.data);
			assert_non_null(notice);
			found += strcmp(notice->clock, "feedback") == 0;
			assert_string_equal(notice->next_move, "treatment");
			throughcare__v1__clock_notice__free_unpacked(notice, NULL);
		}
		throughcare__v1__delivery__free_unpacked(delivery, NULL);
	}
	if (count == 0)
		return 0;
	exchange_clear(x);
	exchange_settle_many(x, connection, ids, count);
	return found + notices(x, connection);
}

static size_t tick(struct exchange *x, int64_t now_ms, uint64_t connection)
{
	exchange_clear(x);
	exchange_tick(x, now_ms);
	return notices(x, connection);
}

static void nobody_says_how_a_meeting_went_and_it_is_told_to_its_owner(void **state)
{
	struct exchange *x = *state;
	uint64_t treatment = collector(x, "treatment", 100);
	struct message referral = begin(x);
	int64_t end_ms = x->now_ms + DAY_MS + HOUR_MS;

	book(x, &referral, x->now_ms + DAY_MS);
	notices(x, treatment);
	exchange_clear(x);
	exchange_tick(x, end_ms - 1);
	assert_int_equal(exchange_facts(x, "appointment"), 0);
	exchange_tick(x, end_ms);
	assert_int_equal(exchange_facts(x, "appointment"), 1);
	assert_int_equal(notices(x, treatment), 0);
	assert_int_equal(tick(x, end_ms + 4 * DAY_MS, treatment), 1); /* two working days */
	assert_int_equal(tick(x, end_ms + 8 * DAY_MS, treatment), 1);
}

static size_t source_hears(struct exchange *x, uint32_t category)
{
	uint64_t parole = collector(x, "parole", 100);
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct message referral, message;
	int64_t end_ms;
	size_t heard = 0;

	collector(x, "treatment", 100);
	referral = begin(x);
	notices(x, parole);
	message = meeting(x, &referral, "AppointmentScheduled", &claim);
	message.category = category;
	message.legal = category == ATTENDANCE ? 0 : message.legal;
	claim.has_start_ms = 1;
	claim.start_ms = x->now_ms + DAY_MS;
	end_ms = claim.start_ms + HOUR_MS;
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "accepted");
	notices(x, parole);
	for (int day = 0; day < 12; day++)
		heard += tick(x, end_ms + day * DAY_MS, parole);
	return heard;
}

static void the_other_side_hears_of_it_when_it_goes_on(void **state)
{
	assert_true(source_hears(*state, CONTACT) > 0);
}

static void who_is_handed_a_meeting_in_the_moment_it_is_fixed_knows_of_it(void **state)
{
	struct exchange *x = *state;
	uint64_t parole = collector(x, "parole", 100);
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct message referral = case_referral(x), message;
	int64_t end_ms = x->now_ms + DAY_MS + HOUR_MS;
	size_t heard = 0;

	message = meeting(x, &referral, "AppointmentScheduled", &claim);
	message.referral = (struct tc_id){{0}};
	claim.has_start_ms = 1;
	claim.start_ms = x->now_ms + DAY_MS;
	exchange_send(x, &message);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
	notices(x, parole);
	for (int day = 0; day < 12; day++)
		heard += tick(x, end_ms + day * DAY_MS, parole);
	assert_true(heard > 0);
}

/* What waits for a consent is none of its business yet. */
static void who_has_not_been_handed_a_meeting_hears_nothing_of_it(void **state)
{
	assert_int_equal(source_hears(*state, ATTENDANCE), 0);
}

static void a_stranger_cannot_tell_a_meeting_from_none(void **state)
{
	struct exchange *x = *state;
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct message referral, message;

	collector(x, "treatment", 100);
	referral = begin(x);
	book(x, &referral, x->now_ms + DAY_MS);
	message = meeting(x, &referral, "AppointmentChanged", &claim);
	claim.status = (char *)(uintptr_t) "CANCELLED";
	message.from = "court";
	message.to = "parole";
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "unknown_referral");
	message.id = exchange_id(x);
	message.referral = (struct tc_id){{0}};
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "unknown_appointment");
	/* and a party that does not own it cannot move it */
	message = case_message(x, &referral, "parole", "AppointmentChanged", &claim);
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "unknown_appointment");
}

static void a_second_record_must_say_what_it_corrects(void **state)
{
	struct exchange *x = *state;
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct message referral, first, message;
	Throughcare__V1__Receipt *receipt;
	char id[TC_ID_TEXT_BYTES];

	collector(x, "treatment", 100);
	referral = begin(x);
	book(x, &referral, x->now_ms + HOUR_MS);
	claim.status = (char *)(uintptr_t) "ATTENDED";
	first = meeting(x, &referral, "AttendanceRecord", &claim);
	exchange_send(x, &first);
	assert_string_equal(exchange_answer(x), "accepted");
	message = meeting(x, &referral, "AttendanceRecord", &claim);
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "illegal_transition");
	receipt = exchange_receipt(x);
	assert_string_equal(receipt->refusal->state, "ATTENDED");
	throughcare__v1__receipt__free_unpacked(receipt, NULL);
	tc_id_format(first.id, id);
	claim.supersedes = id;
	claim.status = (char *)(uintptr_t) "DID_NOT_ATTEND";
	message.id = exchange_id(x);
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "accepted");
}

/* A second meeting stands: one that is missed or cancelled leaves the referral SCHEDULED. */
static void a_referral_stays_scheduled_while_another_meeting_is_booked(void **state)
{
	static const char *const ends[] = {"AttendanceRecord", "AppointmentChanged"};
	static char absent[] = "DID_NOT_ATTEND", cancelled[] = "CANCELLED";
	char *const statuses[] = {absent, cancelled};
	static char ids[][sizeof(appointment_id)] = {"00000000-0000-7000-8000-0000000000a2",
						     "00000000-0000-7000-8000-0000000000a3"};
	struct exchange *x = *state;
	struct message referral, message;
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct referral row;

	collector(x, "treatment", 100);
	referral = begin(x);
	for (size_t i = 0; i < 2; i++) {
		message = meeting(x, &referral, "AppointmentScheduled", &claim);
		claim.appointment_id = ids[i];
		claim.has_start_ms = 1;
		claim.start_ms = x->now_ms + HOUR_MS;
		exchange_send(x, &message);
		assert_string_equal(exchange_answer(x), "accepted");
	}
	for (size_t i = 0; i < 2; i++) {
		message = meeting(x, &referral, ends[i], &claim);
		claim.appointment_id = ids[i];
		claim.status = statuses[i];
		exchange_send(x, &message);
		assert_string_equal(exchange_answer(x), "accepted");
		assert_int_equal(referral_find(x->ledger->txn, &x->ledger->referral,
					       referral.referral, &row),
				 0);
		assert_int_equal(row.state, i == 0 ? REFERRAL_SCHEDULED : REFERRAL_ACCEPTED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nobody_says_how_a_meeting_went_and_it_is_told_to_its_owner),
		TEST(the_other_side_hears_of_it_when_it_goes_on),
		TEST(who_is_handed_a_meeting_in_the_moment_it_is_fixed_knows_of_it),
		TEST(who_has_not_been_handed_a_meeting_hears_nothing_of_it),
		TEST(a_stranger_cannot_tell_a_meeting_from_none),
		TEST(a_second_record_must_say_what_it_corrects),
		TEST(a_referral_stays_scheduled_while_another_meeting_is_booked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
