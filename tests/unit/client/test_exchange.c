#include "unit/client/test_exchange.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/x509.h>

#include "base/check.h"
#include "throughcare/v1/wire.pb-c.h"
#include "tls/tls_connection.h"
#include "wire/certificate.h"
#include "wire/limits.h"
#include "wire/merkle.h"
#include "wire/request.h"
#include "wire/zmtp.h"

#define POLL_MS 20

struct peer {
	struct test_exchange *exchange;
	struct tc_tls_connection *tls;
	struct tc_zmtp zmtp;
	struct tc_bytes in;
	struct tc_bytes out;
	int fd;
	bool over;
};

static void respond(struct peer *peer, Throughcare__V1__Response *response, uint64_t id)
{
	uint8_t *room;

	response->has_request_id = 1;
	response->request_id = id;
	TC_CHECK(tc_zmtp_write_room(throughcare__v1__response__get_packed_size(response),
				    &peer->out, &room) == 0);
	throughcare__v1__response__pack(response, room);
}

static void refuse(struct peer *peer, uint64_t id, enum tc_refusal_code code)
{
	Throughcare__V1__Response response = THROUGHCARE__V1__RESPONSE__INIT;
	Throughcare__V1__Refusal refusal = THROUGHCARE__V1__REFUSAL__INIT;

	refusal.code = (char *)(uintptr_t)tc_refusal_name(code);
	response.body_case = THROUGHCARE__V1__RESPONSE__BODY_REFUSAL;
	response.refusal = &refusal;
	respond(peer, &response, id);
}

/* Keeps one envelope as the delivery that its recipient will get. */
static void delivery_keep(struct test_exchange *exchange, const Throughcare__V1__Submit *submit,
			  const struct tc_merkle_tree *tree, size_t index, const uint8_t *sha256)
{
	Throughcare__V1__Delivery delivery = THROUGHCARE__V1__DELIVERY__INIT;
	Throughcare__V1__HeaderSignature signature = THROUGHCARE__V1__HEADER_SIGNATURE__INIT;
	const Throughcare__V1__Envelope *envelope = submit->envelopes[index];
	ProtobufCBinaryData path[TC_PATH_HASHES_MAX];
	struct tc_merkle_path audit;
	struct tc_bytes *kept = &exchange->deliveries[exchange->delivery_count];

	tc_merkle_tree_path(tree, index, &audit);
	for (size_t i = 0; i < audit.hash_count; i++)
		path[i] = (ProtobufCBinaryData){.data = audit.hashes[i].bytes, .len = 32};
	signature.has_certificate_sha256 = 1;
	signature.certificate_sha256.data = (uint8_t *)(uintptr_t)sha256;
	signature.certificate_sha256.len = 32;
	signature.has_signature = 1;
	signature.signature = submit->signature;
	signature.has_leaf_index = 1;
	signature.leaf_index = (uint32_t)index;
	signature.has_tree_size = 1;
	signature.tree_size = (uint32_t)submit->n_envelopes;
	signature.n_path = audit.hash_count;
	signature.path = path;
	delivery.has_delivery_id = 1;
	delivery.delivery_id = ++exchange->delivery_count;
	delivery.has_header = 1;
	delivery.header = envelope->header;
	delivery.signature = &signature;
	delivery.n_parts = envelope->n_parts;
	delivery.parts = envelope->parts;
	delivery.has_terms = exchange->terms.len > 0;
	delivery.terms.len = exchange->terms.len;
	delivery.terms.data = (uint8_t *)(uintptr_t)exchange->terms.data;
	if (exchange->changes_parts)
		envelope->parts[0]->content.data[0] ^= 1;
	if (exchange->changes_signatures)
		signature.signature.data[signature.signature.len - 1] ^= 1;
	TC_CHECK(exchange->delivery_count < TEST_DELIVERIES_MAX);
	TC_CHECK(tc_bytes_reserve(kept, throughcare__v1__delivery__get_packed_size(&delivery)) ==
		 0);
	kept->len = throughcare__v1__delivery__pack(&delivery, kept->data);
}

