/*
 * audit_chain - the head of one person's chain of disclosures, and its place in the tree over all
 * persons.
 *
 * The tree: a person's tag is the first 8 bytes of SHA-256("throughcare/person/v1\n" || id); its
 * bits, the most significant first, say left or right. An empty subtree is 32 zero bytes; from
 * depth 16 on a subtree of one person is SHA-256(0x02 || tag || leaf); any other is SHA-256(0x01 ||
 * left || right).
 *
 * Owner: any thread. Blocks: never. Faults: those of digest.h.
 */
#ifndef AUDIT_AUDIT_CHAIN_H
#define AUDIT_AUDIT_CHAIN_H

#include "audit/audit_finding.h"
#include "base/err.h"
#include "base/id.h"
#include "throughcare/v1/trail.pb-c.h"
#include "wire/merkle.h"

/* The head behind `link`: of the first, `head` is all zero before. 0, TC_AUDIT_FOUND or a fault. */
int tc_audit_chain_add(const Throughcare__V1__DisclosureLink *link, struct tc_merkle_hash *head,
		       struct tc_audit_finding *finding) TC_MUST_CHECK;

/* The root that the person's place leads to: with this head and count, or with nobody there. */
int tc_audit_chain_root(const Throughcare__V1__AnchorProof *proof, struct tc_id subject,
			struct tc_merkle_hash *ret, struct tc_audit_finding *finding) TC_MUST_CHECK;

#endif
