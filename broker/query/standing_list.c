#include "query/standing_list.h"

#include <string.h>

#include "ledger/ledger_view.h"
#include "ledger/standing_question.h"
#include "store/store_key.h"

static int add_row(struct answer *answer, const struct standing_question_row *asked)
{
	const Throughcare__V1__StandingQuestion *said = throughcare__v1__standing_question__unpack(
		&answer->arena.allocator, asked->packed.len, asked->packed.data);
	Throughcare__V1__StandingRow *row = arena_take(&answer->arena, sizeof(*row));
	const ProtobufCEnumValue *kind;

	if (said == NULL || row == NULL)
		return TC_ENOMEM;
	kind = protobuf_c_enum_descriptor_get_value(&throughcare__v1__standing_kind__descriptor,
						    (int)said->kind);
	throughcare__v1__standing_row__init(row);
	row->name = said->name;
	row->auditor = answer_text(answer, asked->auditor.name);
	row->kind = answer_text(answer, kind ? kind->name : "");
	row->has_hits = row->has_active = 1;
	row->hits = asked->hits;
	row->active = 1;
	if (asked->last_ms != 0)
		row->last_at = answer_time(answer, asked->last_ms);
	if (row->auditor == NULL || row->kind == NULL ||
	    (asked->last_ms != 0 && row->last_at == NULL))
		return TC_ENOMEM;
	answer->reply.standing[answer->reply.n_standing++] = row;
	return 0;
}

int standing_list_answer(const struct question *question, struct answer *answer)
{
	struct store_table table = ledger_view_table(question->ledger, LEDGER_TABLE_STANDING);
	struct tc_slice after = answer_cursor(question), key;
	size_t rows_max = answer_page_rows(question);
	struct standing_question_row row;
	struct store_key own;

	answer->reply.standing = answer_array(answer, rows_max);
	if (answer->reply.standing == NULL)
		return TC_ENOMEM;
	store_key_init(&own);
	store_key_agency(&own, &question->asker);
	if (after.len > STORE_KEY_BYTES_MAX ||
	    (after.len > 0 && (after.len < own.len || memcmp(after.data, own.data, own.len) != 0)))
		return tc_refuse(&answer->refusal, TC_REFUSAL_FIELD_INVALID, "page.cursor");
	for (;;) {
		int r = standing_question_next(ledger_view_txn(question->ledger), table,
					       &question->asker, after, &row, &key);

		if (r != 0)
			return r == STANDING_QUESTION_UNKNOWN ? 0 : r;
		if (answer->reply.n_standing == rows_max)
			return answer_next_page(answer, after);
		r = add_row(answer, &row);
		if (r < 0)
			return r;
		after = key;
	}
}
