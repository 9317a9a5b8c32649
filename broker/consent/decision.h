/*
 * decision - may these parts go from this agency to that one, now?
 *
 * A pure function of the request, the policy and the consent tables at the caller's
 * place in the log. Deny wins over hold, hold over permit for the same part; what is released is
 * the parts that something permits. A consent that is missing, expired, not yet valid
 * or revoked holds; another proceeding, an insufficient legal basis, and victim
 * information under a consent deny. Only grants that name the sender as discloser
 * and the recipient are ever looked at, so that no code can tell a sender what a
 * consent says about others (42 CFR 2.13(c)). A message goes only with its leading
 * part: its header names that part's type, and "a drug test was taken" is told by that
 * alone, whatever other part may go.
 *
 * Where several network ids are one person, the grants of all of them count: those of the
 * subject's own id first, the others' for what these leave open.
 *
 * What a decision reads is what is in force between the two. What is over (superseded,
 * revoked) is read only for the reason why something is held, and of that the newest
 * DECISION_OVER_MAX rows: nobody makes others' decisions slow by recording and ending.
 *
 * Owner:  the caller's transaction, read or write. Blocks: never.
 */
#ifndef CONSENT_DECISION_H
#define CONSENT_DECISION_H

#include "base/id.h"
#include "consent/consent_tables.h"
#include "consent/policy.h"
#include "wire/limits.h"
#include "wire/refusal.h"

#define DECISION_GRANTS_MAX POLICY_CATEGORY_COUNT /* at most one for each category */
#define DECISION_OVER_MAX   64                    /* rows that are over */

enum decision_kind {
	DECISION_PERMIT = 1,   /* every part */
	DECISION_PERMIT_PARTS, /* those in parts_mask; the others are withheld */
	DECISION_HOLD,         /* none now; a consent to come may release it */
	DECISION_DENY,         /* none, and no consent to come changes that */
};

struct decision_request {
	const tc_agency *sender;
	enum agency_kind sender_kind;
	const tc_agency *recipient;
	enum agency_kind recipient_kind;
	struct tc_slice recipient_role;   /* header.recipients[i].role; empty: the agency as such */
	struct tc_slice recipient_person; /* header.recipients[i].person; empty: nobody named */
	struct tc_id subject;             /* none: only EXCHANGE parts can go */
	const struct tc_id *also;   /* further network ids of the same person: their grants count */
	size_t also_count;          /* at most UINT8_MAX */
	uint32_t purpose;           /* throughcare.v1.Purpose */
	struct tc_id grant;         /* header.basis.grant_id; none: any grant of the subject */
	uint32_t legal;             /* header.basis.legal; 0: none named */
	struct tc_slice reference;  /* header.basis.reference */
	struct tc_slice actor;      /* header.actor.id */
	struct tc_slice proceeding; /* header.proceeding_id */
	const uint8_t *categories;  /* of each part, in order */
	size_t part_count;          /* 0..TC_PARTS_MAX; none: permitted */
	uint64_t forbidden; /* bit i: the rule that part i came with forbids to pass it on so */
	bool message;       /* the parts are one message's: the first one leads */
	int64_t now_ms;     /* or, where `past`, any time before: decided as of then */
	bool sender_named;  /* only grants that name the sender itself, not its class */
	bool past;          /* reads all that is over now and may not have been then */
	const struct tc_id *without; /* grants taken for revoked from the start: "what if?" */
	size_t without_count;
};

struct decision {
	enum decision_kind kind;
	uint64_t parts_mask;       /* bit i: part i is released */
	enum tc_refusal_code code; /* why not, for what is withheld; NONE when all is released */
	char basis[40];            /* grant id of the first released part, legal basis, or "none" */
	struct tc_id grants[DECISION_GRANTS_MAX]; /* what the release relies on... */
	uint32_t versions[DECISION_GRANTS_MAX];   /* ...in this version of its consent... */
	uint8_t of[DECISION_GRANTS_MAX]; /* ...about: 0 the subject itself, else also[of - 1] */
	size_t grant_count;
	uint32_t obligations;        /* bits of notices, see notice.h and policy_notice */
	uint32_t rule_version;       /* of the policy */
	int16_t rules[TC_PARTS_MAX]; /* of the policy, that each part was ruled on by; -1: none */
	struct tc_id telling;        /* the grant not in force that `code` tells of; or none */
	int64_t recheck_ms;          /* HOLD: a grant becomes valid then; 0: no such time */
};

/* 0 or a fault. */
int decision_take(struct store_txn *txn, const struct consent_tables *tables,
		  const struct policy *policy, const struct decision_request *request,
		  struct decision *ret) TC_MUST_CHECK;

/* What would go is held for a reason that no consent has to do with. */
void decision_hold(struct decision *decision, enum tc_refusal_code code);

/* "permit", "permit_parts", "hold", "deny". */
const char *decision_kind_name(enum decision_kind kind);

#endif
