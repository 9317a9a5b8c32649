#include "ledger/policy_state.h"

#include <stdio.h>

#include "ledger/change.h"
#include "ledger/fact.h"
#include "ledger/reconsider.h"
#include "ledger/row.h"
#include "ledger/state.h"
#include "ledger/submission.h"

/* Room for dates as versions. A slip to the highest number there is would leave no room for any
 * policy to come. */
#define VERSION_STEP_MAX 100000000

/* ---- rows: version -> sequence, time, packed ---- */

static int row_decode(struct tc_slice key, struct tc_slice value, struct policy_row *ret)
{
	struct row_reader row = row_read(value);

	ret->sequence = row_take_u64(&row);
	ret->time_ms = (int64_t)row_take_u64(&row);
	if (row.short_of || key.len != 4)
		return TC_ECORRUPT;
	ret->version = tc_get_be32(key.data);
	ret->packed = tc_slice(row.at, (size_t)(row.end - row.at));
	return 0;
}

static int row_put_policy(struct ledger *ledger, const struct policy *policy)
{
	struct tc_slice packed = policy_packed(policy);
	struct tc_bytes value = {0};
	struct row_writer row = {0};
	uint8_t key[4];
	int r;

	tc_put_be32(key, policy_version(policy));
	row_put_u64(&row, ledger->sequence);
	row_put_u64(&row, (uint64_t)ledger->now_ms);
	r = tc_bytes_append(&value, row.data, row.len);
	if (r == 0)
		r = tc_bytes_append(&value, packed.data, packed.len);
	if (r == 0)
		r = ledger_put(ledger, LEDGER_TABLE_POLICY, tc_slice(key, sizeof(key)),
			       tc_bytes_slice(&value));
	tc_bytes_free(&value);
	return r;
}

int policy_row_find(struct store_txn *txn, struct store_table table, uint32_t version,
		    struct policy_row *ret)
{
	struct tc_slice key, value;
	uint8_t number[4];
	int r;

	if (version == 0) {
		r = store_last(txn, table, tc_slice(NULL, 0), &key, &value);
	} else {
		tc_put_be32(number, version);
		key = tc_slice(number, sizeof(number));
		r = store_get(txn, table, key, &value);
	}
	if (r == STORE_NOT_FOUND)
		return POLICY_STATE_UNKNOWN;
	return r == 0 ? row_decode(key, value, ret) : ledger_store_fault(r);
}

/* Versions only rise, so that their order is that of the log. */
int policy_row_at(struct store_txn *txn, struct store_table table, uint64_t sequence,
		  struct policy_row *ret)
{
	struct store_cursor cursor;
	struct policy_row row;
	int r = store_cursor_init(&cursor, txn, table, tc_slice(NULL, 0), STORE_BACKWARD);

	while (r == 0) {
		struct tc_slice key, value;

		r = store_cursor_next(&cursor, &key, &value);
		if (r == 0)
			r = row_decode(key, value, &row);
		if (r == 0 && row.sequence <= sequence)
			break;
	}
	store_cursor_done(&cursor);
	if (r == 0)
		*ret = row;
	if (r == STORE_NOT_FOUND)
		return POLICY_STATE_UNKNOWN;
	return r > 0 ? ledger_store_fault(r) : r;
}

/* ---- the one in force ---- */

/* What was found good before. */
static int compile_known(struct tc_slice packed, struct policy **ret)
{
	struct tc_refusal refusal = {.code = TC_REFUSAL_NONE};
	int r = policy_compile(packed, ret, &refusal);

	return r > 0 ? TC_ECORRUPT : r;
}

int policy_state_default(struct policy **ret)
{
	return compile_known(policy_default(), ret);
}

int policy_state_load(struct ledger *ledger)
{
	struct policy_row row;
	int r = policy_row_find(ledger->txn, ledger->table[LEDGER_TABLE_POLICY], 0, &row);

	if (r < 0)
		return r;
	return r == POLICY_STATE_UNKNOWN ? policy_state_default(&ledger->policy)
					 : compile_known(row.packed, &ledger->policy);
}

