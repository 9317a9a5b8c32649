/*
 * fact - rows for the trail: one for each thing that happened, with ids and codes only.
 *
 * Owner: ledger thread. Blocks: never.
 */
#ifndef LEDGER_FACT_H
#define LEDGER_FACT_H

#include "base/err.h"
#include "base/id.h"
#include "ledger/delivery.h"
#include "ledger/terms.h"
#include "throughcare/v1/wire.pb-c.h"
#include "wire/limits.h"

struct ledger;
struct submission;

/* A row with room for the texts of its ids. Fill `row`, or use the calls below, then push. */
struct fact_draft {
	Throughcare__V1__TrailRow row;
	char message[TC_ID_TEXT_BYTES];
	char subject[TC_ID_TEXT_BYTES];
	char referral[TC_ID_TEXT_BYTES];
	char certificate[65];
	char actor[TC_ACTOR_BYTES_MAX + 1];
	char *released[TC_PARTS_MAX];
	char *withheld[TC_PARTS_MAX];
	char *rules[TC_PARTS_MAX];
};

/* `event` and other texts are borrowed until the push. Empty and NULL ones are left out. */
void fact_init(struct fact_draft *draft, const char *event);
void fact_text(char **field, const char *text);
/* Its text in `text`; none is left out. */
void fact_id(char **field, char text[TC_ID_TEXT_BYTES], struct tc_id id);
void fact_message(struct fact_draft *draft, struct tc_id message);
void fact_subject(struct fact_draft *draft, struct tc_id subject);
void fact_referral(struct fact_draft *draft, struct tc_id referral);
/* Who and which certificate, from the record. */
void fact_peer(struct fact_draft *draft, const Throughcare__V1__Peer *peer);
/* Which message brought it about, and who sent that: agency, certificate and person. */
void fact_submission(struct fact_draft *draft, const struct ledger *ledger,
		     const struct submission *submission);
int fact_push(struct ledger *ledger, const struct fact_draft *draft) TC_MUST_CHECK;

/* What became of a delivery. `code` may be NULL. */
int fact_delivery(struct ledger *ledger, const char *event, const struct delivery *delivery,
		  const char *code) TC_MUST_CHECK;
/* It was handed over: what, on what basis, on which terms. The last two are NULL for what the
 * exchange itself says. */
int fact_release(struct ledger *ledger, const struct delivery *delivery,
		 const struct decision *decision, const struct terms *terms) TC_MUST_CHECK;

#endif
