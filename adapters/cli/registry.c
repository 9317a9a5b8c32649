/* registry - what the exchange tells about itself and its members. */
#include <stdio.h>
#include <string.h>

#include "cli/command_table.h"
#include "cli/question.h"
#include "cli/rendition.h"

/* protobuf-c has no const strings; packing does not write. */
#define TEXT(value) ((char *)(uintptr_t)(value))

enum tc_exit tc_mailbox_status_run(struct tc_invocation *invocation)
{
	static const struct tc_column columns[] = {
		{"agency", "AGENCY"},      {"queued", "QUEUED"},    {"inFlight", "IN FLIGHT"},
		{"retryWait", "TO RETRY"}, {"held", "HELD (SENT)"}, {"dead", "DEAD"},
		{"bytes", "BYTES"},        {"oldestAt", "OLDEST"},  {NULL, NULL},
	};
	Throughcare__V1__MailboxStatusQuery status = THROUGHCARE__V1__MAILBOX_STATUS_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;

	status.agency = TEXT(tc_invocation_option(invocation, "agency"));
	query.body_case = THROUGHCARE__V1__QUERY__BODY_MAILBOX_STATUS;
	query.mailbox_status = &status;
	return tc_question_table(invocation, &query, "mailboxes", columns);
}

enum tc_exit tc_agency_list_run(struct tc_invocation *invocation)
{
	static const struct tc_column columns[] = {
		{"agency", "AGENCY"}, {"name", "NAME"},         {"kind", "KIND"},
		{"status", "STATUS"}, {"services", "SERVICES"}, {"certificates", "CERTIFICATES"},
		{NULL, NULL},
	};
	Throughcare__V1__AgencyListQuery list = THROUGHCARE__V1__AGENCY_LIST_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;

	query.body_case = THROUGHCARE__V1__QUERY__BODY_AGENCY_LIST;
	query.agency_list = &list;
	return tc_question_table(invocation, &query, "agencies", columns);
}

/* Digests are compared by eye and by `throughcared --check`, which prints hexadecimal. */
static void digest_as_hex(json_t *status, const char *key)
{
	const char *text = json_string_value(json_object_get(status, key));
	struct tc_bytes digest = {0};
	char hex[129];

	if (text && tc_rendition_bytes(text, &digest) == 0 && digest.len <= 64) {
		tc_hex(digest.data, digest.len, hex);
		json_object_set_new(status, key, json_string(hex));
	}
	tc_bytes_free(&digest);
}

/* "3 % of 64 GiB", for people. */
static void room_as_percent(json_t *status, const char *key, double used, double limit)
{
	static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
	char text[64];
	size_t unit = 0;

	if (limit <= 0)
		return;
	int percent = (int)(used * 100 / limit);
	while (limit >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		limit /= 1024;
		unit++;
	}
	snprintf(text, sizeof(text), "%d %% of %.4g %s%s", percent, limit, units[unit],
		 percent >= 85   ? ": short of room"
		 : percent >= 70 ? ": filling up"
				 : "");
	json_object_set_new(status, key, json_string(text));
}

static double bytes_at(const json_t *status, const char *key)
{
	return json_number_value(json_object_get(status, key));
}

static void rooms_as_percent(json_t *status)
{
	static const struct {
		const char *key;
		const char *used;
		const char *limit;
	} rooms[] = {
		{"journalRoom", "journalBytesUsed", "journalBytesLimit"},
		{"ledgerRoom", "ledgerBytesUsed", "ledgerBytesLimit"},
		{"trailRoom", "trailBytesUsed", "trailBytesLimit"},
		{"treeRoom", "treeBytesUsed", "treeBytesLimit"},
	};
	double disk = bytes_at(status, "diskBytes");

	for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++)
		room_as_percent(status, rooms[i].key, bytes_at(status, rooms[i].used),
				bytes_at(status, rooms[i].limit));
	room_as_percent(status, "diskRoom", disk - bytes_at(status, "diskFreeBytes"), disk);
}

enum tc_exit tc_exchange_status_run(struct tc_invocation *invocation)
{
	static const struct tc_column columns[] = {
		{"exchange", "exchange"},
		{"trustDomain", "trust domain"},
		{"version", "version"},
		{"startedAt", "started"},
		{"accepting", "accepting"},
		{"connections", "connections"},
		{"logSequence", "log sequence"},
		{"checkpointSize", "signed up to"},
		{"checkpointAt", "signed at"},
		{"journalRoom", "journal used"},
		{"ledgerRoom", "ledger used"},
		{"trailRoom", "trail used"},
		{"treeRoom", "tree used"},
		{"diskRoom", "disk used"},
		{"ledgerDigest", "ledger digest"},
		{"crlNextUpdate", "revocation list until"},
		{NULL, NULL},
	};
	Throughcare__V1__ExchangeStatusQuery status = THROUGHCARE__V1__EXCHANGE_STATUS_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	json_t *reply = NULL;

	query.body_case = THROUGHCARE__V1__QUERY__BODY_EXCHANGE_STATUS;
	query.exchange_status = &status;
	enum tc_exit code = tc_question_once(invocation, &query, &reply);
	if (code == TC_EXIT_DONE) {
		json_t *row = json_object_get(reply, "status");
		digest_as_hex(row, "ledgerDigest");
		if (!invocation->screen.json)
			rooms_as_percent(row);
		tc_screen_record(&invocation->screen, columns, row);
	}
	json_decref(reply);
	return code;
}
