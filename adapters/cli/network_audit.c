#include "cli/network_audit.h"

#include <dirent.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command_table.h"
#include "cli/file.h"
#include "cli/network.h"
#include "wire/note.h"

#define KEY_NUMBER_MAX   9999
#define VKEYS_BYTES_MAX  65536
#define KEY_FILE         "sealer/keys/%u.pem"
#define ORIGIN_BYTES_MAX TC_NOTE_NAME_BYTES

static int too_long(struct tc_problem *problem, const char *folder)
{
	tc_problem_set(problem, "path_too_long", "a path is too long", "use a shorter folder", "%s",
		       folder);
	return TC_EINVAL;
}

/* ---- keys ---- */

static int key_write(const char *path, EVP_PKEY *key, struct tc_problem *problem)
{
	BIO *memory = BIO_new(BIO_s_mem());
	char *pem = NULL;
	long len = 0;
	int r = TC_ECRYPTO;

	if (memory && PEM_write_bio_PKCS8PrivateKey(memory, key, NULL, NULL, 0, NULL, NULL) == 1)
		len = BIO_get_mem_data(memory, &pem);
	if (len > 0) {
		r = tc_file_write(path, 0600, tc_slice(pem, (size_t)len), problem);
		tc_wipe(pem, (size_t)len);
	}
	BIO_free(memory);
	return r;
}

/* The log goes on under a later name after a gap that was accepted: the newest line says which. */
static void origin_take(struct tc_slice lines, char origin[ORIGIN_BYTES_MAX])
{
	struct tc_note_key known;

	while (lines.len > 0) {
		const uint8_t *end = memchr(lines.data, '\n', lines.len);
		size_t len = end ? (size_t)(end - lines.data) : lines.len;

		if (tc_note_vkey_parse(tc_slice(lines.data, len), &known) == 0)
			memcpy(origin, known.name, ORIGIN_BYTES_MAX);
		len += end != NULL;
		lines = tc_slice(lines.data + len, lines.len - len);
	}
}

static int vkey_append(const char *folder, const char *trust_domain, EVP_PKEY *key,
		       struct tc_problem *problem)
{
	char path[TC_FILE_PATH_BYTES], vkey[TC_NOTE_VKEY_BYTES], origin[ORIGIN_BYTES_MAX];
	struct tc_bytes lines = {0};
	struct tc_note_key public;
	int r = tc_file_path(path, folder, "audit.vkey") ? 0 : too_long(problem, folder);

	snprintf(origin, sizeof(origin), "%s/trail", trust_domain);
	if (r == 0 && tc_file_exists(path))
		r = tc_file_read(path, VKEYS_BYTES_MAX, &lines, problem);
	if (r == 0) {
		origin_take(tc_bytes_slice(&lines), origin);
		r = tc_note_key_of(key, origin, TC_NOTE_ED25519, &public);
	}
	if (r == 0) {
		tc_note_vkey_format(&public, vkey);
		r = tc_bytes_append(&lines, vkey, strlen(vkey));
	}
	if (r == 0)
		r = tc_bytes_append(&lines, "\n", 1);
	if (r == 0)
		r = tc_file_write(path, 0644, tc_bytes_slice(&lines), problem);
	tc_bytes_free(&lines);
	return r;
}

/* The key that signs last is known before it signs. */
static int key_make(const char *folder, const char *trust_domain, unsigned number,
		    struct tc_problem *problem)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	char path[TC_FILE_PATH_BYTES];
	int r = key ? 0 : TC_ECRYPTO;

	if (r == 0 && !tc_file_path(path, folder, KEY_FILE, number))
		r = too_long(problem, folder);
	if (r == 0)
		r = vkey_append(folder, trust_domain, key, problem);
	if (r == 0)
		r = key_write(path, key, problem);
	if (r == TC_ECRYPTO)
		tc_problem_set(problem, "crypto_failed", "the signing key could not be made",
			       "check that OpenSSL 3 works on this machine: openssl version -a",
			       NULL);
	EVP_PKEY_free(key);
	return r;
}

int tc_network_audit_create(const char *folder, const char *trust_domain,
			    struct tc_problem *problem)
{
	static const char *const names[] = {"sealer", "sealer/keys", "sealer/state"};
	char path[TC_FILE_PATH_BYTES];
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(names) / sizeof(names[0]); i++) {
		if (!tc_file_path(path, folder, "%s", names[i]))
			return too_long(problem, folder);
		r = tc_file_folder(path, 0700, problem);
	}
	return r ? r : key_make(folder, trust_domain, 1, problem);
}

/* ---- rolling ---- */

struct keys {
	unsigned oldest, newest, count;
};

