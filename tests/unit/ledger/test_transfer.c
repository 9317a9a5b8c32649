/* Supervision goes to another agency: which referrals go along, and what each agency sees then. */
#include "unit/ledger/case_fixture.h"

#include <string.h>

#include "ledger/case.h"
#include "ledger/ledger_view.h"
#include "ledger/state.h"
#include "ledger/status.h"
#include "referral/referral_former.h"

#define CONDITIONS THROUGHCARE__V1__CATEGORY__CATEGORY_SUPERVISION_CONDITIONS

static char *text(const char *text)
{
	return (char *)(uintptr_t)text;
}

static struct message transfer(struct exchange *x, struct tc_id subject, const char *to,
			       Throughcare__V1__LifecycleClaim *claim)
{
	struct message message = contact(x);

	throughcare__v1__lifecycle_claim__init(claim);
	claim->status = text("TRANSFER");
	claim->to_agency = text(to);
	claim->officer = text("officer-b");
	claim->team = text("north");
	message.also = "county";
	message.subject = subject;
	message.claim = claim;
	return message;
}

/* From parole to county; treatment is told of it, too. */
static const char *transferred(struct exchange *x, struct tc_id subject, uint32_t legal)
{
	Throughcare__V1__LifecycleClaim claim;
	struct message message = transfer(x, subject, "county", &claim);

	message.legal = legal;
	message.category = legal == 0 ? CONDITIONS : message.category;
	exchange_send(x, &message);
	return exchange_answer(x);
}

static struct referral row_of(struct exchange *x, struct tc_id id)
{
	struct referral referral;

	assert_int_equal(referral_find(x->ledger->txn, &x->ledger->referral, id, &referral), 0);
	return referral;
}

/* How many an agency lists as open, and has in the lists of its officers. */
static size_t listed(struct exchange *x, const char *name)
{
	const struct principal *principal = principal_find(
		x->ledger, THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY, tc_slice_text(name));
	struct referral_filter filter = {.agency = &principal->name, .open_only = true};
	struct case_list list = {.agency = principal->number};
	struct store_cursor cursor;
	struct case_brief brief;
	struct referral page[4];
	size_t count, cases = 0;
	struct tc_id id;
	bool more;

	assert_int_equal(referral_list(x->ledger->txn, &x->ledger->referral, &filter, page, 4,
				       &count, &more),
			 0);
	assert_int_equal(case_list_walk(x->ledger->txn, x->ledger->table[LEDGER_TABLE_CASELOAD],
					&list, &cursor),
			 0);
	while (case_list_next(&cursor, &id, &brief) == 0)
		cases++;
	store_cursor_done(&cursor);
	assert_int_equal(count, cases);
	return count;
}

static struct message opened(struct exchange *x)
{
	struct message referral = case_referral(x);

	exchange_agency(x, "county", "PROBATION");
	collector(x, "treatment", 100);
	exchange_send(x, &referral);
	return referral;
}

static void the_new_agency_is_the_source_when_it_and_the_target_have_been_told(void **state)
{
	struct exchange *x = *state;
	struct message referral = opened(x);
	struct referral row;

	assert_string_equal(transferred(x, referral.subject, OPERATIONAL), "accepted");
	assert_string_equal(row_of(x, referral.referral).source.name, "parole");
	collector(x, "county", 10);
	row = row_of(x, referral.referral);
	assert_string_equal(row.source.name, "county");
	assert_string_equal(row.side[REFERRAL_SOURCE].officer, "officer-b");
	assert_string_equal(row.side[REFERRAL_SOURCE].team, "north");
	assert_int_equal(row.side[REFERRAL_SOURCE].told, row.version);
	assert_int_equal(exchange_facts(x, "transfer"), 1);
	assert_int_equal(listed(x, "county"), 1);
	assert_int_equal(listed(x, "parole"), 0);
}

static void the_former_agency_is_a_stranger_to_it(void **state)
{
	struct exchange *x = *state;
	struct message referral = opened(x);
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct message message;

	collector(x, "county", 10);
	transferred(x, referral.subject, OPERATIONAL);
	claim.reason_code = text("moved");
	message = case_message(x, &referral, "parole", "ReferralCancel", &claim);
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "unknown_referral");
	message.from = "county";
	message.id = exchange_id(x);
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(row_of(x, referral.referral).state, REFERRAL_CANCELLED);
}

