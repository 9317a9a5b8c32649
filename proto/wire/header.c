#include "wire/header.h"

#include <string.h>

#include "wire/digest.h"
#include "wire/fields.h"
#include "wire/validate.h"

/* Numbers of envelope.proto. */
enum header_field {
	FIELD_MESSAGE_ID = 1,
	FIELD_TYPE = 2,
	FIELD_SENDER = 3,
	FIELD_ACTOR = 4,
	FIELD_ON_BEHALF_OF = 5,
	FIELD_RECIPIENTS = 6,
	FIELD_SUBJECT = 7,
	FIELD_REFERRAL_ID = 8,
	FIELD_EXPECTED_VERSION = 9,
	FIELD_PURPOSE = 10,
	FIELD_BASIS = 11,
	FIELD_PROCEEDING_ID = 12,
	FIELD_PRIORITY = 13,
	FIELD_CREATED_AT = 14,
	FIELD_OCCURRED_AT = 15,
	FIELD_EXPIRES_AT = 16,
	FIELD_CAUSATION_ID = 17,
	FIELD_EVIDENCE = 18,
	FIELD_MANIFEST = 19,
};

static bool actor_read(struct tc_slice packed, struct tc_header *ret)
{
	struct tc_slice rest = packed;
	struct tc_field field;
	int r;

	while ((r = tc_fields_next(&rest, &field)) == 0) {
		if (field.number == 1)
			ret->actor_id = field.bytes;
		else if (field.number == 2)
			ret->actor_role = field.bytes;
	}
	return r == TC_FIELDS_END;
}

static bool recipient_read(struct tc_slice packed, struct tc_header *ret)
{
	struct tc_slice rest = packed;
	struct tc_recipient recipient = {{0}, {0}, {0}, {0}};
	struct tc_field field;
	int r;

	if (ret->recipient_count == TC_RECIPIENTS_MAX)
		return false;
	while ((r = tc_fields_next(&rest, &field)) == 0) {
		if (field.number == 1)
			recipient.agency = field.bytes;
		else if (field.number == 2)
			recipient.service = field.bytes;
		else if (field.number == 3)
			recipient.role = field.bytes;
		else if (field.number == 4)
			recipient.person = field.bytes;
	}
	ret->recipients[ret->recipient_count++] = recipient;
	return r == TC_FIELDS_END;
}

static bool basis_read(struct tc_slice packed, struct tc_header *ret)
{
	struct tc_slice rest = packed;
	struct tc_field field;
	int r;

	while ((r = tc_fields_next(&rest, &field)) == 0) {
		if (field.number == 1) {
			if (!tc_id_parse(field.bytes, &ret->grant_id))
				return false;
		} else if (field.number == 2) {
			ret->legal = (Throughcare__V1__LegalBasis)field.value;
		} else if (field.number == 3) {
			ret->basis_reference = field.bytes;
		}
	}
	return r == TC_FIELDS_END;
}

static bool manifest_read(struct tc_slice digest, struct tc_header *ret)
{
	if (digest.len != TC_DIGEST_BYTES || ret->manifest_count == TC_PARTS_MAX)
		return false;
	ret->manifest[ret->manifest_count++] = digest;
	return true;
}

static bool field_read(const struct tc_field *field, struct tc_header *ret)
{
	switch (field->number) {
	case FIELD_MESSAGE_ID:
		return tc_id_parse(field->bytes, &ret->message_id);
	case FIELD_TYPE:
		ret->type = field->bytes;
		return true;
	case FIELD_SENDER:
		return tc_agency_parse(field->bytes, &ret->sender);
	case FIELD_ACTOR:
		return actor_read(field->bytes, ret);
	case FIELD_ON_BEHALF_OF:
		ret->on_behalf_of = field->bytes;
		return true;
	case FIELD_RECIPIENTS:
		return recipient_read(field->bytes, ret);
	case FIELD_SUBJECT:
		return tc_id_parse(field->bytes, &ret->subject);
	case FIELD_REFERRAL_ID:
		return tc_id_parse(field->bytes, &ret->referral_id);
	case FIELD_EXPECTED_VERSION:
		ret->has_expected_version = true;
		ret->expected_version = field->value;
		return true;
	case FIELD_PURPOSE:
		ret->purpose = (Throughcare__V1__Purpose)field->value;
		return true;
	case FIELD_BASIS:
		return basis_read(field->bytes, ret);
	case FIELD_PROCEEDING_ID:
		ret->proceeding_id = field->bytes;
		return true;
	case FIELD_PRIORITY:
		ret->priority = (Throughcare__V1__Priority)field->value;
		return true;
	case FIELD_CREATED_AT:
		return tc_fields_timestamp(field->bytes, &ret->created_ms);
	case FIELD_OCCURRED_AT:
		ret->has_occurred_at = true;
		return tc_fields_timestamp(field->bytes, &ret->occurred_ms);
	case FIELD_EXPIRES_AT:
		ret->has_expires_at = true;
		return tc_fields_timestamp(field->bytes, &ret->expires_ms);
	case FIELD_CAUSATION_ID:
		return tc_id_parse(field->bytes, &ret->causation_id);
	case FIELD_EVIDENCE:
		ret->evidence = (Throughcare__V1__EvidenceLevel)field->value;
		return true;
	case FIELD_MANIFEST:
		return manifest_read(field->bytes, ret);
	default:
		return false;
	}
}

