#include "ledger/outcome_check.h"

#include <stdio.h>
#include <string.h>

#include "ledger/fact.h"
#include "ledger/outcome_check_row.h"
#include "ledger/own_message.h"
#include "ledger/state.h"
#include "ledger/submission.h"
#include "ledger/task.h"
#include "ledger/timer.h"
#include "throughcare/v1/service.pb-c.h"

#define DAY_MS      (24LL * 3600 * 1000)
#define KIND(name)  THROUGHCARE__V1__OUTCOME_KIND__OUTCOME_KIND_##name
#define HOLDS(name) THROUGHCARE__V1__STILL_HOLDS__STILL_HOLDS_##name

/* What each kind is reported and verified by, and what the trail calls it. */
static const struct {
	uint8_t kind;
	const char *part, *verification, *name;
} outcome_kinds[OUTCOME_KINDS] = {
	{KIND(HOUSING), "HousingOutcome", "HousingVerification", "housing"},
	{KIND(EMPLOYMENT), "EmploymentOutcome", "EmploymentVerification", "employment"},
};

static int outcome_put(struct ledger *ledger, const struct outcome_check *check)
{
	struct row_writer row;

	outcome_check_row_put(&row, check);
	return ledger_put(ledger, LEDGER_TABLE_OUTCOME_CHECK,
			  tc_slice(check->id.bytes, sizeof(check->id.bytes)), row_slice(&row));
}

static int outcome_find(struct ledger *ledger, struct tc_id id, struct outcome_check *ret)
{
	return outcome_check_row_find(ledger->txn, ledger->table[LEDGER_TABLE_OUTCOME_CHECK], id,
				      ret);
}

/* The row, or a new one. */
static int outcome_take(struct ledger *ledger, struct tc_id referral, uint8_t kind, uint16_t days,
			struct outcome_check *ret)
{
	struct tc_id id;
	int r = outcome_check_id(referral, kind, days, &id);

	if (r == 0)
		r = outcome_find(ledger, id, ret);
	if (r == OUTCOME_CHECK_NONE) {
		*ret = (struct outcome_check){.id = id,
					      .referral = referral,
					      .kind = kind,
					      .days = days,
					      .state = OUTCOME_UNASKED};
		r = 0;
	}
	return r;
}

/* Never what was said: only that. */
static int outcome_fact(struct ledger *ledger, const struct outcome_check *check,
			const struct referral *referral, const char *event, const tc_agency *agency,
			struct tc_id message)
{
	struct fact_draft draft;
	char code[32];

	snprintf(code, sizeof(code), "%s_%u", outcome_kinds[check->kind - 1].name, check->days);
	fact_init(&draft, event);
	fact_text(&draft.row.agency, agency->name);
	fact_text(&draft.row.code, code);
	fact_message(&draft, message);
	fact_subject(&draft, referral->subject);
	fact_referral(&draft, check->referral);
	return fact_push(ledger, &draft);
}

static int outcome_side(struct ledger *ledger, const struct referral *referral, unsigned side,
			uint32_t *ret)
{
	struct principal *principal;
	int r = principal_take(ledger, THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY,
			       side == REFERRAL_SOURCE ? &referral->source : &referral->target,
			       &principal);

	if (r == 0)
		*ret = principal->number;
	return r;
}

/* ---- the report ---- */

static bool outcome_has_part(const struct submission *submission, const char *type)
{
	for (size_t i = 0; i < submission->record->n_parts; i++) {
		const char *part = submission->record->parts[i]->type;

		if (part != NULL && strcmp(part, type) == 0)
			return true;
	}
	return false;
}

static int outcome_schedule(struct ledger *ledger, const struct submission *submission,
			    uint8_t kind, int64_t from_ms)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < OUTCOME_TIMES; i++) {
		struct outcome_check check;

		r = outcome_take(ledger, submission->header.referral_id, kind, outcome_days[i],
				 &check);
		if (r != 0 || check.ask_ms != 0)
			continue; /* a report before this one has set it */
		check.ask_ms = from_ms + outcome_days[i] * DAY_MS;
		r = outcome_put(ledger, &check);
		if (r == 0)
			r = timer_set(ledger, check.ask_ms, TIMER_OUTCOME, check.id);
	}
	return r;
}

