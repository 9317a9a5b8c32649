#include "daemon/base.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/disk.h"
#include "throughcare/v1/record.pb-c.h"
#include "trail/trail_forget.h"

#define BASE_FILE  "base"
#define HEAD_BYTES (sizeof(struct tc_id) + 8)

static int path_of(const char *folder, const char *name, const char *ending, char **ret)
{
	if (asprintf(ret, "%s/%s%s", folder, name, ending) >= 0)
		return 0;
	*ret = NULL;
	return TC_ENOMEM;
}

int base_open(const struct config *config, struct journal *journal, struct base *ret)
{
	struct journal_usage usage;
	struct tc_slice head;
	char *path = NULL;
	int r = path_of(config->data_dir, BASE_FILE, "", &path);

	*ret = (struct base){.position = 0};
	if (r == 0)
		r = journal_usage(journal, &usage);
	if (r == 0)
		r = store_load_open(path, &ret->rows);
	free(path);
	if (r != 0)
		return r == STORE_LOAD_NONE ? BASE_NONE : r;
	head = store_load_head(ret->rows);
	if (head.len != HEAD_BYTES ||
	    memcmp(head.data, usage.log_id.bytes, sizeof(usage.log_id)) != 0) {
		base_close(ret);
		return TC_ECORRUPT;
	}
	ret->log_id = usage.log_id;
	ret->position = tc_get_be64(head.data + sizeof(struct tc_id));
	memcpy(ret->sha256, store_load_sha256(ret->rows), sizeof(ret->sha256));
	return 0;
}

void base_close(struct base *base)
{
	store_load_close(&base->rows);
}

/* Only such a record is followed by a base as of the next. */
static int is_forgotten_record(struct journal *journal, uint64_t sequence, bool *ret)
{
	Throughcare__V1__Record *record = NULL;
	struct journal_reader *reader = NULL;
	struct journal_entry entry;
	int r = journal_reader_open(journal, &reader);

	if (r == 0)
		r = journal_read(reader, sequence, &entry);
	if (r == 0)
		record = throughcare__v1__record__unpack(NULL, entry.body.len, entry.body.data);
	*ret = record && record->body_case == THROUGHCARE__V1__RECORD__BODY_FORGOTTEN;
	throughcare__v1__record__free_unpacked(record, NULL);
	journal_reader_close(&reader);
	return r < 0 ? r : 0;
}

int base_hold(const struct base *base, struct stores *stores)
{
	const struct ledger_barrier *barrier = ledger_barrier(stores->ledger);
	bool right = true;
	int r = 0;

	if (base->rows && (!barrier->known || base->position > barrier->sequence))
		r = base->position == 0
			    ? TC_ECORRUPT
			    : is_forgotten_record(stores->journal, base->position - 1, &right);
	else if (barrier->known)
		right = barrier->based == (base->rows != NULL) &&
			(!base->rows ||
			 memcmp(barrier->base_sha256, base->sha256, sizeof(base->sha256)) == 0);
	return r == 0 && !right ? TC_ECORRUPT : r;
}

int base_write(const struct config *config, struct stores *stores, const struct forget_what *what)
{
	uint8_t head[HEAD_BYTES], sha256[STORE_DUMP_SHA256_BYTES];
	struct store_dump *dump = NULL;
	struct journal_usage usage;
	char *path = NULL;
	int r = journal_usage(stores->journal, &usage);

	if (r == 0)
		r = path_of(config->data_dir, BASE_FILE, "", &path);
	if (r < 0)
		return r;
	memcpy(head, usage.log_id.bytes, sizeof(usage.log_id));
	tc_put_be64(head + sizeof(usage.log_id), ledger_next(stores->ledger));
	r = store_dump_open(path, tc_slice(head, sizeof(head)), &dump);
	if (r == 0)
		r = ledger_dump(stores->ledger, what, dump);
	if (r == 0)
		r = trail_dump(stores->trail, what, dump);
	if (r == 0)
		r = store_dump_end(dump, sha256);
	store_dump_free(&dump);
	free(path);
	return r;
}

/* ---- the folders ---- */

static const struct view {
	const char *name, *prefix;
} views[] = {
	/* The ledger is there last: without it, both are made again. */
	{"trail", "trail/"},
	{"ledger", "ledger/"},
};

#define VIEWS (sizeof(views) / sizeof(views[0]))

static int load_one(const struct view *view, const struct base *base, const char *folder,
		    uint64_t map_bytes)
{
	struct store_options options = {
		.map_bytes = map_bytes, .sync = STORE_SYNC_LAZY, .tables_max = STORE_TABLES_MAX};
	struct store *store = NULL;
	char *path = NULL, *path_new = NULL;
	int r = path_of(folder, view->name, "", &path);

	if (r == 0)
		r = path_of(folder, view->name, ".new", &path_new);
	options.path = path_new;
	if (r == 0)
		r = store_open(&options, &store);
	if (r == 0)
		r = store_load_into(base->rows, view->prefix, store);
	if (r == 0)
		r = store_flush(store);
	store_close(&store);
	if (r == 0 && rename(path_new, path) != 0)
		r = TC_EIO;
	free(path);
	free(path_new);
	return r > 0 ? TC_ESTORE : r;
}

int base_load(const struct config *config, const struct base *base, const char *folder)
{
	int r = store_load_check(base->rows);

	for (size_t i = 0; r == 0 && i < VIEWS; i++)
		r = load_one(&views[i], base, folder,
			     (uint64_t)(strcmp(views[i].name, "ledger") == 0
						? config->ledger_map_bytes
						: config->trail_map_bytes));
	return r;
}

static int folder_erase(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	int r = 0;

	if (!folder)
		return errno == ENOENT ? 0 : TC_EIO;
	while (r == 0 && (entry = readdir(folder)) != NULL) {
		char *file = NULL;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		r = path_of(path, entry->d_name, "", &file);
		if (r == 0)
			r = store_file_erase(file);
		free(file);
	}
	closedir(folder);
	if (r == 0 && rmdir(path) != 0)
		r = TC_EIO;
	return r;
}

/* Under another name first: what is half overwritten is nobody's store. */
static int view_erase(const char *folder, const char *name)
{
	char *path = NULL, *path_old = NULL, *path_new = NULL;
	int r = path_of(folder, name, "", &path);

	if (r == 0)
		r = path_of(folder, name, ".old", &path_old);
	if (r == 0)
		r = path_of(folder, name, ".new", &path_new);
	if (r == 0)
		r = folder_erase(path_new);
	if (r == 0)
		r = folder_erase(path_old);
	if (r == 0 && rename(path, path_old) != 0 && errno != ENOENT)
		r = TC_EIO;
	/* Else a power cut might bring back the name, and not the bytes. */
	if (r == 0)
		r = tc_folder_sync(folder);
	if (r == 0)
		r = folder_erase(path_old);
	free(path);
	free(path_old);
	free(path_new);
	return r;
}

int base_views_erase(const char *folder)
{
	int r = 0;

	for (size_t i = VIEWS; r == 0 && i > 0; i--)
		r = view_erase(folder, views[i - 1].name);
	return r;
}
