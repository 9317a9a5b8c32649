#include "cli/bench_decisions.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/bench_network.h"
#include "cli/file.h"

#define EXIT_EXEC    127
#define RESULT_BYTES 4096 /* of JSON, at most */

/* Options that throughcared takes under the same names. */
static const char *const passed[] = {"persons", "grants", "seconds"};
#define PASSED_COUNT (sizeof(passed) / sizeof(passed[0]))

static void run_daemon(const struct tc_invocation *invocation, const char *program, int to)
{
	char options[PASSED_COUNT][64], name[] = "throughcared", mode[] = "--measure-decisions";
	char *words[PASSED_COUNT + 3] = {name, mode};
	size_t count = 2;

	for (size_t i = 0; i < PASSED_COUNT; i++) {
		const char *value = tc_invocation_option(invocation, passed[i]);

		if (!value)
			continue;
		snprintf(options[i], sizeof(options[i]), "--%s=%s", passed[i], value);
		words[count++] = options[i];
	}
	if (dup2(to, STDOUT_FILENO) >= 0)
		execv(program, words);
	_exit(EXIT_EXEC);
}

/* What throughcared prints until its end. 0, or TC_EIO with the problem filled. */
static int measure(struct tc_invocation *invocation, const char *program, char ret[RESULT_BYTES])
{
	pid_t parent = getpid(), child;
	int pipes[2], status = 0;
	size_t len = 0;
	ssize_t got;

	if (pipe2(pipes, O_CLOEXEC) != 0)
		return TC_EIO;
	child = fork();
	if (child == 0) {
		/* It does not outlive us, however we end. */
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() == parent)
			run_daemon(invocation, program, pipes[1]);
		_exit(EXIT_EXEC);
	}
	close(pipes[1]);
	while (child > 0 && len < RESULT_BYTES - 1) {
		got = read(pipes[0], ret + len, RESULT_BYTES - 1 - len);
		if (got == 0 || (got < 0 && errno != EINTR))
			break;
		len += got > 0 ? (size_t)got : 0;
	}
	ret[len] = '\0';
	close(pipes[0]);
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	tc_problem_set(&invocation->problem, "decisions_not_measured",
		       "throughcared could not measure decisions", "see what it says on stderr",
		       "%s", program);
	return TC_EIO;
}

static int numbers_check(struct tc_invocation *invocation)
{
	int64_t value;

	if (tc_invocation_number(invocation, "persons", 2, 10000000, 2, &value) < 0 ||
	    tc_invocation_number(invocation, "grants", 1, 1000, 1, &value) < 0 ||
	    tc_invocation_number(invocation, "seconds", 1, 3600, 1, &value) < 0)
		return TC_EINVAL;
	return 0;
}

static void report(const struct tc_invocation *invocation, const json_t *result)
{
	static const struct tc_column columns[] = {
		{"persons", "persons"},
		{"grants_per_person", "grants per person"},
		{"pairs", "pairs of discloser and recipient"},
		{"disk_bytes", "on disk, bytes"},
		{"record_s", "to record them, s"},
		{"decisions_per_s", "decisions per second, one thread"},
		{"all.p50_ns", "decision, ns, median"},
		{"all.p99_ns", "decision, ns, 99 %"},
		{"all.p999_ns", "decision, ns, 99.9 %"},
		{"spread.all.p50_ns", "grants spread, ns, median"},
		{"spread.all.p99_ns", "grants spread, ns, 99 %"},
		{"spread.all.p999_ns", "grants spread, ns, 99.9 %"},
		{"spread.anew.p50_ns", "- of any person, ns, median"},
		{"spread.anew.p99_ns", "- of any person, ns, 99 %"},
		{"one_pair.all.p50_ns", "grants of one pair, ns, median"},
		{"one_pair.all.p99_ns", "grants of one pair, ns, 99 %"},
		{"one_pair.all.p999_ns", "grants of one pair, ns, 99.9 %"},
		{"one_pair.anew.p50_ns", "- of any person, ns, median"},
		{"one_pair.anew.p99_ns", "- of any person, ns, 99 %"},
		{"page_faults_from_disk", "pages read from disk meanwhile"},
		{NULL, NULL},
	};

	tc_screen_record(&invocation->screen, columns, result);
}

enum tc_exit tc_bench_decisions_run(struct tc_invocation *invocation)
{
	char program[TC_FILE_PATH_BYTES], text[RESULT_BYTES] = "";
	json_t *result = NULL;
	int r;

	if (numbers_check(invocation) < 0)
		return TC_EXIT_USAGE;
	if (!tc_bench_network_daemon(program, &invocation->problem))
		return TC_EXIT_FAILED;
	r = measure(invocation, program, text);
	if (r == 0) {
		result = json_loads(text, 0, NULL);
		r = result ? 0 : TC_EIO;
	}
	if (r == 0)
		report(invocation, result);
	else if (!invocation->problem.code[0])
		tc_problem_set(&invocation->problem, "failed", tc_err_text(r), "try again", NULL);
	json_decref(result);
	return r == 0 ? TC_EXIT_DONE : TC_EXIT_FAILED;
}
