#include "ledger/party.h"

#include <string.h>

#include "ledger/state.h"
#include "referral/referral_former.h"

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

int party_forward(struct ledger *ledger, const struct submission *submission,
		  struct registry_address *address, bool *ret)
{
	const struct tc_header *header = &submission->header;
	bool orders = policy_agency_kind(ledger->policy, submission->sender_kind)->orders;
	struct referral referral;
	int r;

	*ret = false;
	if (tc_id_is_none(header->referral_id))
		return 0;
	r = referral_former(ledger->txn, &ledger->referral, header->referral_id, &address->agency,
			    ret);
	if (r < 0 || !*ret)
		return r;
	r = referral_find(ledger->txn, &ledger->referral, header->referral_id, &referral);
	if (r != 0)
		return r > 0 ? TC_ECORRUPT : r;
	*ret = (referral.shown && tc_agency_equal(&submission->sender->name, &referral.target)) ||
	       (orders && tc_id_equal(header->subject, referral.subject));
	if (*ret) {
		address->agency = referral.source;
		memset(address->role, 0, sizeof(address->role));
	}
	return 0;
}
