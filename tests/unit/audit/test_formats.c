/* audit: the formats of C2SP byte for byte, and a policy of trust read as its specification says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "audit/audit_entry.h"
#include "audit/audit_policy.h"
#include "audit/audit_proof.h"
#include "audit/audit_recount.h"
#include "audit/audit_tile.h"
#include "wire/digest.h"

/* ---- tiles ---- */

static void tile_paths_are_those_of_tlog_tiles(void **state)
{
	static const struct {
		struct tc_audit_tile tile;
		const char *name;
	} cases[] = {
		{{.level = 0, .number = 0, .width = 256}, "tile/0/000"},
		{{.level = 0, .number = 999, .width = 256}, "tile/0/999"},
		{{.level = 0, .number = 1000, .width = 256}, "tile/0/x001/000"},
		{{.level = 0, .number = 1234067, .width = 256}, "tile/0/x001/x234/067"},
		{{.level = 0, .number = 1234067, .width = 8}, "tile/0/x001/x234/067.p/8"},
		{{.level = 5, .number = 0, .width = 255}, "tile/5/000.p/255"},
		{{.entries = true, .number = 273, .width = 112}, "tile/entries/273.p/112"},
		{{.level = 0, .number = UINT64_MAX, .width = 256},
		 "tile/0/x018/x446/x744/x073/x709/x551/615"},
	};
	char name[TC_AUDIT_NAME_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		tc_audit_tile_name(&cases[i].tile, name);
		assert_string_equal(name, cases[i].name);
	}
}

/* The example of the specification: a log of 70,000 entries. */
static void a_log_of_70000_has_the_tiles_of_the_specification(void **state)
{
	(void)state;
	assert_int_equal(tc_audit_levels(70000), 3);
	assert_int_equal(tc_audit_level_tiles(70000, 0), 274);
	assert_int_equal(tc_audit_tile_width(70000, 0, 272), 256);
	assert_int_equal(tc_audit_tile_width(70000, 0, 273), 112);
	assert_int_equal(tc_audit_level_tiles(70000, 1), 2);
	assert_int_equal(tc_audit_tile_width(70000, 1, 1), 17);
	assert_int_equal(tc_audit_tile_width(70000, 2, 0), 1);
	assert_int_equal(tc_audit_tile_width(70000, 2, 1), 0);
	assert_int_equal(tc_audit_levels(0), 0);
	assert_int_equal(tc_audit_levels(UINT64_MAX), TC_AUDIT_LEVELS_MAX);
}

static void a_bundle_is_read_entry_by_entry_and_never_past_its_end(void **state)
{
	static const uint8_t bytes[] = {0, 2, 'a', 'b', 0, 0, 0, 3, 'c'};
	struct tc_slice rest = tc_slice(bytes, sizeof(bytes)), entry;

	(void)state;
	assert_true(tc_audit_bundle_next(&rest, &entry));
	assert_int_equal(entry.len, 2);
	assert_true(tc_audit_bundle_next(&rest, &entry));
	assert_int_equal(entry.len, 0);
	assert_false(tc_audit_bundle_next(&rest, &entry));
	assert_int_equal(rest.len, 3);
}

/* ---- recount ---- */

static int tile_drop(void *context, const struct tc_audit_tile *tile, struct tc_slice hashes)
{
	size_t *count = context;

	assert_int_equal(hashes.len, (size_t)tile->width * TC_AUDIT_HASH_BYTES);
	(*count)++;
	return 0;
}

/* MTH of RFC 6962 by its definition. */
static struct tc_merkle_hash naive_root(const struct tc_merkle_hash *leaves, size_t count)
{
	struct tc_merkle_hash left, right, hash;
	size_t split = 1;

	if (count == 1)
		return leaves[0];
	while (split * 2 < count)
		split *= 2;
	left = naive_root(leaves, split);
	right = naive_root(leaves + split, count - split);
	assert_int_equal(tc_merkle_node(&left, &right, &hash), 0);
	return hash;
}

