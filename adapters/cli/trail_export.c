#include "cli/command_table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "audit/audit_ask.h"
#include "audit/audit_export.h"
#include "audit/audit_fetch.h"
#include "base/clock.h"
#include "cli/progress.h"
#include "cli/session.h"
#include "cli/trust.h"

/* One call, and what its callbacks need. */
struct export
{
	struct tc_invocation *invocation;
	struct tc_trust *trust;
	struct tc_audit_folder folder;
	struct tc_client *clients[TC_AUDIT_FETCH_CLIENTS];
	Throughcare__V1__QueryReply *reply; /* has the checkpoint */
	struct tc_audit_checkpoint target;
	struct tc_bytes earlier_note;
	struct tc_audit_checkpoint earlier;
	bool earlier_found;
	struct tc_audit_fetch *fetch;
	struct tc_progress progress;
	struct tc_audit_finding finding;
};

static int bundle_source(void *context, uint64_t number, uint32_t width, struct tc_slice *ret)
{
	struct export *export = context;

	return tc_audit_fetch_bundle(export->fetch, number, width, ret);
}

static void progress_show(void *context, uint64_t done, uint64_t of)
{
	struct export *export = context;

	tc_progress_show(&export->progress, done, of);
}

static enum tc_exit found(struct export *export, int r)
{
	return tc_trust_exit(export->invocation, r, &export->finding);
}

static enum tc_exit clients_open(struct export *export)
{
	enum tc_exit code = TC_EXIT_DONE;

	for (size_t i = 0; code == TC_EXIT_DONE && i < TC_AUDIT_FETCH_CLIENTS; i++)
		code = tc_session_open(export->invocation, &export->clients[i]);
	return code;
}

/* The newest checkpoint of at most `size` records (0: any), and signed by whom we trust. */
static enum tc_exit target_get(struct export *export, uint64_t size)
{
	int r = tc_audit_ask_checkpoint(export->clients[0], size, &export->reply);

	if (r != 0)
		return tc_session_failed(export->invocation, export->clients[0], r);
	const ProtobufCBinaryData *note = &export->reply->trail_proof->checkpoint;
	return found(export, tc_audit_checkpoint_check(&export->trust->policy,
						       tc_slice(note->data, note->len),
						       &export->target, &export->finding));
}

/* What the folder held before: the log must begin with it. Its witnesses may have been fewer. */
static enum tc_exit earlier_get(struct export *export)
{
	static struct tc_audit_policy keys;
	struct tc_audit_finding absent;

	keys = export->trust->policy;
	keys.quorum = -1;
	int r = tc_audit_folder_read(&export->folder, TC_AUDIT_CHECKPOINT_FILE, TC_NOTE_BYTES_MAX,
				     &export->earlier_note, &absent);
	if (r == TC_AUDIT_FOUND && absent.code == TC_AUDIT_FILE_MISSING)
		return TC_EXIT_DONE;
	if (r != 0)
		return tc_trust_exit(export->invocation, r, &absent);
	r = tc_audit_checkpoint_check(&keys, tc_bytes_slice(&export->earlier_note),
				      &export->earlier, &export->finding);
	export->earlier_found = r == 0;
	if (r == TC_AUDIT_FOUND) {
		absent = export->finding;
		r = tc_audit_find(&export->finding, absent.code, "%.200s/%s: %.250s",
				  export->folder.path, TC_AUDIT_CHECKPOINT_FILE, absent.detail);
	}
	return found(export, r);
}

