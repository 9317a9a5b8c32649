/*
 * grounds - what permits a release, as the simulation's oracle knows it by itself: signed
 * consents, what became of them, and the policy.
 *
 * Of the treatment agency's information three categories go to parole, court or housing
 * under consents that begin, end, are taken back (wholly, or for one recipient), wait for
 * a hearing before they can be (42 CFR 2.35), or end with it. A policy forbids one of the
 * categories now and then. Every answer is for a time, so that it can be asked about the
 * past as well.
 *
 * Owner: the simulation.
 */
#ifndef TESTS_GROUNDS_H
#define TESTS_GROUNDS_H

#include "simulation/exchange.h"

#define GROUND_RECIPIENTS  3 /* parole, court, housing: agencies from GROUND_FIRST on */
#define GROUND_FIRST       2
#define GROUND_CATEGORIES  3
#define GROUND_PROCEEDINGS 3 /* none, and two */
#define GROUNDS_MAX        512

/* One consent of one grant. */
struct ground {
	struct tc_id consent, grant;
	int subject;
	unsigned categories; /* bits */
	unsigned recipients; /* bits */
	int proceeding;      /* 0: none */
	int64_t recorded_ms, from_ms, until_ms;
	bool ends_at_hearing;
	int64_t revocable_ms;               /* INT64_MAX: at the hearing */
	bool revoked[GROUND_RECIPIENTS];    /* taken back, and... */
	int64_t over_ms[GROUND_RECIPIENTS]; /* ...over from then on */
};

struct grounds {
	struct ground rows[GROUNDS_MAX];
	size_t count;
	uint32_t policy_version;
	bool forbidden[GROUND_CATEGORIES];     /* by the policy */
	uint32_t hold_days[GROUND_CATEGORIES]; /* by the policy; 0: as long as it is valid */
};

extern const uint32_t ground_categories[GROUND_CATEGORIES];
extern const char *const ground_proceedings[GROUND_PROCEEDINGS]; /* the first is NULL */

#define GROUND_DAY_MS INT64_C(86400000)

/* What a message asks. */
struct ground_ask {
	int subject;
	int recipient; /* from 0 */
	int category;
	int proceeding;
};

/* Is it permitted at that time? */
bool grounds_permit(const struct grounds *grounds, const struct ground_ask *ask, int64_t at_ms);
/* Does this grant permit it then? */
bool grounds_name(const struct grounds *grounds, const struct ground_ask *ask, const char *grant,
		  int64_t at_ms);
/* Until when what was held at that time waits for a consent; expires_ms: as long as it is valid. */
int64_t grounds_hold_end(const struct grounds *grounds, const struct ground_ask *asks, int parts,
			 int64_t held_ms, int64_t expires_ms);
/* Has anything of the subject come into force after that time? */
bool grounds_begin(const struct grounds *grounds, int subject, int64_t after_ms, int64_t now_ms);

/* Steps: each changes what the oracle knows before the exchange is told, so that nothing may go
 * wrong in the very step. `random` is drawn from; `subject` is of that number. False: there are too
 * many to record another. */
bool grounds_record(struct grounds *grounds, struct exchange *x, int subject, struct tc_id id,
		    uint64_t random);
/* Takes one of the subject's back, for one recipient or all. Returns the revocation's sequence; 0:
 * there was none to take back. */
uint64_t grounds_revoke(struct grounds *grounds, struct exchange *x, int subject, struct tc_id id,
			uint64_t random);
/* A hearing that is about to end the proceeding: the caller tells the exchange of it. */
void grounds_hear(struct grounds *grounds, int subject, int proceeding, int64_t now_ms);
/* As the shipped policy has it. */
void grounds_open(struct grounds *grounds);
/* Another version of the policy that forbids one category, or allows it again, and has another
 * clock of hold for one. */
void grounds_rule(struct grounds *grounds, struct exchange *x, uint64_t random);

#endif