static void every_size_up_to_two_levels_has_the_root_of_the_definition(void **state)
{
	enum { SIZE_MAX_TRIED = 70 * 256 + 3 };
	struct tc_merkle_hash *leaves = calloc(SIZE_MAX_TRIED, sizeof(*leaves));
	struct tc_audit_recount *recount;
	struct tc_merkle_hash root, expected;
	size_t tiles = 0;

	(void)state;
	assert_non_null(leaves);
	assert_int_equal(tc_audit_recount_new(&recount), 0);
	assert_int_equal(tc_audit_recount_root(recount, &root), 0);
	assert_int_equal(tc_sha256(tc_slice(NULL, 0), expected.bytes), 0);
	assert_memory_equal(&root, &expected, sizeof(root));
	for (size_t i = 0; i < SIZE_MAX_TRIED; i++) {
		uint8_t entry[8];
		tc_put_be64(entry, i);
		assert_int_equal(tc_merkle_leaf(tc_slice(entry, sizeof(entry)), &leaves[i]), 0);
		assert_int_equal(tc_audit_recount_add(recount, &leaves[i], tile_drop, &tiles), 0);
		if (i < 1100 || i % 997 == 0 || i + 5 > SIZE_MAX_TRIED) {
			assert_int_equal(tc_audit_recount_root(recount, &root), 0);
			expected = naive_root(leaves, i + 1);
			assert_memory_equal(&root, &expected, sizeof(root));
		}
	}
	assert_int_equal(tiles, 70);
	assert_int_equal(tc_audit_recount_end(recount, tile_drop, &tiles), 0);
	assert_int_equal(tiles, 72);
	tc_audit_recount_free(&recount);
	free(leaves);
}

/* ---- entries ---- */

static void an_entry_is_what_it_commits_to_or_it_is_found(void **state)
{
	Throughcare__V1__TrailOpening opening = THROUGHCARE__V1__TRAIL_OPENING__INIT;
	uint8_t salt[32] = {1}, record[] = "record", commitment[32], bytes[TC_AUDIT_ENTRY_BYTES];
	struct tc_slice pieces[] = {tc_slice(salt, 32), tc_slice(record, 6)};
	struct tc_audit_entry entry, again;
	struct tc_audit_finding finding;
	bool opened;

	(void)state;
	assert_int_equal(tc_sha256_pieces(pieces, 2, commitment), 0);
	opening.has_index = opening.has_time_ms = opening.has_commitment = true;
	opening.index = 7;
	opening.time_ms = 1800000000000;
	opening.commitment = (ProtobufCBinaryData){.data = commitment, .len = 32};
	assert_int_equal(tc_audit_entry_open(&opening, &entry, &opened, &finding), 0);
	assert_false(opened);
	opening.has_salt = opening.has_record = true;
	opening.salt = (ProtobufCBinaryData){.data = salt, .len = 32};
	opening.record = (ProtobufCBinaryData){.data = record, .len = 6};
	assert_int_equal(tc_audit_entry_open(&opening, &entry, &opened, &finding), 0);
	assert_true(opened);
	tc_audit_entry_write(&entry, bytes);
	assert_memory_equal(bytes, "throughcare/leaf/v1\n", 20);
	assert_int_equal(tc_audit_entry_read(tc_slice(bytes, sizeof(bytes)), &again, &finding), 0);
	assert_int_equal(again.index, 7);
	assert_int_equal(again.time_ms, 1800000000000);
	record[0] = 'R';
	assert_int_equal(tc_audit_entry_open(&opening, &entry, &opened, &finding), TC_AUDIT_FOUND);
	assert_int_equal(finding.code, TC_AUDIT_COMMITMENT);
	bytes[0] = 'T';
	assert_int_equal(tc_audit_entry_read(tc_slice(bytes, sizeof(bytes)), &again, &finding),
			 TC_AUDIT_FOUND);
}

/* ---- proofs ---- */

/* The example of c2sp.org/tlog-proof, with a shorter checkpoint. */
static const char proof_example[] = "c2sp.org/tlog-proof@v1\n"
				    "extra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6kYXJ3aW4tYXJ\n"
				    "index 73894\n"
				    "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=\n"
				    "B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=\n"
				    "\n"
				    "example.com/fancylog\n109482\n";

static void a_tlog_proof_is_read_and_written_byte_for_byte(void **state)
{
	struct tc_audit_finding finding;
	struct tc_audit_proof proof;
	struct tc_bytes again = {0};

	(void)state;
	assert_int_equal(tc_audit_proof_read(tc_slice_text(proof_example), &proof, &finding), 0);
	assert_int_equal(proof.number, 73894);
	assert_int_equal(proof.hash_count, 2);
	assert_int_equal(proof.extra.len, 39);
	assert_int_equal(proof.hashes[0].bytes[0], 0x81);
	assert_int_equal(tc_audit_proof_write(&proof, &again), 0);
	assert_true(tc_slice_equal(tc_bytes_slice(&again), tc_slice_text(proof_example)));
	tc_bytes_free(&again);
	tc_audit_proof_done(&proof);
}

