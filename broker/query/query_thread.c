#include "query/query_thread.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "ledger/ledger_view.h"
#include "query/answer.h"
#include "query/answerers.h"
#include "query/watch.h"

#define LOOK_MS  100 /* between two looks for what is watched */
#define RETRY_MS 10  /* when the ledger's queue had no room for our wish */

struct query_thread {
	struct query_thread_options options;
	pthread_t thread;
	struct ledger_view *ledger;
	struct trail_view *trail;
	struct tree_view *tree; /* NULL: there is none */
	struct journal_reader *journal;
	struct answer answer;
	struct query_request *first; /* waiting, in the order they came: deadlines rise */
	struct query_request *last;
	size_t waiting;
	struct query_request *watching; /* asked for changes of which there is none yet */
	size_t watching_count;
	int64_t look_us; /* when those are looked for again, monotonic */
	bool wanted;     /* the ledger knows that we wait, until its next commit */
	bool stopping;
};

/* ---- answering ---- */

/* Who asks and what, from the record. QUESTION_REFUSED or a fault as ever. */
static int read_record(struct query_thread *thread, uint64_t sequence, struct question *question)
{
	struct answer *answer = &thread->answer;
	const Throughcare__V1__Record *record;
	struct journal_entry entry;
	int r;

	r = journal_read(thread->journal, sequence, &entry);
	if (r != 0)
		return r > 0 ? TC_ECORRUPT : r;
	record = throughcare__v1__record__unpack(&answer->arena.allocator, entry.body.len,
						 entry.body.data);
	if (record == NULL || record->body_case != THROUGHCARE__V1__RECORD__BODY_QUERY ||
	    record->peer == NULL || record->peer->id == NULL)
		return TC_ECORRUPT;
	if (!tc_agency_parse(tc_slice_text(record->peer->id), &question->asker))
		return TC_ECORRUPT;
	question->query = throughcare__v1__query__unpack(
		&answer->arena.allocator, record->query->query.len, record->query->query.data);
	if (question->query == NULL)
		return tc_refuse(&answer->refusal, TC_REFUSAL_MALFORMED, "query");
	question->kind = record->peer->kind;
	question->sequence = sequence;
	question->now_ms = entry.time_ms;
	return 0;
}

/* QUESTION_LATER: there is nothing yet, and *ret_wait_ms for it to come. */
static int answer_question(struct query_thread *thread, uint64_t sequence, uint32_t *ret_wait_ms)
{
	struct question question = {
		.ledger = thread->ledger,
		.trail = thread->trail,
		.tree = thread->tree,
		.journal = thread->journal,
		.figures = thread->options.figures,
	};
	struct scope limits;
	answerer_fn answer;
	bool limited;
	int r = read_record(thread, sequence, &question);

	if (r == 0)
		r = scope_read(ledger_view_txn(thread->ledger),
			       ledger_view_table(thread->ledger, LEDGER_TABLE_SCOPE), question.kind,
			       &question.asker, &thread->answer.arena.allocator, &limits, &limited);
	if (r != 0)
		return r;
	question.limits = limited ? &limits : NULL;
	answer = answerer_find(question.query->body_case);
	if (answer == NULL)
		return tc_refuse(&thread->answer.refusal, TC_REFUSAL_MALFORMED, "query");
	/* The ledger has let it pass at its record. */
	r = asking_check(question.kind, question.asker.name, question.query, &question.scope,
			 &thread->answer.refusal);
	if (r == 0)
		r = scope_check(question.limits, question.kind, question.query, question.now_ms,
				&thread->answer.refusal);
	if (r != 0)
		return QUESTION_REFUSED;
	r = answer(&question, &thread->answer);
	if (r == QUESTION_LATER)
		*ret_wait_ms = watch_wait_ms(&question);
	return r;
}

/* ---- replying ---- */

/*
 * A gateway always reads its inbox, so this waits no longer than the gateway is busy.
 * Without memory for the reply the client's own deadline ends its wait.
 */
static int reply(struct query_thread *thread, const struct query_request *request, int outcome)
{
	struct effects *effects = answer_take(&thread->answer, request, outcome);
	int r;

	if (outcome < 0)
		log_event(EV_QUERY_FAILED, NULL, NULL, outcome);
	if (effects == NULL || request->gateway >= thread->options.gateway_count) {
		effects_free(&effects);
		return 0;
	}
	r = bus_send(thread->options.gateways[request->gateway], BUS_ANSWER, effects,
		     (int)thread->options.deadline_ms);
	if (r != 0)
		effects_free(&effects);
	return r < 0 ? r : 0;
}

