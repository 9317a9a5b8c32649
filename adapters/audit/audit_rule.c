#include "audit/audit_rule.h"

#include <ctype.h>
#include <string.h>

#include "base/id.h"
#include "wire/part_types.h"

#define WORDS_BYTES_MAX 2048 /* of one field of a line */

static bool is(const char *name, const char *text)
{
	return text != NULL && strcmp(name, text) == 0;
}

/* What a release stood on: the basis that its row names, or the person's consent. */
static Throughcare__V1__ReleaseBasis basis_of(const Throughcare__V1__TrailRow *row)
{
	static const char *const names[] = {"consent",           "court_order",
					    "medical_emergency", "mandatory_report",
					    "statute",           "non_part2_operational"};
	struct tc_id grant;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (is(names[i], row->legal_basis) || is(names[i], row->basis))
			return (Throughcare__V1__ReleaseBasis)(i + 1);
	if (row->n_grants > 0 || tc_id_parse(tc_slice_text(row->basis), &grant))
		return THROUGHCARE__V1__RELEASE_BASIS__RELEASE_BASIS_CONSENT;
	return THROUGHCARE__V1__RELEASE_BASIS__RELEASE_BASIS_UNSPECIFIED;
}

/* Is it one of them, or are there none? */
static bool basis_in(const Throughcare__V1__TrailRow *row,
		     const Throughcare__V1__ReleaseBasis *bases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (bases[i] == basis_of(row))
			return true;
	return count == 0;
}

static bool purpose_in(const Throughcare__V1__TrailRow *row,
		       const Throughcare__V1__Purpose *purposes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (row->has_purpose && purposes[i] == row->purpose)
			return true;
	return count == 0;
}

static bool category_in(const Throughcare__V1__TrailRow *row,
			const Throughcare__V1__Category *categories, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < row->n_categories; k++)
			if (strcmp(row->categories[k], tc_category_name(categories[i])) == 0)
				return true;
	return count == 0;
}

static bool rule_covers(const tc_audit_rule *rule, const Throughcare__V1__TrailRow *row)
{
	return basis_in(row, rule->bases, rule->n_bases) &&
	       purpose_in(row, rule->purposes, rule->n_purposes) &&
	       category_in(row, rule->categories, rule->n_categories);
}

static bool exemption_covers(const tc_audit_exemption *exemption,
			     const Throughcare__V1__TrailRow *row)
{
	return basis_in(row, exemption->bases, exemption->n_bases) &&
	       purpose_in(row, exemption->purposes, exemption->n_purposes);
}

bool tc_audit_rule_exempts(const tc_audit_rule *rule, const Throughcare__V1__TrailRow *row,
			   const char *reason)
{
	if (!rule_covers(rule, row))
		return true;
	for (size_t i = 0; i < rule->n_exemptions; i++)
		if (is(rule->exemptions[i]->name, reason) &&
		    exemption_covers(rule->exemptions[i], row))
			return true;
	return false;
}

bool tc_audit_rule_lists(const tc_audit_rule *rule, const Throughcare__V1__TrailRow *row)
{
	for (size_t i = 0; i < rule->n_exemptions; i++)
		if (rule->exemptions[i]->n_to == 0 && exemption_covers(rule->exemptions[i], row))
			return false;
	return rule_covers(rule, row);
}

/* ---- words ---- */

/* One more behind a comma, with spaces for underscores; what has no room is left out whole. */
static void words_add(char to[WORDS_BYTES_MAX], const char *words)
{
	size_t len = strlen(to), more = strlen(words);

	if (len + more + 3 > WORDS_BYTES_MAX)
		return;
	if (len > 0) {
		memcpy(to + len, ", ", 2);
		len += 2;
	}
	for (size_t i = 0; i <= more; i++)
		to[len + i] = words[i] == '_' ? ' ' : words[i];
}

static void description_words(const Throughcare__V1__TrailRow *row, char to[WORDS_BYTES_MAX])
{
	for (size_t i = 0; i < row->n_categories; i++)
		words_add(to, row->categories[i]);
}

static void purpose_words(const Throughcare__V1__TrailRow *row, char to[WORDS_BYTES_MAX])
{
	static const char prefix[] = "PURPOSE_";
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(
		&throughcare__v1__purpose__descriptor, (int)row->purpose);

	if (!row->has_purpose || !value || row->purpose == 0)
		return;
	words_add(to, value->name + sizeof(prefix) - 1);
	for (char *letter = to; *letter; letter++)
		*letter = (char)tolower((unsigned char)*letter);
}

static void basis_words(const Throughcare__V1__TrailRow *row, char to[WORDS_BYTES_MAX])
{
	const char *named = row->legal_basis ? row->legal_basis : row->basis;

	for (size_t i = 0; i < row->n_grants; i++)
		words_add(to, row->grants[i]);
	if (row->n_grants > 0)
		return;
	if (named)
		words_add(to, named);
	size_t len = strlen(to);
	if (row->reference && len + strlen(row->reference) + 3 < WORDS_BYTES_MAX) {
		memcpy(to + len, ": ", 2);
		memcpy(to + len + 2, row->reference, strlen(row->reference) + 1);
	}
}

static bool shows(const tc_audit_rule *rule, const char *field)
{
	for (size_t i = 0; i < rule->n_fields; i++)
		if (strcmp(rule->fields[i], field) == 0)
			return true;
	return rule->n_fields == 0;
}

bool tc_audit_rule_says(const tc_audit_rule *rule, const Throughcare__V1__TrailRow *row,
			const Throughcare__V1__AccountingEntry *line)
{
	const struct {
		const char *field;
		const char *said;
		void (*words)(const Throughcare__V1__TrailRow *row, char to[WORDS_BYTES_MAX]);
	} parts[] = {
		{"description", line->description, description_words},
		{"purpose", line->purpose, purpose_words},
		{"basis", line->basis, basis_words},
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		char words[WORDS_BYTES_MAX] = "";

		if (shows(rule, parts[i].field))
			parts[i].words(row, words);
		if (strcmp(words, parts[i].said ? parts[i].said : "") != 0)
			return false;
	}
	return true;
}
