/* The log that is there already. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/problem.h"
#include "daemon/restore_inside.h"
#include "journal/journal_lmdb.h"
#include "throughcare/v1/record.pb-c.h"

#define LEAVES 1024

int restore_journal_open(const struct restore *restore, const char *path, struct journal **ret)
{
	struct journal_lmdb_options options = {
		.path = path,
		.map_bytes = (uint64_t)restore->config->journal_map_bytes,
		.clock = &tc_clock_real,
	};

	return journal_lmdb_open(&options, ret);
}

/* One that cannot be read may be why something is restored: what it had is then not known. */
int restore_replaced_open(struct restore *restore, const char *path)
{
	int r;

	if (!restore->words->replace) {
		problem_print_at(path, "there is a log already",
				 "restoring would remove it, and what it has beyond the backup",
				 "add --replace if that is meant; keep a copy of it if you can");
		return TC_ECONFIG;
	}
	r = restore_journal_open(restore, path, &restore->replaced);
	if (r == JOURNAL_FENCED) {
		problem_print_at(path, "the exchange is running", NULL, "stop throughcared first");
		return TC_ECONFIG;
	}
	return 0;
}

/* ---- what is lost with it ---- */

static bool same(const struct journal_leaf *a, const struct journal_leaf *b)
{
	return a->time_ms == b->time_ms &&
	       memcmp(a->commitment, b->commitment, sizeof(a->commitment)) == 0;
}

/* How many records both logs begin with. */
static int common_count(struct journal_reader *one, struct journal_reader *other, uint64_t *ret)
{
	static struct journal_leaf ones[LEAVES], others[LEAVES];
	size_t one_count, other_count, i = 0;
	int r;

	*ret = 0;
	do {
		r = journal_read_leaves(one, *ret, LEAVES, ones, &one_count);
		if (r == 0)
			r = journal_read_leaves(other, *ret, LEAVES, others, &other_count);
		if (r)
			return r;
		for (i = 0; i < one_count && i < other_count; i++)
			if (!same(&ones[i], &others[i]))
				break;
		*ret += i;
	} while (i == LEAVES);
	return 0;
}

/* A restored log that no exchange has served: it ends with what says that it was restored. */
static int is_restored(struct journal_reader *reader, uint64_t sequence, bool *ret)
{
	Throughcare__V1__Record *record = NULL;
	struct journal_entry entry;
	int r = journal_read(reader, sequence, &entry);

	if (r == 0)
		record = throughcare__v1__record__unpack(NULL, entry.body.len, entry.body.data);
	*ret = record && record->body_case == THROUGHCARE__V1__RECORD__BODY_RESTORED;
	throughcare__v1__record__free_unpacked(record, NULL);
	return r < 0 ? r : 0;
}

static int compare(struct restore *restore, struct journal_reader *old, struct journal_reader *made)
{
	struct journal_usage usage;
	bool unserved = false;
	uint64_t common;
	int r = journal_usage(restore->replaced, &usage);

	if (r == 0)
		r = common_count(old, made, &common);
	if (r == 0 && common + 1 == usage.tip)
		r = is_restored(old, common, &unserved);
	if (r)
		return r;
	restore->replaced_origin = unserved ? 0 : usage.origin;
	restore->lost_first = common;
	restore->lost_count = unserved ? 0 : usage.tip - common;
	return 0;
}

void restore_replaced_compare(struct restore *restore, struct journal *made)
{
	struct journal_reader *old_reader = NULL, *made_reader = NULL;
	int r = restore->replaced ? journal_reader_open(restore->replaced, &old_reader)
				  : TC_ECORRUPT;

	if (r == 0)
		r = journal_reader_open(made, &made_reader);
	if (r == 0)
		r = compare(restore, old_reader, made_reader);
	restore->lost_unknown = restore->there && r != 0;
	journal_reader_close(&old_reader);
	journal_reader_close(&made_reader);
}

void restore_lost_explain(const struct restore *restore)
{
	char detail[160];

	snprintf(detail, sizeof(detail), "%" PRIu64 " records, from record %" PRIu64 " on",
		 restore->lost_count, restore->lost_first);
	problem_print_at(restore->config->data_dir,
			 "the log that is there has records that the backup does not have", detail,
			 "make or find a newer backup. When these records are to be lost, add "
			 "--accept-gap REASON --decided-by WHO: that stands in the log and in the "
			 "trail. See RESTORING A LOG in throughcared(8)");
}
