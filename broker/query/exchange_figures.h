/*
 * exchange_figures - how the exchange itself is, for whoever may ask.
 *
 * The daemon fills the constants before the threads start; the counters are written
 * by the threads that know them. Counts of the whole exchange only: nothing here can
 * tell anything about an agency or a person.
 *
 * Owner: the daemon; atomics are written by the thread named. Blocks: never.
 */
#ifndef QUERY_EXCHANGE_FIGURES_H
#define QUERY_EXCHANGE_FIGURES_H

#include <stdatomic.h>
#include <stdint.h>

#include "journal/journal_thread.h"
#include "ledger/ledger_thread.h"
#include "trail/checkpointer.h"

struct backup_desk;
/* What can become full. */
enum exchange_room { ROOM_JOURNAL, ROOM_LEDGER, ROOM_TRAIL, ROOM_TREE, ROOM_DISK, ROOM_COUNT };

struct room_figures {
	atomic_uint_fast64_t bytes_used;
	atomic_uint_fast64_t bytes_limit; /* 0: not measured yet */
};

struct exchange_figures {
	const char *version;
	const char *exchange; /* its id: "exchange" */
	const char *trust_domain;
	int64_t started_ms;
	struct journal_figures *journal;
	struct ledger_figures *ledger;
	struct tree_figures *tree;               /* NULL: there is no tree */
	struct backup_desk *backup;              /* where backups are asked for */
	const atomic_uint_fast64_t *connections; /* gateways: open now */
	struct room_figures rooms[ROOM_COUNT];   /* daemon: each second */
	atomic_int_fast64_t crl_next_update_ms;  /* daemon: at start and reload; 0: unknown */
	atomic_bool draining;                    /* daemon: stopping, nothing new is taken */
};

#endif
