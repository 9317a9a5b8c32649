#include "ledger/suspension.h"

#include "consent/consent_check.h"
#include "ledger/change.h"
#include "ledger/fact.h"
#include "ledger/row.h"
#include "ledger/state.h"
#include "ledger/submission.h"
#include "throughcare/v1/order.pb-c.h"

static void row_key(struct store_key *key, struct tc_id subject, const tc_agency *agency,
		    const tc_agency *recipient)
{
	store_key_init(key);
	store_key_bytes(key, tc_slice(subject.bytes, sizeof(subject.bytes)));
	store_key_agency(key, agency);
	store_key_agency(key, recipient);
}

int suspension_find(struct store_txn *txn, struct store_table table, struct tc_id subject,
		    const tc_agency *agency, const tc_agency *recipient, struct suspension *ret)
{
	struct row_reader row;
	struct tc_slice value;
	struct store_key key;
	int r;

	row_key(&key, subject, agency, recipient);
	r = store_get(txn, table, store_key_slice(&key), &value);
	if (r != 0)
		return r == STORE_NOT_FOUND ? SUSPENSION_NONE : ledger_store_fault(r);
	row = row_read(value);
	ret->at_ms = (int64_t)row_take_u64(&row);
	ret->until_ms = (int64_t)row_take_u64(&row);
	ret->oral = row_take_u8(&row) != 0;
	return row_read_whole(&row) ? 0 : TC_ECORRUPT;
}

static int set_fact(struct ledger *ledger, const struct submission *submission,
		    const Throughcare__V1__DisclosureSuspension *said)
{
	struct fact_draft draft;
	int r;

	fact_init(&draft, "suspension");
	fact_submission(&draft, ledger, submission);
	fact_subject(&draft, submission->header.subject);
	fact_text(&draft.row.recipient, said->recipient);
	r = change_list(&ledger->arena, NULL, &said->base, &draft.row);
	return r < 0 ? r : fact_push(ledger, &draft);
}

int suspension_submit(struct ledger *ledger, struct submission *submission)
{
	const ProtobufCBinaryData *body = &submission->record->body;
	Throughcare__V1__DisclosureSuspension *said =
		throughcare__v1__disclosure_suspension__unpack(&ledger->arena.allocator, body->len,
							       body->data);
	struct row_writer row = {0};
	struct store_key key;
	tc_agency recipient;
	int r;

	if (submission->sender->kind != THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY) {
		(void)tc_refuse(&submission->refusal, TC_REFUSAL_TYPE_NOT_ALLOWED, "type");
		return SUBMISSION_REFUSED;
	}
	if (said == NULL || !tc_agency_parse(tc_slice_text(said->recipient), &recipient)) {
		(void)tc_refuse(&submission->refusal, TC_REFUSAL_FIELD_INVALID, "recipient");
		return SUBMISSION_REFUSED;
	}
	row_key(&key, submission->header.subject, &submission->sender->name, &recipient);
	row_put_u64(&row, (uint64_t)ledger->now_ms);
	row_put_u64(&row, (uint64_t)consent_time_ms(said->until, ledger->now_ms));
	row_put_u8(&row, said->oral ? 1 : 0);
	r = ledger_put(ledger, LEDGER_TABLE_SUSPENSION, store_key_slice(&key), row_slice(&row));
	return r < 0 ? r : set_fact(ledger, submission, said);
}
