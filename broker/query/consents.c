#include "query/consents.h"

#include <string.h>

#include "consent/consent_check.h"
#include "consent/decision.h"
#include "ledger/ledger_view.h"
#include "query/document.h"
#include "query/gate.h"

static int read_after(const struct question *question, struct answer *answer, struct tc_id *ret)
{
	struct tc_slice cursor = answer_cursor(question);

	*ret = (struct tc_id){{0}};
	if (cursor.len == 0)
		return 0;
	if (cursor.len != sizeof(ret->bytes))
		return tc_refuse(&answer->refusal, TC_REFUSAL_FIELD_INVALID, "page.cursor");
	memcpy(ret->bytes, cursor.data, cursor.len);
	return 0;
}

/* Adds the rows of these consents. QUESTION_REFUSED is none of its outcomes. *ret_full: there is
 * one more than the page holds. */
static int add_rows(const struct question *question, struct answer *answer, const struct tc_id *ids,
		    size_t count, size_t rows_max, bool *ret_full)
{
	struct store_txn *txn = ledger_view_txn(question->ledger);
	Throughcare__V1__QueryReply *reply = &answer->reply;

	for (size_t i = 0; i < count; i++) {
		Throughcare__V1__ConsentRow *row;
		struct consent_view consent;
		int r = consent_find(txn, ledger_view_consent(question->ledger), ids[i], &consent);

		if (r == 0)
			r = document_row(question, answer, &consent, &row);
		if (r != 0)
			return r > 0 ? TC_ECORRUPT : r;
		if (row == NULL)
			continue;
		if (reply->n_consents == rows_max) {
			*ret_full = true;
			return 0;
		}
		reply->consents[reply->n_consents++] = row;
	}
	return 0;
}

/*
 * Pages are counted in rows that the asker sees, and one goes on only when there is such a row:
 * a page that was cut where others' consents stand would tell that they are there.
 */
int consents_list(const struct question *question, struct answer *answer)
{
	struct store_txn *txn = ledger_view_txn(question->ledger);
	size_t rows_max = answer_page_rows(question);
	struct tc_id ids[TC_PAGE_ROWS_MAX], subject, after, last;
	size_t count = TC_PAGE_ROWS_MAX;
	bool full = false;
	int r;

	r = answer_read_id(answer, question->query->consent_list->subject, "consent_list.subject",
			   &subject);
	if (r == 0)
		r = read_after(question, answer, &after);
	if (r != 0)
		return r;
	answer->reply.consents = answer_array(answer, rows_max);
	if (answer->reply.consents == NULL)
		return TC_ENOMEM;
	while (!full && count == TC_PAGE_ROWS_MAX) {
		r = consent_list(txn, ledger_view_consent(question->ledger), subject, after, ids,
				 TC_PAGE_ROWS_MAX, &count);
		if (r == 0)
			r = add_rows(question, answer, ids, count, rows_max, &full);
		if (r != 0)
			return r;
		if (count > 0)
			after = ids[count - 1];
	}
	if (!full)
		return 0;
	r = answer_read_id(answer, answer->reply.consents[rows_max - 1]->consent_id, "page.cursor",
			   &last);
	return r < 0 ? r : answer_next_page(answer, tc_slice(last.bytes, sizeof(last.bytes)));
}

int consents_show(const struct question *question, struct answer *answer)
{
	Throughcare__V1__ConsentRow *row = NULL;
	struct consent_view consent;
	struct tc_id id;
	int r;

	r = answer_read_id(answer, question->query->consent_show->id, "consent_show.id", &id);
	if (r != 0)
		return r;
	r = consent_find_either(ledger_view_txn(question->ledger),
				ledger_view_consent(question->ledger), id, &consent);
	if (r == 0)
		r = document_row(question, answer, &consent, &row);
	if (r < 0)
		return r;
	if (row == NULL)
		return tc_refuse(&answer->refusal, TC_REFUSAL_NOT_FOUND, "%s", "");
	answer->reply.consents = answer_array(answer, 1);
	if (answer->reply.consents == NULL)
		return TC_ENOMEM;
	answer->reply.consents[0] = row;
	answer->reply.n_consents = 1;
	return 0;
}

/* What the question says, as the decision wants it. */
struct check {
	tc_agency from, to;
	uint8_t categories[TC_PARTS_MAX];
	struct decision_request request;
};

static int read_basis(const Throughcare__V1__Basis *basis, struct answer *answer,
		      struct decision_request *request)
{
	if (basis == NULL)
		return 0;
	if (basis->has_legal)
		request->legal = (uint32_t)basis->legal;
	if (basis->reference)
		request->reference = tc_slice_text(basis->reference);
	if (basis->grant_id == NULL)
		return 0;
	return answer_read_id(answer, basis->grant_id, "consent_check.basis.grant_id",
			      &request->grant);
}