static int refuse_busy(struct query_thread *thread, const struct query_request *request)
{
	answer_reset(&thread->answer);
	return reply(thread, request,
		     tc_refuse(&thread->answer.refusal, TC_REFUSAL_BUSY, "%s", ""));
}

/* ---- waiting ---- */

static struct query_request *pop(struct query_thread *thread)
{
	struct query_request *request = thread->first;

	thread->first = request->next;
	if (thread->first == NULL)
		thread->last = NULL;
	thread->waiting--;
	return request;
}

static int take_question(struct query_thread *thread, struct query_request *request)
{
	if (thread->waiting >= QUERY_THREAD_WAITING_MAX) {
		int r = refuse_busy(thread, request);

		query_request_free(&request);
		return r;
	}
	request->deadline_us =
		tc_clock_monotonic_us() + (int64_t)thread->options.deadline_ms * 1000;
	request->next = NULL;
	if (thread->last)
		thread->last->next = request;
	else
		thread->first = request;
	thread->last = request;
	thread->waiting++;
	return 0;
}

/* ---- watching ---- */

/* Answers it, or keeps it until there is something to answer or its time is over. */
static int answer_or_keep(struct query_thread *thread, struct query_request *request)
{
	int64_t now_us = tc_clock_monotonic_us();
	uint32_t wait_ms = 0;
	int r;

	answer_reset(&thread->answer);
	r = answer_question(thread, request->sequence, &wait_ms);
	if (r == QUESTION_LATER && request->until_us == 0)
		request->until_us = now_us + (int64_t)wait_ms * 1000;
	if (r == QUESTION_LATER && now_us < request->until_us &&
	    thread->watching_count < QUERY_THREAD_WATCHING_MAX) {
		if (thread->watching == NULL)
			thread->look_us = now_us + LOOK_MS * 1000LL;
		request->next = thread->watching;
		thread->watching = request;
		thread->watching_count++;
		return 0;
	}
	r = reply(thread, request, r == QUESTION_LATER ? 0 : r);
	query_request_free(&request);
	return r;
}

static bool look_due(const struct query_thread *thread)
{
	return thread->watching != NULL && thread->look_us <= tc_clock_monotonic_us();
}

/* Changes are committed by themselves: a look now and then finds them. */
static int look_again(struct query_thread *thread)
{
	struct query_request *all = thread->watching;
	int r = 0;

	thread->watching = NULL;
	thread->watching_count = 0;
	while (r == 0 && all != NULL) {
		struct query_request *request = all;

		all = request->next;
		r = answer_or_keep(thread, request);
	}
	while (all != NULL) {
		struct query_request *request = all;

		all = request->next;
		query_request_free(&request);
	}
	return r;
}

/* Of those that wait, in order; a later one may be visible while an earlier one is not. */
static int answer_visible(struct query_thread *thread, uint64_t ledger_next, uint64_t trail_next)
{
	size_t count = thread->waiting;
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		struct query_request *request = pop(thread);

		if (request->sequence >= ledger_next || request->sequence >= trail_next) {
			request->next = NULL;
			if (thread->last)
				thread->last->next = request;
			else
				thread->first = request;
			thread->last = request;
			thread->waiting++;
			continue;
		}
		r = answer_or_keep(thread, request);
	}
	return r;
}

static int drop_late(struct query_thread *thread)
{
	int64_t now_us = tc_clock_monotonic_us();
	int r = 0;

	while (r == 0 && thread->first && thread->first->deadline_us <= now_us) {
		struct query_request *request = pop(thread);

		r = refuse_busy(thread, request);
		query_request_free(&request);
	}
	return r;
}

/* Everything that can be done now. Open snapshots would keep old pages: none while waiting. */
static int work(struct query_thread *thread)
{
	uint64_t ledger_next, trail_next;
	bool look = look_due(thread);
	int r;

	if (thread->waiting == 0 && !look)
		return 0;
	r = ledger_view_renew(thread->ledger, &ledger_next);
	if (r == 0)
		r = trail_view_renew(thread->trail, &trail_next);
	if (r == 0 && thread->tree)
		r = tree_view_renew(thread->tree);
	if (r == 0)
		r = answer_visible(thread, ledger_next, trail_next);
	if (r == 0 && look)
		r = look_again(thread);
	ledger_view_reset(thread->ledger);
	trail_view_reset(thread->trail);
	if (thread->tree)
		tree_view_reset(thread->tree);
	journal_reader_renew(thread->journal);
	if (r == 0)
		r = drop_late(thread);
	if (r != 0 || thread->waiting == 0 || thread->wanted)
		return r;
	r = bus_send(thread->options.to_ledger, BUS_COMMIT_WANTED, NULL, 0);
	thread->wanted = r == 0;
	return r < 0 ? r : 0;
}

