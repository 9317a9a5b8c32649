#include "daemon/topology.h"

#include <stdio.h>
#include <stdlib.h>

#include "backup/backup_thread.h"
#include "base/clock.h"
#include "bus/bus.h"
#include "journal/journal_thread.h"
#include "ledger/ledger_thread.h"
#include "query/query_request.h"
#include "query/query_thread.h"
#include "trail/trail_thread.h"
#include "trail/tree_thread.h"

#define THREADS_MAX 16
/* Messages, each a whole batch. The line's own back-pressure is in the gateways' limits. */
#define QUEUE_MAX      256
#define QUEUE_MAX_WIDE 4096 /* of gateways and query threads, which get one message an answer */

struct topology {
	struct bus *bus;
	size_t gateway_count;
	size_t query_count;

	struct bus_socket *journal_in, *ledger_in, *trail_in, *tree_in;
	struct bus_socket *gateway_in[THREADS_MAX], *query_in[THREADS_MAX];

	/* Named from and to. */
	struct bus_socket *journal_to_ledger, *journal_to_gateway[THREADS_MAX];
	struct bus_socket *ledger_to_journal, *ledger_to_trail;
	struct bus_socket *ledger_to_gateway[THREADS_MAX], *ledger_to_query[THREADS_MAX];
	struct bus_socket *trail_to_ledger, *trail_to_journal, *trail_to_query[THREADS_MAX];
	struct bus_socket *gateway_to_journal[THREADS_MAX];
	struct bus_socket *gateway_to_query[THREADS_MAX][THREADS_MAX];
	struct bus_socket *query_to_ledger[THREADS_MAX];
	struct bus_socket *query_to_gateway[THREADS_MAX][THREADS_MAX];
	struct bus_socket *main_to_journal, *main_to_trail, *main_to_tree;
	struct bus_socket *main_to_gateway[THREADS_MAX], *main_to_query[THREADS_MAX];

	struct journal_thread *journal;
	struct ledger_thread *ledger;
	struct thread *trail, *tree, *backup;
	struct backup_desk *desk; /* of the last one */
	struct gateway_thread *gateways[THREADS_MAX];
	struct query_thread *queries[THREADS_MAX];
};

/* ---- sockets ---- */

/* The first fault of several calls stays in *r; later calls are then not made. */
static void pull(struct topology *t, int *r, const char *name, int queue, struct bus_socket **ret)
{
	if (*r == 0)
		*r = bus_bind_pull(t->bus, name, queue, ret);
}

static void push(struct topology *t, int *r, const char *name, int queue, struct bus_socket **ret)
{
	if (*r == 0)
		*r = bus_connect_push(t->bus, name, queue, ret);
}

static void gateway_sockets_open(struct topology *t, int *r, size_t i)
{
	char name[32];

	snprintf(name, sizeof(name), "gateway-%zu", i);
	pull(t, r, name, QUEUE_MAX_WIDE, &t->gateway_in[i]);
	push(t, r, name, QUEUE_MAX_WIDE, &t->ledger_to_gateway[i]);
	push(t, r, name, QUEUE_MAX, &t->journal_to_gateway[i]);
	push(t, r, name, QUEUE_MAX, &t->main_to_gateway[i]);
	push(t, r, "journal", QUEUE_MAX, &t->gateway_to_journal[i]);
	for (size_t j = 0; j < t->query_count; j++)
		push(t, r, name, QUEUE_MAX_WIDE, &t->query_to_gateway[j][i]);
}

static void query_sockets_open(struct topology *t, int *r, size_t j)
{
	char name[32];

	snprintf(name, sizeof(name), "query-%zu", j);
	pull(t, r, name, QUEUE_MAX_WIDE, &t->query_in[j]);
	push(t, r, name, QUEUE_MAX_WIDE, &t->ledger_to_query[j]);
	push(t, r, name, QUEUE_MAX_WIDE, &t->trail_to_query[j]);
	push(t, r, name, QUEUE_MAX, &t->main_to_query[j]);
	push(t, r, "ledger", QUEUE_MAX, &t->query_to_ledger[j]);
	for (size_t i = 0; i < t->gateway_count; i++)
		push(t, r, name, QUEUE_MAX_WIDE, &t->gateway_to_query[i][j]);
}

