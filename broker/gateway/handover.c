#include "gateway/handover.h"

#include <string.h>

#include "gateway/request_record.h"
#include "gateway/response.h"
#include "throughcare/v1/wire.pb-c.h"
#include "wire/fields.h"

#define NOTICES_MAX 32 /* that terms have */

/* Field numbers of ReleaseTerms and its Notice. */
#define TERMS_NOTICES 1
#define NOTICE_CODE   1

void handover_add(struct connection *connection, struct effect **effect)
{
	effects_push(&connection->waiting, effect);
	connection_touch(connection);
}

void handover_withdraw(struct connection *connection, uint64_t delivery_id)
{
	struct effects rest = connection->waiting;
	struct effect *effect;

	connection->waiting.first = connection->waiting.last = NULL;
	while ((effect = effects_pop(&rest)) != NULL) {
		if (effect->kind == EFFECT_DELIVER && effect->delivery_id == delivery_id)
			effect_free(&effect);
		else
			effects_push(&connection->waiting, &effect);
	}
	connection_touch(connection); /* what stood behind it may be next */
}

/* What the delivery's message borrows from, beside the journal. */
struct delivery_messages {
	Throughcare__V1__Response response;
	Throughcare__V1__Delivery delivery;
	Google__Protobuf__Timestamp accepted_at;
	Throughcare__V1__Part parts[TC_PARTS_MAX];
	Throughcare__V1__Part *part_list[TC_PARTS_MAX];
	char *obligations[NOTICES_MAX];
	struct record_part contents[TC_PARTS_MAX];
};

static void head_fill(const struct effect *effect, int64_t accepted_ms,
		      struct delivery_messages *messages)
{
	Throughcare__V1__Delivery *delivery = &messages->delivery;

	throughcare__v1__delivery__init(delivery);
	google__protobuf__timestamp__init(&messages->accepted_at);
	delivery->has_delivery_id = 1;
	delivery->delivery_id = effect->delivery_id;
	delivery->has_attempt = 1;
	delivery->attempt = effect->attempt;
	delivery->has_lease_ms = 1;
	delivery->lease_ms = effect->lease_ms;
	delivery->has_released_at_sequence = 1;
	delivery->released_at_sequence = effect->released_at;
	delivery->has_log_sequence = 1;
	delivery->log_sequence = effect->sequence;
	messages->accepted_at.seconds = accepted_ms / 1000;
	messages->accepted_at.nanos = (int32_t)(accepted_ms % 1000) * 1000000;
	delivery->accepted_at = &messages->accepted_at;
	delivery->basis = effect->basis[0] ? (char *)(uintptr_t)effect->basis : NULL;
}

/* The code of a packed Notice, with a final NUL. NULL when there is none or no memory. */
static char *notice_code(struct scratch *scratch, struct tc_slice notice)
{
	struct tc_field field;

	while (tc_fields_next(&notice, &field) == 0) {
		char *code;

		if (field.number != NOTICE_CODE || field.wire_type != 2)
			continue;
		code = scratch->allocator.alloc(scratch->allocator.allocator_data,
						field.bytes.len + 1);
		if (code) {
			memcpy(code, field.bytes.data, field.bytes.len);
			code[field.bytes.len] = '\0';
		}
		return code;
	}
	return NULL;
}

/* The terms as the log has their digest, and their notices by code. */
static int terms_fill(struct scratch *scratch, const struct effect *effect,
		      struct delivery_messages *messages)
{
	struct tc_slice rest = tc_bytes_slice(&effect->body);
	Throughcare__V1__Delivery *delivery = &messages->delivery;
	struct tc_field field;

	delivery->has_terms = 1;
	delivery->terms = request_record_bytes(rest);
	delivery->obligations = messages->obligations;
	while (tc_fields_next(&rest, &field) == 0) {
		char *code;

		if (field.number != TERMS_NOTICES || delivery->n_obligations == NOTICES_MAX)
			continue;
		code = notice_code(scratch, field.bytes);
		if (!code)
			return TC_ENOMEM;
		delivery->obligations[delivery->n_obligations++] = code;
	}
	return 0;
}

/* The released parts: labels from the record, salts and contents from the journal's parts. */
static int parts_fill(struct journal_reader *reader, const struct effect *effect,
		      const Throughcare__V1__SubmissionRecord *submission,
		      struct delivery_messages *messages)
{
	size_t count = 0;
	int r;

