#include "ledger/calendars.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/change.h"
#include "ledger/fact.h"
#include "ledger/job.h"
#include "ledger/row.h"
#include "ledger/state.h"
#include "ledger/submission.h"
#include "ledger/transition.h"

#define PASSED_PER_VISIT 16 /* referrals that stay as they are cost less */

typedef Throughcare__V1__CalendarEntry calendar_entry;

struct calendars_entry {
	char jurisdiction[REGISTRY_JURISDICTION_BYTES_MAX + 1];
	struct calendar calendar;
};

/* ---- rows ---- */

static void row_key(struct store_key *key, const char *jurisdiction)
{
	store_key_init(key);
	store_key_text(key, tc_slice_text(jurisdiction));
}

static int row_decode(struct tc_slice key, struct tc_slice value, struct calendar_row *ret)
{
	struct row_reader row = row_read(value);
	struct tc_slice jurisdiction;

	ret->version = row_take_u32(&row);
	ret->sequence = row_take_u64(&row);
	ret->at_ms = (int64_t)row_take_u64(&row);
	if (row.short_of || !store_key_take_text(&key, &jurisdiction) ||
	    jurisdiction.len >= sizeof(ret->jurisdiction))
		return TC_ECORRUPT;
	memset(ret->jurisdiction, 0, sizeof(ret->jurisdiction));
	if (jurisdiction.len > 0)
		memcpy(ret->jurisdiction, jurisdiction.data, jurisdiction.len);
	ret->entry = tc_slice(row.at, (size_t)(row.end - row.at));
	return 0;
}

int calendars_find(struct store_txn *txn, struct store_table table, const char *jurisdiction,
		   struct calendar_row *ret)
{
	struct tc_slice value;
	struct store_key key;
	int r;

	row_key(&key, jurisdiction);
	r = store_get(txn, table, store_key_slice(&key), &value);
	if (r != 0)
		return r == STORE_NOT_FOUND ? CALENDARS_UNKNOWN : ledger_store_fault(r);
	return row_decode(store_key_slice(&key), value, ret);
}

int calendars_next(struct store_txn *txn, struct store_table table, const char *after,
		   struct calendar_row *ret)
{
	struct tc_slice key, value;
	struct store_key from;
	int r;

	store_key_init(&from);
	if (after != NULL)
		row_key(&from, after);
	r = store_after(txn, table, tc_slice(NULL, 0), store_key_slice(&from), &key, &value);
	if (r == 0)
		r = row_decode(key, value, ret);
	return r == STORE_NOT_FOUND ? CALENDARS_UNKNOWN : ledger_store_fault(r);
}

static int row_put_entry(struct ledger *ledger, const char *jurisdiction, uint32_t version,
			 struct tc_slice packed)
{
	struct row_writer row = {0};
	struct tc_bytes value = {0};
	struct store_key key;
	int r;

	row_key(&key, jurisdiction);
	row_put_u32(&row, version);
	row_put_u64(&row, ledger->sequence);
	row_put_u64(&row, (uint64_t)ledger->now_ms);
	r = tc_bytes_append(&value, row.data, row.len);
	if (r == 0)
		r = tc_bytes_append(&value, packed.data, packed.len);
	if (r == 0)
		r = ledger_put(ledger, LEDGER_TABLE_CALENDAR, store_key_slice(&key),
			       tc_bytes_slice(&value));
	tc_bytes_free(&value);
	return r;
}

/* ---- those in force ---- */

static struct calendars_entry *entry_find(const struct calendars *calendars,
					  const char *jurisdiction)
{
	for (size_t i = 0; i < calendars->count; i++)
		if (strcmp(calendars->entries[i].jurisdiction, jurisdiction) == 0)
			return &calendars->entries[i];
	return NULL;
}

