/*
 * job_row - the rows of jobs: JOB, sequence and index -> what, how far.
 *
 * Owner:  ledger thread, inside its transaction; for job.c alone. Blocks: never.
 */
#ifndef LEDGER_JOB_ROW_H
#define LEDGER_JOB_ROW_H

#include "ledger/job.h"
#include "store/store_key.h"

struct ledger;

void job_key(struct store_key *key, uint64_t sequence, uint32_t index);
int job_put(struct ledger *ledger, const struct job *job) TC_MUST_CHECK;
/* 0 or TC_ECORRUPT. */
int job_read(struct tc_slice key, struct tc_slice value, struct job *ret) TC_MUST_CHECK;

#endif
