/*
 * order_fixture - orders about the trail, said and approved.
 *
 * Owner: the test.
 */
#ifndef TESTS_ORDER_FIXTURE_H
#define TESTS_ORDER_FIXTURE_H

#include "unit/ledger/ledger_fixture.h"

/* In a static buffer. */
const char *order_id_text(struct tc_id id);
/* An order about one target; `what` is the field that names it. */
struct tc_id order_say(struct exchange *x, const char *from, const char *actor, const char *kind,
		       const char *what, struct tc_id target);
/* The court's, that ends another one. */
struct tc_id order_ending(struct exchange *x, const char *actor, const char *kind,
			  struct tc_id ended);
void order_approve(struct exchange *x, const char *from, const char *actor, struct tc_id id,
		   bool approved);
/* What the daemon writes of records that it has taken out: from the first one on, by an order of
 * which this log does not have the record. */
void order_forgets(struct exchange *x, uint64_t first, uint32_t count);
/* By the order at that place of the log, from there on. */
void order_forgets_by(struct exchange *x, uint64_t order_sequence, uint32_t count);
/* Of the first record of all and of that one only the contents, which were kept long enough. */
void retention_forgets(struct exchange *x, uint64_t sequence);
/* What a reader of the newest commit is told. */
bool order_hidden(struct exchange *x, struct tc_id subject, struct tc_id message,
		  const char *asker);

#endif