static void what_is_still_written_to_the_former_agency_goes_to_the_new_one(void **state)
{
	struct exchange *x = *state;
	struct message referral = opened(x);
	Throughcare__V1__Receipt *receipt;

	collector(x, "parole", 10);
	collector(x, "county", 10);
	transferred(x, referral.subject, OPERATIONAL);
	case_respond(x, &referral, "RECEIVED"); /* addressed to parole */
	receipt = exchange_receipt(x);
	assert_string_equal(receipt->dispositions[0]->recipient, "county");
	throughcare__v1__receipt__free_unpacked(receipt, NULL);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
	assert_int_equal(row_of(x, referral.referral).side[REFERRAL_SOURCE].told, 2);
}

static void what_waits_for_the_former_agency_goes_to_the_new_one(void **state)
{
	struct exchange *x = *state;
	struct message referral = opened(x);

	case_respond(x, &referral, "RECEIVED");
	collector(x, "county", 10);
	x->keep = true;
	exchange_clear(x);
	transferred(x, referral.subject, OPERATIONAL);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 3); /* two of the event, and this */
	assert_int_equal(row_of(x, referral.referral).side[REFERRAL_SOURCE].told, 2);
	exchange_clear(x);
	collector(x, "parole", 10);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
}

static void news_of(struct exchange *x, const struct message *referral, int count)
{
	for (int i = 0; i < count; i++) {
		struct message news = contact(x);

		news.from = "treatment";
		news.to = "parole";
		news.subject = referral->subject;
		news.referral = referral->referral;
		exchange_send(x, &news);
		assert_string_equal(exchange_answer(x), "accepted");
	}
}

static void much_that_waits_goes_on_in_slices(void **state)
{
	struct exchange *x = *state;
	uint8_t digest[32], rebuilt[32];
	struct message referral;
	size_t first;

	exchange_slices(x, 4);
	referral = opened(x);
	case_respond(x, &referral, "RECEIVED");
	news_of(x, &referral, 20);
	collector(x, "county", 50);
	x->keep = true;
	exchange_clear(x);
	transferred(x, referral.subject, OPERATIONAL);
	assert_true(x->ledger->job_count > 0);
	first = exchange_facts(x, "recall");
	assert_true(first < 10);
	exchange_settle_down(x);
	assert_int_equal(x->ledger->job_count, 0);
	assert_int_equal(first + exchange_facts(x, "recall"), 21);
	exchange_clear(x);
	collector(x, "parole", 50);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
	exchange_digest(x, digest);
	exchange_rebuild(x, 3, rebuilt);
	assert_memory_equal(digest, rebuilt, sizeof(digest));
}

/* How many messages about it wait in an agency's lane: each was sent after those before it. */
static size_t in_order(struct exchange *x, const char *name, struct tc_id referral)
{
	const struct principal *agency = principal_find(
		x->ledger, THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY, tc_slice_text(name));
	struct store_cursor cursor;
	struct store_key lane;
	struct tc_slice value;
	uint64_t last = 0;
	size_t count = 0;

	store_key_init(&lane);
	store_key_u32(&lane, agency->number);
	store_key_id(&lane, referral);
	assert_int_equal(store_cursor_init(&cursor, x->ledger->txn,
					   x->ledger->table[LEDGER_TABLE_LANE],
					   store_key_slice(&lane), STORE_FORWARD),
			 0);
	for (; store_cursor_next(&cursor, NULL, &value) == 0; count++) {
		struct delivery delivery;

		assert_int_equal(delivery_find(x->ledger, tc_get_be64(value.data), &delivery), 0);
		assert_true(delivery.sequence > last);
		last = delivery.sequence;
	}
	store_cursor_done(&cursor);
	return count;
}

