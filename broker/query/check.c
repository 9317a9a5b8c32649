#include "query/check.h"

#include <stdio.h>
#include <string.h>

#include "consent/consent_check.h"
#include "consent/decision.h"
#include "ledger/ledger_view.h"
#include "query/gate.h"
#include "query/policies.h"
#include "query/seal.h"
#include "query/submitted.h"
#include "wire/actor.h"

#define TEXT_BYTES_MAX 600

/* What the question says, as the decision wants it. */
struct check {
	tc_agency from;
	struct registry_address to;
	uint8_t categories[TC_PARTS_MAX];
	struct decision_request request;
	struct tc_id also[PERSON_IDS_MAX]; /* of request.subject */
	const struct policy *policy;
};

static int read_basis(const Throughcare__V1__Basis *basis, struct answer *answer,
		      struct decision_request *request)
{
	if (basis == NULL)
		return 0;
	if (basis->has_legal)
		request->legal = (uint32_t)basis->legal;
	if (basis->reference)
		request->reference = tc_slice_text(basis->reference);
	if (basis->grant_id == NULL)
		return 0;
	return answer_read_id(answer, basis->grant_id, "consent_check.basis.grant_id",
			      &request->grant);
}

static int read_categories(const Throughcare__V1__ConsentCheckQuery *asked, struct answer *answer,
			   struct check *check)
{
	if (asked->n_categories == 0)
		return tc_refuse(&answer->refusal, TC_REFUSAL_FIELD_MISSING,
				 "consent_check.categories");
	if (asked->n_categories > TC_PARTS_MAX)
		return tc_refuse(&answer->refusal, TC_REFUSAL_FIELD_INVALID,
				 "consent_check.categories");
	for (size_t i = 0; i < asked->n_categories; i++)
		check->categories[i] = (uint8_t)asked->categories[i];
	check->request.categories = check->categories;
	check->request.part_count = asked->n_categories;
	return 0;
}

/* Both ends as a submission finds them. */
static int read_parties(const struct question *question, struct answer *answer, struct check *check)
{
	const Throughcare__V1__ConsentCheckQuery *asked = question->query->consent_check;
	Throughcare__V1__Recipient to = THROUGHCARE__V1__RECIPIENT__INIT;
	struct store_txn *txn = ledger_view_txn(question->ledger);
	const struct registry_tables *registry = ledger_view_registry(question->ledger);
	struct decision_request *request = &check->request;
	tc_agency agency;
	int r;

	r = answer_read_agency(answer, asked->from, "consent_check.from", &check->from);
	if (r == 0)
		r = answer_read_agency(answer, asked->to, "consent_check.to", &agency);
	if (r != 0)
		return r;
	to.agency = asked->to;
	to.service = asked->service;
	to.role = asked->role;
	r = registry_resolve(txn, registry, &to, &check->to, &answer->refusal);
	if (r != 0)
		return r == REGISTRY_REFUSED ? QUESTION_REFUSED : r;
	request->sender = &check->from;
	request->recipient = &check->to.agency;
	request->recipient_kind = check->to.kind;
	request->recipient_role = tc_slice_text(check->to.role);
	request->recipient_person = tc_slice_text(asked->person);
	return registry_kind(txn, registry, &check->from, &request->sender_kind);
}

static int read_check(const struct question *question, struct answer *answer, struct check *check)
{
	const Throughcare__V1__ConsentCheckQuery *asked = question->query->consent_check;
	struct decision_request *request = &check->request;
	bool known, hidden;
	int r;

	r = read_parties(question, answer, check);
	if (r == 0)
		r = answer_read_id(answer, asked->subject, "consent_check.subject",
				   &request->subject);
	if (r == 0)
		r = read_basis(asked->basis, answer, request);
	if (r == 0)
		r = read_categories(asked, answer, check);
	if (r != 0)
		return r;
	request->purpose = asked->has_purpose ? (uint32_t)asked->purpose : 0;
	request->proceeding = tc_slice_text(asked->proceeding_id);
	if (question->query->actor)
		request->actor = tc_slice_text(question->query->actor->id);
	request->now_ms = consent_time_ms(asked->at, question->now_ms);
	request->past = true;
	request->also = check->also;
	r = seal_hides(question, request->subject, (struct tc_id){{0}}, (struct tc_id){{0}},
		       &hidden);
	if (r != 0)
		return r;
	if (hidden)
		request->subject = seal_nobody(request->subject);
	r = ledger_view_others(question->ledger, request->subject, request->now_ms, check->also,
			       &request->also_count);
	if (r != 0)
		return r;
	r = gate_person(question, request->subject, &known);
	if (r != 0)
		return r;
	request->sender_named = !known;
	request->message = true;
	return policies_time(question, request->now_ms, &check->policy);
}

