#include "cli/authority.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "cli/issuance.h"

#define PEM_BYTES_MAX   65536
#define INDEX_BYTES_MAX (64 * 1024 * 1024)

struct tc_authority {
	char folder[TC_FILE_PATH_BYTES];
	int lock_fd;
	X509 *certificate;
	EVP_PKEY *key;
	struct tc_authority_entry *entries;
	size_t count;
	size_t room;
};

static int crypto_problem(struct tc_problem *problem, const char *what)
{
	tc_problem_set(problem, "crypto_failed", "OpenSSL failed",
		       "check that OpenSSL 3 works on this machine: openssl version -a", "%s",
		       what);
	return TC_ECRYPTO;
}

/* Random, so that numbers neither repeat nor tell how many certificates there are; the first
 * bit is clear and the second set: positive and of full length (RFC 5280, 4.1.2.2). */
static void serial_make(uint8_t serial[TC_ISSUANCE_SERIAL_BYTES])
{
	tc_random_fill(serial, TC_ISSUANCE_SERIAL_BYTES);
	serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40);
}

static int pem_write(const struct tc_authority *authority, const char *name, mode_t mode, int made,
		     struct tc_bytes *pem, struct tc_problem *problem)
{
	char path[TC_FILE_PATH_BYTES];
	int r = made;

	if (r < 0)
		crypto_problem(problem, name);
	else if (!tc_file_path(path, authority->folder, "%s", name))
		r = crypto_problem(problem, "path too long");
	else
		r = tc_file_write(path, mode, tc_bytes_slice(pem), problem);
	tc_bytes_free_secret(pem);
	return r;
}

/* "<serial> <kind/id[/adapter]> valid|revoked <issued> <revoked>" */
static int index_write(const struct tc_authority *authority, struct tc_problem *problem)
{
	struct tc_bytes text = {0};
	char path[TC_FILE_PATH_BYTES];
	int r = 0;

	for (size_t i = 0; i < authority->count && r == 0; i++) {
		const struct tc_authority_entry *entry = &authority->entries[i];
		char issued[TC_TIME_TEXT_BYTES], revoked[TC_TIME_TEXT_BYTES], line[320];
		tc_time_format(entry->issued_ms, issued);
		tc_time_format(entry->revoked_ms, revoked);
		int len = snprintf(line, sizeof(line), "%s %s %s %s %s\n", entry->serial,
				   entry->identity, entry->revoked ? "revoked" : "valid", issued,
				   entry->revoked ? revoked : "-");
		r = tc_bytes_append(&text, line, (size_t)len);
	}
	if (r == 0 && tc_file_path(path, authority->folder, "index"))
		r = tc_file_write(path, 0644, tc_bytes_slice(&text), problem);
	tc_bytes_free(&text);
	return r;
}

static int entry_add(struct tc_authority *authority, const struct tc_authority_entry *entry)
{
	if (authority->count == authority->room) {
		size_t room = authority->room ? authority->room * 2 : 64;
		struct tc_authority_entry *entries =
			reallocarray(authority->entries, room, sizeof(*entries));
		if (!entries)
			return TC_ENOMEM;
		authority->entries = entries;
		authority->room = room;
	}
	authority->entries[authority->count++] = *entry;
	return 0;
}

static int index_line_read(struct tc_authority *authority, const char *line)
{
	struct tc_authority_entry entry = {0};
	char state[16], issued[40], revoked[40];

	if (sscanf(line, "%40s %159s %15s %39s %39s", entry.serial, entry.identity, state, issued,
		   revoked) != 5 ||
	    !tc_time_parse(tc_slice_text(issued), &entry.issued_ms))
		return TC_ECORRUPT;
	entry.revoked = strcmp(state, "revoked") == 0;
	if (entry.revoked && !tc_time_parse(tc_slice_text(revoked), &entry.revoked_ms))
		return TC_ECORRUPT;
	return entry_add(authority, &entry);
}

