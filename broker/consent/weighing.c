#include "consent/weighing.h"

#include <string.h>

#include "consent/consent_event.h"
#include "consent/consent_row.h"
#include "consent/grant_pairs.h"
#include "consent/notice.h"
#include "store/store_cursor.h"

enum tc_refusal_code weighing_code(enum weighing_reason reason)
{
	static const enum tc_refusal_code codes[] = {
		[WEIGHING_MISSING] = TC_REFUSAL_CONSENT_MISSING,
		[WEIGHING_EXPIRED] = TC_REFUSAL_CONSENT_EXPIRED,
		[WEIGHING_REVOKED] = TC_REFUSAL_CONSENT_REVOKED,
		[WEIGHING_NOT_YET_VALID] = TC_REFUSAL_CONSENT_NOT_YET_VALID,
	};

	return codes[reason];
}

/* A row of the pairs' table, with what its key says. */
struct pair_at {
	struct tc_id grant;
	uint32_t version;
	struct tc_slice discloser; /* agency or class, of the run that is read */
	struct tc_slice recipient;
	struct pair_row row;
	int64_t revocable_ms; /* by an event that has not reached its row; or GRANT_NEVER */
};

static uint64_t parts_of(const struct weighing *weighing, uint64_t categories)
{
	uint64_t parts = 0;

	for (; categories != 0; categories &= categories - 1)
		parts |= weighing->parts[__builtin_ctzll(categories)];
	return parts;
}

/* ---- one grant ---- */

static bool left_out(const struct decision_request *request, struct tc_id grant)
{
	for (size_t i = 0; i < request->without_count; i++)
		if (tc_id_equal(request->without[i], grant))
			return true;
	return false;
}

/* Whether the class of this row has this member no more, by a row of the member's own. */
static int member_out(struct store_txn *txn, const struct consent_tables *tables,
		      const struct weighing *weighing, const struct pair_at *pair,
		      struct tc_slice discloser, struct tc_slice recipient, bool *ret)
{
	struct store_key key;
	struct pair_row own;
	int r;

	member_key(&key, pair->grant, pair->version, discloser, recipient);
	r = member_row_find(txn, tables, &key, &own);
	if (r == GRANT_UNKNOWN)
		return 0;
	if (r == 0 &&
	    (own.effective_ms <= weighing->request->now_ms ||
	     (own.revoked_ms != GRANT_NEVER && pair->revocable_ms <= weighing->request->now_ms)))
		*ret = true;
	return r;
}

static int members_out(struct store_txn *txn, const struct consent_tables *tables,
		       const struct weighing *weighing, const struct pair_at *pair, bool *ret)
{
	const struct decision_request *request = weighing->request;
	struct tc_slice class = tc_slice_text(CONSENT_CLASS_TREATING);
	int r = 0;

	if (tc_slice_equal(pair->recipient, class))
		r = member_out(txn, tables, weighing, pair, pair->discloser,
			       tc_slice_text(request->recipient->name), ret);
	if (r == 0 && !*ret && tc_slice_equal(pair->discloser, class))
		r = member_out(txn, tables, weighing, pair, tc_slice_text(request->sender->name),
			       pair->recipient, ret);
	return r;
}

static int pair_revoked(struct store_txn *txn, const struct consent_tables *tables,
			const struct weighing *weighing, const struct pair_at *pair, bool *ret)
{
	const struct decision_request *request = weighing->request;

	*ret = pair->row.ended_ms <= request->now_ms || pair->row.effective_ms <= request->now_ms ||
	       left_out(request, pair->grant);
	if (*ret || !(pair->row.flags & PAIR_PARTED))
		return 0;
	return members_out(txn, tables, weighing, pair, ret);
}