int policy_state_wanted(struct ledger *ledger, bool *ret)
{
	struct policy_row row;
	int r = policy_row_find(ledger->txn, ledger->table[LEDGER_TABLE_POLICY], 0, &row);

	*ret = r == POLICY_STATE_UNKNOWN;
	return r < 0 ? r : 0;
}

/* What of its marks is another one's now. `before` NULL: it is the first. */
static int fact_replaced(struct ledger *ledger, const struct policy *before,
			 const struct policy *after, Throughcare__V1__TrailRow *row)
{
	char version[2][16] = {"", ""}, sha256[2][65] = {"", ""};
	const struct policy *both[2] = {before, after};
	int r;

	for (size_t i = before == NULL; i < 2; i++) {
		(void)snprintf(version[i], sizeof(version[i]), "%u", policy_version(both[i]));
		tc_hex(policy_sha256(both[i]), 32, sha256[i]);
	}
	r = change_add(&ledger->arena, "version", version[0], version[1], row);
	if (r == 0)
		r = change_add(&ledger->arena, "sha256", sha256[0], sha256[1], row);
	return r;
}

/* Puts it in force from this record on, and takes it. */
static int put_in_force_take(struct ledger *ledger, const struct submission *submission,
			     struct policy **policy)
{
	char sha256[65];
	struct fact_draft draft;
	int r;

	fact_init(&draft, "policy");
	r = fact_replaced(ledger, submission != NULL ? ledger->policy : NULL, *policy, &draft.row);
	if (r == 0)
		r = row_put_policy(ledger, *policy);
	if (r < 0) {
		policy_free(policy);
		return r;
	}
	policy_free(&ledger->policy);
	ledger->policy = *policy;
	*policy = NULL;
	tc_hex(policy_sha256(ledger->policy), 32, sha256);
	if (submission != NULL)
		fact_submission(&draft, ledger, submission);
	else
		fact_text(&draft.row.agency, TC_AGENCY_EXCHANGE);
	fact_text(&draft.row.code, policy_id(ledger->policy));
	draft.row.has_rule_version = 1;
	draft.row.rule_version = policy_version(ledger->policy);
	fact_text(&draft.row.reference, sha256);
	r = fact_push(ledger, &draft);
	return r < 0 ? r : reconsider_everything(ledger);
}

int policy_state_begin(struct ledger *ledger, struct tc_slice packed)
{
	struct policy *policy = NULL;
	bool wanted;
	int r = policy_state_wanted(ledger, &wanted);

	if (r < 0 || !wanted)
		return r;
	r = compile_known(packed, &policy);
	return r < 0 ? r : put_in_force_take(ledger, NULL, &policy);
}

int policy_state_submit(struct ledger *ledger, struct submission *submission)
{
	const ProtobufCBinaryData *body = &submission->record->body;
	struct tc_refusal *refusal = &submission->refusal;
	struct policy *policy = NULL;
	int r;

	if (submission->sender->kind != THROUGHCARE__V1__PEER_KIND__PEER_KIND_OPERATOR) {
		(void)tc_refuse(refusal, TC_REFUSAL_TYPE_NOT_ALLOWED, "type");
		return SUBMISSION_REFUSED;
	}
	r = policy_compile(tc_slice(body->data, body->len), &policy, refusal);
	if (r != 0)
		return r == POLICY_REFUSED ? SUBMISSION_REFUSED : r;
	if (policy_version(policy) <= policy_version(ledger->policy)) {
		(void)tc_refuse(refusal, TC_REFUSAL_POLICY_VERSION, "version %u: %u is in force",
				policy_version(policy), policy_version(ledger->policy));
		policy_free(&policy);
		return SUBMISSION_REFUSED;
	}
	if (policy_version(policy) - policy_version(ledger->policy) > VERSION_STEP_MAX) {
		(void)tc_refuse(refusal, TC_REFUSAL_POLICY_INVALID,
				"version %u: more than %d above %u, which is in force",
				policy_version(policy), VERSION_STEP_MAX,
				policy_version(ledger->policy));
		policy_free(&policy);
		return SUBMISSION_REFUSED;
	}
	return put_in_force_take(ledger, submission, &policy);
}
