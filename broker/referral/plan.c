#include "referral/plan.h"

#include <string.h>

#include "referral/referral_row.h"
#include "store/store_cursor.h"
#include "store/store_key.h"
#include "store/store_row.h"

#define ON(state) (UINT32_C(1) << PLAN_##state)

#define S REFERRAL_BY_SOURCE
#define T REFERRAL_BY_TARGET

static const struct plan_rule rules[] = {
	{ON(NONE) | ON(RETURNED), PLAN_PROPOSED, T, "PlanProposed", NULL},
	{ON(PROPOSED), PLAN_APPROVED, S, "PlanDecision", "APPROVED"},
	{ON(PROPOSED), PLAN_RETURNED, S, "PlanDecision", "RETURNED"},
};

#define RULE_COUNT (sizeof(rules) / sizeof(rules[0]))

const struct plan_rule *plan_rules(size_t *ret_count)
{
	*ret_count = RULE_COUNT;
	return rules;
}

const char *plan_state_name(enum plan_state state)
{
	static const char *const names[PLAN_STATE_COUNT] = {
		[PLAN_NONE] = "NONE",
		[PLAN_PROPOSED] = "PROPOSED",
		[PLAN_APPROVED] = "APPROVED",
		[PLAN_RETURNED] = "RETURNED",
	};

	return names[(unsigned)state < PLAN_STATE_COUNT ? state : PLAN_NONE];
}

/* ---- rows ---- */

static void plan_key(struct store_key *key, struct tc_id referral, const char *id)
{
	store_key_init(key);
	store_key_id(key, referral);
	if (id)
		store_key_bytes(key, tc_slice_text(id));
}

static bool plan_read(struct tc_slice key, struct tc_slice value, struct plan *ret)
{
	struct store_row_reader row = store_row_read(value);
	const size_t prefix = sizeof(struct tc_id);

	if (key.len <= prefix || key.len - prefix >= sizeof(ret->id))
		return false;
	memset(ret->id, 0, sizeof(ret->id));
	memcpy(ret->id, key.data + prefix, key.len - prefix);
	ret->state = (enum plan_state)store_row_take_u8(&row);
	ret->version = store_row_take_u32(&row);
	ret->sequence = store_row_take_u64(&row);
	ret->decided = store_row_take_u64(&row);
	ret->message = store_row_take_id(&row);
	ret->told = store_row_take_u8(&row) != 0;
	return !row.failed;
}

static int plan_put(struct store_txn *txn, const struct referral_tables *tables,
		    struct tc_id referral, const struct plan *plan)
{
	struct store_row row = {.len = 0};
	struct store_key key;

	store_row_u8(&row, (uint8_t)plan->state);
	store_row_u32(&row, plan->version);
	store_row_u64(&row, plan->sequence);
	store_row_u64(&row, plan->decided);
	store_row_id(&row, plan->message);
	store_row_u8(&row, plan->told);
	plan_key(&key, referral, plan->id);
	return referral_fault(
		store_put(txn, tables->plans, store_key_slice(&key), store_row_slice(&row)));
}

int plan_next(struct store_txn *txn, const struct referral_tables *tables, struct tc_id referral,
	      const struct plan *after, struct plan *ret)
{
	struct store_key prefix, from;
	struct tc_slice key, value;
	int r;

	plan_key(&prefix, referral, NULL);
	plan_key(&from, referral, after ? after->id : NULL);
	r = store_after(txn, tables->plans, store_key_slice(&prefix), store_key_slice(&from), &key,
			&value);
	if (r == 0 && !plan_read(key, value, ret))
		r = TC_ECORRUPT;
	return r == STORE_NOT_FOUND ? PLAN_UNKNOWN : referral_fault(r);
}

/* ---- the machine ---- */

/* What else a referral has. */
struct others {
	bool open; /* one waits for a decision */
	unsigned count;
};

/* The plan that the message names, found or new; and the others. */
static int look_up(struct store_txn *txn, const struct referral_tables *tables,
		   const struct referral_event *event, const char *id, struct plan *ret,
		   struct others *ret_others)
{
	struct plan at;
	bool begun = false;
	int r;

	*ret = (struct plan){.state = PLAN_NONE};
	memcpy(ret->id, id, strlen(id));
	*ret_others = (struct others){.count = 0};
	while ((r = plan_next(txn, tables, event->referral, begun ? &at : NULL, &at)) == 0) {
		begun = true;
		if (strcmp(at.id, id) == 0) {
			*ret = at;
			continue;
		}
		ret_others->count++;
		ret_others->open = ret_others->open || at.state == PLAN_PROPOSED;
	}
	return r == PLAN_UNKNOWN ? 0 : r;
}

