/* How far each side has been told of a referral. */
#include "referral/referral_move.h"
#include "referral/referral_row.h"

/* The version that `message` made, above `after`; 0: none. */
static int version_of(struct store_txn *txn, const struct referral_tables *tables,
		      const struct referral *referral, struct tc_id message, uint64_t after,
		      uint64_t *ret)
{
	*ret = 0;
	for (uint64_t version = referral->version; version > after; version--) {
		struct referral_step step;
		int r = referral_step_find(txn, tables, referral->id, version, &step);

		if (r != 0)
			return r == REFERRAL_UNKNOWN ? TC_ECORRUPT : r;
		if (!tc_id_equal(step.message, message))
			continue;
		*ret = version;
		return 0;
	}
	return 0;
}

int referral_told(struct store_txn *txn, const struct referral_tables *tables,
		  struct tc_id referral_id, struct tc_id message, bool leading, const tc_agency *to,
		  struct referral_change *ret)
{
	struct referral referral;
	bool shows, changed = false;
	int r;

	*ret = (struct referral_change){.referral = referral_id};
	r = referral_find(txn, tables, referral_id, &referral);
	if (r != 0)
		return r == REFERRAL_UNKNOWN ? 0 : r;
	referral_stands(&referral, ret);
	ret->version = 0;
	shows = !referral.shown && tc_id_equal(referral.message, message);
	referral.shown = referral.shown || shows;
	for (unsigned i = 0; r == 0 && i < REFERRAL_SIDES; i++) {
		const tc_agency *agency =
			i == REFERRAL_SOURCE ? &referral.source : &referral.target;
		struct referral_side *side = &referral.side[i];
		uint64_t version;

		if (!tc_agency_equal(agency, to))
			continue;
		r = version_of(txn, tables, &referral, message, side->told, &version);
		if (r == 0 && (version != 0 || (shows && i == REFERRAL_TARGET))) {
			ret->told_before[i] = side->told;
			side->told = version > side->told ? version : side->told;
			ret->version = side->told;
			changed = true;
		}
	}
	if (leading && tc_id_equal(referral.risk_message, message) &&
	    tc_agency_equal(&referral.target, to)) {
		referral.known = referral.risk;
		changed = true;
	}
	ret->learned = changed || shows;
	return r == 0 && ret->learned ? referral_put(txn, tables, &referral, false) : r;
}
