#include "audit/audit_accounting.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "audit/audit_chain.h"
#include "audit/audit_disclosure.h"
#include "throughcare/v1/record.pb-c.h"
#include "wire/json.h"
#include "wire/validate.h"

const char *tc_audit_withheld_name(enum tc_audit_withheld why)
{
	static const char *const names[TC_AUDIT_WITHHELD_COUNT] = {
		[TC_AUDIT_WITHHELD_WINDOW] = "window",
		[TC_AUDIT_WITHHELD_SUSPENDED] = "suspended",
		[TC_AUDIT_WITHHELD_SEALED] = "sealed",
		[TC_AUDIT_WITHHELD_EXPUNGED] = "expunged",
		[TC_AUDIT_WITHHELD_RETENTION] = "retention",
	};

	return names[why];
}

int tc_audit_accounting_read(struct tc_slice text, Throughcare__V1__Accounting **ret,
			     struct tc_audit_finding *finding)
{
	ProtobufCMessage *message = NULL;
	struct tc_refusal refusal;
	json_t *json = NULL;

	int r = tc_json_parse(text, &json, &refusal);
	if (r == 0)
		r = tc_json_to_message(json, &throughcare__v1__accounting__descriptor, &message,
				       &refusal);
	if (r == TC_JSON_REFUSED)
		r = tc_audit_find(finding, TC_AUDIT_FORMAT, "%s: %s",
				  tc_refusal_message(refusal.code), refusal.detail);
	if (r == 0)
		*ret = (Throughcare__V1__Accounting *)message;
	json_decref(json);
	return r;
}

/* The root that the record says, and the position that it is complete up to. */
static int anchor_read(const Throughcare__V1__TrailProof *proof, struct tc_merkle_hash *ret,
		       uint64_t *ret_before, struct tc_audit_finding *finding)
{
	struct tc_slice packed = tc_slice(proof->opening->record.data, proof->opening->record.len);
	Throughcare__V1__Record *record = NULL;
	struct tc_refusal refusal;
	int r = 0;

	if (tc_message_scan(packed, &throughcare__v1__record__descriptor, &refusal) == 0)
		record = throughcare__v1__record__unpack(NULL, packed.len, packed.data);
	if (!record || record->body_case != THROUGHCARE__V1__RECORD__BODY_ANCHOR ||
	    record->anchor->root.len != sizeof(*ret)) {
		r = tc_audit_find(finding, TC_AUDIT_ANCHOR, "record %" PRIu64 " is no anchor",
				  proof->opening->index);
	} else {
		memcpy(ret, record->anchor->root.data, sizeof(*ret));
		*ret_before = record->anchor->of_sequence;
	}
	throughcare__v1__record__free_unpacked(record, NULL);
	return r;
}

/* Links stand in the order of the log. */
static int order_check(const Throughcare__V1__Accounting *accounting, uint64_t before,
		       uint64_t count, struct tc_audit_finding *finding)
{
	const Throughcare__V1__DisclosureLink *last = NULL;

	for (size_t i = 0; i < accounting->n_links; i++) {
		const Throughcare__V1__DisclosureLink *link = accounting->links[i];

		if (last && (link->sequence < last->sequence || link->time_ms < last->time_ms ||
			     (link->sequence == last->sequence && link->n <= last->n)))
			return tc_audit_find(finding, TC_AUDIT_CHAIN,
					     "link %zu is before the one before it", i + 1);
		if ((link->sequence < before) != (i < count))
			return tc_audit_find(finding, TC_AUDIT_CHAIN,
					     "link %zu, of record %" PRIu64
					     ": the anchor counts %" PRIu64 " before %" PRIu64,
					     i + 1, link->sequence, count, before);
		last = link;
	}
	return 0;
}

static int chain_check(const Throughcare__V1__Accounting *accounting,
		       struct tc_audit_accounted *ret, struct tc_audit_finding *finding)
{
	const Throughcare__V1__AnchorProof *anchor = accounting->anchor;
	uint64_t count = anchor->absent ? 0 : anchor->count;
	struct tc_merkle_hash head = {{0}};

	if (accounting->n_links < count)
		return tc_audit_find(finding, TC_AUDIT_CHAIN,
				     "the anchor counts %" PRIu64 " disclosures, %zu are here",
				     count, accounting->n_links);
	int r = order_check(accounting, ret->complete_before, count, finding);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = tc_audit_chain_add(accounting->links[i], &head, finding);
	if (r != 0)
		return r;
	if (count > 0 && memcmp(&head, anchor->head.data, sizeof(head)) != 0)
		return tc_audit_find(finding, TC_AUDIT_CHAIN,
				     "its %" PRIu64 " links do not lead to the anchored head",
				     count);
	ret->proven = count;
	ret->unproven = accounting->n_links - count;
	return 0;
}

/* The tree is of before its record: nobody can promise more. */
static int until_check(const Throughcare__V1__Accounting *accounting,
		       const struct tc_audit_accounted *ret, struct tc_audit_finding *finding)
{
	const Google__Protobuf__Timestamp *until = accounting->complete_until;

	if (until && until->seconds * 1000 + until->nanos / 1000000 > ret->claimed.entry.time_ms)
		return tc_audit_find(finding, TC_AUDIT_INCOMPLETE,
				     "it says to be complete until after its anchor");
	return 0;
}

static int anchor_check(const struct tc_audit_policy *policy,
			const Throughcare__V1__Accounting *accounting, struct tc_id subject,
			struct tc_audit_accounted *ret, struct tc_audit_finding *finding)
{
	struct tc_merkle_hash root, anchored;

	if (!accounting->anchor)
		return tc_audit_find(finding, TC_AUDIT_FORMAT,
				     "there is no anchor: nothing is proven");
	int r = tc_audit_claim_record(policy, accounting->anchor->record, &ret->claimed, finding);
	if (r == 0)
		r = anchor_read(accounting->anchor->record, &anchored, &ret->complete_before,
				finding);
	if (r == 0)
		r = tc_audit_chain_root(accounting->anchor, subject, &root, finding);
	if (r == 0 && memcmp(&root, &anchored, sizeof(root)) != 0)
		return tc_audit_find(finding, TC_AUDIT_ANCHOR,
				     "the person's place does not lead to the root in record "
				     "%" PRIu64,
				     accounting->anchor->record->opening->index);
	if (r == 0)
		r = until_check(accounting, ret, finding);
	return r == 0 ? chain_check(accounting, ret, finding) : r;
}

int tc_audit_accounting_check(const struct tc_audit_policy *policy,
			      const Throughcare__V1__Accounting *accounting,
			      struct tc_audit_accounted *ret, struct tc_audit_finding *finding)
{
	struct tc_id subject;

	memset(ret, 0, sizeof(*ret));
	if (!accounting->subject || !tc_id_parse(tc_slice_text(accounting->subject), &subject))
		return tc_audit_find(finding, TC_AUDIT_FORMAT, "it names no person");
	int r = anchor_check(policy, accounting, subject, ret, finding);
	return r == 0 ? tc_audit_disclosures_check(accounting, subject, ret, finding) : r;
}
