/*
 * backup_place - a log of samples in a folder of its own, and its backup.
 *
 * Owner: the test.
 */
#ifndef TESTS_BACKUP_PLACE_H
#define TESTS_BACKUP_PLACE_H

#include <limits.h>

#include "backup/backup_make.h"

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define MAP_BYTES  (256 * 1024 * 1024)
#define DOMAIN     "test.example"

struct place {
	char folder[PATH_MAX];
	char journal_path[PATH_MAX + 16], tree_path[PATH_MAX + 16], data[PATH_MAX + 16];
	char backup_path[PATH_MAX + 16], copy_path[PATH_MAX + 16];
	struct journal *journal;
	uint64_t tip;
	atomic_bool stopping;
	struct backup_progress progress;
	unsigned turns, last_turn; /* 0: it is not stopped */
};

int setup(void **state);
int teardown(void **state);

/* So many samples more. */
void append(struct place *place, size_t count);
/* In the folder of data. */
void file_make(struct place *place, const char *name, const char *text);
/* backup_make. */
int make(struct place *place, struct backup_problem *problem);
/* The same, well. */
void made(struct place *place);
/* The backup as a journal of its own. */
struct journal *restored(struct place *place);
/* Nanoseconds; 0: there is no such file in the backup. */
int64_t changed_at(struct place *place, const char *name);

#endif
