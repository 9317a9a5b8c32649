#include "wire/note.h"

#include <inttypes.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "wire/base64.h"
#include "wire/digest.h"
#include "wire/utf8.h"

#define DASH             "\xe2\x80\x94 " /* U+2014 and a space */
#define DASH_BYTES       4
#define KEY_ID_BYTES     4
#define TIME_BYTES       8
#define VKEY_BLOB_BYTES  33 /* type || public key */
#define COSIGNATURE_HEAD "cosignature/v1\ntime %" PRIu64 "\n"
#define HEAD_BYTES_MAX   64

/* ---- names and keys ---- */

/* White_Space of Unicode beyond ASCII, in UTF-8: U+0085, U+00A0, U+1680, U+2000 to U+200A, U+2028,
 * U+2029, U+202F, U+205F and U+3000. */
static bool space_at(struct tc_slice text, size_t at)
{
	static const char *const spaces[] = {
		"\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81",
		"\xe2\x80\x82", "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86",
		"\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8",
		"\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
	};

	for (size_t i = 0; i < sizeof(spaces) / sizeof(*spaces); i++) {
		size_t len = strlen(spaces[i]);
		if (text.len - at >= len && memcmp(text.data + at, spaces[i], len) == 0)
			return true;
	}
	return false;
}

bool tc_note_name_valid(struct tc_slice name)
{
	if (name.len == 0 || name.len >= TC_NOTE_NAME_BYTES || !tc_utf8_valid(name))
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (name.data[i] <= ' ' || name.data[i] == 0x7f || name.data[i] == '+' ||
		    (name.data[i] >= 0x80 && space_at(name, i)))
			return false;
	return true;
}

int tc_note_key_id(const char *name, uint8_t type, const uint8_t public_key[32], uint8_t ret[4])
{
	const uint8_t middle[2] = {'\n', type};
	struct tc_slice pieces[] = {tc_slice_text(name), tc_slice(middle, sizeof(middle)),
				    tc_slice(public_key, 32)};
	uint8_t digest[TC_SHA256_BYTES];
	int r = tc_sha256_pieces(pieces, 3, digest);

	if (r == 0)
		memcpy(ret, digest, KEY_ID_BYTES);
	return r;
}

int tc_note_key_of(struct evp_pkey_st *key, const char *name, uint8_t type, struct tc_note_key *ret)
{
	size_t len = sizeof(ret->public_key);

	if (!tc_note_name_valid(tc_slice_text(name)) || EVP_PKEY_get_id(key) != EVP_PKEY_ED25519)
		return TC_ECONFIG;
	*ret = (struct tc_note_key){.type = type};
	snprintf(ret->name, sizeof(ret->name), "%s", name);
	if (EVP_PKEY_get_raw_public_key(key, ret->public_key, &len) != 1 ||
	    len != sizeof(ret->public_key)) {
		ERR_clear_error();
		return TC_ECRYPTO;
	}
	return tc_note_key_id(name, type, ret->public_key, ret->id);
}

/* Padded, of the standard alphabet, nothing left over: what tc_base64_decode takes beyond that is
 * no canonical form. `to` has room for text.len / 4 * 3 + 3 bytes. */
static bool base64_canonical(struct tc_slice text, uint8_t *to, size_t *ret_len)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] == '-' || text.data[i] == '_')
			return false;
	return text.len % 4 == 0 && tc_base64_decode(text, to, ret_len);
}

