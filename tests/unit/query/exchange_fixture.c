#include "unit/query/exchange_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "journal/journal_lmdb.h"
#include "query/query_request.h"
#include "scratch.h"
#include "wire/digest.h"

#define MAP_BYTES   (512ULL * 1024 * 1024)
#define DEADLINE_MS 10000
#define GATEWAY     0
#define TEXTS       16

struct tc_id number_id(uint64_t number)
{
	struct tc_id id = {{0}};

	if (number == 0)
		return id;
	id.bytes[6] = 0x70;
	id.bytes[8] = 0x81;
	tc_put_be32(id.bytes + 12, (uint32_t)number);
	return id;
}

char *number_text(uint64_t number)
{
	static char texts[TEXTS][TC_ID_TEXT_BYTES];
	static unsigned next;
	char *text = texts[next++ % TEXTS];

	if (number == 0)
		return NULL;
	tc_id_format(number_id(number), text);
	return text;
}

static char *text(const char *from)
{
	return (char *)(uintptr_t)from;
}

static void open_stores(struct exchange_fixture *fixture)
{
	char path[PATH_MAX + 16];
	struct journal_lmdb_options journal = {
		.path = path, .map_bytes = MAP_BYTES, .clock = &tc_clock_real};
	struct trail_index_options trail = {.path = path, .map_bytes = MAP_BYTES};
	struct ledger_options ledger = {
		.path = path,
		.map_bytes = MAP_BYTES,
		.mailbox_messages_max = 1000,
		.mailbox_bytes_max = 1 << 20,
		.delivery_attempts_max = 10,
		.retry_first_ms = 1000,
		.retry_max_ms = 10000,
	};

	scratch_make(fixture->folder);
	(void)snprintf(path, sizeof(path), "%s/journal", fixture->folder);
	assert_int_equal(journal_lmdb_open(&journal, &fixture->journal), 0);
	(void)snprintf(path, sizeof(path), "%s/trail", fixture->folder);
	assert_int_equal(trail_index_open(&trail, &fixture->trail), 0);
	(void)snprintf(path, sizeof(path), "%s/ledger", fixture->folder);
	assert_int_equal(ledger_open(&fixture->ledger, &ledger), 0);
}

static void open_bus(struct exchange_fixture *fixture)
{
	assert_int_equal(bus_open(&fixture->bus), 0);
	assert_int_equal(bus_bind_pull(fixture->bus, "query.0", 64, &fixture->query_inbox), 0);
	assert_int_equal(bus_bind_pull(fixture->bus, "gateway.0", 64, &fixture->gateway_inbox), 0);
	assert_int_equal(bus_bind_pull(fixture->bus, "ledger", 64, &fixture->ledger_inbox), 0);
	assert_int_equal(bus_connect_push(fixture->bus, "query.0", 64, &fixture->to_query), 0);
	assert_int_equal(bus_connect_push(fixture->bus, "gateway.0", 64, &fixture->to_gateway), 0);
	assert_int_equal(bus_connect_push(fixture->bus, "ledger", 64, &fixture->to_ledger), 0);
}

static void start_thread(struct exchange_fixture *fixture)
{
	struct query_thread_options options = {
		.journal = fixture->journal,
		.ledger = fixture->ledger,
		.trail = fixture->trail,
		.figures = &fixture->figures,
		.inbox = fixture->query_inbox,
		.to_ledger = fixture->to_ledger,
		.gateways = &fixture->to_gateway,
		.gateway_count = 1,
		.deadline_ms = fixture->deadline_ms,
	};

	fixture->figures.version = "1.2.3";
	fixture->figures.exchange = "exchange";
	fixture->figures.trust_domain = "test.example";
	fixture->figures.journal = &fixture->journal_figures;
	fixture->figures.connections = &fixture->connections;
	assert_int_equal(query_thread_start(&options, &fixture->thread), 0);
}

