#include "trail/trail_question.h"

#include <string.h>

struct trail_question trail_question_any(void)
{
	return (struct trail_question){
		.since_ms = INT64_MIN,
		.until_ms = INT64_MAX,
		.before = UINT64_MAX,
	};
}

static bool same_id(struct tc_id wanted, const char *text)
{
	struct tc_id id;

	if (tc_id_is_none(wanted))
		return true;
	return text != NULL && tc_id_parse(tc_slice_text(text), &id) && tc_id_equal(wanted, id);
}

/* NULL restricts nothing. */
static bool same_name(const char *wanted, const char *text)
{
	return wanted == NULL || (text != NULL && strcmp(wanted, text) == 0);
}

static bool has_grant(struct tc_id wanted, const Throughcare__V1__TrailRow *row)
{
	bool found = same_id(wanted, row->basis);

	for (size_t i = 0; !found && i < row->n_grants; i++)
		found = same_id(wanted, row->grants[i]);
	return found;
}

bool trail_question_answers(const struct trail_question *question,
			    const Throughcare__V1__TrailRow *row)
{
	return same_id(question->subject, row->subject) &&
	       same_id(question->referral, row->referral_id) &&
	       same_id(question->message, row->message_id) && has_grant(question->grant, row) &&
	       (same_name(question->agency, row->agency) ||
		same_name(question->agency, row->recipient)) &&
	       same_name(question->actor, row->actor) &&
	       same_name(question->certificate, row->certificate) &&
	       same_name(question->type, row->message_type) &&
	       same_name(question->event, row->event) && same_name(question->code, row->code) &&
	       same_name(question->proceeding, row->proceeding_id);
}
