#include "simulation/emergency.h"

#include <string.h>

#include "throughcare/v1/options.pb-c.h"
#include "throughcare/v1/wire.pb-c.h"

#define REVIEW_MS (72LL * 3600 * 1000) /* of the shipped policy */
#define BASIS     "medical_emergency"

struct message emergency_message(struct emergency *emergency, uint32_t number)
{
	snprintf(emergency->actor, sizeof(emergency->actor), "Nurse-%u", number % 10);
	return (struct message){
		.from = "parole",
		.to = "treatment",
		.type = "DrugTestResult",
		.category = THROUGHCARE__V1__CATEGORY__CATEGORY_MEDICATION,
		.legal = THROUGHCARE__V1__LEGAL_BASIS__LEGAL_BASIS_MEDICAL_EMERGENCY,
		.actor = emergency->actor,
	};
}

void emergency_review(const struct emergency *emergency, struct exchange *x, uint32_t who)
{
	static const char *const spellings[] = {"Nurse-%c", "nurse-%c", "NURSE-%c ", " nurse-%c"};
	bool open = emergency->released_ms != 0 && !emergency->reviewed, self = who % 8 < 4;
	char actor[16];

	snprintf(actor, sizeof(actor), "chief-%u", who % 10);
	for (unsigned i = 0; self && i < 4; i++) {
		if (who % 8 == i)
			snprintf(actor, sizeof(actor), "%.*s%c%s",
				 (int)(strchr(spellings[i], '%') - spellings[i]), spellings[i],
				 emergency->actor[6], strchr(spellings[i], '%') + 2);
	}
	exchange_review(x, "parole", emergency->message, actor, "JUSTIFIED");
	MUST(strcmp(exchange_answer(x), !open  ? "unknown_review"
					: self ? "review_self"
					       : "accepted") == 0);
	MUST(exchange_facts(x, "break_glass_reviewed") == (open && !self));
}

void emergency_fact(struct emergency *emergency, const Throughcare__V1__TrailRow *row,
		    int64_t now_ms)
{
	if (strcmp(row->event, "break_glass") == 0) {
		MUST(emergency->released_ms == 0 && strcmp(row->actor, emergency->actor) == 0);
		emergency->released_ms = now_ms;
	} else if (strcmp(row->event, "break_glass_overdue") == 0) {
		MUST(emergency->released_ms != 0 && !emergency->overdue && !emergency->reviewed);
		MUST(now_ms >= emergency->released_ms + REVIEW_MS);
		emergency->overdue = true;
	} else if (strcmp(row->event, "break_glass_reviewed") == 0) {
		MUST(emergency->released_ms != 0 && !emergency->reviewed);
		emergency->reviewed = true;
	} else {
		MUST(strcmp(row->event, "held") != 0 && strcmp(row->event, "recall") != 0);
	}
}

/* All of it, flagged, and with the notice of what part 2 protects. */
void emergency_released(const struct emergency *emergency, const struct effect *effect)
{
	Throughcare__V1__ReleaseTerms *terms =
		throughcare__v1__release_terms__unpack(NULL, effect->body.len, effect->body.data);
	bool notice = false;

	MUST(terms != NULL && effect->parts_mask == 1 && emergency->released_ms != 0);
	MUST(strcmp(effect->basis, BASIS) == 0 && strcmp(terms->basis, BASIS) == 0);
	for (size_t i = 0; i < terms->n_notices; i++)
		notice = notice || strcmp(terms->notices[i]->code, "42cfr2.32-2") == 0;
	MUST(notice);
	throughcare__v1__release_terms__free_unpacked(terms, NULL);
}

void emergency_settled(const struct emergency *emergency, int64_t now_ms)
{
	bool late = emergency->released_ms != 0 && now_ms >= emergency->released_ms + REVIEW_MS;

	MUST(!late || emergency->overdue || emergency->reviewed);
}
