/* What an auditor has asked to be told of is told once for each record that answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "unit/query/exchange_fixture.h"

#define HOUSING     THROUGHCARE__V1__CATEGORY__CATEGORY_HOUSING
#define CASE(name)  THROUGHCARE__V1__QUERY__BODY_##name
#define KIND(name)  THROUGHCARE__V1__STANDING_KIND__STANDING_KIND_##name
#define TEXT(value) ((char *)(uintptr_t)(value))
#define BOB         "bob"

static Throughcare__V1__StandingQuestion asked(const char *name, Throughcare__V1__StandingKind kind)
{
	Throughcare__V1__StandingQuestion question = THROUGHCARE__V1__STANDING_QUESTION__INIT;

	question.name = TEXT(name);
	question.has_kind = question.has_active = 1;
	question.kind = kind;
	question.active = 1;
	return question;
}

/* How often that question was answered; a question that is not asked: -1. */
static int64_t hits(struct exchange_fixture *fixture, const char *auditor, const char *name)
{
	Throughcare__V1__StandingListQuery list = THROUGHCARE__V1__STANDING_LIST_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	Throughcare__V1__Response *response;
	int64_t count = -1;

	query.body_case = CASE(STANDING_LIST);
	query.standing_list = &list;
	response = ask(fixture, AUDITOR, auditor, &query);
	for (size_t i = 0; i < response->query->n_standing; i++)
		if (strcmp(response->query->standing[i]->name, name) == 0)
			count = (int64_t)response->query->standing[i]->hits;
	answer_free(&response);
	return count;
}

/* Rows of this event to or by somebody. */
static size_t rows(struct exchange_fixture *fixture, const char *event, const char *agency)
{
	Throughcare__V1__TrailFindQuery find = THROUGHCARE__V1__TRAIL_FIND_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	Throughcare__V1__Response *response;
	size_t count;

	find.event = TEXT(event);
	find.agency = TEXT(agency);
	query.body_case = CASE(TRAIL_FIND);
	query.trail_find = &find;
	response = ask(fixture, AUDITOR, "alice", &query);
	count = response->query->n_trail;
	answer_free(&response);
	return count;
}

static void note(struct exchange_fixture *fixture, uint64_t message, uint64_t subject)
{
	put_message(fixture, &(struct sent){.sender = "home",
					    .to = "office",
					    .type = "HousingNote",
					    .message = message,
					    .subject = subject,
					    .category = HOUSING});
}

static void a_release_without_a_consent_is_told(void **state)
{
	struct exchange_fixture *fixture = *state;
	Throughcare__V1__StandingQuestion question = asked("no-consent", KIND(WITHOUT_CONSENT));

	put_standing(fixture, BOB, &question);
	put_collect(fixture, "office");
	note(fixture, 50, 60);
	assert_int_equal(rows(fixture, "release", "office"), 1);
	assert_int_equal(hits(fixture, BOB, "no-consent"), 1);
	assert_int_equal(rows(fixture, "standing", BOB), 1);
	assert_int_equal(hits(fixture, "alice", "no-consent"), -1);
}

static void an_override_is_told_and_its_notice_is_none(void **state)
{
	struct exchange_fixture *fixture = *state;
	Throughcare__V1__StandingQuestion question = asked("changes", KIND(OVERRIDE));

	put_standing(fixture, BOB, &question);
	put_agency(fixture, "shelter", THROUGHCARE__V1__AGENCY_KIND__AGENCY_KIND_HOUSING);
	put_agency(fixture, "shelter", THROUGHCARE__V1__AGENCY_KIND__AGENCY_KIND_COURT);
	assert_int_equal(hits(fixture, BOB, "changes"), 2);
	question.active = 0;
	put_standing(fixture, BOB, &question);
	put_agency(fixture, "shelter", THROUGHCARE__V1__AGENCY_KIND__AGENCY_KIND_HOUSING);
	assert_int_equal(hits(fixture, BOB, "changes"), -1);
	assert_int_equal(rows(fixture, "standing", BOB), 2);
}

