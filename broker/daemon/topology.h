/*
 * topology - the threads of the exchange and the sockets between them (bus/bus.h has the picture).
 *
 * Every socket is made here, before the first thread starts, and closed here after the
 * last has ended; in between each belongs to the thread it was made for.
 *
 * Owner:  the main thread.
 * Blocks: topology_stop, until everything accepted is answered and applied.
 */
#ifndef DAEMON_TOPOLOGY_H
#define DAEMON_TOPOLOGY_H

#include "daemon/config.h"
#include "daemon/stores.h"
#include "gateway/gateway_thread.h"
#include "query/exchange_figures.h"

struct topology;

struct topology_options {
	const struct config *config;
	struct stores *stores;
	struct tc_tls_config *tls;
	const struct exchange_figures *figures;
	struct gateway_counters *counters;
	const int *listeners;
	size_t listener_count;
	uint32_t connections_max; /* of each gateway thread */
};

int topology_start(const struct topology_options *options, struct topology **ret) TC_MUST_CHECK;
/* New certificates for every gateway. */
int topology_reload(struct topology *topology, struct tc_tls_config *tls) TC_MUST_CHECK;
/* The sealer is started or connected to anew: it reads its keys again. */
int topology_sealer_renew(struct topology *topology) TC_MUST_CHECK;
/* Records of the daemon's own: registry seeds. Takes the batch on 0. */
int topology_push(struct topology *topology, struct record_batch *batch) TC_MUST_CHECK;
/* Gateways finish what they have, then the line is emptied from its front. */
int topology_stop(struct topology **topology);

#endif
