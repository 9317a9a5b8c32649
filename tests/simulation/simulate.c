/*
 * simulate - agencies, consents, restarts and time at random against one ledger, and an
 * oracle that knows only what it was told.
 *
 *   simulate [SEED [STEPS [RUNS]]]        the same seed gives the same run; RUNS of them from it on
 *
 * The oracle (oracle.h) looks at everything that comes out. At the end everybody collects, and a
 * state rebuilt from the log, with commits elsewhere, must be the same.
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "simulation/oracle.h"

#define AGENCIES       5 /* from GROUND_FIRST on those whom the grounds speak of */
#define STEPS          4000
#define STEPS_MAX      100000
#define LEASE_MS       20000
#define SLICE          3 /* deliveries that a job visits in one step */
#define EVIDENCE_QUIET THROUGHCARE__V1__EVIDENCE_LEVEL__EVIDENCE_LEVEL_EXCEPTIONS

static const char *const names[AGENCIES] = {"intake", "treatment", "parole", "court", "housing"};
static const char *const kinds[AGENCIES] = {"INTAKE", "TREATMENT", "PAROLE", "COURT", "HOUSING"};

static uint32_t draw(struct simulation *s, uint32_t below)
{
	s->random ^= s->random << 13; /* xorshift64 */
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	return (uint32_t)((s->random >> 16) % below);
}

/* ---- steps ---- */

/* Its id carries the sequence that it will have, so that facts can be followed. */
static struct tc_id next_id(struct simulation *s)
{
	struct tc_id id = exchange_id(&s->x);

	tc_put_be32(id.bytes + 12, (uint32_t)s->x.count);
	id.bytes[10] = 0xaa; /* apart from the ids of subjects and consents */
	return id;
}

/* Under a grant, or held: one part or two, of any categories. */
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
	known->to = GROUND_FIRST + ask[0].recipient;
	message->from = "treatment";
	message->type = "AttendanceRecord";
	message->category = ground_categories[ask[0].category];
	message->second = known->parts == 2 ? ground_categories[ask[1].category] : 0;
	message->subject = s->subjects[ask[0].subject];
	message->proceeding = ground_proceedings[ask[0].proceeding];
}

static void step_send(struct simulation *s)
{
	struct known *known;
	int referral = (int)draw(s, REFERRALS * 2);
	struct message message = {.id = next_id(s), .evidence = EVIDENCE_QUIET};

	if (s->count == MESSAGES)
		return;
	known = oracle_expect(s, s->x.count);
	if (draw(s, 2) == 0) {
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
	message.to = names[known->to];
	message.priority = (Throughcare__V1__Priority)draw(s, 3);
	if (known->referral >= 0)
		message.priority = THROUGHCARE__V1__PRIORITY__PRIORITY_NORMAL;
	if ((draw(s, 4) == 0) != known->protected) /* else too much would be held at last */
		message.expires_ms = s->x.now_ms + 1000 + draw(s, 600000);
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
	live->connection = exchange_logon(&s->x, names[live->agency]);
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
		.id = next_id(s),
		.from = "court",
		.to = "parole",
		.type = "HearingResult",
		.category = THROUGHCARE__V1__CATEGORY__CATEGORY_SUPERVISION_CONDITIONS,
		.legal = THROUGHCARE__V1__LEGAL_BASIS__LEGAL_BASIS_NON_PART2_OPERATIONAL,
		.evidence = EVIDENCE_QUIET,
		.subject = s->subjects[subject],
		.claim = &claim,
	};

	if (s->count == MESSAGES)
		return;
	claim.has_disposition_final = 1;
	claim.disposition_final = draw(s, 4) != 0;
	claim.about_id = (char *)(uintptr_t)ground_proceedings[proceeding];
	oracle_expect(s, s->x.count)->to = 2;
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

static void step_time(struct simulation *s)
{
	int64_t to_ms = s->x.now_ms + 1 + draw(s, 30000);

	for (int i = 0; i < SESSIONS; i++)
		forget_hands(s, &s->live[i], to_ms);
	s->x.now_ms = to_ms;
	while (ledger_due_ms(s->x.ledger) <= to_ms) {
		exchange_tick(&s->x, to_ms);
		oracle_see(s);
	}
	oracle_settled(s);
}

static void step_restart(struct simulation *s)
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

static void step(struct simulation *s)
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
		step_restart(s);
}

