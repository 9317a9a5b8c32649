#include "ledger/cross.h"

#include <string.h>

#include "ledger/evidence.h"
#include "ledger/job.h"
#include "ledger/misdirected.h"
#include "ledger/person.h"
#include "ledger/row.h"
#include "ledger/state.h"

#define CROSS_MISDIRECTED "misdirected" /* what a sender is told */

struct cross {
	uint32_t recipient;
	struct tc_id subject;
	uint64_t delivery;
	struct tc_id message;
	uint32_t sender;
	struct tc_id referral;
};

/* ---- rows ---- */

static void cross_key(struct store_key *key, struct tc_id merge, const struct cross *cross)
{
	store_key_init(key);
	store_key_id(key, merge);
	store_key_u32(key, cross->recipient);
	store_key_id(key, cross->subject);
	store_key_u64(key, cross->delivery);
}

static bool cross_read(struct tc_slice key, struct tc_slice value, struct cross *ret)
{
	struct row_reader row = row_read(value);
	struct tc_id merge;

	if (!store_key_take_id(&key, &merge) || !store_key_take_u32(&key, &ret->recipient) ||
	    !store_key_take_id(&key, &ret->subject) || !store_key_take_u64(&key, &ret->delivery))
		return false;
	ret->message = row_take_id(&row);
	ret->sender = row_take_u32(&row);
	ret->referral = row_take_id(&row);
	return row_read_whole(&row);
}

static int cross_put(struct ledger *ledger, struct tc_id merge, const struct delivery *delivery)
{
	const struct cross cross = {.recipient = delivery->recipient,
				    .subject = delivery->subject,
				    .delivery = delivery->id};
	struct row_writer row;
	struct store_key key;

	row.len = 0;
	cross_key(&key, merge, &cross);
	row_put_id(&row, delivery->message);
	row_put_u32(&row, delivery->sender);
	row_put_id(&row, delivery->referral);
	return ledger_put(ledger, LEDGER_TABLE_CROSS, store_key_slice(&key), row_slice(&row));
}

/* ---- the hand-over ---- */

static bool cross_any(const struct decision *decision)
{
	for (size_t i = 0; i < decision->grant_count; i++) {
		if (decision->of[i] != 0)
			return true;
	}
	return false;
}

int cross_note(struct ledger *ledger, const struct delivery *delivery,
	       const struct decision *decision)
{
	struct person_tables tables = person_tables_of(ledger);
	struct tc_id others[PERSON_IDS_MAX], merges[PERSON_IDS_MAX];
	struct person person;
	size_t other_count, merge_count;
	int r;

	if (!cross_any(decision))
		return 0;
	r = person_find(ledger->txn, &tables, delivery->subject, &person);
	if (r == 0)
		r = person_others(ledger->txn, &tables, delivery->subject, ledger->now_ms, others,
				  &other_count);
	for (size_t i = 0; r == 0 && i < decision->grant_count; i++) {
		if (decision->of[i] == 0)
			continue;
		TC_CHECK(decision->of[i] <= other_count);
		person_between(&person, delivery->subject, others[decision->of[i] - 1], merges,
			       &merge_count);
		for (size_t k = 0; r == 0 && k < merge_count; k++)
			r = cross_put(ledger, merges[k], delivery);
	}
	return r;
}

/* ---- the merge is undone ---- */

int cross_undo(struct ledger *ledger, struct tc_id merge)
{
	struct job job = {.kind = JOB_UNMERGE, .awaited = ledger->awaits, .about = merge};

	return job_start(ledger, &job);
}

static int cross_tell_sender(struct ledger *ledger, const struct cross *cross)
{
	const struct evidence_about about = {
		.message = cross->message,
		.subject = cross->subject,
		.referral = cross->referral,
		.recipient = cross->recipient,
	};

	return evidence_say(ledger, cross->sender, &about,
			    THROUGHCARE__V1__EVIDENCE_KIND__EVIDENCE_KIND_RECALLED,
			    CROSS_MISDIRECTED);
}

/* The first rows of the merge that one notice can name. *ret_more: the slice is over. */
static int cross_take(struct ledger *ledger, struct tc_id merge, struct tc_id *messages,
		      size_t *ret_count, struct cross *ret, bool *ret_more)
{
	struct tc_slice prefix = tc_slice(merge.bytes, sizeof(merge.bytes)), key, value;
	int r;

	*ret_count = 0;
	*ret_more = false;
	while (*ret_count < MISDIRECTED_MESSAGES_MAX) {
		struct store_key taken;
		struct cross cross;

		r = store_first(ledger->txn, ledger->table[LEDGER_TABLE_CROSS], prefix, &key,
				&value);
		if (r != 0)
			return r == STORE_NOT_FOUND ? 0 : r;
		if (!cross_read(key, value, &cross))
			return TC_ECORRUPT;
		if (*ret_count > 0 && (cross.recipient != ret->recipient ||
				       !tc_id_equal(cross.subject, ret->subject)))
			return 0;
		*ret_more = !job_take_turn(ledger);
		if (*ret_more)
			return 0;
		*ret = cross;
		messages[(*ret_count)++] = cross.message;
		cross_key(&taken, merge, &cross);
		r = ledger_del(ledger, LEDGER_TABLE_CROSS, store_key_slice(&taken));
		if (r == 0)
			r = cross_tell_sender(ledger, &cross);
		if (r < 0)
			return r;
	}
	return 0;
}

int cross_job(struct ledger *ledger, struct job *job)
{
	struct tc_id *messages =
		arena_take(&ledger->arena, MISDIRECTED_MESSAGES_MAX * sizeof(*messages));

	if (messages == NULL)
		return TC_ENOMEM;
	for (;;) {
		struct misdirected misdirected = {.messages = messages, .reason = "unmerged"};
		struct cross cross = {0};
		bool more;
		int r = cross_take(ledger, job->about, messages, &misdirected.count, &cross, &more);

		if (r < 0)
			return r;
		if (misdirected.count == 0)
			return more ? JOB_MORE : 0;
		misdirected.to = cross.recipient;
		misdirected.subject = cross.subject;
		r = misdirected_open(ledger, &misdirected);
		if (r < 0 || more)
			return r < 0 ? r : JOB_MORE;
	}
}
