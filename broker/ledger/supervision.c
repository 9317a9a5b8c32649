#include "ledger/supervision.h"

#include <string.h>

#include "ledger/attached.h"
#include "ledger/case.h"
#include "ledger/court.h"
#include "ledger/court_word.h"
#include "ledger/hearing.h"
#include "ledger/state.h"
#include "ledger/supervision_row.h"
#include "ledger/task.h"
#include "ledger/transfer.h"
#include "ledger/transition.h"

#define PAGE          16
#define HANDOVER_DAYS 5 /* working days, as for acknowledging an end */

enum effect_bit {
	OFFICER = 1,
	LEVEL = 2,
	CUSTODY = 4,
	FREE = 8,
	ABSCONDS = 16,
	RETURNS = 32,
	ENDS = 64,
	RISK = 128,
	HEARING = 256,
	HEARD = 512,
	PASSES = 1024, /* to another agency, with the referrals */
};

/* What each message changes; NULL: whatever status it has. */
static const struct {
	const char *type, *status;
	unsigned effects;
} effects[] = {
	{"SupervisionEvent", "START", OFFICER | LEVEL | FREE | RETURNS},
	{"SupervisionEvent", "OFFICER_CHANGE", OFFICER},
	{"SupervisionEvent", "TRANSFER", OFFICER | PASSES},
	{"SupervisionEvent", "LEVEL_CHANGE", LEVEL},
	{"SupervisionEvent", "CUSTODY_IN", CUSTODY | RETURNS},
	{"SupervisionEvent", "CUSTODY_OUT", FREE},
	{"SupervisionEvent", "ABSCONDED", ABSCONDS},
	{"SupervisionEvent", "END", ENDS},
	{"RiskLevelChange", NULL, RISK},
	{"HearingNotice", NULL, HEARING},
	{"HearingResult", NULL, HEARD},
};

#define EFFECTS (sizeof(effects) / sizeof(effects[0]))

static bool news_of(struct ledger *ledger, const struct submission *submission, struct news *ret)
{
	const Throughcare__V1__LifecycleClaim *claim = submission->record->claim;
	const struct principal *to;

	*ret = (struct news){.from = submission->sender->number,
			     .subject = submission->header.subject,
			     .submission = submission};
	for (size_t i = 0; claim != NULL && i < EFFECTS; i++) {
		if (tc_slice_equal(submission->header.type, tc_slice_text(effects[i].type)) &&
		    (effects[i].status == NULL || tc_slice_equal(tc_slice_text(claim->status),
								 tc_slice_text(effects[i].status))))
			ret->effects = effects[i].effects;
	}
	if (ret->effects == 0)
		return false;
	ret->message = submission->header.message_id;
	ret->sequence = ledger->sequence;
	ret->at_ms = claim->start_ms;
	ret->due_ms = claim->has_due_ms ? claim->due_ms : 0;
	tc_slice_copy(tc_slice_text(claim->officer), ret->officer, sizeof(ret->officer));
	tc_slice_copy(tc_slice_text(claim->team), ret->team, sizeof(ret->team));
	tc_slice_copy(tc_slice_text(claim->level), ret->level, sizeof(ret->level));
	tc_slice_copy(tc_slice_text(claim->hearing_id), ret->hearing, sizeof(ret->hearing));
	tc_slice_copy(submission->header.actor_id, ret->by, sizeof(ret->by));
	to = principal_find(ledger, THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY,
			    tc_slice_text(claim->to_agency));
	if (ret->effects & PASSES && to != NULL)
		ret->to = to->number;
	return true;
}

/* ---- learning ---- */

static void set_text(char to[65], const char from[65], uint64_t sequence, uint64_t *ret_said)
{
	if (from[0] == '\0')
		return;
	memcpy(to, from, 65);
	*ret_said = sequence;
}

static void set_flag(bool *to, const struct news *news, unsigned yes, unsigned no,
		     uint64_t *ret_said)
{
	*to = (*to || news->effects & yes) && !(news->effects & no);
	if (news->effects & (yes | no))
		*ret_said = news->sequence;
}

