#include "wire/envelope.h"

#include <string.h>

#include "wire/content.h"
#include "wire/digest.h"
#include "wire/fields.h"
#include "wire/validate.h"

int tc_part_digest(const uint8_t salt[TC_SALT_BYTES], struct tc_slice type,
		   Throughcare__V1__Category category, bool sealed, struct tc_slice content,
		   uint8_t ret[TC_DIGEST_BYTES])
{
	uint8_t label[1 + 64 + 3];
	struct tc_slice pieces[3];

	if (type.len > 64)
		return TC_EINVAL;
	label[0] = (uint8_t)type.len;
	if (type.len > 0)
		memcpy(label + 1, type.data, type.len);
	tc_put_be16(label + 1 + type.len, (uint16_t)category);
	label[1 + type.len + 2] = sealed ? 1 : 0;
	pieces[0] = tc_slice(salt, TC_SALT_BYTES);
	pieces[1] = tc_slice(label, 1 + type.len + 3);
	pieces[2] = content;
	return tc_sha256_pieces(pieces, 3, ret);
}

int tc_part_trace(const uint8_t salt[TC_SALT_BYTES], struct tc_slice type,
		  Throughcare__V1__Category category, uint8_t ret[TC_TRACE_BYTES])
{
	uint8_t digest[TC_DIGEST_BYTES];
	int r = tc_part_digest(salt, type, category, false, tc_slice(NULL, 0), digest);

	if (r == 0)
		memcpy(ret, digest, TC_TRACE_BYTES);
	return r;
}

/* One Part as it stands; whether it is allowed to stand so is scanned and checked afterwards. */
static int part_read(struct tc_slice packed, struct tc_envelope_part *ret,
		     struct tc_slice *ret_type)
{
	struct tc_slice rest = packed;
	struct tc_field field;
	int r;

	memset(ret, 0, sizeof(*ret));
	*ret_type = (struct tc_slice){0};
	while ((r = tc_fields_next(&rest, &field)) == 0) {
		switch (field.number) {
		case 1:
			*ret_type = field.bytes;
			break;
		case 2:
			ret->category = (Throughcare__V1__Category)field.value;
			break;
		case 3:
			ret->salt = field.bytes;
			break;
		case 4:
			ret->content = field.bytes;
			break;
		case 5:
			ret->sealed = field.value != 0;
			break;
		case 6:
			ret->sealed_to = field.bytes;
			break;
		default:
			break;
		}
	}
	return r;
}

/* Splits the envelope before it is scanned. `part_count` may come out over TC_PARTS_MAX: only so
 * many are kept. */
static int envelope_split(struct tc_slice packed, struct tc_envelope *ret,
			  struct tc_slice parts[TC_PARTS_MAX])
{
	struct tc_slice rest = packed;
	struct tc_field field;
	int r;

	ret->part_count = 0;
	ret->header_bytes = (struct tc_slice){0};
	while ((r = tc_fields_next(&rest, &field)) == 0) {
		if (field.number == 1 && field.wire_type == 2) {
			ret->header_bytes = field.bytes;
		} else if (field.number == 2 && field.wire_type == 2) {
			if (ret->part_count < TC_PARTS_MAX)
				parts[ret->part_count] = field.bytes;
			ret->part_count++;
		}
	}
	return r;
}

static int times_check(const struct tc_header *header, int64_t now_ms, struct tc_refusal *refusal)
{
	if (header->created_ms > now_ms + TC_CLOCK_SKEW_MS_MAX ||
	    header->created_ms < now_ms - TC_AGE_MS_MAX)
		return tc_refuse(refusal, TC_REFUSAL_TIME_ABSURD, "header.created_at");
	if (header->has_occurred_at && (header->occurred_ms > now_ms + TC_CLOCK_SKEW_MS_MAX ||
					header->occurred_ms < TC_OCCURRED_MS_MIN))
		return tc_refuse(refusal, TC_REFUSAL_TIME_ABSURD, "header.occurred_at");
	if (header->has_expires_at && (header->expires_ms > now_ms + TC_EXPIRES_MS_MAX ||
				       header->expires_ms <= header->created_ms))
		return tc_refuse(refusal, TC_REFUSAL_TIME_ABSURD, "header.expires_at");
	return 0;
}

static int recipients_check(const struct tc_header *header, const struct tc_envelope_rule *rule,
			    struct tc_refusal *refusal)
{
	struct tc_slice exchange = tc_slice_text(TC_AGENCY_EXCHANGE);

	if (rule->destination == THROUGHCARE__V1__DESTINATION__DESTINATION_AGENCY) {
		if (header->recipient_count == 0)
			return tc_refuse(refusal, TC_REFUSAL_RECIPIENT_MISSING,
					 "header.recipients");
		return 0;
	}
	for (size_t i = 0; i < header->recipient_count; i++) {
		if (!tc_slice_equal(header->recipients[i].agency, exchange))
			return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID,
					 "header.recipients[%zu]: this type goes to the exchange",
					 i);
	}
	return 0;
}