static int index_read(struct tc_authority *authority, struct tc_problem *problem)
{
	struct tc_bytes text = {0};
	char path[TC_FILE_PATH_BYTES];
	char *rest = NULL;
	int r = tc_file_path(path, authority->folder, "index") ? 0 : TC_EINVAL;

	if (r == 0)
		r = tc_file_read(path, INDEX_BYTES_MAX, &text, problem);
	if (r < 0)
		return r;
	for (char *line = strtok_r((char *)text.data, "\n", &rest); line && r == 0;
	     line = strtok_r(NULL, "\n", &rest)) {
		r = index_line_read(authority, line);
		if (r < 0)
			tc_problem_set(problem, "authority_damaged",
				       "the authority's index cannot be read",
				       "restore it from a backup", "%s", path);
	}
	tc_bytes_free(&text);
	return r;
}

/* A new list with everything the index calls revoked. Its number is the time of making: lists
 * made later have a greater one. */
static int list_write(const struct tc_authority *authority, struct tc_problem *problem)
{
	struct tc_bytes pem = {0};
	X509_CRL *list = NULL;
	size_t revoked = 0;
	struct tc_issuance_revoked *rows =
		calloc(authority->count + 1, sizeof(struct tc_issuance_revoked));
	if (!rows)
		return TC_ENOMEM;
	for (size_t i = 0; i < authority->count; i++) {
		const struct tc_authority_entry *entry = &authority->entries[i];
		if (entry->revoked)
			rows[revoked++] = (struct tc_issuance_revoked){.serial = entry->serial,
								       .at_ms = entry->revoked_ms};
	}
	list = tc_issuance_list_new(authority->certificate, authority->key,
				    tc_clock_now_ms(&tc_clock_real), TC_AUTHORITY_CRL_DAYS, rows,
				    revoked);
	int made = list ? tc_issuance_list_pem(list, &pem) : TC_ECRYPTO;
	int r = pem_write(authority, "crl.pem", 0644, made, &pem, problem);
	X509_CRL_free(list);
	free(rows);
	return r;
}