/* ---- in words ---- */

static const char *explain(const struct decision *decision)
{
	switch (decision->kind) {
	case DECISION_PERMIT:
		return "everything asked for may be released";
	case DECISION_PERMIT_PARTS:
		return "some of it may be released, the rest is withheld";
	case DECISION_HOLD:
		return "nothing may be released now; a consent recorded later may release it";
	case DECISION_DENY:
		return "nothing may be released";
	}
	return "";
}

static const char *because_permitted(const struct check *check, const struct decision *decision,
				     bool released)
{
	if (!released)
		return "it may go, but a message goes only with its leading part";
	if (decision->grant_count > 0)
		return "a consent in force covers it";
	if (check->request.legal != 0)
		return "the legal basis named covers it";
	return "it needs no consent";
}

static const char *because_refused(const struct check *check, const struct decision *decision,
				   int rule)
{
	const struct policy_basis *basis =
		policy_basis(check->policy, policy_basis_of(check->request.legal));

	if (decision->code == TC_REFUSAL_BASIS_INSUFFICIENT && check->request.legal != 0) {
		if (basis && basis->needs_reference && check->request.reference.len == 0)
			return "the legal basis named needs its reference";
		if (basis && basis->needs_actor && !tc_actor_named(check->request.actor))
			return "the legal basis named needs the person who acts";
		return "the legal basis named does not cover it for this recipient";
	}
	if (decision->code == TC_REFUSAL_BASIS_INSUFFICIENT)
		return rule >= 0 ? "this rule denies it, whatever a consent says"
				 : "no rule lets a consent release it to this recipient";
	return tc_refusal_message(decision->code);
}

/* ---- the answer ---- */

/* *ret_hidden: an order hides it, as that of an id that is tied to the subject's. */
static int find_grant(const struct question *question, const struct check *check, struct tc_id id,
		      struct grant_view *ret, bool *ret_hidden)
{
	const struct consent_tables *tables = ledger_view_consent(question->ledger);
	struct store_txn *txn = ledger_view_txn(question->ledger);
	struct consent_view consent;
	int r = grant_find_at(txn, tables, id, check->request.now_ms, ret);

	if (r == 0)
		r = consent_find_version(txn, tables, ret->consent, ret->version, &consent);
	if (r != 0)
		return r > 0 ? TC_ECORRUPT : r;
	return seal_hides_consent(question, &consent, ret_hidden);
}

/* Until when what it relies on stands. */
static int fill_grant(const struct question *question, struct answer *answer,
		      const struct check *check, struct tc_id id,
		      Throughcare__V1__ConsentAnswerLine *line)
{
	struct grant_view grant;
	bool hidden;
	int r = find_grant(question, check, id, &grant, &hidden);

	if (r != 0 || hidden)
		return r;
	line->grant_id = answer_id(answer, id);
	line->valid_from = answer_time(answer, grant.valid_from_ms);
	if (line->grant_id == NULL || line->valid_from == NULL)
		return TC_ENOMEM;
	if (grant.expires_ms == GRANT_NEVER)
		return 0;
	line->expires_at = answer_time(answer, grant.expires_ms);
	return line->expires_at ? 0 : TC_ENOMEM;
}

static int fill_rule(const struct check *check, struct answer *answer, int rule,
		     Throughcare__V1__ConsentAnswerLine *line)
{
	if (rule < 0)
		return 0;
	line->rule_id = answer_text(answer, policy_rule_id(check->policy, rule));
	line->cite = answer_text(answer, policy_rule_cite(check->policy, rule));
	return line->rule_id && line->cite ? 0 : TC_ENOMEM;
}

