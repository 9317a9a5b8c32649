#include "daemon/log_answered.h"

#include <stdio.h>
#include <string.h>

#include "throughcare/v1/record.pb-c.h"

#define RENEW_RECORDS 4096

static void answer_add(struct log_answered *answered,
		       const Throughcare__V1__RestoredRecord *restored)
{
	struct log_answer *answer = &answered->answers[answered->count];

	if (restored->gap != THROUGHCARE__V1__RESTORE_GAP__RESTORE_GAP_ACCEPTED ||
	    !restored->origin || restored->signed_root.len != sizeof(answer->root.bytes) ||
	    answered->count == SEALER_ORIGINS_MAX)
		return;
	snprintf(answer->origin, sizeof(answer->origin), "%s", restored->origin);
	answer->have = restored->size;
	answer->size = restored->signed_size;
	memcpy(answer->root.bytes, restored->signed_root.data, sizeof(answer->root.bytes));
	answered->count++;
}

int log_answered_read(struct journal *journal, struct log_answered *ret)
{
	struct journal_reader *reader = NULL;
	struct journal_entry entry;
	int r = journal_reader_open(journal, &reader);

	ret->count = 0;
	for (uint64_t i = 0; r == 0; i++) {
		Throughcare__V1__Record *record = NULL;

		if (i % RENEW_RECORDS == 0)
			journal_reader_renew(reader);
		r = journal_read(reader, i, &entry);
		if (r == 0)
			record = throughcare__v1__record__unpack(NULL, entry.body.len,
								 entry.body.data);
		else if (r == JOURNAL_FORGOTTEN)
			r = 0;
		if (record && record->body_case == THROUGHCARE__V1__RECORD__BODY_RESTORED)
			answer_add(ret, record->restored);
		throughcare__v1__record__free_unpacked(record, NULL);
	}
	journal_reader_close(&reader);
	return r == JOURNAL_END ? 0 : r;
}

bool log_answered_names(const struct log_answered *answered, const char *origin)
{
	for (size_t i = 0; i < answered->count; i++)
		if (strcmp(answered->answers[i].origin, origin) == 0)
			return true;
	return false;
}

bool log_answered_covers(const struct log_answered *answered, const struct sealer_origin *known)
{
	for (size_t i = 0; i < answered->count; i++) {
		const struct log_answer *answer = &answered->answers[i];

		if (strcmp(answer->origin, known->name) == 0)
			continue; /* signed since */
		if ((known->size > answer->have && known->size <= answer->size) ||
		    (known->size == answer->size &&
		     memcmp(known->root.bytes, answer->root.bytes, sizeof(known->root.bytes)) == 0))
			return true;
	}
	return false;
}
