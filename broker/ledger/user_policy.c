#include "ledger/user_policy.h"

#include <string.h>

#include "ledger/fact.h"
#include "ledger/job.h"
#include "ledger/own_message.h"
#include "ledger/row.h"
#include "ledger/state.h"
#include "ledger/submission.h"
#include "store/store_cursor.h"
#include "wire/actor.h"

typedef Throughcare__V1__UserPolicy policy_document;

/* ---- rows: policies ---- */

static void policy_key(struct store_key *key, const char *id, uint32_t version)
{
	store_key_init(key);
	store_key_text(key, tc_slice_text(id));
	store_key_u32(key, version);
}

static int policy_decode(struct tc_slice key, struct tc_slice value, struct user_policy *ret)
{
	struct row_reader row = row_read(value);
	struct tc_slice id;

	ret->sequence = row_take_u64(&row);
	ret->at_ms = (int64_t)row_take_u64(&row);
	row_take(&row, ret->text_sha256, sizeof(ret->text_sha256));
	if (row.short_of || !store_key_take_text(&key, &id) || id.len >= sizeof(ret->id) ||
	    !store_key_take_u32(&key, &ret->version))
		return TC_ECORRUPT;
	tc_slice_copy(id, ret->id, sizeof(ret->id));
	ret->packed = tc_slice(row.at, (size_t)(row.end - row.at));
	return 0;
}

static int policy_put(struct ledger *ledger, const struct user_policy *policy)
{
	struct row_writer row = {0};
	struct tc_bytes value = {0};
	struct store_key key;
	int r;

	policy_key(&key, policy->id, policy->version);
	row_put_u64(&row, policy->sequence);
	row_put_u64(&row, (uint64_t)policy->at_ms);
	row_put(&row, policy->text_sha256, sizeof(policy->text_sha256));
	r = tc_bytes_append(&value, row.data, row.len);
	if (r == 0)
		r = tc_bytes_append(&value, policy->packed.data, policy->packed.len);
	if (r == 0)
		r = ledger_put(ledger, LEDGER_TABLE_USER_POLICY, store_key_slice(&key),
			       tc_bytes_slice(&value));
	tc_bytes_free(&value);
	return r;
}

int user_policy_find(struct store_txn *txn, struct store_table table, const char *id,
		     uint32_t version, struct user_policy *ret)
{
	struct store_key wanted;
	struct tc_slice key, value;
	int r;

	policy_key(&wanted, id, version);
	if (version == 0) {
		wanted.len -= sizeof(version);
		r = store_last(txn, table, store_key_slice(&wanted), &key, &value);
	} else {
		key = store_key_slice(&wanted);
		r = store_get(txn, table, key, &value);
	}
	if (r == STORE_NOT_FOUND)
		return USER_POLICY_UNKNOWN;
	return r == 0 ? policy_decode(key, value, ret) : ledger_store_fault(r);
}

int user_policy_next(struct store_txn *txn, struct store_table table, const char *after,
		     struct user_policy *ret)
{
	struct tc_slice key, value;
	struct store_key from;
	int r;

	policy_key(&from, after, UINT32_MAX);
	r = store_after(txn, table, tc_slice(NULL, 0), store_key_slice(&from), &key, &value);
	if (r == 0)
		r = policy_decode(key, value, ret);
	if (r == STORE_NOT_FOUND)
		return USER_POLICY_UNKNOWN;
	return r == 0 ? user_policy_find(txn, table, ret->id, 0, ret) : ledger_store_fault(r);
}

/* ---- rows: who has accepted ---- */

static void acceptance_key(struct store_key *key, const char *id, const tc_agency *agency)
{
	store_key_init(key);
	store_key_text(key, tc_slice_text(id));
	store_key_agency(key, agency);
}

static int acceptance_put(struct ledger *ledger, const char *id, const tc_agency *agency,
			  const struct acceptance *accepted)
{
	struct row_writer row = {0};
	struct store_key key;

	acceptance_key(&key, id, agency);
	store_key_bytes(&key, tc_slice_text(accepted->actor));
	row_put_u32(&row, accepted->version);
	row_put_u64(&row, (uint64_t)accepted->at_ms);
	row_put_u64(&row, accepted->sequence);
	return ledger_put(ledger, LEDGER_TABLE_ACCEPTANCE, store_key_slice(&key), row_slice(&row));
}

static int acceptance_decode(struct tc_slice actor, struct tc_slice value, struct acceptance *ret)
{
	struct row_reader row = row_read(value);

	tc_slice_copy(actor, ret->actor, sizeof(ret->actor));
	ret->version = row_take_u32(&row);
	ret->at_ms = (int64_t)row_take_u64(&row);
	ret->sequence = row_take_u64(&row);
	return row_read_whole(&row) && actor.len < sizeof(ret->actor) ? 0 : TC_ECORRUPT;
}