int tc_note_vkey_parse(struct tc_slice text, struct tc_note_key *ret)
{
	const uint8_t *plus = text.len > 0 ? memchr(text.data, '+', text.len) : NULL;
	size_t name_len = plus ? (size_t)(plus - text.data) : 0;
	uint8_t blob[TC_NOTE_VKEY_BYTES];
	struct tc_note_key key = {0};
	uint8_t id[KEY_ID_BYTES];
	struct tc_slice base64;
	size_t blob_len;
	int r;

	if (!plus || text.len >= TC_NOTE_VKEY_BYTES || text.len < name_len + 11 ||
	    text.data[name_len + 9] != '+' || !tc_note_name_valid(tc_slice(text.data, name_len)) ||
	    !tc_unhex((const char *)plus + 1, 8, key.id, sizeof(key.id)))
		return TC_NOTE_MALFORMED;
	/* One way to write it. */
	for (size_t i = 1; i <= 8; i++)
		if (plus[i] >= 'A' && plus[i] <= 'F')
			return TC_NOTE_MALFORMED;
	base64 = tc_slice(plus + 10, text.len - name_len - 10);
	if (!base64_canonical(base64, blob, &blob_len) || blob_len != VKEY_BLOB_BYTES ||
	    (blob[0] != TC_NOTE_ED25519 && blob[0] != TC_NOTE_COSIGNATURE))
		return TC_NOTE_MALFORMED;
	memcpy(key.name, text.data, name_len);
	key.type = blob[0];
	memcpy(key.public_key, blob + 1, sizeof(key.public_key));
	r = tc_note_key_id(key.name, key.type, key.public_key, id);
	if (r < 0)
		return r;
	if (memcmp(id, key.id, sizeof(id)) != 0)
		return TC_NOTE_MALFORMED;
	*ret = key;
	return 0;
}

void tc_note_vkey_format(const struct tc_note_key *key, char to[TC_NOTE_VKEY_BYTES])
{
	char base64[TC_BASE64_TEXT_BYTES(VKEY_BLOB_BYTES)];
	uint8_t blob[VKEY_BLOB_BYTES];
	char id[2 * KEY_ID_BYTES + 1];

	blob[0] = key->type;
	memcpy(blob + 1, key->public_key, sizeof(key->public_key));
	tc_base64_encode(tc_slice(blob, sizeof(blob)), base64);
	tc_hex(key->id, sizeof(key->id), id);
	snprintf(to, TC_NOTE_VKEY_BYTES, "%s+%s+%s", key->name, id, base64);
}

/* ---- reading ---- */

/* The next line of `from`, with its newline; empty when there is no newline any more. */
static struct tc_slice line_take(struct tc_slice *from)
{
	const uint8_t *end = from->len > 0 ? memchr(from->data, '\n', from->len) : NULL;
	struct tc_slice line = tc_slice(from->data, end ? (size_t)(end - from->data) + 1 : 0);

	*from = tc_slice(from->data + line.len, from->len - line.len);
	return line;
}

static int signature_parse(struct tc_slice line, struct tc_note_signature *ret)
{
	uint8_t blob[TC_NOTE_BYTES_MAX];
	const uint8_t *space;
	size_t blob_len;

	*ret = (struct tc_note_signature){.line = line};
	if (line.len <= DASH_BYTES || memcmp(line.data, DASH, DASH_BYTES) != 0)
		return TC_NOTE_MALFORMED;
	line = tc_slice(line.data + DASH_BYTES, line.len - DASH_BYTES - 1);
	space = line.len > 0 ? memchr(line.data, ' ', line.len) : NULL;
	if (!space)
		return TC_NOTE_MALFORMED;
	ret->name = tc_slice(line.data, (size_t)(space - line.data));
	line = tc_slice(space + 1, line.len - ret->name.len - 1);
	if (!tc_note_name_valid(ret->name) || !base64_canonical(line, blob, &blob_len) ||
	    blob_len <= KEY_ID_BYTES)
		return TC_NOTE_MALFORMED;
	memcpy(ret->id, blob, KEY_ID_BYTES);
	ret->len = blob_len - KEY_ID_BYTES;
	if (ret->len <= sizeof(ret->bytes))
		memcpy(ret->bytes, blob + KEY_ID_BYTES, ret->len);
	return 0;
}

/* Where the signature lines begin: after the last empty line. 0 when there is none. */
static size_t lines_start(struct tc_slice note)
{
	for (size_t i = note.len; i >= 2; i--)
		if (note.data[i - 1] == '\n' && note.data[i - 2] == '\n')
			return i;
	return 0;
}

