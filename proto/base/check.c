#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void tc_check_failed(const char *condition, const char *file, int line)
{
	fprintf(stderr, "<2>check failed: %s at %s:%d\n", condition, file, line);
	abort();
}
