#include "ledger/waiter.h"

#include <stdlib.h>

#include "ledger/idempotency.h"
#include "ledger/reply.h"
#include "ledger/state.h"

struct waiter {
	struct waiter *next;
	uint64_t sequence;
	uint32_t sender;
	struct tc_id message;
	bool repeated;
	struct record route; /* nothing but where the reply goes */
};

int waiter_add(struct ledger *ledger, uint64_t sequence, uint32_t sender, struct tc_id message,
	       bool repeated)
{
	const struct record *route = ledger->route;
	struct waiter *waiter, **last = &ledger->waiters;

	if (route->connection == 0)
		return 0;
	waiter = calloc(1, sizeof(*waiter));
	if (waiter == NULL)
		return TC_ENOMEM;
	waiter->sequence = sequence;
	waiter->sender = sender;
	waiter->message = message;
	waiter->repeated = repeated;
	waiter->route = (struct record){
		.gateway = route->gateway,
		.connection = route->connection,
		.request_id = route->request_id,
		.index = route->index,
		.count = route->count,
	};
	while (*last != NULL)
		last = &(*last)->next;
	*last = waiter;
	return 0;
}

static int waiter_answer(struct ledger *ledger, const struct waiter *waiter)
{
	const struct record *route = ledger->route;
	struct receipt receipt;
	int r = idempotency_find(ledger, waiter->sender, waiter->message, &receipt);

	if (r != 0)
		return r < 0 ? r : TC_ECORRUPT;
	ledger->route = &waiter->route;
	r = reply_receipt(ledger, waiter->message, &receipt, waiter->repeated);
	ledger->route = route;
	return r;
}

int waiters_answer(struct ledger *ledger, uint64_t sequence)
{
	struct waiter **at = &ledger->waiters;

	while (*at != NULL) {
		struct waiter *waiter = *at;
		int r;

		if (waiter->sequence != sequence) {
			at = &waiter->next;
			continue;
		}
		*at = waiter->next;
		r = waiter_answer(ledger, waiter);
		free(waiter);
		if (r < 0)
			return r;
	}
	return 0;
}

void waiters_drop(struct ledger *ledger, uint64_t connection)
{
	struct waiter **at = &ledger->waiters;

	while (*at != NULL) {
		struct waiter *waiter = *at;

		if (connection != 0 && waiter->route.connection != connection) {
			at = &waiter->next;
			continue;
		}
		*at = waiter->next;
		free(waiter);
	}
}
