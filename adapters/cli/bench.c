#include "cli/bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bench_decisions.h"
#include "cli/bench_floor.h"
#include "cli/bench_gauge.h"
#include "cli/bench_network.h"
#include "cli/command_table.h"
#include "cli/question.h"

#define PRODUCERS_DEFAULT 8
#define WINDOW_DEFAULT    256
#define SECONDS_DEFAULT   10
#define SECONDS_MAX       86400
#define BYTES_DEFAULT     700
#define BYTES_MIN         64

static int number(struct tc_invocation *invocation, const char *name, unsigned greatest,
		  unsigned fallback, unsigned *ret)
{
	int64_t value;

	if (tc_invocation_number(invocation, name, 1, greatest, fallback, &value) < 0)
		return TC_EINVAL;
	*ret = (unsigned)value;
	return 0;
}

/* Queues and consumers follow the producers unless they are named. */
static int plan_read(struct tc_invocation *invocation, struct tc_bench_plan *plan)
{
	const char *floor = tc_invocation_option(invocation, "floor");
	unsigned queues;

	if (number(invocation, "producers", TC_BENCH_CONNECTIONS_MAX, PRODUCERS_DEFAULT,
		   &plan->producers) < 0 ||
	    number(invocation, "window", TC_BENCH_WINDOW_MAX, WINDOW_DEFAULT, &plan->window) < 0 ||
	    number(invocation, "seconds", SECONDS_MAX, SECONDS_DEFAULT, &plan->seconds) < 0 ||
	    number(invocation, "bytes", TC_BENCH_BYTES_MAX, BYTES_DEFAULT, &plan->bytes) < 0)
		return TC_EINVAL;
	queues = plan->producers < TC_BENCH_QUEUES_MAX ? plan->producers : TC_BENCH_QUEUES_MAX;
	if (invocation->profile)
		queues = 1;
	if (number(invocation, "queues", invocation->profile ? 1 : TC_BENCH_QUEUES_MAX, queues,
		   &plan->queues) < 0 ||
	    number(invocation, "consumers", TC_BENCH_CONNECTIONS_MAX, plan->queues,
		   &plan->consumers) < 0)
		return TC_EINVAL;
	if (plan->consumers < plan->queues) {
		tc_invocation_usage(invocation, "every queue needs a consumer");
		return TC_EINVAL;
	}
	if (plan->bytes < BYTES_MIN)
		plan->bytes = BYTES_MIN;
	if (floor && strcmp(floor, "lmdb") == 0) {
		plan->floor = TC_BENCH_FLOOR_LMDB;
	} else if (floor && strcmp(floor, "file") == 0) {
		plan->floor = TC_BENCH_FLOOR_FILE;
	} else if (floor) {
		tc_invocation_usage(invocation, "--floor takes lmdb or file");
		return TC_EINVAL;
	}
	return 0;
}

/* What the process used between two looks at it; its peak is one of its whole life. */
static void measure(int pid, const struct tc_bench_gauge *before, struct tc_bench_result *result)
{
	struct tc_bench_gauge after = tc_bench_gauge_read(pid);

	result->cpu_s = after.cpu_s - before->cpu_s;
	result->rss_peak_mib = after.rss_peak_mib;
	result->disk_bytes = after.disk_bytes - before->disk_bytes;
}

/* The same producers, and nobody to collect. */
static int run_floor(struct tc_invocation *invocation, struct tc_bench_plan *plan,
		     struct tc_bench_network *network, struct tc_bench_result *result)
{
	struct tc_bench_target *target = calloc(1, sizeof(*target));
	struct tc_problem *problem = &invocation->problem;
	struct tc_bench_floor_server server = {0};
	struct tc_bench_gauge before;
	int r = TC_ENOMEM;

	if (!target)
		return r;
	plan->queues = 1;
	plan->consumers = 0;
	r = tc_bench_network_make(network, problem);
	if (r == 0)
		r = tc_bench_floor_start(network, plan->floor, target, &server, problem);
	if (r == 0) {
		before = tc_bench_gauge_read(target->pid);
		r = tc_bench_load_run(plan, target, &invocation->screen, result, problem);
		measure(target->pid, &before, result);
		result->syncs = (double)__atomic_load_n(server.syncs, __ATOMIC_RELAXED);
	}
	tc_bench_network_stop(network);
	tc_bench_floor_done(&server);
	free(target);
	return r;
}

