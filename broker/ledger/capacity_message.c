#include "ledger/capacity_message.h"

#include <string.h>

#include "ledger/fact.h"
#include "ledger/lease.h"
#include "ledger/state.h"
#include "throughcare/v1/registry.pb-c.h"

#define STATUS(name) THROUGHCARE__V1__CAPACITY_STATUS__CAPACITY_STATUS_##name
/* Clocks of agencies differ; more than this is no clock. */
#define AHEAD_MS (5LL * 60 * 1000)

static int refuse(struct submission *submission, enum tc_refusal_code code, const char *detail)
{
	(void)tc_refuse(&submission->refusal, code, "%s", detail);
	return SUBMISSION_REFUSED;
}

static int64_t time_ms(const Google__Protobuf__Timestamp *at)
{
	return at == NULL ? 0 : at->seconds * 1000 + at->nanos / 1000000;
}

/* Texts that the gateway has bounded; a longer one would name no place. */
static void place_fill(struct capacity_place *place, const char *service, const char *unit,
		       const char *population)
{
	struct {
		char *to;
		size_t size;
		const char *from;
	} fields[] = {
		{place->service, sizeof(place->service), service},
		{place->unit, sizeof(place->unit), unit},
		{place->population, sizeof(place->population), population},
	};

	memset(place, 0, sizeof(*place));
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		struct tc_slice text = tc_slice_text(fields[i].from);

		if (text.len > 0 && text.len < fields[i].size)
			memcpy(fields[i].to, text.data, text.len);
	}
}

static int find_service(struct ledger *ledger, struct submission *submission, const char *name,
			struct registry_service *ret)
{
	int r = registry_find_service(ledger->txn, &ledger->registry, tc_slice_text(name), ret);

	return r == REGISTRY_UNKNOWN ? refuse(submission, TC_REFUSAL_UNKNOWN_SERVICE, "service_id")
				     : r;
}

/* ---- how many there are ---- */

static int update_check(struct ledger *ledger, struct submission *submission,
			const Throughcare__V1__CapacityUpdate *update)
{
	struct registry_service service;
	int64_t as_of_ms = time_ms(update->as_of);
	int r = find_service(ledger, submission, update->service_id, &service);

	if (r != 0)
		return r;
	if (submission->sender->kind != THROUGHCARE__V1__PEER_KIND__PEER_KIND_OPERATOR &&
	    !tc_agency_equal(&submission->sender->name, &service.agency))
		return refuse(submission, TC_REFUSAL_NOT_PERMITTED, "service_id: not your own");
	if (as_of_ms > ledger->now_ms + AHEAD_MS)
		return refuse(submission, TC_REFUSAL_FIELD_INVALID, "as_of: in the future");
	if (update->valid_until != NULL && time_ms(update->valid_until) <= as_of_ms)
		return refuse(submission, TC_REFUSAL_FIELD_INVALID, "valid_until: before as_of");
	for (size_t i = 0; i < update->n_lines; i++) {
		const Throughcare__V1__CapacityUpdate__Line *line = update->lines[i];

		if (line->has_maximum && line->available > line->maximum) {
			(void)tc_refuse(&submission->refusal, TC_REFUSAL_FIELD_INVALID,
					"lines[%zu].available: more than maximum", i);
			return SUBMISSION_REFUSED;
		}
	}
	return 0;
}

/* *ret_late: what is known is newer. */
static int update_line(struct ledger *ledger, const Throughcare__V1__CapacityUpdate *update,
		       const Throughcare__V1__CapacityUpdate__Line *line, bool *ret_late)
{
	int64_t as_of_ms = time_ms(update->as_of);
	struct capacity capacity = {0};
	struct capacity_place place;
	int r;

	if (as_of_ms > ledger->now_ms)
		as_of_ms = ledger->now_ms;
	place_fill(&place, update->service_id, line->unit, line->population);
	r = capacity_find(ledger->txn, ledger->table[LEDGER_TABLE_CAPACITY], &place, &capacity);
	if (r < 0)
		return r;
	if (r == 0 && as_of_ms < capacity.as_of_ms) {
		*ret_late = true;
		return 0;
	}
	capacity.place = place;
	capacity.funded = line->funded;
	capacity.maximum = line->maximum;
	capacity.available = line->available;
	capacity.status = (uint8_t)line->status;
	capacity.as_of_ms = as_of_ms;
	capacity.valid_until_ms = time_ms(update->valid_until);
	capacity.sequence = ledger->sequence;
	r = lease_recount(ledger, &capacity);
	return r < 0 ? r : capacity_put(ledger, &capacity);
}

