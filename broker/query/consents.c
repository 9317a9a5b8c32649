#include "query/consents.h"

#include <string.h>

#include "consent/decision.h"
#include "ledger/ledger_view.h"
#include "query/gate.h"
#include "throughcare/v1/consent.pb-c.h"

typedef Throughcare__V1__ConsentGrant Document;
typedef Throughcare__V1__ConsentGrant__Grant Grant;
typedef Throughcare__V1__ConsentGrant__Party Party;

/* The names of parties as rows show them. 0 or TC_ENOMEM. */
static int party_names(struct answer *answer, Party *const *parties, size_t count, char ***ret)
{
	char **names = answer_array(answer, count);

	if (names == NULL)
		return TC_ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const char *name = parties[i]->agency;

		if (name == NULL)
			name = "(class)";
		names[i] = answer_text(answer, name);
		if (names[i] == NULL)
			return TC_ENOMEM;
	}
	*ret = names;
	return 0;
}

static int64_t stamp_ms(const Google__Protobuf__Timestamp *stamp)
{
	return stamp->seconds * 1000 + stamp->nanos / 1000000;
}

/* A time of a grant's state; 0 and INT64_MAX are no times. */
static int grant_time(struct answer *answer, int64_t ms, Google__Protobuf__Timestamp **ret)
{
	if (ms == 0 || ms == INT64_MAX || ms == INT64_MIN)
		return 0;
	*ret = answer_time(answer, ms);
	return *ret ? 0 : TC_ENOMEM;
}

static int fill_state(const struct question *question, struct answer *answer, struct tc_id id,
		      Throughcare__V1__GrantRow *row)
{
	struct grant_view state;
	int r = grant_find(ledger_view_txn(question->ledger), ledger_view_consent(question->ledger),
			   id, &state);

	if (r != 0)
		return r > 0 ? TC_ECORRUPT : r;
	row->status = answer_text(answer, grant_status_at(&state, question->now_ms));
	if (row->status == NULL)
		return TC_ENOMEM;
	r = grant_time(answer, state.valid_from_ms, &row->valid_from);
	if (r == 0)
		r = grant_time(answer, state.expires_ms, &row->expires_at);
	if (r == 0)
		r = grant_time(answer, state.revoked_ms, &row->revoked_at);
	if (r == 0 && state.revoked_ms != 0)
		r = grant_time(answer, state.effective_ms, &row->revocation_effective_at);
	return r;
}

/* NULL in *ret: the grant is not the asker's business. Borrows from the unpacked document. */
static int make_grant(const struct question *question, struct answer *answer, const Grant *grant,
		      bool whole, Throughcare__V1__GrantRow **ret)
{
	Throughcare__V1__GrantRow *row = arena_take(&answer->arena, sizeof(*row));
	bool two_way =
		grant->direction == THROUGHCARE__V1__GRANT_DIRECTION__GRANT_DIRECTION_TWO_WAY;
	struct tc_id id;
	int r;

	*ret = NULL;
	if (row == NULL)
		return TC_ENOMEM;
	throughcare__v1__grant_row__init(row);
	r = party_names(answer, grant->disclosers, grant->n_disclosers, &row->disclosers);
	if (r == 0)
		r = party_names(answer, grant->recipients, grant->n_recipients, &row->recipients);
	if (r < 0)
		return r;
	row->n_disclosers = grant->n_disclosers;
	row->n_recipients = grant->n_recipients;
	if (!whole && !gate_grant(question, row->disclosers, row->n_disclosers) &&
	    !(two_way && gate_grant(question, row->recipients, row->n_recipients)))
		return 0;
	if (grant->grant_id == NULL || !tc_id_parse(tc_slice_text(grant->grant_id), &id))
		return TC_ECORRUPT;
	row->grant_id = grant->grant_id;
	row->n_categories = grant->n_categories;
	row->categories = grant->categories;
	row->n_purposes = grant->n_purposes;
	row->purposes = grant->purposes;
	row->proceeding_id = grant->proceeding_id;
	row->has_two_way = 1;
	row->two_way = two_way;
	r = fill_state(question, answer, id, row);
	if (r == 0)
		*ret = row;
	return r;
}

