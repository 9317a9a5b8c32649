/* Which policy decides, and since when: the log alone says it. */
#include <string.h>

#include "ledger/ledger_view.h"
#include "throughcare/v1/policy.pb-c.h"
#include "unit/ledger/ledger_fixture.h"
#include "wire/digest.h"

#define DENY    THROUGHCARE__V1__RULE_EFFECT__RULE_EFFECT_DENY
#define CONSENT THROUGHCARE__V1__RELEASE_BASIS__RELEASE_BASIS_CONSENT

typedef Throughcare__V1__ReleasePolicy release_policy;

static release_policy *default_policy(void)
{
	release_policy *policy = throughcare__v1__release_policy__unpack(NULL, policy_default().len,
									 policy_default().data);

	assert_non_null(policy);
	return policy;
}

/* The packed policy; released with free. */
static ProtobufCBinaryData pack(const release_policy *policy)
{
	ProtobufCBinaryData bytes;

	bytes.len = throughcare__v1__release_policy__get_packed_size(policy);
	bytes.data = malloc(bytes.len + 1);
	assert_non_null(bytes.data);
	throughcare__v1__release_policy__pack(policy, bytes.data);
	return bytes;
}

/* A ReleasePolicy message from `from`. */
static void submit(struct exchange *x, const char *from, Throughcare__V1__PeerKind kind,
		   const release_policy *policy)
{
	Throughcare__V1__Record record = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__Header header = THROUGHCARE__V1__HEADER__INIT;
	Throughcare__V1__SubmissionRecord submission = THROUGHCARE__V1__SUBMISSION_RECORD__INIT;
	Google__Protobuf__Timestamp created = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	ProtobufCBinaryData body = pack(policy);
	Throughcare__V1__Peer peer;
	uint8_t bytes[1024], certificate[32], content[32];
	char id[TC_ID_TEXT_BYTES], type[] = "ReleasePolicy", sender[64];

	exchange_peer(&peer, from, certificate);
	peer.kind = kind;
	tc_id_format(exchange_id(x), id);
	snprintf(sender, sizeof(sender), "%s", from);
	created.seconds = x->now_ms / 1000;
	header.message_id = id;
	header.type = type;
	header.sender = sender;
	header.created_at = &created;
	submission.has_header = submission.has_body = submission.has_content_sha256 = 1;
	submission.header.data = bytes;
	submission.header.len = throughcare__v1__header__pack(&header, bytes);
	submission.body = body;
	assert_int_equal(tc_sha256(tc_slice(body.data, body.len), content), 0);
	submission.content_sha256 = (ProtobufCBinaryData){sizeof(content), content};
	record.has_connection = 1;
	record.connection = 1;
	record.peer = &peer;
	record.body_case = THROUGHCARE__V1__RECORD__BODY_SUBMISSION;
	record.submission = &submission;
	exchange_append(x, &record, 1);
	free(body.data);
}

/* The default in another version, in which its first rule denies instead of permitting. */
static void forbid_operational(struct exchange *x, uint32_t version)
{
	release_policy *policy = default_policy();

	policy->version = version;
	policy->rules[0]->effect = DENY;
	assert_int_equal(policy->rules[0]->bases[0], CONSENT);
	submit(x, "operator", THROUGHCARE__V1__PEER_KIND__PEER_KIND_OPERATOR, policy);
	throughcare__v1__release_policy__free_unpacked(policy, NULL);
}

static void put_default(struct exchange *x, uint32_t version)
{
	release_policy *policy = default_policy();

	policy->version = version;
	submit(x, "operator", THROUGHCARE__V1__PEER_KIND__PEER_KIND_OPERATOR, policy);
	throughcare__v1__release_policy__free_unpacked(policy, NULL);
}

static void a_policy_recalls_what_it_no_longer_permits(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x);
	struct message message = attendance(x, subject);
	struct consent consent = grant(x, subject);

	exchange_consent(x, &consent);
	exchange_send(x, &message);
	forbid_operational(x, 2);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(exchange_facts(x, "policy"), 1);
	assert_int_equal(exchange_facts(x, "recall"), 1);
	collector(x, "parole", 10);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
	/* nor does anything go that comes later */
	message.id = exchange_id(x);
	exchange_send(x, &message);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
	put_default(x, 3);
	message.id = exchange_id(x);
	exchange_send(x, &message);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
}