int capacity_submit_update(struct ledger *ledger, struct submission *submission)
{
	const ProtobufCBinaryData *body = &submission->record->body;
	Throughcare__V1__CapacityUpdate *update = throughcare__v1__capacity_update__unpack(
		&ledger->arena.allocator, body->len, body->data);
	struct fact_draft draft;
	bool late = false;
	int r;

	if (update == NULL)
		return TC_ECORRUPT;
	r = update_check(ledger, submission, update);
	for (size_t i = 0; r == 0 && i < update->n_lines; i++)
		r = update_line(ledger, update, update->lines[i], &late);
	if (r != 0)
		return r;
	fact_init(&draft, "capacity");
	fact_submission(&draft, ledger, submission);
	fact_text(&draft.row.code, late ? "late" : "told");
	fact_text(&draft.row.reference, update->service_id);
	return fact_push(ledger, &draft);
}

/* ---- a place is held, given back, taken ---- */

static int hold_check(struct ledger *ledger, struct submission *submission,
		      const Throughcare__V1__CapacityHold *hold, struct lease *lease,
		      struct capacity *ret)
{
	struct lease other;
	int r;

	if (submission->sender->kind != THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY)
		return refuse(submission, TC_REFUSAL_TYPE_NOT_ALLOWED, "type");
	if (!tc_id_parse(tc_slice_text(hold->lease_id), &lease->id))
		return refuse(submission, TC_REFUSAL_FIELD_INVALID, "lease_id");
	if (lease->expires_ms <= ledger->now_ms ||
	    lease->expires_ms > ledger->now_ms + LEASE_MS_MAX)
		return refuse(submission, TC_REFUSAL_FIELD_INVALID,
			      "expires: in the future, at most seven days ahead");
	r = lease_find(ledger->txn, ledger->table[LEDGER_TABLE_LEASE], lease->id, &other);
	if (r != LEASE_UNKNOWN)
		return r < 0 ? r
			     : refuse(submission, TC_REFUSAL_FIELD_INVALID,
				      "lease_id: used before, take a new one");
	r = capacity_find(ledger->txn, ledger->table[LEDGER_TABLE_CAPACITY], &lease->place, ret);
	if (r == CAPACITY_UNKNOWN)
		return refuse(submission, TC_REFUSAL_NO_CAPACITY,
			      "the service has told of no such unit for this population");
	if (r != 0)
		return r;
	if (capacity_stale(ret, ledger->now_ms))
		return refuse(submission, TC_REFUSAL_CAPACITY_STALE, "service_id");
	if (ret->status == STATUS(NONE) || capacity_free(ret) == 0)
		return refuse(submission, TC_REFUSAL_NO_CAPACITY, "unit");
	return 0;
}

int capacity_submit_hold(struct ledger *ledger, struct submission *submission)
{
	const ProtobufCBinaryData *body = &submission->record->body;
	Throughcare__V1__CapacityHold *hold = throughcare__v1__capacity_hold__unpack(
		&ledger->arena.allocator, body->len, body->data);
	struct lease lease = {.holder = submission->sender->number, .token = ledger->sequence};
	struct registry_service service;
	struct capacity capacity;
	struct principal *provider;
	int r;

	if (hold == NULL)
		return TC_ECORRUPT;
	r = find_service(ledger, submission, hold->service_id, &service);
	if (r == 0 && service.status != REGISTRY_ACTIVE)
		r = refuse(submission, TC_REFUSAL_UNKNOWN_SERVICE, "service_id");
	place_fill(&lease.place, hold->service_id, hold->unit, hold->population);
	lease.expires_ms = time_ms(hold->expires);
	if (r == 0)
		r = hold_check(ledger, submission, hold, &lease, &capacity);
	if (r == 0)
		r = principal_take(ledger, THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY,
				   &service.agency, &provider);
	if (r != 0)
		return r;
	lease.provider = provider->number;
	submission->receipt.lease_token = lease.token;
	submission->receipt.lease_expires_ms = lease.expires_ms;
	return lease_hold(ledger, &lease, &capacity);
}

