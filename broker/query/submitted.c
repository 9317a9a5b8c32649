#include "query/submitted.h"

#include "ledger/ledger_view.h"

int submitted_read(const struct question *question, struct arena *arena, uint64_t sequence,
		   struct submitted *ret)
{
	const Throughcare__V1__Record *record;
	struct journal_entry entry;
	int r;

	r = journal_read(question->journal, sequence, &entry);
	if (r == JOURNAL_FORGOTTEN)
		return SUBMITTED_NONE;
	if (r != 0)
		return r > 0 ? TC_ECORRUPT : r;
	record =
		throughcare__v1__record__unpack(&arena->allocator, entry.body.len, entry.body.data);
	if (record == NULL)
		return TC_ECORRUPT;
	if (record->body_case != THROUGHCARE__V1__RECORD__BODY_SUBMISSION)
		return SUBMITTED_NONE;
	ret->sequence = sequence;
	ret->accepted_ms = entry.time_ms;
	ret->record = record->submission;
	if (ret->record->n_parts > TC_PARTS_MAX)
		return TC_ECORRUPT;
	for (size_t i = 0; i < ret->record->n_parts; i++)
		ret->categories[i] = (uint8_t)ret->record->parts[i]->category;
	return tc_header_read(tc_slice(ret->record->header.data, ret->record->header.len),
			      &ret->header);
}

/* The desk that the recipient was addressed at: its own words, else what its service names. Without
 * either it is the agency as such. `room` holds a text that is the registry's. */
static int find_desk(const struct question *question, const struct tc_header *header,
		     const tc_agency *recipient, struct registry_service *room,
		     struct decision_request *ret)
{
	for (size_t i = 0; i < header->recipient_count; i++) {
		const struct tc_recipient *to = &header->recipients[i];
		struct tc_slice role = to->role;
		int r;

		if (to->service.len > 0) {
			r = registry_find_service(ledger_view_txn(question->ledger),
						  ledger_view_registry(question->ledger),
						  to->service, room);
			if (r < 0)
				return r;
			if (r != 0 || !tc_agency_equal(&room->agency, recipient))
				continue;
			if (role.len == 0)
				role = tc_slice_text(room->role);
		} else if (!tc_slice_equal(to->agency, tc_slice_text(recipient->name))) {
			continue;
		}
		ret->recipient_role = role;
		ret->recipient_person = to->person;
		return 0;
	}
	return 0;
}

int submitted_take(const struct question *question, const struct policy *policy,
		   const struct decision_request *request, struct decision *ret)
{
	struct store_txn *txn = ledger_view_txn(question->ledger);
	struct registry_agency sender;
	int r = decision_take(txn, ledger_view_consent(question->ledger), policy, request, ret);

	if (r != 0 || request->now_ms < question->now_ms)
		return r;
	r = registry_find_agency(txn, ledger_view_registry(question->ledger), request->sender,
				 &sender);
	if (r == 0 && sender.status == REGISTRY_SUSPENDED)
		decision_hold(ret, TC_REFUSAL_AGENCY_SUSPENDED);
	return r < 0 ? r : 0;
}

int submitted_decide(const struct question *question, const struct submitted *submitted,
		     const tc_agency *recipient, const struct submitted_facts *facts,
		     struct decision *ret)
{
	const struct tc_header *header = &submitted->header;
	struct store_txn *txn = ledger_view_txn(question->ledger);
	const struct registry_tables *registry = ledger_view_registry(question->ledger);
	struct decision_request request = {
		.sender = &header->sender,
		.recipient = recipient,
		.subject = header->subject,
		.purpose = (uint32_t)header->purpose,
		.grant = header->grant_id,
		.legal = (uint32_t)header->legal,
		.reference = header->basis_reference,
		.actor = header->actor_id,
		.proceeding = header->proceeding_id,
		.categories = submitted->categories,
		.part_count = submitted->record->n_parts,
		.forbidden = facts->forbidden,
		.message = true,
		.now_ms = facts->at_ms,
		.past = true,
		.without = facts->without,
		.without_count = facts->without_count,
	};
	struct tc_id also[PERSON_IDS_MAX];
	struct registry_service room;
	int r;

	request.also = also;
	r = ledger_view_others(question->ledger, header->subject, facts->at_ms, also,
			       &request.also_count);
	if (r == 0)
		r = find_desk(question, header, recipient, &room, &request);
	if (r == 0)
		r = registry_kind_at(txn, registry, request.sender, facts->at_ms,
				     &request.sender_kind);
	if (r == 0)
		r = registry_kind_at(txn, registry, recipient, facts->at_ms,
				     &request.recipient_kind);
	if (r != 0)
		return r;
	return submitted_take(question, facts->policy, &request, ret);
}

uint64_t submitted_categories(const struct submitted *submitted, uint64_t parts)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < submitted->record->n_parts; i++) {
		if (parts & UINT64_C(1) << i && submitted->categories[i] < 64)
			bits |= UINT64_C(1) << submitted->categories[i];
	}
	return bits;
}

uint64_t submitted_parts(const struct submitted *submitted, uint64_t categories)
{
	uint64_t parts = 0;

	for (size_t i = 0; i < submitted->record->n_parts; i++) {
		if (submitted->categories[i] < 64 &&
		    categories & UINT64_C(1) << submitted->categories[i])
			parts |= UINT64_C(1) << i;
	}
	return parts;
}

uint64_t submitted_names(char *const *names, size_t count)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < count; i++) {
		uint32_t category = policy_category_find(tc_slice_text(names[i]));

		bits |= category < 64 ? UINT64_C(1) << category : 0;
	}
	return bits;
}
