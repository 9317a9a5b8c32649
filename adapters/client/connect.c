#include <errno.h>
#include <string.h>
#include <time.h>

#include <throughcare/client.h>

#include "base/random.h"
#include "client/dial.h"
#include "client/failure.h"
#include "client/handle.h"

#define PAUSE_MS_MIN 50
#define PAUSE_MS_MAX 2000

void tc_client_disconnect(struct tc_client *client)
{
	tc_link_close(&client->link);
	tc_inbox_clear(&client->inbox);
	tc_senders_forget_asked(&client->senders);
	client->collect_answered = client->collect_sent;
}

int tc_client_connect(struct tc_client *client, int timeout_ms)
{
	int r;

	if (client->link)
		return 0;
	r = tc_link_open(&client->address, client->tls, tc_deadline_in(timeout_ms), &client->error,
			 &client->stage, &client->link);
	return r == TC_LINK_REFUSED ? TC_CLIENT_REFUSED : r;
}

/* Refusals that time may cure. */
static bool is_passing(const struct tc_client_error *error)
{
	static const enum tc_refusal_code passing[] = {
		TC_REFUSAL_BUSY, TC_REFUSAL_SHUTTING_DOWN, TC_REFUSAL_TOO_MANY_CONNECTIONS,
		TC_REFUSAL_HANDSHAKE_TIMEOUT, TC_REFUSAL_EXCHANGE_FULL};

	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++) {
		if (strcmp(error->code, tc_refusal_name(passing[i])) == 0)
			return true;
	}
	return false;
}

static bool is_worth_trying(const struct tc_client *client, int r)
{
	if (r == TC_CLIENT_REFUSED)
		return is_passing(&client->error);
	return r == TC_EIO || r == TC_ECLOSED || r == TC_ETIMEDOUT;
}

static void pause_for(int pause_ms)
{
	struct timespec pause = {.tv_sec = pause_ms / 1000,
				 .tv_nsec = (long)(pause_ms % 1000) * 1000000};

	while (nanosleep(&pause, &pause) != 0 && errno == EINTR)
		;
}

/* Half of it fixed, half of it random, so that many clients do not come back at once. */
static int jittered(int pause_ms)
{
	uint16_t random;

	tc_random_fill(&random, sizeof(random));
	return pause_ms / 2 + (int)(random % (unsigned)(pause_ms / 2 + 1));
}

int tc_client_reconnect(struct tc_client *client, int timeout_ms)
{
	int64_t deadline = tc_deadline_in(timeout_ms);
	int pause_ms = PAUSE_MS_MIN;

	for (;;) {
		int r = tc_client_connect(client, tc_deadline_left(deadline));
		int left;
		int pause_now;

		if (r == 0 || !is_worth_trying(client, r))
			return r;
		left = tc_deadline_left(deadline);
		pause_now = jittered(pause_ms);
		if (left >= 0 && left <= pause_now)
			return r;
		pause_for(pause_now);
		pause_ms = pause_ms * 2 > PAUSE_MS_MAX ? PAUSE_MS_MAX : pause_ms * 2;
	}
}

enum tc_client_stage tc_client_stage(const struct tc_client *client)
{
	return client->stage;
}

int tc_client_connected(const struct tc_client *client)
{
	return client->link != NULL;
}

int tc_client_fd(const struct tc_client *client)
{
	return client->link ? tc_link_fd(client->link) : -1;
}

int tc_client_wants_write(const struct tc_client *client)
{
	return client->link && tc_link_wants_write(client->link);
}

size_t tc_client_unsent_bytes(const struct tc_client *client)
{
	return client->link ? tc_link_unsent_bytes(client->link) : 0;
}

int tc_client_settle_link(struct tc_client *client, int r)
{
	/* These leave the connection as it was. */
	if (r >= 0 && r != TC_LINK_REFUSED)
		return r;
	if (r == TC_EINVAL || r == TC_ENOMEM)
		return r;
	tc_client_disconnect(client);
	return r == TC_LINK_REFUSED ? TC_CLIENT_REFUSED : r;
}

uint64_t tc_client_request_id(struct tc_client *client)
{
	return ++client->last_request;
}

int tc_client_send_packed(struct tc_client *client, struct tc_slice request)
{
	if (!client->link)
		return tc_failure_set(&client->error, TC_FAILURE_NOT_CONNECTED, "%s", "");
	return tc_client_settle_link(client, tc_link_send(client->link, request, &client->error));
}

int tc_client_send(struct tc_client *client, const Throughcare__V1__Request *request)
{
	size_t len = throughcare__v1__request__get_packed_size(request);
	int r;

	client->scratch.len = 0;
	r = tc_bytes_reserve(&client->scratch, len);
	if (r < 0)
		return tc_failure_set_fault(&client->error, r);
	client->scratch.len = throughcare__v1__request__pack(request, client->scratch.data);
	return tc_client_send_packed(client, tc_bytes_slice(&client->scratch));
}
