#include "journal/journal_forget.h"

int journal_stage(struct journal *journal, struct record_batch *batch, struct tc_id batch_id)
{
	return journal->ops->stage(journal, batch, batch_id);
}

int journal_sync(struct journal *journal)
{
	return journal->ops->sync(journal);
}

int journal_append(struct journal *journal, struct record_batch *batch, struct tc_id batch_id)
{
	int r = journal_stage(journal, batch, batch_id);

	return r ? r : journal_sync(journal);
}

int journal_find_batch(struct journal *journal, struct tc_id batch_id, uint64_t *ret_first)
{
	return journal->ops->find_batch(journal, batch_id, ret_first);
}

int journal_usage(struct journal *journal, struct journal_usage *ret)
{
	return journal->ops->usage(journal, ret);
}

int journal_forget_parts(struct journal *journal, uint64_t sequence, size_t count)
{
	return journal->ops->forget_parts(journal, sequence, count);
}

int journal_forget_records(struct journal *journal, const struct journal_range *ranges,
			   size_t count)
{
	return journal->ops->forget_records(journal, ranges, count);
}

int journal_wipe(struct journal *journal)
{
	return journal->ops->wipe(journal);
}

/* Stored: never rename. */
static const char *const note_names[JOURNAL_NOTE_COUNT] = {
	[JOURNAL_NOTE_FORGETTING] = "note",
	[JOURNAL_NOTE_FORGOTTEN] = JOURNAL_META_FORGOTTEN,
};

int journal_note_set(struct journal *journal, enum journal_note which, struct tc_slice note)
{
	return journal->ops->note_set(journal, note_names[which], note);
}

int journal_note_get(struct journal *journal, enum journal_note which,
		     uint8_t ret[JOURNAL_NOTE_BYTES_MAX], size_t *ret_len)
{
	return journal->ops->note_get(journal, note_names[which], ret, ret_len);
}

int journal_reader_open(struct journal *journal, struct journal_reader **ret)
{
	return journal->ops->reader_open(journal, ret);
}

void journal_reader_renew(struct journal_reader *reader)
{
	reader->ops->reader_renew(reader);
}

int journal_read(struct journal_reader *reader, uint64_t sequence, struct journal_entry *ret)
{
	return reader->ops->read(reader, sequence, ret);
}

int journal_read_parts(struct journal_reader *reader, uint64_t sequence, struct record_part *parts,
		       size_t count)
{
	return reader->ops->read_parts(reader, sequence, parts, count);
}

int journal_read_leaves(struct journal_reader *reader, uint64_t first, size_t max,
			struct journal_leaf *ret, size_t *ret_count)
{
	return reader->ops->read_leaves(reader, first, max, ret, ret_count);
}

int journal_read_raw(struct journal_reader *reader, uint64_t first, journal_raw_taker take,
		     void *context)
{
	return reader->ops->read_raw(reader, first, take, context);
}

int journal_read_meta(struct journal_reader *reader, journal_raw_taker take, void *context)
{
	return reader->ops->read_meta(reader, take, context);
}

void journal_reader_close(struct journal_reader **reader)
{
	if (*reader)
		(*reader)->ops->reader_close(*reader);
	*reader = NULL;
}

void journal_close(struct journal **journal)
{
	if (*journal)
		(*journal)->ops->close(*journal);
	*journal = NULL;
}