static int refuse(const struct plan *plan, enum referral_actor by, enum tc_refusal_code code,
		  const char *detail, struct tc_refusal *refusal)
{
	tc_refuse(refusal, code, "%s", detail);
	if (plan->state == PLAN_NONE)
		return PLAN_REFUSED;
	tc_refuse_state(refusal, plan_state_name(plan->state), plan->version);
	for (size_t i = 0; i < RULE_COUNT; i++)
		if (rules[i].from & UINT32_C(1) << plan->state && rules[i].by == by)
			tc_refuse_legal(refusal, rules[i].type, rules[i].status);
	return PLAN_REFUSED;
}

static const struct plan_rule *rule_find(enum plan_state from, const struct referral_event *event,
					 enum referral_actor by)
{
	struct tc_slice status = tc_slice_text(event->claim->status);

	for (size_t i = 0; i < RULE_COUNT; i++)
		if (rules[i].from & UINT32_C(1) << from && rules[i].by == by &&
		    tc_slice_equal(tc_slice_text(rules[i].type), event->type) &&
		    (!rules[i].status || tc_slice_equal(tc_slice_text(rules[i].status), status)))
			return &rules[i];
	return NULL;
}

/* *ret_rule NULL: none of this machine's business. */
static int look(struct store_txn *txn, const struct referral_tables *tables,
		const struct referral_event *event, enum referral_actor by, struct plan *ret,
		const struct plan_rule **ret_rule, struct tc_refusal *refusal)
{
	const char *id = event->claim ? event->claim->plan_id : NULL;
	bool decides = tc_slice_equal(event->type, tc_slice_text("PlanDecision"));
	struct others others;
	int r;

	*ret = (struct plan){.state = PLAN_NONE};
	*ret_rule = NULL;
	if (!id || !*id)
		return 0;
	if (strlen(id) > PLAN_ID_BYTES_MAX)
		return tc_refuse(refusal, TC_REFUSAL_FIELD_TOO_LONG, "plan_id");
	r = look_up(txn, tables, event, id, ret, &others);
	if (r != 0)
		return r;
	if (by == S && ret->state != PLAN_NONE && !ret->told)
		return tc_refuse(refusal, TC_REFUSAL_UNKNOWN_PLAN, "plan_id");
	*ret_rule = rule_find(ret->state, event, by);
	if (!*ret_rule)
		return refuse(ret, by,
			      decides && by == S ? TC_REFUSAL_UNKNOWN_PLAN
						 : TC_REFUSAL_ILLEGAL_TRANSITION,
			      decides ? "plan_id" : "plan_id: it was proposed before", refusal);
	if ((*ret_rule)->to == PLAN_PROPOSED && others.open)
		return refuse(ret, by, TC_REFUSAL_ILLEGAL_TRANSITION,
			      "plan_id: another plan waits for a decision", refusal);
	if (ret->state == PLAN_NONE && others.count >= PLANS_MAX)
		return tc_refuse(refusal, TC_REFUSAL_LIMIT_REACHED,
				 "%d plans of one referral; propose one that was returned again",
				 PLANS_MAX);
	return 0;
}

int plan_check(struct store_txn *txn, const struct referral_tables *tables,
	       const struct referral_event *event, enum referral_actor by,
	       struct tc_refusal *refusal)
{
	const struct plan_rule *rule;
	struct plan plan;

	return look(txn, tables, event, by, &plan, &rule, refusal);
}

int plan_apply(struct store_txn *txn, const struct referral_tables *tables,
	       const struct referral_event *event, enum referral_actor by, struct plan *ret,
	       struct tc_refusal *refusal)
{
	const struct plan_rule *rule;
	int r = look(txn, tables, event, by, ret, &rule, refusal);

	if (r != 0 || !rule)
		return r;
	ret->state = rule->to;
	if (rule->to == PLAN_PROPOSED) {
		ret->version++;
		ret->sequence = event->sequence;
		ret->decided = 0;
		ret->message = event->message;
		ret->told = false;
	} else {
		ret->decided = event->sequence;
	}
	return plan_put(txn, tables, event->referral, ret);
}

int plan_told(struct store_txn *txn, const struct referral_tables *tables, struct tc_id referral,
	      struct tc_id message)
{
	struct plan plan;
	bool begun = false;
	int r;

	while ((r = plan_next(txn, tables, referral, begun ? &plan : NULL, &plan)) == 0) {
		begun = true;
		if (plan.told || !tc_id_equal(plan.message, message))
			continue;
		plan.told = true;
		return plan_put(txn, tables, referral, &plan);
	}
	return r == PLAN_UNKNOWN ? 0 : r;
}
