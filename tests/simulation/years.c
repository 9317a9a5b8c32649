/*
 * years: a network over three years of virtual time, a thousand persons, two counties with
 * calendars and clock changes of their own, outages, and people who do what they may and
 * what they may not. After each day, whatever happened:
 *
 *   - every referral that is not over has an owner of the next move and a clock that will ring;
 *   - no clock has rung before its time, and none that was due has not rung;
 *   - what counts working days is due on a working day, at the hour at which it began;
 *   - a place was promised only when one was free, and what is held is what is counted.
 *
 * At the end the log alone gives the same state. `years [SEED [DAYS]]`; a failure tells both.
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "ledger/lease.h"
#include "ledger/state.h"
#include "referral/referral.h"
#include "simulation/county.h"
#include "simulation/exchange.h"

#define PERSONS     1000
#define DAYS        1096
#define CASES_MAX   8192
#define HOLDS_MAX   64
#define HOUR_MS     INT64_C(3600000)
#define DAY_MS      (24 * HOUR_MS)
#define LEASE_MS    60000
#define PLACES      5
#define OPERATIONAL THROUGHCARE__V1__LEGAL_BASIS__LEGAL_BASIS_NON_PART2_OPERATIONAL
#define CONTACT     THROUGHCARE__V1__CATEGORY__CATEGORY_CONTACT
#define QUIET       THROUGHCARE__V1__EVIDENCE_LEVEL__EVIDENCE_LEVEL_EXCEPTIONS

static const struct agency {
	const char *name, *kind;
	unsigned county;
} agencies[] = {
	{"parole", "PAROLE", 0},   {"probation", "PROBATION", 1}, {"treatment", "TREATMENT", 0},
	{"housing", "HOUSING", 1}, {"court", "COURT", 0},
};

#define AGENCIES (sizeof(agencies) / sizeof(agencies[0]))
enum { PAROLE, PROBATION, TREATMENT, HOUSING, COURT };

struct known {
	struct tc_id id, subject;
	unsigned source, target;
	int64_t alarm_ms; /* before the latest tick */
	bool rang;
};

struct years {
	struct exchange x;
	uint64_t random;
	struct tc_id persons[PERSONS];
	struct known cases[CASES_MAX]; /* those whose loop is not closed */
	size_t count;
	struct tc_id holds[HOLDS_MAX];
	size_t hold_count;
	size_t made, moves, refusals, rings, granted, denied, outages;
};

static uint64_t running_seed;

static uint64_t draw(struct years *y, uint64_t below)
{
	y->random ^= y->random << 13;
	y->random ^= y->random >> 7;
	y->random ^= y->random << 17;
	return y->random % below;
}

/* ---- what people do ---- */

static void send(struct years *y, const struct known *known, unsigned from, const char *type,
		 Throughcare__V1__LifecycleClaim *claim)
{
	struct message message = {
		.from = agencies[from].name,
		.to = agencies[from == known->target ? known->source : known->target].name,
		.type = type,
		.category = CONTACT,
		.id = exchange_id(&y->x),
		.subject = known->subject,
		.referral = known->id,
		.legal = OPERATIONAL,
		.evidence = QUIET,
		.claim = claim,
	};

	if (from == COURT)
		message.also = agencies[known->source].name;
	if (strcmp(type, "Referral") == 0)
		message.id = known->id;
	exchange_send(&y->x, &message);
	if (strcmp(exchange_answer(&y->x), "accepted") == 0)
		y->moves++;
	else
		y->refusals++;
}

/* One request to one, two or three providers. */
static void refer(struct years *y)
{
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct tc_id subject = y->persons[draw(y, PERSONS)];
	unsigned source = (unsigned)draw(y, 2), several = draw(y, 5) == 0 ? 2 : 1;
	char group[TC_ID_TEXT_BYTES];

	tc_id_format(exchange_id(&y->x), group);
	if (several > 1)
		claim.offer_group = group;
	if (draw(y, 4) == 0) {
		claim.has_respond_by_ms = 1;
		claim.respond_by_ms = y->x.now_ms + (int64_t)draw(y, 12) * DAY_MS;
	}
	for (unsigned i = 0; i < several && y->count < CASES_MAX; i++) {
		struct known *known = &y->cases[y->count];
		size_t refusals = y->refusals;

		*known = (struct known){.id = exchange_id(&y->x),
					.subject = subject,
					.source = source,
					.target = i == 0 ? TREATMENT : HOUSING};
		send(y, known, source, "Referral", &claim);
		y->count += refusals == y->refusals;
		y->made += refusals == y->refusals;
	}
}

