/*
 * journal_sample - records whose content follows from a number, to write and to know again.
 *
 * Owner: the test.
 */
#ifndef TESTS_JOURNAL_SAMPLE_H
#define TESTS_JOURNAL_SAMPLE_H

#include "journal/journal.h"

#define SAMPLE_BODY_BYTES_MAX 8192
#define SAMPLE_PARTS_MAX      4

/* A record with the body and `number % SAMPLE_PARTS_MAX` parts of that number; some bodies and
 * parts are longer than a page. Ends the program when memory is short. */
struct record *sample_record(uint64_t number);
size_t sample_part_count(uint64_t number);
/* A batch of `count` of them from `first`. */
void sample_batch(struct record_batch *batch, uint64_t first, size_t count);

/* Whether the log's record `sequence` is the sample `number`, with its parts. 0 or the fault or
 * outcome of reading; TC_EINVAL when it is something else. */
int sample_check(struct journal_reader *reader, uint64_t sequence, uint64_t number) TC_MUST_CHECK;

#endif
