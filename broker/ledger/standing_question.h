/*
 * standing_question - what an auditor wants to be told of whenever it happens.
 *
 * Each fact is held against the questions that are asked, in one comparison when there
 * are none. An answer is a StandingNotice in the auditor's mailbox and a fact of its own;
 * facts about notices answer nothing. Rows outside an auditor's scope do not either.
 *
 * Facts are seen while a record is applied, and told of when it is done, so that a notice
 * never comes between the steps of what it is about.
 *
 * Owner:  ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_STANDING_QUESTION_H
#define LEDGER_STANDING_QUESTION_H

#include "base/id.h"
#include "store/store.h"
#include "throughcare/v1/order.pb-c.h"
#include "throughcare/v1/wire.pb-c.h"

struct ledger;
struct submission;

enum standing_question_outcome {
	STANDING_QUESTION_UNKNOWN = 1, /* next: no further one */
};

struct standing_question_row {
	tc_agency auditor;
	char name[TC_NAME_BYTES_MAX + 1];
	uint64_t hits;
	int64_t last_ms;        /* 0: never */
	struct tc_slice packed; /* StandingQuestion; borrowed from the transaction */
};

struct standing_questions;

/* All that are asked, from the table. */
int standing_questions_load(struct ledger *ledger) TC_MUST_CHECK;
void standing_questions_free(struct standing_questions **questions);

/* A StandingQuestion message. 0, SUBMISSION_REFUSED or a fault. */
int standing_question_submit(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;

/* A fact that was pushed. */
int standing_question_see(struct ledger *ledger,
			  const Throughcare__V1__TrailRow *row) TC_MUST_CHECK;
/* The record is applied: tells of what was seen. */
int standing_question_tell(struct ledger *ledger) TC_MUST_CHECK;

/* Those of one auditor, or (NULL) of all, by auditor and name, after a row's key. */
int standing_question_next(struct store_txn *txn, struct store_table table,
			   const tc_agency *auditor, struct tc_slice after,
			   struct standing_question_row *ret,
			   struct tc_slice *ret_key) TC_MUST_CHECK;

#endif
