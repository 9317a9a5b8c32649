/* why - what became of a message and on what grounds, in sentences. */
#include <stdlib.h>
#include <string.h>

#include "cli/command_table.h"
#include "cli/paragraph.h"
#include "cli/question.h"
#include "cli/rendition.h"
#include "cli/terms.h"
#include "wire/refusal.h"

/* protobuf-c has no const strings; packing does not write. */
#define TEXT(value) ((char *)(uintptr_t)(value))

#define INDENT 4

/* "" when the row has none. */
static const char *text_of(const json_t *row, const char *key)
{
	const char *text = json_string_value(json_object_get(row, key));

	return text ? text : "";
}

static const struct {
	const char *event;
	const char *words;
} events[] = {
	{"submission", "taken into custody"},
	{"refusal", "refused"},
	{"denied", "denied"},
	{"held", "held"},
	{"unheld", "no longer held"},
	{"release", "released"},
	{"withheld", "withheld"},
	{"recall", "recalled before it was handed over"},
	{"expired", "expired before it was handed over"},
	{"dead", "given up"},
	{"break_glass", "released in an emergency, to be reviewed"},
	{"break_glass_reviewed", "its release in an emergency reviewed"},
	{"break_glass_overdue", "the review of its release in an emergency overdue"},
};

static const char *event_words(const char *event)
{
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (strcmp(events[i].event, event) == 0)
			return events[i].words;
	return event;
}

/* One sentence about a value, if the row has it. */
static void sentence(const struct tc_screen *screen, const json_t *row, const char *key,
		     const char *before, const char *after)
{
	char *text = tc_screen_cell(row, key);

	if (text && *text)
		tc_paragraph_say(screen, INDENT, "%s%s%s", before, text, after);
	free(text);
}

static void say_head(const struct tc_screen *screen, const json_t *row)
{
	const char *sender = text_of(row, "sender"), *recipient = text_of(row, "recipient");

	tc_paragraph_say(screen, 0, "%s  %s%s%s%s%s (log position %lld)", text_of(row, "at"),
			 event_words(text_of(row, "event")), *sender ? ": " : "", sender,
			 *recipient ? " to " : "", recipient,
			 (long long)json_integer_value(json_object_get(row, "logSequence")));
}

/* The code in words, where it is one of the exchange's own. */
static void say_code(const struct tc_screen *screen, const char *before, const char *code)
{
	enum tc_refusal_code known = tc_refusal_find(tc_slice_text(code));

	if (known != TC_REFUSAL_NONE)
		tc_paragraph_say(screen, INDENT, "%s%s (%s).", before, tc_refusal_message(known),
				 code);
	else if (*code)
		tc_paragraph_say(screen, INDENT, "%s%s.", before, code);
}

static void say_parts(const struct tc_screen *screen, const json_t *row)
{
	sentence(screen, row, "released", "Released: ", ".");
	sentence(screen, row, "withheld", "Not released: ", ".");
	if (strcmp(text_of(row, "event"), "submission") != 0)
		say_code(screen, "Because ", text_of(row, "code"));
	sentence(screen, row, "purpose", "For the purpose of ", ".");
	sentence(screen, row, "proceedingId", "In the proceeding ", ".");
	sentence(screen, row, "legalBasis", "On the legal basis ", ".");
	sentence(screen, row, "reference", "Its reference is ", ".");
}

static void text_add(struct tc_bytes *to, const char *before, const char *text)
{
	int r = tc_bytes_append(to, before, strlen(before));

	if (r == 0)
		r = tc_bytes_append(to, text, strlen(text));
	(void)r; /* a sentence that memory has no room for stays short */
}

/* "; NAME VALUE" where the row has it. */
static void clause_add(struct tc_bytes *to, const json_t *row, const char *key, const char *name)
{
	char *text = tc_screen_cell(row, key);

	if (text && *text)
		text_add(to, name, text);
	free(text);
}

/* Digests are compared by eye with what the discloser's form has: hexadecimal. */
static void digest_add(struct tc_bytes *to, const json_t *row, const char *key, const char *name)
{
	const char *text = text_of(row, key);
	struct tc_bytes digest = {0};
	char hex[65];

	if (*text && tc_rendition_bytes(text, &digest) == 0 && digest.len == 32) {
		tc_hex(digest.data, digest.len, hex);
		text_add(to, name, hex);
	}
	tc_bytes_free(&digest);
}

