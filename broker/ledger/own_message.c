#include "ledger/own_message.h"

#include <string.h>

#include "ledger/dispatch.h"
#include "ledger/fact.h"
#include "ledger/mailbox.h"
#include "ledger/state.h"
#include "throughcare/v1/wire.pb-c.h"
#include "wire/digest.h"
#include "wire/envelope.h"

#define OWN_QUOTA_FACTOR 2 /* the exchange's own words fit when messages no longer do */

/* SHA-256(label || sequence || counter of this record). */
static int own_digest(const struct ledger *ledger, const char *label, uint8_t ret[TC_SHA256_BYTES])
{
	uint8_t place[12];
	struct tc_slice pieces[2] = {tc_slice_text(label), tc_slice(place, sizeof(place))};

	tc_put_be64(place, ledger->sequence);
	tc_put_be32(place + 8, ledger->own_counter);
	return tc_sha256_pieces(pieces, 2, ret);
}

/* RFC 9562 version 8: made by us, from a digest. */
static int own_id(const struct ledger *ledger, struct tc_id *ret)
{
	uint8_t digest[TC_SHA256_BYTES];
	int r = own_digest(ledger, "throughcare/own/id/v1\n", digest);

	if (r < 0)
		return r;
	memcpy(ret->bytes, digest, sizeof(ret->bytes));
	ret->bytes[6] = (uint8_t)((ret->bytes[6] & 0x0f) | 0x80);
	ret->bytes[8] = (uint8_t)((ret->bytes[8] & 0x3f) | 0x80);
	return 0;
}

Google__Protobuf__Timestamp own_message_time(int64_t ms)
{
	Google__Protobuf__Timestamp at = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	int64_t seconds = ms / 1000 - (ms % 1000 < 0 ? 1 : 0);

	at.seconds = seconds;
	at.nanos = (int32_t)(ms - seconds * 1000) * 1000000;
	return at;
}

struct own_part {
	Throughcare__V1__Part part;
	uint8_t salt[TC_SHA256_BYTES], digest[TC_SHA256_BYTES];
};

static int own_part(struct ledger *ledger, const char *type, const ProtobufCMessage *content,
		    struct own_part *ret)
{
	const Throughcare__V1__Category category = THROUGHCARE__V1__CATEGORY__CATEGORY_EXCHANGE;
	Throughcare__V1__Part *part = &ret->part;
	int r;

	throughcare__v1__part__init(part);
	r = arena_pack(&ledger->arena, content, &part->content);
	if (r == 0)
		r = own_digest(ledger, "throughcare/own/salt/v1\n", ret->salt);
	if (r < 0)
		return r;
	part->has_category = part->has_salt = part->has_content = 1;
	fact_text(&part->type, type);
	part->category = category;
	part->salt = (ProtobufCBinaryData){sizeof(ret->salt), ret->salt};
	return tc_part_digest(ret->salt, tc_slice_text(type), category, false,
			      tc_slice(part->content.data, part->content.len), ret->digest);
}

/* Header and part as a packed Delivery, which a hand-over completes. */
static int own_pack(struct ledger *ledger, const struct delivery *delivery,
		    const struct principal *recipient, const struct own_subject *about,
		    const ProtobufCMessage *content, struct tc_slice *ret)
{
	Throughcare__V1__Header header = THROUGHCARE__V1__HEADER__INIT;
	Throughcare__V1__Delivery own = THROUGHCARE__V1__DELIVERY__INIT;
	Throughcare__V1__Recipient to = THROUGHCARE__V1__RECIPIENT__INIT, *tos[1] = {&to};
	Google__Protobuf__Timestamp created = own_message_time(ledger->now_ms);
	char id[TC_ID_TEXT_BYTES], subject[TC_ID_TEXT_BYTES], referral[TC_ID_TEXT_BYTES];
	char causation[TC_ID_TEXT_BYTES];
	struct own_part part;
	Throughcare__V1__Part *parts[1] = {&part.part};
	ProtobufCBinaryData manifest = {sizeof(part.digest), part.digest}, packed;
	int r = own_part(ledger, about->type, content, &part);

	fact_id(&header.message_id, id, delivery->message);
	fact_id(&header.subject, subject, about->subject);
	fact_id(&header.referral_id, referral, about->referral);
	fact_id(&header.causation_id, causation, about->causation);
	fact_text(&header.type, about->type);
	fact_text(&header.sender, TC_AGENCY_EXCHANGE);
	fact_text(&to.agency, recipient->name.name);
	header.recipients = tos;
	header.n_recipients = 1;
	header.created_at = &created;
	header.manifest = &manifest;
	header.n_manifest = 1;
	own.has_header = 1;
	own.parts = parts;
	own.n_parts = 1;
	if (r == 0)
		r = arena_pack(&ledger->arena, &header.base, &own.header);
	if (r == 0)
		r = arena_pack(&ledger->arena, &own.base, &packed);
	if (r == 0)
		*ret = tc_slice(packed.data, packed.len);
	return r;
}

