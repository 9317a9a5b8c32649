/*
 * backup_manifest - what a backup is made of: manifest.json, written last.
 *
 * A folder is a backup as of its manifest; files that it does not name are none of it. Digests
 * are hexadecimal SHA-256, so that sha256sum(1) checks them, too.
 *
 * Owner: the caller. Blocks: load and save, on the disk.
 */
#ifndef BACKUP_BACKUP_MANIFEST_H
#define BACKUP_BACKUP_MANIFEST_H

#include "backup/backup_folder.h"
#include "base/id.h"
#include "wire/note.h"

#define BACKUP_SEGMENTS_MAX   32768
#define BACKUP_FILES_MAX      8
#define BACKUP_META_MAX       16
#define BACKUP_META_BYTES_MAX 64
#define BACKUP_DOMAIN_BYTES   256

enum backup_manifest_outcome {
	BACKUP_MANIFEST_ABSENT = 1, /* the folder is no backup yet */
	BACKUP_MANIFEST_BAD,        /* it is not what was written, or of another version */
};

struct backup_run {
	uint64_t first, next; /* records */
	uint64_t bytes;
	uint8_t sha256[TC_SHA256_BYTES];
};

/* What the log says of itself: see journal_read_meta. */
struct backup_meta {
	char name[BACKUP_META_BYTES_MAX];
	uint8_t value[BACKUP_META_BYTES_MAX];
	size_t value_len;
};

struct backup_manifest {
	struct tc_id log_id;
	char trust_domain[BACKUP_DOMAIN_BYTES];
	char origin[TC_NOTE_NAME_BYTES];
	uint64_t next;    /* records 0..next-1 are in it */
	uint8_t root[32]; /* of their hash tree */
	int64_t made_ms;
	struct backup_run *runs;
	size_t run_count;
	struct backup_file files[BACKUP_FILES_MAX];
	size_t file_count;
	struct backup_meta meta[BACKUP_META_MAX];
	size_t meta_count;
};

/* "segment-<first>-<last>" */
void backup_run_name(const struct backup_run *run, char to[BACKUP_NAME_BYTES]);

/* Adds one at the end. 0, TC_ENOMEM, or TC_EFULL. */
int backup_manifest_add_run(struct backup_manifest *manifest,
			    const struct backup_run *run) TC_MUST_CHECK;
/* The one in the file of that name; NULL when there is none. */
const struct backup_run *backup_manifest_run(const struct backup_manifest *manifest,
					     const char *name);
/* Adds it or replaces the one of that name. 0 or TC_EFULL. */
int backup_manifest_put_file(struct backup_manifest *manifest,
			     const struct backup_file *file) TC_MUST_CHECK;
/* NULL when it is not in the backup. */
const struct backup_file *backup_manifest_file(const struct backup_manifest *manifest,
					       const char *name);
/* 0 or TC_EFULL. */
int backup_manifest_add_meta(struct backup_manifest *manifest, struct tc_slice name,
			     struct tc_slice value) TC_MUST_CHECK;
/* Its value; empty when there is none. */
struct tc_slice backup_manifest_meta(const struct backup_manifest *manifest, const char *name);
bool backup_manifest_meta_equal(const struct backup_manifest *a, const struct backup_manifest *b);
void backup_manifest_free(struct backup_manifest *manifest);

/* From its text: 0, BACKUP_MANIFEST_BAD or TC_ENOMEM. */
int backup_manifest_read(struct tc_slice text, struct backup_manifest *ret) TC_MUST_CHECK;
int backup_manifest_write(const struct backup_manifest *manifest,
			  struct tc_bytes *to) TC_MUST_CHECK;
/* The same from and to a folder. */
int backup_manifest_load(const struct backup_folder *folder,
			 struct backup_manifest *ret) TC_MUST_CHECK;
int backup_manifest_save(const struct backup_folder *folder,
			 const struct backup_manifest *manifest) TC_MUST_CHECK;

#endif
