#include <string.h>

#include <throughcare/client.h>

#include "client/dial.h"
#include "client/failure.h"
#include "client/handle.h"
#include "wire/limits.h"

int tc_client_collect(struct tc_client *client, uint32_t credit, uint32_t lease_ms)
{
	Throughcare__V1__Request request = THROUGHCARE__V1__REQUEST__INIT;
	Throughcare__V1__Collect collect = THROUGHCARE__V1__COLLECT__INIT;
	int r;

	if (credit < 1 || credit > TC_CREDIT_MAX || lease_ms < TC_LEASE_MS_MIN ||
	    lease_ms > TC_LEASE_MS_MAX)
		return tc_failure_set(&client->error, TC_FAILURE_ARGUMENT,
				      "credit is 1 to %d and the lease %d to %d ms", TC_CREDIT_MAX,
				      TC_LEASE_MS_MIN, TC_LEASE_MS_MAX);
	collect.has_credit = 1;
	collect.credit = credit;
	collect.has_lease_ms = 1;
	collect.lease_ms = lease_ms;
	request.has_request_id = 1;
	request.request_id = tc_client_request_id(client);
	request.body_case = THROUGHCARE__V1__REQUEST__BODY_COLLECT;
	request.collect = &collect;
	r = tc_client_send(client, &request);
	if (r == 0)
		client->collect_sent = request.request_id;
	return r;
}

int tc_client_settle_start(struct tc_client *client, const struct tc_settlement *settlements,
			   size_t count, uint32_t credit, uint64_t *ret_request_id)
{
	Throughcare__V1__Settlement list[TC_SETTLEMENTS_MAX];
	Throughcare__V1__Settlement *pointers[TC_SETTLEMENTS_MAX];
	Throughcare__V1__Request request = THROUGHCARE__V1__REQUEST__INIT;
	Throughcare__V1__Settle settle = THROUGHCARE__V1__SETTLE__INIT;
	int r;

	if (count < 1 || count > TC_SETTLEMENTS_MAX || credit > TC_CREDIT_MAX)
		return tc_failure_set(&client->error, TC_FAILURE_ARGUMENT,
				      "%zu settlements; 1 to %d go together", count,
				      TC_SETTLEMENTS_MAX);
	for (size_t i = 0; i < count; i++) {
		throughcare__v1__settlement__init(&list[i]);
		list[i].has_delivery_id = 1;
		list[i].delivery_id = settlements[i].delivery_id;
		list[i].has_kind = 1;
		list[i].kind = (Throughcare__V1__SettlementKind)settlements[i].kind;
		list[i].has_delay_ms = settlements[i].delay_ms > 0;
		list[i].delay_ms = settlements[i].delay_ms;
		list[i].reason_code = (char *)settlements[i].reason_code;
		pointers[i] = &list[i];
	}
	settle.n_settlements = count;
	settle.settlements = pointers;
	settle.has_credit = credit > 0;
	settle.credit = credit;
	request.has_request_id = 1;
	request.request_id = tc_client_request_id(client);
	request.body_case = THROUGHCARE__V1__REQUEST__BODY_SETTLE;
	request.settle = &settle;
	r = tc_client_send(client, &request);
	if (r == 0)
		*ret_request_id = request.request_id;
	return r;
}

int tc_client_settle(struct tc_client *client, const struct tc_settlement *settlements,
		     size_t count, uint32_t credit, int timeout_ms,
		     enum tc_settlement_result *results)
{
	struct tc_want want = {.kind = TC_WANT_REQUEST};
	int64_t deadline = tc_deadline_in(timeout_ms);
	struct tc_response response;
	int r = tc_client_settle_start(client, settlements, count, credit, &want.request_id);

	if (r != 0)
		return r;
	r = tc_client_receive(client, &want, deadline, &response);
	if (r == TC_CLIENT_EMPTY)
		return tc_failure_set(&client->error, TC_FAILURE_TIMEOUT,
				      "no answer to a settlement");
	if (r != 0)
		return r;
	if (response.event.kind != TC_EVENT_SETTLED || response.event.count != count) {
		r = tc_failure_set(&client->error, TC_FAILURE_EXCHANGE_PROTOCOL,
				   "not one result for each settlement");
		return tc_client_settle_link(client, r);
	}
	if (results)
		memcpy(results, response.event.results, count * sizeof(*results));
	return 0;
}