int tc_note_parse(struct tc_slice note, struct tc_note *ret)
{
	struct tc_slice rest;
	struct tc_slice line;
	size_t start;

	if (note.len == 0 || note.len > TC_NOTE_BYTES_MAX || !tc_utf8_valid(note))
		return TC_NOTE_MALFORMED;
	for (size_t i = 0; i < note.len; i++)
		if (note.data[i] < ' ' && note.data[i] != '\n')
			return TC_NOTE_MALFORMED;
	start = lines_start(note);
	if (start < 2)
		return TC_NOTE_MALFORMED;
	ret->text = tc_slice(note.data, start - 1);
	ret->signature_count = 0;
	rest = tc_slice(note.data + start, note.len - start);
	while (rest.len > 0) {
		line = line_take(&rest);
		if (line.len == 0 || ret->signature_count == TC_NOTE_SIGNATURES_MAX ||
		    signature_parse(line, &ret->signatures[ret->signature_count]) != 0)
			return TC_NOTE_MALFORMED;
		ret->signature_count++;
	}
	return ret->signature_count > 0 ? 0 : TC_NOTE_MALFORMED;
}

static bool decimal_read(struct tc_slice text, uint64_t *ret)
{
	uint64_t value = 0;

	if (text.len == 0 || text.len > 20 || (text.data[0] == '0' && text.len > 1))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t digit = (uint8_t)(text.data[i] - '0');

		if (digit > 9 || value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*ret = value;
	return true;
}

/* Without its newline. */
static struct tc_slice content_take(struct tc_slice *from)
{
	struct tc_slice line = line_take(from);

	return tc_slice(line.data, line.len > 0 ? line.len - 1 : 0);
}

int tc_checkpoint_parse(struct tc_slice note, struct tc_checkpoint *ret)
{
	uint8_t root[TC_NOTE_NAME_BYTES];
	struct tc_slice rest, size, base64;
	size_t root_len;
	int r;

	r = tc_note_parse(note, &ret->note);
	if (r != 0)
		return r;
	rest = ret->note.text;
	ret->origin = content_take(&rest);
	size = content_take(&rest);
	base64 = content_take(&rest);
	if (!tc_note_name_valid(ret->origin) || !decimal_read(size, &ret->size) ||
	    base64.len != TC_BASE64_TEXT_BYTES(TC_DIGEST_BYTES) - 1 ||
	    !base64_canonical(base64, root, &root_len) || root_len != TC_DIGEST_BYTES)
		return TC_NOTE_MALFORMED;
	while (rest.len > 0)
		if (content_take(&rest).len == 0)
			return TC_NOTE_MALFORMED;
	memcpy(ret->root.bytes, root, sizeof(ret->root.bytes));
	return 0;
}

/* ---- signing and verifying ---- */

static int ed25519_verify(const uint8_t public_key[32], struct tc_slice message,
			  const uint8_t *signature)
{
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, 32);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	int r = TC_ECRYPTO;

	if (key && context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1)
		r = EVP_DigestVerify(context, signature, TC_NOTE_ED25519_BYTES, message.data,
				     message.len) == 1
			    ? 0
			    : TC_NOTE_WRONG;
	ERR_clear_error();
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	return r;
}

static int ed25519_sign(EVP_PKEY *key, struct tc_slice message, uint8_t ret[TC_NOTE_ED25519_BYTES])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t len = TC_NOTE_ED25519_BYTES;
	int r = TC_ECRYPTO;

	if (context && EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
	    EVP_DigestSign(context, ret, &len, message.data, message.len) == 1 &&
	    len == TC_NOTE_ED25519_BYTES)
		r = 0;
	ERR_clear_error();
	EVP_MD_CTX_free(context);
	return r;
}

/* What a cosignature signs: a head with the time, and the text. */
static int cosigned_text(struct tc_slice text, uint64_t time_s, struct tc_bytes *ret)
{
	char head[HEAD_BYTES_MAX];
	int r;

	snprintf(head, sizeof(head), COSIGNATURE_HEAD, time_s);
	r = tc_bytes_append(ret, head, strlen(head));
	return r ? r : tc_bytes_append(ret, text.data, text.len);
}

static int signature_verify(const struct tc_note_signature *signature, struct tc_slice text,
			    const struct tc_note_key *key, uint64_t *ret_time_s)
{
	struct tc_bytes signed_text = {0};
	int r;

	*ret_time_s = 0;
	if (key->type == TC_NOTE_ED25519)
		return signature->len == TC_NOTE_ED25519_BYTES
			       ? ed25519_verify(key->public_key, text, signature->bytes)
			       : TC_NOTE_WRONG;
	if (signature->len != TIME_BYTES + TC_NOTE_ED25519_BYTES)
		return TC_NOTE_WRONG;
	*ret_time_s = tc_get_be64(signature->bytes);
	r = cosigned_text(text, *ret_time_s, &signed_text);
	if (r == 0)
		r = ed25519_verify(key->public_key, tc_bytes_slice(&signed_text),
				   signature->bytes + TIME_BYTES);
	tc_bytes_free(&signed_text);
	return r;
}

