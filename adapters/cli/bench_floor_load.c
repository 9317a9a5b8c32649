/* bench_floor_load - sends to the floor what the producers would send to the exchange. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "cli/bench_floor.h"
#include "cli/network.h"
#include "tls/tls_connection.h"

#define EVENTS_MAX 64
#define POLL_MS    50
#define ACK_BYTES  4

/* Frames are answered in their order, so a ring of times is all there is to remember. */
struct sender {
	struct tc_tls_connection *tls;
	int fd;
	bool watches_write;
	unsigned in_flight; /* frames */
	unsigned oldest;
	int64_t *sent_us; /* frames_max of them */
	struct tc_bytes out;
	uint8_t ack[ACK_BYTES];
	size_t ack_len;
};

struct senders {
	const struct tc_bench_plan *plan;
	struct tc_bench_result *result;
	struct tc_tls_config *config;
	struct sender *all;
	struct tc_bytes frame;
	unsigned batch;
	unsigned frames_max;
	uint64_t in_flight;
	int64_t stop_us;
	int64_t last_us;
	int epoll;
};

/* A frame with as many bytes as a request with that many messages has: random, so that nothing
 * on the way can make them less. */
static int frame_make(struct senders *s)
{
	/* Request and Submit around the envelopes: lengths, request id and signature. */
	size_t around = 96 + (size_t)s->batch * 3;
	size_t len = (size_t)s->plan->bytes * s->batch + around;
	int r = tc_bytes_reserve(&s->frame, TC_BENCH_FLOOR_HEADER_BYTES + len);

	if (r < 0)
		return r;
	s->frame.len = TC_BENCH_FLOOR_HEADER_BYTES + len;
	tc_put_be32(s->frame.data, (uint32_t)len);
	tc_put_be32(s->frame.data + 4, s->batch);
	tc_random_fill(s->frame.data + TC_BENCH_FLOOR_HEADER_BYTES, len);
	return 0;
}

static int handshake(struct sender *sender)
{
	struct pollfd poll_fd = {.fd = sender->fd};
	int r;

	for (;;) {
		r = tc_tls_connection_handshake(sender->tls);
		if (r != TC_TLS_WANT_READ && r != TC_TLS_WANT_WRITE)
			return r == 0 ? 0 : TC_ETLS;
		poll_fd.events = r == TC_TLS_WANT_READ ? POLLIN : POLLOUT;
		if (poll(&poll_fd, 1, TC_BENCH_WAIT_MS) != 1)
			return TC_ETIMEDOUT;
	}
}

