/* audit: an export out of any source is right when it ends, goes on where it stopped, and believes
 * nobody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "audit/audit_entry.h"
#include "audit/audit_export.h"
#include "audit/audit_recount.h"
#include "audit/audit_verify.h"
#include "scratch.h"

#define ORIGIN      "county.example/trail"
#define STOPPED     77 /* what the source returns when it is told to stop */
#define NEVER_STOPS UINT64_MAX

/* A log that is made up as it is asked for, and what of it was asked. */
struct source {
	uint64_t stop_at; /* bundles from here on are not given */
	uint64_t lie_at;  /* this entry is another one; UINT64_MAX: none */
	uint64_t asked;   /* bundles */
	struct tc_bytes bundle;
};

struct world {
	char scratch[PATH_MAX];
	EVP_PKEY *key;
	struct tc_audit_policy *policy;
	struct tc_audit_folder folder;
	struct source source;
};

static void entry_make(uint64_t index, uint64_t lie_at, uint8_t to[TC_AUDIT_ENTRY_BYTES])
{
	struct tc_audit_entry entry = {.time_ms = 1800000000000 + (int64_t)index, .index = index};

	tc_put_be64(entry.commitment, index);
	entry.commitment[31] = index == lie_at;
	tc_audit_entry_write(&entry, to);
}

static int source_give(void *context, uint64_t number, uint32_t width, struct tc_slice *ret)
{
	struct source *source = context;

	if (number >= source->stop_at)
		return STOPPED;
	source->asked++;
	source->bundle.len = 0;
	for (uint32_t i = 0; i < width; i++) {
		uint8_t bytes[2 + TC_AUDIT_ENTRY_BYTES] = {0, TC_AUDIT_ENTRY_BYTES};
		entry_make(number * TC_AUDIT_TILE_HASHES + i, source->lie_at, bytes + 2);
		assert_int_equal(tc_bytes_append(&source->bundle, bytes, sizeof(bytes)), 0);
	}
	*ret = tc_bytes_slice(&source->bundle);
	return 0;
}

static int tile_drop(void *context, const struct tc_audit_tile *tile, struct tc_slice hashes)
{
	(void)context;
	(void)tile;
	(void)hashes;
	return 0;
}

/* A signed checkpoint of the log's first `size` entries. */
static struct tc_bytes note_make(const struct world *world, uint64_t size, uint64_t lie_at)
{
	struct tc_audit_recount *recount;
	struct tc_merkle_hash leaf, root;
	struct tc_bytes note = {0}, line = {0};

	assert_int_equal(tc_audit_recount_new(&recount), 0);
	for (uint64_t i = 0; i < size; i++) {
		uint8_t bytes[TC_AUDIT_ENTRY_BYTES];
		entry_make(i, lie_at, bytes);
		assert_int_equal(tc_merkle_leaf(tc_slice(bytes, sizeof(bytes)), &leaf), 0);
		assert_int_equal(tc_audit_recount_add(recount, &leaf, tile_drop, NULL), 0);
	}
	assert_int_equal(tc_audit_recount_root(recount, &root), 0);
	tc_audit_recount_free(&recount);
	assert_int_equal(tc_checkpoint_format(ORIGIN, size, &root, &note), 0);
	assert_int_equal(tc_note_sign(world->key, ORIGIN, tc_bytes_slice(&note), &line), 0);
	assert_int_equal(tc_bytes_append(&note, "\n", 1), 0);
	assert_int_equal(tc_bytes_append(&note, line.data, line.len), 0);
	tc_bytes_free(&line);
	return note;
}

/* Exports the log of `size`, as the command does: on top of what the folder has. */
static int run(struct world *world, uint64_t size, uint64_t lie_at,
	       struct tc_audit_exported *exported, struct tc_audit_finding *finding)
{
	struct tc_audit_checkpoint target, earlier;
	struct tc_bytes note = note_make(world, size, lie_at), before = {0};
	struct tc_audit_export job = {.folder = &world->folder,
				      .note = tc_bytes_slice(&note),
				      .target = &target,
				      .source = source_give,
				      .context = &world->source};

	assert_int_equal(tc_audit_checkpoint_check(world->policy, job.note, &target, finding), 0);
	if (tc_audit_folder_read(&world->folder, TC_AUDIT_CHECKPOINT_FILE, TC_NOTE_BYTES_MAX,
				 &before, finding) == 0) {
		assert_int_equal(tc_audit_checkpoint_check(world->policy, tc_bytes_slice(&before),
							   &earlier, finding),
				 0);
		job.earlier = &earlier;
		job.since = earlier.parsed.size;
	}
	world->source.lie_at = lie_at;
	world->source.asked = 0;
	int r = tc_audit_export_run(&job, exported, finding);
	tc_bytes_free(&note);
	tc_bytes_free(&before);
	return r;
}

static void assert_verified(const struct world *world, uint64_t size)
{
	struct tc_audit_verdict verdict;
	struct tc_audit_finding finding;

	assert_int_equal(tc_audit_verify_folder(&world->folder, world->policy, NULL, NULL, NULL,
						&verdict, &finding),
			 0);
	assert_int_equal(verdict.size, size);
	assert_string_equal(verdict.origin, ORIGIN);
}

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	struct tc_note_key key;
	struct tc_audit_finding finding;

	if (!world)
		return -1;
	scratch_make(world->scratch);
	world->policy = calloc(1, sizeof(*world->policy));
	world->key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	if (!world->policy || !world->key ||
	    tc_note_key_of(world->key, ORIGIN, TC_NOTE_ED25519, &key) != 0)
		return -1;
	tc_audit_policy_init(world->policy);
	world->policy->logs[world->policy->log_count++] = key;
	world->source = (struct source){.stop_at = NEVER_STOPS, .lie_at = UINT64_MAX};
	*state = world;
	return tc_audit_folder_open(world->scratch, true, &world->folder, &finding);
}

