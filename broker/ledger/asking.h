/*
 * asking - who may ask what: the table, and what of a question goes too far for its asker.
 *
 * It depends on nothing but who asks and what, so the ledger decides it at the question's
 * own record: one that is not permitted is a fact of its own kind in the trail, and comes
 * to no query thread. How much of an answer is the asker's is for query/gate.h.
 *
 * Owner: nobody; constant. Blocks: never.
 */
#ifndef LEDGER_ASKING_H
#define LEDGER_ASKING_H

#include "base/err.h"
#include "throughcare/v1/record.pb-c.h"
#include "throughcare/v1/wire.pb-c.h"
#include "wire/refusal.h"

enum asking_outcome {
	ASKING_REFUSED = 1, /* see *refusal */
};

enum gate_scope {
	GATE_NOTHING = 0, /* not permitted */
	GATE_OWN,         /* what concerns the asker itself */
	GATE_NO_PERSONS,  /* everybody's, without anything that points to a person */
	GATE_ALL,
};

/* A text of the question itself, by its name in the schema; NULL when it has none. */
const char *asking_text(const Throughcare__V1__Query *query, const char *name);

/* What the asker may have of this kind of question. */
enum gate_scope asking_scope(Throughcare__V1__PeerKind kind, Throughcare__V1__Query__BodyCase body);
/* 0 and *ret, or ASKING_REFUSED with NOT_PERMITTED, MALFORMED. */
int asking_check(Throughcare__V1__PeerKind kind, const char *asker,
		 const Throughcare__V1__Query *query, enum gate_scope *ret,
		 struct tc_refusal *refusal) TC_MUST_CHECK;

#endif
