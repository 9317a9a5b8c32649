/* accounting - who was told what about a person, by a rule: as text, JSON or CSV. */
#include <stdlib.h>
#include <string.h>

#include "cli/command_table.h"
#include "cli/csv.h"
#include "cli/paragraph.h"
#include "cli/question.h"
#include "cli/rendition.h"
#include "throughcare/v1/policy.pb-c.h"
#include "throughcare/v1/trail.pb-c.h"
#include "wire/limits.h"

/* protobuf-c has no const strings; packing does not write. */
#define TEXT(value) ((char *)(uintptr_t)(value))

typedef Throughcare__V1__ReleasePolicy__AccountingRule accounting_rule;

static const struct tc_column columns[] = {
	{"firstAt", "FIRST"},         {"lastAt", "LAST"},
	{"times", "TIMES"},           {"discloser", "BY"},
	{"recipientName", "TO"},      {"recipientAddress", "ADDRESS"},
	{"description", "WHAT"},      {"purpose", "FOR"},
	{"basis", "ON THE BASIS OF"}, {NULL, NULL},
};

static bool same_text(const json_t *a, const json_t *b, const char *key)
{
	const char *left = json_string_value(json_object_get(a, key));
	const char *right = json_string_value(json_object_get(b, key));

	return (!left || !right) ? left == right : strcmp(left, right) == 0;
}

static bool alike(const json_t *a, const json_t *b)
{
	static const char *const keys[] = {"discloser", "recipient", "description", "purpose",
					   "basis"};
	bool same = true;

	for (size_t i = 0; same && i < sizeof(keys) / sizeof(keys[0]); i++)
		same = same_text(a, b, keys[i]);
	return same;
}

/* A line of a further page into the one that reads alike. */
static void entry_join(json_t *entry, const json_t *more)
{
	json_int_t times = json_integer_value(json_object_get(entry, "times")) +
			   json_integer_value(json_object_get(more, "times"));

	json_object_set_new(entry, "times", json_integer(times));
	json_object_set(entry, "lastAt", json_object_get(more, "lastAt"));
	json_array_extend(json_object_get(entry, "sequences"), json_object_get(more, "sequences"));
}

/* The one that reads like this one; NULL: there is none. */
static json_t *entry_alike(json_t *entries, const json_t *wanted)
{
	json_t *entry;
	size_t index;

	json_array_foreach(entries, index, entry) if (alike(entry, wanted)) return entry;
	return NULL;
}

static void entries_join(json_t *entries, const json_t *page, bool grouped)
{
	const json_t *more;
	size_t at;

	json_array_foreach(page, at, more)
	{
		json_t *found = grouped ? entry_alike(entries, more) : NULL;

		if (found)
			entry_join(found, more);
		else
			json_array_append(entries, (json_t *)(uintptr_t)more);
	}
}

/* The pages as one accounting. */
struct joined {
	json_t *accounting;
	bool grouped;
};

/* As the rule says that came along. */
static bool is_grouped(const json_t *accounting)
{
	const char *text = json_string_value(json_object_get(accounting, "ruleData"));
	accounting_rule *rule = NULL;
	struct tc_bytes packed = {0};
	bool grouped = false;

	if (text && tc_rendition_bytes(text, &packed) == 0)
		rule = (accounting_rule *)protobuf_c_message_unpack(
			&throughcare__v1__release_policy__accounting_rule__descriptor, NULL,
			packed.len, packed.data);
	if (rule) {
		grouped = rule->grouped;
		protobuf_c_message_free_unpacked(&rule->base, NULL);
	}
	tc_bytes_free(&packed);
	return grouped;
}

static void array_want(json_t *object, const char *key)
{
	if (!json_object_get(object, key))
		json_object_set_new(object, key, json_array());
}