int acceptance_next(struct store_txn *txn, struct store_table table, const char *id,
		    const tc_agency *agency, const char *after, struct acceptance *ret)
{
	struct store_key prefix, from;
	struct tc_slice key, value;
	int r;

	acceptance_key(&prefix, id, agency);
	from = prefix;
	store_key_bytes(&from, tc_slice_text(after));
	r = store_after(txn, table, store_key_slice(&prefix), store_key_slice(&from), &key, &value);
	if (r == 0)
		r = acceptance_decode(tc_slice(key.data + prefix.len, key.len - prefix.len), value,
				      ret);
	return r == STORE_NOT_FOUND ? USER_POLICY_UNKNOWN : ledger_store_fault(r);
}

/* ---- telling ---- */

/* Its texts lie in the arena, its digest in `policy`. */
static int notice_make(struct ledger *ledger, struct user_policy *policy,
		       Throughcare__V1__PolicyNotice *ret)
{
	const policy_document *said = throughcare__v1__user_policy__unpack(
		&ledger->arena.allocator, policy->packed.len, policy->packed.data);

	if (said == NULL)
		return TC_ECORRUPT;
	throughcare__v1__policy_notice__init(ret);
	ret->policy_id = said->policy_id;
	ret->title = said->title;
	ret->has_version = ret->has_text_sha256 = 1;
	ret->version = policy->version;
	ret->text_sha256 = (ProtobufCBinaryData){sizeof(policy->text_sha256), policy->text_sha256};
	return 0;
}

static int notice_send(struct ledger *ledger, const Throughcare__V1__PolicyNotice *notice,
		       const tc_agency *agency)
{
	struct own_subject about = {.type = "PolicyNotice"};
	struct principal *principal;
	int r = principal_take(ledger, THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY, agency,
			       &principal);

	return r < 0 ? r : own_message_send(ledger, principal->number, &about, &notice->base, NULL);
}

int user_policy_tell(struct ledger *ledger, const tc_agency *agency)
{
	struct store_table table = ledger->table[LEDGER_TABLE_USER_POLICY];
	struct user_policy policy = {.id = ""};
	int r;

	while ((r = user_policy_next(ledger->txn, table, policy.id, &policy)) == 0) {
		Throughcare__V1__PolicyNotice notice;

		r = notice_make(ledger, &policy, &notice);
		if (r == 0)
			r = notice_send(ledger, &notice, agency);
		if (r < 0)
			break;
	}
	return r < 0 ? r : 0;
}

/* The one that the record published, unless a newer version has followed. */
static int published_by(struct ledger *ledger, uint64_t sequence, struct user_policy *ret)
{
	struct store_table table = ledger->table[LEDGER_TABLE_USER_POLICY];
	int r;

	*ret = (struct user_policy){.id = ""};
	do
		r = user_policy_next(ledger->txn, table, ret->id, ret);
	while (r == 0 && ret->sequence != sequence);
	return r;
}

int user_policy_job(struct ledger *ledger, struct job *job)
{
	Throughcare__V1__PolicyNotice notice;
	struct registry_agency agency;
	struct user_policy policy;
	int r = published_by(ledger, job->sequence, &policy);

	if (r == 0)
		r = notice_make(ledger, &policy, &notice);
	while (r == 0) {
		r = registry_next_agency(ledger->txn, &ledger->registry, tc_slice_text(job->name),
					 &agency);
		if (r != 0)
			break;
		if (!job_take_turn(ledger))
			return JOB_MORE;
		memcpy(job->name, agency.agency.name, sizeof(agency.agency.name));
		if (agency.status == REGISTRY_ACTIVE)
			r = notice_send(ledger, &notice, &agency.agency);
	}
	return r < 0 ? r : 0;
}

/* ---- publishing ---- */

static int count_ids(struct ledger *ledger, size_t *ret)
{
	struct store_table table = ledger->table[LEDGER_TABLE_USER_POLICY];
	struct user_policy policy = {.id = ""};
	int r;

	for (*ret = 0; (r = user_policy_next(ledger->txn, table, policy.id, &policy)) == 0;)
		(*ret)++;
	return r < 0 ? r : 0;
}

static int check_new(struct ledger *ledger, struct submission *submission,
		     const policy_document *said)
{
	struct user_policy before = {.version = 0};
	size_t ids = 0;
	int r;

	if (submission->sender->kind != THROUGHCARE__V1__PEER_KIND__PEER_KIND_OPERATOR) {
		(void)tc_refuse(&submission->refusal, TC_REFUSAL_TYPE_NOT_ALLOWED, "type");
		return SUBMISSION_REFUSED;
	}
	r = user_policy_find(ledger->txn, ledger->table[LEDGER_TABLE_USER_POLICY], said->policy_id,
			     0, &before);
	if (r == USER_POLICY_UNKNOWN)
		r = count_ids(ledger, &ids);
	if (r < 0)
		return r;
	if (said->version <= before.version)
		(void)tc_refuse(&submission->refusal, TC_REFUSAL_FIELD_INVALID,
				"version: %u is the newest, the next one is higher",
				before.version);
	else if (ids >= USER_POLICIES_MAX)
		(void)tc_refuse(&submission->refusal, TC_REFUSAL_LIMIT_REACHED,
				"policy_id: at most %d policies for users", USER_POLICIES_MAX);
	else
		return 0;
	return SUBMISSION_REFUSED;
}