	if (submission->n_parts > TC_PARTS_MAX)
		return TC_ECORRUPT;
	r = journal_read_parts(reader, effect->sequence, messages->contents, submission->n_parts);
	if (r)
		return r;
	for (size_t i = 0; i < submission->n_parts; i++) {
		const Throughcare__V1__PartLabel *label = submission->parts[i];
		Throughcare__V1__Part *part = &messages->parts[count];

		if (!(effect->parts_mask & 1ull << i))
			continue;
		throughcare__v1__part__init(part);
		part->type = label->type;
		part->has_category = 1;
		part->category = label->category;
		part->has_sealed = label->has_sealed;
		part->sealed = label->sealed;
		part->has_salt = 1;
		part->salt = request_record_bytes(
			tc_slice(messages->contents[i].salt, RECORD_SALT_BYTES));
		part->has_content = 1;
		part->content = request_record_bytes(messages->contents[i].content);
		messages->part_list[count++] = part;
	}
	messages->delivery.n_parts = count;
	messages->delivery.parts = messages->part_list;
	return 0;
}

static int response_write(uint64_t request_id, struct delivery_messages *messages,
			  struct tc_bytes *out)
{
	Throughcare__V1__Response *response = &messages->response;
	uint8_t *room;
	int r;

	throughcare__v1__response__init(response);
	response->has_request_id = 1;
	response->request_id = request_id;
	response->body_case = THROUGHCARE__V1__RESPONSE__BODY_DELIVERY;
	response->delivery = &messages->delivery;
	r = tc_zmtp_write_room(throughcare__v1__response__get_packed_size(response), out, &room);
	if (r == 0)
		throughcare__v1__response__pack(response, room);
	return r;
}

static int own_write(const struct effect *effect, uint64_t request_id, struct tc_bytes *out)
{
	uint8_t *room;
	int r = tc_zmtp_write_room(
		response_head_bytes(request_id, effect->body.len) + effect->body.len, out, &room);

	if (r)
		return r;
	room = response_head_write(room, request_id, RESPONSE_DELIVERY, effect->body.len);
	if (effect->body.len)
		memcpy(room, effect->body.data, effect->body.len);
	return 0;
}

/* Packs one delivery as a ZMTP message. The record and its parts come from `reader`. 0,
 * JOURNAL_FORGOTTEN when the content was expunged, or a fault. */
static int write_one(struct journal_reader *reader, struct scratch *scratch,
		     const struct effect *effect, uint64_t request_id, struct tc_bytes *out)
{
	struct delivery_messages messages;
	struct journal_entry entry;
	Throughcare__V1__Record *record;
	const Throughcare__V1__SubmissionRecord *submission;
	int r;

	if (effect->kind == EFFECT_DELIVER_OWN)
		return own_write(effect, request_id, out);
	r = journal_read(reader, effect->sequence, &entry);
	if (r)
		return r < 0 ? r : TC_ECORRUPT; /* what is handed over was appended before */
	scratch_reset(scratch);
	record = throughcare__v1__record__unpack(&scratch->allocator, entry.body.len,
						 entry.body.data);
	if (!record)
		return TC_ENOMEM;
	if (record->body_case != THROUGHCARE__V1__RECORD__BODY_SUBMISSION)
		return TC_ECORRUPT;
	submission = record->submission;
	head_fill(effect, entry.time_ms, &messages);
	messages.delivery.has_header = 1;
	messages.delivery.header = submission->header;
	messages.delivery.signature = submission->signature;
	r = terms_fill(scratch, effect, &messages);
	if (r == 0)
		r = parts_fill(reader, effect, submission, &messages);
	if (r)
		return r;
	return response_write(request_id, &messages, out);
}

void handover_fill(struct connection *connection)
{
	struct gateway *gateway = connection->gateway;

	while (connection->waiting.first &&
	       connection_output(connection) < gateway->options.limits.output_bytes) {
		struct effect *effect = effects_pop(&connection->waiting);
		int r;

		if (effect->kind == EFFECT_REPLY) {
			effect_answer(connection, effect);
			effect_free(&effect);
			if (connection->state == CONNECTION_CLOSED)
				return;
			continue;
		}
		r = write_one(gateway->reader, &gateway->scratch, effect, connection->collect_id,
			      &connection->out);
		effect_free(&effect);
		if (r == 0) {
			atomic_fetch_add_explicit(&gateway->options.counters->deliveries, 1,
						  memory_order_relaxed);
		} else if (r == TC_ENOMEM || r == TC_EINVAL) {
			/* The log-off returns it; it counts as an attempt. */
			connection_close(connection, tc_refusal_name(TC_REFUSAL_INTERNAL));
			return;
		} else if (r < 0) {
			gateway_fail(gateway, r);
			return;
		}
		/* JOURNAL_FORGOTTEN: expunged on its way; there is nothing left to hand over. */
	}
}
