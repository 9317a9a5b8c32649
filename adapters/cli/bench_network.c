#include "cli/bench_network.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <throughcare/client.h>

#include "base/id.h"
#include "cli/bench_consent.h"
#include "cli/network.h"
#include "cli/session.h"
#include "throughcare/v1/wire.pb-c.h"

#define SENDER    "treatment-bench"
#define DESK      "intake-bench"
#define EXIT_EXEC 127

/* One of our own command lines, without its output. */
static int command_run(char **words, int count, struct tc_problem *problem)
{
	struct tc_invocation invocation;
	FILE *nowhere = fopen("/dev/null", "we");
	int r = TC_EIO;

	if (!nowhere)
		return TC_EIO;
	if (tc_command_parse(count, words, &invocation) == 0) {
		invocation.screen = tc_screen_standard(true);
		invocation.screen.out = nowhere;
		if (invocation.command->run(&invocation) == TC_EXIT_DONE)
			r = 0;
	}
	*problem = invocation.problem;
	fclose(nowhere);
	return r;
}

static int agency_add(const char *folder, const char *id, const char *kind,
		      struct tc_problem *problem)
{
	char member[80], command[] = "throughcare", noun[] = "network", verb[] = "add";
	char kind_option[] = "--agency-kind", kind_value[32], network[TC_FILE_PATH_BYTES];
	char *words[] = {command, noun, verb, network, member, kind_option, kind_value, NULL};

	snprintf(member, sizeof(member), "agency/%s", id);
	snprintf(kind_value, sizeof(kind_value), "%s", kind);
	snprintf(network, sizeof(network), "%s", folder);
	return command_run(words, 7, problem);
}

int tc_bench_network_make(struct tc_bench_network *network, struct tc_problem *problem)
{
	const char *base = getenv("TMPDIR");
	char address[300];

	snprintf(network->folder, sizeof(network->folder), "%s/throughcare-bench-XXXXXX",
		 base && *base ? base : "/var/tmp");
	if (!mkdtemp(network->folder)) {
		tc_problem_set_errno(problem, "folder_unusable", "cannot make a temporary folder",
				     network->folder, "set TMPDIR to a folder on a disk");
		network->folder[0] = '\0';
		return TC_EIO;
	}
	return tc_network_create(network->folder, "bench.example", "127.0.0.1:0", address, problem);
}

bool tc_bench_network_daemon(char to[TC_FILE_PATH_BYTES], struct tc_problem *problem)
{
	char self[TC_FILE_PATH_BYTES];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash = NULL;

	if (len > 0) {
		self[len] = '\0';
		slash = strrchr(self, '/');
	}
	if (slash) {
		*slash = '\0';
		if (tc_file_path(to, self, "throughcared") && tc_file_exists(to))
			return true;
	}
	tc_problem_set(problem, "exchange_missing", "throughcared is not beside this program",
		       "build or install it, or name an exchange with --profile", NULL);
	return false;
}

static int daemon_start(struct tc_bench_network *network, struct tc_problem *problem)
{
	char program[TC_FILE_PATH_BYTES], config[TC_FILE_PATH_BYTES], log[TC_FILE_PATH_BYTES];
	pid_t parent = getpid();
	pid_t child;
	int fd;

	if (!tc_bench_network_daemon(program, problem) ||
	    !tc_file_path(config, network->folder, "throughcared.yaml") ||
	    !tc_file_path(log, network->folder, "throughcared.log"))
		return TC_EIO;
	child = fork();
	if (child < 0) {
		tc_problem_set_errno(problem, "failed", "cannot start throughcared", program,
				     "try again");
		return TC_EIO;
	}
	if (child == 0) {
		fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
		if (fd < 0 || dup2(fd, STDERR_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0)
			_exit(EXIT_EXEC);
		/* It does not outlive us, however we end. */
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent)
			_exit(EXIT_EXEC);
		execl(program, "throughcared", "--config", config, (char *)NULL);
		_exit(EXIT_EXEC);
	}
	network->pid = child;
	return 0;
}

static int queues_make(struct tc_bench_network *network, const struct tc_bench_plan *plan,
		       struct tc_bench_target *target, struct tc_problem *problem)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < plan->queues; i++) {
		struct tc_bench_queue *queue = &target->queues[i];

		snprintf(queue->agency, sizeof(queue->agency), "parole-bench-%u", i + 1);
		if (!tc_file_path(queue->profile, network->folder, "profiles/%s", queue->agency))
			return TC_EINVAL;
		r = agency_add(network->folder, queue->agency, "parole", problem);
	}
	return r;
}

