#include "daemon/stores.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "consent/policy.h"
#include "daemon/base.h"
#include "daemon/problem.h"
#include "gateway/request.h"
#include "journal/journal_lmdb.h"
#include "ledger/job.h"
#include "ledger/policy_state.h"

static const char *hint_of(int fault)
{
	if (fault == TC_ECONFIG)
		return "put data_dir on a local disk";
	if (fault == TC_ECORRUPT)
		return "run throughcared --check; ledger and trail are made again by --rebuild";
	if (fault == TC_EFULL)
		return "raise its map_size in the configuration";
	return "check the folder's owner, permissions and free space";
}

static int opening_failed(const char *path, int fault)
{
	problem_print_at(
		path, "the folder cannot be opened",
		fault == JOURNAL_FENCED ? "another process has it open" : tc_err_text(fault),
		fault == JOURNAL_FENCED ? "stop the other throughcared first" : hint_of(fault));
	return fault > 0 ? TC_ESTORE : fault;
}

static int path_of(const struct config *config, const char *name, char **ret)
{
	return asprintf(ret, "%s/%s", config->data_dir, name) < 0 ? TC_ENOMEM : 0;
}

int stores_folder_remove(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	int r = 0;

	if (!folder)
		return errno == ENOENT ? 0 : TC_EIO;
	while ((entry = readdir(folder)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(dirfd(folder), entry->d_name, 0) != 0)
			r = TC_EIO;
	}
	closedir(folder);
	if (r == 0 && rmdir(path) != 0)
		r = TC_EIO;
	return r;
}

/* What is in data_dir is then partly of one log and partly of another. */
static int restoring_check(const struct config *config)
{
	char *path = NULL;
	int r = path_of(config, STORES_RESTORING, &path);

	if (r == 0 && access(path, F_OK) == 0) {
		problem_print_at(path, "a restore was begun and not finished",
				 "the log, and what was made of it, may not belong together",
				 "run the same throughcared --restore again, with --replace");
		r = TC_ESTORE;
	}
	free(path);
	return r;
}

/* Of a restore that ended before it touched anything: none is under way, the log is ours. */
static int leftovers_remove(const struct config *config)
{
	static const char *const names[] = {STORES_JOURNAL_NEW, STORES_TREE_NEW};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(names) / sizeof(names[0]); i++) {
		char *path = NULL;

		r = path_of(config, names[i], &path);
		if (r == 0)
			r = stores_folder_remove(path);
		if (r)
			problem_print_at(config->data_dir,
					 "what a restore has left cannot be removed", names[i],
					 hint_of(r));
		free(path);
	}
	return r;
}

int stores_open_journal(struct stores *stores, const struct config *config)
{
	struct journal_lmdb_options options = {
		.map_bytes = (uint64_t)config->journal_map_bytes,
		.disk_reserve_bytes = (uint64_t)config->disk_reserve_bytes,
		.clock = &tc_clock_real,
	};
	struct journal_usage usage;
	char *path = NULL;
	int r;

	if (mkdir(config->data_dir, 0700) != 0 && errno != EEXIST) {
		problem_print_at(config->data_dir, "the folder cannot be made", strerror(errno),
				 "check data_dir and who may write there");
		return TC_EIO;
	}
	r = restoring_check(config);
	if (r == 0)
		r = path_of(config, "journal", &path);
	if (r)
		return r;
	options.path = path;
	r = journal_lmdb_open(&options, &stores->journal);
	if (r)
		r = opening_failed(path, r);
	else if (journal_usage(stores->journal, &usage) == 0) {
		stores->log_id = usage.log_id;
		log_event(EV_JOURNAL_OPENED, NULL, NULL, (int64_t)usage.tip);
	}
	free(path);
	return r ? r : leftovers_remove(config);
}

void stores_ledger_options(const struct config *config, const char *path,
			   struct ledger_options *ret)
{
	*ret = (struct ledger_options){
		.path = path,
		.map_bytes = (uint64_t)config->ledger_map_bytes,
		.mailbox_messages_max = (uint32_t)config->mailbox_messages_max,
		.mailbox_bytes_max = (uint64_t)config->mailbox_bytes_max,
		.delivery_attempts_max = (uint32_t)config->delivery_attempts_max,
		.retry_first_ms = (uint32_t)config->retry_first_ms,
		.retry_max_ms = (uint32_t)config->retry_max_ms,
	};
}

