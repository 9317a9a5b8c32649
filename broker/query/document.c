#include "query/document.h"

#include <stdio.h>
#include <string.h>

#include "ledger/ledger_view.h"
#include "query/gate.h"
#include "query/seal.h"
#include "throughcare/v1/consent.pb-c.h"

#define PARTY_BYTES_MAX 160

typedef Throughcare__V1__ConsentGrant Document;
typedef Throughcare__V1__ConsentGrant__Grant Grant;
typedef Throughcare__V1__ConsentGrant__Party Party;

/* A party as rows show it: agency, and the desk or user that it is narrowed to. */
static char *party_text(struct answer *answer, const Party *party)
{
	char text[PARTY_BYTES_MAX];

	if (party->agency == NULL)
		return answer_text(answer, "(class)");
	if (party->person != NULL)
		(void)snprintf(text, sizeof(text), "%s (person %s)", party->agency, party->person);
	else if (party->role != NULL)
		(void)snprintf(text, sizeof(text), "%s (role %s)", party->agency, party->role);
	else
		(void)snprintf(text, sizeof(text), "%s", party->agency);
	return answer_text(answer, text);
}

/* With `only`: that agency's alone. 0 or TC_ENOMEM. */
static int party_texts(struct answer *answer, Party *const *parties, size_t count, const char *only,
		       char ***ret, size_t *ret_count)
{
	char **texts = answer_array(answer, count);
	size_t kept = 0;

	if (texts == NULL)
		return TC_ENOMEM;
	for (size_t i = 0; i < count; i++) {
		if (only && (parties[i]->agency == NULL || strcmp(parties[i]->agency, only) != 0))
			continue;
		texts[kept] = party_text(answer, parties[i]);
		if (texts[kept++] == NULL)
			return TC_ENOMEM;
	}
	*ret = texts;
	*ret_count = kept;
	return 0;
}

/* A time of a grant's state; 0 and INT64_MAX are no times. */
static int grant_time(struct answer *answer, int64_t ms, Google__Protobuf__Timestamp **ret)
{
	if (ms == 0 || ms == INT64_MAX || ms == INT64_MIN)
		return 0;
	*ret = answer_time(answer, ms);
	return *ret ? 0 : TC_ENOMEM;
}

static int fill_state(const struct question *question, struct answer *answer,
		      const struct grant_view *state, Throughcare__V1__GrantRow *row)
{
	bool whole = state->revoked_ms != GRANT_NEVER; /* else for one recipient, if at all */
	int r;

	row->status = answer_text(answer, grant_status_at(state, question->now_ms));
	if (row->status == NULL)
		return TC_ENOMEM;
	r = grant_time(answer, state->valid_from_ms, &row->valid_from);
	if (r == 0)
		r = grant_time(answer, state->expires_ms, &row->expires_at);
	if (r == 0)
		r = grant_time(answer, whole ? state->revoked_ms : state->partly_revoked_ms,
			       &row->revoked_at);
	if (r == 0)
		r = grant_time(answer, whole ? state->effective_ms : state->partly_effective_ms,
			       &row->revocation_effective_at);
	return r;
}

/* What the document says of the grant, without its parties. Borrows from the unpacked document. */
static void fill_terms(const Grant *grant, Throughcare__V1__GrantRow *row)
{
	row->grant_id = grant->grant_id;
	row->n_categories = grant->n_categories;
	row->categories = grant->categories;
	row->n_purposes = grant->n_purposes;
	row->purposes = grant->purposes;
	row->proceeding_id = grant->proceeding_id;
	row->has_two_way = 1;
	row->two_way =
		grant->direction == THROUGHCARE__V1__GRANT_DIRECTION__GRANT_DIRECTION_TWO_WAY;
	if (grant->expiry)
		row->expires_on_event = grant->expiry->event_code;
	if (grant->revocable_from) {
		row->revocable_from = grant->revocable_from->at;
		row->revocable_on_event = grant->revocable_from->event_code;
	}
}

