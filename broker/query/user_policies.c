#include "query/user_policies.h"

#include <string.h>

#include "ledger/ledger_view.h"
#include "ledger/user_policy.h"
#include "store/store_key.h"
#include "throughcare/v1/exchange.pb-c.h"

static struct store_table table(const struct question *question, enum ledger_table number)
{
	return ledger_view_table(question->ledger, number);
}

/* ---- the texts ---- */

static int add_policy(struct answer *answer, const struct user_policy *policy, bool whole)
{
	const Throughcare__V1__UserPolicy *said = throughcare__v1__user_policy__unpack(
		&answer->arena.allocator, policy->packed.len, policy->packed.data);
	Throughcare__V1__UserPolicyRow *row = arena_take(&answer->arena, sizeof(*row));
	uint8_t *digest =
		answer_bytes(answer, tc_slice(policy->text_sha256, sizeof(policy->text_sha256)));

	if (said == NULL || row == NULL || digest == NULL)
		return TC_ENOMEM;
	throughcare__v1__user_policy_row__init(row);
	row->policy_id = said->policy_id;
	row->title = said->title;
	row->text = whole ? said->text : NULL;
	row->has_version = row->has_log_sequence = row->has_text_sha256 = 1;
	row->version = policy->version;
	row->log_sequence = policy->sequence;
	row->text_sha256 = (ProtobufCBinaryData){sizeof(policy->text_sha256), digest};
	answer->reply.user_policies[answer->reply.n_user_policies++] = row;
	return answer_put_time(answer, policy->at_ms, &row->at);
}

int user_policies_show(const struct question *question, struct answer *answer)
{
	const char *wanted = question->query->user_policy->policy_id;
	struct store_table policies = table(question, LEDGER_TABLE_USER_POLICY);
	struct store_txn *txn = ledger_view_txn(question->ledger);
	struct user_policy policy = {.id = ""};
	int r;

	answer->reply.user_policies = answer_array(answer, USER_POLICIES_MAX);
	if (answer->reply.user_policies == NULL)
		return TC_ENOMEM;
	if (wanted != NULL) {
		r = user_policy_find(txn, policies, wanted, 0, &policy);
		if (r == USER_POLICY_UNKNOWN)
			return tc_refuse(&answer->refusal, TC_REFUSAL_NOT_FOUND,
					 "user_policy.policy_id");
		return r < 0 ? r : add_policy(answer, &policy, true);
	}
	/* All on one page: they are few. */
	while ((r = user_policy_next(txn, policies, policy.id, &policy)) == 0) {
		if (answer->reply.n_user_policies == USER_POLICIES_MAX)
			return TC_ECORRUPT;
		r = add_policy(answer, &policy, false);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : 0;
}

/* ---- who has accepted ---- */

/* `accepted` NULL: nobody of the agency has. */
static int add_acceptance(struct answer *answer, const tc_agency *agency,
			  const struct acceptance *accepted)
{
	Throughcare__V1__AcceptanceRow *row = arena_take(&answer->arena, sizeof(*row));
	int r;

	if (row == NULL)
		return TC_ENOMEM;
	throughcare__v1__acceptance_row__init(row);
	r = answer_put_text(answer, agency->name, &row->agency);
	if (r == 0 && accepted != NULL) {
		row->has_version = row->has_log_sequence = 1;
		row->version = accepted->version;
		row->log_sequence = accepted->sequence;
		r = answer_put_text(answer, accepted->actor, &row->actor);
		if (r == 0)
			r = answer_put_time(answer, accepted->at_ms, &row->at);
	}
	answer->reply.acceptances[answer->reply.n_acceptances++] = row;
	return r;
}

/* Where a page goes on: at the agency, after the person. */
struct place {
	tc_agency agency;
	char actor[TC_ACTOR_BYTES_MAX + 1];
};

static int page_ends(struct answer *answer, const struct place *place)
{
	struct store_key next;

	store_key_init(&next);
	store_key_agency(&next, &place->agency);
	store_key_bytes(&next, tc_slice_text(place->actor));
	return answer_next_page(answer, store_key_slice(&next));
}

/* Of one agency, from a place on. *ret_full: the page has no room for all. */
static int add_people(const struct question *question, struct answer *answer,
		      const struct user_policy *policy, struct place *place, bool *ret_full)
{
	struct store_table acceptances = table(question, LEDGER_TABLE_ACCEPTANCE);
	struct store_txn *txn = ledger_view_txn(question->ledger);
	size_t rows_max = answer_page_rows(question);
	struct acceptance accepted;
	int r = 0;

	memcpy(accepted.actor, place->actor, sizeof(accepted.actor));
	while (r == 0 && !*ret_full) {
		r = acceptance_next(txn, acceptances, policy->id, &place->agency, accepted.actor,
				    &accepted);
		/* Who accepted an older one has yet to accept this one. */
		if (r < 0 || (r == 0 && accepted.version != policy->version))
			continue;
		if (r == USER_POLICY_UNKNOWN && place->actor[0] != '\0')
			break;
		*ret_full = answer->reply.n_acceptances == rows_max;
		if (*ret_full)
			return page_ends(answer, place);
		if (r == USER_POLICY_UNKNOWN)
			return add_acceptance(answer, &place->agency, NULL);
		r = add_acceptance(answer, &place->agency, &accepted);
		memcpy(place->actor, accepted.actor, sizeof(place->actor));
	}
	return r < 0 ? r : 0;
}

static int cursor_read(const struct question *question, struct answer *answer, struct place *ret)
{
	struct tc_slice cursor = answer_cursor(question);

	if (cursor.len > 0 &&
	    (!store_key_take_agency(&cursor, &ret->agency) || cursor.len >= sizeof(ret->actor)))
		return tc_refuse(&answer->refusal, TC_REFUSAL_FIELD_INVALID, "page.cursor");
	tc_slice_copy(cursor, ret->actor, sizeof(ret->actor));
	return 0;
}

/* From the place on, agency by agency. */
static int add_agencies(const struct question *question, struct answer *answer,
			const struct user_policy *policy, struct place *place)
{
	struct registry_agency agency;
	bool full = false;
	int r = 0;

	if (place->agency.name[0] != '\0')
		r = add_people(question, answer, policy, place, &full);
	while (r == 0 && !full) {
		r = registry_next_agency(ledger_view_txn(question->ledger),
					 ledger_view_registry(question->ledger),
					 tc_slice_text(place->agency.name), &agency);
		if (r != 0)
			break;
		*place = (struct place){.agency = agency.agency};
		r = add_people(question, answer, policy, place, &full);
	}
	return r < 0 ? r : 0;
}

int user_policies_accepted(const struct question *question, struct answer *answer)
{
	struct place place = {.actor = ""};
	struct user_policy policy;
	bool full = false;
	int r = user_policy_find(ledger_view_txn(question->ledger),
				 table(question, LEDGER_TABLE_USER_POLICY),
				 question->query->acceptance_list->policy_id, 0, &policy);

	if (r == USER_POLICY_UNKNOWN)
		return tc_refuse(&answer->refusal, TC_REFUSAL_NOT_FOUND,
				 "acceptance_list.policy_id");
	if (r == 0)
		r = cursor_read(question, answer, &place);
	if (r != 0)
		return r;
	answer->reply.acceptances = answer_array(answer, answer_page_rows(question));
	if (answer->reply.acceptances == NULL)
		return TC_ENOMEM;
	if (question->scope == GATE_ALL)
		return add_agencies(question, answer, &policy, &place);
	place.agency = question->asker;
	return add_people(question, answer, &policy, &place, &full);
}
