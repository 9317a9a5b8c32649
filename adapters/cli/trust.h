/*
 * trust - whom a verification relies on (--key, --witness-policy, the profile's audit.vkey), and
 * what it found as the problem of the command line.
 *
 * Owner:  the main thread.
 * Blocks: on the disk.
 */
#ifndef CLI_TRUST_H
#define CLI_TRUST_H

#include "audit/audit_checkpoint.h"
#include "cli/command.h"
#include "cli/file.h"

#define TC_TRUST_KEY_FILE "audit.vkey"

/* Keys and witnesses, and in words where the keys came from. */
struct tc_trust {
	struct tc_audit_policy policy;
	char keys_from[TC_FILE_PATH_BYTES];
};

/* Reads --key (a vkey, or a file of them) and --witness-policy of the command; without any log in
 * them the profile's audit.vkey. *ret is freed by free(). */
enum tc_exit tc_trust_load(struct tc_invocation *invocation, struct tc_trust **ret);

/* A checkpoint out of a file, or out of a folder's file of that name. It borrows from `ret_note`.
 */
enum tc_exit tc_trust_checkpoint(struct tc_invocation *invocation, const struct tc_trust *trust,
				 const char *path, struct tc_bytes *ret_note,
				 struct tc_audit_checkpoint *ret);

/* What a function of audit/ returned as an exit code; fills the problem. 0 is TC_EXIT_DONE. */
enum tc_exit tc_trust_exit(struct tc_invocation *invocation, int r,
			   const struct tc_audit_finding *finding);

#endif