static int keys_find(const char *folder, struct keys *ret, struct tc_problem *problem)
{
	char path[TC_FILE_PATH_BYTES];

	*ret = (struct keys){0};
	for (unsigned number = 1; number <= KEY_NUMBER_MAX; number++) {
		if (!tc_file_path(path, folder, KEY_FILE, number))
			return too_long(problem, folder);
		if (!tc_file_exists(path))
			continue;
		if (ret->count++ == 0)
			ret->oldest = number;
		ret->newest = number;
	}
	if (ret->count > 0)
		return 0;
	tc_problem_set(problem, "network_missing",
		       "there is no network with a sealer in this folder",
		       "make one with `throughcare network init DIR`", "%s/sealer/keys", folder);
	return TC_EINVAL;
}

static int key_add(const char *folder, const struct keys *keys, struct tc_problem *problem)
{
	char path[TC_FILE_PATH_BYTES];
	struct tc_bytes trust_domain = {0};
	int r;

	if (keys->count >= TC_NETWORK_AUDIT_KEYS_MAX || keys->newest >= KEY_NUMBER_MAX) {
		tc_problem_set(problem, "keys_full", "there are as many keys as may sign at a time",
			       "end the oldest first: throughcare network roll DIR --end", "%u",
			       keys->count);
		return TC_EINVAL;
	}
	if (!tc_file_path(path, folder, "trust-domain"))
		return too_long(problem, folder);
	r = tc_file_read(path, 4096, &trust_domain, problem);
	if (r == 0) {
		trust_domain.data[strcspn((char *)trust_domain.data, "\r\n")] = '\0';
		r = key_make(folder, (const char *)trust_domain.data, keys->newest + 1, problem);
	}
	tc_bytes_free(&trust_domain);
	return r;
}

/* Its vkey line stays: it has signed what is to stay verifiable. */
static int key_end(const char *folder, const struct keys *keys, struct tc_problem *problem)
{
	char path[TC_FILE_PATH_BYTES];

	if (keys->count < 2) {
		tc_problem_set(problem, "key_last", "this is the only key that signs",
			       "add the one that replaces it first: throughcare network roll DIR",
			       KEY_FILE, keys->oldest);
		return TC_EINVAL;
	}
	if (!tc_file_path(path, folder, KEY_FILE, keys->oldest))
		return too_long(problem, folder);
	if (unlink(path) == 0)
		return 0;
	tc_problem_set(problem, "file_unwritable", "the key cannot be removed",
		       "check who may write there", "%s", path);
	return TC_EIO;
}

/* audit.vkey into every profile in DIR/profiles. */
static int vkeys_share(const char *folder, struct tc_problem *problem)
{
	char path[TC_FILE_PATH_BYTES];
	struct tc_bytes lines = {0};
	struct dirent *entry;
	DIR *profiles;
	int r;

	if (!tc_file_path(path, folder, "audit.vkey"))
		return too_long(problem, folder);
	r = tc_file_read(path, VKEYS_BYTES_MAX, &lines, problem);
	if (r == 0 && !tc_file_path(path, folder, "profiles"))
		r = too_long(problem, folder);
	profiles = r == 0 ? opendir(path) : NULL;
	while (r == 0 && profiles && (entry = readdir(profiles)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		if (!tc_file_path(path, folder, "profiles/%s/audit.vkey", entry->d_name))
			r = too_long(problem, folder);
		if (r == 0)
			r = tc_file_write(path, 0644, tc_bytes_slice(&lines), problem);
	}
	if (profiles)
		closedir(profiles);
	tc_bytes_free(&lines);
	return r;
}

int tc_network_audit_roll(const char *folder, bool end, struct tc_network_roll *ret,
			  struct tc_problem *problem)
{
	struct keys keys;
	int r = keys_find(folder, &keys, problem);

	*ret = (struct tc_network_roll){0};
	if (r == 0)
		r = end ? key_end(folder, &keys, problem) : key_add(folder, &keys, problem);
	if (r == 0)
		r = vkeys_share(folder, problem);
	if (r)
		return r;
	ret->added = end ? 0 : keys.newest + 1;
	ret->removed = end ? keys.oldest : 0;
	ret->signing = end ? keys.count - 1 : keys.count + 1;
	ret->told = tc_network_reload(folder);
	return 0;
}

enum tc_exit tc_network_roll_run(struct tc_invocation *invocation)
{
	const char *folder = invocation->operands[0];
	bool end = tc_invocation_option(invocation, "end") != NULL;
	struct tc_network_roll roll;

	if (tc_network_audit_roll(folder, end, &roll, &invocation->problem) < 0)
		return TC_EXIT_FAILED;
	json_t *row = json_pack("{s:i,s:i,s:i,s:b}", "added", (int)roll.added, "removed",
				(int)roll.removed, "signing", (int)roll.signing, "exchangeTold",
				roll.told);
	tc_screen_line(&invocation->screen, row);
	json_decref(row);
	tc_screen_say(&invocation->screen,
		      "%s key %u; %u sign%s now; %s\n"
		      "give %s/audit.vkey to everybody who verifies",
		      end ? "ended" : "added", end ? roll.removed : roll.added, roll.signing,
		      roll.signing == 1 ? "s" : "",
		      roll.told ? "the exchange was told"
				: "no exchange is running here: it reads the keys when it starts",
		      folder);
	return TC_EXIT_DONE;
}
