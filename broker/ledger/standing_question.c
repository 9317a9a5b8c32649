#include "ledger/standing_question.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/calendars.h"
#include "ledger/dispatch.h"
#include "ledger/fact.h"
#include "ledger/order.h"
#include "ledger/own_message.h"
#include "ledger/row.h"
#include "ledger/scope.h"
#include "ledger/standing_window.h"
#include "ledger/state.h"
#include "ledger/submission.h"

#define QUESTIONS_MAX     32 /* of one auditor: each fact is held against each */
#define EVENT_BYTES_MAX   64
#define MINUTE_MS         INT64_C(60000)
#define THRESHOLD_DEFAULT 10
#define WINDOW_S_DEFAULT  600

typedef Throughcare__V1__StandingQuestion asked_question;

struct standing_entry {
	tc_agency auditor;
	asked_question *asked; /* owned */
	uint64_t hits;
	int64_t last_ms;
	uint32_t seen;                   /* in the record being applied */
	char event[EVENT_BYTES_MAX + 1]; /* of the first of them */
};

struct standing_questions {
	struct standing_entry *entries;
	size_t count;
	bool seen;    /* there is something to tell */
	bool telling; /* facts are about notices now */
};

/* ---- rows ---- */

static void row_key(struct store_key *key, const tc_agency *auditor, const char *name)
{
	store_key_init(key);
	store_key_agency(key, auditor);
	store_key_text(key, tc_slice_text(name));
}

static int row_decode(struct tc_slice key, struct tc_slice value, struct standing_question_row *ret)
{
	struct row_reader row = row_read(value);
	struct tc_slice name;

	ret->hits = row_take_u64(&row);
	ret->last_ms = (int64_t)row_take_u64(&row);
	ret->packed = tc_slice(row.at, (size_t)(row.end - row.at));
	if (row.short_of || !store_key_take_agency(&key, &ret->auditor) ||
	    !store_key_take_text(&key, &name) || name.len > TC_NAME_BYTES_MAX)
		return TC_ECORRUPT;
	memset(ret->name, 0, sizeof(ret->name));
	memcpy(ret->name, name.data, name.len);
	return 0;
}

int standing_question_next(struct store_txn *txn, struct store_table table,
			   const tc_agency *auditor, struct tc_slice after,
			   struct standing_question_row *ret, struct tc_slice *ret_key)
{
	struct store_key prefix;
	struct tc_slice value;
	int r;

	store_key_init(&prefix);
	if (auditor != NULL)
		store_key_agency(&prefix, auditor);
	r = store_after(txn, table, store_key_slice(&prefix), after, ret_key, &value);
	if (r == 0)
		r = row_decode(*ret_key, value, ret);
	return r == STORE_NOT_FOUND ? STANDING_QUESTION_UNKNOWN : ledger_store_fault(r);
}

static int row_write(struct ledger *ledger, const struct standing_entry *entry,
		     struct tc_slice packed)
{
	struct row_writer row = {0};
	struct tc_bytes value = {0};
	struct store_key key;
	int r;

	row_key(&key, &entry->auditor, entry->asked->name);
	row_put_u64(&row, entry->hits);
	row_put_u64(&row, (uint64_t)entry->last_ms);
	r = tc_bytes_append(&value, row.data, row.len);
	if (r == 0)
		r = tc_bytes_append(&value, packed.data, packed.len);
	if (r == 0)
		r = ledger_put(ledger, LEDGER_TABLE_STANDING, store_key_slice(&key),
			       tc_bytes_slice(&value));
	tc_bytes_free(&value);
	return r;
}

static int row_update(struct ledger *ledger, const struct standing_entry *entry)
{
	ProtobufCBinaryData packed;
	int r = arena_pack(&ledger->arena, &entry->asked->base, &packed);

	return r < 0 ? r : row_write(ledger, entry, tc_slice(packed.data, packed.len));
}

/* ---- those that are asked ---- */

void standing_questions_free(struct standing_questions **questions)
{
	if (*questions == NULL)
		return;
	for (size_t i = 0; i < (*questions)->count; i++)
		throughcare__v1__standing_question__free_unpacked((*questions)->entries[i].asked,
								  NULL);
	free((*questions)->entries);
	free(*questions);
	*questions = NULL;
}

