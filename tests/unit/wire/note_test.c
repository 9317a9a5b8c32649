/* note: the examples of the C2SP specifications and of Go's sumdb/note, and what is no note. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "wire/base64.h"
#include "wire/note.h"

#define SPEC_VKEY "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
#define SPEC_NOTE                                                                                  \
	"This is an example message.\n\n"                                                          \
	"\xe2\x80\x94 example.com/foo "                                                            \
	"Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72Ine"  \
	"yaQM=\n"

#define GO_VKEY "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define GO_SEED "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
#define GO_TEXT                                                                                    \
	"If you think cryptography is the answer to your problem,\n"                               \
	"then you don't know what your problem is.\n"
#define GO_LINE                                                                                    \
	"\xe2\x80\x94 PeterNeumann "                                                               \
	"x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBw"  \
	"JnAM=\n"
#define ENOCH_VKEY "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
#define ENOCH_LINE                                                                                 \
	"\xe2\x80\x94 EnochRoot "                                                                  \
	"rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvM"  \
	"c+QQ=\n"

/* The example of tlog-cosignature: a checkpoint and its witness's line. */
#define SOFA_TEXT                                                                                  \
	"example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
#define SOFA_LINE                                                                                  \
	"\xe2\x80\x94 witness.example.com/w1 "                                                     \
	"jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe"  \
	"+mbIUBkBIfZ+qnA==\n"

static struct tc_note_key key_of(const char *vkey)
{
	struct tc_note_key key;

	assert_int_equal(tc_note_vkey_parse(tc_slice_text(vkey), &key), 0);
	return key;
}

static EVP_PKEY *go_key(void)
{
	uint8_t blob[64];
	size_t len;
	EVP_PKEY *key;

	assert_true(tc_base64_decode(tc_slice_text(GO_SEED), blob, &len));
	assert_int_equal(len, 33);
	key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, blob + 1, 32);
	assert_non_null(key);
	return key;
}

static void the_example_of_signed_note_verifies(void **state)
{
	struct tc_note_key key = key_of(SPEC_VKEY);
	struct tc_note_key other = key_of(GO_VKEY);
	struct tc_note note;
	char vkey[TC_NOTE_VKEY_BYTES];

	(void)state;
	assert_string_equal(key.name, "example.com/foo");
	assert_int_equal(tc_get_be32(key.id), 0x530d903a);
	tc_note_vkey_format(&key, vkey);
	assert_string_equal(vkey, SPEC_VKEY);
	assert_int_equal(tc_note_parse(tc_slice_text(SPEC_NOTE), &note), 0);
	assert_int_equal(note.signature_count, 1);
	assert_int_equal(note.text.len, strlen("This is an example message.\n"));
	assert_int_equal(tc_note_verify(&note, &key), 0);
	assert_int_equal(tc_note_verify(&note, &other), TC_NOTE_UNSIGNED);
}

static void the_examples_of_the_go_library_are_made_byte_for_byte(void **state)
{
	struct tc_note_key peter = key_of(GO_VKEY);
	struct tc_note_key enoch = key_of(ENOCH_VKEY);
	struct tc_bytes line = {0};
	EVP_PKEY *key = go_key();
	struct tc_note_key made;
	struct tc_note note;

	(void)state;
	assert_int_equal(tc_note_key_of(key, "PeterNeumann", TC_NOTE_ED25519, &made), 0);
	assert_memory_equal(&made, &peter, sizeof(made));
	assert_int_equal(tc_note_sign(key, "PeterNeumann", tc_slice_text(GO_TEXT), &line), 0);
	assert_true(tc_slice_equal(tc_bytes_slice(&line), tc_slice_text(GO_LINE)));
	assert_int_equal(tc_note_parse(tc_slice_text(GO_TEXT "\n" GO_LINE ENOCH_LINE), &note), 0);
	assert_int_equal(note.signature_count, 2);
	assert_int_equal(tc_note_verify(&note, &peter), 0);
	assert_int_equal(tc_note_verify(&note, &enoch), 0);
	tc_bytes_free(&line);
	EVP_PKEY_free(key);
}

static void one_changed_byte_of_the_text_is_wrong(void **state)
{
	struct tc_note_key peter = key_of(GO_VKEY);
	char text[] = GO_TEXT "\n" GO_LINE;
	struct tc_note note;

	(void)state;
	text[5] ^= 1;
	assert_int_equal(tc_note_parse(tc_slice_text(text), &note), 0);
	assert_int_equal(tc_note_verify(&note, &peter), TC_NOTE_WRONG);
}

