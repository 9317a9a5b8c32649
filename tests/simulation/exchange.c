#include "simulation/exchange.h"

#include <string.h>

#include "base/clock.h"
#include "scratch.h"
#include "wire/digest.h"
#include "wire/json.h"

#define MAP_BYTES (1024 * 1024 * 1024)
#define START_MS  1800000000000

void exchange_fail(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	exit(EXIT_FAILURE);
}

/* ---- the log as a journal that can be read ---- */

struct memory_reader {
	struct journal_reader reader;
	struct exchange *x;
};

static int memory_reader_open(struct journal *journal, struct journal_reader **ret)
{
	struct memory_reader *reader = calloc(1, sizeof(*reader));

	MUST(reader != NULL);
	reader->reader.ops = journal->ops;
	reader->x = (struct exchange *)journal;
	*ret = &reader->reader;
	return 0;
}

static int memory_read(struct journal_reader *reader, uint64_t sequence, struct journal_entry *ret)
{
	struct exchange *x = ((struct memory_reader *)reader)->x;

	if (sequence >= x->count)
		return JOURNAL_END;
	*ret = (struct journal_entry){.sequence = sequence,
				      .time_ms = x->log[sequence].time_ms,
				      .body = tc_bytes_slice(&x->log[sequence].body)};
	return 0;
}

static void memory_reader_renew(struct journal_reader *reader)
{
	(void)reader;
}

static void memory_reader_close(struct journal_reader *reader)
{
	free(reader);
}

static const struct journal_ops memory_ops = {
	.reader_open = memory_reader_open,
	.read = memory_read,
	.reader_renew = memory_reader_renew,
	.reader_close = memory_reader_close,
};

/* ---- */

void exchange_open(struct exchange *x)
{
	memset(x, 0, sizeof(*x));
	x->journal.ops = &memory_ops;
	scratch_make(x->folder);
	snprintf(x->path, sizeof(x->path), "%s/ledger", x->folder);
	x->options = (struct ledger_options){.path = x->path,
					     .map_bytes = MAP_BYTES,
					     .mailbox_messages_max = 100000,
					     .mailbox_bytes_max = 1 << 30,
					     .delivery_attempts_max = 3,
					     .retry_first_ms = 1000,
					     .retry_max_ms = 60000};
	x->now_ms = START_MS;
	MUST(ledger_open(&x->ledger, &x->options) == 0);
	exchange_barrier(x);
}

void exchange_clear(struct exchange *x)
{
	effects_clear(&x->effects);
}

void exchange_close(struct exchange *x)
{
	exchange_clear(x);
	ledger_close(&x->ledger);
	for (size_t i = 0; i < x->count; i++)
		tc_bytes_free(&x->log[i].body);
	free(x->log);
	scratch_remove(x->folder);
}

uint64_t exchange_append(struct exchange *x, Throughcare__V1__Record *body, uint64_t connection)
{
	struct record record = {.connection = connection,
				.gateway = (uint16_t)((connection >> 24) & 0xff),
				.request_id = 1,
				.count = body->body_case ==
					 THROUGHCARE__V1__RECORD__BODY_SUBMISSION};
	struct logged *logged;

	if (x->count == x->capacity) {
		x->capacity = x->capacity == 0 ? 1024 : x->capacity * 2;
		x->log = realloc(x->log, x->capacity * sizeof(*x->log));
		MUST(x->log != NULL);
	}
	logged = &x->log[x->count];
	*logged = (struct logged){.time_ms = x->now_ms};
	MUST(tc_bytes_reserve(&logged->body, throughcare__v1__record__get_packed_size(body)) == 0);
	logged->body.len = throughcare__v1__record__pack(body, logged->body.data);
	record.sequence = x->count++;
	record.time_ms = x->now_ms;
	record.body = tc_bytes_slice(&logged->body);
	if (!x->keep)
		exchange_clear(x);
	MUST(ledger_apply(x->ledger, &record, &x->effects) == 0);
	return record.sequence;
}

struct tc_id exchange_id(struct exchange *x)
{
	struct tc_id id;

