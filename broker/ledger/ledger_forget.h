/*
 * ledger_forget - the ledger's rows without those of what is to be forgotten.
 *
 * What is gone from the log cannot be applied again, so the state after it is kept as rows: a dump
 * from which everything that names a forgotten id, or belongs to a forgotten record, is left out.
 * It is found by looking for the ids in the bytes of every row, so that a table nobody thought of
 * is not passed over; only rows that name no id, but a delivery's or record's number, and those of
 * a consent are known by their tables.
 *
 * Owner:  the ledger's thread, between two records. Blocks: as the dump does.
 */
#ifndef LEDGER_LEDGER_FORGET_H
#define LEDGER_LEDGER_FORGET_H

#include "ledger/forget_consent.h"
#include "ledger/ledger.h"
#include "ledger/sought.h"
#include "store/store_dump.h"

/* What else an id of its sender's own choice may be. */
enum forget_role {
	FORGET_A_PERSON,
	FORGET_A_CASE, /* a person or a referral */
};

struct forget_what;
/* Is it that of somebody else, of whom a record stays? 0 or a fault. */
typedef int (*forget_others)(void *context, const struct forget_what *what, struct tc_id id,
			     enum forget_role role, bool *ret);

struct forget_what {
	struct sought roots;           /* persons and referrals, and what belongs to them... */
	struct sought ids;             /* ...and those, and messages */
	struct sought_numbers records; /* sequences, of whole records */
	struct sought_numbers orders;  /* of these the orders themselves: their rows stay */
	/* By ledger_forget_find: */
	struct sought closed; /* orders that name nobody else */
	struct sought_numbers deliveries;
	struct forget_consents consents; /* what the records said of them */
	forget_others others;            /* none: nobody is asked */
	void *others_context;
};

/* A root is an id, too. 0 or TC_ENOMEM. */
int forget_what_root(struct forget_what *what, struct tc_id id) TC_MUST_CHECK;
void forget_what_done(struct forget_what *what);

struct order;
/* The order to be executed next: order_next_due. `ret->packed` is borrowed until the next record.
 */
int ledger_forget_due(struct ledger *ledger, struct order *ret) TC_MUST_CHECK;
/* From the roots and the records: what else belongs to them (referrals of persons, grants of
 * consents, ...), message ids, and numbers of deliveries. Changes nothing but `what`; call it again
 * when there are more records. 0 or a fault. */
int ledger_forget_find(struct ledger *ledger, struct forget_what *what) TC_MUST_CHECK;
/* Positions of what was sent under this message id, or in the referral that has it. Sort them
 * after. 0 or a fault. */
int ledger_forget_submissions(struct ledger *ledger, struct tc_id id, bool message,
			      struct sought_numbers *ret) TC_MUST_CHECK;
/* Deliveries that are still open are ended, and nobody is told, so that every count is right when
 * their rows are left out. Nothing is left to do the second time. 0 or a fault. */
int ledger_forget_settle(struct ledger *ledger, const struct forget_what *what) TC_MUST_CHECK;
/* All tables, under "ledger/" and their names; NULL: every row. 0 or a fault. */
int ledger_dump(struct ledger *ledger, const struct forget_what *what,
		struct store_dump *dump) TC_MUST_CHECK;

#endif
