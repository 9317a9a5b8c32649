#include "cli/problem.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "wire/refusal.h"

static void copy(char *to, size_t room, const char *from)
{
	size_t len = from ? strlen(from) : 0;
	if (len >= room)
		len = room - 1;
	if (len > 0)
		memcpy(to, from, len);
	to[len] = '\0';
}

void tc_problem_set(struct tc_problem *problem, const char *code, const char *message,
		    const char *hint, const char *detail_format, ...)
{
	copy(problem->code, sizeof(problem->code), code);
	copy(problem->message, sizeof(problem->message), message);
	copy(problem->hint, sizeof(problem->hint), hint);
	problem->detail[0] = '\0';
	if (detail_format) {
		va_list arguments;
		va_start(arguments, detail_format);
		vsnprintf(problem->detail, sizeof(problem->detail), detail_format, arguments);
		va_end(arguments);
	}
}

void tc_problem_set_errno(struct tc_problem *problem, const char *code, const char *message,
			  const char *path, const char *hint)
{
	int error = errno;
	tc_problem_set(problem, code, message, hint, "%s: %s", path, strerror(error));
}

void tc_problem_set_refusal(struct tc_problem *problem, const Throughcare__V1__Refusal *refusal)
{
	const char *code = refusal->code ? refusal->code : "internal";
	enum tc_refusal_code known = tc_refusal_find(tc_slice_text(code));
	const char *message = refusal->message;
	const char *hint = refusal->hint;

	if (!message)
		message = known ? tc_refusal_message(known) : "the exchange refused this";
	if (!hint)
		hint = known ? tc_refusal_hint(known) : "";
	tc_problem_set(problem, code, message, hint, "%s", refusal->detail ? refusal->detail : "");
}
