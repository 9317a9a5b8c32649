#include "ledger/policy_view.h"

#include "consent/policy.h"
#include "ledger/policy_state.h"

static int compile_row(const struct policy_row *row, struct policy **ret)
{
	struct tc_refusal refusal = {.code = TC_REFUSAL_NONE};
	int r = policy_compile(row->packed, ret, &refusal);

	return r > 0 ? TC_ECORRUPT : r;
}

int policy_view_open(struct policy_view *view)
{
	return policy_state_default(&view->fallback);
}

void policy_view_done(struct policy_view *view)
{
	for (unsigned i = 0; i < POLICY_VIEW_KEPT; i++)
		policy_free(&view->kept[i]);
	policy_free(&view->in_force);
	policy_free(&view->fallback);
}

int policy_view_renew(struct policy_view *view, struct store_txn *txn, struct store_table table)
{
	struct policy *policy = NULL;
	struct policy_row row;
	int r = policy_row_find(txn, table, 0, &row);

	if (r == POLICY_STATE_UNKNOWN) {
		policy_free(&view->in_force);
		return 0;
	}
	if (r != 0 || (view->in_force && policy_version(view->in_force) == row.version))
		return r;
	r = compile_row(&row, &policy);
	if (r != 0)
		return r;
	policy_free(&view->in_force);
	view->in_force = policy;
	return 0;
}

const struct policy *policy_view_in_force(const struct policy_view *view)
{
	return view->in_force ? view->in_force : view->fallback;
}

/* Among those at hand; NULL when it is not. */
static const struct policy *view_find(const struct policy_view *view, uint32_t version)
{
	if (view->in_force && policy_version(view->in_force) == version)
		return view->in_force;
	for (unsigned i = 0; i < POLICY_VIEW_KEPT; i++)
		if (view->kept[i] && policy_version(view->kept[i]) == version)
			return view->kept[i];
	return NULL;
}

static int view_keep(struct policy_view *view, const struct policy_row *row,
		     const struct policy **ret)
{
	struct policy *policy = NULL;
	int r = compile_row(row, &policy);

	if (r != 0)
		return r;
	policy_free(&view->kept[view->next]);
	view->kept[view->next] = policy;
	view->next = (view->next + 1) % POLICY_VIEW_KEPT;
	*ret = policy;
	return 0;
}

int policy_view_version(struct policy_view *view, struct store_txn *txn, struct store_table table,
			uint32_t version, const struct policy **ret)
{
	struct policy_row row;
	int r = 0;

	*ret = view_find(view, version);
	if (*ret)
		return 0;
	r = policy_row_find(txn, table, version, &row);
	return r != 0 ? r : view_keep(view, &row, ret);
}

int policy_view_at(struct policy_view *view, struct store_txn *txn, struct store_table table,
		   uint64_t sequence, const struct policy **ret)
{
	struct policy_row row;
	int r = policy_row_at(txn, table, sequence, &row);

	if (r == POLICY_STATE_UNKNOWN) {
		*ret = view->fallback;
		return 0;
	}
	if (r != 0)
		return r;
	*ret = view_find(view, row.version);
	return *ret ? 0 : view_keep(view, &row, ret);
}
