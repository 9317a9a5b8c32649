/*
 * id - 128-bit identifiers in RFC 9562 form, and the names of agencies.
 */
#ifndef BASE_ID_H
#define BASE_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define TC_ID_TEXT_BYTES   37 /* with the final NUL */
#define TC_NAME_BYTES_MAX  63
#define TC_AGENCY_EXCHANGE "exchange"

/* Message, referral, consent, grant or person id. All zero: none. */
struct tc_id {
	uint8_t bytes[16];
};

/* An agency's id, for instance "treatment-northside". A struct, so that it is not swapped with
 * other text. Unused bytes are zero. */
typedef struct {
	char name[TC_NAME_BYTES_MAX + 1];
} tc_agency;

/* A version 7 id: Unix milliseconds, then random bits (never fails: see random.h). */
struct tc_id tc_id_new(int64_t now_ms);
bool tc_id_is_none(struct tc_id id);
bool tc_id_equal(struct tc_id a, struct tc_id b);
/* Exactly the 36 characters of the RFC, hexadecimal digits in either case. False otherwise. */
bool tc_id_parse(struct tc_slice text, struct tc_id *ret);
void tc_id_format(struct tc_id id, char to[TC_ID_TEXT_BYTES]);
/* The Unix milliseconds inside a version 7 id; -1 for other versions. */
int64_t tc_id_time_ms(struct tc_id id);

/* [a-z0-9]([a-z0-9-]*[a-z0-9])?, at most 63 characters. */
bool tc_name_valid(struct tc_slice text);
/* False when it is not a valid name; *ret is then unchanged. */
bool tc_agency_parse(struct tc_slice text, tc_agency *ret);
bool tc_agency_equal(const tc_agency *a, const tc_agency *b);

#endif
