#include "cli/terms.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "cli/rendition.h"
#include "wire/delivery.h"
#include "wire/digest.h"

#define LINE_COLUMNS 78

static const char *const keys[] = {"terms",        "termsSha256", "notices",      "scopes",
				   "redisclosure", "policyId",    "policyVersion"};

/* ---- for programs ---- */

/* The digest that the log has, from what came. */
static int digest_join(json_t *message, const Throughcare__V1__Delivery *delivery,
		       struct tc_slice terms)
{
	uint8_t indexes[TC_PARTS_MAX], digest[TC_DIGEST_BYTES];
	char text[2 * TC_DIGEST_BYTES + 1];
	struct tc_refusal refusal = {0};
	struct tc_header header;
	uint64_t parts = 0;
	int r = tc_delivery_check(delivery, &header, indexes, &refusal);

	if (r != 0)
		return r < 0 ? r : TC_RENDITION_UNREADABLE;
	for (size_t i = 0; i < delivery->n_parts; i++)
		parts |= UINT64_C(1) << indexes[i];
	r = tc_sha256(terms, digest);
	if (r == 0)
		r = tc_release_digest(delivery->log_sequence, parts, digest, digest);
	if (r < 0)
		return r;
	tc_hex(digest, sizeof(digest), text);
	json_object_set_new(message, "termsSha256", json_string(text));
	return 0;
}

int tc_terms_join(json_t *message, const Throughcare__V1__Delivery *delivery)
{
	struct tc_slice packed = tc_slice(delivery->terms.data, delivery->terms.len);
	json_t *terms = NULL;
	int r;

	if (!delivery->has_terms)
		return 0;
	r = tc_rendition_packed(packed, &throughcare__v1__release_terms__descriptor, &terms);
	if (r != 0)
		return r;
	/* The delivery's own basis stays: it is the same. */
	json_object_update_missing(message, terms);
	json_decref(terms);
	return digest_join(message, delivery, packed);
}

/* ---- for people ---- */

json_t *tc_terms_split(json_t *message)
{
	json_t *terms = json_object();

	for (size_t i = 0; terms && i < sizeof(keys) / sizeof(keys[0]); i++) {
		json_t *value = json_object_get(message, keys[i]);

		if (value)
			json_object_set(terms, keys[i], value);
		json_object_del(message, keys[i]);
	}
	return terms;
}