static void on_submit(struct peer *peer, const struct tc_request *request)
{
	struct test_exchange *exchange = peer->exchange;
	Throughcare__V1__Response response = THROUGHCARE__V1__RESPONSE__INIT;
	Throughcare__V1__SubmitReply reply = THROUGHCARE__V1__SUBMIT_REPLY__INIT;
	Throughcare__V1__Receipt receipts[TC_ENVELOPES_MAX];
	Throughcare__V1__Receipt *pointers[TC_ENVELOPES_MAX];
	Throughcare__V1__Submit *submit;
	struct tc_certificate *certificate = NULL;
	struct tc_refusal refusal = {0};
	struct tc_merkle_tree tree;
	struct tc_submit split;

	exchange->submits++;
	if (exchange->lose_submits > 0) {
		exchange->lose_submits--;
		peer->over = true;
		return;
	}
	TC_CHECK(tc_submit_split(request->body, &split, &refusal) == 0);
	TC_CHECK(tc_certificate_wrap(tc_tls_connection_certificate(peer->tls), &certificate) == 0);
	TC_CHECK(tc_submit_verify(&split, certificate, &tree, &refusal) == 0);
	submit = throughcare__v1__submit__unpack(NULL, request->body.len, request->body.data);
	TC_CHECK(submit);
	for (size_t i = 0; i < split.count; i++) {
		throughcare__v1__receipt__init(&receipts[i]);
		receipts[i].has_status = 1;
		receipts[i].status = THROUGHCARE__V1__RECEIPT_STATUS__RECEIPT_STATUS_ACCEPTED;
		receipts[i].has_log_sequence = 1;
		receipts[i].log_sequence = 100 + i;
		pointers[i] = &receipts[i];
		delivery_keep(exchange, submit, &tree, i, tc_certificate_sha256(certificate));
	}
	reply.n_receipts = split.count;
	reply.receipts = pointers;
	response.body_case = THROUGHCARE__V1__RESPONSE__BODY_SUBMIT;
	response.submit = &reply;
	respond(peer, &response, request->id);
	throughcare__v1__submit__free_unpacked(submit, NULL);
	tc_certificate_free(&certificate);
}

static void on_collect(struct peer *peer, const struct tc_request *request)
{
	struct test_exchange *exchange = peer->exchange;
	Throughcare__V1__Response response = THROUGHCARE__V1__RESPONSE__INIT;
	Throughcare__V1__CollectReply reply = THROUGHCARE__V1__COLLECT_REPLY__INIT;

	for (size_t i = 0; i < exchange->delivery_count; i++) {
		Throughcare__V1__Delivery *delivery = throughcare__v1__delivery__unpack(
			NULL, exchange->deliveries[i].len, exchange->deliveries[i].data);

		TC_CHECK(delivery);
		response.body_case = THROUGHCARE__V1__RESPONSE__BODY_DELIVERY;
		response.delivery = delivery;
		respond(peer, &response, request->id);
		throughcare__v1__delivery__free_unpacked(delivery, NULL);
	}
	response.body_case = THROUGHCARE__V1__RESPONSE__BODY_COLLECT;
	response.collect = &reply;
	respond(peer, &response, request->id);
}

static void on_settle(struct peer *peer, const struct tc_request *request)
{
	Throughcare__V1__Response response = THROUGHCARE__V1__RESPONSE__INIT;
	Throughcare__V1__SettleReply reply = THROUGHCARE__V1__SETTLE_REPLY__INIT;
	Throughcare__V1__SettlementResult results[TC_SETTLEMENTS_MAX];
	Throughcare__V1__Settle *settle =
		throughcare__v1__settle__unpack(NULL, request->body.len, request->body.data);

	TC_CHECK(settle);
	for (size_t i = 0; i < settle->n_settlements; i++) {
		results[i] = THROUGHCARE__V1__SETTLEMENT_RESULT__SETTLEMENT_RESULT_DONE;
		if (settle->settlements[i]->kind ==
		    THROUGHCARE__V1__SETTLEMENT_KIND__SETTLEMENT_KIND_ACK)
			peer->exchange->acknowledged++;
		else
			peer->exchange->terminated++;
	}
	reply.n_results = settle->n_settlements;
	reply.results = results;
	response.body_case = THROUGHCARE__V1__RESPONSE__BODY_SETTLE;
	response.settle = &reply;
	respond(peer, &response, request->id);
	throughcare__v1__settle__free_unpacked(settle, NULL);
}

