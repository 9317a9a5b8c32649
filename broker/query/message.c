#include "query/message.h"

#include <stdio.h>
#include <string.h>

#include "consent/decision.h"
#include "ledger/ledger_view.h"
#include "query/gate.h"

#define CATEGORIES_MAX 64

/* What the trail says was released of one message to the asker. */
struct release {
	const tc_agency *to;
	bool found;
	tc_agency sender;
	uint64_t released_at;
	uint64_t categories; /* bit of each category */
	char basis[64];
};

static uint64_t category_bit(unsigned category)
{
	return category < CATEGORIES_MAX ? UINT64_C(1) << category : 0;
}

static uint64_t category_bits(char *const *names, size_t count)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < count; i++)
		bits |= category_bit(policy_category_find(tc_slice_text(names[i])));
	return bits;
}

static int see_release(void *context, Throughcare__V1__TrailRow *row)
{
	struct release *release = context;

	if (row->event == NULL || strcmp(row->event, "release") != 0 || row->recipient == NULL ||
	    row->agency == NULL || strcmp(row->recipient, release->to->name) != 0)
		return TRAIL_FOUND_MORE;
	/* Ids are the senders' own: of two senders with the same one, the first stands. */
	if (release->found && strcmp(row->agency, release->sender.name) != 0)
		return TRAIL_FOUND_MORE;
	if (!tc_agency_parse(tc_slice_text(row->agency), &release->sender))
		return TC_ECORRUPT;
	release->found = true;
	release->released_at = row->log_sequence;
	/* A category that stands on both sides was not released as a whole: it is withheld. */
	release->categories |= category_bits(row->categories, row->n_categories) &
			       ~category_bits(row->withheld_categories, row->n_withheld_categories);
	(void)snprintf(release->basis, sizeof(release->basis), "%s", row->basis ? row->basis : "");
	return TRAIL_FOUND_MORE;
}

static int find_release(const struct question *question, struct tc_id message,
			struct release *release)
{
	struct trail_question asked = trail_question_any();
	struct posting_position next;
	bool ended;

	release->to = &question->asker;
	asked.message = message;
	asked.agency = question->asker.name;
	asked.before = question->sequence;
	return trail_view_find(question->trail, &asked, see_release, release, &next, &ended);
}

static int fill_part(struct answer *answer, const Throughcare__V1__PartLabel *label,
		     const struct record_part *stored, Throughcare__V1__Part **ret)
{
	Throughcare__V1__Part *part = arena_take(&answer->arena, sizeof(*part));
	uint8_t *salt = answer_bytes(answer, tc_slice(stored->salt, sizeof(stored->salt)));

	if (part == NULL || salt == NULL)
		return TC_ENOMEM;
	throughcare__v1__part__init(part);
	part->type = label->type;
	part->has_category = label->has_category;
	part->category = label->category;
	part->has_sealed = label->has_sealed;
	part->sealed = label->sealed;
	part->has_salt = 1;
	part->salt = (ProtobufCBinaryData){.len = sizeof(stored->salt), .data = salt};
	part->has_content = 1;
	/* Borrowed from the journal's snapshot, which stays until the answer is packed. */
	part->content = (ProtobufCBinaryData){
		.len = stored->content.len,
		.data = (uint8_t *)(uintptr_t)stored->content.data,
	};
	*ret = part;
	return 0;
}

/* The role that the asker was addressed in. */
static int read_role(const struct question *question, const Throughcare__V1__Header *header,
		     struct registry_address *ret)
{
	struct tc_refusal refusal;

	for (size_t i = 0; i < header->n_recipients; i++) {
		int r = registry_resolve(ledger_view_txn(question->ledger),
					 ledger_view_registry(question->ledger),
					 header->recipients[i], ret, &refusal);

		if (r < 0)
			return r;
		if (r == 0 && tc_agency_equal(&ret->agency, &question->asker))
			return 0;
	}
	*ret = (struct registry_address){.agency = question->asker};
	return 0;
}

static int read_request(struct answer *answer, const Throughcare__V1__Header *header,
			struct decision_request *ret)
{
	int r = 0;

	ret->purpose = header->has_purpose ? (uint32_t)header->purpose : 0;
	ret->proceeding = tc_slice_text(header->proceeding_id);
	if (header->subject)
		r = answer_read_id(answer, header->subject, "subject", &ret->subject);
	if (r != 0 || header->basis == NULL)
		return r;
	ret->legal = header->basis->has_legal ? (uint32_t)header->basis->legal : 0;
	ret->reference = tc_slice_text(header->basis->reference);
	if (header->basis->grant_id)
		r = answer_read_id(answer, header->basis->grant_id, "basis.grant_id", &ret->grant);
	return r;
}

