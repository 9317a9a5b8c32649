/*
 * registry_need - the services of the network by what they are for and where.
 *
 *   registry_needs  need, service | need, area, service | area, service -> nothing
 *
 * Needs and areas stand there in small letters; the area "" is that of a service that
 * serves everywhere. Services that take nobody do not stand there.
 *
 * Owner:  as registry.h. Blocks: never.
 */
#ifndef LEDGER_REGISTRY_NEED_H
#define LEDGER_REGISTRY_NEED_H

#include "ledger/registry.h"
#include "throughcare/v1/registry.pb-c.h"

/* What an entry says of the service: it is found by that, or no longer. */
int registry_needs_put(struct store_txn *txn, const struct registry_tables *tables,
		       const Throughcare__V1__ServiceEntry *entry) TC_MUST_CHECK;
int registry_needs_drop(struct store_txn *txn, const struct registry_tables *tables,
			const Throughcare__V1__ServiceEntry *entry) TC_MUST_CHECK;

/* The first service after `after` ("": of all) that is for that need and serves there (NULL: any),
 * by service id. 0, REGISTRY_UNKNOWN or a fault. */
int registry_needs_next(struct store_txn *txn, const struct registry_tables *tables,
			const char *need, const char *area, const char *after,
			char ret[TC_NAME_BYTES_MAX + 1]) TC_MUST_CHECK;

#endif
