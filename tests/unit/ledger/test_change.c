/* What a change of the registry replaced. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/arena.h"
#include "ledger/change.h"
#include "throughcare/v1/registry.pb-c.h"

#define TEXT(value) ((char *)(uintptr_t)(value))

static struct arena arena;

static int setup(void **state)
{
	(void)state;
	arena_init(&arena);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

static Throughcare__V1__AgencyEntry agency(const char *name, Throughcare__V1__AgencyKind kind)
{
	Throughcare__V1__AgencyEntry entry = THROUGHCARE__V1__AGENCY_ENTRY__INIT;

	entry.agency = TEXT("housing-harbor");
	entry.name = TEXT(name);
	entry.has_kind = 1;
	entry.kind = kind;
	return entry;
}

static void only_fields_that_differ_are_told(void **state)
{
	Throughcare__V1__AgencyEntry was =
		agency("Harbor", THROUGHCARE__V1__AGENCY_KIND__AGENCY_KIND_HOUSING);
	Throughcare__V1__AgencyEntry is =
		agency("Harbor House", THROUGHCARE__V1__AGENCY_KIND__AGENCY_KIND_COURT);
	Throughcare__V1__TrailRow row = THROUGHCARE__V1__TRAIL_ROW__INIT;

	(void)state;
	is.phone = TEXT("555 0100");
	assert_int_equal(change_list(&arena, &was.base, &is.base, &row), 0);
	assert_int_equal(row.n_changes, 3);
	assert_string_equal(row.changes[0]->field, "name");
	assert_string_equal(row.changes[0]->before, "Harbor");
	assert_string_equal(row.changes[0]->after, "Harbor House");
	assert_string_equal(row.changes[1]->before, "AGENCY_KIND_HOUSING");
	assert_string_equal(row.changes[1]->after, "AGENCY_KIND_COURT");
	assert_string_equal(row.changes[2]->field, "phone");
	assert_null(row.changes[2]->before);
	assert_string_equal(row.changes[2]->after, "555 0100");
}

static void a_first_entry_has_no_before(void **state)
{
	Throughcare__V1__AgencyEntry is =
		agency("Harbor", THROUGHCARE__V1__AGENCY_KIND__AGENCY_KIND_HOUSING);
	Throughcare__V1__TrailRow row = THROUGHCARE__V1__TRAIL_ROW__INIT;

	(void)state;
	assert_int_equal(change_list(&arena, NULL, &is.base, &row), 0);
	assert_int_equal(row.n_changes, 3);
	for (size_t i = 0; i < row.n_changes; i++)
		assert_true(row.changes[i]->before == NULL && row.changes[i]->after != NULL);
}

static void lists_and_messages_are_told_as_text(void **state)
{
	Throughcare__V1__ServiceEntry was = THROUGHCARE__V1__SERVICE_ENTRY__INIT;
	Throughcare__V1__ServiceEntry is = THROUGHCARE__V1__SERVICE_ENTRY__INIT;
	Throughcare__V1__ServiceEntry__Clocks clocks = THROUGHCARE__V1__SERVICE_ENTRY__CLOCKS__INIT;
	Throughcare__V1__TrailRow row = THROUGHCARE__V1__TRAIL_ROW__INIT;
	char *languages[] = {TEXT("en"), TEXT("es")};

	(void)state;
	clocks.has_receipt_days = clocks.has_heartbeat_days = 1;
	clocks.receipt_days = 2;
	clocks.heartbeat_days = 30;
	was.languages = languages;
	was.n_languages = 1;
	is.languages = languages;
	is.n_languages = 2;
	is.clocks = &clocks;
	assert_int_equal(change_list(&arena, &was.base, &is.base, &row), 0);
	assert_int_equal(row.n_changes, 2);
	assert_string_equal(row.changes[0]->before, "en");
	assert_string_equal(row.changes[0]->after, "en, es");
	assert_string_equal(row.changes[1]->field, "clocks");
	assert_string_equal(row.changes[1]->after, "receipt_days=2 heartbeat_days=30");
}

static void long_texts_are_cut_and_their_ends_still_tell(void **state)
{
	Throughcare__V1__ServiceEntry was = THROUGHCARE__V1__SERVICE_ENTRY__INIT;
	Throughcare__V1__ServiceEntry is = THROUGHCARE__V1__SERVICE_ENTRY__INIT;
	Throughcare__V1__TrailRow row = THROUGHCARE__V1__TRAIL_ROW__INIT;
	char before[301], after[301];

	(void)state;
	memset(before, 'x', 300);
	/* A character of two bytes over the cut. */
	memcpy(before + CHANGE_TEXT_BYTES_MAX - 1, "\xc3\xa9", 2);
	before[300] = '\0';
	memcpy(after, before, sizeof(after));
	after[299] = 'y';
	was.description = before;
	is.description = after;
	assert_int_equal(change_list(&arena, &was.base, &is.base, &row), 0);
	assert_int_equal(row.n_changes, 1);
	assert_int_equal(strlen(row.changes[0]->after), CHANGE_TEXT_BYTES_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_fields_that_differ_are_told),
		cmocka_unit_test(a_first_entry_has_no_before),
		cmocka_unit_test(lists_and_messages_are_told_as_text),
		cmocka_unit_test(long_texts_are_cut_and_their_ends_still_tell),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