/* Anything that the table knows, by anybody; mostly what fits the state. */
static void move(struct years *y)
{
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	const struct known *known = &y->cases[draw(y, y->count)];
	bool wild = draw(y, 5) == 0;
	char appointment[TC_ID_TEXT_BYTES];
	struct referral referral;
	size_t count;
	const struct lifecycle_rule *rules = lifecycle_rules(&count), *rule;
	unsigned from;

	MUST(referral_find(y->x.ledger->txn, &y->x.ledger->referral, known->id, &referral) == 0);
	for (unsigned tries = 0;; tries++) {
		rule = &rules[draw(y, count)];
		if (rule->type[0] == '(' || strcmp(rule->type, "Referral") == 0)
			continue;
		if (wild || rule->from & UINT32_C(1) << referral.state || tries > 200)
			break;
	}
	from = rule->by & REFERRAL_BY_TARGET   ? known->target
	       : rule->by & REFERRAL_BY_SOURCE ? known->source
					       : COURT;
	if (wild && draw(y, 3) == 0)
		from = (unsigned)draw(y, AGENCIES);
	if (rule->to == REFERRAL_ENTERED_IN_ERROR && draw(y, 20) != 0)
		return; /* that is rare */
	claim.status = (char *)(uintptr_t)rule->status;
	claim.reason_code = (char *)(uintptr_t) "other";
	claim.worker = (char *)(uintptr_t) "worker-2";
	claim.order_id = (char *)(uintptr_t) "order-1";
	claim.has_offer_expires_ms = claim.has_respond_by_ms = claim.has_start_ms = 1;
	claim.offer_expires_ms = y->x.now_ms + (int64_t)(1 + draw(y, 6)) * 11 * HOUR_MS;
	claim.respond_by_ms = y->x.now_ms + (int64_t)draw(y, 20) * DAY_MS;
	claim.start_ms = y->x.now_ms + (int64_t)draw(y, 10) * DAY_MS;
	tc_id_format(exchange_id(&y->x), appointment);
	claim.appointment_id = appointment;
	send(y, known, from, rule->type, &claim);
}

/* ---- places ---- */

static struct capacity places(struct years *y)
{
	const struct capacity_place place = {.service = "beds", .unit = "bed"};
	struct capacity capacity;

	MUST(capacity_find(y->x.ledger->txn, y->x.ledger->table[LEDGER_TABLE_CAPACITY], &place,
			   &capacity) == 0);
	return capacity;
}

static void count_places(struct years *y)
{
	char text[512], at[TC_TIME_TEXT_BYTES];

	tc_time_format(y->x.now_ms, at);
	snprintf(text, sizeof(text),
		 "{\"service_id\":\"beds\",\"as_of\":\"%s\",\"lines\":[{\"unit\":\"bed\","
		 "\"maximum\":%d,\"available\":%u,\"status\":\"CAPACITY_STATUS_AVAILABLE\"}]}",
		 at, PLACES, (unsigned)draw(y, PLACES + 1));
	exchange_say(&y->x, "housing", "worker-1", "CapacityUpdate", (struct tc_id){{0}}, text);
	MUST(strcmp(exchange_answer(&y->x), "accepted") == 0);
}

static void hold_place(struct years *y)
{
	struct capacity before = places(y);
	struct tc_id lease = exchange_id(&y->x);
	char text[512], id[TC_ID_TEXT_BYTES], at[TC_TIME_TEXT_BYTES];
	bool granted;

	if (y->hold_count == HOLDS_MAX)
		return;
	tc_id_format(lease, id);
	tc_time_format(y->x.now_ms + (int64_t)(1 + draw(y, 6 * 24)) * HOUR_MS, at);
	snprintf(
		text, sizeof(text),
		"{\"lease_id\":\"%s\",\"service_id\":\"beds\",\"unit\":\"bed\",\"expires\":\"%s\"}",
		id, at);
	exchange_say(&y->x, agencies[draw(y, 2)].name, "worker-1", "CapacityHold",
		     (struct tc_id){{0}}, text);
	granted = strcmp(exchange_answer(&y->x), "accepted") == 0;
	MUST(granted == (capacity_free(&before) > 0 && !capacity_stale(&before, y->x.now_ms)));
	if (granted)
		y->holds[y->hold_count++] = lease;
	y->granted += granted;
	y->denied += !granted;
}

static void end_hold(struct years *y)
{
	char text[256], id[TC_ID_TEXT_BYTES];

	if (y->hold_count == 0)
		return;
	tc_id_format(y->holds[draw(y, y->hold_count)], id);
	snprintf(text, sizeof(text), "{\"lease_id\":\"%s\"}", id);
	exchange_say(&y->x, "housing", "worker-1",
		     draw(y, 2) == 0 ? "CapacityConfirm" : "CapacityRelease", (struct tc_id){{0}},
		     text);
}

