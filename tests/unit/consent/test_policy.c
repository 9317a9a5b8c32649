/* The policy that the exchange brings along: what its rules say, and that every row is there. */
#include "consent/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "consent/notice.h"
#include "throughcare/v1/consent.pb-c.h"
#include "throughcare/v1/envelope.pb-c.h"
#include "throughcare/v1/options.pb-c.h"
#include "throughcare/v1/policy.pb-c.h"
#include "throughcare/v1/registry.pb-c.h"

#define CATEGORY(name) ((uint32_t)THROUGHCARE__V1__CATEGORY__CATEGORY_##name)
#define PURPOSE(name)  ((uint32_t)THROUGHCARE__V1__PURPOSE__PURPOSE_##name)
#define BASIS(name)    ((uint32_t)THROUGHCARE__V1__RELEASE_BASIS__RELEASE_BASIS_##name)

static int setup(void **state)
{
	struct tc_refusal refusal = {0};
	struct policy *policy = NULL;

	if (policy_compile(policy_default(), &policy, &refusal) != 0)
		fail_msg("%s: %s", tc_refusal_name(refusal.code), refusal.detail);
	*state = policy;
	return 0;
}

static int teardown(void **state)
{
	struct policy *policy = *state;

	policy_free(&policy);
	return 0;
}

/* The name of a schema's value, in lower case without its prefix. */
static void plain_name(const char *name, const char *prefix, char to[64])
{
	size_t i = 0;

	assert_int_equal(strncmp(name, prefix, strlen(prefix)), 0);
	for (name += strlen(prefix); *name && i < 63; name++)
		to[i++] = (char)(*name >= 'A' && *name <= 'Z' ? *name - 'A' + 'a' : *name);
	to[i] = '\0';
}

static void every_name_is_the_schemas(void **state)
{
	char name[64];

	(void)state;
	for (unsigned i = 1; i < throughcare__v1__category__descriptor.n_values; i++) {
		plain_name(throughcare__v1__category__descriptor.values[i].name, "CATEGORY_", name);
		assert_string_equal(policy_category_name(i), name);
		assert_int_equal(policy_category_find(tc_slice_text(name)), i);
	}
	for (unsigned i = 1; i < throughcare__v1__purpose__descriptor.n_values; i++) {
		plain_name(throughcare__v1__purpose__descriptor.values[i].name, "PURPOSE_", name);
		assert_string_equal(policy_purpose_name(i), name);
	}
	assert_int_equal(throughcare__v1__agency_kind__descriptor.n_values, AGENCY_KIND_COUNT);
	for (unsigned i = 1; i < AGENCY_KIND_COUNT; i++) {
		plain_name(throughcare__v1__agency_kind__descriptor.values[i].name, "AGENCY_KIND_",
			   name);
		assert_string_equal(agency_kind_name((enum agency_kind)i), name);
		assert_int_equal(agency_kind_find(tc_slice_text(name)), i);
	}
	for (unsigned i = 1; i < throughcare__v1__consent_regime__descriptor.n_values; i++) {
		plain_name(throughcare__v1__consent_regime__descriptor.values[i].name,
			   "CONSENT_REGIME_", name);
		assert_string_equal(policy_regime_name(i), name);
	}
}

/* A release basis is a legal basis plus one, by number and by name. */
static void every_legal_basis_is_a_release_basis(void **state)
{
	const ProtobufCEnumDescriptor *legal = &throughcare__v1__legal_basis__descriptor;
	char name[64];

	(void)state;
	for (unsigned i = 1; i < legal->n_values; i++) {
		uint32_t basis = policy_basis_of((uint32_t)legal->values[i].value);

		plain_name(legal->values[i].name, "LEGAL_BASIS_", name);
		assert_string_equal(policy_basis_name(basis), name);
		plain_name(throughcare__v1__release_basis__descriptor.values[basis].name,
			   "RELEASE_BASIS_", name);
		assert_string_equal(policy_basis_name(basis), name);
	}
	assert_int_equal(policy_basis_of(0), POLICY_BASIS_NONE);
	assert_int_equal(policy_basis_of(legal->n_values), POLICY_BASIS_NONE);
	assert_int_equal(policy_basis_of(UINT32_MAX), POLICY_BASIS_NONE);
}

