/*
 * Random sequences of legal and illegal messages against a second, independent reading
 * of DOMAIN.md section 3: one string of edges, written down from the page and not from
 * lifecycle.c. Seeded; a failure prints its seed.
 */
#include "unit/referral/referral_fixture.h"

#include <stdio.h>
#include <string.h>

/* "actor message status: from>to from>to"; "~" is the state before the withdrawal. */
static const char *const edges[] = {
	"target ReferralResponse RECEIVED: REQUESTED>RECEIVED INFO_REQUESTED>RECEIVED",
	"target ReferralResponse INFO_REQUESTED: RECEIVED>INFO_REQUESTED",
	"target InfoRequest -: RECEIVED>INFO_REQUESTED INFO_REQUESTED>INFO_REQUESTED",
	"source InfoReply -: INFO_REQUESTED>RECEIVED",
	"target ReferralResponse WAITLISTED: RECEIVED>WAITLISTED WAITLISTED>WAITLISTED",
	"source ReferralResponse STILL_WANTED: WAITLISTED>WAITLISTED",
	"target ReferralResponse OFFERED: RECEIVED>OFFERED WAITLISTED>OFFERED",
	"target ReferralResponse ACCEPTED: RECEIVED>ACCEPTED WAITLISTED>ACCEPTED",
	"source ReferralResponse ACCEPTED: OFFERED>ACCEPTED",
	"target ReferralResponse DECLINED: RECEIVED>DECLINED INFO_REQUESTED>DECLINED "
	"WAITLISTED>DECLINED OFFERED>DECLINED",
	"target ReferralResponse REROUTED: RECEIVED>REROUTED",
	"source ReferralCancel -: REQUESTED>CANCELLED RECEIVED>CANCELLED INFO_REQUESTED>CANCELLED "
	"WAITLISTED>CANCELLED OFFERED>CANCELLED ACCEPTED>CANCEL_REQUESTED "
	"SCHEDULED>CANCEL_REQUESTED IN_PROGRESS>CANCEL_REQUESTED ON_HOLD>CANCEL_REQUESTED",
	"target ReferralResponse SCHEDULED: ACCEPTED>SCHEDULED",
	"target ReferralResponse IN_PROGRESS: ACCEPTED>IN_PROGRESS SCHEDULED>IN_PROGRESS",
	"target AttendanceRecord ATTENDED: ACCEPTED>IN_PROGRESS SCHEDULED>IN_PROGRESS "
	"IN_PROGRESS>IN_PROGRESS ON_HOLD>ON_HOLD CANCEL_REQUESTED>CANCEL_REQUESTED "
	"DECLINED>DECLINED REROUTED>REROUTED CANCELLED>CANCELLED ENDED_EARLY>ENDED_EARLY "
	"COMPLETED>COMPLETED ENTERED_IN_ERROR>ENTERED_IN_ERROR",
	"target ReferralResponse ON_HOLD: IN_PROGRESS>ON_HOLD",
	"target ReferralResponse RESUMED: ON_HOLD>IN_PROGRESS",
	"source ReferralResponse RESUMED: ON_HOLD>IN_PROGRESS",
	"target OutcomeReport COMPLETED: IN_PROGRESS>COMPLETED DECLINED>DECLINED "
	"REROUTED>REROUTED CANCELLED>CANCELLED ENDED_EARLY>ENDED_EARLY COMPLETED>COMPLETED "
	"ENTERED_IN_ERROR>ENTERED_IN_ERROR",
	"target OutcomeReport ENDED_EARLY: ACCEPTED>ENDED_EARLY SCHEDULED>ENDED_EARLY "
	"IN_PROGRESS>ENDED_EARLY ON_HOLD>ENDED_EARLY DECLINED>DECLINED REROUTED>REROUTED "
	"CANCELLED>CANCELLED ENDED_EARLY>ENDED_EARLY COMPLETED>COMPLETED "
	"ENTERED_IN_ERROR>ENTERED_IN_ERROR",
	"target ReferralResponse CANCEL_CONFIRMED: CANCEL_REQUESTED>CANCELLED",
	"target ReferralResponse CANCEL_REJECTED: CANCEL_REQUESTED>~",
	"court CourtOrder RECALL: ACCEPTED>CANCELLED SCHEDULED>CANCELLED IN_PROGRESS>CANCELLED "
	"ON_HOLD>CANCELLED",
	"source ReferralResponse ENTERED_IN_ERROR: REQUESTED>ENTERED_IN_ERROR "
	"RECEIVED>ENTERED_IN_ERROR INFO_REQUESTED>ENTERED_IN_ERROR "
	"WAITLISTED>ENTERED_IN_ERROR OFFERED>ENTERED_IN_ERROR ACCEPTED>ENTERED_IN_ERROR "
	"SCHEDULED>ENTERED_IN_ERROR IN_PROGRESS>ENTERED_IN_ERROR ON_HOLD>ENTERED_IN_ERROR "
	"CANCEL_REQUESTED>ENTERED_IN_ERROR DECLINED>ENTERED_IN_ERROR "
	"REROUTED>ENTERED_IN_ERROR CANCELLED>ENTERED_IN_ERROR ENDED_EARLY>ENTERED_IN_ERROR "
	"COMPLETED>ENTERED_IN_ERROR",
	"target ReferralResponse ENTERED_IN_ERROR: REQUESTED>ENTERED_IN_ERROR "
	"RECEIVED>ENTERED_IN_ERROR INFO_REQUESTED>ENTERED_IN_ERROR "
	"WAITLISTED>ENTERED_IN_ERROR OFFERED>ENTERED_IN_ERROR ACCEPTED>ENTERED_IN_ERROR "
	"SCHEDULED>ENTERED_IN_ERROR IN_PROGRESS>ENTERED_IN_ERROR ON_HOLD>ENTERED_IN_ERROR "
	"CANCEL_REQUESTED>ENTERED_IN_ERROR DECLINED>ENTERED_IN_ERROR "
	"REROUTED>ENTERED_IN_ERROR CANCELLED>ENTERED_IN_ERROR ENDED_EARLY>ENTERED_IN_ERROR "
	"COMPLETED>ENTERED_IN_ERROR",
	"source LoopClosed ACCEPTED: DECLINED>DECLINED REROUTED>REROUTED CANCELLED>CANCELLED "
	"ENDED_EARLY>ENDED_EARLY COMPLETED>COMPLETED ENTERED_IN_ERROR>ENTERED_IN_ERROR",
	"source LoopClosed DISPUTED: DECLINED>DECLINED REROUTED>REROUTED CANCELLED>CANCELLED "
	"ENDED_EARLY>ENDED_EARLY COMPLETED>COMPLETED ENTERED_IN_ERROR>ENTERED_IN_ERROR",
	"stranger ReferralResponse ACCEPTED:",
	"source OutcomeReport COMPLETED:",
	"target ReferralCancel -:",
};

