#include "wire/request.h"

#include <string.h>

#include "throughcare/v1/wire.pb-c.h"
#include "wire/fields.h"
#include "wire/signature.h"
#include "wire/validate.h"

/* By the field numbers of Request's body. */
static const struct {
	enum tc_request_kind kind;
	const char *name;
	const ProtobufCMessageDescriptor *descriptor; /* NULL: split, not scanned */
} bodies[] = {
	[2] = {TC_REQUEST_SUBMIT, "submit", NULL},
	[3] = {TC_REQUEST_COLLECT, "collect", &throughcare__v1__collect__descriptor},
	[4] = {TC_REQUEST_SETTLE, "settle", &throughcare__v1__settle__descriptor},
	[5] = {TC_REQUEST_QUERY, "query", &throughcare__v1__query__descriptor},
};

static int body_check(const struct tc_request *request, uint32_t number, struct tc_refusal *refusal)
{
	struct tc_refusal found = {0};

	if (number == 0)
		return tc_refuse(refusal, TC_REFUSAL_FIELD_MISSING, "body");
	if (request->id == 0)
		return tc_refuse(refusal, TC_REFUSAL_FIELD_MISSING, "request_id");
	if (!bodies[number].descriptor)
		return 0;
	if (tc_message_scan(request->body, bodies[number].descriptor, &found) != 0)
		return tc_refuse(refusal, found.code, "%s%s%s", bodies[number].name,
				 found.detail[0] ? "." : "", found.detail);
	return 0;
}

int tc_request_decode(struct tc_slice frame, struct tc_request *ret, struct tc_refusal *refusal)
{
	struct tc_slice rest = frame;
	struct tc_field field;
	uint32_t body = 0;
	bool has_id = false;
	int r;

	memset(ret, 0, sizeof(*ret));
	while ((r = tc_fields_next(&rest, &field)) == 0) {
		if (field.number == 1 && field.wire_type == 0) {
			if (has_id)
				return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID,
						 "request_id: more than once");
			has_id = true;
			ret->id = field.value;
		} else if (field.number >= 2 && field.number <= 5 && field.wire_type == 2) {
			if (body != 0)
				return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID,
						 "body: more than one");
			body = field.number;
			ret->kind = bodies[body].kind;
			ret->body = field.bytes;
		} else {
			return tc_refuse(refusal, TC_REFUSAL_FIELD_UNKNOWN, "field %u",
					 (unsigned)field.number);
		}
	}
	if (r != TC_FIELDS_END)
		return tc_refuse(refusal, TC_REFUSAL_MALFORMED, "the frame is no protobuf message");
	return body_check(ret, body, refusal) != 0 ? TC_REQUEST_REFUSED : 0;
}

/* Whatever is wrong with an envelope is found when it is decoded; here only its header bytes are
 * looked for, since they are leaves of the tree that was signed. */
static struct tc_slice header_find(struct tc_slice envelope)
{
	struct tc_slice rest = envelope;
	struct tc_slice header = {0};
	struct tc_field field;

	while (tc_fields_next(&rest, &field) == 0) {
		if (field.number == 1 && field.wire_type == 2)
			header = field.bytes;
	}
	return header;
}

int tc_submit_split(struct tc_slice body, struct tc_submit *ret, struct tc_refusal *refusal)
{
	struct tc_slice rest = body;
	struct tc_field field;
	int r;

	ret->count = 0;
	ret->signature = (struct tc_slice){0};
	while ((r = tc_fields_next(&rest, &field)) == 0) {
		if (field.number == 1 && field.wire_type == 2) {
			if (ret->count == TC_ENVELOPES_MAX)
				return tc_refuse(refusal, TC_REFUSAL_TOO_MANY_ENVELOPES,
						 "submit.envelopes: more than %d",
						 TC_ENVELOPES_MAX);
			ret->envelopes[ret->count] = field.bytes;
			ret->headers[ret->count] = header_find(field.bytes);
			ret->count++;
		} else if (field.number == 2 && field.wire_type == 2) {
			if (ret->signature.len > 0)
				return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID,
						 "submit.signature: more than once");
			ret->signature = field.bytes;
		} else {
			return tc_refuse(refusal, TC_REFUSAL_FIELD_UNKNOWN, "submit: field %u",
					 (unsigned)field.number);
		}
	}
	if (r != TC_FIELDS_END)
		return tc_refuse(refusal, TC_REFUSAL_MALFORMED, "submit");
	if (ret->count == 0)
		return tc_refuse(refusal, TC_REFUSAL_TOO_MANY_ENVELOPES, "submit.envelopes: none");
	if (ret->signature.len == 0)
		return tc_refuse(refusal, TC_REFUSAL_FIELD_MISSING, "submit.signature");
	if (ret->signature.len > TC_SIGNATURE_BYTES_MAX)
		return tc_refuse(refusal, TC_REFUSAL_FIELD_TOO_LONG, "submit.signature");
	return 0;
}

int tc_submit_verify(const struct tc_submit *submit, struct tc_certificate *certificate,
		     struct tc_merkle_tree *ret, struct tc_refusal *refusal)
{
	int r = tc_merkle_tree_build(submit->headers, submit->count, ret);

	if (r < 0)
		return r;
	r = tc_signature_verify(certificate, tc_merkle_tree_root(ret), submit->signature);
	if (r == TC_SIGNATURE_WRONG)
		return tc_refuse(refusal, TC_REFUSAL_SIGNATURE_INVALID, "submit.signature");
	return r;
}
