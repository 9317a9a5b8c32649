/*
 * person - which network ids are one person, by merges that identity sources decided.
 *
 * Each merge ties one id to another; what hangs together is one person, under the id that
 * nothing ties further: the canonical one. Messages, referrals and consents keep the id
 * that they came with. A decision looks at the grants of every id of the person, and what
 * was released across a tie is remembered with the merge that made it (cross.h), so that
 * undoing it finds what went out about somebody else.
 *
 *   person         id -> canonical id, the id that it is tied to, by which merge, since when
 *   person_member  canonical id, id -> nothing
 *
 * An id without a row is a person of its own.
 *
 * Owner:  writing: ledger thread, inside its transaction. Reading: any transaction.
 * Blocks: never.
 */
#ifndef LEDGER_PERSON_H
#define LEDGER_PERSON_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"
#include "store/store.h"

struct ledger;

#define PERSON_IDS_MAX 64 /* of one person: decisions read the grants of each */

enum person_outcome {
	PERSON_UNFIT = 1, /* tied already, the same person already, or too many ids */
};

struct person_tables {
	struct store_table rows, members;
};

/* One id of a person. */
struct person_id {
	struct tc_id id;
	struct tc_id tied_to; /* none: it is the canonical one */
	struct tc_id merge;   /* message of the merge that tied it */
	int64_t since_ms;
};

struct person {
	size_t count; /* 1 for an id without a row */
	struct person_id ids[PERSON_IDS_MAX];
};

/* Everybody that `id` is, in the order of the ids. 0 or a fault. */
int person_find(struct store_txn *txn, const struct person_tables *tables, struct tc_id id,
		struct person *ret) TC_MUST_CHECK;
/* The same as of a time, without `id` itself: at most PERSON_IDS_MAX - 1. What was undone since is
 * taken for never tied. */
int person_others(struct store_txn *txn, const struct person_tables *tables, struct tc_id id,
		  int64_t as_of_ms, struct tc_id ret[PERSON_IDS_MAX],
		  size_t *ret_count) TC_MUST_CHECK;
/* The merges that make two ids of it one, without which they would not be: at most PERSON_IDS_MAX.
 */
void person_between(const struct person *person, struct tc_id a, struct tc_id b,
		    struct tc_id ret[PERSON_IDS_MAX], size_t *ret_count);
/* Under which it is known. */
struct tc_id person_canonical(const struct person *person);

/* ---- ledger thread ---- */

struct person_tables person_tables_of(const struct ledger *ledger);
/* Ties `from`, which is canonical, with all that hangs on it, to `to`. 0, PERSON_UNFIT with nothing
 * changed, or a fault. */
int person_tie(struct ledger *ledger, struct tc_id from, struct tc_id to, struct tc_id merge,
	       int64_t since_ms) TC_MUST_CHECK;
/* Takes the tie of `from` away, which must be there. */
int person_untie(struct ledger *ledger, struct tc_id from) TC_MUST_CHECK;

#endif
