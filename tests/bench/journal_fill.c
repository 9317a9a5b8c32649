/*
 * journal_fill - appends made-up records to the journal of an exchange that is not running, so that
 * what depends on the length of the log can be measured without sending all of it first.
 *
 *   journal_fill FOLDER RECORDS [BYTES]     the journal's folder; bytes of one record (700)
 *
 * The records are ticks with nothing due, padded to the size of an ordinary one.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "journal/journal_lmdb.h"
#include "throughcare/v1/record.pb-c.h"

#define BATCH_RECORDS 4096

static struct record *record_make(size_t bytes)
{
	Throughcare__V1__Record packed = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__TickRecord tick = THROUGHCARE__V1__TICK_RECORD__INIT;
	Throughcare__V1__Peer peer = THROUGHCARE__V1__PEER__INIT;
	struct record *record = record_new();
	char *padding = calloc(1, bytes + 1);

	TC_CHECK(record && padding);
	memset(padding, 'x', bytes);
	peer.adapter = padding;
	packed.peer = &peer;
	packed.body_case = THROUGHCARE__V1__RECORD__BODY_TICK;
	packed.tick = &tick;
	size_t len = throughcare__v1__record__get_packed_size(&packed);
	TC_CHECK(tc_bytes_reserve(&record->owned, len) == 0);
	record->owned.len = throughcare__v1__record__pack(&packed, record->owned.data);
	record->body = tc_bytes_slice(&record->owned);
	free(padding);
	return record;
}

static void fill(struct journal *journal, uint64_t records, size_t bytes)
{
	for (uint64_t done = 0; done < records;) {
		struct record_batch batch = {0};

		for (; batch.count < BATCH_RECORDS && done < records; done++) {
			struct record *record = record_make(bytes);
			record_batch_push(&batch, &record);
		}
		struct tc_id id = tc_id_new(tc_clock_now_ms(&tc_clock_real));
		TC_CHECK(journal_append(journal, &batch, id) == 0);
		record_batch_free(&batch);
	}
}

int main(int argc, char **argv)
{
	struct journal_lmdb_options options = {.map_bytes = 1ULL << 36, .clock = &tc_clock_real};
	struct journal *journal = NULL;

	if (argc < 3 || argc > 4) {
		fprintf(stderr, "usage: journal_fill FOLDER RECORDS [BYTES]\n");
		return 2;
	}
	options.path = argv[1];
	if (journal_lmdb_open(&options, &journal) != 0) {
		fprintf(stderr, "journal_fill: %s cannot be opened\n", argv[1]);
		return 1;
	}
	fill(journal, strtoull(argv[2], NULL, 10), argc == 4 ? strtoull(argv[3], NULL, 10) : 700);
	journal_close(&journal);
	return 0;
}