static void note(const struct ledger *ledger, const struct news *news, struct supervision *at)
{
	uint64_t *said = at->said;

	if (news->effects & OFFICER) {
		set_text(at->officer, news->officer, news->sequence, &said[SUPERVISION_OFFICER]);
		set_text(at->team, news->team, news->sequence, &said[SUPERVISION_TEAM]);
	}
	if (news->effects & PASSES)
		at->supervisor = news->to;
	if (news->effects & LEVEL)
		set_text(at->level, news->level, news->sequence, &said[SUPERVISION_LEVEL]);
	if (news->effects & RISK)
		set_text(at->risk, news->level, news->sequence, &said[SUPERVISION_RISK]);
	set_flag(&at->custody, news, CUSTODY, FREE, &said[SUPERVISION_CUSTODY]);
	set_flag(&at->absconded, news, ABSCONDS, RETURNS, &said[SUPERVISION_ABSCONDED]);
	if (news->effects & ENDS) {
		at->ended_ms = news->at_ms != 0 ? news->at_ms : ledger->now_ms;
		said[SUPERVISION_ENDED] = news->sequence;
	}
}

/* Somebody must hand the case over when supervision ends, and report when a court waits for it. */
static int ask(struct ledger *ledger, const struct news *news, enum task_kind kind, uint32_t owner,
	       struct tc_id referral)
{
	struct task task = {
		.kind = kind,
		.owner = owner,
		.message = news->message,
		.subject = news->subject,
		.referral = referral,
		.opened_ms = ledger->now_ms,
		.due_ms = news->due_ms,
	};
	int r = 0;

	if (owner != news->from) {
		task.asker = news->from;
		task.cause = news->message;
	}
	if (kind == TASK_HANDOVER)
		r = task_due(ledger, owner, HANDOVER_DAYS, &task.due_ms);
	return r < 0 ? r : task_open(ledger, &task);
}

/* Whether the message is, or will be, with that agency. */
static bool goes_to(const struct news *news, uint32_t agency)
{
	const struct submission *submission = news->submission;

	for (size_t i = 0; submission != NULL && i < submission->count; i++)
		if (submission->deliveries[i].recipient == agency)
			return submission->deliveries[i].id != 0;
	return false;
}

static int knows_transfer(struct ledger *ledger, const struct news *news, uint32_t agency,
			  bool *ret)
{
	struct supervision at;
	int r = supervision_find(ledger->txn, ledger->table[LEDGER_TABLE_SUPERVISION], agency,
				 news->subject, &at);

	*ret = r == 0 && at.supervisor == news->to;
	return r < 0 ? r : 0;
}

/* It cannot go along: somebody there has to see to it. One that has ended waits in the list of what
 * is to be acknowledged anyway. */
static int keep_referral(struct ledger *ledger, const struct news *news,
			 const struct principal *source, const struct referral *referral)
{
	return lifecycle_state(referral->state)->terminal
		       ? 0
		       : ask(ledger, news, TASK_HANDOVER, source->number, referral->id);
}

/* The new agency is the source when both it and the target have been told. */
static int pass_referral(struct ledger *ledger, const struct news *news,
			 const struct principal *source, const struct principal *learner,
			 const struct referral *referral)
{
	const struct case_holder holder = {
		.officer = news->officer, .team = news->team, .reason = "transfer", .by = news->by};
	struct transfer transfer = {.from = source, .event = news->delivery, .holder = &holder};
	struct principal *target, *to;
	bool both;
	int r = principal_take(ledger, THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY,
			       &referral->target, &target);

	if (r == 0)
		r = principal_get(ledger, news->to, &to);
	if (r < 0)
		return r;
	if (learner == source)
		return to != target && goes_to(news, target->number)
			       ? 0
			       : keep_referral(ledger, news, source, referral);
	if (to == target || (learner != to && learner != target))
		return 0;
	r = knows_transfer(ledger, news, learner == to ? target->number : to->number, &both);
	if (r < 0 || !both)
		return r;
	transfer.to = to;
	r = transfer_referral(ledger, &transfer, referral);
	return r == TRANSFER_DENIED ? keep_referral(ledger, news, source, referral) : r;
}

/* One referral of the person: the target's care pauses, the source's officer changes. */
static int move_referral(struct ledger *ledger, const struct news *news,
			 const struct principal *source, const struct principal *learner,
			 const struct referral *referral)
{
	const struct case_holder holder = {.officer = news->officer,
					   .team = news->team,
					   .reason = "officer_change",
					   .by = news->by};
	struct referral_change change;
	int r = 0;

	if (!tc_agency_equal(&referral->source, &source->name) || referral->loop_closed_ms != 0)
		return 0;
	if (news->effects & PASSES)
		return pass_referral(ledger, news, source, learner, referral);
	if (news->effects == OFFICER && learner == source && news->officer[0] != '\0')
		r = case_assign(ledger, referral->id, REFERRAL_SOURCE, &holder);
	if (r == 0 && news->effects & ENDS && learner == source)
		r = ask(ledger, news, TASK_HANDOVER, learner->number, referral->id);
	if (r != 0 || !(news->effects & (CUSTODY | FREE)) ||
	    !tc_agency_equal(&referral->target, &learner->name))
		return r;
	r = referral_custody(ledger->txn, &ledger->referral, referral->id,
			     (news->effects & CUSTODY) != 0, ledger->sequence, ledger->now_ms,
			     &change);
	return r < 0 ? r : transition_follow(ledger, &change);
}

