#include "ledger/statement.h"

#include <string.h>

#include "ledger/attached.h"
#include "ledger/citation.h"
#include "ledger/idempotency.h"
#include "ledger/row.h"
#include "ledger/state.h"
#include "ledger/submission.h"

struct statement {
	uint64_t about_sequence; /* 0: whatever message has that id */
	struct delivery template;
};

/* ---- rows ---- */

static void statement_key(struct store_key *key, struct tc_id about, uint64_t sequence)
{
	store_key_init(key);
	store_key_id(key, about);
	store_key_u64(key, sequence);
}

static int statement_put(struct ledger *ledger, struct tc_id about,
			 const struct statement *statement)
{
	struct row_writer row;
	struct store_key key;

	row.len = 0;
	statement_key(&key, about, ledger->sequence);
	row_put_u64(&row, statement->about_sequence);
	delivery_row_put(&statement->template, &row);
	return ledger_put(ledger, LEDGER_TABLE_STATEMENT, store_key_slice(&key), row_slice(&row));
}

static bool statement_read(struct tc_slice value, struct statement *ret)
{
	uint8_t none[8] = {0};

	if (value.len < sizeof(none))
		return false;
	ret->about_sequence = tc_get_be64(value.data);
	return delivery_read(tc_slice(none, sizeof(none)), tc_slice(value.data + 8, value.len - 8),
			     &ret->template);
}

/* ---- one more recipient ---- */

/* Was it addressed to this one as well? */
static int statement_addressed(struct ledger *ledger, const struct statement *statement,
			       uint32_t recipient, bool *ret)
{
	struct receipt receipt;
	int r = idempotency_find(ledger, statement->template.sender, statement->template.message,
				 &receipt);

	*ret = recipient == statement->template.sender;
	if (r != 0)
		return r == IDEMPOTENCY_NEW ? 0 : r;
	for (uint8_t i = 0; i < receipt.line_count; i++)
		*ret = *ret || receipt.lines[i].recipient == recipient;
	return 0;
}

static int statement_go(struct ledger *ledger, const struct statement *statement,
			uint32_t recipient)
{
	struct delivery delivery;

	return attached_send(ledger, &statement->template, recipient, &delivery);
}

/* ---- what is handed over from now on ---- */

static int statement_follow(struct ledger *ledger, const struct delivery *delivery,
			    struct tc_id about)
{
	struct statement *found = NULL;
	struct store_cursor cursor;
	struct tc_slice value;
	size_t count = 0;
	int r = store_cursor_init(&cursor, ledger->txn, ledger->table[LEDGER_TABLE_STATEMENT],
				  tc_slice(about.bytes, sizeof(about.bytes)), STORE_FORWARD);

	/* Read first: each one that goes changes what the cursor stands on. */
	while (r == 0 && count < STATEMENTS_MAX &&
	       (r = store_cursor_next(&cursor, NULL, &value)) == 0) {
		if (found == NULL)
			found = arena_take(&ledger->arena, STATEMENTS_MAX * sizeof(*found));
		if (found == NULL)
			r = TC_ENOMEM;
		else if (!statement_read(value, &found[count++]))
			r = TC_ECORRUPT;
	}
	store_cursor_done(&cursor);
	if (r == STORE_NOT_FOUND)
		r = 0;
	for (size_t i = 0; r == 0 && i < count; i++) {
		bool addressed;

		if (found[i].about_sequence != 0 && found[i].about_sequence != delivery->sequence)
			continue;
		r = statement_addressed(ledger, &found[i], delivery->recipient, &addressed);
		if (r == 0 && !addressed)
			r = statement_go(ledger, &found[i], delivery->recipient);
	}
	return r;
}

int statement_released(struct ledger *ledger, const struct delivery *delivery)
{
	int r;

	if (strcmp(delivery->type, "Statement") == 0)
		return 0;
	r = statement_follow(ledger, delivery, delivery->message);
	if (r == 0 && strcmp(delivery->type, "Referral") == 0)
		r = statement_follow(ledger, delivery, delivery->referral);
	return r;
}

/* ---- what was handed over before ---- */

/* To whom the message of that receipt was handed. */
static int statement_catch_up(struct ledger *ledger, const struct submission *submission,
			      const struct statement *statement, const struct receipt *receipt)
{
	int r = 0;

	if (statement->about_sequence != 0 && statement->about_sequence != receipt->sequence)
		return 0;
	for (uint8_t i = 0; r == 0 && i < receipt->line_count; i++) {
		uint32_t recipient = receipt->lines[i].recipient;
		bool handed = false;

		if (recipient == 0 || submission_goes_to(submission, recipient))
			continue;
		r = citation_handed(ledger, receipt->first_delivery + i, &handed);
		if (r == 0 && handed)
			r = statement_go(ledger, statement, recipient);
	}
	return r;
}

static int statement_catch_up_all(struct ledger *ledger, const struct submission *submission,
				  const struct statement *statement, struct tc_id about)
{
	struct referral referral;
	uint32_t sender = 0;
	int r = referral_find(ledger->txn, &ledger->referral, about, &referral);

	if (r < 0)
		return r;
	if (r == 0)
		about = referral.message;
	r = 0;
	for (unsigned i = 0; r == 0 && i < IDEMPOTENCY_SENDERS_MAX; i++) {
		struct receipt receipt;

		r = idempotency_next(ledger, about, &sender, &receipt);
		if (r == 0)
			r = statement_catch_up(ledger, submission, statement, &receipt);
	}
	return r == IDEMPOTENCY_NEW ? 0 : r;
}

/* ---- the message ---- */

/* Of which message it speaks, where that can be told; 0 for a referral or a desk's. */
static int statement_about(struct ledger *ledger, const struct submission *submission,
			   struct tc_id about, uint64_t *ret)
{
	struct referral referral;
	uint32_t sender;
	int r = referral_find(ledger->txn, &ledger->referral, about, &referral);

	*ret = 0;
	if (r != REFERRAL_UNKNOWN)
		return r;
	r = citation_find(ledger, submission->sender->number, about, ret, &sender);
	if (r == CITATION_UNKNOWN)
		*ret = 0;
	return r == CITATION_UNKNOWN ? 0 : r;
}

int statement_apply(struct ledger *ledger, struct submission *submission)
{
	const Throughcare__V1__LifecycleClaim *claim = submission->record->claim;
	struct statement statement = {.about_sequence = 0};
	struct tc_id about;
	int r;

	if (claim == NULL || claim->about_id == NULL ||
	    !attached_template(ledger, submission, &statement.template) ||
	    !tc_id_parse(tc_slice_text(claim->about_id), &about))
		return 0;
	r = statement_about(ledger, submission, about, &statement.about_sequence);
	if (r == 0)
		r = statement_put(ledger, about, &statement);
	return r < 0 ? r : statement_catch_up_all(ledger, submission, &statement, about);
}
