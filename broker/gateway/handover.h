/*
 * handover - deliveries from the journal into a connection's output.
 *
 * The ledger decides that and which parts are handed over; the content is read here,
 * at the last moment, when there is room in the output. So what a slow client has
 * credit for costs an effect each, not its content, and nothing is lost when the
 * connection ends: the lease or the log-off returns it to the mailbox.
 *
 * Owner: the gateway thread. Blocks: never (page faults of the journal aside).
 */
#ifndef GATEWAY_HANDOVER_H
#define GATEWAY_HANDOVER_H

#include "gateway/connection.h"

/* Takes the effect (EFFECT_DELIVER, EFFECT_DELIVER_OWN, or an EFFECT_REPLY that may not overtake
 * them) to the end of those that wait. */
void handover_add(struct connection *connection, struct effect **effect);
/* Takes the delivery out again, if it still waits. */
void handover_withdraw(struct connection *connection, uint64_t delivery_id);
/* Writes waiting ones into the output while it has room. May close the connection. */
void handover_fill(struct connection *connection);

#endif
