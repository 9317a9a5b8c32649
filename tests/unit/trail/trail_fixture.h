/*
 * trail_fixture - a trail in a folder of its own, and facts to put into it.
 */
#ifndef UNIT_TRAIL_TRAIL_FIXTURE_H
#define UNIT_TRAIL_TRAIL_FIXTURE_H

#include "trail/trail_index.h"
#include "trail/trail_view.h"

struct trail_fixture {
	char folder[64];
	char path[80];
	struct trail_index *index;
};

/* What a made fact says; 0 and NULL leave a field out. */
struct made_fact {
	uint64_t sequence;
	int64_t time_ms;
	unsigned subject, referral, message;
	unsigned grant, basis; /* relied on; `basis` in that field */
	const char *agency, *recipient, *actor;
	const char *event; /* NULL: "submission" */
	const char *type, *code, *proceeding, *certificate;
	struct tc_slice record;
};

int trail_fixture_setup(void **state);
int trail_fixture_teardown(void **state);
void trail_fixture_reopen(struct trail_fixture *fixture);

/* The id that stands for a number. */
struct tc_id made_id(unsigned number);
void push_fact(struct effects *effects, const struct made_fact *made);
/* One record with one fact, taken. */
void take_one(struct trail_fixture *fixture, const struct made_fact *made);

/* Rows that answer, as "sequence" numbers in the order found; returns how many. */
size_t find_all(struct trail_fixture *fixture, const struct trail_question *question,
		uint64_t *sequences, size_t max);

#endif
