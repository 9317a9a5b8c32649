#include "client/response.h"

#include <string.h>

#include "client/failure.h"
#include "client/handover.h"
#include "throughcare/v1/wire.pb-c.h"
#include "wire/fields.h"
#include "wire/validate.h"

/* What lies inside the n-th field `number` of a message, as it came. */
static struct tc_slice field_find(struct tc_slice message, uint32_t number, size_t n)
{
	struct tc_slice rest = message;
	struct tc_field field;

	while (tc_fields_next(&rest, &field) == 0) {
		if (field.number == number && field.wire_type == 2 && n-- == 0)
			return field.bytes;
	}
	return (struct tc_slice){0};
}

static int dispositions_fill(struct tc_client *client, const Throughcare__V1__Receipt *from,
			     struct tc_receipt *to)
{
	struct tc_disposition *list =
		tc_arena_take(&client->arena, from->n_dispositions * sizeof(*list));

	if (!list)
		return TC_ENOMEM;
	for (size_t i = 0; i < from->n_dispositions; i++) {
		const Throughcare__V1__Disposition *one = from->dispositions[i];

		list[i] = (struct tc_disposition){
			.recipient = one->recipient ? one->recipient : "",
			.kind = (int)one->kind,
			.code = one->code ? one->code : "",
			.parts_released = one->parts_released,
			.parts_withheld = one->parts_withheld,
		};
	}
	to->dispositions = list;
	to->disposition_count = from->n_dispositions;
	return 0;
}

static int receipt_fill(struct tc_client *client, const Throughcare__V1__Receipt *from,
			struct tc_slice packed, struct tc_receipt *to)
{
	*to = (struct tc_receipt){
		.message_id = from->message_id ? from->message_id : "",
		.status = (enum tc_receipt_status)from->status,
		.repeated = from->repeated_submission,
		.log_sequence = from->log_sequence,
		.referral_version = from->referral_version,
		.packed = packed.data,
		.packed_len = packed.len,
	};
	if (from->accepted_at)
		to->accepted_ms =
			from->accepted_at->seconds * 1000 + from->accepted_at->nanos / 1000000;
	if (from->refusal)
		tc_failure_set_refusal(&to->refusal, from->refusal);
	if (strcmp(to->refusal.code, tc_refusal_name(TC_REFUSAL_CERTIFICATE_CHANGED)) == 0)
		tc_recipients_forget(&client->recipients);
	return dispositions_fill(client, from, to);
}

static int receipts_read(struct tc_client *client, const Throughcare__V1__SubmitReply *reply,
			 struct tc_slice packed, struct tc_response *ret)
{
	struct tc_receipt *receipts =
		tc_arena_take(&client->arena, reply->n_receipts * sizeof(*receipts));

	if (!receipts)
		return TC_ENOMEM;
	for (size_t i = 0; i < reply->n_receipts; i++) {
		int r = receipt_fill(client, reply->receipts[i], field_find(packed, 1, i),
				     &receipts[i]);

		if (r < 0)
			return r;
	}
	ret->event.kind = TC_EVENT_RECEIPTS;
	ret->event.receipts = receipts;
	ret->event.count = reply->n_receipts;
	return 0;
}

static int results_read(struct tc_client *client, const Throughcare__V1__SettleReply *reply,
			struct tc_response *ret)
{
	enum tc_settlement_result *results =
		tc_arena_take(&client->arena, reply->n_results * sizeof(*results));

	if (!results)
		return TC_ENOMEM;
	for (size_t i = 0; i < reply->n_results; i++)
		results[i] = (enum tc_settlement_result)reply->results[i];
	ret->event.kind = TC_EVENT_SETTLED;
	ret->event.results = results;
	ret->event.count = reply->n_results;
	return 0;
}

static int unpack(struct tc_client *client, struct tc_slice frame, Throughcare__V1__Response **ret)
{
	struct tc_refusal refusal = {0};

	tc_arena_reset(&client->arena);
	if (tc_message_scan(frame, &throughcare__v1__response__descriptor, &refusal) != 0) {
		(void)tc_failure_set(&client->error, TC_FAILURE_EXCHANGE_PROTOCOL, "%s: %s",
				     tc_refusal_name(refusal.code), refusal.detail);
		return TC_EPROTO;
	}
	*ret = throughcare__v1__response__unpack(&client->arena.allocator, frame.len, frame.data);
	if (*ret)
		return 0;
	(void)tc_failure_set_fault(&client->error, TC_ENOMEM);
	return TC_ENOMEM;
}

int tc_response_read(struct tc_client *client, struct tc_slice frame, struct tc_response *ret)
{
	Throughcare__V1__Response *response;
	int r = unpack(client, frame, &response);

	if (r != 0)
		return r;
	memset(ret, 0, sizeof(*ret));
	ret->event.request_id = response->request_id;
	switch (response->body_case) {
	case THROUGHCARE__V1__RESPONSE__BODY_SUBMIT:
		r = receipts_read(client, response->submit, field_find(frame, TC_BODY_SUBMIT, 0),
				  ret);
		break;
	case THROUGHCARE__V1__RESPONSE__BODY_COLLECT:
		ret->event.kind = TC_EVENT_COLLECTED;
		break;
	case THROUGHCARE__V1__RESPONSE__BODY_SETTLE:
		r = results_read(client, response->settle, ret);
		break;
	case THROUGHCARE__V1__RESPONSE__BODY_QUERY:
		ret->reply = field_find(frame, TC_BODY_QUERY, 0);
		break;
	case THROUGHCARE__V1__RESPONSE__BODY_REFUSAL:
		tc_failure_set_refusal(&client->error, response->refusal);
		ret->event.kind = TC_EVENT_REFUSED;
		return TC_RESPONSE_REFUSED;
	case THROUGHCARE__V1__RESPONSE__BODY_DELIVERY:
		ret->event.kind = TC_EVENT_DELIVERY;
		ret->event.count = 1;
		return tc_handover_read(client, response->delivery,
					field_find(frame, TC_BODY_DELIVERY, 0),
					&ret->event.delivery);
	case THROUGHCARE__V1__RESPONSE__BODY__NOT_SET:
	case _THROUGHCARE__V1__RESPONSE__BODY__CASE_IS_INT_SIZE:
		return tc_failure_set(&client->error, TC_FAILURE_EXCHANGE_PROTOCOL,
				      "an empty response");
	}
	return r < 0 ? tc_failure_set_fault(&client->error, r) : 0;
}

int tc_response_absorb(struct tc_client *client, struct tc_slice frame, uint64_t request_id)
{
	Throughcare__V1__Response *response;
	struct tc_slice der = {0};
	int r = unpack(client, frame, &response);

	if (r != 0)
		return r;
	if (response->body_case == THROUGHCARE__V1__RESPONSE__BODY_QUERY)
		der = tc_slice(response->query->certificate_der.data,
			       response->query->certificate_der.len);
	else if (response->body_case != THROUGHCARE__V1__RESPONSE__BODY_REFUSAL)
		return 0; /* a settlement of our own */
	r = tc_senders_answer(&client->senders, request_id, der, client->tls);
	return r < 0 ? tc_failure_set_fault(&client->error, r) : 0;
}
