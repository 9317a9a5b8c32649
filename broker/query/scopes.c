#include "query/scopes.h"

#include "ledger/ledger_view.h"

static int add_row(struct answer *answer, const struct scope_row *scope)
{
	const Throughcare__V1__AuditorScope *said = throughcare__v1__auditor_scope__unpack(
		&answer->arena.allocator, scope->packed.len, scope->packed.data);
	Throughcare__V1__ScopeRow *row = arena_take(&answer->arena, sizeof(*row));

	if (said == NULL || row == NULL)
		return TC_ENOMEM;
	throughcare__v1__scope_row__init(row);
	row->auditor = said->auditor;
	row->n_agencies = said->n_agencies;
	row->agencies = said->agencies;
	row->n_subjects = said->n_subjects;
	row->subjects = said->subjects;
	row->since = said->since;
	row->until = said->until;
	row->has_content = 1;
	row->content = said->content;
	row->granted_by = said->granted_by;
	row->ends_at = said->ends_at;
	row->granted_at = answer_time(answer, scope->at_ms);
	if (row->granted_at == NULL)
		return TC_ENOMEM;
	answer->reply.scopes[answer->reply.n_scopes++] = row;
	return 0;
}

/* An operator sets the persons of a scope, and so may read them. */
static int list_all(const struct question *question, struct answer *answer,
		    struct store_table table)
{
	struct tc_slice after = answer_cursor(question);
	size_t rows_max = answer_page_rows(question);
	struct scope_row scope;
	int r;

	answer->reply.scopes = answer_array(answer, rows_max);
	if (answer->reply.scopes == NULL)
		return TC_ENOMEM;
	if (after.len > TC_NAME_BYTES_MAX)
		return tc_refuse(&answer->refusal, TC_REFUSAL_FIELD_INVALID, "page.cursor");
	for (;;) {
		r = scope_next(ledger_view_txn(question->ledger), table, after, &scope);
		if (r != 0)
			return r == SCOPE_UNKNOWN ? 0 : r;
		if (answer->reply.n_scopes == rows_max)
			return answer_next_page(answer, after);
		r = add_row(answer, &scope);
		if (r < 0)
			return r;
		after = tc_slice_text(answer->reply.scopes[answer->reply.n_scopes - 1]->auditor);
	}
}

int scopes_list(const struct question *question, struct answer *answer)
{
	struct store_table table = ledger_view_table(question->ledger, LEDGER_TABLE_SCOPE);
	struct scope_row scope;
	int r;

	if (question->scope == GATE_ALL)
		return list_all(question, answer, table);
	r = scope_find(ledger_view_txn(question->ledger), table, &question->asker, &scope);
	if (r != 0)
		return r == SCOPE_UNKNOWN ? 0 : r;
	answer->reply.scopes = answer_array(answer, 1);
	return answer->reply.scopes == NULL ? TC_ENOMEM : add_row(answer, &scope);
}
