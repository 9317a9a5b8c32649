/* calendar - put the working days of a jurisdiction in force. Showing is in upkeep.c. */
#include "base/clock.h"
#include "cli/calendar_zone.h"
#include "cli/command_table.h"
#include "cli/file.h"
#include "cli/rendition.h"
#include "cli/session.h"
#include "throughcare/v1/registry.pb-c.h"
#include "yaml/yaml_message.h"

#define YEAR_MS    (INT64_C(366) * 24 * 3600 * 1000)
#define YEARS_MORE 3 /* that clocks may reach behind the last holiday */

typedef Throughcare__V1__CalendarEntry calendar_entry;
typedef Throughcare__V1__CalendarEntry__Offset calendar_change;

/* The entry with changes of the clocks that it did not list itself. */
struct filled {
	calendar_entry entry; /* borrows everything else */
	calendar_change rows[TC_CALENDAR_CHANGES_MAX], *list[TC_CALENDAR_CHANGES_MAX];
	Google__Protobuf__Timestamp from[TC_CALENDAR_CHANGES_MAX];
};

static enum tc_exit wrong(struct tc_invocation *invocation, const char *path,
			  const struct tc_yaml_error *error)
{
	tc_problem_set(&invocation->problem, "calendar_invalid", error->message,
		       "correct it; `throughcare message template CalendarEntry` has the fields",
		       "%s:%u:%u: %s", path, error->line, error->column, error->detail);
	return TC_EXIT_FAILED;
}

static enum tc_exit file_read(struct tc_invocation *invocation, const char *path,
			      struct tc_yaml_document *ret)
{
	struct tc_yaml_error error = {0};
	struct tc_bytes text = {0};
	enum tc_exit code = TC_EXIT_DONE;
	int r = tc_file_read(path, TC_YAML_BYTES_MAX, &text, &invocation->problem);

	if (r != 0) {
		code = TC_EXIT_FAILED;
	} else {
		r = tc_yaml_message_read(tc_bytes_slice(&text),
					 &throughcare__v1__calendar_entry__descriptor, ret, &error);
		if (r == TC_YAML_WRONG)
			code = wrong(invocation, path, &error);
		else if (r != 0)
			code = TC_EXIT_FAILED;
		if (r < 0)
			tc_problem_set(&invocation->problem, "failed", tc_err_text(r), "try again",
				       "%s", path);
	}
	tc_bytes_free(&text);
	return code;
}

/* From a year ago to some years after the last holiday. */
static int64_t reach_ms(const calendar_entry *entry, int64_t now_ms)
{
	int64_t last_ms = now_ms;

	if (entry->n_holidays > 0)
		(void)tc_time_parse(tc_slice_text(entry->holidays[entry->n_holidays - 1]->date),
				    &last_ms);
	return (last_ms > now_ms ? last_ms : now_ms) + YEARS_MORE * YEAR_MS;
}

static enum tc_exit fill(struct tc_invocation *invocation, const calendar_entry *entry,
			 struct filled *ret)
{
	struct tc_calendar_change changes[TC_CALENDAR_CHANGES_MAX];
	int64_t now_ms = tc_clock_now_ms(&tc_clock_real);
	size_t count = 0;
	int r;

	ret->entry = *entry;
	if (entry->n_offsets > 0 || entry->time_zone == NULL || *entry->time_zone == '\0')
		return TC_EXIT_DONE;
	r = tc_calendar_zone(entry->time_zone, now_ms - YEAR_MS, reach_ms(entry, now_ms), changes,
			     &count);
	if (r != 0) {
		tc_problem_set(&invocation->problem, "unknown_time_zone",
			       "this machine does not know the time zone",
			       "name one of the tz database, or list the changes under offsets",
			       "time_zone: %s", entry->time_zone);
		return TC_EXIT_FAILED;
	}
	for (size_t i = 0; i < count; i++) {
		google__protobuf__timestamp__init(&ret->from[i]);
		ret->from[i].seconds = changes[i].from_ms / 1000;
		throughcare__v1__calendar_entry__offset__init(&ret->rows[i]);
		ret->rows[i].from = &ret->from[i];
		ret->rows[i].has_minutes = 1;
		ret->rows[i].minutes = changes[i].minutes;
		ret->list[i] = &ret->rows[i];
	}
	ret->entry.offsets = ret->list;
	ret->entry.n_offsets = count;
	return TC_EXIT_DONE;
}

static int message_make(const struct tc_invocation *invocation, const struct tc_client *client,
			const calendar_entry *entry, struct tc_message **ret)
{
	const char *actor = tc_invocation_option(invocation, "actor");
	struct tc_bytes packed = {0};
	int r = tc_bytes_reserve(&packed, throughcare__v1__calendar_entry__get_packed_size(entry));

	if (r == 0) {
		packed.len = throughcare__v1__calendar_entry__pack(entry, packed.data);
		r = tc_message_new("CalendarEntry", ret);
	}
	if (r == 0)
		r = tc_message_set_actor(*ret, actor ? actor : tc_client_identity(client)->id,
					 NULL);
	if (r == 0)
		r = tc_message_add_part(*ret, "CalendarEntry", 0, packed.data, packed.len);
	tc_bytes_free(&packed);
	return r;
}

static enum tc_exit receipt_print(struct tc_invocation *invocation,
				  const struct tc_receipt *receipt, const calendar_entry *entry)
{
	json_t *object = NULL;
	bool all = entry->jurisdiction == NULL || *entry->jurisdiction == '\0';

	if (receipt->status != TC_RECEIPT_ACCEPTED) {
		tc_session_problem(&invocation->problem, &receipt->refusal, 0);
		return TC_EXIT_REFUSED;
	}
	tc_screen_say(&invocation->screen,
		      "calendar of %s, version %u, is in force from log position %llu on: %zu "
		      "holidays, %zu changes of the clocks",
		      all ? "all that have none of their own" : entry->jurisdiction, entry->version,
		      (unsigned long long)receipt->log_sequence, entry->n_holidays,
		      entry->n_offsets > 0 ? entry->n_offsets - 1 : 0);
	if (invocation->screen.json &&
	    tc_rendition_packed(tc_slice(receipt->packed, receipt->packed_len),
				&throughcare__v1__receipt__descriptor, &object) == 0)
		tc_screen_line(&invocation->screen, object);
	json_decref(object);
	return TC_EXIT_DONE;
}

enum tc_exit tc_calendar_load_run(struct tc_invocation *invocation)
{
	struct tc_yaml_document document = {0};
	const struct tc_receipt *receipts = NULL;
	struct tc_message *message = NULL;
	struct tc_client *client = NULL;
	struct filled filled;
	size_t count = 0;
	enum tc_exit code = file_read(invocation, invocation->operands[0], &document);

	if (code == TC_EXIT_DONE)
		code = fill(invocation, (const calendar_entry *)document.message, &filled);
	if (code == TC_EXIT_DONE)
		code = tc_session_open(invocation, &client);
	if (code == TC_EXIT_DONE) {
		int r = message_make(invocation, client, &filled.entry, &message);

		if (r == 0)
			r = tc_client_submit(client, &message, 1, TC_SESSION_TIMEOUT_MS, &receipts,
					     &count);
		if (r != 0)
			code = tc_session_failed(invocation, client, r);
	}
	if (code == TC_EXIT_DONE && count == 1)
		code = receipt_print(invocation, &receipts[0], &filled.entry);
	tc_message_free(&message);
	tc_client_close(&client);
	tc_yaml_document_done(&document);
	return code;
}
