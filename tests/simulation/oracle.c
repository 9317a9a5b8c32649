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

void oracle_forget(struct simulation *s)
{
	s->at[s->messages[--s->count].sequence] = 0;
}

/* Sealed to a certificate that is its recipient's no longer. */
static bool stale(const struct simulation *s, const struct known *message)
{
	return message->seal != 0 && message->seal != s->certificate[message->to];
}

/* As if nobody were suspended. */
static uint64_t mask_of(const struct simulation *s, const struct known *message)
{
	uint64_t mask = 0, sealed = UINT64_C(1) << (message->parts - 1);

	for (int i = 0; i < message->parts; i++) {
		if (grounds_permit(&s->grounds, &message->ask[i], s->x.now_ms))
			mask |= UINT64_C(1) << i;
	}
	if (!(mask & 1) || (stale(s, message) && (mask & sealed)))
		return 0;
	return mask;
}

uint64_t oracle_mask(const struct simulation *s, const struct known *message)
{
	return s->suspended && message->from == TREATMENT ? 0 : mask_of(s, message);
}

bool oracle_permits(const struct simulation *s, const struct known *message)
{
	return !message->protected || oracle_mask(s, message) != 0;
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
	MUST(effect->parts_mask != 0 && effect->parts_mask == oracle_mask(s, message));
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

/* A message that the oracle knows, by its id, which carries its sequence: see next_id. */
static struct known *known_named(struct simulation *s, const char *text)
{
	struct tc_id id;

	if (text == NULL || !tc_id_parse(tc_slice_text(text), &id) || id.bytes[10] != 0xaa)
		return NULL;
	return known_find(s, tc_get_be32(id.bytes + 12));
}

/* What the exchange itself says to a sender about its message. */
static void see_own(struct simulation *s, const struct effect *effect)
{
	Throughcare__V1__Delivery *delivery =
		throughcare__v1__delivery__unpack(NULL, effect->body.len, effect->body.data);
	Throughcare__V1__DeliveryEvidence *evidence;
	struct known *message;

	MUST(delivery != NULL && delivery->n_parts == 1);
	if (strcmp(delivery->parts[0]->type, "DeliveryEvidence") == 0) {
		evidence = throughcare__v1__delivery_evidence__unpack(
			NULL, delivery->parts[0]->content.len, delivery->parts[0]->content.data);
		MUST(evidence != NULL);
		message = known_named(s, evidence->message_id);
		if (message != NULL)
			message->told |= 1u << evidence->kind;
		throughcare__v1__delivery_evidence__free_unpacked(evidence, NULL);
	}
	throughcare__v1__delivery__free_unpacked(delivery, NULL);
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
		if (message->emergency != NULL)
			emergency_released(message->emergency, effect);
		see_order(s, message);
		message->fate = IN_FLIGHT;
		message->connection = effect->connection;
		live->hands[live->count].message = (int)(message - s->messages);
	} else {
		see_own(s, effect);
	}
	live->count++;
}

/* It waited for a consent as long as it may, and not longer nor shorter; or it is not valid any
 * more. */
static void see_expired(struct simulation *s, const struct known *message, const char *code)
{
	bool held = code != NULL && strcmp(code, "hold_expired") == 0;

	if (!held) {
		MUST(s->x.now_ms >= message->expires_ms);
		return;
	}
	MUST(message->held && !oracle_permits(s, message));
	MUST(s->x.now_ms >= grounds_hold_end(&s->grounds, message->ask, message->parts,
					     message->held_ms, message->expires_ms));
	s->holds_over++;
}

/* What became of a message by itself. */
static void see_fact(struct simulation *s, const Throughcare__V1__TrailRow *row)
{
	static const struct {
		const char *event;
		Throughcare__V1__EvidenceKind evidence;
	} ends[] = {
		{"recall", THROUGHCARE__V1__EVIDENCE_KIND__EVIDENCE_KIND_RECALLED},
		{"expired", THROUGHCARE__V1__EVIDENCE_KIND__EVIDENCE_KIND_EXPIRED},
		{"dead", THROUGHCARE__V1__EVIDENCE_KIND__EVIDENCE_KIND_DEAD},
	};
	struct known *message = known_named(s, row->message_id);

	if (message == NULL || strcmp(row->agency, "exchange") == 0)
		return;
	if (message->emergency != NULL)
		emergency_fact(message->emergency, row, s->x.now_ms);
	if (strcmp(row->event, "expired") == 0)
		see_expired(s, message, row->code);
	if (row->code != NULL && strcmp(row->code, "certificate_changed") == 0) {
		MUST(strcmp(row->event, "recall") == 0 && stale(s, message));
		s->recalled_stale++;
	}
	if (strcmp(row->event, "unheld") == 0)
		message->held = false;
	if (strcmp(row->event, "held") == 0) {
		message->held = true;
		message->held_ms = s->x.now_ms;
		message->fate = QUEUED; /* it may have been in flight */
	}
	for (size_t i = 0; i < 3; i++) {
		if (strcmp(row->event, ends[i].event) == 0) {
			message->fate = ENDED;
			message->owed |= 1u << ends[i].evidence;
		}
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

/* What is held may not go, may wait, and could go with a consent. */
static void see_held(const struct simulation *s, const struct known *message)
{
	MUST(!oracle_permits(s, message));
	MUST(s->x.now_ms < grounds_hold_end(&s->grounds, message->ask, message->parts,
					    message->held_ms, message->expires_ms));
	MUST(!stale(s, message) || (s->suspended && mask_of(s, message) != 0));
}

void oracle_settled(const struct simulation *s)
{
	for (int i = 0; i < s->count; i++) {
		const struct known *message = &s->messages[i];

		if (message->fate == QUEUED && message->held)
			see_held(s, message);
	}
	for (int i = 0; i < s->emergency_count; i++)
		emergency_settled(&s->emergencies[i], s->x.now_ms);
}
