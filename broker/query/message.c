#include "query/message.h"

#include <stdio.h>
#include <string.h>

#include "ledger/ledger_view.h"
#include "ledger/terms.h"
#include "query/gate.h"
#include "query/seal.h"
#include "query/submitted.h"

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
	return seal_find(question, &asked, see_release, release, &next, &ended);
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

/* Showing it to its recipient once more is a hand-over like the first: only what may go now. */
static int decide_again(const struct question *question, struct answer *answer,
			const struct submitted *submitted, uint64_t categories,
			struct decision *ret)
{
	struct submitted_facts facts = {.policy = ledger_view_policy(question->ledger),
					.at_ms = question->now_ms};
	int r;

	/* What was kept back then is not spoken of now, not even by the terms of a later consent.
	 */
	facts.forbidden = ~submitted_parts(submitted, categories);
	r = submitted_decide(question, submitted, &question->asker, &facts, ret);
	if (r != 0)
		return r;
	return ret->parts_mask != 0 ? 0
				    : tc_refuse(&answer->refusal, TC_REFUSAL_NOT_FOUND, "%s", "");
}

/* The terms of that hand-over: as the first ones, unless the consent or the policy has changed. */
static int fill_terms(const struct question *question, struct answer *answer,
		      const tc_agency *sender, const struct decision *decision,
		      Throughcare__V1__Delivery *delivery)
{
	const struct terms_source source = {
		.txn = ledger_view_txn(question->ledger),
		.consent = ledger_view_consent(question->ledger),
		.registry = ledger_view_registry(question->ledger),
		.policy = ledger_view_policy(question->ledger),
	};
	const char **codes = answer_array(answer, POLICY_NOTICES_MAX);
	struct terms terms;
	int r = codes == NULL ? TC_ENOMEM
			      : terms_make(&source, sender, decision, &answer->arena, &terms);

	if (r < 0)
		return r;
	delivery->has_terms = 1;
	delivery->terms = (ProtobufCBinaryData){
		.len = terms.packed.len,
		.data = (uint8_t *)(uintptr_t)terms.packed.data,
	};
	delivery->n_obligations = policy_notice_codes(source.policy, decision->obligations, codes);
	delivery->obligations = (char **)(uintptr_t)codes;
	return 0;
}

static int fill_parts(const struct question *question, struct answer *answer,
		      const struct submitted *submitted, const struct release *release,
		      Throughcare__V1__Delivery *delivery)
{
	const Throughcare__V1__SubmissionRecord *submission = submitted->record;
	struct decision decision = {.parts_mask = UINT64_MAX};
	uint64_t categories = release ? release->categories : UINT64_MAX;
	struct record_part stored[TC_PARTS_MAX];
	int r;

	r = release ? decide_again(question, answer, submitted, categories, &decision) : 0;
	if (r == 0 && release)
		r = fill_terms(question, answer, &release->sender, &decision, delivery);
	if (r != 0)
		return r;
	delivery->parts = answer_array(answer, submission->n_parts);
	if (delivery->parts == NULL)
		return TC_ENOMEM;
	r = journal_read_parts(question->journal, submitted->sequence, stored, submission->n_parts);
	if (r == JOURNAL_FORGOTTEN)
		return tc_refuse(&answer->refusal, TC_REFUSAL_NOT_FOUND, "%s", "");
	if (r != 0)
		return r > 0 ? TC_ECORRUPT : r;
	for (size_t i = 0; i < submission->n_parts; i++) {
		const Throughcare__V1__PartLabel *label = submission->parts[i];

		if ((categories & category_bit((unsigned)label->category)) == 0 ||
		    (decision.parts_mask & UINT64_C(1) << i) == 0)
			continue;
		r = fill_part(answer, label, &stored[i], &delivery->parts[delivery->n_parts]);
		if (r < 0)
			return r;
		delivery->n_parts++;
	}
	return 0;
}

/* An order names whom it is about, and whom it hides that from. */
static int is_hidden(const struct question *question, const struct tc_header *header, bool *ret)
{
	*ret = question->scope == GATE_ALL &&
	       tc_slice_equal(header->type, tc_slice_text("TrailOrder"));
	return *ret ? 0
		    : seal_hides(question, header->subject, header->referral_id, header->message_id,
				 ret);
}

/* `release`: what the asker was handed; NULL: the asker sent it. */
static int fill_message(const struct question *question, struct answer *answer, uint64_t sequence,
			const struct release *release)
{
	Throughcare__V1__Delivery *delivery = arena_take(&answer->arena, sizeof(*delivery));
	struct submitted submitted;
	bool hidden;
	int r;

	if (delivery == NULL)
		return TC_ENOMEM;
	r = submitted_read(question, &answer->arena, sequence, &submitted);
	if (r != 0)
		return r > 0 ? TC_ECORRUPT : r;
	r = is_hidden(question, &submitted.header, &hidden);
	if (r < 0)
		return r;
	if (hidden)
		return tc_refuse(&answer->refusal, TC_REFUSAL_NOT_FOUND, "%s", "");
	throughcare__v1__delivery__init(delivery);
	delivery->has_log_sequence = 1;
	delivery->log_sequence = sequence;
	delivery->accepted_at = answer_time(answer, submitted.accepted_ms);
	if (delivery->accepted_at == NULL)
		return TC_ENOMEM;
	delivery->has_header = submitted.record->has_header;
	delivery->header = submitted.record->header;
	delivery->signature = submitted.record->signature;
	r = fill_parts(question, answer, &submitted, release, delivery);
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

/* The first submission of this id that is within the auditor's scope. */
struct sent {
	const struct question *question;
	bool found;
	uint64_t sequence;
};

static int see_sent(void *context, Throughcare__V1__TrailRow *row)
{
	struct sent *sent = context;

	if (!gate_trail_row(sent->question, row))
		return TRAIL_FOUND_MORE;
	sent->found = true;
	sent->sequence = row->log_sequence;
	return TRAIL_FOUND_ENOUGH;
}

/* To an auditor who was given content, too: all of it. */
static int show_any(const struct question *question, struct answer *answer, struct tc_id message)
{
	struct trail_question asked = trail_question_any();
	struct sent sent = {.question = question};
	struct posting_position next;
	bool ended;
	int r;

	asked.message = message;
	asked.event = "submission";
	asked.before = question->sequence;
	r = seal_find(question, &asked, see_sent, &sent, &next, &ended);
	if (r < 0)
		return r;
	return sent.found ? fill_message(question, answer, sent.sequence, NULL)
			  : tc_refuse(&answer->refusal, TC_REFUSAL_NOT_FOUND, "%s", "");
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
	if (question->scope == GATE_ALL)
		return show_any(question, answer, message);
	r = ledger_view_submission(question->ledger, question->kind, &question->asker, message,
				   &sequence);
	if (r < 0)
		return r;
	if (r == 0)
		return fill_message(question, answer, sequence, NULL);
	return show_released(question, answer, message);
}