	MUST(tc_id_parse(tc_slice_text("00000000-0000-7000-8000-000000000000"), &id));
	tc_put_be32(id.bytes + 12, (uint32_t)++x->ids);
	return id;
}

static Throughcare__V1__PeerKind peer_kind(const char *name)
{
	return strcmp(name, "operator") == 0 ? THROUGHCARE__V1__PEER_KIND__PEER_KIND_OPERATOR
					     : THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY;
}

/* A certificate made of the name. */
static void peer_fill(Throughcare__V1__Peer *peer, const char *name, uint8_t certificate[32])
{
	throughcare__v1__peer__init(peer);
	MUST(tc_sha256(tc_slice_text(name), certificate) == 0);
	peer->has_kind = peer->has_certificate_sha256 = 1;
	peer->kind = peer_kind(name);
	peer->id = (char *)(uintptr_t)name;
	peer->certificate_sha256 = (ProtobufCBinaryData){32, certificate};
}

void exchange_barrier(struct exchange *x)
{
	Throughcare__V1__Record record = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__BarrierRecord barrier = THROUGHCARE__V1__BARRIER_RECORD__INIT;

	barrier.has_boot = 1;
	barrier.boot = ledger_boot(x->ledger) + 1;
	record.body_case = THROUGHCARE__V1__RECORD__BODY_BARRIER;
	record.barrier = &barrier;
	x->connections = 0;
	exchange_append(x, &record, 0);
}

uint64_t exchange_logon(struct exchange *x, const char *name)
{
	Throughcare__V1__Record record = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__LogonRecord logon = THROUGHCARE__V1__LOGON_RECORD__INIT;
	Throughcare__V1__Peer peer;
	uint8_t certificate[32];

	peer_fill(&peer, name, certificate);
	logon.has_accepted = logon.accepted = 1;
	record.has_connection = 1;
	record.connection = (uint64_t)ledger_boot(x->ledger) << 32 | ++x->connections;
	record.peer = &peer;
	record.body_case = THROUGHCARE__V1__RECORD__BODY_LOGON;
	record.logon = &logon;
	exchange_append(x, &record, record.connection);
	return record.connection;
}

void exchange_logoff(struct exchange *x, uint64_t connection)
{
	Throughcare__V1__Record record = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__LogoffRecord logoff = THROUGHCARE__V1__LOGOFF_RECORD__INIT;

	record.has_connection = 1;
	record.connection = connection;
	record.body_case = THROUGHCARE__V1__RECORD__BODY_LOGOFF;
	record.logoff = &logoff;
	exchange_append(x, &record, 0);
}

void exchange_collect(struct exchange *x, uint64_t connection, uint32_t credit, uint32_t lease_ms)
{
	Throughcare__V1__Record record = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__CollectRecord collect = THROUGHCARE__V1__COLLECT_RECORD__INIT;

	collect.has_credit = collect.has_lease_ms = 1;
	collect.credit = credit;
	collect.lease_ms = lease_ms;
	record.has_connection = 1;
	record.connection = connection;
	record.body_case = THROUGHCARE__V1__RECORD__BODY_COLLECT;
	record.collect = &collect;
	exchange_append(x, &record, connection);
}

static void settle(struct exchange *x, uint64_t connection, const uint64_t *deliveries,
		   size_t count, Throughcare__V1__SettlementKind kind, uint32_t delay_ms,
		   uint32_t credit)
{
	Throughcare__V1__Record record = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__SettlementRecord settlement = THROUGHCARE__V1__SETTLEMENT_RECORD__INIT;
	Throughcare__V1__Settlement rows[EXCHANGE_SETTLE_MAX], *all[EXCHANGE_SETTLE_MAX];

	MUST(count <= EXCHANGE_SETTLE_MAX);
	for (size_t i = 0; i < count; i++) {
		throughcare__v1__settlement__init(&rows[i]);
		rows[i].has_delivery_id = rows[i].has_kind = rows[i].has_delay_ms = 1;
		rows[i].delivery_id = deliveries[i];
		rows[i].kind = kind;
		rows[i].delay_ms = delay_ms;
		all[i] = &rows[i];
	}
	settlement.settlements = all;
	settlement.n_settlements = count;
	settlement.has_credit = credit > 0;
	settlement.credit = credit;
	record.has_connection = 1;
	record.connection = connection;
	record.body_case = THROUGHCARE__V1__RECORD__BODY_SETTLEMENT;
	record.settlement = &settlement;
	exchange_append(x, &record, connection);
}