static bool page_join(void *context, const json_t *reply)
{
	struct joined *joined = context;
	json_t *page = json_object_get(reply, "accounting");

	if (!joined->accounting) {
		joined->accounting = json_incref(page);
		joined->grouped = is_grouped(page);
		array_want(page, "entries");
		array_want(page, "links");
		return true;
	}
	entries_join(json_object_get(joined->accounting, "entries"),
		     json_object_get(page, "entries"), joined->grouped);
	json_array_extend(json_object_get(joined->accounting, "links"),
			  json_object_get(page, "links"));
	return true;
}

static void csv_print(const struct tc_screen *screen, const json_t *accounting)
{
	const json_t *entry;
	size_t index;

	tc_csv_head(screen->out, columns);
	json_array_foreach(json_object_get(accounting, "entries"), index, entry)
		tc_csv_row(screen->out, columns, entry);
}

static void text_print(struct tc_screen *screen, const json_t *accounting)
{
	const char *complete = json_string_value(json_object_get(accounting, "completeUntil"));

	screen->json = false;
	tc_paragraph_say(screen, 0, "Disclosures about %s by %s, from %s to %s",
			 json_string_value(json_object_get(accounting, "subject")),
			 json_string_value(json_object_get(accounting, "ruleName")),
			 json_string_value(json_object_get(accounting, "since")),
			 json_string_value(json_object_get(accounting, "until")));
	tc_screen_table(screen, columns, json_object_get(accounting, "entries"));
	if (complete)
		tc_paragraph_say(screen, 0,
				 "Complete until %s, which `trail verify --accounting` proves from "
				 "--format json.",
				 complete);
}

static enum tc_exit accounting_ask(struct tc_invocation *invocation,
				   Throughcare__V1__AccountingQuery *asked, const char *format)
{
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	struct joined joined = {.accounting = NULL};
	enum tc_exit code;

	query.body_case = THROUGHCARE__V1__QUERY__BODY_ACCOUNTING;
	query.accounting = asked;
	code = tc_question_pages(invocation, &query, TC_PAGE_ROWS_MAX, page_join, &joined);
	if (code != TC_EXIT_DONE)
		goto out;
	if (strcmp(format, "csv") == 0) {
		csv_print(&invocation->screen, joined.accounting);
	} else if (strcmp(format, "json") == 0) {
		invocation->screen.json = true;
		tc_screen_document(&invocation->screen, joined.accounting);
	} else {
		text_print(&invocation->screen, joined.accounting);
	}
out:
	json_decref(joined.accounting);
	return code;
}

enum tc_exit tc_accounting_run(struct tc_invocation *invocation)
{
	Throughcare__V1__AccountingQuery asked = THROUGHCARE__V1__ACCOUNTING_QUERY__INIT;
	const char *format = tc_invocation_option(invocation, "format");
	Google__Protobuf__Timestamp since, until;
	int64_t since_ms = 0, until_ms = 0;

	if (!format)
		format = invocation->screen.json ? "json" : "text";
	asked.subject = TEXT(tc_invocation_option(invocation, "subject"));
	asked.rule_name = TEXT(tc_invocation_option(invocation, "rule"));
	if (!asked.subject || !asked.rule_name)
		return tc_invocation_usage(invocation, "name --subject and --rule");
	if (strcmp(format, "json") != 0 && strcmp(format, "csv") != 0 &&
	    strcmp(format, "text") != 0)
		return tc_invocation_usage(invocation, "--format: text, json or csv");
	/* Lists for reading are the person's copy: nothing suspended slips into one by mistake. */
	asked.has_for_person = true;
	asked.for_person = strcmp(format, "json") != 0 ||
			   tc_invocation_option(invocation, "for-person") != NULL;
	if (tc_invocation_time(invocation, "since", &since_ms) < 0 ||
	    tc_invocation_time(invocation, "until", &until_ms) < 0)
		return TC_EXIT_USAGE;
	if (tc_invocation_option(invocation, "since")) {
		tc_question_time(since_ms, &since);
		asked.since = &since;
	}
	if (tc_invocation_option(invocation, "until")) {
		tc_question_time(until_ms, &until);
		asked.until = &until;
	}
	return accounting_ask(invocation, &asked, format);
}
