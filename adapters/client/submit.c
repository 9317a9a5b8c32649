#include <string.h>

#include <throughcare/client.h>

#include "base/clock.h"
#include "client/dial.h"
#include "client/failure.h"
#include "client/handle.h"
#include "client/message.h"
#include "wire/draft.h"

/* Completes and signs the messages: a packed Request in the handle's scratch buffer. */
static int submission_pack(struct tc_client *client, struct tc_message *const *messages,
			   size_t count, uint64_t request_id)
{
	struct tc_draft drafts[TC_SUBMIT_MAX];
	int64_t now_ms = tc_clock_now_ms(&tc_clock_real);
	int r;

	if (count < 1 || count > TC_SUBMIT_MAX)
		return tc_failure_set(&client->error, TC_FAILURE_ARGUMENT,
				      "%zu messages; 1 to %d go together", count, TC_SUBMIT_MAX);
	for (size_t i = 0; i < count; i++) {
		r = tc_message_complete(messages[i], client->identity.id, now_ms, client->key);
		if (r < 0)
			return tc_failure_set_fault(&client->error, r);
		drafts[i] = tc_message_draft(messages[i]);
	}
	client->scratch.len = 0;
	r = tc_draft_pack_request(request_id, drafts, count, client->key, &client->scratch);
	if (r == TC_EINVAL)
		return tc_failure_set(&client->error, TC_FAILURE_ARGUMENT,
				      "a message has no part, or its id is no UUID");
	return r < 0 ? tc_failure_set_fault(&client->error, r) : 0;
}

int tc_client_submit_start(struct tc_client *client, struct tc_message *const *messages,
			   size_t count, uint64_t *ret_request_id)
{
	uint64_t id = tc_client_request_id(client);
	int r = submission_pack(client, messages, count, id);

	if (r == 0)
		r = tc_client_send_packed(client, tc_bytes_slice(&client->scratch));
	if (r == 0)
		*ret_request_id = id;
	return r;
}

static int receipts_wait(struct tc_client *client, uint64_t request_id, size_t count,
			 int64_t deadline, struct tc_response *ret)
{
	struct tc_want want = {.kind = TC_WANT_REQUEST, .request_id = request_id};
	int r = tc_client_receive(client, &want, deadline, ret);

	if (r == TC_CLIENT_EMPTY)
		return tc_failure_set(&client->error, TC_FAILURE_TIMEOUT, "no receipt");
	if (r == 0 && (ret->event.kind != TC_EVENT_RECEIPTS || ret->event.count != count)) {
		r = tc_failure_set(&client->error, TC_FAILURE_EXCHANGE_PROTOCOL,
				   "not one receipt for each message");
		return tc_client_settle_link(client, r);
	}
	return r;
}

/* Whether the connection went and it is worth asking again. */
static bool is_lost(const struct tc_client *client, int r)
{
	return !client->link && (r == TC_ECLOSED || r == TC_EIO);
}

int tc_client_submit(struct tc_client *client, struct tc_message *const *messages, size_t count,
		     int timeout_ms, const struct tc_receipt **ret_receipts, size_t *ret_count)
{
	int64_t deadline = tc_deadline_in(timeout_ms);
	struct tc_response response;
	uint64_t id = 0;
	int r;

	for (;;) {
		r = tc_client_submit_start(client, messages, count, &id);
		if (r == 0)
			r = receipts_wait(client, id, count, deadline, &response);
		if (!is_lost(client, r) || tc_deadline_left(deadline) == 0)
			break;
		r = tc_client_reconnect(client, tc_deadline_left(deadline));
		if (r != 0)
			break;
	}
	if (r == 0) {
		*ret_receipts = response.event.receipts;
		*ret_count = response.event.count;
	}
	return r;
}
