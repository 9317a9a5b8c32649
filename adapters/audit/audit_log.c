#include "audit/audit_log.h"

#include <inttypes.h>
#include <string.h>

#include "audit/audit_entry.h"
#include "base/clock.h"

/* Of the earlier checkpoint once the walk is there. */
static int earlier_check(struct tc_audit_log *log, struct tc_audit_finding *finding)
{
	const struct tc_audit_checkpoint *earlier = log->earlier;
	struct tc_merkle_hash root;

	if (!earlier || earlier->parsed.size != log->recount->size)
		return 0;
	int r = tc_audit_recount_root(log->recount, &root);
	if (r == 0 && memcmp(&root, &earlier->parsed.root, sizeof(root)) != 0)
		return tc_audit_find(finding, TC_AUDIT_FORKED,
				     "the first %" PRIu64 " records have another root than before",
				     earlier->parsed.size);
	return r;
}

int tc_audit_log_init(struct tc_audit_log *log, const struct tc_audit_checkpoint *target,
		      const struct tc_audit_checkpoint *earlier, struct tc_audit_finding *finding)
{
	*log = (struct tc_audit_log){.target = target, .earlier = earlier};
	if (earlier && !tc_slice_equal(earlier->parsed.origin, target->parsed.origin))
		return tc_audit_find(
			finding, TC_AUDIT_ORIGIN, "%.*s before, %.*s now",
			(int)earlier->parsed.origin.len, (const char *)earlier->parsed.origin.data,
			(int)target->parsed.origin.len, (const char *)target->parsed.origin.data);
	if (earlier && earlier->parsed.size > target->parsed.size)
		return tc_audit_find(finding, TC_AUDIT_SHRUNK,
				     "%" PRIu64 " records before, %" PRIu64 " now",
				     earlier->parsed.size, target->parsed.size);
	return tc_audit_recount_new(&log->recount);
}

int tc_audit_log_begin(struct tc_audit_log *log, struct tc_audit_finding *finding)
{
	return earlier_check(log, finding);
}

void tc_audit_log_done(struct tc_audit_log *log)
{
	tc_audit_recount_free(&log->recount);
}

static int backdated(const struct tc_audit_entry *entry, const char *than, int64_t other_ms,
		     struct tc_audit_finding *finding)
{
	char at[TC_TIME_TEXT_BYTES], other[TC_TIME_TEXT_BYTES];

	tc_time_format(entry->time_ms, at);
	tc_time_format(other_ms, other);
	return tc_audit_find(finding, TC_AUDIT_BACKDATED, "entry %" PRIu64 " says %s, %s %s",
			     entry->index, at, than, other);
}

/* A record's time is the exchange's own word. What bounds it: the records around it, and when
 * witnesses saw a checkpoint with it, or without it. */
static int time_check(const struct tc_audit_log *log, const struct tc_audit_entry *entry,
		      struct tc_audit_finding *finding)
{
	const struct tc_audit_checkpoint *earlier = log->earlier, *target = log->target;

	if (entry->time_ms < log->last_ms)
		return backdated(entry, "the one before it", log->last_ms, finding);
	if (target->seen_first_ms > 0 &&
	    entry->time_ms - TC_AUDIT_CLOCK_SKEW_MS > target->seen_first_ms)
		return backdated(entry, "and was seen by a witness at", target->seen_first_ms,
				 finding);
	if (earlier && earlier->seen_first_ms > 0) {
		bool there = entry->index < earlier->parsed.size;
		int64_t off_ms = entry->time_ms - earlier->seen_first_ms;

		if (there ? off_ms > TC_AUDIT_CLOCK_SKEW_MS : off_ms < -TC_AUDIT_CLOCK_SKEW_MS)
			return backdated(entry,
					 there ? "and was seen by a witness at"
					       : "and a witness saw a log without it at",
					 earlier->seen_first_ms, finding);
	}
	return 0;
}

static int entry_add(struct tc_audit_log *log, struct tc_slice bytes, tc_audit_tile_taker take,
		     void *context, struct tc_audit_finding *finding)
{
	uint64_t place = log->recount->size;
	struct tc_audit_entry entry;
	struct tc_merkle_hash leaf;

	int r = tc_audit_entry_read(bytes, &entry, finding);
	if (r == 0 && entry.index != place)
		r = tc_audit_find(finding, TC_AUDIT_ENTRY,
				  "entry %" PRIu64 " stands at place %" PRIu64, entry.index, place);
	if (r == 0)
		r = time_check(log, &entry, finding);
	if (r == 0)
		r = tc_merkle_leaf(bytes, &leaf);
	if (r == 0)
		r = tc_audit_recount_add(log->recount, &leaf, take, context);
	if (r != 0)
		return r;
	if (log->first_ms == 0)
		log->first_ms = entry.time_ms;
	log->last_ms = entry.time_ms;
	return earlier_check(log, finding);
}

int tc_audit_log_add(struct tc_audit_log *log, struct tc_slice bundle, uint32_t width,
		     tc_audit_tile_taker take, void *context, struct tc_audit_finding *finding)
{
	uint64_t number = log->recount->size / TC_AUDIT_TILE_HASHES;
	struct tc_slice rest = bundle, entry;

	for (uint32_t i = 0; i < width; i++) {
		if (!tc_audit_bundle_next(&rest, &entry))
			return tc_audit_find(finding, TC_AUDIT_FORMAT,
					     "bundle %" PRIu64 " ends within entry %u of %u",
					     number, i + 1, width);
		int r = entry_add(log, entry, take, context, finding);
		if (r != 0)
			return r;
	}
	if (rest.len > 0)
		return tc_audit_find(finding, TC_AUDIT_FORMAT,
				     "bundle %" PRIu64 " has more than its %u entries", number,
				     width);
	return 0;
}

int tc_audit_log_end(struct tc_audit_log *log, tc_audit_tile_taker take, void *context,
		     struct tc_audit_finding *finding)
{
	struct tc_merkle_hash root;
	int r = tc_audit_recount_end(log->recount, take, context);

	if (r == 0)
		r = tc_audit_recount_root(log->recount, &root);
	if (r == 0 && (log->recount->size != log->target->parsed.size ||
		       memcmp(&root, &log->target->parsed.root, sizeof(root)) != 0))
		return tc_audit_find(finding, TC_AUDIT_ROOT, "%" PRIu64 " entries were counted",
				     log->recount->size);
	return r;
}
