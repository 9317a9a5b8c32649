#include "daemon/forget_scan.h"

#include <stdlib.h>

#include "journal/journal_forget.h"
#include "ledger/order.h"
#include "throughcare/v1/order.pb-c.h"
#include "trail/trail_forget.h"
#include "wire/header.h"

#define TYPE_ORDER    "TrailOrder"
#define TYPE_APPROVAL "TrailOrderApproval"
#define RENEW_RECORDS 4096

/* Its type's name; empty when it is no message, or not to be read. */
static struct tc_slice type_of(const Throughcare__V1__Record *record, struct tc_header *header)
{
	const Throughcare__V1__SubmissionRecord *submission =
		record && record->body_case == THROUGHCARE__V1__RECORD__BODY_SUBMISSION
			? record->submission
			: NULL;

	if (!submission ||
	    tc_header_read(tc_slice(submission->header.data, submission->header.len), header) != 0)
		return tc_slice(NULL, 0);
	return header->type;
}

bool forget_scan_is_order(struct tc_slice body)
{
	Throughcare__V1__Record *record =
		throughcare__v1__record__unpack(NULL, body.len, body.data);
	struct tc_header header;
	struct tc_slice type = type_of(record, &header);
	bool order = tc_slice_equal(type, tc_slice_text(TYPE_ORDER)) ||
		     tc_slice_equal(type, tc_slice_text(TYPE_APPROVAL));

	throughcare__v1__record__free_unpacked(record, NULL);
	return order;
}

/* Is it an order that ends one of those that name nobody else? */
static bool ends_closed(const struct forget_what *what, struct tc_slice body)
{
	Throughcare__V1__TrailOrder *order = NULL;
	Throughcare__V1__Record *record;
	struct tc_header header;
	bool ends = false;

	if (!sought_in(&what->closed, body))
		return false;
	record = throughcare__v1__record__unpack(NULL, body.len, body.data);
	if (tc_slice_equal(type_of(record, &header), tc_slice_text(TYPE_ORDER)))
		order = throughcare__v1__trail_order__unpack(NULL, record->submission->body.len,
							     record->submission->body.data);
	if (order)
		ends = order_of_closed(order, header.message_id, &what->closed);
	throughcare__v1__trail_order__free_unpacked(order, NULL);
	throughcare__v1__record__free_unpacked(record, NULL);
	return ends;
}

static bool is_about(const struct forget_what *what, struct tc_slice body)
{
	return sought_in(&what->ids, body) || ends_closed(what, body);
}

/* Others may still rest on an order that names more than what is forgotten. */
static int found_add(struct forget_what *what, const struct journal_entry *entry)
{
	int r = sought_numbers_add(&what->records, entry->sequence);

	if (r == 0 && forget_scan_is_order(entry->body))
		r = sought_numbers_add(&what->orders, entry->sequence);
	return r;
}

/* What is known already stands sorted before `known`. */
static int scan_once(struct journal *journal, struct forget_what *what)
{
	struct sought_numbers known = what->records;
	struct journal_reader *reader = NULL;
	struct journal_entry entry;
	int r = journal_reader_open(journal, &reader);

	what->records = (struct sought_numbers){0};
	for (uint64_t i = 0; r == 0; i++) {
		if (i % RENEW_RECORDS == 0)
			journal_reader_renew(reader);
		r = journal_read(reader, i, &entry);
		if (r == 0 && !sought_numbers_has(&known, i) && is_about(what, entry.body))
			r = found_add(what, &entry);
		else if (r == JOURNAL_FORGOTTEN)
			r = 0;
	}
	for (size_t i = 0; r == JOURNAL_END && i < known.count; i++) {
		if (sought_numbers_add(&what->records, known.numbers[i]) != 0)
			r = TC_ENOMEM;
	}
	journal_reader_close(&reader);
	sought_numbers_done(&known);
	sought_numbers_sort(&what->records);
	sought_numbers_sort(&what->orders);
	return r == JOURNAL_END ? 0 : r;
}

int forget_find(struct stores *stores, struct forget_what *what)
{
	what->others = trail_forget_others;
	what->others_context = stores->trail;
	return ledger_forget_find(stores->ledger, what);
}

int forget_scan(struct stores *stores, struct forget_what *what)
{
	size_t before;
	int r;

	if (what->ids.count == 0 && what->records.count == 0)
		return 0; /* parts alone go: nothing is looked for */
	r = forget_find(stores, what);
	if (r < 0 || what->ids.count == 0)
		return r; /* nor is there an id that another record could name */
	do {
		before = what->records.count;
		if (r == 0)
			r = scan_once(stores->journal, what);
		if (r == 0)
			r = forget_find(stores, what);
	} while (r == 0 && what->records.count > before);
	return r;
}

/* ---- what an order names ---- */

/* Ids of referrals and messages are their senders' own. One that is a staying person's, too, or a
 * staying referral's, is not looked for: what was sent under it goes by its records. */
static int name_add(struct stores *stores, struct forget_what *what, struct tc_id id, bool message)
{
	bool others = false;
	int r = sought_has(&what->roots, id)
			? 0
			: trail_forget_others(stores->trail, what, id,
					      message ? FORGET_A_CASE : FORGET_A_PERSON, &others);

	if (r < 0)
		return r;
	if (others)
		return ledger_forget_submissions(stores->ledger, id, message, &what->records);
	return message ? sought_add(&what->ids, id) : forget_what_root(what, id);
}

static int names_add(struct stores *stores, struct forget_what *what, char *const *names,
		     size_t count, bool messages)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		struct tc_id id;

		if (tc_id_parse(tc_slice_text(names[i]), &id))
			r = name_add(stores, what, id, messages);
	}
	return r;
}

static int persons_add(struct forget_what *what, char *const *names, size_t count)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		struct tc_id id;

		if (tc_id_parse(tc_slice_text(names[i]), &id))
			r = forget_what_root(what, id);
	}
	return r;
}

int forget_scan_targets(struct stores *stores, struct tc_slice packed, struct forget_what *what)
{
	Throughcare__V1__TrailOrder *order =
		throughcare__v1__trail_order__unpack(NULL, packed.len, packed.data);
	int r = order ? 0 : TC_ECORRUPT;

	sought_numbers_sort(&what->records);
	if (r == 0)
		r = persons_add(what, order->subjects, order->n_subjects);
	if (r == 0)
		r = names_add(stores, what, order->referral_ids, order->n_referral_ids, false);
	if (r == 0)
		r = names_add(stores, what, order->message_ids, order->n_message_ids, true);
	sought_numbers_sort(&what->records);
	throughcare__v1__trail_order__free_unpacked(order, NULL);
	return r;
}

int forget_scan_ranges(const struct sought_numbers *numbers, struct journal_range **ret,
		       size_t *ret_count)
{
	struct journal_range *ranges = calloc(numbers->count + 1, sizeof(*ranges));
	size_t count = 0;

	if (!ranges)
		return TC_ENOMEM;
	for (size_t i = 0; i < numbers->count; i++) {
		struct journal_range *last = count > 0 ? &ranges[count - 1] : NULL;

		if (last && last->first + last->count == numbers->numbers[i])
			last->count++;
		else
			ranges[count++] = (struct journal_range){numbers->numbers[i], 1};
	}
	*ret = ranges;
	*ret_count = count;
	return 0;
}
