/*
 * fuzz_backup - segments and manifests of backups. A segment that is read to its end is written
 * back as it was; so is a manifest, but for spaces.
 */
#include <stdint.h>
#include <string.h>

#include "backup/backup_manifest.h"
#include "backup/backup_segment.h"
#include "base/check.h"
#include "journal/journal_copy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_segment(struct tc_slice input)
{
	struct backup_segment segment;
	struct journal_copy_row about;
	struct tc_bytes again = {0};
	struct journal_raw row;
	int r;

	if (backup_segment_open(input, &segment) != 0)
		return;
	TC_CHECK(backup_segment_begin(&again, segment.log_id, segment.first) == 0);
	while ((r = backup_segment_next(&segment, &row)) == 0) {
		TC_CHECK(backup_segment_row(&again, row.key, row.value) == 0);
		r = journal_copy_check(row.key, row.value, &about);
		TC_CHECK(r == TC_ECORRUPT || (r == 0 && about.sequence == row.sequence));
	}
	if (r == BACKUP_SEGMENT_END) {
		TC_CHECK(backup_segment_end(&again, segment.next) == 0);
		TC_CHECK(tc_slice_equal(tc_bytes_slice(&again), input));
	}
	tc_bytes_free(&again);
}

static void check_manifest(struct tc_slice input)
{
	struct backup_manifest first, second;
	struct tc_bytes text = {0}, again = {0};

	if (backup_manifest_read(input, &first) != 0)
		return;
	TC_CHECK(backup_manifest_write(&first, &text) == 0);
	TC_CHECK(backup_manifest_read(tc_bytes_slice(&text), &second) == 0);
	TC_CHECK(backup_manifest_write(&second, &again) == 0);
	TC_CHECK(tc_slice_equal(tc_bytes_slice(&text), tc_bytes_slice(&again)));
	tc_bytes_free(&text);
	tc_bytes_free(&again);
	backup_manifest_free(&first);
	backup_manifest_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tc_slice input = tc_slice(data, size);

	check_segment(input);
	check_manifest(input);
	return 0;
}
