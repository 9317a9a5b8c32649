/*
 * journal_conformance - what every implementation of journal.h must do, as cmocka tests.
 *
 * An implementation fills struct journal_candidate and gives its address as the group's
 * initial state; its own program may add tests beside these.
 *
 * Owner: the test program.
 */
#ifndef TESTS_JOURNAL_CONFORMANCE_H
#define TESTS_JOURNAL_CONFORMANCE_H

#include "base/clock.h"
#include "journal/journal.h"

struct journal_candidate {
	/* A new empty place to store in / the end of it. Called around each test. */
	void (*place_make)(struct journal_candidate *candidate);
	void (*place_remove)(struct journal_candidate *candidate);
	/* Opens what is stored there. `small`: with so little room that 4 MiB fill it. */
	int (*open)(struct journal_candidate *candidate, bool small, struct journal **ret);
	/* Changes one bit where `needle` is stored, behind the implementation's back, while it is
	 * closed. False when it is not found. */
	bool (*corrupt)(struct journal_candidate *candidate, struct tc_slice needle);
	struct tc_clock clock; /* to be used by what `open` opens; reads now_ms */
	int64_t now_ms;
	void *context; /* the implementation's own */
};

/* Runs all of them; returns the number that failed. */
int journal_conformance_run(struct journal_candidate *candidate);
/* Those of journal_read_leaves alone. */
int journal_conformance_leaves_run(struct journal_candidate *candidate);

#endif
