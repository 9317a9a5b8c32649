#include "consent/standing.h"

#include <string.h>

#include "consent/consent_row.h"

typedef Throughcare__V1__ConsentGrant__Grant consent_grant;
typedef Throughcare__V1__ConsentGrant__Party consent_party;

static bool among(const tc_agency *agency, consent_party *const *parties, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (parties[i]->agency && strcmp(parties[i]->agency, agency->name) == 0)
			return true;
	return false;
}

bool standing_named(const struct standing *standing, const consent_grant *grant)
{
	return among(standing->agency, grant->disclosers, grant->n_disclosers) ||
	       among(standing->agency, grant->recipients, grant->n_recipients);
}

int standing_recorded(struct store_txn *txn, const struct consent_tables *tables,
		      struct tc_id consent, const tc_agency *agency, bool *ret)
{
	struct consent_view first;
	int r = consent_find_first(txn, tables, consent, &first);

	*ret = r == 0 && tc_agency_equal(&first.sender, agency);
	return r == GRANT_UNKNOWN ? 0 : r;
}

int standing_supersedes(struct store_txn *txn, const struct consent_tables *tables,
			const struct standing *standing, const struct walk_consent *consent,
			bool *ret)
{
	*ret = policy_agency_kind(standing->policy, standing->kind)->consent_desk;
	for (size_t i = 0; !*ret && i < consent->document->n_grants; i++) {
		const consent_grant *grant = consent->document->grants[i];

		*ret = among(standing->agency, grant->disclosers, grant->n_disclosers);
	}
	if (*ret)
		return 0;
	return standing_recorded(txn, tables, consent->view.consent, standing->agency, ret);
}

int standing_revokes(struct store_txn *txn, const struct consent_tables *tables,
		     const struct standing *standing, const struct walk_consent *consent, bool *ret)
{
	*ret = false;
	for (size_t i = 0; !*ret && i < consent->document->n_grants; i++)
		*ret = standing_named(standing, consent->document->grants[i]);
	if (*ret)
		return 0;
	return standing_supersedes(txn, tables, standing, consent, ret);
}
