#include "cli/compose.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "cli/rendition.h"
#include "wire/json.h"
#include "wire/part_types.h"

static int refuse(struct tc_problem *problem, enum tc_refusal_code code, const char *where,
		  const char *detail)
{
	tc_problem_set(problem, tc_refusal_name(code), tc_refusal_message(code),
		       tc_refusal_hint(code), "%s%s%s", where, *where && *detail ? ": " : "",
		       detail);
	return TC_COMPOSE_REFUSED;
}

static int fault(struct tc_problem *problem, int r)
{
	tc_problem_set(problem, "failed", tc_err_text(r), "try again", NULL);
	return r;
}

/* An id that the same key makes of the same message each time. Version 8 (RFC 9562, 5.8): the
 * bits are ours. */
static int id_derive(const struct tc_compose_writer *writer, const char *message_id,
		     const char *label, char to[TC_ID_TEXT_BYTES])
{
	uint8_t derived[TC_DIGEST_BYTES];
	struct tc_id id;
	int r = tc_signing_key_derive(writer->key, label, tc_slice_text(message_id), derived);

	if (r < 0)
		return r;
	memcpy(id.bytes, derived, sizeof(id.bytes));
	id.bytes[6] = (uint8_t)((id.bytes[6] & 0x0f) | 0x80);
	id.bytes[8] = (uint8_t)((id.bytes[8] & 0x3f) | 0x80);
	tc_id_format(id, to);
	return 0;
}

static void set_absent(json_t *object, const char *name, const char *value)
{
	if (value && !json_object_get(object, name))
		json_object_set_new(object, name, json_string(value));
}

static void names_accept(json_t *header)
{
	/* What people write for it. */
	static const char *const others[][2] = {
		{"id", "messageId"},           {"created", "createdAt"},
		{"message_id", "messageId"},   {"created_at", "createdAt"},
		{"referral_id", "referralId"},
	};
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		json_t *value = json_object_get(header, others[i][0]);
		if (value && !json_object_get(header, others[i][1])) {
			json_object_set(header, others[i][1], value);
			json_object_del(header, others[i][0]);
		}
	}
}

static int header_fill(json_t *header, const struct tc_compose_writer *writer, const char *type,
		       struct tc_problem *problem)
{
	char id_text[TC_ID_TEXT_BYTES], time_text[TC_TIME_TEXT_BYTES];
	struct tc_id id = tc_id_new(writer->now_ms);

	tc_id_format(id, id_text);
	set_absent(header, "messageId", id_text);
	const char *message_id = json_string_value(json_object_get(header, "messageId"));
	if (!message_id || !tc_id_parse(tc_slice_text(message_id), &id))
		return refuse(problem, TC_REFUSAL_FIELD_INVALID, "messageId", "not a UUID");
	int64_t created_ms = tc_id_time_ms(id);
	/* A version 7 id from elsewhere may hold no time that can be true. */
	bool believable = created_ms > writer->now_ms - TC_AGE_MS_MAX &&
			  created_ms < writer->now_ms + TC_CLOCK_SKEW_MS_MAX;
	tc_time_format(believable ? created_ms : writer->now_ms, time_text);
	set_absent(header, "createdAt", time_text);
	set_absent(header, "sender", writer->sender);
	set_absent(header, "type", type);
	if (writer->actor && !json_object_get(header, "actor"))
		json_object_set_new(header, "actor", json_pack("{s:s}", "id", writer->actor));
	const char *named = json_string_value(json_object_get(header, "type"));
	if (named && strcmp(named, "Referral") == 0 && !json_object_get(header, "referralId")) {
		int r = id_derive(writer, message_id, "throughcare/referral-id/v1", id_text);
		if (r < 0)
			return fault(problem, r);
		set_absent(header, "referralId", id_text);
	}
	return 0;
}