static int policy_fact(struct ledger *ledger, const struct submission *submission,
		       const char *event, const struct user_policy *policy)
{
	struct fact_draft draft;
	char sha256[2 * TC_SHA256_BYTES + 1];

	tc_hex(policy->text_sha256, sizeof(policy->text_sha256), sha256);
	fact_init(&draft, event);
	fact_submission(&draft, ledger, submission);
	fact_text(&draft.row.code, policy->id);
	fact_text(&draft.row.reference, sha256);
	draft.row.has_rule_version = 1;
	draft.row.rule_version = policy->version;
	return fact_push(ledger, &draft);
}

int user_policy_submit(struct ledger *ledger, struct submission *submission)
{
	const ProtobufCBinaryData *body = &submission->record->body;
	const policy_document *said = throughcare__v1__user_policy__unpack(&ledger->arena.allocator,
									   body->len, body->data);
	struct user_policy policy = {.sequence = ledger->sequence, .at_ms = ledger->now_ms};
	struct job job = {.kind = JOB_POLICY};
	int r;

	if (said == NULL || strlen(said->policy_id) > USER_POLICY_ID_BYTES_MAX)
		return TC_ECORRUPT;
	r = check_new(ledger, submission, said);
	if (r != 0)
		return r;
	tc_slice_copy(tc_slice_text(said->policy_id), policy.id, sizeof(policy.id));
	policy.version = said->version;
	policy.packed = tc_slice(body->data, body->len);
	r = tc_sha256(tc_slice_text(said->text), policy.text_sha256);
	if (r == 0)
		r = policy_put(ledger, &policy);
	if (r == 0)
		r = policy_fact(ledger, submission, "policy_published", &policy);
	return r < 0 ? r : job_start(ledger, &job);
}

/* ---- accepting ---- */

static int ack_refuse(struct submission *submission, enum tc_refusal_code code, const char *detail)
{
	(void)tc_refuse(&submission->refusal, code, "%s", detail);
	return SUBMISSION_REFUSED;
}

/* The version that it names. 0, SUBMISSION_REFUSED or a fault. */
static int ack_check(struct ledger *ledger, struct submission *submission,
		     const Throughcare__V1__PolicyAck *said, struct user_policy *ret)
{
	int r;

	if (submission->sender->kind != THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY)
		return ack_refuse(submission, TC_REFUSAL_TYPE_NOT_ALLOWED, "type");
	if (!tc_actor_named(submission->header.actor_id))
		return ack_refuse(submission, TC_REFUSAL_FIELD_MISSING, "header.actor.id");
	r = user_policy_find(ledger->txn, ledger->table[LEDGER_TABLE_USER_POLICY], said->policy_id,
			     said->version, ret);
	if (r < 0)
		return r;
	if (r == USER_POLICY_UNKNOWN || said->version == 0)
		return ack_refuse(submission, TC_REFUSAL_UNKNOWN_USER_POLICY, "policy_id, version");
	if (!tc_slice_equal(tc_slice(said->text_sha256.data, said->text_sha256.len),
			    tc_slice(ret->text_sha256, sizeof(ret->text_sha256))))
		return ack_refuse(submission, TC_REFUSAL_UNKNOWN_USER_POLICY,
				  "text_sha256: the text of this version is another");
	return 0;
}

/* Whether the person has accepted this version, or a newer one, before. */
static int ack_known(struct ledger *ledger, const struct user_policy *policy,
		     const tc_agency *agency, const char *actor, bool *ret)
{
	struct acceptance before;
	struct tc_slice value;
	struct store_key key;
	int r;

	acceptance_key(&key, policy->id, agency);
	store_key_bytes(&key, tc_slice_text(actor));
	r = ledger_get(ledger, LEDGER_TABLE_ACCEPTANCE, store_key_slice(&key), &value);
	*ret = false;
	if (r != 0)
		return r == STORE_NOT_FOUND ? 0 : r;
	r = acceptance_decode(tc_slice_text(actor), value, &before);
	*ret = r == 0 && before.version >= policy->version;
	return r;
}

int user_policy_submit_ack(struct ledger *ledger, struct submission *submission)
{
	const ProtobufCBinaryData *body = &submission->record->body;
	const Throughcare__V1__PolicyAck *said = throughcare__v1__policy_ack__unpack(
		&ledger->arena.allocator, body->len, body->data);
	struct acceptance accepted = {.at_ms = ledger->now_ms, .sequence = ledger->sequence};
	const tc_agency *agency = &submission->sender->name;
	struct user_policy policy;
	bool known;
	int r;

	if (said == NULL)
		return TC_ECORRUPT;
	r = ack_check(ledger, submission, said, &policy);
	if (r != 0)
		return r;
	tc_slice_copy(submission->header.actor_id, accepted.actor, sizeof(accepted.actor));
	accepted.version = policy.version;
	r = ack_known(ledger, &policy, agency, accepted.actor, &known);
	if (r < 0 || known)
		return r;
	r = acceptance_put(ledger, policy.id, agency, &accepted);
	return r < 0 ? r : policy_fact(ledger, submission, "policy_accepted", &policy);
}
