/* What supervision and courts tell. */
#include "referral/claim_part.h"
#include "throughcare/v1/court.pb-c.h"
#include "throughcare/v1/supervision.pb-c.h"

static void claim_risk(const ProtobufCMessage *message, struct claim_room *room,
		       lifecycle_claim *ret)
{
	(void)room;
	ret->level = ((const Throughcare__V1__RiskLevelChange *)message)->new_level;
}

static void claim_supervision(const ProtobufCMessage *message, struct claim_room *room,
			      lifecycle_claim *ret)
{
	const Throughcare__V1__SupervisionEvent *part =
		(const Throughcare__V1__SupervisionEvent *)message;

	(void)room;
	ret->status = claim_value(&throughcare__v1__supervision_event_kind__descriptor,
				  (int)part->kind, "SUPERVISION_EVENT_KIND_");
	ret->reason_code = part->reason_code;
	ret->to_agency = part->to_agency;
	ret->level = part->level;
	claim_time(part->effective, &ret->has_start_ms, &ret->start_ms);
	if (part->officer) {
		ret->officer = part->officer->id;
		ret->team = part->officer->team;
	}
}

static void claim_violation(const ProtobufCMessage *message, struct claim_room *room,
			    lifecycle_claim *ret)
{
	const Throughcare__V1__ViolationReport *part =
		(const Throughcare__V1__ViolationReport *)message;

	for (size_t i = 0; i < part->n_violations; i++) {
		const Throughcare__V1__ViolationReport__Violation *violation = part->violations[i];

		claim_code(room, ret, violation->condition_ref);
		claim_cite(room, ret, violation->evidence_refs, violation->n_evidence_refs);
	}
	claim_categories(room, ret, part->source_categories, part->n_source_categories);
}

static void claim_breach(const ProtobufCMessage *message, struct claim_room *room,
			 lifecycle_claim *ret)
{
	const Throughcare__V1__BreachReport *part = (const Throughcare__V1__BreachReport *)message;

	claim_code(room, ret, part->condition_ref);
	claim_cite(room, ret, part->evidence_refs, part->n_evidence_refs);
	claim_categories(room, ret, part->source_categories, part->n_source_categories);
}

static void claim_alert(const ProtobufCMessage *message, struct claim_room *room,
			lifecycle_claim *ret)
{
	const Throughcare__V1__SafetyAlert *part = (const Throughcare__V1__SafetyAlert *)message;

	(void)room;
	ret->has_severity = part->has_severity;
	ret->severity = (uint32_t)part->severity;
}

static void claim_monitoring(const ProtobufCMessage *message, struct claim_room *room,
			     lifecycle_claim *ret)
{
	const Throughcare__V1__MonitoringEvent *part =
		(const Throughcare__V1__MonitoringEvent *)message;

	(void)room;
	ret->has_severity = part->has_severity;
	ret->severity = (uint32_t)part->severity;
}

static void claim_order(const ProtobufCMessage *message, struct claim_room *room,
			lifecycle_claim *ret)
{
	static char recall[] = "RECALL";
	const Throughcare__V1__CourtOrder *part = (const Throughcare__V1__CourtOrder *)message;

	ret->order_id = part->order_id;
	ret->supersedes = part->supersedes;
	ret->n_cancels_referrals = part->n_cancels_referrals;
	ret->cancels_referrals = part->cancels_referrals;
	claim_conditions(room, ret, part->conditions, part->n_conditions);
	if (part->recall)
		ret->status = recall;
}

static void claim_condition_set(const ProtobufCMessage *message, struct claim_room *room,
				lifecycle_claim *ret)
{
	const Throughcare__V1__ConditionSet *part = (const Throughcare__V1__ConditionSet *)message;

	ret->order_id = part->order_id;
	ret->supersedes = part->supersedes;
	claim_conditions(room, ret, part->conditions, part->n_conditions);
}

static void claim_hearing_notice(const ProtobufCMessage *message, struct claim_room *room,
				 lifecycle_claim *ret)
{
	const Throughcare__V1__HearingNotice *part =
		(const Throughcare__V1__HearingNotice *)message;

	(void)room;
	ret->hearing_id = part->hearing_id;
	ret->about_id = part->proceeding_id;
	claim_time(part->at, &ret->has_start_ms, &ret->start_ms);
	claim_time(part->reports_due, &ret->has_due_ms, &ret->due_ms);
}

static void claim_hearing_result(const ProtobufCMessage *message, struct claim_room *room,
				 lifecycle_claim *ret)
{
	const Throughcare__V1__HearingResult *part =
		(const Throughcare__V1__HearingResult *)message;

	(void)room;
	ret->hearing_id = part->hearing_id;
	ret->about_id = part->proceeding_id;
	ret->has_disposition_final = part->has_disposition_final;
	ret->disposition_final = part->disposition_final;
	claim_time(part->next_date, &ret->has_start_ms, &ret->start_ms);
}

static void claim_court_report(const ProtobufCMessage *message, struct claim_room *room,
			       lifecycle_claim *ret)
{
	const Throughcare__V1__CourtReport *part = (const Throughcare__V1__CourtReport *)message;

	ret->hearing_id = part->hearing_id;
	claim_time(part->due, &ret->has_due_ms, &ret->due_ms);
	claim_cite(room, ret, part->cites, part->n_cites);
}

const struct claim_row claim_supervision_rows[] = {
	{&throughcare__v1__risk_level_change__descriptor, claim_risk},
	{&throughcare__v1__supervision_event__descriptor, claim_supervision},
	{&throughcare__v1__violation_report__descriptor, claim_violation},
	{&throughcare__v1__breach_report__descriptor, claim_breach},
	{&throughcare__v1__safety_alert__descriptor, claim_alert},
	{&throughcare__v1__monitoring_event__descriptor, claim_monitoring},
	{&throughcare__v1__court_order__descriptor, claim_order},
	{&throughcare__v1__condition_set__descriptor, claim_condition_set},
	{&throughcare__v1__hearing_notice__descriptor, claim_hearing_notice},
	{&throughcare__v1__hearing_result__descriptor, claim_hearing_result},
	{&throughcare__v1__court_report__descriptor, claim_court_report},
	{NULL, NULL},
};
