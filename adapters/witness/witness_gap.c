#include "witness/witness_gap.h"

#include <inttypes.h>
#include <string.h>

#include "audit/audit_claim.h"
#include "throughcare/v1/record.pb-c.h"
#include "wire/validate.h"

static int gap_found(const Throughcare__V1__TrailProof *proof, const char *what,
		     struct tc_audit_finding *finding)
{
	return tc_audit_find(finding, TC_AUDIT_GAP, "record %" PRIu64 " %s", proof->opening->index,
			     what);
}

/* `proof` was checked: its record is in the log. *ret is freed by the caller, whatever comes. */
static int gap_read(const Throughcare__V1__TrailProof *proof, Throughcare__V1__Record **ret,
		    struct tc_audit_finding *finding)
{
	struct tc_slice packed = tc_slice(proof->opening->record.data, proof->opening->record.len);
	const Throughcare__V1__RestoredRecord *gap;
	struct tc_refusal refusal;

	*ret = NULL;
	if (tc_message_scan(packed, &throughcare__v1__record__descriptor, &refusal) == 0)
		*ret = throughcare__v1__record__unpack(NULL, packed.len, packed.data);
	if (!*ret || (*ret)->body_case != THROUGHCARE__V1__RECORD__BODY_RESTORED)
		return gap_found(proof, "tells of no restore", finding);
	gap = (*ret)->restored;
	if (gap->gap != THROUGHCARE__V1__RESTORE_GAP__RESTORE_GAP_ACCEPTED ||
	    gap->size != proof->opening->index)
		return gap_found(proof, "tells of no gap that somebody answered for", finding);
	return 0;
}

/* Does the record own up to what was seen? */
static bool gap_covers(const Throughcare__V1__RestoredRecord *gap, const struct tc_checkpoint *seen)
{
	if (seen->size == gap->signed_size)
		return gap->signed_root.len == sizeof(seen->root) &&
		       memcmp(gap->signed_root.data, &seen->root, sizeof(seen->root)) == 0;
	return seen->size > gap->size && seen->size < gap->signed_size;
}

/* Does the log begin with all that was seen? */
static int begins_with(const struct tc_checkpoint *seen, const struct tc_checkpoint *now,
		       const Throughcare__V1__TrailProof *step, bool *ret,
		       struct tc_audit_finding *finding)
{
	struct tc_audit_proof proof;

	*ret = false;
	if (!step)
		return 0;
	int r = tc_audit_claim_of_consistency(step, &proof, finding);
	if (r != 0)
		return r;
	/* Asked one after the other, the two may be of different states. */
	if (proof.number != seen->size || step->size != now->size)
		return TC_WITNESS_STALE;
	r = tc_merkle_consistency_verify(seen->size, now->size, &seen->root, &now->root,
					 proof.hashes, proof.hash_count);
	*ret = r == 0;
	return r < 0 ? r : 0;
}

static int gap_check(const struct tc_witness_state *state, const struct tc_checkpoint *now,
		     const Throughcare__V1__TrailProof *record,
		     const Throughcare__V1__TrailProof *step, struct tc_audit_finding *finding)
{
	const struct tc_checkpoint *seen = &state->seen.parsed;
	Throughcare__V1__Record *opened = NULL;
	bool whole = false;

	if (state->note.len == 0)
		return tc_audit_find(finding, TC_AUDIT_GAP, "nothing was cosigned before");
	if (tc_slice_equal(seen->origin, now->origin))
		return tc_audit_find(finding, TC_AUDIT_GAP, "the log still has the name %.*s",
				     (int)now->origin.len, (const char *)now->origin.data);
	int r = gap_read(record, &opened, finding);
	if (r == 0)
		r = begins_with(seen, now, step, &whole, finding);
	if (r == 0 && !whole && !gap_covers(opened->restored, seen))
		r = tc_audit_find(finding, TC_AUDIT_FORKED,
				  "%" PRIu64 " records were cosigned: the log does not begin with "
				  "them, and record %" PRIu64 " owns up to others (%" PRIu64 ")",
				  seen->size, record->opening->index,
				  opened->restored->signed_size);
	throughcare__v1__record__free_unpacked(opened, NULL);
	return r;
}

static int take(const struct tc_witness *witness, struct tc_witness_state *state,
		const Throughcare__V1__TrailProof *record, const Throughcare__V1__TrailProof *step,
		uint64_t now_s, struct tc_bytes *line, struct tc_audit_finding *finding)
{
	struct tc_slice note = tc_slice(record->checkpoint.data, record->checkpoint.len);
	struct tc_audit_checkpoint checkpoint;
	struct tc_audit_claimed claimed;

	int r = tc_audit_claim_record(&witness->keys, record, &claimed, finding);
	if (r == 0)
		r = tc_audit_checkpoint_check(&witness->keys, note, &checkpoint, finding);
	if (r == 0)
		r = gap_check(state, &checkpoint.parsed, record, step, finding);
	if (r == TC_AUDIT_FOUND && finding->code == TC_AUDIT_FORKED) {
		struct tc_audit_finding unkept;
		int kept = tc_witness_state_evidence(state, note, &unkept);
		return kept < 0 ? kept : r;
	}
	if (r == 0)
		r = tc_witness_state_leave(state, &witness->keys, checkpoint.parsed.origin,
					   finding);
	if (r == 0)
		r = tc_witness_state_put(state, note, finding);
	if (r == 0)
		r = tc_cosignature_sign(witness->key.private_key, witness->key.public_key.name,
					checkpoint.parsed.note.text, now_s, line);
	return r;
}

int tc_witness_take_gap(const struct tc_witness *witness, const Throughcare__V1__TrailProof *record,
			const Throughcare__V1__TrailProof *step, uint64_t now_s,
			struct tc_bytes *line, uint64_t *ret_size, struct tc_audit_finding *finding)
{
	struct tc_witness_state state;
	int r = tc_witness_state_open(witness->state_path, &witness->keys, &state, finding);

	if (r != 0)
		return r;
	*ret_size = tc_witness_state_size(&state);
	r = take(witness, &state, record, step, now_s, line, finding);
	tc_witness_state_close(&state);
	return r;
}
