/*
 * proofs - what the log proves of itself: that a record is in it, that it only grew, and the
 * checkpoints that say so.
 *
 * Every proof leads to a stored checkpoint, with its signatures and with what witnesses have
 * said of it. Hashes, times and numbers of records are nobody's secret here; what a record
 * says is shown only to those whose business it is.
 *
 * Each: 0, QUESTION_REFUSED or a fault. Owner: the query thread. Blocks: on page faults only.
 */
#ifndef QUERY_PROOFS_H
#define QUERY_PROOFS_H

#include "query/answer.h"

int proofs_inclusion(const struct question *question, struct answer *answer) TC_MUST_CHECK;
int proofs_checkpoint(const struct question *question, struct answer *answer) TC_MUST_CHECK;
int proofs_consistency(const struct question *question, struct answer *answer) TC_MUST_CHECK;
/* Of one record, under a checkpoint that has it. 0 or a fault. */
int proofs_record(const struct question *question, struct answer *answer, uint64_t index,
		  const struct tree_checkpoint *checkpoint,
		  Throughcare__V1__TrailProof **ret) TC_MUST_CHECK;
/* The log's public keys as vkey lines, the newest last; none when nothing was signed. */
int proofs_vkeys(const struct question *question, struct answer *answer, char ***ret,
		 size_t *ret_count) TC_MUST_CHECK;

#endif
