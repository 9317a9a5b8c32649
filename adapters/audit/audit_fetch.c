#include "audit/audit_fetch.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "audit/audit_ask.h"
#include "audit/audit_tile.h"
#include "base/check.h"

/* One connection and the batch that it has fetched last. Batch k is of connection k % CLIENTS. */
struct lane {
	struct tc_audit_fetch *fetch;
	struct tc_client *client;
	pthread_t thread;
	bool started;
	uint64_t first;                     /* of its first batch */
	Throughcare__V1__QueryReply *reply; /* NULL: not there yet, or taken */
	int result;                         /* not 0: nothing more comes */
};

struct tc_audit_fetch {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* a reply came, was taken, or all is over */
	bool stop;
	uint64_t size;
	bool begun;
	uint64_t origin; /* the first bundle of all */
	struct lane lanes[TC_AUDIT_FETCH_CLIENTS];
	struct lane *open; /* whose reply the caller reads from */
	struct lane *failed;
};

static int batch_ask(const struct lane *lane, uint64_t first, Throughcare__V1__QueryReply **ret)
{
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	Throughcare__V1__TrailTilesQuery tiles = THROUGHCARE__V1__TRAIL_TILES_QUERY__INIT;

	tiles.has_size = tiles.has_level = tiles.has_first = tiles.has_count = true;
	tiles.has_entries = tiles.entries = true;
	tiles.size = lane->fetch->size;
	tiles.first = first;
	tiles.count = TC_AUDIT_FETCH_BUNDLES;
	query.body_case = THROUGHCARE__V1__QUERY__BODY_TRAIL_TILES;
	query.trail_tiles = &tiles;
	return tc_audit_ask(lane->client, &query, ret);
}

/* False: stop. */
static bool reply_put(struct lane *lane, Throughcare__V1__QueryReply *reply, int result)
{
	struct tc_audit_fetch *fetch = lane->fetch;

	pthread_mutex_lock(&fetch->lock);
	while (lane->reply && !fetch->stop)
		pthread_cond_wait(&fetch->changed, &fetch->lock);
	bool go_on = !fetch->stop && result == 0;
	if (fetch->stop) {
		throughcare__v1__query_reply__free_unpacked(reply, NULL);
	} else {
		lane->reply = reply;
		lane->result = result;
	}
	pthread_cond_broadcast(&fetch->changed);
	pthread_mutex_unlock(&fetch->lock);
	return go_on;
}

static void *lane_run(void *context)
{
	struct lane *lane = context;
	uint64_t bundles = tc_audit_level_tiles(lane->fetch->size, 0);
	uint64_t step = (uint64_t)TC_AUDIT_FETCH_BUNDLES * TC_AUDIT_FETCH_CLIENTS;

	for (uint64_t first = lane->first; first < bundles; first += step) {
		Throughcare__V1__QueryReply *reply = NULL;
		int result = batch_ask(lane, first, &reply);
		if (!reply_put(lane, reply, result))
			break;
	}
	return NULL;
}

int tc_audit_fetch_new(struct tc_client *const clients[TC_AUDIT_FETCH_CLIENTS], uint64_t size,
		       struct tc_audit_fetch **ret)
{
	struct tc_audit_fetch *fetch = calloc(1, sizeof(*fetch));

	if (!fetch)
		return TC_ENOMEM;
	pthread_mutex_init(&fetch->lock, NULL);
	pthread_cond_init(&fetch->changed, NULL);
	fetch->size = size;
	for (size_t i = 0; i < TC_AUDIT_FETCH_CLIENTS; i++)
		fetch->lanes[i] = (struct lane){.fetch = fetch, .client = clients[i]};
	*ret = fetch;
	return 0;
}

void tc_audit_fetch_free(struct tc_audit_fetch **fetch)
{
	struct tc_audit_fetch *gone = *fetch;

	if (!gone)
		return;
	pthread_mutex_lock(&gone->lock);
	gone->stop = true;
	pthread_cond_broadcast(&gone->changed);
	pthread_mutex_unlock(&gone->lock);
	for (size_t i = 0; i < TC_AUDIT_FETCH_CLIENTS; i++) {
		if (gone->lanes[i].started)
			pthread_join(gone->lanes[i].thread, NULL);
		throughcare__v1__query_reply__free_unpacked(gone->lanes[i].reply, NULL);
	}
	pthread_cond_destroy(&gone->changed);
	pthread_mutex_destroy(&gone->lock);
	free(gone);
	*fetch = NULL;
}

static int lanes_start(struct tc_audit_fetch *fetch, uint64_t number)
{
	fetch->begun = true;
	fetch->origin = number;
	for (size_t i = 0; i < TC_AUDIT_FETCH_CLIENTS; i++) {
		struct lane *lane = &fetch->lanes[i];

		lane->first = number + i * TC_AUDIT_FETCH_BUNDLES;
		if (pthread_create(&lane->thread, NULL, lane_run, lane) != 0)
			return TC_EIO;
		lane->started = true;
	}
	return 0;
}

/* Waits for the lane's next batch, and gives back the one that was read before. */
static int lane_open(struct tc_audit_fetch *fetch, struct lane *lane)
{
	pthread_mutex_lock(&fetch->lock);
	if (fetch->open) {
		throughcare__v1__query_reply__free_unpacked(fetch->open->reply, NULL);
		fetch->open->reply = NULL;
		fetch->open = NULL;
		pthread_cond_broadcast(&fetch->changed);
	}
	while (!lane->reply && lane->result == 0)
		pthread_cond_wait(&fetch->changed, &fetch->lock);
	if (lane->reply)
		fetch->open = lane;
	else
		fetch->failed = lane;
	pthread_mutex_unlock(&fetch->lock);
	return fetch->open ? 0 : TC_AUDIT_FETCH_UNANSWERED;
}

int tc_audit_fetch_bundle(struct tc_audit_fetch *fetch, uint64_t number, uint32_t width,
			  struct tc_slice *ret)
{
	int r = fetch->begun ? 0 : lanes_start(fetch, number);
	size_t within = (size_t)((number - fetch->origin) % TC_AUDIT_FETCH_BUNDLES);
	uint64_t batch = (number - fetch->origin) / TC_AUDIT_FETCH_BUNDLES;

	if (r == 0 && within == 0)
		r = lane_open(fetch, &fetch->lanes[batch % TC_AUDIT_FETCH_CLIENTS]);
	if (r != 0)
		return r;
	TC_CHECK(fetch->open);
	const Throughcare__V1__QueryReply *reply = fetch->open->reply;
	if (within >= reply->n_tiles)
		return TC_EPROTO;
	const Throughcare__V1__TrailTile *tile = reply->tiles[within];
	if (!tile->entries || tile->number != number || tile->width != width || !tile->has_data)
		return TC_EPROTO;
	*ret = tc_slice(tile->data.data, tile->data.len);
	return 0;
}

struct tc_client *tc_audit_fetch_failed(const struct tc_audit_fetch *fetch, int *ret_result)
{
	if (!fetch->failed)
		return NULL;
	*ret_result = fetch->failed->result;
	return fetch->failed->client;
}
