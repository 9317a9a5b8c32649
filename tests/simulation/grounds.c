#include "simulation/grounds.h"

#include <string.h>

#include "throughcare/v1/options.pb-c.h"
#include "throughcare/v1/policy.pb-c.h"

#define MINUTE_MS   60000
#define CATEGORY(x) ((uint32_t)THROUGHCARE__V1__CATEGORY__CATEGORY_##x)
#define RULES_MAX   64
#define RULE_DENIES THROUGHCARE__V1__RULE_EFFECT__RULE_EFFECT_DENY
#define TEXT(text)  ((char *)(uintptr_t)(text))

const uint32_t ground_categories[GROUND_CATEGORIES] = {
	CATEGORY(ATTENDANCE), CATEGORY(SUD_TREATMENT), CATEGORY(DRUG_TEST)};
const char *const ground_proceedings[GROUND_PROCEEDINGS] = {NULL, "case-1", "case-2"};
static const char *const recipients[GROUND_RECIPIENTS] = {"parole", "court", "housing"};

/* ---- what permits ---- */

static bool ground_permits(const struct ground *ground, const struct ground_ask *ask, int64_t at_ms)
{
	return ground->subject == ask->subject && (ground->categories >> ask->category & 1) &&
	       (ground->recipients >> ask->recipient & 1) &&
	       (ground->proceeding == 0 || ground->proceeding == ask->proceeding) &&
	       ground->recorded_ms <= at_ms && ground->from_ms <= at_ms &&
	       at_ms < ground->until_ms && at_ms < ground->over_ms[ask->recipient];
}

bool grounds_permit(const struct grounds *grounds, const struct ground_ask *ask, int64_t at_ms)
{
	if (grounds->forbidden[ask->category])
		return false;
	for (size_t i = 0; i < grounds->count; i++) {
		if (ground_permits(&grounds->rows[i], ask, at_ms))
			return true;
	}
	return false;
}

bool grounds_name(const struct grounds *grounds, const struct ground_ask *ask, const char *grant,
		  int64_t at_ms)
{
	char id[TC_ID_TEXT_BYTES];

	for (size_t i = 0; i < grounds->count; i++) {
		tc_id_format(grounds->rows[i].grant, id);
		if (strcmp(id, grant) == 0)
			return ground_permits(&grounds->rows[i], ask, at_ms);
	}
	return false;
}

bool grounds_begin(const struct grounds *grounds, int subject, int64_t after_ms, int64_t now_ms)
{
	for (size_t i = 0; i < grounds->count; i++) {
		const struct ground *ground = &grounds->rows[i];

		if (ground->subject == subject && ground->from_ms > after_ms &&
		    ground->from_ms <= now_ms)
			return true;
	}
	return false;
}

/* ---- recording ---- */

static uint32_t take(uint64_t *random, uint32_t below)
{
	*random = *random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*random >> 33) % below;
}

/* Is it over for everybody, so that it tells nothing any more? */
static bool ground_over(const struct ground *ground, int64_t at_ms)
{
	int64_t over_ms = 0;

	for (int i = 0; i < GROUND_RECIPIENTS; i++) {
		if ((ground->recipients >> i & 1) && ground->over_ms[i] > over_ms)
			over_ms = ground->over_ms[i];
	}
	return ground->until_ms < at_ms || over_ms < at_ms;
}

static void forget(struct grounds *grounds, int64_t now_ms)
{
	size_t kept = 0;

	for (size_t i = 0; i < grounds->count; i++) {
		if (!ground_over(&grounds->rows[i], now_ms - 10 * MINUTE_MS))
			grounds->rows[kept++] = grounds->rows[i];
	}
	grounds->count = kept;
}

static struct ground draw_ground(uint64_t random, int64_t now_ms)
{
	struct ground ground = {.recorded_ms = now_ms, .from_ms = now_ms};

	ground.categories = 1 + take(&random, 7);
	ground.recipients = 1 + take(&random, 7);
	ground.proceeding = (int)take(&random, GROUND_PROCEEDINGS);
	ground.until_ms = now_ms + 5000 + (int64_t)take(&random, 40 * MINUTE_MS);
	if (take(&random, 4) == 0)
		ground.from_ms += take(&random, 4 * MINUTE_MS);
	if (ground.until_ms <= ground.from_ms)
		ground.until_ms = ground.from_ms + 1;
	if (ground.proceeding != 0 && take(&random, 2) == 0) {
		ground.recipients &= 3; /* those who monitor */
		ground.recipients |= ground.recipients == 0;
		ground.revocable_ms = take(&random, 2) == 0
					      ? INT64_MAX
					      : now_ms + (int64_t)take(&random, 10 * MINUTE_MS);
	}
	if (ground.proceeding != 0 && take(&random, 4) == 0) {
		ground.ends_at_hearing = true;
		ground.until_ms = INT64_MAX;
	}
	for (int i = 0; i < GROUND_RECIPIENTS; i++)
		ground.over_ms[i] = INT64_MAX;
	return ground;
}

