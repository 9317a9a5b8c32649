/*
 * calendars - the calendars in force, one for each jurisdiction, and whose is whose.
 *
 *   calendar  jurisdiction -> version, sequence, time, packed CalendarEntry
 *
 * An operator puts one in force for the whole network, or for the agencies of one
 * jurisdiction. Clocks that count days are computed anew then, in slices (job.h).
 *
 * Owner:  ledger thread, inside its transaction; any transaction reads rows.
 * Blocks: never.
 */
#ifndef LEDGER_CALENDARS_H
#define LEDGER_CALENDARS_H

#include "base/id.h"
#include "ledger/registry.h"
#include "referral/calendar.h"
#include "referral/clock.h"
#include "store/store.h"

struct job;
struct ledger;
struct submission;

/* Those in force, parsed: few, and determined by the table. */
struct calendars {
	struct calendars_entry *entries;
	size_t count;
	struct clock_book book;
};

int calendars_load(struct ledger *ledger) TC_MUST_CHECK;
void calendars_done(struct calendars *calendars);

/* A CalendarEntry. As exchange_message_apply. */
int calendars_submit(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;
/* Other days count, for some agency: starts JOB_CALENDAR. */
int calendars_recount(struct ledger *ledger) TC_MUST_CHECK;
/* A slice of JOB_CALENDAR: 0, JOB_MORE or a fault. */
int calendars_job(struct ledger *ledger, struct job *job) TC_MUST_CHECK;

/* That of an agency; NULL: Monday to Friday, UTC. */
const struct calendar *calendars_of(struct ledger *ledger, const tc_agency *agency);

/* ---- reading ---- */

enum calendars_outcome {
	CALENDARS_UNKNOWN = 1, /* no such row; no further one */
};

struct calendar_row {
	char jurisdiction[REGISTRY_JURISDICTION_BYTES_MAX + 1];
	uint32_t version;
	uint64_t sequence;
	int64_t at_ms;
	struct tc_slice entry; /* packed CalendarEntry, borrowed */
};

/* The first (`after` NULL), or the one after. 0, CALENDARS_UNKNOWN or a fault. */
int calendars_next(struct store_txn *txn, struct store_table table, const char *after,
		   struct calendar_row *ret) TC_MUST_CHECK;
int calendars_find(struct store_txn *txn, struct store_table table, const char *jurisdiction,
		   struct calendar_row *ret) TC_MUST_CHECK;

#endif
