/*
 * fuzz_json - the JSON reader. The first line names a message of the schema, the rest is JSON.
 * What is read must be printed, read again and come out as the same bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "wire/json.h"
#include "wire/part_types.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const ProtobufCMessageDescriptor *type_named(struct tc_slice name)
{
	for (size_t i = 0; i < tc_message_rule_count; i++)
		if (tc_slice_equal(name, tc_slice_text(tc_message_rules[i].name)))
			return tc_message_rules[i].descriptor;
	return NULL;
}

static struct tc_slice pack(const ProtobufCMessage *message)
{
	size_t len = protobuf_c_message_get_packed_size(message);
	uint8_t *packed = malloc(len + 1);

	TC_CHECK(packed);
	TC_CHECK(protobuf_c_message_pack(message, packed) == len);
	return tc_slice(packed, len);
}

/* Prints the message, reads it again and compares. */
static void check_round_trip(const ProtobufCMessage *message)
{
	struct tc_slice first = pack(message);
	struct tc_slice second;
	struct tc_refusal refusal;
	ProtobufCMessage *again = NULL;
	json_t *json = NULL;
	char *text;

	TC_CHECK(tc_json_from_message(message, &json) == 0);
	text = json_dumps(json, JSON_COMPACT);
	TC_CHECK(text);
	json_decref(json);
	TC_CHECK(tc_json_parse(tc_slice_text(text), &json, &refusal) == 0);
	TC_CHECK(tc_json_to_message(json, message->descriptor, &again, &refusal) == 0);
	second = pack(again);
	TC_CHECK(tc_slice_equal(first, second));
	protobuf_c_message_free_unpacked(again, NULL);
	json_decref(json);
	free(text);
	free((void *)(uintptr_t)first.data);
	free((void *)(uintptr_t)second.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
	const ProtobufCMessageDescriptor *type;
	struct tc_refusal refusal;
	ProtobufCMessage *message = NULL;
	json_t *json = NULL;
	size_t head;

	if (!end)
		return 0;
	head = (size_t)(end - data);
	type = type_named(tc_slice(data, head));
	if (!type || tc_json_parse(tc_slice(end + 1, size - head - 1), &json, &refusal) != 0)
		return 0;
	if (tc_json_to_message(json, type, &message, &refusal) == 0) {
		check_round_trip(message);
		protobuf_c_message_free_unpacked(message, NULL);
	}
	json_decref(json);
	return 0;
}