/* Not in force: why, for each category that it would have covered. */
static void tell(struct weighing *weighing, uint64_t categories, struct tc_id grant,
		 enum weighing_reason reason, int64_t coming_ms)
{
	for (; categories != 0; categories &= categories - 1) {
		unsigned i = (unsigned)__builtin_ctzll(categories);

		if (weighing->told[i] < reason) {
			weighing->told[i] = (uint8_t)reason;
			weighing->told_by[i] = grant;
		}
		if (coming_ms != 0 &&
		    (weighing->coming_ms[i] == 0 || coming_ms < weighing->coming_ms[i]))
			weighing->coming_ms[i] = coming_ms;
	}
}

/* In force: kept for each category that it serves better than what was found before. */
static void keep(struct weighing *weighing, uint64_t categories, const struct pair_at *pair)
{
	const struct weighed_grant found = {
		.grant = pair->grant,
		.version = pair->version,
		.parts = parts_of(weighing, categories),
		.obligations = pair->row.obligations,
		.regime = pair->row.regime,
		.of = weighing->of,
	};
	int count = __builtin_popcountll(found.parts);

	for (; categories != 0; categories &= categories - 1) {
		struct weighed_grant *best = &weighing->best[__builtin_ctzll(categories)];

		if (__builtin_popcountll(best->parts) < count)
			*best = found;
	}
}

/* The desk that the message is for; under 2.35 of an agency that monitors, as it is now. */
static bool reaches(const struct weighing *weighing, const struct pair_row *row)
{
	const struct decision_request *request = weighing->request;
	const struct policy_regime *regime = policy_regime(weighing->policy, row->regime);

	if (regime && regime->revocable_later &&
	    !policy_agency_kind(weighing->policy, request->recipient_kind)->criminal_justice)
		return false;
	return grant_desks_reach(row->desks, request->recipient_role, request->recipient_person);
}

static uint32_t purpose_bit(const struct decision_request *request)
{
	return request->purpose < 32 ? UINT32_C(1) << request->purpose : 0;
}

static int weigh(struct store_txn *txn, const struct consent_tables *tables,
		 struct weighing *weighing, const struct pair_at *pair)
{
	const struct decision_request *request = weighing->request;
	const struct pair_row *row = &pair->row;
	uint64_t categories = weighing->asked & ~weighing->served & row->categories;
	bool revoked;
	int r;

	if (categories == 0 || row->recorded_ms > request->now_ms ||
	    !(row->purposes & purpose_bit(request)) || !reaches(weighing, row))
		return 0;
	r = pair_revoked(txn, tables, weighing, pair, &revoked);
	if (r != 0)
		return r;
	if (revoked)
		tell(weighing, categories, pair->grant, WEIGHING_REVOKED, 0);
	else if (row->event_ms <= request->now_ms || row->expires_ms <= request->now_ms)
		tell(weighing, categories, pair->grant, WEIGHING_EXPIRED, 0);
	else if (row->valid_from_ms > request->now_ms)
		tell(weighing, categories, pair->grant, WEIGHING_NOT_YET_VALID, row->valid_from_ms);
	else if (row->proceeding.len > 0 && !tc_slice_equal(row->proceeding, request->proceeding))
		weighing->elsewhere |= categories;
	else
		keep(weighing, categories, pair);
	return 0;
}

/* ---- the grants between two ---- */

/* Where a row of a run is read from: the pairs in force, or from the newest on those that are over.
 */
struct run {
	struct store_table table;
	bool over;
	struct tc_slice discloser; /* agency or class */
	struct tc_slice recipient;
};

/* Of what was over then, only so much is looked at. */
static bool passed_by(struct weighing *weighing, const struct pair_row *row)
{
	return pair_row_over(row, weighing->request->now_ms) &&
	       weighing->over++ >= DECISION_OVER_MAX;
}

/* What has happened in its proceeding and has not reached its row. */
static int foresee(struct store_txn *txn, const struct consent_tables *tables,
		   struct weighing *weighing, struct pair_at *pair)
{
	struct pair_row *row = &pair->row;
	struct consent_event_effect effect;
	int r = 0;