/* What is held is what is counted, and nothing is held for longer than was said. */
static void check_places(struct years *y)
{
	size_t held = 0;

	for (size_t i = 0; i < y->hold_count; i++) {
		struct lease lease;

		MUST(lease_find(y->x.ledger->txn, y->x.ledger->table[LEDGER_TABLE_LEASE],
				y->holds[i], &lease) == 0);
		if (lease.state != LEASE_HELD)
			continue;
		MUST(lease.expires_ms > y->x.now_ms);
		y->holds[held++] = y->holds[i];
	}
	y->hold_count = held;
	MUST(places(y).live == held);
}

/* ---- clocks ---- */

static struct referral present(struct years *y, const struct known *known)
{
	struct referral referral;

	MUST(referral_find(y->x.ledger->txn, &y->x.ledger->referral, known->id, &referral) == 0);
	return referral;
}

static void see_rings(struct years *y)
{
	for (const struct fact *fact = y->x.effects.first_fact; fact; fact = fact->next) {
		Throughcare__V1__TrailRow *row =
			throughcare__v1__trail_row__unpack(NULL, fact->row.len, fact->row.data);
		struct tc_id id;

		MUST(row != NULL);
		if (strcmp(row->event, "clock") == 0) {
			MUST(tc_id_parse(tc_slice_text(row->referral_id), &id));
			y->rings++;
			for (size_t i = 0; i < y->count; i++)
				y->cases[i].rang |= tc_id_equal(y->cases[i].id, id);
		}
		throughcare__v1__trail_row__free_unpacked(row, NULL);
	}
}

/* Ticks until nothing is due: just those clocks ring whose time has come. */
static void tick(struct years *y)
{
	for (size_t i = 0; i < y->count; i++) {
		y->cases[i].alarm_ms = present(y, &y->cases[i]).alarm_ms;
		y->cases[i].rang = false;
	}
	exchange_settle_down(&y->x);
	see_rings(y);
	for (size_t i = 0; i < y->count; i++) {
		const struct known *known = &y->cases[i];
		bool due = known->alarm_ms != 0 && known->alarm_ms <= y->x.now_ms;

		MUST(due || !known->rang);
		/* Another of its group may have ended it in the same tick, before it could ring. */
		MUST(!due || known->rang || lifecycle_state(present(y, known).state)->terminal);
	}
}

/* Does it count days, from its beginning, by the calendar of whose move it is? */
static bool counts_days(const struct referral *referral)
{
	return referral->due_ms != 0 && !referral->named;
}

static void check_due(const struct known *known, const struct referral *referral)
{
	unsigned mover = referral->next_move & REFERRAL_BY_SOURCE ? known->source : known->target;
	unsigned county = agencies[mover].county;
	int64_t from_ms = county_local_ms(county, referral->clock_from_ms);
	int64_t due_ms = county_local_ms(county, referral->due_ms);
	time_t seconds = (time_t)(due_ms / 1000);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	MUST(tm.tm_wday >= 1 && tm.tm_wday <= 5);
	MUST(!(tm.tm_mon == 11 && tm.tm_mday == 25));
	MUST(due_ms % DAY_MS == from_ms % DAY_MS);
}

static void check_case(struct years *y, size_t index, bool *ret_closed)
{
	const struct known *known = &y->cases[index];
	struct referral referral = present(y, known);
	bool terminal = lifecycle_state(referral.state)->terminal;

	*ret_closed = terminal && referral.loop_closed_ms != 0;
	MUST(*ret_closed || referral.next_move != 0);
	MUST(terminal || (referral.due_ms != 0 && referral.alarm_ms > y->x.now_ms));
	MUST(referral.alarm_ms == 0 || referral.alarm_ms > y->x.now_ms);
	MUST(!terminal || referral.next_move != 0 || referral.alarm_ms == 0);
	if (counts_days(&referral) && referral.state != REFERRAL_WAITLISTED)
		check_due(known, &referral);
}

static void check(struct years *y)
{
	for (size_t i = 0; i < y->count;) {
		bool closed;

		check_case(y, i, &closed);
		if (closed)
			y->cases[i] = y->cases[--y->count];
		else
			i++;
	}
	check_places(y);
}

/* ---- days ---- */

