#include "cli/session.h"

#include <stdlib.h>

void tc_session_problem(struct tc_problem *problem, const struct tc_client_error *error, int r)
{
	if (error && error->code[0])
		tc_problem_set(problem, error->code, error->message, error->hint, "%s",
			       error->detail);
	else
		tc_problem_set(problem, "failed", tc_fault_text(r),
			       "run `throughcare doctor` with this profile", NULL);
}

enum tc_exit tc_session_failed(struct tc_invocation *invocation, const struct tc_client *client,
			       int r)
{
	tc_session_problem(&invocation->problem, tc_client_error(client), r);
	return r == TC_CLIENT_REFUSED ? TC_EXIT_REFUSED : TC_EXIT_FAILED;
}

enum tc_exit tc_session_profile(struct tc_invocation *invocation, char to[TC_FILE_PATH_BYTES])
{
	const char *variable = getenv("THROUGHCARE_PROFILE");
	const char *home = getenv("HOME");
	int len = -1;

	if (invocation->profile)
		len = snprintf(to, TC_FILE_PATH_BYTES, "%s", invocation->profile);
	else if (variable && *variable)
		len = snprintf(to, TC_FILE_PATH_BYTES, "%s", variable);
	else if (home && *home)
		len = snprintf(to, TC_FILE_PATH_BYTES, "%s/.config/throughcare", home);
	if (len >= 0 && len < TC_FILE_PATH_BYTES)
		return TC_EXIT_DONE;
	tc_problem_set(&invocation->problem, "profile_missing", "no profile is named",
		       "name one with --profile DIR or THROUGHCARE_PROFILE", NULL);
	return TC_EXIT_FAILED;
}

enum tc_exit tc_session_open(struct tc_invocation *invocation, struct tc_client **ret)
{
	char folder[TC_FILE_PATH_BYTES];
	struct tc_client_error error = {0};
	struct tc_client *client = NULL;

	enum tc_exit code = tc_session_profile(invocation, folder);
	if (code != TC_EXIT_DONE)
		return code;
	int r = tc_client_open_profile(folder, &error, &client);
	if (r != 0) {
		tc_session_problem(&invocation->problem, &error, r);
		return TC_EXIT_FAILED;
	}
	r = tc_client_connect(client, TC_SESSION_TIMEOUT_MS);
	if (r != 0) {
		code = tc_session_failed(invocation, client, r);
		tc_client_close(&client);
		return code;
	}
	*ret = client;
	return TC_EXIT_DONE;
}
