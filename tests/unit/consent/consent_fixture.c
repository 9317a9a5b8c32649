#include "unit/consent/consent_fixture.h"

#include <string.h>

#include "base/clock.h"
#include "scratch.h"
#include "throughcare/v1/consent.pb-c.h"
#include "wire/json.h"

#define MAP_BYTES (64 * 1024 * 1024)
#define RECORDED  7 /* the sequence of every consent; events come later */

int fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct store_options options = {.map_bytes = MAP_BYTES,
					.sync = STORE_SYNC_LAZY,
					.tables_max = CONSENT_TABLES_COUNT};

	assert_non_null(f);
	scratch_make(f->folder);
	snprintf(f->path, sizeof(f->path), "%s/store", f->folder);
	options.path = f->path;
	assert_int_equal(store_open(&options, &f->store), 0);
	assert_int_equal(consent_tables_open(f->store, &f->tables), 0);
	assert_int_equal(store_begin(f->store, &f->txn), 0);
	assert_int_equal(policy_compile(policy_default(), &f->policy, &f->refusal), 0);
	*state = f;
	return 0;
}

int fixture_teardown(void **state)
{
	struct fixture *f = *state;

	grant_changes_free(&f->changes);
	grant_changes_free(&f->pending);
	policy_free(&f->policy);
	store_abort(&f->txn);
	store_close(&f->store);
	scratch_remove(f->folder);
	free(f);
	return 0;
}

struct tc_id id_of(const char *text)
{
	struct tc_id id;

	assert_true(tc_id_parse(tc_slice_text(text), &id));
	return id;
}

/* "treatment-a" is of kind treatment. */
enum agency_kind kind_of_name(void *context, const tc_agency *agency)
{
	const char *dash = strchr(agency->name, '-');
	size_t len = dash ? (size_t)(dash - agency->name) : strlen(agency->name);

	(void)context;
	return agency_kind_find(tc_slice(agency->name, len));
}

static json_t *time_json(int64_t ms)
{
	char text[TC_TIME_TEXT_BYTES];

	tc_time_format(ms, text);
	return json_string(text);
}

json_t *consent_json(void)
{
	static const char text[] =
		"{\"consent_id\":\"" CONSENT "\",\"version\":1,"
		"\"subject_name_as_signed\":\"Sample Person\",\"status\":\"CONSENT_STATUS_ACTIVE\","
		"\"regime\":\"CONSENT_REGIME_PART2\",\"given_to_agency\":\"intake\","
		"\"signature\":{\"signer\":\"Sample Person\",\"capacity\":\"SIGNER_CAPACITY_SELF\","
		"\"method\":\"SIGNATURE_METHOD_INK\"},"
		"\"statements\":{\"revocation_right\":true,\"how_to_revoke\":\"in writing\","
		"\"redisclosure_warning\":true,\"refusal_consequence\":\"none\"},"
		"\"grants\":[{\"grant_id\":\"" GRANT "\","
		"\"disclosers\":[{\"kind\":\"PARTY_KIND_AGENCY\",\"agency\":\"treatment-a\"}],"
		"\"recipients\":[{\"kind\":\"PARTY_KIND_AGENCY\",\"agency\":\"parole\"}],"
		"\"intermediary_named\":true,\"description\":\"what the form says\","
		"\"categories\":[\"CATEGORY_ATTENDANCE\",\"CATEGORY_SUD_TREATMENT\"],"
		"\"purposes\":[\"PURPOSE_REFERRAL_COORDINATION\",\"PURPOSE_SUPERVISION_"
		"MONITORING\"],"
		"\"direction\":\"GRANT_DIRECTION_ONE_WAY\",\"expiry\":{},"
		"\"redisclosure\":\"REDISCLOSURE_RULE_NONE\"}]}";
	json_t *json = json_loads(text, 0, NULL);

	assert_non_null(json);
	json_set(json, "signature.signed_at", time_json(SIGNED_MS));
	json_set(json, "grants[0].expiry.at", time_json(EXPIRES_MS));
	return json;
}

/* Walks "a.b[2].c"; each step is a name, and perhaps an index. */
void json_set(json_t *root, const char *path, json_t *value)
{
	json_t *at = root;
	char name[64];

	for (;;) {
		size_t len = strcspn(path, ".[");
		const char *rest = path + len;

		snprintf(name, sizeof(name), "%.*s", (int)len, path);
		if (*rest == '\0')
			break;
		if (!json_object_get(at, name))
			json_object_set_new(at, name, json_object());
		at = json_object_get(at, name);
		if (*rest == '[') {
			at = json_array_get(at, strtoul(rest + 1, NULL, 10));
			rest = strchr(rest, ']') + 1;
		}
		assert_non_null(at);
		path = rest + 1;
	}
	if (json_is_null(value)) {
		json_object_del(at, name);
		json_decref(value);
	} else {
		json_object_set_new(at, name, value);
	}
}

