/* The log that is there already. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/problem.h"
#include "daemon/restore_inside.h"
#include "journal/journal_lmdb.h"

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
	struct journal_usage usage;
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
	if (r == 0 && journal_usage(restore->replaced, &usage) == 0)
		restore->replaced_origin = usage.origin;
	return 0;
}
