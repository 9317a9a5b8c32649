/* What is to stay forgotten in the restored log: what is known here, and what the backup knew. */
#include <stdio.h>
#include <string.h>

#include "backup/backup_make.h"
#include "daemon/problem.h"
#include "daemon/restore_inside.h"
#include "journal/journal_forget.h"

static bool has(const struct tc_bytes *bytes, const struct tc_bytes *some)
{
	return some->len == 0 ||
	       (bytes->len > 0 && memmem(bytes->data, bytes->len, some->data, some->len) != NULL);
}

static bool begins(const struct tc_bytes *bytes, const struct tc_bytes *first)
{
	return first->len == 0 ||
	       (bytes->len >= first->len && memcmp(bytes->data, first->data, first->len) == 0);
}

/*
 * What was ordered to be forgotten since the backup was made is known here only, and what another
 * machine knew in the backup only. Entries stand for themselves and are harmless twice: so unless
 * one has all that the other has, the backup's comes behind: the log that is there knows what the
 * one here begins with.
 */
static int join(struct restore *restore, const struct tc_bytes *there)
{
	struct tc_bytes *all = &restore->forgotten;
	int r = forgotten_file_read(&restore->to, all);

	if (r != 0 || has(all, there))
		return r;
	if (begins(there, all))
		all->len = 0;
	return tc_bytes_append(all, there->data, there->len);
}

/* Its log and its file are of one backup. */
static int backup_read(const struct restore *restore, struct tc_bytes *ret)
{
	struct tc_slice known = backup_manifest_meta(&restore->manifest, JOURNAL_META_FORGOTTEN);
	int r = 0;

	if (backup_manifest_file(&restore->manifest, BACKUP_FILE_FORGOTTEN))
		r = forgotten_file_read(&restore->from, ret);
	if (r == 0)
		r = forgotten_file_hold(tc_bytes_slice(ret), known);
	if (r == FORGOTTEN_FILE_LESS)
		problem_print_at(restore->words->folder, "the backup is not what was written",
				 "its file `forgotten` has less than its log knows of",
				 "restore another one");
	return r > 0 ? TC_ECORRUPT : r;
}

int restore_forgotten_join(struct restore *restore)
{
	uint8_t known[JOURNAL_NOTE_BYTES_MAX];
	struct tc_bytes there = {0};
	size_t len = 0;
	int r = backup_read(restore, &there);

	if (r == 0)
		r = join(restore, &there);
	if (r == 0 && restore->replaced)
		r = journal_note_get(restore->replaced, JOURNAL_NOTE_FORGOTTEN, known, &len);
	if (r == 0)
		r = forgotten_file_hold(tc_bytes_slice(&restore->forgotten), tc_slice(known, len));
	restore->forgotten_lost = r == FORGOTTEN_FILE_LESS;
	tc_bytes_free(&there);
	return r > 0 ? 0 : r;
}

void restore_forgotten_explain(const struct restore *restore)
{
	problem_print_at(
		restore->config->data_dir,
		"the log that is there knows of more that was forgotten than its file `forgotten`",
		"what is in the backup, and was expunged since, would come back",
		"put the newest copy of that file in its place. When there is none, add "
		"--accept-gap REASON --decided-by WHO: that stands in the log and in the trail. "
		"See RESTORING A LOG in throughcared(8)");
}

int restore_forgotten_note(const struct restore *restore, struct journal *journal)
{
	struct tc_slice all = tc_bytes_slice(&restore->forgotten);
	uint8_t known[FORGOTTEN_KNOWN_BYTES];
	int r = forgotten_file_know(all, known);

	return r < 0 ? r
		     : journal_note_set(journal, JOURNAL_NOTE_FORGOTTEN,
					tc_slice(known, all.len > 0 ? sizeof(known) : 0));
}

int restore_forgotten_place(const struct restore *restore)
{
	struct backup_file file;

	return restore->forgotten.len == 0
		       ? 0
		       : backup_folder_write(&restore->to, BACKUP_FILE_FORGOTTEN,
					     tc_bytes_slice(&restore->forgotten), &file);
}
