#include "witness/witness_follow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/audit_ask.h"
#include "audit/audit_claim.h"
#include "base/clock.h"
#include "throughcare/v1/order.pb-c.h"
#include "witness/witness_gap.h"

static int unanswered(const struct tc_client *client, int r, struct tc_client_error *ret)
{
	*ret = *tc_client_error(client);
	if (!ret->code[0]) {
		snprintf(ret->code, sizeof(ret->code), "failed");
		snprintf(ret->message, sizeof(ret->message), "%s", tc_fault_text(r));
		snprintf(ret->hint, sizeof(ret->hint), "it is tried again in the next round");
	}
	return TC_WITNESS_UNANSWERED;
}

/* What was cosigned last, without keeping the lock while the network is asked. */
static int seen_size(const struct tc_witness *witness, uint64_t *ret,
		     struct tc_audit_finding *finding)
{
	struct tc_witness_state state;
	int r = tc_witness_state_open(witness->state_path, &witness->keys, &state, finding);

	if (r != 0)
		return r;
	*ret = tc_witness_state_size(&state);
	tc_witness_state_close(&state);
	return 0;
}

/* The newest checkpoint, with the proof that leads there from `seen` where there is one to give. */
static int step_ask(struct tc_client *client, uint64_t seen, Throughcare__V1__QueryReply **ret)
{
	Throughcare__V1__QueryReply *newest = NULL;
	int r = tc_audit_ask_checkpoint(client, 0, &newest);

	if (r != 0)
		return r;
	uint64_t size = newest->trail_proof->size;
	/* Up to `seen` there is nothing to prove, or what no proof can mend: the check says so. */
	if (seen > 0 && size > seen) {
		throughcare__v1__query_reply__free_unpacked(newest, NULL);
		newest = NULL;
		r = tc_audit_ask_consistency(client, seen, size, &newest);
		if (r != 0)
			return r;
	}
	newest->trail_proof->old_size = seen;
	*ret = newest;
	return 0;
}

static int message_make(const struct tc_audit_checkpoint *checkpoint, const struct tc_bytes *line,
			struct tc_message **ret)
{
	Throughcare__V1__CheckpointCosignature part = THROUGHCARE__V1__CHECKPOINT_COSIGNATURE__INIT;
	struct tc_message *message = NULL;
	struct tc_merkle_hash root = checkpoint->parsed.root;
	char *text = calloc(1, line->len); /* without its newline */
	size_t len;
	uint8_t *packed = NULL;

	part.has_size = part.has_root = true;
	part.size = checkpoint->parsed.size;
	part.root = (ProtobufCBinaryData){.data = root.bytes, .len = sizeof(root.bytes)};
	if (text)
		memcpy(text, line->data, line->len - 1);
	part.line = text;
	len = throughcare__v1__checkpoint_cosignature__get_packed_size(&part);
	packed = malloc(len);
	int r = text && packed ? tc_message_new("CheckpointCosignature", &message) : TC_ENOMEM;
	if (r == 0) {
		throughcare__v1__checkpoint_cosignature__pack(&part, packed);
		r = tc_message_add_part(message, "CheckpointCosignature", 0, packed, len);
	}
	free(packed);
	free(text);
	if (r == 0)
		*ret = message;
	else
		tc_message_free(&message);
	return r;
}

static int hand_in(struct tc_client *client, const struct tc_audit_checkpoint *checkpoint,
		   const struct tc_bytes *line, struct tc_client_error *ret_error)
{
	const struct tc_receipt *receipts = NULL;
	struct tc_message *message = NULL;
	size_t count = 0;

	int r = message_make(checkpoint, line, &message);
	if (r < 0)
		return r;
	r = tc_client_submit(client, &message, 1, TC_AUDIT_TIMEOUT_MS, &receipts, &count);
	if (r != 0) {
		r = unanswered(client, r, ret_error);
	} else if (receipts[0].status == TC_RECEIPT_REFUSED) {
		*ret_error = receipts[0].refusal;
		r = TC_WITNESS_UNANSWERED;
	}
	tc_message_free(&message);
	return r;
}

static uint64_t now_s(void)
{
	return (uint64_t)(tc_clock_now_ms(&tc_clock_real) / 1000);
}

/* What a round asked for: a step from what was seen; after a gap also the record that tells of it,
 * and then there may be no step. */
struct asked {
	Throughcare__V1__QueryReply *record, *step;
};

static void asked_free(struct asked *asked)
{
	throughcare__v1__query_reply__free_unpacked(asked->record, NULL);
	throughcare__v1__query_reply__free_unpacked(asked->step, NULL);
}

static int ask(struct tc_client *client, uint64_t gap, uint64_t seen, struct asked *ret)
{
	if (gap == TC_WITNESS_NO_GAP)
		return step_ask(client, seen, &ret->step);
	int r = tc_audit_ask_record(client, gap, &ret->record);
	if (r != 0)
		return r;
	uint64_t size = ret->record->trail_proof->size;
	return seen <= size ? tc_audit_ask_consistency(client, seen, size, &ret->step) : 0;
}

static int take(const struct tc_witness *witness, const struct asked *asked, struct tc_bytes *line,
		uint64_t *ret_before, struct tc_audit_finding *finding)
{
	const Throughcare__V1__TrailProof *proof = asked->step ? asked->step->trail_proof : NULL;
	struct tc_audit_proof step;

	if (asked->record)
		return tc_witness_take_gap(witness, asked->record->trail_proof, proof, now_s(),
					   line, ret_before, finding);
	int r = tc_audit_claim_of_consistency(proof, &step, finding);
	return r == 0 ? tc_witness_take(witness, &step, now_s(), line, ret_before, finding) : r;
}

static int round_run(const struct tc_witness *witness, struct tc_client *client, uint64_t gap,
		     uint64_t seen, struct tc_witnessed *ret, struct tc_client_error *ret_error,
		     struct tc_audit_finding *finding)
{
	struct tc_audit_checkpoint checkpoint;
	struct asked asked = {NULL, NULL};
	struct tc_bytes line = {0};

	int r = ask(client, gap, seen, &asked);
	if (r != 0)
		r = unanswered(client, r, ret_error);
	else
		r = take(witness, &asked, &line, &ret->before, finding);
	if (r == 0) {
		const ProtobufCBinaryData *note =
			&(asked.record ? asked.record : asked.step)->trail_proof->checkpoint;
		/* Checked within: here only to know what was cosigned. */
		r = tc_audit_checkpoint_check(&witness->keys, tc_slice(note->data, note->len),
					      &checkpoint, finding);
	}
	if (r == 0) {
		ret->size = checkpoint.parsed.size;
		r = hand_in(client, &checkpoint, &line, ret_error);
	}
	tc_bytes_free(&line);
	asked_free(&asked);
	return r;
}

int tc_witness_follow(const struct tc_witness *witness, struct tc_client *client, uint64_t gap,
		      struct tc_witnessed *ret, struct tc_client_error *ret_error,
		      struct tc_audit_finding *finding)
{
	uint64_t seen = 0;
	int r = seen_size(witness, &seen, finding);

	if (r != 0)
		return r;
	r = tc_client_connect(client, TC_AUDIT_TIMEOUT_MS);
	if (r != 0)
		return unanswered(client, r, ret_error);
	r = round_run(witness, client, gap, seen, ret, ret_error, finding);
	tc_client_disconnect(client);
	return r;
}
