/*
 * effects - what applying records brings about outside the ledger's own tables.
 *
 * The ledger returns effects in order; the ledger thread routes each to the gateway
 * that owns the connection, and every fact to the trail. An effect is owed to the
 * living only: after a restart, replay makes the same effects and nobody sends them.
 *
 * Owner: ledger thread until handed over whole (effects_take per gateway, facts to the trail).
 */
#ifndef LEDGER_EFFECTS_H
#define LEDGER_EFFECTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/id.h"
#include "wire/limits.h"

enum effect_kind {
	EFFECT_REPLY,   /* .body is a packed throughcare.v1.Response: send it to .connection */
	EFFECT_RECEIPT, /* .body is a packed Receipt: the gateway joins those of one request */
	EFFECT_DELIVER, /* hand the message at .sequence over to .connection; .body is the packed
			   ReleaseTerms that go along */
	EFFECT_DELIVER_OWN, /* .body is a packed Delivery made by the exchange itself */
	EFFECT_WITHDRAW,    /* what of DELIVER .delivery_id .connection was not given yet stays */
	EFFECT_LOGON_ACCEPTED, /* .connection may go on */
	EFFECT_LOGON_REFUSED,  /* .body is a packed Refusal; close .connection after saying so */
	EFFECT_CLOSE,          /* close .connection: .body is a packed Refusal */
	EFFECT_QUERY,          /* .body is the packed Query: answer it as of .sequence */
};

struct effect {
	enum effect_kind kind;
	uint16_t gateway; /* from the connection's boot-local number */
	uint64_t connection;
	uint64_t request_id;
	uint32_t index;       /* EFFECT_RECEIPT: of the envelope in its request */
	uint32_t count;       /* EFFECT_RECEIPT: envelopes in that request */
	uint64_t sequence;    /* DELIVER: of the submission; QUERY: of the query's record */
	uint64_t released_at; /* DELIVER: sequence of the record that released it */
	uint64_t delivery_id;
	uint32_t attempt;
	uint32_t lease_ms;
	uint64_t parts_mask;  /* DELIVER: bit i set = part i is released */
	char basis[40];       /* DELIVER: grant id or legal basis name */
	struct tc_bytes body; /* owned */
	struct effect *next;
};

/* One trail fact: a packed throughcare.v1.TrailRow without sequence and time, which are the
 * record's. */
struct fact {
	uint64_t sequence;
	int64_t time_ms;
	struct tc_bytes row; /* owned; packed TrailRow */
	struct fact *next;
};

struct effects {
	struct effect *first, *last;
	struct fact *first_fact, *last_fact;
	size_t fact_count;
	uint64_t durable_next; /* BUS_EFFECTS: nothing leaves before every record before this is
				  durable; 0: it may at once */
	uint64_t facts_next;   /* BUS_FACTS: every record before this has its facts in this or an
				  earlier batch */
	struct effects *next;  /* in a list of its holder */
};

/* All zero. NULL when memory is short. */
struct effect *effect_new(enum effect_kind kind);
void effect_free(struct effect **effect);
void effects_push(struct effects *effects, struct effect **effect);
void effects_push_fact(struct effects *effects, struct fact **fact);
/* Takes the first effect out; NULL when there is none. */
struct effect *effects_pop(struct effects *effects);
/* Moves all facts to the end of `to`. */
void effects_move_facts(struct effects *to, struct effects *from);
/* Releases what it holds and leaves it empty; the struct itself stays. */
void effects_clear(struct effects *effects);
/* Releases the facts only. */
void effects_free_facts(struct effects *effects);
/* effects_clear, and releases a struct that was made with effects_new. */
void effects_free(struct effects **effects);
/* Empty. NULL when memory is short. */
struct effects *effects_new(void);

#endif
