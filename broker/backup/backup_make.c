#include "backup/backup_make.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backup/backup_next.h"
#include "backup/backup_segment.h"
#include "base/clock.h"
#include "journal/journal_copy.h"
#include "journal/journal_forget.h"
#include "throughcare/v1/record.pb-c.h"

struct make {
	const struct backup_make_options *options;
	struct backup_problem *problem;
	struct backup_folder folder;
	struct journal_reader *reader;
	struct tree_view *tree;
	struct backup_manifest before; /* what the folder had */
	struct backup_manifest now;
	struct backup_progress progress;
	bool all_again; /* something was forgotten: what is written may differ from the log */
	struct tc_bytes bytes;
};

static int bad(struct make *make, const char *text)
{
	snprintf(make->problem->text, sizeof(make->problem->text), "%s", text);
	make->problem->file[0] = '\0';
	return BACKUP_CHECK_BAD;
}

/* ---- what there is ---- */

static int meta_take(void *context, const struct journal_raw *row)
{
	struct backup_manifest *now = context;

	if (tc_slice_equal(row->key, tc_slice_text("log_id")) &&
	    row->value.len == sizeof(now->log_id))
		memcpy(now->log_id.bytes, row->value.data, sizeof(now->log_id));
	return backup_manifest_add_meta(now, row->key, row->value);
}

static int now_describe(struct make *make)
{
	struct backup_manifest *now = &make->now;
	int r;

	snprintf(now->trust_domain, sizeof(now->trust_domain), "%s", make->options->trust_domain);
	snprintf(now->origin, sizeof(now->origin), "%s", tree_store_origin(make->options->tree));
	now->next = make->options->tip;
	now->made_ms = tc_clock_now_ms(&tc_clock_real);
	r = journal_read_meta(make->reader, meta_take, now);
	journal_reader_renew(make->reader);
	return r;
}

/* Whether the folder may take this log: what it has must not be lost by going on with it. */
static int before_load(struct make *make)
{
	int r = backup_manifest_load(&make->folder, &make->before);

	if (r == BACKUP_MANIFEST_ABSENT)
		return 0;
	if (r == BACKUP_MANIFEST_BAD)
		return bad(make, "manifest.json is not what was written; take another name, and "
				 "keep this folder");
	if (r)
		return r;
	if (!tc_id_equal(make->before.log_id, make->now.log_id))
		return bad(make, "the folder has a backup of another log; take another name");
	if (strcmp(make->before.origin, make->now.origin) != 0 ||
	    make->before.next > make->now.next)
		return bad(make, "the folder has a backup from before this log was restored; take "
				 "another name, and keep this folder");
	make->all_again = !backup_manifest_meta_equal(&make->before, &make->now);
	return backup_next_settle(&make->folder, &make->before, true);
}

/* ---- segments ---- */

struct filling {
	struct make *make;
	uint64_t next;
	uint64_t end; /* at most */
};

/* After such a record, older ones are not what they were. */
static int forgets(struct tc_slice key, struct tc_slice value, bool *ret)
{
	struct journal_copy_row row;
	Throughcare__V1__Record *record;
	int r = journal_copy_check(key, value, &row);

	if (r < 0 || row.body.len == 0)
		return r;
	record = throughcare__v1__record__unpack(NULL, row.body.len, row.body.data);
	if (!record)
		return 0; /* whether a record can be applied is the ledger's to say */
	*ret = *ret || record->body_case == THROUGHCARE__V1__RECORD__BODY_FORGOTTEN ||
	       record->body_case == THROUGHCARE__V1__RECORD__BODY_RESTORED;
	throughcare__v1__record__free_unpacked(record, NULL);
	return 0;
}

/* A segment ends where a record begins. */
static int row_take(void *context, const struct journal_raw *row)
{
	struct filling *filling = context;
	struct make *make = filling->make;
	bool is_record = row->key.len == sizeof(uint64_t);
	int r = 0;

	if (is_record && (row->sequence >= filling->end || make->bytes.len >= BACKUP_SEGMENT_BYTES))
		return 1;
	if (is_record)
		filling->next = row->sequence + 1;
	if (is_record && make->before.run_count > 0 && !make->all_again &&
	    row->sequence >= make->before.next)
		r = forgets(row->key, row->value, &make->all_again);
	return r ? r : backup_segment_row(&make->bytes, row->key, row->value);
}

