#include "query/proofs.h"

#include <inttypes.h>
#include <string.h>

#include "ledger/cosignature.h"
#include "ledger/ledger_view.h"
#include "query/gate.h"
#include "query/seal.h"
#include "wire/header.h"
#include "wire/note.h"

#define VKEYS_MAX 16 /* the newest */

/* ---- the checkpoint that a proof leads to ---- */

static int no_checkpoint(struct answer *answer)
{
	return tc_refuse(&answer->refusal, TC_REFUSAL_NO_CHECKPOINT, "%s", "");
}

/* The newest, or the newest that is no larger than `at_most`. */
static int checkpoint_find(const struct question *question, struct answer *answer, uint64_t at_most,
			   struct tree_checkpoint *ret)
{
	int r;

	if (question->tree == NULL)
		return no_checkpoint(answer);
	r = tree_view_checkpoint(question->tree, at_most, ret);
	return r == TREE_UNKNOWN ? no_checkpoint(answer) : r;
}

int proofs_vkeys(const struct question *question, struct answer *answer, char ***ret,
		 size_t *ret_count)
{
	struct tc_slice lines = {0};
	char *text, *line;
	int r = question->tree ? tree_view_vkeys(question->tree, &lines) : 0;

	*ret_count = 0;
	*ret = answer_array(answer, VKEYS_MAX);
	text = arena_take(&answer->arena, lines.len + 1);
	if (r == 0 && (*ret == NULL || text == NULL))
		r = TC_ENOMEM;
	if (r != 0)
		return r;
	if (lines.len > 0)
		memcpy(text, lines.data, lines.len);
	text[lines.len] = '\0';
	while ((line = strsep(&text, "\n")) != NULL) {
		if (*line == '\0')
			continue;
		if (*ret_count == VKEYS_MAX)
			memmove(*ret, *ret + 1, --*ret_count * sizeof(**ret));
		(*ret)[(*ret_count)++] = line;
	}
	return 0;
}

/* Somebody's line in the log's own name would be taken for the log's, and be wrong. */
static bool is_named(struct tc_slice line, struct tc_slice name)
{
	static const char dash[] = "\xe2\x80\x94 ";
	struct tc_slice rest;

	if (line.len <= sizeof(dash) - 1 + name.len)
		return false;
	rest = tc_slice(line.data + sizeof(dash) - 1, name.len);
	return tc_slice_equal(rest, name) && line.data[sizeof(dash) - 1 + name.len] == ' ';
}

/* The note with the lines of those who have cosigned it. */
static int note_join(const struct question *question, struct answer *answer,
		     const struct tree_checkpoint *checkpoint, ProtobufCBinaryData *ret)
{
	struct tc_slice lines[COSIGNATURES_MAX];
	struct tc_checkpoint *read = arena_take(&answer->arena, sizeof(*read));
	size_t count, kept = 0, len = checkpoint->note.len;
	uint8_t *to;
	int r;

	if (read == NULL)
		return TC_ENOMEM;
	if (tc_checkpoint_parse(checkpoint->note, read) != 0)
		return TC_ECORRUPT;
	r = cosignature_list(ledger_view_txn(question->ledger),
			     ledger_view_table(question->ledger, LEDGER_TABLE_COSIGNATURE),
			     checkpoint->size, read->root.bytes, lines, &count);
	if (r != 0)
		return r;
	for (size_t i = 0; i < count; i++) {
		if (is_named(lines[i], read->origin))
			continue;
		lines[kept++] = lines[i];
		len += lines[i].len + 1;
	}
	to = arena_take(&answer->arena, len);
	if (to == NULL)
		return TC_ENOMEM;
	*ret = (ProtobufCBinaryData){.len = len, .data = to};
	memcpy(to, checkpoint->note.data, checkpoint->note.len);
	to += checkpoint->note.len;
	for (size_t i = 0; i < kept; i++) {
		memcpy(to, lines[i].data, lines[i].len);
		to[lines[i].len] = '\n';
		to += lines[i].len + 1;
	}
	return 0;
}

