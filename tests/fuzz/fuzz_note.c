/*
 * fuzz_note - signed notes, checkpoints and vkeys. A checkpoint that is read is written back as
 * it was, but for its extension lines; so is a vkey.
 */
#include <stdint.h>
#include <string.h>

#include "base/check.h"
#include "wire/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_checkpoint(struct tc_slice input)
{
	static struct tc_checkpoint checkpoint;
	struct tc_bytes text = {0};
	char origin[TC_NOTE_NAME_BYTES];

	if (tc_checkpoint_parse(input, &checkpoint) != 0)
		return;
	TC_CHECK(checkpoint.note.signature_count > 0 &&
		 checkpoint.note.signature_count <= TC_NOTE_SIGNATURES_MAX);
	memcpy(origin, checkpoint.origin.data, checkpoint.origin.len);
	origin[checkpoint.origin.len] = '\0';
	TC_CHECK(tc_checkpoint_format(origin, checkpoint.size, &checkpoint.root, &text) == 0);
	TC_CHECK(text.len <= checkpoint.note.text.len &&
		 memcmp(text.data, checkpoint.note.text.data, text.len) == 0);
	tc_bytes_free(&text);
}

static void check_vkey(struct tc_slice input)
{
	char vkey[TC_NOTE_VKEY_BYTES];
	struct tc_note_key key;

	if (tc_note_vkey_parse(input, &key) != 0)
		return;
	tc_note_vkey_format(&key, vkey);
	TC_CHECK(strlen(vkey) == input.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tc_note note;
	struct tc_slice input = tc_slice(data, size);
	struct tc_note_key key = {.name = "a", .type = TC_NOTE_COSIGNATURE};
	uint64_t time_s;

	check_checkpoint(input);
	check_vkey(input);
	if (tc_note_parse(input, &note) == 0)
		TC_CHECK(tc_cosignature_verify(&note, &key, &time_s) >= 0);
	return 0;
}