int outcome_check_reported(struct ledger *ledger, struct submission *submission)
{
	const struct tc_header *header = &submission->header;
	int64_t from_ms = header->has_occurred_at ? header->occurred_ms : ledger->now_ms;
	int r = 0;

	for (unsigned i = 0; r == 0 && i < OUTCOME_KINDS; i++) {
		if (outcome_has_part(submission, outcome_kinds[i].part))
			r = outcome_schedule(ledger, submission, outcome_kinds[i].kind, from_ms);
	}
	return r;
}

/* ---- asking ---- */

static int outcome_send_check(struct ledger *ledger, const struct outcome_check *check,
			      const struct referral *referral, uint32_t to, int64_t due_ms,
			      uint64_t *ret_delivery)
{
	Throughcare__V1__OutcomeCheck content = THROUGHCARE__V1__OUTCOME_CHECK__INIT;
	Google__Protobuf__Timestamp due = own_message_time(due_ms);
	struct own_subject about = {
		.type = "OutcomeCheck", .subject = referral->subject, .referral = referral->id};

	content.has_kind = content.has_after_days = 1;
	content.kind = (Throughcare__V1__OutcomeKind)check->kind;
	content.after_days = check->days;
	content.due = &due;
	return own_message_send(ledger, to, &about, &content.base, ret_delivery);
}

/* A task that an own message asks for, which may have been dropped. */
static int outcome_open_task(struct ledger *ledger, struct task *task)
{
	struct delivery asks;
	int r = 0;

	task->opened_ms = ledger->now_ms;
	if (task->delivery != 0) {
		r = delivery_find(ledger, task->delivery, &asks);
		task->message = asks.message;
	}
	if (r != 0)
		return r == DELIVERY_UNKNOWN ? TC_ECORRUPT : r;
	return task_open(ledger, task);
}

static int outcome_ask(struct ledger *ledger, struct outcome_check *check,
		       const struct referral *referral)
{
	struct task task = {
		.kind = TASK_VERIFY, .subject = referral->subject, .referral = referral->id};
	int r = outcome_side(ledger, referral, REFERRAL_TARGET, &task.owner);

	if (r == 0)
		r = task_due(ledger, task.owner, OUTCOME_VERIFY_DAYS, &task.due_ms);
	if (r == 0)
		r = outcome_send_check(ledger, check, referral, task.owner, task.due_ms,
				       &task.delivery);
	if (r == 0)
		r = outcome_open_task(ledger, &task);
	if (r < 0)
		return r;
	check->task = task.delivery;
	check->state = OUTCOME_ASKED;
	r = outcome_put(ledger, check);
	return r < 0 ? r
		     : outcome_fact(ledger, check, referral, "outcome_check", &referral->target,
				    task.message);
}

int outcome_check_clock(struct ledger *ledger, struct tc_id id)
{
	struct outcome_check check;
	struct referral referral;
	int r = outcome_find(ledger, id, &check);

	if (r != 0) /* none: it was expunged with what somebody had said */
		return r < 0 ? r : 0;
	r = referral_find(ledger->txn, &ledger->referral, check.referral, &referral);
	if (r != 0)
		return r == REFERRAL_UNKNOWN ? TC_ECORRUPT : r;
	if (referral.state == REFERRAL_ENTERED_IN_ERROR || check.state != OUTCOME_UNASKED ||
	    check.claims[REFERRAL_TARGET].value != 0)
		return 0; /* there is nothing to ask, or it was said already */
	return outcome_ask(ledger, &check, &referral);
}

/* The check whose task this is. */
int outcome_check_lapsed(struct ledger *ledger, const struct task *task)
{
	for (unsigned n = 0; n < OUTCOME_KINDS * OUTCOME_TIMES; n++) {
		struct outcome_check check;
		int r = outcome_check_find(ledger->txn, ledger->table[LEDGER_TABLE_OUTCOME_CHECK],
					   task->referral, n, &check);

		if (r < 0)
			return r;
		if (r == OUTCOME_CHECK_NONE || check.task != task->delivery)
			continue;
		check.claims[REFERRAL_TARGET].value = HOLDS(UNKNOWN);
		check.state = OUTCOME_UNANSWERED;
		return outcome_put(ledger, &check);
	}
	return 0;
}

/* ---- what they say ---- */