/* `released`: it permitted that; else it is why that could not go. */
static void say_grant(const struct tc_screen *screen, const json_t *grant, bool released)
{
	struct tc_bytes text = {0};

	clause_add(&text, grant, "grantId",
		   released ? "Permitted by grant " : "That is said of grant ");
	clause_add(&text, grant, "consentId", " of consent ");
	clause_add(&text, grant, "regime", " under ");
	clause_add(&text, grant, "disclosers", ", from ");
	clause_add(&text, grant, "recipients", " to ");
	clause_add(&text, grant, "categories", ", for ");
	clause_add(&text, grant, "signedAt", "; signed ");
	clause_add(&text, grant, "recordedAt", ", recorded ");
	clause_add(&text, grant, "validFrom", ", valid from ");
	clause_add(&text, grant, "expiresAt", " until ");
	clause_add(&text, grant, "expiresOnEvent", " until the event ");
	clause_add(&text, grant, "revocableFrom", "; revocable from ");
	clause_add(&text, grant, "revocableOnEvent", "; revocable from the event ");
	clause_add(&text, grant, "revokedAt", "; revoked ");
	clause_add(&text, grant, "revocationEffectiveAt", ", with effect from ");
	clause_add(&text, grant, "status", "; today it is ");
	digest_add(&text, grant, "documentSha256", "; the signed document has the SHA-256 ");
	tc_paragraph_say(screen, INDENT, "%.*s.", (int)text.len, (const char *)text.data);
	tc_bytes_free(&text);
}

static void say_rules(const struct tc_screen *screen, const json_t *row)
{
	const json_t *rules = json_object_get(row, "ruleIds");
	const json_t *cites = json_object_get(row, "cites");
	struct tc_bytes text = {0};
	size_t index;
	const json_t *rule;

	json_array_foreach(rules, index, rule)
	{
		const char *cite = json_string_value(json_array_get(cites, index));
		text_add(&text, index > 0 ? ", " : "", json_string_value(rule));
		if (cite && *cite) {
			text_add(&text, " (", cite);
			text_add(&text, ")", "");
		}
	}
	if (text.len > 0)
		tc_paragraph_say(
			screen, INDENT, "By the %s %.*s of policy %s, version %lld.",
			json_array_size(rules) > 1 ? "rules" : "rule", (int)text.len,
			(const char *)text.data, text_of(row, "policyId"),
			(long long)json_integer_value(json_object_get(row, "policyVersion")));
	tc_bytes_free(&text);
}

/* Whether the recipient may pass it on (42 CFR 2.33, 2.35(d)). */
static void say_redisclosure(const struct tc_screen *screen, const json_t *row)
{
	size_t index;
	const json_t *rule;

	json_array_foreach(json_object_get(row, "redisclosure"), index, rule)
	{
		const char *text = tc_terms_rule(json_string_value(rule));
		if (text)
			tc_paragraph_say(screen, INDENT, "%s", text);
	}
}

static void say_terms(const struct tc_screen *screen, const json_t *row)
{
	struct tc_bytes text = {0};

	sentence(screen, row, "notices", "Notices that went along: ", ".");
	say_redisclosure(screen, row);
	digest_add(&text, row, "termsSha256", "What the recipient was told has the SHA-256 ");
	if (text.len > 0)
		tc_paragraph_say(screen, INDENT, "%.*s.", (int)text.len, (const char *)text.data);
	tc_bytes_free(&text);
}

static void say_today(const struct tc_screen *screen, const json_t *row)
{
	static const struct {
		const char *kind;
		const char *words;
	} kinds[] = {
		{"permit", "Today all of it would be released."},
		{"permit_parts", "Today a part of it would be released."},
		{"hold", "Today it would be held."},
		{"deny", "Today it would be denied."},
	};
	const char *today = text_of(row, "today");

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].kind, today) == 0)
			tc_paragraph_say(screen, INDENT, "%s", kinds[i].words);
	sentence(screen, row, "todayWithheld",
		 "Of what was released, today would be withheld: ", ".");
	say_code(screen, "Because today ", text_of(row, "todayCode"));
}

static void say_reason(const struct tc_screen *screen, const json_t *row)
{
	size_t index;
	const json_t *grant;

	say_head(screen, row);
	say_parts(screen, row);
	json_array_foreach(json_object_get(row, "grants"), index, grant)
		say_grant(screen, grant, strcmp(text_of(row, "event"), "release") == 0);
	say_rules(screen, row);
	say_terms(screen, row);
	say_today(screen, row);
}

static bool say_page(void *context, const json_t *reply)
{
	const struct tc_screen *screen = context;
	size_t index;
	const json_t *row;

	json_array_foreach(json_object_get(reply, "reasons"), index, row)
	{
		tc_screen_line(screen, row);
		if (!screen->json)
			say_reason(screen, row);
	}
	return true;
}

enum tc_exit tc_trail_why_run(struct tc_invocation *invocation)
{
	Throughcare__V1__TrailWhyQuery why = THROUGHCARE__V1__TRAIL_WHY_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;

	why.message_id = TEXT(invocation->operands[0]);
	query.body_case = THROUGHCARE__V1__QUERY__BODY_TRAIL_WHY;
	query.trail_why = &why;
	return tc_question_pages(invocation, &query, SIZE_MAX, say_page, &invocation->screen);
}
