/*
 * throughcare-witness - another agency's eye on the log.
 *
 * Follows the exchange and cosigns what it has seen, or answers one add-checkpoint on stdin.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "witness/witness.h"
#include "witness/witness_follow.h"

#ifndef THROUGHCARE_VERSION
#error "the build says the version"
#endif

#define EVERY_S_DEFAULT 600
/* Of older checkpoints the exchange keeps one an hour, and a cosignature goes with its own. */
#define EVERY_S_MAX    3600
#define KEYS_BYTES_MAX 65536

enum exit_code {
	DONE = 0,
	FAILED = 1,  /* this machine, the profile, the network, or the exchange said no */
	USAGE = 2,   /* the command line */
	STALE = 3,   /* add-checkpoint: not from what was cosigned last (409) */
	REFUSED = 4, /* the log is not what it was, or the proof does not hold (422) */
};

enum mode {
	MODE_FOLLOW,
	MODE_ADD_CHECKPOINT,
	MODE_MAKE_KEY,
};

struct options {
	enum mode mode;
	const char *profile;
	const char *log;
	const char *key;
	const char *state;
	const char *name;
	long every_s;
	bool once;
	uint64_t gap;
};

static const char help[] =
	"throughcare-witness - cosign the checkpoints of a log\n\n"
	"Usage:\n"
	"  throughcare-witness --make-key NAME --key FILE\n"
	"  throughcare-witness --profile DIR --log VKEY|FILE --key FILE --state FILE\n"
	"                      [--every 10min] [--once] [--gap INDEX]\n"
	"  throughcare-witness --add-checkpoint --log VKEY|FILE --key FILE --state FILE\n\n"
	"Options:\n"
	"  --profile DIR       of an agency or auditor: how the exchange is reached\n"
	"  --log VKEY|FILE     key of the log, from the network's operator (audit.vkey)\n"
	"  --key FILE          the witness's own key; its vkey is in FILE.vkey\n"
	"  --state FILE        the newest checkpoint that was cosigned\n"
	"  --every TIME        how often: 30s, 10min, 1h (default: 10min)\n"
	"  --once              one round, then end\n"
	"  --gap INDEX         one round, and the log has another name from now on: the record\n"
	"                      INDEX says which gap was answered for\n"
	"  --add-checkpoint    take a C2SP add-checkpoint on stdin, print the cosignature\n"
	"  --make-key NAME     make FILE and FILE.vkey, and print the vkey\n"
	"  --help, --version\n\n"
	"Exit codes: 0 done, 1 failed, 2 usage, 3 the proof is not from the size cosigned last\n"
	"(it is printed), 4 the log is not what it was: nothing is cosigned, and the checkpoint\n"
	"is kept in the state file's name with .evidence.\n";

static enum exit_code say(enum exit_code code, const char *name, const char *message,
			  const char *detail, const char *hint)
{
	fprintf(stderr, "error: %s (%s)\n", message, name);
	if (*detail)
		fprintf(stderr, "detail: %s\n", detail);
	if (*hint)
		fprintf(stderr, "hint: %s\n", hint);
	return code;
}

static enum exit_code say_usage(const char *detail)
{
	return say(USAGE, "usage", "the command line is not right", detail,
		   "see `throughcare-witness --help`");
}

static enum exit_code say_found(enum exit_code code, int r, const struct tc_audit_finding *finding)
{
	if (r < 0)
		return say(FAILED, "failed", tc_err_text(r), "", "");
	return say(code, tc_audit_code_name(finding->code), tc_audit_code_message(finding->code),
		   finding->detail, tc_audit_code_hint(finding->code));
}

static bool every_read(const char *text, long *ret_s)
{
	static const struct {
		const char *unit;
		long s;
	} units[] = {{"s", 1}, {"min", 60}, {"h", 3600}};
	char *end = NULL;
	long number = strtol(text, &end, 10);

	if (end == text || number < 1 || number > EVERY_S_MAX)
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (strcmp(end, units[i].unit) == 0 && number * units[i].s <= EVERY_S_MAX) {
			*ret_s = number * units[i].s;
			return true;
		}
	return false;
}

static bool index_read(const char *text, uint64_t *ret)
{
	char *end = NULL;

	errno = 0;
	*ret = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0;
}

/* A vkey, or a file of them. */
static int log_keys_read(const char *text, struct tc_audit_policy *keys,
			 struct tc_audit_finding *finding)
{
	static char content[KEYS_BYTES_MAX];
	FILE *file = fopen(text, "re");

	tc_audit_policy_init(keys);
	if (!file)
		return tc_audit_policy_read_keys(keys, tc_slice_text(text), finding);
	size_t len = fread(content, 1, sizeof(content), file);
	fclose(file);
	return tc_audit_policy_read_keys(keys, tc_slice(content, len), finding);
}

static enum exit_code make_key(const struct options *options)
{
	struct tc_audit_finding finding;
	char vkey[TC_NOTE_VKEY_BYTES];

	if (!options->key)
		return say_usage("--make-key needs --key FILE");
	int r = tc_witness_key_make(options->key, options->name, vkey, &finding);
	if (r != 0)
		return say_found(FAILED, r, &finding);
	puts(vkey);
	return DONE;
}

static enum exit_code add_checkpoint(const struct tc_witness *witness)
{
	static char body[TC_AUDIT_PROOF_BYTES_MAX];
	struct tc_audit_finding finding;
	struct tc_audit_proof step;
	struct tc_bytes line = {0};
	uint64_t size = 0;
	enum exit_code code = REFUSED;

