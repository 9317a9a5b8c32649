/*
 * base64 - bytes as text (RFC 4648 section 4).
 *
 * Owner: any thread. Blocks: never.
 */
#ifndef WIRE_BASE64_H
#define WIRE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

#define TC_BASE64_TEXT_BYTES(len) (((len) + 2) / 3 * 4 + 1) /* with the final NUL */

/* `to` has TC_BASE64_TEXT_BYTES(data.len) bytes. */
void tc_base64_encode(struct tc_slice data, char *to);

/* Reads the standard and the URL-safe alphabet, with or without padding. `to` has
 * text.len / 4 * 3 + 3 bytes. False when it is not base64. */
bool tc_base64_decode(struct tc_slice text, uint8_t *to, size_t *ret_len);

#endif
