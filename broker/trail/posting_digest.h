/*
 * posting_digest - every posting of the trail, whatever blocks they lie in.
 *
 * Where blocks end depends on when the trail was committed; which positions a term has does
 * not, and equal logs give equal ones.
 *
 * Owner: the caller's transaction. Blocks: on page faults only.
 */
#ifndef TRAIL_POSTING_DIGEST_H
#define TRAIL_POSTING_DIGEST_H

#include "trail/posting.h"
#include "wire/digest.h"

/* Adds term and position of each posting of a record before `before`. */
int posting_digest_add(struct tc_sha256_stream *stream, struct store_txn *txn,
		       struct store_table table, uint64_t before) TC_MUST_CHECK;

#endif