void exchange_settle(struct exchange *x, uint64_t connection, uint64_t delivery,
		     Throughcare__V1__SettlementKind kind, uint32_t delay_ms)
{
	settle(x, connection, &delivery, 1, kind, delay_ms, 0);
}

void exchange_settle_many(struct exchange *x, uint64_t connection, const uint64_t *deliveries,
			  size_t count)
{
	settle(x, connection, deliveries, count,
	       THROUGHCARE__V1__SETTLEMENT_KIND__SETTLEMENT_KIND_ACK, 0, (uint32_t)count);
}

void exchange_tick(struct exchange *x, int64_t now_ms)
{
	Throughcare__V1__Record record = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__TickRecord tick = THROUGHCARE__V1__TICK_RECORD__INIT;

	MUST(now_ms >= x->now_ms);
	x->now_ms = now_ms;
	record.body_case = THROUGHCARE__V1__RECORD__BODY_TICK;
	record.tick = &tick;
	exchange_append(x, &record, 0);
}

/* ---- submissions ---- */

/* A header and what the gateway adds to it, as a record. */
static uint64_t submit(struct exchange *x, Throughcare__V1__Header *header,
		       Throughcare__V1__SubmissionRecord *submission, const char *from,
		       uint64_t connection)
{
	Throughcare__V1__Record record = THROUGHCARE__V1__RECORD__INIT;
	Google__Protobuf__Timestamp created = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Throughcare__V1__Peer peer;
	uint8_t bytes[TC_HEADER_BYTES_MAX], certificate[32], content[32];

	header->sender = (char *)(uintptr_t)from;
	peer_fill(&peer, from, certificate);
	MUST(throughcare__v1__header__get_packed_size(header) <= sizeof(bytes));
	MUST(tc_sha256(tc_slice(bytes, throughcare__v1__header__pack(header, bytes)), content) ==
	     0);
	created.seconds = x->now_ms / 1000;
	header->created_at = &created;
	submission->has_header = submission->has_content_sha256 = 1;
	submission->header.data = bytes;
	submission->header.len = throughcare__v1__header__pack(header, bytes);
	submission->content_sha256 = (ProtobufCBinaryData){sizeof(content), content};
	record.has_connection = 1;
	record.connection = connection == 0 ? 1 : connection;
	record.peer = &peer;
	record.body_case = THROUGHCARE__V1__RECORD__BODY_SUBMISSION;
	record.submission = submission;
	return exchange_append(x, &record, record.connection);
}

