#include "query/search.h"

#include <string.h>

#include "consent/consent_check.h"
#include "query/gate.h"
#include "query/seal.h"
#include "wire/merkle.h"

#define CURSOR_BYTES (POSTING_POSITION_BYTES + 8 + 1)

/* Where several names are asked for together, each in many rows, they may stand together in none: a
 * page looks at so many records and goes on behind them. It ends by their number alone, since by
 * rows passed over it would tell an agency of those that it may not see. */
#define RECORDS_MAX (UINT64_C(1) << 20)

/* Where an auditor's scope leaves out nearly everything, a page ends early: it may know that there
 * are others' rows, and the next question must not wait for a walk through all of them. */
#define PASSED_MAX 20000

struct search_page {
	const struct question *question;
	struct answer *answer;
	size_t rows_max;
	size_t passed; /* rows that are not the asker's */
};

int search_read_cursor(const struct question *question, struct answer *answer,
		       struct trail_question *asked)
{
	struct tc_slice cursor = answer_cursor(question);
	uint64_t before;

	asked->before = question->sequence;
	if (cursor.len == 0)
		return 0;
	/* Of a walk in the same direction, or the page would be of another search. */
	if (cursor.len != CURSOR_BYTES || cursor.data[CURSOR_BYTES - 1] != asked->newest_first)
		return tc_refuse(&answer->refusal, TC_REFUSAL_FIELD_INVALID, "page.cursor");
	asked->resumed = true;
	asked->from = posting_position_get(cursor.data);
	before = tc_get_be64(cursor.data + POSTING_POSITION_BYTES);
	if (before < asked->before)
		asked->before = before;
	return 0;
}

int search_next_page(struct answer *answer, const struct trail_question *asked,
		     struct posting_position next)
{
	uint8_t cursor[CURSOR_BYTES];

	posting_position_put(cursor, next);
	tc_put_be64(cursor + POSTING_POSITION_BYTES, asked->before);
	cursor[CURSOR_BYTES - 1] = asked->newest_first;
	return answer_next_page(answer, tc_slice(cursor, sizeof(cursor)));
}

/* An absent field restricts nothing. */
static int read_id(struct answer *answer, const char *text, const char *field, struct tc_id *ret)
{
	if (text == NULL || text[0] == '\0')
		return 0;
	return answer_read_id(answer, text, field, ret);
}

static const char *read_name(const char *text)
{
	return text != NULL && text[0] != '\0' ? text : NULL;
}

static int read_ids(const Throughcare__V1__TrailFindQuery *find, struct answer *answer,
		    struct trail_question *asked)
{
	int r = read_id(answer, find->subject, "trail_find.subject", &asked->subject);

	if (r == 0)
		r = read_id(answer, find->referral_id, "trail_find.referral_id", &asked->referral);
	if (r == 0)
		r = read_id(answer, find->message_id, "trail_find.message_id", &asked->message);
	if (r == 0)
		r = read_id(answer, find->grant_id, "trail_find.grant_id", &asked->grant);
	return r;
}

/* A scope of one person or one agency is looked up and not filtered out. */
static void narrow(const struct question *question, struct trail_question *asked)
{
	const Throughcare__V1__AuditorScope *said;

	if (question->limits == NULL)
		return;
	said = question->limits->said;
	if (said->n_subjects == 1 && tc_id_is_none(asked->subject) &&
	    !tc_id_parse(tc_slice_text(said->subjects[0]), &asked->subject))
		asked->subject = (struct tc_id){{0}};
	if (said->n_agencies == 1 && asked->agency == NULL)
		asked->agency = said->agencies[0];
	if (asked->since_ms < question->limits->since_ms)
		asked->since_ms = question->limits->since_ms;
	if (asked->until_ms > question->limits->until_ms)
		asked->until_ms = question->limits->until_ms;
}

/* More than one long list, and no short one. */
static bool is_wide(const struct trail_question *asked)
{
	const char *const names[] = {asked->agency, asked->actor, asked->certificate, asked->type,
				     asked->event,  asked->code,  asked->proceeding};
	size_t count = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		count += names[i] != NULL;
	return count > 1 && tc_id_is_none(asked->subject) && tc_id_is_none(asked->referral) &&
	       tc_id_is_none(asked->message) && tc_id_is_none(asked->grant);
}

