/* zmtp: both ends against each other and against what no peer should send, cut at every byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/limits.h"
#include "wire/zmtp.h"

#define FRAME_MAX 1000

/* What a connection was told, as text: "R" ready, "M<len>" message, "P" ping, "O" pong, "E" error.
 */
struct heard {
	char text[256];
	size_t messages;
};

static void heard_add(struct heard *heard, const struct tc_zmtp_event *event)
{
	static const char letters[] = {[TC_ZMTP_PEER_READY] = 'R',
				       [TC_ZMTP_MESSAGE] = 'M',
				       [TC_ZMTP_PING] = 'P',
				       [TC_ZMTP_PONG] = 'O',
				       [TC_ZMTP_PEER_ERROR] = 'E'};
	size_t len = strlen(heard->text);

	assert_true(len + 2 < sizeof(heard->text));
	heard->text[len] = letters[event->kind];
	if (event->kind == TC_ZMTP_MESSAGE)
		heard->messages++;
}

/* Feeds `in` until it wants more or refuses; drops what is used, as a connection does. The exchange
 * becomes READY as soon as it may. */
static int feed(struct tc_zmtp *zmtp, struct tc_bytes *in, struct heard *heard)
{
	struct tc_bytes out = {0};
	struct tc_zmtp_event event;
	size_t used;
	int r;

	do {
		r = tc_zmtp_next(zmtp, tc_bytes_slice(in), &used, &event);
		assert_true(used <= in->len);
		if (r == 0)
			heard_add(heard, &event);
		tc_bytes_consume(in, used);
		if (r == 0 && zmtp->state == TC_ZMTP_STATE_HELD)
			assert_int_equal(tc_zmtp_write_ready(zmtp, &out), 0);
	} while (r == 0);
	if (r == TC_ZMTP_MORE)
		assert_true(zmtp->wanted > in->len &&
			    zmtp->wanted <= TC_COMMAND_BYTES_MAX + TC_ZMTP_FRAME_HEADER_MAX);
	tc_bytes_free(&out);
	return r;
}

/* One write, or byte by byte. */
static int feed_all(struct tc_zmtp *zmtp, struct tc_slice bytes, size_t step, struct heard *heard)
{
	struct tc_bytes in = {0};
	int r = TC_ZMTP_MORE;

	for (size_t at = 0; at < bytes.len && r == TC_ZMTP_MORE; at += step) {
		size_t len = bytes.len - at < step ? bytes.len - at : step;

		assert_int_equal(tc_bytes_append(&in, bytes.data + at, len), 0);
		r = feed(zmtp, &in, heard);
	}
	tc_bytes_free(&in);
	return r;
}

static void dealer_hello(struct tc_bytes *out)
{
	struct tc_zmtp dealer;

	tc_zmtp_init(&dealer, TC_ZMTP_DEALER, FRAME_MAX);
	assert_int_equal(tc_zmtp_write_greeting(out), 0);
	assert_int_equal(tc_zmtp_write_ready(&dealer, out), 0);
}

static void append(struct tc_bytes *out, const char *bytes, size_t len)
{
	assert_int_equal(tc_bytes_append(out, bytes, len), 0);
}

/* A whole conversation of a dealer: short, empty and long message, PING and PONG. */
static void conversation(struct tc_bytes *out)
{
	char body[900];

	memset(body, 'x', sizeof(body));
	dealer_hello(out);
	assert_int_equal(tc_zmtp_write_message(tc_slice(body, 5), out), 0);
	assert_int_equal(tc_zmtp_write_message(tc_slice(body, 0), out), 0);
	assert_int_equal(tc_zmtp_write_message(tc_slice(body, sizeof(body)), out), 0);
	assert_int_equal(tc_zmtp_write_message(tc_slice(body, 255), out), 0);
	assert_int_equal(tc_zmtp_write_message(tc_slice(body, 256), out), 0);
	assert_int_equal(tc_zmtp_write_ping(50, tc_slice_text("ctx"), out), 0);
	assert_int_equal(tc_zmtp_write_pong(tc_slice(NULL, 0), out), 0);
}

