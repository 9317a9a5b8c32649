#include "ledger/origin.h"

#include <string.h>

#include "ledger/row.h"
#include "ledger/state.h"
#include "ledger/terms.h"

/* A part that was sent more often is looked for among the first of these only; then it counts as
 * released by nobody. */
#define ORIGIN_ROWS_MAX 64

#define RULE(duty) ((uint8_t)(1u << (NOTICE_REDISCLOSE_##duty - NOTICE_REDISCLOSE_NONE)))

/* A redisclosure rule, or several that all hold. */
struct origin_rule {
	uint8_t rules; /* bits of RULE */
	char proceeding[DELIVERY_PROCEEDING_BYTES_MAX + 1];
};

/* Of one part of a submission. */
struct origin_part {
	bool restricted;
	bool known;               /* it was sent before */
	struct origin_rule bound; /* by which it goes on */
};

/* A row of ORIGIN: one sending of a part. */
struct origin_row {
	uint64_t sequence;
	uint8_t index;
	uint32_t sender;
	struct origin_rule bound;
};

/* A row of RELEASED. */
struct origin_released {
	uint64_t parts;
	uint16_t purpose;
	struct origin_rule rule;
};

static bool restricted(const struct ledger *ledger, uint32_t category)
{
	return policy_category(ledger->policy, category)->restricted;
}

static uint8_t rules_of(uint32_t obligations)
{
	return (uint8_t)((obligations & TERMS_REDISCLOSURE) >> NOTICE_REDISCLOSE_NONE);
}

/* ---- rows ---- */

static void origin_prefix(struct store_key *key, const struct submission *submission, size_t part)
{
	const ProtobufCBinaryData *trace = &submission->record->parts[part]->trace;

	store_key_init(key);
	store_key_bytes(key, tc_slice(trace->data, trace->len));
}

static void rule_put(struct row_writer *row, const struct origin_rule *rule)
{
	row_put_u8(row, rule->rules);
	row_put_text(row, rule->proceeding);
}

static void rule_take(struct row_reader *row, struct origin_rule *ret)
{
	ret->rules = row_take_u8(row);
	row_take_text(row, ret->proceeding, sizeof(ret->proceeding));
}

static bool origin_read(struct tc_slice value, struct origin_row *ret)
{
	struct row_reader row = row_read(value);

	ret->sequence = row_take_u64(&row);
	ret->index = row_take_u8(&row);
	ret->sender = row_take_u32(&row);
	rule_take(&row, &ret->bound);
	return row_read_whole(&row) && ret->index < TC_PARTS_MAX;
}

static void released_key(struct store_key *key, uint64_t sequence, uint32_t recipient)
{
	store_key_init(key);
	store_key_u64(key, sequence);
	store_key_u32(key, recipient);
}

/* No parts when there is no such row. */
static int released_get(struct ledger *ledger, const struct store_key *key,
			struct origin_released *ret)
{
	struct row_reader row;
	struct tc_slice value;
	int r = ledger_get(ledger, LEDGER_TABLE_RELEASED, store_key_slice(key), &value);

	*ret = (struct origin_released){.parts = 0};
	if (r == STORE_NOT_FOUND)
		return 0;
	if (r < 0)
		return r;
	row = row_read(value);
	ret->parts = row_take_u64(&row);
	ret->purpose = row_take_u16(&row);
	rule_take(&row, &ret->rule);
	return row_read_whole(&row) ? 0 : TC_ECORRUPT;
}

/* ---- may it be passed on? ---- */

/* Whether all the rules let this message go to an agency of that kind. */
static bool rule_allows(const struct ledger *ledger, const struct origin_rule *rule,
			const struct delivery *delivery, enum agency_kind to)
{
	const struct policy_agency_kind *kind = policy_agency_kind(ledger->policy, to);

	if (rule->rules & RULE(NONE))
		return false;
	if (rule->rules & RULE(OFFICIAL_DUTY) &&
	    (!kind->criminal_justice ||
	     delivery->purpose != THROUGHCARE__V1__PURPOSE__PURPOSE_SUPERVISION_MONITORING ||
	     rule->proceeding[0] == '\0' || strcmp(rule->proceeding, delivery->proceeding) != 0))
		return false;
	if (rule->rules & RULE(HIPAA) &&
	    (!kind->treating || !policy_purpose(ledger->policy, delivery->purpose)->tpo))
		return false;
	return true;
}

static int allow(struct ledger *ledger, struct submission *submission, size_t part,
		 const struct origin_row *sent, const struct origin_released *released)
{
	struct origin_rule *bound = &submission->origins[part].bound;

	for (size_t i = 0; i < submission->count; i++) {
		struct delivery *delivery = &submission->deliveries[i];
		enum agency_kind kind;
		int r = registry_kind(ledger->txn, &ledger->registry, submission->recipients[i],
				      &kind);

		if (r < 0)
			return r;
		if (rule_allows(ledger, &sent->bound, delivery, kind) &&
		    rule_allows(ledger, &released->rule, delivery, kind))
			delivery->forbidden &= ~(UINT64_C(1) << part);
	}
	*bound = released->rule;
	bound->rules |= sent->bound.rules;
	if (bound->proceeding[0] == '\0')
		memcpy(bound->proceeding, sent->bound.proceeding, sizeof(bound->proceeding));
	return 0;
}

