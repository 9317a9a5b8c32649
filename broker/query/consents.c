#include "query/consents.h"

#include <string.h>

#include "ledger/ledger_view.h"
#include "query/document.h"

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
 * a page that was cut where others' consents stand would tell that they are there. An agency's are
 * found by its name, so that not even the time tells.
 */
int consents_list(const struct question *question, struct answer *answer)
{
	struct store_txn *txn = ledger_view_txn(question->ledger);
	const tc_agency *own = question->scope == GATE_OWN ? &question->asker : NULL;
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
		r = consent_list(txn, ledger_view_consent(question->ledger), own, subject, after,
				 ids, TC_PAGE_ROWS_MAX, &count);
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