static int lock_take(struct tc_authority *authority, struct tc_problem *problem)
{
	authority->lock_fd = open(authority->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (authority->lock_fd < 0 || flock(authority->lock_fd, LOCK_EX) != 0) {
		tc_problem_set_errno(problem, "authority_unusable",
				     "the network's authority cannot be used", authority->folder,
				     "name a folder that `throughcare network init` made");
		return TC_EIO;
	}
	return 0;
}

int tc_authority_create(const char *folder, const char *trust_domain, struct tc_problem *problem)
{
	struct tc_authority authority = {.lock_fd = -1};
	struct tc_bytes pem = {0};
	char common_name[64];
	int r = crypto_problem(problem, "making the authority's key and certificate");

	snprintf(authority.folder, sizeof(authority.folder), "%s", folder);
	/* A common name has at most 64 characters; the trust domain stands in full in the SAN. */
	snprintf(common_name, sizeof(common_name), "%.50s authority", trust_domain);
	authority.key = tc_issuance_key_new();
	struct tc_issuance_request request = {.common_name = common_name,
					      .days = TC_AUTHORITY_DAYS,
					      .authority = true,
					      .public_key = authority.key,
					      .issuer_key = authority.key};
	serial_make(request.serial);
	if (authority.key)
		authority.certificate = tc_issuance_new(&request);
	if (!authority.certificate)
		goto out;
	int made = tc_issuance_key_pem(authority.key, &pem);
	r = pem_write(&authority, "ca.key", 0600, made, &pem, problem);
	if (r < 0)
		goto out;
	made = tc_issuance_pem(authority.certificate, &pem);
	r = pem_write(&authority, "ca.pem", 0644, made, &pem, problem);
	if (r < 0)
		goto out;
	r = index_write(&authority, problem);
	if (r == 0)
		r = list_write(&authority, problem);
out:
	X509_free(authority.certificate);
	EVP_PKEY_free(authority.key);
	return r;
}

static int authority_load(struct tc_authority *authority, struct tc_problem *problem)
{
	struct tc_bytes certificate = {0}, key = {0};
	char path[TC_FILE_PATH_BYTES];
	int r = tc_file_path(path, authority->folder, "ca.pem") ? 0 : TC_EINVAL;

	if (r == 0)
		r = tc_file_read(path, PEM_BYTES_MAX, &certificate, problem);
	if (r == 0)
		r = tc_file_path(path, authority->folder, "ca.key") ? 0 : TC_EINVAL;
	if (r == 0)
		r = tc_file_read(path, PEM_BYTES_MAX, &key, problem);
	if (r == 0) {
		authority->certificate = tc_issuance_parse(tc_bytes_slice(&certificate));
		authority->key = tc_issuance_key_parse(tc_bytes_slice(&key));
		if (!authority->certificate || !authority->key ||
		    X509_check_private_key(authority->certificate, authority->key) != 1)
			r = crypto_problem(problem, "ca.pem and ca.key do not belong together");
	}
	tc_bytes_free_secret(&key);
	tc_bytes_free(&certificate);
	return r;
}

int tc_authority_open(const char *folder, struct tc_authority **ret, struct tc_problem *problem)
{
	struct tc_authority *authority = calloc(1, sizeof(*authority));
	if (!authority)
		return TC_ENOMEM;
	authority->lock_fd = -1;
	snprintf(authority->folder, sizeof(authority->folder), "%s", folder);
	int r = lock_take(authority, problem);
	if (r == 0)
		r = authority_load(authority, problem);
	if (r == 0)
		r = index_read(authority, problem);
	if (r < 0)
		tc_authority_free(&authority);
	else
		*ret = authority;
	return r;
}

void tc_authority_free(struct tc_authority **authority)
{
	if (!*authority)
		return;
	if ((*authority)->lock_fd >= 0)
		close((*authority)->lock_fd);
	X509_free((*authority)->certificate);
	EVP_PKEY_free((*authority)->key);
	free((*authority)->entries);
	free(*authority);
	*authority = NULL;
}

static void identity_format(const struct tc_authority_identity *identity, char *to, size_t room)
{
	snprintf(to, room, "%s/%s%s%s", identity->kind, identity->id, identity->adapter ? "/" : "",
		 identity->adapter ? identity->adapter : "");
}

int tc_authority_issue(struct tc_authority *authority, const struct tc_authority_identity *identity,
		       struct tc_bytes *ret_certificate, struct tc_bytes *ret_key,
		       struct tc_problem *problem)
{
	struct tc_authority_entry entry = {.issued_ms = tc_clock_now_ms(&tc_clock_real)};
	char names[1024];
	X509 *certificate = NULL;
	EVP_PKEY *key = tc_issuance_key_new();
	int r = crypto_problem(problem, "making a certificate");

	identity_format(identity, entry.identity, sizeof(entry.identity));
	snprintf(names, sizeof(names), "URI:spiffe://%s/%s%s%s", identity->trust_domain,
		 entry.identity, identity->server_names ? "," : "",
		 identity->server_names ? identity->server_names : "");
	struct tc_issuance_request request = {.common_name = identity->id,
					      .alternative_names = names,
					      .days = TC_AUTHORITY_LEAF_DAYS,
					      .server = identity->server_names != NULL,
					      .public_key = key,
					      .issuer = authority->certificate,
					      .issuer_key = authority->key};
	serial_make(request.serial);
	tc_hex(request.serial, sizeof(request.serial), entry.serial);
	if (key)
		certificate = tc_issuance_new(&request);
	if (!certificate || tc_issuance_pem(certificate, ret_certificate) < 0 ||
	    tc_issuance_key_pem(key, ret_key) < 0)
		goto out;
	/* In the index before anybody has it: what is not there could never be revoked. */
	r = entry_add(authority, &entry);
	if (r == 0)
		r = index_write(authority, problem);
	if (r == 0)
		r = list_write(authority, problem);
out:
	X509_free(certificate);
	EVP_PKEY_free(key);
	return r;
}

int tc_authority_revoke(struct tc_authority *authority, const char *identity, int *ret_count,
			struct tc_problem *problem)
{
	size_t len = strlen(identity);
	int count = 0;

	for (size_t i = 0; i < authority->count; i++) {
		struct tc_authority_entry *entry = &authority->entries[i];
		if (entry->revoked || strncmp(entry->identity, identity, len) != 0 ||
		    (entry->identity[len] != '\0' && entry->identity[len] != '/'))
			continue;
		entry->revoked = true;
		entry->revoked_ms = tc_clock_now_ms(&tc_clock_real);
		count++;
	}
	int r = count > 0 ? index_write(authority, problem) : 0;
	if (r == 0)
		r = list_write(authority, problem);
	if (r == 0)
		*ret_count = count;
	return r;
}

const struct tc_authority_entry *tc_authority_entry(const struct tc_authority *authority, size_t n)
{
	return n < authority->count ? &authority->entries[n] : NULL;
}
