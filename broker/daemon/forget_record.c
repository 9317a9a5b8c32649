#include "daemon/forget_record.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/forget_scan.h"
#include "gateway/request_record.h"
#include "ledger/order.h"

#define RANGES_MAX 32768 /* of one ForgottenRecord */

/* ---- making ---- */

static char *text_of(const char *text)
{
	return *text ? (char *)(uintptr_t)text : NULL;
}

/* Some of the ranges: whole records before parts. */
struct slice_of_plan {
	const struct forget_ranges *whole, *parts;
	size_t first, count;
};

static int make_one(const struct forget_plan *plan, const struct slice_of_plan *slice,
		    struct record_batch *ret)
{
	Throughcare__V1__ForgottenRecord body = THROUGHCARE__V1__FORGOTTEN_RECORD__INIT;
	Throughcare__V1__Record outer = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__SequenceRange *ranges = calloc(slice->count + 1, sizeof(*ranges));
	Throughcare__V1__SequenceRange **list = calloc(slice->count + 1, sizeof(*list));
	struct record *record = NULL;
	size_t whole = 0;
	int r = ranges && list ? 0 : TC_ENOMEM;

	for (size_t i = 0; r == 0 && i < slice->count; i++) {
		size_t at = slice->first + i;
		bool is_whole = at < slice->whole->count;
		const struct journal_range *from =
			is_whole ? &slice->whole->ranges[at]
				 : &slice->parts->ranges[at - slice->whole->count];

		throughcare__v1__sequence_range__init(&ranges[i]);
		ranges[i].has_first = ranges[i].has_count = 1;
		ranges[i].first = from->first;
		ranges[i].count = (uint32_t)from->count;
		list[i] = &ranges[i];
		whole += is_whole;
	}
	body.has_kind = 1;
	body.kind = plan->kind;
	body.has_order_sequence = body.has_approval_sequence = plan->ordered;
	body.order_sequence = plan->order_sequence;
	body.approval_sequence = plan->approval_sequence;
	body.cite = text_of(plan->cite);
	body.ordered_by = text_of(plan->ordered_by);
	body.approved_by = text_of(plan->approved_by);
	body.rule_name = text_of(plan->rule_name);
	body.has_policy_version = plan->policy_version > 0;
	body.policy_version = plan->policy_version;
	if (r == 0) {
		body.records = list;
		body.n_records = whole;
		body.parts = list + whole;
		body.n_parts = slice->count - whole;
	}
	outer.body_case = THROUGHCARE__V1__RECORD__BODY_FORGOTTEN;
	outer.forgotten = &body;
	if (r == 0)
		r = request_record_pack(&outer, 0, &record);
	if (r == 0) {
		/* Also into a journal that is full. */
		record->rider = true;
		record_batch_push(ret, &record);
	}
	free(ranges);
	free(list);
	return r;
}

int forget_record_make(const struct forget_plan *plan, struct record_batch *ret)
{
	struct forget_ranges whole = {.count = 0}, parts = {.count = 0};
	struct slice_of_plan slice = {.whole = &whole, .parts = &parts};
	int r = forget_scan_ranges(&plan->what.records, &whole.ranges, &whole.count);

	if (r == 0)
		r = forget_scan_ranges(&plan->parts, &parts.ranges, &parts.count);
	do {
		size_t left = whole.count + parts.count - slice.first;

		slice.count = left < RANGES_MAX ? left : RANGES_MAX;
		if (r == 0)
			r = make_one(plan, &slice, ret);
		slice.first += slice.count;
	} while (r == 0 && slice.first < whole.count + parts.count);
	free(whole.ranges);
	free(parts.ranges);
	return r;
}

/* ---- reading ---- */

static int ranges_add(struct forget_ranges *to, Throughcare__V1__SequenceRange **from, size_t count,
		      uint64_t *total)
{
	struct journal_range *grown =
		reallocarray(to->ranges, to->count + count + 1, sizeof(*grown));

	if (!grown)
		return TC_ENOMEM;
	to->ranges = grown;
	for (size_t i = 0; i < count; i++) {
		to->ranges[to->count++] = (struct journal_range){from[i]->first, from[i]->count};
		*total += from[i]->count;
	}
	return 0;
}

static int keep(struct forget_records *to, Throughcare__V1__Record *record)
{
	Throughcare__V1__ForgottenRecord **records =
		reallocarray(to->records, to->count + 1, sizeof(*records));
	Throughcare__V1__Record **unpacked;
	int r;

	if (records)
		to->records = records;
	unpacked = reallocarray(to->unpacked, to->count + 1, sizeof(*unpacked));
	if (unpacked)
		to->unpacked = unpacked;
	if (!records || !unpacked) {
		throughcare__v1__record__free_unpacked(record, NULL);
		return TC_ENOMEM;
	}
	to->records[to->count] = record->forgotten;
	to->unpacked[to->count++] = record;
	r = ranges_add(&to->whole, record->forgotten->records, record->forgotten->n_records,
		       &to->record_count);
	return r < 0 ? r
		     : ranges_add(&to->parts, record->forgotten->parts, record->forgotten->n_parts,
				  &to->record_count);
}

