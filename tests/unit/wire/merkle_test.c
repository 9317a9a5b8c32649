/* merkle: RFC 6962's definition written down naively, the known roots, and every path. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "wire/digest.h"
#include "wire/merkle.h"

/* MTH(D[n]) as section 2.1 says it. */
static struct tc_merkle_hash naive_root(const struct tc_slice *entries, size_t count)
{
	struct tc_merkle_hash hash;
	struct tc_merkle_hash left;
	struct tc_merkle_hash right;
	size_t split = 1;

	if (count == 1) {
		assert_int_equal(tc_merkle_leaf(entries[0], &hash), 0);
		return hash;
	}
	while (split * 2 < count)
		split *= 2;
	left = naive_root(entries, split);
	right = naive_root(entries + split, count - split);
	assert_int_equal(tc_merkle_node(&left, &right, &hash), 0);
	return hash;
}

/* The inputs and roots of certificate-transparency's reference tests (merkletree tests of RFC
 * 6962). */
static void roots_match_the_reference(void **state)
{
	static const uint8_t bytes[] = {0x00, 0x10, 0x20, 0x21, 0x30, 0x31, 0x40, 0x41, 0x42,
					0x43, 0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57,
					0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68,
					0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f};
	const struct tc_slice entries[8] = {
		tc_slice(bytes, 0),      tc_slice(bytes, 1),       tc_slice(bytes + 1, 1),
		tc_slice(bytes + 2, 2),  tc_slice(bytes + 4, 2),   tc_slice(bytes + 6, 4),
		tc_slice(bytes + 10, 8), tc_slice(bytes + 18, 16),
	};
	static const char *const roots[8] = {
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	};
	struct tc_merkle_tree tree;
	char hex[65];

	(void)state;
	for (size_t n = 1; n <= 8; n++) {
		assert_int_equal(tc_merkle_tree_build(entries, n, &tree), 0);
		tc_hex(tc_merkle_tree_root(&tree)->bytes, 32, hex);
		assert_string_equal(hex, roots[n - 1]);
	}
}

static size_t entries_fill(struct tc_slice entries[TC_ENVELOPES_MAX], char texts[][8])
{
	for (size_t i = 0; i < TC_ENVELOPES_MAX; i++) {
		snprintf(texts[i], 8, "e%zu", i);
		entries[i] = tc_slice_text(texts[i]);
	}
	return TC_ENVELOPES_MAX;
}

static void every_size_has_the_root_of_the_definition_and_valid_paths(void **state)
{
	char texts[TC_ENVELOPES_MAX][8];
	struct tc_slice entries[TC_ENVELOPES_MAX];
	size_t max = entries_fill(entries, texts);
	struct tc_merkle_tree tree;
	struct tc_merkle_path path;

	(void)state;
	for (size_t n = 1; n <= max; n++) {
		struct tc_merkle_hash expected = naive_root(entries, n);

		assert_int_equal(tc_merkle_tree_build(entries, n, &tree), 0);
		assert_memory_equal(tc_merkle_tree_root(&tree), &expected, sizeof(expected));
		for (size_t i = 0; i < n; i++) {
			struct tc_merkle_hash leaf;
			struct tc_merkle_hash root;

			tc_merkle_tree_path(&tree, i, &path);
			assert_int_equal(tc_merkle_leaf(entries[i], &leaf), 0);
			assert_int_equal(tc_merkle_path_climb(&leaf, i, n, path.hashes,
							      path.hash_count, &root),
					 0);
			assert_memory_equal(&root, &expected, sizeof(root));
		}
	}
}

static void wrong_paths_do_not_lead_to_the_root(void **state)
{
	char texts[TC_ENVELOPES_MAX][8];
	struct tc_slice entries[TC_ENVELOPES_MAX];
	struct tc_merkle_tree tree;
	struct tc_merkle_path path;
	struct tc_merkle_hash leaf;
	struct tc_merkle_hash root;

	(void)state;
	entries_fill(entries, texts);
	assert_int_equal(tc_merkle_tree_build(entries, 7, &tree), 0);
	tc_merkle_tree_path(&tree, 4, &path);
	assert_int_equal(tc_merkle_leaf(entries[4], &leaf), 0);
	/* Another place, another size, a hash too few or too many. */
	assert_int_equal(tc_merkle_path_climb(&leaf, 5, 7, path.hashes, path.hash_count, &root), 0);
	assert_memory_not_equal(&root, tc_merkle_tree_root(&tree), sizeof(root));
	assert_int_equal(tc_merkle_path_climb(&leaf, 7, 7, path.hashes, path.hash_count, &root),
			 TC_MERKLE_MISMATCH);
	assert_int_equal(tc_merkle_path_climb(&leaf, 4, 7, path.hashes, path.hash_count - 1, &root),
			 TC_MERKLE_MISMATCH);
	assert_int_equal(tc_merkle_path_climb(&leaf, 4, 7, path.hashes, path.hash_count + 1, &root),
			 TC_MERKLE_MISMATCH);
	assert_int_equal(tc_merkle_path_climb(&leaf, 0, 0, path.hashes, 0, &root),
			 TC_MERKLE_MISMATCH);
	path.hashes[1].bytes[3] ^= 1;
	assert_int_equal(tc_merkle_path_climb(&leaf, 4, 7, path.hashes, path.hash_count, &root), 0);
	assert_memory_not_equal(&root, tc_merkle_tree_root(&tree), sizeof(root));
}

