/* What the target tells while it serves. */
#include "referral/claim_part.h"
#include "throughcare/v1/person.pb-c.h"
#include "throughcare/v1/service.pb-c.h"

static void claim_plan_proposed(const ProtobufCMessage *message, struct claim_room *room,
				lifecycle_claim *ret)
{
	(void)room;
	ret->plan_id = ((const Throughcare__V1__PlanProposed *)message)->plan_id;
}

static void claim_plan_decision(const ProtobufCMessage *message, struct claim_room *room,
				lifecycle_claim *ret)
{
	const Throughcare__V1__PlanDecision *part = (const Throughcare__V1__PlanDecision *)message;

	(void)room;
	ret->plan_id = part->plan_id;
	ret->status = claim_value(&throughcare__v1__plan_verdict__descriptor, (int)part->verdict,
				  "PLAN_VERDICT_");
}

static void claim_appointment_scheduled(const ProtobufCMessage *message, struct claim_room *room,
					lifecycle_claim *ret)
{
	const Throughcare__V1__AppointmentScheduled *part =
		(const Throughcare__V1__AppointmentScheduled *)message;

	(void)room;
	ret->appointment_id = part->appointment_id;
	claim_time(part->start, &ret->has_start_ms, &ret->start_ms);
	ret->has_duration_minutes = part->has_duration_minutes;
	ret->duration_minutes = part->duration_minutes;
	if (part->worker) {
		ret->worker = part->worker->id;
		ret->team = part->worker->team;
	}
}

static void claim_appointment_changed(const ProtobufCMessage *message, struct claim_room *room,
				      lifecycle_claim *ret)
{
	const Throughcare__V1__AppointmentChanged *part =
		(const Throughcare__V1__AppointmentChanged *)message;

	(void)room;
	ret->status = claim_value(&throughcare__v1__appointment_change_kind__descriptor,
				  (int)part->kind, "APPOINTMENT_CHANGE_KIND_");
	ret->reason_code = part->reason_code;
	ret->appointment_id = part->appointment_id;
	ret->supersedes = part->supersedes;
	claim_time(part->start, &ret->has_start_ms, &ret->start_ms);
	ret->has_duration_minutes = part->has_duration_minutes;
	ret->duration_minutes = part->duration_minutes;
	ret->has_requested_by = part->has_requested_by;
	ret->requested_by = (uint32_t)part->requested_by;
}

static void claim_attendance(const ProtobufCMessage *message, struct claim_room *room,
			     lifecycle_claim *ret)
{
	const Throughcare__V1__AttendanceRecord *part =
		(const Throughcare__V1__AttendanceRecord *)message;

	(void)room;
	ret->status = claim_value(&throughcare__v1__attendance_status__descriptor,
				  (int)part->status, "ATTENDANCE_STATUS_");
	ret->appointment_id = part->appointment_id;
	ret->supersedes = part->supersedes;
	ret->has_absence_reason = part->has_absence_reason;
	ret->absence_reason = (uint32_t)part->absence_reason;
	ret->has_notify_officer = part->has_notify_officer;
	ret->notify_officer = part->notify_officer;
	ret->has_safety_flag = part->has_safety_flag;
	ret->safety_flag = part->safety_flag;
}

static void claim_outcome(const ProtobufCMessage *message, struct claim_room *room,
			  lifecycle_claim *ret)
{
	const Throughcare__V1__OutcomeReport *part =
		(const Throughcare__V1__OutcomeReport *)message;

	ret->status = claim_value(&throughcare__v1__end_state__descriptor, (int)part->end_state,
				  "END_STATE_");
	ret->reason_code = part->reason_code;
	for (size_t i = 0; i < part->n_outcomes; i++)
		claim_code(room, ret, part->outcomes[i]->desired_id);
}

static char *still_holds(Throughcare__V1__StillHolds number)
{
	return claim_value(&throughcare__v1__still_holds__descriptor, (int)number, "STILL_HOLDS_");
}

static void claim_housing(const ProtobufCMessage *message, struct claim_room *room,
			  lifecycle_claim *ret)
{
	const Throughcare__V1__HousingVerification *part =
		(const Throughcare__V1__HousingVerification *)message;

	(void)room;
	ret->status = still_holds(part->still_housed);
	ret->has_after_days = part->has_after_days;
	ret->after_days = part->after_days;
	ret->supersedes = part->supersedes;
}

static void claim_employment(const ProtobufCMessage *message, struct claim_room *room,
			     lifecycle_claim *ret)
{
	const Throughcare__V1__EmploymentVerification *part =
		(const Throughcare__V1__EmploymentVerification *)message;

	(void)room;
	ret->status = still_holds(part->still_employed);
	ret->has_after_days = part->has_after_days;
	ret->after_days = part->after_days;
	ret->supersedes = part->supersedes;
}

static void claim_statement(const ProtobufCMessage *message, struct claim_room *room,
			    lifecycle_claim *ret)
{
	(void)room;
	ret->about_id = ((const Throughcare__V1__Statement *)message)->about;
}

const struct claim_row claim_service_rows[] = {
	{&throughcare__v1__plan_proposed__descriptor, claim_plan_proposed},
	{&throughcare__v1__plan_decision__descriptor, claim_plan_decision},
	{&throughcare__v1__appointment_scheduled__descriptor, claim_appointment_scheduled},
	{&throughcare__v1__appointment_changed__descriptor, claim_appointment_changed},
	{&throughcare__v1__attendance_record__descriptor, claim_attendance},
	{&throughcare__v1__outcome_report__descriptor, claim_outcome},
	{&throughcare__v1__housing_verification__descriptor, claim_housing},
	{&throughcare__v1__employment_verification__descriptor, claim_employment},
	{&throughcare__v1__statement__descriptor, claim_statement},
	{NULL, NULL},
};
