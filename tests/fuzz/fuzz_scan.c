/*
 * fuzz_scan - the scan before unpacking. The first line names a message of the schema, the rest
 * is packed. What the scan accepts must unpack, and be printable as JSON that reads back.
 */
#include <stdint.h>
#include <string.h>

#include "base/check.h"
#include "wire/json.h"
#include "wire/part_types.h"
#include "wire/validate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const ProtobufCMessageDescriptor *type_named(struct tc_slice name)
{
	for (size_t i = 0; i < tc_message_rule_count; i++)
		if (tc_slice_equal(name, tc_slice_text(tc_message_rules[i].name)))
			return tc_message_rules[i].descriptor;
	return NULL;
}

static void check_accepted(struct tc_slice packed, const ProtobufCMessageDescriptor *type)
{
	ProtobufCMessage *message = protobuf_c_message_unpack(type, NULL, packed.len, packed.data);
	ProtobufCMessage *again = NULL;
	struct tc_refusal refusal;
	json_t *json = NULL;

	TC_CHECK(message);
	TC_CHECK(message->n_unknown_fields == 0);
	TC_CHECK(tc_json_from_message(message, &json) == 0);
	TC_CHECK(tc_json_to_message(json, type, &again, &refusal) == 0);
	protobuf_c_message_free_unpacked(again, NULL);
	json_decref(json);
	protobuf_c_message_free_unpacked(message, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
	const ProtobufCMessageDescriptor *type;
	struct tc_refusal refusal;
	struct tc_slice packed;
	size_t head;

	if (!end)
		return 0;
	head = (size_t)(end - data);
	type = type_named(tc_slice(data, head));
	packed = tc_slice(end + 1, size - head - 1);
	if (type && tc_message_scan(packed, type, &refusal) == 0)
		check_accepted(packed, type);
	return 0;
}
