/*
 * gate - the one place that says how much of an answer is the asker's.
 *
 * Who may ask what at all is a table of the ledger (asking.h), which every question
 * passes first. An agency sees what it sent and what was released to it, and nothing
 * else; an auditor sees facts about everybody and content of nobody; an operator keeps
 * the exchange running and learns no person's id. That something exists is itself
 * protected (42 CFR 2.13(c)): what is not the asker's answers as if it did not exist.
 *
 * Owner: any query thread. Blocks: on page faults only.
 */
#ifndef QUERY_GATE_H
#define QUERY_GATE_H

#include "query/question.h"
#include "throughcare/v1/consent.pb-c.h"

/* Was (a part of) this message handed over to that agency before the question? 0 and *ret, or a
 * fault. */
int gate_released(const struct question *question, struct tc_id message, const tc_agency *to,
		  bool *ret) TC_MUST_CHECK;

/* The referral as it is the asker's business: its source, and its target once the referral itself
 * has been released to it. 0 and *ret, or a fault. */
int gate_referral(const struct question *question, const struct referral *referral,
		  bool *ret) TC_MUST_CHECK;

/* Whether the person is the asker's business: a consent of the person that it recorded or that
 * names it, or somebody else's message about the person that was released to it. That it treats
 * people does not make everybody its patient. 0 and *ret, or a fault. */
int gate_person(const struct question *question, struct tc_id subject, bool *ret) TC_MUST_CHECK;

/* All of a consent: who recorded it, and auditors. */
bool gate_consent(const struct question *question, const struct consent_view *consent);
/* How much of one side of a grant's parties is the asker's business. */
enum gate_side {
	GATE_SIDE_SELF = 1, /* only itself */
	GATE_SIDE_ALL,
};

struct gate_sides {
	enum gate_side disclosers;
	enum gate_side recipients;
};

/* One grant: also those whom it lets disclose, with whom it lets them tell and without who else may
 * tell them. False: it is not the asker's business. */
bool gate_grant(const struct question *question, const Throughcare__V1__ConsentGrant__Grant *grant,
		struct gate_sides *ret);

/* What of a decision, as a row of the trail tells of it, may be explained to the asker. */
enum gate_share {
	GATE_SHARE_NOTHING = 0,
	GATE_SHARE_RECEIVED, /* what was released to it, and nothing of what was not */
	GATE_SHARE_SENT,     /* its own message: what stood between it and this recipient */
	GATE_SHARE_ALL,
};
enum gate_share gate_reason(const struct question *question, const Throughcare__V1__TrailRow *row);

/* False: the row is not the asker's business. True: what the asker may not have was taken out of
 * it. An agency gets what it did itself, and releases to it without what was withheld. */
bool gate_trail_row(const struct question *question, Throughcare__V1__TrailRow *row);

#endif
