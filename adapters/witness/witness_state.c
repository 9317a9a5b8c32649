#include "witness/witness_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define EVIDENCE_NAME_BYTES 96

/* "folder/name" as the two; a path without a slash is in the current folder. */
static int path_split(const char *path, char folder[TC_WITNESS_PATH_BYTES], char *name,
		      size_t name_room, struct tc_audit_finding *finding)
{
	const char *slash = strrchr(path, '/');
	const char *last = slash ? slash + 1 : path;
	size_t len = slash ? (size_t)(slash - path) : 0;

	if (*last == '\0' || strlen(last) >= name_room || len >= TC_WITNESS_PATH_BYTES - 1) {
		errno = ENAMETOOLONG;
		return tc_audit_find_errno(finding, TC_AUDIT_FILE_UNUSABLE, path);
	}
	if (!slash)
		snprintf(folder, TC_WITNESS_PATH_BYTES, ".");
	else
		snprintf(folder, TC_WITNESS_PATH_BYTES, "%.*s", len ? (int)len : 1, path);
	snprintf(name, name_room, "%s", last);
	return 0;
}

static int lock_take(struct tc_witness_state *state, struct tc_audit_finding *finding)
{
	char name[EVIDENCE_NAME_BYTES];

	snprintf(name, sizeof(name), "%s.lock", state->name);
	state->lock =
		openat(state->folder.fd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (state->lock < 0 || flock(state->lock, LOCK_EX) != 0)
		return tc_audit_find_errno(finding, TC_AUDIT_FILE_UNUSABLE, name);
	return 0;
}

static int note_load(struct tc_witness_state *state, const struct tc_audit_policy *keys,
		     struct tc_audit_finding *finding)
{
	int r = tc_audit_folder_read(&state->folder, state->name, TC_NOTE_BYTES_MAX, &state->note,
				     finding);

	if (r == TC_AUDIT_FOUND && finding->code == TC_AUDIT_FILE_MISSING)
		return 0;
	if (r == 0)
		r = tc_audit_checkpoint_check(keys, tc_bytes_slice(&state->note), &state->seen,
					      finding);
	return r;
}

int tc_witness_state_open(const char *path, const struct tc_audit_policy *keys,
			  struct tc_witness_state *ret, struct tc_audit_finding *finding)
{
	char folder[TC_WITNESS_PATH_BYTES];

	memset(ret, 0, sizeof(*ret));
	ret->lock = ret->folder.fd = -1;
	int r = path_split(path, folder, ret->name, sizeof(ret->name), finding);
	if (r == 0)
		r = tc_audit_folder_open(folder, false, &ret->folder, finding);
	if (r == 0)
		r = lock_take(ret, finding);
	if (r == 0)
		r = note_load(ret, keys, finding);
	if (r != 0)
		tc_witness_state_close(ret);
	return r;
}

void tc_witness_state_close(struct tc_witness_state *state)
{
	tc_bytes_free(&state->note);
	if (state->lock >= 0)
		close(state->lock);
	state->lock = -1;
	tc_audit_folder_close(&state->folder);
}

uint64_t tc_witness_state_size(const struct tc_witness_state *state)
{
	return state->note.len > 0 ? state->seen.parsed.size : 0;
}

int tc_witness_state_put(struct tc_witness_state *state, struct tc_slice note,
			 struct tc_audit_finding *finding)
{
	int r = tc_audit_folder_write(&state->folder, state->name, note, finding);

	return r == 0 ? tc_audit_folder_sync(&state->folder, finding) : r;
}

int tc_witness_state_evidence(const struct tc_witness_state *state, struct tc_slice note,
			      struct tc_audit_finding *finding)
{
	char name[EVIDENCE_NAME_BYTES];

	snprintf(name, sizeof(name), "%s.evidence", state->name);
	int r = tc_audit_folder_write(&state->folder, name, note, finding);
	return r == 0 ? tc_audit_folder_sync(&state->folder, finding) : r;
}
