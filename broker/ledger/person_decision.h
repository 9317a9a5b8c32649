/*
 * person_decision - what identity sources say about network ids: PersonLink, PersonMerge and
 * PersonUnmerge.
 *
 * A link is recorded and changes nothing. A merge makes the ids one person (person.h), now
 * or at its effective time: what is held for want of a consent and has one under another of
 * the ids goes. Undoing it takes effect at once: what waits and stood on it is recalled, and
 * whoever was handed something across it is asked to destroy it (cross.h).
 *
 *   person_message   message id -> what it decided
 *   person_decision  person id, sequence -> message id
 *
 * Owner:  writing: ledger thread, inside its transaction. Reading: any transaction.
 * Blocks: never.
 */
#ifndef LEDGER_PERSON_DECISION_H
#define LEDGER_PERSON_DECISION_H

#include <stdint.h>

#include "base/err.h"
#include "base/id.h"
#include "store/store.h"
#include "wire/limits.h"

struct ledger;
struct submission;

#define PERSON_FROM_MAX 16 /* ids of one message */

enum person_decision_outcome {
	PERSON_DECISION_NONE = 1, /* no (further) one */
};

/* Stored: never renumber. */
enum person_decision_kind {
	PERSON_LINK = 1,
	PERSON_MERGE = 2,
	PERSON_UNMERGE = 3,
};

/* Stored: never renumber. Of a merge; the others are in force. */
enum person_decision_state {
	PERSON_PENDING = 1, /* its time has not come */
	PERSON_IN_FORCE = 2,
	PERSON_UNDONE = 3,
	PERSON_FAILED = 4, /* when its time came the ids were no longer as it presumes */
};

struct person_decision {
	struct tc_id message;
	uint64_t sequence;
	enum person_decision_kind kind;
	enum person_decision_state state;
	uint32_t agency;     /* principal */
	struct tc_id to;     /* of an unmerge: of the merge */
	struct tc_id undone; /* UNMERGE: the merge */
	uint8_t from_count;
	struct tc_id from[PERSON_FROM_MAX];
	char by[TC_ACTOR_BYTES_MAX + 1];
	int64_t effective_ms;
	uint32_t confidence; /* in millionths */
};

/* The messages. 0, SUBMISSION_REFUSED (NOT_PERMITTED, FIELD_INVALID, PERSON_CONFLICT,
 * UNKNOWN_MERGE) or a fault. */
int person_link_submit(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;
int person_merge_submit(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;
int person_unmerge_submit(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;
/* TIMER_PERSON of the merge. */
int person_merge_due(struct ledger *ledger, struct tc_id merge) TC_MUST_CHECK;

/* ---- reading ---- */

struct person_decision_tables {
	struct store_table messages, decisions;
};

/* The next about this id after the sequence `after`. 0, PERSON_DECISION_NONE or a fault. */
int person_decision_next(struct store_txn *txn, const struct person_decision_tables *tables,
			 struct tc_id id, uint64_t after,
			 struct person_decision *ret) TC_MUST_CHECK;

/* "link", "merge", "unmerge". */
const char *person_decision_kind_name(enum person_decision_kind kind);

#endif
