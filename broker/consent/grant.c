/*
 * Recording a consent: check the document, end what it takes the place of, then write
 * one row for the document, one for each grant, and one for each pair of discloser and
 * recipient. The pairs are all that a decision reads.
 */
#include "consent/grant.h"

#include <string.h>

#include "consent/consent_check.h"
#include "consent/consent_row.h"
#include "consent/grant_pairs.h"
#include "consent/notice.h"
#include "consent/revoke.h"
#include "store/store_cursor.h"

typedef Throughcare__V1__ConsentGrant consent_document;
typedef Throughcare__V1__ConsentGrant__Grant consent_grant;

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
	const uint32_t statements = 1u << NOTICE_PART2_LONG | 1u << NOTICE_PART2_SHORT;
	const uint32_t explanations = 1u << NOTICE_CONSENT_COPY | 1u << NOTICE_SCOPE_TEXT;
	uint32_t bits = 0;

	for (size_t i = 0; i < grant->n_attach; i++)
		if ((unsigned)grant->attach[i] < sizeof(attached) / sizeof(attached[0]))
			bits |= attached[grant->attach[i]];
	if ((unsigned)grant->redisclosure < sizeof(redisclosure) / sizeof(redisclosure[0]))
		bits |= redisclosure[grant->redisclosure];
	/* 2.32: every part 2 disclosure carries a statement and what explains its scope. */
	if (consent->regime == THROUGHCARE__V1__CONSENT_REGIME__CONSENT_REGIME_PART2 ||
	    consent->regime == THROUGHCARE__V1__CONSENT_REGIME__CONSENT_REGIME_PART2_CJ) {
		if (!(bits & statements))
			bits |= 1u << NOTICE_PART2_LONG;
		if (!(bits & explanations))
			bits |= 1u << NOTICE_SCOPE_TEXT;
	}
	return bits;
}

static struct grant_row row_of(const consent_document *consent, const consent_grant *grant,
			       const struct consent_arrival *arrival, struct tc_id id,
			       size_t position)
{
	struct grant_row row = {
		.consent = id,
		.subject = arrival->subject,
		.position = (uint32_t)position,
		.status = GRANT_ACTIVE,
		.valid_from_ms = consent_time_ms(grant->valid_from,
						 consent_time_ms(consent->signature->signed_at, 0)),
		.expires_ms = consent_time_ms(grant->expiry->at, INT64_MAX),
		.expires_at_event = grant->expiry->event_code != NULL,
		.effective_ms = INT64_MAX,
	};

	if (grant->revocable_from) {
		row.revocable_at_event = grant->revocable_from->event_code != NULL;
		row.revocable_from_ms = consent_time_ms(grant->revocable_from->at, INT64_MAX);
	}
	return row;
}

static int write_pairs(struct store_txn *txn, const struct consent_tables *tables,
		       const consent_document *consent, const consent_grant *grant,
		       const struct grant_row *row, struct tc_id id,
		       const struct grant_pairs *pairs)
{
	struct pair_row pair = {
		.obligations = obligations_of(consent, grant),
		.valid_from_ms = row->valid_from_ms,
		.expires_ms = row->expires_ms,
		.effective_ms = INT64_MAX,
		.proceeding = tc_slice_text(grant->proceeding_id),
	};
	int r = 0;

	for (size_t i = 0; i < grant->n_categories; i++)
		pair.categories |= UINT64_C(1) << grant->categories[i];
	for (size_t i = 0; i < grant->n_purposes; i++)
		pair.purposes |= UINT32_C(1) << grant->purposes[i];
	for (size_t i = 0; r == 0 && i < pairs->count; i++) {
		struct store_key key;

		pair.roles = tc_slice_text(pairs->rows[i].roles);
		grant_pair_key(&key, row->subject, &pairs->rows[i], id);
		r = pair_row_put(txn, tables, &key, &pair);
	}
	return r;
}

static int index_proceeding(struct store_txn *txn, const struct consent_tables *tables,
			    const consent_grant *grant, struct tc_id id)
{
	struct store_key key;

	if (!grant->proceeding_id || !*grant->proceeding_id)
		return 0;
	store_key_init(&key);
	store_key_text(&key, tc_slice_text(grant->proceeding_id));
	store_key_id(&key, id);
	return consent_fault(
		store_put(txn, tables->proceedings, store_key_slice(&key), tc_slice(NULL, 0)));
}

static int write_grant(struct store_txn *txn, const struct consent_tables *tables,
		       const consent_document *consent, const struct consent_arrival *arrival,
		       struct tc_id consent_id, size_t position)
{
	const consent_grant *grant = consent->grants[position];
	struct grant_row row = row_of(consent, grant, arrival, consent_id, position);
	struct grant_pairs pairs = {0};
	struct tc_id id;
	int r;

