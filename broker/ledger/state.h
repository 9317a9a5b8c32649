/*
 * state - the inside of struct ledger, for the files of this folder only.
 *
 * Everything here is either a row of a table, a cache that the tables determine
 * (principals, sessions), a write-behind count, or about the record being applied.
 *
 * Owner: ledger thread.
 */
#ifndef LEDGER_STATE_H
#define LEDGER_STATE_H

#include "base/check.h"
#include "consent/consent_tables.h"
#include "consent/policy.h"
#include "ledger/arena.h"
#include "ledger/calendars.h"
#include "ledger/feed.h"
#include "ledger/ledger.h"
#include "ledger/principal.h"
#include "ledger/registry.h"
#include "ledger/standing_question.h"
#include "ledger/tables.h"
#include "ledger/terms.h"
#include "referral/referral.h"
#include "store/store.h"
#include "store/store_cursor.h"
#include "store/store_key.h"
#include "throughcare/v1/record.pb-c.h"

/* In force since the latest barrier that named them. */
struct ledger_settings {
	uint32_t mailbox_messages_max;
	uint64_t mailbox_bytes_max;
	uint32_t delivery_attempts_max;
	uint32_t retry_first_ms;
	uint32_t retry_max_ms;
	uint32_t job_slice; /* deliveries that a job visits in one record, see job.h */
};

struct sessions {
	struct session **rows; /* by connection */
	size_t count, capacity;
};

struct ledger {
	struct store *store;
	struct store_txn *txn; /* open all the time; ended and begun anew by ledger_commit */
	struct store_table table[LEDGER_TABLE_COUNT];
	struct registry_tables registry;
	struct consent_tables consent;
	struct referral_tables referral;
	struct policy *policy; /* in force */
	struct calendars calendars;
	struct standing_questions *standing; /* NULL: none is asked */
	struct feeds feeds;                  /* written behind */

	/* The row of table STATE, written behind. */
	uint64_t next; /* sequence */
	uint32_t boot;
	uint64_t next_delivery;
	uint64_t next_position;
	uint64_t job_turn; /* the cause of the job that had the latest slice */
	struct ledger_settings settings;

	struct terms_cache terms;
	struct principals principals;
	struct sessions sessions;
	struct ledger_barrier barrier;
	size_t job_count;       /* rows of JOB */
	size_t orders_ending;   /* of them JOB_ORDER: nothing is handed over meanwhile */
	struct waiter *waiters; /* for receipts that a job holds back */
	bool forget_due;        /* see order.h */
	int64_t timer_due_ms;   /* of the first row of TIMER, or earlier; INT64_MAX: none */

	/* The record being applied. */
	struct arena arena;
	struct effects *effects;
	const struct record *route; /* where replies go */
	const Throughcare__V1__Record *record;
	uint64_t sequence;
	int64_t now_ms;
	uint32_t own_counter;      /* exchange-made messages of this record so far */
	struct principal *waiting; /* those to dispatch to */
	uint32_t status_index;     /* changes told in this record so far */
	bool awaits;               /* whoever sent it waits for the jobs that it starts */
	uint32_t job_index;        /* of the next job that it starts */
	uint32_t job_budget;       /* deliveries that jobs may still visit */
	uint32_t turn_budget; /* of those whose turn it was, how many more may turn out not to go */
	const struct job *job; /* in the middle of its slice */
};

/* STORE_FULL becomes TC_EFULL: the ledger's map has no room, which is a fault here. For calls
 * whose other outcomes the caller has ruled out or handled. */
int ledger_store_fault(int r) TC_MUST_CHECK;
int ledger_put(struct ledger *ledger, enum ledger_table table, struct tc_slice key,
	       struct tc_slice value) TC_MUST_CHECK;
/* A row that must be there. */
int ledger_del(struct ledger *ledger, enum ledger_table table, struct tc_slice key) TC_MUST_CHECK;
/* 0 or STORE_NOT_FOUND or a fault. */
int ledger_get(struct ledger *ledger, enum ledger_table table, struct tc_slice key,
	       struct tc_slice *ret) TC_MUST_CHECK;
/* Stores ledger->barrier. */
int ledger_barrier_put(struct ledger *ledger) TC_MUST_CHECK;
/* Writes everything that is written behind. */
int ledger_flush(struct ledger *ledger) TC_MUST_CHECK;

#endif
