#include "witness/witness.h"

#include <inttypes.h>
#include <string.h>

/* Of the very first checkpoint there is nothing to compare with, and so no proof. */
static int first_check(const struct tc_audit_proof *step, struct tc_audit_finding *finding)
{
	if (step->hash_count > 0)
		return tc_audit_find(finding, TC_AUDIT_FORMAT,
				     "a proof from nothing has no hashes");
	return 0;
}

static int take(const struct tc_witness *witness, struct tc_witness_state *state,
		const struct tc_audit_proof *step, uint64_t now_s, struct tc_bytes *line,
		struct tc_audit_finding *finding)
{
	struct tc_audit_checkpoint checkpoint;
	int r = tc_audit_checkpoint_check(&witness->keys, step->checkpoint, &checkpoint, finding);

	if (r == 0 && step->number != tc_witness_state_size(state))
		return TC_WITNESS_STALE;
	if (r == 0)
		r = state->note.len > 0
			    ? tc_audit_checkpoint_follows(&state->seen.parsed, &checkpoint.parsed,
							  step->hashes, step->hash_count, finding)
			    : first_check(step, finding);
	if (r == TC_AUDIT_FOUND &&
	    (finding->code == TC_AUDIT_FORKED || finding->code == TC_AUDIT_SHRUNK)) {
		struct tc_audit_finding unkept;
		int kept = tc_witness_state_evidence(state, step->checkpoint, &unkept);
		return kept < 0 ? kept : r;
	}
	if (r == 0)
		r = tc_witness_state_put(state, step->checkpoint, finding);
	if (r == 0)
		r = tc_cosignature_sign(witness->key.private_key, witness->key.public_key.name,
					checkpoint.parsed.note.text, now_s, line);
	return r;
}

int tc_witness_take(const struct tc_witness *witness, const struct tc_audit_proof *step,
		    uint64_t now_s, struct tc_bytes *line, uint64_t *ret_size,
		    struct tc_audit_finding *finding)
{
	struct tc_witness_state state;
	int r = tc_witness_state_open(witness->state_path, &witness->keys, &state, finding);

	if (r != 0)
		return r;
	*ret_size = tc_witness_state_size(&state);
	r = take(witness, &state, step, now_s, line, finding);
	tc_witness_state_close(&state);
	return r;
}