static void a_conversation_is_understood_however_it_is_cut(void **state)
{
	struct tc_bytes bytes = {0};

	(void)state;
	conversation(&bytes);
	for (size_t step = 1; step <= bytes.len; step++) {
		struct heard heard = {0};
		struct tc_zmtp router;

		tc_zmtp_init(&router, TC_ZMTP_ROUTER, FRAME_MAX);
		assert_int_equal(feed_all(&router, tc_bytes_slice(&bytes), step, &heard),
				 TC_ZMTP_MORE);
		assert_string_equal(heard.text, "RMMMMMPO");
		assert_int_equal(router.state, TC_ZMTP_STATE_OPEN);
	}
	tc_bytes_free(&bytes);
}

static void a_truncated_conversation_only_wants_more(void **state)
{
	struct tc_bytes bytes = {0};

	(void)state;
	conversation(&bytes);
	for (size_t len = 1; len < bytes.len; len++) {
		struct heard heard = {0};
		struct tc_zmtp router;
		/* An exact copy, so that a sanitizer sees any read past its end. */
		uint8_t *cut = malloc(len);

		assert_non_null(cut);
		memcpy(cut, bytes.data, len);
		tc_zmtp_init(&router, TC_ZMTP_ROUTER, FRAME_MAX);
		assert_int_equal(feed_all(&router, tc_slice(cut, len), len, &heard), TC_ZMTP_MORE);
		assert_int_equal(strncmp("RMMMMMPO", heard.text, strlen(heard.text)), 0);
		free(cut);
	}
	tc_bytes_free(&bytes);
}

static void two_of_our_own_ends_understand_each_other(void **state)
{
	struct tc_bytes to_router = {0};
	struct tc_bytes to_dealer = {0};
	struct heard heard = {0};
	struct tc_zmtp router;
	struct tc_zmtp dealer;
	struct tc_zmtp_event event;
	struct tc_refusal refusal = {0};
	size_t used;

	(void)state;
	tc_zmtp_init(&router, TC_ZMTP_ROUTER, FRAME_MAX);
	tc_zmtp_init(&dealer, TC_ZMTP_DEALER, FRAME_MAX);
	assert_int_equal(tc_zmtp_write_greeting(&to_router), 0);
	assert_int_equal(tc_zmtp_write_ready(&dealer, &to_router), 0);
	assert_int_equal(tc_zmtp_write_greeting(&to_dealer), 0);
	/* Held until the exchange has decided: what is pipelined behind READY waits unread. */
	assert_int_equal(tc_zmtp_write_message(tc_slice_text("early"), &to_router), 0);
	assert_int_equal(tc_zmtp_next(&router, tc_bytes_slice(&to_router), &used, &event), 0);
	assert_int_equal(event.kind, TC_ZMTP_PEER_READY);
	assert_int_equal(router.state, TC_ZMTP_STATE_HELD);
	tc_bytes_consume(&to_router, used);
	assert_int_equal(tc_zmtp_next(&router, tc_bytes_slice(&to_router), &used, &event),
			 TC_ZMTP_MORE);
	assert_int_equal(used, 0);
	assert_int_equal(tc_zmtp_write_ready(&router, &to_dealer), 0);
	assert_int_equal(tc_zmtp_next(&router, tc_bytes_slice(&to_router), &used, &event), 0);
	assert_true(tc_slice_equal(event.bytes, tc_slice_text("early")));
	assert_int_equal(feed(&dealer, &to_dealer, &heard), TC_ZMTP_MORE);
	assert_string_equal(heard.text, "R");
	/* And says no in the middle of a connection. */
	tc_refuse(&refusal, TC_REFUSAL_CERTIFICATE_REVOKED, "%s", "");
	assert_int_equal(tc_zmtp_write_error(&router, &refusal, &to_dealer), 0);
	assert_int_equal(tc_zmtp_next(&dealer, tc_bytes_slice(&to_dealer), &used, &event), 0);
	assert_int_equal(event.kind, TC_ZMTP_PEER_ERROR);
	assert_int_equal(strncmp((const char *)event.bytes.data, "certificate_revoked: ", 21), 0);
	assert_int_equal(dealer.state, TC_ZMTP_STATE_OVER);
	tc_bytes_free(&to_router);
	tc_bytes_free(&to_dealer);
}