	size_t len = fread(body, 1, sizeof(body), stdin);
	int r = tc_audit_step_read(tc_slice(body, len), &step, &finding);
	if (r == 0)
		r = tc_witness_take(witness, &step,
				    (uint64_t)(tc_clock_now_ms(&tc_clock_real) / 1000), &line,
				    &size, &finding);
	if (r == 0) {
		fwrite(line.data, 1, line.len, stdout);
		code = fflush(stdout) == 0 ? DONE : FAILED;
	} else if (r == TC_WITNESS_STALE) {
		printf("%" PRIu64 "\n", size);
		code = STALE;
	} else {
		code = say_found(REFUSED, r, &finding);
	}
	tc_audit_proof_done(&step);
	tc_bytes_free(&line);
	return code;
}

static enum exit_code follow_once(const struct tc_witness *witness, struct tc_client *client,
				  uint64_t gap)
{
	struct tc_audit_finding finding;
	struct tc_client_error error;
	struct tc_witnessed seen = {0};

	int r = tc_witness_follow(witness, client, gap, &seen, &error, &finding);
	if (r == TC_WITNESS_UNANSWERED)
		return say(FAILED, error.code, error.message, error.detail, error.hint);
	if (r == TC_WITNESS_STALE)
		return say(FAILED, "stale", "the proof is not of what was cosigned last", "",
			   "try again; give each witness a state file of its own");
	if (r != 0)
		return say_found(REFUSED, r, &finding);
	printf("cosigned %" PRIu64 " records, %" PRIu64 " before\n", seen.size, seen.before);
	fflush(stdout);
	return DONE;
}

/* True: it was told to end. */
static bool pause_until(long every_s, const sigset_t *ends)
{
	struct timespec time = {.tv_sec = every_s};

	return sigtimedwait(ends, NULL, &time) > 0;
}

static enum exit_code follow(const struct options *options, const struct tc_witness *witness)
{
	struct tc_client_error error = {{0}, {0}, {0}, {0}};
	struct tc_client *client = NULL;
	enum exit_code code;
	sigset_t ends;

	if (!options->profile)
		return say_usage("name the profile with --profile DIR");
	int r = tc_client_open_profile(options->profile, &error, &client);
	if (r != 0)
		return say(FAILED, error.code, error.message, error.detail, error.hint);
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	if (!options->once)
		sigprocmask(SIG_BLOCK, &ends, NULL);
	/* A network that is down comes back; a log that is another one does not. */
	do {
		code = follow_once(witness, client, options->gap);
	} while (!options->once && code != REFUSED && !pause_until(options->every_s, &ends));
	tc_client_close(&client);
	return options->once || code == REFUSED ? code : DONE;
}

static enum exit_code run(const struct options *options)
{
	static struct tc_witness witness;
	struct tc_audit_finding finding;

	if (options->mode == MODE_MAKE_KEY)
		return make_key(options);
	if (!options->log || !options->key || !options->state)
		return say_usage("--log, --key and --state are needed");
	if (options->gap != TC_WITNESS_NO_GAP && options->mode != MODE_FOLLOW)
		return say_usage("--gap needs the exchange: --profile, not --add-checkpoint");
	witness.state_path = options->state;
	int r = log_keys_read(options->log, &witness.keys, &finding);
	if (r == 0)
		r = tc_witness_key_load(options->key, &witness.key, &finding);
	if (r != 0)
		return say_found(FAILED, r, &finding);
	enum exit_code code = options->mode == MODE_ADD_CHECKPOINT ? add_checkpoint(&witness)
								   : follow(options, &witness);
	tc_witness_key_done(&witness.key);
	return code;
}

static const struct option long_options[] = {
	{"profile", required_argument, NULL, 'p'},  {"log", required_argument, NULL, 'l'},
	{"key", required_argument, NULL, 'k'},      {"state", required_argument, NULL, 's'},
	{"every", required_argument, NULL, 'e'},    {"once", no_argument, NULL, 'o'},
	{"gap", required_argument, NULL, 'g'},      {"add-checkpoint", no_argument, NULL, 'a'},
	{"make-key", required_argument, NULL, 'm'}, {"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},        {NULL, 0, NULL, 0},
};

/* -1: go on; else the exit code. */
static int option_take(struct options *options, int letter)
{
	switch (letter) {
	case 'p':
		options->profile = optarg;
		break;
	case 'l':
		options->log = optarg;
		break;
	case 'k':
		options->key = optarg;
		break;
	case 's':
		options->state = optarg;
		break;
	case 'e':
		if (!every_read(optarg, &options->every_s))
			return say_usage("--every is a time up to an hour: 30s, 10min, 1h");
		break;
	case 'o':
		options->once = true;
		break;
	case 'g':
		if (!index_read(optarg, &options->gap))
			return say_usage("--gap is the index of a record");
		options->once = true;
		break;
	case 'a':
		options->mode = MODE_ADD_CHECKPOINT;
		break;
	case 'm':
		options->mode = MODE_MAKE_KEY;
		options->name = optarg;
		break;
	case 'h':
		fputs(help, stdout);
		return DONE;
	case 'V':
		puts("throughcare-witness " THROUGHCARE_VERSION);
		return DONE;
	default:
		return say_usage("an option is not known, or lacks its value");
	}
	return -1;
}

int main(int argc, char **argv)
{
	struct options options = {.every_s = EVERY_S_DEFAULT, .gap = TC_WITNESS_NO_GAP};
	int letter, code = -1;

	signal(SIGPIPE, SIG_IGN);
	opterr = 0;
	while (code < 0 && (letter = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		code = option_take(&options, letter);
	if (code >= 0)
		return code;
	if (optind < argc)
		return say_usage(argv[optind]);
	return run(&options);
}
