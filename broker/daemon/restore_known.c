/* What is known to have been signed, from outside the log that is restored. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backup/backup_make.h"
#include "daemon/problem.h"
#include "daemon/restore_inside.h"
#include "wire/note.h"

#define VKEYS_BYTES_MAX 65536

struct known {
	struct restore *restore;
	struct tree_view *tree; /* of the restored log */
	struct log_answered answered;
	struct tc_bytes vkeys; /* lines: those of the backup, the file audit.vkey, the sealer */
};

static int hold(struct known *known, const struct sealer_origin *origin)
{
	return log_gap_hold(&known->restore->gap, known->tree, known->restore->log_origin,
			    known->restore->config->trust_domain, origin);
}

/* ---- the sealer's state, and the copy of it in the backup ---- */

static int state_hold(struct known *known, const struct backup_folder *folder, const char *where)
{
	static struct sealer_state state;
	int r = sealer_state_open(folder->fd, known->restore->manifest.origin, &state);

	if (r)
		problem_print_at(where, "the sealer's state cannot be read", tc_err_text(r),
				 "without it nobody knows what was signed; see "
				 "throughcare-sealer(8)");
	for (size_t i = 0; r == 0 && i < state.count; i++)
		r = hold(known, &state.origins[i]);
	return r;
}

static int states_hold(struct known *known)
{
	const struct config *config = known->restore->config;
	struct backup_folder folder = {.fd = -1};
	int r = state_hold(known, &known->restore->from, known->restore->words->folder);

	if (r || *config->sealer_socket || !*config->sealer_state)
		return r;
	r = backup_folder_open(config->sealer_state, false, &folder);
	if (r == 0)
		r = state_hold(known, &folder, config->sealer_state);
	backup_folder_close(&folder);
	return r == BACKUP_FOLDER_ABSENT ? 0 : r;
}

/* A sealer that runs by itself says it; its origin is the name of its keys. */
static int socket_hold(struct known *known)
{
	const struct config *config = known->restore->config;
	struct sealer_greeting greeting;
	struct sealer_link *link = NULL;
	struct sealer_origin origin;
	uint32_t number;
	int r;

	if (!*config->sealer_socket)
		return 0;
	r = stores_sealer_open(config, known->restore->manifest.origin, &link);
	if (r == 0)
		r = sealer_link_hello(link, &greeting);
	if (r) {
		problem_print_at(config->sealer_socket, "the sealer does not answer", NULL,
				 "it knows what was signed: start throughcare-sealer.socket");
		sealer_link_close(&link);
		return r > 0 ? TC_ESTORE : r;
	}
	sealer_greeting_name(&greeting, origin.name);
	if (!log_origin_parse(config->trust_domain, origin.name, &number)) {
		problem_print_at(config->sealer_socket, "the sealer is of another network",
				 origin.name, "set its ORIGIN in throughcare-sealer.service");
		sealer_link_close(&link);
		return TC_ECONFIG;
	}
	origin.size = greeting.size;
	memcpy(origin.root.bytes, greeting.root.bytes, sizeof(origin.root.bytes));
	r = tc_bytes_append(&known->vkeys, greeting.vkeys.data, greeting.vkeys.len);
	sealer_link_close(&link);
	return r ? r : hold(known, &origin);
}

/* ---- a checkpoint that somebody kept ---- */

static int vkeys_read(struct known *known)
{
	const struct backup_folder here = {.fd = AT_FDCWD};
	const char *path = known->restore->config->audit_vkey;
	int r = backup_folder_read(&known->restore->from, BACKUP_FILE_VKEYS, VKEYS_BYTES_MAX,
				   &known->vkeys);

	if (r >= 0 && *path)
		r = backup_folder_read(&here, path, VKEYS_BYTES_MAX, &known->vkeys);
	return r > 0 ? 0 : r;
}

static bool signed_by_us(const struct known *known, const struct tc_checkpoint *checkpoint)
{
	struct tc_slice rest = tc_bytes_slice(&known->vkeys);
	struct tc_note_key key;

	while (rest.len > 0) {
		const uint8_t *end = memchr(rest.data, '\n', rest.len);
		size_t len = end ? (size_t)(end - rest.data) : rest.len;
		size_t taken = end ? len + 1 : len;

		if (tc_note_vkey_parse(tc_slice(rest.data, len), &key) == 0 &&
		    tc_note_verify(&checkpoint->note, &key) == 0)
			return true;
		rest = tc_slice(rest.data + taken, rest.len - taken);
	}
	return false;
}

static int witnessed_hold(struct known *known)
{
	static struct tc_checkpoint checkpoint;
	const struct backup_folder here = {.fd = AT_FDCWD};
	const char *path = known->restore->words->witnessed;
	struct tc_bytes note = {0};
	struct sealer_origin origin;
	uint32_t number;
	int r;

	if (!path)
		return 0;
	r = backup_folder_read(&here, path, TC_NOTE_BYTES_MAX, &note);
	if (r) {
		problem_print_at(path, "the witnessed checkpoint cannot be read", NULL,
				 "name the file that a witness keeps, or an export's checkpoint");
	} else if (tc_checkpoint_parse(tc_bytes_slice(&note), &checkpoint) != 0 ||
		   !signed_by_us(known, &checkpoint)) {
		problem_print_at(path, "this is no checkpoint that this network's log has signed",
				 "none of the keys of the backup's audit.vkey, or of the setting "
				 "audit.vkey, signs it",
				 "name the file that a witness keeps, or an export's checkpoint");
		r = TC_ECORRUPT;
	} else {
		origin.size = checkpoint.size;
		origin.root = checkpoint.root;
		tc_slice_copy(checkpoint.origin, origin.name, sizeof(origin.name));
		r = log_origin_parse(known->restore->config->trust_domain, origin.name, &number)
			    ? hold(known, &origin)
			    : TC_ECORRUPT;
	}
	tc_bytes_free(&note);
	return r > 0 ? TC_EIO : r;
}

