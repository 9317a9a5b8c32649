/* collect - takes what waits in the mailbox, prints it, then acknowledges it. */
#include <string.h>

#include "base/clock.h"
#include "cli/command_table.h"
#include "cli/rendition.h"
#include "cli/session.h"
#include "cli/terms.h"

#define MESSAGES_MAX     1000
#define WINDOW           64 /* printed before they are acknowledged together */
#define WAIT_SECONDS_MAX 86400

struct collecting {
	struct tc_invocation *invocation;
	struct tc_client *client;
	bool acknowledge;
	uint32_t lease_ms;
	int64_t wanted;
	int64_t got;
	int64_t credit; /* given and not used */
	struct tc_problem
		unopened; /* of the first message that has a part which cannot be opened */
	size_t pending;
	struct tc_terms_shown shown;
	struct tc_settlement settlements[WINDOW];
};

static void delivery_say(const struct tc_screen *screen, json_t *message,
			 const struct tc_delivery *delivery, struct tc_terms_shown *shown)
{
	tc_screen_say(screen, "%s from %s, %s (log position %llu, attempt %u, by %s)",
		      delivery->type, delivery->sender, delivery->message_id,
		      (unsigned long long)delivery->log_sequence, delivery->attempt,
		      delivery->basis && *delivery->basis ? delivery->basis : "no basis needed");
	json_t *terms = tc_terms_split(message);

	tc_screen_document(screen, message);
	tc_terms_say(screen, terms, shown);
	json_decref(terms);
}

/* The client has opened what it can. */
static bool part_open(void *context, size_t place, struct tc_slice sealed, struct tc_slice *ret)
{
	const struct tc_delivery *delivery = context;

	(void)sealed;
	if (place >= delivery->part_count || !delivery->parts[place].opened)
		return false;
	*ret = tc_slice(delivery->parts[place].content, delivery->parts[place].content_len);
	return true;
}

static enum tc_exit delivery_print(struct collecting *collecting,
				   const struct tc_delivery *delivery)
{
	static const char *const origins[] = {"unknown", "verified", "exchange", "unverified"};
	struct tc_invocation *invocation = collecting->invocation;
	json_t *message = NULL;
	int r = tc_rendition_delivery(tc_slice(delivery->packed, delivery->packed_len), part_open,
				      (void *)(uintptr_t)delivery, &message);

	if (r != 0) {
		tc_problem_set(&invocation->problem, "protocol", "a delivery cannot be read",
			       "check that this program is of the exchange's version", "%s",
			       delivery->message_id);
		return TC_EXIT_FAILED;
	}
	json_object_set_new(message, "origin", json_string(origins[delivery->origin & 3]));
	if (invocation->screen.json)
		tc_screen_line(&invocation->screen, message);
	else
		delivery_say(&invocation->screen, message, delivery, &collecting->shown);
	json_decref(message);
	return TC_EXIT_DONE;
}

/* Only what has been printed is acknowledged: what the reader of a broken pipe did not get is
 * offered again. */
static enum tc_exit settle(struct collecting *collecting)
{
	struct tc_invocation *invocation = collecting->invocation;

	if (!tc_screen_flush(&invocation->screen)) {
		tc_problem_set(&invocation->problem, "output_failed",
			       "the messages cannot be printed",
			       "they stay in the mailbox; collect again", NULL);
		return TC_EXIT_FAILED;
	}
	size_t count = collecting->pending;
	collecting->pending = 0;
	if (count == 0 || !collecting->acknowledge)
		return TC_EXIT_DONE;
	int r = tc_client_settle(collecting->client, collecting->settlements, count, 0,
				 TC_SESSION_TIMEOUT_MS, NULL);
	return r == 0 ? TC_EXIT_DONE : tc_session_failed(invocation, collecting->client, r);
}

/* The reason code, in a place that outlives the delivery. */
static const char *unopened_note(struct collecting *collecting, const struct tc_delivery *delivery)
{
	static const char *const codes[] = {"cannot_open", "sealed_content_invalid"};

	if (collecting->unopened.code[0] == '\0')
		tc_session_problem(&collecting->unopened, delivery->unopened, TC_CLIENT_SEAL);
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (strcmp(codes[i], delivery->unopened->code) == 0)
			return codes[i];
	}
	return codes[0];
}

static enum tc_exit taken(struct collecting *collecting, const struct tc_delivery *delivery)
{
	enum tc_exit code = delivery_print(collecting, delivery);

