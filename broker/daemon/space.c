#include "daemon/space.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/store.h"

#define FALL_BACK_PERCENT  3 /* below the alarm */
#define DISK_SHORT_PERCENT 95

static const enum tc_log_event events[ROOM_COUNT] = {
	[ROOM_JOURNAL] = EV_JOURNAL_ALARM, [ROOM_LEDGER] = EV_LEDGER_ALARM,
	[ROOM_TRAIL] = EV_TRAIL_ALARM,     [ROOM_TREE] = EV_TREE_ALARM,
	[ROOM_DISK] = EV_DISK_ALARM,
};

unsigned space_percent(uint64_t bytes_used, uint64_t bytes_limit)
{
	if (bytes_limit == 0 || bytes_used >= bytes_limit)
		return 100;
	return (unsigned)((double)bytes_used * 100 / (double)bytes_limit);
}

unsigned space_alarm(unsigned percent, unsigned told)
{
	static const unsigned alarms[] = {95, SPACE_SHORT_PERCENT, 70};

	for (size_t i = 0; i < sizeof(alarms) / sizeof(alarms[0]); i++) {
		if (percent >= alarms[i] ||
		    (told >= alarms[i] && percent + FALL_BACK_PERCENT >= alarms[i]))
			return alarms[i];
	}
	return 0;
}

/* ---- measuring ---- */

/* What cannot be measured, *ret says to be full. */
static void measure(const struct stores *stores, enum exchange_room room, struct store_usage *ret)
{
	struct journal_usage journal = {.bytes_limit = 0};
	int r = 0;

	switch (room) {
	case ROOM_LEDGER:
	case ROOM_DISK: /* that it lies on */
		r = ledger_usage(stores->ledger, ret);
		break;
	case ROOM_TRAIL:
		r = store_usage(trail_index_store(stores->trail), ret);
		break;
	case ROOM_TREE:
		r = tree_store_usage(stores->tree, ret);
		break;
	case ROOM_JOURNAL: /* before its thread runs, which then says so itself */
	case ROOM_COUNT:
		r = journal_usage(stores->journal, &journal);
		ret->bytes_used = journal.bytes_used;
		ret->bytes_limit = journal.bytes_limit;
		break;
	}
	if (r)
		*ret = (struct store_usage){.bytes_limit = 0};
	else if (room == ROOM_DISK)
		*ret = (struct store_usage){.bytes_used = ret->disk_bytes - ret->disk_free_bytes,
					    .bytes_limit = ret->disk_bytes};
}

static void measure_one(struct space *space, enum exchange_room room)
{
	struct room_figures *figures = &space->figures->rooms[room];
	struct store_usage usage = {.bytes_limit = 0};

	measure(space->stores, room, &usage);
	atomic_store(&figures->bytes_limit, usage.bytes_limit);
	atomic_store(&figures->bytes_used, usage.bytes_used);
}

static void measure_all(struct space *space)
{
	struct room_figures *journal = &space->figures->rooms[ROOM_JOURNAL];
	const struct journal_figures *told = space->figures->journal;

	for (unsigned i = ROOM_LEDGER; i < ROOM_COUNT; i++)
		measure_one(space, i);
	if (atomic_load(&told->bytes_limit) == 0)
		return; /* nothing was written since the start */
	atomic_store(&journal->bytes_limit, atomic_load(&told->bytes_limit));
	atomic_store(&journal->bytes_used, atomic_load(&told->bytes_used));
}

/* ---- what follows ---- */

static unsigned percent_of(const struct space *space, enum exchange_room room)
{
	const struct room_figures *figures = &space->figures->rooms[room];
	uint64_t used = atomic_load(&figures->bytes_used);
	uint64_t limit = atomic_load(&figures->bytes_limit);
	unsigned percent = space_percent(used, limit);

	/* A large disk has its reserve long after the last alarm, a small one may be all reserve.
	 */
	if (room == ROOM_DISK && percent < DISK_SHORT_PERCENT &&
	    limit - used < space->disk_reserve_bytes)
		percent = DISK_SHORT_PERCENT;
	return percent;
}

static void tell(struct space *space)
{
	bool is_short = false;

	for (unsigned i = 0; i < ROOM_COUNT; i++) {
		unsigned percent = percent_of(space, i);
		unsigned alarm = space_alarm(percent, space->told[i]);

		if (alarm > space->told[i])
			log_event(events[i], NULL, NULL, alarm);
		space->told[i] = alarm;
		if (i != ROOM_DISK && percent >= SPACE_SHORT_PERCENT)
			is_short = true;
	}
	atomic_store(&space->figures->journal->short_of_room, is_short);
}

void space_begin(struct space *ret, const struct stores *stores, struct exchange_figures *figures,
		 const struct config *config)
{
	*ret = (struct space){.stores = stores,
			      .figures = figures,
			      .disk_reserve_bytes = (uint64_t)config->disk_reserve_bytes};
	measure_one(ret, ROOM_JOURNAL);
	space_check(ret);
}

void space_check(struct space *space)
{
	int64_t now_us = tc_clock_monotonic_us();

	if (now_us < space->due_us)
		return;
	space->due_us = now_us + SPACE_CHECK_MS * 1000;
	measure_all(space);
	tell(space);
}
