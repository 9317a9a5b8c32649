#include "trail/tree_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "store/store_cursor.h"
#include "store/store_search.h"
#include "trail/tree_store_internal.h"
#include "wire/note.h"

#define TABLES_MAX  3
#define STEP_LEAVES 4096

/* Walks journal, tiles and checkpoints side by side. */
struct check {
	struct store *store;
	struct tree_tables tables;
	struct tree_source source;
	struct tree_findings *findings;
	const char *origin;
	struct tree_frontier frontier;
	uint64_t tiles; /* that there must be */
	/* The tile of each level that is being compared. */
	uint64_t numbers[TREE_LEVELS];
	struct tc_slice stored[TREE_LEVELS];
	bool told[TREE_LEVELS];
	struct store_cursor checkpoints;
	uint64_t last_size; /* of the checkpoint compared last; 0: none */
	uint64_t next_size; /* of the checkpoint to compare next; UINT64_MAX: none left */
	struct tc_slice next_value;
};

static void wrong(struct check *check, const char *what, uint64_t number, const char *why)
{
	printf("tree: %s %" PRIu64 ": %s\n", what, number, why);
	check->findings->wrong++;
}

/* ---- tiles ---- */

static void tile_wrong(struct check *check, uint8_t level, const char *why)
{
	char what[32];

	if (check->told[level])
		return;
	check->told[level] = true;
	snprintf(what, sizeof(what), "tile of level %u", level);
	wrong(check, what, check->numbers[level], why);
}

/* The tile that holds the hash of this index, read when it is a new one. */
static int tile_place(struct check *check, uint8_t level, uint64_t index)
{
	uint64_t hashes = check->findings->size >> (TREE_TILE_BITS * level);
	struct store_key key;
	uint64_t width;
	int r;

	if (index % TREE_TILE_HASHES != 0)
		return 0;
	check->tiles++;
	check->told[level] = false;
	check->numbers[level] = index / TREE_TILE_HASHES;
	key = tree_tile_key(level, check->numbers[level]);
	r = store_get(check->source.txn, check->tables.tiles, store_key_slice(&key),
		      &check->stored[level]);
	if (r < 0)
		return r;
	if (r == STORE_NOT_FOUND) {
		check->stored[level] = tc_slice(NULL, 0);
		tile_wrong(check, level, "it is missing");
		return 0;
	}
	width = hashes - index < TREE_TILE_HASHES ? hashes - index : TREE_TILE_HASHES;
	if (check->stored[level].len != width * TREE_HASH_BYTES)
		tile_wrong(check, level, "its length is not that of its hashes");
	return 0;
}

/* A tree_taker. */
static int tile_compare(void *context, uint8_t level, uint64_t index, const struct tree_hash *hash)
{
	struct check *check = context;
	size_t offset = (size_t)(index % TREE_TILE_HASHES) * TREE_HASH_BYTES;
	int r = tile_place(check, level, index);

	if (r < 0)
		return r;
	if (check->stored[level].len < offset + TREE_HASH_BYTES ||
	    memcmp(check->stored[level].data + offset, hash->bytes, TREE_HASH_BYTES) != 0)
		tile_wrong(check, level, "not what the journal makes of it");
	return 0;
}

/* ---- checkpoints ---- */

/* The frontier's own root: its subtrees from the smallest to the greatest. */
static int frontier_root(const struct tree_frontier *frontier, struct tree_hash *ret)
{
	bool any = false;
	int r = 0;

	for (unsigned bit = 0; r == 0 && bit < 64; bit++) {
		if (!(frontier->size >> bit & 1))
			continue;
		if (any)
			r = tree_node(&frontier->nodes[bit], ret, ret);
		else
			*ret = frontier->nodes[bit];
		any = true;
	}
	return r;
}

/* Whether the line is a signature by one of the keys that have signed here. */
static int line_check(struct check *check, const struct tc_note *note, size_t line, bool *ret)
{
	struct tc_note one = {.text = note->text, .signature_count = 1};
	struct tc_slice vkeys;
	const uint8_t *end;
	int r = store_get(check->source.txn, check->tables.meta, tc_slice_text("vkeys"), &vkeys);

	*ret = false;
	one.signatures[0] = note->signatures[line];
	while (r == 0 && vkeys.len > 0 && (end = memchr(vkeys.data, '\n', vkeys.len)) != NULL) {
		size_t len = (size_t)(end - vkeys.data);
		struct tc_note_key key;
		int fits = tc_note_vkey_parse(tc_slice(vkeys.data, len), &key);

		if (fits == 0)
			fits = tc_note_verify(&one, &key);
		if (fits < 0)
			return fits;
		*ret |= fits == 0;
		vkeys = tc_slice(end + 1, vkeys.len - len - 1);
	}
	return r > 0 ? 0 : r;
}

