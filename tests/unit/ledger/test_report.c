/* Reports to a court: what they cite, and where their facts came from. */
#include "unit/ledger/case_fixture.h"

#include <string.h>

#define SUD_TREATMENT THROUGHCARE__V1__CATEGORY__CATEGORY_SUD_TREATMENT
#define CONDITIONS    THROUGHCARE__V1__CATEGORY__CATEGORY_SUPERVISION_CONDITIONS

/* From parole to the court; what is claimed of it is the caller's. */
static struct message report(struct exchange *x, struct tc_id subject,
			     Throughcare__V1__LifecycleClaim *claim)
{
	return (struct message){.from = "parole",
				.to = "court",
				.type = "ViolationReport",
				.category = CONDITIONS,
				.id = exchange_id(x),
				.subject = subject,
				.legal = OPERATIONAL,
				.claim = claim};
}

static const char *cite(struct exchange *x, struct tc_id message, struct tc_id subject)
{
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct message sent = report(x, subject, &claim);
	char id[TC_ID_TEXT_BYTES], *cites[1] = {id};

	tc_id_format(message, id);
	claim.cites = cites;
	claim.n_cites = 1;
	exchange_send(x, &sent);
	return exchange_answer(x);
}

static void a_report_cites_what_its_sender_sent_or_was_sent(void **state)
{
	struct exchange *x = *state;
	struct message own = contact(x), others = contact(x), foreign = contact(x);

	others.from = "treatment";
	others.to = "parole";
	foreign.from = "treatment";
	foreign.to = "court";
	exchange_send(x, &own);
	exchange_send(x, &others);
	assert_string_equal(cite(x, others.id, own.subject), "unknown_citation"); /* it waits */
	collector(x, "parole", 10);
	exchange_send(x, &foreign);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_string_equal(cite(x, own.id, own.subject), "accepted");
	assert_string_equal(cite(x, others.id, own.subject), "accepted");
	assert_string_equal(cite(x, foreign.id, own.subject), "unknown_citation");
	assert_string_equal(cite(x, exchange_id(x), own.subject), "unknown_citation");
}

static void permit(struct exchange *x, struct tc_id subject, const char *category)
{
	struct consent given = grant(x, subject);

	given.from = "parole";
	given.to = "court";
	given.category = category;
	exchange_consent(x, &given);
}

static void a_breach_report_cites_likewise(void **state)
{
	struct exchange *x = *state;
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct message own = contact(x), sent;
	char id[TC_ID_TEXT_BYTES], *cites[1] = {id};

	exchange_send(x, &own);
	sent = report(x, own.subject, &claim);
	sent.type = "BreachReport";
	claim.cites = cites;
	claim.n_cites = 1;
	tc_id_format(exchange_id(x), id);
	exchange_send(x, &sent);
	assert_string_equal(exchange_answer(x), "unknown_citation");
	tc_id_format(own.id, id);
	exchange_send(x, &sent);
	assert_string_equal(exchange_answer(x), "accepted");
}

/* What supervision itself collects is protected like what it tells. */
static void a_check_in_and_a_device_wait_for_a_consent(void **state)
{
	static const char *const types[] = {"CheckIn", "MonitoringEvent"};
	struct exchange *x = *state;

	collector(x, "court", 10);
	for (size_t i = 0; i < 2; i++) {
		struct message sent = report(x, exchange_id(x), NULL);

		sent.type = types[i];
		sent.legal = 0;
		exchange_send(x, &sent);
		assert_string_equal(exchange_answer(x), "accepted");
		assert_int_equal(exchange_facts(x, "held"), 1);
		permit(x, sent.subject, "SUPERVISION_CONDITIONS");
		assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
	}
}

/* It is a victim's, not the person's to consent to: by order or statute, to those who serve. */
static void a_victim_is_told_by_law_and_by_nobodys_consent(void **state)
{
	struct exchange *x = *state;
	struct message sent = report(x, exchange_id(x), NULL);
	struct consent given = grant(x, sent.subject);

	exchange_agency(x, "aid", "VICTIM_SERVICE");
	collector(x, "aid", 10);
	collector(x, "treatment", 10);
	given.from = "parole";
	given.to = "aid";
	given.category = "VICTIM_INFO";
	exchange_consent(x, &given);
	sent.type = "VictimNotice";
	sent.category = THROUGHCARE__V1__CATEGORY__CATEGORY_VICTIM_INFO;
	sent.to = "aid";
	sent.legal = 0;
	exchange_send(x, &sent);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
	sent.id = exchange_id(x);
	sent.legal = THROUGHCARE__V1__LEGAL_BASIS__LEGAL_BASIS_STATUTE;
	sent.reference = "18 U.S.C. 3771";
	exchange_send(x, &sent);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
	sent.id = exchange_id(x);
	sent.to = "treatment";
	exchange_send(x, &sent);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
}

static void a_report_cites_not_more_than_is_looked_up(void **state)
{
	struct exchange *x = *state;
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct message own = contact(x), sent;
	char id[TC_ID_TEXT_BYTES], *cites[65];

	exchange_send(x, &own);
	tc_id_format(own.id, id);
	for (size_t i = 0; i < 65; i++)
		cites[i] = id;
	sent = report(x, own.subject, &claim);
	claim.cites = cites;
	claim.n_cites = 65;
	exchange_send(x, &sent);
	assert_string_equal(exchange_answer(x), "field_invalid");
	claim.n_cites = 64;
	sent.id = exchange_id(x);
	exchange_send(x, &sent);
	assert_string_equal(exchange_answer(x), "accepted");
}

/* Treatment's facts do not become parole's own by being told again. */
static void a_report_from_protected_sources_waits_for_a_grant_for_them(void **state)
{
	struct exchange *x = *state;
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct tc_id subject = exchange_id(x);
	struct message sent = report(x, subject, &claim);
	uint32_t sources[1] = {SUD_TREATMENT};

	claim.source_categories = sources;
	claim.n_source_categories = 1;
	collector(x, "court", 10);
	exchange_send(x, &sent); /* what permits the report does not permit its sources */
	assert_string_equal(exchange_answer(x), "basis_insufficient");
	permit(x, subject, "SUPERVISION_CONDITIONS");
	sent.id = exchange_id(x);
	sent.legal = 0;
	exchange_send(x, &sent);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
	assert_int_equal(exchange_facts(x, "held"), 1);
	permit(x, subject, "SUD_TREATMENT");
	assert_int_equal(exchange_facts(x, "unheld"), 1);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_report_cites_what_its_sender_sent_or_was_sent),
		TEST(a_breach_report_cites_likewise),
		TEST(a_check_in_and_a_device_wait_for_a_consent),
		TEST(a_victim_is_told_by_law_and_by_nobodys_consent),
		TEST(a_report_cites_not_more_than_is_looked_up),
		TEST(a_report_from_protected_sources_waits_for_a_grant_for_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
