/* The made-up persons of decision_bench, against the engine, and the gauge that it counts with. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/decision_gauge.h"
#include "daemon/decision_person.h"
#include "scratch.h"

#define GRANTS  50
#define PERSONS 8

struct fixture {
	char folder[PATH_MAX], path[PATH_MAX + 8];
	struct store *store;
	struct store_txn *txn;
	struct consent_tables tables;
	struct policy *policy;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct store_options options = {.map_bytes = 64 * 1024 * 1024,
					.sync = STORE_SYNC_LAZY,
					.tables_max = CONSENT_TABLES_COUNT};
	struct tc_refusal refusal;

	assert_non_null(f);
	scratch_make(f->folder);
	snprintf(f->path, sizeof(f->path), "%s/store", f->folder);
	options.path = f->path;
	assert_int_equal(store_open(&options, &f->store), 0);
	assert_int_equal(consent_tables_open(f->store, &f->tables), 0);
	assert_int_equal(store_begin(f->store, &f->txn), 0);
	assert_int_equal(policy_compile(policy_default(), &f->policy, &refusal), 0);
	for (uint64_t person = 0; person < PERSONS; person++)
		assert_int_equal(
			decision_person_record(f->txn, &f->tables, f->policy, person, GRANTS), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	policy_free(&f->policy);
	store_abort(&f->txn);
	store_close(&f->store);
	scratch_remove(f->folder);
	free(f);
	return 0;
}

static void the_engine_takes_every_document(void **state)
{
	struct fixture *f = *state;
	uint64_t grants, documents;

	assert_int_equal(store_count(f->txn, f->tables.grants, &grants), 0);
	assert_int_equal(store_count(f->txn, f->tables.consents, &documents), 0);
	assert_int_equal(grants, PERSONS * GRANTS);
	assert_int_equal(documents, PERSONS * GRANTS / 10);
}

static void of_one_pair_every_grant_stands_between_the_two_asked_about(void **state)
{
	struct fixture *f = *state;
	struct decision_question question;
	uint64_t sequence = 0, before, after, over_before, over_after;

	assert_int_equal(store_count(f->txn, f->tables.pairs, &before), 0);
	assert_int_equal(store_count(f->txn, f->tables.over, &over_before), 0);
	assert_int_equal(decision_person_record(f->txn, &f->tables, f->policy, PERSONS + 1, GRANTS),
			 0);
	assert_int_equal(store_count(f->txn, f->tables.pairs, &after), 0);
	assert_int_equal(store_count(f->txn, f->tables.over, &over_after), 0);
	assert_int_equal(after - before + over_after - over_before, GRANTS);
	assert_int_not_equal(over_after, over_before); /* some of them are revoked */
	for (int i = 0; i < 100; i++) {
		decision_person_ask(PERSONS + 1, GRANTS, &sequence, &question);
		assert_int_equal(question.request.sender_kind, AGENCY_KIND_TREATMENT);
		assert_int_equal(question.request.recipient_kind, AGENCY_KIND_PAROLE);
	}
}

static void questions_meet_every_kind_of_answer(void **state)
{
	struct fixture *f = *state;
	unsigned kinds[DECISION_SHAPES][DECISION_DENY + 1] = {{0}};
	unsigned codes[TC_REFUSAL_COUNT] = {0};
	uint64_t sequence = 0;

	for (uint64_t i = 0; i < 20000; i++) {
		struct decision_question question;
		struct decision decision;

		decision_person_ask(i % PERSONS, GRANTS, &sequence, &question);
		assert_int_equal(
			decision_take(f->txn, &f->tables, f->policy, &question.request, &decision),
			0);
		kinds[decision_person_shape(i % PERSONS)][decision.kind]++;
		codes[decision.code]++;
	}
	for (unsigned shape = 0; shape < DECISION_SHAPES; shape++)
		for (unsigned kind = DECISION_PERMIT; kind <= DECISION_DENY; kind++)
			assert_true(kinds[shape][kind] > 0);
	assert_true(codes[TC_REFUSAL_CONSENT_MISSING] > 0);
	assert_true(codes[TC_REFUSAL_CONSENT_REVOKED] > 0);
	assert_true(codes[TC_REFUSAL_CONSENT_EXPIRED] > 0);
	assert_true(codes[TC_REFUSAL_BASIS_INSUFFICIENT] > 0);
}

static void a_gauge_tells_shares_within_a_64th(void **state)
{
	static struct decision_gauge low, high;

	(void)state;
	for (uint64_t ns = 1; ns <= 10000; ns++)
		decision_gauge_add(ns <= 5000 ? &low : &high, ns);
	assert_in_range(decision_gauge_ns(&low, 1000), 5000 - 5000 / 64, 5000 + 5000 / 64);
	decision_gauge_merge(&low, &high);
	assert_int_equal(low.total, 10000);
	assert_int_equal(low.most_ns, 10000);
	assert_in_range(decision_gauge_ns(&low, 500), 5000 - 5000 / 64, 5000 + 5000 / 64);
	assert_in_range(decision_gauge_ns(&low, 990), 9900 - 9900 / 64, 9900 + 9900 / 64);
	decision_gauge_add(&low, UINT64_MAX);
	assert_int_equal(low.total, 10001);
}

static void an_empty_gauge_tells_nothing(void **state)
{
	static const struct decision_gauge empty;

	(void)state;
	assert_int_equal(decision_gauge_ns(&empty, 990), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_engine_takes_every_document, setup, teardown),
		cmocka_unit_test_setup_teardown(
			of_one_pair_every_grant_stands_between_the_two_asked_about, setup,
			teardown),
		cmocka_unit_test_setup_teardown(questions_meet_every_kind_of_answer, setup,
						teardown),
		cmocka_unit_test(a_gauge_tells_shares_within_a_64th),
		cmocka_unit_test(an_empty_gauge_tells_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
