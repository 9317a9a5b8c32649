#include "simulation/oracle.h"

#include <string.h>

static struct known *known_find(struct simulation *s, uint64_t sequence)
{
	return sequence < SEQUENCES && s->at[sequence] != 0 ? &s->messages[s->at[sequence] - 1]
							    : NULL;
}

struct known *oracle_expect(struct simulation *s, uint64_t sequence)
{
	struct known *known = &s->messages[s->count++];

	MUST(s->count <= MESSAGES && sequence < SEQUENCES);
	s->at[sequence] = s->count;
	*known = (struct known){.sequence = sequence, .referral = -1};
	return known;
}

bool oracle_permits(const struct simulation *s, const struct known *message)
{
	return !message->protected || grounds_permit(&s->grounds, &message->ask[0], s->x.now_ms);
}

struct live *oracle_live(struct simulation *s, uint64_t connection)
{
	for (int i = 0; i < SESSIONS; i++) {
		if (s->live[i].connection == connection)
			return &s->live[i];
	}
	return NULL;
}

/* Does this grant permit one of the parts now? */
static bool names_part(const struct simulation *s, const struct known *message, const char *grant)
{
	for (int part = 0; part < message->parts; part++) {
		if (grounds_name(&s->grounds, &message->ask[part], grant, s->x.now_ms))
			return true;
	}
	return false;
}

/* What goes along: the grant that it stands on; a notice; the scope of each grant. */
static void see_terms(const struct simulation *s, const struct known *message,
		      const struct effect *effect)
{
	Throughcare__V1__ReleaseTerms *terms =
		throughcare__v1__release_terms__unpack(NULL, effect->body.len, effect->body.data);
	bool notice = false;

	MUST(terms != NULL && terms->n_scopes > 0);
	MUST(names_part(s, message, effect->basis) && strcmp(terms->basis, effect->basis) == 0);
	for (size_t i = 0; i < terms->n_notices; i++)
		notice = notice || strncmp(terms->notices[i]->code, "42cfr2.32", 9) == 0;
	MUST(notice);
	for (size_t i = 0; i < terms->n_scopes; i++)
		MUST(names_part(s, message, terms->scopes[i]->grant_id));
	throughcare__v1__release_terms__free_unpacked(terms, NULL);
}

/* Exactly the parts that are permitted now. */
static void see_parts(const struct simulation *s, const struct known *message,
		      const struct effect *effect)
{
	uint64_t permitted = 0;

	for (int i = 0; i < message->parts; i++) {
		if (grounds_permit(&s->grounds, &message->ask[i], s->x.now_ms))
			permitted |= UINT64_C(1) << i;
	}
	MUST((permitted & 1) != 0);
	MUST(effect->parts_mask == permitted);
	see_terms(s, message, effect);
}

/* Messages of one referral to one recipient go in order and one at a time. */
static void see_order(const struct simulation *s, const struct known *message)
{
	for (int i = 0; i < s->count && message->referral >= 0; i++) {
		const struct known *other = &s->messages[i];

		if (other == message || other->referral != message->referral ||
		    other->to != message->to || other->protected)
			continue;
		MUST(other->fate != IN_FLIGHT);
		MUST(other->sequence > message->sequence || other->fate == ENDED);
	}
}

/* One hand-over, held against what the oracle knows. */
static void see_release(struct simulation *s, const struct effect *effect)
{
	struct live *live = oracle_live(s, effect->connection);
	struct known *message;

	MUST(live != NULL && live->count < sizeof(live->hands) / sizeof(live->hands[0]));
	s->releases++;
	live->hands[live->count].delivery = effect->delivery_id;
	live->hands[live->count].message = -1;
	live->hands[live->count].until_ms = s->x.now_ms + effect->lease_ms;
	if (effect->kind == EFFECT_DELIVER) {
		message = known_find(s, effect->sequence);
		MUST(message != NULL && message->fate == QUEUED);
		MUST(message->to == live->agency);
		if (message->protected)
			see_parts(s, message, effect);
		see_order(s, message);
		message->fate = IN_FLIGHT;
		message->connection = effect->connection;
		live->hands[live->count].message = (int)(message - s->messages);
	}
	live->count++;
}

/* What ended by itself: the message's id carries its sequence, see next_id. */
static void see_fact(struct simulation *s, const Throughcare__V1__TrailRow *row)
{
	static const char *const ends[] = {"recall", "expired", "dead"};
	struct known *message;
	struct tc_id id;

	if (row->message_id == NULL || !tc_id_parse(tc_slice_text(row->message_id), &id))
		return;
	message = id.bytes[10] == 0xaa ? known_find(s, tc_get_be32(id.bytes + 12)) : NULL;
	if (message == NULL || strcmp(row->agency, "exchange") == 0)
		return;
	if (strcmp(row->event, "unheld") == 0)
		message->held = false;
	if (strcmp(row->event, "held") == 0) {
		message->held = true;
		message->fate = QUEUED; /* it may have been in flight */
	}
	for (size_t i = 0; i < 3; i++) {
		if (strcmp(row->event, ends[i]) == 0)
			message->fate = ENDED;
	}
}

void oracle_doom(struct simulation *s, int subject, bool after)
{
	for (int m = 0; m < s->count; m++) {
		struct known *message = &s->messages[m];

		if (!message->protected || message->ask[0].subject != subject)
			continue;
		if (!after)
			message->doomed = message->fate == QUEUED && !message->held &&
					  oracle_permits(s, message);
		else if (message->doomed)
			message->doomed = !oracle_permits(s, message);
	}
}

/* The receipt of a revocation: nothing is left that it should have recalled. What somebody has in
 * hand is recalled when it comes back. */
static void see_receipt(struct simulation *s, const struct effect *effect)
{
	Throughcare__V1__Receipt *receipt =
		throughcare__v1__receipt__unpack(NULL, effect->body.len, effect->body.data);

	MUST(receipt != NULL);
	for (int i = 0; i < SUBJECTS; i++) {
		if (s->revoked_at[i] == 0 || s->revoked_at[i] != receipt->log_sequence)
			continue;
		s->revoked_at[i] = 0;
		if (grounds_begin(&s->grounds, i, s->revoked_ms[i], s->x.now_ms))
			continue; /* something else may have saved it */
		for (int m = 0; m < s->count; m++) {
			const struct known *message = &s->messages[m];

			MUST(!message->doomed || message->ask[0].subject != i ||
			     message->fate != QUEUED || message->held);
		}
	}
	throughcare__v1__receipt__free_unpacked(receipt, NULL);
}

void oracle_see(struct simulation *s)
{
	size_t releases = 0, facts;

	for (const struct fact *fact = s->x.effects.first_fact; fact; fact = fact->next) {
		Throughcare__V1__TrailRow *row =
			throughcare__v1__trail_row__unpack(NULL, fact->row.len, fact->row.data);

		MUST(row != NULL);
		see_fact(s, row);
		throughcare__v1__trail_row__free_unpacked(row, NULL);
	}
	for (const struct effect *effect = s->x.effects.first; effect; effect = effect->next) {
		if (effect->kind == EFFECT_DELIVER || effect->kind == EFFECT_DELIVER_OWN) {
			see_release(s, effect);
			releases++;
		} else if (effect->kind == EFFECT_RECEIPT) {
			see_receipt(s, effect);
		}
	}
	facts = exchange_facts(&s->x, "release");
	MUST(facts == releases);
}

void oracle_settled(const struct simulation *s)
{
	for (int i = 0; i < s->count; i++) {
		const struct known *message = &s->messages[i];

		MUST(message->fate != QUEUED || !message->held || !oracle_permits(s, message));
	}
}
