/* review - releases in an emergency, and what was found of them. */
#include "cli/command_table.h"
#include "cli/question.h"

enum tc_exit tc_review_list_run(struct tc_invocation *invocation)
{
	static const struct tc_column columns[] = {
		{"messageId", "MESSAGE"}, {"agency", "FROM"},         {"recipient", "TO"},
		{"releasedAt", "AT"},     {"status", "STATUS"},       {"due", "DUE"},
		{"reviewer", "REVIEWER"}, {"reviewedAt", "REVIEWED"}, {NULL, NULL},
	};
	Throughcare__V1__ReviewListQuery list = THROUGHCARE__V1__REVIEW_LIST_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;

	list.has_open_only = true;
	list.open_only = tc_invocation_option(invocation, "open") != NULL;
	query.body_case = THROUGHCARE__V1__QUERY__BODY_REVIEW_LIST;
	query.review_list = &list;
	return tc_question_table(invocation, &query, "reviews", columns);
}
