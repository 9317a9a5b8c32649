#include "daemon/forget_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backup/forgotten_file.h"
#include "daemon/problem.h"
#include "journal/journal_forget.h"
#include "wire/digest.h"

#define HINT                                                                                       \
	"put the newest backup's copy, or your own, in its place; when there is none, see "        \
	"throughcared(8), RESTORING A LOG, and --forgotten-lost"
#define TARGET_TAG "throughcare/target/v1\n"
#define HASH_BYTES TC_SHA256_BYTES
#define ID_BYTES   sizeof(((struct tc_id *)NULL)->bytes)
#define TEXT_BYTES (TC_ID_TEXT_BYTES - 1)

static int target_hash(struct tc_id log_id, struct tc_id id, uint8_t ret[HASH_BYTES])
{
	const struct tc_slice pieces[] = {
		tc_slice_text(TARGET_TAG),
		tc_slice(log_id.bytes, ID_BYTES),
		tc_slice(id.bytes, ID_BYTES),
	};

	return tc_sha256_pieces(pieces, 3, ret);
}

static int folder_open(const struct config *config, struct backup_folder *ret)
{
	int r = backup_folder_open(config->data_dir, false, ret);

	return r == BACKUP_FOLDER_ABSENT ? TC_EIO : r;
}

static void wrong_tell(const struct config *config, int r, size_t at)
{
	char *path = NULL;
	char detail[96];

	if (asprintf(&path, "%s/" FORGOTTEN_FILE_NAME, config->data_dir) < 0)
		path = NULL;
	if (r == FORGOTTEN_FILE_LESS)
		snprintf(detail, sizeof(detail), "it does not begin with what the log knows of it");
	else if (r == TC_ECORRUPT)
		snprintf(detail, sizeof(detail),
			 "at byte %zu no entry begins that is as it was written", at);
	else
		snprintf(detail, sizeof(detail), "%s", tc_err_text(r));
	problem_print_at(path ? path : FORGOTTEN_FILE_NAME,
			 r == FORGOTTEN_FILE_LESS
				 ? "the file is gone, or an older one: too little would stay "
				   "forgotten"
				 : "what has to stay forgotten cannot be read",
			 detail, HINT);
	free(path);
}

/* forgotten_file_check, with what the journal (NULL: nothing) has noted. */
static int check(const struct config *config, struct journal *journal, size_t *ret_at)
{
	struct backup_folder folder = {.fd = -1};
	uint8_t known[JOURNAL_NOTE_BYTES_MAX];
	size_t len = 0;
	int r = folder_open(config, &folder);

	*ret_at = 0;
	if (r == 0 && journal)
		r = journal_note_get(journal, JOURNAL_NOTE_FORGOTTEN, known, &len);
	if (r == 0)
		r = forgotten_file_check(&folder, tc_slice(known, len), ret_at);
	backup_folder_close(&folder);
	return r;
}

int forget_memory_check(const struct config *config, struct journal *journal)
{
	size_t at;
	int r = check(config, journal, &at);

	if (r != 0)
		wrong_tell(config, r, at);
	return r > 0 ? TC_ECORRUPT : r;
}

int forget_memory_less(const struct config *config, struct journal *journal, bool *ret)
{
	size_t at;
	int r = check(config, journal, &at);

	*ret = r == FORGOTTEN_FILE_LESS;
	return r > 0 ? 0 : r;
}

int forget_memory_note(const struct config *config, struct journal *journal)
{
	struct backup_folder folder = {.fd = -1};
	uint8_t known[JOURNAL_NOTE_BYTES_MAX], now[FORGOTTEN_KNOWN_BYTES];
	struct tc_bytes bytes = {0};
	struct tc_slice note;
	size_t len = 0;
	int r = folder_open(config, &folder);

	if (r == 0)
		r = forgotten_file_read(&folder, &bytes);
	if (r == 0)
		r = forgotten_file_know(tc_bytes_slice(&bytes), now);
	if (r == 0)
		r = journal_note_get(journal, JOURNAL_NOTE_FORGOTTEN, known, &len);
	note = tc_slice(now, bytes.len > 0 ? sizeof(now) : 0);
	if (r == 0 && !tc_slice_equal(tc_slice(known, len), note))
		r = journal_note_set(journal, JOURNAL_NOTE_FORGOTTEN, note);
	backup_folder_close(&folder);
	tc_bytes_free(&bytes);
	return r > 0 ? TC_EFULL : r;
}

/* ---- reading ---- */

static int hashes_keep(const ProtobufCBinaryData *hashes, struct tc_bytes *ret)
{
	if (hashes->len % HASH_BYTES != 0)
		return TC_ECORRUPT;
	return tc_bytes_append(ret, hashes->data, hashes->len);
}