static const char *regime_name(Throughcare__V1__ConsentRegime regime)
{
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(
		&throughcare__v1__consent_regime__descriptor, (int)regime);

	return value ? value->name : "CONSENT_REGIME_UNSPECIFIED";
}

static int fill_whole(const struct question *question, struct answer *answer,
		      const struct consent_view *consent, const Document *document,
		      Throughcare__V1__ConsentRow *row)
{
	const char *status;
	int r = consent_status_at(ledger_view_txn(question->ledger),
				  ledger_view_consent(question->ledger), consent, question->now_ms,
				  &status);

	if (r < 0)
		return r;
	row->status = answer_text(answer, status);
	row->given_to = answer_text(answer, document->given_to_agency ? document->given_to_agency
								      : consent->sender.name);
	return row->status && row->given_to ? 0 : TC_ENOMEM;
}

/* NULL in *ret: nothing of this consent is the asker's business. */
static int make_row(const struct question *question, struct answer *answer,
		    const struct consent_view *consent, Throughcare__V1__ConsentRow **ret)
{
	bool whole = gate_consent(question, consent);
	Throughcare__V1__ConsentRow *row = arena_take(&answer->arena, sizeof(*row));
	Document *document = throughcare__v1__consent_grant__unpack(
		&answer->arena.allocator, consent->document.len, consent->document.data);
	int r = 0;

	*ret = NULL;
	if (row == NULL || document == NULL)
		return TC_ENOMEM;
	throughcare__v1__consent_row__init(row);
	row->grants = answer_array(answer, document->n_grants);
	row->consent_id = answer_id(answer, consent->consent);
	row->subject = answer_id(answer, consent->subject);
	row->recorded_at = answer_time(answer, consent->recorded_ms);
	row->regime = answer_text(answer, regime_name(document->regime));
	if (!row->grants || !row->consent_id || !row->subject || !row->recorded_at || !row->regime)
		return TC_ENOMEM;
	if (whole)
		r = fill_whole(question, answer, consent, document, row);
	for (size_t i = 0; r == 0 && i < document->n_grants; i++) {
		Throughcare__V1__GrantRow *grant;

		r = make_grant(question, answer, document->grants[i], whole, &grant);
		if (r == 0 && grant)
			row->grants[row->n_grants++] = grant;
	}
	if (r == 0 && (whole || row->n_grants > 0))
		*ret = row;
	return r;
}

static int read_after(const struct question *question, struct answer *answer, struct tc_id *ret)
{
	struct tc_slice cursor = answer_cursor(question);

	*ret = (struct tc_id){{0}};
	if (cursor.len == 0)
		return 0;
	if (cursor.len != sizeof(ret->bytes))
		return tc_refuse(&answer->refusal, TC_REFUSAL_FIELD_INVALID, "page.cursor");
	memcpy(ret->bytes, cursor.data, cursor.len);
	return 0;
}

/* Adds the rows of these consents. QUESTION_REFUSED is none of its outcomes. *ret_full: there is
 * one more than the page holds. */
static int add_rows(const struct question *question, struct answer *answer, const struct tc_id *ids,
		    size_t count, size_t rows_max, bool *ret_full)
{
	struct store_txn *txn = ledger_view_txn(question->ledger);
	Throughcare__V1__QueryReply *reply = &answer->reply;

	for (size_t i = 0; i < count; i++) {
		Throughcare__V1__ConsentRow *row;
		struct consent_view consent;
		int r = consent_find(txn, ledger_view_consent(question->ledger), ids[i], &consent);

		if (r == 0)
			r = make_row(question, answer, &consent, &row);
		if (r != 0)
			return r > 0 ? TC_ECORRUPT : r;
		if (row == NULL)
			continue;
		if (reply->n_consents == rows_max) {
			*ret_full = true;
			return 0;
		}
		reply->consents[reply->n_consents++] = row;
	}
	return 0;
}