static void what_is_said_meanwhile_does_not_overtake_what_goes_on(void **state)
{
	struct exchange *x = *state;
	struct message referral;

	exchange_slices(x, 4);
	referral = opened(x);
	case_respond(x, &referral, "RECEIVED");
	news_of(x, &referral, 20);
	collector(x, "county", 50);
	transferred(x, referral.subject, OPERATIONAL);
	assert_true(x->ledger->job_count > 0);
	news_of(x, &referral, 2); /* to county from now on */
	exchange_settle_down(x);
	assert_int_equal(x->ledger->job_count, 0);
	news_of(x, &referral, 1);
	assert_int_equal(in_order(x, "county", referral.referral), 24);
}

static void the_former_agency_collects_nothing_of_it_meanwhile(void **state)
{
	struct exchange *x = *state;
	struct message referral;

	exchange_slices(x, 4);
	referral = opened(x);
	case_respond(x, &referral, "RECEIVED");
	news_of(x, &referral, 20);
	collector(x, "county", 50);
	transferred(x, referral.subject, OPERATIONAL);
	assert_true(x->ledger->job_count > 0);
	collector(x, "parole", 50);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
	exchange_settle_down(x);
	assert_int_equal(in_order(x, "county", referral.referral), 21);
}

static void a_referral_that_the_target_is_not_told_of_stays_with_a_task(void **state)
{
	struct exchange *x = *state;
	struct message referral = opened(x);
	Throughcare__V1__LifecycleClaim claim;
	struct message message = transfer(x, referral.subject, "county", &claim);

	collector(x, "county", 10);
	message.to = "county";
	message.also = NULL;
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(exchange_facts(x, "task"), 1);
	assert_string_equal(row_of(x, referral.referral).source.name, "parole");
}

static struct consent allowed(struct exchange *x, struct tc_id subject, const char *to,
			      const char *category)
{
	struct consent given = grant(x, subject);

	given.from = "parole";
	given.to = to;
	given.category = category;
	exchange_consent(x, &given);
	return given;
}

static void no_referral_goes_to_an_agency_that_may_not_know_of_it(void **state)
{
	struct exchange *x = *state;
	struct message referral = opened(x);

	collector(x, "county", 10);
	allowed(x, referral.subject, "county", "SUPERVISION_CONDITIONS");
	allowed(x, referral.subject, "treatment", "SUPERVISION_CONDITIONS");
	assert_string_equal(transferred(x, referral.subject, 0), "accepted");
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 2);
	assert_int_equal(exchange_facts(x, "task"), 1);
	assert_string_equal(row_of(x, referral.referral).source.name, "parole");
	allowed(x, referral.subject, "county", "REFERRAL_FACT");
	assert_string_equal(transferred(x, referral.subject, 0), "accepted");
	assert_string_equal(row_of(x, referral.referral).source.name, "county");
}

static void a_transfer_back_leaves_nobody_out(void **state)
{
	struct exchange *x = *state;
	struct message referral = opened(x);
	Throughcare__V1__LifecycleClaim claim;
	struct message back = transfer(x, referral.subject, "parole", &claim);

	collector(x, "county", 10);
	collector(x, "parole", 10);
	transferred(x, referral.subject, OPERATIONAL);
	back.from = "county";
	back.also = "parole";
	exchange_send(x, &back);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_string_equal(row_of(x, referral.referral).source.name, "parole");
	assert_int_equal(listed(x, "county"), 0);
	case_respond(x, &referral, "RECEIVED");
	assert_int_equal(row_of(x, referral.referral).side[REFERRAL_SOURCE].told, 2);
}

static void close_loop(struct exchange *x, const struct message *referral)
{
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct message message = case_message(x, referral, "parole", "LoopClosed", &claim);

	claim.status = text("ACCEPTED");
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "accepted");
}

static void decline(struct exchange *x, const struct message *referral)
{
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct message message;

	case_respond(x, referral, "RECEIVED");
	message = case_message(x, referral, "treatment", "ReferralResponse", &claim);
	claim.status = text("DECLINED");
	claim.reason_code = text("no_capacity");
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "accepted");
}

