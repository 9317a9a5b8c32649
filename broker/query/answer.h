/*
 * answer - a reply being put together: its rows, their memory, or why there is none.
 *
 * Owner: the query thread; one at a time, reset between questions. Blocks: never.
 */
#ifndef QUERY_ANSWER_H
#define QUERY_ANSWER_H

#include "ledger/arena.h"
#include "ledger/effects.h"
#include "query/query_request.h"
#include "query/question.h"
#include "wire/refusal.h"

struct answer {
	struct arena arena; /* everything below it lies in here */
	Throughcare__V1__QueryReply reply;
	struct tc_refusal refusal;
};

void answer_init(struct answer *answer);
void answer_reset(struct answer *answer);
void answer_done(struct answer *answer);

/* The page the question asks for: 1..TC_PAGE_ROWS_MAX. */
size_t answer_page_rows(const struct question *question);
/* Its cursor; empty on the first page. */
struct tc_slice answer_cursor(const struct question *question);
/* Where the next page begins. */
int answer_next_page(struct answer *answer, struct tc_slice cursor) TC_MUST_CHECK;

/* The id of a field. QUESTION_REFUSED when it is missing or no id. */
int answer_read_id(struct answer *answer, const char *text, const char *field,
		   struct tc_id *ret) TC_MUST_CHECK;
int answer_read_agency(struct answer *answer, const char *text, const char *field,
		       tc_agency *ret) TC_MUST_CHECK;

/* Copies in the arena; NULL when memory is short. */
char *answer_text(struct answer *answer, const char *text);
char *answer_id(struct answer *answer, struct tc_id id);
uint8_t *answer_bytes(struct answer *answer, struct tc_slice bytes);
Google__Protobuf__Timestamp *answer_time(struct answer *answer, int64_t ms);
/* Into a field of a row: no time (0), no text ("") and no id are left out. 0 or TC_ENOMEM. */
int answer_put_time(struct answer *answer, int64_t ms,
		    Google__Protobuf__Timestamp **ret) TC_MUST_CHECK;
int answer_put_text(struct answer *answer, const char *text, char **ret) TC_MUST_CHECK;
int answer_put_id(struct answer *answer, struct tc_id id, char **ret) TC_MUST_CHECK;
/* Zeroed room for `count` pointers. */
void *answer_array(struct answer *answer, size_t count);

/* The whole as an effect for the gateway: `r` is 0, QUESTION_REFUSED, or a fault ("internal"). NULL
 * when memory is short. */
struct effects *answer_take(struct answer *answer, const struct query_request *request, int r);

#endif
