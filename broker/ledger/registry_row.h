/*
 * registry_row - what the registry's two files share in writing rows.
 *
 * Owner: as registry.h. Blocks: never.
 */
#ifndef LEDGER_REGISTRY_ROW_H
#define LEDGER_REGISTRY_ROW_H

#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "store/store.h"

/* A store outcome that nobody expects: a full map, or rows that contradict each other. */
static inline int registry_fault(int r)
{
	if (r == STORE_FULL)
		return TC_EFULL;
	return r > 0 ? TC_ECORRUPT : r;
}

/* A text into a field of `size` bytes, zeros behind it. */
static inline void registry_field(char *to, size_t size, const char *text)
{
	struct tc_slice from = tc_slice_text(text);
	size_t len = from.len < size ? from.len : size - 1;

	memset(to, 0, size);
	if (len > 0)
		memcpy(to, from.data, len);
}

#endif
