/* places - services, how many places they have, and holding one. */
#include <string.h>

#include "base/clock.h"
#include "cli/command_table.h"
#include "cli/form.h"
#include "cli/outbox.h"
#include "cli/question.h"
#include "cli/rendition.h"
#include "throughcare/v1/registry.pb-c.h"
#include "wire/limits.h"

/* protobuf-c has no const strings; packing does not write. */
#define TEXT(value) ((char *)(uintptr_t)(value))

#define LEASE(need)                                                                                \
	{                                                                                          \
		"lease", "leaseId", "the lease's id", need, true, NULL, NULL                       \
	}
#define TOKEN                                                                                      \
	{                                                                                          \
		"token", "token", "its fencing token", TC_FORM_NUMBER, false, NULL, NULL           \
	}

static enum tc_exit form_send(struct tc_invocation *invocation, const char *type, json_t *content)
{
	const struct tc_outbox_options plain = {.seal = TC_SEAL_MARKED};
	json_t *messages = json_pack("[o]", tc_form_message(type, content));
	enum tc_exit code = tc_outbox_send(invocation, messages, &plain);

	json_decref(messages);
	return code;
}

/* ---- capacity ---- */

enum tc_exit tc_capacity_list_run(struct tc_invocation *invocation)
{
	static const struct tc_column columns[] = {
		{"service", "SERVICE"}, {"unit", "UNIT"},  {"population", "FOR"},
		{"free", "FREE"},       {"maximum", "OF"}, {"status", "STATUS"},
		{"stale", "STALE"},     {"asOf", "AS OF"}, {"leases", "YOUR LEASES"},
		{NULL, NULL},
	};
	Throughcare__V1__CapacityListQuery list = THROUGHCARE__V1__CAPACITY_LIST_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;

	list.service = TEXT(tc_invocation_option(invocation, "service"));
	list.agency = TEXT(tc_invocation_option(invocation, "agency"));
	list.unit = TEXT(tc_invocation_option(invocation, "unit"));
	list.population = TEXT(tc_invocation_option(invocation, "population"));
	list.has_free_only = true;
	list.free_only = tc_invocation_option(invocation, "free") != NULL;
	query.body_case = THROUGHCARE__V1__QUERY__BODY_CAPACITY_LIST;
	query.capacity_list = &list;
	return tc_question_table(invocation, &query, "capacities", columns);
}

enum tc_exit tc_capacity_set_run(struct tc_invocation *invocation)
{
	static const struct tc_form_field whole[] = {
		{"service", "serviceId", "which service", TC_FORM_TEXT, true, NULL, NULL},
		{"until", "validUntil", "until when that holds", TC_FORM_TIME, false, NULL, NULL},
		{.option = NULL},
	};
	static const struct tc_form_field line[] = {
		{"unit", "unit", "what is counted: bed, slot", TC_FORM_TEXT, true, NULL, NULL},
		{"available", "available", "how many are free", TC_FORM_NUMBER, true, NULL, NULL},
		{"maximum", "maximum", "of how many", TC_FORM_NUMBER, false, NULL, NULL},
		{"population", "population", "for whom", TC_FORM_TEXT, false, NULL, NULL},
		{"status", "status", "available, none, waitlist, assess_first", TC_FORM_TEXT, false,
		 NULL, NULL},
		{.option = NULL},
	};
	char now[TC_TIME_TEXT_BYTES];
	json_t *content = json_object(), *counted = json_object();
	enum tc_exit code = tc_form_fill(invocation, whole, content);

	if (code == TC_EXIT_DONE)
		code = tc_form_fill(invocation, line, counted);
	if (!json_object_get(counted, "status"))
		json_object_set_new(
			counted, "status",
			json_string(json_integer_value(json_object_get(counted, "available")) > 0
					    ? "available"
					    : "none"));
	tc_time_format(tc_clock_now_ms(&tc_clock_real), now);
	json_object_set_new(content, "asOf", json_string(now));
	json_object_set_new(content, "lines", json_pack("[o]", counted));
	if (code == TC_EXIT_DONE)
		return form_send(invocation, "CapacityUpdate", content);
	json_decref(content);
	return code;
}

static enum tc_exit lease_send(struct tc_invocation *invocation, const char *type,
			       const struct tc_form_field *form)
{
	json_t *content = json_object();
	enum tc_exit code = tc_form_fill(invocation, form, content);

	if (code != TC_EXIT_DONE) {
		json_decref(content);
		return code;
	}
	tc_screen_say(&invocation->screen, "lease     %s",
		      json_string_value(json_object_get(content, "leaseId")));
	return form_send(invocation, type, content);
}

