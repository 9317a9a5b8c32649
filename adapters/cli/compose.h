/*
 * compose - a message written by hand in JSON becomes one that can be signed.
 *
 * The JSON has the header's fields at its top level (lowerCamelCase) and "parts", each
 * with type and content, and category and salt if the writer wants to give them. "sealed"
 * says that the content is to be sealed, or, where it is a base64 text, that it is.
 * What is absent is made so that the same JSON with a messageId gives the same bytes
 * each time: createdAt from the time inside a version 7 messageId, the referralId of a
 * new Referral and ids that a leading part requires from the private key and the
 * messageId.
 *
 * Owner:  any thread.
 * Blocks: never.
 */
#ifndef CLI_COMPOSE_H
#define CLI_COMPOSE_H

#include <jansson.h>
#include <throughcare/message.h>

#include "base/bytes.h"
#include "base/err.h"
#include "cli/problem.h"
#include "throughcare/v1/envelope.pb-c.h"
#include "wire/draft.h"
#include "wire/signature.h"

/* Who writes. `key` derives what must be the same each time. */
struct tc_compose_writer {
	const char *sender;
	const char *actor; /* where a message names none; or NULL */
	struct tc_signing_key *key;
	int64_t now_ms;
};

/* What a part has beside its content: type, category, salt. */
#define TC_PART_OVERHEAD_BYTES 2048

/* What the header will have for each part: its digest, as a field. */
#define TC_MANIFEST_ENTRY_BYTES (TC_DIGEST_BYTES + 3)

struct tc_composition {
	Throughcare__V1__Header *header;
	size_t part_count;
	size_t bytes; /* about as many in a request, without the header */
	struct tc_draft_part parts[TC_PARTS_MAX]; /* borrow from `contents` */
	struct tc_bytes contents[TC_PARTS_MAX];
	bool marked[TC_PARTS_MAX]; /* to be sealed before it is sent */
	uint8_t salts[TC_PARTS_MAX][TC_SALT_BYTES];
};

enum tc_compose_outcome {
	TC_COMPOSE_REFUSED = 1, /* the JSON cannot be a message: `problem` says why */
};

/* 0, TC_COMPOSE_REFUSED, or a fault with `problem` filled. */
int tc_compose(const json_t *message, const struct tc_compose_writer *writer,
	       struct tc_composition **ret, struct tc_problem *problem) TC_MUST_CHECK;
void tc_compose_free(struct tc_composition **composition);

/* For the client library. 0 or an enum tc_fault. */
int tc_compose_message(const struct tc_composition *from, struct tc_message **ret) TC_MUST_CHECK;

/* Takes apart what a file may hold: one object, an array of them, or one object per line. *ret is
 * an array. 0, TC_COMPOSE_REFUSED or a fault. */
int tc_compose_read(struct tc_slice text, json_t **ret, struct tc_problem *problem) TC_MUST_CHECK;

/* Whether the ids in this type's leading part are of something that it makes (a consent, an
 * appointment): elsewhere an id names what is there already. */
bool tc_compose_makes_ids(const char *type);

#endif