/* Reads on past what it cannot use, so that a refusal can still name the message. */
static bool fields_read(struct tc_slice packed, struct tc_header *ret)
{
	struct tc_slice rest = packed;
	struct tc_field field;
	bool good = true;
	int r;

	memset(ret, 0, sizeof(*ret));
	while ((r = tc_fields_next(&rest, &field)) == 0)
		good = field_read(&field, ret) && good;
	return good && r == TC_FIELDS_END;
}

static int recipients_check(const struct tc_header *header, struct tc_refusal *refusal)
{
	for (size_t i = 0; i < header->recipient_count; i++) {
		const struct tc_recipient *recipient = &header->recipients[i];

		if (recipient->agency.len > 0 && recipient->service.len > 0)
			return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID,
					 "header.recipients[%zu]: agency and service together", i);
		if (recipient->agency.len == 0 && recipient->service.len == 0 &&
		    recipient->role.len == 0)
			return tc_refuse(refusal, TC_REFUSAL_RECIPIENT_MISSING,
					 "header.recipients[%zu]", i);
	}
	return 0;
}

static int manifest_check(struct tc_slice packed, struct tc_refusal *refusal)
{
	struct tc_slice rest = packed;
	struct tc_field field;
	size_t index = 0;

	while (tc_fields_next(&rest, &field) == 0) {
		if (field.number != FIELD_MANIFEST)
			continue;
		if (field.bytes.len != TC_DIGEST_BYTES)
			return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID,
					 "header.manifest[%zu]: not %d bytes", index,
					 TC_DIGEST_BYTES);
		index++;
	}
	if (index > TC_PARTS_MAX)
		return tc_refuse(refusal, TC_REFUSAL_TOO_MANY_PARTS, "header.manifest: %zu entries",
				 index);
	return 0;
}

int tc_header_decode(struct tc_slice packed, struct tc_header *ret, struct tc_refusal *refusal)
{
	struct tc_refusal found = {0};
	bool good = fields_read(packed, ret);

	if (packed.len == 0)
		return tc_refuse(refusal, TC_REFUSAL_FIELD_MISSING, "header");
	if (packed.len > TC_HEADER_BYTES_MAX)
		return tc_refuse(refusal, TC_REFUSAL_FIELD_TOO_LONG, "header");
	if (manifest_check(packed, refusal) != 0)
		return TC_HEADER_REFUSED;
	if (tc_message_scan(packed, &throughcare__v1__header__descriptor, &found) != 0)
		return tc_refuse(refusal, found.code, "header%s%s", found.detail[0] ? "." : "",
				 found.detail);
	if (!good)
		return tc_refuse(refusal, TC_REFUSAL_MALFORMED, "header");
	if (tc_id_is_none(ret->message_id))
		return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID, "header.message_id");
	return recipients_check(ret, refusal) != 0 ? TC_HEADER_REFUSED : 0;
}

int tc_header_read(struct tc_slice packed, struct tc_header *ret)
{
	return fields_read(packed, ret) ? 0 : TC_ECORRUPT;
}

int tc_header_content_hash(struct tc_slice packed, const struct tc_slice *stand_ins,
			   uint8_t ret[TC_DIGEST_BYTES])
{
	struct tc_slice pieces[2 * TC_PARTS_MAX + 2];
	struct tc_slice rest = packed;
	const uint8_t *from = packed.data; /* of what is not yet in a piece */
	struct tc_field field;
	size_t count = 0, entry = 0;

	while (tc_fields_next(&rest, &field) == 0) {
		const uint8_t *to = field.record.data; /* [to, next) is left out */
		const uint8_t *next = rest.data;
		struct tc_slice stand_in = {0};

		if (field.number == FIELD_MANIFEST && stand_ins && entry < TC_PARTS_MAX) {
			stand_in = stand_ins[entry++];
			to = field.bytes.data;
		}
		if (field.number != FIELD_CREATED_AT && stand_in.len == 0)
			continue;
		if (count + 3 > sizeof(pieces) / sizeof(pieces[0]))
			return TC_EINVAL; /* it was never scanned: a time comes once */
		pieces[count++] = tc_slice(from, (size_t)(to - from));
		if (stand_in.len > 0)
			pieces[count++] = stand_in;
		from = next;
		if (!stand_ins)
			break; /* nothing else is left out */
	}
	pieces[count++] = tc_slice(from, (size_t)(packed.data + packed.len - from));
	return tc_sha256_pieces(pieces, count, ret);
}
