/*
 * Recording a consent: check the document, end what it takes the place of, then write
 * one row for the document, one for each grant, and one for each pair of discloser and
 * recipient. The pairs are all that a decision reads.
 */
#include "consent/grant.h"

#include <string.h>

#include "consent/authority.h"
#include "consent/consent_check.h"
#include "consent/consent_happened.h"
#include "consent/consent_row.h"
#include "consent/grant_pairs.h"
#include "consent/grant_walk.h"
#include "consent/notice.h"
#include "consent/revoke.h"
#include "consent/standing.h"

typedef Throughcare__V1__ConsentGrant consent_document;
typedef Throughcare__V1__ConsentGrant__Grant consent_grant;

/* What part 2 lets a recipient do with it when the document says nothing: 2.32(a), 2.35(d). */
static uint32_t rule_unsaid(const consent_document *consent, const consent_grant *grant)
{
	if (grant->redisclosure !=
	    THROUGHCARE__V1__REDISCLOSURE_RULE__REDISCLOSURE_RULE_UNSPECIFIED)
		return 0;
	if (consent->regime == THROUGHCARE__V1__CONSENT_REGIME__CONSENT_REGIME_PART2_CJ)
		return 1u << NOTICE_REDISCLOSE_OFFICIAL_DUTY;
	if (consent->regime == THROUGHCARE__V1__CONSENT_REGIME__CONSENT_REGIME_PART2)
		return 1u << NOTICE_REDISCLOSE_NONE;
	return 0;
}

/* What the grant itself attaches; what its regime adds is the policy's, at each decision. */
static uint32_t obligations_of(const consent_document *consent, const consent_grant *grant)
{
	static const uint32_t attached[] = {
		[THROUGHCARE__V1__ATTACHMENT__ATTACHMENT_NOTICE_1] = 1u << NOTICE_PART2_LONG,
		[THROUGHCARE__V1__ATTACHMENT__ATTACHMENT_NOTICE_2] = 1u << NOTICE_PART2_SHORT,
		[THROUGHCARE__V1__ATTACHMENT__ATTACHMENT_CONSENT_COPY] = 1u << NOTICE_CONSENT_COPY,
		[THROUGHCARE__V1__ATTACHMENT__ATTACHMENT_SCOPE_TEXT] = 1u << NOTICE_SCOPE_TEXT,
	};
	static const uint32_t redisclosure[] = {
		[THROUGHCARE__V1__REDISCLOSURE_RULE__REDISCLOSURE_RULE_NONE] =
			1u << NOTICE_REDISCLOSE_NONE,
		[THROUGHCARE__V1__REDISCLOSURE_RULE__REDISCLOSURE_RULE_OFFICIAL_DUTY_CASE] =
			1u << NOTICE_REDISCLOSE_OFFICIAL_DUTY,
		[THROUGHCARE__V1__REDISCLOSURE_RULE__REDISCLOSURE_RULE_HIPAA_TPO] =
			1u << NOTICE_REDISCLOSE_HIPAA,
		[THROUGHCARE__V1__REDISCLOSURE_RULE__REDISCLOSURE_RULE_AS_STATED] =
			1u << NOTICE_REDISCLOSE_AS_STATED,
	};
	uint32_t bits = 0;

	for (size_t i = 0; i < grant->n_attach; i++)
		if ((unsigned)grant->attach[i] < sizeof(attached) / sizeof(attached[0]))
			bits |= attached[grant->attach[i]];
	if ((unsigned)grant->redisclosure < sizeof(redisclosure) / sizeof(redisclosure[0]))
		bits |= redisclosure[grant->redisclosure];
	return bits | rule_unsaid(consent, grant);
}

