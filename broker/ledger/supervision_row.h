/*
 * supervision_row - the rows of supervision.h, and what a message tells until it is handed over.
 *
 * Owner:  ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_SUPERVISION_ROW_H
#define LEDGER_SUPERVISION_ROW_H

#include "ledger/supervision.h"

struct row_reader;
struct row_writer;

/* What a message tells, without the message. */
struct news {
	uint32_t from; /* principal */
	uint32_t to;   /* of a transfer */
	unsigned effects;
	struct tc_id subject;
	struct tc_id message;
	uint64_t sequence; /* of the message's record */
	int64_t at_ms;     /* of the event, the hearing or the next one */
	int64_t due_ms;    /* when reports for a hearing are due; 0: none are */
	char officer[65], team[65], level[65], hearing[65], by[65];
	/* Borrowed: the message itself, while it is submitted, and the delivery that tells it. */
	const struct submission *submission;
	const struct delivery *delivery;
};

int supervision_put(struct ledger *ledger, uint32_t agency, struct tc_id subject,
		    const struct supervision *supervision) TC_MUST_CHECK;
bool supervision_read(struct tc_slice value, struct supervision *ret);
/* Without what is borrowed, its sequence and who acted. */
void supervision_news_put(struct row_writer *row, const struct news *news);
void supervision_news_take(struct row_reader *row, struct news *ret);

int supervision_later_put(struct ledger *ledger, uint64_t delivery,
			  const struct news *news) TC_MUST_CHECK;
/* And forgets it. 0, STORE_NOT_FOUND or a fault. */
int supervision_later_take(struct ledger *ledger, uint64_t delivery,
			   struct news *ret) TC_MUST_CHECK;

#endif
