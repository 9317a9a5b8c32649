/*
 * capacity - how many places a service has, as it told last, and how many of them are left.
 *
 *   capacity  service, unit, population -> row
 *
 * The service counts its free places; since then the exchange has counted along: what is
 * held (lease.h), and what was taken for good. Nobody is promised a place on the strength
 * of a number that is out of date.
 *
 * Owner:  ledger thread for writing, inside its transaction; any transaction reads.
 * Blocks: never.
 */
#ifndef LEDGER_CAPACITY_H
#define LEDGER_CAPACITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"
#include "store/store.h"

struct ledger;

#define CAPACITY_UNIT_BYTES_MAX 64
/* Unless the service says until when its numbers hold: a bed list of the day before yesterday
 * promises nothing. */
#define CAPACITY_VALID_MS (48LL * 3600 * 1000)

enum capacity_outcome {
	CAPACITY_UNKNOWN = 1, /* no such row; no further one */
};

/* Places of one kind at one service. */
struct capacity_place {
	char service[TC_NAME_BYTES_MAX + 1];
	char unit[CAPACITY_UNIT_BYTES_MAX + 1];       /* "bed" */
	char population[CAPACITY_UNIT_BYTES_MAX + 1]; /* "": for everybody */
};

struct capacity {
	struct capacity_place place;
	uint32_t funded, maximum, available; /* as told; 0: not told (available: none) */
	uint8_t status;                      /* throughcare.v1.CapacityStatus */
	int64_t as_of_ms, valid_until_ms;
	uint64_t sequence;
	uint32_t live;            /* holds */
	uint32_t confirmed_since; /* taken for good after as_of */
	uint64_t taken;           /* taken for good, ever */
};

/* 0, CAPACITY_UNKNOWN or a fault. */
int capacity_find(struct store_txn *txn, struct store_table table,
		  const struct capacity_place *place, struct capacity *ret) TC_MUST_CHECK;
/* The one after `after` (NULL: the first), of one service or (NULL) of all. */
int capacity_next(struct store_txn *txn, struct store_table table, const char *service,
		  const struct capacity_place *after, struct capacity *ret) TC_MUST_CHECK;
int capacity_put(struct ledger *ledger, const struct capacity *capacity) TC_MUST_CHECK;

/* What is left of the places that the service told. */
uint32_t capacity_free(const struct capacity *capacity);
/* What it told is out of date. */
bool capacity_stale(const struct capacity *capacity, int64_t now_ms);
/* "available", "none", "waitlist", "assess_first". */
const char *capacity_status_name(uint8_t status);

/* service, unit, population at the front of a key, here and in lease.c. */
struct store_key;
void capacity_place_key(struct store_key *key, const struct capacity_place *place);
bool capacity_place_take(struct tc_slice *key, struct capacity_place *ret);

#endif