/* Which row, and which side says it. OUTCOME_CHECK_NONE: nobody who could. */
static int outcome_named(struct ledger *ledger, const struct submission *submission,
			 struct outcome_check *ret, struct referral *ret_referral,
			 unsigned *ret_side)
{
	const Throughcare__V1__LifecycleClaim *claim = submission->record->claim;
	const tc_agency *sender = &submission->sender->name;
	unsigned kind = 0;
	int r;

	if (claim == NULL)
		return OUTCOME_CHECK_NONE; /* sealed */
	r = referral_find(ledger->txn, &ledger->referral, submission->header.referral_id,
			  ret_referral);
	if (r != 0 || !referral_party(ret_referral, sender))
		return r < 0 ? r : OUTCOME_CHECK_NONE;
	while (kind < OUTCOME_KINDS - 1 &&
	       !tc_slice_equal(submission->header.type,
			       tc_slice_text(outcome_kinds[kind].verification)))
		kind++;
	*ret_side =
		tc_agency_equal(sender, &ret_referral->source) ? REFERRAL_SOURCE : REFERRAL_TARGET;
	return outcome_take(ledger, submission->header.referral_id, outcome_kinds[kind].kind,
			    (uint16_t)claim->after_days, ret);
}

static int outcome_refuse(struct submission *submission, const char *detail)
{
	(void)tc_refuse(&submission->refusal, TC_REFUSAL_FIELD_INVALID, "%s", detail);
	return SUBMISSION_REFUSED;
}

int outcome_check_verifies(struct ledger *ledger, struct submission *submission)
{
	const Throughcare__V1__LifecycleClaim *claim = submission->record->claim;
	const struct outcome_claim *stands;
	struct outcome_check check;
	struct referral referral;
	struct tc_id supersedes = {{0}};
	unsigned side;
	int r = outcome_named(ledger, submission, &check, &referral, &side);

	if (r != 0)
		return r < 0 ? r : 0; /* the referral says whether it is one */
	if (claim->after_days != outcome_days[0] && claim->after_days != outcome_days[1] &&
	    claim->after_days != outcome_days[2])
		return outcome_refuse(submission, "after_days: 30, 90 or 180");
	if (claim->supersedes != NULL && claim->supersedes[0] != '\0' &&
	    !tc_id_parse(tc_slice_text(claim->supersedes), &supersedes))
		return outcome_refuse(submission, "supersedes");
	stands = &check.claims[side];
	if (!tc_id_equal(stands->message, supersedes))
		return outcome_refuse(submission,
				      "supersedes: the message of yours that stands, if there is "
				      "one");
	return 0;
}

static uint8_t outcome_value(const char *status)
{
	static const struct {
		const char *name;
		uint8_t value;
	} values[] = {{"YES", HOLDS(YES)}, {"NO", HOLDS(NO)}};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		if (status != NULL && strcmp(status, values[i].name) == 0)
			return values[i].value;
	}
	return HOLDS(UNKNOWN);
}

/* ---- two that differ ---- */

static int outcome_send_discrepancy(struct ledger *ledger, const struct outcome_check *check,
				    const struct referral *referral, unsigned side, uint32_t to,
				    int64_t due_ms, uint64_t *ret_delivery)
{
	Throughcare__V1__DiscrepancyNotice content = THROUGHCARE__V1__DISCREPANCY_NOTICE__INIT;
	Google__Protobuf__Timestamp due = own_message_time(due_ms);
	struct own_subject about = {.type = "DiscrepancyNotice",
				    .subject = referral->subject,
				    .referral = referral->id};
	char own[TC_ID_TEXT_BYTES], other[TC_ID_TEXT_BYTES], *ids[2] = {own, other};

	tc_id_format(check->claims[side].message, own);
	tc_id_format(check->claims[1 - side].message, other);
	content.has_kind = content.has_after_days = 1;
	content.kind = (Throughcare__V1__OutcomeKind)check->kind;
	content.after_days = check->days;
	content.message_ids = ids;
	content.n_message_ids = 2;
	content.due = &due;
	return own_message_send(ledger, to, &about, &content.base, ret_delivery);
}

static int outcome_differ(struct ledger *ledger, struct outcome_check *check,
			  const struct referral *referral)
{
	int r = 0;

	for (unsigned side = 0; r == 0 && side < REFERRAL_SIDES; side++) {
		struct task task = {.kind = TASK_DISCREPANCY,
				    .subject = referral->subject,
				    .referral = referral->id};

		r = outcome_side(ledger, referral, side, &task.owner);
		if (r == 0)
			r = task_due(ledger, task.owner, OUTCOME_DISCREPANCY_DAYS, &task.due_ms);
		if (r == 0)
			r = outcome_send_discrepancy(ledger, check, referral, side, task.owner,
						     task.due_ms, &task.delivery);
		if (r == 0)
			r = outcome_open_task(ledger, &task);
		check->tasks[side] = task.delivery;
	}
	check->state = OUTCOME_DISCREPANT;
	return r < 0 ? r
		     : outcome_fact(ledger, check, referral, "discrepancy", &referral->source,
				    check->claims[REFERRAL_SOURCE].message);
}

