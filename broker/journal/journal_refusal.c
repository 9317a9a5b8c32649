#include "journal/journal_refusal.h"

#include <stdlib.h>

#include "throughcare/v1/envelope.pb-c.h"
#include "throughcare/v1/record.pb-c.h"
#include "wire/refusal.h"

/* Packs `refusal` in the place of the record's body and parts. */
static int replace(struct record *record, const Throughcare__V1__Record *refusal)
{
	size_t len = throughcare__v1__record__get_packed_size(refusal);
	struct tc_bytes owned = {0};
	int r;

	r = tc_bytes_reserve(&owned, len);
	if (r < 0)
		return r;
	owned.len = throughcare__v1__record__pack(refusal, owned.data);
	tc_bytes_free(&record->owned);
	record->owned = owned;
	record->body = tc_bytes_slice(&record->owned);
	free(record->parts);
	record->parts = NULL;
	record->part_count = 0;
	return 0;
}

static int refuse(struct record *record, const Throughcare__V1__Record *submitted)
{
	Throughcare__V1__Record changed = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__RefusalRecord refusal = THROUGHCARE__V1__REFUSAL_RECORD__INIT;
	const ProtobufCBinaryData *bytes = &submitted->submission->header;
	Throughcare__V1__Header *header;
	int r;

	header = throughcare__v1__header__unpack(NULL, bytes->len, bytes->data);
	if (!header)
		return TC_ENOMEM; /* it was decoded before, by the gateway */
	/* Constant text that packing only reads. */
	refusal.code = (char *)(uintptr_t)tc_refusal_name(TC_REFUSAL_EXCHANGE_FULL);
	refusal.message_id = header->message_id;
	refusal.type = header->type;
	refusal.has_count = 1;
	refusal.count = 1;
	changed.has_connection = submitted->has_connection;
	changed.connection = submitted->connection;
	changed.peer = submitted->peer;
	changed.body_case = THROUGHCARE__V1__RECORD__BODY_REFUSAL;
	changed.refusal = &refusal;
	r = replace(record, &changed);
	throughcare__v1__header__free_unpacked(header, NULL);
	return r;
}

int journal_refusal_apply(struct record_batch *batch)
{
	Throughcare__V1__Record *body;
	int r = 0;

	batch->bytes = 0;
	for (struct record *record = batch->first; r == 0 && record; record = record->next) {
		body = throughcare__v1__record__unpack(NULL, record->body.len, record->body.data);
		if (!body)
			return TC_ENOMEM;
		if (body->body_case == THROUGHCARE__V1__RECORD__BODY_SUBMISSION)
			r = refuse(record, body);
		throughcare__v1__record__free_unpacked(body, NULL);
		record->rider = true;
		batch->bytes += record_bytes(record);
	}
	return r;
}
