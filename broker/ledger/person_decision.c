#include "ledger/person_decision.h"

#include <stdio.h>
#include <string.h>

#include "ledger/cross.h"
#include "ledger/fact.h"
#include "ledger/order.h"
#include "ledger/person.h"
#include "ledger/proceeding.h"
#include "ledger/reconsider.h"
#include "ledger/row.h"
#include "ledger/state.h"
#include "ledger/submission.h"
#include "ledger/timer.h"
#include "throughcare/v1/person.pb-c.h"
#include "wire/actor.h"

#define CONFIDENCE_ONE 1000000

/* ---- rows ---- */

static struct tc_slice decision_key(const struct tc_id *message)
{
	return tc_slice(message->bytes, sizeof(message->bytes));
}

static bool decision_read(struct tc_slice value, struct person_decision *ret)
{
	struct row_reader row = row_read(value);

	ret->sequence = row_take_u64(&row);
	ret->kind = (enum person_decision_kind)row_take_u8(&row);
	ret->state = (enum person_decision_state)row_take_u8(&row);
	ret->agency = row_take_u32(&row);
	ret->to = row_take_id(&row);
	ret->undone = row_take_id(&row);
	ret->from_count = row_take_u8(&row);
	if (ret->from_count > PERSON_FROM_MAX)
		return false;
	for (uint8_t i = 0; i < ret->from_count; i++)
		ret->from[i] = row_take_id(&row);
	row_take_text(&row, ret->by, sizeof(ret->by));
	ret->effective_ms = (int64_t)row_take_u64(&row);
	ret->confidence = row_take_u32(&row);
	return row_read_whole(&row);
}

static int decision_put(struct ledger *ledger, const struct person_decision *decision)
{
	struct row_writer row;

	row.len = 0;
	row_put_u64(&row, decision->sequence);
	row_put_u8(&row, (uint8_t)decision->kind);
	row_put_u8(&row, (uint8_t)decision->state);
	row_put_u32(&row, decision->agency);
	row_put_id(&row, decision->to);
	row_put_id(&row, decision->undone);
	row_put_u8(&row, decision->from_count);
	for (uint8_t i = 0; i < decision->from_count; i++)
		row_put_id(&row, decision->from[i]);
	row_put_text(&row, decision->by);
	row_put_u64(&row, (uint64_t)decision->effective_ms);
	row_put_u32(&row, decision->confidence);
	return ledger_put(ledger, LEDGER_TABLE_PERSON_MESSAGE, decision_key(&decision->message),
			  row_slice(&row));
}

/* 0, PERSON_DECISION_NONE or a fault. */
static int decision_find(struct store_txn *txn, struct store_table table, struct tc_id message,
			 struct person_decision *ret)
{
	struct tc_slice value;
	int r = store_get(txn, table, decision_key(&message), &value);

	if (r != 0)
		return r == STORE_NOT_FOUND ? PERSON_DECISION_NONE : r;
	ret->message = message;
	return decision_read(value, ret) ? 0 : TC_ECORRUPT;
}

/* Under each id that it is about. */
static int decision_index(struct ledger *ledger, const struct person_decision *decision)
{
	int r = 0;

	for (uint8_t i = 0; r == 0 && i <= decision->from_count; i++) {
		struct store_key key;

		store_key_init(&key);
		store_key_id(&key, i == decision->from_count ? decision->to : decision->from[i]);
		store_key_u64(&key, decision->sequence);
		r = ledger_put(ledger, LEDGER_TABLE_PERSON_DECISION, store_key_slice(&key),
			       decision_key(&decision->message));
	}
	return r;
}

static int decision_facts(struct ledger *ledger, const struct person_decision *decision,
			  const char *event, const char *code)
{
	struct principal *agency;
	int r = principal_get(ledger, decision->agency, &agency);

	for (uint8_t i = 0; r == 0 && i <= decision->from_count; i++) {
		struct fact_draft draft;

		fact_init(&draft, event);
		fact_text(&draft.row.agency, agency->name.name);
		fact_text(&draft.row.actor, decision->by);
		fact_text(&draft.row.code, code);
		fact_message(&draft, decision->message);
		fact_subject(&draft, i == decision->from_count ? decision->to : decision->from[i]);
		r = fact_push(ledger, &draft);
	}
	return r;
}

