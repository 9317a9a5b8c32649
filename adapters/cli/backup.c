/* backup - has the exchange copy its log, and waits until the copy was read again. */
#include "cli/command_table.h"

#include <string.h>
#include <time.h>

#include "cli/progress.h"
#include "cli/question.h"

/* Each look is a record of the trail: few of them for a backup that takes long. */
#define LOOK_FIRST_MS 250
#define LOOK_LAST_MS  8000

static void wait_ms(unsigned ms)
{
	struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	while (nanosleep(&left, &left) != 0)
		;
}

static const char *status_of(const json_t *row)
{
	const char *status = json_string_value(json_object_get(row, "status"));

	return status ? status : "";
}

/* The row of the one backup that the exchange tells about; NULL when there was none. */
static json_t *row_of(const json_t *reply)
{
	return json_array_get(json_object_get(reply, "backups"), 0);
}

/* Until it is no longer running; the reply before is let go of. */
static enum tc_exit follow(struct tc_invocation *invocation, struct tc_client *client,
			   Throughcare__V1__Query *query, json_t **reply)
{
	struct tc_progress progress;
	enum tc_exit code = TC_EXIT_DONE;

	query->exchange_backup->name = NULL;
	tc_progress_init(&progress, &invocation->screen, "Backed up", "records");
	for (unsigned ms = LOOK_FIRST_MS;
	     code == TC_EXIT_DONE && strcmp(status_of(row_of(*reply)), "running") == 0;
	     ms = ms < LOOK_LAST_MS ? ms * 2 : LOOK_LAST_MS) {
		const json_t *row = row_of(*reply);

		tc_progress_show(&progress,
				 (uint64_t)json_integer_value(json_object_get(row, "next")),
				 (uint64_t)json_integer_value(json_object_get(row, "tip")));
		wait_ms(ms);
		json_decref(*reply);
		*reply = NULL;
		code = tc_question_ask(invocation, client, query, reply);
	}
	tc_progress_done(&progress);
	return code;
}

static enum tc_exit outcome(struct tc_invocation *invocation, const json_t *row)
{
	static const struct tc_column columns[] = {
		{"name", "backup"},   {"status", "status"},       {"first", "new from record"},
		{"next", "records"},  {"bytes", "bytes written"}, {"startedAt", "started"},
		{"endedAt", "ended"}, {"problem", "problem"},     {NULL, NULL},
	};

	if (row == NULL && invocation->operand_count > 0) {
		tc_problem_set(&invocation->problem, "backup_failed",
			       "the exchange was started again meanwhile",
			       "ask again: what is already there is not written twice", NULL);
		return TC_EXIT_FAILED;
	}
	if (row == NULL) {
		tc_screen_say(&invocation->screen, "No backup was asked for since the start.");
		return TC_EXIT_DONE;
	}
	if (strcmp(status_of(row), "failed") != 0) {
		tc_screen_record(&invocation->screen, columns, row);
		return TC_EXIT_DONE;
	}
	tc_problem_set(&invocation->problem, "backup_failed", "the backup could not be made",
		       "free room or correct what the detail names, then ask again: what is "
		       "already there is not written twice",
		       "%s", json_string_value(json_object_get(row, "problem")));
	return TC_EXIT_FAILED;
}

enum tc_exit tc_exchange_backup_run(struct tc_invocation *invocation)
{
	Throughcare__V1__ExchangeBackupQuery backup = THROUGHCARE__V1__EXCHANGE_BACKUP_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	Throughcare__V1__Actor actor = THROUGHCARE__V1__ACTOR__INIT;
	const char *id = tc_invocation_option(invocation, "actor");
	struct tc_client *client = NULL;
	json_t *reply = NULL;
	enum tc_exit code = tc_session_open(invocation, &client);

	if (code != TC_EXIT_DONE)
		return code;
	/* protobuf-c has no const strings; packing does not write. */
	actor.id = (char *)(uintptr_t)(id ? id : tc_client_identity(client)->id);
	query.actor = &actor;
	backup.name = invocation->operand_count > 0 ? invocation->operands[0] : NULL;
	query.body_case = THROUGHCARE__V1__QUERY__BODY_EXCHANGE_BACKUP;
	query.exchange_backup = &backup;
	code = tc_question_ask(invocation, client, &query, &reply);
	if (code == TC_EXIT_DONE && invocation->operand_count > 0)
		code = follow(invocation, client, &query, &reply);
	if (code == TC_EXIT_DONE)
		code = outcome(invocation, row_of(reply));
	json_decref(reply);
	tc_client_close(&client);
	return code;
}
