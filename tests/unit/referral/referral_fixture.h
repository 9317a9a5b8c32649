/*
 * referral_fixture - a store with referral tables, and messages of a source, a target,
 * a court and a stranger about one referral.
 */
#ifndef TESTS_REFERRAL_FIXTURE_H
#define TESTS_REFERRAL_FIXTURE_H

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "referral/referral.h"

#define DAY    INT64_C(86400000)
#define MONDAY INT64_C(1796029200000) /* 2026-11-30T09:00Z */

struct fixture {
	char folder[PATH_MAX];
	char path[PATH_MAX + 8];
	struct store *store;
	struct store_txn *txn;
	struct referral_tables tables;
	struct tc_id referral;
	struct tc_id subject;
	uint64_t sequence;
	int64_t now_ms;
	struct referral_change change;
	struct tc_refusal refusal;
};

int fixture_setup(void **state);
int fixture_teardown(void **state);

struct tc_id numbered_id(uint8_t number);

/* A message of `sender` ("source", "target", "court", "stranger") about f->referral. */
struct sent {
	const char *sender, *type, *status;
	const char *reason, *worker, *actor, *about, *order, *predecessor;
	const char *code, *second_code; /* items, or outcomes */
	int64_t offer_expires_ms, respond_by_ms;
	int64_t occurred_ms;
	uint64_t expected_version; /* 0: none */
	bool other_subject;
	bool ordered;
	bool aside; /* to neither party */
	bool held;  /* it is not handed over yet */
	uint32_t urgency;
	int days; /* Referral: of the receipt clock */
};

/* 0 or REFERRAL_REFUSED, with f->change or f->refusal. */
int tell(struct fixture *f, struct sent sent);
/* The same with every need of a rule filled in. */
int tell_full(struct fixture *f, const char *sender, const char *type, const char *status);
void assert_moves(struct fixture *f, struct sent sent, enum referral_state to);
void assert_stays(struct fixture *f, struct sent sent);
void assert_refused(struct fixture *f, struct sent sent, enum tc_refusal_code code,
		    const char *detail);
struct referral present(struct fixture *f);
/* Its clock rings until something moves, or it has rung often enough. */
void ring_out(struct fixture *f);
/* Takes the referral from nothing to that state by the shortest way. */
void bring_to(struct fixture *f, enum referral_state state);

#endif
