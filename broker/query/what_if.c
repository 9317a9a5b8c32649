#include "query/what_if.h"

#include <string.h>

#include "consent/consent_check.h"
#include "consent/consent_row.h"
#include "ledger/ledger_view.h"
#include "query/policies.h"
#include "query/seal.h"
#include "query/search.h"
#include "query/submitted.h"
#include "throughcare/v1/consent.pb-c.h"

typedef Throughcare__V1__TrailWhatIfQuery what_if_query;

struct what_if {
	const struct question *question;
	struct answer *answer;
	size_t rows_max;
	size_t rows;           /* of the trail that were looked at */
	struct policy *policy; /* in the place of the one of then; NULL: that one */
	bool at_other_time;
	int64_t at_ms;
	struct tc_id without[WHAT_IF_GRANTS_MAX]; /* grants taken for revoked */
	size_t without_count;
	struct arena arena; /* of one decision */
	struct submitted submitted;
};

/* What became of the parts for a recipient: as it was, or as it would be. */
struct outcome {
	const char *kind;
	const char *code;
	uint64_t released; /* bits of categories */
	uint64_t withheld;
};

/* ---- the question ---- */

static bool is_without(const struct what_if *what_if, struct tc_id grant)
{
	for (size_t i = 0; i < what_if->without_count; i++) {
		if (tc_id_equal(what_if->without[i], grant))
			return true;
	}
	return false;
}

/* The grants of one version of a consent. */
static int take_grants(struct what_if *what_if, const struct consent_view *consent)
{
	const Throughcare__V1__ConsentGrant *document = throughcare__v1__consent_grant__unpack(
		&what_if->answer->arena.allocator, consent->document.len, consent->document.data);

	if (document == NULL)
		return TC_ENOMEM;
	for (size_t i = 0; i < document->n_grants; i++) {
		struct tc_id grant;

		if (!tc_id_parse(tc_slice_text(document->grants[i]->grant_id), &grant) ||
		    is_without(what_if, grant))
			continue; /* a new version repeats them */
		if (what_if->without_count == WHAT_IF_GRANTS_MAX)
			return tc_refuse(&what_if->answer->refusal, TC_REFUSAL_FIELD_INVALID,
					 "trail_what_if.revoke_id: too many grants, name one");
		what_if->without[what_if->without_count++] = grant;
	}
	return 0;
}

/* The grants of a consent in all its versions, or one of them. */
static int read_revoked(struct what_if *what_if, struct trail_question *asked)
{
	const struct question *question = what_if->question;
	struct store_txn *txn = ledger_view_txn(question->ledger);
	const struct consent_tables *tables = ledger_view_consent(question->ledger);
	struct consent_view consent;
	bool hidden = false;
	struct tc_id id;
	int r;

	r = answer_read_id(what_if->answer, question->query->trail_what_if->revoke_id,
			   "trail_what_if.revoke_id", &id);
	if (r != 0)
		return r;
	r = consent_find_either(txn, tables, id, &consent);
	if (r == 0)
		r = seal_hides_consent(question, &consent, &hidden);
	if (r != 0 || hidden)
		return r < 0 ? r
			     : tc_refuse(&what_if->answer->refusal, TC_REFUSAL_NOT_FOUND,
					 "trail_what_if.revoke_id");
	if (!tc_id_is_none(asked->subject) && !tc_id_equal(asked->subject, consent.subject))
		return tc_refuse(&what_if->answer->refusal, TC_REFUSAL_FIELD_INVALID,
				 "trail_what_if.subject: revoke_id is another person's");
	/* Decisions about others cannot have relied on it. */
	asked->subject = consent.subject;
	if (!tc_id_equal(id, consent.consent)) {
		what_if->without[what_if->without_count++] = id;
		return 0;
	}
	while (r == 0) {
		r = take_grants(what_if, &consent);
		if (r != 0)
			return r;
		r = consent_find_below(txn, tables, id, consent.version, &consent);
	}
	return r < 0 ? r : 0;
}

static int read_policy(struct what_if *what_if, const what_if_query *query)
{
	struct tc_refusal *refusal = &what_if->answer->refusal;
	int r = policy_compile(tc_slice(query->policy.data, query->policy.len), &what_if->policy,
			       refusal);

	return r == POLICY_REFUSED ? QUESTION_REFUSED : r;
}

