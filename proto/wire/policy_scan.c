#include "wire/policy_scan.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "wire/part_types.h"

typedef Throughcare__V1__ReleasePolicy release_policy;
typedef Throughcare__V1__ReleasePolicy__Rule release_rule;

struct scan {
	const release_policy *policy;
	tc_policy_found found;
	void *context;
	size_t count;
};

const char *const tc_policy_notices[TC_POLICY_NOTICES_BUILT_IN] = {
	"42cfr2.32-1",      "42cfr2.32-2",          "consent-copy",
	"consent-scope",    "redisclose-none",      "redisclose-official-duty",
	"redisclose-hipaa", "redisclose-as-stated",
};

const char *const tc_policy_elements[] = {
	"status",
	"regime",
	"subject_name_as_signed",
	"document.sha256",
	"given_to_agency",
	"given_to_user",
	"statements.revocation_right",
	"statements.how_to_revoke",
	"statements.redisclosure_warning",
	"statements.refusal_consequence",
	"statements.list_on_request",
	"signature.signer",
	"signature.capacity",
	"signature.authority_ref",
	"signature.method",
	"signature.witness",
	"signature.signed_at",
	"grants",
	"grants.disclosers",
	"grants.recipients",
	"grants.intermediary_named",
	"grants.categories",
	"grants.description",
	"grants.purposes",
	"grants.direction",
	"grants.expiry",
	"grants.revocable_from",
	"grants.proceeding_id",
	"grants.imposing_authority",
	"grants.monitor_role",
	"grants.duration_reason",
	"grants.redisclosure",
	NULL,
};

__attribute__((format(printf, 3, 4))) static void found(struct scan *scan, const char *what,
							const char *path_format, ...)
{
	char path[128];
	va_list args;

	va_start(args, path_format);
	(void)vsnprintf(path, sizeof(path), path_format, args);
	va_end(args);
	scan->count++;
	scan->found(scan->context, path, what);
}

/* ---- notices ---- */

static int built_in(const char *code)
{
	for (int i = 0; i < TC_POLICY_NOTICES_BUILT_IN; i++)
		if (strcmp(tc_policy_notices[i], code) == 0)
			return i;
	return -1;
}

static bool notice_known(const release_policy *policy, const char *code)
{
	for (size_t i = 0; i < policy->n_notices; i++)
		if (strcmp(policy->notices[i]->code, code) == 0)
			return true;
	return built_in(code) >= 0;
}

static bool code_before(const release_policy *policy, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (strcmp(policy->notices[i]->code, policy->notices[at]->code) == 0)
			return true;
	return false;
}

static const char *text_or_empty(const char *text)
{
	return text ? text : "";
}

static bool notice_before(const release_policy *policy, size_t at)
{
	const char *where = text_or_empty(policy->notices[at]->jurisdiction);

	for (size_t i = 0; i < at; i++)
		if (strcmp(policy->notices[i]->code, policy->notices[at]->code) == 0 &&
		    strcmp(text_or_empty(policy->notices[i]->jurisdiction), where) == 0)
			return true;
	return false;
}

static void scan_notices(struct scan *scan)
{
	size_t codes = TC_POLICY_NOTICES_BUILT_IN;

	for (size_t i = 0; i < scan->policy->n_notices; i++) {
		const char *code = scan->policy->notices[i]->code;

		if (built_in(code) >= TC_POLICY_NOTICES_OPEN)
			found(scan, "the exchange writes this notice itself", "notices[%zu].code",
			      i);
		if (notice_before(scan->policy, i))
			found(scan, "this notice stands there twice for one jurisdiction",
			      "notices[%zu].code", i);
		if (built_in(code) < 0 && !code_before(scan->policy, i) &&
		    ++codes == TC_POLICY_NOTICES_MAX + 1)
			found(scan, "there are more than 24 codes of notices", "notices[%zu].code",
			      i);
	}
}

static void scan_codes(struct scan *scan, const char *list, size_t at, char *const *codes,
		       size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!notice_known(scan->policy, codes[i]))
			found(scan, "there is no such notice", "%s[%zu].notices[%zu]", list, at, i);
}

/* ---- rules ---- */

static void scan_values(struct scan *scan, const char *list, size_t at, const char *field,
			const int *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bool again = false;

		for (size_t k = 0; k < i; k++)
			again = again || values[k] == values[i];
		if (values[i] == 0)
			found(scan, "a value that says nothing", "%s[%zu].%s[%zu]", list, at, field,
			      i);
		else if (again)
			found(scan, "this stands there twice", "%s[%zu].%s[%zu]", list, at, field,
			      i);
	}
}