/* The segment as the log has it now, in make->bytes: from run->first to run->next at most. */
static int run_fill(struct make *make, struct backup_run *run)
{
	struct filling filling = {make, run->first, run->next};
	int r;

	make->bytes.len = 0;
	r = backup_segment_begin(&make->bytes, make->now.log_id, run->first);
	if (r == 0)
		r = journal_read_raw(make->reader, run->first, row_take, &filling);
	/* The snapshot would keep pages that the log has replaced. */
	journal_reader_renew(make->reader);
	if (r < 0)
		return r;
	if (filling.next == run->first)
		return TC_ECORRUPT; /* the log has less than was durable */
	run->next = filling.next;
	r = backup_segment_end(&make->bytes, run->next);
	run->bytes = make->bytes.len;
	return r ? r : tc_sha256(tc_bytes_slice(&make->bytes), run->sha256);
}

static int run_write(struct make *make, const struct backup_run *run, const char *name)
{
	struct backup_file written;
	int r = backup_folder_write(&make->folder, name, tc_bytes_slice(&make->bytes), &written);

	make->progress.bytes += run->bytes;
	return r;
}

/* One that the folder has: left alone, or replaced by what the log says today. */
static int run_keep(struct make *make, struct backup_run *run)
{
	const struct backup_run old = *run;
	char name[BACKUP_NAME_BYTES], next[BACKUP_NEXT_BYTES];
	bool there;
	int r;

	backup_run_name(run, name);
	there = backup_folder_has(&make->folder, name, run->bytes);
	if (there && !make->all_again)
		return 0;
	r = run_fill(make, run);
	if (r == 0 && run->next != old.next)
		return bad(make, "the log's records are longer than the backup says");
	if (r != 0 || (there && memcmp(run->sha256, old.sha256, sizeof(old.sha256)) == 0))
		return r;
	backup_next_name(name, next);
	return run_write(make, run, next);
}

static int run_new(struct make *make)
{
	struct backup_run run = {.first = make->progress.next, .next = make->options->tip};
	char name[BACKUP_NAME_BYTES];
	int r = run_fill(make, &run);

	backup_run_name(&run, name);
	if (r == 0)
		r = run_write(make, &run, name);
	if (r == 0)
		r = backup_manifest_add_run(&make->now, &run);
	if (r == TC_EFULL)
		return bad(make, "the folder has as many segments as a backup may have; take "
				 "another name");
	make->progress.next = run.next;
	return r;
}

/* Between two segments. */
static int turn(struct make *make)
{
	make->options->progress(make->options->context, &make->progress);
	return atomic_load(make->options->stopping) ? BACKUP_CHECK_STOPPED : 0;
}

/* How many of those that the folder has stay: many small ones at the end are written as one, with
 * what is new. Its name is another one, so the old ones are there until the manifest is saved. */
static size_t runs_staying(const struct backup_manifest *before)
{
	size_t stay = before->run_count;

	while (stay > 0 && before->runs[stay - 1].bytes < BACKUP_SEGMENT_BYTES)
		stay--;
	return before->run_count - stay < BACKUP_SMALL_MAX ? before->run_count : stay;
}

/* The new ones first: they say whether the old ones still hold. */
static int runs_make(struct make *make)
{
	size_t stay = runs_staying(&make->before);
	int r = turn(make);

	for (size_t i = 0; r == 0 && i < stay; i++)
		r = backup_manifest_add_run(&make->now, &make->before.runs[i]);
	make->progress.first = make->before.next;
	make->progress.next = stay > 0 ? make->before.runs[stay - 1].next : 0;
	while (r == 0 && make->progress.next < make->options->tip) {
		r = run_new(make);
		if (r == 0)
			r = turn(make);
	}
	for (size_t i = 0; r == 0 && i < stay; i++) {
		r = run_keep(make, &make->now.runs[i]);
		if (r == 0)
			r = turn(make);
	}
	return r;
}

/* ---- the other files ---- */

static int file_put(struct make *make, int r, const struct backup_file *file)
{
	if (r == BACKUP_FOLDER_ABSENT)
		return 0;
	if (r == 0)
		make->progress.bytes += file->bytes;
	return r ? r : backup_manifest_put_file(&make->now, file);
}

/* From a folder of this machine's, when it is there. */
static int file_copy(struct make *make, const char *path, const char *name)
{
	const struct backup_file *old = backup_manifest_file(&make->before, name);
	struct backup_folder from = {.fd = -1};
	char next[BACKUP_NEXT_BYTES];
	struct backup_file file;
	int r = backup_folder_open(path, false, &from);

	backup_next_name(name, next);
	if (r == 0 && old) {
		r = backup_folder_measure(&from, name, &file);
		if (r == 0 && memcmp(file.sha256, old->sha256, sizeof(file.sha256)) == 0 &&
		    backup_folder_has(&make->folder, name, file.bytes)) {
			backup_folder_close(&from);
			return backup_manifest_put_file(&make->now, old);
		}
	}
	if (r == 0)
		r = backup_folder_copy(&from, name, &make->folder, next, &file);
	backup_folder_close(&from);
	return file_put(make, r, &file);
}

