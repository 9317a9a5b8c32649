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

#include "simulation/steps.h"
#include "wire/limits.h"

#define STEPS          4000
#define STEPS_MAX      100000
#define SLICE          3 /* deliveries that a job visits in one step */
#define EVIDENCE_QUIET THROUGHCARE__V1__EVIDENCE_LEVEL__EVIDENCE_LEVEL_EXCEPTIONS

/* Everybody collects and acknowledges; then only what waits for a consent may be left. */
static void drain(struct simulation *s)
{
	if (s->suspended)
		steps_suspend(s);
	steps_restart(s);
	for (int i = 0; i < AGENCIES; i++) {
		struct live *live = &s->live[i];

		live->agency = i;
		live->connection = exchange_logon(&s->x, agency_names[i]);
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
		MUST((message->owed & ~message->told) == 0);
	}
}

static void begin(struct simulation *s)
{
	exchange_open(&s->x);
	exchange_slices(&s->x, SLICE);
	grounds_open(&s->grounds);
	for (int i = 0; i < AGENCIES; i++)
		exchange_agency(&s->x, agency_names[i], agency_kinds[i]);
	for (int i = 0; i < SUBJECTS; i++)
		s->subjects[i] = exchange_id(&s->x);
	for (int i = 0; i < REFERRALS; i++) {
		struct known *known = oracle_expect(s, s->x.count);
		struct message message = {
			.id = steps_next_id(s),
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
		known->from = 2;
		known->to = 4;
		known->referral = i;
		known->expires_ms = s->x.now_ms + TC_EXPIRES_MS_DEFAULT;
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
	int overdue = 0;

	running_seed = seed;
	memset(s, 0, sizeof(*s));
	s->random = seed * 0x9e3779b97f4a7c15u | 1;
	begin(s);
	for (long i = 0; i < steps; i++)
		steps_take(s);
	drain(s);
	compare(s);
	for (int i = 0; i < s->emergency_count; i++)
		overdue += s->emergencies[i].overdue;
	printf("seed %" PRIu64
	       ": %zu records, %d messages, %zu hand-overs; %zu held too long, %zu sealed "
	       "to an old certificate, %d emergencies (%d overdue)\n",
	       seed, s->x.count, s->count, s->releases, s->holds_over, s->recalled_stale,
	       s->emergency_count, overdue);
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
