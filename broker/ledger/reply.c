#include "ledger/reply.h"

#include <stdlib.h>

#include "ledger/fact.h"
#include "ledger/own_message.h"
#include "ledger/state.h"

static int reply_push(struct ledger *ledger, struct effect *effect, const ProtobufCMessage *body)
{
	size_t len = body == NULL ? 0 : protobuf_c_message_get_packed_size(body);

	if (effect == NULL)
		return TC_ENOMEM;
	if (len > 0) {
		if (tc_bytes_reserve(&effect->body, len) < 0) {
			effect_free(&effect);
			return TC_ENOMEM;
		}
		effect->body.len = protobuf_c_message_pack(body, effect->body.data);
	}
	effects_push(ledger->effects, &effect);
	return 0;
}

int reply_on_route(struct ledger *ledger, enum effect_kind kind, const ProtobufCMessage *body)
{
	const struct record *route = ledger->route;
	struct effect *effect;

	if (route->connection == 0)
		return 0;
	effect = effect_new(kind);
	if (effect != NULL) {
		effect->gateway = route->gateway;
		effect->connection = route->connection;
		effect->request_id = route->request_id;
		effect->index = route->index;
		effect->count = route->count;
		effect->sequence = ledger->sequence;
	}
	return reply_push(ledger, effect, body);
}

int reply_response(struct ledger *ledger, Throughcare__V1__Response *response)
{
	response->has_request_id = 1;
	response->request_id = ledger->route->request_id;
	return reply_on_route(ledger, EFFECT_REPLY, &response->base);
}

struct reply_refused {
	Throughcare__V1__Refusal body;
	char *legal[TC_REFUSAL_LEGAL_MAX];
};

/* Texts are borrowed from `refusal`. */
static void reply_fill(struct reply_refused *reply, const struct tc_refusal *refusal)
{
	Throughcare__V1__Refusal *to = &reply->body;

	throughcare__v1__refusal__init(to);
	fact_text(&to->code, tc_refusal_name(refusal->code));
	fact_text(&to->message, tc_refusal_message(refusal->code));
	fact_text(&to->detail, refusal->detail);
	fact_text(&to->hint, tc_refusal_hint(refusal->code));
	if (refusal->state[0] == '\0')
		return;
	fact_text(&to->state, refusal->state);
	to->has_version = refusal->version != 0;
	to->version = refusal->version;
	for (uint8_t i = 0; i < refusal->legal_count; i++)
		fact_text(&reply->legal[i], refusal->legal[i]);
	to->legal = reply->legal;
	to->n_legal = refusal->legal_count;
}

int reply_refusal(struct ledger *ledger, const struct tc_refusal *refusal)
{
	Throughcare__V1__Response response = THROUGHCARE__V1__RESPONSE__INIT;
	struct reply_refused refused;

	reply_fill(&refused, refusal);
	response.body_case = THROUGHCARE__V1__RESPONSE__BODY_REFUSAL;
	response.refusal = &refused.body;
	return reply_response(ledger, &response);
}

int reply_to_connection(struct ledger *ledger, enum effect_kind kind, uint64_t connection,
			const struct tc_refusal *refusal)
{
	struct reply_refused refused;
	struct effect *effect = effect_new(kind);

	if (effect != NULL) {
		effect->connection = connection;
		effect->gateway = (uint16_t)((connection >> 24) & 0xff);
		effect->sequence = ledger->sequence;
	}
	if (refusal == NULL)
		return reply_push(ledger, effect, NULL);
	reply_fill(&refused, refusal);
	return reply_push(ledger, effect, &refused.body.base);
}

int reply_receipt_refused(struct ledger *ledger, const char *message_id,
			  const struct tc_refusal *refusal)
{
	Throughcare__V1__Receipt receipt = THROUGHCARE__V1__RECEIPT__INIT;
	struct reply_refused refused;

	if (ledger->route->connection == 0)
		return 0;
	reply_fill(&refused, refusal);
	fact_text(&receipt.message_id, message_id);
	receipt.has_status = receipt.has_log_sequence = 1;
	receipt.status = THROUGHCARE__V1__RECEIPT_STATUS__RECEIPT_STATUS_REFUSED;
	receipt.log_sequence = ledger->sequence;
	receipt.refusal = &refused.body;
	return reply_on_route(ledger, EFFECT_RECEIPT, &receipt.base);
}

static int reply_lines(struct ledger *ledger, const struct receipt *from,
		       Throughcare__V1__Disposition *lines)
{
	for (uint8_t i = 0; i < from->line_count; i++) {
		const struct receipt_line *line = &from->lines[i];
		struct principal *recipient;
		int r;

		throughcare__v1__disposition__init(&lines[i]);
		if (line->recipient == 0) {
			fact_text(&lines[i].recipient, TC_AGENCY_EXCHANGE);
		} else {
			r = principal_get(ledger, line->recipient, &recipient);
			if (r < 0)
				return r;
			fact_text(&lines[i].recipient, recipient->name.name);
		}
		lines[i].has_kind = 1;
		lines[i].kind = (Throughcare__V1__DispositionKind)line->kind;
		if (line->code != TC_REFUSAL_NONE)
			fact_text(&lines[i].code, tc_refusal_name(line->code));
		lines[i].has_parts_released = lines[i].has_parts_withheld = 1;
		lines[i].parts_released = line->released;
		lines[i].parts_withheld = line->withheld;
	}
	return 0;
}

int reply_receipt(struct ledger *ledger, struct tc_id message, const struct receipt *receipt,
		  bool repeated)
{
	Throughcare__V1__Receipt body = THROUGHCARE__V1__RECEIPT__INIT;
	Throughcare__V1__Disposition lines[TC_RECIPIENTS_MAX], *rows[TC_RECIPIENTS_MAX];
	Google__Protobuf__Timestamp accepted = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Google__Protobuf__Timestamp lease_expires = own_message_time(receipt->lease_expires_ms);
	char id[TC_ID_TEXT_BYTES];
	int r;

	if (ledger->route->connection == 0)
		return 0;
	r = reply_lines(ledger, receipt, lines);
	if (r < 0)
		return r;
	for (uint8_t i = 0; i < receipt->line_count; i++)
		rows[i] = &lines[i];
	tc_id_format(message, id);
	body.message_id = id;
	body.has_status = body.has_log_sequence = 1;
	body.status = THROUGHCARE__V1__RECEIPT_STATUS__RECEIPT_STATUS_ACCEPTED;
	body.has_repeated_submission = repeated;
	body.repeated_submission = repeated;
	body.log_sequence = receipt->sequence;
	accepted.seconds = receipt->accepted_ms / 1000;
	accepted.nanos = (int32_t)(receipt->accepted_ms % 1000) * 1000000;
	body.accepted_at = &accepted;
	body.dispositions = rows;
	body.n_dispositions = receipt->line_count;
	body.has_referral_version = receipt->referral_version != 0;
	body.referral_version = receipt->referral_version;
	body.has_lease_token = receipt->lease_token != 0;
	body.lease_token = receipt->lease_token;
	if (receipt->lease_token != 0)
		body.lease_expires_at = &lease_expires;
	return reply_on_route(ledger, EFFECT_RECEIPT, &body.base);
}
