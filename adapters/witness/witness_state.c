#include "witness/witness_state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define EVIDENCE_NAME_BYTES 96
#define LEFT_MAX            64 /* names that a log had before; a sealer knows no more, either */

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
	if (r != 0)
		return r;
	r = tc_audit_checkpoint_check(keys, tc_bytes_slice(&state->note), &state->seen, finding);
	if (r == TC_AUDIT_FOUND) {
		struct tc_audit_finding found = *finding;
		r = tc_audit_find(finding, found.code, "what was cosigned before (%s): %.300s",
				  state->name, found.detail);
	}
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

/* One that was left before. *ret_free: there is none of this number; *ret_same: it is what is to be
 * kept now, from a round that was interrupted. */
static int left_read(const struct tc_witness_state *state, const struct tc_audit_policy *keys,
		     const char *name, struct tc_slice origin, bool *ret_free, bool *ret_same,
		     struct tc_audit_finding *finding)
{
	struct tc_audit_checkpoint left;
	struct tc_bytes note = {0};
	int r = tc_audit_folder_read(&state->folder, name, TC_NOTE_BYTES_MAX, &note, finding);

	*ret_free = r == TC_AUDIT_FOUND && finding->code == TC_AUDIT_FILE_MISSING;
	*ret_same = r == 0 && tc_slice_equal(tc_bytes_slice(&note), tc_bytes_slice(&state->note));
	if (*ret_free)
		r = 0;
	else if (r == 0)
		r = tc_audit_checkpoint_check(keys, tc_bytes_slice(&note), &left, finding);
	if (r == 0 && !*ret_free && tc_slice_equal(left.parsed.origin, origin))
		r = tc_audit_find(finding, TC_AUDIT_ORIGIN,
				  "%.*s was left with %" PRIu64 " records", (int)origin.len,
				  (const char *)origin.data, left.parsed.size);
	tc_bytes_free(&note);
	return r;
}

int tc_witness_state_leave(struct tc_witness_state *state, const struct tc_audit_policy *keys,
			   struct tc_slice origin, struct tc_audit_finding *finding)
{
	char name[EVIDENCE_NAME_BYTES];
	bool is_free = false, is_same = false;
	int r = 0;

	for (unsigned i = 1; r == 0 && !is_free && !is_same; i++) {
		if (i > LEFT_MAX)
			return tc_audit_find(finding, TC_AUDIT_FILE_UNUSABLE,
					     "there are %u names that were left", LEFT_MAX);
		snprintf(name, sizeof(name), "%s.%u", state->name, i);
		r = left_read(state, keys, name, origin, &is_free, &is_same, finding);
	}
	if (r == 0)
		r = tc_audit_folder_write(&state->folder, name, tc_bytes_slice(&state->note),
					  finding);
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
