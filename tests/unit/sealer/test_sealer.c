/* sealer: what it signs, what it never signs, and what it remembers. */
#include "sealer/sealer.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "scratch.h"
#include "wire/note.h"

#define ORIGIN "example.org/trail"
#define LEAVES 40

struct place {
	char folder[PATH_MAX];
	char keys[PATH_MAX + 8];
	int fd;
	struct sealer sealer;
	struct tc_merkle_hash leaves[LEAVES];
};

static void key_write(const struct place *place, const char *name, const char *kind, mode_t mode)
{
	char path[PATH_MAX + 64];
	EVP_PKEY *key = strcmp(kind, "EC") == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")
						: EVP_PKEY_Q_keygen(NULL, NULL, kind);
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", place->keys, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(PEM_write_PKCS8PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
	fclose(file);
	assert_int_equal(chmod(path, mode), 0);
	EVP_PKEY_free(key);
}

static int load(struct place *place)
{
	struct sealer_key_problem problem;

	sealer_keys_free(&place->sealer.keys);
	return sealer_keys_load(place->keys, &place->sealer.keys, &problem);
}

/* As a new process would. */
static int reopen(struct place *place, const char *origin)
{
	return sealer_state_open(place->fd, origin, &place->sealer.state);
}

static int setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	scratch_make(place->folder);
	snprintf(place->keys, sizeof(place->keys), "%s/keys", place->folder);
	assert_int_equal(mkdir(place->keys, 0700), 0);
	place->fd = open(place->folder, O_RDONLY | O_DIRECTORY);
	key_write(place, "1.pem", "ED25519", 0600);
	assert_int_equal(load(place), 0);
	assert_int_equal(reopen(place, ORIGIN), 0);
	for (size_t i = 0; i < LEAVES; i++)
		assert_int_equal(tc_merkle_leaf(tc_slice(&i, sizeof(i)), &place->leaves[i]), 0);
	*state = place;
	return 0;
}

static int teardown(void **state)
{
	struct place *place = *state;

	sealer_keys_free(&place->sealer.keys);
	close(place->fd);
	scratch_remove(place->folder);
	free(place);
	return 0;
}

static struct tc_merkle_hash root_of(const struct tc_merkle_hash *leaves, size_t count)
{
	struct tc_merkle_hash left, right;
	size_t split = 1;

	if (count == 1)
		return leaves[0];
	while (split * 2 < count)
		split *= 2;
	left = root_of(leaves, split);
	right = root_of(leaves + split, count - split);
	assert_int_equal(tc_merkle_node(&left, &right, &left), 0);
	return left;
}

static size_t consistency(const struct tc_merkle_hash *leaves, size_t m, size_t n, bool whole,
			  struct tc_merkle_hash *to)
{
	size_t split = 1;
	size_t count;

	if (m == n) {
		if (!whole)
			*to = root_of(leaves, n);
		return whole ? 0 : 1;
	}
	while (split * 2 < n)
		split *= 2;
	if (m <= split) {
		count = consistency(leaves, m, split, whole, to);
		to[count] = root_of(leaves + split, n - split);
	} else {
		count = consistency(leaves + split, m - split, n - split, false, to);
		to[count] = root_of(leaves, split);
	}
	return count + 1;
}

/* Asks for a signature of the first `size` leaves, with proof from `old`; gives the answer. */
static struct tc_bytes ask(struct place *place, size_t old, size_t size)
{
	struct tc_merkle_hash hashes[16];
	struct tc_merkle_hash root = root_of(place->leaves, size);
	size_t count =
		old > 0 && old < size ? consistency(place->leaves, old, size, true, hashes) : 0;
	uint8_t frame[SEALER_SIGN_HEAD_BYTES + sizeof(hashes)];
	struct tc_bytes answer = {0};

	frame[0] = SEALER_SIGN;
	tc_put_be64(frame + 1, size);
	memcpy(frame + 9, root.bytes, sizeof(root.bytes));
	tc_put_be16(frame + SEALER_SIGN_HEAD_BYTES - 2, (uint16_t)count);
	if (count > 0)
		memcpy(frame + SEALER_SIGN_HEAD_BYTES, hashes, count * sizeof(root.bytes));
	assert_int_equal(
		sealer_answer(&place->sealer,
			      tc_slice(frame, SEALER_SIGN_HEAD_BYTES + count * sizeof(root.bytes)),
			      &answer),
		0);
	return answer;
}