/* A damaged one, or one with less, does not come into the place of one that is whole. */
static int forgotten_copy(struct make *make)
{
	struct backup_folder from = {.fd = -1};
	size_t at = 0;
	int r = backup_folder_open(make->options->data_dir, false, &from);

	if (r == 0)
		r = forgotten_file_check(
			&from, backup_manifest_meta(&make->now, JOURNAL_META_FORGOTTEN), &at);
	backup_folder_close(&from);
	if (r == TC_ECORRUPT)
		return bad(make, "data_dir/forgotten is damaged: throughcared --check says more");
	if (r == FORGOTTEN_FILE_LESS)
		return bad(make, "data_dir/forgotten is gone, or an older one: throughcared "
				 "--check says more");
	return r < 0 ? r : file_copy(make, make->options->data_dir, BACKUP_FILE_FORGOTTEN);
}

static int text_put(struct make *make, const char *name, struct tc_slice text)
{
	char next[BACKUP_NEXT_BYTES];
	struct backup_file file;
	int r;

	if (text.len == 0)
		return 0;
	backup_next_name(name, next);
	r = backup_folder_write(&make->folder, next, text, &file);
	snprintf(file.name, sizeof(file.name), "%s", name);
	return file_put(make, r, &file);
}

static int tree_files_put(struct make *make)
{
	struct tree_checkpoint checkpoint;
	struct tree_hash root;
	struct tc_slice vkeys;
	int r = tree_view_root(make->tree, make->options->tip, &root);

	if (r)
		return r < 0 ? r : TC_ECORRUPT;
	memcpy(make->now.root, root.bytes, sizeof(make->now.root));
	r = tree_view_checkpoint(make->tree, make->options->tip, &checkpoint);
	if (r == 0)
		r = text_put(make, BACKUP_FILE_CHECKPOINT, checkpoint.note);
	if (r >= 0)
		r = tree_view_vkeys(make->tree, &vkeys);
	return r ? r : text_put(make, BACKUP_FILE_VKEYS, vkeys);
}

/* ---- */

static int stray_remove(void *context, const char *name)
{
	size_t len = strlen(name), suffix = strlen(BACKUP_NEW_SUFFIX);
	struct make *make = context;
	bool cut = len > suffix && strcmp(name + len - suffix, BACKUP_NEW_SUFFIX) == 0;

	if (!cut && (strncmp(name, "segment-", 8) != 0 || backup_manifest_run(&make->now, name)))
		return 0;
	return backup_folder_remove(&make->folder, name);
}

/* One that is spoiled is taken away, so that the next backup writes it anew. */
static int verify(struct make *make)
{
	struct backup_check_options options = {.folder = &make->folder,
					       .manifest = &make->now,
					       .stopping = make->options->stopping};
	int r = backup_check(&options, make->problem);
	int removed = 0;

	if (r == BACKUP_CHECK_BAD && strncmp(make->problem->file, "segment-", 8) == 0)
		removed = backup_folder_remove(&make->folder, make->problem->file);
	return removed < 0 ? removed : r;
}

static int make_all(struct make *make)
{
	const struct backup_make_options *options = make->options;
	int r = now_describe(make);

	if (r == 0)
		r = before_load(make);
	/* Before the records, so that it says no more than they can show. */
	if (r == 0 && *options->sealer_state)
		r = file_copy(make, options->sealer_state, BACKUP_FILE_SEALER);
	if (r == 0)
		r = runs_make(make);
	if (r == 0)
		r = file_copy(make, options->data_dir, BACKUP_FILE_BASE);
	if (r == 0)
		r = forgotten_copy(make);
	if (r == 0)
		r = tree_files_put(make);
	if (r == 0)
		r = backup_manifest_save(&make->folder, &make->now);
	if (r == 0)
		r = backup_next_settle(&make->folder, &make->now, true);
	/* What an interrupted one has left may have what was forgotten since. */
	if (r == 0)
		r = backup_folder_names(&make->folder, stray_remove, make);
	return r ? r : verify(make);
}

int backup_make(const struct backup_make_options *options, struct backup_problem *problem)
{
	struct make make = {.options = options, .problem = problem, .folder = {.fd = -1}};
	int r = backup_folder_open(options->path, true, &make.folder);

	if (r == 0)
		r = journal_reader_open(options->journal, &make.reader);
	if (r == 0)
		r = tree_view_open(options->tree, &make.tree);
	if (r == 0)
		r = make_all(&make);
	tree_view_close(&make.tree);
	journal_reader_close(&make.reader);
	backup_manifest_free(&make.before);
	backup_manifest_free(&make.now);
	backup_folder_close(&make.folder);
	tc_bytes_free_secret(&make.bytes);
	return r;
}
