/*
 * How a decision is made.
 *
 * 1. The policy rules on each part for the basis that is named (consent, when none is): it
 *    is free (the exchange's own business, synthetic tests), denied, or permitted.
 * 2. With a legal basis named, what the policy permits goes, if the basis has what it needs.
 * 3. Otherwise the grants between exactly this discloser and this recipient are read:
 *    at most four short runs of one table (each agency itself, and the class of treating
 *    providers when it is one). A named grant is one row of that run.
 * 4. What no grant covers is held, with the most telling reason among the grants that
 *    would have covered it; another proceeding denies, unless that grant is over.
 * 5. Of a message whose leading part stays, nothing goes.
 *
 * Grants of other pairs are never read, so that nothing about them can show.
 */
#include "consent/decision.h"

#include <string.h>

#include "consent/consent_row.h"
#include "store/store_cursor.h"
#include "throughcare/v1/options.pb-c.h"

#define CANDIDATES_MAX 16 /* grants in force for one pair that are weighed against each other */

/* A grant in force between the pair, and the parts that it permits. */
struct candidate {
	struct tc_id grant;
	uint64_t parts;
	uint32_t obligations;
};

struct weighing {
	const struct decision_request *request;
	const struct policy *policy;
	uint32_t basis;                             /* enum policy_release_basis */
	struct policy_ruling rulings[TC_PARTS_MAX]; /* on each part that is not free */
	uint64_t parts_by_category[THROUGHCARE__V1__CATEGORY__CATEGORY_TEST + 1];
	uint64_t categories; /* bit of each category that needs a grant */
	uint64_t free;
	uint64_t wanted; /* parts that need a grant */
	uint64_t all;
	struct candidate candidates[CANDIDATES_MAX];
	size_t count;
	enum tc_refusal_code hold; /* the most telling so far */
	struct tc_slice by_class;  /* the discloser, while a class of recipients is looked at */
	bool other_proceeding;
	bool grant_seen; /* one that covers some of it and this proceeding, in force or not */
	int64_t recheck_ms;
};

const char *decision_kind_name(enum decision_kind kind)
{
	static const char *const names[] = {
		[DECISION_PERMIT] = "permit",
		[DECISION_PERMIT_PARTS] = "permit_parts",
		[DECISION_HOLD] = "hold",
		[DECISION_DENY] = "deny",
	};

	return names[kind];
}

bool decision_subject_synthetic(struct tc_id subject)
{
	static const uint8_t range[] = {0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0};

	return memcmp(subject.bytes, range, sizeof(range)) == 0;
}

static bool part_free(const struct decision_request *request, uint32_t category)
{
	return category == (uint32_t)THROUGHCARE__V1__CATEGORY__CATEGORY_EXCHANGE ||
	       (category == (uint32_t)THROUGHCARE__V1__CATEGORY__CATEGORY_TEST &&
		decision_subject_synthetic(request->subject));
}

/* Sorts the parts into what is free, what the policy permits on this basis, and the rest. */
static void sort_parts(struct weighing *weighing)
{
	const struct decision_request *request = weighing->request;

	for (size_t i = 0; i < request->part_count; i++) {
		struct policy_ruling *ruling = &weighing->rulings[i];
		uint32_t category = request->categories[i];
		uint64_t bit = UINT64_C(1) << i;

		weighing->all |= bit;
		ruling->rule = -1;
		if (request->forbidden & bit)
			continue;
		if (part_free(request, category)) {
			weighing->free |= bit;
			continue;
		}
		policy_rule(weighing->policy, category, request->sender_kind,
			    request->recipient_kind, request->purpose, weighing->basis, ruling);
		if (ruling->permitted) {
			weighing->wanted |= bit;
			weighing->categories |= UINT64_C(1) << category;
			weighing->parts_by_category[category] |= bit;
		}
	}
}

/* What the rules add to what is released. */
static void note_rulings(const struct weighing *weighing, struct decision *ret)
{
	for (size_t i = 0; i < weighing->request->part_count; i++) {
		ret->rules[i] = (int16_t)weighing->rulings[i].rule;
		if (ret->parts_mask & UINT64_C(1) << i)
			ret->obligations |= weighing->rulings[i].notices;
	}
}

/* Whether the leading part of a message is among these. */
static bool leads(const struct decision_request *request, uint64_t parts)
{
	return !request->message || parts & 1;
}

/* ---- a named legal basis ---- */

