#include "ledger/party.h"

#include "ledger/state.h"

int party_find(struct ledger *ledger, const struct submission *submission, struct referral *ret,
	       unsigned *ret_by)
{
	const tc_agency *sender = &submission->sender->name;
	struct referral referral;
	int r = REFERRAL_UNKNOWN;

	*ret_by = 0;
	if (!tc_id_is_none(submission->header.referral_id))
		r = referral_find(ledger->txn, &ledger->referral, submission->header.referral_id,
				  &referral);
	if (r != 0)
		return r == REFERRAL_UNKNOWN ? 0 : r;
	if (tc_agency_equal(sender, &referral.source))
		*ret_by |= REFERRAL_BY_SOURCE;
	if (referral.shown && tc_agency_equal(sender, &referral.target))
		*ret_by |= REFERRAL_BY_TARGET;
	if (ret != NULL)
		*ret = referral;
	return 0;
}
