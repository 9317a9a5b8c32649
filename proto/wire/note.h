/*
 * note - signed notes and the checkpoints of a log, byte for byte as C2SP says.
 *
 * Implements c2sp.org/signed-note v1.0.0, tlog-checkpoint v1.0.0 and tlog-cosignature
 * v1.0.1 with Ed25519 keys:
 *
 *   note        text "\n" signature lines; the text ends with a newline and is what is signed
 *   line        "— " key name " " base64(key id(4) || signature) "\n"
 *   checkpoint  a note whose text is origin, size in decimal, base64 root, one a line
 *   vkey        key name "+" hex(key id) "+" base64(type || public key)
 *   key id      SHA-256(key name || "\n" || type || public key), its first 4 bytes
 *   cosignature a line whose signature is u64be time in s || Ed25519 over
 *               "cosignature/v1\ntime " time "\n" || text
 *
 * Lines of keys that nobody asks about are carried along whatever their algorithm.
 *
 * Owner: any thread; what was parsed borrows from the bytes given. Blocks: never.
 */
#ifndef WIRE_NOTE_H
#define WIRE_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "wire/merkle.h"

struct evp_pkey_st; /* OpenSSL's EVP_PKEY */

#define TC_NOTE_BYTES_MAX            16384
#define TC_NOTE_NAME_BYTES           256 /* with the final NUL */
#define TC_NOTE_SIGNATURES_MAX       32
#define TC_NOTE_VKEY_BYTES           (TC_NOTE_NAME_BYTES + 56) /* with the final NUL */
#define TC_NOTE_ED25519_BYTES        64
#define TC_NOTE_SIGNATURE_BYTES_KEPT (8 + TC_NOTE_ED25519_BYTES)

enum tc_note_type {
	TC_NOTE_ED25519 = 1,
	TC_NOTE_COSIGNATURE = 4, /* cosignature/v1 with Ed25519 */
};

enum tc_note_outcome {
	TC_NOTE_MALFORMED = 1, /* not such a note, checkpoint or vkey */
	TC_NOTE_UNSIGNED,      /* there is no line of this key */
	TC_NOTE_WRONG,         /* there is one, and it is no signature of this text */
};

struct tc_note_key {
	char name[TC_NOTE_NAME_BYTES];
	uint8_t id[4];
	uint8_t type; /* enum tc_note_type */
	uint8_t public_key[32];
};

struct tc_note_signature {
	struct tc_slice line; /* whole, with its newline */
	struct tc_slice name;
	uint8_t id[4];
	size_t len; /* of the signature; kept only when it is no longer than the field */
	uint8_t bytes[TC_NOTE_SIGNATURE_BYTES_KEPT];
};

struct tc_note {
	struct tc_slice text; /* with its final newline */
	size_t signature_count;
	struct tc_note_signature signatures[TC_NOTE_SIGNATURES_MAX];
};

struct tc_checkpoint {
	struct tc_note note;
	struct tc_slice origin;
	uint64_t size;
	struct tc_merkle_hash root;
};

/* Not empty, at most 255 bytes, and neither a space, a control character nor a '+' in it. */
bool tc_note_name_valid(struct tc_slice name);
int tc_note_key_id(const char *name, uint8_t type, const uint8_t public_key[32],
		   uint8_t ret[4]) TC_MUST_CHECK;
/* The key that belongs to an OpenSSL key, private or public, under a name. TC_ECONFIG when it is
 * not Ed25519 or the name is not valid. */
int tc_note_key_of(struct evp_pkey_st *key, const char *name, uint8_t type,
		   struct tc_note_key *ret) TC_MUST_CHECK;
/* 0 or TC_NOTE_MALFORMED; so is a key id that is not the key's, and a type other than the two. */
int tc_note_vkey_parse(struct tc_slice text, struct tc_note_key *ret) TC_MUST_CHECK;
void tc_note_vkey_format(const struct tc_note_key *key, char to[TC_NOTE_VKEY_BYTES]);

/* 0 or TC_NOTE_MALFORMED. Strict: valid UTF-8 without control characters but newlines, canonical
 * base64, 1..TC_NOTE_SIGNATURES_MAX lines. */
int tc_note_parse(struct tc_slice note, struct tc_note *ret) TC_MUST_CHECK;
/* 0 when a line of this key signs the text; TC_NOTE_UNSIGNED, TC_NOTE_WRONG or TC_ECRYPTO. Of a
 * TC_NOTE_COSIGNATURE key: any time. */
int tc_note_verify(const struct tc_note *note, const struct tc_note_key *key) TC_MUST_CHECK;
/* Appends the line of an Ed25519 key. */
int tc_note_sign(struct evp_pkey_st *key, const char *name, struct tc_slice text,
		 struct tc_bytes *line) TC_MUST_CHECK;

/* The text of a checkpoint, appended. */
int tc_checkpoint_format(const char *origin, uint64_t size, const struct tc_merkle_hash *root,
			 struct tc_bytes *text) TC_MUST_CHECK;
/* 0 or TC_NOTE_MALFORMED. Extension lines are allowed, leading zeros are not. */
int tc_checkpoint_parse(struct tc_slice note, struct tc_checkpoint *ret) TC_MUST_CHECK;

/* A cosignature of the text, seen at `time_s` (Unix time). Appends the line. */
int tc_cosignature_sign(struct evp_pkey_st *key, const char *name, struct tc_slice text,
			uint64_t time_s, struct tc_bytes *line) TC_MUST_CHECK;
/* As tc_note_verify for a TC_NOTE_COSIGNATURE key, and gives the latest time it vouches for. */
int tc_cosignature_verify(const struct tc_note *note, const struct tc_note_key *key,
			  uint64_t *ret_time_s) TC_MUST_CHECK;

#endif