static int move_referrals(struct ledger *ledger, const struct news *news,
			  const struct principal *learner)
{
	struct referral_filter filter = {.subject = news->subject, .open_only = true};
	struct principal *source;
	struct referral page[PAGE];
	bool more = true;
	int r = principal_get(ledger, news->from, &source);

	if (r < 0)
		return r;
	/* Who takes them over is no party to them yet; and whose end nobody has acknowledged is
	 * work that goes along. */
	filter.agency = news->effects & PASSES ? &source->name : &learner->name;
	filter.open_only = !(news->effects & PASSES);
	while (r == 0 && more) {
		size_t count;

		r = referral_list(ledger->txn, &ledger->referral, &filter, page, PAGE, &count,
				  &more);
		for (size_t i = 0; r == 0 && i < count; i++)
			r = move_referral(ledger, news, source, learner, &page[i]);
		if (r == 0 && count > 0)
			filter.after = page[count - 1].id;
	}
	return r;
}

/* What a list is put in order by. */
static bool same_risk(const struct supervision *a, const struct supervision *b)
{
	return a->custody == b->custody && a->absconded == b->absconded &&
	       a->hearing_ms == b->hearing_ms && strcmp(a->risk, b->risk) == 0;
}

static struct hearing_news hearing_of(const struct ledger *ledger, const struct news *news)
{
	struct hearing_news hearing = {.court = news->from,
				       .subject = news->subject,
				       .id = news->hearing,
				       .sequence = news->sequence,
				       .at_ms = news->at_ms};

	if (news->effects & HEARING && news->due_ms > ledger->now_ms)
		hearing.message = news->message;
	return hearing;
}

static int learn_hearing(struct ledger *ledger, uint32_t agency, const struct news *news,
			 int64_t *ret_next_ms)
{
	struct hearing_news hearing = hearing_of(ledger, news);
	bool fresh;
	int r;

	if (agency == news->from)
		hearing.message = (struct tc_id){{0}}; /* it waits for others */
	r = hearing_told(ledger, agency, &hearing, &fresh);
	if (r == 0 && fresh && !tc_id_is_none(hearing.message))
		r = ask(ledger, news, TASK_REPORT, agency, (struct tc_id){{0}});
	return r < 0 ? r
		     : hearing_next(ledger->txn, ledger->table[LEDGER_TABLE_HEARING_DAY], agency,
				    news->subject, ledger->now_ms, NULL, ret_next_ms);
}

static int take_over(struct ledger *ledger, const struct news *news);

static int learn(struct ledger *ledger, uint32_t agency, const struct news *news)
{
	struct supervision at, before;
	struct principal *learner;
	int r = supervision_find(ledger->txn, ledger->table[LEDGER_TABLE_SUPERVISION], agency,
				 news->subject, &at);

	if (r < 0)
		return r;
	before = at;
	note(ledger, news, &at);
	r = news->effects & (HEARING | HEARD) ? learn_hearing(ledger, agency, news, &at.hearing_ms)
					      : 0;
	if (r == 0)
		r = supervision_put(ledger, agency, news->subject, &at);
	if (r == 0)
		r = principal_get(ledger, agency, &learner);
	if (r == 0 && !same_risk(&before, &at))
		r = case_person_told(ledger, news->subject, learner);
	if (r == 0)
		r = move_referrals(ledger, news, learner);
	return r < 0 || !(news->effects & PASSES) || agency != news->to ? r
									: take_over(ledger, news);
}

int supervision_check(struct ledger *ledger, struct submission *submission)
{
	const Throughcare__V1__LifecycleClaim *claim = submission->record->claim;
	const char *to = claim != NULL ? claim->to_agency : NULL;

	(void)ledger;
	if (claim == NULL ||
	    !tc_slice_equal(tc_slice_text(claim->status), tc_slice_text("TRANSFER")))
		return 0;
	if (to == NULL || *to == '\0') {
		(void)tc_refuse(&submission->refusal, TC_REFUSAL_FIELD_MISSING, "to_agency");
		return SUBMISSION_REFUSED;
	}
	for (size_t i = 0; i < submission->count; i++)
		if (submission->recipients[i] != &submission->sender->name &&
		    strcmp(submission->recipients[i]->name, to) == 0)
			return 0;
	(void)tc_refuse(&submission->refusal, TC_REFUSAL_FIELD_INVALID,
			"to_agency: another agency, and one of the recipients");
	return SUBMISSION_REFUSED;
}

