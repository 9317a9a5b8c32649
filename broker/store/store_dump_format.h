/*
 * store_dump_format - what the writer and the reader of store_dump.h's files agree on.
 *
 * Inside broker/store only.
 *
 * Owner: nobody; constant.
 */
#ifndef STORE_STORE_DUMP_FORMAT_H
#define STORE_STORE_DUMP_FORMAT_H

#define STORE_DUMP_MAGIC       "throughcare/rows/v1\n"
#define STORE_DUMP_MAGIC_BYTES 20

enum store_dump_entry { STORE_DUMP_END = 0, STORE_DUMP_TABLE = 1, STORE_DUMP_ROW = 2 };

#endif
