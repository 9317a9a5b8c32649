/* policy show - the policy in force, or an earlier one, as tables, JSON or the YAML again. */
#include <stdlib.h>
#include <string.h>

#include "cli/command_table.h"
#include "cli/question.h"
#include "cli/rendition.h"
#include "throughcare/v1/policy.pb-c.h"
#include "wire/json.h"
#include "wire/part_types.h"
#include "wire/validate.h"
#include "yaml/yaml_print.h"

typedef Throughcare__V1__ReleasePolicy release_policy;

static enum tc_exit unreadable(struct tc_invocation *invocation)
{
	tc_problem_set(&invocation->problem, "protocol", "the exchange's answer cannot be read",
		       "check that this program is of the exchange's version", NULL);
	return TC_EXIT_FAILED;
}

/* The policy in a row of the answer; released with its own call. NULL when it is none. */
static release_policy *row_policy(const json_t *row)
{
	const char *text = json_string_value(json_object_get(row, "policy"));
	struct tc_refusal refusal = {0};
	struct tc_bytes packed = {0};
	release_policy *policy = NULL;

	if (text && tc_rendition_bytes(text, &packed) == 0 &&
	    tc_message_scan(tc_bytes_slice(&packed), &throughcare__v1__release_policy__descriptor,
			    &refusal) == 0)
		policy = throughcare__v1__release_policy__unpack(NULL, packed.len, packed.data);
	tc_bytes_free(&packed);
	return policy;
}

/* Digests are compared by eye, and with the trail's, which are hexadecimal. */
static void digest_as_hex(json_t *row)
{
	const char *text = json_string_value(json_object_get(row, "sha256"));
	struct tc_bytes digest = {0};
	char hex[65];

	if (text && tc_rendition_bytes(text, &digest) == 0 && digest.len == 32) {
		tc_hex(digest.data, digest.len, hex);
		json_object_set_new(row, "sha256", json_string(hex));
	}
	tc_bytes_free(&digest);
}

static json_t *names(const ProtobufCEnumDescriptor *type, const int *values, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		char name[64];

		tc_enum_short_name(type, values[i], name, sizeof(name));
		json_array_append_new(list, json_string(name));
	}
	if (count == 0)
		json_array_append_new(list, json_string("any"));
	return list;
}

static json_t *rule_row(const Throughcare__V1__ReleasePolicy__Rule *rule)
{
	bool denies = rule->effect == THROUGHCARE__V1__RULE_EFFECT__RULE_EFFECT_DENY;
	json_t *notices = json_array();

	for (size_t i = 0; i < rule->n_notices; i++)
		json_array_append_new(notices, json_string(rule->notices[i]));
	return json_pack(
		"{s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:s}", "rule", rule->rule_id, "effect",
		denies ? "deny" : "permit", "bases",
		names(&throughcare__v1__release_basis__descriptor, (const int *)rule->bases,
		      rule->n_bases),
		"from",
		names(&throughcare__v1__agency_kind__descriptor, (const int *)rule->from,
		      rule->n_from),
		"to",
		names(&throughcare__v1__agency_kind__descriptor, (const int *)rule->to, rule->n_to),
		"purposes",
		names(&throughcare__v1__purpose__descriptor, (const int *)rule->purposes,
		      rule->n_purposes),
		"categories",
		names(&throughcare__v1__category__descriptor, (const int *)rule->categories,
		      rule->n_categories),
		"notices", notices, "cite", rule->cite ? rule->cite : "");
}

static void tables_print(const struct tc_screen *screen, const json_t *row,
			 const release_policy *policy)
{
	static const struct tc_column head[] = {
		{"policyId", "policy"},
		{"version", "version"},
		{"title", "title"},
		{"at", "in force since"},
		{"logSequence", "log position"},
		{"sha256", "sha-256"},
		{NULL, NULL},
	};
	static const struct tc_column columns[] = {
		{"rule", "RULE"},       {"effect", "EFFECT"}, {"bases", "ON"},
		{"from", "FROM"},       {"to", "TO"},         {"purposes", "FOR"},
		{"notices", "NOTICES"}, {"cite", "SOURCE"},   {"categories", "CATEGORIES"},
		{NULL, NULL},
	};
	json_t *rules = json_array();

	tc_screen_record(screen, head, row);
	for (size_t i = 0; i < policy->n_rules; i++)
		json_array_append_new(rules, rule_row(policy->rules[i]));
	tc_screen_table(screen, columns, rules);
	json_decref(rules);
}

static enum tc_exit yaml_print(struct tc_invocation *invocation, const release_policy *policy)
{
	struct tc_bytes text = {0};
	enum tc_exit code = TC_EXIT_DONE;

	if (tc_yaml_print(&policy->base, &text) != 0)
		code = unreadable(invocation);
	/* One row of JSON, or the text as it would be in a file; its texts were escaped by quoting.
	 */
	else if (invocation->screen.json) {
		json_t *object = json_pack("{s:s%}", "yaml", text.data, text.len);

		tc_screen_line(&invocation->screen, object);
		json_decref(object);
	} else {
		(void)fwrite(text.data, 1, text.len, invocation->screen.out);
	}
	tc_bytes_free(&text);
	return code;
}

static enum tc_exit row_print(struct tc_invocation *invocation, json_t *row)
{
	release_policy *policy = row_policy(row);
	json_t *content = NULL;
	enum tc_exit code = TC_EXIT_DONE;

	if (!policy)
		return unreadable(invocation);
	digest_as_hex(row);
	if (policy->title)
		json_object_set_new(row, "title", json_string(policy->title));
	if (tc_invocation_option(invocation, "yaml")) {
		code = yaml_print(invocation, policy);
	} else if (!invocation->screen.json) {
		tables_print(&invocation->screen, row, policy);
	} else if (tc_json_from_message(&policy->base, &content) == 0) {
		json_object_set_new(row, "policy", content);
		tc_screen_line(&invocation->screen, row);
	}
	throughcare__v1__release_policy__free_unpacked(policy, NULL);
	return code;
}

static bool version_read(const char *text, uint32_t *ret)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	*ret = (uint32_t)value;
	return *text >= '1' && *text <= '9' && *end == '\0' && value <= UINT32_MAX;
}

enum tc_exit tc_policy_show_run(struct tc_invocation *invocation)
{
	Throughcare__V1__PolicyShowQuery show = THROUGHCARE__V1__POLICY_SHOW_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	json_t *reply = NULL, *row;
	enum tc_exit code;

	if (invocation->operand_count > 0 && !version_read(invocation->operands[0], &show.version))
		return tc_invocation_usage(invocation, "a version is a number from 1 on");
	show.has_version = invocation->operand_count > 0;
	query.body_case = THROUGHCARE__V1__QUERY__BODY_POLICY_SHOW;
	query.policy_show = &show;
	code = tc_question_once(invocation, &query, &reply);
	row = json_array_get(json_object_get(reply, "policies"), 0);
	if (code == TC_EXIT_DONE && !row) {
		tc_problem_set(&invocation->problem, "not_found", "there is no such policy",
			       "name no version to see the one in force", "version %u",
			       show.version);
		code = TC_EXIT_REFUSED;
	}
	if (code == TC_EXIT_DONE)
		code = row_print(invocation, row);
	json_decref(reply);
	return code;
}