/* With the hand-over, which may have been in this very record. */
static int deliver_news(struct ledger *ledger, const struct delivery *delivery, struct news *news)
{
	news->delivery = delivery;
	if (delivery->id == 0 || delivery->recipient == news->from)
		return 0;
	return delivery->attempt > 0 ? learn(ledger, delivery->recipient, news)
				     : supervision_later_put(ledger, delivery->id, news);
}

/* For who takes the supervision over, as long as there is a hearing to come. */
static int keep_word(struct ledger *ledger, const struct news *news,
		     const struct delivery *template)
{
	struct court_word word = {.kind = COURT_WORD_HEARING, .court = news->from, .news = *news};

	memcpy(word.id, news->hearing, sizeof(word.id));
	return court_word_keep(ledger, news->subject, &word, news->at_ms != 0 ? template : NULL);
}

/* Of a hearing that the former agency was told of, and this one was not. */
static int take_over_hearing(struct ledger *ledger, const struct news *transfer,
			     struct court_word *word)
{
	const struct hearing_news hearing = hearing_of(ledger, &word->news);
	struct delivery delivery;
	bool before, already, goes;
	int r = hearing_known(ledger, transfer->from, &hearing, &before);

	if (r == 0)
		r = hearing_known(ledger, transfer->to, &hearing, &already);
	if (r == 0)
		r = court_word_goes(ledger, word, transfer->to, &goes);
	if (r < 0 || !before || already || !goes || hearing.at_ms <= ledger->now_ms)
		return r;
	r = attached_send(ledger, &word->template, transfer->to, &delivery);
	return r < 0 ? r : deliver_news(ledger, &delivery, &word->news);
}

/* What courts have set and ordered binds the agency that supervises from now on. */
static int take_over(struct ledger *ledger, const struct news *news)
{
	struct court_word word = {.kind = COURT_WORD_HEARING};
	int r;

	while ((r = court_word_next(ledger, news->subject, &word)) == 0) {
		r = take_over_hearing(ledger, news, &word);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : court_take_over(ledger, news->subject, news->from, news->to);
}

/* To whom it was told before, and is not told this time. */
static int bind_others(struct ledger *ledger, const struct submission *submission,
		       struct news *news)
{
	const struct hearing_news hearing = hearing_of(ledger, news);
	struct delivery template, delivery;
	uint32_t agency = 0;
	int r;

	if (!(news->effects & (HEARING | HEARD)))
		return 0;
	if (!attached_template(ledger, submission, &template))
		return keep_word(ledger, news, NULL);
	r = keep_word(ledger, news, &template);
	while (r == 0 && (r = hearing_bound_next(ledger, &hearing, &agency)) == 0) {
		if (submission_goes_to(submission, agency))
			continue;
		r = attached_send(ledger, &template, agency, &delivery);
		if (r == 0)
			r = deliver_news(ledger, &delivery, news);
	}
	return r == STORE_NOT_FOUND ? 0 : r;
}

int supervision_apply(struct ledger *ledger, struct submission *submission)
{
	struct news news;
	int r;

	if (!news_of(ledger, submission, &news))
		return 0;
	r = learn(ledger, news.from, &news);
	for (size_t i = 0; r == 0 && i < submission->count; i++)
		r = deliver_news(ledger, &submission->deliveries[i], &news);
	return r < 0 ? r : bind_others(ledger, submission, &news);
}

static bool is_news(const struct delivery *delivery)
{
	for (size_t i = 0; i < EFFECTS; i++) {
		if (strcmp(delivery->type, effects[i].type) == 0)
			return !delivery->own;
	}
	return false;
}

int supervision_told(struct ledger *ledger, const struct delivery *delivery)
{
	struct news news;
	int r;

	if (!is_news(delivery))
		return 0;
	r = supervision_later_take(ledger, delivery->id, &news);
	if (r != 0)
		return r == STORE_NOT_FOUND ? 0 : r;
	news.delivery = delivery;
	news.sequence = delivery->sequence;
	return learn(ledger, delivery->recipient, &news);
}

int supervision_forget(struct ledger *ledger, const struct delivery *delivery)
{
	struct news news;
	int r;

	if (!is_news(delivery) || delivery->attempt > 0)
		return 0;
	r = supervision_later_take(ledger, delivery->id, &news);
	return r == STORE_NOT_FOUND ? 0 : r;
}
