#include "gateway/request.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/request_record.h"
#include "throughcare/v1/record.pb-c.h"
#include "throughcare/v1/registry.pb-c.h"
#include "throughcare/v1/wire.pb-c.h"
#include "wire/part_types.h"
#include "wire/signature.h"

/* Where the record's answer goes, and into the batch. */
static void push(struct request_context *context, struct record **record, uint64_t request_id,
		 uint32_t index, uint32_t count)
{
	(*record)->gateway = context->gateway;
	(*record)->connection = context->connection;
	(*record)->request_id = request_id;
	(*record)->index = index;
	(*record)->count = count;
	record_batch_push(&context->batch, record);
}

static int pack(struct request_context *context, Throughcare__V1__Record *body, size_t extra,
		struct record **ret)
{
	Throughcare__V1__Peer peer;

	body->has_connection = context->connection != 0;
	body->connection = context->connection;
	body->peer = request_record_peer(context->peer, &peer);
	return request_record_pack(body, extra, ret);
}

/* One refusal: of an envelope (`count` > 0), or of the whole request. */
static int refuse(struct request_context *context, uint64_t request_id, uint32_t index,
		  uint32_t count, const struct tc_refusal *refusal, const struct tc_header *header)
{
	Throughcare__V1__Record body = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__RefusalRecord message = THROUGHCARE__V1__REFUSAL_RECORD__INIT;
	struct record *record = NULL;
	char id[TC_ID_TEXT_BYTES];
	char type[65] = "";
	int r;

	message.code = (char *)(uintptr_t)tc_refusal_name(refusal->code);
	message.detail = (char *)(uintptr_t)refusal->detail;
	message.has_count = 1;
	message.count = 1;
	if (header && !tc_id_is_none(header->message_id)) {
		tc_id_format(header->message_id, id);
		message.message_id = id;
	}
	/* Only the names we know: anything else would be the peer's free text in the trail. */
	if (header && header->type.len < sizeof(type) && tc_part_type_find(header->type)) {
		memcpy(type, header->type.data, header->type.len);
		message.type = type;
	}
	body.body_case = THROUGHCARE__V1__RECORD__BODY_REFUSAL;
	body.refusal = &message;
	r = pack(context, &body, 0, &record);
	if (r)
		return r;
	push(context, &record, request_id, index, count);
	return 0;
}

static int refuse_whole(struct request_context *context, const struct tc_refusal *refusal,
			struct request_taken *ret)
{
	ret->receipts = 0;
	ret->malformed = true;
	return refuse(context, ret->id, 0, 0, refusal, NULL);
}

/* ---- Submit ---- */

/* The claim and, for what the exchange acts on itself, the body of the leading part. The text in
 * `claim` lies in the scratch memory. */
static int lead_read(struct request_context *context, Throughcare__V1__LifecycleClaim *claim,
		     Throughcare__V1__SubmissionRecord *submission)
{
	const struct tc_envelope *envelope = &context->room->envelope;
	const struct tc_envelope_part *lead = &envelope->parts[0];
	const struct tc_part_type *type = lead->type;
	ProtobufCMessage *message;

	if (envelope->part_count == 0 || lead->sealed || !type || !type->envelope)
		return 0;
	if (type->envelope->destination == THROUGHCARE__V1__DESTINATION__DESTINATION_EXCHANGE) {
		submission->has_body = 1;
		submission->body = request_record_bytes(lead->content);
	}
	scratch_reset(context->scratch);
	message = protobuf_c_message_unpack(type->message->descriptor, &context->scratch->allocator,
					    lead->content.len, lead->content.data);
	if (!message)
		return TC_ENOMEM; /* it was scanned before: only memory can be missing */
	if (claim_from_part(tc_slice_text(type->name), message, &context->room->claim, claim))
		submission->claim = claim;
	return 0;
}

