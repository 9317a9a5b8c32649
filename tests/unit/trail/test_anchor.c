/* Anchors: the tree over all persons, against one made naively, and what is not so is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/store_cursor.h"
#include "trail/anchor.h"
#include "unit/trail/trail_fixture.h"
#include "wire/digest.h"

#define PERSONS 300

static void release(struct trail_fixture *fixture, uint64_t sequence, unsigned subject)
{
	take_one(fixture, &(struct made_fact){.sequence = sequence,
					      .time_ms = 1000 + (int64_t)sequence,
					      .subject = subject,
					      .agency = "clinic",
					      .recipient = "parole",
					      .event = "release"});
}

static int take_anchor(struct trail_fixture *fixture, uint64_t sequence,
		       const Throughcare__V1__AnchorRecord *anchor)
{
	struct effects effects = {0};
	uint8_t packed[256];

	assert_true(throughcare__v1__anchor_record__get_packed_size(anchor) <= sizeof(packed));
	push_fact(&effects, &(struct made_fact){
				    .sequence = sequence,
				    .time_ms = 1000 + (int64_t)sequence,
				    .event = "anchor",
				    .record = tc_slice(packed, throughcare__v1__anchor_record__pack(
								       anchor, packed)),
			    });
	return trail_index_take(fixture->index, &effects, sequence + 1);
}

/* As the trail's thread and the journal do it. */
static void anchor_at(struct trail_fixture *fixture, uint64_t sequence)
{
	Throughcare__V1__AnchorRecord anchor;
	uint8_t root[DISCLOSURE_HASH_BYTES];

	assert_int_equal(trail_index_anchor(fixture->index, &anchor, root), 0);
	assert_int_equal(take_anchor(fixture, sequence, &anchor), 0);
}

static int prove(struct trail_fixture *fixture, unsigned subject, uint64_t size,
		 struct anchor_proof *ret)
{
	struct trail_view *view;
	uint64_t next;
	int r;

	assert_int_equal(trail_view_open(fixture->index, &view), 0);
	assert_int_equal(trail_view_renew(view, &next), 0);
	r = trail_view_anchor(view, made_id(subject), size, ret);
	trail_view_close(&view);
	return r;
}

static int compare_leaves(const void *left, const void *right)
{
	const struct person_leaf *a = left, *b = right;

	return (a->tag > b->tag) - (a->tag < b->tag);
}

/* Every person of 1..count with the head that the trail has, as one tree from its top. */
static void naive_root(struct trail_fixture *fixture, unsigned count, uint8_t ret[32])
{
	static struct person_leaf leaves[PERSONS];
	struct disclosure_head head;
	struct trail_view *view;
	uint64_t next, tag;

	assert_int_equal(trail_view_open(fixture->index, &view), 0);
	assert_int_equal(trail_view_renew(view, &next), 0);
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(trail_view_head(view, made_id(i + 1), &head), 0);
		assert_int_equal(disclosure_tag(made_id(i + 1), &tag), 0);
		assert_int_equal(person_leaf_make(tag, made_id(i + 1), &head, &leaves[i]), 0);
	}
	trail_view_close(&view);
	qsort(leaves, count, sizeof(leaves[0]), compare_leaves);
	assert_int_equal(person_tree_hash(leaves, count, 0, ret), 0);
}

static void the_tree_by_buckets_is_the_tree_made_at_once(void **state)
{
	struct trail_fixture *fixture = *state;
	uint64_t sequence = 0;
	uint8_t root[32];

	for (unsigned round = 1; round <= 12; round++) {
		struct anchor_proof proof;

		for (unsigned i = 0; i < round * 25; i++)
			release(fixture, sequence++, 1 + i);
		anchor_at(fixture, sequence++);
		assert_int_equal(trail_index_commit(fixture->index), 0);
		naive_root(fixture, round * 25, root);
		anchor_at(fixture, sequence++);
		assert_int_equal(trail_index_commit(fixture->index), 0);
		assert_int_equal(prove(fixture, 1, sequence, &proof), 0);
		assert_int_equal(proof.anchor.persons, round * 25);
		assert_memory_equal(proof.anchor.root, root, sizeof(root));
		assert_int_equal(proof.carrier, sequence - 1);
	}
	assert_int_equal(trail_index_digest(fixture->index, sequence, root), 0);
}

