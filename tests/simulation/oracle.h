/*
 * oracle - what a run of the simulation has been told, and what it holds every step against.
 *
 * The oracle holds: nothing is lost after its receipt (each accepted message ends
 * delivered, recalled, expired or dead, or is still known); messages of one referral to
 * one recipient are handed out in order and one at a time; of what is protected exactly those
 * parts are handed over that something permits at that time (grounds.h), with the grant that
 * does, its notice and its scope; nothing permitted stays held once the ticks are done; when
 * a revocation is acknowledged, all that waited under it is recalled, however many slices
 * that took; every move has one fact.
 *
 * Owner: the simulation.
 */
#ifndef TESTS_ORACLE_H
#define TESTS_ORACLE_H

#include "simulation/exchange.h"
#include "simulation/grounds.h"

#define SUBJECTS  6
#define REFERRALS 8
#define MESSAGES  50000
#define SEQUENCES 1000000
#define SESSIONS  16

enum fate { QUEUED, IN_FLIGHT, ENDED };

/* A message as the oracle knows it. */
struct known {
	uint64_t sequence;
	int to;
	int referral;             /* -1: none */
	bool protected;           /* released as the grounds say... */
	struct ground_ask ask[2]; /* ...part by part */
	int parts;
	bool held;
	bool doomed; /* by the latest revocation of its subject */
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
	struct grounds grounds;
	uint64_t revoked_at[SUBJECTS]; /* sequence of the revocation that waits for its receipt */
	int64_t revoked_ms[SUBJECTS];  /* and its time */
	struct known messages[MESSAGES];
	int count;
	int at[SEQUENCES]; /* message of that sequence, plus one */
	struct live live[SESSIONS];
	size_t releases;
};

/* The session of that connection (0: a free one); NULL: none. */
struct live *oracle_live(struct simulation *s, uint64_t connection);
/* A message of that sequence is on its way: known before anything is seen of it. */
struct known *oracle_expect(struct simulation *s, uint64_t sequence);
/* Before a revocation and after: what waits and is permitted only by what is being revoked. */
void oracle_doom(struct simulation *s, int subject, bool after);
/* Everything that the latest record brought about. */
void oracle_see(struct simulation *s);
/* Is its leading part permitted now? */
bool oracle_permits(const struct simulation *s, const struct known *message);
/* No tick is due: nothing that is permitted is held. */
void oracle_settled(const struct simulation *s);

#endif
