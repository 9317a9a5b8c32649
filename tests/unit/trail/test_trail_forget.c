/* What is left of the trail's rows when a person is forgotten. */
#include "trail/trail_forget.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store/store_cursor.h"
#include "trail/anchor.h"
#include "trail_fixture.h"

#define MAP_BYTES (64 * 1024 * 1024)
#define RECORDS   400

/* Persons 1 to 8 in turn; each third row is a disclosure. */
static void fill(struct trail_fixture *fixture)
{
	for (uint64_t i = 1; i <= RECORDS; i++) {
		take_one(fixture, &(struct made_fact){.sequence = i,
						      .time_ms = (int64_t)i * 1000,
						      .subject = (unsigned)(i % 8) + 1,
						      .message = 1000 + (unsigned)i,
						      .agency = "clinic",
						      .recipient = "office",
						      .event = i % 3 == 0 ? "release" : NULL});
	}
	assert_int_equal(trail_index_commit(fixture->index), 0);
}

/* The rows that are left take the place of the fixture's trail. */
static void replace(struct trail_fixture *fixture, const struct forget_what *what)
{
	struct store_options options = {.path = fixture->path,
					.map_bytes = MAP_BYTES,
					.sync = STORE_SYNC_LAZY,
					.tables_max = STORE_TABLES_MAX};
	struct store_dump *dump;
	struct store_load *load;
	struct store *store;
	uint8_t sha256[32];
	char file[96];

	snprintf(file, sizeof(file), "%s/base", fixture->folder);
	assert_int_equal(store_dump_open(file, tc_slice_text("head"), &dump), 0);
	assert_int_equal(trail_dump(fixture->index, what, dump), 0);
	assert_int_equal(store_dump_end(dump, sha256), 0);
	store_dump_free(&dump);
	trail_index_close(&fixture->index);
	assert_int_equal(store_remove(fixture->path), 0);
	assert_int_equal(store_open(&options, &store), 0);
	assert_int_equal(store_load_open(file, &load), 0);
	assert_int_equal(store_load_into(load, "trail/", store), 0);
	store_load_close(&load);
	store_close(&store);
	assert_int_equal(store_file_erase(file), 0);
	trail_fixture_reopen(fixture);
}

static size_t found(struct trail_fixture *fixture, unsigned subject)
{
	struct trail_question question = trail_question_any();
	uint64_t sequences[RECORDS];

	question.subject = made_id(subject);
	return find_all(fixture, &question, sequences, RECORDS);
}

static void a_forgotten_person_has_no_row_no_place_and_no_link(void **state)
{
	struct trail_fixture *fixture = *state;
	struct trail_question question = trail_question_any();
	struct forget_what what = {.records = {0}};
	uint64_t sequences[RECORDS];
	uint8_t digest[32];

	question.agency = "clinic";
	fill(fixture);
	assert_int_equal(found(fixture, 3), RECORDS / 8);
	assert_int_equal(forget_what_root(&what, made_id(3)), 0);
	replace(fixture, &what);
	assert_int_equal(found(fixture, 3), 0);
	assert_int_equal(found(fixture, 4), RECORDS / 8);
	assert_int_equal(find_all(fixture, &question, sequences, RECORDS), RECORDS / 8 * 7);
	/* Heads are those of their links, and the growth is what it must be. */
	assert_int_equal(
		trail_index_digest(fixture->index, trail_index_next(fixture->index), digest), 0);
	take_one(fixture, &(struct made_fact){.sequence = RECORDS + 1,
					      .time_ms = 9000000,
					      .subject = 4,
					      .agency = "clinic",
					      .recipient = "office",
					      .event = "release"});
	assert_int_equal(trail_index_commit(fixture->index), 0);
	assert_int_equal(found(fixture, 4), RECORDS / 8 + 1);
	assert_int_equal(
		trail_index_digest(fixture->index, trail_index_next(fixture->index), digest), 0);
	forget_what_done(&what);
}

static void a_forgotten_record_leaves_its_link_in_somebodys_chain(void **state)
{
	struct trail_fixture *fixture = *state;
	struct forget_what what = {.records = {0}};
	struct disclosure_link links[RECORDS];
	struct trail_view *view;
	struct tc_slice row;
	uint64_t next;
	size_t count, before, gone = 0;

	fill(fixture);
	before = found(fixture, 4);
	/* Record 3 is about person 4, and a disclosure. */
	assert_int_equal(sought_numbers_add(&what.records, 3), 0);
	replace(fixture, &what);
	assert_int_equal(found(fixture, 4), before - 1);
	assert_int_equal(trail_view_open(fixture->index, &view), 0);
	assert_int_equal(trail_view_renew(view, &next), 0);
	assert_int_equal(trail_view_links(view, made_id(4), 1, links, RECORDS, &count), 0);
	assert_true(count > 1);
	for (size_t i = 0; i < count; i++)
		gone += trail_view_row(view, &links[i], &row) == DISCLOSURE_NONE;
	assert_int_equal(gone, 1);
	trail_view_close(&view);
	forget_what_done(&what);
}

static void a_dump_of_everything_is_the_same_trail(void **state)
{
	struct trail_fixture *fixture = *state;
	uint8_t before[32], after[32];

	fill(fixture);
	assert_int_equal(trail_index_digest(fixture->index, RECORDS + 1, before), 0);
	replace(fixture, NULL);
	assert_int_equal(trail_index_digest(fixture->index, RECORDS + 1, after), 0);
	assert_memory_equal(before, after, sizeof(before));
}

#define TEST(name)                                                                                 \
	cmocka_unit_test_setup_teardown(name, trail_fixture_setup, trail_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_forgotten_person_has_no_row_no_place_and_no_link),
		TEST(a_forgotten_record_leaves_its_link_in_somebodys_chain),
		TEST(a_dump_of_everything_is_the_same_trail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
