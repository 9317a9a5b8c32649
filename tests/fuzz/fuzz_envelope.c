/*
 * A frame from an agency, taken through everything that needs no state. Where the digests of a
 * mutated envelope no longer fit, they are repaired now and then (first byte), or nothing behind
 * them would ever be reached.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "throughcare/v1/wire.pb-c.h"
#include "wire/envelope.h"
#include "wire/fields.h"
#include "wire/header.h"
#include "wire/request.h"

#define NOW_MS 1800000000000LL

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void header_probe(struct tc_slice packed)
{
	struct tc_header header;
	struct tc_header again;
	struct tc_refusal refusal = {0};
	uint8_t hash[TC_DIGEST_BYTES];

	if (tc_header_decode(packed, &header, &refusal) != 0) {
		TC_CHECK(refusal.code != TC_REFUSAL_NONE);
		return;
	}
	/* What was let in can be read back, alike. */
	TC_CHECK(tc_header_read(packed, &again) == 0);
	TC_CHECK(memcmp(&header, &again, sizeof(header)) == 0);
	TC_CHECK(tc_header_content_hash(packed, NULL, hash) == 0);
}

static void accepted_probe(const struct tc_envelope *envelope)
{
	Throughcare__V1__Header *header = throughcare__v1__header__unpack(
		NULL, envelope->header_bytes.len, envelope->header_bytes.data);

	/* What we let in, protobuf-c takes; and it is what we read. */
	TC_CHECK(header && header->message_id && header->sender && header->type);
	TC_CHECK(header->n_manifest == envelope->part_count);
	TC_CHECK(header->n_recipients == envelope->header.recipient_count);
	TC_CHECK(strcmp(header->sender, envelope->header.sender.name) == 0);
	throughcare__v1__header__free_unpacked(header, NULL);
	for (size_t i = 0; i < envelope->part_count; i++)
		TC_CHECK(envelope->parts[i].type && envelope->parts[i].salt.len == TC_SALT_BYTES);
}

static void envelope_probe(struct tc_slice packed)
{
	struct tc_envelope envelope;
	struct tc_refusal refusal = {0};
	int r = tc_envelope_decode(packed, NOW_MS, &envelope, &refusal);

	TC_CHECK(r >= 0);
	if (r == 0)
		accepted_probe(&envelope);
	else
		TC_CHECK(refusal.code != TC_REFUSAL_NONE);
}

/* Gives the header the manifest that its parts have, and tries again. */
static void repaired_probe(struct tc_slice packed)
{
	Throughcare__V1__Envelope *envelope =
		throughcare__v1__envelope__unpack(NULL, packed.len, packed.data);
	Throughcare__V1__Header *header = NULL;
	uint8_t digests[TC_PARTS_MAX][TC_DIGEST_BYTES];
	ProtobufCBinaryData manifest[TC_PARTS_MAX];
	ProtobufCBinaryData own_header;
	ProtobufCBinaryData *own_manifest;
	size_t own_count;
	uint8_t *bytes;
	size_t len;

	if (!envelope)
		return;
	if (envelope->n_parts > TC_PARTS_MAX)
		goto out;
	header = throughcare__v1__header__unpack(NULL, envelope->header.len, envelope->header.data);
	if (!header)
		goto out;
	for (size_t i = 0; i < envelope->n_parts; i++) {
		const Throughcare__V1__Part *part = envelope->parts[i];

		if (!part->type || strlen(part->type) > 64 || part->salt.len != TC_SALT_BYTES)
			goto out;
		TC_CHECK(tc_part_digest(part->salt.data, tc_slice_text(part->type), part->category,
					part->sealed,
					tc_slice(part->content.data, part->content.len),
					digests[i]) == 0);
		manifest[i] = (ProtobufCBinaryData){.data = digests[i], .len = TC_DIGEST_BYTES};
	}
	own_manifest = header->manifest;
	own_count = header->n_manifest;
	header->manifest = manifest;
	header->n_manifest = envelope->n_parts;
	len = throughcare__v1__header__get_packed_size(header);
	bytes = malloc(len + 1);
	TC_CHECK(bytes);
	throughcare__v1__header__pack(header, bytes);
	header->manifest = own_manifest;
	header->n_manifest = own_count;
	own_header = envelope->header;
	envelope->header = (ProtobufCBinaryData){.data = bytes, .len = len};
	{
		size_t packed_len = throughcare__v1__envelope__get_packed_size(envelope);
		uint8_t *whole = malloc(packed_len + 1);

		TC_CHECK(whole);
		throughcare__v1__envelope__pack(envelope, whole);
		envelope_probe(tc_slice(whole, packed_len));
		free(whole);
	}
	envelope->header = own_header;
	free(bytes);
out:
	if (header)
		throughcare__v1__header__free_unpacked(header, NULL);
	throughcare__v1__envelope__free_unpacked(envelope, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tc_request request;
	struct tc_submit submit;
	struct tc_refusal refusal = {0};

	if (size < 1)
		return 0;
	if (tc_request_decode(tc_slice(data + 1, size - 1), &request, &refusal) != 0) {
		TC_CHECK(refusal.code != TC_REFUSAL_NONE);
		return 0;
	}
	if (request.kind != TC_REQUEST_SUBMIT)
		return 0;
	if (tc_submit_split(request.body, &submit, &refusal) != 0) {
		TC_CHECK(refusal.code != TC_REFUSAL_NONE);
		return 0;
	}
	TC_CHECK(submit.count >= 1 && submit.count <= TC_ENVELOPES_MAX);
	for (size_t i = 0; i < submit.count; i++) {
		header_probe(submit.headers[i]);
		envelope_probe(submit.envelopes[i]);
		if (data[0] & 1)
			repaired_probe(submit.envelopes[i]);
	}
	return 0;
}