static void time_of(Google__Protobuf__Timestamp *time, int64_t ms)
{
	google__protobuf__timestamp__init(time);
	time->seconds = ms / 1000;
	time->nanos = (int32_t)(ms % 1000) * 1000000;
}

/* The rest of the document, which is the same for all. */
struct form {
	Throughcare__V1__ConsentGrant consent;
	Throughcare__V1__ConsentGrant__Signature signature;
	Throughcare__V1__ConsentGrant__Statements statements;
	Google__Protobuf__Timestamp signed_at;
	char id[TC_ID_TEXT_BYTES];
};

static void fill_form(struct form *form, const struct ground *ground)
{
	bool later = ground->revocable_ms != 0;

	throughcare__v1__consent_grant__init(&form->consent);
	throughcare__v1__consent_grant__signature__init(&form->signature);
	throughcare__v1__consent_grant__statements__init(&form->statements);
	tc_id_format(ground->consent, form->id);
	time_of(&form->signed_at, ground->recorded_ms);
	form->consent.consent_id = form->id;
	form->consent.has_version = form->consent.has_status = form->consent.has_regime = 1;
	form->consent.version = 1;
	form->consent.subject_name_as_signed = form->signature.signer = TEXT("Sample");
	form->consent.status = THROUGHCARE__V1__CONSENT_STATUS__CONSENT_STATUS_ACTIVE;
	form->consent.regime = later ? THROUGHCARE__V1__CONSENT_REGIME__CONSENT_REGIME_PART2_CJ
				     : THROUGHCARE__V1__CONSENT_REGIME__CONSENT_REGIME_PART2;
	form->consent.given_to_agency = TEXT("intake");
	form->consent.signature = &form->signature;
	form->signature.has_capacity = form->signature.has_method = 1;
	form->signature.capacity = THROUGHCARE__V1__SIGNER_CAPACITY__SIGNER_CAPACITY_SELF;
	form->signature.method = THROUGHCARE__V1__SIGNATURE_METHOD__SIGNATURE_METHOD_INK;
	form->signature.signed_at = &form->signed_at;
	form->consent.statements = &form->statements;
	form->statements.has_revocation_right = form->statements.revocation_right = 1;
	form->statements.how_to_revoke = TEXT("in writing");
}

static void fill_when(const struct ground *ground, Throughcare__V1__ConsentGrant__Grant *grant,
		      Google__Protobuf__Timestamp times[3])
{
	Throughcare__V1__ConsentGrant__Expiry *expiry = grant->expiry;
	Throughcare__V1__ConsentGrant__RevocableFrom *later = grant->revocable_from;

	time_of(&times[0], ground->from_ms);
	grant->valid_from = &times[0];
	if (ground->ends_at_hearing) {
		expiry->event_code = TEXT("final_disposition");
	} else {
		time_of(&times[1], ground->until_ms);
		expiry->at = &times[1];
	}
	grant->proceeding_id = TEXT(ground_proceedings[ground->proceeding]);
	if (ground->revocable_ms == 0) {
		grant->revocable_from = NULL;
		return;
	}
	grant->imposing_authority = TEXT("court");
	grant->monitor_role = TEXT("officer");
	grant->duration_reason = TEXT("length of treatment");
	if (ground->revocable_ms == INT64_MAX) {
		later->event_code = TEXT("final_disposition");
	} else {
		time_of(&times[2], ground->revocable_ms);
		later->at = &times[2];
	}
}

static void tell_consent(struct exchange *x, struct form *form, const struct ground *ground,
			 struct tc_id subject)
{
	Throughcare__V1__ConsentGrant__Grant grant = THROUGHCARE__V1__CONSENT_GRANT__GRANT__INIT;
	Throughcare__V1__ConsentGrant__Grant *grants[1] = {&grant};
	Throughcare__V1__ConsentGrant__Expiry expiry = THROUGHCARE__V1__CONSENT_GRANT__EXPIRY__INIT;
	Throughcare__V1__ConsentGrant__RevocableFrom later =
		THROUGHCARE__V1__CONSENT_GRANT__REVOCABLE_FROM__INIT;
	Throughcare__V1__ConsentGrant__Party party[1 + GROUND_RECIPIENTS];
	Throughcare__V1__ConsentGrant__Party *parties[1 + GROUND_RECIPIENTS];
	Throughcare__V1__Category categories[GROUND_CATEGORIES];
	Throughcare__V1__Purpose purpose = THROUGHCARE__V1__PURPOSE__PURPOSE_REFERRAL_COORDINATION;
	Google__Protobuf__Timestamp times[3];
	char id[TC_ID_TEXT_BYTES];