static void a_tree_of_none_or_too_many_is_not_built(void **state)
{
	struct tc_slice entries[TC_ENVELOPES_MAX + 1] = {{0}};
	struct tc_merkle_tree tree;

	(void)state;
	assert_int_equal(tc_merkle_tree_build(entries, 0, &tree), TC_EINVAL);
	assert_int_equal(tc_merkle_tree_build(entries, TC_ENVELOPES_MAX + 1, &tree), TC_EINVAL);
}

/* PROOF(m, D[n]) as section 2.1.2 says it. */
static size_t naive_consistency(size_t m, const struct tc_slice *entries, size_t n, bool whole,
				struct tc_merkle_hash *to)
{
	size_t split = 1;
	size_t count;

	if (m == n) {
		if (whole)
			return 0;
		*to = naive_root(entries, n);
		return 1;
	}
	while (split * 2 < n)
		split *= 2;
	if (m <= split) {
		count = naive_consistency(m, entries, split, whole, to);
		to[count] = naive_root(entries + split, n - split);
	} else {
		count = naive_consistency(m - split, entries + split, n - split, false, to);
		to[count] = naive_root(entries, split);
	}
	return count + 1;
}

static void every_older_tree_is_proved_to_be_the_beginning_of_every_newer(void **state)
{
	char texts[TC_ENVELOPES_MAX][8];
	struct tc_slice entries[TC_ENVELOPES_MAX];
	size_t max = entries_fill(entries, texts);
	struct tc_merkle_hash roots[TC_ENVELOPES_MAX + 1];
	struct tc_merkle_hash proof[16];

	(void)state;
	for (size_t n = 1; n <= max; n++)
		roots[n] = naive_root(entries, n);
	for (size_t n = 1; n <= max; n++) {
		for (size_t m = 1; m <= n; m++) {
			size_t count = naive_consistency(m, entries, n, true, proof);

			assert_int_equal(tc_merkle_consistency_verify(m, n, &roots[m], &roots[n],
								      proof, count),
					 0);
			proof[count] = roots[1];
			assert_int_equal(tc_merkle_consistency_verify(m, n, &roots[m], &roots[n],
								      proof, count + 1),
					 TC_MERKLE_MISMATCH);
			if (m == n)
				continue;
			assert_int_equal(tc_merkle_consistency_verify(m, n, &roots[m], &roots[n],
								      proof, count - 1),
					 TC_MERKLE_MISMATCH);
			assert_int_equal(tc_merkle_consistency_verify(m, n, &roots[m], &roots[m],
								      proof, count),
					 TC_MERKLE_MISMATCH);
			proof[count / 2].bytes[5] ^= 4;
			assert_int_equal(tc_merkle_consistency_verify(m, n, &roots[m], &roots[n],
								      proof, count),
					 TC_MERKLE_MISMATCH);
		}
	}
}

static void a_shrunk_or_another_tree_of_the_same_size_is_no_continuation(void **state)
{
	struct tc_merkle_hash a = {{1}}, b = {{2}};

	(void)state;
	assert_int_equal(tc_merkle_consistency_verify(0, 9, &a, &b, NULL, 0), 0);
	assert_int_equal(tc_merkle_consistency_verify(9, 9, &a, &a, NULL, 0), 0);
	assert_int_equal(tc_merkle_consistency_verify(9, 9, &a, &b, NULL, 0), TC_MERKLE_MISMATCH);
	assert_int_equal(tc_merkle_consistency_verify(9, 8, &a, &b, &a, 1), TC_MERKLE_MISMATCH);
	assert_int_equal(tc_merkle_consistency_verify(3, 9, &a, &b, NULL, 0), TC_MERKLE_MISMATCH);
	assert_int_equal(tc_merkle_consistency_verify(0, 9, &a, &b, &a, 1), TC_MERKLE_MISMATCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roots_match_the_reference),
		cmocka_unit_test(every_size_has_the_root_of_the_definition_and_valid_paths),
		cmocka_unit_test(wrong_paths_do_not_lead_to_the_root),
		cmocka_unit_test(a_tree_of_none_or_too_many_is_not_built),
		cmocka_unit_test(every_older_tree_is_proved_to_be_the_beginning_of_every_newer),
		cmocka_unit_test(a_shrunk_or_another_tree_of_the_same_size_is_no_continuation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
