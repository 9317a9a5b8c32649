#include "sealer/sealer_key.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PEM_BYTES_MAX 4096

static int wrong(struct sealer_key_problem *problem, const char *file, const char *text)
{
	snprintf(problem->file, sizeof(problem->file), "%s", file);
	problem->text = text;
	return TC_ECONFIG;
}

/* No prompting: an encrypted key is simply not usable here. */
static int passphrase_none(char *to, int size, int writing, void *context)
{
	(void)to;
	(void)size;
	(void)writing;
	(void)context;
	return -1;
}

static EVP_PKEY *pem_read(int fd)
{
	uint8_t pem[PEM_BYTES_MAX];
	ssize_t len = read(fd, pem, sizeof(pem));
	BIO *memory = len > 0 ? BIO_new_mem_buf(pem, (int)len) : NULL;
	EVP_PKEY *key =
		memory ? PEM_read_bio_PrivateKey(memory, NULL, passphrase_none, NULL) : NULL;

	BIO_free(memory);
	tc_wipe(pem, sizeof(pem));
	ERR_clear_error();
	return key;
}

static int key_load(int folder, const char *name, struct sealer_keys *keys,
		    struct sealer_key_problem *problem)
{
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	EVP_PKEY *key = NULL;
	struct stat about;
	int r = 0;

	if (fd < 0 || fstat(fd, &about) != 0)
		r = wrong(problem, name, "the key cannot be read");
	else if (!S_ISREG(about.st_mode) || (about.st_mode & 0077) != 0 ||
		 about.st_uid != geteuid())
		r = wrong(problem, name, "others than the sealer's user may read this key");
	if (r == 0) {
		key = pem_read(fd);
		if (!key || EVP_PKEY_get_id(key) != EVP_PKEY_ED25519)
			r = wrong(problem, name, "this is no Ed25519 key in PEM");
	}
	if (fd >= 0)
		close(fd);
	if (r) {
		EVP_PKEY_free(key);
		return r;
	}
	keys->keys[keys->count++] = key;
	return 0;
}

static int is_pem(const struct dirent *entry)
{
	return fnmatch("*.pem", entry->d_name, FNM_PERIOD) == 0;
}

int sealer_keys_load(const char *folder, struct sealer_keys *ret,
		     struct sealer_key_problem *problem)
{
	struct dirent **entries = NULL;
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int count = fd < 0 ? -1 : scandir(folder, &entries, is_pem, versionsort);
	int r = 0;

	*ret = (struct sealer_keys){0};
	if (count < 0)
		r = wrong(problem, folder, "the folder of keys cannot be read");
	else if (count == 0)
		r = wrong(problem, folder, "there is no key *.pem in this folder");
	else if (count > SEALER_KEYS_MAX)
		r = wrong(problem, folder, "there are more than four keys in this folder");
	for (int i = 0; i < count; i++) {
		if (r == 0)
			r = key_load(fd, entries[i]->d_name, ret, problem);
		free(entries[i]);
	}
	free(entries);
	if (fd >= 0)
		close(fd);
	if (r)
		sealer_keys_free(ret);
	return r;
}

void sealer_keys_free(struct sealer_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++)
		EVP_PKEY_free(keys->keys[i]);
	keys->count = 0;
}
