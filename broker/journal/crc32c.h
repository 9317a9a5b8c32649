/*
 * crc32c - the Castagnoli checksum (RFC 3720, appendix B.4): finds rot, proves nothing.
 *
 * Owner:  any thread. Blocks: never.
 */
#ifndef JOURNAL_CRC32C_H
#define JOURNAL_CRC32C_H

#include <stdint.h>

#include "base/bytes.h"

/* Of `data` after what `crc` already covers; 0 to begin. */
uint32_t crc32c(uint32_t crc, struct tc_slice data);
/* The same without the processor's instruction for it. */
uint32_t crc32c_portable(uint32_t crc, struct tc_slice data);

#endif
