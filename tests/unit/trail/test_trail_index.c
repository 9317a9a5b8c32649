/* What the trail keeps, finds and forgets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/trail/trail_fixture.h"

#define FACTS      4000
#define FOUND_MAX  FACTS
#define TIME_FIRST 1700000000000

static uint64_t found[FOUND_MAX], in_spans[FOUND_MAX];

static void rows_are_found_in_log_order(void **state)
{
	struct trail_fixture *fixture = *state;
	struct trail_question question = trail_question_any();

	for (uint64_t i = 0; i < 300; i++)
		take_one(fixture, &(struct made_fact){
					  .sequence = i, .subject = 1 + i % 2, .agency = "parole"});
	assert_int_equal(trail_index_commit(fixture->index), 0);
	question.subject = made_id(2);
	assert_int_equal(find_all(fixture, &question, found, FOUND_MAX), 150);
	for (uint64_t i = 0; i < 150; i++)
		assert_int_equal(found[i], 2 * i + 1);
	question.subject = made_id(3);
	assert_int_equal(find_all(fixture, &question, found, FOUND_MAX), 0);
}

static void one_record_may_bring_about_many_facts(void **state)
{
	struct trail_fixture *fixture = *state;
	struct trail_question question = trail_question_any();
	struct effects effects = {0};

	for (unsigned i = 0; i < 200; i++)
		push_fact(&effects, &(struct made_fact){.sequence = 7, .message = 1, .subject = i});
	assert_int_equal(trail_index_take(fixture->index, &effects, 8), 0);
	assert_null(effects.first_fact);
	assert_int_equal(trail_index_commit(fixture->index), 0);
	question.message = made_id(1);
	assert_int_equal(find_all(fixture, &question, found, FOUND_MAX), 200);
	question.subject = made_id(150);
	assert_int_equal(find_all(fixture, &question, found, FOUND_MAX), 1);
}

static void what_is_not_committed_is_neither_seen_nor_kept(void **state)
{
	struct trail_fixture *fixture = *state;
	struct trail_question question = trail_question_any();

	take_one(fixture, &(struct made_fact){.sequence = 0, .subject = 1});
	assert_int_equal(trail_index_commit(fixture->index), 0);
	take_one(fixture, &(struct made_fact){.sequence = 1, .subject = 1});
	assert_int_equal(trail_index_next(fixture->index), 2);
	assert_int_equal(trail_index_committed(fixture->index), 1);
	assert_int_equal(find_all(fixture, &question, found, FOUND_MAX), 1);
	trail_fixture_reopen(fixture);
	assert_int_equal(trail_index_next(fixture->index), 1);
	assert_int_equal(find_all(fixture, &question, found, FOUND_MAX), 1);
}

static void replayed_facts_that_it_has_are_dropped(void **state)
{
	struct trail_fixture *fixture = *state;
	struct trail_question question = trail_question_any();
	struct effects effects = {0};

	for (uint64_t i = 0; i < 10; i++)
		take_one(fixture, &(struct made_fact){.sequence = i, .subject = 1});
	assert_int_equal(trail_index_commit(fixture->index), 0);
	trail_fixture_reopen(fixture);
	for (uint64_t i = 5; i < 15; i++)
		push_fact(&effects, &(struct made_fact){.sequence = i, .subject = 1});
	assert_int_equal(trail_index_sink(fixture->index, &effects, 15, true), 0);
	assert_int_equal(find_all(fixture, &question, found, FOUND_MAX), 15);
	for (uint64_t i = 0; i < 15; i++)
		assert_int_equal(found[i], i);
}

static void a_position_without_facts_is_kept(void **state)
{
	struct trail_fixture *fixture = *state;
	struct effects none = {0};

	assert_int_equal(trail_index_sink(fixture->index, &none, 42, true), 0);
	trail_fixture_reopen(fixture);
	assert_int_equal(trail_index_next(fixture->index), 42);
}

static const char *const agencies[] = {"parole-a", "treatment-b", "housing-c", "court-d", NULL};
static const char *const actors[] = {"officer-1", "worker-2", NULL};
static const char *const events[] = {"release", "submission", "denied", "query"};
static const char *const types[] = {"Referral", "AttendanceRecord", NULL};
static const char *const codes[] = {"no_consent", "revoked", NULL};
static const char *const proceedings[] = {"26-1", "26-2", NULL};
/* The same first half, from which the term is made. */
static const char *const certificates[] = {
	"00112233445566778899aabbccddeeff00000000000000000000000000000001",
	"00112233445566778899aabbccddeeff00000000000000000000000000000002", NULL};

#define ANY(list) (list)[(size_t)rand_r(seed) % (sizeof(list) / sizeof((list)[0]))]