static int proof_begin(const struct question *question, struct answer *answer,
		       const struct tree_checkpoint *checkpoint, Throughcare__V1__TrailProof **ret)
{
	Throughcare__V1__TrailProof *proof = arena_take(&answer->arena, sizeof(*proof));
	int r;

	if (proof == NULL)
		return TC_ENOMEM;
	throughcare__v1__trail_proof__init(proof);
	proof->has_size = 1;
	proof->size = checkpoint->size;
	proof->has_checkpoint = 1;
	r = note_join(question, answer, checkpoint, &proof->checkpoint);
	if (r == 0)
		r = proofs_vkeys(question, answer, &proof->vkeys, &proof->n_vkeys);
	*ret = proof;
	return r;
}

static int hashes_fill(struct answer *answer, const struct tree_hash *hashes, size_t count,
		       Throughcare__V1__TrailProof *proof)
{
	proof->hashes = arena_take(&answer->arena, (count + 1) * sizeof(*proof->hashes));
	if (proof->hashes == NULL)
		return TC_ENOMEM;
	for (size_t i = 0; i < count; i++) {
		uint8_t *hash = answer_bytes(answer, tc_slice(hashes[i].bytes, TREE_HASH_BYTES));

		if (hash == NULL)
			return TC_ENOMEM;
		proof->hashes[i] = (ProtobufCBinaryData){.len = TREE_HASH_BYTES, .data = hash};
	}
	proof->n_hashes = count;
	return 0;
}

/* ---- which record ---- */

struct message_search {
	const struct question *question;
	struct tc_id message;
	bool found, another; /* ids are their senders' choice: two may have chosen the same */
	uint64_t index, other;
};

static int search_take(struct message_search *search, uint64_t index)
{
	if (search->found && search->index != index) {
		search->another = true;
		search->other = index;
		return TRAIL_FOUND_ENOUGH;
	}
	search->found = true;
	search->index = index;
	return TRAIL_FOUND_MORE;
}

static bool is(const char *wanted, const char *text)
{
	return text != NULL && strcmp(wanted, text) == 0;
}

/* Of a release to the asker: the submission behind it. */
static int see_release(void *context, Throughcare__V1__TrailRow *row)
{
	struct message_search *search = context;
	tc_agency sender;
	uint64_t index;
	int r;

	if (!is("release", row->event) || !is(search->question->asker.name, row->recipient) ||
	    !tc_agency_parse(tc_slice_text(row->agency), &sender))
		return TRAIL_FOUND_MORE;
	r = ledger_view_submission(search->question->ledger,
				   THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY, &sender,
				   search->message, &index);
	if (r < 0)
		return r;
	return r == 0 ? search_take(search, index) : TRAIL_FOUND_MORE;
}

static int see_submission(void *context, Throughcare__V1__TrailRow *row)
{
	struct message_search *search = context;

	/* Sent again, it is no record of the message. */
	if (!is("submission", row->event) || is("repeated", row->code) ||
	    !gate_trail_row(search->question, row))
		return TRAIL_FOUND_MORE;
	return search_take(search, row->log_sequence);
}

/* The record of a message: of the asker's own, of one that was released to it, or, for who sees
 * facts about everybody, of anybody's. */
static int message_find(const struct question *question, struct answer *answer, const char *text,
			uint64_t *ret)
{
	bool agency = question->kind == THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY;
	struct trail_question asked = trail_question_any();
	struct message_search search = {.question = question};
	struct posting_position next;
	bool ended, hidden;
	int r;

	r = answer_read_id(answer, text, "message_id", &search.message);
	if (r != 0)
		return r;
	r = seal_hides(question, (struct tc_id){{0}}, (struct tc_id){{0}}, search.message, &hidden);
	if (r < 0)
		return r;
	if (hidden)
		return tc_refuse(&answer->refusal, TC_REFUSAL_NOT_FOUND, "%s", "");
	r = ledger_view_submission(question->ledger, question->kind, &question->asker,
				   search.message, ret);
	if (r <= 0)
		return r;
	asked.message = search.message;
	asked.agency = agency ? question->asker.name : NULL;
	asked.before = question->sequence;
	r = seal_find(question, &asked, agency ? see_release : see_submission, &search, &next,
		      &ended);
	if (r == 0 && !search.found)
		return tc_refuse(&answer->refusal, TC_REFUSAL_NOT_FOUND, "%s", "");
	if (r == 0 && search.another)
		return tc_refuse(&answer->refusal, TC_REFUSAL_FIELD_INVALID,
				 "message_id: records %" PRIu64 " and %" PRIu64
				 " are of messages with this id; ask by their index",
				 search.index, search.other);
	*ret = search.index;
	return r;
}