/*
 * Pages are counted in rows that the asker sees, and one goes on only when there is such a row:
 * a page that was cut where others' consents stand would tell that they are there.
 */
int consents_list(const struct question *question, struct answer *answer)
{
	struct store_txn *txn = ledger_view_txn(question->ledger);
	size_t rows_max = answer_page_rows(question);
	struct tc_id ids[TC_PAGE_ROWS_MAX], subject, after, last;
	size_t count = TC_PAGE_ROWS_MAX;
	bool full = false;
	int r;

	r = answer_read_id(answer, question->query->consent_list->subject, "consent_list.subject",
			   &subject);
	if (r == 0)
		r = read_after(question, answer, &after);
	if (r != 0)
		return r;
	answer->reply.consents = answer_array(answer, rows_max);
	if (answer->reply.consents == NULL)
		return TC_ENOMEM;
	while (!full && count == TC_PAGE_ROWS_MAX) {
		r = consent_list(txn, ledger_view_consent(question->ledger), subject, after, ids,
				 TC_PAGE_ROWS_MAX, &count);
		if (r == 0)
			r = add_rows(question, answer, ids, count, rows_max, &full);
		if (r != 0)
			return r;
		if (count > 0)
			after = ids[count - 1];
	}
	if (!full)
		return 0;
	r = answer_read_id(answer, answer->reply.consents[rows_max - 1]->consent_id, "page.cursor",
			   &last);
	return r < 0 ? r : answer_next_page(answer, tc_slice(last.bytes, sizeof(last.bytes)));
}

int consents_show(const struct question *question, struct answer *answer)
{
	Throughcare__V1__ConsentRow *row = NULL;
	struct consent_view consent;
	struct tc_id id;
	int r;

	r = answer_read_id(answer, question->query->consent_show->id, "consent_show.id", &id);
	if (r != 0)
		return r;
	r = consent_find_either(ledger_view_txn(question->ledger),
				ledger_view_consent(question->ledger), id, &consent);
	if (r == 0)
		r = make_row(question, answer, &consent, &row);
	if (r < 0)
		return r;
	if (row == NULL)
		return tc_refuse(&answer->refusal, TC_REFUSAL_NOT_FOUND, "%s", "");
	answer->reply.consents = answer_array(answer, 1);
	if (answer->reply.consents == NULL)
		return TC_ENOMEM;
	answer->reply.consents[0] = row;
	answer->reply.n_consents = 1;
	return 0;
}

/* What the question says, as the decision wants it. */
struct check {
	tc_agency from, to;
	uint8_t categories[TC_PARTS_MAX];
	struct decision_request request;
};

static int read_basis(const Throughcare__V1__Basis *basis, struct answer *answer,
		      struct decision_request *request)
{
	if (basis == NULL)
		return 0;
	if (basis->has_legal)
		request->legal = (uint32_t)basis->legal;
	if (basis->reference)
		request->reference = tc_slice_text(basis->reference);
	if (basis->grant_id == NULL)
		return 0;
	return answer_read_id(answer, basis->grant_id, "consent_check.basis.grant_id",
			      &request->grant);
}