static struct grant_view view_of(const consent_document *consent, const consent_grant *grant,
				 const struct consent_arrival *arrival, struct tc_id consent_id,
				 size_t position)
{
	struct grant_view row = {
		.version = consent->version,
		.consent = consent_id,
		.subject = arrival->subject,
		.position = (uint32_t)position,
		.recorded_ms = arrival->now_ms,
		.valid_from_ms = consent_time_ms(grant->valid_from,
						 consent_signed_ms(consent, arrival->now_ms)),
		.expires_ms = consent_time_ms(grant->expiry->at, GRANT_NEVER),
		.ended_ms = GRANT_NEVER,
		.revoked_ms = GRANT_NEVER,
		.effective_ms = GRANT_NEVER,
		.partly_revoked_ms = GRANT_NEVER,
		.partly_effective_ms = GRANT_NEVER,
		.names_court = authority_named(grant, arrival),
	};

	if (grant->revocable_from)
		row.revocable_from_ms = consent_time_ms(grant->revocable_from->at, GRANT_NEVER);
	return row;
}

static int write_pairs(struct store_txn *txn, const struct consent_tables *tables,
		       const consent_document *consent, const consent_grant *grant,
		       const struct grant_view *row, const struct grant_pairs *pairs)
{
	struct pair_row pair = {
		.regime = (uint8_t)consent->regime,
		.obligations = obligations_of(consent, grant),
		.recorded_ms = row->recorded_ms,
		.valid_from_ms = row->valid_from_ms,
		.expires_ms = row->expires_ms,
		.ended_ms = GRANT_NEVER,
		.event_ms = GRANT_NEVER,
		.revoked_ms = GRANT_NEVER,
		.effective_ms = GRANT_NEVER,
		.proceeding = tc_slice_text(grant->proceeding_id),
	};
	int r = 0;

	for (size_t i = 0; i < grant->n_categories; i++)
		pair.categories |= UINT64_C(1) << grant->categories[i];
	for (size_t i = 0; i < grant->n_purposes; i++)
		pair.purposes |= UINT32_C(1) << grant->purposes[i];
	for (size_t i = 0; r == 0 && i < pairs->count; i++) {
		struct store_key key;

		pair.desks = grant_pair_desks(&pairs->rows[i]);
		grant_pair_key(&key, row->subject, &pairs->rows[i], row->grant, row->version);
		r = pair_row_put(txn, tables, &key, &pair);
	}
	return r;
}

static int index_proceeding(struct store_txn *txn, const struct consent_tables *tables,
			    const consent_grant *grant, const struct grant_view *row)
{
	struct store_key key;

	if (!grant->proceeding_id || !*grant->proceeding_id)
		return 0;
	store_key_init(&key);
	store_key_text(&key, tc_slice_text(grant->proceeding_id));
	store_key_id(&key, row->subject);
	pair_key_grant(&key, row->grant, row->version);
	return consent_fault(
		store_put(txn, tables->proceedings, store_key_slice(&key), tc_slice(NULL, 0)));
}

/* A final disposition between the signature and now: it need not be waited for. */
static int meet_disposition(struct store_txn *txn, const struct consent_tables *tables,
			    const consent_document *consent, const consent_grant *grant,
			    const struct policy *policy, struct grant_view *row)
{
	const struct authority_grant waiting = {grant, row->subject, row->names_court};
	const struct policy_event *event;
	int64_t last_ms;
	int r = 0;

	for (size_t i = 0;
	     row->revocable_from_ms > row->recorded_ms && (event = policy_event(policy, i)) != NULL;
	     i++) {
		if (!event->disposition_final &&
		    (!grant->revocable_from->event_code ||
		     strcmp(grant->revocable_from->event_code, event->event_code) != 0))
			continue;
		r = consent_happened_last_ms(txn, tables, &waiting, event->event_code, &last_ms);
		if (r != 0)
			break;
		if (last_ms >= consent_signed_ms(consent, row->recorded_ms))
			row->revocable_from_ms = last_ms;
	}
	return r;
}

static int write_grant(struct store_txn *txn, const struct consent_tables *tables,
		       const consent_document *consent, const struct consent_arrival *arrival,
		       struct tc_id consent_id, size_t position)
{
	const consent_grant *grant = consent->grants[position];
	struct grant_view row = view_of(consent, grant, arrival, consent_id, position);
	struct grant_pairs pairs = {0};
	int r;

