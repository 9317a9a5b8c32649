#include "wire/content.h"

#include <string.h>

#include "throughcare/v1/court.pb-c.h"
#include "throughcare/v1/referral.pb-c.h"
#include "throughcare/v1/service.pb-c.h"

#define ATTENDANCE(name) THROUGHCARE__V1__ATTENDANCE_STATUS__ATTENDANCE_STATUS_##name
#define ABSENCE(name)    THROUGHCARE__V1__ABSENCE_REASON__ABSENCE_REASON_##name

static int contradicts(struct tc_refusal *refusal, const char *detail)
{
	return tc_refuse(refusal, TC_REFUSAL_CONTENT_CONTRADICTS, "%s", detail);
}

static bool filled(const char *text)
{
	return text && *text;
}

static int64_t time_of(const Google__Protobuf__Timestamp *time)
{
	return time->seconds * 1000 + time->nanos / 1000000;
}

/* ---- codes: the start sets of the field ---- */

static const char *const decline_codes[] = {
	"no_capacity",
	"waitlist_closed",
	"not_eligible",
	"out_of_area",
	"risk_or_needs_unmanageable",
	"insufficient_time_on_supervision",
	"duplicate",
	"missing_information",
	"conflict",
	"other",
	NULL,
};

static const char *const withdraw_codes[] = {
	"mistaken_or_duplicate",
	"ineligible",
	"not_engaged",
	"needs_met_elsewhere",
	"moved",
	"work_or_caring",
	"died",
	"acquitted",
	"returned_to_custody",
	"sentence_revoked",
	"sentence_expired",
	"completed_early",
	"other",
	NULL,
};

/* A missing code is the lifecycle's business. */
static int check_code(const char *code, const char *const *known, struct tc_refusal *refusal)
{
	if (!filled(code))
		return 0;
	for (; *known; known++)
		if (strcmp(code, *known) == 0)
			return 0;
	return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID,
			 "reason_code: not one of the list; for anything else: other");
}

static int check_response(const ProtobufCMessage *message, struct tc_refusal *refusal)
{
	const Throughcare__V1__ReferralResponse *part =
		(const Throughcare__V1__ReferralResponse *)message;

	if (part->status != THROUGHCARE__V1__REFERRAL_STATUS__REFERRAL_STATUS_DECLINED)
		return 0;
	return check_code(part->reason_code, decline_codes, refusal);
}

static int check_cancel(const ProtobufCMessage *message, struct tc_refusal *refusal)
{
	return check_code(((const Throughcare__V1__ReferralCancel *)message)->reason_code,
			  withdraw_codes, refusal);
}

/* ---- referrals and plans ---- */

static int check_amend(const ProtobufCMessage *message, struct tc_refusal *refusal)
{
	const Throughcare__V1__ReferralAmend *part =
		(const Throughcare__V1__ReferralAmend *)message;

	for (size_t i = 0; i < part->n_changes; i++) {
		const char *old = part->changes[i]->old_value ? part->changes[i]->old_value : "";
		const char *new = part->changes[i]->new_value ? part->changes[i]->new_value : "";

		if (strcmp(old, new) == 0)
			return tc_refuse(refusal, TC_REFUSAL_CONTENT_CONTRADICTS,
					 "changes[%zu]: the new value is the old one", i);
	}
	return 0;
}

static int check_plan_decision(const ProtobufCMessage *message, struct tc_refusal *refusal)
{
	const Throughcare__V1__PlanDecision *part = (const Throughcare__V1__PlanDecision *)message;

	if (part->verdict == THROUGHCARE__V1__PLAN_VERDICT__PLAN_VERDICT_RETURNED &&
	    !filled(part->reason_text))
		return tc_refuse(refusal, TC_REFUSAL_FIELD_MISSING, "reason_text");
	return 0;
}

static int check_outcome(const ProtobufCMessage *message, struct tc_refusal *refusal)
{
	const Throughcare__V1__OutcomeReport *part =
		(const Throughcare__V1__OutcomeReport *)message;

	for (size_t i = 0; i < part->n_outcomes; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(part->outcomes[i]->desired_id, part->outcomes[j]->desired_id) ==
			    0)
				return tc_refuse(refusal, TC_REFUSAL_CONTENT_CONTRADICTS,
						 "outcomes[%zu]: the same one twice", i);
	return 0;
}

/* ---- appointments and attendance ---- */

static int check_changed(const ProtobufCMessage *message, struct tc_refusal *refusal)
{
	const Throughcare__V1__AppointmentChanged *part =
		(const Throughcare__V1__AppointmentChanged *)message;

	if (part->kind !=
	    THROUGHCARE__V1__APPOINTMENT_CHANGE_KIND__APPOINTMENT_CHANGE_KIND_RESCHEDULED)
		return 0;
	if (!filled(part->supersedes))
		return tc_refuse(refusal, TC_REFUSAL_FIELD_MISSING, "supersedes");
	if (!part->start)
		return tc_refuse(refusal, TC_REFUSAL_FIELD_MISSING, "start");
	if (strcmp(part->supersedes, part->appointment_id) == 0)
		return contradicts(refusal, "supersedes: the appointment itself");
	return 0;
}

