#include "ledger/evidence.h"

#include <string.h>

#include "consent/grant.h"
#include "ledger/dispatch.h"
#include "ledger/fact.h"
#include "ledger/mailbox.h"
#include "ledger/state.h"
#include "wire/digest.h"
#include "wire/envelope.h"

#define EVIDENCE_QUOTA_FACTOR 2 /* the exchange's own words fit when messages no longer do */

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
static int own_message_id(const struct ledger *ledger, struct tc_id *ret)
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

static Google__Protobuf__Timestamp own_timestamp(int64_t ms)
{
	Google__Protobuf__Timestamp at = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	int64_t seconds = ms / 1000 - (ms % 1000 < 0 ? 1 : 0);

	at.seconds = seconds;
	at.nanos = (int32_t)(ms - seconds * 1000) * 1000000;
	return at;
}

/* What an own message is about. */
struct own_subject {
	const char *type;
	struct tc_id subject;
	struct tc_id referral;
	struct tc_id causation;
};

/* Header and part as a packed Delivery, which a hand-over completes. */
static int own_pack(struct ledger *ledger, const struct delivery *delivery,
		    const struct principal *recipient, const struct own_subject *about,
		    const ProtobufCMessage *content, struct tc_slice *ret)
{
	Throughcare__V1__Header header = THROUGHCARE__V1__HEADER__INIT;
	Throughcare__V1__Delivery own = THROUGHCARE__V1__DELIVERY__INIT;
	Throughcare__V1__Recipient to = THROUGHCARE__V1__RECIPIENT__INIT, *tos[1] = {&to};
	Throughcare__V1__Part part = THROUGHCARE__V1__PART__INIT, *parts[1] = {&part};
	Google__Protobuf__Timestamp created = own_timestamp(ledger->now_ms);
	char id[TC_ID_TEXT_BYTES], subject[TC_ID_TEXT_BYTES], referral[TC_ID_TEXT_BYTES];
	char causation[TC_ID_TEXT_BYTES];
	uint8_t salt[TC_SHA256_BYTES], digest[TC_SHA256_BYTES];
	ProtobufCBinaryData manifest = {sizeof(digest), digest};
	size_t len = protobuf_c_message_get_packed_size(content);
	uint8_t *bytes = arena_take(&ledger->arena, len + 1);
	int r;

	if (bytes == NULL)
		return TC_ENOMEM;
	protobuf_c_message_pack(content, bytes);
	r = own_digest(ledger, "throughcare/own/salt/v1\n", salt);
	if (r == 0)
		r = tc_part_digest(salt, tc_slice_text(about->type),
				   THROUGHCARE__V1__CATEGORY__CATEGORY_EXCHANGE, false,
				   tc_slice(bytes, len), digest);
	if (r < 0)
		return r;
	part.has_category = part.has_salt = part.has_content = 1;
	fact_text(&part.type, about->type);
	part.category = THROUGHCARE__V1__CATEGORY__CATEGORY_EXCHANGE;
	part.salt = (ProtobufCBinaryData){sizeof(salt), salt};
	part.content = (ProtobufCBinaryData){len, bytes};
	tc_id_format(delivery->message, id);
	header.message_id = id;
	fact_text(&header.type, about->type);
	fact_text(&header.sender, TC_AGENCY_EXCHANGE);
	fact_text(&to.agency, recipient->name.name);
	header.recipients = tos;
	header.n_recipients = 1;
	if (!tc_id_is_none(about->subject)) {
		tc_id_format(about->subject, subject);
		header.subject = subject;
	}
	if (!tc_id_is_none(about->referral)) {
		tc_id_format(about->referral, referral);
		header.referral_id = referral;
	}
	if (!tc_id_is_none(about->causation)) {
		tc_id_format(about->causation, causation);
		header.causation_id = causation;
	}
	header.created_at = &created;
	header.manifest = &manifest;
	header.n_manifest = 1;
	own.has_header = 1;
	own.header.len = throughcare__v1__header__get_packed_size(&header);
	own.header.data = arena_take(&ledger->arena, own.header.len);
	if (own.header.data == NULL)
		return TC_ENOMEM;
	throughcare__v1__header__pack(&header, own.header.data);
	own.parts = parts;
	own.n_parts = 1;
	len = throughcare__v1__delivery__get_packed_size(&own);
	bytes = arena_take(&ledger->arena, len);
	if (bytes == NULL)
		return TC_ENOMEM;
	throughcare__v1__delivery__pack(&own, bytes);
	*ret = tc_slice(bytes, len);
	return 0;
}

