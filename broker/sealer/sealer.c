#include "sealer/sealer.h"

#include <string.h>

#include "sealer/sealer_frame.h"
#include "wire/note.h"

static int refuse(enum sealer_refusal code, struct tc_bytes *answer)
{
	const uint8_t frame[2] = {SEALER_REFUSED, (uint8_t)code};

	return tc_bytes_append(answer, frame, sizeof(frame));
}

static int greet(struct sealer *sealer, struct tc_bytes *answer)
{
	const struct sealer_origin *last = sealer_state_last(&sealer->state);
	uint8_t head[SEALER_HELLO_HEAD_BYTES];
	struct tc_note_key key;
	char vkey[TC_NOTE_VKEY_BYTES];
	int r;

	head[0] = SEALER_HELLO;
	tc_put_be64(head + 1, last->size);
	memcpy(head + 9, last->root.bytes, sizeof(last->root.bytes));
	head[sizeof(head) - 1] = (uint8_t)sealer->keys.count;
	r = tc_bytes_append(answer, head, sizeof(head));
	for (size_t i = 0; r == 0 && i < sealer->keys.count; i++) {
		r = tc_note_key_of(sealer->keys.keys[i], last->name, TC_NOTE_ED25519, &key);
		if (r == 0) {
			tc_note_vkey_format(&key, vkey);
			r = tc_bytes_append(answer, vkey, strlen(vkey));
		}
		if (r == 0)
			r = tc_bytes_append(answer, "\n", 1);
	}
	return r;
}

/* By each key; after the tree has been remembered. */
static int lines_make(struct sealer *sealer, struct tc_bytes *answer)
{
	const struct sealer_origin *last = sealer_state_last(&sealer->state);
	static const uint8_t head = SEALER_SIGNED;
	struct tc_bytes text = {0};
	int r = tc_checkpoint_format(last->name, last->size, &last->root, &text);

	if (r == 0)
		r = tc_bytes_append(answer, &head, 1);
	for (size_t i = 0; r == 0 && i < sealer->keys.count; i++)
		r = tc_note_sign(sealer->keys.keys[i], last->name, tc_bytes_slice(&text), answer);
	tc_bytes_free(&text);
	return r;
}

static int sign(struct sealer *sealer, struct tc_slice frame, struct tc_bytes *answer)
{
	const struct sealer_origin *last = sealer_state_last(&sealer->state);
	struct tc_merkle_hash hashes[SEALER_FRAME_HASHES_MAX];
	struct tc_merkle_hash root;
	uint64_t size;
	size_t count;
	int r;

	if (frame.len < SEALER_SIGN_HEAD_BYTES)
		return refuse(SEALER_MALFORMED, answer);
	size = tc_get_be64(frame.data + 1);
	memcpy(root.bytes, frame.data + 9, sizeof(root.bytes));
	count = tc_get_be16(frame.data + SEALER_SIGN_HEAD_BYTES - 2);
	if (count > SEALER_FRAME_HASHES_MAX ||
	    frame.len != SEALER_SIGN_HEAD_BYTES + count * sizeof(root.bytes))
		return refuse(SEALER_MALFORMED, answer);
	if (count > 0)
		memcpy(hashes, frame.data + SEALER_SIGN_HEAD_BYTES, count * sizeof(root.bytes));
	if (size < last->size)
		return refuse(SEALER_SMALLER, answer);
	r = tc_merkle_consistency_verify(last->size, size, &last->root, &root, hashes, count);
	if (r < 0)
		return r;
	if (r == TC_MERKLE_MISMATCH)
		return refuse(SEALER_INCONSISTENT, answer);
	if (size > last->size && sealer_state_advance(&sealer->state, size, &root) != 0)
		return refuse(SEALER_DISK, answer);
	/* The empty tree is never on record, so it cannot be signed for good. */
	if (size == 0)
		return refuse(SEALER_MALFORMED, answer);
	return lines_make(sealer, answer);
}

int sealer_answer(struct sealer *sealer, struct tc_slice frame, struct tc_bytes *answer)
{
	if (frame.len == 1 && frame.data[0] == SEALER_HELLO)
		return greet(sealer, answer);
	if (frame.len > 0 && frame.data[0] == SEALER_SIGN)
		return sign(sealer, frame, answer);
	return refuse(SEALER_MALFORMED, answer);
}
