/*
 * exchange - a whole exchange in one thread on virtual time: a ledger and a log in
 * memory, driven by calls that stand for agencies. For unit tests of the ledger, the
 * simulation and the ledger bench.
 *
 * A failing step ends the program with its place: what is tested is what comes out.
 *
 * Owner: the test. Blocks: on the ledger's disk.
 */
#ifndef TESTS_EXCHANGE_H
#define TESTS_EXCHANGE_H

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "consent/policy.h"
#include "ledger/ledger.h"
#include "throughcare/v1/consent.pb-c.h"
#include "throughcare/v1/exchange.pb-c.h"
#include "throughcare/v1/record.pb-c.h"
#include "throughcare/v1/registry.pb-c.h"

#define MUST(condition) ((condition) ? (void)0 : exchange_fail(#condition, __FILE__, __LINE__))
_Noreturn void exchange_fail(const char *what, const char *file, int line);

#define EXCHANGE_SETTLE_MAX 256

struct logged {
	int64_t time_ms;
	struct tc_bytes body;
};

struct exchange {
	struct journal journal; /* first: what the ledger replays from */
	char folder[PATH_MAX];
	char path[PATH_MAX + 16]; /* of the ledger */
	struct ledger_options options;
	struct ledger *ledger;
	struct logged *log;
	size_t count, capacity;
	int64_t now_ms;
	uint64_t ids;           /* given out by exchange_id */
	uint32_t connections;   /* in this boot */
	struct effects effects; /* of the latest record; facts too */
	bool keep;              /* effects pile up until exchange_clear */
	struct tc_id next_id;   /* of the next message to the exchange itself; none: a fresh one */
};

void exchange_open(struct exchange *x);
void exchange_close(struct exchange *x);
void exchange_clear(struct exchange *x);

/* Ticks until nothing is due at the present time; everything that comes out is kept. */
void exchange_settle_down(struct exchange *x);

/* Appends a record and applies it; `connection` 0: it has no route. Returns its sequence. */
uint64_t exchange_append(struct exchange *x, Throughcare__V1__Record *record, uint64_t connection);

/* A fresh id of the synthetic range. */
struct tc_id exchange_id(struct exchange *x);

/* Who it is, with a certificate made of the name; "operator" is one, others are agencies. */
void exchange_peer(Throughcare__V1__Peer *peer, const char *name, uint8_t certificate[32]);

/* Steps. */
void exchange_barrier(struct exchange *x);
/* A barrier after which jobs visit so many deliveries in a step. */
void exchange_slices(struct exchange *x, uint32_t deliveries);
void exchange_agency(struct exchange *x, const char *name, const char *kind);
void exchange_suspend(struct exchange *x, const char *name, const char *kind);
/* A new connection's number. */
uint64_t exchange_logon(struct exchange *x, const char *name);
/* With a certificate made of another name, valid from that time on. */
uint64_t exchange_logon_with(struct exchange *x, const char *name, const char *certificate,
			     int64_t not_before_ms);
void exchange_logoff(struct exchange *x, uint64_t connection, const char *code);
void exchange_collect(struct exchange *x, uint64_t connection, uint32_t credit, uint32_t lease_ms);
void exchange_settle(struct exchange *x, uint64_t connection, uint64_t delivery,
		     Throughcare__V1__SettlementKind kind, uint32_t delay_ms);
/* Acknowledges up to EXCHANGE_SETTLE_MAX and asks for as many. */
void exchange_settle_many(struct exchange *x, uint64_t connection, const uint64_t *deliveries,
			  size_t count);
void exchange_tick(struct exchange *x, int64_t now_ms);

