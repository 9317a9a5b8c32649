#include "referral/claim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "referral/lifecycle.h"
#include "throughcare/v1/court.pb-c.h"
#include "throughcare/v1/exchange.pb-c.h"
#include "throughcare/v1/referral.pb-c.h"
#include "throughcare/v1/service.pb-c.h"
#include "throughcare/v1/supervision.pb-c.h"
#include "wire/json.h"
#include "wire/part_types.h"

typedef Throughcare__V1__LifecycleClaim lifecycle_claim;

static ProtobufCMessage *part(const ProtobufCMessageDescriptor *type, const char *text)
{
	struct tc_refusal refusal = {0};
	json_t *json = json_loads(text, 0, NULL);
	ProtobufCMessage *message;

	assert_non_null(json);
	if (tc_json_to_message(json, type, &message, &refusal) != 0)
		fail_msg("%s: %s", tc_refusal_name(refusal.code), refusal.detail);
	json_decref(json);
	return message;
}

static const struct {
	const ProtobufCMessageDescriptor *type;
	const char *text, *status, *reason;
} statuses[] = {
	{&throughcare__v1__referral_response__descriptor,
	 "{\"status\":\"REFERRAL_STATUS_CANCEL_REJECTED\",\"reason_code\":\"conflict\"}",
	 "CANCEL_REJECTED", "conflict"},
	{&throughcare__v1__referral_cancel__descriptor, "{\"reason_code\":\"moved\"}", NULL,
	 "moved"},
	{&throughcare__v1__referral_cancel__descriptor,
	 "{\"reason_code\":\"moved\",\"order_id\":\"o-1\"}", "BY_ORDER", "moved"},
	{&throughcare__v1__referral_amend__descriptor, "{\"reason\":\"late\"}", "AMEND", NULL},
	{&throughcare__v1__referral_amend__descriptor, "{\"respond_by\":\"2026-12-24T00:00:00Z\"}",
	 "EXTEND", NULL},
	{&throughcare__v1__appointment_changed__descriptor,
	 "{\"kind\":\"APPOINTMENT_CHANGE_KIND_CANCELLED\"}", "CANCELLED", NULL},
	{&throughcare__v1__attendance_record__descriptor,
	 "{\"status\":\"ATTENDANCE_STATUS_ATTENDED_LATE\"}", "ATTENDED_LATE", NULL},
	{&throughcare__v1__outcome_report__descriptor,
	 "{\"end_state\":\"END_STATE_ENDED_EARLY\",\"reason_code\":\"died\"}", "ENDED_EARLY",
	 "died"},
	{&throughcare__v1__loop_closed__descriptor,
	 "{\"decision\":\"LOOP_DECISION_DISPUTED\",\"reason_code\":\"conflict\"}", "DISPUTED",
	 "conflict"},
	{&throughcare__v1__court_order__descriptor, "{\"recall\":true}", "RECALL", NULL},
};

static void assert_text(const char *got, const char *wanted)
{
	if (wanted)
		assert_string_equal(got, wanted);
	else
		assert_null(got);
}

static void each_part_that_moves_a_referral_claims_its_status(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		ProtobufCMessage *message = part(statuses[i].type, statuses[i].text);
		struct claim_room room;
		lifecycle_claim claim;

		assert_true(claim_from_part(tc_slice_text(statuses[i].type->short_name), message,
					    &room, &claim));
		assert_text(claim.status, statuses[i].status);
		assert_text(claim.reason_code, statuses[i].reason);
		protobuf_c_message_free_unpacked(message, NULL);
	}
}

static void a_claim_holds_what_rules_need(void **state)
{
	ProtobufCMessage *message;
	struct claim_room room;
	lifecycle_claim claim;

	(void)state;
	message = part(&throughcare__v1__referral_response__descriptor,
		       "{\"status\":\"REFERRAL_STATUS_OFFERED\",\"worker\":{\"id\":\"w-9\"},"
		       "\"offer\":{\"expires\":\"1970-01-01T00:00:02.500Z\"},"
		       "\"successor_id\":\"00000000-0000-7000-8000-000000000001\"}");
	assert_true(claim_from_part(tc_slice_text("ReferralResponse"), message, &room, &claim));
	assert_string_equal(claim.worker, "w-9");
	assert_true(claim.has_offer_expires_ms);
	assert_int_equal(claim.offer_expires_ms, 2500);
	assert_string_equal(claim.about_id, "00000000-0000-7000-8000-000000000001");
	/* a part of another type than the envelope's makes no claim */
	assert_false(claim_from_part(tc_slice_text("Referral"), message, &room, &claim));
	protobuf_c_message_free_unpacked(message, NULL);

	message = part(&throughcare__v1__hearing_result__descriptor,
		       "{\"disposition_final\":true,\"proceeding_id\":\"case-1\"}");
	assert_true(claim_from_part(tc_slice_text("HearingResult"), message, &room, &claim));
	assert_true(claim.disposition_final);
	assert_string_equal(claim.about_id, "case-1");
	protobuf_c_message_free_unpacked(message, NULL);

	message = part(&throughcare__v1__test_message__descriptor, "{\"text\":\"x\"}");
	assert_false(claim_from_part(tc_slice_text("TestMessage"), message, &room, &claim));
	protobuf_c_message_free_unpacked(message, NULL);
}