static void expect_signed(struct place *place, size_t old, size_t size, size_t signatures)
{
	struct tc_merkle_hash root = root_of(place->leaves, size);
	struct tc_bytes answer = ask(place, old, size);
	struct tc_bytes note = {0};
	struct tc_checkpoint read;
	struct tc_note_key key;

	assert_int_equal(answer.data[0], SEALER_SIGNED);
	assert_int_equal(tc_checkpoint_format(ORIGIN, size, &root, &note), 0);
	assert_int_equal(tc_bytes_append(&note, "\n", 1), 0);
	assert_int_equal(tc_bytes_append(&note, answer.data + 1, answer.len - 1), 0);
	assert_int_equal(tc_checkpoint_parse(tc_bytes_slice(&note), &read), 0);
	assert_int_equal(read.note.signature_count, signatures);
	for (size_t i = 0; i < signatures; i++) {
		assert_int_equal(
			tc_note_key_of(place->sealer.keys.keys[i], ORIGIN, TC_NOTE_ED25519, &key),
			0);
		assert_int_equal(tc_note_verify(&read.note, &key), 0);
	}
	tc_bytes_free(&note);
	tc_bytes_free(&answer);
}

static void expect_refused(struct place *place, size_t old, size_t size, enum sealer_refusal code)
{
	struct tc_bytes answer = ask(place, old, size);

	assert_int_equal(answer.len, 2);
	assert_int_equal(answer.data[0], SEALER_REFUSED);
	assert_int_equal(answer.data[1], code);
	tc_bytes_free(&answer);
}

static void a_tree_that_continues_the_last_one_is_signed(void **state)
{
	struct place *place = *state;

	expect_signed(place, 0, 1, 1);
	expect_signed(place, 1, 7, 1);
	expect_signed(place, 7, 7, 1); /* the same again */
	expect_signed(place, 7, 40, 1);
	assert_int_equal(sealer_state_last(&place->sealer.state)->size, 40);
}

static void a_smaller_or_another_tree_is_never_signed_not_even_after_a_restart(void **state)
{
	struct place *place = *state;

	expect_signed(place, 0, 20, 1);
	for (int again = 0; again < 2; again++) {
		expect_refused(place, 0, 19, SEALER_SMALLER);
		expect_refused(place, 19, 21, SEALER_INCONSISTENT); /* a proof from elsewhere */
		expect_refused(place, 0, 21, SEALER_INCONSISTENT);  /* none */
		place->leaves[3].bytes[0] ^= 1;
		expect_refused(place, 20, 20, SEALER_INCONSISTENT);
		expect_refused(place, 20, 30, SEALER_INCONSISTENT);
		place->leaves[3].bytes[0] ^= 1;
		assert_int_equal(reopen(place, ORIGIN), 0);
		assert_int_equal(sealer_state_last(&place->sealer.state)->size, 20);
	}
	expect_signed(place, 20, 21, 1);
}

static void what_is_no_frame_is_malformed(void **state)
{
	struct place *place = *state;
	uint8_t frame[SEALER_SIGN_HEAD_BYTES + 32] = {SEALER_SIGN};
	struct tc_bytes answer = {0};

	frame[SEALER_SIGN_HEAD_BYTES - 1] = 2; /* says two hashes and has one */
	for (size_t len = 0; len <= sizeof(frame); len++) {
		answer.len = 0;
		assert_int_equal(sealer_answer(&place->sealer, tc_slice(frame, len), &answer), 0);
		assert_int_equal(answer.data[0], SEALER_REFUSED);
		assert_int_equal(answer.data[1], SEALER_MALFORMED);
	}
	frame[0] = 9;
	answer.len = 0;
	assert_int_equal(sealer_answer(&place->sealer, tc_slice(frame, 1), &answer), 0);
	assert_int_equal(answer.data[1], SEALER_MALFORMED);
	tc_bytes_free(&answer);
	assert_int_equal(sealer_state_last(&place->sealer.state)->size, 0);
}

static void the_greeting_tells_the_last_tree_and_the_keys(void **state)
{
	static const uint8_t hello = SEALER_HELLO;
	struct place *place = *state;
	struct tc_bytes answer = {0};
	struct tc_note_key key;
	struct tc_slice vkey;

	expect_signed(place, 0, 5, 1);
	assert_int_equal(sealer_answer(&place->sealer, tc_slice(&hello, 1), &answer), 0);
	assert_int_equal(answer.data[0], SEALER_HELLO);
	assert_int_equal(tc_get_be64(answer.data + 1), 5);
	assert_int_equal(answer.data[SEALER_HELLO_HEAD_BYTES - 1], 1);
	vkey = tc_slice(answer.data + SEALER_HELLO_HEAD_BYTES,
			answer.len - SEALER_HELLO_HEAD_BYTES - 1);
	assert_int_equal(tc_note_vkey_parse(vkey, &key), 0);
	assert_string_equal(key.name, ORIGIN);
	tc_bytes_free(&answer);
}

