/*
 * throughcare-sealer - holds the key of the log's checkpoints, apart from the exchange.
 *
 * It finds its socket at descriptor 3: one end of a pair, when the exchange has started it, and
 * then it ends with the exchange; or a listening one, from systemd, and then it serves one
 * exchange after another.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sealer/sandbox.h"
#include "sealer/sealer.h"
#include "sealer/sealer_frame.h"

#define EXIT_USAGE 2

struct words {
	const char *origin, *keys, *state;
};

static int problem(const char *where, const char *error, const char *hint)
{
	fprintf(stderr, "throughcare-sealer: error: %s%s%s\n", where ? where : "",
		where ? ": " : "", error);
	if (hint)
		fprintf(stderr, "  hint: %s\n", hint);
	return EXIT_FAILURE;
}

static void help(void)
{
	puts("throughcare-sealer - signs the checkpoints of an exchange's log\n"
	     "\n"
	     "  throughcare-sealer --origin ORIGIN --keys FOLDER --state FOLDER\n"
	     "\n"
	     "Started by throughcared (settings sealer.keys and sealer.state) or by systemd\n"
	     "(throughcare-sealer.socket), with its socket at descriptor 3. It signs with every\n"
	     "Ed25519 key *.pem in the folder of keys, remembers the last tree it signed in the\n"
	     "folder of its state, and signs none that is smaller or another one.\n"
	     "\n"
	     "  --origin ORIGIN  the log's name, TRUST-DOMAIN/trail: also the keys' name\n"
	     "  --keys FOLDER    1 to 4 keys *.pem, readable by the sealer's user only\n"
	     "  --state FOLDER   where sealer.state is kept; never restore it from a backup\n"
	     "  --version, --help\n"
	     "\n"
	     "See throughcare-sealer(8).");
}

/* The exchange is only told that nothing was signed; whoever reads this can do something. */
static void refusal_say(struct tc_slice answer, const struct words *words)
{
	if (answer.len == 2 && answer.data[0] == (uint8_t)SEALER_REFUSED &&
	    answer.data[1] == (uint8_t)SEALER_DISK)
		(void)problem(words->state, "sealer.state cannot be written",
			      "nothing is signed until it can: check free space, and the folder's "
			      "owner and permissions");
}

/* Until the peer is gone. */
static int serve(struct sealer *sealer, const struct words *words, int fd)
{
	static uint8_t frame[SEALER_FRAME_BYTES_MAX];
	struct tc_bytes answer = {0};
	int r = 0;

	while (r == 0) {
		ssize_t len = recv(fd, frame, sizeof(frame), MSG_TRUNC);

		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			break;
		/* Longer than it may be: as good as none, and refused. */
		if ((size_t)len > sizeof(frame))
			len = 0;
		answer.len = 0;
		r = sealer_answer(sealer, tc_slice(frame, (size_t)len), &answer);
		if (r == 0)
			refusal_say(tc_bytes_slice(&answer), words);
		if (r == 0 && send(fd, answer.data, answer.len, MSG_NOSIGNAL) < 0)
			break;
	}
	tc_bytes_free(&answer);
	return r;
}

static int serve_all(struct sealer *sealer, const struct words *words, bool listening)
{
	int r = 0;

	if (!listening)
		return serve(sealer, words, SEALER_DESCRIPTOR);
	while (r == 0) {
		int fd = accept4(SEALER_DESCRIPTOR, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0 && errno != EINTR && errno != ECONNABORTED)
			return TC_EIO;
		if (fd >= 0) {
			r = serve(sealer, words, fd);
			close(fd);
		}
	}
	return r;
}

static int state_open(struct sealer *sealer, const struct words *words, int folder)
{
	switch (sealer_state_open(folder, words->origin, &sealer->state)) {
	case 0:
		if (sealer->state.current + 1 == sealer->state.count)
			return 0;
		return problem(words->origin, "the log has gone on under a later origin",
			       "this one is older: restore a newer backup; see throughcared(8)");
	case TC_ECORRUPT:
		return problem(words->state, "sealer.state is not what was written",
			       "nothing is signed until it is known what was signed before; see "
			       "throughcare-sealer(8)");
	case TC_EINVAL:
		return problem(words->origin, "this is no origin of a log",
			       "give TRUST-DOMAIN/trail, without spaces and '+'");
	default:
		return problem(words->state, "sealer.state cannot be read",
			       "check the folder's owner and permissions");
	}
}

static int run(const struct words *words)
{
	static struct sealer sealer;
	struct sealer_key_problem wrong;
	int listening = 0;
	socklen_t len = sizeof(listening);
	int folder;
	int r;

	if (getsockopt(SEALER_DESCRIPTOR, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) != 0)
		return problem(NULL, "there is no socket at descriptor 3",
			       "throughcared or systemd starts this program");
	/* A terminal's interrupt is for the exchange, whose last checkpoint is still to be signed.
	 */
	if (!listening) {
		signal(SIGINT, SIG_IGN);
		signal(SIGTERM, SIG_IGN);
		signal(SIGHUP, SIG_IGN);
	}
	if (sealer_keys_load(words->keys, &sealer.keys, &wrong) != 0)
		return problem(wrong.file, wrong.text,
			       "`throughcare network init` makes a key; chmod 600 and chown it to "
			       "the sealer's user");
	folder = open(words->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return problem(words->state, "the folder of the state cannot be opened",
			       "make it, owned by the sealer's user, mode 700");
	/* The one of an exchange that was killed a moment ago may still be writing. */
	if (flock(folder, LOCK_EX) != 0)
		return problem(words->state, "the state cannot be locked",
			       "put it on a local disk");
	r = state_open(&sealer, words, folder);
	if (r)
		return r;
	if (sandbox_enter(folder) != 0)
		return problem(NULL, "the sandbox cannot be entered",
			       "a kernel with seccomp filters is needed");
	r = serve_all(&sealer, words, listening != 0);
	sealer_keys_free(&sealer.keys);
	return r ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"origin", required_argument, NULL, 'o'}, {"keys", required_argument, NULL, 'k'},
		{"state", required_argument, NULL, 's'},  {"version", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
	};
	struct words words = {0};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'o':
			words.origin = optarg;
			break;
		case 'k':
			words.keys = optarg;
			break;
		case 's':
			words.state = optarg;
			break;
		case 'v':
			puts("throughcare-sealer " THROUGHCARE_VERSION);
			return 0;
		case 'h':
			help();
			return 0;
		default:
			return EXIT_USAGE;
		}
	}
	if (optind < argc || !words.origin || !words.keys || !words.state) {
		(void)problem(NULL, "--origin, --keys and --state are needed, and nothing else",
			      "see throughcare-sealer --help");
		return EXIT_USAGE;
	}
	return run(&words);
}
