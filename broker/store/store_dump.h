/*
 * store_dump - the rows of tables as one plain file, and back again.
 *
 *   "throughcare/rows/v1\n" || u32be length of the head || head || entries || u8 0 || SHA-256
 *   entry: u8 1 || u8 length || name of a table: the rows that follow are its
 *          u8 2 || u32be length of key || u32be length of value || key || value
 *
 * The digest covers everything before it. A file is there whole or not at all: it is written beside
 * its place, synced and renamed.
 *
 * Owner:  one thread each. Blocks: on the disk.
 */
#ifndef STORE_STORE_DUMP_H
#define STORE_STORE_DUMP_H

#include "store/store.h"

#define STORE_DUMP_SHA256_BYTES 32
#define STORE_DUMP_NAME_MAX     64

/* ---- writing ---- */

struct store_dump;

/* Nothing stands at `path` before store_dump_end. */
int store_dump_open(const char *path, struct tc_slice head, struct store_dump **ret) TC_MUST_CHECK;
int store_dump_table(struct store_dump *dump, const char *name) TC_MUST_CHECK;
int store_dump_row(struct store_dump *dump, struct tc_slice key,
		   struct tc_slice value) TC_MUST_CHECK;
/* On stable storage under its name, in the place of a former one: that one's bytes are overwritten.
 * 0 or TC_EIO. */
int store_dump_end(struct store_dump *dump, uint8_t ret[STORE_DUMP_SHA256_BYTES]) TC_MUST_CHECK;
/* Without store_dump_end: what was written is removed. NULL inside is accepted. */
void store_dump_free(struct store_dump **dump);
/* What a crash in the middle left beside `path` is overwritten and removed. 0 or TC_EIO. */
int store_dump_clean(const char *path) TC_MUST_CHECK;

/* ---- reading ---- */

struct store_load;

enum store_load_outcome {
	STORE_LOAD_NONE = 1, /* there is no such file */
};

/* Its head alone. 0, STORE_LOAD_NONE, TC_ECORRUPT or TC_EIO. */
int store_load_open(const char *path, struct store_load **ret) TC_MUST_CHECK;
/* Reads the whole file against its digest. 0 or TC_ECORRUPT. */
int store_load_check(const struct store_load *load) TC_MUST_CHECK;
void store_load_close(struct store_load **load);
/* Borrowed until closed; the digest as the file says it. */
struct tc_slice store_load_head(const struct store_load *load);
const uint8_t *store_load_sha256(const struct store_load *load);
/* Puts the rows of all tables named `prefix`... into tables named by what comes after it, made when
 * absent. The store is empty before. 0 or a fault: TC_EFULL among them. */
int store_load_into(struct store_load *load, const char *prefix, struct store *store) TC_MUST_CHECK;

/* ---- */

/* Overwrites a plain file with zeros, syncs and removes it. 0 (also when there is none) or TC_EIO.
 */
int store_file_erase(const char *path) TC_MUST_CHECK;

#endif