int own_message_send(struct ledger *ledger, uint32_t to, const struct own_subject *about,
		     const ProtobufCMessage *content, uint64_t *ret_delivery)
{
	struct principal *recipient;
	struct delivery delivery = {.own = true, .recipient = to, .priority = 1, .part_count = 1};
	struct tc_slice packed;
	uint8_t key[8];
	int r = principal_get(ledger, to, &recipient);

	if (ret_delivery != NULL)
		*ret_delivery = 0;
	if (r < 0)
		return r;
	if (recipient->kind != THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY &&
	    strcmp(about->type, "StandingNotice") != 0)
		return 0; /* but for what an auditor has asked for, only agencies have mailboxes */
	ledger->own_counter++;
	r = own_id(ledger, &delivery.message);
	if (r < 0)
		return r;
	delivery.sequence = ledger->sequence;
	delivery.accepted_ms = ledger->now_ms;
	delivery.expires_ms = ledger->now_ms + TC_EXPIRES_MS_MAX;
	delivery.categories[0] = THROUGHCARE__V1__CATEGORY__CATEGORY_EXCHANGE;
	delivery.parts_mask = 1;
	memcpy(delivery.type, about->type, strlen(about->type));
	delivery.subject = about->subject;
	r = own_pack(ledger, &delivery, recipient, about, content, &packed);
	if (r < 0)
		return r;
	if (mailbox_full(ledger, recipient, packed.len, OWN_QUOTA_FACTOR))
		return fact_delivery(ledger, "dropped", &delivery, "mailbox_full");
	delivery.id = ledger->next_delivery++;
	delivery.bytes = (uint32_t)packed.len;
	if (ret_delivery != NULL)
		*ret_delivery = delivery.id;
	tc_put_be64(key, delivery.id);
	r = ledger_put(ledger, LEDGER_TABLE_OWN, tc_slice(key, sizeof(key)), packed);
	return r < 0 ? r : dispatch_enqueue(ledger, &delivery, NULL);
}

int own_message_delivery(struct ledger *ledger, const struct delivery *delivery, uint32_t lease_ms,
			 struct tc_bytes *ret)
{
	Throughcare__V1__Delivery front = THROUGHCARE__V1__DELIVERY__INIT;
	Google__Protobuf__Timestamp accepted = own_message_time(delivery->accepted_ms);
	struct tc_slice own;
	uint8_t key[8];
	size_t len;
	int r;

	tc_put_be64(key, delivery->id);
	r = ledger_get(ledger, LEDGER_TABLE_OWN, tc_slice(key, sizeof(key)), &own);
	if (r != 0)
		return r == STORE_NOT_FOUND ? TC_ECORRUPT : r;
	front.has_delivery_id = front.has_attempt = front.has_lease_ms = 1;
	front.has_released_at_sequence = 1;
	front.delivery_id = delivery->id;
	front.attempt = delivery->attempt;
	front.lease_ms = lease_ms;
	front.released_at_sequence = ledger->sequence;
	front.accepted_at = &accepted;
	len = throughcare__v1__delivery__get_packed_size(&front);
	r = tc_bytes_reserve(ret, len + own.len);
	if (r < 0)
		return r;
	/* Two packed messages one after another are one message with the fields of both. */
	throughcare__v1__delivery__pack(&front, ret->data);
	memcpy(ret->data + len, own.data, own.len);
	ret->len = len + own.len;
	return 0;
}