/* ---- what every one of these messages must be ---- */

static int decision_refuse(struct submission *submission, enum tc_refusal_code code,
			   const char *detail)
{
	(void)tc_refuse(&submission->refusal, code, "%s", detail);
	return SUBMISSION_REFUSED;
}

static int decision_permitted(const struct ledger *ledger, struct submission *submission)
{
	if (!policy_agency_kind(ledger->policy, submission->sender_kind)->identity_source)
		return decision_refuse(submission, TC_REFUSAL_NOT_PERMITTED,
				       "only identity sources decide who is one person");
	if (!tc_actor_named(submission->header.actor_id))
		return decision_refuse(submission, TC_REFUSAL_FIELD_MISSING, "header.actor.id");
	return 0;
}

static int64_t decision_effective(const struct ledger *ledger,
				  const Google__Protobuf__Timestamp *at)
{
	return at == NULL ? ledger->now_ms : at->seconds * 1000 + at->nanos / 1000000;
}

/* A message id is its sender's own: one that somebody else has used for a decision is not taken
 * again, so that an unmerge means one of them. */
static int decision_begin(struct ledger *ledger, struct submission *submission,
			  enum person_decision_kind kind, struct person_decision *ret)
{
	int r = decision_permitted(ledger, submission);

	if (r != 0)
		return r;
	r = decision_find(ledger->txn, ledger->table[LEDGER_TABLE_PERSON_MESSAGE],
			  submission->header.message_id, ret);
	if (r == 0)
		return decision_refuse(submission, TC_REFUSAL_PERSON_CONFLICT,
				       "header.message_id was used by another agency");
	if (r < 0)
		return r;
	*ret = (struct person_decision){
		.message = submission->header.message_id,
		.sequence = ledger->sequence,
		.kind = kind,
		.state = PERSON_IN_FORCE,
		.agency = submission->sender->number,
	};
	return 0;
}

static int decision_confidence(struct submission *submission, bool given, double confidence,
			       struct person_decision *decision)
{
	if (!given)
		return 0;
	if (!(confidence >= 0 && confidence <= 1))
		return decision_refuse(submission, TC_REFUSAL_FIELD_INVALID, "confidence");
	decision->confidence = (uint32_t)(confidence * CONFIDENCE_ONE);
	return 0;
}

/* Each id once, and none of them the one that they become. */
static int decision_ids(struct submission *submission, char *const *from, size_t count,
			const char *to, struct person_decision *decision)
{
	if (!tc_id_parse(tc_slice_text(to), &decision->to))
		return decision_refuse(submission, TC_REFUSAL_FIELD_INVALID, "to_id");
	if (count == 0 || count > PERSON_FROM_MAX)
		return decision_refuse(submission, TC_REFUSAL_FIELD_INVALID, "from_ids");
	for (size_t i = 0; i < count; i++) {
		struct tc_id id;

		if (!tc_id_parse(tc_slice_text(from[i]), &id) || tc_id_is_none(id) ||
		    tc_id_equal(id, decision->to))
			return decision_refuse(submission, TC_REFUSAL_FIELD_INVALID, "from_ids");
		for (size_t k = 0; k < i; k++) {
			if (tc_id_equal(id, decision->from[k]))
				return decision_refuse(submission, TC_REFUSAL_FIELD_INVALID,
						       "from_ids: one of them twice");
		}
		decision->from[decision->from_count++] = id;
	}
	return 0;
}

static int decision_keep(struct ledger *ledger, const struct person_decision *decision,
			 const char *event, const char *code)
{
	int r = decision_put(ledger, decision);

	if (r == 0)
		r = decision_index(ledger, decision);
	return r < 0 ? r : decision_facts(ledger, decision, event, code);
}

static void decision_by(struct person_decision *decision, const char *by)
{
	if (by != NULL)
		snprintf(decision->by, sizeof(decision->by), "%s", by);
}

/* ---- link ---- */

