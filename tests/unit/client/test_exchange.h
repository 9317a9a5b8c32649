/*
 * test_exchange - the other end of a client under test: one thread, one connection at a time.
 *
 * Speaks the real codec over real TLS, takes every submission, and hands what was submitted
 * over when it is collected. What it is told to do wrong, it does.
 *
 * Owner: the test; knobs are set while no client is connected.
 */
#ifndef UNIT_CLIENT_TEST_EXCHANGE_H
#define UNIT_CLIENT_TEST_EXCHANGE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/bytes.h"
#include "tls/tls_config.h"
#include "unit/tls/test_authority.h"
#include "wire/refusal.h"

#define TEST_DELIVERIES_MAX 256

struct test_exchange {
	struct test_authority *authority;
	struct tc_tls_config *tls;
	int listener;
	int port;
	pthread_t thread;
	atomic_bool stop;

	/* What to do wrong. */
	enum tc_refusal_code refuse_log_on;
	enum tc_refusal_code refuse_requests;
	bool hides_certificates;
	bool changes_parts;
	bool changes_signatures;
	bool sends_garbage;
	struct tc_slice terms; /* that go along with what is submitted from now on; empty: none */
	bool silent;
	int lose_submits; /* take so many without a word and hang up */

	/* What was seen. */
	atomic_int connections;
	atomic_int submits;
	atomic_int certificate_queries;
	atomic_int acknowledged;
	atomic_int terminated;
	struct tc_bytes deliveries[TEST_DELIVERIES_MAX]; /* packed Delivery */
	size_t delivery_count;
	struct tc_bytes certificate; /* DER of the last peer */
	struct tc_bytes policy;      /* packed ReleasePolicy, given when it is asked for */
	atomic_int policy_queries;
};

void test_exchange_start(struct test_exchange *exchange, struct test_authority *authority);
void test_exchange_stop(struct test_exchange *exchange);

#endif