static void done_say(struct export *export, const char *path,
		     const struct tc_audit_exported *exported, int64_t spent_us)
{
	static const struct tc_column columns[] = {
		{"folder", "Folder"},      {"origin", "Log"},
		{"size", "Records"},       {"fetched", "Fetched now"},
		{"seconds", "Seconds"},    {"witnesses", "Witnesses"},
		{"keysFrom", "Keys from"}, {NULL, NULL}};
	const struct tc_checkpoint *checkpoint = &export->target.parsed;
	json_t *object = json_pack(
		"{s:s,s:s%,s:I,s:I,s:f,s:I,s:s}", "folder", path, "origin",
		(const char *)checkpoint->origin.data, checkpoint->origin.len, "size",
		(json_int_t)checkpoint->size, "fetched", (json_int_t)exported->fetched, "seconds",
		(double)(spent_us / 1000) / 1000, "witnesses",
		(json_int_t) export->target.witnesses, "keysFrom", export->trust->keys_from);

	tc_screen_record(&export->invocation->screen, columns, object);
	json_decref(object);
}

static enum tc_exit run(struct export *export, uint64_t since)
{
	struct tc_audit_export job = {
		.folder = &export->folder,
		.note = tc_slice(export->reply->trail_proof->checkpoint.data,
				 export->reply->trail_proof->checkpoint.len),
		.target = &export->target,
		.earlier = export->earlier_found ? &export->earlier : NULL,
		.since = since,
		.source = bundle_source,
		.progress = progress_show,
		.context = export,
	};
	struct tc_audit_exported exported;
	int64_t began_us = tc_clock_monotonic_us();
	int result = 0;

	int r = tc_audit_fetch_new(export->clients, export->target.parsed.size, &export->fetch);
	if (r == 0)
		r = tc_audit_export_run(&job, &exported, &export->finding);
	tc_progress_done(&export->progress);
	if (r == TC_AUDIT_FETCH_UNANSWERED) {
		const struct tc_client *client = tc_audit_fetch_failed(export->fetch, &result);
		return tc_session_failed(export->invocation, client, result);
	}
	if (r == 0)
		done_say(export, export->folder.path, &exported,
			 tc_clock_monotonic_us() - began_us);
	return found(export, r);
}

static void done(struct export *export)
{
	tc_audit_fetch_free(&export->fetch);
	for (size_t i = 0; i < TC_AUDIT_FETCH_CLIENTS; i++)
		tc_client_close(&export->clients[i]);
	throughcare__v1__query_reply__free_unpacked(export->reply, NULL);
	tc_bytes_free(&export->earlier_note);
	tc_audit_folder_close(&export->folder);
	free(export->trust);
}

enum tc_exit tc_trail_export_run(struct tc_invocation *invocation)
{
	struct export export = {.invocation = invocation, .folder = {.fd = -1}};
	int64_t since = -1, size = 0;

	if (tc_invocation_number(invocation, "since", 0, INT64_MAX, -1, &since) < 0 ||
	    tc_invocation_number(invocation, "size", 1, INT64_MAX, 0, &size) < 0)
		return TC_EXIT_USAGE;
	tc_progress_init(&export.progress, &invocation->screen, "exported", "entries");
	enum tc_exit code = tc_trust_load(invocation, &export.trust);
	if (code == TC_EXIT_DONE)
		code = found(&export, tc_audit_folder_open(invocation->operands[0], true,
							   &export.folder, &export.finding));
	if (code == TC_EXIT_DONE)
		code = earlier_get(&export);
	if (code == TC_EXIT_DONE)
		code = clients_open(&export);
	if (code == TC_EXIT_DONE)
		code = target_get(&export, (uint64_t)size);
	if (code == TC_EXIT_DONE && size > 0 && export.earlier_found &&
	    (uint64_t)size < export.earlier.parsed.size)
		code = tc_invocation_usage(invocation,
					   "--size %" PRId64 ": the folder has %" PRIu64
					   " records already; export fewer into another one",
					   size, export.earlier.parsed.size);
	if (code == TC_EXIT_DONE && since < 0)
		since = export.earlier_found ? (int64_t) export.earlier.parsed.size : 0;
	if (code == TC_EXIT_DONE)
		code = run(&export, (uint64_t)since);
	done(&export);
	return code;
}