_Static_assert(sizeof(Throughcare__V1__Category) == sizeof(int) &&
		       sizeof(Throughcare__V1__AgencyKind) == sizeof(int) &&
		       sizeof(Throughcare__V1__Purpose) == sizeof(int) &&
		       sizeof(Throughcare__V1__ReleaseBasis) == sizeof(int),
	       "enumerations are read as int");

/* Whether a rule that lists these values, or none and so all of them, speaks about this one. */
static bool speaks_of(const int *values, size_t count, int value)
{
	for (size_t i = 0; i < count; i++)
		if (values[i] == value)
			return true;
	return count == 0;
}

/* Who signs a consent is never the one whom the information is about: 34 U.S.C. 12291(b)(2).
 * Another rule that denies it would hide this until somebody removes it. */
static void scan_victim(struct scan *scan, size_t at)
{
	const release_rule *rule = scan->policy->rules[at];
	char what[256];

	if (rule->effect != THROUGHCARE__V1__RULE_EFFECT__RULE_EFFECT_PERMIT ||
	    !speaks_of((const int *)rule->categories, rule->n_categories,
		       THROUGHCARE__V1__CATEGORY__CATEGORY_VICTIM_INFO) ||
	    !speaks_of((const int *)rule->bases, rule->n_bases,
		       THROUGHCARE__V1__RELEASE_BASIS__RELEASE_BASIS_CONSENT))
		return;
	(void)snprintf(what, sizeof(what),
		       "the rule %s lets victim_info go by consent, which is not the person's to "
		       "give (34 U.S.C. 12291(b)(2))",
		       rule->rule_id);
	found(scan, what, rule->n_categories > 0 ? "rules[%zu].categories" : "rules[%zu]", at);
}

static void scan_rule(struct scan *scan, size_t at)
{
	const release_rule *rule = scan->policy->rules[at];

	for (size_t i = 0; i < at; i++)
		if (strcmp(scan->policy->rules[i]->rule_id, rule->rule_id) == 0)
			found(scan, "another rule has this id", "rules[%zu].rule_id", at);
	scan_values(scan, "rules", at, "categories", (const int *)rule->categories,
		    rule->n_categories);
	scan_values(scan, "rules", at, "from", (const int *)rule->from, rule->n_from);
	scan_values(scan, "rules", at, "to", (const int *)rule->to, rule->n_to);
	scan_values(scan, "rules", at, "purposes", (const int *)rule->purposes, rule->n_purposes);
	scan_values(scan, "rules", at, "bases", (const int *)rule->bases, rule->n_bases);
	scan_codes(scan, "rules", at, rule->notices, rule->n_notices);
	scan_victim(scan, at);
	if (rule->effect == THROUGHCARE__V1__RULE_EFFECT__RULE_EFFECT_DENY && rule->n_notices > 0)
		found(scan, "a rule that denies sends no notice along", "rules[%zu].notices", at);
}

/* ---- rows ---- */

/* Of rows that are known by a number: each number once. */
static void scan_number(struct scan *scan, uint64_t *seen, const char *list, size_t at,
			const char *field, int number)
{
	uint64_t bit = number >= 0 && number < 64 ? UINT64_C(1) << number : 0;

	if (number == 0 || bit == 0)
		found(scan, "a value that says nothing", "%s[%zu].%s", list, at, field);
	else if (*seen & bit)
		found(scan, "this stands there twice", "%s[%zu].%s", list, at, field);
	*seen |= bit;
}

