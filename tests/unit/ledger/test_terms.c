/* What a recipient is told along with the parts, and that the log has its digest. */
#include "unit/ledger/ledger_fixture.h"

#include <string.h>

#include "wire/digest.h"
#include "wire/json.h"
#include "wire/part_types.h"

#define PERSON  "00000000-0000-7000-9000-00000000000a"
#define CONSENT "00000000-0000-7000-9000-0000000000c1"
#define GRANT   "00000000-0000-7000-9000-0000000000d1"

static struct tc_id id_of(const char *text)
{
	struct tc_id id;

	assert_true(tc_id_parse(tc_slice_text(text), &id));
	return id;
}

/* Of the latest hand-over; the caller frees it. */
static Throughcare__V1__ReleaseTerms *terms_of(struct exchange *x)
{
	const struct effect *effect = exchange_effect(x, EFFECT_DELIVER, 0);
	Throughcare__V1__ReleaseTerms *terms;

	assert_non_null(effect);
	terms = throughcare__v1__release_terms__unpack(NULL, effect->body.len, effect->body.data);
	assert_non_null(terms);
	return terms;
}

static void terms_free(Throughcare__V1__ReleaseTerms *terms)
{
	throughcare__v1__release_terms__free_unpacked(terms, NULL);
}

static void handed(struct exchange *x, struct consent *consent, struct message *message)
{
	exchange_consent(x, consent);
	assert_string_equal(exchange_answer(x), "accepted");
	collector(x, "parole", 10);
	exchange_send(x, message);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
}

static void terms_say_what_the_consent_covers_and_what_is_not_allowed(void **state)
{
	static const char expected[] =
		"{\"basis\":\"" GRANT "\","
		"\"notices\":["
		"{\"code\":\"42cfr2.32-1\",\"jurisdiction\":\"\",\"version\":\"2024-04-16\"},"
		"{\"code\":\"consent-scope\",\"jurisdiction\":\"us\",\"version\":\"1\"},"
		"{\"code\":\"redisclose-none\",\"jurisdiction\":\"us\",\"version\":\"1\"}],"
		"\"redisclosure\":[\"none\"],"
		"\"scopes\":[{\"categories\":[\"CATEGORY_ATTENDANCE\"],"
		"\"consentId\":\"" CONSENT "\",\"description\":\"Dates\","
		"\"grantId\":\"" GRANT "\","
		"\"purposes\":[\"PURPOSE_REFERRAL_COORDINATION\"]}]}";
	struct exchange *x = *state;
	struct tc_id person = id_of(PERSON);
	struct message message = attendance(x, person);
	struct consent consent = grant(x, person);
	Throughcare__V1__ReleaseTerms *terms;
	json_t *json;
	char *text;

	consent.consent = id_of(CONSENT);
	consent.grant = id_of(GRANT);
	consent.also = "court";
	handed(x, &consent, &message);
	terms = terms_of(x);
	assert_non_null(strstr(terms->notices[0]->text, "42 CFR part 2"));
	assert_int_equal(terms->scopes[0]->expires_at->seconds, consent.expires_ms / 1000);
	assert_non_null(terms->scopes[0]->signed_at);
	assert_int_equal(terms->policy_version, 1);
	assert_string_not_equal(terms->policy_id, "");
	assert_int_equal(tc_json_from_message(&terms->base, &json), 0);
	terms_free(terms);
	/* What is long or differs with the day. */
	for (size_t i = 0; i < 3; i++)
		json_object_del(json_array_get(json_object_get(json, "notices"), i), "text");
	json_object_del(json_array_get(json_object_get(json, "scopes"), 0), "expiresAt");
	json_object_del(json_array_get(json_object_get(json, "scopes"), 0), "signedAt");
	json_object_del(json, "policyId");
	json_object_del(json, "policyVersion");
	text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(json);
	assert_string_equal(text, expected);
	/* The other recipient is nobody's business here. */
	assert_null(strstr(text, "court"));
	free(text);
}