static bool permitted(const struct policy *policy, uint32_t category, enum agency_kind from,
		      enum agency_kind to, uint32_t basis)
{
	struct policy_ruling ruling;

	policy_rule(policy, category, from, to, PURPOSE(REFERRAL_COORDINATION), basis, &ruling);
	return ruling.permitted;
}

static void what_is_unknown_is_the_most_restrictive(void **state)
{
	const uint32_t unknown[] = {0, 28, 64, UINT32_MAX};
	const struct policy *policy = *state;

	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		for (uint32_t basis = 0; basis < POLICY_BASIS_COUNT; basis++)
			assert_false(permitted(policy, unknown[i], AGENCY_KIND_PAROLE,
					       AGENCY_KIND_COURT, basis));
		assert_true(policy_category(policy, unknown[i])->stands_alone);
		assert_true(policy_category(policy, unknown[i])->restricted);
	}
	assert_false(
		permitted(policy, CATEGORY(HOUSING), AGENCY_KIND_HOUSING, AGENCY_KIND_PAROLE, 0));
	assert_false(
		permitted(policy, CATEGORY(HOUSING), AGENCY_KIND_HOUSING, AGENCY_KIND_PAROLE, 77));
	assert_null(policy_basis(policy, 0));
	assert_null(policy_basis(policy, 77));
	assert_null(policy_regime(policy, 0));
	assert_null(policy_regime(policy, 77));
	assert_false(policy_agency_kind(policy, (enum agency_kind)77)->treating);
}

static void attendance_is_protected_when_a_treatment_programme_tells_it(void **state)
{
	const uint32_t basis = BASIS(NON_PART2_OPERATIONAL);
	struct policy_ruling ruling;

	assert_true(permitted(*state, CATEGORY(ATTENDANCE), AGENCY_KIND_HOUSING, AGENCY_KIND_PAROLE,
			      basis));
	assert_false(permitted(*state, CATEGORY(ATTENDANCE), AGENCY_KIND_TREATMENT,
			       AGENCY_KIND_PAROLE, basis));
	/* nor when nobody knows what kind of agency tells it */
	assert_false(permitted(*state, CATEGORY(PROGRESS), AGENCY_KIND_UNKNOWN, AGENCY_KIND_PAROLE,
			       basis));
	assert_false(permitted(*state, CATEGORY(PROGRESS), (enum agency_kind)77, AGENCY_KIND_PAROLE,
			       basis));
	policy_rule(*state, CATEGORY(ATTENDANCE), AGENCY_KIND_TREATMENT, AGENCY_KIND_PAROLE,
		    PURPOSE(REFERRAL_COORDINATION), basis, &ruling);
	assert_string_equal(policy_rule_id(*state, ruling.rule), "programme-attendance");
	assert_string_equal(policy_rule_cite(*state, ruling.rule), "42 CFR 2.12, 2.13");
}

static void victim_information_goes_by_order_to_those_whom_it_is_for(void **state)
{
	const uint32_t victim = CATEGORY(VICTIM_INFO);

	assert_true(permitted(*state, victim, AGENCY_KIND_PAROLE, AGENCY_KIND_VICTIM_SERVICE,
			      BASIS(COURT_ORDER)));
	assert_true(
		permitted(*state, victim, AGENCY_KIND_PAROLE, AGENCY_KIND_POLICE, BASIS(STATUTE)));
	assert_false(permitted(*state, victim, AGENCY_KIND_PAROLE, AGENCY_KIND_HOUSING,
			       BASIS(COURT_ORDER)));
	for (uint32_t basis = 0; basis < POLICY_BASIS_COUNT; basis++)
		if (basis != BASIS(COURT_ORDER) && basis != BASIS(STATUTE))
			assert_false(permitted(*state, victim, AGENCY_KIND_PAROLE,
					       AGENCY_KIND_POLICE, basis));
	assert_false(policy_may_permit(*state, victim, BASIS(CONSENT)));
	assert_true(policy_may_permit(*state, CATEGORY(HIV), BASIS(CONSENT)));
}

