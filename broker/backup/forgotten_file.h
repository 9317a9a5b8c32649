/*
 * forgotten_file - data_dir/forgotten, and its copy in a backup: entries, one behind the other.
 *
 *   entry: u32be length || content || SHA-256 of the content
 *
 * It is only ever replaced as a whole, also by one with an entry more. So nothing in it is what a
 * crash has left: whatever is no entry is damage, and says that what was forgotten is not known.
 * A log knows what it begins with, so that it is noticed when it is gone, or an older one.
 *
 * Owner: one thread at a time. Blocks: read and check, on the disk.
 */
#ifndef BACKUP_FORGOTTEN_FILE_H
#define BACKUP_FORGOTTEN_FILE_H

#include "backup/backup_folder.h"

#define FORGOTTEN_FILE_NAME      "forgotten"
#define FORGOTTEN_FILE_BYTES_MAX (256 * 1024 * 1024)
#define FORGOTTEN_KNOWN_BYTES    (8 + TC_SHA256_BYTES) /* u64be its bytes || their SHA-256 */

enum forgotten_file_outcome {
	FORGOTTEN_FILE_END = 1, /* there is no other entry */
	FORGOTTEN_FILE_LESS,    /* it does not begin with what the log knows of it */
};

/* Appends all of it to `to`; an absent one is empty. 0, TC_EFULL when it is larger than it may be,
 * or another fault. */
int forgotten_file_read(const struct backup_folder *folder, struct tc_bytes *to) TC_MUST_CHECK;
/* Takes the first entry off. 0 and its content (borrowed), FORGOTTEN_FILE_END, or TC_ECORRUPT: no
 * entry begins there, and `left` stays. */
int forgotten_file_next(struct tc_slice *left, struct tc_slice *ret) TC_MUST_CHECK;
/* Puts one more behind what is in `bytes`. 0, TC_EFULL or TC_ENOMEM. */
int forgotten_file_add(struct tc_bytes *bytes, struct tc_slice content) TC_MUST_CHECK;
/* What a log is to know of a file of these bytes. */
int forgotten_file_know(struct tc_slice bytes, uint8_t ret[FORGOTTEN_KNOWN_BYTES]) TC_MUST_CHECK;
/* Does it begin with what is `known` (empty: nothing)? 0, FORGOTTEN_FILE_LESS or a fault. */
int forgotten_file_hold(struct tc_slice bytes, struct tc_slice known) TC_MUST_CHECK;
/* 0: all of it is entries, and it begins with what is known. TC_ECORRUPT: they are none from
 * *ret_at on. FORGOTTEN_FILE_LESS, or another fault. */
int forgotten_file_check(const struct backup_folder *folder, struct tc_slice known,
			 size_t *ret_at) TC_MUST_CHECK;

#endif
