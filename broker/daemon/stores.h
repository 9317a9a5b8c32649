/*
 * stores - journal, ledger and trail of one exchange, opened and brought up to date.
 *
 * The journal is the truth; ledger and trail are made from it. Opening replays what
 * they lack. A trail that is behind the ledger cannot be filled up again, so then both
 * are made anew (trail_index.h says why).
 *
 * Owner: the main thread, while no other thread runs. Blocks: on the disk.
 */
#ifndef DAEMON_STORES_H
#define DAEMON_STORES_H

#include "daemon/config.h"
#include "journal/journal.h"
#include "ledger/ledger.h"
#include "trail/checkpointer.h"
#include "trail/trail_index.h"

struct stores {
	struct journal *journal;
	struct ledger *ledger;
	struct trail_index *trail;
	struct tree_store *tree; /* the three: NULL before stores_tree_open */
	struct sealer_link *sealer;
	struct checkpointer *checkpointer;
	struct tc_id log_id;  /* of the journal */
	uint32_t boot;        /* of this life: set by stores_begin */
	bool greeted;         /* by a sealer, in this life... */
	uint64_t signed_size; /* ...that remembered this then */
};

/* In data_dir: a file while a restored log is put in place, and what one is made of before. */
#define STORES_RESTORING   "restoring"
#define STORES_JOURNAL_NEW "journal.new"
#define STORES_TREE_NEW    "tree.new"

/* Journal alone. Every fault has been told on stderr. */
int stores_open_journal(struct stores *stores, const struct config *config) TC_MUST_CHECK;
/* Ledger and trail too, applied up to the journal's tip. `anew`: deletes both first. */
int stores_open(struct stores *stores, const struct config *config, bool anew) TC_MUST_CHECK;
/* Ledger and trail alone, closed before; from the base where there is one (base.h). */
int stores_open_views(struct stores *stores, const struct config *config, bool anew) TC_MUST_CHECK;
/* Applies what was appended, and commits both. */
int stores_replay(struct stores *stores) TC_MUST_CHECK;
/*
 * The tree of the log, grown to the journal's tip, and its sealer. Of a sealer that has signed what
 * this log is not the continuation of, nothing is opened (TC_ESTORE): before the log has one record
 * more. So of one that does not answer. `figures` lives until stores_close.
 */
int stores_tree_open(struct stores *stores, const struct config *config,
		     struct tree_figures *figures) TC_MUST_CHECK;
/* The origin line of the log's checkpoints, which is the name of its keys; to be freed. */
int stores_origin(struct journal *journal, const struct config *config, char **ret) TC_MUST_CHECK;
/* The sealer that the configuration names; NULL when it names none. */
int stores_sealer_open(const struct config *config, const char *origin,
		       struct sealer_link **ret) TC_MUST_CHECK;
/* Starts a new life in the log: the barrier record, then `seeds`, appended and applied. The ledger
 * is parked then, for its thread. */
int stores_begin(struct stores *stores, const struct config *config,
		 struct record_batch *seeds) TC_MUST_CHECK;
/* After the last thread has ended: what was disclosed is bound to the log, and the log is signed. A
 * log that takes no more is left as it is. 0 or a fault. */
int stores_finish(struct stores *stores) TC_MUST_CHECK;
void stores_close(struct stores *stores);
/* For the next stores_tree_open to make it again. */
int stores_tree_remove(const struct config *config) TC_MUST_CHECK;
/* What stores_tree_open opened; stores_close does it too. */
void stores_tree_close(struct stores *stores);

/* As the configuration says, with `path` for the folder. */
void stores_ledger_options(const struct config *config, const char *path,
			   struct ledger_options *ret);
/* A folder of plain files. What is not there is removed already. 0 or TC_EIO. */
int stores_folder_remove(const char *path) TC_MUST_CHECK;

#endif
