#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/problem.h"
#include "daemon/stores.h"

#define PROGRAM_BYTES 4096

int stores_origin(const struct config *config, char **ret)
{
	if (asprintf(ret, "%s/trail", config->trust_domain) >= 0)
		return 0;
	*ret = NULL;
	return TC_ENOMEM;
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

static int sealer_open(struct stores *stores, const struct config *config, char *origin)
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
	return sealer_link_open(&options, &stores->sealer);
}

/* Before anything is added: what was signed must stand in this log. */
static int sealed_check(struct stores *stores)
{
	char detail[160];
	int r = checkpointer_round(stores->checkpointer);

	if (r < 0)
		problem_print("the tree of the log cannot be made", tc_err_text(r),
			      "remove data_dir/tree; throughcared --check tells about the journal");
	if (r <= 0)
		return r;
	log_event(EV_SEALER_FAILED, NULL, NULL, r);
	if (r == CHECKPOINTER_UNSIGNED) {
		problem_print("the sealer does not answer",
			      "nothing is served that could not be proved later",
			      "see its own message; check sealer.keys, sealer.state, "
			      "sealer.program or sealer.socket");
		return TC_ESTORE;
	}
	snprintf(detail, sizeof(detail),
		 "%" PRIu64 " records were signed; this log has %" PRIu64 "%s",
		 checkpointer_signed_size(stores->checkpointer), tree_store_size(stores->tree),
		 r == CHECKPOINTER_SMALLER ? "" : ", and others among them");
	problem_print(
		r == CHECKPOINTER_SMALLER
			? "the log is older than what was signed: records are missing"
			: "the log is not the one that was signed",
		detail,
		"put the newest copy of data_dir/journal in its place; see RESTORING A LOG in "
		"throughcared(8)");
	return TC_ESTORE;
}

int stores_tree_open(struct stores *stores, const struct config *config,
		     struct tree_figures *figures)
{
	struct checkpointer_options options = {.journal = stores->journal, .figures = figures};
	char *origin = NULL;
	int r = stores_origin(config, &origin);

	if (r == 0)
		r = tree_open(stores, config, origin);
	if (r == 0)
		r = sealer_open(stores, config, origin);
	free(origin);
	if (r)
		return r;
	options.store = stores->tree;
	options.link = stores->sealer;
	r = checkpointer_open(&options, &stores->checkpointer);
	return r ? r : sealed_check(stores);
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