/* Salts and contents behind the packed body, in the record's own memory. */
static int parts_copy(const struct tc_envelope *envelope, struct record *record)
{
	if (envelope->part_count == 0)
		return 0;
	record->parts = calloc(envelope->part_count, sizeof(*record->parts));
	if (!record->parts)
		return TC_ENOMEM;
	record->part_count = envelope->part_count;
	for (size_t i = 0; i < envelope->part_count; i++) {
		const struct tc_envelope_part *part = &envelope->parts[i];
		uint8_t *to = record->owned.data + record->owned.len;

		memcpy(record->parts[i].salt, part->salt.data, RECORD_SALT_BYTES);
		if (part->content.len)
			memcpy(to, part->content.data, part->content.len);
		record->parts[i].content = tc_slice(to, part->content.len);
		record->owned.len += part->content.len;
	}
	return 0;
}

struct submission_messages {
	Throughcare__V1__Record body;
	Throughcare__V1__SubmissionRecord submission;
	Throughcare__V1__HeaderSignature signature;
	Throughcare__V1__LifecycleClaim claim;
	Throughcare__V1__CertificateFacts certificate;
	ProtobufCBinaryData path[TC_PATH_HASHES_MAX];
	Throughcare__V1__PartLabel labels[TC_PARTS_MAX];
	Throughcare__V1__PartLabel *label_list[TC_PARTS_MAX];
	uint8_t traces[TC_PARTS_MAX][TC_TRACE_BYTES];
};

static int labels_fill(const struct tc_envelope *envelope, struct submission_messages *messages,
		       size_t *ret_content_bytes)
{
	size_t content_bytes = 0;

	for (size_t i = 0; i < envelope->part_count; i++) {
		const struct tc_envelope_part *part = &envelope->parts[i];
		Throughcare__V1__PartLabel *label = &messages->labels[i];
		int r = tc_part_trace(part->salt.data, tc_slice_text(part->type->name),
				      part->category, messages->traces[i]);

		if (r < 0)
			return r;
		throughcare__v1__part_label__init(label);
		label->type = (char *)(uintptr_t)part->type->name;
		label->has_category = 1;
		label->category = part->category;
		label->has_sealed = part->sealed;
		label->sealed = part->sealed;
		label->has_bytes = 1;
		label->bytes = (uint32_t)part->content.len;
		label->has_sealed_to = part->sealed_to.len > 0;
		label->sealed_to = request_record_bytes(part->sealed_to);
		label->has_trace = 1;
		label->trace = request_record_bytes(tc_slice(messages->traces[i], TC_TRACE_BYTES));
		messages->label_list[i] = label;
		content_bytes += part->content.len;
	}
	messages->submission.n_parts = envelope->part_count;
	messages->submission.parts = messages->label_list;
	*ret_content_bytes = content_bytes;
	return 0;
}

static void signature_fill(struct request_context *context, size_t index,
			   const struct tc_merkle_path *path, struct submission_messages *messages)
{
	Throughcare__V1__HeaderSignature *signature = &messages->signature;

	throughcare__v1__header_signature__init(signature);
	signature->has_certificate_sha256 = 1;
	signature->certificate_sha256 = request_record_bytes(
		tc_slice(tc_certificate_sha256(context->certificate), TC_SHA256_BYTES));
	signature->has_signature = 1;
	signature->signature = request_record_bytes(context->room->submit.signature);
	signature->has_leaf_index = 1;
	signature->leaf_index = (uint32_t)index;
	signature->has_tree_size = 1;
	signature->tree_size = (uint32_t)context->room->submit.count;
	for (size_t i = 0; i < path->hash_count; i++)
		messages->path[i] =
			request_record_bytes(tc_slice(path->hashes[i].bytes, TC_DIGEST_BYTES));
	signature->n_path = path->hash_count;
	signature->path = messages->path;
	messages->submission.signature = signature;
}

