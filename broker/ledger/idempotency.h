/*
 * idempotency - every accepted message id of every sender, for good, with its receipt.
 *
 * The same id with the same content gives the first receipt again, months later too;
 * with other content it is a conflict (P2). What was refused is not remembered: it was
 * never in custody, and may be sent again when the reason is gone.
 *
 * Owner:  ledger thread for writing; any read transaction may read rows. Blocks: never.
 */
#ifndef LEDGER_IDEMPOTENCY_H
#define LEDGER_IDEMPOTENCY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/id.h"
#include "store/store_key.h"
#include "wire/limits.h"
#include "wire/refusal.h"

struct ledger;

/* Ids are their senders' own, and random: who looks for all that used one looks no further. */
#define IDEMPOTENCY_SENDERS_MAX 64

enum idempotency_outcome {
	IDEMPOTENCY_NEW = 1, /* this sender has not used the id */
};

/* One recipient's line of a receipt. */
struct receipt_line {
	uint32_t recipient; /* principal; 0: the exchange */
	uint8_t kind;       /* throughcare.v1.DispositionKind */
	enum tc_refusal_code code;
	uint8_t released, withheld;
};

/* What a receipt says, and what the same message is. */
struct receipt {
	uint64_t sequence;
	int64_t accepted_ms;
	uint64_t referral_version; /* 0: none */
	uint64_t lease_token;      /* of a hold; 0: none */
	int64_t lease_expires_ms;
	uint64_t first_delivery; /* of the first line; the others follow. 0: none */
	uint8_t content_sha256[32];
	struct tc_id subject, referral; /* that it is about; may be none */
	uint8_t line_count;
	struct receipt_line lines[TC_RECIPIENTS_MAX];
};

void idempotency_key(struct store_key *key, uint32_t sender, struct tc_id message);
/* What has the id, whoever sent it, has it as a prefix of its key. False when it is damaged. */
bool receipt_read(struct tc_slice value, struct receipt *ret);

/* 0, IDEMPOTENCY_NEW or a fault. */
int idempotency_find(struct ledger *ledger, uint32_t sender, struct tc_id message,
		     struct receipt *ret) TC_MUST_CHECK;
/* Senders that have used the id: the first one after *sender, 0 for the first of all. 0,
 * IDEMPOTENCY_NEW when there is no further one, or a fault. */
int idempotency_next(struct ledger *ledger, struct tc_id message, uint32_t *sender,
		     struct receipt *ret) TC_MUST_CHECK;
int idempotency_keep(struct ledger *ledger, uint32_t sender, struct tc_id message,
		     const struct receipt *receipt) TC_MUST_CHECK;

#endif