uint64_t exchange_send(struct exchange *x, const struct message *message)
{
	Throughcare__V1__Header header = THROUGHCARE__V1__HEADER__INIT;
	Throughcare__V1__SubmissionRecord submission = THROUGHCARE__V1__SUBMISSION_RECORD__INIT;
	Throughcare__V1__Recipient to[2] = {THROUGHCARE__V1__RECIPIENT__INIT,
					    THROUGHCARE__V1__RECIPIENT__INIT};
	Throughcare__V1__Recipient *recipients[2] = {&to[0], &to[1]};
	Throughcare__V1__PartLabel parts[2] = {THROUGHCARE__V1__PART_LABEL__INIT,
					       THROUGHCARE__V1__PART_LABEL__INIT};
	Throughcare__V1__PartLabel *labels[2] = {&parts[0], &parts[1]};
	Throughcare__V1__Actor actor = THROUGHCARE__V1__ACTOR__INIT;
	Throughcare__V1__Basis basis = THROUGHCARE__V1__BASIS__INIT;
	Google__Protobuf__Timestamp expires = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	char id[TC_ID_TEXT_BYTES], subject[TC_ID_TEXT_BYTES], referral[TC_ID_TEXT_BYTES];
	uint8_t digest[32] = {message->flavour};
	ProtobufCBinaryData manifest[2] = {{32, digest}, {32, digest}};

	tc_id_format(message->id, id);
	header.message_id = id;
	header.type = (char *)(uintptr_t)message->type;
	to[0].agency = (char *)(uintptr_t)message->to;
	to[1].agency = (char *)(uintptr_t)message->also;
	header.recipients = recipients;
	header.n_recipients = message->also == NULL ? 1 : 2;
	if (!tc_id_is_none(message->subject)) {
		tc_id_format(message->subject, subject);
		header.subject = subject;
	}
	if (!tc_id_is_none(message->referral)) {
		tc_id_format(message->referral, referral);
		header.referral_id = referral;
	}
	actor.id = (char *)(uintptr_t) "worker-1";
	header.actor = &actor;
	header.has_purpose = header.has_priority = header.has_evidence = 1;
	header.purpose = THROUGHCARE__V1__PURPOSE__PURPOSE_REFERRAL_COORDINATION;
	header.priority = message->priority;
	header.evidence = message->evidence;
	header.proceeding_id = (char *)(uintptr_t)message->proceeding;
	if (message->legal != 0) {
		basis.has_legal = 1;
		basis.legal = (Throughcare__V1__LegalBasis)message->legal;
		header.basis = &basis;
	}
	if (message->expires_ms != 0) {
		expires.seconds = message->expires_ms / 1000;
		header.expires_at = &expires;
	}
	header.manifest = manifest;
	header.n_manifest = submission.n_parts = message->second == 0 ? 1 : 2;
	submission.parts = labels;
	for (int i = 0; i < 2; i++) {
		parts[i].type = (char *)(uintptr_t)message->type;
		parts[i].has_category = parts[i].has_bytes = 1;
		parts[i].category =
			(Throughcare__V1__Category)(i == 0 ? message->category : message->second);
		parts[i].bytes = 600;
	}
	submission.claim = message->claim;
	return submit(x, &header, &submission, message->from, message->connection);
}

/* A message to the exchange itself, its body given as JSON. */
static uint64_t submit_json(struct exchange *x, const char *from, const char *type,
			    const ProtobufCMessageDescriptor *descriptor, struct tc_id subject,
			    const char *text)
{
	Throughcare__V1__Header header = THROUGHCARE__V1__HEADER__INIT;
	Throughcare__V1__SubmissionRecord submission = THROUGHCARE__V1__SUBMISSION_RECORD__INIT;
	struct tc_refusal refusal = {0};
	ProtobufCMessage *message;
	char id[TC_ID_TEXT_BYTES], subject_text[TC_ID_TEXT_BYTES];
	uint8_t body[4096];
	uint64_t sequence;
	json_t *json;

	MUST(tc_json_parse(tc_slice_text(text), &json, &refusal) == 0);
	if (tc_json_to_message(json, descriptor, &message, &refusal) != 0)
		exchange_fail(refusal.detail, __FILE__, __LINE__);
	json_decref(json);
	MUST(protobuf_c_message_get_packed_size(message) <= sizeof(body));
	submission.has_body = 1;
	submission.body.data = body;
	submission.body.len = protobuf_c_message_pack(message, body);
	protobuf_c_message_free_unpacked(message, NULL);
	tc_id_format(exchange_id(x), id);
	header.message_id = id;
	header.type = (char *)(uintptr_t)type;
	if (!tc_id_is_none(subject)) {
		tc_id_format(subject, subject_text);
		header.subject = subject_text;
	}
	sequence = submit(x, &header, &submission, from, 0);
	return sequence;
}

void exchange_agency(struct exchange *x, const char *name, const char *kind)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "{\"agency\":\"%s\",\"name\":\"%s\",\"kind\":\"AGENCY_KIND_%s\","
		 "\"status\":\"AGENCY_STATUS_ACTIVE\"}",
		 name, name, kind);
	submit_json(x, "operator", "AgencyEntry", &throughcare__v1__agency_entry__descriptor,
		    (struct tc_id){{0}}, text);
	MUST(strcmp(exchange_answer(x), "accepted") == 0);
}

