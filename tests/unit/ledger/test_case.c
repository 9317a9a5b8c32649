/* Whose case it is: lists follow the steps, go to somebody else in slices, and are the same after a
 * rebuild. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/case.h"
#include "ledger/state.h"
#include "simulation/exchange.h"
#include "throughcare/v1/referral.pb-c.h"

#define CASES 40

static char *text(const char *from)
{
	return (char *)(uintptr_t)from;
}

/* Of parole's to `to`, about a person of its own; the claim is empty. */
static struct message referral_to(struct exchange *x, const char *to,
				  Throughcare__V1__LifecycleClaim *claim)
{
	struct message message = {
		.from = "parole",
		.to = to,
		.type = "Referral",
		.category = THROUGHCARE__V1__CATEGORY__CATEGORY_REFERRAL_FACT,
		.legal = THROUGHCARE__V1__LEGAL_BASIS__LEGAL_BASIS_NON_PART2_OPERATIONAL,
		.claim = claim};

	throughcare__v1__lifecycle_claim__init(claim);
	message.id = message.referral = exchange_id(x);
	message.subject = exchange_id(x);
	return message;
}

static void send(struct exchange *x, struct message *message)
{
	exchange_send(x, message);
	assert_string_equal(exchange_answer(x), "accepted");
}

/* One more message about the same referral. */
static void say(struct exchange *x, struct message *message, const char *type, const char *status)
{
	message->id = exchange_id(x);
	message->type = type;
	message->claim->officer = NULL;
	message->claim->status = text(status);
	send(x, message);
}

static struct tc_id refer(struct exchange *x, const char *officer)
{
	Throughcare__V1__LifecycleClaim claim;
	struct message message = referral_to(x, "housing", &claim);

	claim.officer = text(officer);
	send(x, &message);
	return message.referral;
}

static const char *assign(struct exchange *x, const char *from, struct tc_id *one, const char *to)
{
	Throughcare__V1__CaseAssignment document = THROUGHCARE__V1__CASE_ASSIGNMENT__INIT;
	Throughcare__V1__Worker worker = THROUGHCARE__V1__WORKER__INIT;
	char id[TC_ID_TEXT_BYTES], *ids[] = {id};

	worker.id = text(to);
	worker.team = text("east");
	document.to = &worker;
	document.from_officer = text(from);
	document.reason_code = text("leave");
	if (one) {
		tc_id_format(*one, id);
		document.referral_ids = ids;
		document.n_referral_ids = 1;
	}
	exchange_submit(x, "parole", "CaseAssignment", (struct tc_id){{0}}, &document.base);
	return exchange_answer(x);
}

static size_t count(struct exchange *x, const char *agency, const char *officer, const char *team)
{
	const struct principal *principal = principal_find(
		x->ledger, THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY, tc_slice_text(agency));
	struct case_list list = {.agency = principal->number, .officer = officer, .team = team};
	struct store_cursor cursor;
	struct case_brief brief;
	struct tc_id id;
	size_t rows = 0;

	assert_int_equal(case_list_walk(x->ledger->txn, x->ledger->table[LEDGER_TABLE_CASELOAD],
					&list, &cursor),
			 0);
	while (case_list_next(&cursor, &id, &brief) == 0)
		rows++;
	store_cursor_done(&cursor);
	return rows;
}

static int open_network(void **state)
{
	static struct exchange x;

	exchange_open(&x);
	exchange_agency(&x, "parole", "PAROLE");
	exchange_agency(&x, "housing", "HOUSING");
	*state = &x;
	return 0;
}

static int close_network(void **state)
{
	exchange_close(*state);
	return 0;
}

static void all_that_an_officer_has_goes_to_another_in_slices(void **state)
{
	uint8_t digest[32], rebuilt[32];
	struct exchange *x = *state;

	exchange_slices(x, 8);
	for (int i = 0; i < CASES; i++)
		refer(x, "w-1");
	assert_int_equal(count(x, "parole", "w-1", NULL), CASES);
	assert_string_equal(assign(x, "w-1", NULL, "w-2"), "accepted");
	assert_true(count(x, "parole", "w-1", NULL) > 0);
	exchange_settle_down(x);
	assert_int_equal(count(x, "parole", "w-1", NULL), 0);
	assert_int_equal(count(x, "parole", "w-2", NULL), CASES);
	assert_int_equal(count(x, "parole", NULL, "east"), CASES);
	assert_int_equal(count(x, "parole", NULL, NULL), CASES);
	exchange_digest(x, digest);
	exchange_rebuild(x, 3, rebuilt);
	assert_memory_equal(digest, rebuilt, sizeof(digest));
}