static int entry_keep(struct calendars *calendars, const char *jurisdiction,
		      const struct calendar *calendar)
{
	struct calendars_entry *entry = entry_find(calendars, jurisdiction);

	if (entry == NULL) {
		struct calendars_entry *grown =
			realloc(calendars->entries, (calendars->count + 1) * sizeof(*grown));

		if (grown == NULL)
			return TC_ENOMEM;
		calendars->entries = grown;
		entry = &grown[calendars->count++];
		memset(entry->jurisdiction, 0, sizeof(entry->jurisdiction));
		memcpy(entry->jurisdiction, jurisdiction, strlen(jurisdiction));
	}
	entry->calendar = *calendar;
	return 0;
}

static const struct calendar *book_find(void *context, const tc_agency *agency)
{
	return calendars_of(context, agency);
}

const struct calendar *calendars_of(struct ledger *ledger, const tc_agency *agency)
{
	const struct calendars_entry *entry = NULL;
	struct registry_agency row;

	if (ledger->calendars.count == 0)
		return NULL;
	/* A fault here is found again by the next write. */
	if (registry_find_agency(ledger->txn, &ledger->registry, agency, &row) == 0)
		entry = entry_find(&ledger->calendars, row.jurisdiction);
	if (entry == NULL)
		entry = entry_find(&ledger->calendars, "");
	return entry == NULL ? NULL : &entry->calendar;
}

/* What was found good before. */
static int load_row(struct ledger *ledger, const struct calendar_row *row)
{
	calendar_entry *entry =
		throughcare__v1__calendar_entry__unpack(NULL, row->entry.len, row->entry.data);
	struct tc_refusal refusal;
	struct calendar calendar;
	int r = TC_ECORRUPT;

	if (entry != NULL && calendar_parse(entry, &calendar, &refusal) == 0)
		r = entry_keep(&ledger->calendars, row->jurisdiction, &calendar);
	if (entry != NULL)
		throughcare__v1__calendar_entry__free_unpacked(entry, NULL);
	return r;
}

int calendars_load(struct ledger *ledger)
{
	struct store_table table = ledger->table[LEDGER_TABLE_CALENDAR];
	struct calendar_row row;
	int r = calendars_next(ledger->txn, table, NULL, &row);

	ledger->calendars.book = (struct clock_book){.find = book_find, .context = ledger};
	ledger->referral.book = &ledger->calendars.book;
	while (r == 0) {
		r = load_row(ledger, &row);
		if (r == 0)
			r = calendars_next(ledger->txn, table, row.jurisdiction, &row);
	}
	return r == CALENDARS_UNKNOWN ? 0 : r;
}

void calendars_done(struct calendars *calendars)
{
	free(calendars->entries);
	*calendars = (struct calendars){0};
}

/* ---- a new one ---- */

static int check_entry(struct ledger *ledger, struct submission *submission,
		       const calendar_entry *entry, const char *jurisdiction, struct calendar *ret)
{
	struct calendar_row before;
	int r;

	if (submission->sender->kind != THROUGHCARE__V1__PEER_KIND__PEER_KIND_OPERATOR) {
		(void)tc_refuse(&submission->refusal, TC_REFUSAL_TYPE_NOT_ALLOWED, "type");
		return SUBMISSION_REFUSED;
	}
	if (strlen(jurisdiction) > REGISTRY_JURISDICTION_BYTES_MAX) {
		(void)tc_refuse(&submission->refusal, TC_REFUSAL_FIELD_TOO_LONG, "jurisdiction");
		return SUBMISSION_REFUSED;
	}
	r = calendar_parse(entry, ret, &submission->refusal);
	if (r != 0)
		return r == CALENDAR_REFUSED ? SUBMISSION_REFUSED : r;
	r = calendars_find(ledger->txn, ledger->table[LEDGER_TABLE_CALENDAR], jurisdiction,
			   &before);
	if (r != 0)
		return r == CALENDARS_UNKNOWN ? 0 : r;
	if (entry->version > before.version)
		return 0;
	(void)tc_refuse(&submission->refusal, TC_REFUSAL_FIELD_INVALID,
			"version: %u is in force, the next one is higher", before.version);
	return SUBMISSION_REFUSED;
}

