/* What happens to a meeting, message by message; and its whole table against the machine. */
#include "unit/referral/referral_fixture.h"

#include <stdio.h>
#include <string.h>

#include "referral/appointment.h"
#include "referral/calendar.h"
#include "throughcare/v1/service.pb-c.h"

#define HOUR (DAY / 24)

/* Of "target", about f->referral unless `alone`. */
struct said {
	const char *type, *status, *by;
	uint8_t id, supersedes, corrects;
	int64_t start_ms;
	uint32_t absence;
	bool alone, other_subject;
};

static struct appointment_change said_change;

static int say(struct fixture *f, struct said said)
{
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	const struct tc_id none = {{0}};
	const tc_agency other = {"source"};
	char id[TC_ID_TEXT_BYTES], supersedes[TC_ID_TEXT_BYTES];
	tc_agency sender = {"target"};
	struct referral_event event = {
		.type = tc_slice_text(said.type),
		.referral = said.alone ? none : f->referral,
		.message = numbered_id((uint8_t)(++f->sequence + 100)),
		.sequence = f->sequence,
		.now_ms = f->now_ms,
		.sender = &sender,
		.subject = said.other_subject ? numbered_id(99) : f->subject,
		.claim = &claim,
	};

	if (said.by)
		assert_true(tc_agency_parse(tc_slice_text(said.by), &sender));
	tc_id_format(numbered_id(said.id), id);
	claim.appointment_id = id;
	claim.status = (char *)(uintptr_t)said.status;
	claim.has_start_ms = said.start_ms != 0;
	claim.start_ms = said.start_ms;
	claim.absence_reason = said.absence;
	if (said.supersedes || said.corrects) {
		tc_id_format(numbered_id(said.supersedes ? said.supersedes : said.corrects),
			     supersedes);
		claim.supersedes = supersedes;
	}
	return appointment_apply(f->txn, &f->tables, &event, &other, &said_change, &f->refusal);
}

/* The number of the message that was said last, for corrections. */
static uint8_t last(const struct fixture *f)
{
	return (uint8_t)(f->sequence + 100);
}

static void assert_becomes(struct fixture *f, struct said said, enum appointment_state state)
{
	if (say(f, said) != 0)
		fail_msg("%s: %s", tc_refusal_name(f->refusal.code), f->refusal.detail);
	assert_true(said_change.changed);
	assert_string_equal(appointment_state_name(said_change.appointment.state),
			    appointment_state_name(state));
}

static void assert_not(struct fixture *f, struct said said, enum tc_refusal_code code)
{
	assert_int_equal(say(f, said), APPOINTMENT_REFUSED);
	assert_string_equal(tc_refusal_name(f->refusal.code), tc_refusal_name(code));
}

#define BOOK(number, at)                                                                           \
	((struct said){.type = "AppointmentScheduled", .id = number, .start_ms = at})
#define MOVE(number, old, at)                                                                      \
	((struct said){.type = "AppointmentChanged",                                               \
		       .status = "RESCHEDULED",                                                    \
		       .id = number,                                                               \
		       .supersedes = old,                                                          \
		       .start_ms = at})
#define HELD(number, how, ...)                                                                     \
	((struct said){.type = "AttendanceRecord", .id = number, .status = how, __VA_ARGS__})