static int views_open(struct stores *stores, const struct config *config, const char *ledger_path,
		      const char *trail_path)
{
	struct ledger_options ledger;
	struct trail_index_options trail = {
		.path = trail_path,
		.map_bytes = (uint64_t)config->trail_map_bytes,
	};
	int r;

	stores_ledger_options(config, ledger_path, &ledger);
	r = ledger_open(&stores->ledger, &ledger);
	if (r)
		return opening_failed(ledger_path, r);
	r = trail_index_open(&trail, &stores->trail);
	return r ? opening_failed(trail_path, r) : 0;
}

static int views_remove(struct stores *stores, const char *ledger_path, const char *trail_path)
{
	int r;

	trail_index_close(&stores->trail);
	ledger_close(&stores->ledger);
	r = stores_folder_remove(ledger_path);
	if (r == 0)
		r = stores_folder_remove(trail_path);
	if (r)
		problem_print_at(ledger_path, "the old ledger or trail cannot be removed",
				 strerror(errno), "check who may write in data_dir");
	return r;
}

/* Records that are gone can only be passed over by a base. */
static bool base_is_missing(struct stores *stores)
{
	struct journal_reader *reader = NULL;
	struct journal_entry entry;
	int r = journal_reader_open(stores->journal, &reader);

	if (r == 0)
		r = journal_read(reader, ledger_next(stores->ledger), &entry);
	journal_reader_close(&reader);
	return r == JOURNAL_FORGOTTEN;
}

int stores_replay(struct stores *stores)
{
	uint64_t from = ledger_next(stores->ledger);
	int r = ledger_replay(stores->ledger, stores->journal, trail_index_sink, stores->trail);

	/* The ledger is never committed ahead of the trail. */
	if (r == 0)
		r = trail_index_commit(stores->trail);
	if (r == 0)
		r = ledger_commit(stores->ledger);
	if (r) {
		log_event(EV_LEDGER_FAILED, NULL, NULL, r);
		if (base_is_missing(stores))
			problem_print("the journal cannot be applied",
				      "records of it were forgotten, and data_dir/base is missing",
				      "put the file `base` of the newest backup in its place");
		else
			problem_print("the journal cannot be applied", tc_err_text(r), hint_of(r));
		return r;
	}
	log_event(EV_LEDGER_REPLAYED, NULL, NULL, (int64_t)(ledger_next(stores->ledger) - from));
	return 0;
}

/* Of a base everything that was there before is overwritten: it may be what was forgotten. */
static int views_remake(struct stores *stores, const struct config *config, const struct base *base,
			const char *ledger_path, const char *trail_path)
{
	int r;

	if (!base->rows)
		return views_remove(stores, ledger_path, trail_path);
	trail_index_close(&stores->trail);
	ledger_close(&stores->ledger);
	r = base_views_erase(config->data_dir);
	if (r == 0)
		r = base_load(config, base, config->data_dir);
	if (r)
		problem_print_at(ledger_path, "ledger and trail cannot be made from the base",
				 tc_err_text(r), hint_of(r));
	return r;
}

/* *anew: they are to be made again; then: they were. */
static int views_up(struct stores *stores, const struct config *config, const struct base *base,
		    bool *anew)
{
	char *ledger_path = NULL;
	char *trail_path = NULL;
	int r = path_of(config, "ledger", &ledger_path);

	if (r == 0)
		r = path_of(config, "trail", &trail_path);
	if (r == 0 && *anew)
		r = views_remake(stores, config, base, ledger_path, trail_path);
	if (r == 0)
		r = views_open(stores, config, ledger_path, trail_path);
	if (r == 0 && (trail_index_committed(stores->trail) < ledger_next(stores->ledger) ||
		       ledger_next(stores->ledger) < base->position)) {
		*anew = true;
		r = views_remake(stores, config, base, ledger_path, trail_path);
		if (r == 0)
			r = views_open(stores, config, ledger_path, trail_path);
	}
	if (r == 0)
		r = stores_replay(stores);
	free(ledger_path);
	free(trail_path);
	return r;
}

/* What was made of a base that is not the log's is of no use when the right one is there again. */
static int base_right(struct stores *stores, const struct config *config, const struct base *base,
		      bool anew)
{
	int r = base_hold(base, stores);

	if (r == 0)
		return 0;
	problem_print_at(config->data_dir,
			 "the base of ledger and trail is not the one that the log says, or it is "
			 "gone",
			 tc_err_text(r),
			 "put the file `base` of the newest backup in its place; if it is an older "
			 "one, restore that backup");
	trail_index_close(&stores->trail);
	ledger_close(&stores->ledger);
	if (anew && base_views_erase(config->data_dir) != 0)
		problem_print_at(config->data_dir, "what was made of it cannot be removed", NULL,
				 "remove ledger and trail: they are made again");
	return r;
}

