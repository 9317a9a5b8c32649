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
		lifecycle_claim claim;

		assert_true(claim_from_part(tc_slice_text(statuses[i].type->short_name), message,
					    &claim));
		assert_text(claim.status, statuses[i].status);
		assert_text(claim.reason_code, statuses[i].reason);
		protobuf_c_message_free_unpacked(message, NULL);
	}
}

static void a_claim_holds_what_rules_need(void **state)
{
	ProtobufCMessage *message;
	lifecycle_claim claim;

	(void)state;
	message = part(&throughcare__v1__referral_response__descriptor,
		       "{\"status\":\"REFERRAL_STATUS_OFFERED\",\"worker\":{\"id\":\"w-9\"},"
		       "\"offer\":{\"expires\":\"1970-01-01T00:00:02.500Z\"},"
		       "\"successor_id\":\"00000000-0000-7000-8000-000000000001\"}");
	assert_true(claim_from_part(tc_slice_text("ReferralResponse"), message, &claim));
	assert_string_equal(claim.worker, "w-9");
	assert_true(claim.has_offer_expires_ms);
	assert_int_equal(claim.offer_expires_ms, 2500);
	assert_string_equal(claim.about_id, "00000000-0000-7000-8000-000000000001");
	/* a part of another type than the envelope's makes no claim */
	assert_false(claim_from_part(tc_slice_text("Referral"), message, &claim));
	protobuf_c_message_free_unpacked(message, NULL);

	message = part(&throughcare__v1__hearing_result__descriptor,
		       "{\"disposition_final\":true,\"proceeding_id\":\"case-1\"}");
	assert_true(claim_from_part(tc_slice_text("HearingResult"), message, &claim));
	assert_true(claim.disposition_final);
	assert_string_equal(claim.about_id, "case-1");
	protobuf_c_message_free_unpacked(message, NULL);

	message = part(&throughcare__v1__test_message__descriptor, "{\"text\":\"x\"}");
	assert_false(claim_from_part(tc_slice_text("TestMessage"), message, &claim));
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
		bool found = rules[i].status == NULL;
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
static void whatever_makes_a_claim_is_a_part_that_the_exchange_reads(void **state)
{
	(void)state;
	for (size_t i = 0; i < tc_part_type_count; i++) {
		const struct tc_part_type *type = &tc_part_types[i];
		const ProtobufCMessageDescriptor *descriptor = type->message->descriptor;
		ProtobufCMessage *message = calloc(1, descriptor->sizeof_message);
		lifecycle_claim claim;

		assert_non_null(message);
		protobuf_c_message_init(descriptor, message);
		if (claim_from_part(tc_slice_text(type->name), message, &claim) &&
		    !tc_envelope_rule_reads(type->envelope))
			fail_msg("%s", type->name);
		free(message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_part_that_moves_a_referral_claims_its_status),
		cmocka_unit_test(a_claim_holds_what_rules_need),
		cmocka_unit_test(every_status_of_the_table_can_be_claimed),
		cmocka_unit_test(whatever_makes_a_claim_is_a_part_that_the_exchange_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
