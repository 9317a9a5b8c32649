#include "cli/doctor.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/command_table.h"
#include "cli/paragraph.h"
#include "cli/session.h"

/* Any time before this program existed means a clock that was never set. */
#define CLOCK_LEAST_MS 1767225600000LL /* 2026-01-01 */
#define TEXT_COLUMN    20

static bool clock_check(struct tc_doctor *doctor)
{
	int64_t now_ms = tc_clock_now_ms(&tc_clock_real);

	tc_time_format(now_ms, doctor->detail);
	if (now_ms > CLOCK_LEAST_MS)
		return true;
	tc_problem_set(&doctor->problem, "clock_wrong", "this machine's clock is not set",
		       "set this machine's clock (timedatectl)", "it says %s", doctor->detail);
	return false;
}

static bool profile_open(struct tc_doctor *doctor)
{
	struct tc_client_error error = {0};
	int r = tc_client_open_profile(doctor->folder, &error, &doctor->client);

	if (r != 0)
		tc_session_problem(&doctor->problem, &error, r);
	else
		snprintf(doctor->detail, sizeof(doctor->detail), "%s",
			 tc_client_address(doctor->client));
	return r == 0;
}

/* One connection answers four questions: how far it came says which of them is the cause. */
static bool stage_check(struct tc_doctor *doctor, enum tc_client_stage stage, const char *well)
{
	if (stage == TC_STAGE_ADDRESS) {
		int r = tc_client_connect(doctor->client, doctor->timeout_ms);
		if (r != 0) {
			tc_session_problem(&doctor->problem, tc_client_error(doctor->client), r);
			doctor->refused = r == TC_CLIENT_REFUSED;
		}
	}
	snprintf(doctor->detail, sizeof(doctor->detail), "%s", well);
	return tc_client_stage(doctor->client) >= stage;
}

static bool address_check(struct tc_doctor *doctor)
{
	return stage_check(doctor, TC_STAGE_ADDRESS, tc_client_address(doctor->client));
}

static bool tcp_check(struct tc_doctor *doctor)
{
	return stage_check(doctor, TC_STAGE_TCP, "something listens there");
}

static bool tls_check(struct tc_doctor *doctor)
{
	return stage_check(doctor, TC_STAGE_TLS, "TLS 1.3 with the exchange of this network");
}

static bool logon_check(struct tc_doctor *doctor)
{
	return stage_check(doctor, TC_STAGE_READY, "the exchange took the log-on");
}

static bool sealing_check(struct tc_doctor *doctor)
{
	if (tc_client_sealable(doctor->client) == 0) {
		snprintf(doctor->detail, sizeof(doctor->detail),
			 "others can seal parts to this certificate");
		return true;
	}
	tc_session_problem(&doctor->problem, tc_client_error(doctor->client), TC_CLIENT_SEAL);
	return false;
}

static const struct check {
	const char *name;
	bool (*run)(struct tc_doctor *doctor);
	bool agencies_only;
} checks[] = {
	{"files", tc_doctor_files, false},
	{"key", tc_doctor_key, false},
	{"authority", tc_doctor_chain, false},
	{"clock", clock_check, false},
	{"dates", tc_doctor_dates, false},
	{"identity", tc_doctor_identity, false},
	{"profile", profile_open, false},
	{"address", address_check, false},
	{"tcp", tcp_check, false},
	{"tls", tls_check, false},
	{"log-on", logon_check, false},
	{"registry", tc_doctor_registry, false},
	{"message", tc_doctor_message, true},
	{"sealing", sealing_check, true},
};

static json_t *row_make(const struct tc_doctor *doctor, const char *name, const char *result)
{
	json_t *row = json_pack("{s:s,s:s}", "check", name, "result", result);

	if (strcmp(result, "failed") == 0) {
		json_object_set_new(row, "code", json_string(doctor->problem.code));
		json_object_set_new(row, "message", json_string(doctor->problem.message));
		json_object_set_new(row, "detail", json_string(doctor->problem.detail));
		json_object_set_new(row, "hint", json_string(doctor->problem.hint));
	} else if (doctor->detail[0]) {
		json_object_set_new(row, "detail", json_string(doctor->detail));
	}
	return row;
}

/* As wide as the screen. */
static void line_print(const struct tc_screen *screen, const char *result, const char *check,
		       const char *text)
{
	char *safe = tc_screen_escape(tc_slice_text(text));

	fprintf(screen->out, "%-8s %-10s ", result, check);
	if (safe)
		tc_paragraph_hang(screen, TEXT_COLUMN, safe);
	free(safe);
}

static void row_print(const struct tc_screen *screen, const json_t *row)
{
	char text[1024];
	const char *result = json_string_value(json_object_get(row, "result"));
	const char *message = json_string_value(json_object_get(row, "message"));
	const char *detail = json_string_value(json_object_get(row, "detail"));
	const char *hint = json_string_value(json_object_get(row, "hint"));

	tc_screen_line(screen, row);
	if (screen->json)
		return;
	snprintf(text, sizeof(text), "%s%s%s", message ? message : "", message ? ": " : "",
		 detail ? detail : "");
	line_print(screen, result, json_string_value(json_object_get(row, "check")), text);
	if (hint && *hint)
		line_print(screen, "", "hint", hint);
}

static enum tc_exit examine(struct tc_doctor *doctor)
{
	const struct tc_screen *screen = &doctor->invocation->screen;
	enum tc_exit code = TC_EXIT_DONE;

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		const char *result = "skipped";
		bool wanted = !checks[i].agencies_only || !doctor->client ||
			      strcmp(tc_client_identity(doctor->client)->kind, "agency") == 0;
		doctor->detail[0] = '\0';
		if (code == TC_EXIT_DONE && wanted)
			result = checks[i].run(doctor) ? "ok" : "failed";
		if (strcmp(result, "failed") == 0)
			code = doctor->refused ? TC_EXIT_REFUSED : TC_EXIT_FAILED;
		else if (strcmp(result, "skipped") == 0)
			snprintf(doctor->detail, sizeof(doctor->detail), "%s",
				 wanted ? "a check before it failed"
					: "only agencies have a mailbox");
		json_t *row = row_make(doctor, checks[i].name, result);
		row_print(screen, row);
		json_decref(row);
	}
	return code;
}

enum tc_exit tc_doctor_run(struct tc_invocation *invocation)
{
	struct tc_doctor doctor = {.invocation = invocation};
	int64_t seconds = 0;

	if (tc_invocation_number(invocation, "timeout", 1, 600, 10, &seconds) < 0)
		return TC_EXIT_USAGE;
	doctor.timeout_ms = (int)seconds * 1000;
	enum tc_exit code = tc_session_profile(invocation, doctor.folder);
	if (code != TC_EXIT_DONE)
		return code;
	code = examine(&doctor);
	/* The rows have said it. */
	invocation->problem = (struct tc_problem){0};
	tc_client_close(&doctor.client);
	EVP_PKEY_free(doctor.key);
	X509_free(doctor.authority);
	X509_free(doctor.certificate);
	return code;
}
