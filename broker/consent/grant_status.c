/* Finding consents again, and in what state people see them. */
#include <string.h>

#include "consent/consent_row.h"
#include "consent/grant_walk.h"
#include "store/store_cursor.h"

int consent_find_either(struct store_txn *txn, const struct consent_tables *tables, struct tc_id id,
			struct consent_view *ret)
{
	struct grant_view row;
	int r = consent_find(txn, tables, id, ret);

	if (r != GRANT_UNKNOWN)
		return r;
	r = grant_find(txn, tables, id, &row);
	return r != 0 ? r : consent_find_version(txn, tables, row.consent, row.version, ret);
}

int consent_list(struct store_txn *txn, const struct consent_tables *tables,
		 const tc_agency *agency, struct tc_id subject, struct tc_id after,
		 struct tc_id *ret, size_t max, size_t *ret_count)
{
	struct store_cursor cursor;
	struct store_key key;
	size_t count = 0, prefix_len;
	int r;

	store_key_init(&key);
	if (agency)
		store_key_text(&key, tc_slice_text(agency->name));
	prefix_len = key.len;
	store_key_id(&key, subject);
	r = store_cursor_init(&cursor, txn, agency ? tables->seen : tables->subjects,
			      store_key_slice(&key), STORE_FORWARD);
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
		row = tc_slice(row.data + prefix_len, row.len - prefix_len);
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

int grant_event(struct store_txn *txn, const struct consent_tables *tables, struct tc_id grant,
		char ret[GRANT_EVENT_BYTES_MAX + 1])
{
	struct walk_consent consent = {.document = NULL};
	struct walk_grant opened;
	struct grant_view view;
	int r = grant_find(txn, tables, grant, &view);

	if (r == 0)
		r = walk_open_version(txn, tables, view.consent, view.version, &consent);
	if (r == 0)
		r = walk_grant(txn, tables, &consent, view.position, &opened);
	if (r == 0)
		(void)walk_revocable_ms(&opened, ret);
	walk_close(&consent);
	return r;
}

/* ---- statuses ---- */

static const char *ended_name(enum grant_status as)
{
	switch (as) {
	case GRANT_SUPERSEDED:
		return "superseded";
	case GRANT_ENDED:
		return "expired";
	case GRANT_IN_ERROR:
		return "entered_in_error";
	case GRANT_EXPUNGED:
		return "expunged";
	case GRANT_OPEN:
		break;
	}
	return "unknown";
}

const char *grant_status_at(const struct grant_view *grant, int64_t at_ms)
{
	if (grant->recorded_ms > at_ms)
		return "not_recorded";
	if (grant->ended_ms <= at_ms)
		return ended_name(grant->ended_as);
	if (grant->effective_ms <= at_ms)
		return "revoked";
	if (grant->expires_ms <= at_ms)
		return "expired";
	if (grant->revoked_ms <= at_ms)
		return "revocation_pending";
	if (grant->partly_effective_ms <= at_ms)
		return "partly_revoked";
	if (grant->partly_revoked_ms <= at_ms)
		return "revocation_pending";
	return grant->valid_from_ms > at_ms ? "not_yet_valid" : "active";
}

/* Two grants of one consent: alike, or in part what the other is. */
static const char *status_join(const char *status, const char *one)
{
	if (!status || strcmp(status, one) == 0)
		return one;
	if (strcmp(status, "revoked") == 0 || strcmp(one, "revoked") == 0)
		return "partly_revoked";
	return strcmp(one, "active") == 0 ? one : status;
}

/* All grants alike: that. Some in force: partly what the others are. */
int consent_status_at(struct store_txn *txn, const struct consent_tables *tables,
		      const struct consent_view *consent, int64_t at_ms, const char **ret)
{
	struct walk_consent opened;
	const char *status = NULL;
	int r;

	if (consent->recorded_ms > at_ms || consent->ended_ms <= at_ms) {
		*ret = consent->recorded_ms > at_ms ? "not_recorded"
						    : ended_name(consent->ended_as);
		return 0;
	}
	r = walk_open_version(txn, tables, consent->consent, consent->version, &opened);
	for (size_t i = 0; r == 0 && i < opened.document->n_grants; i++) {
		struct walk_grant grant;

		r = walk_grant(txn, tables, &opened, i, &grant);
		if (r == 0)
			status = status_join(status, grant_status_at(&grant.row, at_ms));
	}
	walk_close(&opened);
	if (r != 0)
		return consent_fault(r);
	*ret = status ? status : "unknown";
	return 0;
}
