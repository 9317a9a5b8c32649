#include "query/reviews.h"

#include "ledger/ledger_view.h"
#include "query/seal.h"

static int put_principal(const struct question *question, struct answer *answer, uint32_t number,
			 char **ret)
{
	tc_agency name;
	int r = ledger_view_principal(question->ledger, number, &name);

	if (r != 0)
		return r > 0 ? TC_ECORRUPT : r;
	*ret = answer_text(answer, name.name);
	return *ret ? 0 : TC_ENOMEM;
}

/* A message to several recipients has a row for each. */
static int make_row(const struct question *question, struct answer *answer,
		    const struct review *review, uint32_t recipient,
		    Throughcare__V1__ReviewRow **ret)
{
	Throughcare__V1__ReviewRow *row = arena_take(&answer->arena, sizeof(*row));
	int r;

	if (row == NULL)
		return TC_ENOMEM;
	throughcare__v1__review_row__init(row);
	row->message_id = answer_id(answer, review->message);
	row->status = answer_text(answer, review_status_name(review->status));
	if (row->message_id == NULL || row->status == NULL)
		return TC_ENOMEM;
	r = put_principal(question, answer, review->sender, &row->agency);
	if (r == 0)
		r = put_principal(question, answer, recipient, &row->recipient);
	if (r == 0)
		r = answer_put_time(answer, review->released_ms, &row->released_at);
	if (r == 0)
		r = answer_put_time(answer, review->due_ms, &row->due);
	if (r == 0)
		r = answer_put_time(answer, review->reviewed_ms, &row->reviewed_at);
	if (r == 0 && review->reviewer[0] != '\0' && question->scope != GATE_NO_PERSONS) {
		row->reviewer = answer_text(answer, review->reviewer);
		r = row->reviewer ? 0 : TC_ENOMEM;
	}
	*ret = row;
	return r;
}

static int add_rows(const struct question *question, struct answer *answer,
		    const struct review *review)
{
	Throughcare__V1__QueryReply *reply = &answer->reply;

	for (size_t i = 0; i < review->recipient_count; i++) {
		int r = make_row(question, answer, review, review->recipients[i],
				 &reply->reviews[reply->n_reviews]);

		if (r < 0)
			return r;
		reply->n_reviews++;
	}
	return 0;
}

static int review_hidden(const struct question *question, const struct review *review, bool *ret)
{
	const struct tc_id none = {{0}};
	int r = seal_hides(question, review->subject, none, none, ret);

	/* Of which referral it is, the message knows. */
	return r == 0 && !*ret ? seal_hides(question, none, none, review->message, ret) : r;
}

/* Up to `max` that have rows and that no order hides: only another one of these makes a further
 * page. */
static int find_reviews(const struct question *question, struct answer *answer, uint64_t after,
			struct review *ret, size_t max, size_t *ret_count)
{
	const Throughcare__V1__ReviewListQuery *asked = question->query->review_list;
	const tc_agency *agency = question->scope == GATE_OWN ? &question->asker : NULL;
	struct review *page = arena_take(&answer->arena, max * sizeof(*page));
	bool more = true, hidden;
	size_t count;
	int r = page == NULL ? TC_ENOMEM : 0;

	*ret_count = 0;
	while (r == 0 && more && *ret_count < max) {
		r = ledger_view_reviews(question->ledger, agency,
					asked->has_open_only && asked->open_only, after, page, max,
					&count, &more);
		for (size_t i = 0; r == 0 && i < count && *ret_count < max; i++) {
			after = page[i].sequence;
			r = review_hidden(question, &page[i], &hidden);
			if (r == 0 && !hidden && page[i].recipient_count > 0)
				ret[(*ret_count)++] = page[i];
		}
	}
	return r;
}

static size_t count_rows(const struct review *reviews, size_t count)
{
	size_t rows = 0;

	for (size_t i = 0; i < count; i++)
		rows += reviews[i].recipient_count;
	return rows;
}

int reviews_list(const struct question *question, struct answer *answer)
{
	/* Of the rows of a page, each message takes at most one for each of its recipients. */
	size_t max = (answer_page_rows(question) + TC_RECIPIENTS_MAX - 1) / TC_RECIPIENTS_MAX;
	struct tc_slice cursor = answer_cursor(question);
	struct review *reviews = arena_take(&answer->arena, (max + 1) * sizeof(*reviews));
	uint64_t after = 0;
	uint8_t next[8];
	size_t count;
	bool more;
	int r;

	if (reviews == NULL)
		return TC_ENOMEM;
	if (cursor.len != 0 && cursor.len != sizeof(next))
		return tc_refuse(&answer->refusal, TC_REFUSAL_FIELD_INVALID, "page.cursor");
	if (cursor.len != 0)
		after = tc_get_be64(cursor.data);
	r = find_reviews(question, answer, after, reviews, max + 1, &count);
	if (r != 0)
		return r;
	more = count > max;
	count = more ? max : count;
	answer->reply.reviews = answer_array(answer, count_rows(reviews, count));
	if (answer->reply.reviews == NULL)
		return TC_ENOMEM;
	for (size_t i = 0; r == 0 && i < count; i++)
		r = add_rows(question, answer, &reviews[i]);
	if (r < 0 || !more || count == 0)
		return r;
	tc_put_be64(next, reviews[count - 1].sequence);
	return answer_next_page(answer, tc_slice(next, sizeof(next)));
}
