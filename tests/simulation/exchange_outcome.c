#include "simulation/exchange.h"

#include <string.h>

#include "ledger/case_list.h"
#include "ledger/state.h"
#include "ledger/supervision.h"

const struct effect *exchange_effect(const struct exchange *x, enum effect_kind kind, size_t n)
{
	for (const struct effect *effect = x->effects.first; effect; effect = effect->next) {
		if (effect->kind == kind && n-- == 0)
			return effect;
	}
	return NULL;
}

size_t exchange_effects(const struct exchange *x, enum effect_kind kind)
{
	size_t count = 0;

	while (exchange_effect(x, kind, count) != NULL)
		count++;
	return count;
}

Throughcare__V1__Receipt *exchange_receipt(const struct exchange *x)
{
	const struct effect *effect = exchange_effect(x, EFFECT_RECEIPT, 0);
	Throughcare__V1__Receipt *receipt;

	MUST(effect != NULL);
	receipt = throughcare__v1__receipt__unpack(NULL, effect->body.len, effect->body.data);
	MUST(receipt != NULL);
	return receipt;
}

const char *exchange_answer(const struct exchange *x)
{
	static char answer[64];
	Throughcare__V1__Receipt *receipt = exchange_receipt(x);

	snprintf(answer, sizeof(answer), "%s",
		 receipt->refusal == NULL ? "accepted" : receipt->refusal->code);
	throughcare__v1__receipt__free_unpacked(receipt, NULL);
	return answer;
}

size_t exchange_facts(const struct exchange *x, const char *event)
{
	size_t count = 0;

	for (const struct fact *fact = x->effects.first_fact; fact; fact = fact->next) {
		Throughcare__V1__TrailRow *row =
			throughcare__v1__trail_row__unpack(NULL, fact->row.len, fact->row.data);

		MUST(row != NULL && row->event != NULL);
		count += strcmp(row->event, event) == 0;
		throughcare__v1__trail_row__free_unpacked(row, NULL);
	}
	return count;
}

size_t exchange_own(const struct exchange *x, const char *type)
{
	size_t count = 0;

	for (const struct effect *effect = x->effects.first; effect; effect = effect->next) {
		Throughcare__V1__Delivery *delivery;

		if (effect->kind != EFFECT_DELIVER_OWN)
			continue;
		delivery = throughcare__v1__delivery__unpack(NULL, effect->body.len,
							     effect->body.data);
		MUST(delivery != NULL && delivery->n_parts == 1);
		count += strcmp(delivery->parts[0]->type, type) == 0;
		throughcare__v1__delivery__free_unpacked(delivery, NULL);
	}
	return count;
}

size_t exchange_evidence(const struct exchange *x, Throughcare__V1__EvidenceKind kind)
{
	size_t count = 0;

	for (const struct effect *effect = x->effects.first; effect; effect = effect->next) {
		Throughcare__V1__Delivery *delivery;
		Throughcare__V1__DeliveryEvidence *evidence;

		if (effect->kind != EFFECT_DELIVER_OWN)
			continue;
		delivery = throughcare__v1__delivery__unpack(NULL, effect->body.len,
							     effect->body.data);
		MUST(delivery != NULL && delivery->n_parts == 1);
		if (strcmp(delivery->parts[0]->type, "DeliveryEvidence") == 0) {
			evidence = throughcare__v1__delivery_evidence__unpack(
				NULL, delivery->parts[0]->content.len,
				delivery->parts[0]->content.data);
			MUST(evidence != NULL);
			count += kind == 0 || evidence->kind == kind;
			throughcare__v1__delivery_evidence__free_unpacked(evidence, NULL);
		}
		throughcare__v1__delivery__free_unpacked(delivery, NULL);
	}
	return count;
}

/* ---- lists ---- */

static bool same_brief(const struct case_brief *a, const struct case_brief *b)
{
	return tc_id_equal(a->subject, b->subject) && a->known == b->known && a->mine == b->mine &&
	       a->terminal == b->terminal && a->overdue == b->overdue && a->custody == b->custody &&
	       a->absconded == b->absconded && a->high_risk == b->high_risk &&
	       a->risk.urgency == b->risk.urgency && a->risk.release_ms == b->risk.release_ms &&
	       a->risk.supervision_end_ms == b->risk.supervision_end_ms && a->due_ms == b->due_ms &&
	       a->offer_expires_ms == b->offer_expires_ms && a->hearing_ms == b->hearing_ms &&
	       strcmp(a->team, b->team) == 0;
}

static void check_brief(struct exchange *x, uint32_t agency, struct tc_id id,
			const struct case_brief *listed)
{
	struct supervision supervision;
	struct principal *principal;
	struct case_brief brief;
	struct referral referral;

	MUST(referral_find(x->ledger->txn, &x->ledger->referral, id, &referral) == 0);
	MUST(principal_get(x->ledger, agency, &principal) == 0);
	MUST(supervision_find(x->ledger->txn, x->ledger->table[LEDGER_TABLE_SUPERVISION], agency,
			      referral.subject, &supervision) >= 0);
	MUST(referral_party(&referral, &principal->name));
	case_brief_of(&referral,
		      tc_agency_equal(&principal->name, &referral.source) ? REFERRAL_SOURCE
									  : REFERRAL_TARGET,
		      &supervision, &brief);
	MUST(same_brief(listed, &brief));
}

void exchange_check_lists(struct exchange *x)
{
	if (x->ledger->job_count > 0)
		return; /* one may be on its way through a list */
	for (uint32_t agency = 1; agency <= x->ledger->principals.count; agency++) {
		const struct case_list list = {.agency = agency};
		struct store_cursor cursor;
		struct case_brief brief;
		struct tc_id id;

		MUST(case_list_walk(x->ledger->txn, x->ledger->table[LEDGER_TABLE_CASELOAD], &list,
				    &cursor) == 0);
		while (case_list_next(&cursor, &id, &brief) == 0)
			check_brief(x, agency, id, &brief);
		store_cursor_done(&cursor);
	}
}