static int read_check(const struct question *question, struct answer *answer, struct check *check)
{
	const Throughcare__V1__ConsentCheckQuery *asked = question->query->consent_check;
	struct decision_request *request = &check->request;
	int r;

	r = answer_read_agency(answer, asked->from, "consent_check.from", &check->from);
	if (r == 0)
		r = answer_read_agency(answer, asked->to, "consent_check.to", &check->to);
	if (r == 0)
		r = answer_read_id(answer, asked->subject, "consent_check.subject",
				   &request->subject);
	if (r == 0)
		r = read_basis(asked->basis, answer, request);
	if (r != 0)
		return r;
	if (asked->n_categories == 0)
		return tc_refuse(&answer->refusal, TC_REFUSAL_FIELD_MISSING,
				 "consent_check.categories");
	if (asked->n_categories > TC_PARTS_MAX)
		return tc_refuse(&answer->refusal, TC_REFUSAL_FIELD_INVALID,
				 "consent_check.categories");
	for (size_t i = 0; i < asked->n_categories; i++)
		check->categories[i] = (uint8_t)asked->categories[i];
	request->sender = &check->from;
	request->recipient = &check->to;
	request->categories = check->categories;
	request->part_count = asked->n_categories;
	request->purpose = asked->has_purpose ? (uint32_t)asked->purpose : 0;
	if (asked->proceeding_id)
		request->proceeding = tc_slice_text(asked->proceeding_id);
	request->now_ms = asked->at ? stamp_ms(asked->at) : question->now_ms;
	return 0;
}

static const char *explain(const struct decision *decision)
{
	switch (decision->kind) {
	case DECISION_PERMIT:
		return "everything asked for may be released";
	case DECISION_PERMIT_PARTS:
		return "some of it may be released, the rest is withheld";
	case DECISION_HOLD:
		return "nothing may be released now; a consent recorded later may release it";
	case DECISION_DENY:
		return "nothing may be released";
	}
	return "";
}

static int fill_answer(const struct question *question, struct answer *answer,
		       const struct decision *decision)
{
	const Throughcare__V1__ConsentCheckQuery *asked = question->query->consent_check;
	Throughcare__V1__ConsentAnswer *row = arena_take(&answer->arena, sizeof(*row));

	if (row == NULL)
		return TC_ENOMEM;
	throughcare__v1__consent_answer__init(row);
	row->decision = answer_text(answer, decision_kind_name(decision->kind));
	row->explanation = answer_text(answer, explain(decision));
	row->permitted = arena_take(&answer->arena, asked->n_categories * sizeof(*row->permitted));
	row->withheld = arena_take(&answer->arena, asked->n_categories * sizeof(*row->withheld));
	if (!row->decision || !row->explanation || !row->permitted || !row->withheld)
		return TC_ENOMEM;
	if (decision->code != TC_REFUSAL_NONE) {
		row->code = answer_text(answer, tc_refusal_name(decision->code));
		if (row->code == NULL)
			return TC_ENOMEM;
	}
	for (size_t i = 0; i < asked->n_categories; i++) {
		if (decision->parts_mask & (UINT64_C(1) << i))
			row->permitted[row->n_permitted++] = asked->categories[i];
		else
			row->withheld[row->n_withheld++] = asked->categories[i];
	}
	answer->reply.consent_answer = row;
	return 0;
}

int consents_check(const struct question *question, struct answer *answer)
{
	struct store_txn *txn = ledger_view_txn(question->ledger);
	const struct registry_tables *registry = ledger_view_registry(question->ledger);
	struct check check = {.request = {.purpose = 0}};
	struct decision decision;
	int r;

	r = read_check(question, answer, &check);
	if (r != 0)
		return r;
	/* To a recipient the answer would say whom its neighbour treats (42 CFR 2.13(c)). */
	if (question->scope == GATE_OWN && !tc_agency_equal(&question->asker, &check.from))
		return tc_refuse(&answer->refusal, TC_REFUSAL_NOT_PERMITTED, "consent_check.from");
	r = registry_kind(txn, registry, &check.from, &check.request.sender_kind);
	if (r == 0)
		r = registry_kind(txn, registry, &check.to, &check.request.recipient_kind);
	if (r == 0)
		r = decision_take(txn, ledger_view_consent(question->ledger), &check.request,
				  &decision);
	return r == 0 ? fill_answer(question, answer, &decision) : r;
}
