/*
 * admission - who may take up room: connections per address and identity, and how
 * often a failed log-on is worth a record of its own.
 *
 * A flood of refused connections must not flood the log: up to a limit each second
 * every failure is recorded by itself, the rest are counted by their code and recorded
 * as one when the second is over. None is lost from the count.
 *
 * Owner: the gateway thread; each thread counts its own connections.
 * Blocks: never. Time: now_us is monotonic.
 */
#ifndef GATEWAY_ADMISSION_H
#define GATEWAY_ADMISSION_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/refusal.h"

#define ADMISSION_KEY_BYTES 80

enum admission_outcome {
	ADMISSION_FULL = 1, /* that many are there already */
};

struct admission;

/* What is counted: a numeric address, or kind/id of a certificate. */
struct admission_key {
	char text[ADMISSION_KEY_BYTES];
};

struct admission_limits {
	uint32_t total;
	uint32_t per_address;
	uint32_t per_identity;
	uint32_t failures_per_s;
};

int admission_new(struct admission **ret, const struct admission_limits *limits) TC_MUST_CHECK;
void admission_free(struct admission **admission);

/* "192.0.2.7", "2001:db8::1". */
void admission_key_address(const struct sockaddr_storage *from, struct admission_key *ret);

/* Counts one connection in. 0, ADMISSION_FULL or TC_ENOMEM. */
int admission_enter(struct admission *admission, const struct admission_key *address) TC_MUST_CHECK;
void admission_leave(struct admission *admission, const struct admission_key *address);
/* Likewise for who it is, once that is known. */
int admission_enter_identity(struct admission *admission,
			     const struct admission_key *identity) TC_MUST_CHECK;
void admission_leave_identity(struct admission *admission, const struct admission_key *identity);
size_t admission_count(const struct admission *admission);

/* True: record this failure now. False: it was counted. */
bool admission_failure(struct admission *admission, enum tc_refusal_code code, int64_t now_us);
/* True while counted failures wait for admission_overdue. */
bool admission_has_counted(const struct admission *admission);
/* When the second is over: one code and its count at a time, until it returns false. */
bool admission_overdue(struct admission *admission, int64_t now_us, enum tc_refusal_code *ret_code,
		       uint32_t *ret_count);

#endif
