/*
 * question - one question being answered: who asks, what, as of when, and where to look.
 *
 * Everything is borrowed for the time of answering. Ledger and trail stand at or past
 * the question's own record, and nothing at or past it is part of the answer where the
 * log's order matters.
 *
 * Owner: the query thread. Blocks: never.
 */
#ifndef QUERY_QUESTION_H
#define QUERY_QUESTION_H

#include "consent/grant.h"
#include "journal/journal.h"
#include "ledger/asking.h"
#include "ledger/ledger.h"
#include "ledger/registry.h"
#include "ledger/scope.h"
#include "query/exchange_figures.h"
#include "referral/referral.h"
#include "throughcare/v1/record.pb-c.h"
#include "trail/trail_view.h"
#include "trail/tree_store.h"

/* Outcomes (> 0) of whatever answers a question. */
enum question_outcome {
	QUESTION_REFUSED = 1, /* answer.refusal says why */
	QUESTION_LATER,       /* there is nothing yet, and the asker waits: see watch.h */
};

struct question {
	const Throughcare__V1__Query *query;
	Throughcare__V1__PeerKind kind; /* of the asker */
	tc_agency asker;
	uint64_t sequence; /* of its record */
	int64_t now_ms;    /* its record's time */
	enum gate_scope scope;
	const struct scope *limits; /* of an auditor that has some; NULL: none */
	struct ledger_view *ledger;
	struct trail_view *trail;
	struct tree_view *tree; /* NULL: there is no tree */
	struct journal_reader *journal;
	const struct exchange_figures *figures;
};

#endif
