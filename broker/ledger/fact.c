#include "ledger/fact.h"

#include <stdlib.h>

#include "ledger/state.h"
#include "ledger/submission.h"
#include "wire/delivery.h"
#include "wire/part_types.h"

void fact_text(char **field, const char *text)
{
	/* protobuf-c has no const texts; packing only reads them. */
	*field = text == NULL || text[0] == '\0' ? NULL : (char *)(uintptr_t)text;
}

void fact_init(struct fact_draft *draft, const char *event)
{
	throughcare__v1__trail_row__init(&draft->row);
	fact_text(&draft->row.event, event);
}

void fact_id(char **field, char text[TC_ID_TEXT_BYTES], struct tc_id id)
{
	if (tc_id_is_none(id))
		return;
	tc_id_format(id, text);
	*field = text;
}

void fact_message(struct fact_draft *draft, struct tc_id message)
{
	fact_id(&draft->row.message_id, draft->message, message);
}

void fact_subject(struct fact_draft *draft, struct tc_id subject)
{
	fact_id(&draft->row.subject, draft->subject, subject);
}

void fact_referral(struct fact_draft *draft, struct tc_id referral)
{
	fact_id(&draft->row.referral_id, draft->referral, referral);
}

void fact_peer(struct fact_draft *draft, const Throughcare__V1__Peer *peer)
{
	if (peer == NULL)
		return;
	fact_text(&draft->row.agency, peer->id);
	if (peer->has_certificate_sha256 && peer->certificate_sha256.len == 32) {
		tc_hex(peer->certificate_sha256.data, 32, draft->certificate);
		draft->row.certificate = draft->certificate;
	}
}

void fact_submission(struct fact_draft *draft, const struct ledger *ledger,
		     const struct submission *submission)
{
	fact_peer(draft, ledger->record->peer);
	fact_message(draft, submission->header.message_id);
	tc_slice_copy(submission->header.actor_id, draft->actor, sizeof(draft->actor));
	fact_text(&draft->row.actor, draft->actor);
}

int fact_push(struct ledger *ledger, const struct fact_draft *draft)
{
	size_t len = throughcare__v1__trail_row__get_packed_size(&draft->row);
	struct fact *fact = calloc(1, sizeof(*fact));

	if (fact == NULL)
		return TC_ENOMEM;
	fact->sequence = ledger->sequence;
	fact->time_ms = ledger->now_ms;
	if (tc_bytes_reserve(&fact->row, len) < 0) {
		free(fact);
		return TC_ENOMEM;
	}
	fact->row.len = throughcare__v1__trail_row__pack(&draft->row, fact->row.data);
	effects_push_fact(ledger->effects, &fact);
	return ledger->standing ? standing_question_see(ledger, &draft->row) : 0;
}

/* Each category once, released and withheld apart. */
static void fact_categories(struct fact_draft *draft, const struct delivery *delivery)
{
	uint64_t seen[2] = {0, 0};

	draft->row.categories = draft->released;
	draft->row.withheld_categories = draft->withheld;
	for (uint8_t i = 0; i < delivery->part_count; i++) {
		uint8_t category = delivery->categories[i];
		int withheld = ((delivery->parts_mask >> i) & 1) == 0;
		const char *name = tc_category_name((Throughcare__V1__Category)category);
		char *text = (char *)(uintptr_t)name;

		if (category >= 64 || ((seen[withheld] >> category) & 1) != 0)
			continue;
		seen[withheld] |= (uint64_t)1 << category;
		if (withheld)
			draft->withheld[draft->row.n_withheld_categories++] = text;
		else
			draft->released[draft->row.n_categories++] = text;
	}
}