	if (!tc_id_parse(tc_slice_text(grant->grant_id), &id))
		return TC_ECORRUPT;
	r = grant_pairs_make(grant, &pairs);
	if (r == 0)
		r = grant_row_put(txn, tables, id, &row);
	if (r == 0)
		r = write_pairs(txn, tables, consent, grant, &row, id, &pairs);
	if (r == 0)
		r = index_proceeding(txn, tables, grant, id);
	grant_pairs_free(&pairs);
	return r > 0 ? TC_ECORRUPT : r;
}

static int write_consent(struct store_txn *txn, const struct consent_tables *tables,
			 const consent_document *consent, const struct consent_arrival *arrival,
			 struct tc_id id)
{
	struct consent_view view = {
		.consent = id,
		.subject = arrival->subject,
		.sender = *arrival->sender,
		.sequence = arrival->sequence,
		.recorded_ms = arrival->now_ms,
		.version = consent->version,
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
	for (size_t i = 0; r == 0 && i < consent->n_grants; i++)
		r = write_grant(txn, tables, consent, arrival, id, i);
	return r;
}

/* Ids of grants are new, or those of the same consent's earlier version; pairs are few enough. */
static int check_grants(struct store_txn *txn, const struct consent_tables *tables,
			const consent_document *consent, struct tc_id consent_id,
			struct tc_refusal *refusal)
{
	for (size_t i = 0; i < consent->n_grants; i++) {
		struct tc_slice text = tc_slice_text(consent->grants[i]->grant_id);
		struct grant_pairs pairs = {0};
		struct grant_row row;
		struct tc_id id;
		int r;

		if (!tc_id_parse(text, &id))
			return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID, "grants[%zu].grant_id",
					 i);
		for (size_t j = 0; j < i; j++)
			if (strcmp(consent->grants[j]->grant_id, consent->grants[i]->grant_id) == 0)
				return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID,
						 "grants[%zu].grant_id: used twice", i);
		r = grant_row_get(txn, tables, id, &row);
		if (r < 0)
			return r;
		if (r == 0 && !tc_id_equal(row.consent, consent_id))
			return tc_refuse(refusal, TC_REFUSAL_ID_CONFLICT, "grants[%zu].grant_id",
					 i);
		r = grant_pairs_make(consent->grants[i], &pairs);
		grant_pairs_free(&pairs);
		if (r < 0)
			return r;
		if (r > 0)
			return tc_refuse(refusal, TC_REFUSAL_CONSENT_DEFICIENT,
					 "grants[%zu]: names too many", i);
	}
	return 0;
}

/* The consent whose place this one takes, if any: an earlier version, or the one it names. */
static int find_predecessor(struct store_txn *txn, const struct consent_tables *tables,
			    const consent_document *consent, const struct consent_arrival *arrival,
			    struct tc_id id, struct tc_id *ret, struct tc_refusal *refusal)
{
	struct consent_view earlier;
	int r;

	*ret = (struct tc_id){{0}};
	r = consent_find(txn, tables, id, &earlier);
	if (r < 0)
		return r;
	if (r == 0) {
		/* Another's id must not tell that it exists: a conflict, as for any id. A new
		 * version comes from whoever recorded the first; another desk records a consent
		 * of its own and says which one it supersedes. */
		if (!tc_id_equal(earlier.subject, arrival->subject) ||
		    !tc_agency_equal(&earlier.sender, arrival->sender) ||
		    consent->version <= earlier.version)
			return tc_refuse(refusal, TC_REFUSAL_ID_CONFLICT, "consent_id");
		*ret = id;
		return 0;
	}
	if (!consent->supersedes || !*consent->supersedes)
		return 0;
	if (!tc_id_parse(tc_slice_text(consent->supersedes), ret))
		return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID, "supersedes");
	r = consent_find(txn, tables, *ret, &earlier);
	if (r < 0)
		return r;
	if (r == GRANT_UNKNOWN || !tc_id_equal(earlier.subject, arrival->subject))
		return tc_refuse(refusal, TC_REFUSAL_UNKNOWN_CONSENT, "supersedes");
	return 0;
}

int consent_record(struct store_txn *txn, const struct consent_tables *tables,
		   const struct consent_arrival *arrival, struct grant_changes *ended,
		   struct tc_refusal *refusal)
{
	consent_document *consent;
	struct tc_id id, predecessor;
	int r;

	consent = throughcare__v1__consent_grant__unpack(NULL, arrival->document.len,
							 arrival->document.data);
	if (!consent)
		return tc_refuse(refusal, TC_REFUSAL_MALFORMED, "ConsentGrant");
	if (!tc_id_parse(tc_slice_text(consent->consent_id), &id)) {
		r = tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID, "consent_id");
		goto out;
	}
	r = consent_check(consent, arrival, refusal);
	if (r == 0)
		r = check_grants(txn, tables, consent, id, refusal);
	if (r == 0)
		r = find_predecessor(txn, tables, consent, arrival, id, &predecessor, refusal);
	if (r == 0 && !tc_id_is_none(predecessor))
		r = consent_supersede(txn, tables, predecessor, arrival->now_ms, ended);
	if (r == 0)
		r = write_consent(txn, tables, consent, arrival, id);