static int read_check(const struct question *question, struct answer *answer, struct check *check)
{
	const Throughcare__V1__ConsentCheckQuery *asked = question->query->consent_check;
	struct decision_request *request = &check->request;
	int r;

	r = answer_read_agency(answer, asked->from, "consent_check.from", &check->from);
	if (r == 0)
		r = answer_read_agency(answer, asked->to, "consent_check.to", &check->to);
	if (r == 0)
		r = answer_read_id(answer, asked->subject, "consent_check.subject",
				   &request->subject);
	if (r == 0)
		r = read_basis(asked->basis, answer, request);
	if (r != 0)
		return r;
	if (asked->n_categories == 0)
		return tc_refuse(&answer->refusal, TC_REFUSAL_FIELD_MISSING,
				 "consent_check.categories");
	if (asked->n_categories > TC_PARTS_MAX)
		return tc_refuse(&answer->refusal, TC_REFUSAL_FIELD_INVALID,
				 "consent_check.categories");
	for (size_t i = 0; i < asked->n_categories; i++)
		check->categories[i] = (uint8_t)asked->categories[i];
	request->sender = &check->from;
	request->recipient = &check->to;
	request->categories = check->categories;
	request->part_count = asked->n_categories;
	request->purpose = asked->has_purpose ? (uint32_t)asked->purpose : 0;
	if (asked->proceeding_id)
		request->proceeding = tc_slice_text(asked->proceeding_id);
	request->now_ms = consent_time_ms(asked->at, question->now_ms);
	return 0;
}

static const char *explain(const struct decision *decision)
{
	switch (decision->kind) {
	case DECISION_PERMIT:
		return "everything asked for may be released";
	case DECISION_PERMIT_PARTS:
		return "some of it may be released, the rest is withheld";
	case DECISION_HOLD:
		return "nothing may be released now; a consent recorded later may release it";
	case DECISION_DENY:
		return "nothing may be released";
	}
	return "";
}

static int fill_answer(const struct question *question, struct answer *answer,
		       const struct decision *decision)
{
	const Throughcare__V1__ConsentCheckQuery *asked = question->query->consent_check;
	Throughcare__V1__ConsentAnswer *row = arena_take(&answer->arena, sizeof(*row));

	if (row == NULL)
		return TC_ENOMEM;
	throughcare__v1__consent_answer__init(row);
	row->decision = answer_text(answer, decision_kind_name(decision->kind));
	row->explanation = answer_text(answer, explain(decision));
	row->permitted = arena_take(&answer->arena, asked->n_categories * sizeof(*row->permitted));
	row->withheld = arena_take(&answer->arena, asked->n_categories * sizeof(*row->withheld));
	if (!row->decision || !row->explanation || !row->permitted || !row->withheld)
		return TC_ENOMEM;
	if (decision->code != TC_REFUSAL_NONE) {
		row->code = answer_text(answer, tc_refusal_name(decision->code));
		if (row->code == NULL)
			return TC_ENOMEM;
	}
	for (size_t i = 0; i < asked->n_categories; i++) {
		if (decision->parts_mask & (UINT64_C(1) << i))
			row->permitted[row->n_permitted++] = asked->categories[i];
		else
			row->withheld[row->n_withheld++] = asked->categories[i];
	}
	answer->reply.consent_answer = row;
	return 0;
}

int consents_check(const struct question *question, struct answer *answer)
{
	struct store_txn *txn = ledger_view_txn(question->ledger);
	const struct registry_tables *registry = ledger_view_registry(question->ledger);
	struct check check = {.request = {.purpose = 0}};
	struct decision decision;
	int r;

	r = read_check(question, answer, &check);
	if (r != 0)
		return r;
	/* To a recipient the answer would say whom its neighbour treats (42 CFR 2.13(c)). */
	if (question->scope == GATE_OWN && !tc_agency_equal(&question->asker, &check.from))
		return tc_refuse(&answer->refusal, TC_REFUSAL_NOT_PERMITTED, "consent_check.from");
	r = registry_kind(txn, registry, &check.from, &check.request.sender_kind);
	if (r == 0)
		r = registry_kind(txn, registry, &check.to, &check.request.recipient_kind);
	if (r == 0)
		r = decision_take(txn, ledger_view_consent(question->ledger),
				  ledger_view_policy(question->ledger), &check.request, &decision);
	return r == 0 ? fill_answer(question, answer, &decision) : r;
}
