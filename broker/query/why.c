#include "query/why.h"

#include <string.h>

#include "consent/consent_check.h"
#include "ledger/ledger_view.h"
#include "query/document.h"
#include "query/gate.h"
#include "query/seal.h"
#include "query/search.h"
#include "query/submitted.h"

/* What a row of the trail tells about a decision. */
struct event {
	const char *name;
	bool decided;  /* for one recipient: rules and parts stand behind it */
	bool released; /* the row says which parts went */
};

static const struct event events[] = {
	{"submission", false, false},
	{"refusal", true, false},
	{"denied", true, false},
	{"held", true, false},
	{"unheld", false, false},
	{"release", true, true},
	{"withheld", true, true},
	{"recall", true, false},
	{"expired", false, false},
	{"dead", false, false},
	{"break_glass", false, false},
	{"break_glass_reviewed", false, false},
	{"break_glass_overdue", false, false},
};

struct why {
	const struct question *question;
	struct answer *answer;
	size_t rows_max;
	struct submitted submitted; /* of the sender below */
	tc_agency sender;           /* empty: none was read yet */
	bool known;                 /* its submission is in the log */
};

static const struct event *find_event(const char *name)
{
	for (size_t i = 0; name && i < sizeof(events) / sizeof(events[0]); i++) {
		if (strcmp(events[i].name, name) == 0)
			return &events[i];
	}
	return NULL;
}

/* ---- the message ---- */

/* Of a message that was refused there is nothing but the record of the refusal itself. */
static int find_submission(struct why *why, const Throughcare__V1__TrailRow *row,
			   const tc_agency *sender)
{
	uint64_t sequence = row->log_sequence;
	struct tc_id message;
	int r = 0;

	if (row->message_id == NULL || !tc_id_parse(tc_slice_text(row->message_id), &message))
		return TC_ECORRUPT;
	if (strcmp(row->event, "refusal") != 0)
		r = ledger_view_submission(why->question->ledger,
					   THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY, sender,
					   message, &sequence);
	if (r == 0)
		r = submitted_read(why->question, &why->answer->arena, sequence, &why->submitted);
	why->known = r == 0;
	return r < 0 ? r : 0;
}

static int read_submission(struct why *why, const Throughcare__V1__TrailRow *row)
{
	tc_agency sender;

	if (row->agency == NULL || !tc_agency_parse(tc_slice_text(row->agency), &sender)) {
		why->known = false;
		return 0;
	}
	if (why->known && tc_agency_equal(&sender, &why->sender) &&
	    strcmp(row->event, "refusal") != 0)
		return 0;
	why->sender = sender;
	return find_submission(why, row, &sender);
}

/* ---- filling a row ---- */

static int copy_text(struct answer *answer, const char *text, char **ret)
{
	if (text == NULL || text[0] == '\0')
		return 0;
	*ret = answer_text(answer, text);
	return *ret ? 0 : TC_ENOMEM;
}

static int copy_slice(struct answer *answer, struct tc_slice text, char **ret)
{
	uint8_t *copy;

	if (text.len == 0)
		return 0;
	copy = answer_bytes(answer, text);
	*ret = (char *)copy; /* the arena's memory is zeroed: it ends with a NUL */
	return copy ? 0 : TC_ENOMEM;
}

static int copy_texts(struct answer *answer, char *const *texts, size_t count, char ***ret,
		      size_t *ret_count)
{
	*ret = answer_array(answer, count);
	if (*ret == NULL)
		return TC_ENOMEM;
	for (size_t i = 0; i < count; i++) {
		(*ret)[i] = answer_text(answer, texts[i]);
		if ((*ret)[i] == NULL)
			return TC_ENOMEM;
	}
	*ret_count = count;
	return 0;
}

static int put_categories(struct answer *answer, uint64_t bits, Throughcare__V1__Category **ret,
			  size_t *ret_count)
{
	*ret = arena_take(&answer->arena, 64 * sizeof(**ret));
	if (*ret == NULL)
		return TC_ENOMEM;
	for (unsigned category = 0; category < 64; category++) {
		if (bits & UINT64_C(1) << category)
			(*ret)[(*ret_count)++] = (Throughcare__V1__Category)category;
	}
	return 0;
}