	if (row->proceeding.len == 0)
		return 0;
	if (!weighing->looked)
		r = consent_event_unsettled(txn, tables, &weighing->unsettled);
	weighing->looked = true;
	if (r != 0 || !weighing->unsettled)
		return r;
	r = consent_event_foresee(txn, tables, row->proceeding, pair->grant, pair->version,
				  weighing->request->now_ms, &effect);
	if (r != 0)
		return r;
	pair->revocable_ms = effect.revocable_ms;
	if (row->event_ms > effect.expired_ms)
		row->event_ms = effect.expired_ms;
	if (row->revoked_ms != GRANT_NEVER && row->effective_ms > effect.revocable_ms)
		row->effective_ms = effect.revocable_ms;
	return 0;
}

static int weigh_row(struct store_txn *txn, const struct consent_tables *tables,
		     struct weighing *weighing, const struct run *run, struct tc_slice key,
		     struct tc_slice bytes)
{
	struct pair_at pair = {.discloser = run->discloser,
			       .recipient = run->recipient,
			       .revocable_ms = GRANT_NEVER};
	int r;

	/* Of what is over, every row counts towards what is looked at. */
	if (!run->over && !pair_row_covers(bytes, weighing->asked & ~weighing->served,
					   purpose_bit(weighing->request)))
		return 0;
	if (!store_key_take_id(&key, &pair.grant) || !store_key_take_u32(&key, &pair.version) ||
	    pair_row_decode(bytes, &pair.row) != 0)
		return TC_ECORRUPT;
	if (run->over && passed_by(weighing, &pair.row))
		return 0;
	r = run->over ? 0 : foresee(txn, tables, weighing, &pair);
	return r != 0 ? r : weigh(txn, tables, weighing, &pair);
}

/* The network id whose grants are weighed. */
static struct tc_id weighing_about(const struct weighing *weighing)
{
	const struct decision_request *request = weighing->request;

	return weighing->of == 0 ? request->subject : request->also[weighing->of - 1];
}

static int weigh_run(struct store_txn *txn, const struct consent_tables *tables,
		     struct weighing *weighing, const struct run *run)
{
	bool bounded = run->over && !weighing->request->past;
	struct store_cursor cursor;
	struct store_key prefix;
	size_t pair_len;
	int r;

	pair_key(&prefix, weighing_about(weighing), run->discloser, run->recipient);
	pair_len = prefix.len;
	if (!tc_id_is_none(weighing->request->grant))
		store_key_id(&prefix, weighing->request->grant);
	r = store_cursor_init(&cursor, txn, run->table, store_key_slice(&prefix),
			      run->over ? STORE_BACKWARD : STORE_FORWARD);
	while (r == 0 && !(bounded && weighing->over >= DECISION_OVER_MAX)) {
		struct tc_slice key, bytes;

		r = store_cursor_next(&cursor, &key, &bytes);
		if (r == 0)
			r = weigh_row(txn, tables, weighing, run,
				      tc_slice(key.data + pair_len, key.len - pair_len), bytes);
	}
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : consent_fault(r);
}

/* Whether a category is covered by nothing in force, and it is not yet clear why. */
static bool untold(const struct weighing *weighing)
{
	for (uint64_t left = weighing->asked & ~weighing->elsewhere; left != 0; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctzll(left);

		if (weighing->best[i].parts == 0 && weighing->told[i] != WEIGHING_NOT_YET_VALID)
			return true;
	}
	return false;
}

#define RUNS_MAX 4

/* Each by its name, or by the class of treating providers when it is one. */
static size_t runs_between(const struct weighing *weighing, struct run ret[RUNS_MAX])
{
	const struct decision_request *request = weighing->request;
	struct tc_slice class = tc_slice_text(CONSENT_CLASS_TREATING);
	struct tc_slice sender = tc_slice_text(request->sender->name);
	struct tc_slice recipient = tc_slice_text(request->recipient->name);
	bool sender_treats = !request->sender_named &&
			     policy_agency_kind(weighing->policy, request->sender_kind)->treating;
	bool recipient_treats =
		policy_agency_kind(weighing->policy, request->recipient_kind)->treating;
	size_t count = 0;

	ret[count++] = (struct run){.discloser = sender, .recipient = recipient};
	if (recipient_treats)
		ret[count++] = (struct run){.discloser = sender, .recipient = class};
	if (sender_treats)
		ret[count++] = (struct run){.discloser = class, .recipient = recipient};
	if (sender_treats && recipient_treats)
		ret[count++] = (struct run){.discloser = class, .recipient = class};
	return count;
}

