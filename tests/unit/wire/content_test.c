/* Parts whose fields are each right and together cannot be true. */
#include "wire/content.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "throughcare/v1/court.pb-c.h"
#include "throughcare/v1/referral.pb-c.h"
#include "throughcare/v1/service.pb-c.h"
#include "wire/json.h"

#define APPOINTMENT "\"appointment_id\":\"00000000-0000-7000-8000-0000000000a1\""
#define SPECIMEN    "\"specimen_id\":\"s-1\",\"collected_at\":\"2026-11-20T09:00:00Z\""
#define POSITIVE    "\"analytes\":[{\"substance\":\"opiates\",\"result\":\"ANALYTE_RESULT_POSITIVE\"}]"
#define HEARING     "\"hearing_id\":\"h-1\",\"type\":\"review\",\"at\":\"2026-11-20T09:00:00Z\""

static const struct {
	const ProtobufCMessageDescriptor *type;
	const char *text;
	const char *code, *detail; /* NULL: it is right */
} rows[] = {
	{&throughcare__v1__attendance_record__descriptor,
	 "{" APPOINTMENT ",\"status\":\"ATTENDANCE_STATUS_ATTENDED\"}", NULL, NULL},
	{&throughcare__v1__attendance_record__descriptor,
	 "{" APPOINTMENT ",\"status\":\"ATTENDANCE_STATUS_ATTENDED_LATE\",\"late_minutes\":9}",
	 NULL, NULL},
	{&throughcare__v1__attendance_record__descriptor,
	 "{" APPOINTMENT ",\"status\":\"ATTENDANCE_STATUS_ATTENDED\",\"late_minutes\":9}",
	 "content_contradicts", "late_minutes"},
	{&throughcare__v1__attendance_record__descriptor,
	 "{" APPOINTMENT ",\"status\":\"ATTENDANCE_STATUS_ATTENDED\","
	 "\"absence_reason\":\"ABSENCE_REASON_ACCEPTABLE\"}",
	 "content_contradicts", "absence_reason"},
	{&throughcare__v1__attendance_record__descriptor,
	 "{" APPOINTMENT ",\"status\":\"ATTENDANCE_STATUS_DID_NOT_ATTEND\","
	 "\"absence_reason\":\"ABSENCE_REASON_LOGISTICS\"}",
	 "content_contradicts", "absence_reason"},
	{&throughcare__v1__attendance_record__descriptor,
	 "{" APPOINTMENT ",\"status\":\"ATTENDANCE_STATUS_DID_NOT_ATTEND\","
	 "\"absence_reason\":\"ABSENCE_REASON_UNACCEPTABLE\"}",
	 NULL, NULL},
	{&throughcare__v1__attendance_record__descriptor,
	 "{" APPOINTMENT ",\"status\":\"ATTENDANCE_STATUS_DID_NOT_HAPPEN\","
	 "\"absence_reason\":\"ABSENCE_REASON_TURNED_AWAY\"}",
	 NULL, NULL},
	{&throughcare__v1__drug_test_result__descriptor,
	 "{" SPECIMEN ",\"status\":\"TEST_STATUS_GIVEN\"," POSITIVE
	 ",\"confirmatory\":true,\"medication_explains\":true}",
	 NULL, NULL},
	{&throughcare__v1__drug_test_result__descriptor,
	 "{" SPECIMEN ",\"status\":\"TEST_STATUS_GIVEN\"}", "field_missing", "analytes"},
	{&throughcare__v1__drug_test_result__descriptor,
	 "{" SPECIMEN ",\"status\":\"TEST_STATUS_REFUSED\"}", NULL, NULL},
	{&throughcare__v1__drug_test_result__descriptor,
	 "{" SPECIMEN ",\"status\":\"TEST_STATUS_REFUSED\"," POSITIVE "}", "content_contradicts",
	 "analytes"},
	{&throughcare__v1__drug_test_result__descriptor,
	 "{" SPECIMEN ",\"status\":\"TEST_STATUS_NOT_GIVEN\",\"confirmatory\":true}",
	 "content_contradicts", "confirmatory"},
	{&throughcare__v1__drug_test_result__descriptor,
	 "{" SPECIMEN ",\"status\":\"TEST_STATUS_NOT_GIVEN\",\"dilute\":true}",
	 "content_contradicts", "dilute"},
	{&throughcare__v1__drug_test_result__descriptor,
	 "{" SPECIMEN ",\"status\":\"TEST_STATUS_REFUSED\",\"medication_explains\":true}",
	 "content_contradicts", "medication_explains"},
	{&throughcare__v1__referral_amend__descriptor,
	 "{\"reason\":\"x\",\"changes\":[{\"field\":\"reason\",\"old_value\":\"a\","
	 "\"new_value\":\"b\"}]}",
	 NULL, NULL},
	{&throughcare__v1__referral_amend__descriptor,
	 "{\"reason\":\"x\",\"changes\":[{\"field\":\"needs\",\"new_value\":\"b\"},"
	 "{\"field\":\"reason\",\"old_value\":\"a\",\"new_value\":\"a\"}]}",
	 "content_contradicts", "changes[1]"},
	{&throughcare__v1__plan_decision__descriptor,
	 "{\"plan_id\":\"p\",\"verdict\":\"PLAN_VERDICT_APPROVED\"}", NULL, NULL},
	{&throughcare__v1__plan_decision__descriptor,
	 "{\"plan_id\":\"p\",\"verdict\":\"PLAN_VERDICT_RETURNED\"}", "field_missing",
	 "reason_text"},
	{&throughcare__v1__referral_response__descriptor,
	 "{\"status\":\"REFERRAL_STATUS_DECLINED\",\"reason_code\":\"no_capacity\"}", NULL, NULL},
	{&throughcare__v1__referral_response__descriptor,
	 "{\"status\":\"REFERRAL_STATUS_DECLINED\",\"reason_code\":\"no_beds\"}", "field_invalid",
	 "other"},
	{&throughcare__v1__referral_response__descriptor,
	 "{\"status\":\"REFERRAL_STATUS_CANCEL_REJECTED\",\"reason_code\":\"own_code\"}", NULL,
	 NULL},
	{&throughcare__v1__referral_cancel__descriptor, "{\"reason_code\":\"died\"}", NULL, NULL},
	{&throughcare__v1__referral_cancel__descriptor, "{\"reason_code\":\"no_capacity\"}",
	 "field_invalid", "reason_code"},
	{&throughcare__v1__outcome_report__descriptor,
	 "{\"end_state\":\"END_STATE_COMPLETED\",\"outcomes\":["
	 "{\"desired_id\":\"o-1\",\"achievement\":\"ACHIEVEMENT_ACHIEVED\"},"
	 "{\"desired_id\":\"o-1\",\"achievement\":\"ACHIEVEMENT_NOT_ACHIEVED\"}]}",
	 "content_contradicts", "outcomes[1]"},
	{&throughcare__v1__appointment_changed__descriptor,
	 "{" APPOINTMENT ",\"kind\":\"APPOINTMENT_CHANGE_KIND_CANCELLED\"}", NULL, NULL},
	{&throughcare__v1__appointment_changed__descriptor,
	 "{" APPOINTMENT ",\"kind\":\"APPOINTMENT_CHANGE_KIND_RESCHEDULED\"}", "field_missing",
	 "supersedes"},
	{&throughcare__v1__appointment_changed__descriptor,
	 "{" APPOINTMENT ",\"supersedes\":\"00000000-0000-7000-8000-0000000000a1\","
	 "\"start\":\"2026-11-20T09:00:00Z\","
	 "\"kind\":\"APPOINTMENT_CHANGE_KIND_RESCHEDULED\"}",
	 "content_contradicts", "supersedes"},
	{&throughcare__v1__hearing_notice__descriptor,
	 "{" HEARING ",\"reports_due\":\"2026-11-13T09:00:00Z\"}", NULL, NULL},
	{&throughcare__v1__hearing_notice__descriptor,
	 "{" HEARING ",\"reports_due\":\"2026-11-21T09:00:00Z\"}", "content_contradicts",
	 "reports_due"},
	{&throughcare__v1__info_reply__descriptor, "{}", NULL, NULL}, /* nothing is known of it */
};

static void what_cannot_be_true_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tc_refusal refusal = {0};
		json_t *json = json_loads(rows[i].text, 0, NULL);
		ProtobufCMessage *part;
		uint8_t packed[1024];
		size_t len;

		assert_non_null(json);
		if (tc_json_to_message(json, rows[i].type, &part, &refusal) != 0)
			fail_msg("row %zu: %s", i, refusal.detail);
		json_decref(json);
		if (tc_content_check(part, &refusal) != (rows[i].code ? TC_CONTENT_REFUSED : 0))
			fail_msg("row %zu: %s", i, rows[i].text);
		if (rows[i].code) {
			assert_string_equal(tc_refusal_name(refusal.code), rows[i].code);
			assert_non_null(strstr(refusal.detail, rows[i].detail));
		}
		assert_true(protobuf_c_message_get_packed_size(part) <= sizeof(packed));
		len = protobuf_c_message_pack(part, packed);
		assert_int_equal(
			tc_content_check_packed(tc_slice(packed, len), rows[i].type, &refusal),
			rows[i].code ? TC_CONTENT_REFUSED : 0);
		protobuf_c_message_free_unpacked(part, NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_cannot_be_true_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