static int fill_facts(struct answer *answer, const Throughcare__V1__TrailRow *row,
		      Throughcare__V1__ReasonRow *reason)
{
	int r;

	reason->has_log_sequence = 1;
	reason->log_sequence = row->log_sequence;
	reason->at = answer_time(answer, consent_time_ms(row->at, 0));
	if (reason->at == NULL)
		return TC_ENOMEM;
	r = copy_text(answer, row->event, &reason->event);
	if (r == 0)
		r = copy_text(answer, row->agency, &reason->sender);
	if (r == 0)
		r = copy_text(answer, row->recipient, &reason->recipient);
	if (r == 0)
		r = copy_text(answer, row->code, &reason->code);
	if (r == 0)
		r = copy_text(answer, row->message_id, &reason->message_id);
	if (r == 0)
		r = copy_text(answer, row->message_type, &reason->message_type);
	if (r == 0)
		r = copy_text(answer, row->subject, &reason->subject);
	return r;
}

/* What the sender wrote into the header. */
static int fill_header(const struct why *why, Throughcare__V1__ReasonRow *reason)
{
	const struct tc_header *header = &why->submitted.header;
	int r = 0;

	reason->has_purpose = header->purpose != 0;
	reason->purpose = header->purpose;
	if (header->legal != 0)
		r = copy_text(why->answer, policy_basis_name((uint32_t)header->legal + 1),
			      &reason->legal_basis);
	if (r == 0)
		r = copy_slice(why->answer, header->basis_reference, &reason->reference);
	if (r == 0)
		r = copy_slice(why->answer, header->proceeding_id, &reason->proceeding_id);
	return r;
}

/* The rules that ruled on these parts, each once, and where they come from. */
static int fill_rules(const struct why *why, const struct policy *policy,
		      const struct decision *decision, uint64_t parts,
		      Throughcare__V1__ReasonRow *reason)
{
	size_t count = why->submitted.record->n_parts;

	reason->rule_ids = answer_array(why->answer, count);
	reason->cites = answer_array(why->answer, count);
	if (reason->rule_ids == NULL || reason->cites == NULL)
		return TC_ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const char *id = policy_rule_id(policy, decision->rules[i]);
		size_t before = 0;

		while (before < reason->n_rule_ids && strcmp(reason->rule_ids[before], id) != 0)
			before++;
		if (!(parts & UINT64_C(1) << i) || id[0] == '\0' || before < reason->n_rule_ids)
			continue;
		reason->rule_ids[reason->n_rule_ids++] = answer_text(why->answer, id);
		reason->cites[reason->n_cites++] =
			answer_text(why->answer, policy_rule_cite(policy, decision->rules[i]));
		if (!reason->rule_ids[before] || !reason->cites[before])
			return TC_ENOMEM;
	}
	return 0;
}

/* As the row has them. */
static int fill_recorded_rules(const struct why *why, const struct policy *policy,
			       const Throughcare__V1__TrailRow *row,
			       Throughcare__V1__ReasonRow *reason)
{
	int r = copy_texts(why->answer, row->rule_ids, row->n_rule_ids, &reason->rule_ids,
			   &reason->n_rule_ids);

	reason->cites = answer_array(why->answer, row->n_rule_ids);
	if (r < 0 || reason->cites == NULL)
		return TC_ENOMEM;
	for (size_t i = 0; i < row->n_rule_ids; i++) {
		int rule = 0;

		while (policy_rule_id(policy, rule)[0] != '\0' &&
		       strcmp(policy_rule_id(policy, rule), row->rule_ids[i]) != 0)
			rule++;
		reason->cites[reason->n_cites++] =
			answer_text(why->answer, policy_rule_cite(policy, rule));
		if (reason->cites[i] == NULL)
			return TC_ENOMEM;
	}
	return 0;
}

/* A recipient is told what the consent says between the two; whether it still stands is told to
 * it by notices alone. */
static void hide_state(Throughcare__V1__GrantRow *grant)
{
	grant->status = NULL;
	grant->revoked_at = NULL;
	grant->revocation_effective_at = NULL;
}

static int add_grant(const struct why *why, const Throughcare__V1__TrailRow *row, struct tc_id id,
		     enum gate_share share, Throughcare__V1__ReasonRow *reason)
{
	const struct document_use use = {
		.sender = row->agency,
		.recipient = row->recipient,
		.at_ms = consent_time_ms(row->at, 0),
		.relied = row->n_grants > 0,
	};
	Throughcare__V1__GrantRow *grant;
	int r = document_grant(why->question, why->answer, id, &use, &grant);

