/*
 * trail_view - a read-only snapshot of the trail, and finding rows in it.
 *
 * A question is any conjunction of person, referral, message, agency, actor, certificate,
 * type, event, code, grant, proceeding and time, the oldest or the newest first. The
 * lists of its terms are walked together, each jumping to where the others are, so that
 * the cost follows the shortest list and not the log. Times of records never go back,
 * so a span of time is a span of positions, found by halving.
 *
 * Owner:  the query thread that opened it. Blocks: on page faults only.
 */
#ifndef TRAIL_TRAIL_VIEW_H
#define TRAIL_TRAIL_VIEW_H

#include "throughcare/v1/wire.pb-c.h"
#include "trail/anchor.h"
#include "trail/posting.h"
#include "trail/trail_index.h"
#include "trail/trail_question.h"

struct trail_view;

int trail_view_open(struct trail_index *index, struct trail_view **ret) TC_MUST_CHECK;
/* Moves to the newest commit; *ret_next: every record before it has its facts in. */
int trail_view_renew(struct trail_view *view, uint64_t *ret_next) TC_MUST_CHECK;
/* Lets go of the snapshot until the next renew. */
void trail_view_reset(struct trail_view *view);
void trail_view_close(struct trail_view **view);

enum trail_found {
	TRAIL_FOUND_MORE = 1, /* go on */
	TRAIL_FOUND_ENOUGH,   /* stop before the next row */
};

/*
 * Calls `found` for each row in the question's order, with sequence and time filled in; `row` lives
 * until it returns. `found` returns an enum trail_found or a fault, which ends the search.
 * *ret_next is where to go on and *ret_ended whether there is nothing there. A search that has
 * looked at `records` of the log goes on there, too, whatever it found.
 */
typedef int (*trail_visitor)(void *context, Throughcare__V1__TrailRow *row);
int trail_view_find(struct trail_view *view, const struct trail_question *question,
		    trail_visitor found, void *context, struct posting_position *ret_next,
		    bool *ret_ended) TC_MUST_CHECK;

/* ---- disclosures: see disclosure.h ---- */

/* 0, DISCLOSURE_NONE or a fault. */
int trail_view_head(struct trail_view *view, struct tc_id subject,
		    struct disclosure_head *ret) TC_MUST_CHECK;
int trail_view_links(struct trail_view *view, struct tc_id subject, uint64_t from,
		     struct disclosure_link *ret, size_t max, size_t *ret_count) TC_MUST_CHECK;
/* How the person's chain is bound to the log: see anchor_prove. */
int trail_view_anchor(struct trail_view *view, struct tc_id subject, uint64_t size,
		      struct anchor_proof *ret) TC_MUST_CHECK;
/* The packed TrailRow of a link, borrowed from the snapshot. 0, DISCLOSURE_NONE (it was removed) or
 * a fault: also when it is not the row that was chained. */
int trail_view_row(struct trail_view *view, const struct disclosure_link *link,
		   struct tc_slice *ret) TC_MUST_CHECK;

#endif