static void the_exchanges_own_business_needs_no_rule(void **state)
{
	struct policy_ruling ruling;

	policy_rule(*state, CATEGORY(EXCHANGE), AGENCY_KIND_UNKNOWN, AGENCY_KIND_UNKNOWN, 0, 0,
		    &ruling);
	assert_true(ruling.permitted);
	assert_int_equal(ruling.rule, -1);
	assert_false(permitted(*state, CATEGORY(TEST), AGENCY_KIND_PAROLE, AGENCY_KIND_PAROLE,
			       BASIS(CONSENT)));
}

static void an_emergency_sends_the_notice_of_part_2_along(void **state)
{
	const char *codes[POLICY_NOTICES_MAX];
	struct policy_ruling ruling;
	struct notice notice;

	policy_rule(*state, CATEGORY(MEDICATION), AGENCY_KIND_TREATMENT, AGENCY_KIND_TREATMENT,
		    PURPOSE(EMERGENCY), BASIS(MEDICAL_EMERGENCY), &ruling);
	assert_true(ruling.permitted);
	assert_int_equal(ruling.notices, 1u << NOTICE_PART2_SHORT);
	assert_int_equal(policy_notice_codes(*state, ruling.notices, codes), 1);
	assert_string_equal(codes[0], "42cfr2.32-2");
	assert_true(policy_notice(*state, NOTICE_PART2_SHORT, "us-wa", &notice));
	assert_string_equal(notice.text, notice_get(NOTICE_PART2_SHORT)->text);
	policy_rule(*state, CATEGORY(HOUSING), AGENCY_KIND_TREATMENT, AGENCY_KIND_TREATMENT,
		    PURPOSE(EMERGENCY), BASIS(MEDICAL_EMERGENCY), &ruling);
	assert_int_equal(ruling.notices, 0);
	assert_false(permitted(*state, CATEGORY(MEDICATION), AGENCY_KIND_TREATMENT,
			       AGENCY_KIND_PAROLE, BASIS(MEDICAL_EMERGENCY)));
}

static void every_category_purpose_kind_and_regime_has_its_row(void **state)
{
	const Throughcare__V1__ReleasePolicy *message;
	struct tc_slice packed = policy_packed(*state);

	message = throughcare__v1__release_policy__unpack(NULL, packed.len, packed.data);
	assert_non_null(message);
	assert_int_equal(message->n_categories, CATEGORY(JUVENILE));
	assert_int_equal(message->n_purposes, POLICY_PURPOSE_COUNT - 1);
	assert_int_equal(message->n_agency_kinds, AGENCY_KIND_COUNT - 1);
	assert_int_equal(message->n_bases, POLICY_BASIS_COUNT - 1);
	for (uint32_t i = 1; i < POLICY_REGIME_COUNT; i++)
		assert_true(policy_regime(*state, i)->required_count > 0);
	throughcare__v1__release_policy__free_unpacked((Throughcare__V1__ReleasePolicy *)message,
						       NULL);
}

/* Not a benchmark: prints what a ruling costs, and fails only when it is absurd. */
static void a_ruling_is_quick(void **state)
{
	const int rounds = 2000000;
	int64_t start = tc_clock_monotonic_us(), spent;
	unsigned count = 0;

	for (int i = 0; i < rounds; i++) {
		struct policy_ruling ruling;

		policy_rule(*state, (uint32_t)i % 28, (enum agency_kind)(i % 13), AGENCY_KIND_COURT,
			    (uint32_t)i % 12, (uint32_t)i % 7, &ruling);
		count += ruling.permitted;
	}
	spent = tc_clock_monotonic_us() - start;
	print_message("%lld ns a ruling, %u of %d permitted\n", (long long)(spent * 1000 / rounds),
		      count, rounds);
	assert_true(spent * 1000 / rounds < 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_is_the_schemas),
		cmocka_unit_test(every_legal_basis_is_a_release_basis),
		cmocka_unit_test(what_is_unknown_is_the_most_restrictive),
		cmocka_unit_test(attendance_is_protected_when_a_treatment_programme_tells_it),
		cmocka_unit_test(victim_information_goes_by_order_to_those_whom_it_is_for),
		cmocka_unit_test(the_exchanges_own_business_needs_no_rule),
		cmocka_unit_test(an_emergency_sends_the_notice_of_part_2_along),
		cmocka_unit_test(every_category_purpose_kind_and_regime_has_its_row),
		cmocka_unit_test(a_ruling_is_quick),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
