#include "query/backups.h"

#include "backup/backup_desk.h"

static const char *const states[] = {
	[BACKUP_NONE] = "none",
	[BACKUP_RUNNING] = "running",
	[BACKUP_VERIFIED] = "verified",
	[BACKUP_FAILED] = "failed",
};

/* An operator that is a program names the person it works for, as everybody does. */
static int ask(const struct question *question, struct answer *answer, const char *name)
{
	tc_agency folder;

	if (question->query->actor == NULL || question->query->actor->id == NULL)
		return tc_refuse(&answer->refusal, TC_REFUSAL_FIELD_MISSING, "actor");
	if (!tc_agency_parse(tc_slice_text(name), &folder))
		return tc_refuse(&answer->refusal, TC_REFUSAL_FIELD_INVALID,
				 "exchange_backup.name");
	switch (backup_desk_ask(question->figures->backup, &folder)) {
	case BACKUP_DESK_OFF:
		return tc_refuse(&answer->refusal, TC_REFUSAL_BACKUP_REFUSED,
				 "the setting backup.folder is empty");
	case BACKUP_DESK_BUSY:
		return tc_refuse(&answer->refusal, TC_REFUSAL_BACKUP_REFUSED, "one is being made");
	default:
		return 0;
	}
}

static int row_fill(struct answer *answer, const struct backup_status *status,
		    Throughcare__V1__BackupRow *row)
{
	row->has_first = row->has_next = row->has_tip = row->has_bytes = 1;
	row->first = status->progress.first;
	row->next = status->progress.next;
	row->bytes = status->progress.bytes;
	row->tip = status->tip;
	row->name = answer_text(answer, status->name.name);
	row->status = answer_text(answer, states[status->state]);
	row->started_at = answer_time(answer, status->started_ms);
	if (row->name == NULL || row->status == NULL || row->started_at == NULL)
		return TC_ENOMEM;
	if (status->problem[0] != '\0') {
		row->problem = answer_text(answer, status->problem);
		if (row->problem == NULL)
			return TC_ENOMEM;
	}
	if (status->ended_ms == 0)
		return 0;
	row->ended_at = answer_time(answer, status->ended_ms);
	return row->ended_at ? 0 : TC_ENOMEM;
}

int backups_answer(const struct question *question, struct answer *answer)
{
	const char *name = question->query->exchange_backup->name;
	Throughcare__V1__BackupRow *row = arena_take(&answer->arena, sizeof(*row));
	struct backup_status status;
	int r = name ? ask(question, answer, name) : 0;

	if (r != 0)
		return r;
	answer->reply.backups = answer_array(answer, 1);
	if (row == NULL || answer->reply.backups == NULL)
		return TC_ENOMEM;
	backup_desk_look(question->figures->backup, &status);
	if (status.state == BACKUP_NONE)
		return 0;
	throughcare__v1__backup_row__init(row);
	r = row_fill(answer, &status, row);
	answer->reply.backups[answer->reply.n_backups++] = row;
	return r;
}