static void a_vkey_with_any_byte_changed_or_missing_is_none(void **state)
{
	char vkey[] = GO_VKEY;
	size_t len = strlen(vkey);
	struct tc_note_key key;

	(void)state;
	for (size_t from = 0; from < len; from++) {
		for (size_t to = from; to <= len; to++)
			if (from != 0 || to != len)
				assert_int_equal(
					tc_note_vkey_parse(tc_slice(vkey + from, to - from), &key),
					TC_NOTE_MALFORMED);
	}
	assert_int_equal(tc_note_vkey_parse(tc_slice_text("PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwx"
							  "bzhKqiBfsVkmqq/LDE4izWy10TW"),
					    &key),
			 TC_NOTE_MALFORMED);
	for (size_t i = 0; i < len; i++) {
		vkey[i]++;
		assert_int_equal(tc_note_vkey_parse(tc_slice_text(vkey), &key), TC_NOTE_MALFORMED);
		vkey[i]--;
	}
}

static void what_is_no_note_is_malformed(void **state)
{
	static const char *const texts[] = {
		"",
		"\n",
		"\n\n",
		GO_TEXT,
		GO_TEXT "\n",
		GO_TEXT GO_LINE,
		GO_TEXT "\n" GO_LINE "\n",
		GO_TEXT "\n- PeterNeumann x08go/ZJ\n",
		GO_TEXT "\n\xe2\x80\x94 PeterNeumann\n",
		GO_TEXT "\n\xe2\x80\x94 PeterNeumann x08g\n", /* nothing after the key id */
		GO_TEXT "\n\xe2\x80\x94 PeterNeumann x08go_ZJ\n",
		GO_TEXT "\n\xe2\x80\x94 PeterNeumann x08go/ZJk\n",
		GO_TEXT "\n\xe2\x80\x94 Peter+Neumann x08go/ZJ\n",
		GO_TEXT "\n\xe2\x80\x94  x08go/ZJ\n",
		"\x01" GO_TEXT "\n" GO_LINE,
		"\xff" GO_TEXT "\n" GO_LINE,
		GO_TEXT "\n\xe2\x80\x94 PeterNeumann x08go/ZJ", /* no newline */
	};
	struct tc_note note;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (tc_note_parse(tc_slice_text(texts[i]), &note) != TC_NOTE_MALFORMED)
			fail_msg("text %zu is taken for a note", i);
}

static void there_are_no_more_signatures_than_the_limit(void **state)
{
	struct tc_bytes text = {0};
	struct tc_note note;

	(void)state;
	assert_int_equal(tc_bytes_append(&text, "a\n\n", 3), 0);
	for (size_t i = 0; i < TC_NOTE_SIGNATURES_MAX; i++)
		assert_int_equal(tc_bytes_append(&text, ENOCH_LINE, strlen(ENOCH_LINE)), 0);
	assert_int_equal(tc_note_parse(tc_bytes_slice(&text), &note), 0);
	assert_int_equal(note.signature_count, TC_NOTE_SIGNATURES_MAX);
	assert_int_equal(tc_bytes_append(&text, ENOCH_LINE, strlen(ENOCH_LINE)), 0);
	assert_int_equal(tc_note_parse(tc_bytes_slice(&text), &note), TC_NOTE_MALFORMED);
	tc_bytes_free(&text);
}

static void the_example_of_a_cosigned_checkpoint_is_read(void **state)
{
	struct tc_checkpoint checkpoint;
	struct tc_bytes text = {0};

	(void)state;
	assert_int_equal(tc_checkpoint_parse(tc_slice_text(SOFA_TEXT "\n" SOFA_LINE), &checkpoint),
			 0);
	assert_int_equal(checkpoint.size, 20852163);
	assert_true(
		tc_slice_equal(checkpoint.origin, tc_slice_text("example.com/behind-the-sofa")));
	assert_int_equal(checkpoint.note.signatures[0].len, 72);
	assert_int_equal(tc_get_be32(checkpoint.note.signatures[0].id), 0x8d66cf3f);
	assert_int_equal(tc_get_be64(checkpoint.note.signatures[0].bytes), 1679315147);
	assert_int_equal(tc_checkpoint_format("example.com/behind-the-sofa", 20852163,
					      &checkpoint.root, &text),
			 0);
	assert_true(tc_slice_equal(tc_bytes_slice(&text), tc_slice_text(SOFA_TEXT)));
	tc_bytes_free(&text);
}