/* Puts an own message into somebody's mailbox. */
static int own_send(struct ledger *ledger, uint32_t to, const struct own_subject *about,
		    const ProtobufCMessage *content)
{
	struct principal *recipient;
	struct delivery delivery = {.own = true, .recipient = to, .priority = 1, .part_count = 1};
	struct tc_slice packed;
	uint8_t key[8];
	int r = principal_get(ledger, to, &recipient);

	if (r < 0)
		return r;
	if (recipient->kind != THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY)
		return 0; /* only agencies have mailboxes */
	ledger->own_counter++;
	r = own_message_id(ledger, &delivery.message);
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
	if (mailbox_full(ledger, recipient, packed.len, EVIDENCE_QUOTA_FACTOR))
		return fact_delivery(ledger, "dropped", &delivery, "mailbox_full");
	delivery.id = ledger->next_delivery++;
	delivery.bytes = (uint32_t)packed.len;
	tc_put_be64(key, delivery.id);
	r = ledger_put(ledger, LEDGER_TABLE_OWN, tc_slice(key, sizeof(key)), packed);
	return r < 0 ? r : dispatch_enqueue(ledger, &delivery, NULL);
}

int evidence_send(struct ledger *ledger, const struct delivery *delivery,
		  Throughcare__V1__EvidenceKind kind, const char *code)
{
	Throughcare__V1__DeliveryEvidence content = THROUGHCARE__V1__DELIVERY_EVIDENCE__INIT;
	struct own_subject about = {"DeliveryEvidence", delivery->subject, delivery->referral,
				    delivery->message};
	Google__Protobuf__Timestamp at = own_timestamp(ledger->now_ms);
	char id[TC_ID_TEXT_BYTES];
	struct principal *recipient;
	int r;

	if (delivery->own || delivery->sender == 0)
		return 0;
	if (delivery->evidence != THROUGHCARE__V1__EVIDENCE_LEVEL__EVIDENCE_LEVEL_ALL &&
	    (kind == THROUGHCARE__V1__EVIDENCE_KIND__EVIDENCE_KIND_DELIVERED ||
	     kind == THROUGHCARE__V1__EVIDENCE_KIND__EVIDENCE_KIND_RETRIEVED))
		return 0;
	r = principal_get(ledger, delivery->recipient, &recipient);
	if (r < 0)
		return r;
	tc_id_format(delivery->message, id);
	content.has_kind = content.has_log_sequence = content.has_attempts = 1;
	content.kind = kind;
	content.message_id = id;
	fact_text(&content.recipient, recipient->name.name);
	content.at = &at;
	fact_text(&content.reason_code, code);
	content.log_sequence = ledger->sequence;
	content.attempts = delivery->attempt;
	return own_send(ledger, delivery->sender, &about, &content.base);
}

int evidence_consent_notice(struct ledger *ledger, uint32_t recipient, struct tc_id grant,
			    struct tc_id subject, bool ended, int64_t effective_ms)
{
	Throughcare__V1__ConsentNotice content = THROUGHCARE__V1__CONSENT_NOTICE__INIT;
	struct own_subject about = {"ConsentNotice", subject, {{0}}, {{0}}};
	Google__Protobuf__Timestamp at = own_timestamp(effective_ms);
	char id[TC_ID_TEXT_BYTES], event[GRANT_EVENT_BYTES_MAX + 1];
	int r = 0;

	if (effective_ms == GRANT_NEVER)
		r = grant_event(ledger->txn, &ledger->consent, grant, event);
	if (r < 0)
		return r;
	tc_id_format(grant, id);
	content.grant_id = id;
	content.has_kind = 1;
	content.kind =
		ended ? THROUGHCARE__V1__CONSENT_NOTICE_KIND__CONSENT_NOTICE_KIND_ENDED
		      : THROUGHCARE__V1__CONSENT_NOTICE_KIND__CONSENT_NOTICE_KIND_REVOCATION_PENDING;
	if (effective_ms != GRANT_NEVER)
		content.effective_at = &at;
	else
		content.event_code = event;
	return own_send(ledger, recipient, &about, &content.base);
}

int evidence_review_notice(struct ledger *ledger, uint32_t sender, struct tc_id message,
			   struct tc_id subject, int64_t due_ms, bool overdue)
{
	Throughcare__V1__ReviewNotice content = THROUGHCARE__V1__REVIEW_NOTICE__INIT;
	struct own_subject about = {"ReviewNotice", subject, {{0}}, message};
	Google__Protobuf__Timestamp due = own_timestamp(due_ms);
	char id[TC_ID_TEXT_BYTES];

	tc_id_format(message, id);
	content.message_id = id;
	content.due = &due;
	content.has_overdue = overdue;
	content.overdue = overdue;
	return own_send(ledger, sender, &about, &content.base);
}

int evidence_delivery(struct ledger *ledger, const struct delivery *delivery, uint32_t lease_ms,
		      struct tc_bytes *ret)
{
	Throughcare__V1__Delivery front = THROUGHCARE__V1__DELIVERY__INIT;
	Google__Protobuf__Timestamp accepted = own_timestamp(delivery->accepted_ms);
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
