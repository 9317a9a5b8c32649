/*
 * part_types - what the schemas say about messages, as tables.
 *
 * protobuf-c keeps no options at run time, so the protoc plugin (proto/plugin) writes them
 * into part_table.c: every message with its fields' names and limits, and every part type
 * with its information category and, where it gives an envelope its type, the envelope's rule.
 * Types do not recurse: the plugin refuses a schema in which they do.
 *
 * Owner: nobody; all of it is constant. Blocks: never.
 */
#ifndef WIRE_PART_TYPES_H
#define WIRE_PART_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "base/bytes.h"
#include "throughcare/v1/options.pb-c.h"

#define TC_MESSAGE_FIELDS_MAX 64 /* of one message; the plugin refuses more */

enum tc_field_kind {
	TC_FIELD_BOOL = 1,
	TC_FIELD_INT32,
	TC_FIELD_INT64,
	TC_FIELD_UINT32,
	TC_FIELD_UINT64,
	TC_FIELD_DOUBLE,
	TC_FIELD_ENUM,
	TC_FIELD_STRING,
	TC_FIELD_BYTES,
	TC_FIELD_TIMESTAMP,
	TC_FIELD_MESSAGE,
};

struct tc_enum_rule {
	const ProtobufCEnumDescriptor *descriptor;
	const char *prefix; /* of its value names, with the final underscore: "CATEGORY_" */
};

struct tc_field_rule {
	uint32_t number;
	uint8_t kind;   /* enum tc_field_kind */
	uint8_t format; /* Throughcare__V1__Format */
	uint8_t oneof;  /* 0: in none, else from 1 */
	bool required;
	bool repeated;
	uint32_t max_bytes;    /* of string and bytes */
	uint32_t max_items;    /* of repeated */
	const char *name;      /* as in the schema: "referral_id" */
	const char *json_name; /* "referralId" */
	const char *example;   /* NULL: not in the template */
	const struct tc_enum_rule *enumeration;
	const struct tc_message_rule *message;
};

/* fields[i] and descriptor->fields[i] are the same field: both are sorted by number. */
struct tc_message_rule {
	const char *name; /* without the package: "ConsentGrant.Grant" */
	const ProtobufCMessageDescriptor *descriptor;
	const struct tc_field_rule *fields;
	size_t field_count;
};

/* EnvelopeRule of options.proto. */
struct tc_envelope_rule {
	Throughcare__V1__Destination destination;
	bool needs_subject;
	bool needs_referral;
	bool needs_purpose;
	bool needs_actor;
	bool reads;    /* the exchange acts on what the part says */
	uint32_t from; /* bit (1 << Throughcare__V1__PeerKind) of each kind that may send it */
	const char *summary;
};

struct tc_part_type {
	const char *name;
	Throughcare__V1__Category category;
	const struct tc_message_rule *message;
	const struct tc_envelope_rule *envelope; /* NULL: only goes along with others */
};

/* Sorted by name. */
extern const struct tc_part_type tc_part_types[];
extern const size_t tc_part_type_count;
extern const struct tc_message_rule tc_message_rules[];
extern const size_t tc_message_rule_count;
extern const struct tc_enum_rule tc_enum_rules[];
extern const size_t tc_enum_rule_count;

/* NULL when there is none. */
const struct tc_part_type *tc_part_type_find(struct tc_slice name);
/* Whether the exchange must be able to read the leading part of this type: it is never sealed. */
bool tc_envelope_rule_reads(const struct tc_envelope_rule *rule);
/* NULL when there is none. */
const ProtobufCMessageDescriptor *tc_part_descriptor(struct tc_slice name);
/* The rule of any message of package throughcare.v1; NULL for others. */
const struct tc_message_rule *tc_message_rule_find(const ProtobufCMessageDescriptor *type);
/* NULL when the message has no field of this number. */
const struct tc_field_rule *tc_field_rule_find(const struct tc_message_rule *message,
					       uint32_t number);
/* "sud_treatment", "treatment", "bed"...: an enumeration's value in its short form, into `to`
 * with a final NUL; the number in decimal when it has no name. */
void tc_enum_short_name(const ProtobufCEnumDescriptor *type, int value, char *to, size_t room);
/* The same for Category; a constant text. "unspecified" for a number without a name. */
const char *tc_category_name(Throughcare__V1__Category category);
/* Finds a value by its full name or its short form. False when there is none. */
bool tc_enum_value_find(const ProtobufCEnumDescriptor *type, struct tc_slice name, int *ret);

#endif
