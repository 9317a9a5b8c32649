/*
 * decision_probe - the exchange's own consent rules and decision, asked line by line.
 *
 * Reads lines of fields between tabs and keeps the answers until the line "end", so that
 * whoever asks can write everything before reading anything. Consents stand in a store
 * in a folder of its own; "world" forgets them all.
 *
 *   world                                          -> ok
 *   default                                        -> the exchange's own policy as JSON
 *   agency NAME KIND                               -> ok
 *   policy JSON                                    -> ok | CODE DETAIL
 *   record SENDER SUBJECT TIME JSON                -> ok | CODE DETAIL
 *   revoke SENDER SUBJECT TIME JSON                -> ok | CODE DETAIL
 *   event TYPE SENDER SUBJECT STATUS FINAL ABOUT TIME -> ok
 *   decide FROM KIND TO KIND ROLE PERSON SUBJECT PURPOSE GRANT LEGAL REFERENCE PROCEEDING ACTOR
 *          CATEGORIES FORBIDDEN TIME               -> KIND PARTS CODE BASIS RECHECK GRANTS RULES
 * NOTICES
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "consent/consent_event.h"
#include "consent/decision.h"
#include "consent/grant.h"
#include "consent/revoke.h"
#include "scratch.h"
#include "throughcare/v1/consent.pb-c.h"
#include "throughcare/v1/policy.pb-c.h"
#include "wire/json.h"

#define MAP_BYTES     (256 * 1024 * 1024)
#define FIELDS_MAX    20
#define AGENCIES_MAX  32
#define PARTS_MAX     8
#define UNSETTLED_MAX 64
#define ALSO_MAX      4

struct probe {
	char folder[PATH_MAX], path[PATH_MAX + 8];
	struct store *store;
	struct store_txn *txn;
	struct consent_tables tables;
	struct policy *policy;
	tc_agency agencies[AGENCIES_MAX];
	enum agency_kind kinds[AGENCIES_MAX];
	size_t agency_count;
	uint64_t sequence, acts;
	int64_t latest_ms; /* when something happened last */
	struct consent_event unsettled[UNSETTLED_MAX];
	size_t unsettled_count;
	FILE *answers;
	char *field[FIELDS_MAX];
	size_t fields;
};

#define MUST(condition) ((condition) ? (void)0 : must_fail(#condition, __LINE__))

static _Noreturn void must_fail(const char *what, int line)
{
	fprintf(stderr, "decision_probe:%d: %s\n", line, what);
	exit(EXIT_FAILURE);
}

static const char *field(const struct probe *p, size_t i)
{
	MUST(i < p->fields);
	return p->field[i];
}

static int64_t number(const struct probe *p, size_t i)
{
	return strtoll(field(p, i), NULL, 10);
}

/* The time of something that happens. */
static int64_t happening(struct probe *p, size_t i)
{
	p->latest_ms = number(p, i) > p->latest_ms ? number(p, i) : p->latest_ms;
	return number(p, i);
}

static tc_agency agency_of(const struct probe *p, size_t i)
{
	tc_agency agency = {""};

	MUST(tc_agency_parse(tc_slice_text(field(p, i)), &agency));
	return agency;
}

static struct tc_id id_of(const struct probe *p, size_t i)
{
	struct tc_id id = {{0}};

	MUST(field(p, i)[0] == '\0' || tc_id_parse(tc_slice_text(field(p, i)), &id));
	return id;
}

/* The JSON in that field as a packed message. */
static struct tc_bytes packed(const struct probe *p, size_t i,
			      const ProtobufCMessageDescriptor *type)
{
	struct tc_refusal refusal = {0};
	struct tc_bytes bytes = {0};
	ProtobufCMessage *message;
	json_t *json;

	MUST(tc_json_parse(tc_slice_text(field(p, i)), &json, &refusal) == 0);
	if (tc_json_to_message(json, type, &message, &refusal) != 0)
		must_fail(refusal.detail, __LINE__);
	json_decref(json);
	MUST(tc_bytes_reserve(&bytes, protobuf_c_message_get_packed_size(message) + 1) == 0);
	bytes.len = protobuf_c_message_pack(message, bytes.data);
	protobuf_c_message_free_unpacked(message, NULL);
	return bytes;
}

