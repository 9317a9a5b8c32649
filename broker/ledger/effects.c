#include "ledger/effects.h"

#include <stdlib.h>

struct effect *effect_new(enum effect_kind kind)
{
	struct effect *effect = calloc(1, sizeof(*effect));

	if (effect != NULL)
		effect->kind = kind;
	return effect;
}

void effect_free(struct effect **effect)
{
	if (*effect == NULL)
		return;
	tc_bytes_free(&(*effect)->body);
	free(*effect);
	*effect = NULL;
}

static void fact_free(struct fact **fact)
{
	if (*fact == NULL)
		return;
	tc_bytes_free(&(*fact)->row);
	free(*fact);
	*fact = NULL;
}

void effects_push(struct effects *effects, struct effect **effect)
{
	(*effect)->next = NULL;
	if (effects->last == NULL)
		effects->first = *effect;
	else
		effects->last->next = *effect;
	effects->last = *effect;
	*effect = NULL;
}

struct effect *effects_pop(struct effects *effects)
{
	struct effect *effect = effects->first;

	if (effect == NULL)
		return NULL;
	effects->first = effect->next;
	if (effects->first == NULL)
		effects->last = NULL;
	effect->next = NULL;
	return effect;
}

void effects_push_fact(struct effects *effects, struct fact **fact)
{
	(*fact)->next = NULL;
	if (effects->last_fact == NULL)
		effects->first_fact = *fact;
	else
		effects->last_fact->next = *fact;
	effects->last_fact = *fact;
	effects->fact_count++;
	*fact = NULL;
}

void effects_move_facts(struct effects *to, struct effects *from)
{
	if (from->first_fact == NULL)
		return;
	if (to->last_fact == NULL)
		to->first_fact = from->first_fact;
	else
		to->last_fact->next = from->first_fact;
	to->last_fact = from->last_fact;
	to->fact_count += from->fact_count;
	from->first_fact = from->last_fact = NULL;
	from->fact_count = 0;
}

void effects_free_facts(struct effects *effects)
{
	while (effects->first_fact != NULL) {
		struct fact *fact = effects->first_fact;

		effects->first_fact = fact->next;
		fact_free(&fact);
	}
	effects->last_fact = NULL;
	effects->fact_count = 0;
}

void effects_clear(struct effects *effects)
{
	struct effect *effect;

	while ((effect = effects_pop(effects)) != NULL)
		effect_free(&effect);
	effects_free_facts(effects);
}

struct effects *effects_new(void)
{
	return calloc(1, sizeof(struct effects));
}

void effects_free(struct effects **effects)
{
	if (*effects == NULL)
		return;
	effects_clear(*effects);
	free(*effects);
	*effects = NULL;
}