static int outcome_agree(struct ledger *ledger, struct outcome_check *check)
{
	int r = 0;

	for (unsigned side = 0; r == 0 && side < REFERRAL_SIDES; side++)
		r = task_close(ledger, check->tasks[side], "resolved", "");
	check->state = OUTCOME_SETTLED;
	return r;
}

/* Both have said yes or no, and each knows what the other one has said. */
static int outcome_compare(struct ledger *ledger, struct outcome_check *check,
			   const struct referral *referral)
{
	const struct outcome_claim *source = &check->claims[REFERRAL_SOURCE];
	const struct outcome_claim *target = &check->claims[REFERRAL_TARGET];
	bool sure = (source->value == HOLDS(YES) || source->value == HOLDS(NO)) &&
		    (target->value == HOLDS(YES) || target->value == HOLDS(NO));

	if (!sure || !source->told || !target->told)
		return 0;
	if (source->value != target->value)
		return check->state == OUTCOME_DISCREPANT ? 0
							  : outcome_differ(ledger, check, referral);
	return check->state == OUTCOME_DISCREPANT ? outcome_agree(ledger, check) : 0;
}

static int outcome_told(struct ledger *ledger, struct outcome_check *check, unsigned side,
			uint32_t to)
{
	struct referral referral;
	uint32_t other;
	int r = referral_find(ledger->txn, &ledger->referral, check->referral, &referral);

	if (r == 0)
		r = outcome_side(ledger, &referral, 1 - side, &other);
	if (r != 0)
		return r == REFERRAL_UNKNOWN ? TC_ECORRUPT : r;
	if (to != other)
		return 0;
	check->claims[side].told = true;
	r = outcome_compare(ledger, check, &referral);
	return r < 0 ? r : outcome_put(ledger, check);
}

int outcome_check_verified(struct ledger *ledger, struct submission *submission)
{
	const Throughcare__V1__LifecycleClaim *claim = submission->record->claim;
	char actor[TC_ACTOR_BYTES_MAX + 1];
	struct outcome_check check;
	struct referral referral;
	unsigned side;
	int r = outcome_named(ledger, submission, &check, &referral, &side);

	if (r != 0)
		return r < 0 ? r : 0;
	check.claims[side] = (struct outcome_claim){.value = outcome_value(claim->status),
						    .message = submission->header.message_id};
	if (side == REFERRAL_TARGET && check.state < OUTCOME_DISCREPANT)
		check.state = OUTCOME_ANSWERED;
	tc_slice_copy(submission->header.actor_id, actor, sizeof(actor));
	r = outcome_put(ledger, &check);
	if (r == 0 && side == REFERRAL_TARGET && check.task != 0)
		r = task_close(ledger, check.task, "verified", actor);
	if (r == 0)
		r = outcome_fact(ledger, &check, &referral, "outcome_claim",
				 &submission->sender->name, submission->header.message_id);
	/* To whom it went in this very record it was told before there was a row. */
	for (size_t i = 0; r == 0 && i < submission->count; i++) {
		if (submission->deliveries[i].attempt > 0)
			r = outcome_told(ledger, &check, side, submission->deliveries[i].recipient);
	}
	return r;
}

int outcome_check_released(struct ledger *ledger, const struct delivery *delivery)
{
	unsigned kind = 0;

	while (kind < OUTCOME_KINDS &&
	       strcmp(delivery->type, outcome_kinds[kind].verification) != 0)
		kind++;
	for (unsigned i = 0; kind < OUTCOME_KINDS && i < OUTCOME_TIMES; i++) {
		struct outcome_check check;
		int r = outcome_check_find(ledger->txn, ledger->table[LEDGER_TABLE_OUTCOME_CHECK],
					   delivery->referral, kind * OUTCOME_TIMES + i, &check);

		if (r < 0)
			return r;
		for (unsigned side = 0; r == 0 && side < REFERRAL_SIDES; side++) {
			if (tc_id_equal(check.claims[side].message, delivery->message))
				return outcome_told(ledger, &check, side, delivery->recipient);
		}
	}
	return 0;
}