void fill_peer(Throughcare__V1__Peer *peer, Throughcare__V1__PeerKind kind, const char *id)
{
	static uint8_t certificate[TC_SHA256_BYTES];

	assert_int_equal(tc_sha256(tc_slice_text(id), certificate), 0);
	throughcare__v1__peer__init(peer);
	peer->has_kind = 1;
	peer->kind = kind;
	peer->id = text(id);
	peer->has_certificate_sha256 = 1;
	peer->certificate_sha256 =
		(ProtobufCBinaryData){.len = sizeof(certificate), .data = certificate};
}

void *pack_message(const ProtobufCMessage *message, ProtobufCBinaryData *ret)
{
	ret->len = protobuf_c_message_get_packed_size(message);
	ret->data = malloc(ret->len + 1);
	assert_non_null(ret->data);
	protobuf_c_message_pack(message, ret->data);
	return ret->data;
}

static void pack_record(struct record *record, const Throughcare__V1__Record *from,
			const char *const *contents, size_t content_count)
{
	size_t body = throughcare__v1__record__get_packed_size(from);
	size_t total = body;

	for (size_t i = 0; i < content_count; i++)
		total += strlen(contents[i]);
	assert_int_equal(tc_bytes_reserve(&record->owned, total), 0);
	record->owned.len = throughcare__v1__record__pack(from, record->owned.data);
	record->body = tc_slice(record->owned.data, body);
	if (content_count == 0)
		return;
	record->parts = calloc(content_count, sizeof(*record->parts));
	assert_non_null(record->parts);
	record->part_count = content_count;
	for (size_t i = 0; i < content_count; i++) {
		uint8_t *at = record->owned.data + record->owned.len;
		size_t len = strlen(contents[i]);

		memcpy(at, contents[i], len);
		record->parts[i].content = tc_slice(at, len);
		record->owned.len += len;
	}
}

uint64_t put_record(struct exchange_fixture *fixture, Throughcare__V1__Record *from,
		    const char *const *contents, size_t content_count)
{
	struct record_batch batch = {0};
	struct effects effects = {0};
	struct record *record = record_new();
	uint64_t sequence;

	assert_non_null(record);
	pack_record(record, from, contents, content_count);
	record->gateway = GATEWAY;
	record->connection = FIXTURE_CONNECTION;
	record_batch_push(&batch, &record);
	assert_int_equal(journal_append(fixture->journal, &batch, tc_id_new(1)), 0);
	record = record_batch_pop(&batch);
	sequence = record->sequence;
	assert_int_equal(ledger_apply(fixture->ledger, record, &effects), 0);
	record_free(&record);
	assert_int_equal(
		trail_index_sink(fixture->trail, &effects, ledger_next(fixture->ledger), false), 0);
	effects_clear(&effects);
	return sequence;
}

void commit_all(struct exchange_fixture *fixture)
{
	struct bus_position *position = calloc(1, sizeof(*position));

	assert_non_null(position);
	assert_int_equal(trail_index_commit(fixture->trail), 0);
	assert_int_equal(ledger_commit(fixture->ledger), 0);
	position->next = ledger_next(fixture->ledger);
	assert_int_equal(bus_send(fixture->to_query, BUS_COMMITTED, position, DEADLINE_MS), 0);
}

/* ---- asking ---- */

uint64_t put_query(struct exchange_fixture *fixture, Throughcare__V1__PeerKind kind, const char *id,
		   Throughcare__V1__Query *query)
{
	Throughcare__V1__QueryRecord asked = THROUGHCARE__V1__QUERY_RECORD__INIT;
	Throughcare__V1__Record record = THROUGHCARE__V1__RECORD__INIT;
	struct query_request *request;
	Throughcare__V1__Peer peer;
	uint64_t sequence;

	fill_peer(&peer, kind, id);
	asked.has_query = 1;
	pack_message(&query->base, &asked.query);
	record.has_connection = 1;
	record.connection = FIXTURE_CONNECTION;
	record.peer = &peer;
	record.body_case = THROUGHCARE__V1__RECORD__BODY_QUERY;
	record.query = &asked;
	sequence = put_record(fixture, &record, NULL, 0);
	free(asked.query.data);
	request = query_request_new(GATEWAY, FIXTURE_CONNECTION, 4711, sequence);
	assert_non_null(request);
	assert_int_equal(bus_send(fixture->to_query, BUS_QUERY, request, DEADLINE_MS), 0);
	return sequence;
}