static void a_place_is_proven_as_it_was_at_the_anchor(void **state)
{
	struct trail_fixture *fixture = *state;
	struct anchor_proof proof;

	release(fixture, 0, 1);
	release(fixture, 1, 2);
	anchor_at(fixture, 2);
	release(fixture, 3, 1);
	assert_int_equal(trail_index_commit(fixture->index), 0);
	assert_int_equal(prove(fixture, 1, UINT64_MAX, &proof), ANCHOR_NONE);
	anchor_at(fixture, 4);
	release(fixture, 5, 1);
	release(fixture, 6, 3);
	anchor_at(fixture, 7);
	assert_int_equal(trail_index_commit(fixture->index), 0);
	assert_int_equal(prove(fixture, 1, 7, &proof), 0);
	assert_int_equal(proof.carrier, 4);
	assert_int_equal(proof.anchor.sequence, 2);
	assert_int_equal(proof.head.count, 1);
	assert_int_equal(prove(fixture, 1, 8, &proof), 0);
	assert_int_equal(proof.anchor.sequence, 4);
	assert_int_equal(proof.head.count, 2);
	assert_int_equal(prove(fixture, 3, 8, &proof), 0);
	assert_int_equal(proof.head.count, 0);
}

static void anchors_are_wanted_until_one_tells_of_every_disclosure(void **state)
{
	struct trail_fixture *fixture = *state;
	Throughcare__V1__AnchorRecord anchor;
	uint8_t root[DISCLOSURE_HASH_BYTES];

	assert_int_equal(trail_index_anchor(fixture->index, &anchor, root), TRAIL_TOLD);
	release(fixture, 0, 1);
	anchor_at(fixture, 1);
	assert_int_equal(trail_index_commit(fixture->index), 0);
	trail_fixture_reopen(fixture);
	anchor_at(fixture, 2);
	assert_int_equal(trail_index_anchor(fixture->index, &anchor, root), TRAIL_TOLD);
	release(fixture, 3, 1);
	anchor_at(fixture, 4);
	anchor_at(fixture, 5);
	assert_int_equal(trail_index_anchor(fixture->index, &anchor, root), TRAIL_TOLD);
}

static void what_was_touched_before_a_restart_is_not_forgotten(void **state)
{
	struct trail_fixture *fixture = *state;
	uint8_t digests[2][32];

	for (unsigned turn = 0; turn < 2; turn++) {
		for (uint64_t i = 0; i < 40; i++) {
			release(fixture, i, 1 + (unsigned)i % 9);
			if (turn == 1 && i % 7 == 3) {
				assert_int_equal(trail_index_commit(fixture->index), 0);
				trail_fixture_reopen(fixture);
			}
		}
		anchor_at(fixture, 40);
		anchor_at(fixture, 41);
		assert_int_equal(trail_index_commit(fixture->index), 0);
		assert_int_equal(trail_index_digest(fixture->index, 42, digests[turn]), 0);
		if (turn == 0) {
			void *again = fixture;

			assert_int_equal(trail_fixture_teardown(&again), 0);
			assert_int_equal(trail_fixture_setup(&again), 0);
			fixture = again;
			*state = again;
		}
	}
	assert_memory_equal(digests[0], digests[1], sizeof(digests[0]));
}

static void an_anchor_that_says_something_else_is_a_fault(void **state)
{
	struct trail_fixture *fixture = *state;
	Throughcare__V1__AnchorRecord anchor;
	uint8_t root[DISCLOSURE_HASH_BYTES];

	release(fixture, 0, 1);
	anchor_at(fixture, 1);
	assert_int_equal(trail_index_commit(fixture->index), 0);
	assert_int_equal(trail_index_anchor(fixture->index, &anchor, root), 0);
	root[31] ^= 1;
	assert_int_equal(take_anchor(fixture, 2, &anchor), TC_ECORRUPT);
	trail_fixture_reopen(fixture);
	root[31] ^= 1;
	anchor.persons++;
	assert_int_equal(take_anchor(fixture, 2, &anchor), TC_ECORRUPT);
	trail_fixture_reopen(fixture);
	anchor.persons--;
	assert_int_equal(take_anchor(fixture, 2, &anchor), 0);
	/* Twice the same is one too many. */
	assert_int_equal(take_anchor(fixture, 3, &anchor), TC_ECORRUPT);
}

