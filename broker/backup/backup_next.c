#include "backup/backup_next.h"

#include <stdio.h>
#include <string.h>

struct settling {
	const struct backup_folder *folder;
	const struct backup_manifest *manifest;
	bool tidy;
	bool moved; /* any */
};

void backup_next_name(const char *name, char ret[BACKUP_NEXT_BYTES])
{
	snprintf(ret, BACKUP_NEXT_BYTES, "%s" BACKUP_NEXT_SUFFIX, name);
}

/* What the manifest says of a file: NULL when it is none of the backup's. */
static const uint8_t *digest_of(const struct backup_manifest *manifest, const char *name)
{
	const struct backup_file *file = backup_manifest_file(manifest, name);
	const struct backup_run *run = backup_manifest_run(manifest, name);

	if (file)
		return file->sha256;
	return run ? run->sha256 : NULL;
}

static int settle(void *context, const char *next)
{
	struct settling *settling = context;
	size_t len = strlen(next), suffix = strlen(BACKUP_NEXT_SUFFIX);
	char name[BACKUP_NAME_BYTES];
	struct backup_file found;
	const uint8_t *digest;
	int r;

	if (len <= suffix || len - suffix >= sizeof(name) ||
	    strcmp(next + len - suffix, BACKUP_NEXT_SUFFIX) != 0)
		return 0;
	snprintf(name, sizeof(name), "%.*s", (int)(len - suffix), next);
	digest = digest_of(settling->manifest, name);
	r = backup_folder_measure(settling->folder, next, &found);
	if (r != 0)
		return r == BACKUP_FOLDER_ABSENT ? 0 : r;
	settling->moved = true;
	if (digest && memcmp(digest, found.sha256, sizeof(found.sha256)) == 0)
		return backup_folder_replace(settling->folder, name, next);
	return settling->tidy ? backup_folder_remove(settling->folder, next) : 0;
}

int backup_next_settle(const struct backup_folder *folder, const struct backup_manifest *manifest,
		       bool tidy)
{
	struct settling settling = {.folder = folder, .manifest = manifest, .tidy = tidy};
	int r = backup_folder_names(folder, settle, &settling);

	return r == 0 && settling.moved ? backup_folder_sync(folder) : r;
}
