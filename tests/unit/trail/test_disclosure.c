/* The chain of what was disclosed about each person. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "store/store_cursor.h"
#include "unit/trail/trail_fixture.h"
#include "wire/digest.h"

#define LINKS_MAX 4096

static struct disclosure_link links[LINKS_MAX];

static void release(struct trail_fixture *fixture, uint64_t sequence, unsigned subject,
		    const char *agency)
{
	take_one(fixture, &(struct made_fact){.sequence = sequence,
					      .time_ms = 1000 + (int64_t)sequence,
					      .subject = subject,
					      .agency = agency,
					      .recipient = "parole",
					      .event = "release"});
}

/* Recomputes the chain from rows and links, and compares it with the head. */
static void expect_chain(struct trail_fixture *fixture, unsigned subject, uint64_t count)
{
	uint8_t hash[DISCLOSURE_HASH_BYTES] = {0};
	struct disclosure_head head;
	struct trail_view *view;
	uint64_t next;
	size_t found;
	int r;

	assert_int_equal(trail_view_open(fixture->index, &view), 0);
	assert_int_equal(trail_view_renew(view, &next), 0);
	r = trail_view_head(view, made_id(subject), &head);
	assert_int_equal(r, count == 0 ? DISCLOSURE_NONE : 0);
	assert_int_equal(head.count, count);
	assert_int_equal(trail_view_links(view, made_id(subject), 1, links, LINKS_MAX, &found), 0);
	assert_int_equal(found, count);
	for (size_t i = 0; i < found; i++) {
		struct tc_slice row;

		assert_int_equal(links[i].number, i + 1);
		assert_int_equal(trail_view_row(view, &links[i], &row), 0);
		assert_int_equal(disclosure_chain(hash, &links[i], hash), 0);
	}
	assert_memory_equal(hash, head.hash, sizeof(hash));
	trail_view_close(&view);
}

static void each_persons_disclosures_are_chained_in_order(void **state)
{
	struct trail_fixture *fixture = *state;

	for (uint64_t i = 0; i < 3000; i++) {
		release(fixture, i, 1 + (unsigned)(i * 7 % 50), "clinic");
		if (i % 100 == 99)
			assert_int_equal(trail_index_commit(fixture->index), 0);
	}
	assert_int_equal(trail_index_commit(fixture->index), 0);
	for (unsigned subject = 1; subject <= 50; subject++)
		expect_chain(fixture, subject, 60);
	expect_chain(fixture, 51, 0);
}

static void only_what_agencies_release_about_a_person_is_a_disclosure(void **state)
{
	struct trail_fixture *fixture = *state;

	release(fixture, 0, 1, "clinic");
	release(fixture, 1, 1, "exchange");
	release(fixture, 2, 0, "clinic");
	take_one(fixture, &(struct made_fact){.sequence = 3, .subject = 1, .agency = "clinic"});
	assert_int_equal(trail_index_commit(fixture->index), 0);
	expect_chain(fixture, 1, 1);
}

static void a_chain_goes_on_after_a_restart(void **state)
{
	struct trail_fixture *fixture = *state;

	release(fixture, 0, 1, "clinic");
	assert_int_equal(trail_index_commit(fixture->index), 0);
	release(fixture, 1, 1, "clinic"); /* lost, and replayed below */
	trail_fixture_reopen(fixture);
	release(fixture, 0, 1, "clinic");
	release(fixture, 1, 1, "clinic");
	release(fixture, 2, 1, "clinic");
	assert_int_equal(trail_index_commit(fixture->index), 0);
	expect_chain(fixture, 1, 3);
}

static void links_are_read_from_any_number_on(void **state)
{
	struct trail_fixture *fixture = *state;
	struct trail_view *view;
	size_t found;

	for (uint64_t i = 0; i < 20; i++)
		release(fixture, i, 1 + (unsigned)(i % 2), "clinic");
	assert_int_equal(trail_index_commit(fixture->index), 0);
	assert_int_equal(trail_view_open(fixture->index, &view), 0);
	assert_int_equal(trail_view_links(view, made_id(1), 4, links, 3, &found), 0);
	assert_int_equal(found, 3);
	assert_int_equal(links[0].number, 4);
	assert_int_equal(links[0].at.sequence, 6);
	assert_int_equal(trail_view_links(view, made_id(1), 9, links, 3, &found), 0);
	assert_int_equal(found, 2);
	assert_int_equal(trail_view_links(view, made_id(1), 11, links, 3, &found), 0);
	assert_int_equal(found, 0);
	trail_view_close(&view);
}

/* Changes a byte of the first row of a table. */
static void spoil(struct trail_fixture *fixture, struct store_table table, size_t at)
{
	struct store_txn *txn;
	struct tc_slice key, value;
	uint8_t key_bytes[64], bytes[128];

	assert_int_equal(store_begin(trail_index_store(fixture->index), &txn), 0);
	assert_int_equal(store_first(txn, table, tc_slice(NULL, 0), &key, &value), 0);
	assert_true(key.len <= sizeof(key_bytes) && value.len <= sizeof(bytes));
	memcpy(key_bytes, key.data, key.len);
	memcpy(bytes, value.data, value.len);
	bytes[at] ^= 1;
	assert_int_equal(
		store_put(txn, table, tc_slice(key_bytes, key.len), tc_slice(bytes, value.len)), 0);
	assert_int_equal(store_commit(&txn), 0);
}

static void a_head_or_link_that_was_changed_is_found(void **state)
{
	struct trail_fixture *fixture = *state;
	const struct disclosure_tables *tables = &trail_index_tables(fixture->index)->disclosures;
	uint8_t digest[32];

	for (uint64_t i = 0; i < 20; i++)
		release(fixture, i, 1 + (unsigned)(i % 3), "clinic");
	assert_int_equal(trail_index_commit(fixture->index), 0);
	assert_int_equal(trail_index_digest(fixture->index, 20, digest), 0);
	spoil(fixture, tables->heads, 20);
	assert_int_equal(trail_index_digest(fixture->index, 20, digest), TC_ECORRUPT);
	spoil(fixture, tables->heads, 20);
	assert_int_equal(trail_index_digest(fixture->index, 20, digest), 0);
	spoil(fixture, tables->links, 30);
	assert_int_equal(trail_index_digest(fixture->index, 20, digest), TC_ECORRUPT);
}

int main(void)
{
#define DISCLOSURE_TEST(name)                                                                      \
	cmocka_unit_test_setup_teardown(name, trail_fixture_setup, trail_fixture_teardown)
	const struct CMUnitTest tests[] = {
		DISCLOSURE_TEST(each_persons_disclosures_are_chained_in_order),
		DISCLOSURE_TEST(only_what_agencies_release_about_a_person_is_a_disclosure),
		DISCLOSURE_TEST(a_chain_goes_on_after_a_restart),
		DISCLOSURE_TEST(links_are_read_from_any_number_on),
		DISCLOSURE_TEST(a_head_or_link_that_was_changed_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
