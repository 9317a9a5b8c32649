/*
 * accounting - the disclosures about one person, by a rule of the policy in force.
 *
 * An auditor gets the person's whole chain (disclosure.h), page by page: each link, and
 * within the window the row that it binds, so that whoever has the head can check that
 * none was left out; and the lines of the list that the rule makes of them. An agency
 * gets the lines about what it disclosed or was told, and no links: how many others there
 * are is not its business.
 *
 * Repeated disclosures that read alike are one line of a page; lines of several pages that
 * read alike belong together.
 *
 * 0, QUESTION_REFUSED or a fault. Owner: the query thread. Blocks: on page faults only.
 */
#ifndef QUERY_ACCOUNTING_H
#define QUERY_ACCOUNTING_H

#include "query/answer.h"

int accounting_list(const struct question *question, struct answer *answer) TC_MUST_CHECK;

#endif