static int rule_check(const struct tc_header *header, const struct tc_envelope_rule *rule,
		      struct tc_refusal *refusal)
{
	const char *missing = NULL;

	if (rule->destination == THROUGHCARE__V1__DESTINATION__DESTINATION_FROM_EXCHANGE)
		return tc_refuse(refusal, TC_REFUSAL_TYPE_NOT_ALLOWED,
				 "header.type: only the exchange says this");
	if (rule->needs_subject && tc_id_is_none(header->subject))
		missing = "header.subject";
	else if (rule->needs_referral && tc_id_is_none(header->referral_id))
		missing = "header.referral_id";
	else if (rule->needs_purpose &&
		 header->purpose == THROUGHCARE__V1__PURPOSE__PURPOSE_UNSPECIFIED)
		missing = "header.purpose";
	else if (rule->needs_actor && header->actor_id.len == 0)
		missing = "header.actor.id";
	if (missing)
		return tc_refuse(refusal, TC_REFUSAL_FIELD_MISSING, "%s", missing);
	return recipients_check(header, rule, refusal);
}

/* Whether it begins as CMS that is encrypted. Somebody who calls the clear text sealed must learn
 * it here: what is called sealed is looked at by nobody after this. */
static bool cms_begins(struct tc_slice content)
{
	static const struct tc_slice types[] = {
		{(const uint8_t *)"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03",
		 11}, /* EnvelopedData */
		{(const uint8_t *)"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17",
		 13}, /* AuthEnvelopedData */
	};
	size_t head = 2;

	if (content.len < head || content.data[0] != 0x30)
		return false;
	if (content.data[1] > 0x80) /* so many bytes of length follow */
		head += content.data[1] & 0x7f;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (content.len > head + types[i].len &&
		    memcmp(content.data + head, types[i].data, types[i].len) == 0)
			return true;
	return false;
}

static int content_check(const struct tc_envelope *envelope, size_t index,
			 struct tc_refusal *refusal)
{
	const struct tc_envelope_part *part = &envelope->parts[index];
	const struct tc_envelope_rule *rule = part->type->envelope;
	struct tc_refusal found = {0};
	int r;

	if (part->sealed_to.len % TC_DIGEST_BYTES != 0 ||
	    (part->sealed_to.len > 0 && !part->sealed))
		return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID, "parts[%zu].sealed_to", index);
	if (part->sealed) {
		/* What the exchange acts on by itself it must be able to read. */
		if (index == 0 && tc_envelope_rule_reads(rule))
			return tc_refuse(refusal, TC_REFUSAL_PART_SEALED, "parts[0]: %s",
					 part->type->name);
		if (!cms_begins(part->content))
			return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID,
					 "parts[%zu].content: it is not sealed", index);
		return 0;
	}
	if (tc_message_scan(part->content, part->type->message->descriptor, &found) != 0)
		return tc_refuse(refusal, found.code, "parts[%zu]%s%s", index,
				 found.detail[0] ? "." : "", found.detail);
	r = tc_content_check_packed(part->content, part->type->message->descriptor, &found);
	if (r == TC_CONTENT_REFUSED)
		return tc_refuse(refusal, found.code, "parts[%zu].%s", index, found.detail);
	return r;
}

static int part_check(const struct tc_envelope *envelope, size_t index, struct tc_slice type,
		      struct tc_refusal *refusal)
{
	const struct tc_envelope_part *part = &envelope->parts[index];
	uint8_t digest[TC_DIGEST_BYTES];
	int r;

	if (!part->type)
		return tc_refuse(refusal, TC_REFUSAL_UNKNOWN_PART_TYPE, "parts[%zu].type", index);
	if (part->category != part->type->category)
		return tc_refuse(refusal, TC_REFUSAL_PART_CATEGORY,
				 "parts[%zu].category: %s is declared %s", index, part->type->name,
				 tc_category_name(part->type->category));
	if (index == 0 && !tc_slice_equal(type, envelope->header.type))
		return tc_refuse(refusal, TC_REFUSAL_PART_MISSING, "parts[0].type");
	r = tc_part_digest(part->salt.data, type, part->category, part->sealed, part->content,
			   digest);
	if (r < 0)
		return r;
	if (memcmp(digest, envelope->header.manifest[index].data, sizeof(digest)) != 0)
		return tc_refuse(refusal, TC_REFUSAL_MANIFEST_MISMATCH, "header.manifest[%zu]",
				 index);
	return content_check(envelope, index, refusal);
}

