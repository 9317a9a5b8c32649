/*
 * fuzz_audit - what a verifier reads from a stranger: proofs, policies of trust, entry bundles,
 * accountings. The first byte says which. What is taken for a proof is written again byte for byte;
 * a quorum is never met by fewer witnesses than it was by some.
 */
#include <stdint.h>
#include <stdlib.h>

#include "audit/audit_accounting.h"
#include "audit/audit_chain.h"
#include "audit/audit_claim.h"
#include "audit/audit_disclosure.h"
#include "audit/audit_policy.h"
#include "audit/audit_proof.h"
#include "audit/audit_tile.h"
#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void proof_try(struct tc_slice text)
{
	struct tc_audit_finding finding;
	struct tc_audit_proof proof;
	struct tc_bytes again = {0};

	if (tc_audit_proof_read(text, &proof, &finding) == 0) {
		TC_CHECK(tc_audit_proof_write(&proof, &again) == 0);
		TC_CHECK(tc_slice_equal(tc_bytes_slice(&again), text));
	}
	tc_bytes_free(&again);
	tc_audit_proof_done(&proof);
}

static void step_try(struct tc_slice text)
{
	struct tc_audit_finding finding;
	struct tc_audit_proof step;
	struct tc_bytes again = {0};

	if (tc_audit_step_read(text, &step, &finding) == 0) {
		TC_CHECK(tc_audit_step_write(&step, &again) == 0);
		TC_CHECK(tc_slice_equal(tc_bytes_slice(&again), text));
	}
	tc_bytes_free(&again);
	tc_audit_proof_done(&step);
}

static void policy_try(struct tc_slice text)
{
	static struct tc_audit_policy policy;
	struct tc_audit_finding finding;
	struct tc_audit_claimed claimed;

	tc_audit_policy_init(&policy);
	if (tc_audit_policy_read(&policy, text, &finding) != 0)
		return;
	bool before = tc_audit_policy_met(&policy, 0);
	for (unsigned i = 0; i <= policy.node_count && i < 64; i++) {
		bool now = tc_audit_policy_met(&policy, (1ULL << i) - 1);
		TC_CHECK(now || !before);
		before = now;
	}
	int r = tc_audit_claim_inclusion(&policy, text, &text, &claimed, &finding);
	TC_CHECK(r == TC_AUDIT_FOUND);
}

static void bundle_try(struct tc_slice bundle)
{
	struct tc_audit_finding finding;
	struct tc_audit_entry entry;
	struct tc_slice one;

	while (tc_audit_bundle_next(&bundle, &one)) {
		uint8_t again[TC_AUDIT_ENTRY_BYTES];

		if (tc_audit_entry_read(one, &entry, &finding) != 0)
			continue;
		tc_audit_entry_write(&entry, again);
		TC_CHECK(tc_slice_equal(one, tc_slice(again, sizeof(again))));
	}
}

/* Behind the signature, too: each step by itself. */
static void accounting_try(struct tc_slice text)
{
	Throughcare__V1__Accounting *accounting = NULL;
	struct tc_audit_accounted accounted = {0};
	struct tc_audit_finding finding;
	struct tc_merkle_hash root, head = {{0}};
	struct tc_id subject = {{0}};
	int r;

	if (tc_audit_accounting_read(text, &accounting, &finding) != 0)
		return;
	if (accounting->subject)
		(void)tc_id_parse(tc_slice_text(accounting->subject), &subject);
	if (accounting->anchor) {
		r = tc_audit_chain_root(accounting->anchor, subject, &root, &finding);
		TC_CHECK(r >= 0);
	}
	for (size_t i = 0; i < accounting->n_links; i++) {
		r = tc_audit_chain_add(accounting->links[i], &head, &finding);
		TC_CHECK(r >= 0);
	}
	r = tc_audit_disclosures_check(accounting, subject, &accounted, &finding);
	TC_CHECK(r >= 0);
	TC_CHECK(r > 0 || accounted.listed <= accounting->n_links);
	throughcare__v1__accounting__free_unpacked(accounting, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const tries[])(struct tc_slice) = {proof_try, step_try, policy_try,
							 bundle_try, accounting_try};

	if (size == 0)
		return 0;
	tries[data[0] % 5](tc_slice(data + 1, size - 1));
	return 0;
}
