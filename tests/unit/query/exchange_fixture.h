/*
 * exchange_fixture - journal, ledger and trail in a folder of their own, one query
 * thread over them, and records to fill them with.
 */
#ifndef UNIT_QUERY_EXCHANGE_FIXTURE_H
#define UNIT_QUERY_EXCHANGE_FIXTURE_H

#include <limits.h>

#include "query/query_thread.h"
#include "throughcare/v1/order.pb-c.h"
#include "throughcare/v1/record.pb-c.h"
#include "throughcare/v1/registry.pb-c.h"
#include "throughcare/v1/wire.pb-c.h"

#define AGENCY   THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY
#define AUDITOR  THROUGHCARE__V1__PEER_KIND__PEER_KIND_AUDITOR
#define OPERATOR THROUGHCARE__V1__PEER_KIND__PEER_KIND_OPERATOR

struct exchange_fixture {
	char folder[PATH_MAX];
	struct journal *journal;
	struct ledger *ledger;
	struct trail_index *trail;
	struct journal_figures journal_figures;
	atomic_uint_fast64_t connections;
	struct exchange_figures figures;
	struct bus *bus;
	struct bus_socket *query_inbox, *gateway_inbox, *ledger_inbox;
	struct bus_socket *to_query, *to_gateway, *to_ledger;
	struct query_thread *thread;
	unsigned deadline_ms;
	uint64_t next_message;
};

/* With three agencies in the registry: "clinic" (treatment), "office" (parole), "home" (housing).
 */
int exchange_fixture_setup(void **state);
/* The same, and every question is late at once. */
int exchange_fixture_setup_hasty(void **state);
int exchange_fixture_teardown(void **state);

/* The id that stands for a number. */
struct tc_id number_id(uint64_t number);
/* Its text, in one of a few static buffers. */
char *number_text(uint64_t number);

/* Appends, applies, hands the facts over. Returns the sequence. Not committed. */
uint64_t put_record(struct exchange_fixture *fixture, Throughcare__V1__Record *record,
		    const char *const *contents, size_t content_count);
/* Commits trail and ledger and tells the query thread. */
void commit_all(struct exchange_fixture *fixture);

/* The peer that an id stands for, with a certificate digest made from it. */
void fill_peer(Throughcare__V1__Peer *peer, Throughcare__V1__PeerKind kind, const char *id);
/* Packed, in memory of malloc. */
void *pack_message(const ProtobufCMessage *message, ProtobufCBinaryData *ret);

/* ---- what members do: members.c ---- */

#define FIXTURE_CONNECTION 7

/* Enters an agency into the registry. */
void put_agency(struct exchange_fixture *fixture, const char *id, Throughcare__V1__AgencyKind kind);

void put_suspended(struct exchange_fixture *fixture, const char *id,
		   Throughcare__V1__AgencyKind kind);

/* The operator says what an auditor may look at. */
void put_scope(struct exchange_fixture *fixture, const Throughcare__V1__AuditorScope *scope);

/* For the whole network. */
void put_calendar(struct exchange_fixture *fixture, const Throughcare__V1__CalendarEntry *entry);

/* That takes everybody, for one need. */
void put_service(struct exchange_fixture *fixture, const char *id, const char *agency,
		 const char *need);
/* An auditor asks to be told. */
void put_standing(struct exchange_fixture *fixture, const char *auditor,
		  const Throughcare__V1__StandingQuestion *asked);

struct sent {
	const char *sender;
	const char *to;
	const char *also; /* NULL: one recipient */
	const char *type; /* also of the one part */
	uint64_t message, subject, referral;
	Throughcare__V1__Category category;
	const char *second; /* content of a further SudCounsellingNote part; NULL: none */
	bool by_consent;    /* names no basis: a grant must cover it */
	Throughcare__V1__LifecycleClaim *claim;
};

uint64_t put_message(struct exchange_fixture *fixture, const struct sent *sent);
uint64_t put_collect(struct exchange_fixture *fixture, const char *agency);
/* One grant from `from` to `to` (agencies, separated by a space) for attendance; recorded by
 * "office". Its own id is the consent's and one. */
uint64_t put_consent(struct exchange_fixture *fixture, uint64_t subject, uint64_t consent,
		     const char *from, const char *to);
uint64_t put_version(struct exchange_fixture *fixture, uint64_t subject, uint64_t consent,
		     uint32_t version, const char *from, const char *to);

/* ---- asking ---- */

/* Journals and applies the question, sends it to the thread; its sequence. */
uint64_t put_query(struct exchange_fixture *fixture, Throughcare__V1__PeerKind kind, const char *id,
		   Throughcare__V1__Query *query);
/* The next answer. Free with throughcare__v1__response__free_unpacked. */
Throughcare__V1__Response *take_answer(struct exchange_fixture *fixture);
/* put_query, commit_all, take_answer. */
Throughcare__V1__Response *ask(struct exchange_fixture *fixture, Throughcare__V1__PeerKind kind,
			       const char *id, Throughcare__V1__Query *query);
/* Asks and expects this refusal; "" expects an answer. */
void expect_code(struct exchange_fixture *fixture, Throughcare__V1__PeerKind kind, const char *id,
		 Throughcare__V1__Query *query, const char *code);
void answer_free(Throughcare__V1__Response **response);

#endif
