#include "query/accounting_rule.h"

#include <string.h>

#include "base/id.h"

#define NOT_COVERED "not_covered"

static bool is(const char *wanted, const char *text)
{
	return text != NULL && wanted[0] != '\0' && strcmp(wanted, text) == 0;
}

Throughcare__V1__ReleaseBasis accounting_rule_basis(const Throughcare__V1__TrailRow *row)
{
	const ProtobufCEnumDescriptor *type = &throughcare__v1__release_basis__descriptor;
	struct tc_id grant;

	for (unsigned i = 0; i < type->n_values; i++) {
		const char *name = policy_basis_name((uint32_t)type->values[i].value);

		if (is(name, row->legal_basis) || is(name, row->basis))
			return (Throughcare__V1__ReleaseBasis)type->values[i].value;
	}
	if (row->n_grants > 0 || tc_id_parse(tc_slice_text(row->basis), &grant))
		return THROUGHCARE__V1__RELEASE_BASIS__RELEASE_BASIS_CONSENT;
	return THROUGHCARE__V1__RELEASE_BASIS__RELEASE_BASIS_UNSPECIFIED;
}

/* An empty list names all. */
static bool names_basis(const Throughcare__V1__ReleaseBasis *bases, size_t count,
			Throughcare__V1__ReleaseBasis basis)
{
	bool named = count == 0;

	for (size_t i = 0; !named && i < count; i++)
		named = bases[i] == basis;
	return named;
}

static bool names_purpose(const Throughcare__V1__Purpose *purposes, size_t count,
			  Throughcare__V1__Purpose purpose)
{
	bool named = count == 0;

	for (size_t i = 0; !named && i < count; i++)
		named = purposes[i] == purpose;
	return named;
}

static bool names_kind(const Throughcare__V1__AgencyKind *kinds, size_t count,
		       enum agency_kind kind)
{
	bool named = count == 0;

	for (size_t i = 0; !named && i < count; i++)
		named = (enum agency_kind)kinds[i] == kind;
	return named;
}

/* Was anything of these categories told? */
static bool names_category(const accounting_rule *rule, const Throughcare__V1__TrailRow *row)
{
	bool named = rule->n_categories == 0;

	for (size_t i = 0; !named && i < row->n_categories; i++) {
		uint32_t told = policy_category_find(tc_slice_text(row->categories[i]));

		for (size_t k = 0; !named && k < rule->n_categories; k++)
			named = (uint32_t)rule->categories[k] == told;
	}
	return named;
}

const char *accounting_rule_exempt(const accounting_rule *rule,
				   const Throughcare__V1__TrailRow *row, enum agency_kind to)
{
	Throughcare__V1__ReleaseBasis basis = accounting_rule_basis(row);

	if (!names_basis(rule->bases, rule->n_bases, basis) ||
	    !names_purpose(rule->purposes, rule->n_purposes, row->purpose) ||
	    !names_category(rule, row))
		return NOT_COVERED;
	for (size_t i = 0; i < rule->n_exemptions; i++) {
		const Throughcare__V1__ReleasePolicy__AccountingRule__Exemption *exemption =
			rule->exemptions[i];

		if (names_basis(exemption->bases, exemption->n_bases, basis) &&
		    names_purpose(exemption->purposes, exemption->n_purposes, row->purpose) &&
		    names_kind(exemption->to, exemption->n_to, to))
			return exemption->name;
	}
	return NULL;
}

bool accounting_rule_shows(const accounting_rule *rule, const char *field)
{
	bool shown = rule->n_fields == 0;

	for (size_t i = 0; !shown && i < rule->n_fields; i++)
		shown = strcmp(rule->fields[i], field) == 0;
	return shown;
}