/* By hand, so that it is not only compared with itself. */
static void the_log_has_the_digest_of_what_went(void **state)
{
	struct exchange *x = *state;
	struct tc_id person = exchange_id(x);
	struct message message = attendance(x, person);
	struct consent consent = grant(x, person);
	uint8_t preimage[23 + 16 + 32] = "throughcare/release/v1\n", digest[32];
	const struct effect *effect;
	const struct fact *fact;
	size_t found = 0;

	handed(x, &consent, &message);
	effect = exchange_effect(x, EFFECT_DELIVER, 0);
	tc_put_be64(preimage + 23, effect->sequence);
	tc_put_be64(preimage + 31, effect->parts_mask);
	assert_int_equal(tc_sha256(tc_bytes_slice(&effect->body), preimage + 39), 0);
	assert_int_equal(tc_sha256(tc_slice(preimage, sizeof(preimage)), digest), 0);
	for (fact = x->effects.first_fact; fact; fact = fact->next) {
		Throughcare__V1__TrailRow *row =
			throughcare__v1__trail_row__unpack(NULL, fact->row.len, fact->row.data);

		assert_non_null(row);
		if (strcmp(row->event, "release") == 0 && row->has_terms_sha256) {
			found++;
			assert_int_equal(row->terms_sha256.len, 32);
			assert_memory_equal(row->terms_sha256.data, digest, 32);
			assert_int_equal(row->n_grants, 1);
			assert_string_equal(row->grants[0], row->basis);
			assert_int_equal(row->n_rule_ids, 1);
			assert_string_equal(row->rule_ids[0], "operational-by-consent");
			assert_int_equal(row->n_notices, 3);
			assert_string_equal(row->notices[0], "42cfr2.32-1@2024-04-16");
			assert_int_equal(row->n_redisclosure, 1);
			assert_string_equal(row->redisclosure[0], "none");
			assert_int_equal(row->purpose,
					 THROUGHCARE__V1__PURPOSE__PURPOSE_REFERRAL_COORDINATION);
		}
		throughcare__v1__trail_row__free_unpacked(row, NULL);
	}
	assert_int_equal(found, 1);
}

static void a_new_version_of_the_consent_is_what_the_next_release_tells_of(void **state)
{
	struct exchange *x = *state;
	struct tc_id person = exchange_id(x);
	struct message message = attendance(x, person);
	struct consent consent = grant(x, person);
	Throughcare__V1__ReleaseTerms *terms;

	handed(x, &consent, &message);
	consent.version = 2;
	consent.redisclosure = "AS_STATED";
	consent.expires_ms += 86400000;
	exchange_consent(x, &consent);
	assert_string_equal(exchange_answer(x), "accepted");
	message.id = exchange_id(x);
	exchange_send(x, &message);
	terms = terms_of(x);
	assert_string_equal(terms->redisclosure[0], "as_stated");
	assert_int_equal(terms->n_scopes, 1);
	assert_int_equal(terms->scopes[0]->expires_at->seconds, consent.expires_ms / 1000);
	terms_free(terms);
}

/* More pairs than are kept, so that kept ones are forgotten and made again. */
static void every_pair_gets_terms_of_its_own(void **state)
{
	struct exchange *x = *state;
	struct tc_id persons[300], grants[300];

	collector(x, "parole", 1000);
	for (size_t i = 0; i < 300; i++) {
		struct consent consent;

		persons[i] = exchange_id(x);
		consent = grant(x, persons[i]);
		grants[i] = consent.grant;
		exchange_consent(x, &consent);
	}
	for (size_t i = 0; i < 600; i++) {
		struct message message = attendance(x, persons[i % 300]);
		Throughcare__V1__ReleaseTerms *terms;
		char expected[TC_ID_TEXT_BYTES];

		exchange_send(x, &message);
		terms = terms_of(x);
		tc_id_format(grants[i % 300], expected);
		assert_string_equal(terms->basis, expected);
		assert_string_equal(terms->scopes[0]->grant_id, expected);
		terms_free(terms);
	}
}

static void what_needs_no_consent_has_terms_without_a_scope(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);
	Throughcare__V1__ReleaseTerms *terms;

	collector(x, "treatment", 10);
	exchange_send(x, &message);
	terms = terms_of(x);
	assert_string_equal(terms->basis, "non_part2_operational");
	assert_int_equal(terms->n_scopes, 0);
	assert_int_equal(terms->n_notices, 0);
	assert_int_equal(terms->n_redisclosure, 0);
	terms_free(terms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(terms_say_what_the_consent_covers_and_what_is_not_allowed),
		TEST(the_log_has_the_digest_of_what_went),
		TEST(a_new_version_of_the_consent_is_what_the_next_release_tells_of),
		TEST(every_pair_gets_terms_of_its_own),
		TEST(what_needs_no_consent_has_terms_without_a_scope),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