/* `entered`: whom the certificate of an AgencyEntry names; NULL: there is none. */
static int submission_push(struct request_context *context, uint64_t request_id, size_t index,
			   const struct tc_peer *entered)
{
	const struct tc_envelope *envelope = &context->room->envelope;
	struct submission_messages messages;
	struct tc_merkle_path path;
	struct record *record = NULL;
	size_t content_bytes;
	int r;

	throughcare__v1__record__init(&messages.body);
	throughcare__v1__submission_record__init(&messages.submission);
	tc_merkle_tree_path(&context->room->tree, index, &path);
	signature_fill(context, index, &path, &messages);
	r = labels_fill(envelope, &messages, &content_bytes);
	if (r)
		return r;
	messages.submission.has_header = 1;
	messages.submission.header = request_record_bytes(envelope->header_bytes);
	messages.submission.has_content_sha256 = 1;
	messages.submission.content_sha256 =
		request_record_bytes(tc_slice(envelope->content_sha256, TC_DIGEST_BYTES));
	r = lead_read(context, &messages.claim, &messages.submission);
	if (r)
		return r;
	if (entered) {
		throughcare__v1__certificate_facts__init(&messages.certificate);
		messages.certificate.has_sha256 = messages.certificate.has_not_before_ms = 1;
		messages.certificate.sha256 = request_record_bytes(
			tc_slice(entered->certificate_sha256, TC_SHA256_BYTES));
		messages.certificate.not_before_ms = entered->not_before_ms;
		messages.submission.certificate = &messages.certificate;
	}
	messages.body.body_case = THROUGHCARE__V1__RECORD__BODY_SUBMISSION;
	messages.body.submission = &messages.submission;
	r = pack(context, &messages.body, content_bytes, &record);
	if (r == 0)
		r = parts_copy(envelope, record);
	if (r) {
		record_free(&record);
		return r;
	}
	push(context, &record, request_id, (uint32_t)index, (uint32_t)context->room->submit.count);
	return 0;
}

enum entry_outcome { ENTRY_PLAIN = 1, ENTRY_REFUSED };

/* An AgencyEntry may bring the certificate that is sealed to: it must name that agency, in the
 * network of the operator who enters it. 0 and *ret, ENTRY_PLAIN, ENTRY_REFUSED or a fault. */
static int entry_certificate(struct request_context *context, struct tc_peer *ret,
			     struct tc_refusal *refusal)
{
	const struct tc_envelope_part *lead = &context->room->envelope.parts[0];
	const Throughcare__V1__AgencyEntry *entry;
	struct tc_slice der;
	int r;

	if (lead->sealed ||
	    lead->type->message->descriptor != &throughcare__v1__agency_entry__descriptor)
		return ENTRY_PLAIN;
	scratch_reset(context->scratch);
	entry = throughcare__v1__agency_entry__unpack(&context->scratch->allocator,
						      lead->content.len, lead->content.data);
	if (!entry)
		return TC_ENOMEM; /* it was scanned before */
	if (!entry->has_certificate_der)
		return ENTRY_PLAIN;
	der = tc_slice(entry->certificate_der.data, entry->certificate_der.len);
	r = tc_peer_decode(der, ret);
	if (r < 0)
		return r;
	if (r == 0 && ret->kind == TC_PEER_AGENCY && ret->adapter.name[0] == '\0' &&
	    strcmp(ret->id.name, entry->agency) == 0 &&
	    strcmp(ret->trust_domain, context->peer->trust_domain) == 0)
		return 0;
	tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID,
		  "parts[0].certificate_der: not a certificate of this agency in this network");
	return ENTRY_REFUSED;
}