static int header_make(const json_t *message, const struct tc_compose_writer *writer,
		       struct tc_composition *composition, struct tc_problem *problem)
{
	struct tc_refusal refusal = {0};
	ProtobufCMessage *made = NULL;
	json_t *header = json_copy((json_t *)(uintptr_t)message);
	const json_t *parts = json_object_get(message, "parts");
	int r = TC_ENOMEM;

	if (!header)
		return fault(problem, r);
	json_object_del(header, "parts");
	json_object_del(header, "manifest"); /* made of what the parts are */
	names_accept(header);
	r = header_fill(header, writer,
			json_string_value(json_object_get(json_array_get(parts, 0), "type")),
			problem);
	if (r == 0) {
		r = tc_json_to_message(header, &throughcare__v1__header__descriptor, &made,
				       &refusal);
		if (r > 0)
			r = refuse(problem, refusal.code, "", refusal.detail);
		else if (r < 0)
			fault(problem, r);
	}
	if (r == 0)
		composition->header = (Throughcare__V1__Header *)(void *)made;
	if (r == 0 && protobuf_c_message_get_packed_size(made) +
				      json_array_size(parts) * TC_MANIFEST_ENTRY_BYTES >
			      TC_HEADER_BYTES_MAX)
		r = refuse(problem, TC_REFUSAL_FIELD_TOO_LONG, "header",
			   "all of it has more than 16 KiB");
	json_decref(header);
	return r;
}

/* Ids that a leading part must have and its writer left out: consent, grant, appointment... */
static int ids_fill(json_t *content, const struct tc_message_rule *rule,
		    const struct tc_compose_writer *writer, const char *message_id,
		    const char *path)
{
	char label[160], id_text[TC_ID_TEXT_BYTES];
	int r = 0;

	for (size_t i = 0; i < rule->field_count && r == 0; i++) {
		const struct tc_field_rule *field = &rule->fields[i];
		json_t *value = json_object_get(content, field->json_name);
		if (!value)
			value = json_object_get(content, field->name);
		snprintf(label, sizeof(label), "%s.%s", path, field->json_name);
		if (!value && field->required && !field->repeated &&
		    field->kind == TC_FIELD_STRING &&
		    field->format == THROUGHCARE__V1__FORMAT__FORMAT_UUID) {
			r = id_derive(writer, message_id, label, id_text);
			if (r == 0)
				json_object_set_new(content, field->json_name,
						    json_string(id_text));
		} else if (json_is_array(value) && field->kind == TC_FIELD_MESSAGE) {
			size_t index;
			json_t *element;
			json_array_foreach(value, index, element)
			{
				snprintf(label, sizeof(label), "%s.%s[%zu]", path, field->json_name,
					 index);
				if (r == 0 && json_is_object(element))
					r = ids_fill(element, field->message, writer, message_id,
						     label);
			}
		}
	}
	return r;
}

bool tc_compose_makes_ids(const char *type)
{
	static const char *const types[] = {"ConsentGrant", "AppointmentScheduled", "CapacityHold"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i], type) == 0)
			return true;
	return false;
}

static int content_pack(json_t *content, const struct tc_part_type *type, const char *where,
			struct tc_bytes *ret, struct tc_problem *problem)
{
	struct tc_refusal refusal = {0};
	ProtobufCMessage *made = NULL;
	int r = tc_json_to_message(content, type->message->descriptor, &made, &refusal);

	if (r > 0)
		return refuse(problem, refusal.code, where, refusal.detail);
	if (r == 0)
		r = tc_bytes_reserve(ret, protobuf_c_message_get_packed_size(made) + 1);
	if (r == 0)
		ret->len = protobuf_c_message_pack(made, ret->data);
	if (made)
		protobuf_c_message_free_unpacked(made, NULL);
	return r < 0 ? fault(problem, r) : 0;
}

