#include "wire/refusal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct refusal_text {
	const char *name;
	const char *message;
	const char *hint;
};

#define REFUSAL(name, code, message, hint) [TC_REFUSAL_##name] = {code, message, hint},
static const struct refusal_text texts[TC_REFUSAL_COUNT] = {
	[TC_REFUSAL_NONE] = {"none", "nothing was refused", ""},
#include "wire/refusals.def"
};
#undef REFUSAL

static const struct refusal_text *text_of(enum tc_refusal_code code)
{
	unsigned number = (unsigned)code;

	return &texts[number < TC_REFUSAL_COUNT ? number : (unsigned)TC_REFUSAL_INTERNAL];
}

const char *tc_refusal_name(enum tc_refusal_code code)
{
	return text_of(code)->name;
}

const char *tc_refusal_message(enum tc_refusal_code code)
{
	return text_of(code)->message;
}

const char *tc_refusal_hint(enum tc_refusal_code code)
{
	return text_of(code)->hint;
}

enum tc_refusal_code tc_refusal_find(struct tc_slice name)
{
	for (unsigned i = TC_REFUSAL_NONE + 1; i < TC_REFUSAL_COUNT; i++)
		if (tc_slice_equal(name, tc_slice_text(texts[i].name)))
			return (enum tc_refusal_code)i;
	return TC_REFUSAL_NONE;
}

int tc_refuse(struct tc_refusal *refusal, enum tc_refusal_code code, const char *detail_format, ...)
{
	va_list arguments;

	refusal->code = code;
	refusal->state[0] = '\0';
	refusal->version = 0;
	refusal->legal_count = 0;
	va_start(arguments, detail_format);
	vsnprintf(refusal->detail, sizeof(refusal->detail), detail_format, arguments);
	va_end(arguments);
	return 1;
}

int tc_refuse_within(struct tc_refusal *refusal, const char *prefix_format, ...)
{
	char before[sizeof(refusal->detail)];
	char detail[sizeof(refusal->detail)];
	va_list arguments;
	size_t len;

	memcpy(detail, refusal->detail, sizeof(detail));
	va_start(arguments, prefix_format);
	vsnprintf(before, sizeof(before), prefix_format, arguments);
	va_end(arguments);
	len = strlen(before);
	memcpy(refusal->detail, before, len + 1);
	snprintf(refusal->detail + len, sizeof(refusal->detail) - len, "%s", detail);
	return 1;
}

void tc_refuse_state(struct tc_refusal *refusal, const char *state, uint64_t version)
{
	snprintf(refusal->state, sizeof(refusal->state), "%s", state);
	refusal->version = version;
}

void tc_refuse_legal(struct tc_refusal *refusal, const char *type, const char *status)
{
	size_t len = strlen(refusal->detail);
	char *legal;

	if (refusal->legal_count == TC_REFUSAL_LEGAL_MAX)
		return;
	legal = refusal->legal[refusal->legal_count];
	snprintf(legal, sizeof(refusal->legal[0]), "%s%s%s", type, status ? " " : "",
		 status ? status : "");
	if (len + strlen(legal) + 2 < sizeof(refusal->detail))
		snprintf(refusal->detail + len, sizeof(refusal->detail) - len, "%s %s",
			 refusal->legal_count > 0 ? "," : "", legal);
	refusal->legal_count++;
}
