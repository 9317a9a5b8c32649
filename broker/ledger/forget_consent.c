#include "ledger/forget_consent.h"

#include <stdlib.h>
#include <string.h>

#include "consent/consent_row.h"
#include "ledger/state.h"
#include "store/store_cursor.h"
#include "throughcare/v1/consent.pb-c.h"

#define ID_BYTES      sizeof(((struct tc_id *)NULL)->bytes)
#define VERSION_BYTES (ID_BYTES + 4)

/* ---- finding ---- */

struct finding {
	const struct sought_numbers *records;
	struct forget_consents *found;
	struct tc_id consent; /* of the rows at hand, which follow one another */
	bool goes, stays;     /* some version of it */
};

static int version_add(struct forget_consents *consents, struct tc_id id, uint32_t version)
{
	struct tc_slice bytes;
	struct store_key key;

	consent_version_key(&key, id, version);
	bytes = store_key_slice(&key);
	return tc_bytes_append(&consents->versions, bytes.data, bytes.len);
}

static int grants_add(struct forget_consents *consents, const struct consent_view *view)
{
	Throughcare__V1__ConsentGrant *document = throughcare__v1__consent_grant__unpack(
		NULL, view->document.len, view->document.data);
	int r = document != NULL ? 0 : TC_ECORRUPT;

	for (size_t i = 0; r == 0 && i < document->n_grants; i++) {
		struct tc_id grant;

		r = tc_id_parse(tc_slice_text(document->grants[i]->grant_id), &grant)
			    ? version_add(consents, grant, view->version)
			    : TC_ECORRUPT;
	}
	throughcare__v1__consent_grant__free_unpacked(document, NULL);
	return r;
}

/* The last of its versions was seen. */
static int consent_end(struct finding *finding)
{
	return finding->goes && !finding->stays
		       ? sought_add(&finding->found->every, finding->consent)
		       : 0;
}

static int see_version(struct finding *finding, const struct consent_view *view)
{
	int r = 0;

	if (!tc_id_equal(finding->consent, view->consent)) {
		r = consent_end(finding);
		finding->consent = view->consent;
		finding->goes = finding->stays = false;
	}
	if (!sought_numbers_has(finding->records, view->sequence)) {
		finding->stays = true;
		return r;
	}
	finding->goes = true;
	if (r == 0)
		r = version_add(finding->found, view->consent, view->version);
	return r < 0 ? r : grants_add(finding->found, view);
}

static int version_compare(const void *left, const void *right)
{
	return memcmp(left, right, VERSION_BYTES);
}

int forget_consents_find(struct ledger *ledger, const struct sought_numbers *records,
			 struct forget_consents *ret)
{
	struct finding finding = {.records = records, .found = ret};
	struct store_cursor cursor = {0};
	struct tc_slice key, value;
	struct consent_view view;
	int r = store_cursor_init(&cursor, ledger->txn, ledger->consent.consents, tc_slice(NULL, 0),
				  STORE_FORWARD);

	forget_consents_done(ret);
	while (r == 0) {
		r = store_cursor_next(&cursor, &key, &value);
		if (r == 0)
			r = consent_row_read(key, value, &view);
		if (r == 0)
			r = see_version(&finding, &view);
	}
	store_cursor_done(&cursor);
	if (r == STORE_NOT_FOUND)
		r = consent_end(&finding);
	if (ret->versions.len > 0)
		qsort(ret->versions.data, ret->versions.len / VERSION_BYTES, VERSION_BYTES,
		      version_compare);
	return r;
}

/* ---- asking ---- */

static bool has_version(const struct forget_consents *consents, const uint8_t *version)
{
	return consents->versions.len > 0 &&
	       bsearch(version, consents->versions.data, consents->versions.len / VERSION_BYTES,
		       VERSION_BYTES, version_compare) != NULL;
}

bool forget_consents_has(const struct forget_consents *consents, enum forget_version at,
			 struct tc_slice key)
{
	struct tc_id consent;

	if (key.len < VERSION_BYTES)
		return false;
	switch (at) {
	case FORGET_VERSION_NONE:
		return false;
	case FORGET_VERSION_FIRST:
		return has_version(consents, key.data);
	case FORGET_VERSION_LAST:
		return has_version(consents, key.data + key.len - VERSION_BYTES);
	case FORGET_VERSION_EVERY_LAST:
		memcpy(consent.bytes, key.data + key.len - ID_BYTES, ID_BYTES);
		return sought_has(&consents->every, consent);
	}
	return false;
}

void forget_consents_done(struct forget_consents *consents)
{
	tc_bytes_free(&consents->versions);
	sought_done(&consents->every);
}