static void a_meeting_is_fixed_moved_and_held(void **state)
{
	struct fixture *f = *state;
	struct appointment at, to;

	assert_becomes(f, BOOK(1, MONDAY + DAY), APPOINTMENT_BOOKED);
	assert_int_equal(said_change.appointment.alarm_ms, MONDAY + DAY + HOUR);
	at = said_change.appointment;
	assert_not(f, BOOK(1, MONDAY + DAY), TC_REFUSAL_APPOINTMENT_EXISTS);
	assert_not(f, BOOK(2, 0), TC_REFUSAL_FIELD_MISSING);
	assert_becomes(f, MOVE(2, 1, MONDAY + 3 * DAY), APPOINTMENT_RESCHEDULED);
	assert_int_equal(said_change.appointment.alarm_ms, 0);
	to = said_change.successor;
	assert_true(tc_id_equal(said_change.appointment.successor, to.key));
	assert_true(tc_id_equal(to.supersedes, at.key));
	assert_int_equal(to.state, APPOINTMENT_BOOKED);
	assert_not(f, MOVE(3, 1, MONDAY + 4 * DAY), TC_REFUSAL_ILLEGAL_TRANSITION);
	assert_string_equal(f->refusal.state, "RESCHEDULED");
	assert_int_equal(f->refusal.legal_count, 0);
	assert_not(f, MOVE(2, 2, MONDAY + 4 * DAY), TC_REFUSAL_APPOINTMENT_EXISTS);
	assert_not(f, MOVE(3, 9, MONDAY + 4 * DAY), TC_REFUSAL_UNKNOWN_APPOINTMENT);
	/* nobody has been where they will be the day after tomorrow */
	assert_not(f, HELD(2, "ATTENDED", .by = NULL), TC_REFUSAL_FIELD_INVALID);
	f->now_ms = MONDAY + 3 * DAY;
	assert_becomes(f, HELD(2, "ATTENDED", .by = NULL), APPOINTMENT_ATTENDED);
	assert_int_equal(appointment_find(f->txn, &f->tables, at.key, &at), 0);
	assert_int_equal(at.state, APPOINTMENT_RESCHEDULED); /* the history stays */
}

static void a_correction_names_what_it_corrects_and_counts_once(void **state)
{
	struct fixture *f = *state;
	uint32_t missed;
	uint8_t first, second;

	assert_becomes(f, BOOK(1, MONDAY), APPOINTMENT_BOOKED);
	assert_becomes(f, HELD(1, "ATTENDED", .by = NULL), APPOINTMENT_ATTENDED);
	first = last(f);
	assert_not(f, HELD(1, "DID_NOT_ATTEND", .by = NULL), TC_REFUSAL_ILLEGAL_TRANSITION);
	assert_not(f, HELD(1, "DID_NOT_ATTEND", .corrects = 77), TC_REFUSAL_ILLEGAL_TRANSITION);
	assert_becomes(f,
		       HELD(1, "DID_NOT_ATTEND", .corrects = first,
			    .absence = THROUGHCARE__V1__ABSENCE_REASON__ABSENCE_REASON_ACCEPTABLE),
		       APPOINTMENT_DID_NOT_ATTEND);
	assert_int_equal(appointment_missed(f->txn, &f->tables, f->referral, &missed), 0);
	assert_int_equal(missed, 1);
	second = last(f);
	/* the first record is no longer the one that stands */
	assert_not(f, HELD(1, "ATTENDED", .corrects = first), TC_REFUSAL_ILLEGAL_TRANSITION);
	assert_becomes(f, HELD(1, "ATTENDED_LATE", .corrects = second), APPOINTMENT_ATTENDED_LATE);
	assert_int_equal(said_change.appointment.corrections, 2);
	assert_becomes(f, HELD(2, "DID_NOT_HAPPEN", .by = NULL), APPOINTMENT_DID_NOT_HAPPEN);
	assert_int_equal(appointment_missed(f->txn, &f->tables, f->referral, &missed), 0);
	assert_int_equal(missed, 0);
}

static void a_meeting_is_its_owners_alone(void **state)
{
	struct fixture *f = *state;

	assert_becomes(f, BOOK(1, MONDAY), APPOINTMENT_BOOKED);
	/* the same id of another agency, or about another person, is another meeting */
	assert_becomes(f, HELD(1, "ATTENDED", .by = "other"), APPOINTMENT_ATTENDED);
	assert_not(f,
		   (struct said){.type = "AppointmentChanged",
				 .status = "CANCELLED",
				 .id = 1,
				 .by = "stranger"},
		   TC_REFUSAL_UNKNOWN_APPOINTMENT);
	assert_becomes(f, HELD(1, "DID_NOT_ATTEND", .other_subject = true),
		       APPOINTMENT_DID_NOT_ATTEND);
	/* of a referral, it is not said of outside */
	assert_not(f, HELD(1, "ATTENDED", .alone = true), TC_REFUSAL_UNKNOWN_APPOINTMENT);
	assert_becomes(f, HELD(1, "ATTENDED", .by = NULL), APPOINTMENT_ATTENDED);
}