/* A witness may have signed one text at several times: every line of it counts, and one that is
 * wrong spoils the note. */
int tc_cosignature_verify(const struct tc_note *note, const struct tc_note_key *key,
			  uint64_t *ret_time_s)
{
	struct tc_slice name = tc_slice_text(key->name);
	uint64_t latest_s = 0;
	bool found = false;
	uint64_t time_s;
	int r;

	for (size_t i = 0; i < note->signature_count; i++) {
		const struct tc_note_signature *signature = &note->signatures[i];

		if (!tc_slice_equal(signature->name, name) ||
		    memcmp(signature->id, key->id, sizeof(key->id)) != 0)
			continue;
		r = signature_verify(signature, note->text, key, &time_s);
		if (r != 0)
			return r;
		found = true;
		if (time_s > latest_s)
			latest_s = time_s;
	}
	if (!found)
		return TC_NOTE_UNSIGNED;
	*ret_time_s = latest_s;
	return 0;
}

int tc_note_verify(const struct tc_note *note, const struct tc_note_key *key)
{
	uint64_t time_s;

	return tc_cosignature_verify(note, key, &time_s);
}

static int line_append(const struct tc_note_key *key, struct tc_slice signature,
		       struct tc_bytes *line)
{
	uint8_t blob[KEY_ID_BYTES + TC_NOTE_SIGNATURE_BYTES_KEPT];
	char base64[TC_BASE64_TEXT_BYTES(sizeof(blob))];
	char text[TC_NOTE_NAME_BYTES + sizeof(base64) + DASH_BYTES + 2];

	memcpy(blob, key->id, KEY_ID_BYTES);
	memcpy(blob + KEY_ID_BYTES, signature.data, signature.len);
	tc_base64_encode(tc_slice(blob, KEY_ID_BYTES + signature.len), base64);
	snprintf(text, sizeof(text), DASH "%s %s\n", key->name, base64);
	return tc_bytes_append(line, text, strlen(text));
}

int tc_note_sign(struct evp_pkey_st *key, const char *name, struct tc_slice text,
		 struct tc_bytes *line)
{
	uint8_t signature[TC_NOTE_ED25519_BYTES];
	struct tc_note_key signer;
	int r;

	r = tc_note_key_of(key, name, TC_NOTE_ED25519, &signer);
	if (r == 0)
		r = ed25519_sign(key, text, signature);
	return r ? r : line_append(&signer, tc_slice(signature, sizeof(signature)), line);
}

int tc_cosignature_sign(struct evp_pkey_st *key, const char *name, struct tc_slice text,
			uint64_t time_s, struct tc_bytes *line)
{
	uint8_t signature[TIME_BYTES + TC_NOTE_ED25519_BYTES];
	struct tc_bytes signed_text = {0};
	struct tc_note_key signer;
	int r;

	r = tc_note_key_of(key, name, TC_NOTE_COSIGNATURE, &signer);
	if (r == 0)
		r = cosigned_text(text, time_s, &signed_text);
	if (r == 0)
		r = ed25519_sign(key, tc_bytes_slice(&signed_text), signature + TIME_BYTES);
	tc_bytes_free(&signed_text);
	tc_put_be64(signature, time_s);
	return r ? r : line_append(&signer, tc_slice(signature, sizeof(signature)), line);
}

int tc_checkpoint_format(const char *origin, uint64_t size, const struct tc_merkle_hash *root,
			 struct tc_bytes *text)
{
	char base64[TC_BASE64_TEXT_BYTES(TC_DIGEST_BYTES)];
	char lines[TC_NOTE_NAME_BYTES + sizeof(base64) + 24];

	if (!tc_note_name_valid(tc_slice_text(origin)))
		return TC_EINVAL;
	tc_base64_encode(tc_slice(root->bytes, sizeof(root->bytes)), base64);
	snprintf(lines, sizeof(lines), "%s\n%" PRIu64 "\n%s\n", origin, size, base64);
	return tc_bytes_append(text, lines, strlen(lines));
}