static enum agency_kind kind_of(void *context, const tc_agency *agency)
{
	const struct probe *p = context;

	for (size_t i = 0; i < p->agency_count; i++) {
		if (tc_agency_equal(&p->agencies[i], agency))
			return p->kinds[i];
	}
	return AGENCY_KIND_UNKNOWN;
}

static void answer(struct probe *p, int outcome, const struct tc_refusal *refusal)
{
	MUST(outcome >= 0);
	if (outcome == 0)
		fprintf(p->answers, "ok\n");
	else
		fprintf(p->answers, "%s %s\n", tc_refusal_name(refusal->code), refusal->detail);
}

static void do_world(struct probe *p)
{
	store_abort(&p->txn);
	MUST(store_begin(p->store, &p->txn) == 0);
	p->agency_count = 0;
	p->sequence = 0;
	p->latest_ms = 0;
	p->unsettled_count = 0;
	fprintf(p->answers, "ok\n");
}

static void do_default(struct probe *p)
{
	struct tc_slice bytes = policy_default();
	Throughcare__V1__ReleasePolicy *policy =
		throughcare__v1__release_policy__unpack(NULL, bytes.len, bytes.data);
	json_t *json;
	char *text;

	MUST(policy != NULL && tc_json_from_message(&policy->base, &json) == 0);
	throughcare__v1__release_policy__free_unpacked(policy, NULL);
	text = json_dumps(json, JSON_COMPACT);
	MUST(text != NULL);
	fprintf(p->answers, "%s\n", text);
	free(text);
	json_decref(json);
}

static void do_agency(struct probe *p)
{
	MUST(p->agency_count < AGENCIES_MAX);
	p->agencies[p->agency_count] = agency_of(p, 1);
	p->kinds[p->agency_count++] = (enum agency_kind)number(p, 2);
	fprintf(p->answers, "ok\n");
}

static void do_policy(struct probe *p)
{
	struct tc_bytes bytes = packed(p, 1, &throughcare__v1__release_policy__descriptor);
	struct tc_refusal refusal = {0};
	struct policy *policy;
	int r = policy_compile(tc_bytes_slice(&bytes), &policy, &refusal);

	if (r == 0) {
		policy_free(&p->policy);
		p->policy = policy;
	}
	answer(p, r, &refusal);
	tc_bytes_free(&bytes);
}

static void do_record(struct probe *p)
{
	struct tc_bytes bytes = packed(p, 4, &throughcare__v1__consent_grant__descriptor);
	tc_agency sender = agency_of(p, 1);
	struct consent_arrival arrival = {
		.document = tc_bytes_slice(&bytes),
		.subject = id_of(p, 2),
		.sender = &sender,
		.sender_kind = kind_of(p, &sender),
		.sequence = ++p->sequence,
		.now_ms = happening(p, 3),
		.policy = p->policy,
		.kind_of = kind_of,
		.context = p,
	};
	struct grant_changes changes = {0};
	struct tc_refusal refusal = {0};

	answer(p, consent_record(p->txn, &p->tables, &arrival, &changes, &refusal), &refusal);
	grant_changes_free(&changes);
	tc_bytes_free(&bytes);
}

static void do_revoke(struct probe *p)
{
	struct tc_bytes bytes = packed(p, 4, &throughcare__v1__consent_revoke__descriptor);
	tc_agency sender = agency_of(p, 1);
	struct revoke_arrival arrival = {
		.document = tc_bytes_slice(&bytes),
		.subject = id_of(p, 2),
		.sender = &sender,
		.sender_kind = kind_of(p, &sender),
		.policy = p->policy,
		.now_ms = happening(p, 3),
	};
	struct grant_changes changes = {0}, pending = {0};
	struct tc_refusal refusal = {0};

	answer(p, consent_revoke(p->txn, &p->tables, &arrival, &changes, &pending, &refusal),
	       &refusal);
	grant_changes_free(&changes);
	grant_changes_free(&pending);
	tc_bytes_free(&bytes);
}