static void a_policy_is_acknowledged_when_everything_is_decided_again(void **state)
{
	struct exchange *x = *state;

	exchange_slices(x, 2);
	for (int i = 0; i < 5; i++) { /* of five persons */
		struct message message = attendance(x, exchange_id(x));
		struct consent consent = grant(x, message.subject);

		exchange_consent(x, &consent);
		exchange_send(x, &message);
	}
	forbid_operational(x, 2);
	assert_int_equal(exchange_facts(x, "recall"), 2);
	assert_int_equal(exchange_effects(x, EFFECT_RECEIPT), 0);
	exchange_settle_down(x);
	assert_int_equal(exchange_facts(x, "recall"), 3);
	assert_string_equal(exchange_answer(x), "accepted");
}

static void hold_drug_tests(struct exchange *x, uint32_t version, uint32_t days)
{
	release_policy *policy = default_policy();

	policy->version = version;
	for (size_t i = 0; i < policy->n_categories; i++) {
		if ((uint32_t)policy->categories[i]->category == DRUG_TEST)
			policy->categories[i]->hold_days = days;
	}
	submit(x, "operator", THROUGHCARE__V1__PEER_KIND__PEER_KIND_OPERATOR, policy);
	throughcare__v1__release_policy__free_unpacked(policy, NULL);
}

/* Its clock of hold counts from its record on, too, not from when its job comes by. */
static void a_policy_that_lets_wait_longer_does_so_before_its_job_is_done(void **state)
{
	const int64_t day_ms = INT64_C(86400000);
	struct exchange *x = *state;
	int64_t begun_ms = x->now_ms;

	exchange_slices(x, 1);
	for (int i = 0; i < 3; i++) {
		struct message message = attendance(x, exchange_id(x));

		message.category = DRUG_TEST;
		message.expires_ms = begun_ms + YEAR_MS;
		exchange_send(x, &message);
		assert_int_equal(exchange_facts(x, "held"), 1);
	}
	x->now_ms = begun_ms + 30 * day_ms - 1;
	hold_drug_tests(x, 2, 60);
	x->now_ms++;
	exchange_settle_down(x);
	assert_int_equal(exchange_facts(x, "expired"), 0);
	x->now_ms = begun_ms + 60 * day_ms;
	exchange_settle_down(x);
	assert_int_equal(exchange_facts(x, "expired"), 3);
}

/* What its recipient has been lent and not read may still stand in its gateway. */
static void a_policy_calls_back_what_is_lent_out_before_its_receipt(void **state)
{
	struct exchange *x = *state;

	exchange_slices(x, 2);
	collector(x, "parole", 10);
	for (int i = 0; i < 3; i++) {
		struct message message = attendance(x, exchange_id(x));
		struct consent consent = grant(x, message.subject);

		exchange_consent(x, &consent);
		exchange_send(x, &message);
		assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
	}
	put_default(x, 2); /* says the same */
	exchange_settle_down(x);
	assert_int_equal(exchange_effects(x, EFFECT_WITHDRAW), 0);
	forbid_operational(x, 3);
	assert_int_equal(exchange_effects(x, EFFECT_WITHDRAW), 2);
	assert_int_equal(exchange_effects(x, EFFECT_RECEIPT), 0);
	exchange_settle_down(x);
	assert_int_equal(exchange_effects(x, EFFECT_WITHDRAW), 1);
	assert_string_equal(exchange_answer(x), "accepted");
}

/* What it says nothing new about waits on as it did. */
static void a_policy_leaves_alone_what_it_does_not_change(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x);
	struct message message = attendance(x, subject);
	struct consent consent = grant(x, subject);

	exchange_send(x, &message); /* held */
	message.id = exchange_id(x);
	message.subject = consent.subject = exchange_id(x);
	exchange_consent(x, &consent);
	exchange_send(x, &message); /* queued */
	put_default(x, 2);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(exchange_facts(x, "recall"), 0);
	assert_int_equal(exchange_facts(x, "release"), 0);
	collector(x, "parole", 10);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
}

static void only_a_newer_policy_takes_the_place_of_one(void **state)
{
	struct exchange *x = *state;

	put_default(x, 1);
	assert_string_equal(exchange_answer(x), "policy_version");
	put_default(x, 7);
	assert_string_equal(exchange_answer(x), "accepted");
	put_default(x, 7);
	assert_string_equal(exchange_answer(x), "policy_version");
	put_default(x, 6);
	assert_string_equal(exchange_answer(x), "policy_version");
	assert_int_equal(exchange_facts(x, "policy"), 0);
	exchange_crash(x);
	put_default(x, 7);
	assert_string_equal(exchange_answer(x), "policy_version");
}

static void a_version_that_leaves_no_room_above_it_is_refused(void **state)
{
	struct exchange *x = *state;

	put_default(x, UINT32_MAX);
	assert_string_equal(exchange_answer(x), "policy_invalid");
	put_default(x, 20261122);
	assert_string_equal(exchange_answer(x), "accepted");
}

