#include "trail/sealer_link.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"

struct sealer_link {
	char *socket, *program, *origin, *keys, *state;
	int fd;      /* -1: none */
	pid_t child; /* 0: none */
	uint8_t frame[SEALER_FRAME_BYTES_MAX];
};

static bool copy(char **to, const char *text)
{
	*to = strdup(text);
	return *to != NULL;
}

int sealer_link_open(const struct sealer_link_options *options, struct sealer_link **ret)
{
	struct sealer_link *link = calloc(1, sizeof(*link));

	if (!link)
		return TC_ENOMEM;
	link->fd = -1;
	if (!copy(&link->socket, options->socket) || !copy(&link->program, options->program) ||
	    !copy(&link->origin, options->origin) || !copy(&link->keys, options->keys) ||
	    !copy(&link->state, options->state)) {
		sealer_link_close(&link);
		return TC_ENOMEM;
	}
	*ret = link;
	return 0;
}

/* The sealer ends when its socket is closed; one that did not answer is not waited for. */
static void hang_up(struct sealer_link *link, bool kill_it)
{
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
	if (link->child == 0)
		return;
	if (kill_it)
		kill(link->child, SIGKILL);
	while (waitpid(link->child, NULL, 0) < 0 && errno == EINTR)
		;
	link->child = 0;
}

void sealer_link_close(struct sealer_link **link)
{
	if (!*link)
		return;
	hang_up(*link, false);
	free((*link)->socket);
	free((*link)->program);
	free((*link)->origin);
	free((*link)->keys);
	free((*link)->state);
	free(*link);
	*link = NULL;
}

/* ---- the other end ---- */

static int connect_socket(struct sealer_link *link)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if ((size_t)snprintf(address.sun_path, sizeof(address.sun_path), "%s", link->socket) >=
	    sizeof(address.sun_path))
		return TC_ECONFIG;
	link->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (link->fd < 0)
		return TC_EIO;
	return connect(link->fd, (struct sockaddr *)&address, sizeof(address)) == 0
		       ? 0
		       : SEALER_LINK_GONE;
}