static int sender_open(struct senders *s, unsigned index, int port)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				 .sin_port = htons((uint16_t)port)};
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = index};
	struct sender *sender = &s->all[index];
	int one = 1;
	int r;

	sender->sent_us = calloc(s->frames_max, sizeof(*sender->sent_us));
	sender->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (!sender->sent_us || sender->fd < 0 ||
	    connect(sender->fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		return TC_EIO;
	setsockopt(sender->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (fcntl(sender->fd, F_SETFL, O_NONBLOCK) < 0)
		return TC_EIO;
	r = tc_tls_connection_new(s->config, sender->fd, NULL, &sender->tls);
	if (r == 0)
		r = handshake(sender);
	if (r == 0 && epoll_ctl(s->epoll, EPOLL_CTL_ADD, sender->fd, &event) < 0)
		r = TC_EIO;
	return r;
}

static int flush(struct senders *s, struct sender *sender)
{
	struct epoll_event event = {.data.u32 = (uint32_t)(sender - s->all)};
	bool wants;
	size_t len;
	int r = 0;

	while (r == 0 && sender->out.len > 0) {
		r = tc_tls_connection_write(sender->tls, sender->out.data, sender->out.len, &len);
		if (r == 0)
			tc_bytes_consume(&sender->out, len);
	}
	if (r != 0 && r != TC_TLS_WANT_WRITE)
		return TC_ETLS;
	wants = sender->out.len > 0;
	if (wants == sender->watches_write)
		return 0;
	sender->watches_write = wants;
	event.events = EPOLLIN | (wants ? EPOLLOUT : 0U);
	return epoll_ctl(s->epoll, EPOLL_CTL_MOD, sender->fd, &event) < 0 ? TC_EIO : 0;
}

static int fill(struct senders *s, struct sender *sender)
{
	int64_t now_us = tc_clock_monotonic_us();
	int r = 0;

	while (r == 0 && now_us < s->stop_us && sender->in_flight < s->frames_max) {
		sender->sent_us[(sender->oldest + sender->in_flight) % s->frames_max] = now_us;
		r = tc_bytes_append(&sender->out, s->frame.data, s->frame.len);
		sender->in_flight++;
		s->in_flight++;
		now_us = tc_clock_monotonic_us();
	}
	return r == 0 ? flush(s, sender) : r;
}

static int take_ack(struct senders *s, struct sender *sender)
{
	sender->ack_len = 0;
	if (sender->in_flight == 0 || tc_get_be32(sender->ack) != s->batch)
		return TC_EPROTO;
	s->last_us = tc_clock_monotonic_us();
	tc_bench_histogram_add(&s->result->ack, s->last_us - sender->sent_us[sender->oldest],
			       s->batch);
	s->result->accepted += s->batch;
	sender->oldest = (sender->oldest + 1) % s->frames_max;
	sender->in_flight--;
	s->in_flight--;
	return 0;
}

static int serve(struct senders *s, struct sender *sender)
{
	size_t len;
	int r;

	for (;;) {
		r = tc_tls_connection_read(sender->tls, sender->ack + sender->ack_len,
					   ACK_BYTES - sender->ack_len, &len);
		if (r == TC_TLS_WANT_READ)
			return fill(s, sender);
		if (r != 0)
			return TC_ETLS;
		sender->ack_len += len;
		if (sender->ack_len == ACK_BYTES && take_ack(s, sender) < 0)
			return TC_EPROTO;
	}
}

static int drive(struct senders *s)
{
	struct epoll_event events[EVENTS_MAX];
	int64_t start_us = tc_clock_monotonic_us();
	int r = 0;

	s->stop_us = start_us + (int64_t)s->plan->seconds * 1000000;
	s->last_us = start_us;
	for (unsigned i = 0; r == 0 && i < s->plan->producers; i++)
		r = fill(s, &s->all[i]);
	while (r == 0 && s->in_flight > 0) {
		int count = epoll_wait(s->epoll, events, EVENTS_MAX, POLL_MS);

		for (int i = 0; r == 0 && i < count; i++)
			r = serve(s, &s->all[events[i].data.u32]);
		if (tc_clock_monotonic_us() - s->last_us > TC_BENCH_WAIT_MS * 1000LL)
			r = TC_ETIMEDOUT;
	}
	s->result->send_s = (double)(s->last_us - start_us) / 1e6;
	return r;
}

static int config_open(struct senders *s, struct tc_bench_network *network,
		       struct tc_problem *problem)
{
	char certificate[TC_FILE_PATH_BYTES], key[TC_FILE_PATH_BYTES], ca[TC_FILE_PATH_BYTES];
	struct tc_tls_files files = {.certificate = certificate, .key = key, .ca = ca};
	struct tc_network_member member = {.kind = "agency", .id = "bench"};
	char detail[TC_TLS_DETAIL_BYTES] = "";
	int r;

	r = tc_network_profile_create(network->folder, &member, problem);
	if (r < 0)
		return r;
	if (!tc_file_path(certificate, network->folder, "profiles/bench/certificate.pem") ||
	    !tc_file_path(key, network->folder, "profiles/bench/key.pem") ||
	    !tc_file_path(ca, network->folder, "profiles/bench/ca.pem"))
		return TC_EINVAL;
	return tc_tls_config_open(TC_TLS_CLIENT, &files, detail, &s->config);
}

int tc_bench_floor_run(const struct tc_bench_plan *plan, struct tc_bench_network *network,
		       const struct tc_bench_floor_server *server, struct tc_bench_result *ret,
		       struct tc_problem *problem)
{
	struct senders s = {.plan = plan, .result = ret, .batch = tc_bench_plan_batch(plan)};
	int r;

	s.frames_max = plan->window / s.batch;
	s.all = calloc(plan->producers, sizeof(*s.all));
	s.epoll = epoll_create1(EPOLL_CLOEXEC);
	r = s.all && s.epoll >= 0 ? config_open(&s, network, problem) : TC_ENOMEM;
	if (r == 0)
		r = frame_make(&s);
	for (unsigned i = 0; r == 0 && i < plan->producers; i++)
		r = sender_open(&s, i, server->port);
	if (r == 0)
		r = drive(&s);
	if (r < 0 && !problem->code[0])
		tc_problem_set(problem, "bench_failed", "the load broke off", "try again", "%s",
			       tc_err_text(r));
	for (unsigned i = 0; s.all && i < plan->producers; i++) {
		tc_tls_connection_free(&s.all[i].tls);
		if (s.all[i].fd > 0)
			close(s.all[i].fd);
		tc_bytes_free(&s.all[i].out);
		free(s.all[i].sent_us);
	}
	free(s.all);
	if (s.epoll >= 0)
		close(s.epoll);
	tc_bytes_free(&s.frame);
	tc_tls_config_unref(&s.config);
	return r;
}