static int signatures_check(struct check *check, const struct tc_checkpoint *read)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < read->note.signature_count; i++) {
		bool right;

		r = line_check(check, &read->note, i, &right);
		if (r == 0 && !right)
			wrong(check, "checkpoint", read->size, "it is signed by none of the keys");
	}
	return r;
}

static int checkpoint_check(struct check *check)
{
	struct tc_checkpoint *read;
	struct tree_hash root;
	int r;

	check->findings->checkpoints++;
	check->last_size = check->next_size;
	r = frontier_root(&check->frontier, &root);
	if (r < 0)
		return r;
	read = calloc(1, sizeof(*read));
	if (!read)
		return TC_ENOMEM;
	if (check->next_value.len <= 8 ||
	    tc_checkpoint_parse(tc_slice(check->next_value.data + 8, check->next_value.len - 8),
				read) != 0)
		wrong(check, "checkpoint", check->next_size, "it cannot be read");
	else if (!tc_slice_equal(read->origin, tc_slice_text(check->origin)) ||
		 read->size != check->next_size ||
		 memcmp(read->root.bytes, root.bytes, sizeof(root.bytes)) != 0)
		wrong(check, "checkpoint", check->next_size, "not what the journal makes of it");
	else
		r = signatures_check(check, read);
	free(read);
	return r;
}

static int checkpoint_next(struct check *check)
{
	struct tc_slice key;
	int r = store_cursor_next(&check->checkpoints, &key, &check->next_value);

	check->next_size = UINT64_MAX;
	if (r == STORE_NOT_FOUND)
		return 0;
	if (r == 0 && !store_key_take_u64(&key, &check->next_size))
		wrong(check, "checkpoint", 0, "its key cannot be read");
	return r;
}

static int checkpoints_follow(struct check *check)
{
	int r = 0;

	while (r == 0 && check->next_size == check->frontier.size) {
		r = checkpoint_check(check);
		if (r == 0)
			r = checkpoint_next(check);
	}
	return r;
}

/* ---- the walk ---- */

static int leaf_check(struct check *check, const struct journal_leaf *leaf)
{
	uint8_t entry[RECORD_LEAF_BYTES];
	struct tree_hash hash;
	int r;

	record_leaf_entry(leaf->time_ms, check->frontier.size, leaf->commitment, entry);
	r = tree_leaf(tc_slice(entry, sizeof(entry)), &hash);
	if (r == 0)
		r = tree_append(&check->frontier, &hash, tile_compare, check);
	return r ? r : checkpoints_follow(check);
}

static int walk(struct check *check, struct journal_reader *journal)
{
	struct journal_leaf *leaves = calloc(STEP_LEAVES, sizeof(*leaves));
	size_t count = 1;
	int r = leaves ? checkpoint_next(check) : TC_ENOMEM;

	while (r == 0 && count > 0 && check->frontier.size < check->findings->size) {
		uint64_t left = check->findings->size - check->frontier.size;

		r = journal_read_leaves(journal, check->frontier.size,
					left < STEP_LEAVES ? (size_t)left : STEP_LEAVES, leaves,
					&count);
		for (size_t i = 0; r == 0 && i < count; i++)
			r = leaf_check(check, &leaves[i]);
	}
	free(leaves);
	return r;
}

static int meta_check(struct check *check, const char *key, struct tc_slice expected,
		      const char *why)
{
	struct tc_slice found;
	int r = store_get(check->source.txn, check->tables.meta, tc_slice_text(key), &found);

	if (r < 0)
		return r;
	if (r != 0 || !tc_slice_equal(found, expected))
		wrong(check, "size", check->findings->size, why);
	return 0;
}

