#include "ledger/scope.h"

#include <string.h>

#include "consent/consent_check.h"
#include "ledger/change.h"
#include "ledger/fact.h"
#include "ledger/row.h"
#include "ledger/state.h"
#include "ledger/submission.h"

#define CASE(name) THROUGHCARE__V1__QUERY__BODY_##name

/* Questions that an auditor with a scope may ask. What is not here would tell of others. */
static const struct {
	Throughcare__V1__Query__BodyCase body;
	bool rows; /* about people and agencies: each row passes scope_covers */
} scope_questions[] = {
	{CASE(AGENCY_LIST), false},  {CASE(EXCHANGE_STATUS), false},
	{CASE(CERTIFICATE), false},  {CASE(POLICY_SHOW), false},
	{CASE(TRAIL_PROOF), false},  {CASE(TRAIL_CHECKPOINT), false},
	{CASE(TRAIL_TILES), false},  {CASE(TRAIL_CONSISTENCY), false},
	{CASE(SCOPE_LIST), false},   {CASE(STANDING_LIST), false},
	{CASE(TRAIL_FIND), true},    {CASE(TRAIL_WHY), true},
	{CASE(REFERRAL_LIST), true}, {CASE(REFERRAL_SHOW), true},
	{CASE(CONSENT_LIST), true},  {CASE(CONSENT_SHOW), true},
	{CASE(MESSAGE_SHOW), true},  {CASE(ACCOUNTING), true},
	{CASE(USER_POLICY), false},
};

/* ---- rows ---- */

static int row_decode(struct tc_slice key, struct tc_slice value, struct scope_row *ret)
{
	struct row_reader row = row_read(value);

	ret->sequence = row_take_u64(&row);
	ret->at_ms = (int64_t)row_take_u64(&row);
	ret->packed = tc_slice(row.at, (size_t)(row.end - row.at));
	return !row.short_of && tc_agency_parse(key, &ret->auditor) ? 0 : TC_ECORRUPT;
}

int scope_find(struct store_txn *txn, struct store_table table, const tc_agency *auditor,
	       struct scope_row *ret)
{
	struct tc_slice key = tc_slice_text(auditor->name), value;
	int r = store_get(txn, table, key, &value);

	if (r == STORE_NOT_FOUND)
		return SCOPE_UNKNOWN;
	return r == 0 ? row_decode(key, value, ret) : ledger_store_fault(r);
}

int scope_next(struct store_txn *txn, struct store_table table, struct tc_slice after,
	       struct scope_row *ret)
{
	struct tc_slice key, value;
	int r = store_after(txn, table, tc_slice(NULL, 0), after, &key, &value);

	if (r == 0)
		r = row_decode(key, value, ret);
	return r == STORE_NOT_FOUND ? SCOPE_UNKNOWN : ledger_store_fault(r);
}

static int row_write(struct ledger *ledger, const tc_agency *auditor, struct tc_slice packed)
{
	struct row_writer row = {0};
	struct tc_bytes value = {0};
	int r;

	row_put_u64(&row, ledger->sequence);
	row_put_u64(&row, (uint64_t)ledger->now_ms);
	r = tc_bytes_append(&value, row.data, row.len);
	if (r == 0)
		r = tc_bytes_append(&value, packed.data, packed.len);
	if (r == 0)
		r = ledger_put(ledger, LEDGER_TABLE_SCOPE, tc_slice_text(auditor->name),
			       tc_bytes_slice(&value));
	tc_bytes_free(&value);
	return r;
}

/* ---- setting one ---- */

static Throughcare__V1__AuditorScope *unpack(ProtobufCAllocator *allocator, struct tc_slice packed)
{
	return throughcare__v1__auditor_scope__unpack(allocator, packed.len, packed.data);
}

static int set_fact(struct ledger *ledger, const struct submission *submission,
		    const ProtobufCMessage *before, const Throughcare__V1__AuditorScope *after)
{
	struct fact_draft draft;
	int r;

	fact_init(&draft, "scope");
	fact_submission(&draft, ledger, submission);
	fact_text(&draft.row.recipient, after->auditor);
	r = change_list(&ledger->arena, before, &after->base, &draft.row);
	return r < 0 ? r : fact_push(ledger, &draft);
}

int scope_submit(struct ledger *ledger, struct submission *submission)
{
	const ProtobufCBinaryData *body = &submission->record->body;
	struct tc_slice packed = tc_slice(body->data, body->len);
	Throughcare__V1__AuditorScope *scope = unpack(&ledger->arena.allocator, packed);
	Throughcare__V1__AuditorScope *before = NULL;
	struct scope_row row;
	tc_agency auditor;
	int r;

	if (submission->sender->kind != THROUGHCARE__V1__PEER_KIND__PEER_KIND_OPERATOR) {
		(void)tc_refuse(&submission->refusal, TC_REFUSAL_TYPE_NOT_ALLOWED, "type");
		return SUBMISSION_REFUSED;
	}
	if (scope == NULL || !tc_agency_parse(tc_slice_text(scope->auditor), &auditor)) {
		(void)tc_refuse(&submission->refusal, TC_REFUSAL_FIELD_INVALID, "auditor");
		return SUBMISSION_REFUSED;
	}
	r = scope_find(ledger->txn, ledger->table[LEDGER_TABLE_SCOPE], &auditor, &row);
	if (r < 0)
		return r;
	if (r == 0) {
		before = unpack(&ledger->arena.allocator, row.packed);
		if (before == NULL)
			return TC_ECORRUPT;
	}
	r = row_write(ledger, &auditor, packed);
	return r < 0 ? r : set_fact(ledger, submission, before ? &before->base : NULL, scope);
}

