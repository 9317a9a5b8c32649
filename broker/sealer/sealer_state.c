#include "sealer/sealer_state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/disk.h"
#include "wire/base64.h"
#include "wire/digest.h"

#define STATE_NAME      "sealer.state"
#define STATE_NEW_NAME  "sealer.state.new"
#define ROOT_TEXT_BYTES TC_BASE64_TEXT_BYTES(TC_DIGEST_BYTES)
#define ORIGIN_BYTES    (TC_NOTE_NAME_BYTES + 24 + ROOT_TEXT_BYTES)
#define DIGEST_BYTES    (2 * TC_SHA256_BYTES + 1) /* hexadecimal and a newline */
#define FILE_BYTES_MAX  (SEALER_ORIGINS_MAX * ORIGIN_BYTES + DIGEST_BYTES)

/* ---- the text ---- */

static char *line_take(char **rest)
{
	return strsep(rest, "\n");
}

static bool size_read(const char *text, uint64_t *ret)
{
	char again[24];
	char *end;

	errno = 0;
	*ret = strtoull(text, &end, 10);
	snprintf(again, sizeof(again), "%" PRIu64, *ret);
	return errno == 0 && *end == '\0' && strcmp(again, text) == 0;
}

static bool origin_read(char **rest, struct sealer_origin *ret)
{
	uint8_t root[ROOT_TEXT_BYTES];
	char *name = line_take(rest);
	char *size = line_take(rest);
	char *base64 = line_take(rest);
	size_t len;

	if (!name || !size || !base64 || !tc_note_name_valid(tc_slice_text(name)) ||
	    !size_read(size, &ret->size) || strlen(base64) != ROOT_TEXT_BYTES - 1 ||
	    !tc_base64_decode(tc_slice_text(base64), root, &len) || len != TC_DIGEST_BYTES)
		return false;
	snprintf(ret->name, sizeof(ret->name), "%s", name);
	memcpy(ret->root.bytes, root, sizeof(ret->root.bytes));
	return true;
}

static int digest_of(const char *text, size_t len, char ret[DIGEST_BYTES])
{
	uint8_t digest[TC_SHA256_BYTES];
	int r = tc_sha256(tc_slice(text, len), digest);

	if (r == 0)
		tc_hex(digest, sizeof(digest), ret);
	return r;
}

static int text_read(char *text, size_t len, struct sealer_state *ret)
{
	char expected[DIGEST_BYTES];
	size_t body;
	int r;

	if (len <= DIGEST_BYTES || text[len - 1] != '\n')
		return TC_ECORRUPT;
	body = len - DIGEST_BYTES;
	r = digest_of(text, body, expected);
	if (r)
		return r;
	if (memcmp(expected, text + body, DIGEST_BYTES - 1) != 0 || text[body - 1] != '\n')
		return TC_ECORRUPT;
	text[body - 1] = '\0';
	for (char *rest = text; rest; ret->count++)
		if (ret->count == SEALER_ORIGINS_MAX ||
		    !origin_read(&rest, &ret->origins[ret->count]))
			return TC_ECORRUPT;
	return 0;
}

static int text_write(const struct sealer_state *state, struct tc_bytes *to)
{
	char line[ORIGIN_BYTES + DIGEST_BYTES];
	char root[ROOT_TEXT_BYTES];
	int r = 0;

	for (size_t i = 0; r == 0 && i < state->count; i++) {
		const struct sealer_origin *origin = &state->origins[i];

		tc_base64_encode(tc_slice(origin->root.bytes, sizeof(origin->root.bytes)), root);
		snprintf(line, sizeof(line), "%s\n%" PRIu64 "\n%s\n", origin->name, origin->size,
			 root);
		r = tc_bytes_append(to, line, strlen(line));
	}
	if (r == 0)
		r = digest_of((const char *)to->data, to->len, line);
	if (r == 0)
		r = tc_bytes_append(to, line, strlen(line));
	return r ? r : tc_bytes_append(to, "\n", 1);
}

/* ---- the file ---- */

static int file_read(int folder, char *to, size_t *ret_len)
{
	int fd = openat(folder, STATE_NAME, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t got;

	*ret_len = 0;
	if (fd < 0)
		return errno == ENOENT ? 0 : TC_EIO;
	do {
		got = read(fd, to + len, FILE_BYTES_MAX + 1 - len);
		if (got > 0)
			len += (size_t)got;
	} while (got > 0 && len <= FILE_BYTES_MAX);
	close(fd);
	*ret_len = len;
	if (got < 0)
		return TC_EIO;
	/* An empty file is none that was ever renamed into place. */
	return len == 0 || len > FILE_BYTES_MAX ? TC_ECORRUPT : 0;
}

static int file_write(int folder, struct tc_slice text)
{
	int fd = openat(folder, STATE_NEW_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool kept;

	if (fd < 0)
		return TC_EIO;
	kept = tc_write_all(fd, text) == 0 && fsync(fd) == 0;
	close(fd);
	return kept && renameat(folder, STATE_NEW_NAME, folder, STATE_NAME) == 0 &&
			       fsync(folder) == 0
		       ? 0
		       : TC_EIO;
}

/* ---- */

int sealer_state_open(int folder, const char *origin, struct sealer_state *ret)
{
	char *text = malloc(FILE_BYTES_MAX + 1);
	size_t len;
	int r;

	if (!text)
		return TC_ENOMEM;
	ret->folder = folder;
	ret->count = 0;
	r = file_read(folder, text, &len);
	if (r == 0 && len > 0)
		r = text_read(text, len, ret);
	free(text);
	if (r)
		return r;
	for (ret->current = 0; ret->current < ret->count; ret->current++)
		if (strcmp(ret->origins[ret->current].name, origin) == 0)
			return 0;
	if (ret->count == SEALER_ORIGINS_MAX)
		return TC_EFULL;
	if (!tc_note_name_valid(tc_slice_text(origin)))
		return TC_EINVAL;
	ret->origins[ret->count] = (struct sealer_origin){.size = 0};
	snprintf(ret->origins[ret->count].name, TC_NOTE_NAME_BYTES, "%s", origin);
	ret->count++;
	return 0;
}

const struct sealer_origin *sealer_state_last(const struct sealer_state *state)
{
	return &state->origins[state->current];
}

int sealer_state_advance(struct sealer_state *state, uint64_t size,
			 const struct tc_merkle_hash *root)
{
	struct sealer_origin *origin = &state->origins[state->current];
	struct sealer_origin before = *origin;
	struct tc_bytes text = {0};
	int r;

	TC_CHECK(size >= origin->size);
	origin->size = size;
	origin->root = *root;
	r = text_write(state, &text);
	if (r == 0)
		r = file_write(state->folder, tc_bytes_slice(&text));
	if (r)
		*origin = before;
	tc_bytes_free(&text);
	return r;
}