static void refused_with(const struct tc_bytes *bytes, enum tc_refusal_code code)
{
	for (size_t step = 1; step <= bytes->len; step += bytes->len - 1 ? bytes->len - 1 : 1) {
		struct heard heard = {0};
		struct tc_zmtp router;
		struct tc_zmtp_event event;
		size_t used;

		tc_zmtp_init(&router, TC_ZMTP_ROUTER, FRAME_MAX);
		assert_int_equal(feed_all(&router, tc_bytes_slice(bytes), step, &heard),
				 TC_ZMTP_REFUSED);
		assert_int_equal(router.refusal.code, code);
		assert_true(router.refusal.detail[0] != '\0');
		/* For good. */
		assert_int_equal(tc_zmtp_next(&router, tc_bytes_slice(bytes), &used, &event),
				 TC_ZMTP_REFUSED);
	}
}

/* Greetings, changed at one place. */
static void greeting_refused(size_t at, const char *change, size_t len)
{
	struct tc_bytes bytes = {0};

	dealer_hello(&bytes);
	memcpy(bytes.data + at, change, len);
	refused_with(&bytes, TC_REFUSAL_PROTOCOL);
	tc_bytes_free(&bytes);
}

static void other_protocols_are_refused_at_their_first_bytes(void **state)
{
	struct tc_bytes bytes = {0};

	(void)state;
	append(&bytes, "GET / HTTP/1.1\r\n", 16);
	refused_with(&bytes, TC_REFUSAL_PROTOCOL);
	bytes.len = 1;
	refused_with(&bytes, TC_REFUSAL_PROTOCOL);
	/* ZMTP 1.0 begins with the length of an anonymous identity. */
	bytes.len = 0;
	append(&bytes, "\x01\x00", 2);
	refused_with(&bytes, TC_REFUSAL_PROTOCOL);
	tc_bytes_free(&bytes);
	greeting_refused(9, "\x00", 1);   /* no signature */
	greeting_refused(10, "\x01", 1);  /* ZMTP 2.0 */
	greeting_refused(10, "\x00", 1);  /* ZMTP 1.0 with a long signature */
	greeting_refused(12, "PLAIN", 5); /* other mechanisms */
	greeting_refused(12, "CURVE", 5);
	greeting_refused(12, "NULLX", 5);
}

static void zmtp_3_0_and_later_minors_are_taken(void **state)
{
	static const char minors[] = {0, 1, 2};

	(void)state;
	for (size_t i = 0; i < sizeof(minors); i++) {
		struct tc_bytes bytes = {0};
		struct heard heard = {0};
		struct tc_zmtp router;

		dealer_hello(&bytes);
		bytes.data[11] = (uint8_t)minors[i];
		tc_zmtp_init(&router, TC_ZMTP_ROUTER, FRAME_MAX);
		assert_int_equal(feed_all(&router, tc_bytes_slice(&bytes), 7, &heard),
				 TC_ZMTP_MORE);
		assert_string_equal(heard.text, "R");
		assert_int_equal(router.peer_minor, minors[i]);
		tc_bytes_free(&bytes);
	}
}

