#include "cli/bench_message.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "throughcare/v1/envelope.pb-c.h"
#include "throughcare/v1/service.pb-c.h"

#define REMARK_BYTES_MAX 4000
#define TYPE             "AttendanceRecord"
#define APPOINTMENT      "00000000-0000-7000-8000-0000000000a1"
#define EXAMPLE_UUID     "00000000-0000-7000-8000-000000000000"

/* protobuf-c has no const strings; measuring and packing do not write. */
#define TEXT(value) ((char *)(uintptr_t)(value))

static size_t content_bytes(size_t remark_bytes, const char *remark, uint8_t *to)
{
	Throughcare__V1__AttendanceRecord record = THROUGHCARE__V1__ATTENDANCE_RECORD__INIT;
	char longest[REMARK_BYTES_MAX + 1];

	record.appointment_id = TEXT(APPOINTMENT);
	record.has_status = 1;
	record.status = THROUGHCARE__V1__ATTENDANCE_STATUS__ATTENDANCE_STATUS_ATTENDED;
	record.remark = TEXT(remark);
	if (!remark) {
		memset(longest, 'x', remark_bytes);
		longest[remark_bytes] = '\0';
		record.remark = longest;
	}
	return to ? throughcare__v1__attendance_record__pack(&record, to)
		  : throughcare__v1__attendance_record__get_packed_size(&record);
}

/* The size of the header that the client library will make of such a message. */
static size_t header_bytes(const char *sender, const struct tc_bench_queue *queue)
{
	Throughcare__V1__Recipient recipient = THROUGHCARE__V1__RECIPIENT__INIT;
	Throughcare__V1__Recipient *recipients[] = {&recipient};
	Throughcare__V1__Header header = THROUGHCARE__V1__HEADER__INIT;
	Google__Protobuf__Timestamp created = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Throughcare__V1__Basis basis = THROUGHCARE__V1__BASIS__INIT;
	ProtobufCBinaryData digest = {.len = 32, .data = (uint8_t[32]){0}};

	recipient.agency = TEXT(queue->agency);
	basis.grant_id = TEXT(queue->grant);
	created.seconds = 1800000000;
	created.nanos = 500000000;
	header.message_id = TEXT(EXAMPLE_UUID);
	header.type = TEXT(TYPE);
	header.sender = TEXT(sender);
	header.n_recipients = 1;
	header.recipients = recipients;
	header.subject = TEXT(queue->subject);
	header.has_purpose = 1;
	header.purpose = THROUGHCARE__V1__PURPOSE__PURPOSE_SUPERVISION_MONITORING;
	header.basis = &basis;
	header.created_at = &created;
	header.has_evidence = 1;
	header.evidence = THROUGHCARE__V1__EVIDENCE_LEVEL__EVIDENCE_LEVEL_EXCEPTIONS;
	header.n_manifest = 1;
	header.manifest = &digest;
	return throughcare__v1__header__get_packed_size(&header);
}

static size_t envelope_bytes(size_t header, size_t content)
{
	Throughcare__V1__Envelope envelope = THROUGHCARE__V1__ENVELOPE__INIT;
	Throughcare__V1__Part part = THROUGHCARE__V1__PART__INIT;
	Throughcare__V1__Part *parts[] = {&part};

	/* Only the lengths count. */
	envelope.has_header = 1;
	envelope.header.len = header;
	envelope.n_parts = 1;
	envelope.parts = parts;
	part.type = TEXT(TYPE);
	part.has_category = 1;
	part.category = THROUGHCARE__V1__CATEGORY__CATEGORY_ATTENDANCE;
	part.has_salt = 1;
	part.salt.len = 32;
	part.has_content = 1;
	part.content.len = content;
	return throughcare__v1__envelope__get_packed_size(&envelope);
}

size_t tc_bench_message_remark_bytes(const struct tc_bench_plan *plan, const char *sender,
				     const struct tc_bench_queue *queue)
{
	size_t header = header_bytes(sender, queue);
	size_t remark = TC_BENCH_REMARK_BYTES_MIN;

	while (remark < REMARK_BYTES_MAX &&
	       envelope_bytes(header, content_bytes(remark + 1, NULL, NULL)) <= plan->bytes)
		remark++;
	return remark;
}

static int header_fill(struct tc_message *message, const struct tc_bench_queue *queue)
{
	int r;

	r = tc_message_add_recipient(message, queue->agency, NULL, NULL);
	if (r == 0)
		r = tc_message_set_subject(message, queue->subject);
	if (r == 0)
		r = tc_message_set_grant(message, queue->grant);
	tc_message_set_purpose(message, THROUGHCARE__V1__PURPOSE__PURPOSE_SUPERVISION_MONITORING);
	/* Custody of each message is asked for by its receipt; evidence would double the load. */
	tc_message_set_evidence(message,
				THROUGHCARE__V1__EVIDENCE_LEVEL__EVIDENCE_LEVEL_EXCEPTIONS);
	return r;
}

int tc_bench_message_new(const struct tc_bench_mark *mark, const struct tc_bench_queue *queue,
			 size_t remark_bytes, struct tc_message **ret)
{
	uint8_t content[REMARK_BYTES_MAX + 256];
	char remark[REMARK_BYTES_MAX + 1];
	struct tc_message *message = NULL;
	int used;
	int r;

	used = snprintf(remark, sizeof(remark),
			"bench %08" PRIx32 " %" PRIu32 " %" PRIu64 " %" PRId64, mark->run,
			mark->producer, mark->number, mark->sent_us);
	for (size_t i = (size_t)used; i < remark_bytes; i++)
		remark[i] = i == (size_t)used ? ' ' : 'x';
	remark[remark_bytes > (size_t)used ? remark_bytes : (size_t)used] = '\0';
	r = tc_message_new(TYPE, &message);
	if (r == 0)
		r = header_fill(message, queue);
	if (r == 0)
		r = tc_message_add_part(message, TYPE,
					THROUGHCARE__V1__CATEGORY__CATEGORY_ATTENDANCE, content,
					content_bytes(0, remark, content));
	if (r == 0) {
		*ret = message;
		message = NULL;
	}
	tc_message_free(&message);
	return r;
}

/* sscanf took one in twenty samples of the consumers. */
static bool mark_read(const char *text, struct tc_bench_mark *ret)
{
	static const char ours[] = "bench ";
	const char *at = text + strlen(ours);
	char *end;

	if (strncmp(text, ours, strlen(ours)) != 0)
		return false;
	ret->run = (uint32_t)strtoul(at, &end, 16);
	ret->producer = (uint32_t)strtoul(end, &end, 10);
	ret->number = strtoull(end, &end, 10);
	at = end;
	ret->sent_us = strtoll(at, &end, 10);
	return end != at;
}

bool tc_bench_message_read(const void *content, size_t len, struct tc_bench_mark *ret)
{
	Throughcare__V1__AttendanceRecord *record;
	struct tc_bench_mark mark;
	bool ours = false;

	record = throughcare__v1__attendance_record__unpack(NULL, len, content);
	if (!record)
		return false;
	if (record->remark)
		ours = mark_read(record->remark, &mark);
	throughcare__v1__attendance_record__free_unpacked(record, NULL);
	if (ours)
		*ret = mark;
	return ours;
}
