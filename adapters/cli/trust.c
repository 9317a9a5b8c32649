#include "cli/trust.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "audit/audit_folder.h"
#include "cli/session.h"

#define POLICY_BYTES_MAX 65536

enum tc_exit tc_trust_exit(struct tc_invocation *invocation, int r,
			   const struct tc_audit_finding *finding)
{
	if (r == 0)
		return TC_EXIT_DONE;
	if (r == TC_AUDIT_FOUND)
		tc_problem_set(&invocation->problem, tc_audit_code_name(finding->code),
			       tc_audit_code_message(finding->code),
			       tc_audit_code_hint(finding->code), "%s", finding->detail);
	else
		tc_problem_set(&invocation->problem, "failed", tc_err_text(r),
			       "try again; if it stays, tell the operator", NULL);
	return TC_EXIT_FAILED;
}

/* Names the file in front of what was found in it. */
static enum tc_exit exit_in(struct tc_invocation *invocation, int r, const char *path,
			    const struct tc_audit_finding *finding)
{
	struct tc_audit_finding named;

	if (r == TC_AUDIT_FOUND)
		tc_audit_find(&named, finding->code, "%.200s: %.300s", path, finding->detail);
	return tc_trust_exit(invocation, r, &named);
}

static enum tc_exit keys_read_file(struct tc_invocation *invocation, const char *path,
				   struct tc_trust *trust)
{
	struct tc_audit_finding finding;
	struct tc_bytes text = {0};
	enum tc_exit code = TC_EXIT_FAILED;

	if (tc_file_read(path, POLICY_BYTES_MAX, &text, &invocation->problem) == 0)
		code = exit_in(
			invocation,
			tc_audit_policy_read_keys(&trust->policy, tc_bytes_slice(&text), &finding),
			path, &finding);
	tc_bytes_free(&text);
	return code;
}

static enum tc_exit keys_read(struct tc_invocation *invocation, const char *key,
			      struct tc_trust *trust)
{
	struct tc_audit_finding finding;

	if (tc_file_exists(key)) {
		snprintf(trust->keys_from, sizeof(trust->keys_from), "%s", key);
		return keys_read_file(invocation, key, trust);
	}
	snprintf(trust->keys_from, sizeof(trust->keys_from), "--key");
	return exit_in(invocation,
		       tc_audit_policy_read_keys(&trust->policy, tc_slice_text(key), &finding),
		       "--key", &finding);
}

static enum tc_exit policy_read(struct tc_invocation *invocation, const char *path,
				struct tc_trust *trust)
{
	struct tc_audit_finding finding;
	struct tc_bytes text = {0};
	enum tc_exit code = TC_EXIT_FAILED;

	if (tc_file_read(path, POLICY_BYTES_MAX, &text, &invocation->problem) == 0)
		code = exit_in(
			invocation,
			tc_audit_policy_read(&trust->policy, tc_bytes_slice(&text), &finding), path,
			&finding);
	if (code == TC_EXIT_DONE && !trust->keys_from[0] && trust->policy.log_count > 0)
		snprintf(trust->keys_from, sizeof(trust->keys_from), "%s", path);
	tc_bytes_free(&text);
	return code;
}

static enum tc_exit profile_read(struct tc_invocation *invocation, struct tc_trust *trust)
{
	char folder[TC_FILE_PATH_BYTES];

	if (tc_session_profile(invocation, folder) != TC_EXIT_DONE ||
	    !tc_file_path(trust->keys_from, folder, TC_TRUST_KEY_FILE) ||
	    !tc_file_exists(trust->keys_from)) {
		tc_problem_set(&invocation->problem, "key_missing", "no key of the log is known",
			       "name one with --key VKEY|FILE; the network's folder has it in "
			       "audit.vkey",
			       NULL);
		return TC_EXIT_FAILED;
	}
	return keys_read_file(invocation, trust->keys_from, trust);
}

enum tc_exit tc_trust_load(struct tc_invocation *invocation, struct tc_trust **ret)
{
	const char *key = tc_invocation_option(invocation, "key");
	const char *policy = tc_invocation_option(invocation, "witness-policy");
	struct tc_trust *trust = calloc(1, sizeof(*trust));
	enum tc_exit code = TC_EXIT_DONE;

	if (!trust)
		return tc_trust_exit(invocation, TC_ENOMEM, NULL);
	tc_audit_policy_init(&trust->policy);
	if (key)
		code = keys_read(invocation, key, trust);
	if (code == TC_EXIT_DONE && policy)
		code = policy_read(invocation, policy, trust);
	if (code == TC_EXIT_DONE && trust->policy.log_count == 0)
		code = profile_read(invocation, trust);
	if (code != TC_EXIT_DONE) {
		free(trust);
		return code;
	}
	*ret = trust;
	return TC_EXIT_DONE;
}

enum tc_exit tc_trust_checkpoint(struct tc_invocation *invocation, const struct tc_trust *trust,
				 const char *path, struct tc_bytes *ret_note,
				 struct tc_audit_checkpoint *ret)
{
	char inside[TC_FILE_PATH_BYTES];
	struct tc_audit_finding finding;
	struct stat status;

	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode) &&
	    tc_file_path(inside, path, TC_AUDIT_CHECKPOINT_FILE))
		path = inside;
	if (tc_file_read(path, TC_NOTE_BYTES_MAX, ret_note, &invocation->problem) != 0)
		return TC_EXIT_FAILED;
	return exit_in(
		invocation,
		tc_audit_checkpoint_check(&trust->policy, tc_bytes_slice(ret_note), ret, &finding),
		path, &finding);
}