struct message {
	const char *from, *to, *also; /* agencies; `also` NULL: one recipient */
	const char *type;             /* "AttendanceRecord" */
	uint32_t category;            /* of its one part... */
	uint32_t second;              /* ...or of two; 0: one */
	const char *second_type;      /* NULL: as the first */
	struct tc_id id, subject, referral;
	Throughcare__V1__Priority priority;
	Throughcare__V1__EvidenceLevel evidence;
	uint32_t legal;
	const char *proceeding;
	const char *actor;  /* NULL: "worker-1" */
	int64_t expires_ms; /* 0: not given */
	Throughcare__V1__LifecycleClaim *claim;
	uint8_t flavour;     /* other content under the same id */
	struct tc_id passed; /* its last part is the first one of this message; none: its own */
	uint32_t purpose;    /* 0: referral coordination */
	const char *reference;
	uint64_t connection; /* that the receipt goes to; 0: any */
	/* Its last part is sealed to the certificate made of this name; "": it does not say to
	 * which; NULL: it is not sealed. */
	const char *sealed;
};
uint64_t exchange_send(struct exchange *x, const struct message *message);

/* A message to the exchange itself, with its leading part. */
uint64_t exchange_submit(struct exchange *x, const char *from, const char *type,
			 struct tc_id subject, const ProtobufCMessage *message);

/* The same, by an actor (NULL: nobody), its leading part given as JSON. */
uint64_t exchange_say(struct exchange *x, const char *from, const char *actor, const char *type,
		      struct tc_id subject, const char *json);
/* A named person of an agency answers what a message asks. */
uint64_t exchange_reply(struct exchange *x, const char *from, struct tc_id message,
			const char *actor, const char *result);

/* A grant from one agency to others over one category. */
struct consent {
	struct tc_id consent, grant, subject;
	const char *from, *to;
	const char *also;      /* a second recipient; NULL: none */
	const char *category;  /* "ATTENDANCE" */
	int64_t valid_from_ms; /* 0: now */
	int64_t expires_ms;
	int64_t revocable_from_ms;  /* 0: at once */
	const struct consent *with; /* whose grant is the second one of the document; NULL: none */
	uint32_t version;           /* 0: the first */
	const char *redisclosure;   /* "AS_STATED"; NULL: "NONE" */
	const char *purpose;        /* "TREATMENT"; NULL: "REFERRAL_COORDINATION" */
	const char *proceeding;     /* NULL: none */
	bool in_error;              /* this version says that it was entered in error */
	bool alone;                 /* a revocation is of its grant, not of all in the document */
};
uint64_t exchange_consent(struct exchange *x, const struct consent *consent);
uint64_t exchange_revoke(struct exchange *x, const struct consent *consent);

/* What a named person of an agency finds about an emergency: "JUSTIFIED", "NOT_JUSTIFIED". */
uint64_t exchange_review(struct exchange *x, const char *from, struct tc_id message,
			 const char *actor, const char *finding);

/* ---- what came out ---- */

/* The n-th effect of that kind, or NULL. */
const struct effect *exchange_effect(const struct exchange *x, enum effect_kind kind, size_t n);
size_t exchange_effects(const struct exchange *x, enum effect_kind kind);
/* Of the latest receipt; the caller frees it. */
Throughcare__V1__Receipt *exchange_receipt(const struct exchange *x);
/* "accepted", or the code of the refusal. Borrowed until the next call. */
const char *exchange_answer(const struct exchange *x);
/* How many facts of that event. */
size_t exchange_facts(const struct exchange *x, const char *event);
/* How many own messages of that type were handed over. */
size_t exchange_own(const struct exchange *x, const char *type);
/* How many own messages to anybody said this of a message (kind 0: any kind). */
size_t exchange_evidence(const struct exchange *x, Throughcare__V1__EvidenceKind kind);

/* What the lists say of each referral is what a look at it, and at the person, would say. */
void exchange_check_lists(struct exchange *x);

/* Checks the lists, too. */
void exchange_digest(struct exchange *x, uint8_t ret[32]);
/* The digest of a ledger made anew from the log, committing after every `commit` records. */
void exchange_rebuild(struct exchange *x, size_t commit, uint8_t ret[32]);
/* Closes and opens the ledger without a last commit, as after SIGKILL, and replays. */
void exchange_crash(struct exchange *x);

#endif
