#include "referral/claim.h"

#include <string.h>

#include "throughcare/v1/court.pb-c.h"
#include "throughcare/v1/referral.pb-c.h"
#include "throughcare/v1/service.pb-c.h"
#include "throughcare/v1/supervision.pb-c.h"

typedef Throughcare__V1__LifecycleClaim lifecycle_claim;

/* The name of an enum's value without what every value of it begins with: "ACCEPTED". */
static char *value_name(const ProtobufCEnumDescriptor *descriptor, int number, const char *prefix)
{
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(descriptor, number);
	size_t len = strlen(prefix);
	const char *name;

	if (!value)
		return NULL;
	name = strncmp(value->name, prefix, len) == 0 ? value->name + len : value->name;
	return (char *)(uintptr_t)
		name; /* protobuf-c has no const strings; the claim is only read */
}

static void claim_time(const Google__Protobuf__Timestamp *time, protobuf_c_boolean *has,
		       int64_t *ret)
{
	if (!time)
		return;
	*has = true;
	*ret = time->seconds * 1000 + time->nanos / 1000000;
}

static void claim_referral(const ProtobufCMessage *message, lifecycle_claim *ret)
{
	const Throughcare__V1__Referral *part = (const Throughcare__V1__Referral *)message;

	ret->service = part->service_id;
	claim_time(part->respond_by, &ret->has_respond_by_ms, &ret->respond_by_ms);
}

static void claim_response(const ProtobufCMessage *message, lifecycle_claim *ret)
{
	const Throughcare__V1__ReferralResponse *part =
		(const Throughcare__V1__ReferralResponse *)message;

	ret->status = value_name(&throughcare__v1__referral_status__descriptor, (int)part->status,
				 "REFERRAL_STATUS_");
	ret->reason_code = part->reason_code;
	ret->about_id = part->successor_id;
	ret->order_id = part->order_id;
	if (part->worker)
		ret->worker = part->worker->id;
	if (part->offer)
		claim_time(part->offer->expires, &ret->has_offer_expires_ms,
			   &ret->offer_expires_ms);
}

static void claim_cancel(const ProtobufCMessage *message, lifecycle_claim *ret)
{
	static char by_order[] = "BY_ORDER";
	const Throughcare__V1__ReferralCancel *part =
		(const Throughcare__V1__ReferralCancel *)message;

	ret->reason_code = part->reason_code;
	ret->order_id = part->order_id;
	if (part->order_id && *part->order_id)
		ret->status = by_order;
}

static void claim_amend(const ProtobufCMessage *message, lifecycle_claim *ret)
{
	static char extend[] = "EXTEND", amend[] = "AMEND";
	const Throughcare__V1__ReferralAmend *part =
		(const Throughcare__V1__ReferralAmend *)message;

	claim_time(part->respond_by, &ret->has_respond_by_ms, &ret->respond_by_ms);
	ret->status = part->respond_by ? extend : amend;
}

static void claim_appointment_changed(const ProtobufCMessage *message, lifecycle_claim *ret)
{
	const Throughcare__V1__AppointmentChanged *part =
		(const Throughcare__V1__AppointmentChanged *)message;

	ret->status = value_name(&throughcare__v1__appointment_change_kind__descriptor,
				 (int)part->kind, "APPOINTMENT_CHANGE_KIND_");
	ret->reason_code = part->reason_code;
}

static void claim_attendance(const ProtobufCMessage *message, lifecycle_claim *ret)
{
	const Throughcare__V1__AttendanceRecord *part =
		(const Throughcare__V1__AttendanceRecord *)message;

	ret->status = value_name(&throughcare__v1__attendance_status__descriptor, (int)part->status,
				 "ATTENDANCE_STATUS_");
}

static void claim_outcome(const ProtobufCMessage *message, lifecycle_claim *ret)
{
	const Throughcare__V1__OutcomeReport *part =
		(const Throughcare__V1__OutcomeReport *)message;

	ret->status = value_name(&throughcare__v1__end_state__descriptor, (int)part->end_state,
				 "END_STATE_");
	ret->reason_code = part->reason_code;
}

static void claim_loop_closed(const ProtobufCMessage *message, lifecycle_claim *ret)
{
	const Throughcare__V1__LoopClosed *part = (const Throughcare__V1__LoopClosed *)message;

	ret->status = value_name(&throughcare__v1__loop_decision__descriptor, (int)part->decision,
				 "LOOP_DECISION_");
	ret->reason_code = part->reason_code;
}

static void claim_order(const ProtobufCMessage *message, lifecycle_claim *ret)
{
	static char recall[] = "RECALL";
	const Throughcare__V1__CourtOrder *part = (const Throughcare__V1__CourtOrder *)message;

	ret->order_id = part->order_id;
	ret->n_cancels_referrals = part->n_cancels_referrals;
	ret->cancels_referrals = part->cancels_referrals;
	if (part->recall)
		ret->status = recall;
}

static void claim_hearing_result(const ProtobufCMessage *message, lifecycle_claim *ret)
{
	const Throughcare__V1__HearingResult *part =
		(const Throughcare__V1__HearingResult *)message;

	ret->about_id = part->proceeding_id;
	ret->has_disposition_final = part->has_disposition_final;
	ret->disposition_final = part->disposition_final;
}

static void claim_supervision(const ProtobufCMessage *message, lifecycle_claim *ret)
{
	const Throughcare__V1__SupervisionEvent *part =
		(const Throughcare__V1__SupervisionEvent *)message;

	ret->status = value_name(&throughcare__v1__supervision_event_kind__descriptor,
				 (int)part->kind, "SUPERVISION_EVENT_KIND_");
	ret->reason_code = part->reason_code;
}

static const struct {
	const ProtobufCMessageDescriptor *descriptor;
	void (*claim)(const ProtobufCMessage *message, lifecycle_claim *ret);
} claims[] = {
	{&throughcare__v1__referral__descriptor, claim_referral},
	{&throughcare__v1__referral_response__descriptor, claim_response},
	{&throughcare__v1__referral_cancel__descriptor, claim_cancel},
	{&throughcare__v1__referral_amend__descriptor, claim_amend},
	{&throughcare__v1__appointment_changed__descriptor, claim_appointment_changed},
	{&throughcare__v1__attendance_record__descriptor, claim_attendance},
	{&throughcare__v1__outcome_report__descriptor, claim_outcome},
	{&throughcare__v1__loop_closed__descriptor, claim_loop_closed},
	{&throughcare__v1__court_order__descriptor, claim_order},
	{&throughcare__v1__hearing_result__descriptor, claim_hearing_result},
	{&throughcare__v1__supervision_event__descriptor, claim_supervision},
};

bool claim_from_part(struct tc_slice type, const ProtobufCMessage *message,
		     Throughcare__V1__LifecycleClaim *ret)
{
	throughcare__v1__lifecycle_claim__init(ret);
	for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
		if (message->descriptor != claims[i].descriptor ||
		    !tc_slice_equal(type, tc_slice_text(claims[i].descriptor->short_name)))
			continue;
		claims[i].claim(message, ret);
		return true;
	}
	return false;
}