static int sockets_open(struct topology *t)
{
	int r = 0;

	pull(t, &r, "journal", QUEUE_MAX, &t->journal_in);
	pull(t, &r, "ledger", QUEUE_MAX, &t->ledger_in);
	pull(t, &r, "trail", QUEUE_MAX, &t->trail_in);
	pull(t, &r, "tree", QUEUE_MAX, &t->tree_in);
	push(t, &r, "ledger", QUEUE_MAX, &t->journal_to_ledger);
	push(t, &r, "ledger", QUEUE_MAX, &t->trail_to_ledger);
	push(t, &r, "journal", QUEUE_MAX, &t->ledger_to_journal);
	push(t, &r, "journal", QUEUE_MAX, &t->trail_to_journal);
	push(t, &r, "journal", QUEUE_MAX, &t->main_to_journal);
	push(t, &r, "trail", QUEUE_MAX, &t->ledger_to_trail);
	push(t, &r, "trail", QUEUE_MAX, &t->main_to_trail);
	push(t, &r, "tree", QUEUE_MAX, &t->main_to_tree);
	for (size_t i = 0; i < t->gateway_count; i++)
		gateway_sockets_open(t, &r, i);
	for (size_t j = 0; j < t->query_count; j++)
		query_sockets_open(t, &r, j);
	return r;
}

static void payload_free(struct bus_message *message)
{
	switch (message->kind) {
	case BUS_RECORDS: {
		struct record_batch *batch = message->payload;

		record_batch_free(batch);
		free(batch);
		return;
	}
	case BUS_EFFECTS:
	case BUS_FACTS:
	case BUS_ANSWER: {
		struct effects *effects = message->payload;

		effects_free(&effects);
		return;
	}
	case BUS_QUERY: {
		struct query_request *request = message->payload;

		query_request_free(&request);
		return;
	}
	case BUS_RELOAD: {
		struct gateway_reload *reload = message->payload;

		gateway_reload_free(&reload);
		return;
	}
	case BUS_DURABLE:
	case BUS_COMMITTED:
	case BUS_COMMIT_WANTED:
	case BUS_SOON:
	case BUS_DRAIN:
	case BUS_STOP:
		break;
	}
	free(message->payload);
}

/* What was sent to a thread that had already ended: a tick, a late answer. All are joined. */
static void leftovers_free(struct bus_socket *socket)
{
	struct bus_message message;

	if (!socket)
		return;
	bus_socket_inherit(socket);
	while (bus_receive(socket, 0, &message) == 0)
		payload_free(&message);
}

/* Closing a sender would drop what it has sent, so the receivers come first. */
static void sockets_empty(struct topology *t)
{
	leftovers_free(t->journal_in);
	leftovers_free(t->ledger_in);
	leftovers_free(t->trail_in);
	leftovers_free(t->tree_in);
	for (size_t i = 0; i < THREADS_MAX; i++) {
		leftovers_free(t->gateway_in[i]);
		leftovers_free(t->query_in[i]);
	}
}

static void sockets_close(struct topology *t)
{
	struct bus_socket **all[] = {
		&t->journal_in,        &t->ledger_in,         &t->trail_in,
		&t->journal_to_ledger, &t->ledger_to_journal, &t->ledger_to_trail,
		&t->trail_to_ledger,   &t->main_to_journal,   &t->main_to_trail,
		&t->tree_in,           &t->main_to_tree,      &t->trail_to_journal};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		bus_socket_close(all[i]);
	for (size_t i = 0; i < THREADS_MAX; i++) {
		bus_socket_close(&t->gateway_in[i]);
		bus_socket_close(&t->query_in[i]);
		bus_socket_close(&t->ledger_to_gateway[i]);
		bus_socket_close(&t->journal_to_gateway[i]);
		bus_socket_close(&t->ledger_to_query[i]);
		bus_socket_close(&t->trail_to_query[i]);
		bus_socket_close(&t->gateway_to_journal[i]);
		bus_socket_close(&t->query_to_ledger[i]);
		bus_socket_close(&t->main_to_gateway[i]);
		bus_socket_close(&t->main_to_query[i]);
		for (size_t j = 0; j < THREADS_MAX; j++) {
			bus_socket_close(&t->gateway_to_query[i][j]);
			bus_socket_close(&t->query_to_gateway[i][j]);
		}
	}
}

