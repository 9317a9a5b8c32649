/* bench_producer - the thread that submits: a window of unanswered messages per connection. */
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/bench_load.h"
#include "cli/bench_message.h"

#define EVENTS_MAX 64
#define POLL_MS    50

struct request {
	uint64_t id; /* 0: free */
	uint64_t first;
	unsigned count;
	int64_t sent_us;
};

struct producer {
	struct tc_client *client;
	uint32_t index;
	uint64_t next;
	unsigned in_flight;
	bool watches_write;
	struct request *requests;
	unsigned request_count;
};

struct producers {
	struct tc_bench_load *load;
	struct producer *all;
	unsigned count;
	unsigned batch;
	size_t remark_bytes;
	uint64_t in_flight;
	int64_t progress_us;
	int epoll;
};

static struct request *request_find(struct producer *producer, uint64_t id)
{
	for (unsigned i = 0; i < producer->request_count; i++) {
		if (producer->requests[i].id == id)
			return &producer->requests[i];
	}
	return NULL;
}

/* Signs and queues one batch. */
static int submit(struct producers *p, struct producer *producer)
{
	struct request *request = request_find(producer, 0);
	const struct tc_bench_target *target = p->load->target;
	struct tc_message *messages[TC_SUBMIT_MAX] = {0};
	struct tc_bench_mark mark = {.run = p->load->run, .producer = producer->index};
	unsigned queues = p->load->plan->queues;
	uint64_t id = 0;
	int r = 0;

	mark.sent_us = tc_clock_monotonic_us();
	for (unsigned i = 0; r == 0 && i < p->batch; i++) {
		mark.number = producer->next + i;
		r = tc_bench_message_new(&mark,
					 &target->queues[(mark.number + mark.producer) % queues],
					 p->remark_bytes, &messages[i]);
	}
	if (r == 0)
		r = tc_client_submit_start(producer->client, messages, p->batch, &id);
	for (unsigned i = 0; i < p->batch; i++)
		tc_message_free(&messages[i]);
	if (r != 0) {
		tc_bench_load_fail(p->load, r, producer->client, "submitting");
		return TC_EIO;
	}
	*request = (struct request){
		.id = id, .first = producer->next, .count = p->batch, .sent_us = mark.sent_us};
	producer->next += p->batch;
	producer->in_flight += p->batch;
	p->in_flight += p->batch;
	return 0;
}

static int take_receipts(struct producers *p, struct producer *producer,
			 const struct tc_client_event *event)
{
	struct request *request = request_find(producer, event->request_id);
	int64_t now_us = tc_clock_monotonic_us();

	if (!request || event->count != request->count) {
		tc_bench_load_fail(p->load, TC_FAULT_PROTOCOL, NULL, "matching receipts");
		return TC_EIO;
	}
	for (size_t i = 0; i < event->count; i++) {
		const struct tc_receipt *receipt = &event->receipts[i];
		const struct tc_client_error *refusal = &receipt->refusal;

		if (receipt->status != TC_RECEIPT_ACCEPTED) {
			tc_bench_load_fail(p->load, TC_CLIENT_REFUSED, NULL, refusal->code);
			return TC_EIO;
		}
		if (tc_bench_tally_add(&p->load->accepted_of[producer->index], request->first + i) <
		    0) {
			tc_bench_load_fail(p->load, TC_FAULT_MEMORY, NULL, "counting");
			return TC_EIO;
		}
	}
	tc_bench_histogram_add(&p->load->ack, now_us - request->sent_us, event->count);
	atomic_fetch_add(&p->load->accepted, event->count);
	p->load->last_receipt_us = now_us;
	p->progress_us = now_us;
	producer->in_flight -= request->count;
	p->in_flight -= request->count;
	request->id = 0;
	return 0;
}

/* Takes what has come and fills the window again, until nothing more comes. */
static int serve(struct producers *p, struct producer *producer)
{
	struct tc_client_event event;
	int r;

	for (;;) {
		while (tc_clock_monotonic_us() < p->load->stop_us &&
		       producer->in_flight + p->batch <= p->load->plan->window) {
			if (submit(p, producer) < 0)
				return TC_EIO;
		}
		r = tc_client_event_next(producer->client, 0, &event);
		if (r == TC_CLIENT_EMPTY)
			break;
		if (r != 0 || event.kind == TC_EVENT_REFUSED) {
			tc_bench_load_fail(p->load, r, producer->client, "waiting for receipts");
			return TC_EIO;
		}
		if (event.kind == TC_EVENT_RECEIPTS && take_receipts(p, producer, &event) < 0)
			return TC_EIO;
	}
	return tc_bench_load_watch(p->epoll, producer->client, producer->index,
				   &producer->watches_write);
}

static int open_all(struct producers *p)
{
	unsigned requests = p->load->plan->window / p->batch + 1;
	struct epoll_event event = {.events = EPOLLIN};

	for (unsigned i = 0; i < p->count; i++) {
		struct producer *producer = &p->all[i];

		producer->index = i;
		producer->request_count = requests;
		producer->requests = calloc(requests, sizeof(*producer->requests));
		producer->client = tc_bench_load_connect(p->load, p->load->target->producer);
		if (!producer->requests || !producer->client)
			return TC_EIO;
		event.data.u32 = i;
		if (epoll_ctl(p->epoll, EPOLL_CTL_ADD, tc_client_fd(producer->client), &event) < 0)
			return TC_EIO;
		p->remark_bytes = tc_bench_message_remark_bytes(
			p->load->plan, tc_client_identity(producer->client)->id,
			&p->load->target->queues[0]);
	}
	return 0;
}

static int drive(struct producers *p)
{
	struct tc_bench_load *load = p->load;
	struct epoll_event events[EVENTS_MAX];
	int count;

	load->start_us = tc_clock_monotonic_us();
	load->stop_us = load->start_us + (int64_t)load->plan->seconds * 1000000;
	p->progress_us = load->start_us;
	for (unsigned i = 0; i < p->count; i++) {
		if (serve(p, &p->all[i]) < 0)
			return TC_EIO;
	}
	while (p->in_flight > 0 && !load->failed) {
		count = epoll_wait(p->epoll, events, EVENTS_MAX, POLL_MS);
		for (int i = 0; i < count; i++) {
			if (serve(p, &p->all[events[i].data.u32]) < 0)
				return TC_EIO;
		}
		if (tc_clock_monotonic_us() - p->progress_us > TC_BENCH_WAIT_MS * 1000LL) {
			tc_bench_load_fail(load, TC_FAULT_TIMEOUT, NULL, "waiting for receipts");
			return TC_EIO;
		}
	}
	return 0;
}

void *tc_bench_producers_run(void *argument)
{
	struct producers p = {.load = argument, .epoll = -1};

	p.count = p.load->plan->producers;
	p.batch = tc_bench_plan_batch(p.load->plan);
	p.all = calloc(p.count, sizeof(*p.all));
	p.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!p.all || p.epoll < 0 || open_all(&p) < 0 || drive(&p) < 0)
		tc_bench_load_fail(p.load, TC_FAULT_MEMORY, NULL, "starting producers");
	atomic_store(&p.load->produced, true);
	for (unsigned i = 0; p.all && i < p.count; i++) {
		tc_client_close(&p.all[i].client);
		free(p.all[i].requests);
	}
	if (p.epoll >= 0)
		close(p.epoll);
	free(p.all);
	return NULL;
}