/* Does the policy take that message of that sender for the event? */
static bool says(const struct probe *p, const struct policy_event *event)
{
	tc_agency sender = agency_of(p, 2);

	return strcmp(event->type, field(p, 1)) == 0 &&
	       (event->from >> kind_of((void *)(uintptr_t)p, &sender) & 1) &&
	       (*event->status == '\0' || strcmp(event->status, field(p, 4)) == 0) &&
	       (!event->disposition_final || number(p, 5) != 0);
}

/* One grant of one event that has not reached all of them: an event counts from the moment in which
 * it happens, however far it has come when something else does. */
static void settle_some(struct probe *p)
{
	struct grant_changes changes = {0};
	const struct consent_event *event = &p->unsettled[0];
	unsigned visited;
	int r;

	if (p->unsettled_count == 0)
		return;
	r = consent_event_step(p->txn, &p->tables, event->proceeding, event->sequence, event->index,
			       1, &changes, &visited);
	MUST(r >= 0);
	grant_changes_free(&changes);
	if (r == 0)
		memmove(p->unsettled, p->unsettled + 1, --p->unsettled_count * sizeof(*event));
}

static void do_event(struct probe *p)
{
	const struct policy_event *event;
	struct consent_event met = {
		.sequence = ++p->sequence,
		.subject = id_of(p, 3),
		.says = {agency_of(p, 2), false},
		.at_ms = happening(p, 7),
	};
	const struct policy_agency_kind *kind =
		policy_agency_kind(p->policy, kind_of(p, &met.says.agency));

	met.says.treats = kind->treating;
	if (kind->orders)
		MUST(authority_speak(p->txn, &p->tables, tc_slice_text(field(p, 6)), met.subject,
				     &met.says.agency, met.sequence) == 0);
	snprintf(met.proceeding, sizeof(met.proceeding), "%s", field(p, 6));
	for (size_t i = 0; (event = policy_event(p->policy, i)) != NULL; i++) {
		if (!says(p, event))
			continue;
		snprintf(met.code, sizeof(met.code), "%s", event->event_code);
		met.final = event->disposition_final;
		MUST(consent_event_begin(p->txn, &p->tables, &met) == 0);
		while (p->unsettled_count == UNSETTLED_MAX)
			settle_some(p);
		p->unsettled[p->unsettled_count++] = met;
		met.index++;
	}
	fprintf(p->answers, "ok\n");
}

static size_t categories_of(const struct probe *p, size_t i, uint8_t ret[PARTS_MAX])
{
	char *at = p->field[i];
	size_t count = 0;

	for (char *end = at; *at != '\0'; at = *end == ',' ? end + 1 : end) {
		MUST(count < PARTS_MAX);
		ret[count++] = (uint8_t)strtoul(at, &end, 10);
	}
	return count;
}

static size_t ids_of(const struct probe *p, size_t i, struct tc_id ret[ALSO_MAX])
{
	size_t count = 0;

	for (const char *at = field(p, i); *at != '\0'; at += *at == ',') {
		const char *end = at + strcspn(at, ",");

		MUST(count < ALSO_MAX);
		MUST(tc_id_parse(tc_slice(at, (size_t)(end - at)), &ret[count++]));
		at = end;
	}
	return count;
}

static void tell_decision(struct probe *p, const struct decision *decision, size_t parts)
{
	const char *codes[POLICY_NOTICES_MAX];
	char id[TC_ID_TEXT_BYTES];
	unsigned count;

	fprintf(p->answers, "%s %" PRIu64 " %s %s %" PRId64 " ", decision_kind_name(decision->kind),
		decision->parts_mask,
		decision->code == TC_REFUSAL_NONE ? "none" : tc_refusal_name(decision->code),
		decision->basis, decision->recheck_ms);
	for (size_t i = 0; i < decision->grant_count; i++) {
		tc_id_format(decision->grants[i], id);
		fprintf(p->answers, "%s%s", i == 0 ? "" : ",", id);
	}
	fprintf(p->answers, "%s ", decision->grant_count == 0 ? "-" : "");
	for (size_t i = 0; i < parts; i++)
		fprintf(p->answers, "%s%d", i == 0 ? "" : ",", decision->rules[i]);
	count = policy_notice_codes(p->policy, decision->obligations, codes);
	for (unsigned i = 0; i < count; i++)
		fprintf(p->answers, "%s%s", i == 0 ? " " : ",", codes[i]);
	fprintf(p->answers, "%s\n", count == 0 ? " -" : "");
}

