/* Which disclosures a rule of accounting lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "query/accounting_rule.h"

#define TEXT(value)    ((char *)(uintptr_t)(value))
#define BASIS(name)    THROUGHCARE__V1__RELEASE_BASIS__RELEASE_BASIS_##name
#define PURPOSE(name)  THROUGHCARE__V1__PURPOSE__PURPOSE_##name
#define CATEGORY(name) THROUGHCARE__V1__CATEGORY__CATEGORY_##name
#define GRANT          "00000000-0000-7000-8000-000000000001"

typedef Throughcare__V1__ReleasePolicy__AccountingRule__Exemption exemption;

static char *grants[] = {TEXT(GRANT)};
static char *categories[] = {TEXT("housing"), TEXT("drug_test")};

static Throughcare__V1__TrailRow by_consent(void)
{
	Throughcare__V1__TrailRow row = THROUGHCARE__V1__TRAIL_ROW__INIT;

	row.grants = grants;
	row.n_grants = 1;
	row.categories = categories;
	row.n_categories = 2;
	row.has_purpose = 1;
	row.purpose = PURPOSE(SUPERVISION_MONITORING);
	return row;
}

static Throughcare__V1__TrailRow by_law(const char *basis)
{
	Throughcare__V1__TrailRow row = by_consent();

	row.n_grants = 0;
	row.legal_basis = TEXT(basis);
	return row;
}

static void a_row_tells_what_it_stood_on(void **state)
{
	Throughcare__V1__TrailRow row = by_consent();

	(void)state;
	assert_int_equal(accounting_rule_basis(&row), BASIS(CONSENT));
	row.n_grants = 0;
	assert_int_equal(accounting_rule_basis(&row), BASIS(UNSPECIFIED));
	row.basis = TEXT(GRANT);
	assert_int_equal(accounting_rule_basis(&row), BASIS(CONSENT));
	row = by_law("court_order");
	assert_int_equal(accounting_rule_basis(&row), BASIS(COURT_ORDER));
	row = by_law("non_part2_operational");
	assert_int_equal(accounting_rule_basis(&row), BASIS(NON_PART2_OPERATIONAL));
}

static void a_list_that_is_left_out_names_all(void **state)
{
	accounting_rule rule = THROUGHCARE__V1__RELEASE_POLICY__ACCOUNTING_RULE__INIT;
	Throughcare__V1__TrailRow row = by_consent();
	Throughcare__V1__ReleaseBasis orders[] = {BASIS(COURT_ORDER)};
	Throughcare__V1__Category tests[] = {CATEGORY(DRUG_TEST)};
	Throughcare__V1__Category hiv[] = {CATEGORY(HIV)};
	Throughcare__V1__Purpose treatment[] = {PURPOSE(TREATMENT)};

	(void)state;
	assert_null(accounting_rule_exempt(&rule, &row, AGENCY_KIND_UNKNOWN));
	rule.categories = tests;
	rule.n_categories = 1;
	assert_null(accounting_rule_exempt(&rule, &row, AGENCY_KIND_UNKNOWN));
	rule.categories = hiv;
	assert_string_equal(accounting_rule_exempt(&rule, &row, AGENCY_KIND_UNKNOWN),
			    "not_covered");
	rule.n_categories = 0;
	rule.bases = orders;
	rule.n_bases = 1;
	assert_string_equal(accounting_rule_exempt(&rule, &row, AGENCY_KIND_UNKNOWN),
			    "not_covered");
	rule.n_bases = 0;
	rule.purposes = treatment;
	rule.n_purposes = 1;
	assert_string_equal(accounting_rule_exempt(&rule, &row, AGENCY_KIND_UNKNOWN),
			    "not_covered");
}

static void an_exemption_fits_only_as_a_whole(void **state)
{
	accounting_rule rule = THROUGHCARE__V1__RELEASE_POLICY__ACCOUNTING_RULE__INIT;
	exemption exempt = THROUGHCARE__V1__RELEASE_POLICY__ACCOUNTING_RULE__EXEMPTION__INIT;
	exemption *exemptions[] = {&exempt};
	Throughcare__V1__ReleaseBasis consent[] = {BASIS(CONSENT)};
	Throughcare__V1__AgencyKind courts[] = {THROUGHCARE__V1__AGENCY_KIND__AGENCY_KIND_COURT};
	Throughcare__V1__TrailRow row = by_consent(), ordered = by_law("court_order");
	enum agency_kind court = (enum agency_kind)courts[0], other = AGENCY_KIND_UNKNOWN;

	(void)state;
	exempt.name = TEXT("authorization");
	exempt.bases = consent;
	exempt.n_bases = 1;
	rule.exemptions = exemptions;
	rule.n_exemptions = 1;
	assert_string_equal(accounting_rule_exempt(&rule, &row, other), "authorization");
	assert_null(accounting_rule_exempt(&rule, &ordered, other));
	exempt.to = courts;
	exempt.n_to = 1;
	assert_null(accounting_rule_exempt(&rule, &row, other));
	assert_string_equal(accounting_rule_exempt(&rule, &row, court), "authorization");
}

static void a_line_shows_the_fields_of_its_rule(void **state)
{
	accounting_rule rule = THROUGHCARE__V1__RELEASE_POLICY__ACCOUNTING_RULE__INIT;
	char *fields[] = {TEXT("date"), TEXT("purpose")};

	(void)state;
	assert_true(accounting_rule_shows(&rule, "address"));
	rule.fields = fields;
	rule.n_fields = 2;
	assert_true(accounting_rule_shows(&rule, "purpose"));
	assert_false(accounting_rule_shows(&rule, "address"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_tells_what_it_stood_on),
		cmocka_unit_test(a_list_that_is_left_out_names_all),
		cmocka_unit_test(an_exemption_fits_only_as_a_whole),
		cmocka_unit_test(a_line_shows_the_fields_of_its_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