static int salt_read(const json_t *part, uint8_t salt[TC_SALT_BYTES], struct tc_slice *ret,
		     const char *where, struct tc_problem *problem)
{
	const char *text = json_string_value(json_object_get(part, "salt"));
	struct tc_bytes bytes = {0};
	int r = 0;

	if (!json_object_get(part, "salt"))
		return 0;
	if (!text || tc_rendition_bytes(text, &bytes) != 0 || bytes.len != TC_SALT_BYTES) {
		r = refuse(problem, TC_REFUSAL_SALT_INVALID, where, "not 32 bytes in base64");
	} else {
		memcpy(salt, bytes.data, TC_SALT_BYTES);
		*ret = tc_slice(salt, TC_SALT_BYTES);
	}
	tc_bytes_free(&bytes);
	return r;
}

/* The category as it was given, else the one that the type declares. */
static int category_read(const json_t *part, const struct tc_part_type *type,
			 Throughcare__V1__Category *ret, const char *where,
			 struct tc_problem *problem)
{
	const json_t *given = json_object_get(part, "category");
	const char *text = json_string_value(given);
	int value = (int)json_integer_value(given);

	*ret = type->category;
	if (!given)
		return 0;
	if (!json_is_integer(given) &&
	    (!text || !tc_enum_value_find(&throughcare__v1__category__descriptor,
					  tc_slice_text(text), &value)))
		return refuse(problem, TC_REFUSAL_PART_CATEGORY, where,
			      "there is no such category");
	if (value != (int)type->category)
		return refuse(problem, TC_REFUSAL_PART_CATEGORY, where,
			      tc_category_name(type->category));
	return 0;
}

static int part_names_check(const json_t *part, const char *where, struct tc_problem *problem)
{
	/* "opened" is how a part was received: it may be sent on as it was printed. */
	static const char *const known[] = {"type", "category", "content",
					    "salt", "sealed",   "opened"};
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)part, name, value)
	{
		bool found = false;
		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			found = found || strcmp(known[i], name) == 0;
		if (!found)
			return refuse(problem, TC_REFUSAL_FIELD_UNKNOWN, where, name);
	}
	return 0;
}

/* A sealed part's content that is a text is the base64 of a CMS structure, made elsewhere; any
 * other content is to be sealed here. */
static int part_sealed(const json_t *part, const struct tc_part_type *type, size_t i,
		       const char *where, struct tc_composition *to, struct tc_problem *problem)
{
	const char *text = json_string_value(json_object_get(part, "content"));
	int r;

	if (i == 0 && type->envelope && tc_envelope_rule_reads(type->envelope))
		return refuse(problem, TC_REFUSAL_PART_SEALED, where, type->name);
	to->parts[i].sealed = text != NULL;
	to->marked[i] = !text;
	if (!text)
		return 0;
	r = tc_rendition_bytes(text, &to->contents[i]);
	if (r > 0)
		return refuse(problem, TC_REFUSAL_FIELD_INVALID, where, "not base64");
	return r < 0 ? fault(problem, r) : 0;
}

static int part_content(const json_t *part, const struct tc_part_type *type, size_t i,
			const struct tc_compose_writer *writer, struct tc_composition *to,
			struct tc_problem *problem)
{
	char where[48];
	int r;

	snprintf(where, sizeof(where), "parts[%zu].content", i);
	if (json_is_true(json_object_get(part, "sealed"))) {
		r = part_sealed(part, type, i, where, to, problem);
		if (r != 0 || to->parts[i].sealed)
			return r;
	}
	json_t *content = json_deep_copy(json_object_get(part, "content"));
	if (!content)
		content = json_object();
	r = i == 0 && json_is_object(content) && tc_compose_makes_ids(type->name)
		    ? ids_fill(content, type->message, writer, to->header->message_id, type->name)
		    : 0;
	if (r < 0)
		fault(problem, r);
	if (r == 0)
		r = content_pack(content, type, where, &to->contents[i], problem);
	json_decref(content);
	return r;
}

