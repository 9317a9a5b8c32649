/*
 * restore_inside - what the parts of a restore share.
 *
 * Inside broker/daemon only.
 *
 * Owner: the main thread. Blocks: on the disk.
 */
#ifndef DAEMON_RESTORE_INSIDE_H
#define DAEMON_RESTORE_INSIDE_H

#include "backup/backup_manifest.h"
#include "daemon/log_gap.h"
#include "daemon/restore.h"
#include "daemon/stores.h"
#include "journal/journal.h"
#include "throughcare/v1/record.pb-c.h"

struct restore {
	const struct config *config;
	const struct restore_words *words;
	struct backup_folder from; /* the backup */
	struct backup_folder to;   /* data_dir */
	struct backup_manifest manifest;
	bool there;               /* data_dir has a journal */
	bool marked;              /* by us, since it has none */
	struct journal *replaced; /* that journal, when it can be read */
	uint32_t replaced_origin; /* of it */
	uint64_t lost_first;      /* what it has and the backup does not have */
	uint64_t lost_count;
	bool lost_unknown;         /* it cannot be read */
	bool forgotten_lost;       /* it knows of more than the next says */
	struct tc_bytes forgotten; /* data_dir/forgotten, as it is to be */
	uint32_t log_origin;       /* of the backup's log */
	uint32_t origin;           /* of the log from now on */
	struct log_gap gap;
};

/* A path below data_dir; NULL without memory. To be freed. */
char *restore_path(const struct restore *restore, const char *name);

int restore_journal_open(const struct restore *restore, const char *path,
			 struct journal **ret) TC_MUST_CHECK;
/* The log that is there: locked until the end. 0, or a fault that was told. */
int restore_replaced_open(struct restore *restore, const char *path) TC_MUST_CHECK;
/* Holds it against the restored log: fills restore->lost_*. */
void restore_replaced_compare(struct restore *restore, struct journal *made);
/* Says it on stderr in three parts. */
void restore_lost_explain(const struct restore *restore);
/* As the log's next record. 0 or a fault. */
int restore_record_append(struct journal *journal,
			  Throughcare__V1__RestoredRecord *restored) TC_MUST_CHECK;
/* From here on no exchange starts before the restore is done. 0 or a fault. */
int restore_mark(struct restore *restore) TC_MUST_CHECK;

/* Fills restore->forgotten*. 0, or a fault: TC_ECORRUPT was told. */
int restore_forgotten_join(struct restore *restore) TC_MUST_CHECK;
/* Says it on stderr in three parts. */
void restore_forgotten_explain(const struct restore *restore);
/* The restored log knows of all of it. 0, JOURNAL_FULL or a fault. */
int restore_forgotten_note(const struct restore *restore, struct journal *journal) TC_MUST_CHECK;
int restore_forgotten_place(const struct restore *restore) TC_MUST_CHECK;

/* Holds the restored log, which stands in STORES_JOURNAL_NEW, against all that is known to have
 * been signed: fills restore->gap. 0, or a fault that was told. */
int restore_known(struct restore *restore, struct journal *journal) TC_MUST_CHECK;
/* The keys that sign under the new origin: told, and added to the file audit.vkey. */
int restore_keys(const struct restore *restore) TC_MUST_CHECK;

/* Puts it where it belongs, with all that is in the backup beside it, and removes what was made of
 * the log before. 0 or a fault; when it is interrupted, no exchange starts before it was done
 * again. */
int restore_place(struct restore *restore) TC_MUST_CHECK;

#endif
