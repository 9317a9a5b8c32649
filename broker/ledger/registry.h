/*
 * registry - who is on the network: agencies, services, certificates.
 *
 * Changed only by journaled records: AgencyEntry and ServiceEntry messages,
 * certificates seen at log-on, and revocations. Auditors and operators are known by
 * their certificate alone.
 *
 *   registry_agencies      agency                 -> name, kind, status
 *   registry_services      service                -> agency, status, entry
 *   registry_offers        agency, service        -> nothing
 *   registry_certificates  SHA-256 of the DER     -> peer, first seen, revoked, DER
 *   registry_holders       kind, id, SHA-256      -> nothing
 *   registry_kinds         agency, time           -> kind from then on
 *   registry_needs         see registry_need.h
 *
 * Owner:  ledger thread for writing, inside its transaction; any transaction reads.
 * Blocks: never.
 */
#ifndef LEDGER_REGISTRY_H
#define LEDGER_REGISTRY_H

#include "base/id.h"
#include "consent/policy.h"
#include "referral/lifecycle.h"
#include "store/store.h"
#include "throughcare/v1/envelope.pb-c.h"
#include "throughcare/v1/record.pb-c.h"
#include "wire/refusal.h"

#define REGISTRY_TABLES_COUNT   8
#define REGISTRY_NAME_BYTES_MAX 200
#define REGISTRY_ROLE_BYTES_MAX 63

#define REGISTRY_JURISDICTION_BYTES_MAX 64

struct registry_tables {
	struct store_table agencies;
	struct store_table services;
	struct store_table offers;
	struct store_table certificates;
	struct store_table holders;
	struct store_table seals; /* registry_seal.h */
	struct store_table kinds;
	struct store_table needs; /* registry_need.h */
};

/* Once at start, while no write transaction is open. */
int registry_tables_open(struct store *store, struct registry_tables *ret) TC_MUST_CHECK;

enum registry_outcome {
	REGISTRY_REFUSED = 1, /* see *refusal; nothing was changed */
	REGISTRY_UNKNOWN,     /* find: no such row; list: no further one */
};

/* Stored: never renumber. */
enum registry_status {
	REGISTRY_ACTIVE = 1,
	REGISTRY_SUSPENDED = 2, /* may not log on, is sent nothing new, and what it has sent
				   waits; a service: takes nobody */
};

struct registry_agency {
	tc_agency agency;
	uint32_t number; /* dense from 1, in order of first entry: a short key for other tables */
	enum agency_kind kind;
	enum registry_status status;
	uint64_t sequence; /* of the latest entry */
	char name[REGISTRY_NAME_BYTES_MAX + 1];
	char jurisdiction[REGISTRY_JURISDICTION_BYTES_MAX + 1]; /* "": none in particular */
	struct tc_slice entry; /* packed AgencyEntry without its certificate, borrowed */
};

struct registry_service {
	char service[TC_NAME_BYTES_MAX + 1];
	tc_agency agency;
	enum registry_status status;
	uint64_t sequence;
	char role[REGISTRY_ROLE_BYTES_MAX + 1]; /* that its referrals go to; may be empty */
	struct lifecycle_days days;
	struct tc_slice entry; /* packed throughcare.v1.ServiceEntry, borrowed */
};

struct registry_certificate {
	uint8_t sha256[32];
	Throughcare__V1__PeerKind kind; /* UNSPECIFIED: only its revocation is known */
	char id[TC_NAME_BYTES_MAX + 1];
	int64_t first_seen_ms;
	int64_t revoked_ms;  /* 0: not */
	struct tc_slice der; /* empty when never seen; borrowed */
};

/* ---- applying ---- */

struct registry_entry {
	struct tc_slice document; /* packed AgencyEntry or ServiceEntry, as validated */
	Throughcare__V1__PeerKind sender_kind;
	const tc_agency *sender;
	uint64_t sequence;
	int64_t now_ms;
};

/* By an operator only. 0, REGISTRY_REFUSED (NOT_PERMITTED, FIELD_INVALID) or a fault. */
int registry_apply_agency(struct store_txn *txn, const struct registry_tables *tables,
			  const struct registry_entry *entry,
			  struct tc_refusal *refusal) TC_MUST_CHECK;