/* Forbidden, until a disclosure to the sender is found whose rules allow it. What its first sender
 * gets back tells it nothing. */
static void forbid(const struct ledger *ledger, struct submission *submission, size_t part,
		   const struct origin_row *first)
{
	const struct policy_basis *basis =
		policy_basis(ledger->policy, policy_basis_of((uint32_t)submission->header.legal));

	submission->origins[part].bound.rules = RULE(NONE);
	if (basis != NULL && basis->lifts_redisclosure)
		return;
	for (size_t i = 0; i < submission->count; i++) {
		if (submission->deliveries[i].recipient != first->sender)
			submission->deliveries[i].forbidden |= UINT64_C(1) << part;
	}
}

static int trace(struct ledger *ledger, struct submission *submission, size_t part)
{
	struct store_cursor cursor;
	struct tc_slice first;
	struct store_key key;
	int r;

	origin_prefix(&key, submission, part);
	r = ledger_get(ledger, LEDGER_TABLE_ORIGIN, store_key_slice(&key), &first);
	if (r != 0)
		return r == STORE_NOT_FOUND ? 0 : r;
	submission->origins[part].known = true;
	r = store_cursor_init(&cursor, ledger->txn, ledger->table[LEDGER_TABLE_ORIGIN],
			      store_key_slice(&key), STORE_FORWARD);
	for (size_t i = 0; r == 0 && i < ORIGIN_ROWS_MAX; i++) {
		struct origin_released released;
		struct tc_slice value;
		struct origin_row sent;

		r = store_cursor_next(&cursor, NULL, &value);
		if (r != 0)
			break;
		if (!origin_read(value, &sent)) {
			r = TC_ECORRUPT;
			break;
		}
		if (i == 0 && sent.sender == submission->sender->number)
			break; /* its own */
		if (i == 0)
			forbid(ledger, submission, part, &sent);
		released_key(&key, sent.sequence, submission->sender->number);
		r = released_get(ledger, &key, &released);
		if (r == 0 && (released.parts >> sent.index & 1) != 0)
			r = allow(ledger, submission, part, &sent, &released);
	}
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : r;
}

int origin_forbid(struct ledger *ledger, struct submission *submission)
{
	const Throughcare__V1__SubmissionRecord *record = submission->record;

	for (size_t i = 0; i < record->n_parts; i++) {
		int r;

		if (!restricted(ledger, (uint32_t)record->parts[i]->category) ||
		    record->parts[i]->trace.len != TC_TRACE_BYTES)
			continue;
		if (submission->origins == NULL)
			submission->origins = arena_take(
				&ledger->arena, record->n_parts * sizeof(*submission->origins));
		if (submission->origins == NULL)
			return TC_ENOMEM;
		submission->origins[i].restricted = true;
		r = trace(ledger, submission, i);
		if (r < 0)
			return r;
	}
	return 0;
}

bool origin_passed_on(const struct submission *submission)
{
	for (size_t i = 0; submission->origins != NULL && i < submission->record->n_parts; i++) {
		if (submission->origins[i].known)
			return true;
	}
	return false;
}

/* ---- keeping ---- */

int origin_keep(struct ledger *ledger, const struct submission *submission)
{
	if (submission->origins == NULL)
		return 0;
	for (size_t i = 0; i < submission->record->n_parts; i++) {
		struct row_writer row = {.len = 0};
		struct store_key key;
		int r;

		if (!submission->origins[i].restricted)
			continue;
		origin_prefix(&key, submission, i);
		if (submission->origins[i].known)
			store_key_u64(&key, ledger->sequence);
		row_put_u64(&row, ledger->sequence);
		row_put_u8(&row, (uint8_t)i);
		row_put_u32(&row, submission->sender->number);
		rule_put(&row, &submission->origins[i].bound);
		r = ledger_put(ledger, LEDGER_TABLE_ORIGIN, store_key_slice(&key), row_slice(&row));
		if (r < 0)
			return r;
	}
	return 0;
}

int origin_release(struct ledger *ledger, const struct delivery *delivery)
{
	struct origin_released released;
	struct row_writer row;
	struct store_key key;
	uint64_t parts = 0;
	int r;

	for (size_t i = 0; i < delivery->part_count; i++) {
		if ((delivery->parts_mask >> i & 1) != 0 &&
		    restricted(ledger, delivery->categories[i]))
			parts |= UINT64_C(1) << i;
	}
	if (parts == 0)
		return 0;
	released_key(&key, delivery->sequence, delivery->recipient);
	released = (struct origin_released){.parts = 0};
	r = delivery->attempt > 1 ? released_get(ledger, &key, &released) : 0;
	if (r < 0)
		return r;
	/* What was handed over more than once is bound by every rule that it came with. */
	released.parts |= parts;
	released.purpose = delivery->purpose;
	released.rule.rules |= rules_of(delivery->obligations);
	memcpy(released.rule.proceeding, delivery->proceeding, sizeof(released.rule.proceeding));
	row.len = 0;
	row_put_u64(&row, released.parts);
	row_put_u16(&row, released.purpose);
	rule_put(&row, &released.rule);
	return ledger_put(ledger, LEDGER_TABLE_RELEASED, store_key_slice(&key), row_slice(&row));
}
