/*
 * One loop behind every call that waits. Frames come from the inbox first (they are older), then
 * from the link. What is not wanted now goes to the inbox; what answers a request of our own is
 * used up here. A delivery whose sender's certificate is still on its way stays at its place in
 * the inbox, and deliveries behind it stay behind it.
 */
#include "client/dial.h"
#include "client/failure.h"
#include "client/handle.h"
#include "client/response.h"

enum { NOTHING = 100 }; /* besides the outcomes of response.h: there is no such frame */

#define COLLECTED_WAIT_MS 30000

static bool is_wanted(const struct tc_want *want, const struct tc_frame_kind *kind)
{
	switch (want->kind) {
	case TC_WANT_ANY:
		return true;
	case TC_WANT_DELIVERY:
		return kind->body == TC_BODY_DELIVERY;
	case TC_WANT_REQUEST:
		return kind->body != TC_BODY_DELIVERY && kind->request_id == want->request_id;
	}
	return false;
}

/* The oldest frame in the inbox that is wanted and can be given. */
static int from_inbox(struct tc_client *client, const struct tc_want *want, struct tc_response *ret)
{
	struct tc_inbox_frame *frame = client->inbox.first;
	bool behind = false; /* a delivery that must wait: later ones wait with it */

	while (frame) {
		struct tc_inbox_frame *next = frame->next;
		bool delivery = frame->kind.body == TC_BODY_DELIVERY;
		int r;

		if (is_wanted(want, &frame->kind) && !(behind && delivery)) {
			r = tc_response_read(client, tc_bytes_slice(&frame->bytes), ret);
			if (r == TC_RESPONSE_LATER) {
				behind = true;
			} else if (r < 0 || !client->link) {
				return r; /* the inbox went with the link */
			} else {
				tc_inbox_take(&client->inbox, frame);
				client->given = frame;
				if (r != TC_RESPONSE_REJECTED)
					return r;
				tc_inbox_frame_free(&client->given);
			}
		}
		frame = next;
	}
	return NOTHING;
}

static bool delivery_waits(const struct tc_client *client)
{
	for (const struct tc_inbox_frame *frame = client->inbox.first; frame; frame = frame->next) {
		if (frame->kind.body == TC_BODY_DELIVERY)
			return true;
	}
	return false;
}

/* Every frame that is wholly there, until one can be given. */
static int from_link(struct tc_client *client, const struct tc_want *want, struct tc_response *ret)
{
	struct tc_frame_kind kind;
	struct tc_slice frame;
	int r;

	while ((r = tc_link_next(client->link, &client->error, &frame)) == 0) {
		if (!tc_frame_kind_read(frame, &kind))
			return tc_failure_set(&client->error, TC_FAILURE_EXCHANGE_PROTOCOL,
					      "a response cannot be decoded");
		if (kind.request_id & TC_REQUEST_OWN && kind.body != TC_BODY_DELIVERY) {
			r = tc_response_absorb(client, frame, kind.request_id);
			if (r < 0)
				return r;
			/* A certificate may have come that the inbox waits for. */
			r = from_inbox(client, want, ret);
			if (r != NOTHING)
				return r;
			continue;
		}
		if (kind.body == TC_BODY_COLLECT && kind.request_id > client->collect_answered)
			client->collect_answered = kind.request_id;
		r = TC_RESPONSE_LATER;
		if (is_wanted(want, &kind) &&
		    !(kind.body == TC_BODY_DELIVERY && delivery_waits(client)))
			r = tc_response_read(client, frame, ret);
		else if (kind.body == TC_BODY_COLLECT && want->kind == TC_WANT_DELIVERY)
			r = TC_RESPONSE_REJECTED; /* noted above */
		if (r != TC_RESPONSE_LATER && r != TC_RESPONSE_REJECTED)
			return r;
		if (r == TC_RESPONSE_LATER && tc_inbox_push(&client->inbox, &kind, frame) < 0)
			return tc_failure_set_fault(&client->error, TC_ENOMEM);
	}
	if (r == TC_LINK_REFUSED)
		return tc_client_settle_link(client, r);
	return r == TC_LINK_EMPTY ? NOTHING : r;
}

static bool is_collected(const struct tc_client *client, const struct tc_want *want)
{
	return want->until_collected && client->collect_answered == client->collect_sent &&
	       !delivery_waits(client);
}

int tc_client_receive(struct tc_client *client, const struct tc_want *want, int64_t deadline_ms,
		      struct tc_response *ret)
{
	int r;

	tc_inbox_frame_free(&client->given);
	tc_bytes_free_secret(&client->opened);
	if (!client->link)
		return tc_failure_set(&client->error, TC_FAILURE_NOT_CONNECTED, "%s", "");
	for (bool last = false;; last = tc_deadline_left(deadline_ms) == 0) {
		r = from_inbox(client, want, ret);
		if (r == NOTHING)
			r = from_link(client, want, ret);
		if (r != NOTHING)
			break;
		if (last || is_collected(client, want))
			return TC_CLIENT_EMPTY;
		r = tc_link_wait(client->link, deadline_ms, &client->error);
		if (r != 0)
			return tc_client_settle_link(client, r);
	}
	if (r == TC_RESPONSE_REFUSED)
		return want->kind == TC_WANT_ANY && client->link ? 0 : TC_CLIENT_REFUSED;
	return r < 0 ? tc_client_settle_link(client, r) : r;
}

int tc_client_event_next(struct tc_client *client, int timeout_ms, struct tc_client_event *ret)
{
	struct tc_want want = {.kind = TC_WANT_ANY};
	int64_t deadline = tc_deadline_in(timeout_ms);
	struct tc_response response = {0};
	int r;

	do {
		r = tc_client_receive(client, &want, deadline, &response);
		/* An answer to a query that nobody waits for any more has no kind. */
	} while (r == 0 && response.event.kind == 0);
	if (r == 0)
		*ret = response.event;
	return r;
}

int tc_client_delivery_next(struct tc_client *client, int timeout_ms,
			    const struct tc_delivery **ret)
{
	struct tc_want want = {.kind = TC_WANT_DELIVERY, .until_collected = timeout_ms == 0};
	int64_t deadline = tc_deadline_in(timeout_ms == 0 ? COLLECTED_WAIT_MS : timeout_ms);
	struct tc_response response = {0};
	int r = tc_client_receive(client, &want, deadline, &response);

	if (r == 0)
		*ret = response.event.delivery;
	return r;
}
