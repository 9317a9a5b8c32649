/*
 * sealer - signs the checkpoints of one log, and never one that takes anything back.
 *
 * A tree is signed when it is the one that was signed last, or is proved to begin with it.
 * That is remembered on disk before the signature is given away: whoever starts the exchange
 * with an older log, or a changed one, gets no signature any more.
 *
 * Owner: one thread. Blocks: on the state's disk.
 */
#ifndef SEALER_SEALER_H
#define SEALER_SEALER_H

#include "sealer/sealer_key.h"
#include "sealer/sealer_state.h"

struct sealer {
	struct sealer_keys keys;
	struct sealer_state state;
};

/* One frame of sealer_frame.h and its answer, which is appended to *answer. 0 or a fault: then
 * there is no answer, and the connection is of no use any more. */
int sealer_answer(struct sealer *sealer, struct tc_slice frame,
		  struct tc_bytes *answer) TC_MUST_CHECK;

#endif
