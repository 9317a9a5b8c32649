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