static void a_record_of_no_referral_and_no_appointment_leaves_nothing(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(say(f, HELD(1, "ATTENDED", .alone = true)), 0);
	assert_false(said_change.changed);
	assert_int_equal(say(f, HELD(1, "ATTENDED", .alone = true)), 0);
	assert_false(said_change.changed);
}

static void silence_about_a_meeting_is_noticed_again_and_again(void **state)
{
	struct fixture *f = *state;
	struct appointment_change change;
	struct tc_id key;
	int64_t due_ms;

	assert_becomes(f, BOOK(1, MONDAY + DAY), APPOINTMENT_BOOKED);
	key = said_change.appointment.key;
	due_ms = said_change.appointment.alarm_ms;
	assert_int_equal(appointment_clock(f->txn, &f->tables, key, due_ms - 1, &change), 0);
	assert_false(change.changed);
	assert_int_equal(appointment_clock(f->txn, &f->tables, key, due_ms, &change), 0);
	assert_int_equal(change.appointment.state, APPOINTMENT_AWAITING_FEEDBACK);
	assert_false(change.late);
	assert_int_equal(change.appointment.alarm_ms, calendar_after(NULL, due_ms, 2));
	for (uint16_t times = 1; times < 4; times++) {
		due_ms = change.appointment.alarm_ms;
		assert_int_equal(appointment_clock(f->txn, &f->tables, key, due_ms, &change), 0);
		assert_true(change.late);
		assert_int_equal(change.appointment.times, times);
	}
	f->now_ms = due_ms;
	assert_becomes(f, HELD(1, "ATTENDED", .by = NULL), APPOINTMENT_ATTENDED);
	assert_int_equal(said_change.alarm_before_ms, change.appointment.alarm_ms);
	assert_int_equal(said_change.appointment.alarm_ms, 0);
}

static void who_was_handed_it_knows_of_it(void **state)
{
	struct fixture *f = *state;
	const tc_agency source = {"source"}, other = {"other"};
	struct appointment at;

	assert_becomes(f, BOOK(1, MONDAY + DAY), APPOINTMENT_BOOKED);
	at = said_change.appointment;
	assert_int_equal(appointment_told(f->txn, &f->tables, numbered_id(7), &source), 0);
	assert_int_equal(appointment_told(f->txn, &f->tables, at.booked, &other), 0);
	assert_int_equal(appointment_find(f->txn, &f->tables, at.key, &at), 0);
	assert_false(at.told);
	assert_int_equal(appointment_told(f->txn, &f->tables, at.booked, &source), 0);
	assert_int_equal(appointment_find(f->txn, &f->tables, at.key, &at), 0);
	assert_true(at.told);
}

/* ---- the table ---- */

static void every_state_is_reached_and_every_open_one_can_end(void **state)
{
	size_t count;
	const struct appointment_rule *rules = appointment_rules(&count);
	uint32_t reached = 1, ends = 0, before;

	(void)state;
	for (unsigned i = 1; i < APPOINTMENT_STATE_COUNT; i++)
		if (appointment_ended((enum appointment_state)i))
			ends |= UINT32_C(1) << i;
	do {
		before = reached ^ ends;
		for (size_t i = 0; i < count; i++) {
			if (rules[i].from & reached)
				reached |= UINT32_C(1) << rules[i].to;
			if (ends & UINT32_C(1) << rules[i].to)
				ends |= rules[i].from;
		}
	} while ((reached ^ ends) != before);
	assert_int_equal(reached, (UINT32_C(1) << APPOINTMENT_STATE_COUNT) - 1);
	assert_int_equal(ends, (UINT32_C(1) << APPOINTMENT_STATE_COUNT) - 1);
}