int tc_bench_network_start(struct tc_bench_network *network, const struct tc_bench_plan *plan,
			   struct tc_bench_target *ret, struct tc_problem *problem)
{
	char desk_profile[TC_FILE_PATH_BYTES];
	int r;

	if (!tc_file_path(ret->producer, network->folder, "profiles/%s", SENDER) ||
	    !tc_file_path(ret->operator, network->folder, "profiles/operator") ||
	    !tc_file_path(desk_profile, network->folder, "profiles/%s", DESK))
		return TC_EINVAL;
	r = agency_add(network->folder, SENDER, "treatment", problem);
	if (r == 0)
		r = agency_add(network->folder, DESK, "intake", problem);
	if (r == 0)
		r = queues_make(network, plan, ret, problem);
	if (r == 0)
		r = daemon_start(network, problem);
	for (unsigned i = 0; r == 0 && i < plan->queues; i++)
		r = tc_bench_consent_record(desk_profile, DESK, SENDER, &ret->queues[i], problem);
	ret->pid = network->pid;
	return r;
}

void tc_bench_network_stop(struct tc_bench_network *network)
{
	if (network->pid <= 0)
		return;
	kill(network->pid, SIGTERM);
	while (waitpid(network->pid, NULL, 0) < 0 && errno == EINTR)
		;
	network->pid = 0;
}

static int remove_one(const char *path, const struct stat *about, int type, struct FTW *where)
{
	(void)about;
	(void)type;
	(void)where;
	return remove(path);
}

void tc_bench_network_remove(struct tc_bench_network *network)
{
	tc_bench_network_stop(network);
	if (network->folder[0])
		(void)nftw(network->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	network->folder[0] = '\0';
}

/* A profile in a network's folder has the exchange's pid two folders up. */
static int exchange_pid(const char *profile)
{
	char path[TC_FILE_PATH_BYTES];
	struct tc_problem ignored;
	struct tc_bytes text = {0};
	int pid = 0;

	if (tc_file_path(path, profile, "../../throughcared.pid") && tc_file_exists(path) &&
	    tc_file_read(path, 32, &text, &ignored) == 0)
		pid = (int)strtol((const char *)text.data, NULL, 10);
	tc_bytes_free(&text);
	return pid;
}

int tc_bench_network_use_profile(const char *profile, struct tc_bench_target *ret,
				 struct tc_problem *problem)
{
	struct tc_bench_queue *queue = &ret->queues[0];
	struct tc_client_error error = {0};
	struct tc_client *client = NULL;
	int r;

	r = tc_client_open_profile(profile, &error, &client);
	if (r != 0) {
		tc_session_problem(problem, &error, r);
		return TC_EIO;
	}
	snprintf(queue->agency, sizeof(queue->agency), "%s", tc_client_identity(client)->id);
	tc_client_close(&client);
	snprintf(ret->producer, sizeof(ret->producer), "%s", profile);
	snprintf(queue->profile, sizeof(queue->profile), "%s", profile);
	/* In a network's folder the operator's profile stands beside it. */
	if (!tc_file_path(ret->operator, profile, "../operator"))
		return TC_EINVAL;
	ret->pid = exchange_pid(profile);
	return tc_bench_consent_record(profile, queue->agency, queue->agency, queue, problem);
}

double tc_bench_network_syncs(const char *operator_profile)
{
	Throughcare__V1__ExchangeStatusQuery status = THROUGHCARE__V1__EXCHANGE_STATUS_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	Throughcare__V1__QueryReply *reply = NULL;
	struct tc_client *client = NULL;
	const void *packed = NULL;
	double syncs = (double)NAN;
	uint8_t asked[32];
	size_t len = 0;
	int r;

	query.body_case = THROUGHCARE__V1__QUERY__BODY_EXCHANGE_STATUS;
	query.exchange_status = &status;
	r = tc_client_open_profile(operator_profile, NULL, &client);
	if (r == 0)
		r = tc_client_connect(client, TC_SESSION_TIMEOUT_MS);
	if (r == 0)
		r = tc_client_query(client, asked, throughcare__v1__query__pack(&query, asked),
				    TC_SESSION_TIMEOUT_MS, &packed, &len);
	if (r == 0)
		reply = throughcare__v1__query_reply__unpack(NULL, len, packed);
	if (reply && reply->status && reply->status->has_journal_syncs)
		syncs = (double)reply->status->journal_syncs;
	if (reply)
		throughcare__v1__query_reply__free_unpacked(reply, NULL);
	tc_client_close(&client);
	return syncs;
}
