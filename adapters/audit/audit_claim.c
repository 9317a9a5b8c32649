#include "audit/audit_claim.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void claimed_fill(const struct tc_audit_checkpoint *checkpoint,
			 struct tc_audit_claimed *claimed)
{
	snprintf(claimed->origin, sizeof(claimed->origin), "%.*s",
		 (int)checkpoint->parsed.origin.len, (const char *)checkpoint->parsed.origin.data);
	claimed->size = checkpoint->parsed.size;
	claimed->witnesses = checkpoint->witnesses;
}

static int inclusion_check(const struct tc_audit_proof *proof, struct tc_slice entry,
			   const struct tc_checkpoint *checkpoint, struct tc_audit_finding *finding)
{
	struct tc_merkle_hash leaf, root;
	int r = tc_merkle_leaf(entry, &leaf);

	if (r == 0)
		r = tc_merkle_path_climb(&leaf, proof->number, checkpoint->size, proof->hashes,
					 proof->hash_count, &root);
	if (r < 0)
		return r;
	if (r == TC_MERKLE_MISMATCH)
		return tc_audit_find(finding, TC_AUDIT_INCLUSION,
				     "%zu hashes cannot be those of entry %" PRIu64 " of %" PRIu64,
				     proof->hash_count, proof->number, checkpoint->size);
	if (memcmp(&root, &checkpoint->root, sizeof(root)) != 0)
		return tc_audit_find(finding, TC_AUDIT_INCLUSION, "entry %" PRIu64 " of %" PRIu64,
				     proof->number, checkpoint->size);
	return 0;
}

/* What is in the log of somebody else need not look like ours. */
static int entry_check(const struct tc_audit_proof *proof, struct tc_slice bytes,
		       struct tc_audit_claimed *claimed, struct tc_audit_finding *finding)
{
	struct tc_audit_finding foreign;

	claimed->entry.index = proof->number;
	if (tc_audit_entry_read(bytes, &claimed->entry, &foreign) != 0)
		return 0;
	claimed->entry_read = true;
	if (claimed->entry.index == proof->number)
		return 0;
	return tc_audit_find(finding, TC_AUDIT_ENTRY, "entry %" PRIu64 " stands at place %" PRIu64,
			     claimed->entry.index, proof->number);
}

int tc_audit_claim_inclusion(const struct tc_audit_policy *policy, struct tc_slice text,
			     const struct tc_slice *entry, struct tc_audit_claimed *ret,
			     struct tc_audit_finding *finding)
{
	struct tc_audit_checkpoint checkpoint;
	struct tc_audit_proof proof;

	memset(ret, 0, sizeof(*ret));
	int r = tc_audit_proof_read(text, &proof, finding);
	struct tc_slice bytes = entry ? *entry : tc_bytes_slice(&proof.extra);
	if (r == 0 && !entry && bytes.len == 0)
		r = tc_audit_find(finding, TC_AUDIT_FORMAT,
				  "the entry is not in the proof: it must be given, too");
	if (r == 0)
		r = tc_audit_checkpoint_check(policy, proof.checkpoint, &checkpoint, finding);
	if (r == 0)
		r = inclusion_check(&proof, bytes, &checkpoint.parsed, finding);
	if (r == 0)
		r = entry_check(&proof, bytes, ret, finding);
	if (r == 0)
		claimed_fill(&checkpoint, ret);
	tc_audit_proof_done(&proof);
	return r;
}

int tc_audit_claim_consistency(const struct tc_audit_policy *policy, struct tc_slice text,
			       const struct tc_audit_checkpoint *earlier,
			       struct tc_audit_claimed *ret, struct tc_audit_finding *finding)
{
	struct tc_audit_checkpoint checkpoint;
	struct tc_audit_proof step;

	memset(ret, 0, sizeof(*ret));
	int r = tc_audit_step_read(text, &step, finding);
	if (r == 0)
		r = tc_audit_checkpoint_check(policy, step.checkpoint, &checkpoint, finding);
	if (r == 0 && step.number != earlier->parsed.size)
		r = tc_audit_find(finding, TC_AUDIT_FORMAT,
				  "the proof is from size %" PRIu64 ", the earlier checkpoint has "
				  "%" PRIu64,
				  step.number, earlier->parsed.size);
	if (r == 0)
		r = tc_audit_checkpoint_follows(&earlier->parsed, &checkpoint.parsed, step.hashes,
						step.hash_count, finding);
	if (r == 0) {
		claimed_fill(&checkpoint, ret);
		ret->old_size = step.number;
	}
	tc_audit_proof_done(&step);
	return r;
}

static int hashes_take(const Throughcare__V1__TrailProof *from, struct tc_audit_proof *ret,
		       struct tc_audit_finding *finding)
{
	if (from->n_hashes > TC_AUDIT_PROOF_HASHES_MAX)
		return tc_audit_find(finding, TC_AUDIT_FORMAT, "%zu hashes", from->n_hashes);
	for (size_t i = 0; i < from->n_hashes; i++) {
		if (from->hashes[i].len != sizeof(ret->hashes[i]))
			return tc_audit_find(finding, TC_AUDIT_FORMAT, "hash %zu", i + 1);
		memcpy(&ret->hashes[i], from->hashes[i].data, sizeof(ret->hashes[i]));
	}
	ret->hash_count = from->n_hashes;
	ret->checkpoint = tc_slice(from->checkpoint.data, from->checkpoint.len);
	return 0;
}

int tc_audit_claim_of_inclusion(const Throughcare__V1__TrailProof *from, struct tc_audit_proof *ret,
				struct tc_audit_finding *finding)
{
	struct tc_audit_entry entry;
	uint8_t bytes[TC_AUDIT_ENTRY_BYTES];
	bool opened;

	*ret = (struct tc_audit_proof){0};
	if (!from->opening)
		return tc_audit_find(finding, TC_AUDIT_FORMAT, "the proof opens no entry");
	int r = tc_audit_entry_open(from->opening, &entry, &opened, finding);
	if (r == 0)
		r = hashes_take(from, ret, finding);
	if (r != 0)
		return r;
	ret->number = entry.index;
	tc_audit_entry_write(&entry, bytes);
	return tc_bytes_append(&ret->extra, bytes, sizeof(bytes));
}

int tc_audit_claim_of_consistency(const Throughcare__V1__TrailProof *from,
				  struct tc_audit_proof *ret, struct tc_audit_finding *finding)
{
	*ret = (struct tc_audit_proof){.number = from->old_size};
	return hashes_take(from, ret, finding);
}

int tc_audit_claim_record(const struct tc_audit_policy *policy,
			  const Throughcare__V1__TrailProof *record, struct tc_audit_claimed *ret,
			  struct tc_audit_finding *finding)
{
	struct tc_audit_entry entry;
	struct tc_audit_proof proof = {0};
	struct tc_bytes text = {0};
	bool opened = false;

	if (!record || !record->opening)
		return tc_audit_find(finding, TC_AUDIT_FORMAT, "the record is not there");
	int r = tc_audit_entry_open(record->opening, &entry, &opened, finding);
	if (r == 0 && !opened)
		r = tc_audit_find(finding, TC_AUDIT_FORMAT, "the record is without salt or body");
	if (r == 0)
		r = tc_audit_claim_of_inclusion(record, &proof, finding);
	if (r == 0)
		r = tc_audit_proof_write(&proof, &text);
	if (r == 0)
		r = tc_audit_claim_inclusion(policy, tc_bytes_slice(&text), NULL, ret, finding);
	tc_bytes_free(&text);
	tc_audit_proof_done(&proof);
	return r;
}