#define SCAN_NUMBERS(scan, list, field)                                                            \
	do {                                                                                       \
		uint64_t seen_numbers = 0;                                                         \
		for (size_t at = 0; at < (scan)->policy->n_##list; at++)                           \
			scan_number(scan, &seen_numbers, #list, at, #field,                        \
				    (int)(scan)->policy->list[at]->field);                         \
	} while (0)

static bool element_known(const char *name)
{
	for (size_t i = 0; tc_policy_elements[i]; i++)
		if (strcmp(tc_policy_elements[i], name) == 0)
			return true;
	return false;
}

static void scan_regimes(struct scan *scan)
{
	for (size_t at = 0; at < scan->policy->n_regimes; at++) {
		const Throughcare__V1__ReleasePolicy__RegimeRule *regime =
			scan->policy->regimes[at];

		for (size_t i = 0; i < regime->n_required; i++)
			if (!element_known(regime->required[i]))
				found(scan, "a consent has no such element",
				      "regimes[%zu].required[%zu]", at, i);
		if (regime->n_required == 0)
			found(scan, "the regime asks for no element", "regimes[%zu].required", at);
		scan_codes(scan, "regimes", at, regime->notices, regime->n_notices);
	}
}

static void scan_event(struct scan *scan, size_t at)
{
	const Throughcare__V1__ReleasePolicy__EventRule *event = scan->policy->events[at];
	const struct tc_part_type *type = tc_part_type_find(tc_slice_text(event->type));

	if (!type || !type->envelope)
		found(scan, "there is no such type of message", "events[%zu].type", at);
	scan_values(scan, "events", at, "from", (const int *)event->from, event->n_from);
}

/* ---- retention ---- */

typedef Throughcare__V1__ReleasePolicy__RetentionRule retention_rule;

const char *const tc_policy_records[] = {"query", "logon", "refusal", NULL};

static bool names_category(const retention_rule *rule, int category)
{
	for (size_t i = 0; i < rule->n_categories; i++)
		if ((int)rule->categories[i] == category)
			return true;
	return false;
}

static bool names_record(const retention_rule *rule, size_t count, const char *record)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(rule->records[i], record) == 0)
			return true;
	return false;
}

static bool record_known(const char *record)
{
	for (size_t i = 0; tc_policy_records[i]; i++)
		if (strcmp(tc_policy_records[i], record) == 0)
			return true;
	return false;
}

/* Two terms for one thing: whoever wrote the second meant something that does not happen. */
static void scan_retention_shadowed(struct scan *scan, size_t at, size_t before)
{
	const retention_rule *rule = scan->policy->retention[at];
	const retention_rule *other = scan->policy->retention[before];

	if (strcmp(other->name, rule->name) == 0)
		found(scan, "another rule has this name", "retention[%zu].name", at);
	for (size_t i = 0; i < rule->n_categories; i++)
		if (names_category(other, (int)rule->categories[i]))
			found(scan, "an earlier rule keeps this category",
			      "retention[%zu].categories[%zu]", at, i);
	for (size_t i = 0; i < rule->n_records; i++)
		if (names_record(other, other->n_records, rule->records[i]))
			found(scan, "an earlier rule keeps these records",
			      "retention[%zu].records[%zu]", at, i);
}

static void scan_retention(struct scan *scan, size_t at)
{
	const retention_rule *rule = scan->policy->retention[at];

	for (size_t i = 0; i < at; i++)
		scan_retention_shadowed(scan, at, i);
	scan_values(scan, "retention", at, "categories", (const int *)rule->categories,
		    rule->n_categories);
	for (size_t i = 0; i < rule->n_categories; i++)
		if (rule->categories[i] == THROUGHCARE__V1__CATEGORY__CATEGORY_EXCHANGE)
			found(scan, "the exchange decides by this, and keeps it",
			      "retention[%zu].categories[%zu]", at, i);
	for (size_t i = 0; i < rule->n_records; i++) {
		if (!record_known(rule->records[i]))
			found(scan, "there is no such kind of record; query, logon, refusal",
			      "retention[%zu].records[%zu]", at, i);
		else if (names_record(rule, i, rule->records[i]))
			found(scan, "this stands there twice", "retention[%zu].records[%zu]", at,
			      i);
	}
	if (rule->n_categories == 0 && rule->n_records == 0)
		found(scan, "the rule names nothing", "retention[%zu].name", at);
	if (rule->days == 0)
		found(scan, "nothing is kept for less than a day", "retention[%zu].days", at);
}

size_t tc_policy_scan(const release_policy *policy, tc_policy_found found_one, void *context)
{
	struct scan scan = {.policy = policy, .found = found_one, .context = context};

	if (policy->version == 0)
		found(&scan, "versions begin with 1", "version");
	SCAN_NUMBERS(&scan, categories, category);
	SCAN_NUMBERS(&scan, agency_kinds, kind);
	SCAN_NUMBERS(&scan, purposes, purpose);
	SCAN_NUMBERS(&scan, regimes, regime);
	SCAN_NUMBERS(&scan, bases, basis);
	scan_regimes(&scan);
	for (size_t i = 0; i < policy->n_rules; i++)
		scan_rule(&scan, i);
	scan_notices(&scan);
	for (size_t i = 0; i < policy->n_events; i++)
		scan_event(&scan, i);
	for (size_t i = 0; i < policy->n_retention; i++)
		scan_retention(&scan, i);
	return scan.count;
}