static int teardown(void **state)
{
	struct world *world = *state;

	tc_audit_folder_close(&world->folder);
	scratch_remove(world->scratch);
	tc_bytes_free(&world->source.bundle);
	EVP_PKEY_free(world->key);
	free(world->policy);
	free(world);
	return 0;
}

static void an_export_of_any_size_verifies(void **state)
{
	static const uint64_t sizes[] = {0, 1, 255, 256, 257, 1000, 66000};
	struct world *world = *state;
	struct tc_audit_exported exported;
	struct tc_audit_finding finding;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		assert_int_equal(run(world, sizes[i], UINT64_MAX, &exported, &finding), 0);
		assert_verified(world, sizes[i]);
	}
}

static void it_fetches_only_what_is_new_since_the_last_one(void **state)
{
	struct world *world = *state;
	struct tc_audit_exported exported;
	struct tc_audit_finding finding;

	assert_int_equal(run(world, 70000, UINT64_MAX, &exported, &finding), 0);
	assert_int_equal(world->source.asked, 274);
	assert_int_equal(run(world, 70100, UINT64_MAX, &exported, &finding), 0);
	assert_int_equal(world->source.asked, 1);
	assert_int_equal(run(world, 70144, UINT64_MAX, &exported, &finding), 0);
	assert_int_equal(run(world, 70500, UINT64_MAX, &exported, &finding), 0);
	assert_int_equal(world->source.asked, 2);
	assert_verified(world, 70500);
}

static void an_interrupted_one_goes_on_where_it_stopped(void **state)
{
	struct world *world = *state;
	struct tc_audit_exported exported;
	struct tc_audit_finding finding;

	world->source.stop_at = 5;
	assert_int_equal(run(world, 3000, UINT64_MAX, &exported, &finding), STOPPED);
	world->source.stop_at = NEVER_STOPS;
	assert_int_equal(run(world, 3000, UINT64_MAX, &exported, &finding), 0);
	assert_int_equal(world->source.asked, 7);
	assert_int_equal(exported.kept, 5 * 256);
	assert_int_equal(exported.fetched, 3000 - 5 * 256);
	assert_verified(world, 3000);
}

static void a_source_that_lies_gets_no_checkpoint_written(void **state)
{
	struct world *world = *state;
	struct tc_audit_exported exported;
	struct tc_audit_finding finding;
	struct tc_bytes note = note_make(world, 1000, UINT64_MAX);
	struct tc_audit_checkpoint target;
	struct tc_audit_export job = {.folder = &world->folder,
				      .note = tc_bytes_slice(&note),
				      .target = &target,
				      .source = source_give,
				      .context = &world->source};
	struct tc_bytes none = {0};

	assert_int_equal(tc_audit_checkpoint_check(world->policy, job.note, &target, &finding), 0);
	world->source.lie_at = 300;
	assert_int_equal(tc_audit_export_run(&job, &exported, &finding), TC_AUDIT_FOUND);
	assert_int_equal(finding.code, TC_AUDIT_ROOT);
	assert_int_equal(tc_audit_folder_read(&world->folder, TC_AUDIT_CHECKPOINT_FILE, 4096, &none,
					      &finding),
			 TC_AUDIT_FOUND);
	/* What it left in the folder is not taken for right later: another folder is wanted. */
	world->source.lie_at = UINT64_MAX;
	assert_int_equal(tc_audit_export_run(&job, &exported, &finding), TC_AUDIT_FOUND);
	assert_int_equal(finding.code, TC_AUDIT_ROOT);
	assert_non_null(strstr(finding.detail, "lay in the folder before"));
	tc_bytes_free(&note);
}

/* The second log is signed and whole; only that it is not the first one tells on it. */
static void a_log_that_was_made_again_is_not_written_over_the_one_before(void **state)
{
	static const uint64_t lies[] = {0, 255, 256, 700, 767};
	struct world *world = *state;
	struct tc_audit_exported exported;
	struct tc_audit_finding finding;

	assert_int_equal(run(world, 768, UINT64_MAX, &exported, &finding), 0);
	for (size_t i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
		assert_int_equal(run(world, 2000, lies[i], &exported, &finding), TC_AUDIT_FOUND);
		assert_true(finding.code == TC_AUDIT_FORKED || finding.code == TC_AUDIT_ROOT);
		assert_verified(world, 768);
	}
	assert_int_equal(run(world, 700, UINT64_MAX, &exported, &finding), TC_AUDIT_FOUND);
	assert_int_equal(finding.code, TC_AUDIT_SHRUNK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_export_of_any_size_verifies, setup, teardown),
		cmocka_unit_test_setup_teardown(it_fetches_only_what_is_new_since_the_last_one,
						setup, teardown),
		cmocka_unit_test_setup_teardown(an_interrupted_one_goes_on_where_it_stopped, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_source_that_lies_gets_no_checkpoint_written,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_log_that_was_made_again_is_not_written_over_the_one_before, setup,
			teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
