#include <string.h>

#include "ledger/ledger_view.h"
#include "ledger/status.h"
#include "unit/ledger/case_fixture.h"

static void subscribe(struct exchange *x, const char *who, bool active)
{
	exchange_say(x, who, "worker-1", "StatusSubscription", (struct tc_id){{0}},
		     active ? "{\"active\":true}" : "{\"active\":false}");
}

/* How many changes an agency was told of, and the latest. */
static size_t changes(struct exchange *x, const char *who, struct status *ret_last)
{
	struct ledger_view *view;
	struct status status = {0};
	tc_agency name = {{0}};
	uint32_t number;
	uint64_t next;
	size_t count = 0;

	snprintf(name.name, sizeof(name.name), "%s", who);
	assert_int_equal(ledger_commit(x->ledger), 0);
	assert_int_equal(ledger_view_open(&view, x->ledger), 0);
	assert_int_equal(ledger_view_renew(view, &next), 0);
	assert_int_equal(ledger_view_number(view, &name, &number), 0);
	while (status_next(ledger_view_txn(view), ledger_view_table(view, LEDGER_TABLE_STATUS),
			   number, status.sequence, status.index, &status) == 0)
		count++;
	ledger_view_close(&view);
	*ret_last = status;
	return count;
}

static void each_side_is_told_of_a_change_when_it_may_know_of_it(void **state)
{
	struct exchange *x = *state;
	struct message referral = case_referral(x);
	struct status last;

	exchange_send(x, &referral);
	assert_int_equal(changes(x, "parole", &last), 1);
	assert_int_equal(changes(x, "treatment", &last), 0); /* it has not been shown */
	collector(x, "treatment", 10);
	assert_int_equal(changes(x, "treatment", &last), 1);
	case_respond(x, &referral, "RECEIVED");
	assert_int_equal(changes(x, "treatment", &last), 2);
	assert_int_equal(changes(x, "parole", &last), 1); /* the answer waits for it */
	collector(x, "parole", 10);
	assert_int_equal(changes(x, "parole", &last), 2);
	assert_int_equal(last.version, 2);
	assert_true(tc_id_equal(last.referral, referral.referral));
}

static void whoever_subscribed_hears_each_change_once_and_in_one_kind_of_message(void **state)
{
	Throughcare__V1__ReferralStatusNotice *notice;
	struct exchange *x = *state;
	struct message referral = case_referral(x);

	collector(x, "treatment", 10);
	collector(x, "parole", 10);
	subscribe(x, "parole", true);
	assert_string_equal(exchange_answer(x), "accepted");
	exchange_send(x, &referral);
	assert_int_equal(exchange_own(x, "ReferralStatusNotice"), 1); /* treatment did not ask */
	case_respond(x, &referral, "RECEIVED");
	assert_int_equal(exchange_own(x, "ReferralStatusNotice"), 1);
	notice = (Throughcare__V1__ReferralStatusNotice *)case_own(x, "ReferralStatusNotice", 0);
	assert_string_equal(notice->from_state, "REQUESTED");
	assert_string_equal(notice->to_state, "RECEIVED");
	assert_string_equal(notice->by, "treatment");
	assert_string_equal(notice->next_move, "treatment");
	assert_int_equal(notice->version, 2);
	assert_non_null(notice->due_at);
	throughcare__v1__referral_status_notice__free_unpacked(notice, NULL);
	subscribe(x, "parole", false);
	case_respond(x, &referral, "ACCEPTED");
	assert_int_equal(exchange_own(x, "ReferralStatusNotice"), 0);
}

static void what_waits_unread_tells_its_recipient_nothing(void **state)
{
	struct exchange *x = *state;
	struct message referral = case_referral(x);

	collector(x, "treatment", 10);
	subscribe(x, "parole", true);
	subscribe(x, "treatment", true);
	exchange_send(x, &referral);
	case_respond(x, &referral, "RECEIVED");
	case_respond(x, &referral, "WAITLISTED");
	collector(x, "parole", 10);
	/* of its own Referral and of the first answer: the second one comes after that */
	assert_int_equal(exchange_own(x, "ReferralStatusNotice"), 2);
}

