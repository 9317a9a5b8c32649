#include "daemon/problem.h"

#include <stdio.h>

void problem_print(const char *error, const char *detail, const char *hint)
{
	problem_print_at("throughcared", error, detail, hint);
}

void problem_print_at(const char *where, const char *error, const char *detail, const char *hint)
{
	fprintf(stderr, "%s: error: %s\n", where, error);
	if (detail && *detail)
		fprintf(stderr, "detail: %s\n", detail);
	if (hint && *hint)
		fprintf(stderr, "hint: %s\n", hint);
}