	for (int i = 0; i <= GROUND_RECIPIENTS; i++) {
		throughcare__v1__consent_grant__party__init(&party[i]);
		party[i].has_kind = 1;
		party[i].kind = THROUGHCARE__V1__PARTY_KIND__PARTY_KIND_AGENCY;
		party[i].agency = TEXT(i == 0 ? "treatment" : recipients[i - 1]);
		parties[i] = &party[i];
	}
	tc_id_format(ground->grant, id);
	grant.grant_id = id;
	grant.disclosers = parties;
	grant.n_disclosers = 1;
	grant.recipients = parties + 1;
	for (int i = 0; i < GROUND_RECIPIENTS; i++) {
		if (ground->recipients >> i & 1)
			grant.recipients[grant.n_recipients++] = &party[i + 1];
	}
	grant.categories = categories;
	for (int i = 0; i < GROUND_CATEGORIES; i++) {
		if (ground->categories >> i & 1)
			categories[grant.n_categories++] =
				(Throughcare__V1__Category)ground_categories[i];
	}
	grant.purposes = &purpose;
	grant.n_purposes = 1;
	grant.has_intermediary_named = grant.intermediary_named = 1;
	grant.description = TEXT("what the form says");
	grant.expiry = &expiry;
	grant.revocable_from = &later;
	fill_when(ground, &grant, times);
	form->consent.grants = grants;
	form->consent.n_grants = 1;
	exchange_submit(x, "intake", "ConsentGrant", subject, &form->consent.base);
	MUST(strcmp(exchange_answer(x), "accepted") == 0);
}

bool grounds_record(struct grounds *grounds, struct exchange *x, int subject, struct tc_id id,
		    uint64_t random)
{
	struct ground ground = draw_ground(random, x->now_ms);
	struct form form;

	forget(grounds, x->now_ms);
	if (grounds->count == GROUNDS_MAX)
		return false;
	ground.subject = subject;
	ground.consent = exchange_id(x);
	ground.grant = exchange_id(x);
	grounds->rows[grounds->count++] = ground;
	fill_form(&form, &ground);
	tell_consent(x, &form, &ground, id);
	return true;
}

/* ---- ending ---- */

uint64_t grounds_revoke(struct grounds *grounds, struct exchange *x, int subject, struct tc_id id,
			uint64_t random)
{
	Throughcare__V1__ConsentRevoke revoke = THROUGHCARE__V1__CONSENT_REVOKE__INIT;
	char consent[TC_ID_TEXT_BYTES];
	struct ground *found = NULL;
	uint32_t only;

	for (size_t i = 0, seen = 0; i < grounds->count; i++) {
		if (grounds->rows[i].subject == subject && take(&random, (uint32_t)++seen) == 0)
			found = &grounds->rows[i];
	}
	if (found == NULL)
		return 0;
	only = take(&random, GROUND_RECIPIENTS * 2); /* half of them for all */
	if (only < GROUND_RECIPIENTS && !(found->recipients & 1u << only))
		only = GROUND_RECIPIENTS; /* whom it does not name cannot be taken out of it */
	for (uint32_t i = 0; i < GROUND_RECIPIENTS; i++) {
		if (found->revoked[i] || (only < GROUND_RECIPIENTS && only != i))
			continue;
		found->revoked[i] = true;
		found->over_ms[i] =
			found->revocable_ms > x->now_ms ? found->revocable_ms : x->now_ms;
	}
	tc_id_format(found->consent, consent);
	revoke.consent_id = consent;
	revoke.recipient = TEXT(only < GROUND_RECIPIENTS ? recipients[only] : NULL);
	revoke.has_by = revoke.has_method = 1;
	revoke.by = THROUGHCARE__V1__SIGNER_CAPACITY__SIGNER_CAPACITY_SELF;
	revoke.method = THROUGHCARE__V1__SIGNATURE_METHOD__SIGNATURE_METHOD_INK;
	return exchange_submit(x, "intake", "ConsentRevoke", id, &revoke.base);
}

