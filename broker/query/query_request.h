/*
 * query_request - one question on its way from a gateway to a query thread.
 *
 * The gateway makes it from an EFFECT_QUERY: the question's own record is durable
 * and applied by then. Who asks and what is asked are not repeated here: the query
 * thread reads the record at `sequence`, so that what is answered is exactly what the
 * trail says was asked, by the peer that the trail says asked it.
 *
 * The answer comes back as BUS_ANSWER: struct effects * with one EFFECT_REPLY whose
 * body is a packed Response (QueryReply or Refusal) for the connection and request_id.
 *
 * Owner: whoever holds it; it moves whole with BUS_QUERY. Blocks: never.
 */
#ifndef QUERY_QUERY_REQUEST_H
#define QUERY_QUERY_REQUEST_H

#include <stdint.h>

struct query_request {
	uint16_t gateway; /* whose connection it is: chooses the answer's way back */
	uint64_t connection;
	uint64_t request_id; /* the client's number, as in its Request */
	uint64_t sequence;   /* of the question's record: effect.sequence */

	int64_t deadline_us;        /* the query thread's: monotonic; 0 until it has it */
	int64_t until_us;           /* ... until when it waits for changes; 0: until it has it */
	struct query_request *next; /* the query thread's: waiting for ledger and trail */
};

/* All zero but the four that the gateway knows. NULL when memory is short. */
struct query_request *query_request_new(uint16_t gateway, uint64_t connection, uint64_t request_id,
					uint64_t sequence);
void query_request_free(struct query_request **request);

#endif