/* Everybody collects and acknowledges; then only what waits for a consent may be left. */
static void drain(struct simulation *s)
{
	step_restart(s);
	for (int i = 0; i < AGENCIES; i++) {
		struct live *live = &s->live[i];

		live->agency = i;
		live->connection = exchange_logon(&s->x, names[i]);
		oracle_see(s);
	}
	for (bool more = true; more;) {
		more = ledger_due_ms(s->x.ledger) <= s->x.now_ms + 120000;
		s->x.now_ms += 120000;
		exchange_tick(&s->x, s->x.now_ms);
		oracle_see(s);
		for (int i = 0; i < AGENCIES; i++) {
			struct live *live = &s->live[i];

			exchange_collect(&s->x, live->connection, 512, 3600000);
			oracle_see(s);
			while (live->count > 0) {
				struct hand hand = live->hands[--live->count];

				if (hand.message >= 0)
					s->messages[hand.message].fate = ENDED;
				exchange_settle(
					&s->x, live->connection, hand.delivery,
					THROUGHCARE__V1__SETTLEMENT_KIND__SETTLEMENT_KIND_ACK, 0);
				oracle_see(s);
				more = true;
			}
		}
	}
	for (int i = 0; i < s->count; i++) {
		const struct known *message = &s->messages[i];

		MUST(message->fate == ENDED || !oracle_permits(s, message));
	}
}

static void begin(struct simulation *s)
{
	exchange_open(&s->x);
	exchange_slices(&s->x, SLICE);
	for (int i = 0; i < AGENCIES; i++)
		exchange_agency(&s->x, names[i], kinds[i]);
	for (int i = 0; i < SUBJECTS; i++)
		s->subjects[i] = exchange_id(&s->x);
	for (int i = 0; i < REFERRALS; i++) {
		struct known *known = oracle_expect(s, s->x.count);
		struct message message = {
			.id = next_id(s),
			.from = "parole",
			.to = "housing",
			.type = "Referral",
			.category = THROUGHCARE__V1__CATEGORY__CATEGORY_CONTACT,
			.legal = THROUGHCARE__V1__LEGAL_BASIS__LEGAL_BASIS_NON_PART2_OPERATIONAL,
			.evidence = EVIDENCE_QUIET,
		};

		s->referrals[i] = exchange_id(&s->x);
		s->referral_subject[i] = i % SUBJECTS;
		message.subject = s->subjects[i % SUBJECTS];
		message.referral = s->referrals[i];
		known->to = 4;
		known->referral = i;
		exchange_send(&s->x, &message);
		MUST(strcmp(exchange_answer(&s->x), "accepted") == 0);
		oracle_see(s);
	}
}

static void compare(struct simulation *s)
{
	uint8_t live[32], rebuilt[32];

	exchange_digest(&s->x, live);
	exchange_rebuild(&s->x, 0, rebuilt);
	MUST(memcmp(live, rebuilt, sizeof(live)) == 0);
	exchange_rebuild(&s->x, 97, rebuilt);
	MUST(memcmp(live, rebuilt, sizeof(live)) == 0);
}

static uint64_t running_seed;

static void tell_seed(void)
{
	fprintf(stderr, "simulate: seed %" PRIu64 "\n", running_seed);
}

static void run(struct simulation *s, uint64_t seed, long steps)
{
	running_seed = seed;
	memset(s, 0, sizeof(*s));
	s->random = seed * 0x9e3779b97f4a7c15u | 1;
	begin(s);
	for (long i = 0; i < steps; i++)
		step(s);
	drain(s);
	compare(s);
	printf("seed %" PRIu64 ": %zu records, %d messages, %zu hand-overs\n", seed, s->x.count,
	       s->count, s->releases);
	exchange_close(&s->x);
}

int main(int argc, char **argv)
{
	struct simulation *s = calloc(1, sizeof(*s));
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : (uint64_t)time(NULL);
	long steps = argc > 2 ? strtol(argv[2], NULL, 10) : STEPS;
	long runs = argc > 3 ? strtol(argv[3], NULL, 10) : 1;

	if (s == NULL || seed == 0 || steps < 1 || steps > STEPS_MAX || runs < 1) {
		fprintf(stderr, "simulate [SEED [STEPS [RUNS]]]: seeds from 1, at most %d steps\n",
			STEPS_MAX);
		return 2;
	}
	atexit(tell_seed);
	for (long i = 0; i < runs; i++)
		run(s, seed + (uint64_t)i, steps);
	free(s);
	return 0;
}
