#include "client/handover.h"

#include <string.h>

#include "client/failure.h"
#include "client/seal.h"
#include "client/terms.h"
#include "wire/delivery.h"
#include "wire/part_types.h"
#include "wire/validate.h"

static struct tc_slice slice_of(ProtobufCBinaryData data)
{
	return tc_slice(data.data, data.len);
}

static int64_t time_ms(const Google__Protobuf__Timestamp *time)
{
	return time ? time->seconds * 1000 + time->nanos / 1000000 : 0;
}

static void text_copy(char *to, size_t room, struct tc_slice from)
{
	size_t len = from.len < room ? from.len : room - 1;

	if (len > 0)
		memcpy(to, from.data, len);
	to[len] = '\0';
}

static void id_copy(char to[TC_ID_TEXT_BYTES], struct tc_id id)
{
	if (tc_id_is_none(id))
		to[0] = '\0';
	else
		tc_id_format(id, to);
}

static int certificate_ask(struct tc_client *client, struct tc_slice sha256)
{
	Throughcare__V1__Request request = THROUGHCARE__V1__REQUEST__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	Throughcare__V1__CertificateQuery certificate = THROUGHCARE__V1__CERTIFICATE_QUERY__INIT;

	certificate.has_sha256 = 1;
	certificate.sha256.data = (uint8_t *)sha256.data;
	certificate.sha256.len = sha256.len;
	query.body_case = THROUGHCARE__V1__QUERY__BODY_CERTIFICATE;
	query.certificate = &certificate;
	request.has_request_id = 1;
	request.request_id = tc_client_request_id(client) | TC_REQUEST_OWN;
	request.body_case = THROUGHCARE__V1__REQUEST__BODY_QUERY;
	request.query = &query;
	tc_senders_ask(&client->senders, sha256, request.request_id);
	return tc_client_send(client, &request);
}

/* To the dead letters: nobody downstream may take it for what it says it is, and offering it again
 * would not make it true. The sender is told why. */
static int reject(struct tc_client *client, const Throughcare__V1__Delivery *delivery,
		  enum tc_refusal_code code)
{
	Throughcare__V1__Request request = THROUGHCARE__V1__REQUEST__INIT;
	Throughcare__V1__Settle settle = THROUGHCARE__V1__SETTLE__INIT;
	Throughcare__V1__Settlement settlement = THROUGHCARE__V1__SETTLEMENT__INIT;
	Throughcare__V1__Settlement *settlements[] = {&settlement};
	int r;

	settlement.has_delivery_id = 1;
	settlement.delivery_id = delivery->delivery_id;
	settlement.has_kind = 1;
	settlement.kind = THROUGHCARE__V1__SETTLEMENT_KIND__SETTLEMENT_KIND_TERM;
	settlement.reason_code = (char *)tc_refusal_name(code);
	settle.n_settlements = 1;
	settle.settlements = settlements;
	settle.has_credit = 1;
	settle.credit = 1; /* the caller did not get it, so it has not used its credit */
	request.has_request_id = 1;
	request.request_id = tc_client_request_id(client) | TC_REQUEST_OWN;
	request.body_case = THROUGHCARE__V1__REQUEST__BODY_SETTLE;
	request.settle = &settle;
	client->rejected++;
	r = tc_client_send(client, &request);
	return r != 0 ? r : TC_RESPONSE_REJECTED;
}

/* Who really said it. 0 with *ret_origin; an outcome of response.h; or a fault. */
static int origin_find(struct tc_client *client, const Throughcare__V1__Delivery *delivery,
		       const struct tc_header *header, enum tc_delivery_origin *ret_origin)
{
	const Throughcare__V1__HeaderSignature *signature = delivery->signature;
	struct tc_refusal refusal = {0};
	struct tc_merkle_hash root;
	struct tc_sender *sender;
	int r;

	*ret_origin = TC_ORIGIN_EXCHANGE;
	if (strcmp(header->sender.name, TC_AGENCY_EXCHANGE) == 0 && !signature)
		return 0;
	*ret_origin = TC_ORIGIN_UNVERIFIED;
	if (client->trust_senders)
		return 0;
	r = tc_delivery_root(delivery, &root, &refusal);
	if (r < 0)
		return tc_failure_set_fault(&client->error, r);
	if (r != 0 || signature->certificate_sha256.len != TC_SHA256_BYTES)
		return reject(client, delivery, TC_REFUSAL_SIGNATURE_INVALID);
	sender = tc_senders_find(&client->senders, slice_of(signature->certificate_sha256));
	if (!sender) {
		r = certificate_ask(client, slice_of(signature->certificate_sha256));
		return r != 0 ? r : TC_RESPONSE_LATER;
	}
	switch (sender->state) {
	case TC_SENDER_ASKED:
		return TC_RESPONSE_LATER;
	case TC_SENDER_UNAVAILABLE:
		return 0;
	case TC_SENDER_UNTRUSTED:
		return reject(client, delivery, TC_REFUSAL_SIGNATURE_INVALID);
	case TC_SENDER_KNOWN:
		break;
	}
	r = TC_SIGNATURE_WRONG;
	if (tc_agency_equal(&sender->id, &header->sender))
		r = tc_senders_verify(&client->senders, sender, &root,
				      slice_of(signature->signature));
	if (r < 0)
		return tc_failure_set_fault(&client->error, r);
	if (r != 0)
		return reject(client, delivery, TC_REFUSAL_SIGNATURE_INVALID);
	*ret_origin = TC_ORIGIN_VERIFIED;
	return 0;
}