/* One envelope of the submission: a submission record or a refusal record. */
static int envelope_take(struct request_context *context, uint64_t request_id, size_t index,
			 const struct tc_refusal *signature_refusal)
{
	struct tc_envelope *envelope = &context->room->envelope;
	struct tc_refusal refusal = {0};
	struct tc_peer entered;
	int r;

	r = tc_envelope_decode(context->room->submit.envelopes[index], context->now_ms, envelope,
			       &refusal);
	if (r == 0)
		r = tc_envelope_check_sender(envelope,
					     (Throughcare__V1__PeerKind)context->peer->kind,
					     context->peer->id.name, &refusal);
	if (r < 0)
		return r;
	if (r == 0 && signature_refusal->code == TC_REFUSAL_NONE) {
		r = entry_certificate(context, &entered, &refusal);
		if (r < 0)
			return r;
		if (r != ENTRY_REFUSED)
			return submission_push(context, request_id, index,
					       r == 0 ? &entered : NULL);
	}
	return refuse(context, request_id, (uint32_t)index, (uint32_t)context->room->submit.count,
		      r ? &refusal : signature_refusal, &envelope->header);
}

int request_take_submit(struct request_context *context, uint64_t request_id, struct tc_slice body,
			struct request_taken *ret)
{
	struct tc_submit *submit = &context->room->submit;
	struct tc_refusal refusal = {0};
	int r;

	*ret = (struct request_taken){.id = request_id};
	r = tc_submit_split(body, submit, &refusal);
	if (r < 0)
		return r;
	if (r)
		return refuse_whole(context, &refusal, ret);
	r = tc_submit_verify(submit, context->certificate, &context->room->tree, &refusal);
	if (r < 0)
		return r;
	for (size_t i = 0; i < submit->count; i++) {
		r = envelope_take(context, request_id, i, &refusal);
		if (r)
			return r;
	}
	ret->receipts = (uint32_t)submit->count;
	return 0;
}

/* ---- Collect, Settle, Query ---- */

static int collect_take(struct request_context *context, struct tc_slice body,
			struct request_taken *ret)
{
	Throughcare__V1__Record record_body = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__CollectRecord message = THROUGHCARE__V1__COLLECT_RECORD__INIT;
	Throughcare__V1__Collect *collect;
	struct record *record = NULL;
	struct tc_refusal refusal;
	int r;

	collect =
		throughcare__v1__collect__unpack(&context->scratch->allocator, body.len, body.data);
	if (!collect)
		return TC_ENOMEM;
	if (collect->credit < 1 || collect->credit > TC_CREDIT_MAX) {
		tc_refuse(&refusal, TC_REFUSAL_FIELD_INVALID, "credit: 1 to %d", TC_CREDIT_MAX);
		return refuse_whole(context, &refusal, ret);
	}
	if (collect->has_lease_ms &&
	    (collect->lease_ms < TC_LEASE_MS_MIN || collect->lease_ms > TC_LEASE_MS_MAX)) {
		tc_refuse(&refusal, TC_REFUSAL_FIELD_INVALID, "lease_ms: %d to %d", TC_LEASE_MS_MIN,
			  TC_LEASE_MS_MAX);
		return refuse_whole(context, &refusal, ret);
	}
	message.has_credit = 1;
	message.credit = collect->credit;
	message.has_lease_ms = 1;
	message.lease_ms = collect->has_lease_ms ? collect->lease_ms : TC_LEASE_MS_DEFAULT;
	record_body.body_case = THROUGHCARE__V1__RECORD__BODY_COLLECT;
	record_body.collect = &message;
	r = pack(context, &record_body, 0, &record);
	if (r)
		return r;
	ret->collect = true;
	push(context, &record, ret->id, 0, 0);
	return 0;
}

static bool settlement_valid(const Throughcare__V1__Settlement *settlement, size_t index,
			     struct tc_refusal *refusal)
{
	if (settlement->delivery_id == 0)
		tc_refuse(refusal, TC_REFUSAL_FIELD_MISSING, "settlements[%zu].delivery_id", index);
	else if (settlement->kind == THROUGHCARE__V1__SETTLEMENT_KIND__SETTLEMENT_KIND_UNSPECIFIED)
		tc_refuse(refusal, TC_REFUSAL_FIELD_MISSING, "settlements[%zu].kind", index);
	else if (settlement->delay_ms > TC_NAK_DELAY_MS_MAX)
		tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID, "settlements[%zu].delay_ms", index);
	else
		return true;
	return false;
}