static void on_query(struct peer *peer, const struct tc_request *request)
{
	struct test_exchange *exchange = peer->exchange;
	Throughcare__V1__Response response = THROUGHCARE__V1__RESPONSE__INIT;
	Throughcare__V1__QueryReply reply = THROUGHCARE__V1__QUERY_REPLY__INIT;
	Throughcare__V1__PolicyRow policy = THROUGHCARE__V1__POLICY_ROW__INIT;
	Throughcare__V1__PolicyRow *policies[] = {&policy};
	Throughcare__V1__Query *query =
		throughcare__v1__query__unpack(NULL, request->body.len, request->body.data);

	TC_CHECK(query);
	if (query->body_case == THROUGHCARE__V1__QUERY__BODY_CERTIFICATE) {
		exchange->certificate_queries++;
		reply.has_certificate_der = 1;
		reply.certificate_der.data = exchange->certificate.data;
		reply.certificate_der.len = exchange->certificate.len;
	}
	if (query->body_case == THROUGHCARE__V1__QUERY__BODY_POLICY_SHOW) {
		exchange->policy_queries++;
		policy.has_policy = 1;
		policy.policy.data = exchange->policy.data;
		policy.policy.len = exchange->policy.len;
		reply.n_policies = 1;
		reply.policies = policies;
	}
	throughcare__v1__query__free_unpacked(query, NULL);
	if (exchange->hides_certificates) {
		refuse(peer, request->id, TC_REFUSAL_NOT_FOUND);
		return;
	}
	reply.has_log_sequence = 1;
	reply.log_sequence = 7;
	response.body_case = THROUGHCARE__V1__RESPONSE__BODY_QUERY;
	response.query = &reply;
	respond(peer, &response, request->id);
}

static void on_message(struct peer *peer, struct tc_slice frame)
{
	struct tc_refusal refusal = {0};
	struct tc_request request;
	int r = tc_request_decode(frame, &request, &refusal);

	if (peer->exchange->silent)
		return;
	if (peer->exchange->sends_garbage) {
		TC_CHECK(tc_zmtp_write_message(tc_slice_text("\xff\xff"), &peer->out) == 0);
		return;
	}
	if (r != 0 || peer->exchange->refuse_requests) {
		refuse(peer, request.id, r ? refusal.code : peer->exchange->refuse_requests);
		return;
	}
	switch (request.kind) {
	case TC_REQUEST_SUBMIT:
		on_submit(peer, &request);
		break;
	case TC_REQUEST_COLLECT:
		on_collect(peer, &request);
		break;
	case TC_REQUEST_SETTLE:
		on_settle(peer, &request);
		break;
	case TC_REQUEST_QUERY:
		on_query(peer, &request);
		break;
	}
}

static void on_ready(struct peer *peer)
{
	struct tc_refusal refusal = {.code = peer->exchange->refuse_log_on};
	struct tc_bytes *kept = &peer->exchange->certificate;
	uint8_t *end;
	int len = i2d_X509(tc_tls_connection_certificate(peer->tls), NULL);

	if (refusal.code) {
		TC_CHECK(tc_zmtp_write_error(&peer->zmtp, &refusal, &peer->out) == 0);
		return;
	}
	kept->len = 0;
	TC_CHECK(len > 0 && tc_bytes_reserve(kept, (size_t)len) == 0);
	end = kept->data;
	kept->len = (size_t)i2d_X509(tc_tls_connection_certificate(peer->tls), &end);
	TC_CHECK(tc_zmtp_write_ready(&peer->zmtp, &peer->out) == 0);
}

static void input_take(struct peer *peer)
{
	struct tc_zmtp_event event;
	size_t used;
	int r;

	while (!peer->over) {
		r = tc_zmtp_next(&peer->zmtp, tc_bytes_slice(&peer->in), &used, &event);
		if (r == 0 && event.kind == TC_ZMTP_PEER_READY)
			on_ready(peer);
		else if (r == 0 && event.kind == TC_ZMTP_MESSAGE)
			on_message(peer, event.bytes);
		tc_bytes_consume(&peer->in, used);
		if (r != 0)
			return;
	}
}