	if (r < 0 || grant == NULL)
		return r;
	if (share == GATE_SHARE_RECEIVED)
		hide_state(grant);
	reason->grants[reason->n_grants++] = grant;
	if (grant->consent_id != NULL)
		reason->consent_ids[reason->n_consent_ids++] = grant->consent_id;
	return 0;
}

/* What a release relied on; of what was held or recalled the grant that its code tells of. */
static int fill_grants(const struct why *why, const Throughcare__V1__TrailRow *row,
		       enum gate_share share, struct tc_id telling,
		       Throughcare__V1__ReasonRow *reason)
{
	char *const *grants = row->grants;
	size_t count = row->n_grants;
	int r = 0;

	if (count == 0 && row->basis) {
		grants = &row->basis;
		count = 1;
	}
	reason->grants = answer_array(why->answer, count + 1);
	reason->consent_ids = answer_array(why->answer, count + 1);
	if (reason->grants == NULL || reason->consent_ids == NULL)
		return TC_ENOMEM;
	for (size_t i = 0; r == 0 && i < count; i++) {
		struct tc_id id;

		if (tc_id_parse(tc_slice_text(grants[i]), &id)) /* else a legal basis */
			r = add_grant(why, row, id, share, reason);
	}
	if (r == 0 && count == 0 && share != GATE_SHARE_RECEIVED && !tc_id_is_none(telling))
		r = add_grant(why, row, telling, share, reason);
	return r;
}

static int fill_terms(const struct why *why, const Throughcare__V1__TrailRow *row,
		      Throughcare__V1__ReasonRow *reason)
{
	int r = copy_texts(why->answer, row->notices, row->n_notices, &reason->notices,
			   &reason->n_notices);

	if (r == 0)
		r = copy_texts(why->answer, row->redisclosure, row->n_redisclosure,
			       &reason->redisclosure, &reason->n_redisclosure);
	if (r != 0 || !row->has_terms_sha256)
		return r;
	reason->has_terms_sha256 = 1;
	reason->terms_sha256.len = row->terms_sha256.len;
	reason->terms_sha256.data =
		answer_bytes(why->answer, tc_slice(row->terms_sha256.data, row->terms_sha256.len));
	return reason->terms_sha256.data ? 0 : TC_ENOMEM;
}

/* ---- deciding again ---- */

static int fill_today(const struct why *why, const tc_agency *recipient, uint64_t forbidden,
		      uint64_t released, Throughcare__V1__ReasonRow *reason)
{
	struct submitted_facts facts = {.policy = ledger_view_policy(why->question->ledger),
					.at_ms = why->question->now_ms,
					.forbidden = forbidden};
	struct decision decision;
	uint64_t now;
	int r = submitted_decide(why->question, &why->submitted, recipient, &facts, &decision);

	if (r == 0)
		r = copy_text(why->answer, decision_kind_name(decision.kind), &reason->today);
	if (r == 0 && decision.code != TC_REFUSAL_NONE)
		r = copy_text(why->answer, tc_refusal_name(decision.code), &reason->today_code);
	if (r != 0)
		return r;
	now = submitted_categories(&why->submitted, decision.parts_mask);
	return put_categories(why->answer, released & ~now, &reason->today_withheld,
			      &reason->n_today_withheld);
}

/* The decision as it was: from the row what went, from the policy and the consents of then why. */
static int fill_decision(const struct why *why, const Throughcare__V1__TrailRow *row,
			 const struct event *event, enum gate_share share,
			 struct tc_id *ret_telling, Throughcare__V1__ReasonRow *reason)
{
	uint64_t all = submitted_categories(&why->submitted, UINT64_MAX), released = 0;
	uint64_t withheld = all, parts = UINT64_MAX;
	struct submitted_facts facts = {.at_ms = consent_time_ms(row->at, 0)};
	struct decision decision;
	tc_agency recipient;
	int r;

