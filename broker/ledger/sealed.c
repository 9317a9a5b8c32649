#include "ledger/sealed.h"

#include <string.h>

#include "ledger/fact.h"
#include "ledger/reconsider.h"
#include "ledger/registry_seal.h"
#include "ledger/state.h"
#include "ledger/submission.h"
#include "throughcare/v1/registry.pb-c.h"

#define SHA256_BYTES REGISTRY_SEAL_SHA256_BYTES

static bool names(const Throughcare__V1__PartLabel *label, const struct registry_seal *seal)
{
	for (size_t at = 0; at + SHA256_BYTES <= label->sealed_to.len; at += SHA256_BYTES) {
		if (seal->der.len > 0 &&
		    memcmp(label->sealed_to.data + at, seal->sha256, SHA256_BYTES) == 0)
			return true;
	}
	return false;
}

int sealed_take(struct ledger *ledger, struct submission *submission, struct delivery *delivery)
{
	const Throughcare__V1__SubmissionRecord *record = submission->record;
	struct registry_seal seal;
	struct principal *recipient;
	int r;

	delivery->sealed = 0;
	delivery->seal = 0;
	for (size_t i = 0; i < record->n_parts; i++)
		delivery->sealed |= record->parts[i]->sealed ? UINT64_C(1) << i : 0;
	if (delivery->sealed == 0)
		return 0;
	r = principal_get(ledger, delivery->recipient, &recipient);
	if (r == 0)
		r = registry_seal_find(ledger->txn, &ledger->registry, &recipient->name, &seal);
	if (r != 0)
		return r == REGISTRY_UNKNOWN ? 0 : r;
	for (size_t i = 0; i < record->n_parts; i++) {
		const Throughcare__V1__PartLabel *label = record->parts[i];

		if (label->sealed && label->sealed_to.len > 0 && !names(label, &seal)) {
			tc_refuse(&submission->refusal, TC_REFUSAL_CERTIFICATE_CHANGED,
				  "parts[%zu], %s", i, recipient->name.name);
			return SUBMISSION_REFUSED;
		}
	}
	delivery->seal = seal.generation;
	return 0;
}

int sealed_decide(struct ledger *ledger, const struct delivery *delivery,
		  const tc_agency *recipient, struct decision *decision)
{
	bool goes = decision->kind == DECISION_PERMIT || decision->kind == DECISION_PERMIT_PARTS;
	struct registry_seal seal;
	int r;

	if (delivery->seal == 0 || decision->kind == DECISION_DENY ||
	    (goes && (decision->parts_mask & delivery->sealed) == 0))
		return 0;
	r = registry_seal_find(ledger->txn, &ledger->registry, recipient, &seal);
	if (r != 0)
		return r == REGISTRY_UNKNOWN ? TC_ECORRUPT : r;
	if (seal.generation == delivery->seal)
		return 0;
	decision->kind = DECISION_DENY;
	decision->code = TC_REFUSAL_CERTIFICATE_CHANGED;
	decision->parts_mask = 0;
	return 0;
}

static int sealed_changed(struct ledger *ledger, const tc_agency *agency)
{
	struct fact_draft draft;
	int r;

	fact_init(&draft, "registry");
	fact_text(&draft.row.agency, agency->name);
	fact_text(&draft.row.code, "certificate");
	r = fact_push(ledger, &draft);
	return r < 0 ? r : reconsider_agency(ledger, agency);
}

static int sealed_offer(struct ledger *ledger, const struct registry_seal_offer *offer)
{
	bool changed;
	int r = registry_seal_offer(ledger->txn, &ledger->registry, offer, &changed);

	return r == 0 && changed ? sealed_changed(ledger, offer->agency) : r;
}

int sealed_logon(struct ledger *ledger)
{
	const Throughcare__V1__LogonRecord *logon = ledger->record->logon;
	const Throughcare__V1__Peer *peer = ledger->record->peer;
	struct registry_seal_offer offer = {
		.sha256 = peer->certificate_sha256.data,
		.not_before_ms = logon->certificate_not_before_ms,
		.now_ms = ledger->now_ms,
		.der = tc_slice(logon->certificate_der.data, logon->certificate_der.len),
	};
	tc_agency agency;

	if (peer->kind != THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY ||
	    (peer->adapter != NULL && *peer->adapter != '\0') ||
	    !tc_agency_parse(tc_slice_text(peer->id), &agency))
		return 0;
	offer.agency = &agency;
	return sealed_offer(ledger, &offer);
}

int sealed_entry(struct ledger *ledger, const Throughcare__V1__SubmissionRecord *record)
{
	const Throughcare__V1__CertificateFacts *facts = record->certificate;
	Throughcare__V1__AgencyEntry *entry;
	struct registry_seal_offer offer = {.entered = true, .now_ms = ledger->now_ms};
	tc_agency agency;

	if (facts == NULL || facts->sha256.len != SHA256_BYTES)
		return 0;
	entry = throughcare__v1__agency_entry__unpack(&ledger->arena.allocator, record->body.len,
						      record->body.data);
	if (entry == NULL || !tc_agency_parse(tc_slice_text(entry->agency), &agency))
		return TC_ECORRUPT;
	offer.agency = &agency;
	offer.sha256 = facts->sha256.data;
	offer.not_before_ms = facts->not_before_ms;
	offer.der = tc_slice(entry->certificate_der.data, entry->certificate_der.len);
	return sealed_offer(ledger, &offer);
}

int sealed_revoked(struct ledger *ledger, const uint8_t sha256[32])
{
	tc_agency agency;
	int r = registry_seal_revoke(ledger->txn, &ledger->registry, sha256, &agency);

	if (r == REGISTRY_UNKNOWN)
		return 0;
	return r < 0 ? r : sealed_changed(ledger, &agency);
}