static int read_question(const struct question *question, struct answer *answer,
			 struct trail_question *asked)
{
	const Throughcare__V1__TrailFindQuery *find = question->query->trail_find;
	int r;

	r = read_ids(find, answer, asked);
	if (r != 0)
		return r;
	asked->agency = read_name(find->agency);
	asked->actor = read_name(find->actor);
	asked->certificate = read_name(find->certificate);
	asked->type = read_name(find->message_type);
	asked->event = read_name(find->event);
	asked->code = read_name(find->code);
	asked->proceeding = read_name(find->proceeding_id);
	asked->newest_first = find->newest_first;
	if (question->scope == GATE_OWN && asked->agency == NULL)
		asked->agency = question->asker.name;
	asked->since_ms = consent_time_ms(find->since, INT64_MIN);
	asked->until_ms = consent_time_ms(find->until, INT64_MAX);
	narrow(question, asked);
	if (is_wide(asked))
		asked->records = RECORDS_MAX;
	return search_read_cursor(question, answer, asked);
}

/* The leaf that proofs are about. */
static int fill_leaf(const struct question *question, struct answer *answer,
		     Throughcare__V1__TrailRow *row)
{
	uint8_t entry[RECORD_LEAF_BYTES];
	struct tc_merkle_hash leaf;
	struct journal_entry stored;
	uint8_t *hash;
	int r;

	r = journal_read(question->journal, row->log_sequence, &stored);
	if (r != 0 && r != JOURNAL_FORGOTTEN)
		return r > 0 ? TC_ECORRUPT : r;
	record_leaf_entry(stored.time_ms, stored.sequence, stored.commitment, entry);
	r = tc_merkle_leaf(tc_slice(entry, sizeof(entry)), &leaf);
	if (r < 0)
		return r;
	hash = answer_bytes(answer, tc_slice(leaf.bytes, sizeof(leaf.bytes)));
	if (hash == NULL)
		return TC_ENOMEM;
	row->has_leaf_hash = 1;
	row->leaf_hash = (ProtobufCBinaryData){.len = sizeof(leaf.bytes), .data = hash};
	return 0;
}

/* The row lives until this returns, so it goes through its packed form into the answer. */
static int keep_row(struct answer *answer, const Throughcare__V1__TrailRow *row,
		    Throughcare__V1__TrailRow **ret)
{
	ProtobufCBinaryData packed;
	int r = arena_pack(&answer->arena, &row->base, &packed);

	if (r < 0)
		return r;
	*ret = throughcare__v1__trail_row__unpack(&answer->arena.allocator, packed.len,
						  packed.data);
	return *ret ? 0 : TC_ENOMEM;
}

static int add_row(void *context, Throughcare__V1__TrailRow *row)
{
	struct search_page *page = context;
	Throughcare__V1__QueryReply *reply = &page->answer->reply;
	int r;

	/* First the gate: a page that was cut at a row of others would tell that there is one. */
	if (!gate_trail_row(page->question, row))
		return page->question->limits && ++page->passed > PASSED_MAX ? TRAIL_FOUND_ENOUGH
									     : TRAIL_FOUND_MORE;
	if (reply->n_trail == page->rows_max)
		return TRAIL_FOUND_ENOUGH;
	r = keep_row(page->answer, row, &reply->trail[reply->n_trail]);
	if (r == 0)
		r = fill_leaf(page->question, page->answer, reply->trail[reply->n_trail]);
	if (r < 0)
		return r;
	reply->n_trail++;
	return TRAIL_FOUND_MORE;
}

int search_trail(const struct question *question, struct answer *answer)
{
	struct search_page page = {
		.question = question,
		.answer = answer,
		.rows_max = answer_page_rows(question),
	};
	struct trail_question asked = trail_question_any();
	struct posting_position next;
	bool ended;
	int r;

	r = read_question(question, answer, &asked);
	if (r != 0)
		return r;
	answer->reply.trail = answer_array(answer, page.rows_max);
	if (answer->reply.trail == NULL)
		return TC_ENOMEM;
	r = seal_find(question, &asked, add_row, &page, &next, &ended);
	if (r < 0 || ended)
		return r;
	return search_next_page(answer, &asked, next);
}