static int entry_keep(struct forget_memory *memory, struct tc_slice packed)
{
	Throughcare__V1__ForgottenMemory *entry =
		throughcare__v1__forgotten_memory__unpack(NULL, packed.len, packed.data);
	Throughcare__V1__ForgottenMemory **grown;
	int r;

	if (!entry || !entry->record) {
		throughcare__v1__forgotten_memory__free_unpacked(entry, NULL);
		return TC_ECORRUPT;
	}
	if (entry->log_id.len != ID_BYTES ||
	    memcmp(entry->log_id.data, memory->log_id.bytes, ID_BYTES) != 0) {
		throughcare__v1__forgotten_memory__free_unpacked(entry, NULL);
		return 0;
	}
	grown = reallocarray(memory->entries, memory->count + 1, sizeof(*grown));
	if (!grown) {
		throughcare__v1__forgotten_memory__free_unpacked(entry, NULL);
		return TC_ENOMEM;
	}
	memory->entries = grown;
	memory->entries[memory->count++] = entry;
	r = hashes_keep(&entry->roots, &memory->roots);
	return r < 0 ? r : hashes_keep(&entry->messages, &memory->messages);
}

static int hash_compare(const void *left, const void *right)
{
	return memcmp(left, right, HASH_BYTES);
}

static void hashes_sort(struct tc_bytes *hashes)
{
	if (hashes->len > 0)
		qsort(hashes->data, hashes->len / HASH_BYTES, HASH_BYTES, hash_compare);
}

int forget_memory_load(const struct config *config, struct journal *journal,
		       struct forget_memory *ret)
{
	struct backup_folder folder = {.fd = -1};
	struct tc_bytes bytes = {0};
	struct journal_usage usage;
	struct tc_slice left, packed;
	int r = journal_usage(journal, &usage);

	*ret = (struct forget_memory){.count = 0};
	if (r < 0)
		return r;
	ret->log_id = usage.log_id;
	r = folder_open(config, &folder);
	if (r == 0)
		r = forgotten_file_read(&folder, &bytes);
	left = tc_bytes_slice(&bytes);
	while (r == 0) {
		r = forgotten_file_next(&left, &packed);
		if (r == 0)
			r = entry_keep(ret, packed);
	}
	hashes_sort(&ret->roots);
	hashes_sort(&ret->messages);
	backup_folder_close(&folder);
	tc_bytes_free(&bytes);
	if (r < 0)
		forget_memory_done(ret);
	return r < 0 ? r : 0;
}

void forget_memory_done(struct forget_memory *memory)
{
	for (size_t i = 0; i < memory->count; i++)
		throughcare__v1__forgotten_memory__free_unpacked(memory->entries[i], NULL);
	free(memory->entries);
	tc_bytes_free(&memory->roots);
	tc_bytes_free(&memory->messages);
	*memory = (struct forget_memory){.count = 0};
}

/* ---- adding ---- */

static int commitments_add(struct journal_reader *reader, Throughcare__V1__SequenceRange **ranges,
			   size_t count, struct tc_bytes *ret)
{
	int r = 0;

	for (size_t i = 0; i < count; i++) {
		for (uint64_t n = 0; r == 0 && n < ranges[i]->count; n++) {
			struct journal_leaf leaf;
			size_t found;

			r = journal_read_leaves(reader, ranges[i]->first + n, 1, &leaf, &found);
			if (r == 0 && found == 0)
				r = TC_ECORRUPT;
			if (r == 0)
				r = tc_bytes_append(ret, leaf.commitment, sizeof(leaf.commitment));
		}
	}
	return r;
}

static int hashes_add(struct tc_id log_id, const struct sought *ids, const struct sought *but,
		      struct tc_bytes *ret)
{
	uint8_t hash[HASH_BYTES];
	int r = 0;

	for (size_t i = 0; r == 0 && i < ids->count; i++) {
		if (but && sought_has(but, ids->ids[i]))
			continue;
		r = target_hash(log_id, ids->ids[i], hash);
		if (r == 0)
			r = tc_bytes_append(ret, hash, sizeof(hash));
	}
	return r;
}

static int entry_write(const struct config *config, struct tc_slice packed)
{
	struct backup_folder folder = {.fd = -1};
	struct tc_bytes bytes = {0};
	struct tc_slice left, entry;
	struct backup_file file;
	bool there = false; /* a crash came after it */
	int r = folder_open(config, &folder);

	if (r == 0)
		r = forgotten_file_read(&folder, &bytes);
	left = tc_bytes_slice(&bytes);
	while (r == 0 && !there) {
		r = forgotten_file_next(&left, &entry);
		there = r == 0 && tc_slice_equal(entry, packed);
	}
	if (r == FORGOTTEN_FILE_END) {
		r = forgotten_file_add(&bytes, packed);
		if (r == 0)
			r = backup_folder_write(&folder, FORGOTTEN_FILE_NAME,
						tc_bytes_slice(&bytes), &file);
	}
	/* The bodies go after this. */
	if (r == 0)
		r = backup_folder_sync(&folder);
	backup_folder_close(&folder);
	tc_bytes_free(&bytes);
	return r;
}

static ProtobufCBinaryData data_of(const struct tc_bytes *bytes)
{
	return (ProtobufCBinaryData){.len = bytes->len, .data = bytes->data};
}

