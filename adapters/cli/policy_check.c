#include "cli/policy_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/policy_reach.h"
#include "wire/part_types.h"
#include "wire/policy_scan.h"

typedef Throughcare__V1__ReleasePolicy release_policy;
typedef Throughcare__V1__ReleasePolicy__Rule release_rule;

struct check {
	const struct tc_yaml_document *document;
	const release_policy *policy;
	struct tc_policy_findings *findings;
	bool no_memory;
};

/* A new finding at the place of `path`; NULL when there is no room. */
static struct tc_policy_finding *finding_add(struct check *check, bool error, const char *code,
					     const char *path)
{
	struct tc_policy_findings *findings = check->findings;
	const struct tc_yaml_node *node = tc_yaml_document_find(check->document, path);
	struct tc_policy_finding *row;

	findings->errors += error;
	findings->warnings += !error;
	if (findings->count == TC_FINDINGS_MAX)
		return NULL;
	if (findings->count == findings->capacity) {
		size_t capacity = findings->capacity ? findings->capacity * 2 : 16;

		row = realloc(findings->rows, capacity * sizeof(*row));
		check->no_memory = check->no_memory || !row;
		if (!row)
			return NULL;
		findings->rows = row;
		findings->capacity = capacity;
	}
	row = &findings->rows[findings->count++];
	*row = (struct tc_policy_finding){
		.error = error, .code = code, .line = node->line, .column = node->column};
	return row;
}

__attribute__((format(printf, 2, 3))) static void message_set(struct tc_policy_finding *row,
							      const char *format, ...)
{
	va_list args;

	if (!row)
		return;
	va_start(args, format);
	(void)vsnprintf(row->message, sizeof(row->message), format, args);
	va_end(args);
}

__attribute__((format(printf, 3, 4))) static void detail_set(struct tc_policy_finding *row,
							     const char *hint, const char *format,
							     ...)
{
	va_list args;

	if (!row)
		return;
	va_start(args, format);
	(void)vsnprintf(row->detail, sizeof(row->detail), format, args);
	va_end(args);
	(void)snprintf(row->hint, sizeof(row->hint), "%s", hint);
}

/* What the exchange would refuse. */
static void found_invalid(void *context, const char *path, const char *what)
{
	struct tc_policy_finding *row = finding_add(context, true, "invalid", path);

	message_set(row, "%s", what);
	detail_set(row, "the exchange refuses a policy with it", "%s", path);
}

/* ---- rules that decide nothing ---- */

static void names_join(const release_policy *policy, const struct tc_reach_set *rules, char *to,
		       size_t room)
{
	size_t len = 0;

	to[0] = '\0';
	for (unsigned i = 0; i < policy->n_rules; i++) {
		int more;

		if (!tc_reach_has(rules, i))
			continue;
		more = snprintf(to + len, room - len, "%s%s (%s)", len ? ", " : "",
				policy->rules[i]->rule_id,
				policy->rules[i]->effect ==
						THROUGHCARE__V1__RULE_EFFECT__RULE_EFFECT_DENY
					? "denies"
					: "permits");
		if (more < 0 || (size_t)more >= room - len) {
			/* cut at the last that fits whole */
			if (room - len > 4)
				(void)snprintf(to + len, room - len, "%s", len ? ",..." : "...");
			else
				to[len] = '\0';
			return;
		}
		len += (size_t)more;
	}
}

static void check_rules(struct check *check, const struct tc_policy_reach *reach)
{
	const release_policy *policy = check->policy;

	for (unsigned i = 0; i < policy->n_rules; i++) {
		struct tc_policy_finding *row;
		char path[64], names[200];

		if (tc_reach_has(&reach->deciding, i))
			continue;
		(void)snprintf(path, sizeof(path), "rules[%u]", i);
		if (!tc_reach_has(&reach->matching, i)) {
			row = finding_add(check, true, "unreachable", path);
			message_set(row, "the rule %s matches nothing", policy->rules[i]->rule_id);
			detail_set(row, "name other categories, or remove it",
				   "exchange and test are not for rules to decide");
			continue;
		}
		names_join(policy, &reach->instead[i], names, sizeof(names));
		row = finding_add(check, true, "shadowed", path);
		message_set(row, "the rule %s never decides anything", policy->rules[i]->rule_id);
		detail_set(row, "remove it, or narrow those that decide in its place",
			   "decided by %s", names);
	}
}

/* ---- what nobody wrote down ---- */

static void check_categories(struct check *check, const struct tc_policy_reach *reach)
{
	for (int i = 1; i < TC_REACH_CATEGORIES; i++) {
		const char *name = tc_category_name((Throughcare__V1__Category)i);
		struct tc_policy_finding *row;

		if (reach->permitted[i])
			continue;
		row = finding_add(check, false,
				  reach->spoken[i] ? "never_permitted" : "not_spoken_of", "rules");
		message_set(row, "nothing of the category %s can go to anybody", name);
		detail_set(row, "permit it to whom it is for, unless that is what you want",
			   reach->spoken[i] ? "every rule about it denies"
					    : "no rule speaks about it");
	}
}

/* The numbers that a list of rows has. */
struct rows {
	const char *list, *what, *effect;
	const ProtobufCEnumDescriptor *type;
	uint64_t seen;
	int last; /* greatest number that should have one */
};