int person_link_submit(struct ledger *ledger, struct submission *submission)
{
	const Throughcare__V1__PersonLink *document = throughcare__v1__person_link__unpack(
		&ledger->arena.allocator, submission->record->body.len,
		submission->record->body.data);
	struct person_decision decision;
	int r;

	if (document == NULL)
		return decision_refuse(submission, TC_REFUSAL_MALFORMED, "PersonLink");
	r = decision_begin(ledger, submission, PERSON_LINK, &decision);
	if (r == 0)
		r = decision_ids(submission, document->from_ids, document->n_from_ids,
				 document->to_id, &decision);
	if (r == 0)
		r = decision_confidence(submission, document->has_confidence, document->confidence,
					&decision);
	if (r != 0)
		return r;
	decision.effective_ms = decision_effective(ledger, document->effective);
	decision_by(&decision, document->decided_by);
	return decision_keep(ledger, &decision, "person_linked", NULL);
}

/* ---- merge ---- */

/* Each id must stand for itself, and be somebody else. */
static int merge_fits(struct ledger *ledger, const struct person_decision *merge, bool *ret)
{
	struct person_tables tables = person_tables_of(ledger);
	struct person person;
	struct tc_id to;
	size_t total;
	int r = person_find(ledger->txn, &tables, merge->to, &person);

	*ret = true;
	if (r < 0)
		return r;
	to = person_canonical(&person);
	total = person.count;
	for (uint8_t i = 0; r == 0 && i < merge->from_count; i++) {
		r = person_find(ledger->txn, &tables, merge->from[i], &person);
		if (r < 0)
			return r;
		total += person.count;
		if (!tc_id_equal(person_canonical(&person), merge->from[i]) ||
		    tc_id_equal(merge->from[i], to) || total > PERSON_IDS_MAX)
			*ret = false;
	}
	return r;
}

static int merge_apply(struct ledger *ledger, const struct person_decision *merge)
{
	int r = 0;

	for (uint8_t i = 0; r == 0 && i < merge->from_count; i++) {
		r = person_tie(ledger, merge->from[i], merge->to, merge->message, ledger->now_ms);
		TC_CHECK(r <= 0); /* it fits */
	}
	if (r == 0)
		r = decision_facts(ledger, merge, "person_merged", NULL);
	if (r == 0)
		r = proceeding_merged(ledger, merge->to);
	if (r == 0)
		r = reconsider_subject(ledger, merge->to, false);
	/* What is held is held of all that are tied. */
	return r < 0 ? r : order_load(ledger);
}

int person_merge_submit(struct ledger *ledger, struct submission *submission)
{
	const Throughcare__V1__PersonMerge *document = throughcare__v1__person_merge__unpack(
		&ledger->arena.allocator, submission->record->body.len,
		submission->record->body.data);
	struct person_decision merge;
	bool fits;
	int r;

	if (document == NULL)
		return decision_refuse(submission, TC_REFUSAL_MALFORMED, "PersonMerge");
	r = decision_begin(ledger, submission, PERSON_MERGE, &merge);
	if (r == 0)
		r = decision_ids(submission, document->from_ids, document->n_from_ids,
				 document->to_id, &merge);
	if (r == 0)
		r = decision_confidence(submission, document->has_confidence, document->confidence,
					&merge);
	if (r == 0)
		r = merge_fits(ledger, &merge, &fits);
	if (r != 0)
		return r;
	if (!fits)
		return decision_refuse(submission, TC_REFUSAL_PERSON_CONFLICT, "from_ids");
	merge.effective_ms = decision_effective(ledger, document->effective);
	decision_by(&merge, document->decided_by);
	if (merge.effective_ms <= ledger->now_ms) {
		r = decision_put(ledger, &merge);
		if (r == 0)
			r = decision_index(ledger, &merge);
		return r < 0 ? r : merge_apply(ledger, &merge);
	}
	merge.state = PERSON_PENDING;
	r = timer_set(ledger, merge.effective_ms, TIMER_PERSON, merge.message);
	return r < 0 ? r : decision_keep(ledger, &merge, "person_merge_pending", NULL);
}

int person_merge_due(struct ledger *ledger, struct tc_id message)
{
	struct person_decision merge;
	bool fits;
	int r = decision_find(ledger->txn, ledger->table[LEDGER_TABLE_PERSON_MESSAGE], message,
			      &merge);

	if (r == 0)
		r = merge_fits(ledger, &merge, &fits);
	if (r != 0)
		return r == PERSON_DECISION_NONE ? TC_ECORRUPT : r;
	merge.state = fits ? PERSON_IN_FORCE : PERSON_FAILED;
	r = decision_put(ledger, &merge);
	if (r < 0)
		return r;
	return fits ? merge_apply(ledger, &merge)
		    : decision_facts(ledger, &merge, "person_merge_failed", "person_conflict");
}

