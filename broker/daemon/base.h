/*
 * base - the state that records were forgotten from, in the place of what they had led to.
 *
 * `data_dir/base` has every row of ledger and trail as of one position of the log. Where it
 * exists, both are made from it and from the records at and after that position; the ones before
 * are never applied again, whether they are forgotten or not.
 *
 * Owner:  the main thread, while no other thread runs. Blocks: on the disk.
 */
#ifndef DAEMON_BASE_H
#define DAEMON_BASE_H

#include "daemon/config.h"
#include "daemon/stores.h"
#include "ledger/ledger_forget.h"

enum base_outcome {
	BASE_NONE = 1, /* nothing was forgotten yet */
};

struct base {
	uint64_t position; /* the sequence that comes next */
	struct tc_id log_id;
	uint8_t sha256[STORE_DUMP_SHA256_BYTES];
	struct store_load *rows;
};

/* 0, BASE_NONE, or a fault: TC_ECORRUPT also when it is of
 * another log than the journal. */
int base_open(const struct config *config, struct journal *journal, struct base *ret) TC_MUST_CHECK;
void base_close(struct base *base);

/* Is it the one that the log says, as far as stores' ledger has applied it? `base` without rows: is
 * there none? 0, TC_ECORRUPT or another fault. */
int base_hold(const struct base *base, struct stores *stores) TC_MUST_CHECK;

/* In the place of the former one: the rows of stores' ledger and trail without `what`, as of the
 * ledger's position. Both stay as they are. 0 or a fault. */
int base_write(const struct config *config, struct stores *stores,
	       const struct forget_what *what) TC_MUST_CHECK;

/* When the file's rows are those of its digest, makes the folders "ledger" and "trail" in `folder`,
 * where none are; a crash leaves none that is not whole. 0 or a fault. */
int base_load(const struct config *config, const struct base *base,
	      const char *folder) TC_MUST_CHECK;
/* Overwrites the files of both folders and of what base_load left unfinished, and removes them. 0
 * or TC_EIO. */
int base_views_erase(const char *folder) TC_MUST_CHECK;

#endif
