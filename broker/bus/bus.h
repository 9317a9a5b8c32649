/*
 * bus - the threads' message fabric: ZeroMQ inproc sockets in a fixed topology.
 *
 * The only folder that includes zmq.h. What crosses is ownership: a message is a
 * kind and one pointer that the receiver owns from then on. Every socket belongs to
 * one thread, the one that opened it, and the bus checks that.
 *
 *   gateway[i] PUSH ─▶ PULL journal PUSH ─▶ PULL ledger PUSH ─▶ PULL gateway[i]
 *                                 └─PUSH ─▶ PULL gateway[i]  └─PUSH ─▶ PULL trail
 *   gateway[i] PUSH ─▶ PULL query[j] PUSH ─▶ PULL gateway[i]
 *   ledger, trail PUSH ─▶ PULL query[j]     ledger PUSH ─▶ PULL journal (ticks)
 *   trail PUSH ─▶ PULL journal (anchors)
 *   daemon PUSH ─▶ PULL of each (stop, reload)
 *
 * The journal passes a batch on before it syncs it, so that the ledger applies while the
 * disk is written, and after the sync says BUS_DURABLE to ledger and gateways. Until then a
 * gateway holds what follows from the batch, and the ledger its facts and its commit.
 *
 * The line gateway, journal, ledger, gateway is a ring. Only sends down the line from
 * journal to ledger and from ledger to gateway may wait; a gateway sends to the journal
 * without waiting and stops reading its connections instead, and a tick or an
 * anchor that finds no room is sent later. Otherwise four full queues would wait for each other for
 * ever. The journal's BUS_DURABLE to a gateway does not wait either: a position says all that those
 * before it said, so one that finds no room is said again later.
 *
 * A thread that sleeps takes longer to wake up than a lone request takes in any one
 * place. So with one in hand, a gateway says BUS_SOON to the journal before it checks the
 * signature. It is a hint: lost, or false, it changes nothing but a few microseconds.
 *
 * Owner:  each socket: one thread, see bus_socket_adopt.
 * Blocks: bus_send when the receiver's queue is full (that is the back-pressure);
 *         bus_receive up to its timeout.
 */
#ifndef BUS_BUS_H
#define BUS_BUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct bus;
struct bus_socket;

enum bus_outcome {
	BUS_EMPTY = 1, /* nothing came within the timeout, or the queue is full (no-wait send) */
};

enum bus_message_kind {
	BUS_RECORDS = 1, /* struct record_batch *: to journal, then to ledger (staged) */
	BUS_DURABLE,     /* struct bus_position *: journal to ledger and gateways: all before is */
	BUS_EFFECTS,     /* struct effects *: ledger to one gateway, which holds it until durable */
	BUS_FACTS,       /* struct effects * (facts only): ledger to trail */
	BUS_COMMITTED, /* struct bus_position *: ledger and trail to query: all before is visible */
	BUS_QUERY,     /* struct query_request *: gateway to query */
	BUS_ANSWER,    /* struct effects * of EFFECT_REPLY: query to gateway */
	BUS_COMMIT_WANTED, /* NULL: make what you have visible soon */
	BUS_SOON,          /* NULL: something for you comes within microseconds: stay awake */
	BUS_RELOAD,        /* struct: daemon to gateways */
	BUS_DRAIN,         /* NULL: take nothing new, finish what you have */
	BUS_STOP,          /* NULL: end the thread */
};

struct bus_position {
	uint16_t source; /* BUS_COMMITTED: 0 ledger, 1 trail */
	uint64_t next;   /* every record before this is visible, or durable */
};

struct bus_message {
	enum bus_message_kind kind;
	void *payload; /* owned by the receiver; freed by the function that fits its kind */
};

int bus_open(struct bus **ret) TC_MUST_CHECK;
/* Every socket must be closed before. */
void bus_close(struct bus **bus);

/* A receiving end named `name`; many senders may connect to it. Bind before they connect.
 * `queue_max` counts messages; a sender waits when its own and the receiver's are used up. */
int bus_bind_pull(struct bus *bus, const char *name, int queue_max,
		  struct bus_socket **ret) TC_MUST_CHECK;
int bus_connect_push(struct bus *bus, const char *name, int queue_max,
		     struct bus_socket **ret) TC_MUST_CHECK;
/* By its owner, or by the thread that has joined the owner. What is still queued is dropped and its
 * payload lost: receive until BUS_EMPTY before. NULL inside is accepted. */
void bus_socket_close(struct bus_socket **socket);

/* The thread that calls this owns the socket from now on (a socket made at start is handed over
 * once). */
void bus_socket_adopt(struct bus_socket *socket);
/* The thread that calls this has joined the owner, and owns the socket from now on. */
void bus_socket_inherit(struct bus_socket *socket);

/* Takes the payload on 0. `wait_ms`: -1 for ever, 0 not at all. 0, BUS_EMPTY or TC_EBUS. */
int bus_send(struct bus_socket *socket, enum bus_message_kind kind, void *payload,
	     int wait_ms) TC_MUST_CHECK;
int bus_receive(struct bus_socket *socket, int wait_ms, struct bus_message *ret) TC_MUST_CHECK;

/* For event loops: edge-triggered. After each wake-up, and after each send, receive with wait 0
 * until BUS_EMPTY (a readable descriptor is no message, and a message may wait without an edge). */
int bus_socket_fd(struct bus_socket *socket);

#endif
