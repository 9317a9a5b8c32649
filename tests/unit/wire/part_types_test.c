/* part_types: the tables that the plugin writes agree with what protobuf-c generates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "throughcare/v1/envelope.pb-c.h"
#include "throughcare/v1/referral.pb-c.h"
#include "wire/part_types.h"
#include "wire/refusal.h"

static void every_part_is_found_by_its_name_and_no_other(void **state)
{
	(void)state;
	for (size_t i = 0; i < tc_part_type_count; i++) {
		const char *name = tc_part_types[i].name;

		assert_ptr_equal(tc_part_type_find(tc_slice_text(name)), &tc_part_types[i]);
		assert_ptr_equal(tc_part_descriptor(tc_slice_text(name)),
				 tc_part_types[i].message->descriptor);
		assert_null(tc_part_type_find(tc_slice(name, strlen(name) - 1)));
	}
	assert_null(tc_part_type_find(tc_slice_text("")));
	assert_null(tc_part_type_find(tc_slice_text("Header")));
	assert_null(tc_part_type_find(tc_slice_text("ReferralX")));
	assert_null(tc_part_type_find(tc_slice_text("zzz")));
}

static void every_part_has_a_category_and_what_it_needs_to_travel(void **state)
{
	(void)state;
	assert_true(tc_part_type_count > 70);
	for (size_t i = 0; i < tc_part_type_count; i++) {
		const struct tc_part_type *part = &tc_part_types[i];

		assert_int_not_equal(part->category,
				     THROUGHCARE__V1__CATEGORY__CATEGORY_UNSPECIFIED);
		if (part->envelope) {
			assert_int_not_equal(part->envelope->destination, 0);
			assert_int_not_equal(part->envelope->from, 0);
			assert_true(strlen(part->envelope->summary) > 0);
		}
	}
}

static void rules_and_descriptors_list_the_same_fields_in_the_same_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < tc_message_rule_count; i++) {
		const struct tc_message_rule *rule = &tc_message_rules[i];

		assert_ptr_equal(tc_message_rule_find(rule->descriptor), rule);
		assert_int_equal(rule->field_count, rule->descriptor->n_fields);
		for (size_t k = 0; k < rule->field_count; k++) {
			assert_int_equal(rule->fields[k].number, rule->descriptor->fields[k].id);
			assert_string_equal(rule->fields[k].name, rule->descriptor->fields[k].name);
			assert_ptr_equal(tc_field_rule_find(rule, rule->fields[k].number),
					 &rule->fields[k]);
		}
	}
	assert_null(tc_message_rule_find(&google__protobuf__timestamp__descriptor));
}

static void an_envelope_rule_says_what_the_schema_says(void **state)
{
	const struct tc_part_type *referral = tc_part_type_find(tc_slice_text("Referral"));
	const struct tc_part_type *entry = tc_part_type_find(tc_slice_text("AgencyEntry"));

	(void)state;
	assert_int_equal(referral->category, THROUGHCARE__V1__CATEGORY__CATEGORY_REFERRAL_FACT);
	assert_true(referral->envelope->needs_subject);
	assert_true(referral->envelope->needs_referral);
	assert_int_equal(referral->envelope->from,
			 1u << THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY);
	assert_int_equal(entry->envelope->from,
			 1u << THROUGHCARE__V1__PEER_KIND__PEER_KIND_OPERATOR);
	assert_null(tc_part_type_find(tc_slice_text("PersonIdentity"))->envelope);
}

static void short_names_go_both_ways_for_every_enumeration(void **state)
{
	(void)state;
	for (size_t i = 0; i < tc_enum_rule_count; i++) {
		const ProtobufCEnumDescriptor *type = tc_enum_rules[i].descriptor;

		for (unsigned k = 0; k < type->n_values; k++) {
			const char *full = type->values[k].name;
			char name[96];
			int value = -1;

			assert_memory_equal(full, tc_enum_rules[i].prefix,
					    strlen(tc_enum_rules[i].prefix));
			tc_enum_short_name(type, type->values[k].value, name, sizeof(name));
			assert_true(tc_enum_value_find(type, tc_slice_text(name), &value));
			assert_int_equal(value, type->values[k].value);
			assert_true(tc_enum_value_find(type, tc_slice_text(full), &value));
			assert_int_equal(value, type->values[k].value);
		}
	}
}

static void what_is_no_value_is_not_found(void **state)
{
	const ProtobufCEnumDescriptor *type = &throughcare__v1__category__descriptor;
	char name[8];
	int value = -1;

	(void)state;
	assert_false(tc_enum_value_find(type, tc_slice_text(""), &value));
	assert_false(tc_enum_value_find(type, tc_slice_text("Identity"), &value));
	assert_false(tc_enum_value_find(type, tc_slice_text("identity "), &value));
	assert_int_equal(value, -1);
	tc_enum_short_name(type, 999, name, sizeof(name));
	assert_string_equal(name, "999");
}

static void category_names_are_the_schemas(void **state)
{
	(void)state;
	for (int i = 0; i <= (int)THROUGHCARE__V1__CATEGORY__CATEGORY_TEST; i++) {
		char name[96];

		tc_enum_short_name(&throughcare__v1__category__descriptor, i, name, sizeof(name));
		assert_string_equal(tc_category_name((Throughcare__V1__Category)i), name);
	}
	assert_int_equal(throughcare__v1__category__descriptor.n_values,
			 THROUGHCARE__V1__CATEGORY__CATEGORY_TEST + 1);
	assert_string_equal(tc_category_name((Throughcare__V1__Category)4711), "unspecified");
}

static void refusals_have_three_parts_and_a_code_that_is_found(void **state)
{
	struct tc_refusal refusal;

	(void)state;
	for (unsigned i = TC_REFUSAL_NONE + 1; i < TC_REFUSAL_COUNT; i++) {
		enum tc_refusal_code code = (enum tc_refusal_code)i;

		assert_int_equal(tc_refusal_find(tc_slice_text(tc_refusal_name(code))), code);
		assert_true(strlen(tc_refusal_message(code)) > 0);
		assert_true(strlen(tc_refusal_hint(code)) > 0);
	}
	assert_int_equal(tc_refusal_find(tc_slice_text("nonsense")), TC_REFUSAL_NONE);
	assert_int_equal(tc_refuse(&refusal, TC_REFUSAL_FIELD_MISSING, "text"), 1);
	tc_refuse_within(&refusal, "goals[%d].", 3);
	assert_string_equal(refusal.detail, "goals[3].text");
	for (int i = 0; i < 40; i++)
		tc_refuse_within(&refusal, "deeper.");
	assert_int_equal(strlen(refusal.detail), sizeof(refusal.detail) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_part_is_found_by_its_name_and_no_other),
		cmocka_unit_test(every_part_has_a_category_and_what_it_needs_to_travel),
		cmocka_unit_test(rules_and_descriptors_list_the_same_fields_in_the_same_order),
		cmocka_unit_test(an_envelope_rule_says_what_the_schema_says),
		cmocka_unit_test(short_names_go_both_ways_for_every_enumeration),
		cmocka_unit_test(what_is_no_value_is_not_found),
		cmocka_unit_test(category_names_are_the_schemas),
		cmocka_unit_test(refusals_have_three_parts_and_a_code_that_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