/* ---- looking through one ---- */

int scope_read(struct store_txn *txn, struct store_table table, Throughcare__V1__PeerKind kind,
	       const tc_agency *asker, ProtobufCAllocator *allocator, struct scope *ret,
	       bool *ret_found)
{
	struct scope_row row;
	int r;

	*ret_found = false;
	if (kind != THROUGHCARE__V1__PEER_KIND__PEER_KIND_AUDITOR)
		return 0;
	r = scope_find(txn, table, asker, &row);
	if (r != 0)
		return r == SCOPE_UNKNOWN ? 0 : r;
	ret->said = unpack(allocator, row.packed);
	if (ret->said == NULL)
		return TC_ECORRUPT;
	ret->since_ms = consent_time_ms(ret->said->since, INT64_MIN);
	ret->until_ms = consent_time_ms(ret->said->until, INT64_MAX);
	ret->ends_ms = consent_time_ms(ret->said->ends_at, INT64_MAX);
	*ret_found = true;
	return 0;
}

static bool among(char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; name != NULL && i < count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static bool among_ids(char *const *texts, size_t count, struct tc_id wanted)
{
	struct tc_id id;

	for (size_t i = 0; i < count; i++)
		if (tc_id_parse(tc_slice_text(texts[i]), &id) && tc_id_equal(id, wanted))
			return true;
	return false;
}

static bool covers_subject(const struct scope *scope, struct tc_id subject)
{
	const Throughcare__V1__AuditorScope *said = scope->said;

	return said->n_subjects == 0 || among_ids(said->subjects, said->n_subjects, subject);
}

bool scope_all_times(const struct scope *scope)
{
	return scope == NULL || (scope->since_ms == INT64_MIN && scope->until_ms == INT64_MAX);
}

bool scope_covers(const struct scope *scope, struct tc_id subject, const char *agency,
		  const char *other, int64_t at_ms)
{
	const Throughcare__V1__AuditorScope *said;

	if (scope == NULL)
		return true;
	said = scope->said;
	return covers_subject(scope, subject) &&
	       (said->n_agencies == 0 || among(said->agencies, said->n_agencies, agency) ||
		among(said->agencies, said->n_agencies, other)) &&
	       at_ms >= scope->since_ms && at_ms < scope->until_ms;
}

static int refuse(struct tc_refusal *refusal, const char *detail)
{
	(void)tc_refuse(refusal, TC_REFUSAL_OUT_OF_SCOPE, "%s", detail);
	return SCOPE_REFUSED;
}

/* A person, or agency, that the question names. */
static int check_named(const struct scope *scope, const Throughcare__V1__Query *query,
		       struct tc_refusal *refusal)
{
	const char *subject = asking_text(query, "subject");
	const char *agency = asking_text(query, "agency");
	struct tc_id id;

	if (subject != NULL && tc_id_parse(tc_slice_text(subject), &id) &&
	    !covers_subject(scope, id))
		return refuse(refusal, "subject");
	if (agency != NULL && agency[0] != '\0' && scope->said->n_agencies > 0 &&
	    !among(scope->said->agencies, scope->said->n_agencies, agency))
		return refuse(refusal, "agency");
	return 0;
}

/* Is there anything that is not within it? */
static bool leaves_out(const struct scope *scope)
{
	return scope->said->n_agencies > 0 || scope->said->n_subjects > 0 ||
	       !scope_all_times(scope);
}

int scope_check(const struct scope *scope, Throughcare__V1__PeerKind kind,
		const Throughcare__V1__Query *query, int64_t now_ms, struct tc_refusal *refusal)
{
	bool content = scope != NULL && scope->said->content;
	size_t at = 0;
	bool known;

	if (kind == THROUGHCARE__V1__PEER_KIND__PEER_KIND_AUDITOR &&
	    query->body_case == CASE(MESSAGE_SHOW) && !content) {
		(void)tc_refuse(refusal, TC_REFUSAL_NOT_PERMITTED, "message_show");
		return SCOPE_REFUSED;
	}
	if (scope == NULL)
		return 0;
	while (at < sizeof(scope_questions) / sizeof(scope_questions[0]) &&
	       scope_questions[at].body != query->body_case)
		at++;
	known = at < sizeof(scope_questions) / sizeof(scope_questions[0]);
	if (known && !scope_questions[at].rows)
		return 0;
	if (now_ms >= scope->ends_ms)
		return refuse(refusal, "it has ended");
	if (!known && leaves_out(scope))
		return refuse(refusal, "a question of this kind");
	return check_named(scope, query, refusal);
}