static void only_a_correction_leads_out_of_an_ended_state(void **state)
{
	size_t count;
	const struct appointment_rule *rules = appointment_rules(&count);

	(void)state;
	for (size_t i = 0; i < count; i++)
		for (unsigned from = 1; from < APPOINTMENT_STATE_COUNT; from++)
			if (rules[i].from & UINT32_C(1) << from &&
			    appointment_ended((enum appointment_state)from))
				assert_true(rules[i].needs & APPOINTMENT_NEEDS_RECORD);
}

/* Brings appointment 1 into that state; gives the number of the message that says so. */
static uint8_t bring(struct fixture *f, enum appointment_state to)
{
	struct appointment_change change;

	if (to == APPOINTMENT_NONE)
		return 0;
	assert_becomes(f, BOOK(1, MONDAY), APPOINTMENT_BOOKED);
	if (to == APPOINTMENT_RESCHEDULED)
		assert_becomes(f, MOVE(3, 1, MONDAY), to);
	else if (to == APPOINTMENT_CANCELLED)
		assert_becomes(
			f,
			(struct said){.type = "AppointmentChanged", .status = "CANCELLED", .id = 1},
			to);
	else if (to == APPOINTMENT_AWAITING_FEEDBACK)
		assert_int_equal(appointment_clock(f->txn, &f->tables, said_change.appointment.key,
						   MONDAY + DAY, &change),
				 0);
	else if (to != APPOINTMENT_BOOKED)
		assert_becomes(f, HELD(1, appointment_state_name(to), .by = NULL), to);
	return last(f);
}

static struct said said_by(const struct appointment_rule *rule, uint8_t record)
{
	struct said said = {
		.type = rule->type, .status = rule->status, .id = 1, .start_ms = MONDAY + DAY};

	if (rule->to == APPOINTMENT_RESCHEDULED) {
		said.id = 2;
		said.supersedes = 1;
	}
	if (rule->needs & APPOINTMENT_NEEDS_RECORD)
		said.corrects = record;
	return said;
}

static bool lists(enum appointment_state from, const struct appointment_rule *like)
{
	size_t count;
	const struct appointment_rule *rules = appointment_rules(&count);

	for (size_t i = 0; i < count; i++)
		if (rules[i].from & UINT32_C(1) << from && strcmp(rules[i].type, like->type) == 0 &&
		    (!like->status || strcmp(rules[i].status, like->status) == 0))
			return true;
	return false;
}

static void every_rule_moves_and_what_is_not_listed_is_refused(void **state)
{
	struct fixture *f = *state;
	size_t count;
	const struct appointment_rule *rules = appointment_rules(&count);
	uint8_t person = 0;

	for (size_t i = 0; i < count; i++)
		for (unsigned from = 0; from < APPOINTMENT_STATE_COUNT; from++) {
			bool listed = rules[i].from & UINT32_C(1) << from;
			struct said said;
			uint8_t record;

			if (rules[i].type[0] == '(' ||
			    (!listed && lists((enum appointment_state)from, &rules[i])))
				continue;
			f->subject = numbered_id(++person);
			f->subject.bytes[0] = 1;
			record = bring(f, (enum appointment_state)from);
			said = said_by(&rules[i], record);
			if (listed)
				assert_becomes(f, said, rules[i].to);
			else
				assert_int_equal(say(f, said), APPOINTMENT_REFUSED);
		}
}

/* ---- random sequences ---- */

/* A second reading of DOMAIN.md section 3: "what: from>to ..."; R stands for any record, "new" for
 * the state that the record names. */