/* ---- what the leaf commits to ---- */

/* What the exchange says of itself and what witnesses say of it is for everybody, a message for
 * who sent it. Which records were forgotten together is for who sees all: that they were about one
 * person is more than an agency may know that has the place of one. */
static bool may_open(const struct question *question, const Throughcare__V1__Record *record)
{
	struct tc_header header;

	switch ((int)record->body_case) {
	case THROUGHCARE__V1__RECORD__BODY_FORGOTTEN:
		return question->kind == THROUGHCARE__V1__PEER_KIND__PEER_KIND_AUDITOR &&
		       question->limits == NULL;
	case THROUGHCARE__V1__RECORD__BODY_ANCHOR:
	case THROUGHCARE__V1__RECORD__BODY_RESTORED:
	case THROUGHCARE__V1__RECORD__BODY_BARRIER:
		return true;
	case THROUGHCARE__V1__RECORD__BODY_SUBMISSION:
		break;
	default:
		return false;
	}
	if (record->peer != NULL && record->peer->kind == question->kind &&
	    is(question->asker.name, record->peer->id))
		return true;
	return tc_header_read(
		       tc_slice(record->submission->header.data, record->submission->header.len),
		       &header) == 0 &&
	       tc_slice_equal(header.type, tc_slice_text("CheckpointCosignature"));
}

/* A message about what an order hides is closed to its sender too. */
static int is_hidden(const struct question *question, const Throughcare__V1__Record *record,
		     bool *ret)
{
	struct tc_header header;
	int r;

	*ret = false;
	if (record->body_case != THROUGHCARE__V1__RECORD__BODY_SUBMISSION)
		return 0;
	r = tc_header_read(
		tc_slice(record->submission->header.data, record->submission->header.len), &header);
	return r < 0 ? r
		     : seal_hides(question, header.subject, header.referral_id, header.message_id,
				  ret);
}

static int opening_fill(const struct question *question, struct answer *answer,
			const struct journal_entry *entry, Throughcare__V1__TrailOpening *opening)
{
	const Throughcare__V1__Record *record = throughcare__v1__record__unpack(
		&answer->arena.allocator, entry->body.len, entry->body.data);
	uint8_t *salt;
	bool hidden;
	int r;

	if (record == NULL)
		return TC_ECORRUPT;
	if (!may_open(question, record))
		return 0;
	r = is_hidden(question, record, &hidden);
	if (r < 0 || hidden)
		return r;
	salt = answer_bytes(answer, tc_slice(entry->salt, sizeof(entry->salt)));
	if (salt == NULL)
		return TC_ENOMEM;
	opening->has_salt = 1;
	opening->salt = (ProtobufCBinaryData){.len = sizeof(entry->salt), .data = salt};
	opening->has_record = 1;
	/* Borrowed from the journal's snapshot, which stays until the answer is packed. */
	opening->record = (ProtobufCBinaryData){.len = entry->body.len,
						.data = (uint8_t *)(uintptr_t)entry->body.data};
	return 0;
}