uint64_t exchange_consent(struct exchange *x, const struct consent *consent)
{
	char text[4096], id[TC_ID_TEXT_BYTES], grant[TC_ID_TEXT_BYTES], revocable[256] = "";
	char signed_at[TC_TIME_TEXT_BYTES], from[TC_TIME_TEXT_BYTES], until[TC_TIME_TEXT_BYTES];
	char at[TC_TIME_TEXT_BYTES];

	tc_id_format(consent->consent, id);
	tc_id_format(consent->grant, grant);
	tc_time_format(x->now_ms, signed_at);
	tc_time_format(consent->valid_from_ms == 0 ? x->now_ms : consent->valid_from_ms, from);
	tc_time_format(consent->expires_ms, until);
	if (consent->revocable_from_ms != 0) {
		tc_time_format(consent->revocable_from_ms, at);
		snprintf(revocable, sizeof(revocable),
			 "\"revocable_from\":{\"at\":\"%s\"},\"proceeding_id\":\"case-1\","
			 "\"imposing_authority\":\"court\",\"monitor_role\":\"officer\",",
			 at);
	}
	snprintf(text, sizeof(text),
		 "{\"consent_id\":\"%s\",\"version\":1,\"subject_name_as_signed\":\"Sample\","
		 "\"status\":\"CONSENT_STATUS_ACTIVE\",\"regime\":\"%s\","
		 "\"given_to_agency\":\"intake\",\"signature\":{\"signer\":\"Sample\","
		 "\"capacity\":\"SIGNER_CAPACITY_SELF\",\"method\":\"SIGNATURE_METHOD_INK\","
		 "\"signed_at\":\"%s\"},\"statements\":{\"revocation_right\":true,"
		 "\"how_to_revoke\":\"in writing\",\"redisclosure_warning\":true,"
		 "\"refusal_consequence\":\"none\"},\"grants\":[{\"grant_id\":\"%s\","
		 "\"disclosers\":[{\"kind\":\"PARTY_KIND_AGENCY\",\"agency\":\"%s\"}],"
		 "\"recipients\":[{\"kind\":\"PARTY_KIND_AGENCY\",\"agency\":\"%s\"}],"
		 "\"intermediary_named\":true,\"categories\":[\"CATEGORY_%s\"],"
		 "\"purposes\":[\"PURPOSE_REFERRAL_COORDINATION\"],%s"
		 "\"direction\":\"GRANT_DIRECTION_ONE_WAY\",\"valid_from\":\"%s\","
		 "\"expiry\":{\"at\":\"%s\"},\"redisclosure\":\"REDISCLOSURE_RULE_NONE\"}]}",
		 id,
		 consent->revocable_from_ms == 0 ? "CONSENT_REGIME_PART2"
						 : "CONSENT_REGIME_PART2_CJ",
		 signed_at, grant, consent->from, consent->to, consent->category, revocable, from,
		 until);
	return submit_json(x, "intake", "ConsentGrant", &throughcare__v1__consent_grant__descriptor,
			   consent->subject, text);
}

uint64_t exchange_revoke(struct exchange *x, const struct consent *consent)
{
	char text[512], id[TC_ID_TEXT_BYTES];

	tc_id_format(consent->consent, id);
	snprintf(text, sizeof(text),
		 "{\"consent_id\":\"%s\",\"by\":\"SIGNER_CAPACITY_SELF\","
		 "\"method\":\"SIGNATURE_METHOD_INK\"}",
		 id);
	return submit_json(x, "intake", "ConsentRevoke",
			   &throughcare__v1__consent_revoke__descriptor, consent->subject, text);
}

/* ---- what came out ---- */

const struct effect *exchange_effect(const struct exchange *x, enum effect_kind kind, size_t n)
{
	for (const struct effect *effect = x->effects.first; effect; effect = effect->next) {
		if (effect->kind == kind && n-- == 0)
			return effect;
	}
	return NULL;
}

