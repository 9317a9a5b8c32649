/*
 * accounting_proof - that an accounting leaves no disclosure out: the person's place in the tree
 * over all persons, the anchor's record that says its root, and the checkpoint above that.
 *
 * Owner: the query thread. Blocks: on page faults only.
 */
#ifndef QUERY_ACCOUNTING_PROOF_H
#define QUERY_ACCOUNTING_PROOF_H

#include "query/answer.h"
#include "throughcare/v1/trail.pb-c.h"

/* Fills `anchor` and `complete_until`; neither while no anchor stands under a checkpoint. 0 or a
 * fault. */
int accounting_prove(const struct question *question, struct answer *answer, struct tc_id subject,
		     Throughcare__V1__Accounting *accounting) TC_MUST_CHECK;

#endif
