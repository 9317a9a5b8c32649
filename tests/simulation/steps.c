#include "simulation/steps.h"

#include <string.h>

#include "wire/limits.h"

#define LEASE_MS       20000
#define EVIDENCE_QUIET THROUGHCARE__V1__EVIDENCE_LEVEL__EVIDENCE_LEVEL_EXCEPTIONS

const char *const agency_names[AGENCIES] = {"intake", "treatment", "parole", "court", "housing"};
const char *const agency_kinds[AGENCIES] = {"INTAKE", "TREATMENT", "PAROLE", "COURT", "HOUSING"};

static uint32_t draw(struct simulation *s, uint32_t below)
{
	s->random ^= s->random << 13; /* xorshift64 */
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	return (uint32_t)((s->random >> 16) % below);
}

/* Its id carries the sequence that it will have, so that facts can be followed. */
struct tc_id steps_next_id(struct simulation *s)
{
	struct tc_id id = exchange_id(&s->x);

	tc_put_be32(id.bytes + 12, (uint32_t)s->x.count);
	id.bytes[10] = 0xaa; /* apart from the ids of subjects and consents */
	return id;
}

/* What the newest certificate of an agency is made of. Valid until the next call. */
static const char *certificate_name(const struct simulation *s, int agency)
{
	static char name[32];

	snprintf(name, sizeof(name), "%s-%d", agency_names[agency], s->certificate[agency]);
	return name;
}

/* Under a grant, or held: one part or two, of any categories; perhaps the last one is sealed. */
static void draw_protected(struct simulation *s, struct known *known, struct message *message)
{
	struct ground_ask *ask = known->ask;

	known->protected = true;
	known->parts = 1 + (int)draw(s, 2);
	ask[0] = (struct ground_ask){.subject = (int)draw(s, SUBJECTS),
				     .recipient = (int)draw(s, GROUND_RECIPIENTS),
				     .category = (int)draw(s, GROUND_CATEGORIES),
				     .proceeding = (int)draw(s, GROUND_PROCEEDINGS)};
	ask[1] = ask[0];
	ask[1].category = (int)draw(s, GROUND_CATEGORIES);
	known->from = TREATMENT;
	known->to = GROUND_FIRST + ask[0].recipient;
	message->from = agency_names[TREATMENT];
	message->type = "AttendanceRecord";
	message->category = ground_categories[ask[0].category];
	message->second = known->parts == 2 ? ground_categories[ask[1].category] : 0;
	message->subject = s->subjects[ask[0].subject];
	message->proceeding = ground_proceedings[ask[0].proceeding];
	if (s->certificate[known->to] != 0 && draw(s, 3) == 0) {
		known->seal = s->certificate[known->to];
		message->sealed = certificate_name(s, known->to);
	}
}

/* Because a life is at stake. */
static struct message draw_emergency(struct simulation *s, struct known *known, struct tc_id id)
{
	struct emergency *emergency = &s->emergencies[s->emergency_count++];
	struct message message = emergency_message(emergency, draw(s, 10));

	emergency->message = message.id = id;
	message.subject = s->subjects[draw(s, SUBJECTS)];
	message.evidence = EVIDENCE_QUIET;
	known->emergency = emergency;
	known->to = TREATMENT;
	return message;
}

static void step_send(struct simulation *s)
{
	struct known *known;
	int referral = (int)draw(s, REFERRALS * 2);
	struct message message = {.id = steps_next_id(s), .evidence = EVIDENCE_QUIET};

	if (s->count == MESSAGES)
		return;
	known = oracle_expect(s, s->x.count);
	known->from = 2;
	if (draw(s, 20) == 0 && s->emergency_count < EMERGENCIES) {
		message = draw_emergency(s, known, message.id);
	} else if (draw(s, 2) == 0) {
		draw_protected(s, known, &message);
	} else { /* as operational information, perhaps about a referral */
		known->to = referral < REFERRALS ? 4 : 1 + (int)draw(s, 4);
		message.from = "parole";
		message.type = "SupervisionEvent";
		message.category = THROUGHCARE__V1__CATEGORY__CATEGORY_CONTACT;
		message.legal = THROUGHCARE__V1__LEGAL_BASIS__LEGAL_BASIS_NON_PART2_OPERATIONAL;
		message.subject = s->subjects[draw(s, SUBJECTS)];
		if (referral < REFERRALS) {
			known->referral = referral;
			message.subject = s->subjects[s->referral_subject[referral]];
			message.referral = s->referrals[referral];
		}
	}
	message.to = agency_names[known->to];
	if (s->suspended && (known->from == TREATMENT || known->to == TREATMENT)) {
		oracle_forget(s);
		return;
	}
	message.priority = (Throughcare__V1__Priority)draw(s, 3);
	if (known->referral >= 0)
		message.priority = THROUGHCARE__V1__PRIORITY__PRIORITY_NORMAL;
	if ((draw(s, 4) == 0) != known->protected) /* else too much would be held at last */
		message.expires_ms = s->x.now_ms + 1000 + draw(s, 600000);
	known->expires_ms = message.expires_ms != 0 ? message.expires_ms / 1000 * 1000
						    : s->x.now_ms + TC_EXPIRES_MS_DEFAULT;
	if (draw(s, 8) == 0)
		message.evidence = THROUGHCARE__V1__EVIDENCE_LEVEL__EVIDENCE_LEVEL_ALL;
	exchange_send(&s->x, &message);
	if (strcmp(exchange_answer(&s->x), "accepted") != 0) {
		/* Only what may go can be held for a consent; what never may is refused. */
		MUST(known->protected && !oracle_permits(s, known));
		known->fate = ENDED;
	}
	oracle_see(s);
	if (known->fate != ENDED && draw(s, 10) == 0) { /* the same again */
		exchange_send(&s->x, &message);
		MUST(strcmp(exchange_answer(&s->x), "accepted") == 0 || message.expires_ms != 0);
		oracle_see(s);
	}
}