size_t exchange_effects(const struct exchange *x, enum effect_kind kind)
{
	size_t count = 0;

	while (exchange_effect(x, kind, count) != NULL)
		count++;
	return count;
}

Throughcare__V1__Receipt *exchange_receipt(const struct exchange *x)
{
	const struct effect *effect = exchange_effect(x, EFFECT_RECEIPT, 0);
	Throughcare__V1__Receipt *receipt;

	MUST(effect != NULL);
	receipt = throughcare__v1__receipt__unpack(NULL, effect->body.len, effect->body.data);
	MUST(receipt != NULL);
	return receipt;
}

const char *exchange_answer(const struct exchange *x)
{
	static char answer[64];
	Throughcare__V1__Receipt *receipt = exchange_receipt(x);

	snprintf(answer, sizeof(answer), "%s",
		 receipt->refusal == NULL ? "accepted" : receipt->refusal->code);
	throughcare__v1__receipt__free_unpacked(receipt, NULL);
	return answer;
}

size_t exchange_facts(const struct exchange *x, const char *event)
{
	size_t count = 0;

	for (const struct fact *fact = x->effects.first_fact; fact; fact = fact->next) {
		Throughcare__V1__TrailRow *row =
			throughcare__v1__trail_row__unpack(NULL, fact->row.len, fact->row.data);

		MUST(row != NULL && row->event != NULL);
		count += strcmp(row->event, event) == 0;
		throughcare__v1__trail_row__free_unpacked(row, NULL);
	}
	return count;
}

size_t exchange_evidence(const struct exchange *x, Throughcare__V1__EvidenceKind kind)
{
	size_t count = 0;

	for (const struct effect *effect = x->effects.first; effect; effect = effect->next) {
		Throughcare__V1__Delivery *delivery;
		Throughcare__V1__DeliveryEvidence *evidence;

		if (effect->kind != EFFECT_DELIVER_OWN)
			continue;
		delivery = throughcare__v1__delivery__unpack(NULL, effect->body.len,
							     effect->body.data);
		MUST(delivery != NULL && delivery->n_parts == 1);
		if (strcmp(delivery->parts[0]->type, "DeliveryEvidence") == 0) {
			evidence = throughcare__v1__delivery_evidence__unpack(
				NULL, delivery->parts[0]->content.len,
				delivery->parts[0]->content.data);
			MUST(evidence != NULL);
			count += kind == 0 || evidence->kind == kind;
			throughcare__v1__delivery_evidence__free_unpacked(evidence, NULL);
		}
		throughcare__v1__delivery__free_unpacked(delivery, NULL);
	}
	return count;
}

void exchange_digest(struct exchange *x, uint8_t ret[32])
{
	MUST(ledger_digest(x->ledger, ret) == 0);
}

void exchange_rebuild(struct exchange *x, size_t commit, uint8_t ret[32])
{
	char path[PATH_MAX + 16];
	struct ledger_options options = x->options;
	struct effects effects = {0};
	struct ledger *ledger;

	snprintf(path, sizeof(path), "%s/rebuilt", x->folder);
	options.path = path;
	MUST(ledger_open(&ledger, &options) == 0);
	for (size_t i = 0; i < x->count; i++) {
		struct record record = {.sequence = i,
					.time_ms = x->log[i].time_ms,
					.body = tc_bytes_slice(&x->log[i].body)};

		MUST(ledger_apply(ledger, &record, &effects) == 0);
		effects_clear(&effects);
		if (commit != 0 && (i + 1) % commit == 0) {
			MUST(ledger_commit(ledger) == 0);
			ledger_close(&ledger); /* what is only in memory must not matter */
			MUST(ledger_open(&ledger, &options) == 0);
		}
	}
	MUST(ledger_digest(ledger, ret) == 0);
	ledger_close(&ledger);
	scratch_remove(path);
}

void exchange_crash(struct exchange *x)
{
	ledger_close(&x->ledger);
	MUST(ledger_open(&x->ledger, &x->options) == 0);
	MUST(ledger_replay(x->ledger, &x->journal, NULL, NULL) == 0);
	MUST(ledger_next(x->ledger) == x->count);
}