void json_change(json_t *root, const char *path, const char *text)
{
	json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);

	assert_non_null(value);
	json_set(root, path, value);
}

json_t *json_second_grant(json_t *consent)
{
	json_t *grants = json_object_get(consent, "grants");
	json_t *copy = json_deep_copy(json_array_get(grants, 0));

	json_object_set_new(copy, "grant_id", json_string(GRANT_2));
	json_array_append_new(grants, copy);
	return copy;
}

/* The JSON as packed bytes; the JSON is released. */
static struct tc_bytes packed(json_t *json, const ProtobufCMessageDescriptor *type)
{
	struct tc_refusal refusal = {0};
	struct tc_bytes bytes = {0};
	ProtobufCMessage *message;

	if (tc_json_to_message(json, type, &message, &refusal) != 0)
		fail_msg("%s: %s", tc_refusal_name(refusal.code), refusal.detail);
	json_decref(json);
	assert_int_equal(tc_bytes_reserve(&bytes, protobuf_c_message_get_packed_size(message) + 1),
			 0);
	bytes.len = protobuf_c_message_pack(message, bytes.data);
	protobuf_c_message_free_unpacked(message, NULL);
	return bytes;
}

static void pass(struct fixture *f, int64_t now_ms)
{
	f->latest_ms = now_ms > f->latest_ms ? now_ms : f->latest_ms;
}

int record(struct fixture *f, json_t *consent, int64_t now_ms)
{
	struct tc_bytes document = packed(consent, &throughcare__v1__consent_grant__descriptor);
	tc_agency sender = {"intake"};
	struct consent_arrival arrival = {
		.document = tc_bytes_slice(&document),
		.subject = id_of(f->person ? f->person : PERSON),
		.sender = &sender,
		.sequence = RECORDED,
		.now_ms = now_ms,
		.policy = f->policy,
		.kind_of = kind_of_name,
	};
	int r;

	if (f->desk)
		assert_true(tc_agency_parse(tc_slice_text(f->desk), &sender));
	arrival.sender_kind = kind_of_name(NULL, &sender);
	pass(f, now_ms);
	grant_changes_free(&f->changes);
	r = consent_record(f->txn, &f->tables, &arrival, &f->changes, &f->refusal);
	tc_bytes_free(&document);
	return r;
}

void record_done(struct fixture *f, json_t *consent)
{
	int r = record(f, consent, NOW_MS);

	if (r == GRANT_REFUSED)
		fail_msg("%s: %s", tc_refusal_name(f->refusal.code), f->refusal.detail);
	assert_int_equal(r, 0);
}

void assert_refused(struct fixture *f, json_t *consent, enum tc_refusal_code code,
		    const char *detail)
{
	assert_int_equal(record(f, consent, NOW_MS), GRANT_REFUSED);
	assert_string_equal(tc_refusal_name(f->refusal.code), tc_refusal_name(code));
	if (!strstr(f->refusal.detail, detail))
		fail_msg("detail is '%s', not '%s'", f->refusal.detail, detail);
}

int take_back_json(struct fixture *f, json_t *json, int64_t now_ms)
{
	struct tc_bytes document = packed(json, &throughcare__v1__consent_revoke__descriptor);
	tc_agency sender = {"intake"};
	struct revoke_arrival arrival = {
		.document = tc_bytes_slice(&document),
		.subject = id_of(f->person ? f->person : PERSON),
		.sender = &sender,
		.policy = f->policy,
		.now_ms = now_ms,
	};
	int r;

	if (f->desk)
		assert_true(tc_agency_parse(tc_slice_text(f->desk), &sender));
	arrival.sender_kind = kind_of_name(NULL, &sender);
	pass(f, now_ms);
	grant_changes_free(&f->changes);
	grant_changes_free(&f->pending);
	r = consent_revoke(f->txn, &f->tables, &arrival, &f->changes, &f->pending, &f->refusal);
	tc_bytes_free(&document);
	return r;
}

json_t *revoke_json(const char *grant, const char *recipient)
{
	json_t *json = json_pack("{s:s,s:s,s:s}", "consent_id", CONSENT, "by",
				 "SIGNER_CAPACITY_SELF", "method", "SIGNATURE_METHOD_INK");

	if (grant)
		json_object_set_new(json, "grant_id", json_string(grant));
	if (recipient)
		json_object_set_new(json, "recipient", json_string(recipient));
	return json;
}

int take_back(struct fixture *f, const char *grant, const char *recipient, int64_t now_ms)
{
	return take_back_json(f, revoke_json(grant, recipient), now_ms);
}

