/*
 * backups - a backup is asked for, or how the last one stands.
 *
 * The question is a record, so the trail says who had the log copied, and when. The backup
 * itself is made by a thread of its own (backup/backup_thread.h).
 *
 * Owner: the query thread. Blocks: never.
 */
#ifndef QUERY_BACKUPS_H
#define QUERY_BACKUPS_H

#include "query/answer.h"
#include "query/question.h"

int backups_answer(const struct question *question, struct answer *answer) TC_MUST_CHECK;

#endif
