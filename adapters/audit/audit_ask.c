#include "audit/audit_ask.h"

#include <stdlib.h>

#include "wire/validate.h"

int tc_audit_ask(struct tc_client *client, const Throughcare__V1__Query *query,
		 Throughcare__V1__QueryReply **ret)
{
	const void *answer = NULL;
	size_t answer_len = 0;
	struct tc_refusal refusal;
	size_t len = throughcare__v1__query__get_packed_size(query);
	uint8_t *packed = malloc(len + 1);

	if (!packed)
		return TC_ENOMEM;
	throughcare__v1__query__pack(query, packed);
	int r = tc_client_query(client, packed, len, TC_AUDIT_TIMEOUT_MS, &answer, &answer_len);
	free(packed);
	if (r != 0)
		return r;
	if (tc_message_scan(tc_slice(answer, answer_len), &throughcare__v1__query_reply__descriptor,
			    &refusal) != 0)
		return TC_EPROTO;
	*ret = throughcare__v1__query_reply__unpack(NULL, answer_len, answer);
	return *ret ? 0 : TC_ENOMEM;
}

int tc_audit_ask_proof(struct tc_client *client, const Throughcare__V1__Query *query,
		       Throughcare__V1__QueryReply **ret)
{
	Throughcare__V1__QueryReply *reply = NULL;
	int r = tc_audit_ask(client, query, &reply);

	if (r == 0 && (!reply->trail_proof || !reply->trail_proof->has_checkpoint))
		r = TC_EPROTO;
	if (r == 0)
		*ret = reply;
	else
		throughcare__v1__query_reply__free_unpacked(reply, NULL);
	return r;
}

int tc_audit_ask_checkpoint(struct tc_client *client, uint64_t size,
			    Throughcare__V1__QueryReply **ret)
{
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	Throughcare__V1__TrailCheckpointQuery checkpoint =
		THROUGHCARE__V1__TRAIL_CHECKPOINT_QUERY__INIT;

	checkpoint.has_size = size > 0;
	checkpoint.size = size;
	query.body_case = THROUGHCARE__V1__QUERY__BODY_TRAIL_CHECKPOINT;
	query.trail_checkpoint = &checkpoint;
	return tc_audit_ask_proof(client, &query, ret);
}

int tc_audit_ask_record(struct tc_client *client, uint64_t index, Throughcare__V1__QueryReply **ret)
{
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	Throughcare__V1__TrailProofQuery proof = THROUGHCARE__V1__TRAIL_PROOF_QUERY__INIT;

	proof.has_index = true;
	proof.index = index;
	query.body_case = THROUGHCARE__V1__QUERY__BODY_TRAIL_PROOF;
	query.trail_proof = &proof;
	return tc_audit_ask_proof(client, &query, ret);
}

int tc_audit_ask_consistency(struct tc_client *client, uint64_t old_size, uint64_t new_size,
			     Throughcare__V1__QueryReply **ret)
{
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	Throughcare__V1__TrailConsistencyQuery consistency =
		THROUGHCARE__V1__TRAIL_CONSISTENCY_QUERY__INIT;

	consistency.has_old_size = true;
	consistency.old_size = old_size;
	consistency.has_new_size = new_size > 0;
	consistency.new_size = new_size;
	query.body_case = THROUGHCARE__V1__QUERY__BODY_TRAIL_CONSISTENCY;
	query.trail_consistency = &consistency;
	return tc_audit_ask_proof(client, &query, ret);
}
