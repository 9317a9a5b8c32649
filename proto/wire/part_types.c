#include "wire/part_types.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define PACKAGE         "throughcare.v1."
#define ENUM_NAME_BYTES 96 /* longest value name, with its prefix */

/* Orders a slice against a C string as bsearch wants it. */
static int name_compare(struct tc_slice name, const char *text)
{
	size_t len = strlen(text);
	size_t both = name.len < len ? name.len : len;
	int order = both == 0 ? 0 : memcmp(name.data, text, both);

	if (order != 0)
		return order;
	return (name.len > len) - (name.len < len);
}

const struct tc_part_type *tc_part_type_find(struct tc_slice name)
{
	size_t low = 0, high = tc_part_type_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = name_compare(name, tc_part_types[middle].name);

		if (order == 0)
			return &tc_part_types[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const ProtobufCMessageDescriptor *tc_part_descriptor(struct tc_slice name)
{
	const struct tc_part_type *type = tc_part_type_find(name);

	return type ? type->message->descriptor : NULL;
}

const struct tc_message_rule *tc_message_rule_find(const ProtobufCMessageDescriptor *type)
{
	size_t low = 0, high = tc_message_rule_count;

	if (strncmp(type->name, PACKAGE, strlen(PACKAGE)) != 0)
		return NULL;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(type->name + strlen(PACKAGE), tc_message_rules[middle].name);

		if (order == 0)
			return &tc_message_rules[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

bool tc_envelope_rule_reads(const struct tc_envelope_rule *rule)
{
	return rule->reads || rule->needs_referral ||
	       rule->destination != THROUGHCARE__V1__DESTINATION__DESTINATION_AGENCY;
}

const struct tc_field_rule *tc_field_rule_find(const struct tc_message_rule *message,
					       uint32_t number)
{
	/* Most messages number their fields from 1 without a gap. */
	if (number >= 1 && number <= message->field_count &&
	    message->fields[number - 1].number == number)
		return &message->fields[number - 1];
	for (size_t i = 0; i < message->field_count; i++)
		if (message->fields[i].number == number)
			return &message->fields[i];
	return NULL;
}

static const struct tc_enum_rule *enum_rule_find(const ProtobufCEnumDescriptor *type)
{
	for (size_t i = 0; i < tc_enum_rule_count; i++)
		if (tc_enum_rules[i].descriptor == type)
			return &tc_enum_rules[i];
	return NULL;
}

void tc_enum_short_name(const ProtobufCEnumDescriptor *type, int value, char *to, size_t room)
{
	const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(type, value);
	const struct tc_enum_rule *rule = enum_rule_find(type);
	size_t prefix = rule ? strlen(rule->prefix) : 0;

	if (!found) {
		snprintf(to, room, "%d", value);
		return;
	}
	if (rule && strncmp(found->name, rule->prefix, prefix) != 0)
		prefix = 0;
	snprintf(to, room, "%s", found->name + prefix);
	for (char *letter = to; *letter; letter++)
		*letter = (char)tolower((unsigned char)*letter);
}

bool tc_enum_value_find(const ProtobufCEnumDescriptor *type, struct tc_slice name, int *ret)
{
	const struct tc_enum_rule *rule = enum_rule_find(type);
	char full[ENUM_NAME_BYTES];
	size_t prefix = rule ? strlen(rule->prefix) : 0;
	const ProtobufCEnumValue *found;

	if (name.len == 0 || prefix + name.len >= sizeof(full))
		return false;
	memcpy(full, name.data, name.len);
	full[name.len] = '\0';
	found = protobuf_c_enum_descriptor_get_value_by_name(type, full);
	if (!found && rule) {
		memcpy(full, rule->prefix, prefix);
		for (size_t i = 0; i < name.len; i++) {
			if (isupper(name.data[i]))
				return false;
			full[prefix + i] = (char)toupper(name.data[i]);
		}
		full[prefix + name.len] = '\0';
		found = protobuf_c_enum_descriptor_get_value_by_name(type, full);
	}
	if (!found)
		return false;
	*ret = found->value;
	return true;
}

const char *tc_category_name(Throughcare__V1__Category category)
{
	/* By number: options.proto. A test holds it against tc_enum_short_name. */
	static const char *const names[] = {
		"unspecified",
		"identity",
		"contact",
		"referral_fact",
		"attendance",
		"progress",
		"sud_diagnosis",
		"sud_treatment",
		"drug_test",
		"medication",
		"sud_counselling_notes",
		"mental_health",
		"psychotherapy_notes",
		"hiv",
		"dv_safety",
		"medical_other",
		"housing",
		"employment_education",
		"benefits_finance",
		"family",
		"risk_assessment",
		"supervision_conditions",
		"criminal_history",
		"court_proceeding",
		"victim_info",
		"juvenile",
		"exchange",
		"test",
	};
	unsigned number = (unsigned)category;

	return number < sizeof(names) / sizeof(names[0]) ? names[number] : names[0];
}
