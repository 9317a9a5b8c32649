#include "query/accounting_proof.h"

#include "query/proofs.h"

static int bytes_fill(struct answer *answer, const uint8_t *from, size_t len,
		      ProtobufCBinaryData *ret)
{
	uint8_t *copy = answer_bytes(answer, tc_slice(from, len));

	*ret = (ProtobufCBinaryData){.len = len, .data = copy};
	return copy == NULL ? TC_ENOMEM : 0;
}

/* Who stands at the end of the way. */
static int place_fill(struct answer *answer, const struct anchor_proof *proof,
		      Throughcare__V1__AnchorProof *shown)
{
	uint8_t tag[8];
	int r;

	if (proof->head.count > 0) {
		shown->has_count = shown->has_head = 1;
		shown->count = proof->head.count;
		return bytes_fill(answer, proof->head.hash, sizeof(proof->head.hash), &shown->head);
	}
	shown->has_absent = shown->absent = 1;
	if (!proof->other)
		return 0;
	tc_put_be64(tag, proof->other_leaf.tag);
	shown->has_other_tag = shown->has_other_leaf = 1;
	r = bytes_fill(answer, tag, sizeof(tag), &shown->other_tag);
	return r == 0 ? bytes_fill(answer, proof->other_leaf.hash, sizeof(proof->other_leaf.hash),
				   &shown->other_leaf)
		      : r;
}

static int way_fill(struct answer *answer, const struct person_way *way,
		    Throughcare__V1__AnchorProof *shown)
{
	int r = 0;

	shown->has_depth = 1;
	shown->depth = (uint32_t)way->count;
	shown->hashes = arena_take(&answer->arena, way->count * sizeof(*shown->hashes));
	if (shown->hashes == NULL)
		return TC_ENOMEM;
	for (size_t i = 0; r == 0 && i < way->count; i++)
		r = bytes_fill(answer, way->hashes[i], sizeof(way->hashes[i]),
			       &shown->hashes[shown->n_hashes++]);
	return r;
}

int accounting_prove(const struct question *question, struct answer *answer, struct tc_id subject,
		     Throughcare__V1__Accounting *accounting)
{
	struct tree_checkpoint checkpoint;
	Throughcare__V1__AnchorProof *shown;
	struct anchor_proof proof;
	uint64_t size;
	int r;

	if (question->tree == NULL)
		return 0;
	r = tree_view_checkpoint(question->tree, 0, &checkpoint);
	if (r != 0)
		return r == TREE_UNKNOWN ? 0 : r;
	/* What came after the question is no part of its answer. */
	size = checkpoint.size < question->sequence ? checkpoint.size : question->sequence;
	r = trail_view_anchor(question->trail, subject, size, &proof);
	if (r != 0)
		return r == ANCHOR_NONE ? 0 : r;
	shown = arena_take(&answer->arena, sizeof(*shown));
	if (shown == NULL)
		return TC_ENOMEM;
	throughcare__v1__anchor_proof__init(shown);
	r = place_fill(answer, &proof, shown);
	if (r == 0)
		r = way_fill(answer, &proof.way, shown);
	if (r == 0)
		r = proofs_record(question, answer, proof.carrier, &checkpoint, &shown->record);
	if (r != 0)
		return r;
	accounting->anchor = shown;
	accounting->complete_until = answer_time(answer, proof.anchor.time_ms);
	return accounting->complete_until == NULL ? TC_ENOMEM : 0;
}