static int64_t until_ms(int64_t us)
{
	int64_t left_ms = (us - tc_clock_monotonic_us() + 999) / 1000;

	return left_ms < 0 ? 0 : left_ms;
}

static int wait_ms(const struct query_thread *thread)
{
	int64_t look_ms = thread->watching ? until_ms(thread->look_us) : INT32_MAX;
	int64_t answer_ms = INT32_MAX;

	if (thread->first == NULL && thread->watching == NULL)
		return -1;
	if (thread->first != NULL)
		answer_ms = thread->wanted ? until_ms(thread->first->deadline_us) : RETRY_MS;
	return (int)(look_ms < answer_ms ? look_ms : answer_ms);
}

static void forget_wish(struct query_thread *thread, const struct bus_position *position)
{
	if (position->source == 0)
		thread->wanted = false;
}

static int obey(struct query_thread *thread, const struct bus_message *message)
{
	switch (message->kind) {
	case BUS_QUERY:
		return take_question(thread, message->payload);
	case BUS_COMMITTED:
		forget_wish(thread, message->payload);
		free(message->payload);
		return 0;
	case BUS_STOP:
		thread->stopping = true;
		return 0;
	case BUS_DRAIN:
	case BUS_RELOAD:
		return 0;
	case BUS_RECORDS:
	case BUS_DURABLE:
	case BUS_EFFECTS:
	case BUS_FACTS:
	case BUS_ANSWER:
	case BUS_COMMIT_WANTED:
	case BUS_SOON:
		break;
	}
	TC_CHECK(!"a message kind that never goes to a query thread");
	return TC_EBUS;
}

static int loop(struct query_thread *thread)
{
	for (;;) {
		struct bus_message message;
		int r = bus_receive(thread->options.inbox, wait_ms(thread), &message);

		/* All that is there, before one look at the snapshots. */
		while (r == 0) {
			r = obey(thread, &message);
			if (r == 0)
				r = bus_receive(thread->options.inbox, 0, &message);
		}
		if (r == BUS_EMPTY && thread->stopping)
			return 0;
		if (r == BUS_EMPTY)
			r = work(thread);
		if (r < 0)
			return r;
	}
}

static void close_views(struct query_thread *thread)
{
	ledger_view_close(&thread->ledger);
	trail_view_close(&thread->trail);
	tree_view_close(&thread->tree);
	journal_reader_close(&thread->journal);
	answer_done(&thread->answer);
}

static void *run(void *context)
{
	struct query_thread *thread = context;
	int r;

	bus_socket_adopt(thread->options.inbox);
	bus_socket_adopt(thread->options.to_ledger);
	for (size_t i = 0; i < thread->options.gateway_count; i++)
		bus_socket_adopt(thread->options.gateways[i]);
	r = loop(thread);
	if (r < 0)
		log_event(EV_QUERY_FAILED, NULL, NULL, r);
	while (thread->first) {
		struct query_request *request = pop(thread);

		query_request_free(&request);
	}
	while (thread->watching) {
		struct query_request *request = thread->watching;

		thread->watching = request->next;
		query_request_free(&request);
	}
	return NULL;
}

int query_thread_start(const struct query_thread_options *options, struct query_thread **ret)
{
	struct query_thread *thread = calloc(1, sizeof(*thread));
	int r;

	if (thread == NULL)
		return TC_ENOMEM;
	thread->options = *options;
	answer_init(&thread->answer);
	r = ledger_view_open(&thread->ledger, options->ledger);
	if (r == 0)
		r = trail_view_open(options->trail, &thread->trail);
	if (r == 0 && options->tree)
		r = tree_view_open(options->tree, &thread->tree);
	if (r == 0)
		r = journal_reader_open(options->journal, &thread->journal);
	if (r == 0 && pthread_create(&thread->thread, NULL, run, thread) != 0)
		r = TC_ENOMEM;
	if (r != 0) {
		close_views(thread);
		free(thread);
		return r > 0 ? TC_ESTORE : r;
	}
	*ret = thread;
	return 0;
}

void query_thread_join(struct query_thread **thread)
{
	TC_CHECK(pthread_join((*thread)->thread, NULL) == 0);
	close_views(*thread);
	free(*thread);
	*thread = NULL;
}
