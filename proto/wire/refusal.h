/*
 * refusal - why something was refused: a stable code and a text in three parts.
 *
 * The list is refusals.def. A struct tc_refusal is a value: it owns nothing and is
 * never an error of ours, but the outcome of looking at what somebody sent.
 */
#ifndef WIRE_REFUSAL_H
#define WIRE_REFUSAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

#define REFUSAL(name, code, message, hint) TC_REFUSAL_##name,
enum tc_refusal_code {
	TC_REFUSAL_NONE = 0,
#include "wire/refusals.def"
	TC_REFUSAL_COUNT
};
#undef REFUSAL

#define TC_REFUSAL_LEGAL_MAX 8

struct tc_refusal {
	enum tc_refusal_code code;
	char detail[160]; /* where, for instance "parts[3].salt"; never content of a part */
	/* Of a move that is not allowed: where the machine stands, as far as the sender has been
	 * told, and what it could send now. Empty: nothing of that is said. */
	char state[24];
	uint64_t version;
	char legal[TC_REFUSAL_LEGAL_MAX][48]; /* "ReferralResponse ACCEPTED" */
	uint8_t legal_count;
};

/* "unknown_recipient". */
const char *tc_refusal_name(enum tc_refusal_code code);
const char *tc_refusal_message(enum tc_refusal_code code);
const char *tc_refusal_hint(enum tc_refusal_code code);
/* TC_REFUSAL_NONE for an unknown name. */
enum tc_refusal_code tc_refusal_find(struct tc_slice name);
/* Fills `refusal` with code and detail and nothing else; the detail is cut to its room. Returns 1,
 * so that a decoder can `return` it as its outcome. */
int tc_refuse(struct tc_refusal *refusal, enum tc_refusal_code code, const char *detail_format, ...)
	__attribute__((format(printf, 3, 4)));
/* Puts text in front of the detail, for instance "parts[2].content.". Returns 1, too. */
int tc_refuse_within(struct tc_refusal *refusal, const char *prefix_format, ...)
	__attribute__((format(printf, 2, 3)));
/* To a refusal: where the machine stands. */
void tc_refuse_state(struct tc_refusal *refusal, const char *state, uint64_t version);
/* And one thing more that would be allowed, at the end of the detail as well: a type, and its
 * status or NULL. Without room: left out. */
void tc_refuse_legal(struct tc_refusal *refusal, const char *type, const char *status);

#endif