/* Those whose lease has ended at that time go back to the queue. */
static void forget_hands(struct simulation *s, struct live *live, int64_t now_ms)
{
	size_t kept = 0;

	for (size_t i = 0; i < live->count; i++) {
		int m = live->hands[i].message;

		if (live->hands[i].until_ms > now_ms)
			live->hands[kept++] = live->hands[i];
		else if (m >= 0 && s->messages[m].fate == IN_FLIGHT)
			s->messages[m].fate = QUEUED;
	}
	live->count = kept;
}

static void step_logon(struct simulation *s)
{
	struct live *live = oracle_live(s, 0);

	if (live == NULL)
		return;
	live->agency = (int)draw(s, AGENCIES);
	if (s->suspended && live->agency == TREATMENT)
		return;
	if (draw(s, 8) == 0) { /* with a newer certificate */
		s->certificate[live->agency]++;
		live->connection = exchange_logon_with(&s->x, agency_names[live->agency],
						       certificate_name(s, live->agency),
						       s->certificate[live->agency]);
	} else {
		live->connection = exchange_logon(&s->x, agency_names[live->agency]);
	}
	MUST(exchange_effects(&s->x, EFFECT_LOGON_ACCEPTED) == 1);
	oracle_see(s);
}

static void step_logoff(struct simulation *s, struct live *live)
{
	uint64_t connection = live->connection;

	forget_hands(s, live, INT64_MAX);
	live->connection = 0;
	exchange_logoff(&s->x, connection, draw(s, 2) ? "closed" : RECORD_LOGOFF_GOODBYE);
	oracle_see(s);
}

static void step_collect(struct simulation *s, struct live *live)
{
	exchange_collect(&s->x, live->connection, 1 + draw(s, 20), LEASE_MS);
	oracle_see(s);
}

static void step_settle(struct simulation *s, struct live *live)
{
	static const Throughcare__V1__SettlementKind settlements[] = {
		THROUGHCARE__V1__SETTLEMENT_KIND__SETTLEMENT_KIND_ACK,
		THROUGHCARE__V1__SETTLEMENT_KIND__SETTLEMENT_KIND_ACK,
		THROUGHCARE__V1__SETTLEMENT_KIND__SETTLEMENT_KIND_ACK,
		THROUGHCARE__V1__SETTLEMENT_KIND__SETTLEMENT_KIND_NAK,
		THROUGHCARE__V1__SETTLEMENT_KIND__SETTLEMENT_KIND_TERM,
	};
	uint32_t kind = draw(s, 5);
	struct hand hand;
	size_t at;

	if (live->count == 0)
		return;
	at = draw(s, (uint32_t)live->count);
	hand = live->hands[at];
	live->hands[at] = live->hands[--live->count];
	if (hand.message >= 0) {
		struct known *message = &s->messages[hand.message];

		if (message->fate == IN_FLIGHT && message->connection == live->connection)
			message->fate = kind < 3 ? ENDED : QUEUED; /* TERM: the fact ends it */
	}
	exchange_settle(&s->x, live->connection, hand.delivery, settlements[kind], draw(s, 5000));
	oracle_see(s);
}

static void step_revoke(struct simulation *s, int subject)
{
	uint64_t sequence;

	oracle_doom(s, subject, false);
	sequence = grounds_revoke(&s->grounds, &s->x, subject, s->subjects[subject],
				  draw(s, UINT32_MAX));
	oracle_doom(s, subject, true);
	if (sequence == 0)
		return; /* nothing that could be revoked */
	s->revoked_at[subject] = sequence;
	s->revoked_ms[subject] = s->x.now_ms;
	/* Its receipt may come at the end of a job only. */
	MUST(exchange_effects(&s->x, EFFECT_RECEIPT) == 0 ||
	     strcmp(exchange_answer(&s->x), "accepted") == 0);
	oracle_see(s);
}

