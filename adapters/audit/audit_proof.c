#include "audit/audit_proof.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/base64.h"

#define PROOF_LINE  "c2sp.org/tlog-proof@v1"
#define NUMBER_TEXT 20 /* digits of a 64-bit number */

/* Takes a line off the front, without its line feed. False: there is no further whole line. */
static bool line_next(struct tc_slice *rest, struct tc_slice *ret)
{
	const uint8_t *end = rest->len ? memchr(rest->data, '\n', rest->len) : NULL;

	if (!end)
		return false;
	size_t len = (size_t)(end - rest->data);
	*ret = tc_slice(rest->data, len);
	*rest = tc_slice(end + 1, rest->len - len - 1);
	return true;
}

/* What follows "word " on the line; NULL data when it begins with something else. */
static struct tc_slice behind(struct tc_slice line, const char *word)
{
	size_t len = strlen(word);

	if (line.len <= len || memcmp(line.data, word, len) != 0 || line.data[len] != ' ')
		return (struct tc_slice){0};
	return tc_slice(line.data + len + 1, line.len - len - 1);
}

static bool number_read(struct tc_slice text, uint64_t *ret)
{
	uint64_t number = 0;

	if (text.len < 1 || text.len > NUMBER_TEXT || (text.len > 1 && text.data[0] == '0'))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t digit = (uint8_t)(text.data[i] - '0');
		if (digit > 9 || number > (UINT64_MAX - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	*ret = number;
	return true;
}

/* Only the one spelling that the encoder gives. */
static bool base64_read(struct tc_slice text, size_t len_max, struct tc_bytes *to)
{
	struct tc_bytes again = {0};
	bool good = false;
	size_t len = 0;

	to->len = 0;
	if (text.len % 4 != 0 || text.len / 4 * 3 > len_max + 2)
		return false;
	if (tc_bytes_reserve(to, text.len / 4 * 3 + 3) < 0 ||
	    !tc_base64_decode(text, to->data, &len) || len > len_max ||
	    tc_bytes_reserve(&again, TC_BASE64_TEXT_BYTES(len)) < 0)
		goto out;
	to->len = len;
	tc_base64_encode(tc_bytes_slice(to), (char *)again.data);
	good = strlen((const char *)again.data) == text.len &&
	       memcmp(again.data, text.data, text.len) == 0;
out:
	tc_bytes_free(&again);
	return good;
}

static bool hash_read(struct tc_slice line, struct tc_merkle_hash *ret)
{
	struct tc_bytes bytes = {0};
	bool good =
		base64_read(line, sizeof(ret->bytes), &bytes) && bytes.len == sizeof(ret->bytes);

	if (good)
		memcpy(ret->bytes, bytes.data, sizeof(ret->bytes));
	tc_bytes_free(&bytes);
	return good;
}

/* The hash lines up to the empty one; the rest is the checkpoint. */
static int tail_read(struct tc_slice rest, struct tc_audit_proof *proof,
		     struct tc_audit_finding *finding)
{
	struct tc_slice line;

	for (;;) {
		if (!line_next(&rest, &line))
			return tc_audit_find(finding, TC_AUDIT_FORMAT,
					     "the proof ends before its checkpoint");
		if (line.len == 0)
			break;
		if (proof->hash_count == TC_AUDIT_PROOF_HASHES_MAX)
			return tc_audit_find(finding, TC_AUDIT_FORMAT, "over %d hashes",
					     TC_AUDIT_PROOF_HASHES_MAX);
		if (!hash_read(line, &proof->hashes[proof->hash_count]))
			return tc_audit_find(finding, TC_AUDIT_FORMAT,
					     "hash %zu is not 32 bytes in base64",
					     proof->hash_count + 1);
		proof->hash_count++;
	}
	proof->checkpoint = rest;
	return 0;
}

int tc_audit_proof_read(struct tc_slice text, struct tc_audit_proof *ret,
			struct tc_audit_finding *finding)
{
	struct tc_slice rest = text, line;

	*ret = (struct tc_audit_proof){0};
	if (!line_next(&rest, &line) || !tc_slice_equal(line, tc_slice_text(PROOF_LINE)))
		return tc_audit_find(finding, TC_AUDIT_FORMAT,
				     "the first line is not \"" PROOF_LINE "\"");
	if (!line_next(&rest, &line))
		return tc_audit_find(finding, TC_AUDIT_FORMAT, "there is no second line");
	struct tc_slice extra = behind(line, "extra");
	if (extra.data) {
		if (!base64_read(extra, TC_AUDIT_PROOF_EXTRA_MAX, &ret->extra) ||
		    !line_next(&rest, &line))
			return tc_audit_find(finding, TC_AUDIT_FORMAT,
					     "the extra line is not base64");
	}
	if (!number_read(behind(line, "index"), &ret->number))
		return tc_audit_find(finding, TC_AUDIT_FORMAT, "there is no line \"index N\"");
	return tail_read(rest, ret, finding);
}

int tc_audit_step_read(struct tc_slice text, struct tc_audit_proof *ret,
		       struct tc_audit_finding *finding)
{
	struct tc_slice rest = text, line;

	*ret = (struct tc_audit_proof){0};
	if (!line_next(&rest, &line) || !number_read(behind(line, "old"), &ret->number))
		return tc_audit_find(finding, TC_AUDIT_FORMAT, "the first line is not \"old N\"");
	return tail_read(rest, ret, finding);
}

void tc_audit_proof_done(struct tc_audit_proof *proof)
{
	tc_bytes_free(&proof->extra);
}

static int text_append(struct tc_bytes *to, const char *text)
{
	return tc_bytes_append(to, text, strlen(text));
}

static int base64_append(struct tc_bytes *to, struct tc_slice bytes)
{
	int r = tc_bytes_reserve(to, TC_BASE64_TEXT_BYTES(bytes.len));

	if (r < 0)
		return r;
	tc_base64_encode(bytes, (char *)to->data + to->len);
	to->len += strlen((const char *)to->data + to->len);
	return text_append(to, "\n");
}

static int number_append(struct tc_bytes *to, const char *word, uint64_t number)
{
	char line[64];

	snprintf(line, sizeof(line), "%s %" PRIu64 "\n", word, number);
	return text_append(to, line);
}

static int tail_append(const struct tc_audit_proof *proof, struct tc_bytes *to)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < proof->hash_count; i++)
		r = base64_append(to, tc_slice(proof->hashes[i].bytes, TC_DIGEST_BYTES));
	if (r == 0)
		r = text_append(to, "\n");
	return r == 0 ? tc_bytes_append(to, proof->checkpoint.data, proof->checkpoint.len) : r;
}

int tc_audit_proof_write(const struct tc_audit_proof *proof, struct tc_bytes *to)
{
	int r = text_append(to, PROOF_LINE "\n");

	if (r == 0 && proof->extra.len > 0) {
		r = text_append(to, "extra ");
		if (r == 0)
			r = base64_append(to, tc_bytes_slice(&proof->extra));
	}
	if (r == 0)
		r = number_append(to, "index", proof->number);
	return r == 0 ? tail_append(proof, to) : r;
}

int tc_audit_step_write(const struct tc_audit_proof *step, struct tc_bytes *to)
{
	int r = number_append(to, "old", step->number);

	return r == 0 ? tail_append(step, to) : r;
}
