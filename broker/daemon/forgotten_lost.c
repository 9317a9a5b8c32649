#include "daemon/forgotten_lost.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/core_file.h"
#include "daemon/forget_memory.h"
#include "daemon/problem.h"
#include "daemon/restore_inside.h"
#include "throughcare/v1/record.pb-c.h"

static int lost_append(struct stores *stores, const struct config *config, const char *reason,
		       const char *decided_by)
{
	Throughcare__V1__RestoredRecord said = THROUGHCARE__V1__RESTORED_RECORD__INIT;
	struct journal_usage usage;
	int r = journal_usage(stores->journal, &usage);

	if (r == 0)
		r = stores_origin(stores->journal, config, &said.origin);
	if (r < 0)
		return r;
	said.has_size = said.has_gap = said.has_forgotten_lost = 1;
	said.size = usage.tip;
	said.gap = THROUGHCARE__V1__RESTORE_GAP__RESTORE_GAP_NONE;
	said.forgotten_lost = 1;
	/* protobuf-c has no const strings; packing does not write. */
	said.reason = (char *)(uintptr_t)reason;
	said.decided_by = (char *)(uintptr_t)decided_by;
	r = restore_record_append(stores->journal, &said);
	free(said.origin);
	/* After the record: a crash between the two asks for it once more. */
	return r == 0 ? forget_memory_note(config, stores->journal) : r;
}

int forgotten_lost_run(const struct config *config, const char *reason, const char *decided_by)
{
	struct stores stores = {0};
	bool lost = false;
	int r = core_file_forbid();

	if (r == 0)
		r = stores_open_journal(&stores, config);
	if (r == 0)
		r = forget_memory_check(config, NULL);
	if (r == 0)
		r = forget_memory_less(config, stores.journal, &lost);
	if (r == 0 && lost) {
		r = lost_append(&stores, config, reason, decided_by);
		if (r == 0)
			puts("What is missing in data_dir/forgotten is not known any more; the log "
			     "says so now. Make a backup again under each name that you use, and "
			     "delete every other copy of the log.");
		else
			problem_print("the log cannot be written", tc_err_text(r),
				      "check the folder's owner and free space");
	} else if (r == 0) {
		puts("Nothing is missing: data_dir/forgotten has all that the log knows of.");
	}
	stores_close(&stores);
	return r == 0 ? 0 : 1;
}