void happen_begin(struct fixture *f, const char *code, const char *proceeding, const char *subject,
		  int64_t now_ms)
{
	const struct policy_agency_kind *kind;

	f->event = (struct consent_event){
		.sequence = RECORDED + ++f->events,
		.final = strcmp(code, "final_disposition") == 0,
		.subject = subject ? id_of(subject) : (struct tc_id){{0}},
		.at_ms = now_ms,
	};
	snprintf(f->event.code, sizeof(f->event.code), "%s", code);
	snprintf(f->event.proceeding, sizeof(f->event.proceeding), "%s", proceeding);
	assert_true(tc_agency_parse(tc_slice_text(f->court ? f->court : "court"),
				    &f->event.says.agency));
	kind = policy_agency_kind(f->policy, kind_of_name(NULL, &f->event.says.agency));
	f->event.says.treats = kind->treating;
	if (kind->orders)
		assert_int_equal(authority_speak(f->txn, &f->tables, tc_slice_text(proceeding),
						 f->event.subject, &f->event.says.agency,
						 f->event.sequence),
				 0);
	pass(f, now_ms);
	grant_changes_free(&f->changes);
	assert_int_equal(consent_event_begin(f->txn, &f->tables, &f->event), 0);
}

bool happen_step(struct fixture *f, unsigned most)
{
	const struct consent_event *event = &f->event;
	unsigned visited;
	int r = consent_event_step(f->txn, &f->tables, event->proceeding, event->sequence,
				   event->index, most, &f->changes, &visited);

	assert_true(r >= 0 && visited <= most);
	return r == CONSENT_EVENT_MORE;
}

void happen(struct fixture *f, const char *code, const char *proceeding, const char *subject,
	    int64_t now_ms)
{
	happen_begin(f, code, proceeding, subject, now_ms);
	while (happen_step(f, 1))
		;
}

/* What is asked about now has the same answer without all that is over. */
static void take_both_ways(struct fixture *f, struct decision_request *request,
			   struct decision *ret)
{
	struct decision past;

	request->past = true;
	assert_int_equal(decision_take(f->txn, &f->tables, f->policy, request, &past), 0);
	*ret = past;
	if (request->now_ms < f->latest_ms)
		return;
	request->past = false;
	assert_int_equal(decision_take(f->txn, &f->tables, f->policy, request, ret), 0);
	assert_int_equal(ret->kind, past.kind);
	assert_int_equal(ret->code, past.code);
	assert_int_equal(ret->parts_mask, past.parts_mask);
	assert_string_equal(ret->basis, past.basis);
}

struct decision ask(struct fixture *f, struct question question)
{
	struct decision_request request = {
		.subject = id_of(question.subject ? question.subject : PERSON),
		.purpose = question.purpose ? question.purpose
					    : (uint32_t)PURPOSE(SUPERVISION_MONITORING),
		.legal = question.legal,
		.recipient_role = tc_slice_text(question.role),
		.reference = tc_slice_text(question.reference),
		.proceeding = tc_slice_text(question.proceeding),
		.recipient_person = tc_slice_text(question.person),
		.actor = tc_slice_text(question.actor ? question.actor : "w-1"),
		.categories = question.categories,
		.forbidden = question.forbidden,
		.message = question.message,
		.now_ms = question.now_ms ? question.now_ms : NOW_MS,
	};
	tc_agency from, to;
	struct decision decision;
	struct tc_id without;

	assert_true(tc_agency_parse(tc_slice_text(question.from ? question.from : "treatment-a"),
				    &from));
	assert_true(tc_agency_parse(tc_slice_text(question.to ? question.to : "parole"), &to));
	request.sender = &from;
	request.sender_kind = kind_of_name(NULL, &from);
	request.recipient = &to;
	request.recipient_kind = question.to_kind ? question.to_kind : kind_of_name(NULL, &to);
	if (question.grant)
		request.grant = id_of(question.grant);
	if (question.without) {
		without = id_of(question.without);
		request.without = &without;
		request.without_count = 1;
	}
	if (question.categories[0] == 0)
		question.categories[0] = (uint8_t)CATEGORY(ATTENDANCE);
	while (request.part_count < QUESTION_PARTS_MAX &&
	       question.categories[request.part_count] != 0)
		request.part_count++;
	take_both_ways(f, &request, &decision);
	return decision;
}

void assert_decision(const struct decision *decision, enum decision_kind kind,
		     enum tc_refusal_code code, uint64_t parts_mask)
{
	assert_string_equal(decision_kind_name(decision->kind), decision_kind_name(kind));
	assert_string_equal(tc_refusal_name(decision->code), tc_refusal_name(code));
	assert_int_equal(decision->parts_mask, parts_mask);
}
