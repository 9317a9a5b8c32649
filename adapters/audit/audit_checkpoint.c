#include "audit/audit_checkpoint.h"

#include <inttypes.h>
#include <string.h>

static int signed_check(const struct tc_audit_policy *policy, const struct tc_checkpoint *parsed,
			struct tc_audit_finding *finding)
{
	bool named = false, good = false;

	for (size_t i = 0; i < policy->log_count; i++) {
		const struct tc_note_key *key = &policy->logs[i];

		if (!tc_slice_equal(parsed->origin, tc_slice_text(key->name)))
			continue;
		named = true;
		int r = tc_note_verify(&parsed->note, key);
		if (r < 0)
			return r;
		if (r == TC_NOTE_WRONG)
			return tc_audit_find(finding, TC_AUDIT_SIGNATURE, "key %s", key->name);
		good = good || r == 0;
	}
	if (!named)
		return tc_audit_find(finding, TC_AUDIT_ORIGIN, "the checkpoint is of %.*s",
				     (int)parsed->origin.len, (const char *)parsed->origin.data);
	if (!good)
		return tc_audit_find(finding, TC_AUDIT_UNSIGNED, "%.*s, %" PRIu64 " records",
				     (int)parsed->origin.len, (const char *)parsed->origin.data,
				     parsed->size);
	return 0;
}

/* The exchange does not know the keys of witnesses, so whoever may hand in a cosignature may hand
 * in a wrong one in another's name. It must not undo what is right: each line is taken by itself,
 * and only when none of them holds the note is as if it was forged. */
static int witness_verify(const struct tc_note *note, const struct tc_note_key *key,
			  uint64_t *ret_time_s)
{
	int r = tc_cosignature_verify(note, key, ret_time_s);
	struct tc_note one = {.text = note->text, .signature_count = 1};
	bool found = false;

	if (r != TC_NOTE_WRONG)
		return r;
	*ret_time_s = 0;
	for (size_t i = 0; i < note->signature_count; i++) {
		uint64_t time_s = 0;

		one.signatures[0] = note->signatures[i];
		r = tc_cosignature_verify(&one, key, &time_s);
		if (r < 0)
			return r;
		if (r == 0 && time_s > *ret_time_s)
			*ret_time_s = time_s;
		found = found || r == 0;
	}
	return found ? 0 : TC_NOTE_WRONG;
}

static int witnesses_check(const struct tc_audit_policy *policy,
			   struct tc_audit_checkpoint *checkpoint, struct tc_audit_finding *finding)
{
	for (size_t i = 0; i < policy->node_count; i++) {
		const struct tc_audit_node *node = &policy->nodes[i];
		uint64_t time_s = 0;

		if (node->group)
			continue;
		int r = witness_verify(&checkpoint->parsed.note, &node->key, &time_s);
		if (r < 0)
			return r;
		if (r == TC_NOTE_WRONG)
			return tc_audit_find(finding, TC_AUDIT_SIGNATURE, "witness %s", node->name);
		if (r != 0 || time_s > INT64_MAX / 1000)
			continue;
		checkpoint->cosigned |= 1ULL << i;
		checkpoint->witnesses++;
		int64_t time_ms = (int64_t)time_s * 1000;
		if (checkpoint->seen_first_ms == 0 || time_ms < checkpoint->seen_first_ms)
			checkpoint->seen_first_ms = time_ms;
	}
	if (!tc_audit_policy_met(policy, checkpoint->cosigned))
		return tc_audit_find(finding, TC_AUDIT_UNWITNESSED,
				     "%u witnesses have; the policy wants %s",
				     checkpoint->witnesses, policy->nodes[policy->quorum].name);
	return 0;
}

int tc_audit_checkpoint_check(const struct tc_audit_policy *policy, struct tc_slice note,
			      struct tc_audit_checkpoint *ret, struct tc_audit_finding *finding)
{
	memset(ret, 0, sizeof(*ret));
	if (note.len > TC_NOTE_BYTES_MAX || tc_checkpoint_parse(note, &ret->parsed) != 0)
		return tc_audit_find(finding, TC_AUDIT_FORMAT, "it is no checkpoint");
	int r = signed_check(policy, &ret->parsed, finding);
	return r == 0 ? witnesses_check(policy, ret, finding) : r;
}

int tc_audit_checkpoint_follows(const struct tc_checkpoint *earlier,
				const struct tc_checkpoint *later,
				const struct tc_merkle_hash *hashes, size_t count,
				struct tc_audit_finding *finding)
{
	if (!tc_slice_equal(earlier->origin, later->origin))
		return tc_audit_find(finding, TC_AUDIT_ORIGIN, "%.*s before, %.*s now",
				     (int)earlier->origin.len, (const char *)earlier->origin.data,
				     (int)later->origin.len, (const char *)later->origin.data);
	if (later->size < earlier->size)
		return tc_audit_find(finding, TC_AUDIT_SHRUNK,
				     "%" PRIu64 " records before, %" PRIu64 " now", earlier->size,
				     later->size);
	int r = tc_merkle_consistency_verify(earlier->size, later->size, &earlier->root,
					     &later->root, hashes, count);
	if (r == TC_MERKLE_MISMATCH)
		return tc_audit_find(finding, TC_AUDIT_FORKED,
				     "the first %" PRIu64 " of %" PRIu64 " records", earlier->size,
				     later->size);
	return r;
}