/* Whose it is, to whom it goes and what it is about. */
static int fact_fill(struct ledger *ledger, struct fact_draft *draft,
		     const struct delivery *delivery)
{
	struct principal *recipient, *sender;
	int r = principal_get(ledger, delivery->recipient, &recipient);

	if (r < 0)
		return r;
	if (delivery->sender == 0 || delivery->attached) {
		fact_text(&draft->row.agency, TC_AGENCY_EXCHANGE);
	} else {
		r = principal_get(ledger, delivery->sender, &sender);
		if (r < 0)
			return r;
		fact_text(&draft->row.agency, sender->name.name);
	}
	fact_text(&draft->row.recipient, recipient->name.name);
	fact_text(&draft->row.message_type, delivery->type);
	fact_message(draft, delivery->message);
	fact_subject(draft, delivery->subject);
	fact_referral(draft, delivery->referral);
	draft->row.has_forbidden_parts = delivery->forbidden != 0;
	draft->row.forbidden_parts = delivery->forbidden;
	return 0;
}

int fact_delivery(struct ledger *ledger, const char *event, const struct delivery *delivery,
		  const char *code)
{
	struct fact_draft draft;
	int r;

	fact_init(&draft, event);
	fact_text(&draft.row.code, code);
	r = fact_fill(ledger, &draft, delivery);
	return r < 0 ? r : fact_push(ledger, &draft);
}

/* What a release stood on. */
static void fact_basis(Throughcare__V1__TrailRow *row, const struct delivery *delivery)
{
	fact_text(&row->basis, delivery->basis);
	row->has_rule_version = !delivery->own;
	row->rule_version = delivery->rule_version;
	row->has_purpose = delivery->purpose != 0;
	row->purpose = (Throughcare__V1__Purpose)delivery->purpose;
	fact_text(&row->proceeding_id, delivery->proceeding);
	fact_text(&row->reference, delivery->reference);
	if (delivery->legal != 0)
		fact_text(&row->legal_basis, policy_basis_name(policy_basis_of(delivery->legal)));
}

/* Each rule once, in the order of the parts that it was the first to decide. */
static void fact_rules(const struct policy *policy, const struct delivery *delivery,
		       const struct decision *decision, struct fact_draft *draft)
{
	draft->row.rule_ids = draft->rules;
	for (uint8_t i = 0; i < delivery->part_count; i++) {
		uint8_t seen = 0;

		while (seen < i && decision->rules[seen] != decision->rules[i])
			seen++;
		if (seen == i && decision->rules[i] >= 0)
			fact_text(&draft->rules[draft->row.n_rule_ids++],
				  policy_rule_id(policy, decision->rules[i]));
	}
}

int fact_release(struct ledger *ledger, const struct delivery *delivery,
		 const struct decision *decision, const struct terms *terms)
{
	char grants[DECISION_GRANTS_MAX][TC_ID_TEXT_BYTES], *grant_list[DECISION_GRANTS_MAX];
	uint8_t digest[TC_DIGEST_BYTES];
	struct fact_draft draft;
	int r;

	fact_init(&draft, "release");
	r = fact_fill(ledger, &draft, delivery);
	if (r < 0)
		return r;
	fact_basis(&draft.row, delivery);
	fact_categories(&draft, delivery);
	if (terms == NULL)
		return fact_push(ledger, &draft);
	/* Of a part of it: why the rest stayed. */
	if (decision->code != TC_REFUSAL_NONE)
		fact_text(&draft.row.code, tc_refusal_name(decision->code));
	for (size_t i = 0; i < decision->grant_count; i++) {
		tc_id_format(decision->grants[i], grants[i]);
		grant_list[i] = grants[i];
	}
	fact_rules(ledger->policy, delivery, decision, &draft);
	draft.row.grants = grant_list;
	draft.row.n_grants = decision->grant_count;
	draft.row.notices = terms->notices;
	draft.row.n_notices = terms->notice_count;
	draft.row.redisclosure = (char **)(uintptr_t)terms->redisclosure;
	draft.row.n_redisclosure = terms->redisclosure_count;
	r = tc_release_digest(delivery->sequence, delivery->parts_mask, terms->sha256, digest);
	if (r < 0)
		return r;
	draft.row.has_terms_sha256 = 1;
	draft.row.terms_sha256 = (ProtobufCBinaryData){sizeof(digest), digest};
	return fact_push(ledger, &draft);
}