	if (!tc_id_parse(tc_slice_text(grant->grant_id), &row.grant))
		return TC_ECORRUPT;
	r = grant_pairs_make(grant, &pairs);
	if (r == 0 && grant->proceeding_id)
		r = meet_disposition(txn, tables, consent, grant, arrival->policy, &row);
	if (r == 0)
		r = grant_row_put(txn, tables, &row);
	if (r == 0)
		r = write_pairs(txn, tables, consent, grant, &row, &pairs);
	if (r == 0)
		r = index_proceeding(txn, tables, grant, &row);
	grant_pairs_free(&pairs);
	return r > 0 ? TC_ECORRUPT : r;
}

static int note_seen(struct store_txn *txn, const struct consent_tables *tables, const char *agency,
		     struct tc_id subject, struct tc_id consent)
{
	struct store_key key;

	if (!agency || !*agency)
		return 0;
	store_key_init(&key);
	store_key_text(&key, tc_slice_text(agency));
	store_key_id(&key, subject);
	store_key_id(&key, consent);
	return consent_fault(
		store_put(txn, tables->seen, store_key_slice(&key), tc_slice(NULL, 0)));
}

/* Those who find it in a list: who recorded it, and whom it lets tell something. */
static int index_seen(struct store_txn *txn, const struct consent_tables *tables,
		      const consent_document *consent, const struct consent_arrival *arrival,
		      struct tc_id id)
{
	int r = note_seen(txn, tables, arrival->sender->name, arrival->subject, id);

	for (size_t i = 0; i < consent->n_grants; i++) {
		const consent_grant *grant = consent->grants[i];
		bool both = grant->direction ==
			    THROUGHCARE__V1__GRANT_DIRECTION__GRANT_DIRECTION_TWO_WAY;

		for (size_t k = 0; r == 0 && k < grant->n_disclosers; k++)
			r = note_seen(txn, tables, grant->disclosers[k]->agency, arrival->subject,
				      id);
		for (size_t k = 0; r == 0 && both && k < grant->n_recipients; k++)
			r = note_seen(txn, tables, grant->recipients[k]->agency, arrival->subject,
				      id);
	}
	return r;
}

static bool consent_in_error(const consent_document *consent)
{
	return consent->status == THROUGHCARE__V1__CONSENT_STATUS__CONSENT_STATUS_ENTERED_IN_ERROR;
}

static int write_consent(struct store_txn *txn, const struct consent_tables *tables,
			 const consent_document *consent, const struct consent_arrival *arrival,
			 struct tc_id id)
{
	bool in_error = consent_in_error(consent);
	struct consent_view view = {
		.consent = id,
		.subject = arrival->subject,
		.sender = *arrival->sender,
		.sequence = arrival->sequence,
		.recorded_ms = arrival->now_ms,
		.version = consent->version,
		.ended_as = in_error ? GRANT_IN_ERROR : GRANT_OPEN,
		.ended_ms = in_error ? arrival->now_ms : GRANT_NEVER,
		.document = arrival->document,
	};
	struct store_key key;
	int r;

	r = consent_row_put(txn, tables, &view);
	if (r != 0)
		return r;
	store_key_init(&key);
	store_key_id(&key, arrival->subject);
	store_key_id(&key, id);
	r = consent_fault(
		store_put(txn, tables->subjects, store_key_slice(&key), tc_slice(NULL, 0)));
	if (r == 0)
		r = index_seen(txn, tables, consent, arrival, id);
	for (size_t i = 0; r == 0 && !in_error && i < consent->n_grants; i++)
		r = write_grant(txn, tables, consent, arrival, id, i);
	return r;
}

/* ---- what must be true of the tables ---- */