static int opening_make(const struct question *question, struct answer *answer, uint64_t index,
			Throughcare__V1__TrailOpening **ret)
{
	Throughcare__V1__TrailOpening *opening = arena_take(&answer->arena, sizeof(*opening));
	struct journal_entry entry;
	struct journal_leaf leaf;
	uint8_t *commitment;
	size_t count;
	int r;

	r = journal_read_leaves(question->journal, index, 1, &leaf, &count);
	if (r != 0 || count == 0)
		return r < 0 ? r : TC_ECORRUPT;
	commitment = answer_bytes(answer, tc_slice(leaf.commitment, sizeof(leaf.commitment)));
	if (opening == NULL || commitment == NULL)
		return TC_ENOMEM;
	throughcare__v1__trail_opening__init(opening);
	opening->has_index = 1;
	opening->index = index;
	opening->has_time_ms = 1;
	opening->time_ms = (uint64_t)leaf.time_ms;
	opening->has_commitment = 1;
	opening->commitment =
		(ProtobufCBinaryData){.len = sizeof(leaf.commitment), .data = commitment};
	*ret = opening;
	r = journal_read(question->journal, index, &entry);
	/* What was forgotten is proved by its leaf all the same. */
	if (r != 0)
		return r < 0 ? r : 0;
	return opening_fill(question, answer, &entry, opening);
}

int proofs_record(const struct question *question, struct answer *answer, uint64_t index,
		  const struct tree_checkpoint *checkpoint, Throughcare__V1__TrailProof **ret)
{
	struct tree_hash hashes[TREE_PROOF_MAX];
	size_t count;
	int r = tree_view_inclusion(question->tree, index, checkpoint->size, hashes, &count);

	if (r != 0)
		return r < 0 ? r : TC_ECORRUPT;
	r = proof_begin(question, answer, checkpoint, ret);
	if (r == 0)
		r = hashes_fill(answer, hashes, count, *ret);
	return r ? r : opening_make(question, answer, index, &(*ret)->opening);
}

/* ---- the questions ---- */

int proofs_inclusion(const struct question *question, struct answer *answer)
{
	const Throughcare__V1__TrailProofQuery *asked = question->query->trail_proof;
	struct tree_checkpoint checkpoint;
	uint64_t index = asked->index;
	int r;

	if ((asked->has_index != 0) == (asked->message_id != NULL))
		return tc_refuse(&answer->refusal, TC_REFUSAL_FIELD_INVALID,
				 "trail_proof: either index or message_id");
	if (asked->message_id != NULL) {
		r = message_find(question, answer, asked->message_id, &index);
		if (r != 0)
			return r;
	}
	r = checkpoint_find(question, answer, asked->size, &checkpoint);
	if (r != 0)
		return r;
	if (index >= checkpoint.size)
		return no_checkpoint(answer);
	return proofs_record(question, answer, index, &checkpoint, &answer->reply.trail_proof);
}

int proofs_checkpoint(const struct question *question, struct answer *answer)
{
	struct tree_checkpoint checkpoint;
	int r = checkpoint_find(question, answer, question->query->trail_checkpoint->size,
				&checkpoint);

	return r ? r : proof_begin(question, answer, &checkpoint, &answer->reply.trail_proof);
}

int proofs_consistency(const struct question *question, struct answer *answer)
{
	const Throughcare__V1__TrailConsistencyQuery *asked = question->query->trail_consistency;
	struct tree_hash hashes[TREE_PROOF_MAX];
	struct tree_checkpoint checkpoint;
	Throughcare__V1__TrailProof *proof;
	size_t count;
	int r;

	r = checkpoint_find(question, answer, asked->new_size, &checkpoint);
	if (r != 0)
		return r;
	if (asked->old_size > checkpoint.size)
		return no_checkpoint(answer);
	r = tree_view_consistency(question->tree, asked->old_size, checkpoint.size, hashes, &count);
	if (r != 0)
		return r < 0 ? r : TC_ECORRUPT;
	r = proof_begin(question, answer, &checkpoint, &proof);
	if (r != 0)
		return r;
	answer->reply.trail_proof = proof;
	proof->has_old_size = 1;
	proof->old_size = asked->old_size;
	return hashes_fill(answer, hashes, count, proof);
}