/* The court tells parole that a proceeding is over. */
static void step_hearing(struct simulation *s, int subject)
{
	int proceeding = 1 + (int)draw(s, GROUND_PROCEEDINGS - 1);
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct message message = {
		.id = steps_next_id(s),
		.from = "court",
		.to = "parole",
		.type = "HearingResult",
		.category = THROUGHCARE__V1__CATEGORY__CATEGORY_SUPERVISION_CONDITIONS,
		.legal = THROUGHCARE__V1__LEGAL_BASIS__LEGAL_BASIS_NON_PART2_OPERATIONAL,
		.evidence = EVIDENCE_QUIET,
		.subject = s->subjects[subject],
		.claim = &claim,
	};
	struct known *known;

	if (s->count == MESSAGES)
		return;
	claim.has_disposition_final = 1;
	claim.disposition_final = draw(s, 4) != 0;
	claim.about_id = (char *)(uintptr_t)ground_proceedings[proceeding];
	known = oracle_expect(s, s->x.count);
	known->from = 3;
	known->to = 2;
	known->expires_ms = s->x.now_ms + TC_EXPIRES_MS_DEFAULT;
	if (claim.disposition_final)
		grounds_hear(&s->grounds, subject, proceeding, s->x.now_ms);
	exchange_send(&s->x, &message);
	MUST(strcmp(exchange_answer(&s->x), "accepted") == 0);
	oracle_see(s);
}

static void step_consent(struct simulation *s)
{
	int subject = (int)draw(s, SUBJECTS);
	uint32_t what = draw(s, 20);

	if (what < 9) {
		s->x.now_ms++; /* signed after whatever a hearing has just decided */
		if (grounds_record(&s->grounds, &s->x, subject, s->subjects[subject],
				   draw(s, UINT32_MAX)))
			oracle_see(s);
	} else if (what < 16) {
		step_revoke(s, subject);
	} else if (what < 19) {
		step_hearing(s, subject);
	} else {
		grounds_rule(&s->grounds, &s->x, draw(s, UINT32_MAX));
		oracle_see(s);
	}
}

static void step_review(struct simulation *s)
{
	if (s->emergency_count == 0)
		return;
	emergency_review(&s->emergencies[draw(s, (uint32_t)s->emergency_count)], &s->x,
			 draw(s, 1000));
	oracle_see(s);
}

/* Its connections are over; what it sent waits. */
void steps_suspend(struct simulation *s)
{
	s->suspended = !s->suspended;
	for (int i = 0; i < SESSIONS; i++) {
		if (s->live[i].connection == 0 || s->live[i].agency != TREATMENT)
			continue;
		forget_hands(s, &s->live[i], INT64_MAX);
		s->live[i].connection = 0;
	}
	if (s->suspended)
		exchange_suspend(&s->x, agency_names[TREATMENT], agency_kinds[TREATMENT]);
	else
		exchange_agency(&s->x, agency_names[TREATMENT], agency_kinds[TREATMENT]);
	oracle_see(s);
}

static void step_time(struct simulation *s)
{
	int64_t to_ms = s->x.now_ms + 1 + draw(s, 30000);

	if (draw(s, 25) == 0) /* so that clocks of days ring */
		to_ms += draw(s, 40) * (GROUND_DAY_MS / 20);

	for (int i = 0; i < SESSIONS; i++)
		forget_hands(s, &s->live[i], to_ms);
	s->x.now_ms = to_ms;
	while (ledger_due_ms(s->x.ledger) <= to_ms) {
		exchange_tick(&s->x, to_ms);
		oracle_see(s);
	}
	oracle_settled(s);
}

void steps_restart(struct simulation *s)
{
	for (int i = 0; i < SESSIONS; i++) {
		forget_hands(s, &s->live[i], INT64_MAX);
		s->live[i].connection = 0;
	}
	memset(s->revoked_at, 0, sizeof(s->revoked_at)); /* nobody waits any more */
	exchange_crash(&s->x);
	exchange_barrier(&s->x);
	oracle_see(s);
}

void steps_take(struct simulation *s)
{
	struct live *live = &s->live[draw(s, SESSIONS)];
	uint32_t what = draw(s, 100);

	s->x.now_ms += draw(s, 20);
	if (ledger_due_ms(s->x.ledger) == 0 && draw(s, 4) == 0) {
		for (int i = 0; i < SESSIONS; i++)
			forget_hands(s, &s->live[i], s->x.now_ms);
		exchange_tick(&s->x, s->x.now_ms);
		oracle_see(s);
	}
	if (what < 40)
		step_send(s);
	else if (what < 50)
		step_logon(s);
	else if (what < 52 && live->connection != 0)
		step_logoff(s, live);
	else if (what < 68 && live->connection != 0)
		step_collect(s, live);
	else if (what < 92 && live->connection != 0)
		step_settle(s, live);
	else if (what < 95)
		step_consent(s);
	else if (what < 98)
		step_time(s);
	else if (what == 98)
		MUST(ledger_commit(s->x.ledger) == 0);
	else if (draw(s, 4) == 0)
		steps_restart(s);
	else if (draw(s, 6) == 0)
		steps_suspend(s);
	else
		step_review(s);
}
