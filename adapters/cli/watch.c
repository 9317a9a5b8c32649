/* watch - changes of referrals as they come, and from where to go on. */
#include <stdlib.h>
#include <string.h>

#include "cli/command_table.h"
#include "cli/paragraph.h"
#include "cli/question.h"

#define WAIT_MS 20000 /* for each question; the next one follows at once */

struct watching {
	const struct tc_screen *screen;
	int64_t after;
	int64_t left; /* rows that are still wanted */
};

static void change_print(const struct tc_screen *screen, const json_t *row)
{
	char *at = tc_screen_cell(row, "at"), *state = tc_screen_cell(row, "toState");
	char *id = tc_screen_cell(row, "referralId"), *by = tc_screen_cell(row, "by");

	bool taken_over = json_is_true(json_object_get(row, "takenOver"));

	tc_screen_line(screen, row);
	/* Without the year and the seconds, which programs get; the position is where to go on. */
	tc_paragraph_say(screen, 0, "%lld %.11s %s %s %s",
			 (long long)json_integer_value(json_object_get(row, "logSequence")),
			 at && strlen(at) > 16 ? at + 5 : "", id ? id : "", state ? state : "",
			 taken_over ? "taken over"
			 : by       ? by
				    : "");
	free(at);
	free(state);
	free(id);
	free(by);
}

/* A position has all changes of its record behind it: it never ends between two of those. */
static bool change_say(void *context, const json_t *reply)
{
	struct watching *watching = context;
	size_t index;
	const json_t *row;

	json_array_foreach(json_object_get(reply, "changes"), index, row)
	{
		int64_t sequence = json_integer_value(json_object_get(row, "logSequence"));

		if (watching->left <= 0 && sequence != watching->after)
			return false;
		watching->after = sequence;
		watching->left--;
		change_print(watching->screen, row);
	}
	return true;
}

/* Asks again and again; `wait_ms` 0: once, for what is there. */
static enum tc_exit changes_follow(struct tc_invocation *invocation, struct watching *watching,
				   uint32_t wait_ms)
{
	enum tc_exit code = TC_EXIT_DONE;
	bool once = wait_ms == 0;

	do {
		Throughcare__V1__ReferralWatchQuery watch =
			THROUGHCARE__V1__REFERRAL_WATCH_QUERY__INIT;
		Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
		watch.has_after_sequence = watch.has_wait_ms = true;
		watch.after_sequence = (uint64_t)watching->after;
		watch.wait_ms = wait_ms;
		query.body_case = THROUGHCARE__V1__QUERY__BODY_REFERRAL_WATCH;
		query.referral_watch = &watch;
		code = tc_question_pages(invocation, &query, 100, change_say, watching);
		if (!tc_screen_flush(watching->screen))
			return TC_EXIT_FAILED;
	} while (code == TC_EXIT_DONE && !once && watching->left > 0);
	return code;
}

enum tc_exit tc_referral_watch_run(struct tc_invocation *invocation)
{
	struct watching watching = {.screen = &invocation->screen};
	bool once = tc_invocation_option(invocation, "once") != NULL;

	if (tc_invocation_number(invocation, "after", 0, INT64_MAX, 0, &watching.after) != 0 ||
	    tc_invocation_number(invocation, "limit", 1, INT32_MAX, INT32_MAX, &watching.left) != 0)
		return TC_EXIT_USAGE;
	enum tc_exit code = changes_follow(invocation, &watching, once ? 0 : WAIT_MS);
	if (code == TC_EXIT_DONE)
		tc_screen_say(&invocation->screen,
			      "go on with: throughcare referral watch --after %lld",
			      (long long)watching.after);
	return code;
}