/* An expiry on an event that came after the signature is over on arrival. */
static int check_expiry(struct store_txn *txn, const struct consent_tables *tables,
			const consent_document *consent, size_t position,
			const struct consent_arrival *arrival, struct tc_refusal *refusal)
{
	const consent_grant *grant = consent->grants[position];
	const struct authority_grant waiting = {grant, arrival->subject,
						authority_named(grant, arrival)};
	int64_t last_ms;
	int r;

	if (!grant->expiry->event_code)
		return 0;
	r = consent_happened_last_ms(txn, tables, &waiting, grant->expiry->event_code, &last_ms);
	if (r == 0 && last_ms >= consent_signed_ms(consent, arrival->now_ms))
		r = tc_refuse(refusal, TC_REFUSAL_CONSENT_EXPIRED, "grants[%zu].expiry.event_code",
			      position);
	return r;
}

/* Ids of grants are new, or those of the same consent's earlier versions; pairs are few enough. */
static int check_grant(struct store_txn *txn, const struct consent_tables *tables,
		       const consent_document *consent, size_t position, struct tc_id consent_id,
		       size_t *pair_count, struct tc_refusal *refusal)
{
	const consent_grant *grant = consent->grants[position];
	struct grant_pairs pairs = {0};
	struct grant_view row;
	struct tc_id id;
	int r;

	if (!tc_id_parse(tc_slice_text(grant->grant_id), &id))
		return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID, "grants[%zu].grant_id",
				 position);
	for (size_t i = 0; i < position; i++)
		if (strcmp(consent->grants[i]->grant_id, grant->grant_id) == 0)
			return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID,
					 "grants[%zu].grant_id: used twice", position);
	r = grant_find(txn, tables, id, &row);
	if (r < 0)
		return r;
	if (r == 0 && !tc_id_equal(row.consent, consent_id))
		return tc_refuse(refusal, TC_REFUSAL_ID_CONFLICT, "grants[%zu].grant_id", position);
	r = grant_pairs_make(grant, &pairs);
	*pair_count += pairs.count;
	grant_pairs_free(&pairs);
	if (r > 0 || (r == 0 && *pair_count > DOCUMENT_PAIRS_MAX))
		return tc_refuse(refusal, TC_REFUSAL_CONSENT_DEFICIENT,
				 "grants[%zu].recipients: names too many", position);
	return r;
}

static int check_tables(struct store_txn *txn, const struct consent_tables *tables,
			const consent_document *consent, const struct consent_arrival *arrival,
			struct tc_id id, struct tc_refusal *refusal)
{
	size_t pair_count = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < consent->n_grants; i++) {
		r = check_grant(txn, tables, consent, i, id, &pair_count, refusal);
		if (r == 0)
			r = check_expiry(txn, tables, consent, i, arrival, refusal);
	}
	return r;
}

/* ---- what it takes the place of ---- */

/* Whether the sender may put another document in the place of this one. */
static int may_supersede(struct store_txn *txn, const struct consent_tables *tables,
			 struct tc_id consent, const struct consent_arrival *arrival, bool *ret)
{
	const struct standing standing = {arrival->sender, arrival->sender_kind, arrival->policy};
	struct walk_consent opened;
	int r = walk_open_active(txn, tables, consent, &opened);

	*ret = false;
	if (r == 0 && tc_id_equal(opened.view.subject, arrival->subject))
		r = standing_supersedes(txn, tables, &standing, &opened, ret);
	walk_close(&opened);
	return consent_fault(r);
}

/* An earlier version of the same consent. Another's id must not tell that it exists: a conflict, as
 * for any id. What was entered in error stays so. */
static int check_version(struct store_txn *txn, const struct consent_tables *tables,
			 const consent_document *consent, const struct consent_arrival *arrival,
			 struct tc_id id, bool *ret_earlier, struct tc_refusal *refusal)
{
	struct consent_view earlier;
	bool may;
	int r = consent_find(txn, tables, id, &earlier);

	*ret_earlier = r == 0;
	if (r == GRANT_UNKNOWN)
		return 0;
	if (r == 0)
		r = may_supersede(txn, tables, id, arrival, &may);
	if (r == 0 &&
	    (!may || consent->version <= earlier.version || earlier.ended_as == GRANT_IN_ERROR))
		r = tc_refuse(refusal, TC_REFUSAL_ID_CONFLICT, "consent_id");
	return r;
}

