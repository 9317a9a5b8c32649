/*
 * accounting_line - a disclosure as a line of the list, in the words of the rule.
 *
 * Everything that a line points to is of the answer's memory, or of the row's.
 *
 * Owner: the query thread. Blocks: on page faults only.
 */
#ifndef QUERY_ACCOUNTING_LINE_H
#define QUERY_ACCOUNTING_LINE_H

#include "query/accounting_rule.h"
#include "query/answer.h"
#include "throughcare/v1/trail.pb-c.h"

typedef Throughcare__V1__AccountingEntry accounting_line;

/* Of one disclosure to `recipient`, as its row says. 0 or a fault. */
int accounting_line_make(const struct question *question, struct answer *answer,
			 const accounting_rule *rule, const struct disclosure_link *link,
			 const Throughcare__V1__TrailRow *row, const tc_agency *recipient,
			 accounting_line **ret) TC_MUST_CHECK;

/* Do they read alike, but for their times? */
bool accounting_line_alike(const accounting_line *a, const accounting_line *b);

/* Takes a later one of a single disclosure into the line that reads alike. 0 or a fault. */
int accounting_line_join(struct answer *answer, accounting_line *line,
			 const accounting_line *more) TC_MUST_CHECK;

#endif