/* The newest checkpoint is the one that was stored last. */
static int signed_check(struct check *check)
{
	uint8_t last[8];
	struct tc_slice found;
	int r = store_get(check->source.txn, check->tables.meta, tc_slice_text("signed"), &found);

	tc_put_be64(last, check->last_size);
	if (r == STORE_NOT_FOUND ? check->last_size != 0
				 : r == 0 && !tc_slice_equal(found, tc_slice(last, sizeof(last))))
		wrong(check, "newest checkpoint", check->last_size, "not the one stored last");
	return r < 0 ? r : 0;
}

/* Also of keys that have signed none of the checkpoints that are kept: they are told to whoever
 * verifies. */
static int vkeys_check(struct check *check)
{
	struct tc_slice rest;
	int r = store_get(check->source.txn, check->tables.meta, tc_slice_text("vkeys"), &rest);

	if (r != 0)
		return r < 0 ? r : 0;
	while (rest.len > 0) {
		const uint8_t *end = memchr(rest.data, '\n', rest.len);
		size_t len = end ? (size_t)(end - rest.data) : rest.len;
		struct tc_note_key key;

		r = tc_note_vkey_parse(tc_slice(rest.data, len), &key);
		if (r < 0)
			return r;
		if (r > 0 || !end || strcmp(key.name, check->origin) != 0) {
			wrong(check, "public keys", check->findings->size, "not as they were told");
			return 0;
		}
		rest = tc_slice(end + 1, rest.len - len - 1);
	}
	return 0;
}

static int rest_check(struct check *check, struct tc_id log_id)
{
	uint64_t tiles;
	int r;

	if (check->frontier.size < check->findings->size)
		wrong(check, "size", check->findings->size, "the journal has fewer records");
	if (check->next_size != UINT64_MAX)
		wrong(check, "checkpoint", check->next_size, "of more records than there are");
	r = store_count(check->source.txn, check->tables.tiles, &tiles);
	if (r == 0 && tiles != check->tiles)
		wrong(check, "number of tiles", tiles, "others are stored than the tree has");
	if (r == 0)
		r = meta_check(check, "log_id", tc_slice(log_id.bytes, sizeof(log_id.bytes)),
			       "it is the tree of another log");
	if (r == 0)
		r = meta_check(check, "origin", tc_slice_text(check->origin),
			       "it is the tree of another origin");
	if (r == 0)
		r = signed_check(check);
	return r == 0 ? vkeys_check(check) : r;
}

static int tables_open(struct check *check)
{
	int r = store_table_open(check->store, "tiles", &check->tables.tiles);

	if (r == 0)
		r = store_table_open(check->store, "checkpoints", &check->tables.checkpoints);
	if (r == 0)
		r = store_table_open(check->store, "meta", &check->tables.meta);
	if (r == 0)
		r = store_read_begin(check->store, &check->source.txn);
	check->source.tables = &check->tables;
	if (r == 0)
		r = store_cursor_init(&check->checkpoints, check->source.txn,
				      check->tables.checkpoints, tc_slice(NULL, 0), STORE_FORWARD);
	return r;
}

int tree_check(const struct tree_check_options *options, struct tree_findings *ret)
{
	struct store_options store = {.path = options->path,
				      .map_bytes = options->map_bytes,
				      .sync = STORE_SYNC_DURABLE,
				      .tables_max = TABLES_MAX};
	struct check *check = calloc(1, sizeof(*check));
	struct journal_reader *reader = NULL;
	struct journal_usage usage;
	struct stat about;
	uint64_t lost = 0;
	int r = check ? 0 : TC_ENOMEM;

	*ret = (struct tree_findings){0};
	if (r == 0 && stat(options->path, &about) != 0)
		goto out;
	if (r == 0) {
		check->findings = ret;
		check->origin = options->origin;
		r = store_open(&store, &check->store);
	}
	if (r == 0)
		r = tables_open(check);
	if (r == 0)
		r = tree_source_size(&check->source, &ret->size);
	if (r == 0)
		r = store_usage(check->store, &ret->usage);
	if (r == 0)
		r = journal_reader_open(options->journal, &reader);
	if (r == 0)
		r = walk(check, reader);
	if (r == 0)
		r = journal_usage(options->journal, &usage);
	if (r == 0)
		r = rest_check(check, usage.log_id);
	if (r == 0)
		r = store_search_check(check->store, &lost);
	ret->wrong += lost;
	journal_reader_close(&reader);
	store_cursor_done(&check->checkpoints);
	store_abort(&check->source.txn);
	store_close(&check->store);
out:
	free(check);
	return r > 0 ? TC_ESTORE : r;
}
