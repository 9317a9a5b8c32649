#include "query/query_request.h"

#include <stdlib.h>

struct query_request *query_request_new(uint16_t gateway, uint64_t connection, uint64_t request_id,
					uint64_t sequence)
{
	struct query_request *request = calloc(1, sizeof(*request));

	if (request == NULL)
		return NULL;
	request->gateway = gateway;
	request->connection = connection;
	request->request_id = request_id;
	request->sequence = sequence;
	return request;
}

void query_request_free(struct query_request **request)
{
	if (request == NULL)
		return;
	free(*request);
	*request = NULL;
}
