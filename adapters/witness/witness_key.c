#include "witness/witness_key.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"

static bool vkey_path(const char *path, char to[TC_WITNESS_PATH_BYTES])
{
	int len = snprintf(to, TC_WITNESS_PATH_BYTES, "%s.vkey", path);

	return len > 0 && len < TC_WITNESS_PATH_BYTES;
}

static FILE *file_create(const char *path, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);

	return fd >= 0 ? fdopen(fd, "w") : NULL;
}

static bool file_close(FILE *file)
{
	bool good = fflush(file) == 0 && fsync(fileno(file)) == 0;

	return fclose(file) == 0 && good;
}

static int private_write(const char *path, EVP_PKEY *key, struct tc_audit_finding *finding)
{
	FILE *file = file_create(path, 0600);

	if (!file)
		return tc_audit_find_errno(finding, TC_AUDIT_FILE_UNUSABLE, path);
	bool good = PEM_write_PKCS8PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1;
	if (!file_close(file) || !good)
		return tc_audit_find_errno(finding, TC_AUDIT_FILE_UNUSABLE, path);
	return 0;
}

static int public_write(const char *path, const char *vkey, struct tc_audit_finding *finding)
{
	FILE *file = file_create(path, 0644);

	if (!file)
		return tc_audit_find_errno(finding, TC_AUDIT_FILE_UNUSABLE, path);
	bool good = fprintf(file, "%s\n", vkey) > 0;
	if (!file_close(file) || !good)
		return tc_audit_find_errno(finding, TC_AUDIT_FILE_UNUSABLE, path);
	return 0;
}

int tc_witness_key_make(const char *path, const char *name, char ret_vkey[TC_NOTE_VKEY_BYTES],
			struct tc_audit_finding *finding)
{
	char beside[TC_WITNESS_PATH_BYTES];
	struct tc_note_key public_key;
	EVP_PKEY *key = NULL;
	int r;

	if (!tc_note_name_valid(tc_slice_text(name)))
		return tc_audit_find(finding, TC_AUDIT_FORMAT,
				     "%s: a key's name has no space and no '+'", name);
	if (!vkey_path(path, beside)) {
		errno = ENAMETOOLONG;
		return tc_audit_find_errno(finding, TC_AUDIT_FILE_UNUSABLE, path);
	}
	key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	if (!key)
		return TC_ECRYPTO;
	r = tc_note_key_of(key, name, TC_NOTE_COSIGNATURE, &public_key);
	if (r == 0)
		r = private_write(path, key, finding);
	if (r == 0) {
		tc_note_vkey_format(&public_key, ret_vkey);
		r = public_write(beside, ret_vkey, finding);
	}
	EVP_PKEY_free(key);
	return r;
}

static int public_read(const char *path, struct tc_note_key *ret, struct tc_audit_finding *finding)
{
	char line[TC_NOTE_VKEY_BYTES + 1] = "";
	FILE *file = fopen(path, "re");

	if (!file)
		return tc_audit_find_errno(finding, TC_AUDIT_FILE_UNUSABLE, path);
	size_t len = fread(line, 1, sizeof(line) - 1, file);
	fclose(file);
	while (len > 0 && line[len - 1] == '\n')
		len--;
	int r = tc_note_vkey_parse(tc_slice(line, len), ret);
	if (r < 0)
		return r;
	if (r > 0 || ret->type != TC_NOTE_COSIGNATURE)
		return tc_audit_find(finding, TC_AUDIT_FORMAT, "%s: no vkey of a witness", path);
	return 0;
}

static int private_read(const char *path, EVP_PKEY **ret, struct tc_audit_finding *finding)
{
	struct stat status;
	FILE *file = fopen(path, "re");

	if (!file || fstat(fileno(file), &status) != 0) {
		int r = tc_audit_find_errno(finding, TC_AUDIT_FILE_UNUSABLE, path);
		if (file)
			fclose(file);
		return r;
	}
	*ret = PEM_read_PrivateKey(file, NULL, NULL, NULL);
	fclose(file);
	if (!*ret)
		return tc_audit_find(finding, TC_AUDIT_FORMAT, "%s: no private key in PEM", path);
	if ((status.st_mode & 077) != 0)
		return tc_audit_find(finding, TC_AUDIT_FILE_UNUSABLE,
				     "%s: others may read it; its mode must be 0600", path);
	return 0;
}

int tc_witness_key_load(const char *path, struct tc_witness_key *ret,
			struct tc_audit_finding *finding)
{
	char beside[TC_WITNESS_PATH_BYTES];
	struct tc_note_key own;

	*ret = (struct tc_witness_key){0};
	if (!vkey_path(path, beside)) {
		errno = ENAMETOOLONG;
		return tc_audit_find_errno(finding, TC_AUDIT_FILE_UNUSABLE, path);
	}
	int r = private_read(path, &ret->private_key, finding);
	if (r == 0)
		r = public_read(beside, &ret->public_key, finding);
	if (r == 0)
		r = tc_note_key_of(ret->private_key, ret->public_key.name, TC_NOTE_COSIGNATURE,
				   &own);
	if (r == 0 &&
	    memcmp(own.public_key, ret->public_key.public_key, sizeof(own.public_key)) != 0)
		r = tc_audit_find(finding, TC_AUDIT_FORMAT, "%s is not the vkey of %s", beside,
				  path);
	if (r == TC_ECONFIG)
		r = tc_audit_find(finding, TC_AUDIT_FORMAT, "%s: the key is not Ed25519", path);
	if (r != 0)
		tc_witness_key_done(ret);
	return r;
}

void tc_witness_key_done(struct tc_witness_key *key)
{
	EVP_PKEY_free(key->private_key);
	key->private_key = NULL;
}
