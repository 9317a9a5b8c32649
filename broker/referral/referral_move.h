/*
 * referral_move - one message, order or clock while it moves a referral: inside of this folder.
 *
 * Owner: as referral.h. Blocks: never.
 */
#ifndef REFERRAL_REFERRAL_MOVE_H
#define REFERRAL_REFERRAL_MOVE_H

#include "referral/referral.h"

struct moving {
	struct referral *referral;
	const Throughcare__V1__LifecycleClaim *claim; /* never NULL */
	const char *by;
	unsigned actors; /* enum referral_actor bits of the sender */
	struct tc_slice type;
	struct tc_slice status;
	struct tc_slice actor;
	struct tc_id message;
	uint64_t sequence;
	int64_t now_ms;
	int64_t occurred_ms;
};

/* Of what the exchange itself does: an event of lifecycle.h. */
struct moving moving_own(struct referral *referral, const char *event, uint64_t sequence,
			 int64_t now_ms);
/* The rule that fits, or NULL. */
const struct lifecycle_rule *moving_rule(const struct moving *moving);
/* The claim of what makes none. */
extern const Throughcare__V1__LifecycleClaim moving_no_claim;

/* Does what the rule says, and writes it. */
int referral_move(struct store_txn *txn, const struct referral_tables *tables,
		  struct moving *moving, const struct lifecycle_rule *rule,
		  struct referral_change *ret) TC_MUST_CHECK;
/* What does not move it: the change says how it stands. */
void referral_stands(const struct referral *referral, struct referral_change *ret);

/* A text into a field of `size` bytes, cut to the room. */
void referral_text(char *to, size_t size, struct tc_slice text);

#endif
