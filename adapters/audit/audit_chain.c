#include "audit/audit_chain.h"

#include <inttypes.h>
#include <string.h>

#include "wire/digest.h"

#define LINK_TAG   "throughcare/disclosure/v1\n"
#define PERSON_TAG "throughcare/person/v1\n"
#define HEAD_TAG   "throughcare/head/v1\n"
#define TAG_BYTES  8
#define TAG_BITS   (8 * TAG_BYTES)
#define LONE_DEPTH 16 /* from here on a single person's subtree is cut short */

int tc_audit_chain_add(const Throughcare__V1__DisclosureLink *link, struct tc_merkle_hash *head,
		       struct tc_audit_finding *finding)
{
	uint8_t numbers[20];

	if (!link->has_row_sha256 || link->row_sha256.len != TC_SHA256_BYTES)
		return tc_audit_find(finding, TC_AUDIT_FORMAT, "a link lacks its rowSha256");
	tc_put_be64(numbers, link->time_ms);
	tc_put_be64(numbers + 8, link->sequence);
	tc_put_be32(numbers + 16, link->n);
	struct tc_slice pieces[] = {tc_slice_text(LINK_TAG),
				    tc_slice(head->bytes, sizeof(head->bytes)),
				    tc_slice(numbers, sizeof(numbers)),
				    tc_slice(link->row_sha256.data, link->row_sha256.len)};
	return tc_sha256_pieces(pieces, 4, head->bytes);
}

static int tag_of(struct tc_id subject, uint8_t tag[TAG_BYTES])
{
	uint8_t digest[TC_SHA256_BYTES];
	struct tc_slice pieces[] = {tc_slice_text(PERSON_TAG),
				    tc_slice(subject.bytes, sizeof(subject.bytes))};
	int r = tc_sha256_pieces(pieces, 2, digest);

	memcpy(tag, digest, TAG_BYTES);
	return r;
}

/* A subtree with one person in it. */
static int lone_hash(const uint8_t tag[TAG_BYTES], const uint8_t leaf[TC_SHA256_BYTES],
		     struct tc_merkle_hash *ret)
{
	static const uint8_t prefix = 0x02;
	struct tc_slice pieces[] = {tc_slice(&prefix, 1), tc_slice(tag, TAG_BYTES),
				    tc_slice(leaf, TC_SHA256_BYTES)};

	return tc_sha256_pieces(pieces, 3, ret->bytes);
}

static bool bit_of(const uint8_t tag[TAG_BYTES], uint32_t depth)
{
	return tag[depth / 8] >> (7 - depth % 8) & 1;
}

/* Are the first `depth` bits the same? */
static bool prefix_same(const uint8_t *a, const uint8_t *b, uint32_t depth)
{
	for (uint32_t i = 0; i < depth; i++)
		if (bit_of(a, i) != bit_of(b, i))
			return false;
	return true;
}

/* The person with the head that the proof names. */
static int present_node(const Throughcare__V1__AnchorProof *proof, struct tc_id subject,
			const uint8_t tag[TAG_BYTES], struct tc_merkle_hash *ret,
			struct tc_audit_finding *finding)
{
	uint8_t count[8], leaf[TC_SHA256_BYTES];

	if (proof->head.len != TC_SHA256_BYTES || proof->depth < LONE_DEPTH)
		return tc_audit_find(finding, TC_AUDIT_FORMAT,
				     "the anchor's proof has no head, or no place for one");
	tc_put_be64(count, proof->count);
	struct tc_slice pieces[] = {
		tc_slice_text(HEAD_TAG), tc_slice(subject.bytes, sizeof(subject.bytes)),
		tc_slice(count, sizeof(count)), tc_slice(proof->head.data, proof->head.len)};
	int r = tc_sha256_pieces(pieces, 4, leaf);
	return r == 0 ? lone_hash(tag, leaf, ret) : r;
}

/* Nobody, or somebody else whose place this is as well. */
static int absent_node(const Throughcare__V1__AnchorProof *proof, const uint8_t tag[TAG_BYTES],
		       struct tc_merkle_hash *ret, struct tc_audit_finding *finding)
{
	if (!proof->has_other_tag) {
		memset(ret, 0, sizeof(*ret));
		return 0;
	}
	if (proof->other_tag.len != TAG_BYTES || proof->other_leaf.len != TC_SHA256_BYTES ||
	    proof->depth < LONE_DEPTH)
		return tc_audit_find(finding, TC_AUDIT_FORMAT,
				     "the anchor's proof names somebody else by halves");
	if (memcmp(proof->other_tag.data, tag, TAG_BYTES) == 0 ||
	    !prefix_same(proof->other_tag.data, tag, proof->depth))
		return tc_audit_find(finding, TC_AUDIT_ANCHOR,
				     "who is said to stand at the person's place does not");
	return lone_hash(proof->other_tag.data, proof->other_leaf.data, ret);
}

static int climb(const Throughcare__V1__AnchorProof *proof, const uint8_t tag[TAG_BYTES],
		 struct tc_merkle_hash *node, struct tc_audit_finding *finding)
{
	static const struct tc_merkle_hash nobody;

	for (uint32_t depth = proof->depth, i = 0; depth > 0; depth--, i++) {
		struct tc_merkle_hash beside;
		int r = 0;

		if (proof->hashes[i].len != sizeof(beside))
			return tc_audit_find(finding, TC_AUDIT_FORMAT, "hash %u of the anchor",
					     i + 1);
		memcpy(&beside, proof->hashes[i].data, sizeof(beside));
		/* Two empty sides are an empty subtree. */
		if (memcmp(&beside, &nobody, sizeof(nobody)) == 0 &&
		    memcmp(node, &nobody, sizeof(nobody)) == 0)
			continue;
		if (bit_of(tag, depth - 1))
			r = tc_merkle_node(&beside, node, node);
		else
			r = tc_merkle_node(node, &beside, node);
		if (r < 0)
			return r;
	}
	return 0;
}

int tc_audit_chain_root(const Throughcare__V1__AnchorProof *proof, struct tc_id subject,
			struct tc_merkle_hash *ret, struct tc_audit_finding *finding)
{
	uint8_t tag[TAG_BYTES];

	if (proof->depth > TAG_BITS || proof->n_hashes != proof->depth)
		return tc_audit_find(finding, TC_AUDIT_FORMAT,
				     "the anchor's proof has %zu hashes at depth %" PRIu32,
				     proof->n_hashes, proof->depth);
	int r = tag_of(subject, tag);
	if (r == 0)
		r = proof->absent ? absent_node(proof, tag, ret, finding)
				  : present_node(proof, subject, tag, ret, finding);
	return r == 0 ? climb(proof, tag, ret, finding) : r;
}
