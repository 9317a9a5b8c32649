#include "cli/rendition.h"

#include <stdlib.h>
#include <string.h>

#include "cli/terms.h"
#include "wire/base64.h"
#include "wire/json.h"
#include "wire/limits.h"
#include "wire/part_types.h"
#include "wire/validate.h"

#define NUMBER_MAX (1LL << 53)

static void numbers_soften(json_t *object, const struct tc_message_rule *rule);

static json_t *value_soften(json_t *value, const struct tc_field_rule *field)
{
	char *end = NULL;

	if (field->kind == TC_FIELD_MESSAGE) {
		numbers_soften(value, field->message);
		return NULL;
	}
	const char *text = json_string_value(value);
	long long number = text ? strtoll(text, &end, 10) : NUMBER_MAX;
	bool fits = text && *end == '\0' && number < NUMBER_MAX && number > -NUMBER_MAX;
	return fits ? json_integer(number) : NULL;
}

static void numbers_soften(json_t *object, const struct tc_message_rule *rule)
{
	for (size_t i = 0; i < rule->field_count; i++) {
		const struct tc_field_rule *field = &rule->fields[i];
		json_t *value = json_object_get(object, field->json_name);
		if (!value || (field->kind != TC_FIELD_INT64 && field->kind != TC_FIELD_UINT64 &&
			       field->kind != TC_FIELD_MESSAGE))
			continue;
		if (!field->repeated) {
			json_t *soft = value_soften(value, field);
			if (soft)
				json_object_set_new(object, field->json_name, soft);
			continue;
		}
		size_t index;
		json_t *element;
		json_array_foreach(value, index, element)
		{
			json_t *soft = value_soften(element, field);
			if (soft)
				json_array_set_new(value, index, soft);
		}
	}
}

static int message_read(struct tc_slice packed, const ProtobufCMessageDescriptor *type,
			ProtobufCMessage **ret)
{
	struct tc_refusal refusal;

	if (tc_message_scan(packed, type, &refusal) != 0)
		return TC_RENDITION_UNREADABLE;
	*ret = protobuf_c_message_unpack(type, NULL, packed.len, packed.data);
	return *ret ? 0 : TC_RENDITION_UNREADABLE;
}

int tc_rendition_packed(struct tc_slice packed, const ProtobufCMessageDescriptor *type,
			json_t **ret)
{
	ProtobufCMessage *message = NULL;
	json_t *object = NULL;
	int r = message_read(packed, type, &message);

	if (r == 0)
		r = tc_json_from_message(message, &object);
	if (r == 0) {
		numbers_soften(object, tc_message_rule_find(type));
		*ret = object;
	}
	if (message)
		protobuf_c_message_free_unpacked(message, NULL);
	return r;
}

static json_t *bytes_json(struct tc_slice bytes)
{
	char *text = malloc(TC_BASE64_TEXT_BYTES(bytes.len));
	if (!text)
		return NULL;
	tc_base64_encode(bytes, text);
	json_t *value = json_string(text);
	free(text);
	return value;
}

/* How sealed parts are opened. */
struct opening {
	tc_rendition_opener opener; /* NULL: not at all */
	void *context;
};

static json_t *part_json(const Throughcare__V1__Part *part, size_t place,
			 const struct opening *opening)
{
	struct tc_slice content = tc_slice(part->content.data, part->content.len);
	bool opened = part->sealed && opening->opener &&
		      opening->opener(opening->context, place, content, &content);
	const ProtobufCMessageDescriptor *type =
		part->sealed && !opened ? NULL : tc_part_descriptor(tc_slice_text(part->type));
	json_t *value = NULL;

	if (!type || tc_rendition_packed(content, type, &value) != 0)
		value = bytes_json(content);
	const ProtobufCEnumValue *category = protobuf_c_enum_descriptor_get_value(
		&throughcare__v1__category__descriptor, (int)part->category);
	json_t *object = json_pack("{s:s*,s:s*}", "type", part->type, "category",
				   category ? category->name : NULL);
	if (object && part->sealed) {
		json_object_set_new(object, "sealed", json_true());
		json_object_set_new(object, "opened", json_boolean(opened));
	}
	/* Whoever may pass the part on sends it with its salt: so the exchange knows it again. */
	json_object_set_new(object, "salt", bytes_json(tc_slice(part->salt.data, part->salt.len)));
	json_object_set_new(object, "content", value);
	return object;
}

static json_t *parts_json(const Throughcare__V1__Delivery *delivery, const struct opening *opening)
{
	json_t *parts = json_array();

	for (size_t i = 0; parts && i < delivery->n_parts; i++)
		json_array_append_new(parts, part_json(delivery->parts[i], i, opening));
	return parts;
}

/* Delivery's own fields first, then the header's, then the parts. */
static int delivery_join(json_t *object, const Throughcare__V1__Delivery *delivery,
			 const struct opening *opening)
{
	json_t *header = NULL;
	int r = tc_rendition_packed(tc_slice(delivery->header.data, delivery->header.len),
				    &throughcare__v1__header__descriptor, &header);
	if (r != 0)
		return r;
	size_t sent = json_array_size(json_object_get(header, "manifest"));
	json_object_del(header, "manifest");
	json_object_del(object, "header");
	json_object_del(object, "signature");
	/* The delivery's basis is what permitted the release; the header's is what the sender
	 * named. */
	json_t *named = json_object_get(header, "basis");
	if (named)
		json_object_set(object, "namedBasis", named);
	json_object_update_missing(object, header);
	json_decref(header);
	json_object_set_new(object, "parts", parts_json(delivery, opening));
	json_object_set_new(object, "partsSent", json_integer((json_int_t)sent));
	json_object_set_new(object, "partsWithheld",
			    json_integer((json_int_t)(sent - delivery->n_parts)));
	if (!json_object_get(object, "obligations"))
		json_object_set_new(object, "obligations", json_array());
	return tc_terms_join(object, delivery);
}

int tc_rendition_delivery(struct tc_slice packed, tc_rendition_opener opener, void *context,
			  json_t **ret)
{
	struct opening opening = {.opener = opener, .context = context};
	ProtobufCMessage *message = NULL;
	json_t *object = NULL;
	int r = message_read(packed, &throughcare__v1__delivery__descriptor, &message);

	if (r == 0)
		r = tc_rendition_packed(packed, &throughcare__v1__delivery__descriptor, &object);
	if (r == 0)
		r = delivery_join(object, (const Throughcare__V1__Delivery *)(const void *)message,
				  &opening);
	if (message)
		protobuf_c_message_free_unpacked(message, NULL);
	if (r == 0)
		*ret = object;
	else
		json_decref(object);
	return r;
}

int tc_rendition_bytes(const char *base64, struct tc_bytes *ret)
{
	size_t len = strlen(base64), got = 0;

	if (len > 2 * (size_t)TC_PART_BYTES_MAX)
		return TC_RENDITION_UNREADABLE;
	int r = tc_bytes_reserve(ret, len / 4 * 3 + 3);
	if (r < 0)
		return r;
	if (!tc_base64_decode(tc_slice(base64, len), ret->data + ret->len, &got))
		return TC_RENDITION_UNREADABLE;
	ret->len += got;
	return 0;
}
