/*
 * ledger_fixture - an exchange with four agencies, and the messages that tests send.
 *
 * Owner: the test.
 */
#ifndef TESTS_LEDGER_FIXTURE_H
#define TESTS_LEDGER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "simulation/exchange.h"

#define ATTENDANCE     THROUGHCARE__V1__CATEGORY__CATEGORY_ATTENDANCE
#define DRUG_TEST      THROUGHCARE__V1__CATEGORY__CATEGORY_DRUG_TEST
#define CONTACT        THROUGHCARE__V1__CATEGORY__CATEGORY_CONTACT
#define ACK            THROUGHCARE__V1__SETTLEMENT_KIND__SETTLEMENT_KIND_ACK
#define NAK            THROUGHCARE__V1__SETTLEMENT_KIND__SETTLEMENT_KIND_NAK
#define TERM           THROUGHCARE__V1__SETTLEMENT_KIND__SETTLEMENT_KIND_TERM
#define PROGRESS       THROUGHCARE__V1__SETTLEMENT_KIND__SETTLEMENT_KIND_IN_PROGRESS
#define EVIDENCE(kind) THROUGHCARE__V1__EVIDENCE_KIND__EVIDENCE_KIND_##kind
#define QUIET          THROUGHCARE__V1__EVIDENCE_LEVEL__EVIDENCE_LEVEL_EXCEPTIONS
#define OPERATIONAL    THROUGHCARE__V1__LEGAL_BASIS__LEGAL_BASIS_NON_PART2_OPERATIONAL
#define LEASE_MS       30000
#define YEAR_MS        (365LL * 86400 * 1000)

int setup(void **state);
/* Whatever the test did: the log alone must give the same state. */
int teardown(void **state);

/* From treatment to parole; needs a grant. */
struct message attendance(struct exchange *x, struct tc_id subject);
/* That grant. */
struct consent grant(struct exchange *x, struct tc_id subject);
/* From parole to treatment; nobody needs a consent for this. */
struct message contact(struct exchange *x);

/* Logs an agency on and gives it credit. */
uint64_t collector(struct exchange *x, const char *name, uint32_t credit);
/* Of the first hand-over of the latest record. */
uint64_t delivered(struct exchange *x);
Throughcare__V1__SettlementResult settled(struct exchange *x, uint64_t connection,
					  uint64_t delivery, Throughcare__V1__SettlementKind kind);

/* When the person's next hearing is, as that agency was told; 0: it knows of none. */
int64_t next_hearing(struct exchange *x, const char *agency, struct tc_id subject);

#define assert_settled(x, connection, delivery, kind, result)                                      \
	assert_int_equal(settled(x, connection, delivery, kind),                                   \
			 THROUGHCARE__V1__SETTLEMENT_RESULT__SETTLEMENT_RESULT_##result)

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
