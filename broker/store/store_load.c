/* The reader of store_dump.h's files. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store_dump.h"
#include "store/store_dump_format.h"
#include "wire/digest.h"

#define COMMIT_BYTES (16 * 1024 * 1024) /* rows of one transaction */

struct store_load {
	uint8_t *map;
	size_t size;
	struct tc_slice head;
	struct tc_slice table;
	const uint8_t *first, *at, *end;
	uint8_t sha256[STORE_DUMP_SHA256_BYTES];
};

/* From the front of what is left. False: it is not there. */
static bool take(struct store_load *load, size_t len, struct tc_slice *ret)
{
	if ((size_t)(load->end - load->at) < len)
		return false;
	*ret = tc_slice(load->at, len);
	load->at += len;
	return true;
}

static bool take_u32(struct store_load *load, size_t *ret)
{
	struct tc_slice number;

	if (!take(load, 4, &number))
		return false;
	*ret = tc_get_be32(number.data);
	return true;
}

static int head_read(struct store_load *load)
{
	struct tc_slice magic;
	size_t len;

	if (load->size < STORE_DUMP_MAGIC_BYTES + 4 + 1 + STORE_DUMP_SHA256_BYTES)
		return TC_ECORRUPT;
	load->at = load->map;
	load->end = load->map + load->size - STORE_DUMP_SHA256_BYTES;
	memcpy(load->sha256, load->end, sizeof(load->sha256));
	if (!take(load, STORE_DUMP_MAGIC_BYTES, &magic) ||
	    memcmp(magic.data, STORE_DUMP_MAGIC, magic.len) != 0 || !take_u32(load, &len) ||
	    !take(load, len, &load->head))
		return TC_ECORRUPT;
	load->first = load->at;
	return 0;
}

int store_load_open(const char *path, struct store_load **ret)
{
	struct store_load *load = calloc(1, sizeof(*load));
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat about;
	int r = TC_EIO;

	if (!load) {
		r = TC_ENOMEM;
		goto out;
	}
	if (file < 0) {
		r = errno == ENOENT ? STORE_LOAD_NONE : TC_EIO;
		goto out;
	}
	if (fstat(file, &about) != 0)
		goto out;
	r = TC_ECORRUPT;
	if (about.st_size == 0)
		goto out;
	load->size = (size_t)about.st_size;
	load->map = mmap(NULL, load->size, PROT_READ, MAP_PRIVATE, file, 0);
	if (load->map == MAP_FAILED) {
		load->map = NULL;
		r = TC_EIO;
		goto out;
	}
	(void)madvise(load->map, load->size, MADV_SEQUENTIAL);
	r = head_read(load);
	if (r < 0)
		goto out;
	*ret = load;
	load = NULL;
out:
	if (file >= 0)
		close(file);
	store_load_close(&load);
	return r;
}

void store_load_close(struct store_load **load)
{
	if (!*load)
		return;
	if ((*load)->map)
		munmap((*load)->map, (*load)->size);
	free(*load);
	*load = NULL;
}

int store_load_check(const struct store_load *load)
{
	uint8_t sha256[STORE_DUMP_SHA256_BYTES];
	int r = tc_sha256(tc_slice(load->map, load->size - sizeof(sha256)), sha256);

	if (r < 0)
		return r;
	return memcmp(sha256, load->sha256, sizeof(sha256)) == 0 ? 0 : TC_ECORRUPT;
}

struct tc_slice store_load_head(const struct store_load *load)
{
	return load->head;
}

const uint8_t *store_load_sha256(const struct store_load *load)
{
	return load->sha256;
}

static bool take_table(struct store_load *load)
{
	struct tc_slice len;

	return take(load, 1, &len) && take(load, len.data[0], &load->table);
}

/* The next row and the name of its table, borrowed. 0, STORE_NOT_FOUND or TC_ECORRUPT. */
static int load_next(struct store_load *load, struct tc_slice *ret_table, struct tc_slice *ret_key,
		     struct tc_slice *ret_value)
{
	struct tc_slice kind;
	size_t key, value;

	while (take(load, 1, &kind)) {
		switch (kind.data[0]) {
		case STORE_DUMP_END:
			return STORE_NOT_FOUND;
		case STORE_DUMP_TABLE:
			if (!take_table(load))
				return TC_ECORRUPT;
			break;
		case STORE_DUMP_ROW:
			if (!take_u32(load, &key) || !take_u32(load, &value) ||
			    !take(load, key, ret_key) || !take(load, value, ret_value))
				return TC_ECORRUPT;
			*ret_table = load->table;
			return 0;
		default:
			return TC_ECORRUPT;
		}
	}
	return TC_ECORRUPT;
}

/* Where rows go: one table at a time. */
struct into {
	struct store *store;
	struct store_txn *txn;
	struct store_table table;
	char name[STORE_DUMP_NAME_MAX + 1];
	size_t bytes;
};

static int into_commit(struct into *into)
{
	into->bytes = 0;
	return into->txn ? store_commit(&into->txn) : 0;
}

static int into_table(struct into *into, struct tc_slice name)
{
	int r;

	if (strlen(into->name) == name.len && memcmp(into->name, name.data, name.len) == 0)
		return 0;
	r = into_commit(into);
	if (r != 0 || name.len > STORE_DUMP_NAME_MAX)
		return r ? r : TC_ECORRUPT;
	memset(into->name, 0, sizeof(into->name));
	memcpy(into->name, name.data, name.len);
	return store_table_open(into->store, into->name, &into->table);
}

static int into_row(struct into *into, struct tc_slice key, struct tc_slice value)
{
	int r = 0;

	if (!into->txn)
		r = store_begin(into->store, &into->txn);
	if (r == 0)
		r = store_append(into->txn, into->table, key, value);
	/* Rows that were added to a table stand behind its others. */
	if (r == STORE_EXISTS)
		r = store_add(into->txn, into->table, key, value);
	into->bytes += key.len + value.len;
	return r == 0 && into->bytes >= COMMIT_BYTES ? into_commit(into) : r;
}

int store_load_into(struct store_load *load, const char *prefix, struct store *store)
{
	struct into into = {.store = store};
	size_t prefix_len = strlen(prefix);
	struct tc_slice table, key, value;
	int r;

	load->at = load->first;
	while ((r = load_next(load, &table, &key, &value)) == 0) {
		if (table.len <= prefix_len || memcmp(table.data, prefix, prefix_len) != 0)
			continue;
		r = into_table(&into, tc_slice(table.data + prefix_len, table.len - prefix_len));
		if (r == 0)
			r = into_row(&into, key, value);
		if (r != 0)
			break;
	}
	if (r == STORE_NOT_FOUND)
		r = into_commit(&into);
	else if (r > 0)
		r = r == STORE_FULL ? STORE_FULL : TC_ECORRUPT;
	store_abort(&into.txn);
	return r > 0 ? TC_EFULL : r;
}