static void do_decide(struct probe *p)
{
	tc_agency from = agency_of(p, 1), to = agency_of(p, 3);
	uint8_t categories[PARTS_MAX];
	struct decision_request request = {
		.sender = &from,
		.sender_kind = (enum agency_kind)number(p, 2),
		.recipient = &to,
		.recipient_kind = (enum agency_kind)number(p, 4),
		.recipient_role = tc_slice_text(field(p, 5)),
		.recipient_person = tc_slice_text(field(p, 6)),
		.subject = id_of(p, 7),
		.purpose = (uint32_t)number(p, 8),
		.grant = id_of(p, 9),
		.legal = (uint32_t)number(p, 10),
		.reference = tc_slice_text(field(p, 11)),
		.proceeding = tc_slice_text(field(p, 12)),
		.actor = tc_slice_text(field(p, 13)),
		.categories = categories,
		.part_count = categories_of(p, 14, categories),
		.forbidden = (uint64_t)number(p, 15),
		.message = true,
		.now_ms = number(p, 16),
		.past = number(p, 16) < p->latest_ms,
	};
	struct tc_id also[ALSO_MAX];
	struct decision decision;

	request.also = also;
	request.also_count = ids_of(p, 17, also);
	MUST(decision_take(p->txn, &p->tables, p->policy, &request, &decision) == 0);
	tell_decision(p, &decision, request.part_count);
}

static const struct {
	const char *name;
	void (*act)(struct probe *p);
} acts[] = {
	{"world", do_world},   {"default", do_default}, {"agency", do_agency},
	{"policy", do_policy}, {"record", do_record},   {"revoke", do_revoke},
	{"event", do_event},   {"decide", do_decide},
};

/* Splits the line and does what it says. */
static void act(struct probe *p, char *line)
{
	p->fields = 0;
	for (char *at = line; at != NULL;) {
		MUST(p->fields < FIELDS_MAX);
		p->field[p->fields++] = at;
		at = strchr(at, '\t');
		if (at != NULL)
			*at++ = '\0';
	}
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		if (strcmp(acts[i].name, line) == 0) {
			acts[i].act(p);
			if (++p->acts % 4 == 0)
				settle_some(p);
			return;
		}
	}
	must_fail(line, __LINE__);
}

static void open_probe(struct probe *p)
{
	struct store_options options = {.map_bytes = MAP_BYTES,
					.sync = STORE_SYNC_LAZY,
					.tables_max = CONSENT_TABLES_COUNT};

	scratch_make(p->folder);
	snprintf(p->path, sizeof(p->path), "%s/store", p->folder);
	options.path = p->path;
	MUST(store_open(&options, &p->store) == 0);
	MUST(consent_tables_open(p->store, &p->tables) == 0);
	MUST(store_begin(p->store, &p->txn) == 0);
}

int main(void)
{
	struct probe *p = calloc(1, sizeof(*p));
	char *line = NULL, *text = NULL;
	size_t room = 0, size = 0;
	ssize_t len;

	MUST(p != NULL);
	open_probe(p);
	p->answers = open_memstream(&text, &size);
	MUST(p->answers != NULL);
	while ((len = getline(&line, &room, stdin)) > 0) {
		if (line[len - 1] == '\n')
			line[len - 1] = '\0';
		if (strcmp(line, "end") != 0) {
			act(p, line);
			continue;
		}
		MUST(fflush(p->answers) == 0);
		fwrite(text, 1, size, stdout);
		fflush(stdout);
		rewind(p->answers);
	}
	fclose(p->answers);
	free(text);
	free(line);
	policy_free(&p->policy);
	store_abort(&p->txn);
	store_close(&p->store);
	scratch_remove(p->folder);
	free(p);
	return 0;
}
