/*
 * audit_policy - whom a verifier trusts: keys of the log, witnesses, and how many of them it wants.
 *
 * Read from vkey lines, or from a file in the format of C2SP tlog-policy:
 *
 *   log VKEY [URL]
 *   witness NAME VKEY [URL]
 *   group NAME any|all|K NAME...
 *   quorum NAME|none
 *
 * A group or quorum names only what stands above it, and each name is in at most one group, so that
 * a witness counts once.
 *
 * Owner: any thread. Blocks: never.
 */
#ifndef AUDIT_AUDIT_POLICY_H
#define AUDIT_AUDIT_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "audit/audit_finding.h"
#include "base/bytes.h"
#include "wire/note.h"

#define TC_AUDIT_LOGS_MAX  32
#define TC_AUDIT_NODES_MAX 64 /* witnesses and groups */

/* A witness, or a group of those before it. */
struct tc_audit_node {
	char name[TC_NOTE_NAME_BYTES];
	bool group;
	unsigned threshold;
	uint64_t members;       /* by their places; 0: a witness */
	struct tc_note_key key; /* of a witness */
};

struct tc_audit_policy {
	struct tc_note_key logs[TC_AUDIT_LOGS_MAX];
	size_t log_count;
	struct tc_audit_node nodes[TC_AUDIT_NODES_MAX];
	size_t node_count;
	bool quorum_named;
	int quorum; /* a place; -1: none is wanted */
};

/* Nobody is trusted, and no witness wanted. */
void tc_audit_policy_init(struct tc_audit_policy *policy);

/* One vkey of the log per line; empty lines and lines with # are left out. At least one. */
int tc_audit_policy_read_keys(struct tc_audit_policy *policy, struct tc_slice text,
			      struct tc_audit_finding *finding) TC_MUST_CHECK;
/* A policy file, on top of what is there. 0 or TC_AUDIT_FOUND (names the line). */
int tc_audit_policy_read(struct tc_audit_policy *policy, struct tc_slice text,
			 struct tc_audit_finding *finding) TC_MUST_CHECK;

/* Whether these witnesses (bits by their places) are enough. */
bool tc_audit_policy_met(const struct tc_audit_policy *policy, uint64_t cosigned);

#endif
