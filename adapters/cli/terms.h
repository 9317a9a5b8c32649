/*
 * terms - what came along with parts, for programs and for the officer who reads them.
 *
 * Programs get "notices", "scopes", "redisclosure", the policy, the terms as they came
 * ("terms", base64) and the digest of the release ("termsSha256", hexadecimal) that
 * `trail find` has, too. People get sentences: whether it may be passed on, what the
 * consent covers, and each notice's text once.
 *
 * Owner:  the calling thread.
 * Blocks: on the terminal or pipe.
 */
#ifndef CLI_TERMS_H
#define CLI_TERMS_H

#include <jansson.h>

#include "base/err.h"
#include "cli/screen.h"
#include "throughcare/v1/wire.pb-c.h"

#define TC_TERMS_SHOWN_MAX 32

/* Notices whose text was printed before: those of later messages are only named. */
struct tc_terms_shown {
	size_t count;
	char labels[TC_TERMS_SHOWN_MAX][128]; /* code, version and jurisdiction */
};

/* What a rule of redisclosure, by its name, means to the recipient. NULL for an unknown one. */
const char *tc_terms_rule(const char *rule);

/* Adds a delivery's terms to its JSON. 0, TC_RENDITION_UNREADABLE or a fault. */
int tc_terms_join(json_t *message, const Throughcare__V1__Delivery *delivery) TC_MUST_CHECK;

/* Takes them out of it again, for a person's screen; the caller owns what is returned, an empty
 * object when there are none. NULL: no memory. */
json_t *tc_terms_split(json_t *message);
void tc_terms_say(const struct tc_screen *screen, const json_t *terms,
		  struct tc_terms_shown *shown);

#endif