#define EDGES (sizeof(edges) / sizeof(edges[0]))

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* The state that the edge leads to, or "" when it is illegal. */
static void model_goal(const char *edge, const char *from, const char *before, char to[32])
{
	char wanted[40];
	const char *at;

	snprintf(wanted, sizeof(wanted), " %s>", from);
	at = strstr(strchr(edge, ':'), wanted);
	to[0] = '\0';
	if (!at)
		return;
	at += strlen(wanted);
	if (*at == '~')
		snprintf(to, 32, "%s", before);
	else
		snprintf(to, 32, "%.*s", (int)strcspn(at, " "), at);
}

static void one_walk(struct fixture *f, uint64_t walk)
{
	uint64_t seed = walk * UINT64_C(0x9e3779b97f4a7c15);
	char now[32] = "REQUESTED", before[32] = "", to[32];
	uint64_t version = 1;
	bool closed = false; /* the loop */

	bring_to(f, REFERRAL_REQUESTED);
	for (int step = 0; step < 60; step++) {
		const char *edge = edges[next_random(&seed) % EDGES];
		char actor[16], type[32], status[32];
		int r;

		assert_int_equal(sscanf(edge, "%15s %31s %31[^:]", actor, type, status), 3);
		model_goal(edge, now, before, to);
		if (closed && strcmp(type, "LoopClosed") == 0)
			to[0] = '\0';
		r = tell_full(f, actor, type, strcmp(status, "-") == 0 ? NULL : status);
		if ((r == 0) != (to[0] != '\0'))
			fail_msg("seed %llu: %s %s %s in %s: %s", (unsigned long long)walk, actor,
				 type, status, now, r == 0 ? "was allowed" : f->refusal.detail);
		if (r != 0)
			continue;
		if (strcmp(now, to) != 0) {
			snprintf(before, sizeof(before), "%s",
				 strcmp(to, "CANCEL_REQUESTED") == 0 ? now : "");
			version++;
			closed = false;
		}
		if (strcmp(type, "LoopClosed") == 0) {
			version++;
			closed = strcmp(status, "ACCEPTED") == 0;
		}
		snprintf(now, sizeof(now), "%s", to);
		assert_string_equal(lifecycle_state(present(f).state)->name, now);
		assert_int_equal(present(f).version, version);
		/* somebody has the next move, and a clock, until the loop is closed */
		assert_int_equal(present(f).due_ms != 0, !closed);
		assert_int_equal(present(f).next_move != 0, !closed);
	}
}

static void random_walks_agree_with_a_second_reading(void **state)
{
	struct fixture *f = *state;

	for (uint64_t seed = 1; seed <= 2000; seed++) {
		f->referral = numbered_id((uint8_t)seed);
		f->referral.bytes[14] = (uint8_t)(seed >> 8);
		one_walk(f, seed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(random_walks_agree_with_a_second_reading,
						fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