static void what_is_no_checkpoint_is_malformed(void **state)
{
	static const char *const texts[] = {
		"\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
		"a b\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
		"a+b\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
		"a\n020852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
		"a\n+20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
		"a\n-1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
		"a\n\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
		"a\n18446744073709551616\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
		"a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I\n",
		"a\n1\nCsUYapGGPo4dkMgIAUqom_Xajj7h2fB2MPA3j2jxq2I=\n",
		"a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n",
		"a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==\n",
		"a\n1\n",
		"a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\nmore\n",
	};
	struct tc_checkpoint checkpoint;
	char note[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		snprintf(note, sizeof(note), "%s\n%s", texts[i], SOFA_LINE);
		if (tc_checkpoint_parse(tc_slice_text(note), &checkpoint) != TC_NOTE_MALFORMED)
			fail_msg("text %zu is taken for a checkpoint", i);
	}
	assert_int_equal(
		tc_checkpoint_parse(tc_slice_text("a\n18446744073709551615\n"
						  "CsUYapGGPo4dkMgIAUqom/"
						  "Xajj7h2fB2MPA3j2jxq2I=\nmore\n\n" SOFA_LINE),
				    &checkpoint),
		0);
	assert_true(checkpoint.size == UINT64_MAX);
}

static void a_cosignature_vouches_for_its_time(void **state)
{
	struct tc_bytes note = {0};
	EVP_PKEY *key = go_key();
	struct tc_checkpoint read;
	struct tc_note_key cosigner;
	uint64_t time_s;

	(void)state;
	assert_int_equal(tc_note_key_of(key, "court.example/w", TC_NOTE_COSIGNATURE, &cosigner), 0);
	assert_int_equal(tc_bytes_append(&note, SOFA_TEXT "\n", strlen(SOFA_TEXT) + 1), 0);
	assert_int_equal(tc_cosignature_sign(key, "court.example/w", tc_slice_text(SOFA_TEXT),
					     1795000000, &note),
			 0);
	assert_int_equal(tc_cosignature_sign(key, "court.example/w", tc_slice_text(SOFA_TEXT),
					     1795000600, &note),
			 0);
	assert_int_equal(tc_checkpoint_parse(tc_bytes_slice(&note), &read), 0);
	assert_int_equal(tc_cosignature_verify(&read.note, &cosigner, &time_s), 0);
	assert_int_equal(time_s, 1795000600);
	read.note.signatures[1].bytes[7] ^= 1; /* the time */
	assert_int_equal(tc_cosignature_verify(&read.note, &cosigner, &time_s), TC_NOTE_WRONG);
	tc_bytes_free(&note);
	EVP_PKEY_free(key);
}

static void a_key_of_another_kind_or_an_ill_name_signs_nothing(void **state)
{
	EVP_PKEY *p256 = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	EVP_PKEY *ed25519 = go_key();
	struct tc_bytes line = {0};

	(void)state;
	assert_int_equal(tc_note_sign(p256, "a", tc_slice_text("b\n"), &line), TC_ECONFIG);
	assert_int_equal(tc_note_sign(ed25519, "a b", tc_slice_text("b\n"), &line), TC_ECONFIG);
	assert_int_equal(tc_note_sign(ed25519, "", tc_slice_text("b\n"), &line), TC_ECONFIG);
	/* Of Unicode's spaces none; what only looks like the first byte of one is a letter. */
	assert_int_equal(tc_note_sign(ed25519,
				      "a\xc2\xa0"
				      "b",
				      tc_slice_text("b\n"), &line),
			 TC_ECONFIG);
	assert_false(tc_note_name_valid(tc_slice_text("a\xe2\x80\xa8")));
	assert_false(tc_note_name_valid(tc_slice_text("\xe3\x80\x80")));
	assert_true(tc_note_name_valid(tc_slice_text("a\xe2\x80\x94\xc2\xa1\xe1\x9a\x81")));
	assert_int_equal(line.len, 0);
	EVP_PKEY_free(p256);
	EVP_PKEY_free(ed25519);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_of_signed_note_verifies),
		cmocka_unit_test(the_examples_of_the_go_library_are_made_byte_for_byte),
		cmocka_unit_test(one_changed_byte_of_the_text_is_wrong),
		cmocka_unit_test(a_vkey_with_any_byte_changed_or_missing_is_none),
		cmocka_unit_test(what_is_no_note_is_malformed),
		cmocka_unit_test(there_are_no_more_signatures_than_the_limit),
		cmocka_unit_test(the_example_of_a_cosigned_checkpoint_is_read),
		cmocka_unit_test(what_is_no_checkpoint_is_malformed),
		cmocka_unit_test(a_cosignature_vouches_for_its_time),
		cmocka_unit_test(a_key_of_another_kind_or_an_ill_name_signs_nothing),
	};

	return cmocka_run_group_tests_name("note", tests, NULL, NULL);
}
