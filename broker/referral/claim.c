#include "referral/claim.h"

#include <string.h>

#include "base/clock.h"
#include "referral/claim_part.h"
#include "throughcare/v1/referral.pb-c.h"

char *claim_value(const ProtobufCEnumDescriptor *descriptor, int number, const char *prefix)
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

void claim_time(const Google__Protobuf__Timestamp *time, protobuf_c_boolean *has, int64_t *ret)
{
	if (!time)
		return;
	*has = true;
	*ret = time->seconds * 1000 + time->nanos / 1000000;
}

/* "2026-12-20": its first moment, UTC. Anything else claims nothing. */
static void claim_date(const char *date, protobuf_c_boolean *has, int64_t *ret)
{
	if (!date || strlen(date) != strlen("2026-12-20"))
		return;
	if (tc_time_parse(tc_slice_text(date), ret))
		*has = true;
}

void claim_code(struct claim_room *room, lifecycle_claim *ret, char *code)
{
	ret->codes = room->codes;
	if (code && ret->n_codes < CLAIM_CODES_MAX)
		room->codes[ret->n_codes++] = code;
}

void claim_cite(struct claim_room *room, lifecycle_claim *ret, char **ids, size_t count)
{
	ret->cites = room->cites;
	for (size_t i = 0; i < count && ret->n_cites < CLAIM_CITES_MAX + 1; i++)
		room->cites[ret->n_cites++] = ids[i];
}

void claim_categories(struct claim_room *room, lifecycle_claim *ret,
		      const Throughcare__V1__Category *numbers, size_t count)
{
	ret->source_categories = room->categories;
	for (size_t i = 0; i < count && i < CLAIM_CODES_MAX; i++)
		room->categories[ret->n_source_categories++] = (uint32_t)numbers[i];
}

void claim_conditions(struct claim_room *room, lifecycle_claim *ret,
		      Throughcare__V1__Condition *const *conditions, size_t count)
{
	for (size_t i = 0; i < count; i++)
		claim_code(room, ret, conditions[i]->id);
}

/* ---- referral.proto ---- */

static void claim_referral(const ProtobufCMessage *message, struct claim_room *room,
			   lifecycle_claim *ret)
{
	const Throughcare__V1__Referral *part = (const Throughcare__V1__Referral *)message;

	ret->service = part->service_id;
	claim_time(part->respond_by, &ret->has_respond_by_ms, &ret->respond_by_ms);
	if (part->contact) {
		ret->officer = part->contact->id;
		ret->team = part->contact->team;
	}
	ret->has_urgency = part->has_urgency;
	ret->urgency = (uint32_t)part->urgency;
	claim_date(part->release_date, &ret->has_release_ms, &ret->release_ms);
	claim_date(part->supervision_end, &ret->has_supervision_end_ms, &ret->supervision_end_ms);
	ret->predecessor_id = part->predecessor_id;
	ret->offer_group = part->offer_group;
	for (size_t i = 0; i < part->n_desired_outcomes; i++)
		claim_code(room, ret, part->desired_outcomes[i]->id);
}

static void claim_response(const ProtobufCMessage *message, struct claim_room *room,
			   lifecycle_claim *ret)
{
	const Throughcare__V1__ReferralResponse *part =
		(const Throughcare__V1__ReferralResponse *)message;

	(void)room;
	ret->status = claim_value(&throughcare__v1__referral_status__descriptor, (int)part->status,
				  "REFERRAL_STATUS_");
	ret->reason_code = part->reason_code;
	ret->about_id = part->successor_id;
	ret->order_id = part->order_id;
	if (part->worker) {
		ret->worker = part->worker->id;
		ret->team = part->worker->team;
	}
	if (part->waitlist)
		claim_date(part->waitlist->review_on, &ret->has_due_ms, &ret->due_ms);
	if (!part->offer)
		return;
	claim_time(part->offer->expires, &ret->has_offer_expires_ms, &ret->offer_expires_ms);
	ret->lease_id = part->offer->lease_id;
	ret->has_lease_token = part->offer->has_token;
	ret->lease_token = part->offer->token;
}

static void claim_cancel(const ProtobufCMessage *message, struct claim_room *room,
			 lifecycle_claim *ret)
{
	static char by_order[] = "BY_ORDER";
	const Throughcare__V1__ReferralCancel *part =
		(const Throughcare__V1__ReferralCancel *)message;

	(void)room;
	ret->reason_code = part->reason_code;
	ret->order_id = part->order_id;
	if (part->order_id && *part->order_id)
		ret->status = by_order;
}