static int fill_row(const struct question *question, struct answer *answer,
		    const struct consent_view *consent, const Grant *grant,
		    Throughcare__V1__GrantRow *row)
{
	struct grant_view state;
	struct tc_id id;
	int r;

	if (grant->grant_id == NULL || !tc_id_parse(tc_slice_text(grant->grant_id), &id))
		return TC_ECORRUPT;
	r = grant_find_version(ledger_view_txn(question->ledger),
			       ledger_view_consent(question->ledger), id, consent->version, &state);
	if (r != 0)
		return r > 0 ? TC_ECORRUPT : r;
	fill_terms(grant, row);
	return fill_state(question, answer, &state, row);
}

/* NULL in *ret: the grant is not the asker's business. */
static int make_grant(const struct question *question, struct answer *answer,
		      const struct consent_view *consent, const Grant *grant, bool whole,
		      Throughcare__V1__GrantRow **ret)
{
	Throughcare__V1__GrantRow *row = arena_take(&answer->arena, sizeof(*row));
	struct gate_sides sides = {.disclosers = GATE_SIDE_ALL, .recipients = GATE_SIDE_ALL};
	const char *self = question->asker.name;
	int r;

	*ret = NULL;
	if (row == NULL)
		return TC_ENOMEM;
	if (!whole && !gate_grant(question, grant, &sides))
		return 0;
	throughcare__v1__grant_row__init(row);
	r = party_texts(answer, grant->disclosers, grant->n_disclosers,
			sides.disclosers == GATE_SIDE_SELF ? self : NULL, &row->disclosers,
			&row->n_disclosers);
	if (r == 0)
		r = party_texts(answer, grant->recipients, grant->n_recipients,
				sides.recipients == GATE_SIDE_SELF ? self : NULL, &row->recipients,
				&row->n_recipients);
	if (r == 0)
		r = fill_row(question, answer, consent, grant, row);
	if (r == 0)
		*ret = row;
	return r;
}

static const char *regime_name(const Document *document)
{
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(
		&throughcare__v1__consent_regime__descriptor, (int)document->regime);

	return value ? value->name : "CONSENT_REGIME_UNSPECIFIED";
}

