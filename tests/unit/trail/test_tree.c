/* tree: the roots of an independent script, and proofs against a naive tree and the verifier's. */
#include "trail/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/merkle.h"

#define LEAVES_MAX 70000

/* Every hash of every level, as a store would have them. */
struct memory {
	struct tree_hash *levels[TREE_LEVELS];
	size_t counts[TREE_LEVELS];
	struct tree_frontier frontier;
};

static int memory_take(void *context, uint8_t level, uint64_t index, const struct tree_hash *hash)
{
	struct memory *memory = context;

	assert_int_equal(index, memory->counts[level]);
	memory->levels[level][memory->counts[level]++] = *hash;
	return 0;
}

static int memory_read(void *context, uint8_t level, uint64_t number, struct tc_slice *ret)
{
	struct memory *memory = context;
	size_t first = (size_t)number * TREE_TILE_HASHES;
	size_t count = memory->counts[level] > first ? memory->counts[level] - first : 0;

	if (count > TREE_TILE_HASHES)
		count = TREE_TILE_HASHES;
	*ret = tc_slice(memory->levels[level] + first, count * TREE_HASH_BYTES);
	return 0;
}

static struct tree_hash leaf_of(size_t number)
{
	struct tree_hash leaf;
	char text[24];

	snprintf(text, sizeof(text), "%zu", number);
	assert_int_equal(tree_leaf(tc_slice_text(text), &leaf), 0);
	return leaf;
}

static int memory_make(void **state)
{
	struct memory *memory = calloc(1, sizeof(*memory));
	size_t count = LEAVES_MAX;

	for (size_t level = 0; level < TREE_LEVELS; level++, count = count / 256 + 1)
		memory->levels[level] = calloc(count, sizeof(struct tree_hash));
	for (size_t i = 0; i < LEAVES_MAX; i++) {
		struct tree_hash leaf = leaf_of(i);

		assert_int_equal(tree_append(&memory->frontier, &leaf, memory_take, memory), 0);
	}
	*state = memory;
	return 0;
}

static int memory_free(void **state)
{
	struct memory *memory = *state;

	for (size_t level = 0; level < TREE_LEVELS; level++)
		free(memory->levels[level]);
	free(memory);
	return 0;
}

/* MTH as section 2.1 says it, over leaf hashes start..start + count. */
static struct tc_merkle_hash naive(const struct memory *memory, size_t start, size_t count)
{
	struct tc_merkle_hash left, right;
	size_t split = 1;

	if (count == 1) {
		memcpy(&left, &memory->levels[0][start], sizeof(left));
		return left;
	}
	while (split * 2 < count)
		split *= 2;
	left = naive(memory, start, split);
	right = naive(memory, start + split, count - split);
	assert_int_equal(tc_merkle_node(&left, &right, &left), 0);
	return left;
}

static void roots_of_0_to_300_are_those_of_the_reference(void **state)
{
	static const char *const roots[] = {
#include "tree_roots.inc"
	};
	struct memory *memory = *state;

	for (size_t size = 0; size < sizeof(roots) / sizeof(roots[0]); size++) {
		struct tree_hash root;
		char hex[65];

		assert_int_equal(tree_root(memory_read, memory, size, &root), 0);
		tc_hex(root.bytes, sizeof(root.bytes), hex);
		assert_string_equal(hex, roots[size]);
	}
}

static uint64_t draw(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return *seed >> 33;
}

static void two_thousand_random_sizes_have_the_root_and_the_proofs_of_the_definition(void **state)
{
	struct memory *memory = *state;
	struct tc_merkle_hash hashes[TREE_PROOF_MAX];
	uint64_t seed = 20261122;

	for (unsigned i = 0; i < 2000; i++) {
		size_t most = i % 10 == 0 ? LEAVES_MAX : 2000;
		size_t size = 1 + (size_t)draw(&seed) % most;
		size_t index = (size_t)draw(&seed) % size;
		size_t old = 1 + (size_t)draw(&seed) % size;
		struct tc_merkle_hash expected = naive(memory, 0, size);
		struct tc_merkle_hash old_root = naive(memory, 0, old);
		struct tc_merkle_hash climbed, leaf;
		struct tree_hash root;
		size_t count;

		assert_int_equal(tree_root(memory_read, memory, size, &root), 0);
		assert_memory_equal(root.bytes, expected.bytes, sizeof(root.bytes));
		assert_int_equal(tree_inclusion(memory_read, memory, index, size,
						(struct tree_hash *)hashes, &count),
				 0);
		memcpy(&leaf, &memory->levels[0][index], sizeof(leaf));
		assert_int_equal(tc_merkle_path_climb(&leaf, index, size, hashes, count, &climbed),
				 0);
		assert_memory_equal(climbed.bytes, expected.bytes, sizeof(root.bytes));
		assert_int_equal(tree_consistency(memory_read, memory, old, size,
						  (struct tree_hash *)hashes, &count),
				 0);
		assert_int_equal(tc_merkle_consistency_verify(old, size, &old_root, &expected,
							      hashes, count),
				 0);
	}
}

