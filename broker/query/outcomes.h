/*
 * outcomes - how the asker's referrals went: milestones, waiting times, reasons, ends, by
 * service.
 *
 * Counted from the steps that the asker was told of, when it is asked: what an agency may
 * not know yet is not in its numbers either. A number below OUTCOMES_CELL_MIN is not told,
 * and when it is the only one of its kind the next smallest is not told either, so that
 * nobody computes it from a total that is known elsewhere. An agency with more referrals
 * than are looked at for one answer is told so in its first row: measure "counted", code
 * "not_all", and how many were.
 *
 * 0, QUESTION_REFUSED or a fault. Owner: the query thread. Blocks: on page faults only.
 */
#ifndef QUERY_OUTCOMES_H
#define QUERY_OUTCOMES_H

#include "query/answer.h"

#define OUTCOMES_CELL_MIN    5
#define OUTCOMES_CELLS_MAX   500    /* rows of the report */
#define OUTCOMES_SCANNED_MAX 100000 /* referrals of one agency that are looked at */
#define OUTCOMES_COUNTED     "counted"
#define OUTCOMES_DAYS_MAX    400 /* a wait that is longer counts as that */

int outcomes_report(const struct question *question, struct answer *answer) TC_MUST_CHECK;

/* What is not told of cells of the same service and measure. */
struct outcomes_cell {
	char service[TC_NAME_BYTES_MAX + 1];
	const char *measure;
	char code[64];
	uint64_t count;
	bool suppressed;
	uint32_t *days; /* OUTCOMES_DAYS_MAX + 1 counts, of a wait; NULL: no wait */
};
void outcomes_suppress(struct outcomes_cell *cells, size_t count);

#endif