/* One category, as if it were a message of its own. */
static int make_line(const struct question *question, struct answer *answer,
		     const struct check *check, size_t i, bool released,
		     Throughcare__V1__ConsentAnswerLine **ret)
{
	Throughcare__V1__ConsentAnswerLine *line = arena_take(&answer->arena, sizeof(*line));
	struct decision_request request = check->request;
	struct decision decision;
	bool yes;
	int r;

	if (line == NULL)
		return TC_ENOMEM;
	throughcare__v1__consent_answer_line__init(line);
	request.categories = &check->categories[i];
	request.part_count = 1;
	r = submitted_take(question, check->policy, &request, &decision);
	if (r != 0)
		return r;
	yes = decision.kind == DECISION_PERMIT;
	line->has_category = 1;
	line->category = question->query->consent_check->categories[i];
	line->answer = answer_text(answer, yes                              ? "yes"
					   : decision.kind == DECISION_HOLD ? "hold"
									    : "no");
	line->because =
		answer_text(answer, yes ? because_permitted(check, &decision, released)
					: because_refused(check, &decision, decision.rules[0]));
	if (line->answer == NULL || line->because == NULL)
		return TC_ENOMEM;
	if (!yes) {
		line->code = answer_text(answer, tc_refusal_name(decision.code));
		if (line->code == NULL)
			return TC_ENOMEM;
	}
	r = fill_rule(check, answer, decision.rules[0], line);
	if (r == 0 && yes && decision.grant_count > 0)
		r = fill_grant(question, answer, check, decision.grants[0], line);
	else if (r == 0 && !tc_id_is_none(decision.telling))
		r = fill_grant(question, answer, check, decision.telling, line);
	*ret = line;
	return r;
}

/* What a consent would have to say so that what is held may go. */
static int make_cure(struct answer *answer, const struct check *check,
		     const Throughcare__V1__ConsentAnswer *row, char **ret)
{
	const struct decision_request *request = &check->request;
	char text[TEXT_BYTES_MAX];
	size_t len, listed = 0;

	len = (size_t)snprintf(
		text, sizeof(text),
		"a consent of this person that names %s as discloser, %s as recipient",
		check->from.name, check->to.agency.name);
	if (request->recipient_person.len > 0)
		len += (size_t)snprintf(text + len, sizeof(text) - len, " (person %.*s)",
					(int)request->recipient_person.len,
					(const char *)request->recipient_person.data);
	else if (check->to.role[0] != '\0')
		len += (size_t)snprintf(text + len, sizeof(text) - len, " (role %s)",
					check->to.role);
	for (size_t i = 0; i < row->n_lines && len < sizeof(text) - 160; i++) {
		if (strcmp(row->lines[i]->answer, "hold") != 0)
			continue;
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
					listed++ ? " and " : ", category ",
					policy_category_name(row->lines[i]->category));
	}
	if (listed == 0)
		return 0;
	len += (size_t)snprintf(text + len, sizeof(text) - len, ", purpose %s",
				policy_purpose_name(request->purpose));
	if (request->proceeding.len > 0)
		(void)snprintf(text + len, sizeof(text) - len, ", proceeding %.*s",
			       (int)request->proceeding.len,
			       (const char *)request->proceeding.data);
	*ret = answer_text(answer, text);
	return *ret ? 0 : TC_ENOMEM;
}

static int fill_notices(struct answer *answer, const struct check *check,
			const struct decision *decision, Throughcare__V1__ConsentAnswer *row)
{
	const char *codes[POLICY_NOTICES_MAX];
	unsigned count = policy_notice_codes(check->policy, decision->obligations, codes);

	row->notices = answer_array(answer, count);
	if (row->notices == NULL)
		return TC_ENOMEM;
	for (unsigned i = 0; i < count; i++) {
		row->notices[row->n_notices] = answer_text(answer, codes[i]);
		if (row->notices[row->n_notices++] == NULL)
			return TC_ENOMEM;
	}
	return 0;
}

static int fill_grants(const struct question *question, struct answer *answer,
		       const struct check *check, const struct decision *decision,
		       Throughcare__V1__ConsentAnswer *row)
{
	row->grants = answer_array(answer, decision->grant_count);
	if (row->grants == NULL)
		return TC_ENOMEM;
	for (size_t i = 0; i < decision->grant_count; i++) {
		struct grant_view grant;
		bool hidden;
		int r = find_grant(question, check, decision->grants[i], &grant, &hidden);

		if (r != 0)
			return r;
		if (hidden)
			continue;
		row->grants[row->n_grants] = answer_id(answer, decision->grants[i]);
		if (row->grants[row->n_grants++] == NULL)
			return TC_ENOMEM;
	}
	return 0;
}