static int entry_add(struct standing_questions *questions, const struct standing_question_row *row)
{
	struct standing_entry *grown =
		reallocarray(questions->entries, questions->count + 1, sizeof(*questions->entries));
	asked_question *asked =
		throughcare__v1__standing_question__unpack(NULL, row->packed.len, row->packed.data);

	if (grown != NULL)
		questions->entries = grown;
	if (grown == NULL || asked == NULL) {
		throughcare__v1__standing_question__free_unpacked(asked, NULL);
		return TC_ENOMEM;
	}
	questions->entries[questions->count++] = (struct standing_entry){
		.auditor = row->auditor,
		.asked = asked,
		.hits = row->hits,
		.last_ms = row->last_ms,
	};
	return 0;
}

int standing_questions_load(struct ledger *ledger)
{
	struct standing_questions *questions = NULL;
	struct standing_question_row row;
	uint8_t at[STORE_KEY_BYTES_MAX];
	struct tc_slice after = tc_slice(NULL, 0), key;
	int r;

	standing_questions_free(&ledger->standing);
	while ((r = standing_question_next(ledger->txn, ledger->table[LEDGER_TABLE_STANDING], NULL,
					   after, &row, &key)) == 0) {
		if (questions == NULL)
			questions = calloc(1, sizeof(*questions));
		r = questions == NULL ? TC_ENOMEM : entry_add(questions, &row);
		if (r < 0)
			break;
		memcpy(at, key.data, key.len);
		after = tc_slice(at, key.len);
	}
	ledger->standing = questions;
	return r < 0 ? r : 0;
}

static int ask_fact(struct ledger *ledger, const struct submission *submission,
		    const asked_question *asked)
{
	struct fact_draft draft;

	fact_init(&draft, asked->active ? "question" : "question_ended");
	fact_submission(&draft, ledger, submission);
	fact_text(&draft.row.code, asked->name);
	return fact_push(ledger, &draft);
}

static int forget(struct ledger *ledger, const tc_agency *auditor, const char *name)
{
	struct store_key key;
	int r;

	row_key(&key, auditor, name);
	r = store_del(ledger->txn, ledger->table[LEDGER_TABLE_STANDING], store_key_slice(&key));
	return r == STORE_NOT_FOUND ? 0 : ledger_store_fault(r);
}

/* One more than the auditor may ask; the same one, asked differently, is none more. */
static bool too_many(const struct ledger *ledger, const struct standing_entry *entry)
{
	const struct standing_questions *questions = ledger->standing;
	size_t count = 0;

	for (size_t i = 0; questions != NULL && i < questions->count; i++) {
		const struct standing_entry *other = &questions->entries[i];

		if (!tc_agency_equal(&other->auditor, &entry->auditor))
			continue;
		if (strcmp(other->asked->name, entry->asked->name) == 0)
			return false;
		count++;
	}
	return count >= QUESTIONS_MAX;
}

int standing_question_submit(struct ledger *ledger, struct submission *submission)
{
	const ProtobufCBinaryData *body = &submission->record->body;
	asked_question *asked = throughcare__v1__standing_question__unpack(&ledger->arena.allocator,
									   body->len, body->data);
	struct standing_entry entry = {.auditor = submission->sender->name, .asked = asked};
	int r;

	if (submission->sender->kind != THROUGHCARE__V1__PEER_KIND__PEER_KIND_AUDITOR) {
		(void)tc_refuse(&submission->refusal, TC_REFUSAL_TYPE_NOT_ALLOWED, "type");
		return SUBMISSION_REFUSED;
	}
	if (asked == NULL || !tc_name_valid(tc_slice_text(asked->name))) {
		(void)tc_refuse(&submission->refusal, TC_REFUSAL_FIELD_INVALID, "name");
		return SUBMISSION_REFUSED;
	}
	if (asked->active && too_many(ledger, &entry)) {
		(void)tc_refuse(&submission->refusal, TC_REFUSAL_LIMIT_REACHED,
				"%d standing questions of one auditor", QUESTIONS_MAX);
		return SUBMISSION_REFUSED;
	}
	r = asked->active ? row_write(ledger, &entry, tc_slice(body->data, body->len))
			  : forget(ledger, &entry.auditor, asked->name);
	if (r == 0)
		r = standing_questions_load(ledger);
	return r < 0 ? r : ask_fact(ledger, submission, asked);
}

