#include "daemon/restore.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup/backup_next.h"
#include "backup/backup_restore.h"
#include "base/clock.h"
#include "daemon/core_file.h"
#include "daemon/forget_memory.h"
#include "daemon/problem.h"
#include "daemon/restore_inside.h"
#include "daemon/stores.h"
#include "gateway/request_record.h"
#include "journal/journal_copy.h"
#include "journal/journal_lmdb.h"

/* ---- before anything is done ---- */

static int backup_open(struct restore *restore)
{
	const char *folder = restore->words->folder;
	int r = backup_folder_open(folder, false, &restore->from);

	if (r == 0)
		r = backup_manifest_load(&restore->from, &restore->manifest);
	if (r == 0)
		r = backup_next_settle(&restore->from, &restore->manifest, false);
	if (r) {
		problem_print_at(folder, "this is no backup that can be restored",
				 r > 0 ? "there is no manifest.json, or it is not what was written"
				       : tc_err_text(r),
				 "name a folder that `throughcare exchange backup` made");
		return r > 0 ? TC_ECONFIG : r;
	}
	if (strcmp(restore->manifest.trust_domain, restore->config->trust_domain) != 0 ||
	    !log_origin_parse(restore->config->trust_domain, restore->manifest.origin,
			      &restore->log_origin)) {
		problem_print_at(folder, "the backup is of another network",
				 restore->manifest.trust_domain,
				 "name this network's backup, or its configuration");
		return TC_ECONFIG;
	}
	return 0;
}

/* One restore at a time. The log that is there stays locked until the end, and where there is none
 * the mark keeps every exchange from making one: so none starts meanwhile. */
static int data_dir_open(struct restore *restore)
{
	const char *data_dir = restore->config->data_dir;
	char *path = restore_path(restore, "journal");
	struct stat about;
	int r = path ? backup_folder_open(data_dir, true, &restore->to) : TC_ENOMEM;

	if (r == 0 && flock(restore->to.fd, LOCK_EX | LOCK_NB) != 0) {
		problem_print_at(data_dir, "another restore into this folder is under way",
				 strerror(errno),
				 "let it end, and read what it says: it may be all that is needed");
		r = TC_ECONFIG;
		goto out;
	}
	restore->there = r == 0 && stat(path, &about) == 0;
	if (r == 0 && !restore->there)
		r = restore_mark(restore);
	if (r)
		problem_print_at(data_dir, "the folder cannot be used", strerror(errno),
				 "check data_dir and who may write there");
	if (restore->there)
		r = restore_replaced_open(restore, path);
out:
	free(path);
	return r;
}

/* ---- the log ---- */

static int journal_make(struct restore *restore, const char *path)
{
	struct backup_problem problem = {.text = ""};
	int r = stores_folder_remove(path);

	if (r == 0)
		r = backup_restore(&restore->from, &restore->manifest, path,
				   (uint64_t)restore->config->journal_map_bytes, &problem);
	if (r == BACKUP_CHECK_BAD) {
		problem_print_at(restore->words->folder, "the backup is not what was written",
				 problem.text, "restore another one");
		return TC_ECORRUPT;
	}
	if (r)
		problem_print_at(path, "the log cannot be written", tc_err_text(r),
				 r == TC_EFULL ? "raise journal.map_size in the configuration"
					       : "check the folder's owner and free space");
	return r;
}

/* What the next record says of what is missing, who accepts it and why. */
static void missing_fill(const struct restore *restore, Throughcare__V1__RestoredRecord *to)
{
	const struct log_gap *gap = &restore->gap;

	if (gap->kind != LOG_GAP_NONE) {
		to->gap = THROUGHCARE__V1__RESTORE_GAP__RESTORE_GAP_ACCEPTED;
		to->previous_origin = (char *)(uintptr_t)gap->origin;
		to->has_signed_size = to->has_signed_root = 1;
		to->signed_size = gap->size;
		to->signed_root =
			request_record_bytes(tc_slice(gap->root.bytes, sizeof(gap->root.bytes)));
	}
	if (restore->lost_count > 0) {
		to->has_lost_first = to->has_lost_count = 1;
		to->lost_first = restore->lost_first;
		to->lost_count = restore->lost_count;
	}
	to->has_forgotten_lost = to->forgotten_lost = restore->forgotten_lost;
	/* protobuf-c has no const strings; packing does not write. */
	to->reason = (char *)(uintptr_t)restore->words->accept_gap;
	to->decided_by = (char *)(uintptr_t)restore->words->decided_by;
}

static bool is_missing(const struct restore *restore)
{
	return restore->gap.kind != LOG_GAP_NONE || restore->lost_count > 0 ||
	       restore->forgotten_lost;
}

int restore_record_append(struct journal *journal, Throughcare__V1__RestoredRecord *restored)
{
	Throughcare__V1__Record body = THROUGHCARE__V1__RECORD__INIT;
	struct record_batch batch = {0};
	struct record *record = NULL;
	int r;

	body.body_case = THROUGHCARE__V1__RECORD__BODY_RESTORED;
	body.restored = restored;
	r = request_record_pack(&body, 0, &record);
	if (r)
		return r;
	record->rider = true; /* also into a map that is nearly full */
	record_batch_push(&batch, &record);
	r = journal_append(journal, &batch, tc_id_new(tc_clock_now_ms(&tc_clock_real)));
	record_batch_free(&batch);
	return r > 0 ? TC_EFULL : r;
}

