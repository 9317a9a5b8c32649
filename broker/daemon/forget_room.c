#include "daemon/forget_room.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "daemon/problem.h"
#include "store/store.h"

#define CHANGED_BYTES (UINT64_C(16) * 1024 * 1024) /* of the journal, between two commits */

uint64_t forget_room_missing(const struct stores *stores, const struct config *config)
{
	uint64_t needed = CHANGED_BYTES + (uint64_t)config->disk_reserve_bytes;
	struct store_usage ledger, trail;

	if (ledger_usage(stores->ledger, &ledger) != 0 ||
	    store_usage(trail_index_store(stores->trail), &trail) != 0)
		return needed;
	needed += ledger.bytes_used + trail.bytes_used;
	return needed > ledger.disk_free_bytes ? needed - ledger.disk_free_bytes : 0;
}

void forget_room_tell(const struct config *config, uint64_t missing_bytes, const char *hint)
{
	char detail[64];

	snprintf(detail, sizeof(detail), "%" PRIu64 " bytes more have to be free", missing_bytes);
	problem_print_at(config->data_dir, "the disk has no room for what forgetting writes",
			 detail, hint);
	log_event(EV_FORGET_POSTPONED, NULL, NULL, (int64_t)missing_bytes);
}
