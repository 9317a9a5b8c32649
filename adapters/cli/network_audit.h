/*
 * network_audit - the keys that sign the log's checkpoints, in the folder of a network.
 *
 *   sealer/keys/<n>.pem  Ed25519, read by throughcare-sealer only; all of them sign
 *   sealer/state/        what it remembers
 *   audit.vkey           the public keys, a C2SP vkey line each: also those that sign no more,
 *                        since old checkpoints must stay verifiable
 *
 * Owner:  the calling thread.
 * Blocks: on the disk.
 */
#ifndef CLI_NETWORK_AUDIT_H
#define CLI_NETWORK_AUDIT_H

#include <stdbool.h>

#include "base/err.h"
#include "cli/problem.h"

#define TC_NETWORK_AUDIT_KEYS_MAX 4 /* at a time */

struct tc_network_roll {
	unsigned added;   /* number of the key that signs from now on; 0: none */
	unsigned removed; /* of the one that does not any more; 0: none */
	unsigned signing; /* how many do now */
	bool told;        /* an exchange was running and reads them again */
};

/* Makes the folders, the first key and audit.vkey. */
int tc_network_audit_create(const char *folder, const char *trust_domain,
			    struct tc_problem *problem) TC_MUST_CHECK;
/* Adds a key, or with `end` removes the oldest; audit.vkey goes to every profile in the folder, and
 * the running exchange is told. */
int tc_network_audit_roll(const char *folder, bool end, struct tc_network_roll *ret,
			  struct tc_problem *problem) TC_MUST_CHECK;

#endif