/* ---- threads ---- */

static struct gateway_limits limits_of(const struct topology_options *options)
{
	const struct config *config = options->config;

	return (struct gateway_limits){
		.connections = options->connections_max,
		.connections_per_address = (uint32_t)config->connections_per_address_max,
		.connections_per_identity = (uint32_t)config->connections_per_agency_max,
		.handshake_ms = config->handshake_ms,
		.ping_ms = config->ping_ms,
		.idle_ms = config->idle_ms,
		.stalled_ms = config->stalled_ms,
		.frame_bytes = (size_t)config->frame_bytes_max,
		.connection_records = (size_t)config->connection_records_max,
		.connection_bytes = (size_t)config->connection_bytes_max,
		.records = (size_t)config->gateway_records_max,
		.bytes = (size_t)config->gateway_bytes_max,
		.output_bytes = (size_t)config->output_bytes_max,
		.malformed = (uint32_t)config->malformed_max,
		.logon_failures_per_s = (uint32_t)config->logon_failures_per_s,
	};
}

static int gateway_start(struct topology *t, const struct topology_options *options, size_t i)
{
	struct gateway_options gateway = {
		.number = (uint16_t)i,
		.boot = options->stores->boot,
		.limits = limits_of(options),
		.rider_wait_ms = (unsigned)options->config->rider_wait_ms,
		.journal = options->stores->journal,
		.tls = options->tls,
		.counters = options->counters,
		.listener_count = options->listener_count,
		.in = t->gateway_in[i],
		.journal_out = t->gateway_to_journal[i],
		.query_count = t->query_count,
	};

	for (size_t l = 0; l < options->listener_count; l++)
		gateway.listeners[l] = options->listeners[l];
	for (size_t j = 0; j < t->query_count; j++)
		gateway.query_out[j] = t->gateway_to_query[i][j];
	return gateway_thread_start(&t->gateways[i], &gateway);
}

static int query_start(struct topology *t, const struct topology_options *options, size_t j)
{
	struct query_thread_options query = {
		.journal = options->stores->journal,
		.ledger = options->stores->ledger,
		.trail = options->stores->trail,
		.tree = options->stores->tree,
		.figures = options->figures,
		.inbox = t->query_in[j],
		.to_ledger = t->query_to_ledger[j],
		.gateways = t->query_to_gateway[j],
		.gateway_count = t->gateway_count,
		.deadline_ms = QUERY_THREAD_DEADLINE_MS,
	};

	return query_thread_start(&query, &t->queries[j]);
}

/* From the end of the line to its front, so that everyone finds the next one there. */
static int threads_start(struct topology *t, const struct topology_options *options)
{
	struct trail_thread_options trail = {
		.index = options->stores->trail,
		.inbox = t->trail_in,
		.ledger = t->trail_to_ledger,
		.journal = t->trail_to_journal,
		.anchor_ms = (unsigned)options->config->anchor_interval_ms,
		.queries = t->trail_to_query,
		.query_count = t->query_count,
	};
	struct ledger_thread_options ledger = {
		.ledger = options->stores->ledger,
		.inbox = t->ledger_in,
		.journal = t->ledger_to_journal,
		.trail = t->ledger_to_trail,
		.gateways = t->ledger_to_gateway,
		.gateway_count = t->gateway_count,
		.queries = t->ledger_to_query,
		.query_count = t->query_count,
		.figures = options->figures->ledger,
	};
	struct journal_thread_options journal = {
		.journal = options->stores->journal,
		.inbox = t->journal_in,
		.ledger = t->journal_to_ledger,
		.gateways = t->journal_to_gateway,
		.gateway_count = t->gateway_count,
		.rider_wait_ms = (unsigned)options->config->rider_wait_ms,
		.figures = options->figures->journal,
	};
	struct tree_thread_options tree = {
		.checkpointer = options->stores->checkpointer,
		.inbox = t->tree_in,
		.interval_ms = (unsigned)options->config->checkpoint_interval_ms,
	};
	struct backup_thread_options backup = {
		.desk = options->figures->backup,
		.folder = options->config->backup_folder,
		.trust_domain = options->config->trust_domain,
		.data_dir = options->config->data_dir,
		.sealer_state =
			*options->config->sealer_socket ? "" : options->config->sealer_state,
		.signs = options->stores->sealer != NULL,
		.journal = options->stores->journal,
		.tree = options->stores->tree,
		.journal_figures = options->figures->journal,
		.tree_figures = options->figures->tree,
	};
	int r = backup_thread_start(&backup, &t->backup);

	for (size_t j = 0; r == 0 && j < t->query_count; j++)
		r = query_start(t, options, j);
	if (r == 0)
		r = tree_thread_start(&tree, &t->tree);
	if (r == 0)
		r = trail_thread_start(&trail, &t->trail);
	if (r == 0)
		r = ledger_thread_start(&ledger, &t->ledger);
	if (r == 0)
		r = journal_thread_start(&journal, &t->journal);
	for (size_t i = 0; r == 0 && i < t->gateway_count; i++)
		r = gateway_start(t, options, i);
	return r;
}

