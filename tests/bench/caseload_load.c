/*
 * caseload_load - fills the ledger of an exchange that does not run with referrals, as if
 * they had been made, received and accepted: for tests/bench/caseload.py.
 *
 *   caseload_load LEDGER COUNT PER_OFFICER SOURCE TARGET
 *
 * Both agencies are known to it already. The log has nothing of that: such a ledger is
 * for measuring, and is thrown away.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ledger/case.h"
#include "ledger/state.h"
#include "referral/referral_row.h"

#define MAP_BYTES (32ULL << 30)
#define DAY_MS    INT64_C(86400000)
#define COMMIT    20000 /* referrals */

static void must(int r, const char *what)
{
	if (r == 0)
		return;
	fprintf(stderr, "caseload_load: %s: %d\n", what, r);
	exit(1);
}

static struct tc_id id_of(uint64_t number, uint8_t kind)
{
	struct tc_id id = {{0}};

	tc_put_be64(id.bytes, number);
	id.bytes[6] = (uint8_t)(0x70 | (id.bytes[6] & 0x0f));
	id.bytes[8] = 0x80;
	id.bytes[9] = kind;
	tc_put_be32(id.bytes + 12, (uint32_t)number);
	return id;
}

static void put_one(struct ledger *ledger, struct referral *referral, uint64_t number,
		    uint64_t per_officer)
{
	static const enum referral_state states[] = {REFERRAL_NONE, REFERRAL_REQUESTED,
						     REFERRAL_RECEIVED, REFERRAL_ACCEPTED};
	struct referral_change change = {.moved = true};

	referral->id = change.referral = id_of(number, 1);
	referral->subject = id_of(number, 2);
	referral->message = id_of(number, 3);
	referral->created_ms = ledger->now_ms - 30 * DAY_MS;
	referral->changed_ms = referral->occurred_ms = ledger->now_ms - 10 * DAY_MS;
	/* Some are late, and some are released soon. */
	referral->due_ms = ledger->now_ms + (int64_t)(number * 7919 % 30 - 10) * DAY_MS;
	referral->risk.release_ms = number % 50 == 0 ? ledger->now_ms + 2 * DAY_MS : 0;
	/* Neighbours have different officers, as in life. */
	(void)snprintf(referral->side[REFERRAL_SOURCE].officer,
		       sizeof(referral->side[REFERRAL_SOURCE].officer), "w-%llu",
		       (unsigned long long)(number % per_officer));
	must(referral_put(ledger->txn, &ledger->referral, referral, true), "referral");
	for (uint64_t version = 1; version <= 3; version++) {
		struct referral_step step = {
			.version = version,
			.sequence = 1,
			.at_ms = referral->changed_ms,
			.occurred_ms = referral->changed_ms,
			.from = states[version - 1],
			.to = states[version],
			.message = id_of(number, (uint8_t)(3 + version)),
			.type = "ReferralResponse",
		};

		memcpy(step.by, version == 1 ? referral->source.name : referral->target.name,
		       sizeof(step.by));
		must(referral_step_put(ledger->txn, &ledger->referral, referral->id, &step),
		     "step");
	}
	must(case_follow(ledger, &change), "caseload");
}

int main(int argc, char **argv)
{
	struct ledger_options options = {.map_bytes = MAP_BYTES};
	struct referral referral = {.state = REFERRAL_ACCEPTED,
				    .version = 3,
				    .next_move = REFERRAL_BY_TARGET,
				    .clock = CLOCK_APPOINTMENT,
				    .shown = true};
	uint64_t count, officers;
	struct ledger *ledger;

	if (argc != 6 || !tc_agency_parse(tc_slice_text(argv[4]), &referral.source) ||
	    !tc_agency_parse(tc_slice_text(argv[5]), &referral.target)) {
		fputs("usage: caseload_load LEDGER COUNT PER_OFFICER SOURCE TARGET\n", stderr);
		return 2;
	}
	count = strtoull(argv[2], NULL, 10);
	officers = count / strtoull(argv[3], NULL, 10);
	options.path = argv[1];
	referral.side[REFERRAL_SOURCE].told = referral.side[REFERRAL_TARGET].told = 3;
	must(ledger_open(&ledger, &options), "open");
	ledger->now_ms = tc_clock_now_ms(&tc_clock_real);
	ledger->sequence = 1;
	for (uint64_t i = 0; i < count; i++) {
		put_one(ledger, &referral, i + 1, officers ? officers : 1);
		if (i % COMMIT == COMMIT - 1)
			must(ledger_commit(ledger), "commit");
	}
	must(ledger_commit(ledger), "commit");
	ledger_close(&ledger);
	return 0;
}
