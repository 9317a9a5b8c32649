/* What an order does to a consent when it names the message that said it. */
#include "unit/ledger/order_fixture.h"

#include <string.h>

#include "consent/grant.h"
#include "ledger/state.h"

/* Said under an id that the test knows. */
static struct tc_id said(struct exchange *x, const struct consent *consent)
{
	struct tc_id message = exchange_id(x);

	x->next_id = message;
	exchange_consent(x, consent);
	assert_string_equal(exchange_answer(x), "accepted");
	return message;
}

static void ordered(struct exchange *x, const char *kind, struct tc_id message)
{
	struct tc_id id = order_say(x, "court", "judge-1", kind, "message_ids", message);

	order_approve(x, "court", "judge-2", id, true);
	assert_string_equal(exchange_answer(x), "accepted");
}

static const char *status_of(struct exchange *x, struct tc_id id)
{
	struct grant_view view;

	assert_int_equal(grant_find(x->ledger->txn, &x->ledger->consent, id, &view), 0);
	return grant_status_at(&view, x->now_ms);
}

static Throughcare__V1__TrailRow *fact_of(const struct exchange *x, const char *event)
{
	for (const struct fact *fact = x->effects.first_fact; fact; fact = fact->next) {
		Throughcare__V1__TrailRow *row =
			throughcare__v1__trail_row__unpack(NULL, fact->row.len, fact->row.data);

		assert_non_null(row);
		if (strcmp(row->event, event) == 0)
			return row;
		throughcare__v1__trail_row__free_unpacked(row, NULL);
	}
	return NULL;
}

static void an_expunged_consent_permits_nothing_from_the_approval_on(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x), message;
	struct consent consent = grant(x, subject);
	struct message queued = attendance(x, subject), later = attendance(x, subject);

	message = said(x, &consent);
	exchange_send(x, &queued);
	assert_int_equal(exchange_facts(x, "held"), 0);
	ordered(x, "EXPUNGE", message);
	assert_int_equal(exchange_facts(x, "recall"), 1);
	assert_string_equal(status_of(x, consent.grant), "expunged");
	exchange_send(x, &later);
	assert_int_equal(exchange_facts(x, "held"), 1);
	collector(x, "parole", 10);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
	/* As of a revocation: the sender learns what became of its message, and not why. */
	collector(x, "treatment", 10);
	assert_int_equal(exchange_evidence(x, EVIDENCE(RECALLED)), 1);
}

static void that_a_consent_was_expunged_is_hidden_like_its_message(void **state)
{
	struct exchange *x = *state;
	struct consent consent = grant(x, exchange_id(x));
	struct tc_id message = said(x, &consent), none = {{0}};
	Throughcare__V1__TrailRow *row;

	ordered(x, "EXPUNGE", message);
	row = fact_of(x, "grant_ended");
	assert_non_null(row);
	assert_string_equal(row->message_id, order_id_text(message));
	assert_string_equal(row->code, "expunged");
	assert_true(order_hidden(x, none, message, "treatment"));
	throughcare__v1__trail_row__free_unpacked(row, NULL);
}

static void what_somebody_was_told_under_it_ends_with_a_notice(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x), message;
	struct consent consent = grant(x, subject);
	struct message told = attendance(x, subject);
	uint64_t connection = collector(x, "parole", 10);

	message = said(x, &consent);
	exchange_send(x, &told);
	assert_settled(x, connection, delivered(x), ACK, DONE);
	ordered(x, "EXPUNGE", message);
	assert_int_equal(exchange_own(x, "ConsentNotice"), 1);
}

static void only_the_version_that_the_message_said_ends(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x), first, second;
	struct consent consent = grant(x, subject);
	struct message message = attendance(x, subject);

	first = said(x, &consent);
	consent.version = 2;
	second = said(x, &consent);
	ordered(x, "EXPUNGE", first);
	assert_int_equal(exchange_facts(x, "grant_ended"), 0);
	assert_string_equal(status_of(x, consent.grant), "active");
	exchange_send(x, &message);
	assert_int_equal(exchange_facts(x, "held"), 0);
	ordered(x, "EXPUNGE", second);
	assert_int_equal(exchange_facts(x, "recall"), 1);
	assert_string_equal(status_of(x, consent.grant), "expunged");
}

/* 42 CFR 2.35(c) is about the person's word, and not about a court's. */
static void one_that_cannot_be_revoked_yet_ends_at_once(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x), message;
	struct consent consent = grant(x, subject);
	struct message queued = attendance(x, subject);

	consent.revocable_from_ms = (x->now_ms / 1000 + 86400) * 1000;
	queued.proceeding = "case-1";
	message = said(x, &consent);
	exchange_send(x, &queued);
	exchange_revoke(x, &consent);
	assert_int_equal(exchange_facts(x, "recall"), 0);
	ordered(x, "EXPUNGE", message);
	assert_int_equal(exchange_facts(x, "recall"), 1);
	exchange_tick(x, consent.revocable_from_ms + 1000);
	assert_string_equal(status_of(x, consent.grant), "expunged");
}

static void the_receipt_of_the_approval_waits_for_the_recalls(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x), message, id;
	struct consent consent = grant(x, subject);

	exchange_slices(x, 2);
	message = said(x, &consent);
	for (int i = 0; i < 7; i++) {
		struct message queued = attendance(x, subject);

		exchange_send(x, &queued);
	}
	id = order_say(x, "court", "judge-1", "EXPUNGE", "message_ids", message);
	order_approve(x, "court", "judge-2", id, true);
	assert_int_equal(exchange_effects(x, EFFECT_RECEIPT), 0);
	exchange_settle_down(x);
	assert_string_equal(exchange_answer(x), "accepted");
}

static void a_seal_leaves_a_consent_in_force(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x), message;
	struct consent consent = grant(x, subject);

	message = said(x, &consent);
	ordered(x, "SEAL", message);
	assert_int_equal(exchange_facts(x, "grant_ended"), 0);
	assert_string_equal(status_of(x, consent.grant), "active");
}

static void whoever_used_the_same_id_for_another_message_keeps_its_consents(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x);
	struct consent consent = grant(x, subject);
	struct message other = attendance(x, subject);

	(void)said(x, &consent);
	exchange_send(x, &other);
	ordered(x, "EXPUNGE", other.id);
	assert_string_equal(status_of(x, consent.grant), "active");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(an_expunged_consent_permits_nothing_from_the_approval_on),
		TEST(that_a_consent_was_expunged_is_hidden_like_its_message),
		TEST(what_somebody_was_told_under_it_ends_with_a_notice),
		TEST(only_the_version_that_the_message_said_ends),
		TEST(one_that_cannot_be_revoked_yet_ends_at_once),
		TEST(the_receipt_of_the_approval_waits_for_the_recalls),
		TEST(a_seal_leaves_a_consent_in_force),
		TEST(whoever_used_the_same_id_for_another_message_keeps_its_consents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