void grounds_hear(struct grounds *grounds, int subject, int proceeding, int64_t now_ms)
{
	for (size_t i = 0; i < grounds->count; i++) {
		struct ground *ground = &grounds->rows[i];

		if (ground->subject != subject || ground->proceeding != proceeding)
			continue;
		if (ground->ends_at_hearing && ground->until_ms > now_ms)
			ground->until_ms = now_ms;
		if (ground->revocable_ms > now_ms)
			ground->revocable_ms = now_ms; /* no later than final disposition */
		for (int r = 0; r < GROUND_RECIPIENTS; r++) {
			if (ground->revoked[r] && ground->over_ms[r] > now_ms)
				ground->over_ms[r] = now_ms;
		}
	}
}

static Throughcare__V1__ReleasePolicy__CategoryRule *category_row(
	const Throughcare__V1__ReleasePolicy *policy, int category)
{
	for (size_t i = 0; i < policy->n_categories; i++) {
		if ((uint32_t)policy->categories[i]->category == ground_categories[category])
			return policy->categories[i];
	}
	MUST(!"a row for each category");
	return NULL;
}

void grounds_open(struct grounds *grounds)
{
	struct tc_slice packed = policy_default();
	Throughcare__V1__ReleasePolicy *policy =
		throughcare__v1__release_policy__unpack(NULL, packed.len, packed.data);

	MUST(policy != NULL);
	for (int i = 0; i < GROUND_CATEGORIES; i++)
		grounds->hold_days[i] = category_row(policy, i)->hold_days;
	throughcare__v1__release_policy__free_unpacked(policy, NULL);
}

int64_t grounds_hold_end(const struct grounds *grounds, const struct ground_ask *asks, int parts,
			 int64_t held_ms, int64_t expires_ms)
{
	int64_t end_ms = expires_ms;

	for (int i = 0; i < parts; i++) {
		uint32_t days = grounds->hold_days[asks[i].category];

		if (days != 0 && held_ms + days * GROUND_DAY_MS < end_ms)
			end_ms = held_ms + days * GROUND_DAY_MS;
	}
	return end_ms;
}

static void set_holds(const struct grounds *grounds, const Throughcare__V1__ReleasePolicy *policy)
{
	for (int i = 0; i < GROUND_CATEGORIES; i++) {
		Throughcare__V1__ReleasePolicy__CategoryRule *row = category_row(policy, i);

		row->has_hold_days = grounds->hold_days[i] != 0;
		row->hold_days = grounds->hold_days[i];
	}
}

void grounds_rule(struct grounds *grounds, struct exchange *x, uint64_t random)
{
	static const uint32_t days[] = {0, 1, 2, 5, 30};
	struct tc_slice packed = policy_default();
	Throughcare__V1__ReleasePolicy *policy =
		throughcare__v1__release_policy__unpack(NULL, packed.len, packed.data);
	Throughcare__V1__ReleasePolicy__Rule rule = THROUGHCARE__V1__RELEASE_POLICY__RULE__INIT;
	Throughcare__V1__ReleasePolicy__Rule *rules[RULES_MAX], **shipped;
	Throughcare__V1__Category denied[GROUND_CATEGORIES];
	size_t count;

	MUST(policy != NULL && policy->n_rules < RULES_MAX);
	shipped = policy->rules;
	count = policy->n_rules;
	memcpy(rules, shipped, count * sizeof(rules[0]));
	if (grounds->policy_version == 0)
		grounds->policy_version = policy->version;
	policy->version = ++grounds->policy_version;
	grounds->forbidden[take(&random, GROUND_CATEGORIES)] ^= true;
	grounds->hold_days[take(&random, GROUND_CATEGORIES)] = days[take(&random, 5)];
	set_holds(grounds, policy);
	for (int i = 0; i < GROUND_CATEGORIES; i++) {
		if (grounds->forbidden[i])
			denied[rule.n_categories++] =
				(Throughcare__V1__Category)ground_categories[i];
	}
	rule.rule_id = TEXT("not-these");
	rule.categories = denied;
	rule.has_effect = 1;
	rule.effect = RULE_DENIES;
	policy->rules = rules;
	if (rule.n_categories > 0)
		rules[policy->n_rules++] = &rule;
	exchange_submit(x, "operator", "ReleasePolicy", (struct tc_id){{0}}, &policy->base);
	MUST(exchange_effects(x, EFFECT_RECEIPT) == 0 ||
	     strcmp(exchange_answer(x), "accepted") == 0);
	policy->rules = shipped;
	policy->n_rules = count;
	throughcare__v1__release_policy__free_unpacked(policy, NULL);
}
