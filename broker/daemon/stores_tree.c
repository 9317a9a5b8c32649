#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/log_answered.h"
#include "daemon/log_gap.h"
#include "daemon/problem.h"
#include "daemon/stores.h"
#include "trail/anchor_record.h"

#define PROGRAM_BYTES  4096
#define ANCHORS_AT_END 2

int stores_origin(struct journal *journal, const struct config *config, char **ret)
{
	struct journal_usage usage;
	int r = journal_usage(journal, &usage);

	return r ? r : log_origin_format(config->trust_domain, usage.origin, ret);
}

static int tree_open(struct stores *stores, const struct config *config, const char *origin)
{
	struct tree_store_options options = {.map_bytes = (uint64_t)config->tree_map_bytes,
					     .origin = origin};
	struct journal_usage usage;
	char *path = NULL;
	int r = journal_usage(stores->journal, &usage);

	if (r)
		return r;
	if (asprintf(&path, "%s/tree", config->data_dir) < 0)
		return TC_ENOMEM;
	options.path = path;
	options.log_id = usage.log_id;
	options.tip = usage.tip;
	r = tree_store_open(&options, &stores->tree);
	if (r)
		problem_print_at(path, "the folder cannot be opened", tc_err_text(r),
				 "check its owner and free space; removed, it is made again");
	free(path);
	return r;
}

/* Beside the program that runs. */
static int program_find(char to[PROGRAM_BYTES])
{
	char self[PROGRAM_BYTES - 32];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (len <= 0)
		return TC_EIO;
	self[len] = '\0';
	snprintf(to, PROGRAM_BYTES, "%s/throughcare-sealer", dirname(self));
	return 0;
}

int stores_sealer_open(const struct config *config, const char *origin, struct sealer_link **ret)
{
	struct sealer_link_options options = {.socket = config->sealer_socket,
					      .program = config->sealer_program,
					      .origin = origin,
					      .keys = config->sealer_keys,
					      .state = config->sealer_state};
	char program[PROGRAM_BYTES];

	if (!*options.socket && !*options.keys)
		return 0;
	if (!*options.socket && !*options.state) {
		problem_print("sealer.keys is set and sealer.state is not", NULL,
			      "name the folder where the sealer remembers what it signed");
		return TC_ECONFIG;
	}
	if (!*options.program) {
		if (program_find(program) != 0)
			return TC_EIO;
		options.program = program;
	}
	return sealer_link_open(&options, ret);
}

/* Before anything is added: what was signed must stand in this log. */
static int sealed_check(struct stores *stores)
{
	int r = checkpointer_round(stores->checkpointer);

	if (r < 0)
		problem_print("the tree of the log cannot be made", tc_err_text(r),
			      "remove data_dir/tree; throughcared --check tells about the journal");
	if (r <= 0)
		return r;
	log_event(EV_SEALER_FAILED, NULL, NULL, r);
	if (r == CHECKPOINTER_UNSIGNED) {
		problem_print("the sealer does not answer",
			      "or it cannot write down what it signs; nothing is served that could "
			      "not be proved later",
			      "see its own message; check sealer.keys, sealer.state, "
			      "sealer.program or sealer.socket");
		return TC_ESTORE;
	}
	log_gap_explain(r == CHECKPOINTER_SMALLER ? LOG_GAP_SHORT : LOG_GAP_OTHER,
			checkpointer_signed_size(stores->checkpointer),
			tree_store_size(stores->tree));
	return TC_ESTORE;
}

/* One that runs by itself was told a name by somebody. */
static int sealer_name_check(const struct sealer_greeting *greeting, const char *origin)
{
	char name[TC_NOTE_NAME_BYTES], detail[2 * TC_NOTE_NAME_BYTES + 64];

	sealer_greeting_name(greeting, name);
	if (strcmp(name, origin) == 0)
		return 0;
	snprintf(detail, sizeof(detail), "the log is %s, the sealer signs %s", origin, name);
	problem_print("the sealer signs under another name than the log's", detail,
		      "after a restore that accepted a gap, set ORIGIN to the log's name in "
		      "throughcare-sealer.service; if the sealer's is the later one, this is an "
		      "older log: restore a newer backup");
	return TC_ESTORE;
}

