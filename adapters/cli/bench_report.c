/* bench_report - the result as one JSON object, or as a table for people. */
#include <math.h>

#include "cli/bench.h"

/* What is unknown is null. Rounded to three places, which is more than a run can tell. */
static json_t *number(double value)
{
	return isfinite(value) ? json_real(round(value * 1000) / 1000) : json_null();
}

static json_t *percentiles(const struct tc_bench_histogram *histogram)
{
	json_t *object = json_object();

	json_object_set_new(object, "p50", number(tc_bench_histogram_ms(histogram, 0.50)));
	json_object_set_new(object, "p99", number(tc_bench_histogram_ms(histogram, 0.99)));
	json_object_set_new(object, "p999", number(tc_bench_histogram_ms(histogram, 0.999)));
	return object;
}

static json_t *object_of(const struct tc_bench_result *result)
{
	double messages = result->accepted ? (double)result->accepted : (double)NAN;
	json_t *object = json_object();

	json_object_set_new(object, "acked_per_s",
			    number((double)result->accepted / result->send_s));
	json_object_set_new(object, "delivered_per_s",
			    number((double)result->delivered / result->deliver_s));
	json_object_set_new(object, "ack_ms", percentiles(&result->ack));
	json_object_set_new(object, "delivery_ms", percentiles(&result->delivery));
	json_object_set_new(object, "broker_cpu_s_per_1000",
			    number(result->cpu_s / messages * 1000));
	json_object_set_new(object, "broker_peak_rss_mib", number(result->rss_peak_mib));
	json_object_set_new(object, "disk_bytes_per_message",
			    number(result->disk_bytes / messages));
	json_object_set_new(object, "syncs_per_message", number(result->syncs / messages));
	json_object_set_new(object, "lost", json_integer((json_int_t)result->lost));
	json_object_set_new(object, "duplicated", json_integer((json_int_t)result->duplicated));
	return object;
}

void tc_bench_report(const struct tc_screen *screen, const struct tc_bench_plan *plan,
		     const struct tc_bench_result *result)
{
	static const struct tc_column columns[] = {
		{"acked_per_s", "accepted per second"},
		{"delivered_per_s", "delivered and acknowledged per second"},
		{"ack_ms.p50", "acceptance, ms, median"},
		{"ack_ms.p99", "acceptance, ms, 99 %"},
		{"ack_ms.p999", "acceptance, ms, 99.9 %"},
		{"delivery_ms.p50", "delivery, ms, median"},
		{"delivery_ms.p99", "delivery, ms, 99 %"},
		{"delivery_ms.p999", "delivery, ms, 99.9 %"},
		{"broker_cpu_s_per_1000", "exchange CPU, s per 1000 messages"},
		{"broker_peak_rss_mib", "exchange memory at its peak, MiB"},
		{"disk_bytes_per_message", "written to disk, bytes per message"},
		{"syncs_per_message", "syncs per message"},
		{"lost", "lost"},
		{"duplicated", "duplicated"},
		{NULL, NULL},
	};
	json_t *object = object_of(result);

	tc_screen_say(screen,
		      "%u producers with %u in flight each, %u consumers of %u mailboxes, %u s, "
		      "%u bytes a message",
		      plan->producers, plan->window, plan->consumers, plan->queues, plan->seconds,
		      plan->bytes);
	tc_screen_record(screen, columns, object);
	json_decref(object);
}
