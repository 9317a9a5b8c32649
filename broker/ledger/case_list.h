/*
 * case_list - the lists that officers, teams and agencies work from, and what choosing from
 * a list and putting it in order need to know of each referral in it: a list of hundreds is
 * read in one sweep, and only what is shown of it is looked up.
 *
 *   caseload  agency, kind, name, referral id -> brief
 *
 * A brief says of a referral what the side it is listed at knows, and of the person what
 * that agency has been told. Who writes either anew writes the brief (case.h).
 *
 * Owner:  writing: ledger thread, inside its transaction. Reading: any transaction.
 * Blocks: never.
 */
#ifndef LEDGER_CASE_LIST_H
#define LEDGER_CASE_LIST_H

#include "base/err.h"
#include "referral/referral.h"
#include "store/store_cursor.h"

struct ledger;
struct supervision;

enum case_list_outcome {
	CASE_LIST_END = 1, /* no further one */
};

struct case_list {
	uint32_t agency;     /* principal */
	const char *officer; /* reading: NULL: any; else `team` is not looked at */
	const char *team;    /* reading: NULL: any */
};

struct case_brief {
	struct tc_id subject;
	bool known;    /* the side was told all that the referral says: else it must be looked up */
	bool mine;     /* the side has the next move */
	bool terminal; /* the referral has ended */
	bool overdue;  /* its clock has run out once */
	bool custody, absconded, high_risk;
	struct referral_risk risk;
	int64_t due_ms, offer_expires_ms, hearing_ms; /* 0: none */
	char team[64];
};

/* `supervision`: of the person, as that side has been told of it. */
void case_brief_of(const struct referral *referral, enum referral_side_of side,
		   const struct supervision *supervision, struct case_brief *ret);

/* Lists it for the agency, and for the officer and the team if they are named. */
int case_list_put(struct ledger *ledger, const struct case_list *at, struct tc_id referral,
		  const struct case_brief *brief) TC_MUST_CHECK;
/* Out of those lists, if it stands there. */
int case_list_drop(struct ledger *ledger, const struct case_list *at,
		   struct tc_id referral) TC_MUST_CHECK;

/* The referrals of one list, in the order of their ids. */
int case_list_walk(struct store_txn *txn, struct store_table caseload, const struct case_list *list,
		   struct store_cursor *ret) TC_MUST_CHECK;
/* 0, CASE_LIST_END or a fault. End the walk with store_cursor_done. */
int case_list_next(struct store_cursor *cursor, struct tc_id *ret_referral,
		   struct case_brief *ret) TC_MUST_CHECK;

#endif
