/*
 * consent_event - what an event of a proceeding does to the grants that wait for it.
 *
 * A grant may expire on an event, or become revocable with it (42 CFR 2.35(c)). Which
 * messages of whom make which event happen is the policy's, and of these whose word counts
 * for a grant says authority.h; the final disposition of the proceeding is the latest at which a
 * grant becomes revocable, whatever else it waits for.
 *
 * An event counts from the record that tells of it. A proceeding may have more grants than
 * one step should touch: so the event stands in a table as unsettled until the last of them
 * was reached, and until then whoever decides on a grant of the proceeding, or changes one,
 * asks there.
 *
 *   consent_unsettled   proceeding, sequence, index -> the event, the latest grant reached
 *
 * Owner:  ledger thread, inside its write transaction. Blocks: never.
 */
#ifndef CONSENT_CONSENT_EVENT_H
#define CONSENT_CONSENT_EVENT_H

#include "consent/authority.h"
#include "consent/grant_walk.h"

#define CONSENT_PROCEEDING_BYTES_MAX 64

enum consent_event_outcome {
	CONSENT_EVENT_MORE = 1, /* there are further grants */
};

struct consent_event {
	char proceeding[CONSENT_PROCEEDING_BYTES_MAX + 1];
	uint64_t sequence; /* of the record that tells of it: grants of earlier ones wait for it */
	uint32_t index;    /* which of the record's events */
	char code[GRANT_EVENT_BYTES_MAX + 1]; /* "final_disposition" */
	bool final;                           /* it is the final disposition of the proceeding */
	struct tc_id subject;                 /* none: of everybody in the proceeding */
	struct authority says;                /* whose word it is */
	int64_t at_ms;                        /* from when it counts */
	/* 0: then it happened. Else it had, and is told now of another id of the same person. */
	int64_t happened_ms;
	uint64_t said; /* of the record that told of it first; 0: this one */
};

/* It has happened. The caller has checked that the policy believes whoever says so. */
int consent_event_begin(struct store_txn *txn, const struct consent_tables *tables,
			const struct consent_event *event) TC_MUST_CHECK;
/* Reaches up to `most` further grants; appends what flips to *ret. 0: that was the last one, or
 * CONSENT_EVENT_MORE, or a fault. *ret_visited: how many there were. */
int consent_event_step(struct store_txn *txn, const struct consent_tables *tables,
		       const char *proceeding, uint64_t sequence, uint32_t index, unsigned most,
		       struct grant_changes *ret, unsigned *ret_visited) TC_MUST_CHECK;
/* What is unsettled of this grant is settled now: before anything else happens to it. */
int consent_event_catch_up(struct store_txn *txn, const struct consent_tables *tables,
			   const struct walk_consent *consent, struct walk_grant *grant,
			   struct grant_changes *ret) TC_MUST_CHECK;

/* What unsettled events make of a grant, whether they have reached it or not. */
struct consent_event_effect {
	int64_t expired_ms;   /* GRANT_NEVER... */
	int64_t revocable_ms; /* ...when not */
};

/* Whether any event is unsettled at all: hardly ever. */
int consent_event_unsettled(struct store_txn *txn, const struct consent_tables *tables,
			    bool *ret) TC_MUST_CHECK;
/* By that time. */
int consent_event_foresee(struct store_txn *txn, const struct consent_tables *tables,
			  struct tc_slice proceeding, struct tc_id grant, uint32_t version,
			  int64_t by_ms, struct consent_event_effect *ret) TC_MUST_CHECK;

#endif