/* A trail that was made to look whole without its last disclosure: chain and head agree. */
static void a_disclosure_that_was_taken_out_is_missed(void **state)
{
	struct trail_fixture *fixture = *state;
	const struct disclosure_tables *tables = &trail_index_tables(fixture->index)->disclosures;
	struct tc_slice first_key, value;
	struct anchor_proof proof;
	uint8_t head[64], key[64], link[64], digest[32];
	size_t head_len, key_len, link_len;
	struct store_txn *txn;

	release(fixture, 0, 1);
	release(fixture, 1, 1);
	assert_int_equal(trail_index_commit(fixture->index), 0);
	assert_int_equal(store_read_begin(trail_index_store(fixture->index), &txn), 0);
	assert_int_equal(store_first(txn, tables->heads, tc_slice(NULL, 0), &first_key, &value), 0);
	memcpy(key, first_key.data, key_len = first_key.len);
	memcpy(head, value.data, head_len = value.len);
	store_abort(&txn);
	release(fixture, 2, 1);
	anchor_at(fixture, 3);
	anchor_at(fixture, 4);
	assert_int_equal(trail_index_commit(fixture->index), 0);
	assert_int_equal(prove(fixture, 1, 5, &proof), 0);
	assert_int_equal(trail_index_digest(fixture->index, 5, digest), 0);

	assert_int_equal(store_begin(trail_index_store(fixture->index), &txn), 0);
	assert_int_equal(store_last(txn, tables->links, tc_slice(NULL, 0), &first_key, &value), 0);
	memcpy(link, first_key.data, link_len = first_key.len);
	assert_int_equal(store_del(txn, tables->links, tc_slice(link, link_len)), 0);
	assert_int_equal(
		store_put(txn, tables->heads, tc_slice(key, key_len), tc_slice(head, head_len)), 0);
	assert_int_equal(store_commit(&txn), 0);
	assert_int_equal(prove(fixture, 1, 5, &proof), TC_ECORRUPT);
	assert_int_equal(trail_index_digest(fixture->index, 5, digest), TC_ECORRUPT);
}

static void old_tiles_go(void **state)
{
	struct trail_fixture *fixture = *state;
	struct store_txn *txn;
	uint64_t count;

	for (uint64_t i = 0; i < 100; i += 2) {
		release(fixture, i, 1);
		anchor_at(fixture, i + 1);
		assert_int_equal(trail_index_commit(fixture->index), 0);
	}
	assert_int_equal(store_read_begin(trail_index_store(fixture->index), &txn), 0);
	assert_int_equal(store_count(txn, trail_index_tables(fixture->index)->tiles, &count), 0);
	store_abort(&txn);
	assert_in_range(count, 2, 2 * ANCHORS_KEPT);
}

static void a_person_whose_bucket_others_share_has_a_place_below_it(void **state)
{
	struct person_leaf leaves[3] = {{.tag = UINT64_C(0x1234000000000000)},
					{.tag = UINT64_C(0x1234000000000001)},
					{.tag = UINT64_C(0x1234800000000000)}};
	const struct person_leaf *there;
	struct person_way way;

	(void)state;
	assert_int_equal(person_tree_way(leaves, 3, leaves[1].tag, &way, &there), 0);
	assert_ptr_equal(there, &leaves[1]);
	assert_int_equal(way.count, 64 - PERSON_TREE_BUCKET);
	assert_int_equal(person_tree_way(leaves, 3, leaves[2].tag, &way, &there), 0);
	assert_ptr_equal(there, &leaves[2]);
	assert_int_equal(way.count, 1);
	assert_int_equal(person_tree_way(leaves, 2, leaves[2].tag, &way, &there), 0);
	assert_null(there);
	assert_int_equal(way.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_tree_by_buckets_is_the_tree_made_at_once,
						trail_fixture_setup, trail_fixture_teardown),
		cmocka_unit_test_setup_teardown(a_place_is_proven_as_it_was_at_the_anchor,
						trail_fixture_setup, trail_fixture_teardown),
		cmocka_unit_test_setup_teardown(
			anchors_are_wanted_until_one_tells_of_every_disclosure, trail_fixture_setup,
			trail_fixture_teardown),
		cmocka_unit_test_setup_teardown(what_was_touched_before_a_restart_is_not_forgotten,
						trail_fixture_setup, trail_fixture_teardown),
		cmocka_unit_test_setup_teardown(an_anchor_that_says_something_else_is_a_fault,
						trail_fixture_setup, trail_fixture_teardown),
		cmocka_unit_test_setup_teardown(a_disclosure_that_was_taken_out_is_missed,
						trail_fixture_setup, trail_fixture_teardown),
		cmocka_unit_test_setup_teardown(old_tiles_go, trail_fixture_setup,
						trail_fixture_teardown),
		cmocka_unit_test(a_person_whose_bucket_others_share_has_a_place_below_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