enum tc_exit tc_capacity_hold_run(struct tc_invocation *invocation)
{
	static const struct tc_form_field form[] = {
		{"service", "serviceId", "which service", TC_FORM_TEXT, true, NULL, NULL},
		{"unit", "unit", "what: bed, slot", TC_FORM_TEXT, true, NULL, NULL},
		{"until", "expires", "until when, at most seven days", TC_FORM_TIME, true, NULL,
		 NULL},
		{"population", "population", "for whom", TC_FORM_TEXT, false, NULL, NULL},
		LEASE(TC_FORM_ID),
		{.option = NULL},
	};

	return lease_send(invocation, "CapacityHold", form);
}

enum tc_exit tc_capacity_release_run(struct tc_invocation *invocation)
{
	static const struct tc_form_field form[] = {
		LEASE(TC_FORM_TEXT),
		{"reason", "reasonCode", "why", TC_FORM_TEXT, false, NULL, NULL},
		TOKEN,
		{.option = NULL},
	};

	return lease_send(invocation, "CapacityRelease", form);
}

enum tc_exit tc_capacity_confirm_run(struct tc_invocation *invocation)
{
	static const struct tc_form_field form[] = {LEASE(TC_FORM_TEXT), TOKEN, {.option = NULL}};

	return lease_send(invocation, "CapacityConfirm", form);
}

/* ---- services ---- */

/* What the service says of itself, in the place of its bytes. */
static void entry_show(json_t *row)
{
	const char *packed = json_string_value(json_object_get(row, "entry"));
	struct tc_bytes bytes = {0};
	json_t *entry = NULL, *capacity;
	json_int_t free_places = 0;
	size_t index;

	if (packed && tc_rendition_bytes(packed, &bytes) == 0 &&
	    tc_rendition_packed(tc_bytes_slice(&bytes), &throughcare__v1__service_entry__descriptor,
				&entry) == 0)
		json_object_set_new(row, "entry", entry);
	tc_bytes_free(&bytes);
	json_array_foreach(json_object_get(row, "capacities"), index, capacity) free_places +=
		json_is_true(json_object_get(capacity, "stale"))
			? 0
			: json_integer_value(json_object_get(capacity, "free"));
	if (index > 0)
		json_object_set_new(row, "free", json_integer(free_places));
}

/* Rows of every page. */
static bool services_take(void *context, const json_t *reply)
{
	json_t *found = context, *row;
	size_t index;

	json_array_foreach(json_object_get(reply, "services"), index, row)
	{
		entry_show(row);
		json_array_append(found, row);
	}
	return true;
}

enum tc_exit tc_service_find_run(struct tc_invocation *invocation)
{
	static const struct tc_column columns[] = {
		{"service", "SERVICE"},
		{"agency", "AGENCY"},
		{"name", "NAME"},
		{"free", "FREE"},
		{"entry.populations", "FOR"},
		{"entry.serviceAreas", "WHERE"},
		{"entry.languages", "LANGUAGES"},
		{NULL, NULL},
	};
	Throughcare__V1__ServiceFindQuery find = THROUGHCARE__V1__SERVICE_FIND_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	int64_t age = -1;

	if (tc_invocation_number(invocation, "age", 0, 150, -1, &age) != 0)
		return TC_EXIT_USAGE;
	find.need = TEXT(tc_invocation_option(invocation, "need"));
	find.near = TEXT(tc_invocation_option(invocation, "near"));
	find.population = TEXT(tc_invocation_option(invocation, "population"));
	find.language = TEXT(tc_invocation_option(invocation, "language"));
	find.accessibility = TEXT(tc_invocation_option(invocation, "accessibility"));
	find.has_age = age >= 0;
	find.age = age >= 0 ? (uint32_t)age : 0;
	find.has_free_only = true;
	find.free_only = tc_invocation_option(invocation, "free") != NULL;
	query.body_case = THROUGHCARE__V1__QUERY__BODY_SERVICE_FIND;
	query.service_find = &find;
	json_t *found = json_array();
	enum tc_exit code =
		tc_question_pages(invocation, &query, TC_PAGE_ROWS_MAX, services_take, found);
	if (code == TC_EXIT_DONE)
		tc_screen_table(&invocation->screen, columns, found);
	json_decref(found);
	return code;
}