static int settle_take(struct request_context *context, struct tc_slice body,
		       struct request_taken *ret)
{
	Throughcare__V1__Record record_body = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__SettlementRecord message = THROUGHCARE__V1__SETTLEMENT_RECORD__INIT;
	Throughcare__V1__Settle *settle;
	struct record *record = NULL;
	struct tc_refusal refusal;
	int r;

	settle = throughcare__v1__settle__unpack(&context->scratch->allocator, body.len, body.data);
	if (!settle)
		return TC_ENOMEM;
	for (size_t i = 0; i < settle->n_settlements; i++) {
		if (!settlement_valid(settle->settlements[i], i, &refusal))
			return refuse_whole(context, &refusal, ret);
	}
	if (settle->credit > TC_CREDIT_MAX) {
		tc_refuse(&refusal, TC_REFUSAL_FIELD_INVALID, "credit: 0 to %d", TC_CREDIT_MAX);
		return refuse_whole(context, &refusal, ret);
	}
	if (settle->n_settlements == 0 && settle->credit == 0) {
		tc_refuse(&refusal, TC_REFUSAL_FIELD_MISSING, "settlements");
		return refuse_whole(context, &refusal, ret);
	}
	message.n_settlements = settle->n_settlements;
	message.settlements = settle->settlements;
	message.has_credit = settle->credit > 0;
	message.credit = settle->credit;
	record_body.body_case = THROUGHCARE__V1__RECORD__BODY_SETTLEMENT;
	record_body.settlement = &message;
	r = pack(context, &record_body, 0, &record);
	if (r)
		return r;
	record->rider = true;
	push(context, &record, ret->id, 0, 0);
	return 0;
}

static int query_take(struct request_context *context, struct tc_slice body,
		      struct request_taken *ret)
{
	Throughcare__V1__Record record_body = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__QueryRecord message = THROUGHCARE__V1__QUERY_RECORD__INIT;
	Throughcare__V1__Query *query;
	struct record *record = NULL;
	struct tc_refusal refusal;
	int r;

	query = throughcare__v1__query__unpack(&context->scratch->allocator, body.len, body.data);
	if (!query)
		return TC_ENOMEM;
	if (query->body_case == THROUGHCARE__V1__QUERY__BODY__NOT_SET) {
		tc_refuse(&refusal, TC_REFUSAL_FIELD_MISSING, "query: none of its kinds is set");
		return refuse_whole(context, &refusal, ret);
	}
	message.has_query = 1;
	message.query = request_record_bytes(body);
	record_body.body_case = THROUGHCARE__V1__RECORD__BODY_QUERY;
	record_body.query = &message;
	r = pack(context, &record_body, 0, &record);
	if (r)
		return r;
	push(context, &record, ret->id, 0, 0);
	return 0;
}

int request_take(struct request_context *context, struct tc_slice frame, struct request_taken *ret)
{
	struct tc_refusal refusal = {0};
	struct tc_request request;
	int r;

	r = tc_request_decode(frame, &request, &refusal);
	if (r < 0)
		return r;
	*ret = (struct request_taken){.id = request.id};
	if (r)
		return refuse_whole(context, &refusal, ret);
	scratch_reset(context->scratch);
	switch (request.kind) {
	case TC_REQUEST_SUBMIT:
		return request_take_submit(context, request.id, request.body, ret);
	case TC_REQUEST_COLLECT:
		return collect_take(context, request.body, ret);
	case TC_REQUEST_SETTLE:
		return settle_take(context, request.body, ret);
	case TC_REQUEST_QUERY:
		return query_take(context, request.body, ret);
	}
	return TC_EINVAL;
}