static int entry_pack(const struct config *config, const Throughcare__V1__ForgottenMemory *entry)
{
	size_t len = throughcare__v1__forgotten_memory__get_packed_size(entry);
	struct tc_bytes packed = {0};
	int r = tc_bytes_reserve(&packed, len);

	if (r == 0) {
		packed.len = throughcare__v1__forgotten_memory__pack(entry, packed.data);
		r = entry_write(config, tc_bytes_slice(&packed));
	}
	tc_bytes_free(&packed);
	return r;
}

int forget_memory_add(const struct config *config, struct journal *journal, uint64_t sequence,
		      const Throughcare__V1__ForgottenRecord *record,
		      const struct forget_what *targets)
{
	Throughcare__V1__ForgottenMemory entry = THROUGHCARE__V1__FORGOTTEN_MEMORY__INIT;
	struct tc_bytes commitments = {0}, roots = {0}, messages = {0};
	struct journal_reader *reader = NULL;
	struct journal_usage usage;
	int r = journal_usage(journal, &usage);

	if (r == 0)
		r = journal_reader_open(journal, &reader);
	if (r == 0)
		r = commitments_add(reader, record->records, record->n_records, &commitments);
	if (r == 0)
		r = hashes_add(usage.log_id, &targets->roots, NULL, &roots);
	if (r == 0)
		r = hashes_add(usage.log_id, &targets->ids, &targets->roots, &messages);
	if (r == 0) {
		entry.has_log_id = entry.has_sequence = entry.has_commitments = 1;
		entry.has_roots = entry.has_messages = 1;
		entry.log_id = (ProtobufCBinaryData){.len = ID_BYTES, .data = usage.log_id.bytes};
		entry.sequence = sequence;
		entry.record = (Throughcare__V1__ForgottenRecord *)(uintptr_t)record;
		entry.commitments = data_of(&commitments);
		entry.roots = data_of(&roots);
		entry.messages = data_of(&messages);
		r = entry_pack(config, &entry);
	}
	journal_reader_close(&reader);
	tc_bytes_free(&commitments);
	tc_bytes_free(&roots);
	tc_bytes_free(&messages);
	return r;
}

/* ---- knowing again ---- */

static bool among(const struct tc_bytes *hashes, const uint8_t hash[HASH_BYTES])
{
	return hashes->len > 0 && bsearch(hash, hashes->data, hashes->len / HASH_BYTES, HASH_BYTES,
					  hash_compare) != NULL;
}

static int know_id(const struct forget_memory *memory, struct tc_id id, struct forget_what *what)
{
	uint8_t hash[HASH_BYTES];
	int r = target_hash(memory->log_id, id, hash);

	if (r == 0 && among(&memory->roots, hash))
		r = forget_what_root(what, id);
	else if (r == 0 && among(&memory->messages, hash))
		r = sought_add(&what->ids, id);
	return r;
}

int forget_memory_know(const struct forget_memory *memory, struct tc_slice bytes,
		       struct forget_what *what)
{
	int r = 0;

	for (size_t i = 0; r == 0 && memory->count > 0 && i + TEXT_BYTES <= bytes.len; i++) {
		struct tc_id id;

		if (bytes.data[i + 8] == '-' &&
		    tc_id_parse(tc_slice(bytes.data + i, TEXT_BYTES), &id))
			r = know_id(memory, id, what);
	}
	return r;
}

static int find_one(struct journal_reader *reader, uint64_t sequence, const uint8_t *commitment,
		    struct sought_numbers *ret)
{
	struct journal_entry stored;
	int r = journal_read(reader, sequence, &stored);

	if (r != 0)
		return r == JOURNAL_END || r == JOURNAL_FORGOTTEN ? 0 : r;
	return memcmp(stored.commitment, commitment, sizeof(stored.commitment)) == 0
		       ? sought_numbers_add(ret, sequence)
		       : 0;
}

static int find_entry(const Throughcare__V1__ForgottenMemory *entry, struct journal_reader *reader,
		      struct sought_numbers *ret)
{
	const Throughcare__V1__ForgottenRecord *record = entry->record;
	size_t at = 0;
	int r = 0;

	for (size_t i = 0; i < record->n_records; i++) {
		for (uint64_t n = 0; r == 0 && n < record->records[i]->count; n++) {
			if (at + HASH_BYTES > entry->commitments.len)
				return TC_ECORRUPT;
			r = find_one(reader, record->records[i]->first + n,
				     entry->commitments.data + at, ret);
			at += HASH_BYTES;
		}
	}
	return r;
}

int forget_memory_find(const struct forget_memory *memory, struct journal *journal,
		       struct sought_numbers *ret_records)
{
	struct journal_reader *reader = NULL;
	int r = journal_reader_open(journal, &reader);

	for (size_t i = 0; r == 0 && i < memory->count; i++)
		r = find_entry(memory->entries[i], reader, ret_records);
	journal_reader_close(&reader);
	return r;
}
