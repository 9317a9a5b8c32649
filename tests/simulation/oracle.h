/*
 * oracle - what a run of the simulation has been told, and what it holds every step against.
 *
 * The oracle holds: nothing is lost after its receipt (each accepted message ends
 * delivered, recalled, expired or dead, or is still known); messages of one referral to
 * one recipient are handed out in order and one at a time; of what is protected exactly those
 * parts are handed over that something permits at that time (grounds.h), with the grant that
 * does, its notice and its scope; nothing permitted stays held once the ticks are done, and
 * nothing is held for longer than the policy lets its categories wait; what is sealed to a
 * certificate that is its recipient's no longer does not go; nothing of a suspended sender
 * goes; when a revocation is acknowledged, all that waited under it is recalled, however many
 * slices that took; every move has one fact, and every message that ended badly its evidence.
 *
 * Owner: the simulation.
 */
#ifndef TESTS_ORACLE_H
#define TESTS_ORACLE_H

#include "simulation/emergency.h"
#include "simulation/exchange.h"
#include "simulation/grounds.h"

#define SUBJECTS  6
#define REFERRALS 8
#define MESSAGES  50000
#define SEQUENCES 1000000
#define SESSIONS  16

#define AGENCIES  5 /* from GROUND_FIRST on those whom the grounds speak of */
#define TREATMENT 1 /* among them: it is suspended now and then */

enum fate { QUEUED, IN_FLIGHT, ENDED };

/* A message as the oracle knows it. */
struct known {
	uint64_t sequence;
	int from, to;
	int referral;             /* -1: none */
	bool protected;           /* released as the grounds say... */
	struct ground_ask ask[2]; /* ...part by part */
	int parts;
	int64_t expires_ms;
	bool held;
	int64_t held_ms;
	int seal;      /* the recipient's certificate that the last part is sealed to; 0: clear */
	unsigned owed; /* bits of evidence that its sender is to get, and... */
	unsigned told; /* ...has got */
	struct emergency *emergency; /* NULL: an ordinary one */
	bool doomed;                 /* by the latest revocation of its subject */
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
	int certificate[AGENCIES]; /* the newest of each; 0: none was seen */
	bool suspended;            /* TREATMENT */
	struct emergency emergencies[EMERGENCIES];
	int emergency_count;
	size_t releases, holds_over, recalled_stale; /* that were seen */
};

/* The session of that connection (0: a free one); NULL: none. */
struct live *oracle_live(struct simulation *s, uint64_t connection);
/* A message of that sequence is on its way: known before anything is seen of it. */
struct known *oracle_expect(struct simulation *s, uint64_t sequence);
/* The latest one is not sent after all. */
void oracle_forget(struct simulation *s);
/* Before a revocation and after: what waits and is permitted only by what is being revoked. */
void oracle_doom(struct simulation *s, int subject, bool after);
/* Everything that the latest record brought about. */
void oracle_see(struct simulation *s);
/* What of a protected one may go now; 0: nothing. */
uint64_t oracle_mask(const struct simulation *s, const struct known *message);
/* May it go now? */
bool oracle_permits(const struct simulation *s, const struct known *message);
/* No tick is due: nothing that is permitted is held. */
void oracle_settled(const struct simulation *s);

#endif
