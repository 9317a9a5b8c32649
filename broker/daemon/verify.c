#include "daemon/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base.h"
#include "daemon/core_file.h"
#include "daemon/forget_memory.h"
#include "daemon/problem.h"
#include "daemon/space.h"
#include "daemon/stores.h"
#include "store/store_search.h"
#include "throughcare/v1/record.pb-c.h"
#include "trail/tree_check.h"
#include "wire/envelope.h"
#include "wire/header.h"

/* What the walk over the journal found. */
struct findings {
	uint64_t records;
	uint64_t parts;
	uint64_t forgotten; /* records that were expunged, or their parts */
	uint64_t wrong;
	uint64_t barrier; /* the latest */
	bool based;       /* it says the digest of a base */
	uint8_t base_sha256[32];
};

static void digest_print(const char *what, const uint8_t digest[32])
{
	char hex[65];

	tc_hex(digest, 32, hex);
	printf("%s digest %s\n", what, hex);
}

int verify_rebuild(const struct config *config)
{
	struct stores stores = {0};
	uint8_t digest[32];
	uint8_t trail[32];
	int r = core_file_forbid();

	if (r == 0)
		r = stores_open(&stores, config, true);
	if (r == 0)
		r = stores_tree_remove(config);
	if (r == 0)
		r = ledger_digest(stores.ledger, digest);
	if (r == 0)
		r = trail_index_digest(stores.trail, ledger_next(stores.ledger), trail);
	if (r == 0) {
		printf("records %" PRIu64 "\n", ledger_next(stores.ledger));
		digest_print("ledger", digest);
		digest_print("trail", trail);
	} else {
		problem_print(
			"the rebuild failed", tc_err_text(r),
			"check data_dir and its free space; --check says what is wrong in the log");
	}
	stores_close(&stores);
	return r ? 1 : 0;
}

/* ---- --check ---- */

static void part_wrong(struct findings *findings, uint64_t sequence, size_t part, const char *why)
{
	printf("record %" PRIu64 " part %zu: %s\n", sequence, part, why);
	findings->wrong++;
}

static int parts_check(struct journal_reader *reader, uint64_t sequence,
		       const Throughcare__V1__SubmissionRecord *submission,
		       struct findings *findings)
{
	struct record_part parts[TC_PARTS_MAX];
	struct tc_header header;
	int r;

	r = tc_header_read(tc_slice(submission->header.data, submission->header.len), &header);
	if (r)
		return r;
	if (submission->n_parts > TC_PARTS_MAX || submission->n_parts != header.manifest_count)
		return TC_ECORRUPT;
	r = journal_read_parts(reader, sequence, parts, submission->n_parts);
	if (r == JOURNAL_FORGOTTEN) {
		findings->forgotten++;
		return 0;
	}
	if (r)
		return r;
	for (size_t i = 0; i < submission->n_parts; i++) {
		const Throughcare__V1__PartLabel *label = submission->parts[i];
		uint8_t digest[TC_DIGEST_BYTES];

		r = tc_part_digest(parts[i].salt, tc_slice_text(label->type), label->category,
				   label->sealed, parts[i].content, digest);
		if (r)
			return r;
		findings->parts++;
		if (!tc_slice_equal(tc_slice(digest, sizeof(digest)), header.manifest[i]))
			part_wrong(findings, sequence, i, "not what the manifest says");
	}
	return 0;
}

static void barrier_note(uint64_t sequence, const Throughcare__V1__BarrierRecord *barrier,
			 struct findings *findings)
{
	findings->barrier = sequence;
	findings->based = barrier->base_sha256.len == sizeof(findings->base_sha256);
	if (findings->based)
		memcpy(findings->base_sha256, barrier->base_sha256.data,
		       sizeof(findings->base_sha256));
}

static int entry_check(struct journal_reader *reader, const struct journal_entry *entry,
		       struct findings *findings)
{
	Throughcare__V1__Record *record =
		throughcare__v1__record__unpack(NULL, entry->body.len, entry->body.data);
	int r = 0;

	if (!record)
		return TC_ECORRUPT;
	if (record->body_case == THROUGHCARE__V1__RECORD__BODY_SUBMISSION)
		r = parts_check(reader, entry->sequence, record->submission, findings);
	else if (record->body_case == THROUGHCARE__V1__RECORD__BODY_BARRIER)
		barrier_note(entry->sequence, record->barrier, findings);
	throughcare__v1__record__free_unpacked(record, NULL);
	return r;
}

/* The log commits to the base by the first barrier after it. */
static int base_check(const struct config *config, struct journal *journal,
		      struct findings *findings)
{
	struct base base;
	int r = base_open(config, journal, &base);

	if (r == BASE_NONE && findings->based) {
		puts("the base that the log says is gone");
		findings->wrong++;
	}
	if (r == BASE_NONE || r < 0)
		return r < 0 ? r : 0;
	r = store_load_check(base.rows);
	if (r == TC_ECORRUPT || (r == 0 && findings->barrier >= base.position &&
				 (!findings->based || memcmp(findings->base_sha256, base.sha256,
							     sizeof(base.sha256)) != 0))) {
		puts("the base is not the one that the log says");
		findings->wrong++;
		r = 0;
	}
	base_close(&base);
	return r;
}