/* On a live exchange the bench collects at its own profile: what waits there is somebody's mail. */
static int mailbox_is_empty(struct tc_invocation *invocation)
{
	static const char *const states[] = {"queued", "inFlight", "retryWait"};
	Throughcare__V1__MailboxStatusQuery status = THROUGHCARE__V1__MAILBOX_STATUS_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	json_int_t waiting = 0;
	json_t *reply = NULL;
	const json_t *row;

	query.body_case = THROUGHCARE__V1__QUERY__BODY_MAILBOX_STATUS;
	query.mailbox_status = &status;
	if (tc_question_once(invocation, &query, &reply) != TC_EXIT_DONE)
		return TC_EIO;
	row = json_array_get(json_object_get(reply, "mailboxes"), 0);
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		waiting += json_integer_value(json_object_get(row, states[i]));
	json_decref(reply);
	if (waiting == 0)
		return 0;
	tc_problem_set(&invocation->problem, "mailbox_not_empty",
		       "the profile's mailbox holds messages that are not the bench's",
		       "collect them first, or bench with a profile made for it",
		       "%lld messages wait", (long long)waiting);
	return TC_EINVAL;
}

static int run_exchange(struct tc_invocation *invocation, const struct tc_bench_plan *plan,
			struct tc_bench_network *network, struct tc_bench_result *result)
{
	struct tc_bench_target *target = calloc(1, sizeof(*target));
	struct tc_problem *problem = &invocation->problem;
	struct tc_bench_gauge before;
	double syncs;
	int r = TC_ENOMEM;

	if (!target)
		goto out;
	if (invocation->profile) {
		r = mailbox_is_empty(invocation);
		if (r == 0)
			r = tc_bench_network_use_profile(invocation->profile, target, problem);
	} else {
		r = tc_bench_network_make(network, problem);
		if (r == 0)
			r = tc_bench_network_start(network, plan, target, problem);
	}
	if (r != 0)
		goto out;
	syncs = tc_bench_network_syncs(target->operator);
	before = tc_bench_gauge_read(target->pid);
	r = tc_bench_load_run(plan, target, &invocation->screen, result, problem);
	/* Asking waits until the exchange's tables have caught up: their cost is counted, too. */
	result->syncs = tc_bench_network_syncs(target->operator) - syncs;
	measure(target->pid, &before, result);
out:
	free(target);
	return r;
}

/* Each kind of load has options of its own. */
static const char *misplaced(const struct tc_invocation *invocation, bool decisions)
{
	static const char *const of_messages[] = {"producers", "window", "consumers",
						  "queues",    "bytes",  "floor"};
	static const char *const of_decisions[] = {"persons", "grants"};

	for (size_t i = 0; decisions && i < sizeof(of_messages) / sizeof(of_messages[0]); i++)
		if (tc_invocation_option(invocation, of_messages[i]))
			return of_messages[i];
	for (size_t i = 0; !decisions && i < sizeof(of_decisions) / sizeof(of_decisions[0]); i++)
		if (tc_invocation_option(invocation, of_decisions[i]))
			return of_decisions[i];
	return decisions && invocation->profile ? "profile" : NULL;
}

static enum tc_exit run_messages(struct tc_invocation *invocation)
{
	struct tc_bench_network network = {0};
	struct tc_bench_result *result;
	struct tc_bench_plan plan = {0};
	int r = TC_ENOMEM;

	if (plan_read(invocation, &plan) < 0)
		return TC_EXIT_USAGE;
	result = calloc(1, sizeof(*result));
	if (result)
		r = plan.floor == TC_BENCH_FLOOR_NONE
			    ? run_exchange(invocation, &plan, &network, result)
			    : run_floor(invocation, &plan, &network, result);
	tc_bench_network_remove(&network);
	if (r == 0)
		tc_bench_report(&invocation->screen, &plan, result);
	else if (!invocation->problem.code[0])
		tc_problem_set(&invocation->problem, "failed", tc_err_text(r), "try again", NULL);
	if (r == 0 && result->lost > 0) {
		tc_problem_set(&invocation->problem, "bench_lost",
			       "messages that were accepted did not arrive",
			       "keep the exchange's data and report it", NULL);
		r = TC_EIO;
	}
	free(result);
	return r == 0 ? TC_EXIT_DONE : TC_EXIT_FAILED;
}

enum tc_exit tc_bench_run(struct tc_invocation *invocation)
{
	bool decisions = tc_invocation_option(invocation, "decisions");
	const char *other = misplaced(invocation, decisions);

	if (other)
		return tc_invocation_usage(invocation, "--%s goes %s --decisions", other,
					   decisions ? "without" : "with");
	return decisions ? tc_bench_decisions_run(invocation) : run_messages(invocation);
}
