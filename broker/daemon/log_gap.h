/*
 * log_gap - whether a log is all that was signed, and how it is said when it is not.
 *
 * What was signed or witnessed is known from outside the log: from the sealer, from the copy of
 * its state in a backup, from a checkpoint that a witness kept. A log that is shorter than one
 * of them, or another one, was cut or changed; to go on with it is a decision of people.
 *
 * Owner: the main thread. Blocks: on the disk, and log_gap_ask_sealer on the sealer.
 */
#ifndef DAEMON_LOG_GAP_H
#define DAEMON_LOG_GAP_H

#include "daemon/config.h"
#include "daemon/log_answered.h"
#include "sealer/sealer_state.h"
#include "trail/tree_store.h"

enum log_gap_kind {
	LOG_GAP_NONE,
	LOG_GAP_SHORT, /* records are missing at its end */
	LOG_GAP_OTHER, /* it has other records than were signed */
};

/* The largest tree of any that is known, and how the log stands to it. */
struct log_gap {
	enum log_gap_kind kind;
	uint64_t have;                       /* records of the log */
	const struct log_answered *answered; /* borrowed; NULL: it tells of no gap */
	uint32_t origin_most;                /* the highest origin that was met */
	char origin[TC_NOTE_NAME_BYTES];
	uint64_t size;
	struct tc_merkle_hash root;
};

/* "<trust domain>/trail", and after an accepted gap "/<n>" behind it. To be freed. */
int log_origin_format(const char *trust_domain, uint32_t number, char **ret) TC_MUST_CHECK;
/* False when it is no origin of this network. */
bool log_origin_parse(const char *trust_domain, const char *origin, uint32_t *ret);

/* A log of `origin`, whose tree the view shows. */
void log_gap_begin(struct log_gap *gap, uint32_t origin, uint64_t have,
		   const struct log_answered *answered);
/* Holds it against one that was signed. What the log tells of itself to be missing of what was
 * signed under an older name is no gap. 0 or a fault. */
int log_gap_hold(struct log_gap *gap, struct tree_view *tree, uint32_t log_origin,
		 const char *trust_domain, const struct sealer_origin *known) TC_MUST_CHECK;

/* Says it on stderr in three parts. */
void log_gap_explain(enum log_gap_kind kind, uint64_t size, uint64_t have);

#endif
