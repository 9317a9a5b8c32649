#include "unit/ledger/ledger_fixture.h"

#include <string.h>

#include "ledger/ledger_view.h"

#define EMERGENCY THROUGHCARE__V1__LEGAL_BASIS__LEGAL_BASIS_MEDICAL_EMERGENCY
#define HOUR_MS   (3600LL * 1000)
#define REVIEW_MS (72 * HOUR_MS)

/* From parole to treatment, where a life is at stake. */
static struct message emergency(struct exchange *x)
{
	struct message message = contact(x);

	message.category = DRUG_TEST;
	message.type = "DrugTestResult";
	message.legal = EMERGENCY;
	message.actor = "nurse-1";
	return message;
}

static void an_emergency_is_released_at_once_and_must_be_reviewed(void **state)
{
	struct exchange *x = *state;
	struct message message = emergency(x);

	collector(x, "treatment", 10);
	collector(x, "parole", 10);
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
	assert_int_equal(exchange_facts(x, "break_glass"), 1);
	assert_int_equal(exchange_own(x, "ReviewNotice"), 1);
	exchange_review(x, "parole", message.id, "chief-2", "JUSTIFIED");
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(exchange_facts(x, "break_glass_reviewed"), 1);
	exchange_tick(x, x->now_ms + REVIEW_MS);
	assert_int_equal(exchange_facts(x, "break_glass_overdue"), 0);
}

static void what_nobody_reviews_is_overdue_and_told_again(void **state)
{
	struct exchange *x = *state;
	struct message message = emergency(x);

	collector(x, "treatment", 10);
	collector(x, "parole", 10);
	exchange_send(x, &message);
	exchange_tick(x, x->now_ms + REVIEW_MS - 1);
	assert_int_equal(exchange_facts(x, "break_glass_overdue"), 0);
	exchange_tick(x, x->now_ms + 1);
	assert_int_equal(exchange_facts(x, "break_glass_overdue"), 1);
	assert_int_equal(exchange_own(x, "ReviewNotice"), 1);
	exchange_review(x, "parole", message.id, "chief-2", "NOT_JUSTIFIED"); /* late, but done */
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(exchange_facts(x, "break_glass_reviewed"), 1);
}

static void nobody_reviews_his_own_release(void **state)
{
	struct exchange *x = *state;
	struct message message = emergency(x);

	collector(x, "treatment", 10);
	exchange_send(x, &message);
	exchange_review(x, "parole", message.id, "nurse-1", "JUSTIFIED");
	assert_string_equal(exchange_answer(x), "review_self");
	exchange_review(x, "parole", message.id, NULL, "JUSTIFIED");
	assert_string_equal(exchange_answer(x), "review_self");
}

static void another_spelling_of_the_same_id_is_no_other_person(void **state)
{
	static const char *const spellings[] = {"NURSE-1", "nurse-1 ", " Nurse-1", "nurse-1\t"};
	struct exchange *x = *state;
	struct message message = emergency(x), unnamed = emergency(x);

	collector(x, "treatment", 10);
	exchange_send(x, &message);
	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		exchange_review(x, "parole", message.id, spellings[i], "JUSTIFIED");
		assert_string_equal(exchange_answer(x), "review_self");
	}
	exchange_review(x, "parole", message.id, " ", "JUSTIFIED");
	assert_string_equal(exchange_answer(x), "review_self");
	exchange_review(x, "parole", message.id, "nurse-12", "JUSTIFIED");
	assert_string_equal(exchange_answer(x), "accepted");
	unnamed.actor = "  ";
	exchange_send(x, &unnamed);
	assert_string_equal(exchange_answer(x), "field_missing");
}

static void only_an_open_review_of_ones_own_agency_is_known(void **state)
{
	struct exchange *x = *state;
	struct message message = emergency(x), ordinary = contact(x);

	exchange_send(x, &message);
	exchange_send(x, &ordinary);
	exchange_review(x, "parole", message.id, "chief-2", "JUSTIFIED"); /* nobody has it yet */
	assert_string_equal(exchange_answer(x), "unknown_review");
	collector(x, "treatment", 10);
	exchange_review(x, "court", message.id, "clerk-1", "JUSTIFIED");
	assert_string_equal(exchange_answer(x), "unknown_review");
	exchange_review(x, "parole", ordinary.id, "chief-2", "JUSTIFIED");
	assert_string_equal(exchange_answer(x), "unknown_review");
	exchange_review(x, "parole", message.id, "chief-2", "JUSTIFIED");
	assert_string_equal(exchange_answer(x), "accepted");
	exchange_review(x, "parole", message.id, "chief-3", "NOT_JUSTIFIED");
	assert_string_equal(exchange_answer(x), "unknown_review"); /* it is done */
}

static void reviews_are_listed_page_by_page(void **state)
{
	struct exchange *x = *state;
	struct message first = emergency(x), second = emergency(x), unseen = emergency(x);
	const tc_agency parole = {"parole"}, court = {"court"};
	struct ledger_view *view;
	struct review found[2];
	uint64_t next;
	size_t count;
	bool more;

	collector(x, "treatment", 2);
	exchange_send(x, &first);
	exchange_send(x, &second);
	exchange_send(x, &unseen);
	exchange_review(x, "parole", first.id, "chief-2", "JUSTIFIED");
	assert_int_equal(ledger_commit(x->ledger), 0);
	assert_int_equal(ledger_view_open(&view, x->ledger), 0);
	assert_int_equal(ledger_view_renew(view, &next), 0);
	assert_int_equal(ledger_view_reviews(view, &parole, false, 0, found, 1, &count, &more), 0);
	assert_int_equal(count, 1);
	assert_true(more);
	assert_string_equal(review_status_name(found[0].status), "justified");
	assert_string_equal(found[0].reviewer, "chief-2");
	assert_int_equal(
		ledger_view_reviews(view, NULL, false, found[0].sequence, found, 2, &count, &more),
		0);
	assert_int_equal(count, 1);
	assert_false(more);
	assert_true(tc_id_equal(found[0].message, second.id));
	assert_int_equal(found[0].recipient_count, 1);
	assert_int_equal(ledger_view_reviews(view, NULL, true, 0, found, 2, &count, &more), 0);
	assert_int_equal(count, 1);
	assert_string_equal(review_status_name(found[0].status), "open");
	assert_int_equal(ledger_view_reviews(view, &court, false, 0, found, 2, &count, &more), 0);
	assert_int_equal(count, 0);
	ledger_view_close(&view);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_emergency_is_released_at_once_and_must_be_reviewed),
		TEST(what_nobody_reviews_is_overdue_and_told_again),
		TEST(nobody_reviews_his_own_release),
		TEST(another_spelling_of_the_same_id_is_no_other_person),
		TEST(only_an_open_review_of_ones_own_agency_is_known),
		TEST(reviews_are_listed_page_by_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