/* Showing it to its recipient once more is a hand-over like the first: only what may go now. */
static int decide_again(const struct question *question, struct answer *answer,
			const Throughcare__V1__SubmissionRecord *submission,
			const tc_agency *sender, uint64_t *ret_parts)
{
	const Throughcare__V1__Header *header = throughcare__v1__header__unpack(
		&answer->arena.allocator, submission->header.len, submission->header.data);
	struct store_txn *txn = ledger_view_txn(question->ledger);
	const struct registry_tables *registry = ledger_view_registry(question->ledger);
	struct decision_request request = {.sender = sender,
					   .recipient = &question->asker,
					   .part_count = submission->n_parts,
					   .message = true,
					   .now_ms = question->now_ms};
	uint8_t categories[TC_PARTS_MAX];
	struct registry_address address;
	struct decision decision;
	int r;

	if (header == NULL || submission->n_parts > TC_PARTS_MAX)
		return TC_ECORRUPT;
	for (size_t i = 0; i < submission->n_parts; i++)
		categories[i] = (uint8_t)submission->parts[i]->category;
	request.categories = categories;
	r = read_request(answer, header, &request);
	if (r == 0)
		r = read_role(question, header, &address);
	if (r != 0)
		return r;
	request.recipient_role = tc_slice_text(address.role);
	r = registry_kind(txn, registry, sender, &request.sender_kind);
	if (r == 0)
		r = registry_kind(txn, registry, &question->asker, &request.recipient_kind);
	if (r == 0)
		r = decision_take(txn, ledger_view_consent(question->ledger),
				  ledger_view_policy(question->ledger), &request, &decision);
	if (r != 0)
		return r;
	*ret_parts = decision.parts_mask;
	return decision.parts_mask != 0
		       ? 0
		       : tc_refuse(&answer->refusal, TC_REFUSAL_NOT_FOUND, "%s", "");
}

static int fill_parts(const struct question *question, struct answer *answer,
		      const Throughcare__V1__SubmissionRecord *submission, uint64_t sequence,
		      const struct release *release, Throughcare__V1__Delivery *delivery)
{
	uint64_t parts = UINT64_MAX, categories = release ? release->categories : UINT64_MAX;
	struct record_part stored[TC_PARTS_MAX];
	int r;

	if (submission->n_parts > TC_PARTS_MAX)
		return TC_ECORRUPT;
	r = release ? decide_again(question, answer, submission, &release->sender, &parts) : 0;
	if (r != 0)
		return r;
	delivery->parts = answer_array(answer, submission->n_parts);
	if (delivery->parts == NULL)
		return TC_ENOMEM;
	r = journal_read_parts(question->journal, sequence, stored, submission->n_parts);
	if (r == JOURNAL_FORGOTTEN)
		return tc_refuse(&answer->refusal, TC_REFUSAL_NOT_FOUND, "%s", "");
	if (r != 0)
		return r > 0 ? TC_ECORRUPT : r;
	for (size_t i = 0; i < submission->n_parts; i++) {
		const Throughcare__V1__PartLabel *label = submission->parts[i];

		if ((categories & category_bit((unsigned)label->category)) == 0 ||
		    (parts & UINT64_C(1) << i) == 0)
			continue;
		r = fill_part(answer, label, &stored[i], &delivery->parts[delivery->n_parts]);
		if (r < 0)
			return r;
		delivery->n_parts++;
	}
	return 0;
}

/* `release`: what the asker was handed; NULL: the asker sent it. */
static int fill_message(const struct question *question, struct answer *answer, uint64_t sequence,
			const struct release *release)
{
	Throughcare__V1__Delivery *delivery = arena_take(&answer->arena, sizeof(*delivery));
	const Throughcare__V1__SubmissionRecord *submission;
	Throughcare__V1__Record *record;
	struct journal_entry entry;
	int r;

	if (delivery == NULL)
		return TC_ENOMEM;
	r = journal_read(question->journal, sequence, &entry);
	if (r != 0)
		return r > 0 ? TC_ECORRUPT : r;
	record = throughcare__v1__record__unpack(&answer->arena.allocator, entry.body.len,
						 entry.body.data);
	if (record == NULL || record->body_case != THROUGHCARE__V1__RECORD__BODY_SUBMISSION)
		return TC_ECORRUPT;
	submission = record->submission;
	throughcare__v1__delivery__init(delivery);
	delivery->has_log_sequence = 1;
	delivery->log_sequence = sequence;
	delivery->accepted_at = answer_time(answer, entry.time_ms);
	if (delivery->accepted_at == NULL)
		return TC_ENOMEM;
	delivery->has_header = submission->has_header;
	delivery->header = submission->header;
	delivery->signature = submission->signature;
	r = fill_parts(question, answer, submission, sequence, release, delivery);
	if (r == 0)
		answer->reply.message = delivery;
	return r;
}

static int show_released(const struct question *question, struct answer *answer,
			 struct tc_id message)
{
	struct release release = {.found = false};
	uint64_t sequence;
	int r = find_release(question, message, &release);

	if (r < 0)
		return r;
	if (!release.found)
		return tc_refuse(&answer->refusal, TC_REFUSAL_NOT_FOUND, "%s", "");
	r = ledger_view_submission(question->ledger, THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY,
				   &release.sender, message, &sequence);
	/* What the exchange itself said is in no submission. */
	if (r > 0)
		return tc_refuse(&answer->refusal, TC_REFUSAL_NOT_FOUND, "%s", "");
	if (r == 0)
		r = fill_message(question, answer, sequence, &release);
	if (r != 0)
		return r;
	answer->reply.message->has_released_at_sequence = 1;
	answer->reply.message->released_at_sequence = release.released_at;
	if (release.basis[0] != '\0') {
		answer->reply.message->basis = answer_text(answer, release.basis);
		if (answer->reply.message->basis == NULL)
			return TC_ENOMEM;
	}
	return 0;
}

int message_show(const struct question *question, struct answer *answer)
{
	struct tc_id message;
	uint64_t sequence;
	int r;

	r = answer_read_id(answer, question->query->message_show->message_id,
			   "message_show.message_id", &message);
	if (r != 0)
		return r;
	r = ledger_view_submission(question->ledger, question->kind, &question->asker, message,
				   &sequence);
	if (r < 0)
		return r;
	if (r == 0)
		return fill_message(question, answer, sequence, NULL);
	return show_released(question, answer, message);
}