static bool basis_complete(const struct decision_request *request, const struct policy_basis *basis)
{
	return (!basis->needs_reference || request->reference.len > 0) &&
	       (!basis->needs_actor || request->actor.len > 0);
}

static void decide_by_basis(const struct weighing *weighing, struct decision *ret)
{
	const struct policy_basis *basis = policy_basis(weighing->policy, weighing->basis);
	uint64_t parts = weighing->free;

	if (basis && basis_complete(weighing->request, basis))
		parts |= weighing->wanted;
	if (!leads(weighing->request, parts))
		parts = 0;
	if (basis)
		strncpy(ret->basis, basis->name, sizeof(ret->basis) - 1);
	ret->parts_mask = parts;
	if (parts != weighing->all)
		ret->code = TC_REFUSAL_BASIS_INSUFFICIENT;
	ret->kind = parts == weighing->all ? DECISION_PERMIT
		    : parts != 0           ? DECISION_PERMIT_PARTS
					   : DECISION_DENY;
}

/* ---- grants ---- */

/* The reason that tells the sender most about what to do stays. */
static void weigh_hold(struct weighing *weighing, enum tc_refusal_code code)
{
	static const enum tc_refusal_code telling[] = {
		TC_REFUSAL_CONSENT_NOT_YET_VALID,
		TC_REFUSAL_CONSENT_REVOKED,
		TC_REFUSAL_CONSENT_EXPIRED,
		TC_REFUSAL_CONSENT_MISSING,
	};

	for (size_t i = 0; i < sizeof(telling) / sizeof(telling[0]); i++) {
		if (weighing->hold == telling[i])
			return;
		if (code == telling[i]) {
			weighing->hold = code;
			return;
		}
	}
}

static uint64_t covered_parts(const struct weighing *weighing, uint64_t categories)
{
	uint64_t left = weighing->categories & categories;
	uint64_t parts = 0;

	for (; left != 0; left &= left - 1)
		parts |= weighing->parts_by_category[__builtin_ctzll(left)];
	return parts;
}

static bool roles_include(struct tc_slice roles, struct tc_slice role)
{
	if (roles.len == 0)
		return true;
	while (roles.len > 0) {
		const uint8_t *end = memchr(roles.data, '\n', roles.len);
		size_t len = end ? (size_t)(end - roles.data) : roles.len;

		if (tc_slice_equal(tc_slice(roles.data, len), role))
			return true;
		len += end ? 1 : 0;
		roles = tc_slice(roles.data + len, roles.len - len);
	}
	return false;
}

static bool pair_revoked(const struct pair_row *row, int64_t now_ms)
{
	return row->flags & PAIR_REVOKED && row->effective_ms <= now_ms;
}

/* Why this grant is over, or NONE. One that is not yet valid is not over. */
static enum tc_refusal_code row_over(const struct pair_row *row, int64_t now_ms)
{
	if (row->flags & PAIR_ENDED || pair_revoked(row, now_ms))
		return TC_REFUSAL_CONSENT_REVOKED;
	if (row->flags & PAIR_EXPIRED || row->expires_ms <= now_ms)
		return TC_REFUSAL_CONSENT_EXPIRED;
	return TC_REFUSAL_NONE;
}

static bool left_out(const struct decision_request *request, struct tc_id grant)
{
	for (size_t i = 0; i < request->without_count; i++)
		if (tc_id_equal(request->without[i], grant))
			return true;
	return false;
}

static void weigh_row(struct weighing *weighing, struct tc_id grant, const struct pair_row *row)
{
	const struct decision_request *request = weighing->request;
	uint64_t parts = covered_parts(weighing, row->categories);
	enum tc_refusal_code over = left_out(request, grant) ? TC_REFUSAL_CONSENT_REVOKED
							     : row_over(row, request->now_ms);

	if (parts == 0 || request->purpose >= 32 ||
	    !(row->purposes & UINT32_C(1) << request->purpose))
		return;
	if (!roles_include(row->roles, request->recipient_role))
		return;
	if (over != TC_REFUSAL_NONE)
		weigh_hold(weighing, over);
	if (row->proceeding.len > 0 && !tc_slice_equal(row->proceeding, request->proceeding)) {
		weighing->other_proceeding = weighing->other_proceeding || over == TC_REFUSAL_NONE;
		return;
	}
	weighing->grant_seen = true;
	if (over != TC_REFUSAL_NONE)
		return;
	if (row->valid_from_ms > request->now_ms) {
		weigh_hold(weighing, TC_REFUSAL_CONSENT_NOT_YET_VALID);
		if (weighing->recheck_ms == 0 || row->valid_from_ms < weighing->recheck_ms)
			weighing->recheck_ms = row->valid_from_ms;
	} else if (weighing->count < CANDIDATES_MAX) {
		weighing->candidates[weighing->count++] = (struct candidate){
			.grant = grant,
			.parts = parts,
			.obligations = row->obligations,
		};
	}
}

