/* bench_consumer - the thread that collects and acknowledges, and notices what it saw before. */
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/bench_load.h"
#include "cli/bench_message.h"

#define EVENTS_MAX   64
#define POLL_MS      50
#define CREDIT       1024
#define LEASE_MS     120000
#define SETTLE_BATCH 256

struct consumer {
	struct tc_client *client;
	uint32_t index;
	bool watches_write;
	unsigned count; /* settlements that wait to be sent */
	struct tc_settlement settlements[SETTLE_BATCH];
};

struct consumers {
	struct tc_bench_load *load;
	struct consumer *all;
	unsigned count;
	uint64_t unsettled; /* sent and not confirmed */
	int64_t progress_us;
	int epoll;
};

static int flush(struct consumers *c, struct consumer *consumer)
{
	uint64_t id;
	int r;

	if (consumer->count == 0)
		return 0;
	r = tc_client_settle_start(consumer->client, consumer->settlements, consumer->count,
				   consumer->count, &id);
	if (r != 0) {
		tc_bench_load_fail(c->load, r, consumer->client, "acknowledging");
		return TC_EIO;
	}
	c->unsettled += consumer->count;
	consumer->count = 0;
	return 0;
}

static int take_delivery(struct consumers *c, struct consumer *consumer,
			 const struct tc_delivery *delivery)
{
	struct tc_bench_load *load = c->load;
	struct tc_bench_mark mark;
	int r;

	c->progress_us = tc_clock_monotonic_us();
	if (delivery->part_count != 1 ||
	    !tc_bench_message_read(delivery->parts[0].content, delivery->parts[0].content_len,
				   &mark)) {
		/* Somebody's mail: not settled, so it is back in the mailbox when we are gone. */
		tc_bench_load_fail(
			load, TC_CLIENT_REFUSED, NULL,
			"a message in the mailbox is not the bench's own and stays there");
		return TC_EIO;
	}
	consumer->settlements[consumer->count++] =
		(struct tc_settlement){.delivery_id = delivery->id, .kind = TC_SETTLE_ACK};
	/* What an earlier run has left behind is only cleared away. */
	if (mark.run == load->run && mark.producer < load->plan->producers) {
		r = tc_bench_tally_add(&load->seen_of[mark.producer], mark.number);
		if (r < 0) {
			tc_bench_load_fail(load, TC_FAULT_MEMORY, NULL, "counting");
			return TC_EIO;
		}
		if (r == 0)
			atomic_fetch_add(&load->delivered, 1);
		else
			load->duplicated++;
		tc_bench_histogram_add(&load->delivery, c->progress_us - mark.sent_us, 1);
	}
	return consumer->count == SETTLE_BATCH ? flush(c, consumer) : 0;
}

static int take_results(struct consumers *c, const struct tc_client_event *event)
{
	for (size_t i = 0; i < event->count; i++) {
		if (event->results[i] != TC_SETTLED_DONE) {
			tc_bench_load_fail(c->load, TC_FAULT_PROTOCOL, NULL,
					   "acknowledging: not confirmed");
			return TC_EIO;
		}
	}
	c->unsettled -= event->count;
	c->load->last_settled_us = tc_clock_monotonic_us();
	c->progress_us = c->load->last_settled_us;
	return 0;
}

static int serve(struct consumers *c, struct consumer *consumer)
{
	struct tc_client_event event;
	int r;

	for (;;) {
		r = tc_client_event_next(consumer->client, 0, &event);
		if (r == TC_CLIENT_EMPTY && consumer->count == 0)
			break;
		if (r == TC_CLIENT_EMPTY) {
			/* And once more round, so that it is sent. */
			if (flush(c, consumer) < 0)
				return TC_EIO;
			continue;
		}
		if (r != 0 || event.kind == TC_EVENT_REFUSED) {
			tc_bench_load_fail(c->load, r, consumer->client, "collecting");
			return TC_EIO;
		}
		if ((event.kind == TC_EVENT_DELIVERY &&
		     take_delivery(c, consumer, event.delivery) < 0) ||
		    (event.kind == TC_EVENT_SETTLED && take_results(c, &event) < 0))
			return TC_EIO;
	}
	return tc_bench_load_watch(c->epoll, consumer->client, consumer->index,
				   &consumer->watches_write);
}

static int open_all(struct consumers *c)
{
	struct epoll_event event = {.events = EPOLLIN};
	const struct tc_bench_target *target = c->load->target;

	for (unsigned i = 0; i < c->count; i++) {
		struct consumer *consumer = &c->all[i];
		int r;

		consumer->index = i;
		consumer->client = tc_bench_load_connect(
			c->load, target->queues[i % c->load->plan->queues].profile);
		if (!consumer->client)
			return TC_EIO;
		r = tc_client_collect(consumer->client, CREDIT, LEASE_MS);
		if (r != 0) {
			tc_bench_load_fail(c->load, r, consumer->client, "collecting");
			return TC_EIO;
		}
		event.data.u32 = i;
		if (epoll_ctl(c->epoll, EPOLL_CTL_ADD, tc_client_fd(consumer->client), &event) <
			    0 ||
		    serve(c, consumer) < 0)
			return TC_EIO;
	}
	return 0;
}

/* Everything accepted has come, and its acknowledgement is confirmed. */
static bool drained(const struct consumers *c)
{
	if (c->count == 0)
		return c->load->produced;
	return c->load->produced && c->unsettled == 0 && c->load->delivered >= c->load->accepted;
}

static int drive(struct consumers *c)
{
	struct epoll_event events[EVENTS_MAX];
	int count;

	c->progress_us = tc_clock_monotonic_us();
	while (!c->load->failed && !drained(c)) {
		count = epoll_wait(c->epoll, events, EVENTS_MAX, POLL_MS);
		for (int i = 0; i < count; i++) {
			if (serve(c, &c->all[events[i].data.u32]) < 0)
				return TC_EIO;
		}
		/* What is still missing then is lost; the report says so. */
		if (c->load->produced &&
		    tc_clock_monotonic_us() - c->progress_us > TC_BENCH_WAIT_MS * 1000LL)
			break;
	}
	return 0;
}

void *tc_bench_consumers_run(void *argument)
{
	struct consumers c = {.load = argument, .epoll = -1};

	c.count = c.load->plan->consumers;
	c.all = calloc((size_t)c.count + 1, sizeof(*c.all)); /* none when the floor is measured */
	c.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!c.all || c.epoll < 0 || open_all(&c) < 0 || drive(&c) < 0)
		tc_bench_load_fail(c.load, TC_FAULT_MEMORY, NULL, "starting consumers");
	for (unsigned i = 0; c.all && i < c.count; i++)
		tc_client_close(&c.all[i].client);
	if (c.epoll >= 0)
		close(c.epoll);
	free(c.all);
	return NULL;
}
