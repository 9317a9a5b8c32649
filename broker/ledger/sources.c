#include "ledger/sources.h"

#include "ledger/state.h"

#define CATEGORIES_MAX 32

uint32_t sources_claimed(const Throughcare__V1__LifecycleClaim *claim)
{
	uint32_t bits = 0;

	for (size_t i = 0; claim != NULL && i < claim->n_source_categories; i++) {
		if (claim->source_categories[i] < CATEGORIES_MAX)
			bits |= UINT32_C(1) << claim->source_categories[i];
	}
	return bits;
}

/* What the release relies on besides. */
static void sources_rely(struct decision *decision, const struct decision *also)
{
	for (size_t i = 0; i < also->grant_count && decision->grant_count < DECISION_GRANTS_MAX;
	     i++) {
		size_t at = decision->grant_count++;

		decision->grants[at] = also->grants[i];
		decision->versions[at] = also->versions[i];
		decision->of[at] = also->of[i];
	}
	decision->obligations |= also->obligations;
}

int sources_decide(struct ledger *ledger, const struct delivery *delivery,
		   const struct decision_request *request, struct decision *decision)
{
	struct decision_request asked = *request;
	uint8_t categories[CATEGORIES_MAX];
	struct decision found;
	int r;

	if (delivery->sources == 0 || decision->kind == DECISION_DENY)
		return 0;
	asked.categories = categories;
	asked.part_count = 0;
	asked.forbidden = 0;
	for (uint8_t i = 0; i < CATEGORIES_MAX; i++) {
		if ((delivery->sources >> i & 1) != 0)
			categories[asked.part_count++] = i;
	}
	r = decision_take(ledger->txn, &ledger->consent, ledger->policy, &asked, &found);
	if (r < 0)
		return r;
	if (found.kind == DECISION_PERMIT) {
		sources_rely(decision, &found);
		return 0;
	}
	if (decision->kind == DECISION_HOLD && found.kind != DECISION_DENY)
		return 0;
	decision->kind = found.kind == DECISION_DENY ? DECISION_DENY : DECISION_HOLD;
	decision->parts_mask = 0;
	decision->code = found.code;
	decision->telling = found.telling;
	decision->recheck_ms = found.recheck_ms;
	decision->grant_count = 0;
	return 0;
}
