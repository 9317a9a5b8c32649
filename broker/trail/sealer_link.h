/*
 * sealer_link - the exchange's end of the socket to throughcare-sealer.
 *
 * Either the link starts the program and holds the other end of a socket pair, or it connects
 * to a socket where the system's own sealer listens. A sealer that has gone is started, or
 * connected to, anew by the next hello.
 *
 * Owner: one thread at a time. Blocks: hello and sign, SEALER_LINK_DEADLINE_MS at most.
 */
#ifndef TRAIL_SEALER_LINK_H
#define TRAIL_SEALER_LINK_H

#include "base/bytes.h"
#include "base/err.h"
#include "sealer/sealer_frame.h"
#include "trail/tree.h"
#include "wire/note.h"

#define SEALER_LINK_DEADLINE_MS 5000

struct sealer_link;

enum sealer_link_outcome {
	SEALER_LINK_GONE = 1,     /* it does not answer; say hello again later */
	SEALER_LINK_SMALLER,      /* it has signed a larger tree */
	SEALER_LINK_INCONSISTENT, /* it has signed another tree */
	SEALER_LINK_REFUSED,      /* it cannot sign now: its disk */
};

/* Copied. With `socket` the others are not used. */
struct sealer_link_options {
	const char *socket; /* path, or "" */
	const char *program, *origin, *keys, *state;
};

/* What was signed last, and the keys that sign. */
struct sealer_greeting {
	uint64_t size;
	struct tree_hash root;
	struct tc_slice vkeys; /* a line each; borrowed until the next call */
};

int sealer_link_open(const struct sealer_link_options *options,
		     struct sealer_link **ret) TC_MUST_CHECK;
/* Also ends the sealer that it has started. */
void sealer_link_close(struct sealer_link **link);

/* Ends what there is, starts or connects anew, and asks. 0, SEALER_LINK_GONE or a fault. */
int sealer_link_hello(struct sealer_link *link, struct sealer_greeting *ret) TC_MUST_CHECK;
/* The log's name under which it signs, as its keys say; "" when they are none. */
void sealer_greeting_name(const struct sealer_greeting *greeting, char ret[TC_NOTE_NAME_BYTES]);
/* `hashes` prove consistency with the size that was signed last. *ret_lines: the signature lines,
 * borrowed until the next call. 0, an outcome or a fault. */
int sealer_link_sign(struct sealer_link *link, uint64_t size, const struct tree_hash *root,
		     const struct tree_hash *hashes, size_t count,
		     struct tc_slice *ret_lines) TC_MUST_CHECK;

#endif
