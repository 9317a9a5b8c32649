#include "store/store_wipe.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store_internal.h"

/* LMDB 0.9's file, as its mdb.c lays it out on a 64 bit machine: numbers in the machine's order. */
#define PAGE_HEAD    16 /* u64 number, u16, u16 flags, u16 lower, u16 upper or u32 pages */
#define NODE_HEAD    8  /* u16 low, u16 high, u16 flags, u16 length of the key */
#define META_MAGIC   0xbeefc0de
#define META_FREE    24 /* from the page's head on: the two trees, last page, transaction */
#define META_MAIN    72
#define META_VERSION 1
#define TREE_ROOT    40
#define TREE_BYTES   48
#define NO_PAGE      UINT64_MAX
#define DEPTH_MAX    64

enum page_flag { PAGE_BRANCH = 1, PAGE_LEAF = 2, PAGE_OVERFLOW = 4, PAGE_KINDS = 0x6f };
enum node_flag { NODE_BIG = 1, NODE_TREE = 2, NODE_DUPLICATES = 4 };

struct wipe {
	int file;
	const uint8_t *map;
	size_t page_bytes;
	uint64_t pages;
	uint8_t *live;  /* a bit for each page */
	uint8_t *zeros; /* of one page */
	uint64_t written;
};

static uint16_t get16(const uint8_t *at)
{
	uint16_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint32_t get32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint64_t get64(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

/* What is zero already is left alone. */
static int zero(struct wipe *wipe, uint64_t at, size_t len)
{
	if (len == 0 || memcmp(wipe->map + at, wipe->zeros, len) == 0)
		return 0;
	wipe->written++;
	return pwrite(wipe->file, wipe->zeros, len, (off_t)at) == (ssize_t)len ? 0 : TC_EIO;
}

static bool is_live(const struct wipe *wipe, uint64_t page)
{
	return wipe->live[page / 8] >> page % 8 & 1;
}

/* False: not a page of this file, or seen before, which the older tree shares with the newer. */
static bool live_set(struct wipe *wipe, uint64_t page)
{
	if (is_live(wipe, page))
		return false;
	wipe->live[page / 8] |= (uint8_t)(1 << page % 8);
	return true;
}

static int overflow(struct wipe *wipe, uint64_t page, size_t size)
{
	const uint8_t *at;
	uint64_t count, end, data;

	if (page < 2 || page >= wipe->pages)
		return TC_ECORRUPT;
	at = wipe->map + page * wipe->page_bytes;
	count = get32(at + 12);
	if (get64(at) != page || !(get16(at + 10) & PAGE_OVERFLOW) || count < 1 ||
	    count > wipe->pages - page || PAGE_HEAD + size > count * wipe->page_bytes)
		return TC_ECORRUPT;
	if (!live_set(wipe, page))
		return 0;
	for (uint64_t i = 1; i < count; i++)
		(void)live_set(wipe, page + i);
	data = page * wipe->page_bytes + PAGE_HEAD + size;
	end = (page + count) * wipe->page_bytes;
	while (data < end) {
		size_t len =
			end - data < wipe->page_bytes ? (size_t)(end - data) : wipe->page_bytes;
		int r = zero(wipe, data, len);

		if (r < 0)
			return r;
		data += len;
	}
	return 0;
}

static int tree(struct wipe *wipe, uint64_t page, bool of_tables, unsigned depth);

/* Of a leaf: what it leads to. */
static int node(struct wipe *wipe, const uint8_t *at, size_t left, bool of_tables, unsigned depth)
{
	size_t size = get16(at) | (size_t)get16(at + 2) << 16;
	unsigned flags = get16(at + 4);
	size_t data = NODE_HEAD + (size_t)get16(at + 6);

	if (flags & NODE_DUPLICATES || data > left)
		return TC_ECORRUPT;
	if (flags & NODE_BIG)
		return left - data < 8 ? TC_ECORRUPT : overflow(wipe, get64(at + data), size);
	if (size > left - data)
		return TC_ECORRUPT;
	if (!(flags & NODE_TREE))
		return 0;
	return of_tables && size == TREE_BYTES
		       ? tree(wipe, get64(at + data + TREE_ROOT), false, depth + 1)
		       : TC_ECORRUPT;
}

static int tree(struct wipe *wipe, uint64_t page, bool of_tables, unsigned depth)
{
	const uint8_t *at;
	size_t lower, upper;
	unsigned kind;
	int r;

	if (page == NO_PAGE)
		return 0;
	if (page < 2 || page >= wipe->pages || depth > DEPTH_MAX)
		return TC_ECORRUPT;
	at = wipe->map + page * wipe->page_bytes;
	kind = get16(at + 10) & PAGE_KINDS;
	lower = get16(at + 12);
	upper = get16(at + 14);
	if (get64(at) != page || (kind != PAGE_BRANCH && kind != PAGE_LEAF) || lower < PAGE_HEAD ||
	    lower > upper || upper > wipe->page_bytes)
		return TC_ECORRUPT;
	if (!live_set(wipe, page))
		return 0;
	r = zero(wipe, page * wipe->page_bytes + lower, upper - lower);
	for (size_t i = PAGE_HEAD; r == 0 && i + 2 <= lower; i += 2) {
		size_t offset = get16(at + i);
		const uint8_t *from = at + offset;

		if (offset < upper || offset + NODE_HEAD > wipe->page_bytes)
			return TC_ECORRUPT;
		if (kind == PAGE_LEAF)
			r = node(wipe, from, wipe->page_bytes - offset, of_tables, depth);
		else
			r = tree(wipe,
				 get16(from) | (uint64_t)get16(from + 2) << 16 |
					 (uint64_t)get16(from + 4) << 32,
				 of_tables, depth + 1);
	}
	return r;
}

static int both_trees(struct wipe *wipe, uint64_t meta_page)
{
	const uint8_t *meta = wipe->map + meta_page * wipe->page_bytes + PAGE_HEAD;
	int r;

	if (get32(meta) != META_MAGIC || get32(meta + 4) != META_VERSION)
		return TC_ECORRUPT;
	(void)live_set(wipe, meta_page);
	r = tree(wipe, get64(meta + META_FREE + TREE_ROOT), false, 0);
	return r < 0 ? r : tree(wipe, get64(meta + META_MAIN + TREE_ROOT), true, 0);
}

static int zero_unused(struct wipe *wipe)
{
	int r = 0;

	for (uint64_t page = 0; r == 0 && page < wipe->pages; page++) {
		if (!is_live(wipe, page))
			r = zero(wipe, page * wipe->page_bytes, wipe->page_bytes);
	}
	return r;
}

static int wipe_file(struct wipe *wipe)
{
	struct stat about;
	void *map;
	int r = TC_ENOMEM;

	if (fstat(wipe->file, &about) != 0)
		return TC_EIO;
	wipe->pages = (uint64_t)about.st_size / wipe->page_bytes;
	if (wipe->pages < 2)
		return TC_ECORRUPT;
	map = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_SHARED, wipe->file, 0);
	if (map == MAP_FAILED)
		return TC_EIO;
	wipe->map = map;
	wipe->live = calloc(1, (size_t)(wipe->pages / 8 + 1));
	wipe->zeros = calloc(1, wipe->page_bytes);
	if (wipe->live && wipe->zeros)
		r = both_trees(wipe, 0);
	if (r == 0)
		r = both_trees(wipe, 1);
	if (r == 0)
		r = zero_unused(wipe);
	if (r == 0 && fsync(wipe->file) != 0)
		r = TC_EIO;
	free(wipe->live);
	free(wipe->zeros);
	munmap(map, (size_t)about.st_size);
	return r;
}

static int commit_mark(struct store *store, struct store_table table, bool put)
{
	struct tc_slice mark = tc_slice_text("wipe");
	struct store_txn *txn = NULL;
	int r = store_begin(store, &txn);

	if (r == 0)
		r = put ? store_put(txn, table, mark, mark) : store_del(txn, table, mark);
	if (r == 0)
		r = store_commit(&txn);
	store_abort(&txn);
	return r;
}

int store_wipe(struct store *store, struct store_table table, struct store_wiped *ret)
{
	struct wipe wipe = {.file = -1};
	struct store_txn *txn = NULL;
	MDB_stat stat;
	int r = commit_mark(store, table, true);

	if (r == 0)
		r = commit_mark(store, table, false);
	/* The open transaction keeps every other writer out. */
	if (r == 0)
		r = store_begin(store, &txn);
	if (r != 0)
		return r == STORE_NOT_FOUND ? TC_ESTORE : r;
	if (mdb_env_get_fd(mdb_txn_env(txn->txn), &wipe.file) != 0 ||
	    mdb_env_stat(mdb_txn_env(txn->txn), &stat) != 0)
		r = TC_ESTORE;
	wipe.page_bytes = r == 0 ? stat.ms_psize : 0;
	if (r == 0)
		r = wipe_file(&wipe);
	store_abort(&txn);
	if (r == 0)
		*ret = (struct store_wiped){.pages = wipe.pages, .written = wipe.written};
	return r;
}
