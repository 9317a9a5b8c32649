/*
 * inbox - frames that came while something else was waited for, in order.
 *
 * Bounded by what was asked for: outstanding requests and credit.
 *
 * Owner: the handle. Blocks: never.
 */
#ifndef CLIENT_INBOX_H
#define CLIENT_INBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

/* What a frame is, read off its outside. */
struct tc_frame_kind {
	uint64_t request_id;
	uint32_t body; /* field number of Response's body; 0: none */
};

struct tc_inbox_frame {
	struct tc_inbox_frame *next;
	struct tc_frame_kind kind;
	struct tc_bytes bytes;
};

struct tc_inbox {
	struct tc_inbox_frame *first;
	struct tc_inbox_frame *last;
};

/* False when it is no Response. */
bool tc_frame_kind_read(struct tc_slice frame, struct tc_frame_kind *ret);

/* Keeps a copy. TC_ENOMEM. */
int tc_inbox_push(struct tc_inbox *inbox, const struct tc_frame_kind *kind,
		  struct tc_slice frame) TC_MUST_CHECK;
/* Takes this frame out; the caller owns it from now on. */
void tc_inbox_take(struct tc_inbox *inbox, struct tc_inbox_frame *frame);
void tc_inbox_frame_free(struct tc_inbox_frame **frame);
void tc_inbox_clear(struct tc_inbox *inbox);

#endif