/* A member that was taken out of a class has a revoked pair of its own under the same grant. */
static int weigh_grant(struct store_txn *txn, const struct consent_tables *tables,
		       struct weighing *weighing, struct tc_id grant, const struct pair_row *row)
{
	const struct decision_request *request = weighing->request;
	struct tc_slice bytes;
	struct store_key key;
	struct pair_row own;
	int r;

	if (weighing->by_class.len > 0) {
		pair_key(&key, request->subject, weighing->by_class,
			 tc_slice_text(request->recipient->name));
		store_key_id(&key, grant);
		r = store_get(txn, tables->pairs, store_key_slice(&key), &bytes);
		if (r == 0)
			r = pair_row_decode(bytes, &own);
		if (r != 0 && r != STORE_NOT_FOUND)
			return consent_fault(r);
		if (r == 0 && pair_revoked(&own, request->now_ms)) {
			weigh_hold(weighing, TC_REFUSAL_CONSENT_REVOKED);
			return 0;
		}
	}
	weigh_row(weighing, grant, row);
	return 0;
}

static int weigh_named(struct store_txn *txn, const struct consent_tables *tables,
		       struct store_key *key, struct weighing *weighing)
{
	struct tc_slice bytes;
	struct pair_row row;
	int r;

	store_key_id(key, weighing->request->grant);
	r = store_get(txn, tables->pairs, store_key_slice(key), &bytes);
	if (r == STORE_NOT_FOUND)
		return 0;
	if (r == 0)
		r = pair_row_decode(bytes, &row);
	if (r != 0)
		return consent_fault(r);
	return weigh_grant(txn, tables, weighing, weighing->request->grant, &row);
}

static int weigh_all(struct store_txn *txn, const struct consent_tables *tables,
		     const struct store_key *prefix, struct weighing *weighing)
{
	struct store_cursor cursor;
	int r;

	r = store_cursor_init(&cursor, txn, tables->pairs, store_key_slice(prefix), STORE_FORWARD);
	while (r == 0) {
		struct tc_slice key, bytes;
		struct tc_id grant;
		struct pair_row row;

		r = store_cursor_next(&cursor, &key, &bytes);
		if (r != 0)
			break;
		r = pair_row_decode(bytes, &row);
		if (r != 0)
			break;
		if (key.len != prefix->len + sizeof(grant.bytes)) {
			r = TC_ECORRUPT;
			break;
		}
		memcpy(grant.bytes, key.data + prefix->len, sizeof(grant.bytes));
		r = weigh_grant(txn, tables, weighing, grant, &row);
	}
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : consent_fault(r);
}

static int weigh_pair(struct store_txn *txn, const struct consent_tables *tables,
		      struct weighing *weighing, struct tc_slice discloser,
		      struct tc_slice recipient)
{
	struct store_key key;

	pair_key(&key, weighing->request->subject, discloser, recipient);
	weighing->by_class = tc_slice(NULL, 0);
	if (tc_slice_equal(recipient, tc_slice_text(CONSENT_CLASS_TREATING)))
		weighing->by_class = discloser;
	if (!tc_id_is_none(weighing->request->grant))
		return weigh_named(txn, tables, &key, weighing);
	return weigh_all(txn, tables, &key, weighing);
}

/* An agency is meant by its name, and a treating one also as a member of that class. */
static int weigh_grants(struct store_txn *txn, const struct consent_tables *tables,
			struct weighing *weighing)
{
	const struct decision_request *request = weighing->request;
	struct tc_slice class = tc_slice_text(CONSENT_CLASS_TREATING);
	struct tc_slice sender = tc_slice_text(request->sender->name);
	struct tc_slice recipient = tc_slice_text(request->recipient->name);
	bool sender_treats = policy_agency_kind(weighing->policy, request->sender_kind)->treating;
	bool recipient_treats =
		policy_agency_kind(weighing->policy, request->recipient_kind)->treating;
	int r;

	r = weigh_pair(txn, tables, weighing, sender, recipient);
	if (r == 0 && recipient_treats)
		r = weigh_pair(txn, tables, weighing, sender, class);
	if (r == 0 && sender_treats)
		r = weigh_pair(txn, tables, weighing, class, recipient);
	if (r == 0 && sender_treats && recipient_treats)
		r = weigh_pair(txn, tables, weighing, class, class);
	return r;
}

