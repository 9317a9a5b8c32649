/*
 * steps - what the agencies of the simulation do, one thing at a time, at random: send, log
 * on and off with older and newer certificates, collect, acknowledge or not, record and
 * revoke consents, hear, rule, review, suspend; and time passes, and the exchange crashes.
 *
 * Owner: the simulation.
 */
#ifndef TESTS_STEPS_H
#define TESTS_STEPS_H

#include "simulation/oracle.h"

extern const char *const agency_names[AGENCIES];
extern const char *const agency_kinds[AGENCIES];

/* The id of the next message: it carries the sequence that it will have, so that facts can be
 * followed. */
struct tc_id steps_next_id(struct simulation *s);

void steps_take(struct simulation *s);
/* TREATMENT is suspended, or active again. */
void steps_suspend(struct simulation *s);
/* As after SIGKILL. */
void steps_restart(struct simulation *s);

#endif
