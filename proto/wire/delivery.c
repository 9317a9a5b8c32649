#include "wire/delivery.h"

#include <string.h>

#include "wire/digest.h"
#include "wire/envelope.h"

#define RELEASE_LABEL "throughcare/release/v1\n"

static struct tc_slice slice_of(ProtobufCBinaryData data)
{
	return tc_slice(data.data, data.len);
}

/* Parts come in the order of the manifest, so the search never goes back. */
static int part_find(const Throughcare__V1__Part *part, size_t number,
		     const struct tc_header *header, size_t *next, struct tc_refusal *refusal)
{
	uint8_t digest[TC_DIGEST_BYTES];
	int r;

	if (!part->type)
		return tc_refuse(refusal, TC_REFUSAL_FIELD_MISSING, "parts[%zu].type", number);
	if (part->salt.len != TC_SALT_BYTES)
		return tc_refuse(refusal, TC_REFUSAL_SALT_INVALID, "parts[%zu].salt", number);
	r = tc_part_digest(part->salt.data, tc_slice_text(part->type), part->category, part->sealed,
			   slice_of(part->content), digest);
	if (r == TC_EINVAL)
		return tc_refuse(refusal, TC_REFUSAL_FIELD_TOO_LONG, "parts[%zu].type", number);
	if (r < 0)
		return r;
	while (*next < header->manifest_count) {
		if (memcmp(header->manifest[(*next)++].data, digest, sizeof(digest)) == 0)
			return 0;
	}
	return tc_refuse(refusal, TC_REFUSAL_MANIFEST_MISMATCH, "parts[%zu]", number);
}

int tc_delivery_check(const Throughcare__V1__Delivery *delivery, struct tc_header *ret_header,
		      uint8_t ret_indexes[TC_PARTS_MAX], struct tc_refusal *refusal)
{
	size_t next = 0;
	int r = tc_header_decode(slice_of(delivery->header), ret_header, refusal);

	if (r != 0)
		return r < 0 ? r : TC_DELIVERY_REFUSED;
	if (delivery->n_parts > ret_header->manifest_count)
		return tc_refuse(refusal, TC_REFUSAL_MANIFEST_MISMATCH,
				 "%zu parts; the manifest has %zu", delivery->n_parts,
				 ret_header->manifest_count);
	for (size_t i = 0; i < delivery->n_parts; i++) {
		r = part_find(delivery->parts[i], i, ret_header, &next, refusal);
		if (r != 0)
			return r < 0 ? r : TC_DELIVERY_REFUSED;
		ret_indexes[i] = (uint8_t)(next - 1);
	}
	return 0;
}

int tc_delivery_root(const Throughcare__V1__Delivery *delivery, struct tc_merkle_hash *ret,
		     struct tc_refusal *refusal)
{
	const Throughcare__V1__HeaderSignature *signature = delivery->signature;
	struct tc_merkle_hash hashes[TC_PATH_HASHES_MAX];
	struct tc_merkle_hash leaf;
	int r;

	if (!signature)
		return tc_refuse(refusal, TC_REFUSAL_SIGNATURE_INVALID, "signature: none");
	if (signature->n_path > TC_PATH_HASHES_MAX)
		return tc_refuse(refusal, TC_REFUSAL_SIGNATURE_INVALID, "signature.path");
	for (size_t i = 0; i < signature->n_path; i++) {
		if (signature->path[i].len != TC_DIGEST_BYTES)
			return tc_refuse(refusal, TC_REFUSAL_SIGNATURE_INVALID,
					 "signature.path[%zu]", i);
		memcpy(hashes[i].bytes, signature->path[i].data, TC_DIGEST_BYTES);
	}
	r = tc_merkle_leaf(slice_of(delivery->header), &leaf);
	if (r < 0)
		return r;
	r = tc_merkle_path_climb(&leaf, signature->leaf_index, signature->tree_size, hashes,
				 signature->n_path, ret);
	if (r == TC_MERKLE_MISMATCH)
		return tc_refuse(refusal, TC_REFUSAL_SIGNATURE_INVALID, "signature.path");
	return r;
}

int tc_release_digest(uint64_t sequence, uint64_t parts,
		      const uint8_t terms_sha256[TC_DIGEST_BYTES], uint8_t ret[TC_DIGEST_BYTES])
{
	uint8_t release[sizeof(RELEASE_LABEL) - 1 + 16 + TC_DIGEST_BYTES];
	uint8_t *at = release + sizeof(RELEASE_LABEL) - 1;

	memcpy(release, RELEASE_LABEL, sizeof(RELEASE_LABEL) - 1);
	tc_put_be64(at, sequence);
	tc_put_be64(at + 8, parts);
	memcpy(at + 16, terms_sha256, TC_DIGEST_BYTES);
	return tc_sha256(tc_slice(release, sizeof(release)), ret);
}