/* The other consent that it names. *ret is none when it names none. */
static int check_superseded(struct store_txn *txn, const struct consent_tables *tables,
			    const consent_document *consent, const struct consent_arrival *arrival,
			    struct tc_id id, struct tc_id *ret, struct tc_refusal *refusal)
{
	struct consent_view earlier;
	bool may = false;
	int r;

	*ret = (struct tc_id){{0}};
	if (!consent->supersedes || !*consent->supersedes)
		return 0;
	if (!tc_id_parse(tc_slice_text(consent->supersedes), ret) || tc_id_equal(*ret, id))
		return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID, "supersedes");
	r = consent_find(txn, tables, *ret, &earlier);
	if (r == 0)
		r = may_supersede(txn, tables, *ret, arrival, &may);
	if (r >= 0 && !may)
		r = tc_refuse(refusal, TC_REFUSAL_UNKNOWN_CONSENT, "supersedes");
	return r;
}

/* ---- recording ---- */

static int record_active(struct store_txn *txn, const struct consent_tables *tables,
			 const consent_document *consent, const struct consent_arrival *arrival,
			 struct tc_id id, struct grant_changes *ended, struct tc_refusal *refusal)
{
	struct tc_id other;
	bool earlier;
	int r = consent_check(consent, arrival, refusal);

	if (r == 0)
		r = check_tables(txn, tables, consent, arrival, id, refusal);
	if (r == 0)
		r = check_version(txn, tables, consent, arrival, id, &earlier, refusal);
	if (r == 0)
		r = check_superseded(txn, tables, consent, arrival, id, &other, refusal);
	if (r == 0 && earlier)
		r = consent_supersede(txn, tables, id, arrival->now_ms, ended);
	if (r == 0 && !tc_id_is_none(other))
		r = consent_supersede(txn, tables, other, arrival->now_ms, ended);
	return r != 0 ? r : write_consent(txn, tables, consent, arrival, id);
}

/* By whoever recorded it; to everybody else there is no such consent. */
static int record_in_error(struct store_txn *txn, const struct consent_tables *tables,
			   const consent_document *consent, const struct consent_arrival *arrival,
			   struct tc_id id, struct grant_changes *ended, struct tc_refusal *refusal)
{
	struct consent_view earlier;
	bool own;
	int r = standing_recorded(txn, tables, id, arrival->sender, &own);

	if (r == 0)
		r = consent_find(txn, tables, id, &earlier);
	if (r < 0)
		return r;
	if (r > 0 || !own || !tc_id_equal(earlier.subject, arrival->subject))
		return tc_refuse(refusal, TC_REFUSAL_UNKNOWN_CONSENT, "consent_id");
	if (consent->version <= earlier.version || earlier.ended_as == GRANT_IN_ERROR)
		return tc_refuse(refusal, TC_REFUSAL_ID_CONFLICT, "version");
	ended->in_error = true;
	r = consent_enter_in_error(txn, tables, id, arrival->now_ms, ended);
	return r != 0 ? r : write_consent(txn, tables, consent, arrival, id);
}

int consent_record(struct store_txn *txn, const struct consent_tables *tables,
		   const struct consent_arrival *arrival, struct grant_changes *ended,
		   struct tc_refusal *refusal)
{
	consent_document *consent;
	struct tc_id id;
	int r;

	consent = throughcare__v1__consent_grant__unpack(NULL, arrival->document.len,
							 arrival->document.data);
	if (!consent)
		return tc_refuse(refusal, TC_REFUSAL_MALFORMED, "ConsentGrant");
	if (!tc_id_parse(tc_slice_text(consent->consent_id), &id))
		r = tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID, "consent_id");
	else if (consent_in_error(consent))
		r = record_in_error(txn, tables, consent, arrival, id, ended, refusal);
	else
		r = record_active(txn, tables, consent, arrival, id, ended, refusal);
	throughcare__v1__consent_grant__free_unpacked(consent, NULL);
	return r;
}