static const char *text_get(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* Lines of at most LINE_COLUMNS, broken between words. */
static void wrapped_say(const struct tc_screen *screen, const char *indent, const char *text)
{
	size_t room = LINE_COLUMNS - strlen(indent);

	while (*text) {
		size_t len = strlen(text), end = len;

		if (len > room) {
			for (end = room; end > 0 && text[end] != ' ';)
				end--;
			if (end == 0)
				end = strcspn(text, " ");
		}
		tc_screen_say(screen, "%s%.*s", indent, (int)end, text);
		text += end;
		while (*text == ' ')
			text++;
	}
}

static void text_add(struct tc_bytes *to, const char *text)
{
	/* A sentence that memory has no room for stays short. */
	if (tc_bytes_append(to, text, strlen(text)) < 0)
		return;
}

/* "CATEGORY_DRUG_TEST", ... as "drug test, ..." */
static void words_add(struct tc_bytes *to, const json_t *names, size_t prefix)
{
	size_t index;
	const json_t *name;

	json_array_foreach(names, index, name)
	{
		const char *text = json_string_value(name);

		if (!text || strlen(text) < prefix)
			continue;
		if (index > 0)
			text_add(to, ", ");
		for (const char *c = text + prefix; *c; c++) {
			char word[] = {*c == '_' ? ' ' : (char)tolower((unsigned char)*c), '\0'};

			text_add(to, word);
		}
	}
}

/* Both, or neither when there is no such text. */
static void after_add(struct tc_bytes *to, const char *before, const char *text)
{
	if (*text == '\0')
		return;
	text_add(to, before);
	text_add(to, text);
}

/* The day of an RFC 3339 time. */
static void day_add(struct tc_bytes *to, const char *before, const char *time)
{
	char day[sizeof("2026-01-31")];

	(void)snprintf(day, sizeof(day), "%s", time);
	after_add(to, before, day);
}

static void scope_say(const struct tc_screen *screen, const json_t *scope)
{
	const char *described = text_get(scope, "description");
	const char *ends_at = text_get(scope, "expiresAt");
	const char *ends_on = text_get(scope, "expiresOnEvent");
	struct tc_bytes text = {0};

	text_add(&text, "The person's consent");
	day_add(&text, " of ", text_get(scope, "signedAt"));
	text_add(&text, " covers ");
	words_add(&text, json_object_get(scope, "categories"), strlen("CATEGORY_"));
	if (*described) {
		after_add(&text, " (\"", described);
		text_add(&text, "\")");
	}
	text_add(&text, " for ");
	words_add(&text, json_object_get(scope, "purposes"), strlen("PURPOSE_"));
	after_add(&text, " in proceeding ", text_get(scope, "proceedingId"));
	day_add(&text, ", until ", ends_at);
	after_add(&text, ", until the event ", ends_on);
	if (*ends_at == '\0' && *ends_on == '\0')
		text_add(&text, ", without an end");
	after_add(&text, ". Grant ", text_get(scope, "grantId"));
	text_add(&text, ".");
	if (tc_bytes_append(&text, "", 1) == 0)
		wrapped_say(screen, "", (const char *)text.data);
	tc_bytes_free(&text);
}

const char *tc_terms_rule(const char *rule)
{
	static const struct {
		const char *rule, *text;
	} texts[] = {
		{"none", "It may not be passed on."},
		{"official_duty_case",
		 "It may not be passed on, except within criminal justice to monitor the condition "
		 "in the same proceeding (42 CFR 2.35(d))."},
		{"hipaa_tpo", "It may not be passed on, except to treating providers for "
			      "treatment, payment or operations (42 CFR 2.33(b))."},
		{"as_stated", "It may not be passed on, except as the person's consent states."},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (strcmp(texts[i].rule, rule) == 0)
			return texts[i].text;
	}
	return NULL;
}

static void redisclosure_say(const struct tc_screen *screen, const char *rule)
{
	const char *text = tc_terms_rule(rule);

	if (text)
		wrapped_say(screen, "", text);
	else
		tc_screen_say(screen, "It may be passed on only by the rule %s.", rule);
}

/* Whether it is shown for the first time. */
static bool notice_new(struct tc_terms_shown *shown, const char *label)
{
	for (size_t i = 0; i < shown->count; i++) {
		if (strcmp(shown->labels[i], label) == 0)
			return false;
	}
	if (shown->count < TC_TERMS_SHOWN_MAX)
		(void)snprintf(shown->labels[shown->count++], sizeof(shown->labels[0]), "%s",
			       label);
	return true;
}

static void notice_say(const struct tc_screen *screen, const json_t *notice,
		       struct tc_terms_shown *shown)
{
	const char *jurisdiction = text_get(notice, "jurisdiction");
	char label[sizeof(shown->labels[0])];

	/* What it says about passing on was said above. */
	if (strncmp(text_get(notice, "code"), "redisclose-", strlen("redisclose-")) == 0)
		return;
	(void)snprintf(label, sizeof(label), "%s (%s%s%s)", text_get(notice, "code"),
		       text_get(notice, "version"), *jurisdiction ? ", " : "", jurisdiction);
	if (!notice_new(shown, label)) {
		tc_screen_say(screen, "Notice %s: as above.", label);
		return;
	}
	tc_screen_say(screen, "Notice %s:", label);
	wrapped_say(screen, "    ", text_get(notice, "text"));
}

void tc_terms_say(const struct tc_screen *screen, const json_t *terms, struct tc_terms_shown *shown)
{
	const json_t *value;
	size_t index;

	json_array_foreach(json_object_get(terms, "redisclosure"), index, value)
		redisclosure_say(screen, json_string_value(value));
	json_array_foreach(json_object_get(terms, "scopes"), index, value) scope_say(screen, value);
	json_array_foreach(json_object_get(terms, "notices"), index, value)
		notice_say(screen, value, shown);
}