/*
 * Of a later name than the first the sealer knows nothing at first: such a log must tell itself of
 * the gap that somebody answered for, or it would pass by what was signed before.
 */
static int name_check(struct stores *stores, const struct config *config, const char *origin)
{
	static struct log_answered answered;
	struct sealer_greeting greeting;
	struct journal_usage usage;
	int r = journal_usage(stores->journal, &usage);

	if (r || (!*config->sealer_socket && usage.origin == 0))
		return r;
	/* One that does not answer is the checkpointer's to tell. */
	if (!stores->sealer || sealer_link_hello(stores->sealer, &greeting) != 0)
		return r;
	r = sealer_name_check(&greeting, origin);
	if (r || usage.origin == 0 || greeting.size > 0)
		return r;
	r = log_answered_read(stores->journal, &answered);
	if (r || log_answered_names(&answered, origin))
		return r;
	problem_print_at(origin, "the log has another name, and no gap that was accepted",
			 "nothing was ever signed under it, so nothing can be held against it",
			 "restore a backup: throughcared --restore DIR --replace");
	return TC_ESTORE;
}

int stores_tree_open(struct stores *stores, const struct config *config,
		     struct tree_figures *figures)
{
	struct checkpointer_options options = {.journal = stores->journal, .figures = figures};
	char *origin = NULL;
	int r = stores_origin(stores->journal, config, &origin);

	if (r == 0)
		r = tree_open(stores, config, origin);
	if (r == 0)
		r = stores_sealer_open(config, origin, &stores->sealer);
	if (r == 0)
		r = name_check(stores, config, origin);
	free(origin);
	if (r)
		return r;
	options.store = stores->tree;
	options.link = stores->sealer;
	r = checkpointer_open(&options, &stores->checkpointer);
	if (r == 0)
		r = sealed_check(stores);
	/* Opened again after something was forgotten, it has signed already. */
	if (r == 0 && !stores->greeted)
		stores->greeted = checkpointer_greeted(stores->checkpointer, &stores->signed_size);
	return r;
}

/* An anchor tells of the root after the one before it: so the last disclosures need two. */
static int anchors_append(struct stores *stores, bool *ret_more)
{
	struct record_batch batch = {0};
	int r = 0;

	for (int i = 0; r == 0 && i < ANCHORS_AT_END; i++) {
		r = anchor_record_make(stores->trail, &batch);
		if (r == 0)
			r = journal_append(stores->journal, &batch,
					   tc_id_new(tc_clock_now_ms(&tc_clock_real)));
		if (r == 0) {
			*ret_more = true;
			r = stores_replay(stores);
		}
		record_batch_free(&batch);
	}
	return r < 0 ? r : 0;
}

int stores_finish(struct stores *stores)
{
	bool more = false;
	int r = ledger_resume(stores->ledger);

	if (r == 0)
		r = anchors_append(stores, &more);
	if (r == 0 && more)
		r = checkpointer_round(stores->checkpointer);
	if (r < 0)
		problem_print("the log could not be ended as it should", tc_err_text(r),
			      "nothing is lost: what was disclosed last is bound to it later");
	return r < 0 ? r : 0;
}

int stores_tree_remove(const struct config *config)
{
	char *path = NULL;
	int r;

	if (asprintf(&path, "%s/tree", config->data_dir) < 0)
		return TC_ENOMEM;
	r = stores_folder_remove(path);
	free(path);
	return r;
}

void stores_tree_close(struct stores *stores)
{
	checkpointer_close(&stores->checkpointer);
	sealer_link_close(&stores->sealer);
	tree_store_close(&stores->tree);
}
