/*
 * trail_question - what rows of the trail are looked for.
 *
 * Any conjunction of what a row says, over a span of time and of the log, the oldest or the
 * newest first.
 *
 * Owner: whoever asks. Blocks: never.
 */
#ifndef TRAIL_TRAIL_QUESTION_H
#define TRAIL_TRAIL_QUESTION_H

#include <stdbool.h>

#include "base/id.h"
#include "throughcare/v1/wire.pb-c.h"
#include "trail/posting.h"

/* What to look for. NULL and zero fields do not restrict. */
struct trail_question {
	struct tc_id subject;
	struct tc_id referral;
	struct tc_id message;
	struct tc_id grant;
	const char *agency; /* as sender or recipient */
	const char *actor;
	const char *certificate; /* SHA-256, hexadecimal */
	const char *type;
	const char *event;
	const char *code;
	const char *proceeding;
	int64_t since_ms;  /* at or after; INT64_MIN: from the beginning */
	int64_t until_ms;  /* before; INT64_MAX: to the end */
	bool newest_first; /* against the log's order */
	bool resumed;      /* goes on at `from`, as an earlier page said */
	struct posting_position from;
	uint64_t before;  /* only records before this sequence; UINT64_MAX: all */
	uint64_t records; /* of the log that one search looks at; 0: all */
};

/* Everything. */
struct trail_question trail_question_any(void);

/* Does this row answer, but for its time and place? The postings that led to it are of names cut
 * from a hash: the row itself decides. */
bool trail_question_answers(const struct trail_question *question,
			    const Throughcare__V1__TrailRow *row);

#endif