static uint64_t covered(const struct weighing *weighing)
{
	uint64_t categories = 0;

	for (uint64_t left = weighing->asked; left != 0; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctzll(left);

		if (weighing->best[i].parts != 0)
			categories |= UINT64_C(1) << i;
	}
	return categories;
}

/* The grants about one of the person's ids. */
static int weigh_id(struct store_txn *txn, const struct consent_tables *tables,
		    struct weighing *weighing, struct run runs[RUNS_MAX], size_t count)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		runs[i].table = tables->pairs;
		runs[i].over = false;
		r = weigh_run(txn, tables, weighing, &runs[i]);
	}
	if (r != 0 || !(weighing->request->past || untold(weighing)))
		return r;
	for (size_t i = 0; r == 0 && i < count; i++) {
		runs[i].table = tables->over;
		runs[i].over = true;
		r = weigh_run(txn, tables, weighing, &runs[i]);
	}
	return r;
}

int weighing_weigh(struct store_txn *txn, const struct consent_tables *tables,
		   struct weighing *weighing)
{
	struct run runs[RUNS_MAX];
	size_t count = runs_between(weighing, runs);
	int r = weigh_id(txn, tables, weighing, runs, count);

	for (size_t i = 0; r == 0 && i < weighing->request->also_count; i++) {
		weighing->served = covered(weighing);
		if (weighing->served == weighing->asked)
			break;
		weighing->of = (uint8_t)(i + 1);
		r = weigh_id(txn, tables, weighing, runs, count);
	}
	return r;
}

/* ---- the choice ---- */

/* What goes along with a release under this grant: what it attaches, and what its regime adds. */
static uint32_t obligations_of(const struct policy *policy, const struct weighed_grant *grant)
{
	const uint32_t statements = 1u << NOTICE_PART2_LONG | 1u << NOTICE_PART2_SHORT;
	const uint32_t explanations = 1u << NOTICE_CONSENT_COPY | 1u << NOTICE_SCOPE_TEXT;
	const struct policy_regime *regime = policy_regime(policy, grant->regime);
	uint32_t bits = grant->obligations;

	if (!regime)
		return bits;
	if (!(bits & statements))
		bits |= regime->notices;
	if (regime->scope && !(bits & explanations))
		bits |= 1u << NOTICE_SCOPE_TEXT;
	return bits;
}

/* Two versions of one grant count as two: each has a scope of its own. */
static void rely(struct decision *decision, const struct weighed_grant *grant)
{
	decision->versions[decision->grant_count] = grant->version;
	decision->of[decision->grant_count] = grant->of;
	decision->grants[decision->grant_count++] = grant->grant;
}

static uint64_t lowest(uint64_t parts)
{
	return parts & (~parts + 1);
}

void weighing_choose(const struct weighing *weighing, struct decision *ret)
{
	uint64_t open = parts_of(weighing, weighing->asked), first = 0;

	while (open != 0) {
		const struct weighed_grant *best = NULL;
		int best_count = 0;

		for (uint64_t left = weighing->asked; left != 0; left &= left - 1) {
			const struct weighed_grant *grant = &weighing->best[__builtin_ctzll(left)];
			int count = __builtin_popcountll(grant->parts & open);

			if (count > best_count) {
				best = grant;
				best_count = count;
			}
		}
		if (!best)
			break;
		rely(ret, best);
		if (first == 0 || lowest(best->parts & open) < first) {
			first = lowest(best->parts & open);
			tc_id_format(best->grant, ret->basis);
		}
		ret->obligations |= obligations_of(weighing->policy, best);
		ret->parts_mask |= best->parts;
		open &= ~best->parts;
	}
}
