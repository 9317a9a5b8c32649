#include "query/policies.h"

#include "ledger/ledger_view.h"

/* The row of the one that was in force before this one. 0, LEDGER_VIEW_UNKNOWN or a fault. */
static int previous(const struct question *question, uint64_t sequence, struct policy_row *ret)
{
	const struct policy *policy;
	int r;

	if (sequence == 0)
		return LEDGER_VIEW_UNKNOWN;
	r = ledger_view_policy_at(question->ledger, sequence - 1, &policy);
	if (r == 0)
		r = ledger_view_policy_row(question->ledger, policy_version(policy), ret);
	/* Before the first there is none: what stands in for it is that one. */
	return r == 0 && ret->sequence >= sequence ? LEDGER_VIEW_UNKNOWN : r;
}

int policies_time(const struct question *question, int64_t at_ms, const struct policy **ret)
{
	struct policy_row row, before;
	int r = ledger_view_policy_row(question->ledger, 0, &row);

	*ret = ledger_view_policy(question->ledger);
	if (r != 0)
		return r < 0 ? r : 0;
	/* Nothing is older than the log's first one. */
	while (r == 0 && row.time_ms > at_ms) {
		r = previous(question, row.sequence, &before);
		if (r == 0)
			row = before;
	}
	return r < 0 ? r : ledger_view_policy_at(question->ledger, row.sequence, ret);
}

static int make_row(struct answer *answer, const struct policy_row *row,
		    const struct policy *policy, bool whole, Throughcare__V1__PolicyRow **ret)
{
	Throughcare__V1__PolicyRow *to = arena_take(&answer->arena, sizeof(*to));
	uint8_t *digest = answer_bytes(answer, tc_slice(policy_sha256(policy), TC_DIGEST_BYTES));

	if (to == NULL || digest == NULL)
		return TC_ENOMEM;
	throughcare__v1__policy_row__init(to);
	to->policy_id = answer_text(answer, policy_id(policy));
	to->has_version = to->has_sha256 = 1;
	to->version = policy_version(policy);
	to->sha256 = (ProtobufCBinaryData){.len = TC_DIGEST_BYTES, .data = digest};
	if (to->policy_id == NULL)
		return TC_ENOMEM;
	if (row) {
		to->has_log_sequence = 1;
		to->log_sequence = row->sequence;
		to->at = answer_time(answer, row->time_ms);
		if (to->at == NULL)
			return TC_ENOMEM;
	}
	if (whole) {
		to->has_policy = 1;
		to->policy.len = policy_packed(policy).len;
		to->policy.data = answer_bytes(answer, policy_packed(policy));
		if (to->policy.data == NULL)
			return TC_ENOMEM;
	}
	*ret = to;
	return 0;
}

static int add_row(const struct question *question, struct answer *answer,
		   const struct policy_row *row, bool whole)
{
	Throughcare__V1__QueryReply *reply = &answer->reply;
	const struct policy *policy = ledger_view_policy(question->ledger);
	int r = 0;

	if (row)
		r = ledger_view_policy_version(question->ledger, row->version, &policy);
	if (r == 0)
		r = make_row(answer, row, policy, whole, &reply->policies[reply->n_policies]);
	if (r == 0)
		reply->n_policies++;
	return r > 0 ? TC_ECORRUPT : r;
}

static int show_one(const struct question *question, struct answer *answer, uint32_t version)
{
	struct policy_row row;
	int r = ledger_view_policy_row(question->ledger, version, &row);

	if (r == LEDGER_VIEW_UNKNOWN)
		return tc_refuse(&answer->refusal, TC_REFUSAL_NOT_FOUND, "policy_show.version");
	return r < 0 ? r : add_row(question, answer, &row, true);
}

/* The newest first. A page goes on where its cursor, the sequence of its last row, says. */
static int show_all(const struct question *question, struct answer *answer, size_t rows_max)
{
	struct tc_slice cursor = answer_cursor(question);
	struct policy_row row;
	uint8_t next[8];
	int r;

	if (cursor.len != 0 && cursor.len != sizeof(next))
		return tc_refuse(&answer->refusal, TC_REFUSAL_FIELD_INVALID, "page.cursor");
	if (cursor.len == 0)
		r = ledger_view_policy_row(question->ledger, 0, &row);
	else
		r = previous(question, tc_get_be64(cursor.data), &row);
	/* A log that names none goes by what the exchange brings along. */
	if (r == LEDGER_VIEW_UNKNOWN && cursor.len == 0)
		return add_row(question, answer, NULL, true);
	while (r == 0) {
		if (answer->reply.n_policies == rows_max)
			return answer_next_page(answer, tc_slice(next, sizeof(next)));
		r = add_row(question, answer, &row,
			    cursor.len == 0 && answer->reply.n_policies == 0);
		if (r < 0)
			return r;
		tc_put_be64(next, row.sequence);
		r = previous(question, row.sequence, &row);
	}
	return r < 0 ? r : 0;
}

int policies_show(const struct question *question, struct answer *answer)
{
	const Throughcare__V1__PolicyShowQuery *asked = question->query->policy_show;
	size_t rows_max = answer_page_rows(question);

	answer->reply.policies = answer_array(answer, rows_max);
	if (answer->reply.policies == NULL)
		return TC_ENOMEM;
	if (asked->has_version && asked->version != 0)
		return show_one(question, answer, asked->version);
	return show_all(question, answer, rows_max);
}