/* A status that the table names and no part can claim would be a rule that nobody can follow. */
static void every_status_of_the_table_can_be_claimed(void **state)
{
	size_t count;
	const struct lifecycle_rule *rules = lifecycle_rules(&count);
	const ProtobufCEnumDescriptor *const enums[] = {
		&throughcare__v1__referral_status__descriptor,
		&throughcare__v1__attendance_status__descriptor,
		&throughcare__v1__appointment_change_kind__descriptor,
		&throughcare__v1__end_state__descriptor,
		&throughcare__v1__loop_decision__descriptor,
	};
	static const char *const made[] = {"BY_ORDER", "EXTEND", "AMEND", "RECALL"};
	static const char *const prefixes[] = {"REFERRAL_STATUS_", "ATTENDANCE_STATUS_",
					       "APPOINTMENT_CHANGE_KIND_", "END_STATE_",
					       "LOOP_DECISION_"};

	(void)state;
	for (size_t i = 0; i < count; i++) {
		bool found = rules[i].status == NULL || rules[i].status[0] == '(';
		char name[80];

		for (size_t j = 0; !found && j < 4; j++)
			found = tc_slice_equal(tc_slice_text(made[j]),
					       tc_slice_text(rules[i].status));
		for (size_t j = 0; !found && j < 5; j++) {
			snprintf(name, sizeof(name), "%s%s", prefixes[j], rules[i].status);
			found = protobuf_c_enum_descriptor_get_value_by_name(enums[j], name);
		}
		if (!found)
			fail_msg("%s %s", rules[i].type, rules[i].status);
	}
}

/* Sealed, it would claim nothing: the envelope is refused instead (wire/envelope.h). */
static void whatever_moves_a_referral_is_a_part_that_the_exchange_reads(void **state)
{
	size_t count;
	const struct lifecycle_rule *rules = lifecycle_rules(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		const struct tc_part_type *type;

		if (rules[i].type[0] == '(' || (rules[i].to == REFERRAL_SAME && !rules[i].status))
			continue;
		type = tc_part_type_find(tc_slice_text(rules[i].type));
		if (!type || !tc_envelope_rule_reads(type->envelope))
			fail_msg("%s", rules[i].type);
	}
}

static void amended_dates_and_urgency_are_claimed_and_other_values_are_not(void **state)
{
	ProtobufCMessage *message =
		part(&throughcare__v1__referral_amend__descriptor,
		     "{\"reason\":\"x\",\"changes\":["
		     "{\"field\":\"release_date\",\"new_value\":\"1970-01-02\"},"
		     "{\"field\":\"urgency\",\"new_value\":\"URGENCY_URGENT\"},"
		     "{\"field\":\"supervision_end\",\"new_value\":\"some day\"},"
		     "{\"field\":\"reason\",\"new_value\":\"a text\"}]}");
	struct claim_room room;
	lifecycle_claim claim;

	(void)state;
	assert_true(claim_from_part(tc_slice_text("ReferralAmend"), message, &room, &claim));
	assert_int_equal(claim.n_codes, 4);
	assert_string_equal(claim.codes[3], "reason");
	assert_true(claim.has_release_ms && !claim.has_supervision_end_ms);
	assert_int_equal(claim.release_ms, 86400000);
	assert_int_equal(claim.urgency, THROUGHCARE__V1__URGENCY__URGENCY_URGENT);
	protobuf_c_message_free_unpacked(message, NULL);
}

static void more_citations_than_may_be_are_still_counted_as_too_many(void **state)
{
	Throughcare__V1__ViolationReport report = THROUGHCARE__V1__VIOLATION_REPORT__INIT;
	Throughcare__V1__ViolationReport__Violation violation =
		THROUGHCARE__V1__VIOLATION_REPORT__VIOLATION__INIT;
	Throughcare__V1__ViolationReport__Violation *violations[4] = {&violation, &violation,
								      &violation, &violation};
	char id[] = "00000000-0000-7000-8000-000000000001", *ids[32];
	struct claim_room room;
	lifecycle_claim claim;

	(void)state;
	for (size_t i = 0; i < 32; i++)
		ids[i] = id;
	violation.evidence_refs = ids;
	violation.n_evidence_refs = 32;
	report.violations = violations;
	report.n_violations = 2;
	assert_true(claim_from_part(tc_slice_text("ViolationReport"), &report.base, &room, &claim));
	assert_int_equal(claim.n_cites, CLAIM_CITES_MAX);
	report.n_violations = 4;
	assert_true(claim_from_part(tc_slice_text("ViolationReport"), &report.base, &room, &claim));
	assert_int_equal(claim.n_cites, CLAIM_CITES_MAX + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_part_that_moves_a_referral_claims_its_status),
		cmocka_unit_test(a_claim_holds_what_rules_need),
		cmocka_unit_test(every_status_of_the_table_can_be_claimed),
		cmocka_unit_test(whatever_moves_a_referral_is_a_part_that_the_exchange_reads),
		cmocka_unit_test(amended_dates_and_urgency_are_claimed_and_other_values_are_not),
		cmocka_unit_test(more_citations_than_may_be_are_still_counted_as_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