static int part_make(const json_t *part, size_t i, const struct tc_compose_writer *writer,
		     struct tc_composition *to, struct tc_problem *problem)
{
	struct tc_draft_part *made = &to->parts[i];
	const char *name = json_string_value(json_object_get(part, "type"));
	const struct tc_part_type *type = name ? tc_part_type_find(tc_slice_text(name)) : NULL;
	char where[32];

	snprintf(where, sizeof(where), "parts[%zu]", i);
	if (!json_is_object(part))
		return refuse(problem, TC_REFUSAL_FIELD_INVALID, where, "not an object");
	if (!type)
		return refuse(problem, TC_REFUSAL_UNKNOWN_PART_TYPE, where, name ? name : "type");
	int r = part_names_check(part, where, problem);
	if (r == 0)
		r = category_read(part, type, &made->category, where, problem);
	if (r == 0)
		r = salt_read(part, to->salts[i], &made->salt, where, problem);
	if (r == 0)
		r = part_content(part, type, i, writer, to, problem);
	if (r != 0)
		return r;
	to->bytes += to->contents[i].len + TC_PART_OVERHEAD_BYTES;
	if (to->contents[i].len > TC_PART_BYTES_MAX)
		return refuse(problem, TC_REFUSAL_FIELD_TOO_LONG, where,
			      "its content has more than 1 MiB");
	if (to->bytes > TC_FRAME_BYTES_MAX - TC_HEADER_BYTES_MAX)
		return refuse(problem, TC_REFUSAL_FRAME_TOO_LARGE, where,
			      "with this part the message has more than 4 MiB");
	made->type = type->name;
	made->content = tc_bytes_slice(&to->contents[i]);
	to->part_count = i + 1;
	return 0;
}

int tc_compose(const json_t *message, const struct tc_compose_writer *writer,
	       struct tc_composition **ret, struct tc_problem *problem)
{
	const json_t *parts = json_object_get(message, "parts");
	size_t index;
	const json_t *part;

	if (!json_is_object(message))
		return refuse(problem, TC_REFUSAL_MALFORMED, "", "a message is a JSON object");
	if (!json_is_array(parts) || json_array_size(parts) == 0)
		return refuse(problem, TC_REFUSAL_PART_MISSING, "parts", "an array of parts");
	if (json_array_size(parts) > TC_PARTS_MAX)
		return refuse(problem, TC_REFUSAL_TOO_MANY_PARTS, "parts", "");
	struct tc_composition *composition = calloc(1, sizeof(*composition));
	if (!composition)
		return fault(problem, TC_ENOMEM);
	int r = header_make(message, writer, composition, problem);
	json_array_foreach(parts, index, part)
	{
		if (r == 0)
			r = part_make(part, index, writer, composition, problem);
	}
	if (r == 0)
		*ret = composition;
	else
		tc_compose_free(&composition);
	return r;
}

void tc_compose_free(struct tc_composition **composition)
{
	if (!*composition)
		return;
	for (size_t i = 0; i < TC_PARTS_MAX; i++)
		tc_bytes_free_secret(&(*composition)->contents[i]);
	if ((*composition)->header)
		throughcare__v1__header__free_unpacked((*composition)->header, NULL);
	free(*composition);
	*composition = NULL;
}

int tc_compose_message(const struct tc_composition *from, struct tc_message **ret)
{
	size_t len = throughcare__v1__header__get_packed_size(from->header);
	uint8_t *packed = malloc(len + 1);
	int r = packed ? 0 : TC_FAULT_MEMORY;

	if (r == 0) {
		throughcare__v1__header__pack(from->header, packed);
		r = tc_message_new_packed(packed, len, ret);
	}
	for (size_t i = 0; i < from->part_count && r == 0; i++) {
		const struct tc_draft_part *part = &from->parts[i];
		r = tc_message_add_part_with(*ret, part->type, (int)part->category,
					     part->content.data, part->content.len, part->salt.data,
					     part->sealed);
		if (r == 0 && from->marked[i])
			r = tc_message_mark_sealed(*ret, (unsigned)i);
	}
	free(packed);
	return r;
}
