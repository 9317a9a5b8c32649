/*
 * case_fixture - a referral of parole's to treatment, and the steps that both make.
 *
 * Owner: the test.
 */
#ifndef TESTS_CASE_FIXTURE_H
#define TESTS_CASE_FIXTURE_H

#include "unit/ledger/ledger_fixture.h"

/* The Referral, which needs no consent; not yet sent. */
struct message case_referral(struct exchange *x);
/* A message of `from` (one of the two) to the other about it, with a claim of this status, reason
 * and second worker (each may be NULL); not yet sent. */
struct message case_message(struct exchange *x, const struct message *referral, const char *from,
			    const char *type, Throughcare__V1__LifecycleClaim *claim);
/* Sends a ReferralResponse of the target that must be accepted. */
void case_respond(struct exchange *x, const struct message *referral, const char *status);
/* The same up to IN_PROGRESS. */
void case_begin(struct exchange *x, const struct message *referral);

/* The content of the n-th own message of that type that was handed over; NULL: there are not so
 * many. Freed with protobuf_c_message_free_unpacked. */
ProtobufCMessage *case_own(const struct exchange *x, const char *type, size_t n);
/* The message id of the same. */
struct tc_id case_own_id(const struct exchange *x, const char *type, size_t n);

#endif
