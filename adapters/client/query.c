#include <throughcare/client.h>

#include "client/dial.h"
#include "client/failure.h"
#include "client/handle.h"
#include "wire/limits.h"

/* The query is already packed, so the request around it is written by hand: field 1 the id, field
 * 5 the query (wire.proto). */
static int request_wrap(struct tc_client *client, uint64_t id, struct tc_slice query)
{
	uint8_t head[32];
	size_t len = 0;
	uint64_t value = id;
	int r;

	head[len++] = 1 << 3;
	for (; value > 127; value >>= 7)
		head[len++] = (uint8_t)(value | 0x80);
	head[len++] = (uint8_t)value;
	head[len++] = 5 << 3 | 2;
	for (value = query.len; value > 127; value >>= 7)
		head[len++] = (uint8_t)(value | 0x80);
	head[len++] = (uint8_t)value;
	client->scratch.len = 0;
	r = tc_bytes_append(&client->scratch, head, len);
	if (r == 0)
		r = tc_bytes_append(&client->scratch, query.data, query.len);
	return r < 0 ? tc_failure_set_fault(&client->error, r) : 0;
}

int tc_client_query(struct tc_client *client, const void *query, size_t len, int timeout_ms,
		    const void **ret, size_t *ret_len)
{
	struct tc_want want = {.kind = TC_WANT_REQUEST};
	int64_t deadline = tc_deadline_in(timeout_ms);
	struct tc_response response;
	int r;

	if (len > TC_FRAME_BYTES_MAX)
		return tc_failure_set(&client->error, TC_FAILURE_ARGUMENT, "the query is too long");
	want.request_id = tc_client_request_id(client);
	r = request_wrap(client, want.request_id, tc_slice(query, len));
	if (r == 0)
		r = tc_client_send_packed(client, tc_bytes_slice(&client->scratch));
	if (r == 0)
		r = tc_client_receive(client, &want, deadline, &response);
	if (r == TC_CLIENT_EMPTY)
		return tc_failure_set(&client->error, TC_FAILURE_TIMEOUT, "no answer to a query");
	if (r != 0)
		return r;
	*ret = response.reply.data;
	*ret_len = response.reply.len;
	return 0;
}
