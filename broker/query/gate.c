#include "query/gate.h"

#include <string.h>

#include "consent/consent_check.h"
#include "ledger/ledger_view.h"
#include "query/seal.h"

struct release_search {
	const tc_agency *to;
	bool found;
};

static int see_release(void *context, Throughcare__V1__TrailRow *row)
{
	struct release_search *search = context;

	if (row->event == NULL || strcmp(row->event, "release") != 0 || row->recipient == NULL ||
	    strcmp(row->recipient, search->to->name) != 0)
		return TRAIL_FOUND_MORE;
	search->found = true;
	return TRAIL_FOUND_ENOUGH;
}

int gate_released(const struct question *question, struct tc_id message, const tc_agency *to,
		  bool *ret)
{
	struct trail_question asked = trail_question_any();
	struct release_search search = {.to = to};
	struct posting_position next;
	bool ended;
	int r;

	asked.message = message;
	asked.agency = to->name;
	asked.before = question->sequence;
	r = seal_find(question, &asked, see_release, &search, &next, &ended);
	if (r == 0)
		*ret = search.found;
	return r;
}

static int see_told(void *context, Throughcare__V1__TrailRow *row)
{
	struct release_search *search = context;
	int r = see_release(search, row);

	/* What it said itself, or the exchange about that, tells nothing of the person. */
	if (search->found && (row->agency == NULL || strcmp(row->agency, search->to->name) == 0 ||
			      strcmp(row->agency, TC_AGENCY_EXCHANGE) == 0)) {
		search->found = false;
		return TRAIL_FOUND_MORE;
	}
	return r;
}

int gate_person(const struct question *question, struct tc_id subject, bool *ret)
{
	struct trail_question asked = trail_question_any();
	struct release_search search = {.to = &question->asker};
	struct posting_position next;
	struct tc_id consent;
	size_t count;
	bool ended;
	int r;

	*ret = question->scope == GATE_ALL;
	if (question->scope != GATE_OWN || tc_id_is_none(subject))
		return 0;
	r = consent_list(ledger_view_txn(question->ledger), ledger_view_consent(question->ledger),
			 &question->asker, subject, (struct tc_id){{0}}, &consent, 1, &count);
	if (r != 0 || count > 0) {
		*ret = r == 0;
		return r > 0 ? TC_ECORRUPT : r;
	}
	asked.subject = subject;
	asked.agency = question->asker.name;
	asked.before = question->sequence;
	r = seal_find(question, &asked, see_told, &search, &next, &ended);
	*ret = r == 0 && search.found;
	return r;
}

int gate_referral(const struct question *question, const struct referral *referral, bool *ret)
{
	bool hidden;
	int r = seal_hides(question, referral->subject, referral->id, (struct tc_id){{0}}, &hidden);

	*ret = false;
	if (r < 0 || hidden)
		return r;
	if (question->scope == GATE_ALL) {
		*ret = scope_covers(question->limits, referral->subject, referral->source.name,
				    referral->target.name, referral->created_ms);
		return 0;
	}
	if (question->scope != GATE_OWN)
		return 0;
	if (tc_agency_equal(&question->asker, &referral->source)) {
		*ret = true;
		return 0;
	}
	/* A target that never got the referral must not learn from a list that there is one. */
	if (!tc_agency_equal(&question->asker, &referral->target))
		return 0;
	if (tc_id_is_none(referral->message)) { /* expunged */
		*ret = referral->shown;
		return 0;
	}
	return gate_released(question, referral->message, &question->asker, ret);
}

bool gate_consent(const struct question *question, const struct consent_view *consent)
{
	if (question->scope == GATE_ALL)
		return scope_covers(question->limits, consent->subject, consent->sender.name, NULL,
				    consent->recorded_ms);
	return question->scope == GATE_OWN && tc_agency_equal(&question->asker, &consent->sender);
}

static bool among(const struct question *question,
		  Throughcare__V1__ConsentGrant__Party *const *parties, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (parties[i]->agency && strcmp(parties[i]->agency, question->asker.name) == 0)
			return true;
	}
	return false;
}

bool gate_grant(const struct question *question, const Throughcare__V1__ConsentGrant__Grant *grant,
		struct gate_sides *ret)
{
	bool two_way =
		grant->direction == THROUGHCARE__V1__GRANT_DIRECTION__GRANT_DIRECTION_TWO_WAY;
	bool tells, answers;

	*ret = (struct gate_sides){.disclosers = GATE_SIDE_ALL, .recipients = GATE_SIDE_ALL};
	/* What an auditor may see of a consent is all of it: gate_consent. */
	if (question->scope == GATE_ALL)
		return question->limits == NULL;
	if (question->scope != GATE_OWN)
		return false;
	tells = among(question, grant->disclosers, grant->n_disclosers);
	answers = two_way && among(question, grant->recipients, grant->n_recipients);
	/* On both sides, everybody is somebody whom it may tell. */
	if (tells && !answers)
		ret->disclosers = GATE_SIDE_SELF;
	if (answers && !tells)
		ret->recipients = GATE_SIDE_SELF;
	return tells || answers;
}

static bool is(const char *wanted, const char *text)
{
	return text != NULL && strcmp(wanted, text) == 0;
}

/* Within what an auditor was given to look at. */
static bool within_limits(const struct question *question, const Throughcare__V1__TrailRow *row)
{
	struct tc_id subject = {{0}};

	if (question->limits == NULL)
		return true;
	if (row->subject != NULL && !tc_id_parse(tc_slice_text(row->subject), &subject))
		subject = (struct tc_id){{0}};
	return scope_covers(question->limits, subject, row->agency, row->recipient,
			    consent_time_ms(row->at, INT64_MIN));
}

enum gate_share gate_reason(const struct question *question, const Throughcare__V1__TrailRow *row)
{
	if (question->scope == GATE_ALL)
		return within_limits(question, row) ? GATE_SHARE_ALL : GATE_SHARE_NOTHING;
	if (question->scope != GATE_OWN)
		return GATE_SHARE_NOTHING;
	if (is(question->asker.name, row->agency))
		return GATE_SHARE_SENT;
	if (is(question->asker.name, row->recipient) && is("release", row->event))
		return GATE_SHARE_RECEIVED;
	return GATE_SHARE_NOTHING;
}

bool gate_trail_row(const struct question *question, Throughcare__V1__TrailRow *row)
{
	switch (question->scope) {
	case GATE_ALL:
		return within_limits(question, row);
	case GATE_NO_PERSONS:
		/* A grant's id or a case's leads to its person as surely as the person's own. */
		row->subject = NULL;
		row->referral_id = NULL;
		row->n_grants = 0;
		row->basis = NULL;
		row->proceeding_id = NULL;
		row->reference = NULL;
		row->actor = NULL;
		return true;
	case GATE_OWN:
		/* Whoever moved a referral, its row names the source; and a clock's row names whose
		 * move it is, who may not know of it yet: see told.h. */
		if (is("transition", row->event) || is("loop_closed", row->event) ||
		    is("clock", row->event))
			return false;
		if (is(question->asker.name, row->agency))
			return true;
		if (!is(question->asker.name, row->recipient) || !is("release", row->event))
			return false;
		/* That something was kept back is already too much to know. */
		row->n_withheld_categories = 0;
		row->has_forbidden_parts = 0;
		row->n_rule_ids = 0;
		row->code = NULL;
		return true;
	case GATE_NOTHING:
		break;
	}
	return false;
}