	if (code != TC_EXIT_DONE)
		return code;
	/* What cannot be read is printed and goes to the dead letters, so that its sender hears of
	 * it and can seal it anew: an acknowledgement would say that it has arrived. */
	collecting->settlements[collecting->pending++] = (struct tc_settlement){
		.delivery_id = delivery->id,
		.kind = delivery->unopened ? TC_SETTLE_TERM : TC_SETTLE_ACK,
		.reason_code = delivery->unopened ? unopened_note(collecting, delivery) : NULL,
	};
	collecting->got++;
	collecting->credit--;
	return collecting->pending == WINDOW ? settle(collecting) : TC_EXIT_DONE;
}

/* Everything that is due at once. The next message of a referral is due when the one before it is
 * acknowledged, so it goes on until a round brings nothing. */
static enum tc_exit drain(struct collecting *collecting)
{
	const struct tc_delivery *delivery = NULL;
	enum tc_exit code = TC_EXIT_DONE;
	int64_t before = -1;

	while (code == TC_EXIT_DONE && collecting->got != before &&
	       collecting->got < collecting->wanted) {
		int64_t room = collecting->wanted - collecting->got;
		int64_t more = (room < WINDOW ? room : WINDOW) - collecting->credit;
		before = collecting->got;
		if (more > 0) {
			int r = tc_client_collect(collecting->client, (uint32_t)more,
						  collecting->lease_ms);
			if (r != 0)
				return tc_session_failed(collecting->invocation, collecting->client,
							 r);
			collecting->credit += more;
		}
		int r = 0;
		while (code == TC_EXIT_DONE && collecting->got < collecting->wanted &&
		       collecting->credit > 0) {
			r = tc_client_delivery_next(collecting->client, 0, &delivery);
			if (r != 0)
				break;
			code = taken(collecting, delivery);
		}
		if (r != 0 && r != TC_CLIENT_EMPTY)
			return tc_session_failed(collecting->invocation, collecting->client, r);
		if (code == TC_EXIT_DONE)
			code = settle(collecting);
	}
	return code;
}

static enum tc_exit wait_for(struct collecting *collecting, int64_t wait_ms, bool fill)
{
	int64_t deadline_us = tc_clock_monotonic_us() + wait_ms * 1000;
	const struct tc_delivery *delivery = NULL;
	enum tc_exit code = drain(collecting);

	while (code == TC_EXIT_DONE && collecting->got < collecting->wanted &&
	       (fill || collecting->got == 0)) {
		int64_t left_ms = (deadline_us - tc_clock_monotonic_us()) / 1000;
		if (left_ms <= 0)
			break;
		int r = tc_client_delivery_next(collecting->client, (int)left_ms, &delivery);
		if (r == TC_CLIENT_EMPTY)
			break;
		if (r != 0)
			return tc_session_failed(collecting->invocation, collecting->client, r);
		code = taken(collecting, delivery);
		if (code == TC_EXIT_DONE)
			code = settle(collecting);
		if (code == TC_EXIT_DONE)
			code = drain(collecting);
	}
	return code;
}

enum tc_exit tc_message_collect_run(struct tc_invocation *invocation)
{
	struct collecting collecting = {.invocation = invocation};
	int64_t wait_seconds = 0;

	if (tc_invocation_number(invocation, "max", 1, 1000000000, MESSAGES_MAX,
				 &collecting.wanted) < 0 ||
	    tc_invocation_number(invocation, "wait", 0, WAIT_SECONDS_MAX, 0, &wait_seconds) < 0)
		return TC_EXIT_USAGE;
	if (tc_invocation_option(invocation, "ack") && tc_invocation_option(invocation, "no-ack"))
		return tc_invocation_usage(invocation, "--ack and --no-ack exclude each other");
	collecting.acknowledge = !tc_invocation_option(invocation, "no-ack");
	/* Without acknowledging, what is printed stays lent until the end: then the exchange takes
	 * it back, since the connection is gone. */
	int64_t lease_ms = TC_SESSION_TIMEOUT_MS + wait_seconds * 1000;
	collecting.lease_ms = (uint32_t)(lease_ms < 3600000 ? lease_ms : 3600000);

	enum tc_exit code = tc_session_open(invocation, &collecting.client);
	if (code == TC_EXIT_DONE)
		code = wait_for(&collecting, wait_seconds * 1000,
				tc_invocation_option(invocation, "max") != NULL);
	if (code == TC_EXIT_DONE && collecting.got == 0)
		tc_screen_say(&invocation->screen, "nothing waits in the mailbox");
	tc_client_close(&collecting.client);
	if (code == TC_EXIT_DONE && collecting.unopened.code[0] != '\0') {
		invocation->problem = collecting.unopened;
		code = TC_EXIT_FAILED;
	}
	return code;
}