/* ---- what answers ---- */

typedef Throughcare__V1__TrailRow trail_row;

static bool is(const char *wanted, const char *text)
{
	return text != NULL && strcmp(wanted, text) == 0;
}

static bool without_consent(const trail_row *row)
{
	return is("release", row->event) && row->subject != NULL && row->n_grants == 0 &&
	       !is(TC_AGENCY_EXCHANGE, row->agency);
}

static bool break_glass(const trail_row *row)
{
	return is("break_glass", row->event) || is("break_glass_overdue", row->event);
}

static bool overridden(const trail_row *row)
{
	static const char *const acts[] = {
		"registry", "policy",         "calendar",    "scope",    "suspension",
		"order",    "order_approved", "order_ended", "restored", "sealer_forgot"};

	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (is(acts[i], row->event))
			return true;
	return is("break_glass_reviewed", row->event) && is("not_justified", row->code);
}

/* By the clocks and working days of whoever asks, or from Monday to Friday at the offset named. */
static bool outside_hours(struct ledger *ledger, const asked_question *asked, const trail_row *row)
{
	const struct calendar *calendar = NULL;
	int64_t at_ms = ledger->now_ms;
	tc_agency asker;

	if (!is("query", row->event) && !is("query_refused", row->event))
		return false;
	if (asked->has_utc_offset_minutes)
		at_ms += asked->utc_offset_minutes * MINUTE_MS;
	else if (tc_agency_parse(tc_slice_text(row->agency), &asker))
		calendar = calendars_of(ledger, &asker);
	return !calendar_at_work(calendar, at_ms, asked->from_minute, asked->to_minute);
}

/* Counts failed log-ons from one place in a window of time. True: with this one it is a burst. */
static int logon_burst(struct ledger *ledger, const struct standing_entry *entry,
		       const trail_row *row, bool *ret)
{
	const asked_question *asked = entry->asked;
	const struct standing_burst burst = {
		.threshold = asked->threshold ? asked->threshold : THRESHOLD_DEFAULT,
		.window_ms = INT64_C(1000) * (asked->window_s ? asked->window_s : WINDOW_S_DEFAULT),
	};
	const char *from = row->agency ? row->agency : row->reference;

	*ret = false;
	if (!is("logon_refused", row->event))
		return 0;
	return standing_window_add(ledger, &entry->auditor, asked->name, from ? from : "",
				   row->has_count ? row->count : 1, &burst, ret);
}

static int answers(struct ledger *ledger, const struct standing_entry *entry, const trail_row *row,
		   bool *ret)
{
	const asked_question *asked = entry->asked;

	*ret = false;
	if (asked->agency != NULL && asked->agency[0] != '\0' && !is(asked->agency, row->agency) &&
	    !is(asked->agency, row->recipient))
		return 0;
	switch (asked->kind) {
	case THROUGHCARE__V1__STANDING_KIND__STANDING_KIND_WITHOUT_CONSENT:
		*ret = without_consent(row);
		return 0;
	case THROUGHCARE__V1__STANDING_KIND__STANDING_KIND_BREAK_GLASS:
		*ret = break_glass(row);
		return 0;
	case THROUGHCARE__V1__STANDING_KIND__STANDING_KIND_OVERRIDE:
		*ret = overridden(row);
		return 0;
	case THROUGHCARE__V1__STANDING_KIND__STANDING_KIND_LOGON_BURST:
		return logon_burst(ledger, entry, row, ret);
	case THROUGHCARE__V1__STANDING_KIND__STANDING_KIND_QUERY_OUTSIDE_HOURS:
		*ret = outside_hours(ledger, asked, row);
		return 0;
	case THROUGHCARE__V1__STANDING_KIND__STANDING_KIND_UNSPECIFIED:
	case _THROUGHCARE__V1__STANDING_KIND_IS_INT_SIZE:
		break;
	}
	return 0;
}