/* Everybody reads what there is, and is gone again. */
static void read_mail(struct years *y)
{
	for (size_t i = 0; i < AGENCIES; i++) {
		uint64_t connection = exchange_logon(&y->x, agencies[i].name);

		exchange_collect(&y->x, connection, EXCHANGE_SETTLE_MAX, LEASE_MS);
		for (;;) {
			uint64_t ids[EXCHANGE_SETTLE_MAX];
			size_t count = 0;

			for (const struct effect *e = y->x.effects.first; e; e = e->next)
				if (e->kind == EFFECT_DELIVER || e->kind == EFFECT_DELIVER_OWN)
					ids[count++] = e->delivery_id;
			if (count == 0)
				break;
			exchange_settle_many(&y->x, connection, ids, count);
		}
		exchange_logoff(&y->x, connection, "logoff");
	}
}

static void live_a_day(struct years *y)
{
	unsigned steps = (unsigned)draw(y, 24);

	count_places(y);
	for (unsigned i = 0; i < 1 + draw(y, 3); i++)
		refer(y);
	for (unsigned i = 0; i < steps; i++) {
		y->x.now_ms += (int64_t)draw(y, DAY_MS / 30);
		if (draw(y, 12) == 0)
			hold_place(y);
		else if (draw(y, 20) == 0)
			end_hold(y);
		else if (y->count > 0)
			move(y);
		if (draw(y, 8) == 0)
			tick(y);
	}
	read_mail(y);
}

static void begin(struct years *y)
{
	exchange_open(&y->x);
	for (size_t i = 0; i < AGENCIES; i++) {
		char text[512];

		snprintf(text, sizeof(text),
			 "{\"agency\":\"%s\",\"name\":\"%s\",\"kind\":\"AGENCY_KIND_%s\","
			 "\"status\":\"AGENCY_STATUS_ACTIVE\",\"jurisdiction\":\"%s\"}",
			 agencies[i].name, agencies[i].name, agencies[i].kind,
			 county_name(agencies[i].county));
		exchange_say(&y->x, "operator", NULL, "AgencyEntry", (struct tc_id){{0}}, text);
		MUST(strcmp(exchange_answer(&y->x), "accepted") == 0);
	}
	exchange_say(&y->x, "housing", NULL, "ServiceEntry", (struct tc_id){{0}},
		     "{\"service_id\":\"beds\",\"agency\":\"housing\",\"name\":\"Beds\","
		     "\"status\":\"SERVICE_STATUS_ACTIVE\"}");
	for (size_t i = 0; i < PERSONS; i++)
		y->persons[i] = exchange_id(&y->x);
	for (unsigned i = 0; i < COUNTIES; i++)
		county_calendar(&y->x, i, 3);
	count_places(y);
}

static void run(struct years *y, uint64_t seed, long days)
{
	uint8_t live[32], rebuilt[32];

	running_seed = seed;
	y->random = seed * 0x9e3779b97f4a7c15u | 1;
	begin(y);
	for (long day = 0; day < days; day++) {
		int64_t midnight_ms = (y->x.now_ms / DAY_MS + 1) * DAY_MS;

		live_a_day(y);
		if (day % 365 == 300)
			county_calendar(&y->x, (unsigned)draw(y, COUNTIES), 4 + (unsigned)day);
		if (draw(y, 60) == 0) { /* nothing at all for some days */
			midnight_ms += (int64_t)(1 + draw(y, 4)) * DAY_MS;
			y->outages++;
		}
		y->x.now_ms = midnight_ms > y->x.now_ms ? midnight_ms : y->x.now_ms;
		tick(y);
		check(y);
	}
	exchange_digest(&y->x, live);
	exchange_rebuild(&y->x, 997, rebuilt);
	MUST(memcmp(live, rebuilt, sizeof(live)) == 0);
	printf("seed %" PRIu64 ": %ld days, %zu records, %zu referrals (%zu open or not "
	       "acknowledged), %zu moves, %zu refused, %zu rings, %zu outages, %zu holds (%zu "
	       "denied)\n",
	       seed, days, y->x.count, y->made, y->count, y->moves, y->refusals, y->rings,
	       y->outages, y->granted, y->denied);
	exchange_close(&y->x);
}

static void tell_seed(void)
{
	fprintf(stderr, "years: seed %" PRIu64 "\n", running_seed);
}

int main(int argc, char **argv)
{
	struct years *y = calloc(1, sizeof(*y));
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : (uint64_t)time(NULL);
	long days = argc > 2 ? strtol(argv[2], NULL, 10) : DAYS;

	if (y == NULL || seed == 0 || days < 1 || days > DAYS) {
		fprintf(stderr, "years [SEED [DAYS]]: a seed from 1, at most %d days\n", DAYS);
		return 2;
	}
	atexit(tell_seed);
	run(y, seed, days);
	free(y);
	return 0;
}
