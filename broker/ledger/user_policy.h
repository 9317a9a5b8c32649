/*
 * user_policy - the policies that users must accept, such as acceptable use, and who has.
 *
 *   user_policy  id, version -> sequence, time, SHA-256 of the text, packed UserPolicy
 *   acceptance   id, agency, actor -> version, time, sequence
 *
 * An operator publishes a version; every active agency is told of it (PolicyNotice), in
 * slices (job.h), and one that becomes active later of the newest of each: who becomes so
 * before the slices come to it may hear it twice. A person of an agency accepts a version
 * by its number and the digest of its text; that of an older one is kept in the log, but
 * only the newest counts. None is ever deleted.
 *
 * Owner:  writing: ledger thread, inside its transaction. Reading rows: any transaction.
 * Blocks: never.
 */
#ifndef LEDGER_USER_POLICY_H
#define LEDGER_USER_POLICY_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/id.h"
#include "store/store.h"
#include "wire/digest.h"
#include "wire/limits.h"

struct job;
struct ledger;
struct submission;

#define USER_POLICIES_MAX        64 /* ids; each becomes a message to a new agency */
#define USER_POLICY_ID_BYTES_MAX 64

enum user_policy_outcome {
	USER_POLICY_UNKNOWN = 1, /* no such row; no further one */
};

struct user_policy {
	char id[USER_POLICY_ID_BYTES_MAX + 1];
	uint32_t version;
	uint64_t sequence; /* of the record that published it */
	int64_t at_ms;
	uint8_t text_sha256[TC_SHA256_BYTES];
	struct tc_slice packed; /* UserPolicy, borrowed as in store.h */
};

struct acceptance {
	char actor[TC_ACTOR_BYTES_MAX + 1];
	uint32_t version;
	int64_t at_ms;
	uint64_t sequence;
};

/* A UserPolicy and a PolicyAck. As exchange_message_apply. */
int user_policy_submit(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;
int user_policy_submit_ack(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;
/* An agency has become active: the newest of each. */
int user_policy_tell(struct ledger *ledger, const tc_agency *agency) TC_MUST_CHECK;
/* A slice of JOB_POLICY: 0, JOB_MORE or a fault. */
int user_policy_job(struct ledger *ledger, struct job *job) TC_MUST_CHECK;

/* ---- reading: 0, USER_POLICY_UNKNOWN or a fault ---- */

/* `version` 0: the newest. */
int user_policy_find(struct store_txn *txn, struct store_table table, const char *id,
		     uint32_t version, struct user_policy *ret) TC_MUST_CHECK;
/* The newest version of the first id ("": of all), or of the one after `after`. */
int user_policy_next(struct store_txn *txn, struct store_table table, const char *after,
		     struct user_policy *ret) TC_MUST_CHECK;
/* The same of the people of an agency. */
int acceptance_next(struct store_txn *txn, struct store_table table, const char *id,
		    const tc_agency *agency, const char *after,
		    struct acceptance *ret) TC_MUST_CHECK;

#endif