/* False when the peer is gone. */
static bool peer_step(struct peer *peer)
{
	struct pollfd watched = {.fd = peer->fd, .events = POLLIN};
	size_t n;
	int r = tc_tls_connection_handshake(peer->tls);

	if (r == 0) {
		TC_CHECK(tc_bytes_reserve(&peer->in, 65536) == 0);
		r = tc_tls_connection_read(peer->tls, peer->in.data + peer->in.len, 65536, &n);
		if (r == 0) {
			peer->in.len += n;
			input_take(peer);
		}
		while (peer->out.len > 0 && !peer->over) {
			int w = tc_tls_connection_write(peer->tls, peer->out.data, peer->out.len,
							&n);

			if (w != 0)
				break;
			tc_bytes_consume(&peer->out, n);
		}
	}
	if (peer->over || r == TC_TLS_CLOSED || r == TC_TLS_FAILED)
		return false;
	if (r == TC_TLS_WANT_READ)
		(void)poll(&watched, 1, POLL_MS);
	return true;
}

static void peer_serve(struct test_exchange *exchange, int fd)
{
	struct peer peer = {.exchange = exchange, .fd = fd};

	exchange->connections++;
	TC_CHECK(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
	TC_CHECK(tc_tls_connection_new(exchange->tls, fd, NULL, &peer.tls) == 0);
	tc_zmtp_init(&peer.zmtp, TC_ZMTP_ROUTER, TC_FRAME_BYTES_MAX);
	TC_CHECK(tc_zmtp_write_greeting(&peer.out) == 0);
	while (!exchange->stop && peer_step(&peer))
		;
	tc_tls_connection_shutdown(peer.tls);
	tc_tls_connection_free(&peer.tls);
	tc_bytes_free(&peer.in);
	tc_bytes_free(&peer.out);
	close(fd);
}

static void *serve(void *context)
{
	struct test_exchange *exchange = context;

	while (!exchange->stop) {
		struct pollfd watched = {.fd = exchange->listener, .events = POLLIN};

		if (poll(&watched, 1, POLL_MS) == 1) {
			int fd = accept(exchange->listener, NULL, NULL);

			if (fd >= 0)
				peer_serve(exchange, fd);
		}
	}
	return NULL;
}

void test_exchange_start(struct test_exchange *exchange, struct test_authority *authority)
{
	struct test_request request = {.uri = "spiffe://d/exchange/exchange", .server = 1};
	struct test_identity identity = test_authority_issue(authority, &request);
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	char *certificate =
		test_authority_write_certificate(authority, "exchange.pem", identity.certificate);
	char *key = test_authority_write_key(authority, "exchange.key", identity.key);
	char *ca = test_authority_write_ca(authority, "ca.pem");
	struct tc_tls_files files = {.certificate = certificate, .key = key, .ca = ca};
	char detail[TC_TLS_DETAIL_BYTES];

	memset(exchange, 0, sizeof(*exchange));
	exchange->authority = authority;
	TC_CHECK(tc_tls_config_open(TC_TLS_SERVER, &files, detail, &exchange->tls) == 0);
	exchange->listener = socket(AF_INET, SOCK_STREAM, 0);
	TC_CHECK(bind(exchange->listener, (struct sockaddr *)&address, len) == 0);
	TC_CHECK(listen(exchange->listener, 8) == 0);
	TC_CHECK(getsockname(exchange->listener, (struct sockaddr *)&address, &len) == 0);
	exchange->port = ntohs(address.sin_port);
	TC_CHECK(pthread_create(&exchange->thread, NULL, serve, exchange) == 0);
	free(certificate);
	free(key);
	free(ca);
	test_identity_done(&identity);
}

void test_exchange_stop(struct test_exchange *exchange)
{
	exchange->stop = true;
	pthread_join(exchange->thread, NULL);
	close(exchange->listener);
	tc_tls_config_unref(&exchange->tls);
	for (size_t i = 0; i < exchange->delivery_count; i++)
		tc_bytes_free(&exchange->deliveries[i]);
	tc_bytes_free(&exchange->certificate);
	tc_bytes_free(&exchange->policy);
}