/* One that the sender may act on, and that is held. `token` 0: the newest. */
static int lease_named(struct ledger *ledger, struct submission *submission, const char *id_text,
		       uint64_t token, struct lease *ret)
{
	struct tc_id id;
	int r = LEASE_UNKNOWN;

	if (id_text != NULL && tc_id_parse(tc_slice_text(id_text), &id))
		r = lease_find(ledger->txn, ledger->table[LEDGER_TABLE_LEASE], id, ret);
	if (r < 0)
		return r;
	if (r == LEASE_UNKNOWN || (ret->holder != submission->sender->number &&
				   ret->provider != submission->sender->number))
		return refuse(submission, TC_REFUSAL_UNKNOWN_LEASE, "lease_id");
	if (ret->state != LEASE_HELD)
		return refuse(submission, TC_REFUSAL_LEASE_STALE, lease_state_name(ret->state));
	if (token != 0 && token != ret->token)
		return refuse(submission, TC_REFUSAL_LEASE_STALE, "token: of another hold");
	return 0;
}

int capacity_submit_release(struct ledger *ledger, struct submission *submission)
{
	const ProtobufCBinaryData *body = &submission->record->body;
	Throughcare__V1__CapacityRelease *release = throughcare__v1__capacity_release__unpack(
		&ledger->arena.allocator, body->len, body->data);
	struct lease lease;
	int r;

	if (release == NULL)
		return TC_ECORRUPT;
	r = lease_named(ledger, submission, release->lease_id, release->token, &lease);
	return r != 0 ? r : lease_end(ledger, &lease, LEASE_RELEASED, submission->sender->number);
}

int capacity_submit_confirm(struct ledger *ledger, struct submission *submission)
{
	const ProtobufCBinaryData *body = &submission->record->body;
	Throughcare__V1__CapacityConfirm *confirm = throughcare__v1__capacity_confirm__unpack(
		&ledger->arena.allocator, body->len, body->data);
	struct lease lease;
	int r;

	if (confirm == NULL)
		return TC_ECORRUPT;
	r = lease_named(ledger, submission, confirm->lease_id, confirm->token, &lease);
	if (r != 0)
		return r;
	if (lease.provider != submission->sender->number)
		return refuse(submission, TC_REFUSAL_NOT_PERMITTED,
			      "lease_id: the service's agency confirms");
	if (confirm->unit != NULL && *confirm->unit != '\0' &&
	    strcmp(confirm->unit, lease.place.unit) != 0)
		return refuse(submission, TC_REFUSAL_FIELD_INVALID, "unit: another was held");
	return lease_end(ledger, &lease, LEASE_CONFIRMED, submission->sender->number);
}

/* ---- places and referrals ---- */

static bool claim_is(const struct submission *submission, const char *status)
{
	const Throughcare__V1__LifecycleClaim *claim = submission->record->claim;

	return claim != NULL && claim->status != NULL && strcmp(claim->status, status) == 0;
}

/* The place that an offer names. *ret_named: it names one. */
static int offer_lease(struct ledger *ledger, struct submission *submission, struct lease *ret,
		       bool *ret_named)
{
	const Throughcare__V1__LifecycleClaim *claim = submission->record->claim;

	*ret_named = claim_is(submission, "OFFERED") && claim->lease_id != NULL &&
		     *claim->lease_id != '\0';
	if (!*ret_named)
		return 0;
	return lease_named(ledger, submission, claim->lease_id,
			   claim->has_lease_token ? claim->lease_token : 0, ret);
}

