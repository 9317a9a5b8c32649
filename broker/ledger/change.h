/*
 * change - what an administrative act replaced, field by field, for its row in the trail.
 *
 * Values stand as short texts: a name or number as it is, an enumeration by its name, a
 * list with commas, a message as name=value. A text is cut at CHANGE_TEXT_BYTES_MAX; that
 * two values differ is seen also where the texts are cut alike.
 *
 * Owner:  ledger thread, while the record is applied. Blocks: never.
 */
#ifndef LEDGER_CHANGE_H
#define LEDGER_CHANGE_H

#include "base/err.h"
#include "throughcare/v1/wire.pb-c.h"

#define CHANGE_TEXT_BYTES_MAX 200

struct arena;

/* Fills row->changes with the fields of two messages of one type that differ. `before` may be NULL:
 * there was nothing. Lives in the arena. 0 or TC_ENOMEM. */
int change_list(struct arena *arena, const ProtobufCMessage *before, const ProtobufCMessage *after,
		Throughcare__V1__TrailRow *row) TC_MUST_CHECK;

/* One more; `before` NULL or "": there was nothing. */
int change_add(struct arena *arena, const char *field, const char *before, const char *after,
	       Throughcare__V1__TrailRow *row) TC_MUST_CHECK;

#endif