int stores_open_views(struct stores *stores, const struct config *config, bool anew)
{
	struct base base;
	int r = base_open(config, stores->journal, &base);

	if (r < 0)
		problem_print_at(config->data_dir, "the base of ledger and trail cannot be read",
				 tc_err_text(r),
				 "put the file `base` of the newest backup in its place");
	if (r >= 0)
		r = views_up(stores, config, &base, &anew);
	if (r == 0)
		r = base_right(stores, config, &base, anew);
	base_close(&base);
	return r;
}

int stores_open(struct stores *stores, const struct config *config, bool anew)
{
	int r = stores_open_journal(stores, config);

	return r ? r : stores_open_views(stores, config, anew);
}

static void settings_fill(const struct config *config, Throughcare__V1__LedgerSettings *to)
{
	to->has_mailbox_messages_max = to->has_mailbox_bytes_max = 1;
	to->mailbox_messages_max = (uint32_t)config->mailbox_messages_max;
	to->mailbox_bytes_max = (uint64_t)config->mailbox_bytes_max;
	to->has_delivery_attempts_max = to->has_retry_first_ms = to->has_retry_max_ms = 1;
	to->delivery_attempts_max = (uint32_t)config->delivery_attempts_max;
	to->retry_first_ms = (uint32_t)config->retry_first_ms;
	to->retry_max_ms = (uint32_t)config->retry_max_ms;
	to->has_job_slice = 1;
	to->job_slice = JOB_SLICE_DEFAULT; /* of this build: another one's log means the same */
}

static ProtobufCBinaryData data_of(const void *bytes, size_t len)
{
	return (ProtobufCBinaryData){.len = len, .data = (uint8_t *)(uintptr_t)bytes};
}

static int barrier_make(struct stores *stores, const struct config *config, struct record **ret)
{
	Throughcare__V1__LedgerSettings settings = THROUGHCARE__V1__LEDGER_SETTINGS__INIT;
	Throughcare__V1__BarrierRecord barrier = THROUGHCARE__V1__BARRIER_RECORD__INIT;
	struct tc_slice policy = policy_default();
	struct base base;
	bool first = false;
	int r = base_open(config, stores->journal, &base);

	barrier.has_base_sha256 = r == 0;
	barrier.base_sha256 = data_of(base.sha256, r == 0 ? sizeof(base.sha256) : 0);
	if (r >= 0)
		r = policy_state_wanted(stores->ledger, &first);
	if (r == 0)
		r = stores_origin(stores->journal, config, &barrier.origin);
	settings_fill(config, &settings);
	stores->boot = ledger_boot(stores->ledger) + 1;
	barrier.has_boot = 1;
	barrier.boot = stores->boot;
	barrier.version = (char *)(uintptr_t)THROUGHCARE_VERSION;
	barrier.settings = &settings;
	barrier.has_policy = first;
	barrier.policy = data_of(policy.data, first ? policy.len : 0);
	barrier.has_signed_size = stores->greeted;
	barrier.signed_size = stores->signed_size;
	if (r == 0)
		r = request_barrier(&barrier, ret);
	free(barrier.origin);
	base_close(&base);
	return r;
}

int stores_begin(struct stores *stores, const struct config *config, struct record_batch *seeds)
{
	struct record_batch batch = {0};
	struct record *barrier = NULL;
	int r = barrier_make(stores, config, &barrier);

	if (r)
		return r;
	/* Also into a journal that is full: it is what lets mailboxes be emptied again. */
	barrier->rider = true;
	record_batch_push(&batch, &barrier);
	r = journal_append(stores->journal, &batch, tc_id_new(tc_clock_now_ms(&tc_clock_real)));
	if (r == 0 && seeds->count > 0) {
		r = journal_append(stores->journal, seeds,
				   tc_id_new(tc_clock_now_ms(&tc_clock_real)));
		/* A full journal takes no registry changes; it can still be settled. */
		if (r == JOURNAL_FULL)
			r = 0;
	}
	record_batch_free(&batch);
	if (r) {
		r = r > 0 ? TC_EFULL : r;
		log_event(EV_JOURNAL_FAILED, NULL, NULL, r);
		problem_print("the journal cannot be written", tc_err_text(r), hint_of(r));
		return r;
	}
	r = stores_replay(stores);
	return r ? r : ledger_park(stores->ledger);
}

void stores_close(struct stores *stores)
{
	stores_tree_close(stores);
	trail_index_close(&stores->trail);
	ledger_close(&stores->ledger);
	journal_close(&stores->journal);
}