static void every_small_pair_of_sizes_is_proved_consistent(void **state)
{
	struct memory *memory = *state;
	struct tc_merkle_hash roots[301], hashes[TREE_PROOF_MAX];
	size_t count;

	for (size_t size = 1; size <= 300; size++)
		roots[size] = naive(memory, 0, size);
	for (size_t size = 1; size <= 300; size++) {
		for (size_t old = 1; old <= size; old++) {
			assert_int_equal(tree_consistency(memory_read, memory, old, size,
							  (struct tree_hash *)hashes, &count),
					 0);
			assert_int_equal(tc_merkle_consistency_verify(old, size, &roots[old],
								      &roots[size], hashes, count),
					 0);
		}
	}
	assert_int_equal(
		tree_consistency(memory_read, memory, 0, 9, (struct tree_hash *)hashes, &count), 0);
	assert_int_equal(count, 0);
}

static int ignore(void *context, uint8_t level, uint64_t index, const struct tree_hash *hash)
{
	(void)context;
	(void)level;
	(void)index;
	(void)hash;
	return 0;
}

static void a_frontier_loaded_anywhere_goes_on_as_the_first_one(void **state)
{
	static const uint64_t sizes[] = {0, 1, 2, 255, 256, 257, 511, 65535, 65536, 65537, 69999};
	struct memory *memory = *state;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct tree_frontier frontier = {0};
		struct tree_hash root, expected, leaf = leaf_of((size_t)sizes[i]);
		uint64_t next = sizes[i] + 1;
		uint64_t start = 0;

		assert_int_equal(tree_frontier_load(memory_read, memory, sizes[i], &frontier), 0);
		assert_int_equal(tree_append(&frontier, &leaf, ignore, NULL), 0);
		assert_int_equal(frontier.size, next);
		assert_int_equal(
			tree_frontier_load(memory_read, memory, next, &(struct tree_frontier){0}),
			0);
		/* Its digits are the subtrees of the next size. */
		for (int bit = 63; bit >= 0; bit--) {
			if (!(next >> bit & 1))
				continue;
			root = frontier.nodes[bit];
			memcpy(&expected, naive(memory, (size_t)start, (size_t)1 << bit).bytes,
			       sizeof(expected));
			assert_memory_equal(root.bytes, expected.bytes, sizeof(root.bytes));
			start += (uint64_t)1 << bit;
		}
	}
}

static int short_read(void *context, uint8_t level, uint64_t number, struct tc_slice *ret)
{
	int r = memory_read(context, level, number, ret);

	ret->len = ret->len > TREE_HASH_BYTES ? ret->len - TREE_HASH_BYTES : 0;
	return r;
}

static void a_tile_that_lacks_a_hash_is_corrupt(void **state)
{
	struct tree_hash root;

	assert_int_equal(tree_root(short_read, *state, 65536, &root), TC_ECORRUPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roots_of_0_to_300_are_those_of_the_reference),
		cmocka_unit_test(
			two_thousand_random_sizes_have_the_root_and_the_proofs_of_the_definition),
		cmocka_unit_test(every_small_pair_of_sizes_is_proved_consistent),
		cmocka_unit_test(a_frontier_loaded_anywhere_goes_on_as_the_first_one),
		cmocka_unit_test(a_tile_that_lacks_a_hash_is_corrupt),
	};

	return cmocka_run_group_tests_name("tree", tests, memory_make, memory_free);
}