/* A log with several facts a record now and then, and times that often stand still. */
static void make_log(struct made_fact *facts, unsigned *seed)
{
	uint64_t sequence = 0;
	int64_t time_ms = TIME_FIRST;

	for (size_t i = 0; i < FACTS; i++) {
		facts[i] = (struct made_fact){
			.sequence = sequence,
			.time_ms = time_ms,
			.subject = (unsigned)rand_r(seed) % 20,
			.referral = (unsigned)rand_r(seed) % 10,
			.message = (unsigned)rand_r(seed) % 300,
			.agency = agencies[rand_r(seed) % 5],
			.recipient = agencies[rand_r(seed) % 5],
			.actor = actors[rand_r(seed) % 3],
			.grant = (unsigned)rand_r(seed) % 30,
			.basis = (unsigned)rand_r(seed) % 30,
			.event = ANY(events),
			.type = ANY(types),
			.code = ANY(codes),
			.proceeding = ANY(proceedings),
			.certificate = ANY(certificates),
		};
		if (rand_r(seed) % 4 != 0) {
			sequence += 1 + (uint64_t)rand_r(seed) % 3;
			time_ms += rand_r(seed) % 3;
		}
	}
}

static void take_log(struct trail_fixture *fixture, const struct made_fact *facts, unsigned *seed)
{
	struct effects effects = {0};

	for (size_t i = 0; i < FACTS; i++) {
		push_fact(&effects, &facts[i]);
		if (i + 1 < FACTS && facts[i + 1].sequence == facts[i].sequence)
			continue;
		if (rand_r(seed) % 50 == 0)
			assert_int_equal(trail_index_sink(fixture->index, &effects,
							  facts[i].sequence + 1,
							  rand_r(seed) % 2 == 0),
					 0);
	}
	assert_int_equal(
		trail_index_sink(fixture->index, &effects, facts[FACTS - 1].sequence + 1, true), 0);
}

static bool same(const char *wanted, const char *has)
{
	return has && strcmp(wanted, has) == 0;
}

static bool answers(const struct trail_question *question, const struct made_fact *fact)
{
	if (!tc_id_is_none(question->subject) &&
	    !tc_id_equal(question->subject, made_id(fact->subject)))
		return false;
	if (!tc_id_is_none(question->referral) &&
	    !tc_id_equal(question->referral, made_id(fact->referral)))
		return false;
	if (!tc_id_is_none(question->message) &&
	    !tc_id_equal(question->message, made_id(fact->message)))
		return false;
	if (question->agency && !same(question->agency, fact->agency) &&
	    !same(question->agency, fact->recipient))
		return false;
	if (!tc_id_is_none(question->grant) &&
	    !tc_id_equal(question->grant, made_id(fact->grant)) &&
	    !tc_id_equal(question->grant, made_id(fact->basis)))
		return false;
	if (question->actor && !same(question->actor, fact->actor))
		return false;
	if (question->certificate && !same(question->certificate, fact->certificate))
		return false;
	if (question->proceeding && !same(question->proceeding, fact->proceeding))
		return false;
	if ((question->event && !same(question->event, fact->event)) ||
	    (question->type && !same(question->type, fact->type)) ||
	    (question->code && !same(question->code, fact->code)))
		return false;
	return fact->time_ms >= question->since_ms && fact->time_ms < question->until_ms &&
	       fact->sequence < question->before;
}

static struct trail_question make_question(unsigned *seed, uint64_t sequences)
{
	struct trail_question question = trail_question_any();

	if (rand_r(seed) % 3 == 0)
		question.subject = made_id((unsigned)rand_r(seed) % 21);
	if (rand_r(seed) % 3 == 0)
		question.referral = made_id((unsigned)rand_r(seed) % 11);
	if (rand_r(seed) % 6 == 0)
		question.message = made_id((unsigned)rand_r(seed) % 301);
	if (rand_r(seed) % 2 == 0)
		question.agency = agencies[rand_r(seed) % 5];
	if (rand_r(seed) % 4 == 0)
		question.actor = actors[rand_r(seed) % 3];
	if (rand_r(seed) % 6 == 0)
		question.grant = made_id((unsigned)rand_r(seed) % 31);
	if (rand_r(seed) % 6 == 0)
		question.event = ANY(events);
	if (rand_r(seed) % 6 == 0)
		question.type = ANY(types);
	if (rand_r(seed) % 6 == 0)
		question.code = ANY(codes);
	if (rand_r(seed) % 6 == 0)
		question.proceeding = ANY(proceedings);
	if (rand_r(seed) % 6 == 0)
		question.certificate = ANY(certificates);
	question.newest_first = rand_r(seed) % 2 == 0;
	if (rand_r(seed) % 3 == 0)
		question.since_ms = TIME_FIRST + rand_r(seed) % FACTS - 10;
	if (rand_r(seed) % 3 == 0)
		question.until_ms = TIME_FIRST + rand_r(seed) % FACTS - 10;
	if (rand_r(seed) % 4 == 0)
		question.before = (uint64_t)rand_r(seed) % sequences;
	return question;
}