static int parts_check(struct tc_envelope *envelope, const struct tc_slice *packed,
		       struct tc_refusal *refusal)
{
	for (size_t i = 0; i < envelope->part_count; i++) {
		struct tc_slice type;
		int r = part_read(packed[i], &envelope->parts[i], &type);

		if (r != TC_FIELDS_END)
			return tc_refuse(refusal, TC_REFUSAL_MALFORMED, "parts[%zu]", i);
		envelope->parts[i].type = tc_part_type_find(type);
		r = part_check(envelope, i, type, refusal);
		if (r != 0)
			return r;
	}
	return 0;
}

static int salts_check(const struct tc_slice *packed, size_t count, struct tc_refusal *refusal)
{
	for (size_t i = 0; i < count; i++) {
		struct tc_envelope_part part;
		struct tc_slice type;

		if (part_read(packed[i], &part, &type) != TC_FIELDS_END)
			return tc_refuse(refusal, TC_REFUSAL_MALFORMED, "parts[%zu]", i);
		if (part.salt.len != TC_SALT_BYTES)
			return tc_refuse(refusal, TC_REFUSAL_SALT_INVALID,
					 "parts[%zu].salt: %zu bytes", i, part.salt.len);
	}
	return 0;
}

/* The digest of a sealed part as if it had no content stands in for its own. */
static int content_hash(struct tc_envelope *envelope)
{
	uint8_t digests[TC_PARTS_MAX][TC_DIGEST_BYTES];
	struct tc_slice stand_ins[TC_PARTS_MAX];
	bool sealed = false;

	for (size_t i = 0; i < envelope->part_count; i++) {
		const struct tc_envelope_part *part = &envelope->parts[i];
		int r;

		stand_ins[i] = (struct tc_slice){0};
		if (!part->sealed)
			continue;
		sealed = true;
		r = tc_part_digest(part->salt.data, tc_slice_text(part->type->name), part->category,
				   true, tc_slice(NULL, 0), digests[i]);
		if (r < 0)
			return r;
		stand_ins[i] = tc_slice(digests[i], TC_DIGEST_BYTES);
	}
	return tc_header_content_hash(envelope->header_bytes, sealed ? stand_ins : NULL,
				      envelope->content_sha256);
}

int tc_envelope_decode(struct tc_slice packed, int64_t now_ms, struct tc_envelope *ret,
		       struct tc_refusal *refusal)
{
	struct tc_slice parts[TC_PARTS_MAX];
	const struct tc_part_type *type;
	bool malformed;
	int r;

	malformed = envelope_split(packed, ret, parts) != TC_FIELDS_END;
	/* The header comes first even when the rest is hopeless: it names the message. */
	r = tc_header_decode(ret->header_bytes, &ret->header, refusal);
	if (malformed)
		return tc_refuse(refusal, TC_REFUSAL_MALFORMED, "envelope");
	if (ret->part_count > TC_PARTS_MAX)
		return tc_refuse(refusal, TC_REFUSAL_TOO_MANY_PARTS, "parts: %zu; the limit is %d",
				 ret->part_count, TC_PARTS_MAX);
	if (r != 0)
		return r < 0 ? r : TC_ENVELOPE_REFUSED;
	if (salts_check(parts, ret->part_count, refusal) != 0)
		return TC_ENVELOPE_REFUSED;
	r = tc_message_scan(packed, &throughcare__v1__envelope__descriptor, refusal);
	if (r != 0)
		return r < 0 ? r : TC_ENVELOPE_REFUSED;
	type = tc_part_type_find(ret->header.type);
	if (!type || !type->envelope)
		return tc_refuse(refusal, TC_REFUSAL_UNKNOWN_TYPE, "header.type");
	if (ret->part_count == 0)
		return tc_refuse(refusal, TC_REFUSAL_PART_MISSING, "parts");
	if (ret->header.manifest_count != ret->part_count)
		return tc_refuse(refusal, TC_REFUSAL_MANIFEST_MISMATCH,
				 "header.manifest: %zu digests for %zu parts",
				 ret->header.manifest_count, ret->part_count);
	if (times_check(&ret->header, now_ms, refusal) != 0 ||
	    rule_check(&ret->header, type->envelope, refusal) != 0)
		return TC_ENVELOPE_REFUSED;
	r = parts_check(ret, parts, refusal);
	if (r != 0)
		return r < 0 ? r : TC_ENVELOPE_REFUSED;
	return content_hash(ret);
}

int tc_envelope_check_sender(const struct tc_envelope *envelope, Throughcare__V1__PeerKind kind,
			     const char *id, struct tc_refusal *refusal)
{
	const struct tc_envelope_rule *rule = envelope->parts[0].type->envelope;

	if (strcmp(envelope->header.sender.name, id) != 0)
		return tc_refuse(refusal, TC_REFUSAL_SENDER_MISMATCH, "header.sender");
	if (!(rule->from & (UINT32_C(1) << kind)))
		return tc_refuse(refusal, TC_REFUSAL_TYPE_NOT_ALLOWED, "header.type");
	return 0;
}
