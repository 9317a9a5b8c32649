/*
 * forgotten_file - data_dir/forgotten, and its copy in a backup: entries, one behind the other.
 *
 *   entry: u32be length || content || SHA-256 of the content
 *
 * It is only ever replaced as a whole, also by one with an entry more. So nothing in it is what a
 * crash has left: whatever is no entry is damage, and says that what was forgotten is not known.
 *
 * Owner: one thread at a time. Blocks: read and check, on the disk.
 */
#ifndef BACKUP_FORGOTTEN_FILE_H
#define BACKUP_FORGOTTEN_FILE_H

#include "backup/backup_folder.h"

#define FORGOTTEN_FILE_NAME      "forgotten"
#define FORGOTTEN_FILE_BYTES_MAX (256 * 1024 * 1024)

enum forgotten_file_outcome {
	FORGOTTEN_FILE_END = 1, /* there is no other entry */
};

/* Appends all of it to `to`; an absent one is empty. 0, TC_EFULL when it is larger than it may be,
 * or another fault. */
int forgotten_file_read(const struct backup_folder *folder, struct tc_bytes *to) TC_MUST_CHECK;
/* Takes the first entry off. 0 and its content (borrowed), FORGOTTEN_FILE_END, or TC_ECORRUPT: no
 * entry begins there, and `left` stays. */
int forgotten_file_next(struct tc_slice *left, struct tc_slice *ret) TC_MUST_CHECK;
/* Puts one more behind what is in `bytes`. 0, TC_EFULL or TC_ENOMEM. */
int forgotten_file_add(struct tc_bytes *bytes, struct tc_slice content) TC_MUST_CHECK;
/* 0: all of it is entries. TC_ECORRUPT: not from *ret_at on. Or another fault. */
int forgotten_file_check(const struct backup_folder *folder, size_t *ret_at) TC_MUST_CHECK;

#endif
