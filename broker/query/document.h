/*
 * document - one signed consent as answers show it, cut to what is the asker's business.
 *
 * Who recorded a consent sees it whole. An agency that it lets disclose sees those
 * grants, and of the other parties on its own side nothing: that a neighbour may tell,
 * too, would say whom the neighbour treats (42 CFR 2.13(c)). The paper never leaves.
 *
 * Each: 0 or a fault. Owner: the query thread. Blocks: on page faults only.
 */
#ifndef QUERY_DOCUMENT_H
#define QUERY_DOCUMENT_H

#include "query/answer.h"

/* NULL in *ret: nothing of this consent is the asker's business. */
int document_row(const struct question *question, struct answer *answer,
		 const struct consent_view *consent,
		 Throughcare__V1__ConsentRow **ret) TC_MUST_CHECK;

/* For what a grant is told. */
struct document_use {
	const char *sender, *recipient;
	int64_t at_ms;
	bool relied; /* it permitted a release then; else it may have been over */
};

/* One grant as the document had it then: whole for those who see all, else with these two as its
 * parties. Of one that is expunged only that. NULL in *ret: it is hidden. */
int document_grant(const struct question *question, struct answer *answer, struct tc_id grant,
		   const struct document_use *use, Throughcare__V1__GrantRow **ret) TC_MUST_CHECK;

#endif
