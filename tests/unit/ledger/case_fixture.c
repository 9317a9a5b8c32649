#include "unit/ledger/case_fixture.h"

#include <string.h>

#include "wire/part_types.h"

struct message case_referral(struct exchange *x)
{
	struct message message = contact(x);

	message.type = "Referral";
	message.referral = message.id;
	return message;
}

struct message case_message(struct exchange *x, const struct message *referral, const char *from,
			    const char *type, Throughcare__V1__LifecycleClaim *claim)
{
	return (struct message){.from = from,
				.to = strcmp(from, referral->from) == 0 ? referral->to
									: referral->from,
				.type = type,
				.category = CONTACT,
				.id = exchange_id(x),
				.subject = referral->subject,
				.referral = referral->referral,
				.legal = OPERATIONAL,
				.claim = claim,
				.evidence = QUIET};
}

void case_respond(struct exchange *x, const struct message *referral, const char *status)
{
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct message message =
		case_message(x, referral, referral->to, "ReferralResponse", &claim);

	claim.status = (char *)(uintptr_t)status;
	claim.worker = (char *)(uintptr_t) "worker-7";
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "accepted");
}

void case_begin(struct exchange *x, const struct message *referral)
{
	case_respond(x, referral, "RECEIVED");
	case_respond(x, referral, "ACCEPTED");
	case_respond(x, referral, "IN_PROGRESS");
}

static Throughcare__V1__Delivery *own(const struct exchange *x, const char *type, size_t n)
{
	for (const struct effect *effect = x->effects.first; effect; effect = effect->next) {
		Throughcare__V1__Delivery *delivery;

		if (effect->kind != EFFECT_DELIVER_OWN)
			continue;
		delivery = throughcare__v1__delivery__unpack(NULL, effect->body.len,
							     effect->body.data);
		assert_non_null(delivery);
		if (strcmp(delivery->parts[0]->type, type) == 0 && n-- == 0)
			return delivery;
		throughcare__v1__delivery__free_unpacked(delivery, NULL);
	}
	return NULL;
}

ProtobufCMessage *case_own(const struct exchange *x, const char *type, size_t n)
{
	const struct tc_part_type *part = tc_part_type_find(tc_slice_text(type));
	Throughcare__V1__Delivery *delivery = own(x, type, n);
	ProtobufCMessage *content;

	assert_non_null(part);
	if (delivery == NULL)
		return NULL;
	content = protobuf_c_message_unpack(part->message->descriptor, NULL,
					    delivery->parts[0]->content.len,
					    delivery->parts[0]->content.data);
	assert_non_null(content);
	throughcare__v1__delivery__free_unpacked(delivery, NULL);
	return content;
}

struct tc_id case_own_id(const struct exchange *x, const char *type, size_t n)
{
	Throughcare__V1__Delivery *delivery = own(x, type, n);
	Throughcare__V1__Header *header;
	struct tc_id id;

	assert_non_null(delivery);
	header = throughcare__v1__header__unpack(NULL, delivery->header.len, delivery->header.data);
	assert_non_null(header);
	assert_true(tc_id_parse(tc_slice_text(header->message_id), &id));
	throughcare__v1__header__free_unpacked(header, NULL);
	throughcare__v1__delivery__free_unpacked(delivery, NULL);
	return id;
}