static int forgotten_check(const struct config *config, struct journal *journal,
			   struct findings *findings)
{
	int r = forget_memory_check(config, journal);

	if (r != TC_ECORRUPT)
		return r;
	findings->wrong++;
	return 0;
}

static int journal_check(struct journal *journal, struct findings *findings)
{
	struct journal_reader *reader = NULL;
	struct journal_entry entry;
	int r = journal_reader_open(journal, &reader);

	while (r == 0) {
		r = journal_read(reader, findings->records, &entry);
		if (r == JOURNAL_END) {
			r = 0;
			break;
		}
		if (r == 0)
			r = entry_check(reader, &entry, findings);
		if (r == JOURNAL_FORGOTTEN) {
			findings->forgotten++;
			r = 0;
		}
		if (r == TC_ECORRUPT) {
			printf("record %" PRIu64 ": not what was written\n", findings->records);
			findings->wrong++;
			r = 0;
		}
		findings->records++;
	}
	journal_reader_close(&reader);
	return r;
}

/* Ledger and trail as they are, or as they are made again: the same at every record. */
struct views {
	struct ledger *ledger;
	struct trail_index *trail;
	uint8_t ledger_digest[32];
	uint8_t trail_digest[32];
};

static void views_close(struct views *views)
{
	trail_index_close(&views->trail);
	ledger_close(&views->ledger);
}

/* In the folders "ledger" and "trail" of `folder`, made when absent. */
static int views_open(struct views *views, const struct config *config, const char *folder)
{
	struct trail_index_options trail = {.map_bytes = (uint64_t)config->trail_map_bytes};
	struct ledger_options ledger;
	char *ledger_path = NULL;
	char *trail_path = NULL;
	int r = TC_ENOMEM;

	if (asprintf(&ledger_path, "%s/ledger", folder) < 0) {
		ledger_path = NULL;
		goto out;
	}
	if (asprintf(&trail_path, "%s/trail", folder) < 0) {
		trail_path = NULL;
		goto out;
	}
	stores_ledger_options(config, ledger_path, &ledger);
	trail.path = trail_path;
	r = ledger_open(&views->ledger, &ledger);
	if (r == 0)
		r = trail_index_open(&trail, &views->trail);
out:
	free(trail_path);
	free(ledger_path);
	return r;
}

/* As of the first `count` records. */
static int views_digest(struct views *views, uint64_t count)
{
	int r = ledger_digest(views->ledger, views->ledger_digest);

	if (r == 0)
		r = trail_index_digest(views->trail, count, views->trail_digest);
	return r;
}

/* Applies the first `count` records to views that are empty, or as the base has them. */
static int views_remake(struct views *views, struct journal *journal, uint64_t count)
{
	struct journal_reader *reader = NULL;
	int r = journal_reader_open(journal, &reader);

	for (uint64_t i = ledger_next(views->ledger); r == 0 && i < count; i++) {
		struct journal_entry entry;
		struct effects effects = {0};

		r = journal_read(reader, i, &entry);
		if (r == 0) {
			struct record record = {.sequence = entry.sequence,
						.time_ms = entry.time_ms,
						.body = entry.body};

			r = ledger_apply(views->ledger, &record, &effects);
		}
		if (r == 0)
			r = trail_index_take(views->trail, &effects, i + 1);
		effects_clear(&effects);
	}
	if (r == 0)
		r = trail_index_commit(views->trail);
	journal_reader_close(&reader);
	return r > 0 ? TC_ECORRUPT : r;
}

static int views_remove(const char *folder)
{
	static const char *const names[] = {"ledger", "trail"};
	int r = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *path = NULL;

		if (asprintf(&path, "%s/%s", folder, names[i]) < 0)
			return TC_ENOMEM;
		if (stores_folder_remove(path) != 0)
			r = TC_EIO;
		free(path);
	}
	return rmdir(folder) == 0 ? r : TC_EIO;
}

static bool digest_compare(const char *what, const uint8_t stored[32], const uint8_t remade[32])
{
	digest_print(what, stored);
	if (memcmp(stored, remade, 32) == 0)
		return true;
	printf("rebuilt ");
	digest_print(what, remade);
	return false;
}

/* The stored trail may be ahead of the ledger, never behind it: both are compared where the ledger
 * stands. */
static int views_check(struct views *stored, struct journal *journal, const struct config *config,
		       bool *ret_same)
{
	uint64_t count = ledger_next(stored->ledger);
	struct views remade = {.ledger = NULL};
	char *folder = NULL;
	struct base base;
	int r;

	if (asprintf(&folder, "%s/check.XXXXXX", config->data_dir) < 0)
		return TC_ENOMEM;
	if (!mkdtemp(folder)) {
		free(folder);
		return TC_EIO;
	}
	r = base_open(config, journal, &base);
	if (r == BASE_NONE)
		r = 0;
	if (r == 0)
		r = views_digest(stored, count);
	if (r == 0 && base.rows)
		r = base_load(config, &base, folder);
	base_close(&base);
	if (r == 0)
		r = views_open(&remade, config, folder);
	if (r == 0)
		r = views_remake(&remade, journal, count);
	if (r == 0)
		r = views_digest(&remade, count);
	views_close(&remade);
	if (views_remove(folder) != 0 && r == 0)
		r = TC_EIO;
	free(folder);
	if (r)
		return r;
	*ret_same = digest_compare("ledger", stored->ledger_digest, remade.ledger_digest);
	if (!digest_compare("trail", stored->trail_digest, remade.trail_digest))
		*ret_same = false;
	return 0;
}

