#include "cli/bench_floor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "cli/bench_floor_writer.h"
#include "cli/network.h"
#include "throughcare/v1/wire.pb-c.h"
#include "tls/tls_connection.h"
#include "wire/request.h"
#include "wire/zmtp.h"

#define EVENTS_MAX 64
#define READ_BYTES (64 * 1024)
#define LISTENER   UINT32_MAX
#define STORED     (UINT32_MAX - 1)

struct link {
	int fd;
	struct tc_tls_connection *tls;
	struct tc_zmtp zmtp;
	struct tc_bytes in;
	struct tc_bytes out;
};

struct floor {
	struct tc_tls_config *config;
	struct tc_bench_writer *writer;
	int epoll;
	int listener;
	int stored;
	uint32_t link_count;
	struct link links[TC_BENCH_CONNECTIONS_MAX];
};

/* The floor is no product: whatever is unexpected ends it, and with it the run. */
static void must(bool done)
{
	if (!done)
		_exit(EXIT_FAILURE);
}

static void watch(struct floor *f, int operation, int fd, uint32_t events, uint32_t which)
{
	struct epoll_event event = {.events = events, .data.u32 = which};

	must(epoll_ctl(f->epoll, operation, fd, &event) == 0);
}

static void accept_all(struct floor *f)
{
	int one = 1;
	int fd;

	while ((fd = accept4(f->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct link *link = &f->links[f->link_count];

		must(f->link_count < TC_BENCH_CONNECTIONS_MAX);
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		link->fd = fd;
		must(tc_tls_connection_new(f->config, fd, NULL, &link->tls) == 0);
		tc_zmtp_init(&link->zmtp, TC_ZMTP_ROUTER, TC_FRAME_BYTES_MAX);
		must(tc_zmtp_write_greeting(&link->out) == 0);
		watch(f, EPOLL_CTL_ADD, fd, EPOLLIN, f->link_count++);
	}
}

static void link_write(struct floor *f, uint32_t which)
{
	struct link *link = &f->links[which];
	size_t len;
	int r = 0;

	while (r == 0 && link->out.len > 0) {
		r = tc_tls_connection_write(link->tls, link->out.data, link->out.len, &len);
		if (r == 0)
			tc_bytes_consume(&link->out, len);
	}
	must(r == 0 || r == TC_TLS_WANT_WRITE);
	watch(f, EPOLL_CTL_MOD, link->fd, EPOLLIN | (link->out.len > 0 ? EPOLLOUT : 0U), which);
}

/* The messages of a request, copied to be stored. */
static void submit_take(uint32_t which, const struct tc_request *request,
			struct tc_bench_jobs *jobs)
{
	struct tc_refusal refusal;
	struct tc_bench_job *job;
	struct tc_submit submit;

	must(tc_submit_split(request->body, &submit, &refusal) == 0);
	job = malloc(sizeof(*job) + request->body.len);
	must(job != NULL);
	job->connection = which;
	job->request_id = request->id;
	job->messages = (uint32_t)submit.count;
	job->len = 0;
	for (size_t i = 0; i < submit.count; i++) {
		job->lens[i] = (uint32_t)submit.envelopes[i].len;
		memcpy(job->bytes + job->len, submit.envelopes[i].data, submit.envelopes[i].len);
		job->len += submit.envelopes[i].len;
	}
	tc_bench_jobs_push(jobs, job);
}

static void event_take(struct link *link, uint32_t which, const struct tc_zmtp_event *event,
		       struct tc_bench_jobs *jobs)
{
	struct tc_refusal refusal;
	struct tc_request request;

	switch (event->kind) {
	case TC_ZMTP_PEER_READY:
		must(tc_zmtp_write_ready(&link->zmtp, &link->out) == 0);
		break;
	case TC_ZMTP_MESSAGE:
		must(tc_request_decode(event->bytes, &request, &refusal) == 0 &&
		     request.kind == TC_REQUEST_SUBMIT);
		submit_take(which, &request, jobs);
		break;
	case TC_ZMTP_PING:
		must(tc_zmtp_write_pong(event->bytes, &link->out) == 0);
		break;
	case TC_ZMTP_PONG:
	case TC_ZMTP_PEER_ERROR:
		break;
	}
}

static void frames_take(struct link *link, uint32_t which, struct tc_bench_jobs *jobs)
{
	struct tc_zmtp_event event;
	size_t consumed = 0;
	size_t used;
	int r;

	do {
		r = tc_zmtp_next(&link->zmtp,
				 tc_slice(link->in.data + consumed, link->in.len - consumed), &used,
				 &event);
		if (r == 0)
			event_take(link, which, &event, jobs);
		must(r == 0 || r == TC_ZMTP_MORE);
		consumed += used;
	} while (r == 0);
	tc_bytes_consume(&link->in, consumed);
}

static void link_read(struct floor *f, uint32_t which, struct tc_bench_jobs *jobs)
{
	struct link *link = &f->links[which];
	size_t len;
	int r;

	r = tc_tls_connection_handshake(link->tls);
	if (r == TC_TLS_WANT_READ)
		return;
	while (r == 0) {
		must(tc_bytes_reserve(&link->in, READ_BYTES) == 0);
		r = tc_tls_connection_read(link->tls, link->in.data + link->in.len, READ_BYTES,
					   &len);
		if (r == 0)
			link->in.len += len;
	}
	if (r != TC_TLS_WANT_READ) {
		must(r == TC_TLS_CLOSED);
		watch(f, EPOLL_CTL_DEL, link->fd, 0, which);
		return;
	}
	frames_take(link, which, jobs);
	if (link->out.len > 0)
		link_write(f, which);
}

/* A reply as the exchange would give it, but for what it says. */
static void reply_write(struct link *link, const struct tc_bench_job *job)
{
	Throughcare__V1__Response response = THROUGHCARE__V1__RESPONSE__INIT;
	Throughcare__V1__SubmitReply reply = THROUGHCARE__V1__SUBMIT_REPLY__INIT;
	Throughcare__V1__Receipt receipt = THROUGHCARE__V1__RECEIPT__INIT;
	Throughcare__V1__Disposition disposition = THROUGHCARE__V1__DISPOSITION__INIT;
	Throughcare__V1__Disposition *dispositions[] = {&disposition};
	Throughcare__V1__Receipt *receipts[TC_ENVELOPES_MAX];
	char message_id[] = "00000000-0000-7000-8000-000000000000", recipient[] = "parole-bench-1";
	uint8_t *room;

	disposition.recipient = recipient;
	disposition.has_kind = 1;
	disposition.kind = THROUGHCARE__V1__DISPOSITION_KIND__DISPOSITION_KIND_QUEUED;
	receipt.message_id = message_id;
	receipt.has_status = 1;
	receipt.status = THROUGHCARE__V1__RECEIPT_STATUS__RECEIPT_STATUS_ACCEPTED;
	receipt.has_log_sequence = 1;
	receipt.log_sequence = UINT32_MAX;
	receipt.n_dispositions = 1;
	receipt.dispositions = dispositions;
	for (uint32_t i = 0; i < job->messages; i++)
		receipts[i] = &receipt;
	reply.n_receipts = job->messages;
	reply.receipts = receipts;
	response.has_request_id = 1;
	response.request_id = job->request_id;
	response.body_case = THROUGHCARE__V1__RESPONSE__BODY_SUBMIT;
	response.submit = &reply;
	must(tc_zmtp_write_room(throughcare__v1__response__get_packed_size(&response), &link->out,
				&room) == 0);
	throughcare__v1__response__pack(&response, room);
}

static void answer_stored(struct floor *f)
{
	struct tc_bench_jobs jobs;
	uint64_t times;

	must(read(f->stored, &times, sizeof(times)) == sizeof(times));
	jobs = tc_bench_writer_stored(f->writer);
	for (const struct tc_bench_job *job = jobs.first; job; job = job->next)
		reply_write(&f->links[job->connection], job);
	tc_bench_jobs_free(&jobs);
	for (uint32_t i = 0; i < f->link_count; i++) {
		if (f->links[i].out.len > 0)
			link_write(f, i);
	}
}

static _Noreturn void loop(struct floor *f)
{
	struct epoll_event events[EVENTS_MAX];

	watch(f, EPOLL_CTL_ADD, f->listener, EPOLLIN, LISTENER);
	watch(f, EPOLL_CTL_ADD, f->stored, EPOLLIN, STORED);
	for (;;) {
		struct tc_bench_jobs jobs = {0};
		int count = epoll_wait(f->epoll, events, EVENTS_MAX, -1);

		must(count >= 0 || errno == EINTR);
		for (int i = 0; i < count; i++) {
			uint32_t which = events[i].data.u32;

			if (which == LISTENER)
				accept_all(f);
			else if (which == STORED)
				answer_stored(f);
			else if (events[i].events & EPOLLOUT)
				link_write(f, which);
			else
				link_read(f, which, &jobs);
		}
		if (jobs.first)
			tc_bench_writer_push(f->writer, &jobs);
	}
}

/* Where the profile says the exchange is. */
static int listener_open(const char *profile)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	char path[TC_FILE_PATH_BYTES];
	struct tc_problem ignored;
	struct tc_bytes text = {0};
	const char *port = NULL;
	int one = 1;
	int fd;

	if (tc_file_path(path, profile, "address") &&
	    tc_file_read(path, 1024, &text, &ignored) == 0)
		port = strrchr((const char *)text.data, ':');
	at.sin_port = htons((uint16_t)strtoul(port ? port + 1 : "0", NULL, 10));
	tc_bytes_free(&text);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 1024) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* The child's whole life. */
static _Noreturn void serve(const char *folder, enum tc_bench_floor kind, int listener,
			    uint64_t *syncs)
{
	char certificate[TC_FILE_PATH_BYTES], key[TC_FILE_PATH_BYTES], ca[TC_FILE_PATH_BYTES];
	struct tc_tls_files files = {.certificate = certificate, .key = key, .ca = ca};
	struct floor *f = calloc(1, sizeof(*f));
	char detail[TC_TLS_DETAIL_BYTES];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	must(f && tc_file_path(certificate, folder, "exchange/certificate.pem") &&
	     tc_file_path(key, folder, "exchange/key.pem") &&
	     tc_file_path(ca, folder, "ca/ca.pem"));
	must(tc_tls_config_open(TC_TLS_SERVER, &files, detail, &f->config) == 0);
	f->listener = listener;
	f->epoll = epoll_create1(EPOLL_CLOEXEC);
	f->stored = eventfd(0, EFD_CLOEXEC);
	must(f->epoll >= 0 && f->stored >= 0);
	must(tc_bench_writer_start(folder, kind, syncs, f->stored, &f->writer) == 0);
	loop(f);
}

int tc_bench_floor_start(struct tc_bench_network *network, enum tc_bench_floor kind,
			 struct tc_bench_target *ret_target, struct tc_bench_floor_server *ret,
			 struct tc_problem *problem)
{
	struct tc_network_member sender = {.kind = "agency", .id = "treatment-bench"};
	struct tc_bench_queue *queue = &ret_target->queues[0];
	int listener = -1;
	pid_t child = -1;
	int r;

	r = tc_network_profile_create(network->folder, &sender, problem);
	if (r == 0)
		r = tc_network_profile_path(network->folder, &sender, ret_target->producer,
					    problem);
	if (r < 0)
		return r;
	/* As long as the exchange's bench has them. */
	snprintf(queue->agency, sizeof(queue->agency), "parole-bench-1");
	tc_id_format(tc_id_new(tc_clock_now_ms(&tc_clock_real)), queue->subject);
	tc_id_format(tc_id_new(tc_clock_now_ms(&tc_clock_real)), queue->grant);
	listener = listener_open(ret_target->producer);
	ret->syncs = mmap(NULL, sizeof(*ret->syncs), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (listener >= 0 && ret->syncs != MAP_FAILED)
		child = fork();
	if (child == 0)
		serve(network->folder, kind, listener, ret->syncs);
	if (listener >= 0)
		close(listener);
	if (child < 0) {
		tc_problem_set_errno(problem, "failed", "cannot start the floor's process",
				     network->folder, "try again");
		return TC_EIO;
	}
	network->pid = child;
	ret_target->pid = child;
	return 0;
}

void tc_bench_floor_done(struct tc_bench_floor_server *server)
{
	if (server->syncs && server->syncs != MAP_FAILED)
		munmap(server->syncs, sizeof(*server->syncs));
	server->syncs = NULL;
}
