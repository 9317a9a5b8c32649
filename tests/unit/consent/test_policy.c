#include "consent/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "throughcare/v1/envelope.pb-c.h"
#include "throughcare/v1/options.pb-c.h"
#include "throughcare/v1/registry.pb-c.h"

#define CATEGORY(name) ((uint32_t)THROUGHCARE__V1__CATEGORY__CATEGORY_##name)

/* The name of a schema's value, in lower case without its prefix. */
static void plain_name(const char *name, const char *prefix, char to[64])
{
	size_t i = 0;

	assert_int_equal(strncmp(name, prefix, strlen(prefix)), 0);
	for (name += strlen(prefix); *name && i < 63; name++)
		to[i++] = (char)(*name >= 'A' && *name <= 'Z' ? *name - 'A' + 'a' : *name);
	to[i] = '\0';
}

static void every_category_of_the_schema_has_its_row(void **state)
{
	const ProtobufCEnumDescriptor *descriptor = &throughcare__v1__category__descriptor;
	char name[64];

	(void)state;
	for (unsigned i = 0; i < descriptor->n_values; i++) {
		uint32_t number = (uint32_t)descriptor->values[i].value;

		if (number == 0)
			continue;
		plain_name(descriptor->values[i].name, "CATEGORY_", name);
		assert_string_equal(policy_category(number)->name, name);
		assert_int_not_equal(policy_category(number)->class, POLICY_UNKNOWN_CATEGORY);
		assert_int_equal(policy_category_find(tc_slice_text(name)), number);
	}
}

static void every_agency_kind_of_the_schema_has_its_row(void **state)
{
	const ProtobufCEnumDescriptor *descriptor = &throughcare__v1__agency_kind__descriptor;
	char name[64];

	(void)state;
	assert_int_equal(descriptor->n_values, AGENCY_KIND_COUNT);
	for (unsigned i = 1; i < descriptor->n_values; i++) {
		plain_name(descriptor->values[i].name, "AGENCY_KIND_", name);
		assert_string_equal(
			policy_agency_kind((enum agency_kind)descriptor->values[i].value)->name,
			name);
	}
}

static void every_purpose_and_legal_basis_has_its_name(void **state)
{
	const ProtobufCEnumDescriptor *purposes = &throughcare__v1__purpose__descriptor;
	const ProtobufCEnumDescriptor *bases = &throughcare__v1__legal_basis__descriptor;
	char name[64];

	(void)state;
	for (unsigned i = 1; i < purposes->n_values; i++) {
		plain_name(purposes->values[i].name, "PURPOSE_", name);
		assert_string_equal(policy_purpose_name((uint32_t)purposes->values[i].value), name);
	}
	for (unsigned i = 1; i < bases->n_values; i++) {
		plain_name(bases->values[i].name, "LEGAL_BASIS_", name);
		assert_string_equal(policy_basis((uint32_t)bases->values[i].value)->name, name);
	}
	assert_null(policy_basis(0));
	assert_null(policy_basis(99));
}

static void what_is_unknown_is_the_most_restrictive(void **state)
{
	(void)state;
	assert_int_equal(policy_class_of(0, AGENCY_KIND_PAROLE), POLICY_UNKNOWN_CATEGORY);
	assert_int_equal(policy_class_of(4000000000u, AGENCY_KIND_PAROLE), POLICY_UNKNOWN_CATEGORY);
	assert_int_equal(policy_class_of(CATEGORY(PROGRESS), AGENCY_KIND_UNKNOWN),
			 POLICY_PROTECTED);
	assert_int_equal(policy_class_of(CATEGORY(PROGRESS), (enum agency_kind)77),
			 POLICY_PROTECTED);
}

static void attendance_is_protected_when_a_treatment_programme_tells_it(void **state)
{
	(void)state;
	assert_int_equal(policy_class_of(CATEGORY(ATTENDANCE), AGENCY_KIND_TREATMENT),
			 POLICY_PROTECTED);
	assert_true(policy_part2(CATEGORY(ATTENDANCE), AGENCY_KIND_TREATMENT));
	assert_int_equal(policy_class_of(CATEGORY(ATTENDANCE), AGENCY_KIND_HOUSING),
			 POLICY_OPERATIONAL);
	assert_false(policy_part2(CATEGORY(ATTENDANCE), AGENCY_KIND_HOUSING));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_category_of_the_schema_has_its_row),
		cmocka_unit_test(every_agency_kind_of_the_schema_has_its_row),
		cmocka_unit_test(every_purpose_and_legal_basis_has_its_name),
		cmocka_unit_test(what_is_unknown_is_the_most_restrictive),
		cmocka_unit_test(attendance_is_protected_when_a_treatment_programme_tells_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