/* A digest is of what a walk finds; what serves is found by search. */
static int searches_check(const struct views *stored, bool *ret_same)
{
	uint64_t of_ledger = 0, of_trail = 0;
	int r = ledger_search_check(stored->ledger, &of_ledger);

	if (r == 0)
		r = store_search_check(trail_index_store(stored->trail), &of_trail);
	if (of_ledger + of_trail > 0) {
		printf("not found by search %" PRIu64 "\n", of_ledger + of_trail);
		*ret_same = false;
	}
	return r;
}

static void fill_print(const char *what, const struct store_usage *usage)
{
	printf("fill %s %u %% of %" PRIu64 " bytes\n", what,
	       space_percent(usage->bytes_used, usage->bytes_limit), usage->bytes_limit);
}

/* The tree of the log, where there is one. */
static int tree_verify(const struct config *config, struct journal *journal, bool *ret_same)
{
	struct tree_check_options options = {.journal = journal,
					     .map_bytes = (uint64_t)config->tree_map_bytes};
	struct tree_findings findings;
	char *path = NULL;
	char *origin = NULL;
	int r = stores_origin(journal, config, &origin);

	if (r == 0 && asprintf(&path, "%s/tree", config->data_dir) < 0) {
		path = NULL;
		r = TC_ENOMEM;
	}
	options.path = path;
	options.origin = origin;
	if (r == 0)
		r = tree_check(&options, &findings);
	if (r == 0) {
		printf("tree %" PRIu64 "\ncheckpoints %" PRIu64 "\n", findings.size,
		       findings.checkpoints);
		if (findings.usage.bytes_limit > 0)
			fill_print("tree", &findings.usage);
		*ret_same = findings.wrong == 0;
	}
	free(path);
	free(origin);
	return r;
}

/* How full the maps are, and the disk that they lie on. */
static int fills_print(const struct stores *stores, const struct views *views)
{
	struct store_usage usage = {.bytes_limit = 0};
	struct journal_usage journal;
	int r = journal_usage(stores->journal, &journal);

	if (r == 0) {
		usage.bytes_used = journal.bytes_used;
		usage.bytes_limit = journal.bytes_limit;
		fill_print("journal", &usage);
		r = ledger_usage(views->ledger, &usage);
	}
	if (r == 0) {
		fill_print("ledger", &usage);
		r = store_usage(trail_index_store(views->trail), &usage);
	}
	if (r == 0) {
		fill_print("trail", &usage);
		usage.bytes_used = usage.disk_bytes - usage.disk_free_bytes;
		usage.bytes_limit = usage.disk_bytes;
		fill_print("disk", &usage);
	}
	return r;
}

int verify_check(const struct config *config)
{
	struct stores stores = {0};
	struct findings findings = {0};
	struct views stored = {.ledger = NULL};
	bool same = false;
	bool tree_same = false;
	int r = core_file_forbid();

	if (r == 0)
		r = stores_open_journal(&stores, config);
	if (r == 0)
		r = journal_check(stores.journal, &findings);
	if (r == 0)
		r = base_check(config, stores.journal, &findings);
	if (r == 0)
		r = forgotten_check(config, stores.journal, &findings);
	if (r == 0) {
		printf("records %" PRIu64 "\nparts %" PRIu64 "\nexpunged %" PRIu64
		       "\nwrong %" PRIu64 "\n",
		       findings.records, findings.parts, findings.forgotten, findings.wrong);
		r = views_open(&stored, config, config->data_dir);
	}
	if (r == 0)
		r = fills_print(&stores, &stored);
	if (r == 0 && trail_index_committed(stored.trail) > findings.records) {
		puts("the trail says that it has more records than the journal");
		findings.wrong++;
	}
	if (r == 0)
		r = views_check(&stored, stores.journal, config, &same);
	if (r == 0)
		r = searches_check(&stored, &same);
	if (r == 0)
		r = tree_verify(config, stores.journal, &tree_same);
	if (r == 0 && !tree_same)
		problem_print(
			"the tree of the log is not what the journal makes of it", NULL,
			"throughcared --rebuild makes it again; old checkpoints are lost then");
	if (r)
		problem_print("the check could not be finished", tc_err_text(r),
			      "check who may write in data_dir, and its free space");
	else if (!same)
		problem_print("ledger or trail is not what the journal makes of it", NULL,
			      "throughcared --rebuild makes both again");
	views_close(&stored);
	stores_close(&stores);
	return r || findings.wrong || !same || !tree_same ? 1 : 0;
}
