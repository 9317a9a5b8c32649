/*
 * upkeep - answers about what keeps the network's work going: tasks, who is the same
 * person as who, working days, feeds.
 *
 * Each: 0, QUESTION_REFUSED or a fault. Owner: the query thread. Blocks: on page faults only.
 */
#ifndef QUERY_UPKEEP_H
#define QUERY_UPKEEP_H

#include "query/answer.h"

/* What is asked of the asker's people. */
int upkeep_tasks(const struct question *question, struct answer *answer) TC_MUST_CHECK;
/* An agency is shown what itself has decided about a person, an auditor all. */
int upkeep_person(const struct question *question, struct answer *answer) TC_MUST_CHECK;
int upkeep_calendars(const struct question *question, struct answer *answer) TC_MUST_CHECK;
/* Both ends of a feed, and whoever watches the network, see how it goes. */
int upkeep_feeds(const struct question *question, struct answer *answer) TC_MUST_CHECK;

#endif