/* As it is before it is replaced, in the arena; NULL: there is none. */
static int entry_before(struct ledger *ledger, const char *jurisdiction, calendar_entry **ret)
{
	struct calendar_row row;
	int r = calendars_find(ledger->txn, ledger->table[LEDGER_TABLE_CALENDAR], jurisdiction,
			       &row);

	*ret = NULL;
	if (r != 0)
		return r == CALENDARS_UNKNOWN ? 0 : r;
	*ret = throughcare__v1__calendar_entry__unpack(&ledger->arena.allocator, row.entry.len,
						       row.entry.data);
	return *ret != NULL ? 0 : TC_ECORRUPT;
}

static int entry_fact(struct ledger *ledger, const struct submission *submission,
		      const calendar_entry *before, const calendar_entry *entry)
{
	struct fact_draft draft;
	int r;

	fact_init(&draft, "calendar");
	fact_submission(&draft, ledger, submission);
	fact_text(&draft.row.code, entry->jurisdiction);
	draft.row.has_rule_version = 1;
	draft.row.rule_version = entry->version;
	r = change_list(&ledger->arena, before ? &before->base : NULL, &entry->base, &draft.row);
	return r < 0 ? r : fact_push(ledger, &draft);
}

int calendars_submit(struct ledger *ledger, struct submission *submission)
{
	const ProtobufCBinaryData *body = &submission->record->body;
	calendar_entry *before, *entry = throughcare__v1__calendar_entry__unpack(
					&ledger->arena.allocator, body->len, body->data);
	struct calendar calendar;
	const char *jurisdiction;
	int r;

	if (entry == NULL)
		return TC_ECORRUPT;
	jurisdiction = entry->jurisdiction == NULL ? "" : entry->jurisdiction;
	r = check_entry(ledger, submission, entry, jurisdiction, &calendar);
	if (r == 0)
		r = entry_before(ledger, jurisdiction, &before);
	if (r == 0)
		r = row_put_entry(ledger, jurisdiction, entry->version,
				  tc_slice(body->data, body->len));
	if (r == 0)
		r = entry_keep(&ledger->calendars, jurisdiction, &calendar);
	if (r == 0)
		r = entry_fact(ledger, submission, before, entry);
	return r != 0 ? r : calendars_recount(ledger);
}

/* ---- the clocks that run ---- */

int calendars_recount(struct ledger *ledger)
{
	struct job job = {.kind = JOB_CALENDAR};

	return job_start(ledger, &job);
}

int calendars_job(struct ledger *ledger, struct job *job)
{
	struct store_cursor cursor;
	struct tc_slice key;
	unsigned passed = 0;
	bool more = false;
	int r = store_cursor_init(&cursor, ledger->txn, ledger->referral.referrals,
				  tc_slice(NULL, 0), STORE_FORWARD);

	if (r == 0 && !tc_id_is_none(job->about))
		r = store_cursor_seek(&cursor,
				      tc_slice(job->about.bytes, sizeof(job->about.bytes)));
	while (r == 0 && (r = store_cursor_next(&cursor, &key, NULL)) == 0) {
		struct referral_change change;
		struct tc_id id;

		if (!store_key_take_id(&key, &id)) {
			r = TC_ECORRUPT;
			break;
		}
		job->about = id; /* the next slice begins with it again, which changes nothing */
		if (passed++ % PASSED_PER_VISIT == 0 && !job_take_turn(ledger)) {
			more = true;
			break;
		}
		r = referral_recount(ledger->txn, &ledger->referral, id, ledger->now_ms, &change);
		if (r == 0)
			r = transition_follow(ledger, &change);
	}
	store_cursor_done(&cursor);
	return more ? JOB_MORE : r == STORE_NOT_FOUND ? 0 : r;
}