/* ---- */

/* The tree of the restored log, in a folder that is removed again. */
static int tree_make(struct restore *restore, struct journal *journal, const char *path,
		     struct tree_store **ret)
{
	struct tree_store_options options = {.path = path,
					     .map_bytes = (uint64_t)restore->config->tree_map_bytes,
					     .origin = restore->manifest.origin};
	struct journal_reader *reader = NULL;
	struct journal_usage usage;
	int r = stores_folder_remove(path);

	if (r == 0)
		r = journal_usage(journal, &usage);
	if (r)
		return r;
	options.log_id = usage.log_id;
	options.tip = usage.tip;
	r = tree_store_open(&options, ret);
	if (r == 0)
		r = journal_reader_open(journal, &reader);
	if (r == 0)
		r = tree_store_grow(*ret, reader, UINT64_MAX);
	journal_reader_close(&reader);
	return r;
}

/* A later name than the first comes of a gap, and the log tells of it: a manifest that says
 * otherwise would let it pass by what was signed. */
static int answered_read(struct known *known, struct journal *journal)
{
	const char *origin = known->restore->manifest.origin;
	int r = log_answered_read(journal, &known->answered);

	if (r)
		problem_print("the restored log cannot be read", tc_err_text(r),
			      "restore another backup");
	else if (!log_answered_names(&known->answered, origin)) {
		problem_print_at(known->restore->words->folder,
				 "the backup names an origin of which its log knows nothing",
				 origin, "restore another backup: its manifest was changed");
		r = TC_ECORRUPT;
	}
	return r;
}

int restore_known(struct restore *restore, struct journal *journal)
{
	static struct known known;
	struct tree_store *store = NULL;
	char *path = restore_path(restore, STORES_TREE_NEW);
	int r = path ? tree_make(restore, journal, path, &store) : TC_ENOMEM;

	known.restore = restore;
	if (r == 0)
		r = tree_view_open(store, &known.tree);
	if (r)
		problem_print("the hash tree of the restored log cannot be made", tc_err_text(r),
			      "check the free space of data_dir, and tree.map_size");
	log_gap_begin(&restore->gap, restore->log_origin, restore->manifest.next, &known.answered);
	if (r == 0 && restore->log_origin > 0)
		r = answered_read(&known, journal);
	if (r == 0)
		r = vkeys_read(&known);
	if (r == 0)
		r = states_hold(&known);
	if (r == 0)
		r = socket_hold(&known);
	if (r == 0)
		r = witnessed_hold(&known);
	tree_view_close(&known.tree);
	tree_store_close(&store);
	if (path && stores_folder_remove(path) != 0 && r == 0)
		r = TC_EIO;
	free(path);
	tc_bytes_free(&known.vkeys);
	return r;
}

/* ---- keys of a new origin ---- */

static int lines_add(const char *path, struct tc_slice lines)
{
	const struct backup_folder here = {.fd = AT_FDCWD};
	struct tc_bytes text = {0};
	FILE *file;
	int r = backup_folder_read(&here, path, VKEYS_BYTES_MAX, &text);
	bool there = r == 0 && memmem(text.data, text.len, lines.data, lines.len) != NULL;

	tc_bytes_free(&text);
	if (there || r < 0)
		return r < 0 ? r : 0;
	file = fopen(path, "ae");
	if (!file)
		return TC_EIO;
	if (fwrite(lines.data, 1, lines.len, file) != lines.len || fflush(file) != 0 ||
	    fsync(fileno(file)) != 0)
		r = TC_EIO;
	if (fclose(file) != 0)
		r = TC_EIO;
	return r > 0 ? 0 : r;
}

int restore_keys(const struct restore *restore)
{
	const struct config *config = restore->config;
	struct sealer_greeting greeting;
	struct sealer_link *link = NULL;
	char *origin = NULL;
	int r = log_origin_format(config->trust_domain, restore->origin, &origin);

	if (r)
		return r;
	printf("The log's checkpoints now begin anew, as %s; record %" PRIu64
	       " tells of the gap. Who runs a witness needs that number: throughcare-witness "
	       "--gap %" PRIu64 ".\n",
	       origin, restore->manifest.next, restore->manifest.next);
	if (*config->sealer_socket)
		printf("Set ORIGIN=%s in throughcare-sealer.service before the exchange starts, "
		       "and add the key under this name to audit.vkey.\n",
		       origin);
	else if (*config->sealer_keys)
		r = stores_sealer_open(config, origin, &link);
	if (r == 0 && link) {
		r = sealer_link_hello(link, &greeting);
		if (r == 0) {
			printf("Its public keys, for all who verify it:\n%.*s",
			       (int)greeting.vkeys.len, (const char *)greeting.vkeys.data);
			if (*config->audit_vkey)
				r = lines_add(config->audit_vkey, greeting.vkeys);
		}
	}
	if (r)
		problem_print_at(config->audit_vkey,
				 "the public keys under the new name could not be added",
				 r > 0 ? "the sealer does not answer" : tc_err_text(r),
				 "the exchange tells them by itself once it runs: `throughcare "
				 "exchange status --json`");
	sealer_link_close(&link);
	free(origin);
	return 0;
}
