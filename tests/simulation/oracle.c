#include "simulation/oracle.h"

#include <string.h>

static struct known *known_find(struct simulation *s, uint64_t sequence)
{
	for (int i = s->count - 1; i >= 0; i--) {
		if (s->messages[i].sequence == sequence)
			return &s->messages[i];
	}
	return NULL;
}

struct live *oracle_live(struct simulation *s, uint64_t connection)
{
	for (int i = 0; i < SESSIONS; i++) {
		if (s->live[i].connection == connection)
			return &s->live[i];
	}
	return NULL;
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
		MUST(!message->protected || s->in_force[message->subject]);
		for (int i = 0; i < s->count && message->referral >= 0; i++) {
			const struct known *other = &s->messages[i];

			if (other == message || other->referral != message->referral ||
			    other->to != message->to || other->protected)
				continue;
			MUST(other->fate != IN_FLIGHT);
			MUST(other->sequence > message->sequence || other->fate == ENDED);
		}
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
	struct tc_id id;
	uint64_t number;

	if (row->message_id == NULL || !tc_id_parse(tc_slice_text(row->message_id), &id))
		return;
	number = tc_get_be32(id.bytes + 12);
	for (int m = 0; m < s->count; m++) {
		bool held = strcmp(row->event, "held") == 0;

		if (s->messages[m].sequence == number &&
		    (held || strcmp(row->event, "unheld") == 0))
			s->messages[m].held = held;
		if (held && s->messages[m].sequence == number)
			s->messages[m].fate = QUEUED; /* it may have been in flight */
	}
	for (size_t i = 0; i < 3; i++) {
		if (strcmp(row->event, ends[i]) != 0 || strcmp(row->agency, "exchange") == 0)
			continue;
		for (int m = 0; m < s->count; m++) {
			if (s->messages[m].sequence == number)
				s->messages[m].fate = ENDED;
		}
	}
}

/* The receipt of a revocation: nothing is left that it should have recalled. What was held for want
 * of a consent before may still be; what somebody has in hand is recalled when it comes back. */
static void see_receipt(struct simulation *s, const struct effect *effect)
{
	Throughcare__V1__Receipt *receipt =
		throughcare__v1__receipt__unpack(NULL, effect->body.len, effect->body.data);

	MUST(receipt != NULL);
	for (int i = 0; i < SUBJECTS; i++) {
		if (s->revoked_at[i] == 0 || s->revoked_at[i] != receipt->log_sequence)
			continue;
		s->revoked_at[i] = 0;
		for (int m = 0; m < s->count && !s->in_force[i]; m++) {
			const struct known *message = &s->messages[m];

			MUST(!message->protected || message->subject != i ||
			     message->sequence > receipt->log_sequence || message->fate != QUEUED ||
			     message->held);
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
