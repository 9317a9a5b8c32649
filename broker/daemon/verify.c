#include "daemon/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/problem.h"
#include "daemon/stores.h"
#include "throughcare/v1/record.pb-c.h"
#include "wire/envelope.h"
#include "wire/header.h"

/* What the walk over the journal found. */
struct findings {
	uint64_t records;
	uint64_t parts;
	uint64_t forgotten; /* records whose parts were expunged */
	uint64_t wrong;
};

static void digest_print(const char *what, const uint8_t digest[32])
{
	char hex[65];

	tc_hex(digest, 32, hex);
	printf("%s digest %s\n", what, hex);
}

int verify_rebuild(const struct config *config)
{
	struct stores stores = {0};
	uint8_t digest[32];
	int r = stores_open(&stores, config, true);

	if (r == 0)
		r = ledger_digest(stores.ledger, digest);
	if (r == 0) {
		printf("records %" PRIu64 "\n", ledger_next(stores.ledger));
		digest_print("ledger", digest);
	} else {
		problem_print("the rebuild failed", tc_err_text(r), NULL);
	}
	stores_close(&stores);
	return r ? 1 : 0;
}

/* ---- --check ---- */

static void part_wrong(struct findings *findings, uint64_t sequence, size_t part, const char *why)
{
	printf("record %" PRIu64 " part %zu: %s\n", sequence, part, why);
	findings->wrong++;
}

static int parts_check(struct journal_reader *reader, uint64_t sequence,
		       const Throughcare__V1__SubmissionRecord *submission,
		       struct findings *findings)
{
	struct record_part parts[TC_PARTS_MAX];
	struct tc_header header;
	int r;

	r = tc_header_read(tc_slice(submission->header.data, submission->header.len), &header);
	if (r)
		return r;
	if (submission->n_parts > TC_PARTS_MAX || submission->n_parts != header.manifest_count)
		return TC_ECORRUPT;
	r = journal_read_parts(reader, sequence, parts, submission->n_parts);
	if (r == JOURNAL_FORGOTTEN) {
		findings->forgotten++;
		return 0;
	}
	if (r)
		return r;
	for (size_t i = 0; i < submission->n_parts; i++) {
		const Throughcare__V1__PartLabel *label = submission->parts[i];
		uint8_t digest[TC_DIGEST_BYTES];

		r = tc_part_digest(parts[i].salt, tc_slice_text(label->type), label->category,
				   label->sealed, parts[i].content, digest);
		if (r)
			return r;
		findings->parts++;
		if (!tc_slice_equal(tc_slice(digest, sizeof(digest)), header.manifest[i]))
			part_wrong(findings, sequence, i, "not what the manifest says");
	}
	return 0;
}

static int entry_check(struct journal_reader *reader, const struct journal_entry *entry,
		       struct findings *findings)
{
	Throughcare__V1__Record *record =
		throughcare__v1__record__unpack(NULL, entry->body.len, entry->body.data);
	int r = 0;

	if (!record)
		return TC_ECORRUPT;
	if (record->body_case == THROUGHCARE__V1__RECORD__BODY_SUBMISSION)
		r = parts_check(reader, entry->sequence, record->submission, findings);
	throughcare__v1__record__free_unpacked(record, NULL);
	return r;
}

static int journal_check(struct journal *journal, struct findings *findings)
{
	struct journal_reader *reader = NULL;
	struct journal_entry entry;
	int r = journal_reader_open(journal, &reader);

	while (r == 0) {
		r = journal_read(reader, findings->records, &entry);
		if (r == JOURNAL_END) {
			r = 0;
			break;
		}
		if (r == 0)
			r = entry_check(reader, &entry, findings);
		if (r == TC_ECORRUPT) {
			printf("record %" PRIu64 ": not what was written\n", findings->records);
			findings->wrong++;
			r = 0;
		}
		findings->records++;
	}
	journal_reader_close(&reader);
	return r;
}

/* Applies the first `count` records to a ledger of its own. */
static int ledger_remake(struct journal *journal, const struct config *config, const char *folder,
			 uint64_t count, uint8_t digest[32])
{
	struct ledger_options options;
	struct ledger *ledger = NULL;
	struct journal_reader *reader = NULL;
	int r;

	stores_ledger_options(config, folder, &options);
	r = ledger_open(&ledger, &options);
	if (r == 0)
		r = journal_reader_open(journal, &reader);
	for (uint64_t i = 0; r == 0 && i < count; i++) {
		struct journal_entry entry;
		struct effects effects = {0};

		r = journal_read(reader, i, &entry);
		if (r == 0) {
			struct record record = {.sequence = entry.sequence,
						.time_ms = entry.time_ms,
						.body = entry.body};

			r = ledger_apply(ledger, &record, &effects);
		}
		effects_clear(&effects);
	}
	if (r == 0)
		r = ledger_digest(ledger, digest);
	journal_reader_close(&reader);
	ledger_close(&ledger);
	return r > 0 ? TC_ECORRUPT : r;
}

static int ledger_check(const struct stores *stores, const struct config *config, bool *ret_same)
{
	uint8_t stored[32], remade[32];
	char *folder = NULL;
	int r;

	if (asprintf(&folder, "%s/check.XXXXXX", config->data_dir) < 0)
		return TC_ENOMEM;
	if (!mkdtemp(folder)) {
		free(folder);
		return TC_EIO;
	}
	r = ledger_digest(stores->ledger, stored);
	if (r == 0)
		r = ledger_remake(stores->journal, config, folder, ledger_next(stores->ledger),
				  remade);
	if (stores_folder_remove(folder) != 0 && r == 0)
		r = TC_EIO;
	free(folder);
	if (r)
		return r;
	*ret_same = memcmp(stored, remade, sizeof(stored)) == 0;
	digest_print("ledger", stored);
	if (!*ret_same)
		digest_print("rebuilt ledger", remade);
	return 0;
}

int verify_check(const struct config *config)
{
	struct stores stores = {0};
	struct findings findings = {0};
	struct ledger_options options;
	char *path = NULL;
	bool same = false;
	int r = stores_open_journal(&stores, config);

	if (r == 0)
		r = journal_check(stores.journal, &findings);
	if (r == 0) {
		printf("records %" PRIu64 "\nparts %" PRIu64 "\nexpunged %" PRIu64
		       "\nwrong %" PRIu64 "\n",
		       findings.records, findings.parts, findings.forgotten, findings.wrong);
		r = asprintf(&path, "%s/ledger", config->data_dir) < 0 ? TC_ENOMEM : 0;
	}
	if (r == 0) {
		stores_ledger_options(config, path, &options);
		r = ledger_open(&stores.ledger, &options);
	}
	if (r == 0)
		r = ledger_check(&stores, config, &same);
	if (r)
		problem_print("the check could not be finished", tc_err_text(r), NULL);
	else if (!same)
		problem_print("the ledger is not what the journal makes of it", NULL,
			      "throughcared --rebuild makes it again");
	stores_close(&stores);
	free(path);
	return r || findings.wrong || !same ? 1 : 0;
}