/* What the log says of its own restoring: its next record. */
static int restored_append(struct restore *restore, struct journal *journal)
{
	Throughcare__V1__RestoredRecord restored = THROUGHCARE__V1__RESTORED_RECORD__INIT;
	int r = log_origin_format(restore->config->trust_domain, restore->origin, &restored.origin);

	if (r)
		return r;
	restored.has_size = restored.has_gap = 1;
	restored.size = restore->manifest.next;
	restored.gap = THROUGHCARE__V1__RESTORE_GAP__RESTORE_GAP_NONE;
	if (is_missing(restore))
		missing_fill(restore, &restored);
	r = restore_record_append(journal, &restored);
	free(restored.origin);
	return r;
}

/* Refused when something is missing that nobody answers for. */
static int gap_decide(struct restore *restore)
{
	uint32_t most = restore->gap.origin_most;

	restore->origin = restore->log_origin;
	if (!is_missing(restore)) {
		if (restore->words->accept_gap)
			puts("Nothing is missing: no gap needs to be accepted.");
		return 0;
	}
	if (!restore->words->accept_gap) {
		if (restore->gap.kind != LOG_GAP_NONE)
			log_gap_explain(restore->gap.kind, restore->gap.size, restore->gap.have);
		if (restore->lost_count > 0)
			restore_lost_explain(restore);
		if (restore->forgotten_lost)
			restore_forgotten_explain(restore);
		return TC_ESTORE;
	}
	/* What was never signed is no part of what a name stands for. */
	if (restore->gap.kind != LOG_GAP_NONE)
		restore->origin =
			(most > restore->replaced_origin ? most : restore->replaced_origin) + 1;
	return 0;
}

static int log_finish(struct restore *restore, const char *path)
{
	struct journal *journal = NULL;
	int r = restore_journal_open(restore, path, &journal);

	if (r == 0) {
		restore_replaced_compare(restore, journal);
		r = restore_known(restore, journal);
		if (r == 0)
			r = gap_decide(restore);
		journal_close(&journal);
		if (r)
			return r;
	}
	if (r == 0)
		r = journal_copy_set_origin(path, (uint64_t)restore->config->journal_map_bytes,
					    restore->origin);
	if (r == 0)
		r = restore_journal_open(restore, path, &journal);
	if (r == 0)
		r = restore_forgotten_note(restore, journal);
	if (r == 0)
		r = restored_append(restore, journal);
	journal_close(&journal);
	if (r)
		problem_print_at(path, "the log cannot be written", tc_err_text(r),
				 "check the folder's owner and free space, and journal.map_size");
	return r > 0 ? TC_ESTORE : r;
}

static void done_say(const struct restore *restore)
{
	char made[TC_TIME_TEXT_BYTES];

	tc_time_format(restore->manifest.made_ms, made);
	printf("Restored %" PRIu64 " records of %s.\n", restore->manifest.next, made);
	if (restore->gap.kind == LOG_GAP_SHORT)
		printf("%" PRIu64 " records that were signed are missing; the log says so now.\n",
		       restore->gap.size - restore->gap.have);
	if (restore->lost_count > 0)
		printf("%" PRIu64
		       " records of the log that was there are lost, from record %" PRIu64
		       " on; the log says so now.\n",
		       restore->lost_count, restore->lost_first);
	if (restore->forgotten_lost)
		puts("Not all that was forgotten is known any more; the log says so now.");
	if (restore->lost_unknown)
		puts("The log that was there cannot be read: what it had beyond the backup is not "
		     "known.");
}

/* Before anything of data_dir was touched. */
static void undo(const struct restore *restore, const char *path)
{
	int r = stores_folder_remove(path);

	if (r == 0 && restore->marked)
		r = backup_folder_remove(&restore->to, STORES_RESTORING);
	if (r)
		problem_print_at(path, "the folder cannot be removed", strerror(errno),
				 "remove it: it is a copy of the backup's log");
}

int restore_run(const struct config *config, const struct restore_words *words)
{
	struct restore restore = {
		.config = config, .words = words, .from = {.fd = -1}, .to = {.fd = -1}};
	char *path = restore_path(&restore, STORES_JOURNAL_NEW);
	int r = path ? core_file_forbid() : TC_ENOMEM;
	bool begun;

	if (r == 0)
		r = backup_open(&restore);
	if (r == 0)
		r = data_dir_open(&restore);
	begun = r == 0;
	/* It is to be joined with the backup's. */
	if (r == 0)
		r = forget_memory_check(config, NULL);
	if (r == 0)
		r = journal_make(&restore, path);
	if (r == 0)
		r = restore_forgotten_join(&restore);
	if (r == 0)
		r = log_finish(&restore, path);
	if (r == 0)
		r = restore_place(&restore);
	else if (begun)
		undo(&restore, path);
	if (r == 0)
		done_say(&restore);
	if (r == 0 && restore.origin != restore.log_origin)
		r = restore_keys(&restore);
	journal_close(&restore.replaced);
	backup_manifest_free(&restore.manifest);
	tc_bytes_free(&restore.forgotten);
	backup_folder_close(&restore.from);
	backup_folder_close(&restore.to);
	free(path);
	return r ? 1 : 0;
}
