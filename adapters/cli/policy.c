/* policy - check and load. Showing is in policy_show.c. */
#include "cli/policy.h"

#include "cli/command_table.h"
#include "cli/file.h"
#include "cli/policy_check.h"
#include "cli/rendition.h"
#include "cli/session.h"
#include "throughcare/v1/policy.pb-c.h"

typedef Throughcare__V1__ReleasePolicy release_policy;

static void finding_print(const struct tc_screen *screen, const char *path,
			  const struct tc_policy_finding *row)
{
	const char *severity = row->error ? "error" : "warning";
	json_t *object;

	if (!screen->json) {
		tc_screen_say(screen, "%s:%u:%u: %s: %s", path, row->line, row->column, severity,
			      row->message);
		if (row->detail[0])
			tc_screen_say(screen, "  detail: %s", row->detail);
		tc_screen_say(screen, "  hint: %s", row->hint);
		return;
	}
	object =
		json_pack("{s:s,s:i,s:i,s:s,s:s,s:s,s:s,s:s}", "file", path, "line", (int)row->line,
			  "column", (int)row->column, "severity", severity, "code", row->code,
			  "message", row->message, "detail", row->detail, "hint", row->hint);
	tc_screen_line(screen, object);
	json_decref(object);
}

/* What is no policy at all is one finding. */
static void wrong_print(const struct tc_screen *screen, const char *path,
			const struct tc_yaml_error *error)
{
	struct tc_policy_finding row = {
		.error = true, .code = "unreadable", .line = error->line, .column = error->column};

	(void)snprintf(row.message, sizeof(row.message), "%s", error->message);
	(void)snprintf(row.detail, sizeof(row.detail), "%s", error->detail);
	(void)snprintf(row.hint, sizeof(row.hint), "%s", error->hint);
	finding_print(screen, path, &row);
}

static enum tc_exit unfit(struct tc_invocation *invocation, const char *path, size_t errors)
{
	tc_problem_set(&invocation->problem, "policy_invalid", "the policy has errors",
		       "correct what is listed above, then check it again", "%s: %zu %s", path,
		       errors, errors == 1 ? "error" : "errors");
	return TC_EXIT_FAILED;
}

static enum tc_exit document_check(struct tc_invocation *invocation, const char *path,
				   const struct tc_yaml_document *document)
{
	struct tc_policy_findings findings;
	size_t errors;

	if (tc_policy_check(document, &findings) != 0) {
		tc_problem_set(&invocation->problem, "no_memory", "there is not enough memory",
			       "close other programs", NULL);
		return TC_EXIT_FAILED;
	}
	for (size_t i = 0; i < findings.count; i++)
		finding_print(&invocation->screen, path, &findings.rows[i]);
	errors = findings.errors;
	tc_policy_findings_free(&findings);
	return errors > 0 ? unfit(invocation, path, errors) : TC_EXIT_DONE;
}

enum tc_exit tc_policy_read(struct tc_invocation *invocation, const char *path,
			    struct tc_yaml_document *ret)
{
	struct tc_bytes text = {0};
	struct tc_yaml_error error = {0};
	enum tc_exit code = TC_EXIT_FAILED;
	int r = tc_file_read(path, TC_YAML_BYTES_MAX, &text, &invocation->problem);

	if (r == 0) {
		r = tc_yaml_message_read(tc_bytes_slice(&text),
					 &throughcare__v1__release_policy__descriptor, ret, &error);
		if (r == TC_YAML_WRONG) {
			wrong_print(&invocation->screen, path, &error);
			code = unfit(invocation, path, 1);
		} else if (r != 0) {
			tc_problem_set(&invocation->problem, "failed", tc_err_text(r), "try again",
				       "%s", path);
		} else {
			code = document_check(invocation, path, ret);
		}
	}
	tc_bytes_free(&text);
	if (code != TC_EXIT_DONE)
		tc_yaml_document_done(ret);
	return code;
}

enum tc_exit tc_policy_check_run(struct tc_invocation *invocation)
{
	const char *path = invocation->operands[0];
	struct tc_yaml_document document = {0};
	enum tc_exit code = tc_policy_read(invocation, path, &document);

	if (code == TC_EXIT_DONE) {
		const release_policy *policy = (const release_policy *)document.message;

		tc_screen_say(&invocation->screen, "%s: %s version %u, %zu rules, no errors", path,
			      policy->policy_id, policy->version, policy->n_rules);
	}
	tc_yaml_document_done(&document);
	return code;
}

/* ---- load ---- */

static enum tc_exit receipt_print(struct tc_invocation *invocation,
				  const struct tc_receipt *receipt, const release_policy *policy)
{
	json_t *object = NULL;

	if (receipt->status != TC_RECEIPT_ACCEPTED) {
		tc_session_problem(&invocation->problem, &receipt->refusal, 0);
		return TC_EXIT_REFUSED;
	}
	tc_screen_say(&invocation->screen, "%s version %u is in force from log position %llu on",
		      policy->policy_id, policy->version,
		      (unsigned long long)receipt->log_sequence);
	if (invocation->screen.json &&
	    tc_rendition_packed(tc_slice(receipt->packed, receipt->packed_len),
				&throughcare__v1__receipt__descriptor, &object) == 0)
		tc_screen_line(&invocation->screen, object);
	json_decref(object);
	return TC_EXIT_DONE;
}

static int message_make(const struct tc_invocation *invocation, const struct tc_client *client,
			struct tc_slice packed, struct tc_message **ret)
{
	const char *actor = tc_invocation_option(invocation, "actor");
	int r = tc_message_new("ReleasePolicy", ret);

	if (r == 0)
		r = tc_message_set_actor(*ret, actor ? actor : tc_client_identity(client)->id,
					 NULL);
	if (r == 0)
		r = tc_message_add_part(*ret, "ReleasePolicy", 0, packed.data, packed.len);
	return r;
}

enum tc_exit tc_policy_load_run(struct tc_invocation *invocation)
{
	struct tc_yaml_document document = {0};
	const struct tc_receipt *receipts = NULL;
	struct tc_message *message = NULL;
	struct tc_client *client = NULL;
	size_t count = 0;
	enum tc_exit code = tc_policy_read(invocation, invocation->operands[0], &document);

	if (code == TC_EXIT_DONE)
		code = tc_session_open(invocation, &client);
	if (code == TC_EXIT_DONE) {
		int r = message_make(invocation, client, tc_bytes_slice(&document.packed),
				     &message);

		if (r == 0)
			r = tc_client_submit(client, &message, 1, TC_SESSION_TIMEOUT_MS, &receipts,
					     &count);
		if (r != 0)
			code = tc_session_failed(invocation, client, r);
	}
	if (code == TC_EXIT_DONE && count == 1)
		code = receipt_print(invocation, &receipts[0],
				     (const release_policy *)document.message);
	tc_message_free(&message);
	tc_client_close(&client);
	tc_yaml_document_done(&document);
	return code;
}