static int read_question(struct what_if *what_if, struct trail_question *asked)
{
	const what_if_query *query = what_if->question->query->trail_what_if;
	struct answer *answer = what_if->answer;
	int r = 0;

	if (!query->revoke_id && !query->has_policy && !query->at)
		return tc_refuse(&answer->refusal, TC_REFUSAL_FIELD_MISSING,
				 "trail_what_if: revoke_id, policy or at");
	if (query->subject)
		r = answer_read_id(answer, query->subject, "trail_what_if.subject",
				   &asked->subject);
	if (r == 0 && query->revoke_id)
		r = read_revoked(what_if, asked);
	if (r == 0 && query->has_policy)
		r = read_policy(what_if, query);
	if (r != 0)
		return r;
	what_if->at_other_time = query->at != NULL;
	what_if->at_ms = consent_time_ms(query->at, 0);
	asked->since_ms = consent_time_ms(query->since, INT64_MIN);
	asked->until_ms = consent_time_ms(query->until, INT64_MAX);
	return search_read_cursor(what_if->question, answer, asked);
}

/* ---- as it was ---- */

/* False: the row is of no decision. */
static bool read_outcome(const Throughcare__V1__TrailRow *row, struct outcome *ret)
{
	const char *event = row->event ? row->event : "";

	*ret = (struct outcome){.code = row->code ? row->code : ""};
	if (row->recipient == NULL || row->message_id == NULL || row->agency == NULL)
		return false;
	if (strcmp(event, "release") == 0) {
		ret->released = submitted_names(row->categories, row->n_categories);
		ret->withheld =
			submitted_names(row->withheld_categories, row->n_withheld_categories);
		ret->kind = decision_kind_name(
			row->n_withheld_categories > 0 ? DECISION_PERMIT_PARTS : DECISION_PERMIT);
		return true;
	}
	ret->withheld = UINT64_MAX;
	if (strcmp(event, "held") == 0)
		ret->kind = decision_kind_name(DECISION_HOLD);
	/* Of a message that was denied to everybody there is the refusal alone. */
	else if (strcmp(event, "denied") == 0 || strcmp(event, "refusal") == 0)
		ret->kind = decision_kind_name(DECISION_DENY);
	else
		return false;
	return true;
}

/* A refusal may have had reasons that no fact asked about bears on. */
static bool refused_by_decision(const char *code)
{
	static const enum tc_refusal_code codes[] = {
		TC_REFUSAL_BASIS_INSUFFICIENT,
		TC_REFUSAL_CONSENT_OTHER_PROCEEDING,
		TC_REFUSAL_REDISCLOSURE_FORBIDDEN,
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (strcmp(code, tc_refusal_name(codes[i])) == 0)
			return true;
	}
	return false;
}

/* 0, SUBMITTED_NONE (there is nothing to decide about) or a fault. */
static int read_submission(struct what_if *what_if, const Throughcare__V1__TrailRow *row,
			   const struct outcome *was)
{
	uint64_t sequence = row->log_sequence;
	struct tc_id message;
	tc_agency sender;
	int r = 0;

	if (!tc_agency_parse(tc_slice_text(row->agency), &sender) ||
	    !tc_id_parse(tc_slice_text(row->message_id), &message))
		return TC_ECORRUPT;
	if (strcmp(row->event, "refusal") != 0)
		r = ledger_view_submission(what_if->question->ledger,
					   THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY, &sender,
					   message, &sequence);
	else if (!refused_by_decision(was->code))
		return SUBMITTED_NONE;
	if (r != 0)
		return r < 0 ? r : SUBMITTED_NONE; /* what the exchange itself said */
	return submitted_read(what_if->question, &what_if->arena, sequence, &what_if->submitted);
}

/* ---- as it would be ---- */

static int decide(const struct what_if *what_if, const tc_agency *recipient,
		  const struct submitted_facts *facts, struct outcome *ret)
{
	struct decision decision;
	int r = submitted_decide(what_if->question, &what_if->submitted, recipient, facts,
				 &decision);

	if (r != 0)
		return r;
	ret->kind = decision_kind_name(decision.kind);
	ret->code = decision.code == TC_REFUSAL_NONE ? "" : tc_refusal_name(decision.code);
	ret->released = submitted_categories(&what_if->submitted, decision.parts_mask);
	ret->withheld = submitted_categories(&what_if->submitted, ~decision.parts_mask);
	return 0;
}

static bool same(const struct outcome *a, const struct outcome *b)
{
	return strcmp(a->kind, b->kind) == 0 && a->released == b->released &&
	       (a->released == 0 || a->withheld == b->withheld);
}

/* The facts of then, and those with what was asked put in their place. */
static int find_facts(const struct what_if *what_if, const Throughcare__V1__TrailRow *row,
		      struct submitted_facts *ret_then, struct submitted_facts *ret_other)
{
	int r;

