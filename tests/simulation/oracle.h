/*
 * oracle - what a run of the simulation has been told, and what it holds every step against.
 *
 * The oracle holds: nothing is lost after its receipt (each accepted message ends
 * delivered, recalled, expired or dead, or is still known); messages of one referral to
 * one recipient are handed out in order and one at a time; nothing protected is handed
 * over unless a grant was in force in that step; when a revocation is acknowledged, all
 * that waited under it is recalled, however many slices that took; every move has one fact.
 *
 * Owner: the simulation.
 */
#ifndef TESTS_ORACLE_H
#define TESTS_ORACLE_H

#include "simulation/exchange.h"

#define SUBJECTS  6
#define REFERRALS 8
#define MESSAGES  20000
#define SESSIONS  16

enum fate { QUEUED, IN_FLIGHT, ENDED };

/* A message as the oracle knows it. */
struct known {
	uint64_t sequence;
	int to;
	int subject;
	int referral; /* -1: none */
	bool protected;
	bool held;
	enum fate fate;
	uint64_t connection;
};

struct hand { /* a delivery in a session's hands */
	uint64_t delivery;
	int message; /* -1: the exchange's own */
	int64_t until_ms;
};

struct live {
	uint64_t connection; /* 0: free */
	int agency;
	struct hand hands[4096];
	size_t count;
};

struct simulation {
	struct exchange x;
	uint64_t random;
	struct tc_id subjects[SUBJECTS];
	struct tc_id referrals[REFERRALS];
	int referral_subject[REFERRALS];
	struct consent consents[SUBJECTS]; /* treatment -> parole, ATTENDANCE */
	bool in_force[SUBJECTS];
	uint64_t revoked_at[SUBJECTS]; /* sequence of the revocation that waits for its receipt */
	struct known messages[MESSAGES];
	int count;
	struct live live[SESSIONS];
	size_t releases;
};

/* The session of that connection (0: a free one); NULL: none. */
struct live *oracle_live(struct simulation *s, uint64_t connection);
/* Everything that the latest record brought about. */
void oracle_see(struct simulation *s);

#endif
