/*
 * supervision - what each agency has been told of how a person is supervised: by whom, at which
 * level, in custody or not, and when the next hearing is (hearing.h has them all).
 *
 *   SUPERVISION        agency, subject -> row
 *   SUPERVISION_LATER  delivery        -> what its recipient will know when it is handed over
 *
 * Who sends a message knows of it at once, who receives it from its hand-over on, and nobody else.
 * The same holds for what follows: care at a provider pauses for custody when the provider has been
 * told of it, and not before (P7).
 *
 * Owner:  ledger thread for writing, inside its transaction; any transaction reads. Blocks: never.
 */
#ifndef LEDGER_SUPERVISION_H
#define LEDGER_SUPERVISION_H

#include "ledger/submission.h"
#include "store/store.h"

struct ledger;
struct record_ranges;

enum supervision_outcome {
	SUPERVISION_UNKNOWN = 1, /* the agency has been told nothing of that person */
};

/* What it is known by. */
enum supervision_fact {
	SUPERVISION_OFFICER,
	SUPERVISION_TEAM,
	SUPERVISION_LEVEL,
	SUPERVISION_RISK,
	SUPERVISION_CUSTODY,
	SUPERVISION_ABSCONDED,
	SUPERVISION_ENDED,
	SUPERVISION_FACTS,
};

struct supervision {
	char officer[65], team[65];
	char level[65], risk[65]; /* of supervision; of risk */
	bool custody, absconded;
	int64_t ended_ms;                 /* 0: it has not */
	int64_t hearing_ms;               /* the next one when it was told last; 0: none */
	uint32_t supervisor;              /* principal: of the latest transfer; 0: none */
	uint64_t said[SUPERVISION_FACTS]; /* by which record: its sequence */
};

/* Of SupervisionEvent: a transfer is told to the agency that supervises from now on. */
int supervision_check(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;
/* Of SupervisionEvent, RiskLevelChange, HearingNotice and HearingResult, as struct follow says. */
int supervision_apply(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;
/* At the first hand-over. */
int supervision_told(struct ledger *ledger, const struct delivery *delivery) TC_MUST_CHECK;
/* The delivery ended: what nobody was told is forgotten. */
int supervision_forget(struct ledger *ledger, const struct delivery *delivery) TC_MUST_CHECK;

/* As if that had never been said. */
void supervision_unsay(struct supervision *supervision, enum supervision_fact fact);

/* What these records told of anybody's supervision and hearings nobody knows any more. */
int supervision_expunge(struct ledger *ledger, const struct record_ranges *gone) TC_MUST_CHECK;

/* As that agency (a principal) knows it: 0, SUPERVISION_UNKNOWN or a fault. */
int supervision_find(struct store_txn *txn, struct store_table table, uint32_t agency,
		     struct tc_id subject, struct supervision *ret) TC_MUST_CHECK;

#endif