struct spans {
	const struct trail_question *question;
	uint64_t first; /* the span begins with this record */
	size_t count;
};

static int take_in_span(void *context, Throughcare__V1__TrailRow *row)
{
	struct spans *spans = context;
	uint64_t away = spans->question->newest_first ? spans->first - row->log_sequence
						      : row->log_sequence - spans->first;

	if (spans->first != UINT64_MAX)
		assert_true(away < spans->question->records);
	assert_true(spans->count < FOUND_MAX);
	in_spans[spans->count++] = row->log_sequence;
	return TRAIL_FOUND_MORE;
}

/* The same search again, so many records at a time. */
static size_t find_in_spans(struct trail_fixture *fixture, struct trail_question question)
{
	struct spans spans = {.question = &question, .first = UINT64_MAX};
	struct trail_view *view;
	bool ended = false;

	assert_int_equal(trail_view_open(fixture->index, &view), 0);
	while (!ended) {
		assert_int_equal(trail_view_find(view, &question, take_in_span, &spans,
						 &question.from, &ended),
				 0);
		question.resumed = true;
		spans.first = question.from.sequence;
	}
	trail_view_close(&view);
	return spans.count;
}

static void a_question_finds_exactly_what_a_scan_finds(void **state)
{
	static struct made_fact facts[FACTS];
	struct trail_fixture *fixture = *state;
	unsigned seed = 20261121;

	make_log(facts, &seed);
	take_log(fixture, facts, &seed);
	for (int round = 0; round < 2000; round++) {
		struct trail_question question =
			make_question(&seed, facts[FACTS - 1].sequence + 2);
		size_t count = find_all(fixture, &question, found, FOUND_MAX);
		size_t at = 0;

		for (size_t i = 0; i < FACTS; i++) {
			const struct made_fact *fact =
				&facts[question.newest_first ? FACTS - 1 - i : i];

			if (!answers(&question, fact))
				continue;
			assert_true(at < count);
			assert_int_equal(found[at], fact->sequence);
			at++;
		}
		assert_int_equal(at, count);
		question.records = 1 + (uint64_t)rand_r(&seed) % 100;
		assert_int_equal(find_in_spans(fixture, question), count);
		assert_memory_equal(in_spans, found, count * sizeof(found[0]));
	}
}

static int find_nothing(void *context, Throughcare__V1__TrailRow *row)
{
	(void)context;
	(void)row;
	fail();
	return TRAIL_FOUND_MORE;
}

static void a_search_for_what_is_nowhere_ends_with_its_records(void **state)
{
	struct trail_fixture *fixture = *state;
	struct trail_question question = trail_question_any();
	struct trail_view *view;
	bool ended;

	for (uint64_t i = 0; i < 100; i++)
		take_one(fixture,
			 &(struct made_fact){.sequence = i,
					     .event = i % 2 == 0 ? "release" : "submission",
					     .code = i % 2 == 0 ? "revoked" : "no_consent"});
	assert_int_equal(trail_index_commit(fixture->index), 0);
	assert_int_equal(trail_view_open(fixture->index, &view), 0);
	question.event = "release";
	question.code = "no_consent";
	question.records = 30;
	for (uint64_t at = 30; at < 100; at += 30) {
		assert_int_equal(trail_view_find(view, &question, find_nothing, NULL,
						 &question.from, &ended),
				 0);
		assert_false(ended);
		assert_int_equal(question.from.sequence, at);
		question.resumed = true;
	}
	assert_int_equal(
		trail_view_find(view, &question, find_nothing, NULL, &question.from, &ended), 0);
	assert_true(ended);
	trail_view_close(&view);
}

struct page {
	size_t left;
	size_t seen;
	bool newest_first;
};

static int count_page(void *context, Throughcare__V1__TrailRow *row)
{
	struct page *page = context;

	if (page->left == 0)
		return TRAIL_FOUND_ENOUGH;
	assert_int_equal(row->log_sequence,
			 3 * (page->newest_first ? 333 - page->seen : page->seen));
	page->left--;
	page->seen++;
	return TRAIL_FOUND_MORE;
}

static void expect_pages(struct trail_view *view, bool newest_first)
{
	struct trail_question question = trail_question_any();
	struct page page = {.newest_first = newest_first};
	bool ended = false;
	int pages = 0;

	question.subject = made_id(1);
	question.newest_first = newest_first;
	for (; !ended; pages++) {
		page.left = 50;
		question.resumed = pages > 0;
		assert_int_equal(
			trail_view_find(view, &question, count_page, &page, &question.from, &ended),
			0);
	}
	assert_int_equal(page.seen, 334);
	assert_int_equal(pages, 7);
}

