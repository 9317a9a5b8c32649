/* trail_find - questions to the trail: as a table, or streamed into a file page by page. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cli/command_table.h"
#include "cli/csv.h"
#include "cli/file.h"
#include "cli/question.h"
#include "wire/limits.h"

/* protobuf-c has no const strings; packing does not write. */
#define TEXT(value) ((char *)(uintptr_t)(value))
#define ROWS_MAX    INT64_C(1000000000000)

static const struct tc_column table_columns[] = {
	{"at", "AT"},
	{"event", "EVENT"},
	{"agency", "BY"},
	{"actor", "PERSON"},
	{"recipient", "TO"},
	{"messageType", "MESSAGE"},
	{"messageId", "ID"},
	{"code", "CODE"},
	{"basis", "BASIS"},
	{"categories", "RELEASED"},
	{"withheldCategories", "WITHHELD"},
	{"logSequence", "LOG"},
	{NULL, NULL},
};

/* Everything that a row can say. */
static const struct tc_column file_columns[] = {
	{"logSequence", "log_sequence"},
	{"at", "at"},
	{"event", "event"},
	{"agency", "agency"},
	{"actor", "actor"},
	{"recipient", "recipient"},
	{"messageType", "message_type"},
	{"messageId", "message_id"},
	{"subject", "subject"},
	{"referralId", "referral_id"},
	{"code", "code"},
	{"basis", "basis"},
	{"legalBasis", "legal_basis"},
	{"reference", "reference"},
	{"purpose", "purpose"},
	{"proceedingId", "proceeding_id"},
	{"grants", "grants"},
	{"categories", "categories"},
	{"withheldCategories", "withheld_categories"},
	{"ruleVersion", "rule_version"},
	{"ruleIds", "rule_ids"},
	{"notices", "notices"},
	{"redisclosure", "redisclosure"},
	{"forbiddenParts", "forbidden_parts"},
	{"termsSha256", "terms_sha256"},
	{"changes", "changes"},
	{"count", "count"},
	{"certificate", "certificate"},
	{"leafHash", "leaf_hash"},
	{NULL, NULL},
};

/* An export under way. */
struct export
{
	struct tc_invocation *invocation;
	FILE *to;
	bool csv;
	bool progress;
	int64_t limit;
	int64_t rows;
	char at[40]; /* of the latest row */
};

static void row_write(struct export *export, const json_t *row)
{
	if (export->csv)
		tc_csv_row(export->to, file_columns, row);
	else if (json_dumpf(row, export->to, JSON_COMPACT) == 0)
		fputc('\n', export->to);
}

static bool page_write(void *context, const json_t *reply)
{
	struct export *export = context;
	const json_t *row;
	size_t index;

	json_array_foreach(json_object_get(reply, "trail"), index, row)
	{
		const char *at = json_string_value(json_object_get(row, "at"));

		if (export->rows >= export->limit)
			break;
		row_write(export, row);
		export->rows++;
		if (at)
			(void)snprintf(export->at, sizeof(export->at), "%s", at);
	}
	if (export->progress)
		fprintf(stderr, "\r%lld rows, at %s", (long long)export->rows, export->at);
	return export->rows < export->limit && !ferror(export->to);
}

static enum tc_exit file_failed(struct tc_invocation *invocation, const char *path)
{
	tc_problem_set_errno(&invocation->problem, "file_unwritable", "a file cannot be written",
			     path, "check the folder and its room, then ask again");
	return TC_EXIT_FAILED;
}

static enum tc_exit export_write(struct export *export, Throughcare__V1__Query *query)
{
	size_t page = export->limit < TC_PAGE_ROWS_MAX ? (size_t) export->limit : TC_PAGE_ROWS_MAX;
	enum tc_exit code;

	if (export->csv)
		tc_csv_head(export->to, file_columns);
	code = tc_question_pages(export->invocation, query, page, page_write, export);
	if (export->progress)
		fprintf(stderr, "\r%lld rows%s%s\n", (long long)export->rows,
			export->rows ? ", at " : "", export->at);
	return code;
}

