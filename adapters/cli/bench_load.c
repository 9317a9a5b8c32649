#include "cli/bench_load.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "base/clock.h"
#include "base/random.h"
#include "cli/session.h"

#define CONNECT_MS  30000
#define PROGRESS_MS 1000

int tc_bench_tally_add(struct tc_bench_tally *tally, uint64_t number)
{
	size_t at = (size_t)(number / 8);
	uint8_t bit = (uint8_t)(1U << (number % 8));

	if (at >= tally->bytes) {
		size_t bytes = at * 2 + 4096;
		uint8_t *bits = realloc(tally->bits, bytes);

		if (!bits)
			return TC_ENOMEM;
		memset(bits + tally->bytes, 0, bytes - tally->bytes);
		tally->bits = bits;
		tally->bytes = bytes;
	}
	if (tally->bits[at] & bit)
		return 1;
	tally->bits[at] |= bit;
	return 0;
}

uint64_t tc_bench_tally_missing(const struct tc_bench_tally *all, const struct tc_bench_tally *some)
{
	uint64_t missing = 0;

	for (size_t i = 0; i < all->bytes; i++) {
		uint8_t there = i < some->bytes ? some->bits[i] : 0;

		missing += (uint64_t)__builtin_popcount(all->bits[i] & (uint8_t)~there);
	}
	return missing;
}

void tc_bench_tally_free(struct tc_bench_tally *tally)
{
	free(tally->bits);
	*tally = (struct tc_bench_tally){0};
}

void tc_bench_load_fail(struct tc_bench_load *load, int fault, const struct tc_client *client,
			const char *what)
{
	const struct tc_client_error *error = client ? tc_client_error(client) : NULL;

	pthread_mutex_lock(&load->lock);
	if (!load->failed) {
		load->fault = TC_EIO;
		if (error && error->code[0])
			tc_session_problem(&load->problem, error, fault);
		else
			tc_problem_set(&load->problem, "bench_failed", "the load broke off",
				       "look at the exchange's log", "%s: %s", what,
				       fault > 0 ? "refused" : tc_fault_text(fault));
		load->failed = true;
	}
	pthread_mutex_unlock(&load->lock);
}

struct tc_client *tc_bench_load_connect(struct tc_bench_load *load, const char *profile)
{
	char certificate[TC_FILE_PATH_BYTES], key[TC_FILE_PATH_BYTES], ca[TC_FILE_PATH_BYTES];
	char address_path[TC_FILE_PATH_BYTES];
	struct tc_client_options options = {
		.certificate = certificate, .key = key, .ca = ca, .trust_senders = 1};
	struct tc_client_error error = {0};
	struct tc_client *client = NULL;
	struct tc_bytes address = {0};
	struct tc_problem problem;
	int r = TC_FAULT_PROFILE;

	if (tc_file_path(certificate, profile, "certificate.pem") &&
	    tc_file_path(key, profile, "key.pem") && tc_file_path(ca, profile, "ca.pem") &&
	    tc_file_path(address_path, profile, "address") &&
	    tc_file_read(address_path, 1024, &address, &problem) == 0) {
		address.data[strcspn((char *)address.data, "\r\n")] = '\0';
		options.address = (char *)address.data;
		r = tc_client_open(&options, &error, &client);
	}
	if (r == 0)
		r = tc_client_reconnect(client, CONNECT_MS);
	if (r != 0) {
		tc_bench_load_fail(load, r, client, "connecting");
		tc_client_close(&client);
	}
	tc_bytes_free(&address);
	return client;
}

int tc_bench_load_watch(int epoll, struct tc_client *client, uint32_t index, bool *watches_write)
{
	bool wants = tc_client_wants_write(client);
	struct epoll_event event = {.events = EPOLLIN | (wants ? EPOLLOUT : 0U), .data.u32 = index};

	if (wants == *watches_write)
		return 0;
	*watches_write = wants;
	return epoll_ctl(epoll, EPOLL_CTL_MOD, tc_client_fd(client), &event) < 0 ? TC_EIO : 0;
}

/* Until the threads have ended: a line a second for whoever waits. */
static void progress(const struct tc_bench_load *load, const struct tc_screen *screen,
		     pthread_t consumers)
{
	struct timespec until;
	int second = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	do {
		until.tv_sec += PROGRESS_MS / 1000;
		if (second++ > 0 && !screen->json)
			fprintf(screen->err, "%4d s  %llu accepted, %llu delivered\n", second - 1,
				(unsigned long long)load->accepted,
				(unsigned long long)load->delivered);
	} while (pthread_timedjoin_np(consumers, NULL, &until) != 0);
}

static void evaluate(const struct tc_bench_load *load, struct tc_bench_result *ret)
{
	ret->accepted = load->accepted;
	ret->delivered = load->delivered;
	ret->duplicated = load->duplicated;
	ret->lost = 0;
	for (unsigned i = 0; load->plan->consumers > 0 && i < load->plan->producers; i++)
		ret->lost += tc_bench_tally_missing(&load->accepted_of[i], &load->seen_of[i]);
	ret->send_s = (double)(load->last_receipt_us - load->start_us) / 1e6;
	/* The floor delivers nothing. */
	ret->deliver_s = load->plan->consumers > 0
				 ? (double)(load->last_settled_us - load->start_us) / 1e6
				 : (double)NAN;
	ret->ack = load->ack;
	ret->delivery = load->delivery;
}

int tc_bench_load_run(const struct tc_bench_plan *plan, const struct tc_bench_target *target,
		      const struct tc_screen *screen, struct tc_bench_result *ret,
		      struct tc_problem *problem)
{
	struct tc_bench_load *load = calloc(1, sizeof(*load));
	pthread_t producers, consumers;
	int r = TC_ENOMEM;

	if (!load)
		goto out;
	load->plan = plan;
	load->target = target;
	pthread_mutex_init(&load->lock, NULL);
	tc_random_fill(&load->run, sizeof(load->run));
	if (pthread_create(&consumers, NULL, tc_bench_consumers_run, load) != 0)
		goto out;
	if (pthread_create(&producers, NULL, tc_bench_producers_run, load) != 0) {
		atomic_store(&load->failed, true);
		pthread_join(consumers, NULL);
		goto out;
	}
	progress(load, screen, consumers);
	pthread_join(producers, NULL);
	evaluate(load, ret);
	r = load->fault;
	if (r < 0)
		*problem = load->problem;
out:
	if (r == TC_ENOMEM)
		tc_problem_set(problem, "failed", tc_err_text(r), "try again", NULL);
	if (load) {
		for (unsigned i = 0; i < plan->producers; i++) {
			tc_bench_tally_free(&load->accepted_of[i]);
			tc_bench_tally_free(&load->seen_of[i]);
		}
		pthread_mutex_destroy(&load->lock);
	}
	free(load);
	return r;
}