static void pages_join_without_gap_or_repeat(void **state)
{
	struct trail_fixture *fixture = *state;
	struct trail_view *view;

	for (uint64_t i = 0; i < 1000; i++)
		take_one(fixture, &(struct made_fact){.sequence = i, .subject = 1 + (i % 3 != 0)});
	assert_int_equal(trail_index_commit(fixture->index), 0);
	assert_int_equal(trail_view_open(fixture->index, &view), 0);
	expect_pages(view, false);
	expect_pages(view, true);
	trail_view_close(&view);
}

static void a_view_stays_where_it_is_until_it_is_renewed(void **state)
{
	struct trail_fixture *fixture = *state;
	struct trail_view *view;
	uint64_t next;

	take_one(fixture, &(struct made_fact){.sequence = 0, .subject = 1});
	assert_int_equal(trail_index_commit(fixture->index), 0);
	assert_int_equal(trail_view_open(fixture->index, &view), 0);
	assert_int_equal(trail_view_renew(view, &next), 0);
	assert_int_equal(next, 1);
	take_one(fixture, &(struct made_fact){.sequence = 1, .subject = 1});
	assert_int_equal(trail_index_commit(fixture->index), 0);
	trail_view_reset(view);
	assert_int_equal(trail_view_renew(view, &next), 0);
	assert_int_equal(next, 2);
	trail_view_close(&view);
}

static void equal_logs_give_equal_digests_however_they_came(void **state)
{
	static struct made_fact facts[FACTS];
	struct trail_fixture *fixture = *state;
	uint8_t first[32];
	uint8_t second[32];
	unsigned seed = 7;
	uint64_t next;

	make_log(facts, &seed);
	take_log(fixture, facts, &seed);
	next = trail_index_next(fixture->index);
	assert_int_equal(trail_index_digest(fixture->index, next, first), 0);
	assert_int_equal(trail_index_digest(fixture->index, next + 1, second), TC_EINVAL);
	trail_index_close(&fixture->index);
	assert_int_equal(store_remove(fixture->path), 0);
	trail_fixture_reopen(fixture);
	seed = 8;
	take_log(fixture, facts, &seed);
	assert_int_equal(trail_index_digest(fixture->index, next, second), 0);
	assert_memory_equal(first, second, sizeof(first));
	/* What comes later changes nothing about what was. */
	take_one(fixture, &(struct made_fact){.sequence = next});
	assert_int_equal(trail_index_commit(fixture->index), 0);
	assert_int_equal(trail_index_digest(fixture->index, next, second), 0);
	assert_memory_equal(first, second, sizeof(first));
	assert_int_equal(trail_index_digest(fixture->index, next + 1, second), 0);
	assert_memory_not_equal(first, second, sizeof(first));
}

static void a_full_map_is_a_fault_and_not_a_crash(void **state)
{
	struct trail_fixture *fixture = *state;
	struct trail_index_options options = {.path = fixture->path,
					      .map_bytes = STORE_MAP_BYTES_MIN};
	int r = 0;

	trail_index_close(&fixture->index);
	assert_int_equal(store_remove(fixture->path), 0);
	assert_int_equal(trail_index_open(&options, &fixture->index), 0);
	for (uint64_t i = 0; r == 0 && i < 100000; i++) {
		struct effects effects = {0};

		push_fact(&effects, &(struct made_fact){.sequence = i, .subject = (unsigned)i + 1});
		r = trail_index_sink(fixture->index, &effects, i + 1, i % 100 == 0);
	}
	assert_int_equal(r, TC_EFULL);
}

int main(void)
{
#define TRAIL_TEST(name)                                                                           \
	cmocka_unit_test_setup_teardown(name, trail_fixture_setup, trail_fixture_teardown)
	const struct CMUnitTest tests[] = {
		TRAIL_TEST(rows_are_found_in_log_order),
		TRAIL_TEST(one_record_may_bring_about_many_facts),
		TRAIL_TEST(what_is_not_committed_is_neither_seen_nor_kept),
		TRAIL_TEST(replayed_facts_that_it_has_are_dropped),
		TRAIL_TEST(a_position_without_facts_is_kept),
		TRAIL_TEST(a_question_finds_exactly_what_a_scan_finds),
		TRAIL_TEST(a_search_for_what_is_nowhere_ends_with_its_records),
		TRAIL_TEST(pages_join_without_gap_or_repeat),
		TRAIL_TEST(a_view_stays_where_it_is_until_it_is_renewed),
		TRAIL_TEST(equal_logs_give_equal_digests_however_they_came),
		TRAIL_TEST(a_full_map_is_a_fault_and_not_a_crash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
