#include "trail/anchor_record.h"

#include "throughcare/v1/record.pb-c.h"

int anchor_record_make(struct trail_index *index, struct record_batch *ret)
{
	Throughcare__V1__Record body = THROUGHCARE__V1__RECORD__INIT;
	uint8_t root[DISCLOSURE_HASH_BYTES];
	Throughcare__V1__AnchorRecord anchor;
	struct record *record;
	int r = trail_index_anchor(index, &anchor, root);

	if (r != 0)
		return r;
	body.body_case = THROUGHCARE__V1__RECORD__BODY_ANCHOR;
	body.anchor = &anchor;
	record = record_new();
	if (record == NULL ||
	    tc_bytes_reserve(&record->owned, throughcare__v1__record__get_packed_size(&body)) < 0) {
		record_free(&record);
		return TC_ENOMEM;
	}
	record->owned.len = throughcare__v1__record__pack(&body, record->owned.data);
	record->body = tc_bytes_slice(&record->owned);
	record->rider = true;
	record_batch_push(ret, &record);
	return 0;
}