/* The example of c2sp.org/tlog-witness. */
static const char step_example[] = "old 20852014\n"
				   "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n"
				   "jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n"
				   "5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n"
				   "/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n"
				   "\n"
				   "example.com/behind-the-sofa\n20852163\n";

static void a_witness_request_is_read_and_written_byte_for_byte(void **state)
{
	struct tc_audit_finding finding;
	struct tc_audit_proof step;
	struct tc_bytes again = {0};

	(void)state;
	assert_int_equal(tc_audit_step_read(tc_slice_text(step_example), &step, &finding), 0);
	assert_int_equal(step.number, 20852014);
	assert_int_equal(step.hash_count, 4);
	assert_int_equal(tc_audit_step_write(&step, &again), 0);
	assert_true(tc_slice_equal(tc_bytes_slice(&again), tc_slice_text(step_example)));
	tc_bytes_free(&again);
	tc_audit_proof_done(&step);
}

static void what_is_no_proof_is_found_to_be_none(void **state)
{
	static const char hash[] = "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=\n";
	static const char *const texts[] = {
		"",
		"c2sp.org/tlog-proof@v1",
		"c2sp.org/tlog-proof@v1\n",
		"c2sp.org/tlog-proof@v2\nindex 1\n\n",
		"c2sp.org/tlog-proof@v1\nindex 01\n\n",
		"c2sp.org/tlog-proof@v1\nindex \n\n",
		"c2sp.org/tlog-proof@v1\nindex -1\n\n",
		"c2sp.org/tlog-proof@v1\nindex 18446744073709551616\n\n",
		"c2sp.org/tlog-proof@v1\nindex 1",
		"c2sp.org/tlog-proof@v1\nindex 1\n",
		"c2sp.org/tlog-proof@v1\nextra !\nindex 1\n\n",
		"c2sp.org/tlog-proof@v1\nindex 1\nAAAA\n\n",
		"c2sp.org/tlog-proof@v1\nindex 1\n"
		"gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ\n\n",
		"c2sp.org/tlog-proof@v1\nindex 1\n"
		"gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlR=\n\n",
	};
	struct tc_audit_finding finding;
	struct tc_audit_proof proof;
	struct tc_bytes many = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		assert_int_equal(tc_audit_proof_read(tc_slice_text(texts[i]), &proof, &finding),
				 TC_AUDIT_FOUND);
		tc_audit_proof_done(&proof);
	}
	assert_int_equal(tc_bytes_append(&many, "old 1\n", 6), 0);
	for (size_t i = 0; i < TC_AUDIT_PROOF_HASHES_MAX + 1; i++)
		assert_int_equal(tc_bytes_append(&many, hash, sizeof(hash) - 1), 0);
	assert_int_equal(tc_bytes_append(&many, "\n", 1), 0);
	assert_int_equal(tc_audit_step_read(tc_bytes_slice(&many), &proof, &finding),
			 TC_AUDIT_FOUND);
	tc_bytes_free(&many);
}

/* ---- policies ---- */

static void vkey_make(uint8_t seed, uint8_t type, char to[TC_NOTE_VKEY_BYTES])
{
	struct tc_note_key key = {.type = type, .public_key = {seed, type}};

	snprintf(key.name, sizeof(key.name), "key.example/%u", seed);
	assert_int_equal(tc_note_key_id(key.name, type, key.public_key, key.id), 0);
	tc_note_vkey_format(&key, to);
}

/* The example of c2sp.org/tlog-policy. */
static const char policy_example[] = "log %s\n\n"
				     "witness X1 %s\nwitness X2 %s\nwitness X3 %s\n"
				     "group X-witnesses 2 X1 X2 X3\n\n"
				     "witness Y1 %s\nwitness Y2 %s\nwitness Y3 %s\n"
				     "group Y-witnesses any Y1 Y2 Y3\n\n"
				     "\t group X-and-Y all X-witnesses \t Y-witnesses \n"
				     "# a comment\n"
				     "quorum X-and-Y\n";