/* ---- unmerge ---- */

static int unmerge_apply(struct ledger *ledger, const struct person_decision *merge)
{
	int r = 0;

	for (uint8_t i = 0; r == 0 && i < merge->from_count; i++)
		r = person_untie(ledger, merge->from[i]);
	if (r == 0)
		r = reconsider_subject(ledger, merge->to, true);
	for (uint8_t i = 0; r == 0 && i < merge->from_count; i++)
		r = reconsider_subject(ledger, merge->from[i], true);
	if (r == 0)
		r = cross_undo(ledger, merge->message);
	return r < 0 ? r : order_load(ledger);
}

static int unmerge_named(struct ledger *ledger, struct submission *submission, const char *text,
			 struct person_decision *ret)
{
	struct tc_id message;
	int r;

	if (!tc_id_parse(tc_slice_text(text), &message))
		return decision_refuse(submission, TC_REFUSAL_FIELD_INVALID, "merge_message_id");
	r = decision_find(ledger->txn, ledger->table[LEDGER_TABLE_PERSON_MESSAGE], message, ret);
	if (r < 0)
		return r;
	if (r != 0 || ret->kind != PERSON_MERGE ||
	    (ret->state != PERSON_IN_FORCE && ret->state != PERSON_PENDING))
		return decision_refuse(submission, TC_REFUSAL_UNKNOWN_MERGE, "merge_message_id");
	return 0;
}

int person_unmerge_submit(struct ledger *ledger, struct submission *submission)
{
	const Throughcare__V1__PersonUnmerge *document = throughcare__v1__person_unmerge__unpack(
		&ledger->arena.allocator, submission->record->body.len,
		submission->record->body.data);
	struct person_decision unmerge, merge;
	bool tied;
	int r;

	if (document == NULL)
		return decision_refuse(submission, TC_REFUSAL_MALFORMED, "PersonUnmerge");
	r = decision_begin(ledger, submission, PERSON_UNMERGE, &unmerge);
	if (r == 0)
		r = unmerge_named(ledger, submission, document->merge_message_id, &merge);
	if (r != 0)
		return r;
	unmerge.to = merge.to;
	unmerge.undone = merge.message;
	unmerge.from_count = merge.from_count;
	memcpy(unmerge.from, merge.from, sizeof(unmerge.from));
	unmerge.effective_ms = ledger->now_ms;
	decision_by(&unmerge, document->decided_by);
	tied = merge.state == PERSON_IN_FORCE;
	merge.state = PERSON_UNDONE;
	r = decision_put(ledger, &merge);
	if (r == 0)
		r = decision_keep(ledger, &unmerge, "person_unmerged", NULL);
	if (r < 0)
		return r;
	return tied ? unmerge_apply(ledger, &merge)
		    : timer_drop(ledger, merge.effective_ms, TIMER_PERSON, merge.message);
}

/* ---- reading ---- */

int person_decision_next(struct store_txn *txn, const struct person_decision_tables *tables,
			 struct tc_id id, uint64_t after, struct person_decision *ret)
{
	struct store_key from;
	struct tc_id message;
	struct tc_slice value;
	int r;

	store_key_init(&from);
	store_key_id(&from, id);
	store_key_u64(&from, after + 1);
	r = store_from(txn, tables->decisions, tc_slice(id.bytes, sizeof(id.bytes)),
		       store_key_slice(&from), NULL, &value);
	if (r == 0 && value.len == sizeof(message.bytes))
		memcpy(message.bytes, value.data, sizeof(message.bytes));
	else if (r == 0)
		r = TC_ECORRUPT;
	if (r != 0)
		return r == STORE_NOT_FOUND ? PERSON_DECISION_NONE : r;
	r = decision_find(txn, tables->messages, message, ret);
	return r == PERSON_DECISION_NONE ? TC_ECORRUPT : r;
}

const char *person_decision_kind_name(enum person_decision_kind kind)
{
	static const char *const names[] = {
		[PERSON_LINK] = "link",
		[PERSON_MERGE] = "merge",
		[PERSON_UNMERGE] = "unmerge",
	};

	TC_CHECK(kind >= PERSON_LINK && kind <= PERSON_UNMERGE);
	return names[kind];
}
