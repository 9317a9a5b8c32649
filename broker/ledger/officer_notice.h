/*
 * officer_notice - a record of a meeting that the person's officer must see, and not only the
 * system of the officer's agency.
 *
 * An AttendanceRecord asks for it by notify_officer, and one with a safety flag always does. With
 * the hand-over of the record (of its first part: P7) the source of the referral gets an
 * OfficerNotice that names the officer as the source itself has named that one. A named person
 * acknowledges within a working day (TaskReply to the record); whoever sent the record is told
 * that, or that nobody has. A record of no referral asks whoever it is addressed to, and names
 * nobody; to others than the source it is a record like all.
 *
 * Owner:  ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_OFFICER_NOTICE_H
#define LEDGER_OFFICER_NOTICE_H

#include <stdbool.h>

#include "ledger/delivery.h"
#include "throughcare/v1/record.pb-c.h"

/* Does the claim of a message ask for it? `claim` may be NULL. */
bool officer_notice_asked(struct tc_slice type, const Throughcare__V1__LifecycleClaim *claim);
/* The first hand-over of a message to this recipient. */
int officer_notice_released(struct ledger *ledger, const struct delivery *delivery) TC_MUST_CHECK;

#endif