static void after_greeting_refused(const char *frames, size_t len, enum tc_refusal_code code)
{
	struct tc_bytes bytes = {0};

	assert_int_equal(tc_zmtp_write_greeting(&bytes), 0);
	append(&bytes, frames, len);
	refused_with(&bytes, code);
	tc_bytes_free(&bytes);
}

static void after_ready_refused(const char *frames, size_t len, enum tc_refusal_code code)
{
	struct tc_bytes bytes = {0};

	dealer_hello(&bytes);
	append(&bytes, frames, len);
	refused_with(&bytes, code);
	tc_bytes_free(&bytes);
}

#define AFTER_GREETING(bytes, code) after_greeting_refused(bytes, sizeof(bytes) - 1, code)
#define AFTER_READY(bytes, code)    after_ready_refused(bytes, sizeof(bytes) - 1, code)

static void handshakes_that_are_not_a_dealers_are_refused(void **state)
{
	(void)state;
	AFTER_GREETING("\x00\x02hi", TC_REFUSAL_PROTOCOL);        /* a message before READY */
	AFTER_GREETING("\x04\x06\x05READY", TC_REFUSAL_PROTOCOL); /* no socket type */
	AFTER_GREETING("\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x03REQ", TC_REFUSAL_PROTOCOL);
	AFTER_GREETING("\x04\x1c\x05READY\x0bSocket-Type\x00\x00\x00\x06ROUTER",
		       TC_REFUSAL_PROTOCOL);
	AFTER_GREETING("\x04\x16\x05READY\x0bSocket-Type\x00\x00\x00\x07", TC_REFUSAL_PROTOCOL);
	AFTER_GREETING("\x04\x08\x05READY\x00\x01", TC_REFUSAL_PROTOCOL); /* a nameless property */
	AFTER_GREETING("\x04\x0c\x05READY\x01x\xff\xff\xff\xff", TC_REFUSAL_PROTOCOL);
	AFTER_GREETING("\x04\x06\x05HELLO", TC_REFUSAL_PROTOCOL);        /* of PLAIN */
	AFTER_GREETING("\x04\x07\x04PING\x00\x0a", TC_REFUSAL_PROTOCOL); /* too early */
	AFTER_GREETING("\x04\x00", TC_REFUSAL_PROTOCOL);                 /* no name */
	AFTER_GREETING("\x04\x02\x05R", TC_REFUSAL_PROTOCOL);
	AFTER_GREETING("\x05\x06\x05READY", TC_REFUSAL_PROTOCOL); /* a command with more */
	AFTER_GREETING("\x08\x00", TC_REFUSAL_PROTOCOL);          /* unknown flags */
	AFTER_GREETING("\x06\x00\x00\x00\x00\x00\x00\x10\x01", TC_REFUSAL_FRAME_TOO_LARGE);
}

static void frames_that_break_the_rules_are_refused(void **state)
{
	(void)state;
	AFTER_READY("\x01\x02hi", TC_REFUSAL_TOO_MANY_FRAMES);
	AFTER_READY("\x01", TC_REFUSAL_TOO_MANY_FRAMES); /* before its size is even there */
	AFTER_READY("\x03\x00\x00\x00\x00\x00\x00\x00\x01x", TC_REFUSAL_TOO_MANY_FRAMES);
	AFTER_READY("\x02\x00\x00\x00\x00\x00\x00\x03\xe9", TC_REFUSAL_FRAME_TOO_LARGE); /* 1001 */
	AFTER_READY("\x02\xff\xff\xff\xff\xff\xff\xff\xff", TC_REFUSAL_FRAME_TOO_LARGE);
	AFTER_READY("\x02\x7f\xff\xff\xff\xff\xff\xff\xff", TC_REFUSAL_FRAME_TOO_LARGE);
	AFTER_READY("\x04\x1c\x05READY\x0bSocket-Type\x00\x00\x00\x06"
		    "DEALER",
		    TC_REFUSAL_PROTOCOL);                     /* twice */
	AFTER_READY("\x04\x05\x04PING", TC_REFUSAL_PROTOCOL); /* no TTL */
	AFTER_READY("\x04\x18\x04PING\x00\x0a"
		    "12345678901234567",
		    TC_REFUSAL_PROTOCOL);
	AFTER_READY("\x04\x16\x04PONG"
		    "12345678901234567",
		    TC_REFUSAL_PROTOCOL);
	AFTER_READY("\x04\x0a\x09SUBSCRIBE", TC_REFUSAL_PROTOCOL);
	AFTER_READY("\x04\x07\x05"
		    "ERROR\x05",
		    TC_REFUSAL_PROTOCOL); /* shorter than it says */
	AFTER_READY("\x04\x06\x05"
		    "ERROR",
		    TC_REFUSAL_PROTOCOL);
}