static void a_notice_names_the_state_that_its_recipient_was_told_before(void **state)
{
	Throughcare__V1__ReferralStatusNotice *notice;
	struct exchange *x = *state;
	struct message referral = case_referral(x);

	collector(x, "treatment", 40);
	uint64_t parole = collector(x, "parole", 40);
	subscribe(x, "parole", true);
	exchange_send(x, &referral);
	case_respond(x, &referral, "RECEIVED");
	exchange_settle(x, parole, delivered(x),
			THROUGHCARE__V1__SETTLEMENT_KIND__SETTLEMENT_KIND_ACK, 0);
	case_respond(x, &referral, "ACCEPTED");
	assert_int_equal(exchange_own(x, "ReferralStatusNotice"), 1);
	notice = (Throughcare__V1__ReferralStatusNotice *)case_own(x, "ReferralStatusNotice", 0);
	assert_string_equal(notice->from_state, "RECEIVED");
	assert_string_equal(notice->to_state, "ACCEPTED");
	throughcare__v1__referral_status_notice__free_unpacked(notice, NULL);
}

/* Treatment accepts in words that wait for a consent; then parole withdraws. */
static void what_was_withheld_does_not_show_in_what_was_before(void **state)
{
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	Throughcare__V1__ReferralStatusNotice *notice;
	struct exchange *x = *state;
	struct message referral = case_referral(x), message;
	uint64_t parole;

	collector(x, "treatment", 40);
	parole = collector(x, "parole", 40);
	subscribe(x, "parole", true);
	exchange_send(x, &referral);
	case_respond(x, &referral, "RECEIVED");
	exchange_settle(x, parole, delivered(x), ACK, 0);
	message = case_message(x, &referral, "treatment", "ReferralResponse", &claim);
	claim.status = (char *)(uintptr_t) "ACCEPTED";
	claim.worker = (char *)(uintptr_t) "worker-7";
	message.category = ATTENDANCE;
	message.legal = 0;
	exchange_send(x, &message);
	assert_int_equal(exchange_facts(x, "held"), 1);
	claim.status = NULL;
	claim.reason_code = (char *)(uintptr_t) "moved";
	message = case_message(x, &referral, "parole", "ReferralCancel", &claim);
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "accepted");
	notice = (Throughcare__V1__ReferralStatusNotice *)case_own(x, "ReferralStatusNotice", 0);
	assert_string_equal(notice->from_state, "RECEIVED");
	throughcare__v1__referral_status_notice__free_unpacked(notice, NULL);
}

static void only_agencies_subscribe(void **state)
{
	struct exchange *x = *state;

	subscribe(x, "operator", true);
	assert_string_equal(exchange_answer(x), "not_permitted");
}

static void a_referral_entered_in_error_is_asked_back_from_whoever_was_shown_it(void **state)
{
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	Throughcare__V1__MisdirectedDisclosure *notice;
	struct exchange *x = *state;
	struct message referral = case_referral(x), unseen = case_referral(x), wrong;
	char id[TC_ID_TEXT_BYTES];
	struct tc_id asked;

	claim.status = (char *)(uintptr_t) "ENTERED_IN_ERROR";
	claim.worker = (char *)(uintptr_t) "chief-2";
	collector(x, "parole", 10);
	exchange_send(x, &unseen);
	wrong = case_message(x, &unseen, "parole", "ReferralResponse", &claim);
	exchange_send(x, &wrong);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(exchange_facts(x, "misdirected"), 0);
	collector(x, "treatment", 10);
	exchange_send(x, &referral);
	wrong = case_message(x, &referral, "parole", "ReferralResponse", &claim);
	exchange_send(x, &wrong);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(exchange_facts(x, "misdirected"), 1);
	notice = (Throughcare__V1__MisdirectedDisclosure *)case_own(x, "MisdirectedDisclosure", 0);
	assert_non_null(notice);
	tc_id_format(referral.id, id);
	assert_string_equal(notice->message_ids[0], id);
	assert_string_equal(notice->reason_code, "entered_in_error");
	throughcare__v1__misdirected_disclosure__free_unpacked(notice, NULL);
	asked = case_own_id(x, "MisdirectedDisclosure", 0);
	exchange_reply(x, "treatment", asked, "clerk-3", "destroyed");
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(exchange_evidence(x, EVIDENCE(ACKNOWLEDGED)), 1); /* to parole */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_side_is_told_of_a_change_when_it_may_know_of_it),
		TEST(whoever_subscribed_hears_each_change_once_and_in_one_kind_of_message),
		TEST(what_waits_unread_tells_its_recipient_nothing),
		TEST(a_notice_names_the_state_that_its_recipient_was_told_before),
		TEST(what_was_withheld_does_not_show_in_what_was_before),
		TEST(only_agencies_subscribe),
		TEST(a_referral_entered_in_error_is_asked_back_from_whoever_was_shown_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
