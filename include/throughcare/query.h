/*
 * query - questions to the exchange.
 *
 * Threads: one at a time for each handle. Blocks: up to the timeout.
 */
#ifndef THROUGHCARE_QUERY_H
#define THROUGHCARE_QUERY_H

#include <stddef.h>

#include <throughcare/connection.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A packed throughcare.v1.Query; *ret is the packed throughcare.v1.QueryReply. Each question is
 * itself a record of the exchange's log. 0, TC_CLIENT_REFUSED or a fault. */
TC_API int tc_client_query(struct tc_client *client, const void *query, size_t len, int timeout_ms,
			   const void **ret, size_t *ret_len);

#ifdef __cplusplus
}
#endif
#endif
