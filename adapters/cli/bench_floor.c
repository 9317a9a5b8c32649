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

#include "cli/bench_floor_writer.h"
#include "tls/tls_connection.h"

#define EVENTS_MAX 64
#define READ_BYTES (64 * 1024)
#define LISTENER   UINT32_MAX
#define STORED     (UINT32_MAX - 1)

struct link {
	int fd;
	struct tc_tls_connection *tls;
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
		watch(f, EPOLL_CTL_ADD, fd, EPOLLIN, f->link_count++);
	}
}

static void frames_take(struct floor *f, uint32_t which, struct tc_bench_jobs *jobs)
{
	struct tc_bytes *in = &f->links[which].in;
	size_t used = 0;

	while (in->len - used >= TC_BENCH_FLOOR_HEADER_BYTES) {
		const uint8_t *at = in->data + used;
		uint32_t len = tc_get_be32(at);
		struct tc_bench_job *job;

		must(len > 0 && len <= TC_BENCH_FLOOR_FRAME_MAX && tc_get_be32(at + 4) > 0);
		if (in->len - used < TC_BENCH_FLOOR_HEADER_BYTES + len)
			break;
		job = malloc(sizeof(*job) + len);
		must(job != NULL);
		job->connection = which;
		job->messages = tc_get_be32(at + 4);
		job->len = len;
		memcpy(job->bytes, at + TC_BENCH_FLOOR_HEADER_BYTES, len);
		tc_bench_jobs_push(jobs, job);
		used += TC_BENCH_FLOOR_HEADER_BYTES + len;
	}
	tc_bytes_consume(in, used);
}

static void link_read(struct floor *f, uint32_t which, struct tc_bench_jobs *jobs)
{
	struct link *link = &f->links[which];
	size_t len;
	int r;

	r = tc_tls_connection_handshake(link->tls);
	while (r == 0) {
		must(tc_bytes_reserve(&link->in, READ_BYTES) == 0);
		r = tc_tls_connection_read(link->tls, link->in.data + link->in.len, READ_BYTES,
					   &len);
		if (r == 0)
			link->in.len += len;
	}
	if (r != TC_TLS_WANT_READ && r != TC_TLS_WANT_WRITE) {
		must(r == TC_TLS_CLOSED);
		watch(f, EPOLL_CTL_DEL, link->fd, 0, which);
	}
	frames_take(f, which, jobs);
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

static void answer_stored(struct floor *f)
{
	struct tc_bench_jobs jobs;
	uint8_t count[4];
	uint64_t times;

	must(read(f->stored, &times, sizeof(times)) == sizeof(times));
	jobs = tc_bench_writer_stored(f->writer);
	for (const struct tc_bench_job *job = jobs.first; job; job = job->next) {
		tc_put_be32(count, job->messages);
		must(tc_bytes_append(&f->links[job->connection].out, count, sizeof(count)) == 0);
	}
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

static int listener_open(int *ret_port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 1024) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) < 0) {
		close(fd);
		return -1;
	}
	*ret_port = ntohs(at.sin_port);
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
			 struct tc_bench_floor_server *ret, struct tc_problem *problem)
{
	int listener = listener_open(&ret->port);
	pid_t child = -1;

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
	return 0;
}

void tc_bench_floor_done(struct tc_bench_floor_server *server)
{
	if (server->syncs && server->syncs != MAP_FAILED)
		munmap(server->syncs, sizeof(*server->syncs));
	server->syncs = NULL;
}
