/*
 * task_row - the row of a task, and the keys under which it is found.
 *
 * Owner: the caller. Blocks: never.
 */
#ifndef LEDGER_TASK_ROW_H
#define LEDGER_TASK_ROW_H

#include "ledger/row.h"
#include "ledger/task.h"
#include "store/store_key.h"

void task_row_put(struct row_writer *row, const struct task *task);
/* False when it is damaged. */
bool task_row_read(struct tc_slice key, struct tc_slice value, struct task *ret);

void task_row_key(struct store_key *key, uint64_t delivery);
void task_open_key(struct store_key *key, const struct task *task);
void task_owner_key(struct store_key *key, const struct task *task);
void task_message_key(struct store_key *key, const struct task *task);
void task_referral_key(struct store_key *key, const struct task *task);
void task_alert_key(struct store_key *key, const struct task *task);

#endif