static void an_auditor_who_asks_too_much_leaves_the_others_their_questions(void **state)
{
	struct exchange_fixture *fixture = *state;
	Throughcare__V1__StandingQuestion question;
	char name[16];

	for (int i = 0; i < 33; i++) {
		snprintf(name, sizeof(name), "q-%d", i);
		question = asked(name, KIND(OVERRIDE));
		put_standing(fixture, BOB, &question);
	}
	assert_int_equal(hits(fixture, BOB, "q-31"), 0);
	assert_int_equal(hits(fixture, BOB, "q-32"), -1);
	assert_int_equal(rows(fixture, "refusal", BOB), 1);
	put_standing(fixture, "alice", &question);
	assert_int_equal(hits(fixture, "alice", "q-32"), 0);
	question = asked("q-0", KIND(BREAK_GLASS)); /* the same one, asked differently */
	put_standing(fixture, BOB, &question);
	assert_int_equal(rows(fixture, "refusal", BOB), 1);
	question.active = 0;
	put_standing(fixture, BOB, &question);
	question = asked("q-32", KIND(OVERRIDE));
	put_standing(fixture, BOB, &question);
	assert_int_equal(hits(fixture, BOB, "q-32"), 0);
}

static void refuse_logon(struct exchange_fixture *fixture, const char *address, uint32_t count)
{
	Throughcare__V1__LogonRecord logon = THROUGHCARE__V1__LOGON_RECORD__INIT;
	Throughcare__V1__Record record = THROUGHCARE__V1__RECORD__INIT;

	logon.has_accepted = 1;
	logon.code = TEXT("tls");
	logon.address = TEXT(address);
	logon.has_count = 1;
	logon.count = count;
	record.body_case = THROUGHCARE__V1__RECORD__BODY_LOGON;
	record.logon = &logon;
	put_record(fixture, &record, NULL, 0);
}

static void failed_logons_are_told_when_there_are_many_from_one_place(void **state)
{
	struct exchange_fixture *fixture = *state;
	Throughcare__V1__StandingQuestion question = asked("burst", KIND(LOGON_BURST));

	question.has_threshold = 1;
	question.threshold = 5;
	put_standing(fixture, BOB, &question);
	refuse_logon(fixture, "192.0.2.1", 3);
	refuse_logon(fixture, "192.0.2.2", 3);
	assert_int_equal(hits(fixture, BOB, "burst"), 0);
	refuse_logon(fixture, "192.0.2.1", 3);
	assert_int_equal(hits(fixture, BOB, "burst"), 1);
	refuse_logon(fixture, "192.0.2.1", 3); /* the same burst */
	assert_int_equal(hits(fixture, BOB, "burst"), 1);
}

static void queries_outside_hours_are_told(void **state)
{
	struct exchange_fixture *fixture = *state;
	/* Nobody works from minute 0 to 0, and everybody from 0 to 1440 but for weekends. */
	Throughcare__V1__StandingQuestion never = asked("never", KIND(QUERY_OUTSIDE_HOURS));
	Throughcare__V1__StandingQuestion other = asked("other", KIND(QUERY_OUTSIDE_HOURS));

	other.agency = TEXT("clinic");
	put_standing(fixture, BOB, &never);
	put_standing(fixture, BOB, &other);
	assert_int_equal(hits(fixture, BOB, "never"), 1); /* this question itself */
	assert_int_equal(hits(fixture, BOB, "never"), 2);
	assert_int_equal(hits(fixture, BOB, "other"), 0);
}

/* At an offset at which it is this minute of a Wednesday now, and for some hours. */
static Throughcare__V1__StandingQuestion hours(const char *name, unsigned minute, unsigned from,
					       unsigned to)
{
	Throughcare__V1__StandingQuestion question = asked(name, KIND(QUERY_OUTSIDE_HOURS));
	int64_t now = tc_clock_now_ms(&tc_clock_real) / 60000;
	int64_t into_week = (now + 4 * 1440) % (7 * 1440); /* 1970-01-01 was a Thursday */

	question.has_from_minute = question.has_to_minute = question.has_utc_offset_minutes = 1;
	question.from_minute = from;
	question.to_minute = to;
	question.utc_offset_minutes = (int32_t)(3 * 1440 + minute - into_week);
	return question;
}

static void a_night_is_work_for_who_works_at_night(void **state)
{
	struct exchange_fixture *fixture = *state;
	Throughcare__V1__StandingQuestion night = hours("night", 23 * 60, 22 * 60, 6 * 60);
	Throughcare__V1__StandingQuestion noon = hours("noon", 12 * 60, 22 * 60, 6 * 60);

	put_standing(fixture, BOB, &night);
	put_standing(fixture, BOB, &noon);
	assert_int_equal(hits(fixture, BOB, "noon"), 1); /* this question itself */
	assert_int_equal(hits(fixture, BOB, "night"), 0);
}