/* A change of what puts the person at risk counts for the lists of the officers; of all others the
 * ledger keeps the field's name alone. */
static void claim_change(const Throughcare__V1__ReferralAmend__Change *change, lifecycle_claim *ret)
{
	const ProtobufCEnumValue *urgency;

	if (!change->field || !change->new_value)
		return;
	if (strcmp(change->field, "release_date") == 0)
		claim_date(change->new_value, &ret->has_release_ms, &ret->release_ms);
	else if (strcmp(change->field, "supervision_end") == 0)
		claim_date(change->new_value, &ret->has_supervision_end_ms,
			   &ret->supervision_end_ms);
	if (strcmp(change->field, "urgency") != 0)
		return;
	urgency = protobuf_c_enum_descriptor_get_value_by_name(
		&throughcare__v1__urgency__descriptor, change->new_value);
	ret->has_urgency = urgency != NULL;
	ret->urgency = urgency ? (uint32_t)urgency->value : 0;
}

static void claim_amend(const ProtobufCMessage *message, struct claim_room *room,
			lifecycle_claim *ret)
{
	static char extend[] = "EXTEND", amend[] = "AMEND";
	const Throughcare__V1__ReferralAmend *part =
		(const Throughcare__V1__ReferralAmend *)message;

	claim_time(part->respond_by, &ret->has_respond_by_ms, &ret->respond_by_ms);
	ret->status = part->respond_by ? extend : amend;
	for (size_t i = 0; i < part->n_changes; i++) {
		claim_code(room, ret, part->changes[i]->field);
		claim_change(part->changes[i], ret);
	}
}

static void claim_info_request(const ProtobufCMessage *message, struct claim_room *room,
			       lifecycle_claim *ret)
{
	const Throughcare__V1__InfoRequest *part = (const Throughcare__V1__InfoRequest *)message;

	claim_time(part->due, &ret->has_due_ms, &ret->due_ms);
	ret->has_needs_client = part->has_needs_client;
	ret->needs_client = part->needs_client;
	for (size_t i = 0; i < part->n_items; i++)
		claim_code(room, ret, part->items[i]->code);
}

static void claim_info_reply(const ProtobufCMessage *message, struct claim_room *room,
			     lifecycle_claim *ret)
{
	const Throughcare__V1__InfoReply *part = (const Throughcare__V1__InfoReply *)message;

	for (size_t i = 0; i < part->n_answers; i++)
		claim_code(room, ret, part->answers[i]->code);
}

static void claim_loop_closed(const ProtobufCMessage *message, struct claim_room *room,
			      lifecycle_claim *ret)
{
	const Throughcare__V1__LoopClosed *part = (const Throughcare__V1__LoopClosed *)message;

	(void)room;
	ret->status = claim_value(&throughcare__v1__loop_decision__descriptor, (int)part->decision,
				  "LOOP_DECISION_");
	ret->reason_code = part->reason_code;
}

static const struct claim_row claim_referral_rows[] = {
	{&throughcare__v1__referral__descriptor, claim_referral},
	{&throughcare__v1__referral_response__descriptor, claim_response},
	{&throughcare__v1__referral_cancel__descriptor, claim_cancel},
	{&throughcare__v1__referral_amend__descriptor, claim_amend},
	{&throughcare__v1__info_request__descriptor, claim_info_request},
	{&throughcare__v1__info_reply__descriptor, claim_info_reply},
	{&throughcare__v1__loop_closed__descriptor, claim_loop_closed},
	{NULL, NULL},
};

/* ---- */

static const struct claim_row *claim_find(const struct claim_row *rows, struct tc_slice type,
					  const ProtobufCMessageDescriptor *descriptor)
{
	for (; rows->descriptor; rows++)
		if (descriptor == rows->descriptor &&
		    tc_slice_equal(type, tc_slice_text(rows->descriptor->short_name)))
			return rows;
	return NULL;
}

bool claim_from_part(struct tc_slice type, const ProtobufCMessage *message, struct claim_room *room,
		     Throughcare__V1__LifecycleClaim *ret)
{
	const struct claim_row *row;

	throughcare__v1__lifecycle_claim__init(ret);
	row = claim_find(claim_referral_rows, type, message->descriptor);
	if (!row)
		row = claim_find(claim_service_rows, type, message->descriptor);
	if (!row)
		row = claim_find(claim_supervision_rows, type, message->descriptor);
	if (row)
		row->claim(message, room, ret);
	return row != NULL;
}
