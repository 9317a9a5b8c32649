/*
 * terms - what came along with parts, from its packed form into the public structs.
 *
 * Owner: the handle. Blocks: never.
 */
#ifndef CLIENT_TERMS_H
#define CLIENT_TERMS_H

#include <throughcare/terms.h>

#include "base/bytes.h"
#include "base/err.h"
#include "client/arena.h"

enum tc_terms_outcome {
	TC_TERMS_UNREADABLE = 1, /* these bytes are no ReleaseTerms */
};

/* The terms read last: one delivery after the other comes on the same. */
struct tc_terms_memory {
	struct tc_arena arena;
	struct tc_bytes packed;
	const struct tc_terms *terms; /* NULL: none */
};

void tc_terms_memory_init(struct tc_terms_memory *memory);
void tc_terms_memory_done(struct tc_terms_memory *memory);
/* *ret stands until other terms are read. 0, TC_TERMS_UNREADABLE or TC_ENOMEM. */
int tc_terms_read(struct tc_terms_memory *memory, struct tc_slice packed,
		  const struct tc_terms **ret) TC_MUST_CHECK;

#endif