	*ret_then = (struct submitted_facts){.at_ms = consent_time_ms(row->at, 0),
					     .forbidden = row->forbidden_parts};
	r = ledger_view_policy_at(what_if->question->ledger, row->log_sequence, &ret_then->policy);
	*ret_other = *ret_then;
	ret_other->without = what_if->without;
	ret_other->without_count = what_if->without_count;
	if (r == 0 && what_if->at_other_time) {
		ret_other->at_ms = what_if->at_ms;
		r = policies_time(what_if->question, what_if->at_ms, &ret_other->policy);
	}
	if (what_if->policy != NULL)
		ret_other->policy = what_if->policy;
	return r;
}

/* ---- the answer ---- */

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

static int make_row(const struct what_if *what_if, const Throughcare__V1__TrailRow *row,
		    const struct outcome *was, const struct outcome *other,
		    Throughcare__V1__DifferenceRow **ret)
{
	struct answer *answer = what_if->answer;
	Throughcare__V1__DifferenceRow *to = arena_take(&answer->arena, sizeof(*to));
	int r;

	if (to == NULL)
		return TC_ENOMEM;
	throughcare__v1__difference_row__init(to);
	to->has_log_sequence = 1;
	to->log_sequence = row->log_sequence;
	to->at = answer_time(answer, consent_time_ms(row->at, 0));
	to->message_id = answer_text(answer, row->message_id);
	to->message_type = answer_text(answer, row->message_type ? row->message_type : "");
	to->sender = answer_text(answer, row->agency);
	to->recipient = answer_text(answer, row->recipient);
	to->was = answer_text(answer, was->kind);
	to->would_be = answer_text(answer, other->kind);
	to->code = answer_text(answer, other->code);
	if (!to->at || !to->message_id || !to->message_type || !to->sender || !to->recipient ||
	    !to->was || !to->would_be || !to->code)
		return TC_ENOMEM;
	if (what_if->question->scope == GATE_ALL && row->subject) {
		to->subject = answer_text(answer, row->subject);
		if (to->subject == NULL)
			return TC_ENOMEM;
	}
	r = put_categories(answer, was->released & ~other->released, &to->no_longer,
			   &to->n_no_longer);
	if (r == 0)
		r = put_categories(answer, other->released & ~was->released, &to->newly,
				   &to->n_newly);
	*ret = to;
	return r;
}

static int replay_row(struct what_if *what_if, const Throughcare__V1__TrailRow *row,
		      const struct outcome *was)
{
	Throughcare__V1__QueryReply *reply = &what_if->answer->reply;
	struct submitted_facts then, other_facts;
	struct outcome other, again;
	tc_agency recipient;
	int r;

	arena_reset(&what_if->arena);
	r = read_submission(what_if, row, was);
	if (r != 0)
		return r == SUBMITTED_NONE ? 0 : r;
	if (!tc_agency_parse(tc_slice_text(row->recipient), &recipient))
		return TC_ECORRUPT;
	reply->examined++;
	r = find_facts(what_if, row, &then, &other_facts);
	if (r == 0)
		r = decide(what_if, &recipient, &other_facts, &other);
	if (r != 0 || same(was, &other))
		return r;
	r = decide(what_if, &recipient, &then, &again);
	if (r != 0 || same(&again, &other))
		return r;
	r = make_row(what_if, row, was, &other, &reply->differences[reply->n_differences]);
	if (r == 0)
		reply->n_differences++;
	return r;
}

static int see_row(void *context, Throughcare__V1__TrailRow *row)
{
	struct what_if *what_if = context;
	const Throughcare__V1__QueryReply *reply = &what_if->answer->reply;
	struct outcome was;
	int r;

	if (reply->n_differences == what_if->rows_max || reply->examined == WHAT_IF_EXAMINED_MAX ||
	    what_if->rows++ == WHAT_IF_ROWS_MAX)
		return TRAIL_FOUND_ENOUGH;
	if (!read_outcome(row, &was))
		return TRAIL_FOUND_MORE;
	r = replay_row(what_if, row, &was);
	return r < 0 ? r : TRAIL_FOUND_MORE;
}

static int replay(struct what_if *what_if)
{
	struct trail_question asked = trail_question_any();
	struct posting_position next;
	bool ended;
	int r = read_question(what_if, &asked);

	if (r == 0)
		r = seal_find(what_if->question, &asked, see_row, what_if, &next, &ended);
	if (r != 0 || ended)
		return r;
	return search_next_page(what_if->answer, &asked, next);
}

int what_if_replay(const struct question *question, struct answer *answer)
{
	struct what_if what_if = {.question = question, .answer = answer};
	int r;

	what_if.rows_max = answer_page_rows(question);
	answer->reply.has_examined = 1;
	answer->reply.differences = answer_array(answer, what_if.rows_max);
	if (answer->reply.differences == NULL)
		return TC_ENOMEM;
	arena_init(&what_if.arena);
	r = replay(&what_if);
	arena_done(&what_if.arena);
	policy_free(&what_if.policy);
	return r;
}
