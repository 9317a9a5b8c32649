#include "daemon/retention_mark.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WHOSE_BYTES (TC_ID_TEXT_BYTES + 66)

static void whose(const struct retention_marks *marks, char ret[WHOSE_BYTES])
{
	char log_id[TC_ID_TEXT_BYTES];
	char hex[65];

	tc_id_format(marks->log_id, log_id);
	tc_hex(marks->policy_sha256, sizeof(marks->policy_sha256), hex);
	snprintf(ret, WHOSE_BYTES, "%s %s", log_id, hex);
}

static FILE *marks_open(const struct config *config, const char *suffix, const char *mode,
			char **ret_path)
{
	FILE *file;

	if (asprintf(ret_path, "%s/" RETENTION_FILE "%s", config->data_dir, suffix) < 0) {
		*ret_path = NULL;
		return NULL;
	}
	file = fopen(*ret_path, mode);
	return file;
}

void retention_marks_load(const struct config *config, struct tc_id log_id,
			  const uint8_t policy_sha256[32], struct retention_marks *ret)
{
	char expected[WHOSE_BYTES], found[WHOSE_BYTES + 2];
	char *path;
	FILE *file = marks_open(config, "", "re", &path);

	*ret = (struct retention_marks){.log_id = log_id};
	memcpy(ret->policy_sha256, policy_sha256, sizeof(ret->policy_sha256));
	whose(ret, expected);
	if (file && fgets(found, sizeof(found), file) &&
	    strncmp(found, expected, strlen(expected)) == 0) {
		for (size_t i = 0; i < RETENTION_MARKS_MAX; i++) {
			if (fscanf(file, "%" SCNu64, &ret->before[i]) != 1)
				break;
		}
	}
	if (file)
		fclose(file);
	free(path);
}

int retention_marks_save(const struct config *config, const struct retention_marks *marks)
{
	char text[WHOSE_BYTES];
	char *path, *whole = NULL;
	FILE *file = marks_open(config, ".new", "we", &path);
	bool kept = file != NULL;

	whose(marks, text);
	if (kept)
		kept = fprintf(file, "%s\n", text) > 0;
	for (size_t i = 0; kept && i < RETENTION_MARKS_MAX; i++)
		kept = fprintf(file, "%" PRIu64 "\n", marks->before[i]) > 0;
	if (file && (fflush(file) != 0 || fsync(fileno(file)) != 0))
		kept = false;
	if (file && fclose(file) != 0)
		kept = false;
	if (kept && asprintf(&whole, "%s/" RETENTION_FILE, config->data_dir) >= 0)
		kept = rename(path, whole) == 0;
	free(whole);
	free(path);
	return kept ? 0 : TC_EIO;
}