static struct tc_id id_of(const char *text)
{
	struct tc_id id;

	return text != NULL && tc_id_parse(tc_slice_text(text), &id) ? id : (struct tc_id){{0}};
}

/* Only what the auditor might look at itself. */
static int within_scope(struct ledger *ledger, const struct standing_entry *entry,
			const trail_row *row, bool *ret)
{
	struct order_tables orders = order_tables_of(ledger);
	struct tc_id subject = id_of(row->subject);
	struct scope scope;
	bool found, sealed;
	int r = scope_read(ledger->txn, ledger->table[LEDGER_TABLE_SCOPE],
			   THROUGHCARE__V1__PEER_KIND__PEER_KIND_AUDITOR, &entry->auditor,
			   &ledger->arena.allocator, &scope, &found);

	if (r == 0)
		r = order_sealed(ledger->txn, &orders, subject, id_of(row->referral_id),
				 id_of(row->message_id), &entry->auditor, &sealed);
	if (r < 0)
		return r;
	*ret = !sealed && (!found || (ledger->now_ms < scope.ends_ms &&
				      scope_covers(&scope, subject, row->agency, row->recipient,
						   ledger->now_ms)));
	return 0;
}

int standing_question_see(struct ledger *ledger, const trail_row *row)
{
	struct standing_questions *questions = ledger->standing;

	if (questions == NULL || questions->telling)
		return 0;
	for (size_t i = 0; i < questions->count; i++) {
		struct standing_entry *entry = &questions->entries[i];
		bool hit;
		int r = answers(ledger, entry, row, &hit);

		if (r == 0 && hit)
			r = within_scope(ledger, entry, row, &hit);
		if (r < 0)
			return r;
		if (!hit)
			continue;
		if (entry->seen++ == 0) {
			size_t len = strnlen(row->event, EVENT_BYTES_MAX);

			memcpy(entry->event, row->event, len);
			entry->event[len] = '\0';
		}
		questions->seen = true;
	}
	return 0;
}

static int tell_one(struct ledger *ledger, struct standing_entry *entry)
{
	Throughcare__V1__StandingNotice notice = THROUGHCARE__V1__STANDING_NOTICE__INIT;
	Google__Protobuf__Timestamp at = own_message_time(ledger->now_ms);
	struct own_subject about = {.type = "StandingNotice"};
	const struct principal *auditor =
		principal_find(ledger, THROUGHCARE__V1__PEER_KIND__PEER_KIND_AUDITOR,
			       tc_slice_text(entry->auditor.name));
	struct fact_draft draft;
	int r;

	if (auditor == NULL)
		return TC_ECORRUPT;
	notice.name = entry->asked->name;
	notice.has_log_sequence = notice.has_count = 1;
	notice.log_sequence = ledger->sequence;
	notice.at = &at;
	notice.event = entry->event;
	notice.count = entry->seen;
	entry->hits += entry->seen;
	entry->last_ms = ledger->now_ms;
	entry->seen = 0;
	fact_init(&draft, "standing");
	fact_text(&draft.row.agency, TC_AGENCY_EXCHANGE);
	fact_text(&draft.row.recipient, entry->auditor.name);
	fact_text(&draft.row.code, entry->asked->name);
	r = row_update(ledger, entry);
	if (r == 0)
		r = fact_push(ledger, &draft);
	return r < 0 ? r : own_message_send(ledger, auditor->number, &about, &notice.base, NULL);
}

int standing_question_tell(struct ledger *ledger)
{
	struct standing_questions *questions = ledger->standing;
	int r = 0;

	if (questions == NULL || !questions->seen)
		return 0;
	questions->seen = false;
	questions->telling = true;
	for (size_t i = 0; r == 0 && i < questions->count; i++)
		if (questions->entries[i].seen > 0)
			r = tell_one(ledger, &questions->entries[i]);
	if (r == 0)
		r = dispatch_run(ledger);
	questions->telling = false;
	return r;
}