Throughcare__V1__Response *take_answer(struct exchange_fixture *fixture)
{
	Throughcare__V1__Response *response;
	struct bus_message message;
	struct effects *effects;

	assert_int_equal(bus_receive(fixture->gateway_inbox, DEADLINE_MS, &message), 0);
	assert_int_equal(message.kind, BUS_ANSWER);
	effects = message.payload;
	assert_non_null(effects->first);
	assert_int_equal(effects->first->kind, EFFECT_REPLY);
	assert_int_equal(effects->first->connection, FIXTURE_CONNECTION);
	assert_int_equal(effects->first->request_id, 4711);
	response = throughcare__v1__response__unpack(NULL, effects->first->body.len,
						     effects->first->body.data);
	assert_non_null(response);
	assert_int_equal(response->request_id, 4711);
	effects_free(&effects);
	return response;
}

Throughcare__V1__Response *ask(struct exchange_fixture *fixture, Throughcare__V1__PeerKind kind,
			       const char *id, Throughcare__V1__Query *query)
{
	put_query(fixture, kind, id, query);
	commit_all(fixture);
	return take_answer(fixture);
}

void expect_code(struct exchange_fixture *fixture, Throughcare__V1__PeerKind kind, const char *id,
		 Throughcare__V1__Query *query, const char *code)
{
	Throughcare__V1__Response *response = ask(fixture, kind, id, query);

	if (code[0] == '\0') {
		assert_int_equal(response->body_case, THROUGHCARE__V1__RESPONSE__BODY_QUERY);
	} else {
		assert_int_equal(response->body_case, THROUGHCARE__V1__RESPONSE__BODY_REFUSAL);
		assert_string_equal(response->refusal->code, code);
		assert_true(response->refusal->message[0] && response->refusal->hint[0]);
	}
	answer_free(&response);
}

void answer_free(Throughcare__V1__Response **response)
{
	throughcare__v1__response__free_unpacked(*response, NULL);
	*response = NULL;
}

/* ---- from beginning to end ---- */

static int setup(void **state, unsigned deadline_ms)
{
	struct exchange_fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	fixture->deadline_ms = deadline_ms;
	open_stores(fixture);
	open_bus(fixture);
	put_agency(fixture, "clinic", THROUGHCARE__V1__AGENCY_KIND__AGENCY_KIND_TREATMENT);
	put_agency(fixture, "office", THROUGHCARE__V1__AGENCY_KIND__AGENCY_KIND_PAROLE);
	put_agency(fixture, "home", THROUGHCARE__V1__AGENCY_KIND__AGENCY_KIND_HOUSING);
	start_thread(fixture);
	*state = fixture;
	return 0;
}

int exchange_fixture_setup(void **state)
{
	return setup(state, DEADLINE_MS);
}

int exchange_fixture_setup_hasty(void **state)
{
	return setup(state, 1);
}

static void drop_messages(struct bus_socket *socket)
{
	struct bus_message message;

	while (bus_receive(socket, 0, &message) == 0) {
		struct effects *effects = message.payload;

		if (message.kind == BUS_ANSWER)
			effects_free(&effects);
	}
}

int exchange_fixture_teardown(void **state)
{
	struct exchange_fixture *fixture = *state;

	assert_int_equal(bus_send(fixture->to_query, BUS_STOP, NULL, DEADLINE_MS), 0);
	query_thread_join(&fixture->thread);
	drop_messages(fixture->gateway_inbox);
	drop_messages(fixture->ledger_inbox);
	bus_socket_close(&fixture->to_query);
	bus_socket_close(&fixture->to_gateway);
	bus_socket_close(&fixture->to_ledger);
	bus_socket_close(&fixture->query_inbox);
	bus_socket_close(&fixture->gateway_inbox);
	bus_socket_close(&fixture->ledger_inbox);
	bus_close(&fixture->bus);
	ledger_close(&fixture->ledger);
	trail_index_close(&fixture->trail);
	journal_close(&fixture->journal);
	scratch_remove(fixture->folder);
	free(fixture);
	return 0;
}