/* The rules that ruled on what is asked, each once. */
static int fill_rules(struct answer *answer, const struct check *check,
		      const struct decision *decision, Throughcare__V1__ConsentAnswer *row)
{
	row->rule_ids = answer_array(answer, check->request.part_count);
	if (row->rule_ids == NULL)
		return TC_ENOMEM;
	for (size_t i = 0; i < check->request.part_count; i++) {
		size_t before = 0;

		while (before < i && decision->rules[before] != decision->rules[i])
			before++;
		if (before < i || decision->rules[i] < 0)
			continue;
		row->rule_ids[row->n_rule_ids] =
			answer_text(answer, policy_rule_id(check->policy, decision->rules[i]));
		if (row->rule_ids[row->n_rule_ids++] == NULL)
			return TC_ENOMEM;
	}
	row->policy_id = answer_text(answer, policy_id(check->policy));
	row->has_policy_version = 1;
	row->policy_version = policy_version(check->policy);
	return row->policy_id ? 0 : TC_ENOMEM;
}

static int fill_lines(const struct question *question, struct answer *answer,
		      const struct check *check, const struct decision *decision,
		      Throughcare__V1__ConsentAnswer *row)
{
	const Throughcare__V1__ConsentCheckQuery *asked = question->query->consent_check;

	row->permitted = arena_take(&answer->arena, asked->n_categories * sizeof(*row->permitted));
	row->withheld = arena_take(&answer->arena, asked->n_categories * sizeof(*row->withheld));
	row->lines = answer_array(answer, asked->n_categories);
	if (!row->permitted || !row->withheld || !row->lines)
		return TC_ENOMEM;
	for (size_t i = 0; i < asked->n_categories; i++) {
		bool released = (decision->parts_mask & UINT64_C(1) << i) != 0;
		int r = make_line(question, answer, check, i, released, &row->lines[i]);

		if (r < 0)
			return r;
		row->n_lines++;
		if (released)
			row->permitted[row->n_permitted++] = asked->categories[i];
		else
			row->withheld[row->n_withheld++] = asked->categories[i];
	}
	return 0;
}

static int fill_answer(const struct question *question, struct answer *answer,
		       const struct check *check, const struct decision *decision)
{
	Throughcare__V1__ConsentAnswer *row = arena_take(&answer->arena, sizeof(*row));
	int r;

	if (row == NULL)
		return TC_ENOMEM;
	throughcare__v1__consent_answer__init(row);
	row->decision = answer_text(answer, decision_kind_name(decision->kind));
	row->explanation = answer_text(answer, explain(decision));
	row->at = answer_time(answer, check->request.now_ms);
	if (!row->decision || !row->explanation || !row->at)
		return TC_ENOMEM;
	if (decision->code != TC_REFUSAL_NONE) {
		row->code = answer_text(answer, tc_refusal_name(decision->code));
		if (row->code == NULL)
			return TC_ENOMEM;
	}
	if (decision->recheck_ms != 0) {
		row->recheck_at = answer_time(answer, decision->recheck_ms);
		if (row->recheck_at == NULL)
			return TC_ENOMEM;
	}
	r = fill_lines(question, answer, check, decision, row);
	if (r == 0)
		r = fill_rules(answer, check, decision, row);
	if (r == 0)
		r = fill_notices(answer, check, decision, row);
	if (r == 0)
		r = fill_grants(question, answer, check, decision, row);
	if (r == 0 && decision->kind != DECISION_DENY)
		r = make_cure(answer, check, row, &row->cure);
	answer->reply.consent_answer = row;
	return r;
}

int check_consent(const struct question *question, struct answer *answer)
{
	struct check check = {.request = {.purpose = 0}};
	struct decision decision;
	int r;

	r = read_check(question, answer, &check);
	if (r == 0)
		r = submitted_take(question, check.policy, &check.request, &decision);
	return r == 0 ? fill_answer(question, answer, &check, &decision) : r;
}