static void check_row(struct check *check, const struct rows *rows)
{
	for (int i = 1; i <= rows->last; i++) {
		struct tc_policy_finding *row;
		char name[64];

		if (rows->seen >> i & 1)
			continue;
		tc_enum_short_name(rows->type, i, name, sizeof(name));
		row = finding_add(check, false, "row_missing", rows->list);
		message_set(row, "the %s %s has no row in %s", rows->what, name, rows->list);
		detail_set(row, "write a row for it, so that it is said", "%s", rows->effect);
	}
}

#define ROWS_SEEN(policy, list, field, ret)                                                        \
	do {                                                                                       \
		for (size_t at = 0; at < (policy)->n_##list; at++)                                 \
			(ret) |= UINT64_C(1) << (policy)->list[at]->field;                         \
	} while (0)

static void check_lists(struct check *check)
{
	struct rows categories = {"categories",
				  "category",
				  "it is taken to stand alone, sealed and restricted",
				  &throughcare__v1__category__descriptor,
				  0,
				  TC_REACH_CATEGORIES - 1};
	struct rows kinds = {"agency_kinds",
			     "kind of agency",
			     "it may nothing that rows allow",
			     &throughcare__v1__agency_kind__descriptor,
			     0,
			     (int)throughcare__v1__agency_kind__descriptor.n_values - 1};
	struct rows purposes = {"purposes",
				"purpose",
				"a consent for it is for nothing else",
				&throughcare__v1__purpose__descriptor,
				0,
				(int)throughcare__v1__purpose__descriptor.n_values - 1};
	struct rows regimes = {"regimes",
			       "regime",
			       "no consent can be recorded under it",
			       &throughcare__v1__consent_regime__descriptor,
			       0,
			       (int)throughcare__v1__consent_regime__descriptor.n_values - 1};
	struct rows bases = {"bases",
			     "basis",
			     "it needs both a reference and an actor",
			     &throughcare__v1__release_basis__descriptor,
			     1 << 1,
			     (int)throughcare__v1__release_basis__descriptor.n_values - 1};

	ROWS_SEEN(check->policy, categories, category, categories.seen);
	ROWS_SEEN(check->policy, agency_kinds, kind, kinds.seen);
	ROWS_SEEN(check->policy, purposes, purpose, purposes.seen);
	ROWS_SEEN(check->policy, regimes, regime, regimes.seen);
	ROWS_SEEN(check->policy, bases, basis, bases.seen);
	check_row(check, &categories);
	check_row(check, &kinds);
	check_row(check, &purposes);
	check_row(check, &regimes);
	check_row(check, &bases);
}

static bool code_among(char *const *codes, size_t count, const char *code)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(codes[i], code) == 0)
			return true;
	return false;
}

/* A grant can attach those that the exchange has a meaning for. */
static bool notice_used(const release_policy *policy, const char *code)
{
	bool used = false;

	for (int i = 0; i < TC_POLICY_NOTICES_OPEN; i++)
		used = used || strcmp(tc_policy_notices[i], code) == 0;
	for (size_t i = 0; i < policy->n_rules; i++)
		used = used ||
		       code_among(policy->rules[i]->notices, policy->rules[i]->n_notices, code);
	for (size_t i = 0; i < policy->n_regimes; i++)
		used = used ||
		       code_among(policy->regimes[i]->notices, policy->regimes[i]->n_notices, code);
	return used;
}

static void check_notices(struct check *check)
{
	for (size_t i = 0; i < check->policy->n_notices; i++) {
		const char *code = check->policy->notices[i]->code;
		struct tc_policy_finding *row;
		char path[64];

		if (notice_used(check->policy, code))
			continue;
		(void)snprintf(path, sizeof(path), "notices[%zu]", i);
		row = finding_add(check, false, "notice_unused", path);
		message_set(row, "nothing sends the notice %s along", code);
		detail_set(row, "name it in a rule or regime, or remove it", "%s.code", path);
	}
}

/* ---- the whole ---- */

static int by_place(const void *a, const void *b)
{
	const struct tc_policy_finding *first = a, *second = b;

	if (first->line != second->line)
		return first->line < second->line ? -1 : 1;
	if (first->column != second->column)
		return first->column < second->column ? -1 : 1;
	return strcmp(first->message, second->message);
}

int tc_policy_check(const struct tc_yaml_document *document, struct tc_policy_findings *ret)
{
	struct check check = {
		.document = document,
		.policy = (const release_policy *)document->message,
		.findings = ret,
	};
	struct tc_policy_reach *reach = NULL;

	*ret = (struct tc_policy_findings){0};
	/* A policy that cannot be in force has no reach. */
	if (tc_policy_scan(check.policy, found_invalid, &check) == 0) {
		reach = malloc(sizeof(*reach));
		check.no_memory = !reach;
	}
	if (reach) {
		tc_policy_reach(check.policy, reach);
		check_rules(&check, reach);
		check_categories(&check, reach);
		check_lists(&check);
		check_notices(&check);
	}
	free(reach);
	if (check.no_memory) {
		tc_policy_findings_free(ret);
		return TC_ENOMEM;
	}
	if (ret->count > 1)
		qsort(ret->rows, ret->count, sizeof(*ret->rows), by_place);
	return 0;
}

void tc_policy_findings_free(struct tc_policy_findings *findings)
{
	free(findings->rows);
	*findings = (struct tc_policy_findings){0};
}