static void a_policy_that_makes_no_sense_is_refused(void **state)
{
	struct exchange *x = *state;
	release_policy *policy = default_policy();

	policy->version = 2;
	policy->rules[1]->rule_id[0] = 'X';
	submit(x, "operator", THROUGHCARE__V1__PEER_KIND__PEER_KIND_OPERATOR, policy);
	assert_string_equal(exchange_answer(x), "policy_invalid");
	throughcare__v1__release_policy__free_unpacked(policy, NULL);
}

static void only_an_operator_puts_a_policy_in_force(void **state)
{
	struct exchange *x = *state;
	release_policy *policy = default_policy();

	policy->version = 2;
	submit(x, "parole", THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY, policy);
	assert_string_equal(exchange_answer(x), "type_not_allowed");
	throughcare__v1__release_policy__free_unpacked(policy, NULL);
}

static void barrier(struct exchange *x, const release_policy *policy)
{
	Throughcare__V1__Record record = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__BarrierRecord it = THROUGHCARE__V1__BARRIER_RECORD__INIT;

	it.has_boot = it.has_policy = 1;
	it.boot = ledger_boot(x->ledger) + 1;
	it.policy = pack(policy);
	record.body_case = THROUGHCARE__V1__RECORD__BODY_BARRIER;
	record.barrier = &it;
	exchange_append(x, &record, 0);
	free(it.policy.data);
}

static void the_first_barriers_policy_stays_until_an_operators(void **state)
{
	struct exchange *x = *state;
	release_policy *policy = default_policy();

	policy->version = 3;
	barrier(x, policy);
	assert_int_equal(exchange_facts(x, "policy"), 1);
	policy->version = 5;
	barrier(x, policy);
	assert_int_equal(exchange_facts(x, "policy"), 0);
	put_default(x, 4);
	assert_string_equal(exchange_answer(x), "accepted");
	throughcare__v1__release_policy__free_unpacked(policy, NULL);
}

static void a_view_finds_what_was_in_force_at_each_record(void **state)
{
	struct exchange *x = *state;
	struct ledger_view *view = NULL;
	const struct policy *policy = NULL;
	struct policy_row row;
	uint64_t next, at[2];

	put_default(x, 2);
	at[0] = ledger_next(x->ledger) - 1;
	put_default(x, 9);
	at[1] = ledger_next(x->ledger) - 1;
	assert_int_equal(ledger_commit(x->ledger), 0);
	assert_int_equal(ledger_view_open(&view, x->ledger), 0);
	assert_int_equal(ledger_view_renew(view, &next), 0);
	assert_int_equal(policy_version(ledger_view_policy(view)), 9);
	assert_int_equal(ledger_view_policy_at(view, at[0] - 1, &policy), 0);
	assert_int_equal(policy_version(policy), 1);
	assert_int_equal(ledger_view_policy_at(view, at[0], &policy), 0);
	assert_int_equal(policy_version(policy), 2);
	assert_int_equal(ledger_view_policy_at(view, at[1] - 1, &policy), 0);
	assert_int_equal(policy_version(policy), 2);
	assert_int_equal(ledger_view_policy_at(view, UINT64_MAX, &policy), 0);
	assert_int_equal(policy_version(policy), 9);
	assert_int_equal(ledger_view_policy_version(view, 2, &policy), 0);
	assert_int_equal(policy_version(policy), 2);
	assert_int_equal(ledger_view_policy_version(view, 3, &policy), LEDGER_VIEW_UNKNOWN);
	assert_int_equal(ledger_view_policy_row(view, 0, &row), 0);
	assert_int_equal(row.version, 9);
	assert_int_equal(row.sequence, at[1]);
	ledger_view_close(&view);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_policy_recalls_what_it_no_longer_permits),
		TEST(a_policy_is_acknowledged_when_everything_is_decided_again),
		TEST(a_policy_that_lets_wait_longer_does_so_before_its_job_is_done),
		TEST(a_policy_calls_back_what_is_lent_out_before_its_receipt),
		TEST(a_policy_leaves_alone_what_it_does_not_change),
		TEST(only_a_newer_policy_takes_the_place_of_one),
		TEST(a_version_that_leaves_no_room_above_it_is_refused),
		TEST(a_policy_that_makes_no_sense_is_refused),
		TEST(only_an_operator_puts_a_policy_in_force),
		TEST(the_first_barriers_policy_stays_until_an_operators),
		TEST(a_view_finds_what_was_in_force_at_each_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