/* What the source accepts may have been given back since it was offered. */
static int check_accepted(struct ledger *ledger, struct submission *submission)
{
	struct referral referral;
	struct lease lease;
	int r = referral_find(ledger->txn, &ledger->referral, submission->header.referral_id,
			      &referral);

	if (r != 0)
		return r == REFERRAL_UNKNOWN ? 0 : r;
	if (referral.state != REFERRAL_OFFERED || tc_id_is_none(referral.lease) ||
	    !tc_agency_equal(&referral.source, &submission->sender->name))
		return 0;
	r = lease_find(ledger->txn, ledger->table[LEDGER_TABLE_LEASE], referral.lease, &lease);
	if (r == 0 && lease.state != LEASE_HELD)
		return refuse(submission, TC_REFUSAL_LEASE_STALE, lease_state_name(lease.state));
	return r < 0 ? r : 0;
}

/* What becomes of a place is told to who holds it: of a referral that it is no party to, that would
 * be too much. */
static int check_holder(struct ledger *ledger, struct submission *submission,
			const struct lease *lease)
{
	const struct principal *source;
	struct referral referral;
	int r = referral_find(ledger->txn, &ledger->referral, submission->header.referral_id,
			      &referral);

	if (r != 0 || lease->holder == lease->provider || !referral.shown ||
	    !tc_agency_equal(&referral.target, &submission->sender->name))
		return r < 0 ? r : 0; /* whether it may answer at all, the referral says */
	source = principal_find(ledger, THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY,
				tc_slice_text(referral.source.name));
	if (source != NULL && source->number == lease->holder)
		return 0;
	return refuse(submission, TC_REFUSAL_FIELD_INVALID,
		      "offer.lease_id: it is held by another agency than the referral's source");
}

int capacity_check_offer(struct ledger *ledger, struct submission *submission)
{
	const Throughcare__V1__LifecycleClaim *claim = submission->record->claim;
	struct lease lease;
	bool named;
	int r;

	if (claim_is(submission, "ACCEPTED"))
		return check_accepted(ledger, submission);
	r = offer_lease(ledger, submission, &lease, &named);
	if (r != 0 || !named)
		return r;
	if (lease.provider != submission->sender->number)
		return refuse(submission, TC_REFUSAL_UNKNOWN_LEASE, "offer.lease_id");
	if (!tc_id_is_none(lease.referral) &&
	    !tc_id_equal(lease.referral, submission->header.referral_id))
		return refuse(submission, TC_REFUSAL_FIELD_INVALID,
			      "offer.lease_id: it is offered for another referral");
	if (claim->has_offer_expires_ms && claim->offer_expires_ms > lease.expires_ms)
		return refuse(submission, TC_REFUSAL_FIELD_INVALID,
			      "offer.expires: after the hold has run out");
	return check_holder(ledger, submission, &lease);
}

int capacity_apply_offer(struct ledger *ledger, struct submission *submission)
{
	struct lease lease;
	bool named;
	int r = offer_lease(ledger, submission, &lease, &named);

	if (r != 0 || !named)
		return r > 0 ? TC_ECORRUPT : r;
	return lease_offer(ledger, &lease, submission->header.referral_id);
}

int capacity_follow(struct ledger *ledger, const struct referral_change *change)
{
	bool begins = change->to == REFERRAL_IN_PROGRESS;
	bool over = change->to == REFERRAL_RECEIVED || lifecycle_state(change->to)->terminal;
	struct lease lease;
	int r;

	if (!change->moved || tc_id_is_none(change->lease) || (!begins && !over))
		return 0;
	r = lease_find(ledger->txn, ledger->table[LEDGER_TABLE_LEASE], change->lease, &lease);
	if (r != 0)
		return r < 0 ? r : 0;
	if (lease.state != LEASE_HELD || !tc_id_equal(lease.referral, change->referral))
		return 0;
	return lease_end(ledger, &lease, begins ? LEASE_CONFIRMED : LEASE_RELEASED, 0);
}