static void who_had_it_before_stays(void **state)
{
	struct case_assignment had;
	struct exchange *x = *state;
	struct store_table table = x->ledger->table[LEDGER_TABLE_ASSIGNMENT];
	struct tc_id id = refer(x, "w-1");

	assert_string_equal(assign(x, NULL, &id, "w-2"), "accepted");
	assert_int_equal(case_assignment_before(x->ledger->txn, table, id, REFERRAL_SOURCE,
						UINT64_MAX, &had),
			 0);
	assert_string_equal(had.officer, "w-2");
	assert_string_equal(had.reason, "leave");
	assert_int_equal(case_assignment_before(x->ledger->txn, table, id, REFERRAL_SOURCE,
						had.sequence, &had),
			 0);
	assert_string_equal(had.officer, "w-1");
	assert_int_equal(case_assignment_before(x->ledger->txn, table, id, REFERRAL_SOURCE,
						had.sequence, &had),
			 CASE_NONE);
}

static void only_ones_own_side_gives_a_case_away(void **state)
{
	struct exchange *x = *state;
	struct tc_id id;

	exchange_agency(x, "court", "COURT");
	refer(x, "w-1");
	id = exchange_id(x);
	assert_string_equal(assign(x, NULL, &id, "w-2"), "unknown_referral");
	assert_string_equal(assign(x, NULL, NULL, "w-2"), "field_missing");
	assert_string_equal(assign(x, "nobody", NULL, "w-2"), "accepted");
	assert_int_equal(count(x, "parole", "w-1", NULL), 1);
}

/* From parole to itself: two officers of one agency, one at each side. */
static struct message refer_within(struct exchange *x, const char *officer, const char *worker,
				   Throughcare__V1__LifecycleClaim *claim)
{
	struct message message = referral_to(x, "parole", claim);

	exchange_collect(x, exchange_logon(x, "parole"), 50, 30000);
	claim->officer = text(officer);
	send(x, &message);
	claim->worker = text(worker);
	say(x, &message, "ReferralResponse", "RECEIVED");
	return message;
}

static void an_agency_at_both_sides_has_two_officers(void **state)
{
	struct exchange *x = *state;
	Throughcare__V1__LifecycleClaim claim;
	struct tc_id id = refer_within(x, "w-1", "w-7", &claim).referral;
	struct referral row;

	assert_int_equal(count(x, "parole", "w-1", NULL), 1);
	assert_int_equal(count(x, "parole", "w-7", NULL), 1);
	assert_string_equal(assign(x, "w-7", NULL, "w-8"), "accepted");
	exchange_settle_down(x);
	assert_int_equal(referral_find(x->ledger->txn, &x->ledger->referral, id, &row), 0);
	assert_string_equal(row.side[REFERRAL_SOURCE].officer, "w-1");
	assert_string_equal(row.side[REFERRAL_TARGET].officer, "w-8");
	assert_int_equal(count(x, "parole", "w-7", NULL), 0);
	assert_int_equal(count(x, "parole", "w-8", NULL), 1);
	assert_int_equal(count(x, "parole", "w-1", NULL), 1);
}

static void one_row_of_two_sides_stays_until_both_are_done(void **state)
{
	struct exchange *x = *state;
	Throughcare__V1__LifecycleClaim claim;
	struct message message = refer_within(x, "w-1", "w-1", &claim);

	claim.reason_code = text("no_capacity");
	say(x, &message, "ReferralResponse", "DECLINED");
	assert_int_equal(count(x, "parole", "w-1", NULL), 1); /* to be acknowledged */
	assert_int_equal(count(x, "parole", NULL, NULL), 1);
	say(x, &message, "LoopClosed", "ACCEPTED");
	assert_int_equal(count(x, "parole", "w-1", NULL), 0);
	assert_int_equal(count(x, "parole", NULL, NULL), 0);
}

int main(void)
{
#define CASE_TEST(name) cmocka_unit_test_setup_teardown(name, open_network, close_network)
	const struct CMUnitTest tests[] = {
		CASE_TEST(all_that_an_officer_has_goes_to_another_in_slices),
		CASE_TEST(who_had_it_before_stays),
		CASE_TEST(only_ones_own_side_gives_a_case_away),
		CASE_TEST(an_agency_at_both_sides_has_two_officers),
		CASE_TEST(one_row_of_two_sides_stays_until_both_are_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