static Document *unpack(struct answer *answer, const struct consent_view *consent)
{
	return throughcare__v1__consent_grant__unpack(
		&answer->arena.allocator, consent->document.len, consent->document.data);
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

int document_row(const struct question *question, struct answer *answer,
		 const struct consent_view *consent, Throughcare__V1__ConsentRow **ret)
{
	bool whole = gate_consent(question, consent), hidden;
	Throughcare__V1__ConsentRow *row = arena_take(&answer->arena, sizeof(*row));
	Document *document = unpack(answer, consent);
	int r = seal_hides_consent(question, consent, &hidden);

	*ret = NULL;
	if (r < 0 || hidden)
		return r;
	if (row == NULL || document == NULL)
		return TC_ENOMEM;
	throughcare__v1__consent_row__init(row);
	row->grants = answer_array(answer, document->n_grants);
	row->consent_id = answer_id(answer, consent->consent);
	row->subject = answer_id(answer, consent->subject);
	row->recorded_at = answer_time(answer, consent->recorded_ms);
	row->regime = answer_text(answer, regime_name(document));
	if (!row->grants || !row->consent_id || !row->subject || !row->recorded_at || !row->regime)
		return TC_ENOMEM;
	if (whole)
		r = fill_whole(question, answer, consent, document, row);
	for (size_t i = 0; r == 0 && i < document->n_grants; i++) {
		Throughcare__V1__GrantRow *grant;

		r = make_grant(question, answer, consent, document->grants[i], whole, &grant);
		if (r == 0 && grant)
			row->grants[row->n_grants++] = grant;
	}
	if (r == 0 && (whole || row->n_grants > 0))
		*ret = row;
	return r;
}

/* ---- one grant of a release ---- */

static int fill_document(struct answer *answer, const struct consent_view *consent,
			 const Document *document, Throughcare__V1__GrantRow *row)
{
	row->consent_id = answer_id(answer, consent->consent);
	row->regime = answer_text(answer, regime_name(document));
	row->recorded_at = answer_time(answer, consent->recorded_ms);
	if (!row->consent_id || !row->regime || !row->recorded_at)
		return TC_ENOMEM;
	if (document->document) {
		row->has_document_sha256 = document->document->has_sha256;
		row->document_sha256 = document->document->sha256;
	}
	if (document->signature)
		row->signed_at = document->signature->signed_at;
	return 0;
}

/* Only the two that the release was between. */
static int fill_pair(struct answer *answer, const char *sender, const char *recipient,
		     Throughcare__V1__GrantRow *row)
{
	row->disclosers = answer_array(answer, 1);
	row->recipients = answer_array(answer, 1);
	if (!row->disclosers || !row->recipients)
		return TC_ENOMEM;
	row->disclosers[0] = answer_text(answer, sender);
	row->recipients[0] = answer_text(answer, recipient);
	row->n_disclosers = row->n_recipients = 1;
	return row->disclosers[0] && row->recipients[0] ? 0 : TC_ENOMEM;
}

/* That it was taken back for one recipient may be another one's matter, so that one that is in
 * force looks the same: what holds between these two is said by the decision. */
static void hide_partial(Throughcare__V1__GrantRow *row)
{
	if (strcmp(row->status, "active") != 0 && strcmp(row->status, "partly_revoked") != 0)
		return;
	row->status = NULL;
	row->revoked_at = NULL;
	row->revocation_effective_at = NULL;
}

static const Grant *find_grant(const Document *document, struct tc_id id)
{
	for (size_t i = 0; i < document->n_grants; i++) {
		struct tc_id own;

		if (document->grants[i]->grant_id &&
		    tc_id_parse(tc_slice_text(document->grants[i]->grant_id), &own) &&
		    tc_id_equal(own, id))
			return document->grants[i];
	}
	return NULL;
}

/* What a release relied on was there. */
static int expunged_grant(struct answer *answer, struct tc_id id, Throughcare__V1__GrantRow *row,
			  Throughcare__V1__GrantRow **ret)
{
	if (row == NULL)
		return TC_ENOMEM;
	throughcare__v1__grant_row__init(row);
	row->grant_id = answer_id(answer, id);
	row->status = answer_text(answer, "expunged");
	*ret = row;
	return row->grant_id && row->status ? 0 : TC_ENOMEM;
}

/* A version that was over by then permitted nothing: the one that did is expunged. */
static int find_grant_used(struct store_txn *txn, const struct consent_tables *tables,
			   struct tc_id id, const struct document_use *use, struct grant_view *ret)
{
	int r = grant_find_at(txn, tables, id, use->at_ms, ret);
	bool over = r == 0 && (ret->ended_ms < use->at_ms || ret->effective_ms < use->at_ms);

	return over && use->relied ? GRANT_UNKNOWN : r;
}

int document_grant(const struct question *question, struct answer *answer, struct tc_id id,
		   const struct document_use *use, Throughcare__V1__GrantRow **ret)
{
	Throughcare__V1__GrantRow *row = arena_take(&answer->arena, sizeof(*row));
	struct store_txn *txn = ledger_view_txn(question->ledger);
	const struct consent_tables *tables = ledger_view_consent(question->ledger);
	const Document *document;
	struct consent_view consent;
	struct grant_view state;
	const Grant *grant;
	bool hidden = false;
	int r = find_grant_used(txn, tables, id, use, &state);

	*ret = NULL;
	if (r == 0)
		r = consent_find_version(txn, tables, state.consent, state.version, &consent);
	/* A release may rest on that of an id that is tied to the subject's. */
	if (r == 0)
		r = seal_hides_consent(question, &consent, &hidden);
	if (r == GRANT_UNKNOWN)
		return expunged_grant(answer, id, row, ret);
	if (r != 0 || hidden)
		return r;
	document = unpack(answer, &consent);
	if (row == NULL || document == NULL)
		return TC_ENOMEM;
	grant = find_grant(document, id);
	if (grant == NULL)
		return 0;
	throughcare__v1__grant_row__init(row);
	if (question->scope == GATE_ALL) {
		r = party_texts(answer, grant->disclosers, grant->n_disclosers, NULL,
				&row->disclosers, &row->n_disclosers);
		if (r == 0)
			r = party_texts(answer, grant->recipients, grant->n_recipients, NULL,
					&row->recipients, &row->n_recipients);
	} else {
		r = fill_pair(answer, use->sender, use->recipient, row);
	}
	if (r == 0)
		r = fill_row(question, answer, &consent, grant, row);
	if (r == 0 && question->scope != GATE_ALL)
		hide_partial(row);
	if (r == 0)
		r = fill_document(answer, &consent, document, row);
	if (r == 0)
		*ret = row;
	return r;
}
