#include "wire/draft.h"

#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "throughcare/v1/wire.pb-c.h"
#include "wire/digest.h"
#include "wire/envelope.h"
#include "wire/merkle.h"

/* Everything that is packed together: the submission refers to it. */
struct submission {
	Throughcare__V1__Submit submit;
	Throughcare__V1__Envelope envelopes[TC_ENVELOPES_MAX];
	Throughcare__V1__Envelope *envelope_pointers[TC_ENVELOPES_MAX];
	struct tc_slice headers[TC_ENVELOPES_MAX];
	struct tc_bytes header_bytes;
	Throughcare__V1__Part *parts;
	Throughcare__V1__Part **part_pointers;
	uint8_t (*salts)[TC_SALT_BYTES];
	struct tc_merkle_tree tree;
	struct tc_signature signature;
};

static ProtobufCBinaryData binary(struct tc_slice slice)
{
	/* protobuf-c does not write through it; its type has no const. */
	return (ProtobufCBinaryData){.len = slice.len, .data = (uint8_t *)slice.data};
}

static int salt_make(const struct tc_draft *draft, size_t index, struct tc_signing_key *key,
		     uint8_t ret[TC_SALT_BYTES])
{
	const struct tc_draft_part *part = &draft->parts[index];
	uint8_t context[sizeof(struct tc_id) + 2 + TC_DIGEST_BYTES];
	size_t len = sizeof(struct tc_id) + 2;
	struct tc_id id;

	if (part->salt.len == TC_SALT_BYTES) {
		memcpy(ret, part->salt.data, TC_SALT_BYTES);
		return 0;
	}
	if (part->salt.len != 0)
		return TC_EINVAL;
	if (!draft->header->message_id ||
	    !tc_id_parse(tc_slice_text(draft->header->message_id), &id))
		return TC_EINVAL;
	memcpy(context, id.bytes, sizeof(id.bytes));
	tc_put_be16(context + sizeof(id.bytes), (uint16_t)index);
	if (part->sealed) {
		int r = 0;

		if (part->meant_sha256.len == TC_DIGEST_BYTES)
			memcpy(context + len, part->meant_sha256.data, TC_DIGEST_BYTES);
		else
			r = tc_sha256(part->content, context + len);
		if (r < 0)
			return r;
		len += TC_DIGEST_BYTES;
	}
	return tc_signing_key_derive(key, part->sealed ? "sealed-salt" : "salt",
				     tc_slice(context, len), ret);
}

static int header_pack(const struct tc_draft *draft, struct tc_signing_key *key,
		       uint8_t (*salts)[TC_SALT_BYTES], struct tc_bytes *out)
{
	uint8_t digests[TC_PARTS_MAX][TC_DIGEST_BYTES];
	ProtobufCBinaryData manifest[TC_PARTS_MAX];
	Throughcare__V1__Header header = *draft->header;
	size_t len;
	int r;

	if (draft->part_count < 1 || draft->part_count > TC_PARTS_MAX)
		return TC_EINVAL;
	for (size_t i = 0; i < draft->part_count; i++) {
		const struct tc_draft_part *part = &draft->parts[i];

		r = salt_make(draft, i, key, salts[i]);
		if (r < 0)
			return r;
		r = tc_part_digest(salts[i], tc_slice_text(part->type), part->category,
				   part->sealed, part->content, digests[i]);
		if (r < 0)
			return r;
		manifest[i] = binary(tc_slice(digests[i], TC_DIGEST_BYTES));
	}
	header.manifest = manifest;
	header.n_manifest = draft->part_count;
	len = throughcare__v1__header__get_packed_size(&header);
	r = tc_bytes_reserve(out, len);
	if (r < 0)
		return r;
	throughcare__v1__header__pack(&header, out->data + out->len);
	out->len += len;
	return 0;
}

int tc_draft_pack_header(const struct tc_draft *draft, struct tc_signing_key *key,
			 uint8_t salts[TC_PARTS_MAX][TC_SALT_BYTES], struct tc_bytes *out)
{
	return header_pack(draft, key, salts, out);
}

static int submission_headers(struct submission *submission, const struct tc_draft *drafts,
			      size_t count, struct tc_signing_key *key)
{
	size_t ends[TC_ENVELOPES_MAX];
	size_t first_part = 0;
	size_t start = 0;
	int r;

	for (size_t i = 0; i < count; i++) {
		r = header_pack(&drafts[i], key, submission->salts + first_part,
				&submission->header_bytes);
		if (r < 0)
			return r;
		first_part += drafts[i].part_count;
		ends[i] = submission->header_bytes.len;
	}
	for (size_t i = 0; i < count; i++) {
		submission->headers[i] =
			tc_slice(submission->header_bytes.data + start, ends[i] - start);
		start = ends[i];
	}
	r = tc_merkle_tree_build(submission->headers, count, &submission->tree);
	if (r < 0)
		return r;
	return tc_signature_make(key, tc_merkle_tree_root(&submission->tree),
				 &submission->signature);
}

