/*
 * registry_seal - the certificate that parts for an agency are sealed to.
 *
 * It is the newest one known, by the time from which it is valid: of the agency's entry in
 * the registry, or of a log-on of the agency itself. A log-on of an adapter does not count
 * (spiffe://.../agency/ID/ADAPTER): an agency may have many programs, and what is sealed for
 * it is opened by the one that has its own name. Of two that are valid from the same second,
 * the one that was entered or first seen later is the newer; a revoked one is nobody's any
 * more.
 *
 * Each change has a number, so that what was sealed before it is known to be outdated.
 *
 *   registry_seals  agency -> generation, valid from, SHA-256, DER
 *
 * Owner: ledger thread for writing, inside its transaction; any transaction reads.
 * Blocks: never.
 */
#ifndef LEDGER_REGISTRY_SEAL_H
#define LEDGER_REGISTRY_SEAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/id.h"

#define REGISTRY_SEAL_SHA256_BYTES 32

struct registry_tables;
struct store_txn;

struct registry_seal {
	uint32_t generation; /* from 1 */
	int64_t not_before_ms;
	uint8_t sha256[REGISTRY_SEAL_SHA256_BYTES];
	struct tc_slice der; /* empty: none is in force; borrowed */
};

/* A certificate of an agency that may be newer than the one in force. */
struct registry_seal_offer {
	const tc_agency *agency;
	const uint8_t *sha256;
	int64_t not_before_ms;
	struct tc_slice der;
	int64_t now_ms;
	bool entered; /* by an operator; else seen at a log-on */
};

/* 0, REGISTRY_UNKNOWN (there never was one) or a fault. */
int registry_seal_find(struct store_txn *txn, const struct registry_tables *tables,
		       const tc_agency *agency, struct registry_seal *ret) TC_MUST_CHECK;
/* *ret_changed: it is in force now and another was before. */
int registry_seal_offer(struct store_txn *txn, const struct registry_tables *tables,
			const struct registry_seal_offer *offer, bool *ret_changed) TC_MUST_CHECK;
/* The certificate is revoked. 0 and whose it was, REGISTRY_UNKNOWN (none is sealed to it) or a
 * fault. */
int registry_seal_revoke(struct store_txn *txn, const struct registry_tables *tables,
			 const uint8_t sha256[REGISTRY_SEAL_SHA256_BYTES],
			 tc_agency *ret) TC_MUST_CHECK;

#endif