/* Under another name until it is whole: half an export must not look like one. */
static enum tc_exit export_file(struct export *export, Throughcare__V1__Query *query,
				const char *path)
{
	char part[TC_FILE_PATH_BYTES];
	enum tc_exit code;
	int fd;

	if (snprintf(part, sizeof(part), "%s.part", path) >= (int)sizeof(part))
		return tc_invocation_usage(export->invocation, "--out: the name is too long");
	/* Who was told what about whom is nobody else's on this machine. */
	fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	export->to = fd < 0 ? NULL : fdopen(fd, "w");
	if (!export->to)
		return file_failed(export->invocation, part);
	code = export_write(export, query);
	if (code == TC_EXIT_DONE &&
	    (fflush(export->to) != 0 || ferror(export->to) || fsync(fileno(export->to)) != 0))
		code = file_failed(export->invocation, part);
	if (fclose(export->to) != 0 && code == TC_EXIT_DONE)
		code = file_failed(export->invocation, part);
	if (code == TC_EXIT_DONE && rename(part, path) != 0)
		code = file_failed(export->invocation, path);
	if (code != TC_EXIT_DONE)
		(void)unlink(part);
	return code;
}

static enum tc_exit export_run(struct tc_invocation *invocation, Throughcare__V1__Query *query)
{
	const char *format = tc_invocation_option(invocation, "format");
	const char *path = tc_invocation_option(invocation, "out");
	struct export export = {
		.invocation = invocation,
		.to = invocation->screen.out,
		.csv = format && strcmp(format, "csv") == 0,
		.progress = path && isatty(STDERR_FILENO),
	};

	if (format && !export.csv && strcmp(format, "jsonl") != 0)
		return tc_invocation_usage(invocation, "--format: jsonl or csv");
	if (tc_invocation_number(invocation, "limit", 1, ROWS_MAX, ROWS_MAX, &export.limit) < 0)
		return TC_EXIT_USAGE;
	return path ? export_file(&export, query, path) : export_write(&export, query);
}

enum tc_exit tc_trail_find_run(struct tc_invocation *invocation)
{
	Throughcare__V1__TrailFindQuery find = THROUGHCARE__V1__TRAIL_FIND_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	Google__Protobuf__Timestamp since, until;
	int64_t since_ms = 0, until_ms = 0;

	find.subject = TEXT(tc_invocation_option(invocation, "subject"));
	find.referral_id = TEXT(tc_invocation_option(invocation, "referral"));
	find.message_id = TEXT(tc_invocation_option(invocation, "message"));
	find.agency = TEXT(tc_invocation_option(invocation, "agency"));
	find.actor = TEXT(tc_invocation_option(invocation, "actor-of"));
	find.certificate = TEXT(tc_invocation_option(invocation, "certificate"));
	find.message_type = TEXT(tc_invocation_option(invocation, "type"));
	find.event = TEXT(tc_invocation_option(invocation, "event"));
	find.code = TEXT(tc_invocation_option(invocation, "code"));
	find.grant_id = TEXT(tc_invocation_option(invocation, "grant"));
	find.proceeding_id = TEXT(tc_invocation_option(invocation, "proceeding"));
	find.has_newest_first = tc_invocation_option(invocation, "newest") != NULL;
	find.newest_first = find.has_newest_first;
	if (tc_invocation_time(invocation, "since", &since_ms) < 0 ||
	    tc_invocation_time(invocation, "until", &until_ms) < 0)
		return TC_EXIT_USAGE;
	if (tc_invocation_option(invocation, "since")) {
		tc_question_time(since_ms, &since);
		find.since = &since;
	}
	if (tc_invocation_option(invocation, "until")) {
		tc_question_time(until_ms, &until);
		find.until = &until;
	}
	query.body_case = THROUGHCARE__V1__QUERY__BODY_TRAIL_FIND;
	query.trail_find = &find;
	if (tc_invocation_option(invocation, "out") || tc_invocation_option(invocation, "format"))
		return export_run(invocation, &query);
	return tc_question_table(invocation, &query, "trail", table_columns);
}