/* All that is sealed together, so that what is opened does not move while it grows. */
static int opened_reserve(struct tc_client *client, const Throughcare__V1__Delivery *from)
{
	size_t bytes = 0;

	tc_bytes_free_secret(&client->opened);
	for (size_t i = 0; i < from->n_parts; i++) {
		if (from->parts[i]->sealed)
			bytes += from->parts[i]->content.len;
	}
	return bytes > 0 ? tc_bytes_reserve(&client->opened, bytes) : 0;
}

/* What cannot be opened stays as it came, and the delivery says so. */
static int part_open(struct tc_client *client, struct tc_delivery_part *part,
		     struct tc_delivery *to)
{
	const ProtobufCMessageDescriptor *type = tc_part_descriptor(tc_slice_text(part->type));
	size_t begin = client->opened.len;
	struct tc_refusal refusal = {0};
	struct tc_slice content;
	enum tc_failure failure = TC_FAILURE_CANNOT_OPEN;
	int r = tc_seal_open(tc_slice(part->content, part->content_len),
			     tc_signing_key_private(client->key), &client->opened);

	if (r < 0)
		return tc_failure_set_fault(&client->error, r);
	content = tc_slice(client->opened.data + begin, client->opened.len - begin);
	/* The exchange could not look at it. */
	if (r == 0 && type && tc_message_scan(content, type, &refusal) != 0) {
		failure = TC_FAILURE_SEALED_CONTENT;
		r = TC_SEAL_MALFORMED;
	}
	if (r == 0) {
		part->opened = 1;
		part->content = content.data;
		part->content_len = content.len;
	} else if (!to->unopened) {
		(void)tc_failure_set(&client->unopened, failure, "%s, part %u, %s%s%s",
				     to->message_id, part->index, part->type,
				     refusal.detail[0] ? ": " : "", refusal.detail);
		to->unopened = &client->unopened;
	}
	return 0;
}

static int parts_fill(struct tc_client *client, const Throughcare__V1__Delivery *from,
		      const uint8_t *indexes, struct tc_delivery *to)
{
	int r = opened_reserve(client, from);
	struct tc_delivery_part *parts =
		tc_arena_take(&client->arena, from->n_parts * sizeof(*parts));

	if (!parts || r < 0)
		return tc_failure_set_fault(&client->error, TC_ENOMEM);
	for (size_t i = 0; i < from->n_parts && r == 0; i++) {
		const Throughcare__V1__Part *part = from->parts[i];

		parts[i] = (struct tc_delivery_part){.index = indexes[i],
						     .type = part->type,
						     .category = (int)part->category,
						     .sealed = part->sealed,
						     .content = part->content.data,
						     .content_len = part->content.len};
		if (part->sealed)
			r = part_open(client, &parts[i], to);
	}
	to->parts = parts;
	to->part_count = from->n_parts;
	return r;
}

/* The terms' shape: whoever releases parts says on what terms. */
static int terms_fill(struct tc_client *client, const Throughcare__V1__Delivery *from,
		      struct tc_delivery *to)
{
	int r;

	if (!from->has_terms)
		return 0;
	r = tc_terms_read(&client->terms, slice_of(from->terms), &to->terms);
	if (r == TC_TERMS_UNREADABLE)
		return reject(client, from, TC_REFUSAL_MALFORMED);
	return r < 0 ? tc_failure_set_fault(&client->error, r) : 0;
}

static void header_fill(const struct tc_header *header, struct tc_delivery *to)
{
	id_copy(to->message_id, header->message_id);
	id_copy(to->subject, header->subject);
	id_copy(to->referral_id, header->referral_id);
	text_copy(to->type, sizeof(to->type), header->type);
	memcpy(to->sender, header->sender.name, sizeof(to->sender));
	to->created_ms = header->created_ms;
	to->parts_sent = (unsigned)header->manifest_count;
}

int tc_handover_read(struct tc_client *client, const Throughcare__V1__Delivery *delivery,
		     struct tc_slice packed, const struct tc_delivery **ret)
{
	uint8_t indexes[TC_PARTS_MAX];
	struct tc_refusal refusal = {0};
	struct tc_header header;
	enum tc_delivery_origin origin;
	struct tc_delivery *given;
	int r = tc_delivery_check(delivery, &header, indexes, &refusal);

	if (r < 0)
		return tc_failure_set_fault(&client->error, r);
	if (r != 0)
		return reject(client, delivery, refusal.code);
	r = origin_find(client, delivery, &header, &origin);
	if (r != 0)
		return r;
	given = tc_arena_take(&client->arena, sizeof(*given));
	if (!given)
		return tc_failure_set_fault(&client->error, TC_ENOMEM);
	*given = (struct tc_delivery){
		.id = delivery->delivery_id,
		.attempt = delivery->attempt,
		.lease_ms = delivery->lease_ms,
		.log_sequence = delivery->log_sequence,
		.released_at_sequence = delivery->released_at_sequence,
		.accepted_ms = time_ms(delivery->accepted_at),
		.basis = delivery->basis ? delivery->basis : "",
		.origin = origin,
		.obligations = (const char *const *)delivery->obligations,
		.obligation_count = delivery->n_obligations,
		.header = delivery->header.data,
		.header_len = delivery->header.len,
		.packed = packed.data,
		.packed_len = packed.len,
	};
	header_fill(&header, given);
	r = parts_fill(client, delivery, indexes, given);
	if (r == 0)
		r = terms_fill(client, delivery, given);
	if (r == 0)
		*ret = given;
	return r;
}