/* Signals stay blocked in it as they are here: it ends when we do, after the last checkpoint. */
static int spawn(struct sealer_link *link, int end)
{
	char *const arguments[] = {link->program, "--origin", link->origin, "--keys",
				   link->keys,    "--state",  link->state,  NULL};
	posix_spawn_file_actions_t actions;
	int r;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return TC_ENOMEM;
	r = posix_spawn_file_actions_adddup2(&actions, end, SEALER_DESCRIPTOR);
	if (r == 0)
		r = posix_spawn_file_actions_addclosefrom_np(&actions, SEALER_DESCRIPTOR + 1);
	if (r == 0)
		r = posix_spawn(&link->child, link->program, &actions, NULL, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (r != 0)
		link->child = 0;
	return r == 0 ? 0 : SEALER_LINK_GONE;
}

static int start_program(struct sealer_link *link)
{
	int ends[2];
	int r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return TC_EIO;
	link->fd = ends[0];
	r = spawn(link, ends[1]);
	close(ends[1]);
	return r;
}

/* ---- frames ---- */

static bool ready(int fd, short events, int64_t until_us)
{
	for (;;) {
		struct pollfd wanted = {.fd = fd, .events = events};
		int64_t left_us = until_us - tc_clock_monotonic_us();
		int count = left_us <= 0 ? 0 : poll(&wanted, 1, (int)((left_us + 999) / 1000));

		if (count < 0 && errno == EINTR)
			continue;
		return count > 0;
	}
}

/* Sends a frame and waits for the answer, which is then in link->frame. */
static int ask(struct sealer_link *link, struct tc_slice frame, struct tc_slice *ret)
{
	int64_t until_us = tc_clock_monotonic_us() + SEALER_LINK_DEADLINE_MS * 1000;
	ssize_t len = -1;

	if (link->fd >= 0 && ready(link->fd, POLLOUT, until_us) &&
	    send(link->fd, frame.data, frame.len, MSG_NOSIGNAL) == (ssize_t)frame.len &&
	    ready(link->fd, POLLIN, until_us))
		len = recv(link->fd, link->frame, sizeof(link->frame), 0);
	if (len <= 0) {
		hang_up(link, true);
		return SEALER_LINK_GONE;
	}
	*ret = tc_slice(link->frame, (size_t)len);
	return 0;
}

int sealer_link_hello(struct sealer_link *link, struct sealer_greeting *ret)
{
	static const uint8_t hello = SEALER_HELLO;
	struct tc_slice answer;
	int r;

	hang_up(link, false);
	r = *link->socket ? connect_socket(link) : start_program(link);
	if (r == 0)
		r = ask(link, tc_slice(&hello, 1), &answer);
	if (r == 0 &&
	    (answer.len < SEALER_HELLO_HEAD_BYTES || answer.data[0] != (uint8_t)SEALER_HELLO))
		r = SEALER_LINK_GONE;
	if (r) {
		hang_up(link, true);
		return r;
	}
	ret->size = tc_get_be64(answer.data + 1);
	memcpy(ret->root.bytes, answer.data + 9, sizeof(ret->root.bytes));
	ret->vkeys = tc_slice(answer.data + SEALER_HELLO_HEAD_BYTES,
			      answer.len - SEALER_HELLO_HEAD_BYTES);
	return 0;
}

void sealer_greeting_name(const struct sealer_greeting *greeting, char ret[TC_NOTE_NAME_BYTES])
{
	const uint8_t *end = memchr(greeting->vkeys.data, '\n', greeting->vkeys.len);
	size_t len = end ? (size_t)(end - greeting->vkeys.data) : 0;
	struct tc_note_key key;
	bool known = tc_note_vkey_parse(tc_slice(greeting->vkeys.data, len), &key) == 0;

	snprintf(ret, TC_NOTE_NAME_BYTES, "%s", known ? key.name : "");
}

static int refusal_outcome(uint8_t code)
{
	switch (code) {
	case SEALER_SMALLER:
		return SEALER_LINK_SMALLER;
	case SEALER_INCONSISTENT:
		return SEALER_LINK_INCONSISTENT;
	default:
		return SEALER_LINK_REFUSED;
	}
}

int sealer_link_sign(struct sealer_link *link, uint64_t size, const struct tree_hash *root,
		     const struct tree_hash *hashes, size_t count, struct tc_slice *ret_lines)
{
	uint8_t frame[SEALER_SIGN_HEAD_BYTES + SEALER_FRAME_HASHES_MAX * TREE_HASH_BYTES];
	struct tc_slice answer;
	int r;

	TC_CHECK(count <= SEALER_FRAME_HASHES_MAX);
	frame[0] = SEALER_SIGN;
	tc_put_be64(frame + 1, size);
	memcpy(frame + 9, root->bytes, TREE_HASH_BYTES);
	tc_put_be16(frame + SEALER_SIGN_HEAD_BYTES - 2, (uint16_t)count);
	if (count > 0)
		memcpy(frame + SEALER_SIGN_HEAD_BYTES, hashes, count * TREE_HASH_BYTES);
	r = ask(link, tc_slice(frame, SEALER_SIGN_HEAD_BYTES + count * TREE_HASH_BYTES), &answer);
	if (r)
		return r;
	if (answer.len == 2 && answer.data[0] == (uint8_t)SEALER_REFUSED)
		return refusal_outcome(answer.data[1]);
	if (answer.len < 2 || answer.data[0] != (uint8_t)SEALER_SIGNED) {
		hang_up(link, true);
		return SEALER_LINK_GONE;
	}
	*ret_lines = tc_slice(answer.data + 1, answer.len - 1);
	return 0;
}
