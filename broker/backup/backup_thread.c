#include "backup/backup_thread.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#define PAUSE_MS       50
#define SIGNED_PAUSES  200  /* ten seconds: the log is signed within its interval */
#define TREE_PAUSES    1200 /* a minute: the tree follows within its interval */
#define TREE_LATE_TEXT "the hash tree has not come up with the log; see the exchange's messages"

static void progress_tell(void *context, const struct backup_progress *progress)
{
	const struct backup_thread_options *options = context;

	backup_desk_progress(options->desk, progress, atomic_load(&options->journal_figures->tip));
}

/*
 * How many records are to be in it: all that are durable now, and up to where the log is signed a
 * moment later. With a sealer that does not answer, up to where the tree is. False: stop, or the
 * tree does not follow.
 */
static bool end_find(const struct backup_thread_options *options, uint64_t *ret)
{
	const struct tree_figures *tree = options->tree_figures;
	uint64_t tip = atomic_load(&options->journal_figures->tip);

	for (unsigned i = 0; i < TREE_PAUSES; i++) {
		uint64_t size = atomic_load(&tree->size);
		uint64_t checkpoint = atomic_load(&tree->checkpoint_size);
		bool waited = i >= SIGNED_PAUSES || !options->signs;

		*ret = checkpoint >= tip ? checkpoint : size;
		if (checkpoint >= tip || (size >= tip && waited))
			return true;
		if (!backup_desk_pause(options->desk, PAUSE_MS))
			return false;
	}
	return false;
}

static int backup(struct backup_thread_options *options, const char *path,
		  struct backup_problem *problem)
{
	struct backup_make_options make = {
		.path = path,
		.trust_domain = options->trust_domain,
		.data_dir = options->data_dir,
		.sealer_state = options->sealer_state,
		.journal = options->journal,
		.tree = options->tree,
		.stopping = backup_desk_stopping(options->desk),
		.progress = progress_tell,
		.context = options,
	};

	if (!end_find(options, &make.tip)) {
		snprintf(problem->text, sizeof(problem->text), TREE_LATE_TEXT);
		return BACKUP_CHECK_BAD;
	}
	return backup_make(&make, problem);
}

static void work(struct backup_thread_options *options, const tc_agency *name)
{
	struct backup_problem problem = {.text = ""};
	char *path = NULL;
	int r = asprintf(&path, "%s/%s", options->folder, name->name) < 0 ? TC_ENOMEM : 0;

	if (r)
		path = NULL;
	errno = 0;
	if (r == 0)
		r = backup(options, path, &problem);
	if (r == BACKUP_CHECK_STOPPED)
		snprintf(problem.text, sizeof(problem.text), "the exchange was stopped meanwhile");
	else if (r == TC_EIO && errno != 0)
		snprintf(problem.text, sizeof(problem.text), "%s: %s", path, strerror(errno));
	else if (r < 0)
		snprintf(problem.text, sizeof(problem.text), "%s", tc_err_text(r));
	log_event(r ? EV_BACKUP_FAILED : EV_BACKUP_VERIFIED, NULL, NULL, r);
	backup_desk_end(options->desk, r ? problem.text : NULL);
	free(path);
}

static void *run(void *context)
{
	struct backup_thread_options *options = context;
	tc_agency name;

	while (backup_desk_wait(options->desk, &name) == 0)
		work(options, &name);
	return NULL;
}

int backup_thread_start(const struct backup_thread_options *options, struct thread **ret)
{
	return thread_start(run, options, sizeof(*options), ret);
}
