/*
 * appointments - what meetings mean for the ledger: their timers, the trail, and who hears of it
 * when nobody says how one went, or when somebody stays away too often. The machine itself is
 * referral/appointment.h.
 *
 * Owner:  ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_APPOINTMENTS_H
#define LEDGER_APPOINTMENTS_H

#include "ledger/submission.h"

struct ledger;

/* Of AppointmentScheduled, AppointmentChanged, AttendanceRecord: as struct follow says. */
int appointments_check(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;
int appointments_apply(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;

/* At the first hand-over: to whom it went knows of the meeting. */
int appointments_told(struct ledger *ledger, const struct delivery *delivery) TC_MUST_CHECK;

/* TIMER_APPOINTMENT. */
int appointments_clock(struct ledger *ledger, struct tc_id key) TC_MUST_CHECK;

#endif
