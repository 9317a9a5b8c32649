#include "query/seal.h"

#include <string.h>

#include "ledger/ledger_view.h"
#include "ledger/order.h"
#include "wire/header.h"

#define VERDICTS 256

static const struct tc_id nobody = {{0}};

int seal_stands(const struct question *question, bool *ret)
{
	struct order_tables tables = ledger_view_orders(question->ledger);
	uint64_t count;
	int r = store_count(ledger_view_txn(question->ledger), tables.targets, &count);

	*ret = r == 0 && count > 0;
	return r;
}

static int hides(const struct question *question, struct tc_id subject, struct tc_id referral,
		 struct tc_id message, bool *ret)
{
	struct order_tables tables = ledger_view_orders(question->ledger);

	return order_sealed(ledger_view_txn(question->ledger), &tables, subject, referral, message,
			    &question->asker, ret);
}

static struct tc_id id_of(const char *text)
{
	struct tc_id id;

	return text != NULL && tc_id_parse(tc_slice_text(text), &id) ? id : nobody;
}

/* ---- whom a message is about ---- */

struct message_search {
	const struct question *question;
	bool hidden;
};

static int see_row(void *context, Throughcare__V1__TrailRow *row)
{
	struct message_search *search = context;
	int r = hides(search->question, id_of(row->subject), id_of(row->referral_id), nobody,
		      &search->hidden);

	if (r < 0)
		return r;
	return search->hidden ? TRAIL_FOUND_ENOUGH : TRAIL_FOUND_MORE;
}

/* As the rows of the trail that name it say. */
static int message_hidden(const struct question *question, struct tc_id message, bool *ret)
{
	struct trail_question asked = trail_question_any();
	struct message_search search = {.question = question};
	struct posting_position next;
	bool ended;
	int r;

	asked.message = message;
	asked.before = question->sequence;
	r = trail_view_find(question->trail, &asked, see_row, &search, &next, &ended);
	*ret = search.hidden;
	return r;
}

/* Of messages that rows of one search were about: many rows may name the same one, and each would
 * read all of them again. */
struct verdicts {
	struct {
		struct tc_id message; /* none: free */
		bool hidden;
	} slots[VERDICTS];
};

/* `verdicts` may be NULL. */
static int message_judged(const struct question *question, struct verdicts *verdicts,
			  struct tc_id message, bool *ret)
{
	size_t at = tc_get_be32(message.bytes + sizeof(message.bytes) - 4) % VERDICTS;
	int r;

	if (verdicts != NULL && tc_id_equal(verdicts->slots[at].message, message)) {
		*ret = verdicts->slots[at].hidden;
		return 0;
	}
	r = message_hidden(question, message, ret);
	if (r < 0 || verdicts == NULL)
		return r;
	verdicts->slots[at].message = message;
	verdicts->slots[at].hidden = *ret;
	return 0;
}

/* ---- */

static int judge(const struct question *question, struct verdicts *verdicts, struct tc_id subject,
		 struct tc_id referral, struct tc_id message, bool *ret)
{
	struct referral found;
	bool stands;
	int r = seal_stands(question, &stands);

	*ret = false;
	if (r < 0 || !stands)
		return r;
	r = hides(question, subject, referral, message, ret);
	if (r < 0 || *ret || !tc_id_is_none(subject))
		return r;
	if (!tc_id_is_none(referral)) {
		r = referral_find(ledger_view_txn(question->ledger),
				  ledger_view_referral(question->ledger), referral, &found);
		if (r == 0)
			r = hides(question, found.subject, nobody, nobody, ret);
	}
	if (r >= 0 && !*ret && !tc_id_is_none(message))
		r = message_judged(question, verdicts, message, ret);
	return r < 0 ? r : 0;
}

int seal_hides(const struct question *question, struct tc_id subject, struct tc_id referral,
	       struct tc_id message, bool *ret)
{
	return judge(question, NULL, subject, referral, message, ret);
}

static int read_message(const struct question *question, uint64_t sequence, struct tc_id *ret)
{
	Throughcare__V1__Record *record;
	struct journal_entry entry;
	struct tc_header header;
	int r = journal_read(question->journal, sequence, &entry);

	*ret = nobody;
	if (r != 0)
		return r == JOURNAL_FORGOTTEN ? 0 : r < 0 ? r : TC_ECORRUPT;
	record = throughcare__v1__record__unpack(NULL, entry.body.len, entry.body.data);
	if (record == NULL)
		return TC_ECORRUPT;
	if (record->body_case == THROUGHCARE__V1__RECORD__BODY_SUBMISSION &&
	    tc_header_read(
		    tc_slice(record->submission->header.data, record->submission->header.len),
		    &header) == 0)
		*ret = header.message_id;
	throughcare__v1__record__free_unpacked(record, NULL);
	return 0;
}

int seal_hides_record(const struct question *question, uint64_t sequence, bool *ret)
{
	struct tc_id message;
	bool stands;
	int r = seal_stands(question, &stands);

	*ret = false;
	if (r == 0 && stands)
		r = read_message(question, sequence, &message);
	return r < 0 || !stands ? r : hides(question, nobody, nobody, message, ret);
}

int seal_hides_consent(const struct question *question, const struct consent_view *consent,
		       bool *ret)
{
	int r = seal_hides(question, consent->subject, nobody, nobody, ret);

	return r < 0 || *ret ? r : seal_hides_record(question, consent->sequence, ret);
}

int seal_hides_row(const struct question *question, const Throughcare__V1__TrailRow *row, bool *ret)
{
	return seal_hides(question, id_of(row->subject), id_of(row->referral_id),
			  id_of(row->message_id), ret);
}

struct row_search {
	const struct question *question;
	trail_visitor found;
	void *context;
	struct verdicts verdicts;
};

/* An agency finds its own questions about anybody; that those about somebody vanish would tell. */
static bool own_question(const struct question *question, const Throughcare__V1__TrailRow *row)
{
	return question->scope == GATE_OWN && row->agency != NULL &&
	       strcmp(row->agency, question->asker.name) == 0 && row->event != NULL &&
	       (strcmp(row->event, "query") == 0 || strcmp(row->event, "query_refused") == 0);
}

static int pass_row(void *context, Throughcare__V1__TrailRow *row)
{
	struct row_search *search = context;
	bool hidden = false;
	int r = 0;

	if (!own_question(search->question, row))
		r = judge(search->question, &search->verdicts, id_of(row->subject),
			  id_of(row->referral_id), id_of(row->message_id), &hidden);
	if (r < 0)
		return r;
	return hidden ? TRAIL_FOUND_MORE : search->found(search->context, row);
}

int seal_find(const struct question *question, const struct trail_question *asked,
	      trail_visitor found, void *context, struct posting_position *ret_next,
	      bool *ret_ended)
{
	struct row_search search = {.question = question, .found = found, .context = context};

	return trail_view_find(question->trail, asked, pass_row, &search, ret_next, ret_ended);
}

struct tc_id seal_nobody(struct tc_id subject)
{
	for (size_t i = sizeof(subject.bytes) / 2; i < sizeof(subject.bytes); i++)
		subject.bytes[i] = (uint8_t)~subject.bytes[i];
	return subject;
}
