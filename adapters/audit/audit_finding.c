#include "audit/audit_finding.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct texts {
	const char *name;
	const char *message;
	const char *hint;
};

#define FINDING(name, code, message, hint) [TC_AUDIT_##name] = {code, message, hint},
static const struct texts texts[] = {
	[TC_AUDIT_NOTHING] = {"nothing", "nothing was found", ""},
#include "audit/audit_findings.def"
};
#undef FINDING

int tc_audit_find(struct tc_audit_finding *finding, enum tc_audit_code code, const char *format,
		  ...)
{
	va_list arguments;

	finding->code = code;
	va_start(arguments, format);
	vsnprintf(finding->detail, sizeof(finding->detail), format, arguments);
	va_end(arguments);
	return TC_AUDIT_FOUND;
}

int tc_audit_find_errno(struct tc_audit_finding *finding, enum tc_audit_code code, const char *path)
{
	int error = errno;

	return tc_audit_find(finding, code, "%s: %s", path, strerror(error));
}

const char *tc_audit_code_name(enum tc_audit_code code)
{
	return texts[code].name;
}

const char *tc_audit_code_message(enum tc_audit_code code)
{
	return texts[code].message;
}

const char *tc_audit_code_hint(enum tc_audit_code code)
{
	return texts[code].hint;
}