static void a_frame_of_exactly_the_limit_is_taken(void **state)
{
	struct tc_bytes bytes = {0};
	struct heard heard = {0};
	struct tc_zmtp router;
	uint8_t *room;

	(void)state;
	dealer_hello(&bytes);
	assert_int_equal(tc_zmtp_write_room(FRAME_MAX, &bytes, &room), 0);
	memset(room, 0, FRAME_MAX);
	tc_zmtp_init(&router, TC_ZMTP_ROUTER, FRAME_MAX);
	assert_int_equal(feed_all(&router, tc_bytes_slice(&bytes), 64, &heard), TC_ZMTP_MORE);
	assert_int_equal(heard.messages, 1);
	tc_bytes_free(&bytes);
}

static void what_is_over_a_limit_is_not_written(void **state)
{
	struct tc_bytes out = {0};
	uint8_t *room;

	(void)state;
	assert_int_equal(tc_zmtp_write_room(TC_FRAME_BYTES_MAX + 1, &out, &room), TC_EINVAL);
	assert_int_equal(tc_zmtp_write_ping(1, tc_slice_text("12345678901234567"), &out),
			 TC_EINVAL);
	assert_int_equal(tc_zmtp_write_pong(tc_slice_text("12345678901234567"), &out), TC_EINVAL);
	assert_int_equal(out.len, 0);
	tc_bytes_free(&out);
}

static void property_names_have_no_case_and_identities_are_given(void **state)
{
	static const char ready[] = "\x04\x2e\x05READY\x0bsocket-TYPE\x00\x00\x00\x06"
				    "DEALER"
				    "\x08identity\x00\x00\x00\x05north";
	struct tc_bytes bytes = {0};
	struct tc_zmtp router;
	struct tc_zmtp_event event;
	size_t used;

	(void)state;
	assert_int_equal(tc_zmtp_write_greeting(&bytes), 0);
	append(&bytes, ready, sizeof(ready) - 1);
	tc_zmtp_init(&router, TC_ZMTP_ROUTER, FRAME_MAX);
	assert_int_equal(tc_zmtp_next(&router, tc_bytes_slice(&bytes), &used, &event), 0);
	assert_int_equal(event.kind, TC_ZMTP_PEER_READY);
	assert_true(tc_slice_equal(event.bytes, tc_slice_text("north")));
	tc_bytes_free(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_conversation_is_understood_however_it_is_cut),
		cmocka_unit_test(a_truncated_conversation_only_wants_more),
		cmocka_unit_test(two_of_our_own_ends_understand_each_other),
		cmocka_unit_test(other_protocols_are_refused_at_their_first_bytes),
		cmocka_unit_test(zmtp_3_0_and_later_minors_are_taken),
		cmocka_unit_test(handshakes_that_are_not_a_dealers_are_refused),
		cmocka_unit_test(frames_that_break_the_rules_are_refused),
		cmocka_unit_test(a_frame_of_exactly_the_limit_is_taken),
		cmocka_unit_test(what_is_over_a_limit_is_not_written),
		cmocka_unit_test(property_names_have_no_case_and_identities_are_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
