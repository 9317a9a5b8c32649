/*
 * actor - the human actor that a message names, and whether two of them are one person.
 *
 * Agencies give their people ids as they like, so that "J.Doe" and "j.doe " are taken for
 * one: blanks around an id do not count, nor does the case of ASCII letters. Other letters
 * are compared as they are written (no Unicode normal form): an agency that tells people
 * apart by more than that must not give two ids to one of them. Where much hangs on it, only
 * plain ids are taken.
 *
 * Owner: nobody; constant. Blocks: never.
 */
#ifndef WIRE_ACTOR_H
#define WIRE_ACTOR_H

#include <stdbool.h>

#include "base/bytes.h"

/* Blanks name nobody. */
bool tc_actor_named(struct tc_slice actor);
/* One word of printable ASCII: where two of them must be two persons, nothing may look alike. */
bool tc_actor_plain(struct tc_slice actor);
bool tc_actor_same(struct tc_slice a, struct tc_slice b);

#endif