/* By an operator, or by the agency for itself. NOT_PERMITTED, UNKNOWN_AGENCY, FIELD_INVALID. */
int registry_apply_service(struct store_txn *txn, const struct registry_tables *tables,
			   const struct registry_entry *entry,
			   struct tc_refusal *refusal) TC_MUST_CHECK;

/* An agency is of this kind from now on: for registry_kind_at. */
int registry_note_kind(struct store_txn *txn, const struct registry_tables *tables,
		       const tc_agency *agency, enum agency_kind kind,
		       int64_t now_ms) TC_MUST_CHECK;

/* Keeps the certificate of a log-on at first sight. `der` may be empty. */
int registry_note_certificate(struct store_txn *txn, const struct registry_tables *tables,
			      const Throughcare__V1__Peer *peer, struct tc_slice der,
			      int64_t now_ms) TC_MUST_CHECK;
int registry_revoke_certificate(struct store_txn *txn, const struct registry_tables *tables,
				const uint8_t sha256[32], int64_t now_ms) TC_MUST_CHECK;

/*
 * May this peer log on, or submit, as things stand? 0, or REGISTRY_REFUSED with
 * CERTIFICATE_REVOKED, UNKNOWN_AGENCY or AGENCY_SUSPENDED, or a fault.
 */
int registry_check_peer(struct store_txn *txn, const struct registry_tables *tables,
			const Throughcare__V1__Peer *peer,
			struct tc_refusal *refusal) TC_MUST_CHECK;

struct registry_address {
	tc_agency agency;
	uint32_t number;
	enum agency_kind kind;
	struct lifecycle_days days; /* of the service's own clocks */
	char role[REGISTRY_ROLE_BYTES_MAX +
		  1]; /* "": the agency as such; a service may name its own */
	char service[TC_NAME_BYTES_MAX + 1]; /* "": not addressed by a service */
};

/* The agency that a recipient means. 0, REGISTRY_REFUSED (RECIPIENT_MISSING, UNKNOWN_RECIPIENT,
 * UNKNOWN_SERVICE; suspended ones are unknown), or a fault. */
int registry_resolve(struct store_txn *txn, const struct registry_tables *tables,
		     const Throughcare__V1__Recipient *recipient, struct registry_address *ret,
		     struct tc_refusal *refusal) TC_MUST_CHECK;

/* ---- finding ---- */

int registry_find_agency(struct store_txn *txn, const struct registry_tables *tables,
			 const tc_agency *agency, struct registry_agency *ret) TC_MUST_CHECK;
/* AGENCY_KIND_UNKNOWN when it is not in the registry. */
int registry_kind(struct store_txn *txn, const struct registry_tables *tables,
		  const tc_agency *agency, enum agency_kind *ret) TC_MUST_CHECK;
/* As it was at that time. */
int registry_kind_at(struct store_txn *txn, const struct registry_tables *tables,
		     const tc_agency *agency, int64_t at_ms, enum agency_kind *ret) TC_MUST_CHECK;
int registry_find_service(struct store_txn *txn, const struct registry_tables *tables,
			  struct tc_slice service, struct registry_service *ret) TC_MUST_CHECK;
int registry_find_certificate(struct store_txn *txn, const struct registry_tables *tables,
			      const uint8_t sha256[32],
			      struct registry_certificate *ret) TC_MUST_CHECK;

/* ---- walking, in key order; `after` empty: from the start. 0, REGISTRY_UNKNOWN at the end ---- */
int registry_next_agency(struct store_txn *txn, const struct registry_tables *tables,
			 struct tc_slice after, struct registry_agency *ret) TC_MUST_CHECK;
/* The service ids of an agency. */
int registry_next_service(struct store_txn *txn, const struct registry_tables *tables,
			  const tc_agency *agency, struct tc_slice after,
			  char ret[TC_NAME_BYTES_MAX + 1]) TC_MUST_CHECK;
/* Certificates of a holder that were seen and are not revoked. */
int registry_count_certificates(struct store_txn *txn, const struct registry_tables *tables,
				Throughcare__V1__PeerKind kind, const char *id,
				uint32_t *ret) TC_MUST_CHECK;

const char *registry_status_name(enum registry_status status);

#endif