out:
	throughcare__v1__consent_grant__free_unpacked(consent, NULL);
	return r;
}

/* ---- finding ---- */

int grant_find(struct store_txn *txn, const struct consent_tables *tables, struct tc_id grant,
	       struct grant_view *ret)
{
	struct grant_row row;
	int r = grant_row_get(txn, tables, grant, &row);

	if (r != 0)
		return r;
	*ret = (struct grant_view){
		.grant = grant,
		.consent = row.consent,
		.subject = row.subject,
		.position = row.position,
		.status = row.status,
		.valid_from_ms = row.valid_from_ms,
		.expires_ms = row.expires_ms,
		.revoked_ms = row.revoked_ms,
		.effective_ms = row.effective_ms,
	};
	return 0;
}

int consent_find_either(struct store_txn *txn, const struct consent_tables *tables, struct tc_id id,
			struct consent_view *ret)
{
	struct grant_row row;
	int r = consent_find(txn, tables, id, ret);

	if (r != GRANT_UNKNOWN)
		return r;
	r = grant_row_get(txn, tables, id, &row);
	return r != 0 ? r : consent_find(txn, tables, row.consent, ret);
}

int consent_list(struct store_txn *txn, const struct consent_tables *tables, struct tc_id subject,
		 struct tc_id after, struct tc_id *ret, size_t max, size_t *ret_count)
{
	struct store_cursor cursor;
	struct store_key key;
	size_t count = 0;
	int r;

	consent_key(&key, subject);
	r = store_cursor_init(&cursor, txn, tables->subjects, store_key_slice(&key), STORE_FORWARD);
	if (r == 0 && !tc_id_is_none(after)) {
		store_key_id(&key, after);
		r = store_cursor_seek(&cursor, store_key_slice(&key));
	}
	while (r == 0 && count < max) {
		struct tc_slice row;
		struct tc_id skipped;

		r = store_cursor_next(&cursor, &row, NULL);
		if (r != 0)
			break;
		if (!store_key_take_id(&row, &skipped) || !store_key_take_id(&row, &ret[count]))
			r = TC_ECORRUPT;
		else if (!tc_id_equal(ret[count], after))
			count++;
	}
	store_cursor_done(&cursor);
	if (r != 0 && r != STORE_NOT_FOUND)
		return consent_fault(r);
	*ret_count = count;
	return 0;
}

/* ---- statuses ---- */

static const char *const status_names[] = {
	[GRANT_ACTIVE] = "active",
	[GRANT_REVOCATION_PENDING] = "revocation_pending",
	[GRANT_PARTLY_REVOKED] = "partly_revoked",
	[GRANT_REVOKED] = "revoked",
	[GRANT_SUPERSEDED] = "superseded",
	[GRANT_ENDED] = "expired",
};

const char *grant_status_at(const struct grant_view *grant, int64_t now_ms)
{
	enum grant_status status = grant->status;

	if (status == GRANT_REVOCATION_PENDING && grant->effective_ms <= now_ms)
		return status_names[GRANT_REVOKED];
	if (status == GRANT_REVOKED || status == GRANT_SUPERSEDED)
		return status_names[status];
	if (grant->expires_ms <= now_ms)
		return status_names[GRANT_ENDED];
	if (status == GRANT_ACTIVE && grant->valid_from_ms > now_ms)
		return "not_yet_valid";
	return (unsigned)status < sizeof(status_names) / sizeof(status_names[0])
		       ? status_names[status]
		       : "unknown";
}

/* All grants alike: that. Some in force: partly what the others are. */
int consent_status_at(struct store_txn *txn, const struct consent_tables *tables,
		      const struct consent_view *consent, int64_t now_ms, const char **ret)
{
	consent_document *document;
	const char *status = NULL;
	int r = 0;

	if (consent->superseded) {
		*ret = status_names[GRANT_SUPERSEDED];
		return 0;
	}
	document = throughcare__v1__consent_grant__unpack(NULL, consent->document.len,
							  consent->document.data);
	if (!document)
		return TC_ECORRUPT;
	for (size_t i = 0; r == 0 && i < document->n_grants; i++) {
		struct grant_view grant;
		const char *one;
		struct tc_id id;

		if (!tc_id_parse(tc_slice_text(document->grants[i]->grant_id), &id)) {
			r = TC_ECORRUPT;
			break;
		}
		r = grant_find(txn, tables, id, &grant);
		if (r != 0)
			break;
		one = grant_status_at(&grant, now_ms);
		if (!status || strcmp(status, one) == 0)
			status = one;
		else if (strcmp(status, "revoked") == 0 || strcmp(one, "revoked") == 0)
			status = status_names[GRANT_PARTLY_REVOKED];
		else if (strcmp(one, "active") == 0)
			status = one;
	}
	throughcare__v1__consent_grant__free_unpacked(document, NULL);
	if (r != 0)
		return consent_fault(r);
	*ret = status ? status : "unknown";
	return 0;
}
