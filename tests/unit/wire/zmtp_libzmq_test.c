/* zmtp: the codec against libzmq itself, a stock DEALER over TCP. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <zmq.h>

#include "wire/limits.h"
#include "wire/zmtp.h"

#define WAIT_MS 20000 /* never used up unless something is broken */

struct fixture {
	void *context;
	void *dealer;
	int fd; /* our end of the connection */
	struct tc_zmtp zmtp;
	struct tc_bytes in;
};

static void fixture_open(struct fixture *fixture, int socket_type)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct timeval wait = {.tv_sec = WAIT_MS / 1000};
	socklen_t len = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int zero = 0;
	int wait_ms = WAIT_MS;
	int heartbeat_ms = 50;
	char endpoint[64];

	memset(fixture, 0, sizeof(*fixture));
	assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	snprintf(endpoint, sizeof(endpoint), "tcp://127.0.0.1:%d", ntohs(address.sin_port));
	fixture->context = zmq_ctx_new();
	fixture->dealer = zmq_socket(fixture->context, socket_type);
	zmq_setsockopt(fixture->dealer, ZMQ_LINGER, &zero, sizeof(zero));
	zmq_setsockopt(fixture->dealer, ZMQ_RCVTIMEO, &wait_ms, sizeof(wait_ms));
	zmq_setsockopt(fixture->dealer, ZMQ_HEARTBEAT_IVL, &heartbeat_ms, sizeof(heartbeat_ms));
	/* Otherwise it gives us up when a PONG takes longer than the interval. */
	zmq_setsockopt(fixture->dealer, ZMQ_HEARTBEAT_TIMEOUT, &wait_ms, sizeof(wait_ms));
	zmq_setsockopt(fixture->dealer, ZMQ_ROUTING_ID, "north", 5);
	assert_int_equal(zmq_connect(fixture->dealer, endpoint), 0);
	fixture->fd = accept(listener, NULL, NULL);
	assert_true(fixture->fd >= 0);
	assert_int_equal(setsockopt(fixture->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)), 0);
	close(listener);
	tc_zmtp_init(&fixture->zmtp, TC_ZMTP_ROUTER, TC_FRAME_BYTES_MAX);
}

static void fixture_close(struct fixture *fixture)
{
	close(fixture->fd);
	zmq_close(fixture->dealer);
	zmq_ctx_term(fixture->context);
	tc_bytes_free(&fixture->in);
}

static void send_all(struct fixture *fixture, struct tc_bytes *out)
{
	assert_int_equal(send(fixture->fd, out->data, out->len, MSG_NOSIGNAL), out->len);
	tc_bytes_free(out);
}

/* The next event, however many reads that takes; it stands until the next call. */
static int next(struct fixture *fixture, size_t *used, struct tc_zmtp_event *event)
{
	uint8_t bytes[4096];
	ssize_t n;
	int r;

	tc_bytes_consume(&fixture->in, *used);
	*used = 0;
	for (;;) {
		r = tc_zmtp_next(&fixture->zmtp, tc_bytes_slice(&fixture->in), used, event);
		if (r != TC_ZMTP_MORE)
			return r;
		tc_bytes_consume(&fixture->in, *used);
		n = recv(fixture->fd, bytes, sizeof(bytes), 0);
		assert_true(n > 0);
		assert_int_equal(tc_bytes_append(&fixture->in, bytes, (size_t)n), 0);
	}
}

static void log_on(struct fixture *fixture, size_t *used)
{
	struct tc_bytes out = {0};
	struct tc_zmtp_event event;

	assert_int_equal(tc_zmtp_write_greeting(&out), 0);
	send_all(fixture, &out);
	assert_int_equal(next(fixture, used, &event), 0);
	assert_int_equal(event.kind, TC_ZMTP_PEER_READY);
	assert_true(tc_slice_equal(event.bytes, tc_slice_text("north")));
	assert_int_equal(tc_zmtp_write_ready(&fixture->zmtp, &out), 0);
	send_all(fixture, &out);
}

static void a_stock_dealer_talks_with_us(void **state)
{
	static const size_t sizes[] = {0, 1, 255, 256, 70000};
	static uint8_t body[70000];
	static uint8_t got[70000];
	struct fixture fixture;
	struct tc_bytes out = {0};
	struct tc_zmtp_event event;
	size_t used = 0;
	bool pinged = false;

	(void)state;
	memset(body, 'b', sizeof(body));
	fixture_open(&fixture, ZMQ_DEALER);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		assert_int_equal(zmq_send(fixture.dealer, body, sizes[i], 0), sizes[i]);
	log_on(&fixture, &used);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]) || !pinged;) {
		assert_int_equal(next(&fixture, &used, &event), 0);
		if (event.kind == TC_ZMTP_PING) {
			pinged = true;
			assert_int_equal(tc_zmtp_write_pong(event.bytes, &out), 0);
			send_all(&fixture, &out);
			continue;
		}
		assert_int_equal(event.kind, TC_ZMTP_MESSAGE);
		assert_int_equal(event.bytes.len, sizes[i]);
		assert_true(event.bytes.len == 0 ||
			    memcmp(event.bytes.data, body, event.bytes.len) == 0);
		assert_int_equal(tc_zmtp_write_message(event.bytes, &out), 0);
		send_all(&fixture, &out);
		assert_int_equal(zmq_recv(fixture.dealer, got, sizeof(got), 0), sizes[i]);
		i++;
	}
	fixture_close(&fixture);
}

static void a_stock_multi_part_message_is_refused(void **state)
{
	struct fixture fixture;
	struct tc_zmtp_event event;
	size_t used = 0;

	(void)state;
	fixture_open(&fixture, ZMQ_DEALER);
	assert_int_equal(zmq_send(fixture.dealer, "a", 1, ZMQ_SNDMORE), 1);
	assert_int_equal(zmq_send(fixture.dealer, "b", 1, 0), 1);
	log_on(&fixture, &used);
	assert_int_equal(next(&fixture, &used, &event), TC_ZMTP_REFUSED);
	assert_int_equal(fixture.zmtp.refusal.code, TC_REFUSAL_TOO_MANY_FRAMES);
	fixture_close(&fixture);
}

static void another_stock_socket_is_refused(void **state)
{
	struct fixture fixture;
	struct tc_bytes out = {0};
	struct tc_zmtp_event event;
	size_t used = 0;

	(void)state;
	fixture_open(&fixture, ZMQ_REQ);
	assert_int_equal(tc_zmtp_write_greeting(&out), 0);
	send_all(&fixture, &out);
	assert_int_equal(next(&fixture, &used, &event), TC_ZMTP_REFUSED);
	assert_int_equal(fixture.zmtp.refusal.code, TC_REFUSAL_PROTOCOL);
	fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stock_dealer_talks_with_us),
		cmocka_unit_test(a_stock_multi_part_message_is_refused),
		cmocka_unit_test(another_stock_socket_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
