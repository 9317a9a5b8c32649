/*
 * utf8 - whether bytes are UTF-8 (RFC 3629), which protobuf-c does not ask.
 *
 * Owner: any thread. Blocks: never.
 */
#ifndef WIRE_UTF8_H
#define WIRE_UTF8_H

#include <stdbool.h>

#include "base/bytes.h"

/* No overlong forms, surrogates, or code points over U+10FFFF. A NUL is valid here. */
bool tc_utf8_valid(struct tc_slice text);

#endif
