/*
 * appointment_row - the rows of appointments, and the lists that follow them: inside of this
 * folder.
 *
 * Owner: as appointment.h. Blocks: never.
 */
#ifndef REFERRAL_APPOINTMENT_ROW_H
#define REFERRAL_APPOINTMENT_ROW_H

#include "referral/appointment.h"

/* Of owner, person and id. */
int appointment_key(const tc_agency *owner, struct tc_id subject, struct tc_id id,
		    struct tc_id *ret) TC_MUST_CHECK;
/* Writes the row and keeps the lists in step: `made` adds it to them. */
int appointment_put(struct store_txn *txn, const struct referral_tables *tables,
		    const struct appointment *appointment, bool made) TC_MUST_CHECK;

#endif
