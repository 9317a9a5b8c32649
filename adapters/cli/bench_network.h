/*
 * bench_network - a network of its own for the bench: folder, members, exchange, consents.
 *
 * The folder lies below $TMPDIR or /var/tmp (not /tmp, which may be memory, where a sync
 * costs nothing) and is removed at the end.
 *
 * Owner:  the main thread.
 * Blocks: on the disk, on the exchange.
 */
#ifndef CLI_BENCH_NETWORK_H
#define CLI_BENCH_NETWORK_H

#include "cli/bench.h"
#include "cli/command.h"

struct tc_bench_network {
	char folder[TC_FILE_PATH_BYTES]; /* "" : none was made */
	int pid;                         /* of what was started in it; 0: nothing */
};

/* The daemon that was built and installed together with this program. False with `problem` filled
 * when there is none. */
bool tc_bench_network_daemon(char to[TC_FILE_PATH_BYTES], struct tc_problem *problem);

/* Makes the folder and a network in it with the authority's and the exchange's certificate and
 * the operator's profile. 0, or TC_E* with `problem` filled. */
int tc_bench_network_make(struct tc_bench_network *network,
			  struct tc_problem *problem) TC_MUST_CHECK;
/* Adds the senders' and the mailboxes' agencies, starts throughcared (the one beside this
 * program), and records a consent for each mailbox. */
int tc_bench_network_start(struct tc_bench_network *network, const struct tc_bench_plan *plan,
			   struct tc_bench_target *ret, struct tc_problem *problem) TC_MUST_CHECK;
/* Ends what was started, and waits for its end. */
void tc_bench_network_stop(struct tc_bench_network *network);
/* Stops, and removes the folder. */
void tc_bench_network_remove(struct tc_bench_network *network);

/* Makes of one profile the sender and its own only mailbox, with a consent for it. */
int tc_bench_network_use_profile(const char *profile, struct tc_bench_target *ret,
				 struct tc_problem *problem) TC_MUST_CHECK;

/* The exchange's commits to its log; NAN when it cannot be asked. It answers when its tables have
 * caught up, too. */
double tc_bench_network_syncs(const char *operator_profile);

#endif