/* The fewest grants that permit the most: each time the one that adds most parts, the first of
 * equals in key order. */
static void choose_grants(const struct weighing *weighing, struct decision *ret)
{
	uint64_t open = weighing->wanted;

	while (open != 0 && ret->grant_count < DECISION_GRANTS_MAX) {
		const struct candidate *best = NULL;
		int best_count = 0;

		for (size_t i = 0; i < weighing->count; i++) {
			int count = __builtin_popcountll(weighing->candidates[i].parts & open);

			if (count > best_count) {
				best = &weighing->candidates[i];
				best_count = count;
			}
		}
		if (!best)
			break;
		if (ret->grant_count == 0)
			tc_id_format(best->grant, ret->basis);
		ret->grants[ret->grant_count++] = best->grant;
		ret->obligations |= best->obligations;
		ret->parts_mask |= best->parts;
		open &= ~best->parts;
	}
}

/* Why not all of it goes, and what that makes of the whole. */
static void conclude(const struct weighing *weighing, struct decision *ret)
{
	bool never = !leads(weighing->request, weighing->free | weighing->wanted);

	if (weighing->wanted & ~ret->parts_mask && !never)
		ret->code = weighing->other_proceeding && !weighing->grant_seen
				    ? TC_REFUSAL_CONSENT_OTHER_PROCEEDING
				    : weighing->hold;
	else
		ret->code = TC_REFUSAL_BASIS_INSUFFICIENT;
	if (ret->parts_mask != 0)
		ret->kind = DECISION_PERMIT_PARTS;
	else if (never || weighing->wanted == 0 || ret->code == TC_REFUSAL_CONSENT_OTHER_PROCEEDING)
		ret->kind = DECISION_DENY;
	else
		ret->kind = DECISION_HOLD;
	if (ret->kind == DECISION_HOLD)
		ret->recheck_ms = weighing->recheck_ms;
}

static int decide_by_consent(struct store_txn *txn, const struct consent_tables *tables,
			     struct weighing *weighing, struct decision *ret)
{
	const struct decision_request *request = weighing->request;
	int r = 0;

	ret->parts_mask = weighing->free;
	if (weighing->wanted != 0 && !tc_id_is_none(request->subject)) {
		r = weigh_grants(txn, tables, weighing);
		if (r != 0)
			return r;
		choose_grants(weighing, ret);
	}
	if (ret->parts_mask == weighing->all) {
		ret->kind = DECISION_PERMIT;
		return 0;
	}
	if (!leads(request, ret->parts_mask))
		*ret = (struct decision){.rule_version = ret->rule_version};
	conclude(weighing, ret);
	return 0;
}

/* What must not be passed on is denied, whatever a consent or a basis says. */
static void forbid(const struct weighing *weighing, struct decision *ret)
{
	const struct decision_request *request = weighing->request;

	if (!(request->forbidden & weighing->all))
		return;
	if (!leads(request, ~request->forbidden))
		*ret = (struct decision){.kind = DECISION_DENY, .rule_version = ret->rule_version};
	if (ret->kind != DECISION_HOLD)
		ret->code = TC_REFUSAL_REDISCLOSURE_FORBIDDEN;
}

int decision_take(struct store_txn *txn, const struct consent_tables *tables,
		  const struct policy *policy, const struct decision_request *request,
		  struct decision *ret)
{
	struct weighing weighing = {
		.request = request,
		.policy = policy,
		.basis = request->legal ? policy_basis_of(request->legal) : POLICY_BASIS_CONSENT,
		.hold = TC_REFUSAL_CONSENT_MISSING,
	};
	int r = 0;

	if (request->part_count > TC_PARTS_MAX)
		return TC_EINVAL;
	*ret = (struct decision){.rule_version = policy_version(policy)};
	sort_parts(&weighing);
	if (weighing.free == weighing.all)
		ret->kind = DECISION_PERMIT;
	else if (request->legal != 0)
		decide_by_basis(&weighing, ret);
	else
		r = decide_by_consent(txn, tables, &weighing, ret);
	if (weighing.free == weighing.all)
		ret->parts_mask = weighing.all;
	forbid(&weighing, ret);
	note_rulings(&weighing, ret);
	if (ret->basis[0] == '\0')
		memcpy(ret->basis, "none", sizeof("none"));
	return r;
}