static void envelope_fill(struct submission *submission, const struct tc_draft *draft, size_t index,
			  size_t first_part)
{
	Throughcare__V1__Envelope *envelope = &submission->envelopes[index];

	throughcare__v1__envelope__init(envelope);
	envelope->has_header = 1;
	envelope->header = binary(submission->headers[index]);
	envelope->n_parts = draft->part_count;
	envelope->parts = submission->part_pointers + first_part;
	submission->envelope_pointers[index] = envelope;
	for (size_t i = 0; i < draft->part_count; i++) {
		Throughcare__V1__Part *part = &submission->parts[first_part + i];
		const struct tc_draft_part *from = &draft->parts[i];

		throughcare__v1__part__init(part);
		part->type = (char *)from->type;
		part->has_category = 1;
		part->category = from->category;
		part->has_salt = 1;
		part->salt = binary(tc_slice(submission->salts[first_part + i], TC_SALT_BYTES));
		part->has_content = 1;
		part->content = binary(from->content);
		part->has_sealed = from->sealed;
		part->sealed = from->sealed;
		part->has_sealed_to = from->sealed_to.len > 0;
		part->sealed_to = binary(from->sealed_to);
		submission->part_pointers[first_part + i] = part;
	}
}

static int submission_make(struct submission *submission, const struct tc_draft *drafts,
			   size_t count, struct tc_signing_key *key)
{
	size_t part_count = 0;
	size_t first_part = 0;
	int r;

	if (count < 1 || count > TC_ENVELOPES_MAX)
		return TC_EINVAL;
	for (size_t i = 0; i < count; i++) {
		if (drafts[i].part_count < 1 || drafts[i].part_count > TC_PARTS_MAX)
			return TC_EINVAL;
		part_count += drafts[i].part_count;
	}
	submission->parts = calloc(part_count, sizeof(*submission->parts));
	submission->part_pointers = calloc(part_count, sizeof(Throughcare__V1__Part *));
	submission->salts = calloc(part_count, sizeof(*submission->salts));
	if (!submission->parts || !submission->part_pointers || !submission->salts)
		return TC_ENOMEM;
	r = submission_headers(submission, drafts, count, key);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++) {
		envelope_fill(submission, &drafts[i], i, first_part);
		first_part += drafts[i].part_count;
	}
	throughcare__v1__submit__init(&submission->submit);
	submission->submit.n_envelopes = count;
	submission->submit.envelopes = submission->envelope_pointers;
	submission->submit.has_signature = 1;
	submission->submit.signature =
		binary(tc_slice(submission->signature.bytes, submission->signature.len));
	return 0;
}

static int pack(const ProtobufCMessage *message, struct tc_bytes *out)
{
	size_t len = protobuf_c_message_get_packed_size(message);
	int r = tc_bytes_reserve(out, len);

	if (r < 0)
		return r;
	protobuf_c_message_pack(message, out->data + out->len);
	out->len += len;
	return 0;
}

static void submission_free(struct submission **submission)
{
	if (!*submission)
		return;
	tc_bytes_free(&(*submission)->header_bytes);
	free((*submission)->salts);
	free((*submission)->part_pointers);
	free((*submission)->parts);
	free(*submission);
	*submission = NULL;
}

static int drafts_pack(const uint64_t *request_id, const struct tc_draft *drafts, size_t count,
		       struct tc_signing_key *key, struct tc_bytes *out)
{
	struct submission *submission = calloc(1, sizeof(*submission));
	Throughcare__V1__Request request = THROUGHCARE__V1__REQUEST__INIT;
	int r;

	if (!submission)
		return TC_ENOMEM;
	r = submission_make(submission, drafts, count, key);
	if (r < 0)
		goto out;
	if (request_id) {
		request.has_request_id = 1;
		request.request_id = *request_id;
		request.body_case = THROUGHCARE__V1__REQUEST__BODY_SUBMIT;
		request.submit = &submission->submit;
		r = pack(&request.base, out);
	} else {
		r = pack(&submission->submit.base, out);
	}
out:
	submission_free(&submission);
	return r;
}

int tc_draft_pack_submit(const struct tc_draft *drafts, size_t count, struct tc_signing_key *key,
			 struct tc_bytes *out)
{
	return drafts_pack(NULL, drafts, count, key, out);
}

int tc_draft_pack_request(uint64_t request_id, const struct tc_draft *drafts, size_t count,
			  struct tc_signing_key *key, struct tc_bytes *out)
{
	return drafts_pack(&request_id, drafts, count, key, out);
}