static void all_keys_sign_while_one_replaces_another(void **state)
{
	struct place *place = *state;

	key_write(place, "2.pem", "ED25519", 0600);
	assert_int_equal(load(place), 0);
	expect_signed(place, 0, 9, 2);
}

static void keys_that_others_may_read_or_of_another_kind_are_not_used(void **state)
{
	struct place *place = *state;
	char path[PATH_MAX + 64];

	key_write(place, "2.pem", "ED25519", 0640);
	assert_int_equal(load(place), TC_ECONFIG);
	key_write(place, "2.pem", "EC", 0600);
	assert_int_equal(load(place), TC_ECONFIG);
	for (int i = 2; i <= 5; i++) {
		snprintf(path, sizeof(path), "%d.pem", i);
		key_write(place, path, "ED25519", 0600);
		assert_int_equal(load(place), i <= 4 ? 0 : TC_ECONFIG);
	}
	for (int i = 1; i <= 5; i++) {
		snprintf(path, sizeof(path), "%s/%d.pem", place->keys, i);
		assert_int_equal(remove(path), 0);
	}
	assert_int_equal(load(place), TC_ECONFIG);
}

static void each_origin_has_a_state_of_its_own_for_good(void **state)
{
	struct place *place = *state;

	expect_signed(place, 0, 30, 1);
	assert_int_equal(reopen(place, ORIGIN "/1"), 0);
	assert_int_equal(sealer_state_last(&place->sealer.state)->size, 0);
	assert_int_equal(sealer_state_advance(&place->sealer.state, 12, &place->leaves[0]), 0);
	assert_int_equal(reopen(place, ORIGIN), 0);
	assert_int_equal(sealer_state_last(&place->sealer.state)->size, 30);
	assert_int_equal(reopen(place, ORIGIN "/1"), 0);
	assert_int_equal(sealer_state_last(&place->sealer.state)->size, 12);
}

static void a_state_with_any_byte_changed_or_cut_off_is_not_believed(void **state)
{
	struct place *place = *state;
	char path[PATH_MAX + 64], bytes[4096];
	size_t len;
	FILE *file;

	expect_signed(place, 0, 30, 1);
	snprintf(path, sizeof(path), "%s/sealer.state", place->folder);
	file = fopen(path, "r");
	assert_non_null(file);
	len = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	for (size_t i = 0; i <= 2 * len; i++) {
		bool cut = i >= len;

		if (!cut)
			bytes[i] ^= 1;
		file = fopen(path, "w");
		assert_int_equal(fwrite(bytes, 1, cut ? i - len : len, file), cut ? i - len : len);
		fclose(file);
		assert_int_equal(reopen(place, ORIGIN), i == 2 * len ? 0 : TC_ECORRUPT);
		if (!cut)
			bytes[i] ^= 1;
	}
}

static void what_cannot_be_remembered_is_not_signed(void **state)
{
	struct place *place = *state;
	char path[PATH_MAX + 64];

	/* A folder in the place of the file that is to be written. */
	snprintf(path, sizeof(path), "%s/sealer.state.new", place->folder);
	assert_int_equal(mkdir(path, 0700), 0);
	expect_refused(place, 0, 4, SEALER_DISK);
	assert_int_equal(sealer_state_last(&place->sealer.state)->size, 0);
	assert_int_equal(rmdir(path), 0);
	expect_signed(place, 0, 4, 1);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_tree_that_continues_the_last_one_is_signed),
		TEST(a_smaller_or_another_tree_is_never_signed_not_even_after_a_restart),
		TEST(what_is_no_frame_is_malformed),
		TEST(the_greeting_tells_the_last_tree_and_the_keys),
		TEST(all_keys_sign_while_one_replaces_another),
		TEST(keys_that_others_may_read_or_of_another_kind_are_not_used),
		TEST(each_origin_has_a_state_of_its_own_for_good),
		TEST(a_state_with_any_byte_changed_or_cut_off_is_not_believed),
		TEST(what_cannot_be_remembered_is_not_signed),
	};

	return cmocka_run_group_tests_name("sealer", tests, NULL, NULL);
}