/* Each reason for absence belongs to one status. */
static int status_of(Throughcare__V1__AbsenceReason reason)
{
	switch (reason) {
	case ABSENCE(ACCEPTABLE):
	case ABSENCE(UNACCEPTABLE):
	case ABSENCE(UNKNOWN):
		return ATTENDANCE(DID_NOT_ATTEND);
	case ABSENCE(SERVICE):
	case ABSENCE(LOGISTICS):
	case ABSENCE(TURNED_AWAY):
		return ATTENDANCE(DID_NOT_HAPPEN);
	case ABSENCE(UNSPECIFIED):
	case _THROUGHCARE__V1__ABSENCE_REASON_IS_INT_SIZE:
		break;
	}
	return -1;
}

static int check_attendance(const ProtobufCMessage *message, struct tc_refusal *refusal)
{
	const Throughcare__V1__AttendanceRecord *part =
		(const Throughcare__V1__AttendanceRecord *)message;

	if (part->has_late_minutes && part->late_minutes > 0 &&
	    part->status != ATTENDANCE(ATTENDED_LATE))
		return contradicts(refusal, "late_minutes: only with ATTENDED_LATE");
	if (part->has_absence_reason && status_of(part->absence_reason) != (int)part->status)
		return contradicts(refusal, "absence_reason: not one of this status");
	return 0;
}

/* ---- drug tests ---- */

static int check_drug_test(const ProtobufCMessage *message, struct tc_refusal *refusal)
{
	const Throughcare__V1__DrugTestResult *part =
		(const Throughcare__V1__DrugTestResult *)message;
	bool positive = false;

	for (size_t i = 0; i < part->n_analytes; i++)
		positive = positive ||
			   part->analytes[i]->result ==
				   THROUGHCARE__V1__ANALYTE_RESULT__ANALYTE_RESULT_POSITIVE;
	if (part->medication_explains && !positive)
		return contradicts(refusal, "medication_explains: only with a positive result");
	if (part->status == THROUGHCARE__V1__TEST_STATUS__TEST_STATUS_GIVEN)
		return part->n_analytes > 0
			       ? 0
			       : tc_refuse(refusal, TC_REFUSAL_FIELD_MISSING, "analytes");
	if (part->n_analytes > 0)
		return contradicts(refusal, "analytes: only of a test that was given");
	if (part->confirmatory || part->dilute || part->adulterated)
		return contradicts(refusal,
				   part->confirmatory
					   ? "confirmatory: only of a test that was given"
					   : "dilute, adulterated: only of a test that was "
					     "given");
	return 0;
}

/* ---- hearings ---- */

static int check_hearing(const ProtobufCMessage *message, struct tc_refusal *refusal)
{
	const Throughcare__V1__HearingNotice *part =
		(const Throughcare__V1__HearingNotice *)message;

	if (part->reports_due && time_of(part->reports_due) > time_of(part->at))
		return contradicts(refusal, "reports_due: after the hearing");
	return 0;
}

/* ---- */

static const struct {
	const ProtobufCMessageDescriptor *type;
	int (*check)(const ProtobufCMessage *part, struct tc_refusal *refusal);
} checks[] = {
	{&throughcare__v1__attendance_record__descriptor, check_attendance},
	{&throughcare__v1__referral_response__descriptor, check_response},
	{&throughcare__v1__referral_cancel__descriptor, check_cancel},
	{&throughcare__v1__referral_amend__descriptor, check_amend},
	{&throughcare__v1__plan_decision__descriptor, check_plan_decision},
	{&throughcare__v1__outcome_report__descriptor, check_outcome},
	{&throughcare__v1__appointment_changed__descriptor, check_changed},
	{&throughcare__v1__drug_test_result__descriptor, check_drug_test},
	{&throughcare__v1__hearing_notice__descriptor, check_hearing},
};

#define CHECKS (sizeof(checks) / sizeof(checks[0]))

int tc_content_check(const ProtobufCMessage *part, struct tc_refusal *refusal)
{
	for (size_t i = 0; i < CHECKS; i++)
		if (checks[i].type == part->descriptor)
			return checks[i].check(part, refusal);
	return 0;
}

int tc_content_check_packed(struct tc_slice packed, const ProtobufCMessageDescriptor *type,
			    struct tc_refusal *refusal)
{
	ProtobufCMessage *part;
	size_t i = 0;
	int r;

	while (i < CHECKS && checks[i].type != type)
		i++;
	if (i == CHECKS)
		return 0;
	part = protobuf_c_message_unpack(type, NULL, packed.len, packed.data);
	if (!part)
		return TC_ENOMEM; /* it was scanned before: only memory can be missing */
	r = checks[i].check(part, refusal);
	protobuf_c_message_free_unpacked(part, NULL);
	return r;
}