static void an_end_that_nobody_acknowledged_goes_along_and_a_closed_loop_stays(void **state)
{
	struct exchange *x = *state;
	struct message ended = opened(x), closed = case_referral(x);

	collector(x, "county", 50);
	collector(x, "parole", 50);
	closed.subject = ended.subject;
	exchange_send(x, &closed);
	decline(x, &ended);
	decline(x, &closed);
	close_loop(x, &closed);
	assert_string_equal(transferred(x, ended.subject, OPERATIONAL), "accepted");
	assert_string_equal(row_of(x, ended.referral).source.name, "county");
	assert_string_equal(row_of(x, closed.referral).source.name, "parole");
	assert_int_equal(exchange_facts(x, "transfer"), 1);
}

/* The n-th change of which county's watch knows. */
static int change_of(struct exchange *x, size_t n, struct status *ret)
{
	uint32_t number = principal_find(x->ledger, THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY,
					 tc_slice_text("county"))
				  ->number;
	int r = 0;

	*ret = (struct status){.sequence = 0};
	for (size_t i = 0; r == 0 && i <= n; i++)
		r = status_next(x->ledger->txn, x->ledger->table[LEDGER_TABLE_STATUS], number,
				ret->sequence, ret->index, ret);
	return r;
}

static void the_transfer_is_the_first_change_that_the_new_source_sees(void **state)
{
	struct exchange *x = *state;
	struct message referral = opened(x);
	Throughcare__V1__StatusSubscription wish = THROUGHCARE__V1__STATUS_SUBSCRIPTION__INIT;
	Throughcare__V1__ReferralStatusNotice *notice;
	struct status change;

	collector(x, "county", 50);
	collector(x, "parole", 50);
	case_respond(x, &referral, "RECEIVED");
	wish.has_active = wish.active = 1;
	exchange_submit(x, "county", "StatusSubscription", (struct tc_id){{0}}, &wish.base);
	assert_int_equal(change_of(x, 0, &change), STATUS_NONE);
	transferred(x, referral.subject, OPERATIONAL);
	assert_int_equal(change_of(x, 0, &change), 0);
	assert_true(tc_id_equal(change.referral, referral.referral));
	assert_int_equal(change.taken_over_ms, x->now_ms);
	assert_int_equal(change.version, 2);
	assert_int_equal(change.before, 0);
	notice = (Throughcare__V1__ReferralStatusNotice *)case_own(x, "ReferralStatusNotice", 0);
	assert_true(notice->taken_over);
	assert_string_equal(notice->to_state, "RECEIVED");
	assert_null(notice->from_state);
	assert_null(notice->message_id);
	throughcare__v1__referral_status_notice__free_unpacked(notice, NULL);
	case_respond(x, &referral, "ACCEPTED");
	assert_int_equal(change_of(x, 1, &change), 0);
	assert_int_equal(change.taken_over_ms, 0);
	assert_int_equal(change.before, 2);
}

static void a_transfer_names_one_of_its_recipients(void **state)
{
	struct exchange *x = *state;
	struct message referral = opened(x);
	Throughcare__V1__LifecycleClaim claim;
	struct message message = transfer(x, referral.subject, NULL, &claim);

	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "field_missing");
	message = transfer(x, referral.subject, "court", &claim);
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "field_invalid");
	message = transfer(x, referral.subject, "parole", &claim);
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "field_invalid");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_new_agency_is_the_source_when_it_and_the_target_have_been_told),
		TEST(the_former_agency_is_a_stranger_to_it),
		TEST(what_is_still_written_to_the_former_agency_goes_to_the_new_one),
		TEST(what_waits_for_the_former_agency_goes_to_the_new_one),
		TEST(much_that_waits_goes_on_in_slices),
		TEST(what_is_said_meanwhile_does_not_overtake_what_goes_on),
		TEST(the_former_agency_collects_nothing_of_it_meanwhile),
		TEST(a_referral_that_the_target_is_not_told_of_stays_with_a_task),
		TEST(no_referral_goes_to_an_agency_that_may_not_know_of_it),
		TEST(a_transfer_back_leaves_nobody_out),
		TEST(an_end_that_nobody_acknowledged_goes_along_and_a_closed_loop_stays),
		TEST(the_transfer_is_the_first_change_that_the_new_source_sees),
		TEST(a_transfer_names_one_of_its_recipients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