static void what_is_refused_outside_hours_is_told_as_well(void **state)
{
	struct exchange_fixture *fixture = *state;
	Throughcare__V1__ExchangeBackupQuery backup = THROUGHCARE__V1__EXCHANGE_BACKUP_QUERY__INIT;
	Throughcare__V1__StandingQuestion question = asked("never", KIND(QUERY_OUTSIDE_HOURS));
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;

	query.body_case = CASE(EXCHANGE_BACKUP);
	query.exchange_backup = &backup;
	question.agency = TEXT("clinic");
	put_standing(fixture, BOB, &question);
	expect_code(fixture, AGENCY, "clinic", &query, "not_permitted");
	assert_int_equal(rows(fixture, "query_refused", "clinic"), 1);
	assert_int_equal(hits(fixture, BOB, "never"), 1);
}

static void working_days_are_those_of_the_calendar(void **state)
{
	struct exchange_fixture *fixture = *state;
	Throughcare__V1__CalendarEntry entry = THROUGHCARE__V1__CALENDAR_ENTRY__INIT;
	Throughcare__V1__CalendarEntry__Holiday days[3], *list[3];
	Throughcare__V1__StandingQuestion question = asked("free", KIND(QUERY_OUTSIDE_HOURS));
	uint32_t week[] = {1, 2, 3, 4, 5, 6, 7};
	char dates[3][TC_TIME_TEXT_BYTES];

	question.has_from_minute = question.has_to_minute = 1;
	question.to_minute = 24 * 60;
	entry.has_version = 1;
	entry.version = 1;
	entry.working_weekdays = week;
	entry.n_working_weekdays = 7;
	put_calendar(fixture, &entry);
	put_standing(fixture, BOB, &question);
	assert_int_equal(hits(fixture, BOB, "free"), 0);
	for (int i = 0; i < 3; i++) {
		throughcare__v1__calendar_entry__holiday__init(&days[i]);
		tc_time_format(tc_clock_now_ms(&tc_clock_real) + (i - 1) * INT64_C(86400000),
			       dates[i]);
		dates[i][10] = '\0';
		days[i].date = dates[i];
		list[i] = &days[i];
	}
	entry.version = 2;
	entry.holidays = list;
	entry.n_holidays = 3;
	put_calendar(fixture, &entry);
	assert_int_equal(hits(fixture, BOB, "free"), 1);
}

static void an_auditor_is_told_of_nothing_outside_its_scope(void **state)
{
	struct exchange_fixture *fixture = *state;
	Throughcare__V1__StandingQuestion question = asked("no-consent", KIND(WITHOUT_CONSENT));
	Throughcare__V1__AuditorScope scope = THROUGHCARE__V1__AUDITOR_SCOPE__INIT;
	char *subjects[] = {number_text(61)};

	scope.auditor = TEXT(BOB);
	scope.subjects = subjects;
	scope.n_subjects = 1;
	scope.granted_by = TEXT("letter 12");
	put_scope(fixture, &scope);
	put_standing(fixture, BOB, &question);
	put_collect(fixture, "office");
	note(fixture, 50, 60);
	assert_int_equal(hits(fixture, BOB, "no-consent"), 0);
	note(fixture, 51, 61);
	assert_int_equal(hits(fixture, BOB, "no-consent"), 1);
}

int main(void)
{
#define STANDING_TEST(name)                                                                        \
	cmocka_unit_test_setup_teardown(name, exchange_fixture_setup, exchange_fixture_teardown)
	const struct CMUnitTest tests[] = {
		STANDING_TEST(a_release_without_a_consent_is_told),
		STANDING_TEST(an_override_is_told_and_its_notice_is_none),
		STANDING_TEST(an_auditor_who_asks_too_much_leaves_the_others_their_questions),
		STANDING_TEST(failed_logons_are_told_when_there_are_many_from_one_place),
		STANDING_TEST(queries_outside_hours_are_told),
		STANDING_TEST(a_night_is_work_for_who_works_at_night),
		STANDING_TEST(what_is_refused_outside_hours_is_told_as_well),
		STANDING_TEST(working_days_are_those_of_the_calendar),
		STANDING_TEST(an_auditor_is_told_of_nothing_outside_its_scope),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