int topology_start(const struct topology_options *options, struct topology **ret)
{
	struct topology *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return TC_ENOMEM;
	t->desk = options->figures->backup;
	t->gateway_count = (size_t)options->config->gateway_threads;
	t->query_count = (size_t)options->config->query_threads;
	r = bus_open(&t->bus);
	if (r == 0)
		r = sockets_open(t);
	if (r == 0)
		r = threads_start(t, options);
	*ret = t;
	if (r)
		(void)topology_stop(ret);
	return r;
}

int topology_reload(struct topology *t, struct tc_tls_config *tls)
{
	for (size_t i = 0; i < t->gateway_count; i++) {
		struct gateway_reload *reload = gateway_reload_new(tls);
		int r;

		if (!reload)
			return TC_ENOMEM;
		r = bus_send(t->main_to_gateway[i], BUS_RELOAD, reload, -1);
		if (r) {
			gateway_reload_free(&reload);
			return r;
		}
	}
	return 0;
}

int topology_sealer_renew(struct topology *t)
{
	return bus_send(t->main_to_tree, BUS_RELOAD, NULL, -1);
}

int topology_push(struct topology *t, struct record_batch *batch)
{
	struct record_batch *sent = calloc(1, sizeof(*sent));
	int r;

	if (!sent)
		return TC_ENOMEM;
	record_batch_join(sent, batch);
	r = bus_send(t->main_to_journal, BUS_RECORDS, sent, -1);
	if (r) {
		record_batch_join(batch, sent);
		free(sent);
	}
	return r;
}

/* A thread that was never started has no one to tell. */
static void tell(struct bus_socket *socket, enum bus_message_kind kind, const void *thread, int *r)
{
	int sent;

	if (!thread)
		return;
	sent = bus_send(socket, kind, NULL, -1);
	if (*r == 0)
		*r = sent;
}

int topology_stop(struct topology **topology)
{
	struct topology *t = *topology;
	int r = 0;

	for (size_t i = 0; i < t->gateway_count; i++)
		tell(t->main_to_gateway[i], BUS_DRAIN, t->gateways[i], &r);
	for (size_t i = 0; i < t->gateway_count; i++)
		gateway_thread_join(&t->gateways[i]);
	backup_desk_stop(t->desk);
	thread_join(&t->backup);
	/* The journal passes the stop on to the ledger behind its last batch and that batch's
	 * BUS_DURABLE, the ledger to the trail behind its last facts. */
	tell(t->main_to_journal, BUS_STOP, t->journal, &r);
	if (t->journal)
		journal_thread_join(&t->journal);
	/* Its last round takes what the journal wrote last. */
	tell(t->main_to_tree, BUS_STOP, t->tree, &r);
	thread_join(&t->tree);
	if (t->ledger)
		ledger_thread_join(&t->ledger);
	tell(t->main_to_trail, BUS_STOP, t->trail, &r);
	thread_join(&t->trail);
	for (size_t j = 0; j < t->query_count; j++)
		tell(t->main_to_query[j], BUS_STOP, t->queries[j], &r);
	for (size_t j = 0; j < t->query_count; j++) {
		if (t->queries[j])
			query_thread_join(&t->queries[j]);
	}
	sockets_empty(t);
	sockets_close(t);
	if (t->bus)
		bus_close(&t->bus);
	free(t);
	*topology = NULL;
	return r;
}
