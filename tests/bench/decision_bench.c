/*
 * decision_bench - what a decision costs when there are many persons with many grants each.
 * Prints the median and the 99th percentile in microseconds; asserts no time.
 *
 *   decision_bench [PERSONS [GRANTS [BETWEEN]]]
 *
 * Each person has GRANTS grants, BETWEEN of them from the discloser to the recipient that
 * is asked for, the others to other recipients. Half of the questions name no grant.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "consent/consent_row.h"
#include "consent/decision.h"
#include "scratch.h"
#include "throughcare/v1/envelope.pb-c.h"
#include "throughcare/v1/options.pb-c.h"

#define QUESTIONS      200000
#define COMMIT_ROWS    1000000
#define MAP_BYTES      (UINT64_C(1) << 37)
#define NOW_MS         INT64_C(1796000000000)
#define CATEGORY(name) THROUGHCARE__V1__CATEGORY__CATEGORY_##name
#define PURPOSE(name)  THROUGHCARE__V1__PURPOSE__PURPOSE_##name

#define MUST(condition) ((condition) ? (void)0 : fail(#condition, __LINE__))

static _Noreturn void fail(const char *what, int line)
{
	fprintf(stderr, "decision_bench.c:%d: %s\n", line, what);
	exit(1);
}

struct bench {
	unsigned long persons, grants, between;
	struct store *store;
	struct consent_tables tables;
	struct policy *policy;
};

static uint64_t mix(uint64_t value)
{
	value = (value ^ value >> 31) * UINT64_C(0x7fb5d329728ea185);
	value = (value ^ value >> 27) * UINT64_C(0x81dadef4bc2dd44d);
	return value ^ value >> 33;
}

static struct tc_id person_id(unsigned long number)
{
	struct tc_id id = {{0}};

	tc_put_be64(id.bytes, number + 1);
	tc_put_be64(id.bytes + 8, mix(number));
	return id;
}

static struct tc_id grant_id(struct tc_id person, unsigned long number)
{
	struct tc_id id;

	tc_put_be64(id.bytes, number);
	tc_put_be64(id.bytes + 8, mix(tc_get_be64(person.bytes) * 64 + number));
	return id;
}

static void put_grant(const struct bench *b, struct store_txn *txn, struct tc_id person,
		      unsigned long number)
{
	struct pair_row row = {
		.regime = 1,
		.categories = UINT64_C(1) << CATEGORY(ATTENDANCE) |
			      UINT64_C(1) << CATEGORY(SUD_TREATMENT),
		.purposes = UINT32_C(1) << PURPOSE(SUPERVISION_MONITORING),
		.recorded_ms = NOW_MS - 1000,
		.valid_from_ms = NOW_MS - 2000,
		.expires_ms = GRANT_NEVER,
		.ended_ms = GRANT_NEVER,
		.event_ms = GRANT_NEVER,
		.revoked_ms = GRANT_NEVER,
		.effective_ms = GRANT_NEVER,
	};
	char to[32] = "parole-north";
	struct store_key key;

	if (number >= b->between)
		snprintf(to, sizeof(to), "agency-%02lu", number);
	pair_key(&key, person, tc_slice_text("treatment-south"), tc_slice_text(to));
	pair_key_grant(&key, grant_id(person, number), 1);
	MUST(pair_row_put(txn, &b->tables, &key, &row) == 0);
}

static void fill(const struct bench *b)
{
	struct store_txn *txn;
	unsigned long rows = 0;

	MUST(store_begin(b->store, &txn) == 0);
	for (unsigned long person = 0; person < b->persons; person++) {
		for (unsigned long i = 0; i < b->grants; i++)
			put_grant(b, txn, person_id(person), i);
		rows += b->grants;
		if (rows < COMMIT_ROWS)
			continue;
		MUST(store_commit(&txn) == 0);
		MUST(store_begin(b->store, &txn) == 0);
		rows = 0;
	}
	MUST(store_commit(&txn) == 0);
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Nanoseconds that one decision about a random person took. */
static int64_t ask(const struct bench *b, struct store_txn *txn, uint64_t number)
{
	static const tc_agency from = {"treatment-south"}, to = {"parole-north"};
	const uint8_t categories[] = {CATEGORY(ATTENDANCE), CATEGORY(SUD_TREATMENT)};
	struct decision_request request = {
		.sender = &from,
		.sender_kind = AGENCY_KIND_TREATMENT,
		.recipient = &to,
		.recipient_kind = AGENCY_KIND_PAROLE,
		.subject = person_id(mix(number) % b->persons),
		.purpose = PURPOSE(SUPERVISION_MONITORING),
		.categories = categories,
		.part_count = sizeof(categories),
		.message = true,
		.now_ms = NOW_MS,
	};
	struct decision decision;
	int64_t begun;

	if (number % 2)
		request.grant = grant_id(request.subject, number % b->between);
	begun = now_ns();
	MUST(decision_take(txn, &b->tables, b->policy, &request, &decision) == 0);
	begun = now_ns() - begun;
	MUST(decision.kind == DECISION_PERMIT);
	return begun;
}

static int by_size(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

static void measure(const struct bench *b)
{
	int64_t *spent = calloc(QUESTIONS, sizeof(*spent));
	struct store_txn *txn;

	MUST(spent != NULL);
	MUST(store_read_begin(b->store, &txn) == 0);
	for (uint64_t i = 0; i < QUESTIONS; i++)
		spent[i] = ask(b, txn, i);
	store_abort(&txn);
	qsort(spent, QUESTIONS, sizeof(*spent), by_size);
	printf("%lu persons, %lu grants each, %lu between the two: median %.2f us, p99 %.2f us, "
	       "p99.9 %.2f us\n",
	       b->persons, b->grants, b->between, (double)spent[QUESTIONS / 2] / 1000,
	       (double)spent[QUESTIONS / 100 * 99] / 1000,
	       (double)spent[QUESTIONS / 1000 * 999] / 1000);
	free(spent);
}

int main(int argc, char **argv)
{
	struct bench b = {.persons = argc > 1 ? strtoul(argv[1], NULL, 10) : 20000,
			  .grants = argc > 2 ? strtoul(argv[2], NULL, 10) : 50,
			  .between = argc > 3 ? strtoul(argv[3], NULL, 10) : 10};
	struct store_options options = {.map_bytes = MAP_BYTES,
					.sync = STORE_SYNC_LAZY,
					.tables_max = CONSENT_TABLES_COUNT};
	struct tc_refusal refusal = {0};
	char folder[PATH_MAX], path[PATH_MAX + 8];

	if (b.persons < 1 || b.between < 1 || b.between > b.grants || b.grants > 64)
		return 2;
	scratch_make(folder);
	snprintf(path, sizeof(path), "%s/store", folder);
	options.path = path;
	MUST(store_open(&options, &b.store) == 0);
	MUST(consent_tables_open(b.store, &b.tables) == 0);
	MUST(policy_compile(policy_default(), &b.policy, &refusal) == 0);
	fill(&b);
	measure(&b);
	policy_free(&b.policy);
	store_close(&b.store);
	scratch_remove(folder);
	return 0;
}