	if (row->recipient == NULL || !tc_agency_parse(tc_slice_text(row->recipient), &recipient))
		return 0;
	if (event->released) {
		released = submitted_names(row->categories, row->n_categories);
		withheld = submitted_names(row->withheld_categories, row->n_withheld_categories);
	}
	facts.forbidden = row->forbidden_parts;
	r = ledger_view_policy_at(why->question->ledger, row->log_sequence, &facts.policy);
	if (r == 0)
		r = submitted_decide(why->question, &why->submitted, &recipient, &facts, &decision);
	if (r < 0)
		return r;
	*ret_telling = decision.telling;
	if (share == GATE_SHARE_RECEIVED) {
		withheld = 0;
		parts = submitted_parts(&why->submitted, released);
	} else if (reason->code == NULL && withheld != 0 && decision.code != TC_REFUSAL_NONE) {
		r = copy_text(why->answer, tc_refusal_name(decision.code), &reason->code);
	}
	if (r == 0)
		r = put_categories(why->answer, released, &reason->released, &reason->n_released);
	if (r == 0)
		r = put_categories(why->answer, withheld, &reason->withheld, &reason->n_withheld);
	if (r == 0 && row->n_rule_ids > 0 && share != GATE_SHARE_RECEIVED)
		r = fill_recorded_rules(why, facts.policy, row, reason);
	else if (r == 0)
		r = fill_rules(why, facts.policy, &decision, parts, reason);
	if (r == 0)
		r = copy_text(why->answer, policy_id(facts.policy), &reason->policy_id);
	reason->has_policy_version = 1;
	reason->policy_version = policy_version(facts.policy);
	if (r == 0 && share != GATE_SHARE_RECEIVED)
		r = fill_today(why, &recipient, facts.forbidden, released, reason);
	return r;
}

static int make_reason(struct why *why, const Throughcare__V1__TrailRow *row,
		       const struct event *event, enum gate_share share,
		       Throughcare__V1__ReasonRow **ret)
{
	Throughcare__V1__ReasonRow *reason = arena_take(&why->answer->arena, sizeof(*reason));
	struct tc_id telling = {{0}};
	int r = read_submission(why, row);

	if (r < 0)
		return r;
	if (reason == NULL)
		return TC_ENOMEM;
	throughcare__v1__reason_row__init(reason);
	r = fill_facts(why->answer, row, reason);
	if (share == GATE_SHARE_RECEIVED)
		reason->code = NULL; /* it tells of what was kept back */
	if (r == 0 && why->known)
		r = fill_header(why, reason);
	if (r == 0 && why->known && event->decided)
		r = fill_decision(why, row, event, share, &telling, reason);
	if (r == 0 && event->decided && row->recipient)
		r = fill_grants(why, row, share, telling, reason);
	if (r == 0 && event->released)
		r = fill_terms(why, row, reason);
	if (r == 0)
		*ret = reason;
	return r;
}

static int add_row(void *context, Throughcare__V1__TrailRow *row)
{
	struct why *why = context;
	Throughcare__V1__QueryReply *reply = &why->answer->reply;
	const struct event *event = find_event(row->event);
	enum gate_share share = event ? gate_reason(why->question, row) : GATE_SHARE_NOTHING;
	int r;

	if (share == GATE_SHARE_NOTHING)
		return TRAIL_FOUND_MORE;
	if (reply->n_reasons == why->rows_max)
		return TRAIL_FOUND_ENOUGH;
	r = make_reason(why, row, event, share, &reply->reasons[reply->n_reasons]);
	if (r < 0)
		return r;
	reply->n_reasons++;
	return TRAIL_FOUND_MORE;
}

int why_message(const struct question *question, struct answer *answer)
{
	struct why why = {.question = question, .answer = answer};
	struct trail_question asked = trail_question_any();
	struct posting_position next;
	bool ended;
	int r;

	why.rows_max = answer_page_rows(question);
	r = answer_read_id(answer, question->query->trail_why->message_id, "trail_why.message_id",
			   &asked.message);
	if (r == 0)
		r = search_read_cursor(question, answer, &asked);
	if (r != 0)
		return r;
	answer->reply.reasons = answer_array(answer, why.rows_max);
	if (answer->reply.reasons == NULL)
		return TC_ENOMEM;
	r = seal_find(question, &asked, add_row, &why, &next, &ended);
	if (r < 0)
		return r;
	if (answer->reply.n_reasons == 0)
		return tc_refuse(&answer->refusal, TC_REFUSAL_NOT_FOUND, "%s", "");
	return ended ? 0 : search_next_page(answer, &asked, next);
}
