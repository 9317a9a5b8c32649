/*
 * json_convert templates                 one line for each part type that agencies send
 * json_convert encode TYPE < JSON        packed message in hexadecimal
 * json_convert decode TYPE < HEX         JSON
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/json.h"
#include "wire/part_types.h"
#include "wire/validate.h"

#define NOW_MS     1795255200123LL
#define TEXT_BYTES 65536

static int templates(void)
{
	for (size_t i = 0; i < tc_part_type_count; i++) {
		const struct tc_envelope_rule *envelope = tc_part_types[i].envelope;
		json_t *json;

		if (envelope && envelope->destination ==
					THROUGHCARE__V1__DESTINATION__DESTINATION_FROM_EXCHANGE)
			continue; /* nobody writes these by hand */
		if (tc_json_template(tc_part_types[i].message->descriptor, NOW_MS, &json) != 0)
			return 1;
		printf("%s ", tc_part_types[i].name);
		json_dumpf(json, stdout, JSON_COMPACT);
		printf("\n");
		json_decref(json);
	}
	return 0;
}

static int encode(const ProtobufCMessageDescriptor *type, struct tc_slice text)
{
	struct tc_refusal refusal;
	ProtobufCMessage *message = NULL;
	json_t *json = NULL;
	uint8_t *packed = NULL;
	char *hex = NULL;
	size_t len;
	int status = 1;

	if (tc_json_parse(text, &json, &refusal) != 0 ||
	    tc_json_to_message(json, type, &message, &refusal) != 0)
		goto refused;
	len = protobuf_c_message_get_packed_size(message);
	packed = malloc(len + 1);
	hex = malloc(2 * len + 1);
	if (!packed || !hex)
		goto out;
	protobuf_c_message_pack(message, packed);
	if (tc_message_scan(tc_slice(packed, len), type, &refusal) != 0)
		goto refused;
	tc_hex(packed, len, hex);
	puts(hex);
	status = 0;
	goto out;
refused:
	fprintf(stderr, "%s: %s\n", tc_refusal_name(refusal.code), refusal.detail);
out:
	free(hex);
	free(packed);
	if (message)
		protobuf_c_message_free_unpacked(message, NULL);
	json_decref(json);
	return status;
}

static int decode(const ProtobufCMessageDescriptor *type, struct tc_slice text)
{
	uint8_t packed[TEXT_BYTES / 2];
	ProtobufCMessage *message;
	json_t *json;

	if (!tc_unhex((const char *)text.data, text.len, packed, text.len / 2))
		return 1;
	message = protobuf_c_message_unpack(type, NULL, text.len / 2, packed);
	if (!message || tc_json_from_message(message, &json) != 0)
		return 1;
	json_dumpf(json, stdout, JSON_COMPACT);
	json_decref(json);
	protobuf_c_message_free_unpacked(message, NULL);
	return 0;
}

int main(int argc, char **argv)
{
	static char text[TEXT_BYTES];
	const ProtobufCMessageDescriptor *type;
	size_t len;

	if (argc == 2 && strcmp(argv[1], "templates") == 0)
		return templates();
	if (argc != 3)
		return 2;
	type = tc_part_descriptor(tc_slice_text(argv[2]));
	if (!type)
		return 2;
	len = fread(text, 1, sizeof(text), stdin);
	while (len > 0 && text[len - 1] == '\n')
		len--;
	if (strcmp(argv[1], "encode") == 0)
		return encode(type, tc_slice(text, len));
	return decode(type, tc_slice(text, len));
}