static const char *const model[] = {
	"AppointmentScheduled: NONE>BOOKED",
	"CANCELLED: BOOKED>CANCELLED AWAITING_FEEDBACK>CANCELLED",
	"RESCHEDULED: BOOKED>RESCHEDULED AWAITING_FEEDBACK>RESCHEDULED",
	"record: NONE>new BOOKED>new AWAITING_FEEDBACK>new",
	"correction: ATTENDED>new ATTENDED_LATE>new DID_NOT_ATTEND>new DID_NOT_HAPPEN>new",
	"clock: BOOKED>AWAITING_FEEDBACK AWAITING_FEEDBACK>AWAITING_FEEDBACK",
};

static bool model_goal(const char *edge, const char *from, const char *named, char to[32])
{
	char wanted[40];
	const char *at;

	snprintf(wanted, sizeof(wanted), " %s>", from);
	at = strstr(edge, wanted);
	if (!at)
		return false;
	at += strlen(wanted);
	snprintf(to, 32, "%.*s", (int)strcspn(at, " "), at);
	if (strcmp(to, "new") == 0)
		snprintf(to, 32, "%s", named);
	return true;
}

static int64_t said_clock_ms = MONDAY + 99 * DAY;

static int do_step(struct fixture *f, size_t edge, const char *named, uint8_t record,
		   struct tc_id key)
{
	struct appointment_change change;

	switch (edge) {
	case 0:
		return say(f, BOOK(1, MONDAY));
	case 1:
		return say(f, (struct said){.type = "AppointmentChanged",
					    .status = "CANCELLED",
					    .id = 1});
	case 2:
		return say(f, MOVE(2, 1, MONDAY));
	case 3:
		return say(f, HELD(1, named, .by = NULL));
	case 4:
		return say(f, HELD(1, named, .corrects = record));
	default:
		assert_int_equal(appointment_clock(f->txn, &f->tables, key,
						   said_clock_ms += 9 * DAY, &change),
				 0);
		return change.changed ? 0 : 1;
	}
}

static void one_walk(struct fixture *f, uint64_t seed)
{
	static const char *const ways[] = {"ATTENDED", "ATTENDED_LATE", "DID_NOT_ATTEND",
					   "DID_NOT_HAPPEN"};
	char now[32] = "NONE", to[32];
	struct tc_id key = {{0}};
	uint8_t record = 1;

	for (int step = 0; step < 12; step++) {
		size_t edge;
		const char *named;
		bool legal;

		seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		edge = seed >> 33 & 7;
		named = ways[seed >> 40 & 3];
		if (edge >= sizeof(model) / sizeof(model[0]))
			continue;
		legal = model_goal(model[edge], now, named, to);
		/* a correction of what has no record is a record */
		legal = legal || (edge == 4 && model_goal(model[3], now, named, to));
		if ((do_step(f, edge, named, record, key) == 0) != legal)
			fail_msg("%s in %s", model[edge], now);
		if (!legal)
			continue;
		snprintf(now, sizeof(now), "%s", to);
		if (edge == 3 || edge == 4)
			record = last(f);
		if (edge != 5) {
			key = said_change.appointment.key;
			assert_string_equal(appointment_state_name(said_change.appointment.state),
					    now);
		}
	}
}

static void random_walks_agree_with_a_second_reading(void **state)
{
	struct fixture *f = *state;

	for (uint32_t walk = 1; walk <= 1000; walk++) {
		f->subject = numbered_id((uint8_t)walk);
		f->subject.bytes[14] = (uint8_t)(walk >> 8);
		f->sequence = 0;
		one_walk(f, walk);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_meeting_is_fixed_moved_and_held),
		TEST(a_correction_names_what_it_corrects_and_counts_once),
		TEST(a_meeting_is_its_owners_alone),
		TEST(a_record_of_no_referral_and_no_appointment_leaves_nothing),
		TEST(silence_about_a_meeting_is_noticed_again_and_again),
		TEST(who_was_handed_it_knows_of_it),
		TEST(every_state_is_reached_and_every_open_one_can_end),
		TEST(only_a_correction_leads_out_of_an_ended_state),
		TEST(every_rule_moves_and_what_is_not_listed_is_refused),
		TEST(random_walks_agree_with_a_second_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