static void the_example_of_tlog_policy_wants_two_of_x_and_one_of_y(void **state)
{
	/* Places: X1 X2 X3 are 0 1 2, Y1 Y2 Y3 are 4 5 6; 3, 7 and 8 are groups. */
	static const struct {
		uint64_t cosigned;
		bool met;
	} cases[] = {
		{0x00, false},         {0x01, false},   {0x03, false},          {0x70, false},
		{0x11, false},         {0x13, true},    {0x65, true},           {0x77, true},
		{0x16 | 1 << 8, true}, {1 << 8, false}, {1 << 3 | 0x10, false},
	};
	static struct tc_audit_policy policy;
	struct tc_audit_finding finding;
	char keys[7][TC_NOTE_VKEY_BYTES], text[4096];

	(void)state;
	for (uint8_t i = 0; i < 7; i++)
		vkey_make(i, i == 0 ? TC_NOTE_ED25519 : TC_NOTE_COSIGNATURE, keys[i]);
	snprintf(text, sizeof(text), policy_example, keys[0], keys[1], keys[2], keys[3], keys[4],
		 keys[5], keys[6]);
	tc_audit_policy_init(&policy);
	assert_int_equal(tc_audit_policy_read(&policy, tc_slice_text(text), &finding), 0);
	assert_int_equal(policy.log_count, 1);
	assert_int_equal(policy.node_count, 9);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(tc_audit_policy_met(&policy, cases[i].cosigned), cases[i].met);
}

static void without_a_quorum_nobody_is_wanted(void **state)
{
	static struct tc_audit_policy policy;
	struct tc_audit_finding finding;

	(void)state;
	tc_audit_policy_init(&policy);
	assert_true(tc_audit_policy_met(&policy, 0));
	assert_int_equal(tc_audit_policy_read(&policy, tc_slice_text("quorum none\n"), &finding),
			 0);
	assert_true(tc_audit_policy_met(&policy, 0));
}

static void a_policy_takes_32_logs_32_witnesses_and_32_groups_and_no_flood(void **state)
{
	static struct tc_audit_policy policy;
	struct tc_audit_finding finding;
	struct tc_bytes text = {0};
	char vkey[TC_NOTE_VKEY_BYTES], line[TC_NOTE_VKEY_BYTES + 64];

	(void)state;
	for (uint8_t i = 0; i < 32; i++) {
		vkey_make(i, TC_NOTE_ED25519, vkey);
		snprintf(line, sizeof(line), "log %s\n", vkey);
		assert_int_equal(tc_bytes_append(&text, line, strlen(line)), 0);
		vkey_make(i, TC_NOTE_COSIGNATURE, vkey);
		snprintf(line, sizeof(line), "witness w%u %s\ngroup g%u all w%u\n", i, vkey, i, i);
		assert_int_equal(tc_bytes_append(&text, line, strlen(line)), 0);
	}
	assert_int_equal(tc_bytes_append(&text, "quorum g31\n", 11), 0);
	tc_audit_policy_init(&policy);
	assert_int_equal(tc_audit_policy_read(&policy, tc_bytes_slice(&text), &finding), 0);
	assert_true(tc_audit_policy_met(&policy, 1ULL << 62));
	assert_false(tc_audit_policy_met(&policy, 1ULL << 63));
	vkey_make(32, TC_NOTE_COSIGNATURE, vkey);
	snprintf(line, sizeof(line), "witness more %s\n", vkey);
	assert_int_equal(tc_audit_policy_read(&policy, tc_slice_text(line), &finding),
			 TC_AUDIT_FOUND);
	tc_bytes_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tile_paths_are_those_of_tlog_tiles),
		cmocka_unit_test(a_log_of_70000_has_the_tiles_of_the_specification),
		cmocka_unit_test(a_bundle_is_read_entry_by_entry_and_never_past_its_end),
		cmocka_unit_test(every_size_up_to_two_levels_has_the_root_of_the_definition),
		cmocka_unit_test(an_entry_is_what_it_commits_to_or_it_is_found),
		cmocka_unit_test(a_tlog_proof_is_read_and_written_byte_for_byte),
		cmocka_unit_test(a_witness_request_is_read_and_written_byte_for_byte),
		cmocka_unit_test(what_is_no_proof_is_found_to_be_none),
		cmocka_unit_test(the_example_of_tlog_policy_wants_two_of_x_and_one_of_y),
		cmocka_unit_test(without_a_quorum_nobody_is_wanted),
		cmocka_unit_test(a_policy_takes_32_logs_32_witnesses_and_32_groups_and_no_flood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