int forget_record_read(struct journal *journal, uint64_t first, struct forget_records *ret)
{
	struct journal_reader *reader = NULL;
	struct journal_entry entry;
	int r;

	*ret = (struct forget_records){.first = first};
	r = journal_reader_open(journal, &reader);
	while (r == 0) {
		Throughcare__V1__Record *record;

		r = journal_read(reader, first + ret->count, &entry);
		if (r != 0)
			break;
		record = throughcare__v1__record__unpack(NULL, entry.body.len, entry.body.data);
		if (!record || record->body_case != THROUGHCARE__V1__RECORD__BODY_FORGOTTEN) {
			throughcare__v1__record__free_unpacked(record, NULL);
			break;
		}
		r = keep(ret, record);
	}
	journal_reader_close(&reader);
	return r < 0 ? r : 0;
}

void forget_records_done(struct forget_records *records)
{
	for (size_t i = 0; i < records->count; i++)
		throughcare__v1__record__free_unpacked(records->unpacked[i], NULL);
	free(records->unpacked);
	free(records->records);
	free(records->whole.ranges);
	free(records->parts.ranges);
	*records = (struct forget_records){.first = 0};
}

/* ---- what they are about ---- */

int forget_record_know(struct journal *journal, const struct forget_memory *memory,
		       struct forget_what *what)
{
	struct journal_reader *reader = NULL;
	struct journal_entry entry;
	int r = journal_reader_open(journal, &reader);

	for (size_t i = 0; r == 0 && i < what->records.count; i++) {
		r = journal_read(reader, what->records.numbers[i], &entry);
		if (r != 0) {
			r = r < 0 ? r : 0;
			continue;
		}
		r = forget_memory_know(memory, entry.body, what);
		if (r == 0 && forget_scan_is_order(entry.body))
			r = sought_numbers_add(&what->orders, entry.sequence);
	}
	sought_numbers_sort(&what->orders);
	journal_reader_close(&reader);
	return r;
}

/* An order's own records keep their rows. */
static int order_of(struct stores *stores, const Throughcare__V1__ForgottenRecord *record,
		    struct forget_what *what)
{
	struct order order;
	int r = 0;

	if (!record->has_order_sequence)
		return 0;
	r = sought_numbers_add(&what->orders, record->order_sequence);
	if (r == 0)
		r = sought_numbers_add(&what->orders, record->approval_sequence);
	if (r == 0)
		r = order_at(stores->ledger, record->order_sequence, &order);
	if (r == 0)
		r = forget_scan_targets(stores, order.packed, what);
	return r > 0 ? TC_ECORRUPT : r;
}

static int copy(const struct forget_what *from, struct forget_what *to)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < from->roots.count; i++)
		r = forget_what_root(to, from->roots.ids[i]);
	for (size_t i = 0; r == 0 && i < from->ids.count; i++)
		r = sought_add(&to->ids, from->ids.ids[i]);
	return r;
}

/* From a log of before, where no order says what it is about. */
static bool is_again(const struct forget_records *records)
{
	for (size_t i = 0; i < records->count; i++) {
		if (records->records[i]->kind ==
			    THROUGHCARE__V1__FORGOTTEN_KIND__FORGOTTEN_KIND_ORDER &&
		    !records->records[i]->has_order_sequence)
			return true;
	}
	return false;
}

int forget_record_what(struct stores *stores, const struct forget_memory *memory,
		       const struct forget_records *records, struct forget_what *what,
		       struct forget_what *targets)
{
	/* Somebody forgotten once may have come back, and stays when others go. */
	const struct forget_memory nothing = {.count = 0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < records->whole.count; i++) {
		const struct journal_range *range = &records->whole.ranges[i];

		for (uint64_t n = 0; r == 0 && n < range->count; n++)
			r = sought_numbers_add(&what->records, range->first + n);
	}
	for (size_t i = 0; r == 0 && i < records->count; i++)
		r = order_of(stores, records->records[i], what);
	sought_numbers_sort(&what->records);
	if (r == 0)
		r = forget_record_know(stores->journal, is_again(records) ? memory : &nothing,
				       what);
	return r == 0 ? copy(what, targets) : r;
}

static int parts_of(struct journal_reader *reader, uint64_t sequence, size_t *ret)
{
	Throughcare__V1__Record *record;
	struct journal_entry entry;
	int r = journal_read(reader, sequence, &entry);

	*ret = 0;
	if (r != 0)
		return r == JOURNAL_FORGOTTEN ? 0 : r;
	record = throughcare__v1__record__unpack(NULL, entry.body.len, entry.body.data);
	if (record && record->body_case == THROUGHCARE__V1__RECORD__BODY_SUBMISSION)
		*ret = record->submission->n_parts;
	throughcare__v1__record__free_unpacked(record, NULL);
	return record ? 0 : TC_ECORRUPT;
}

int forget_record_parts(struct journal *journal, const struct journal_range *range)
{
	struct journal_reader *reader = NULL;
	int r = journal_reader_open(journal, &reader);

	for (uint64_t i = 0; r == 0 && i < range->count; i++) {
		size_t count;

		r = parts_of(reader, range->first + i, &count);
		journal_reader_renew(reader);
		if (r == 0 && count > 0)
			r = journal_forget_parts(journal, range->first + i, count);
	}
	journal_reader_close(&reader);
	return r;
}
