/* what_if - past decisions taken again under other facts: what would differ. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command_table.h"
#include "cli/policy.h"
#include "cli/question.h"
#include "wire/limits.h"

/* protobuf-c has no const strings; packing does not write. */
#define TEXT(value) ((char *)(uintptr_t)(value))

#define ROWS_MAX 10000000

/* What the options say, in the form of a query. */
struct what_if {
	Throughcare__V1__TrailWhatIfQuery query;
	Google__Protobuf__Timestamp at, since, until;
	struct tc_yaml_document policy;
};

/* Its answer as it comes in. */
struct replay {
	const struct tc_screen *screen;
	bool progress; /* somebody watches */
	int64_t limit;
	int64_t examined;
	int64_t differ;
	json_t *kept;
};

static int time_read(struct tc_invocation *invocation, const char *option,
		     Google__Protobuf__Timestamp *to, Google__Protobuf__Timestamp **ret)
{
	int64_t ms = 0;

	if (!tc_invocation_option(invocation, option))
		return 0;
	if (tc_invocation_time(invocation, option, &ms) < 0)
		return TC_EINVAL;
	tc_question_time(ms, to);
	*ret = to;
	return 0;
}

static int what_if_read(struct tc_invocation *invocation, struct what_if *what_if)
{
	what_if->query.revoke_id = TEXT(tc_invocation_option(invocation, "revoke"));
	what_if->query.subject = TEXT(tc_invocation_option(invocation, "subject"));
	if (time_read(invocation, "at", &what_if->at, &what_if->query.at) < 0 ||
	    time_read(invocation, "since", &what_if->since, &what_if->query.since) < 0 ||
	    time_read(invocation, "until", &what_if->until, &what_if->query.until) < 0)
		return TC_EINVAL;
	if (!what_if->query.revoke_id && !what_if->query.at &&
	    !tc_invocation_option(invocation, "policy")) {
		tc_invocation_usage(invocation,
				    "name --revoke, --policy or --at: what would be different?");
		return TC_EINVAL;
	}
	return 0;
}

/* The policy in the file. What is found in it goes to stderr: stdout is for rows. */
static enum tc_exit policy_read(struct tc_invocation *invocation, struct what_if *what_if)
{
	const char *path = tc_invocation_option(invocation, "policy");
	FILE *out = invocation->screen.out;

	if (!path)
		return TC_EXIT_DONE;
	invocation->screen.out = invocation->screen.err;
	enum tc_exit code = tc_policy_read(invocation, path, &what_if->policy);
	invocation->screen.out = out;
	if (code == TC_EXIT_DONE) {
		what_if->query.has_policy = true;
		what_if->query.policy = (ProtobufCBinaryData){.data = what_if->policy.packed.data,
							      .len = what_if->policy.packed.len};
	}
	return code;
}

static void rows_take(struct replay *replay, const json_t *reply)
{
	size_t index;
	json_t *row;

	json_array_foreach(json_object_get(reply, "differences"), index, row)
	{
		if (replay->differ == replay->limit)
			return;
		replay->differ++;
		if (replay->screen->json)
			tc_screen_line(replay->screen, row);
		else
			json_array_append(replay->kept, row);
	}
}

static bool page_take(void *context, const json_t *reply)
{
	struct replay *replay = context;

	rows_take(replay, reply);
	replay->examined += json_integer_value(json_object_get(reply, "examined"));
	if (replay->progress)
		fprintf(replay->screen->err, "\r%lld decisions looked at, %lld would differ",
			(long long)replay->examined, (long long)replay->differ);
	return replay->differ < replay->limit;
}

static enum tc_exit replay_run(struct tc_invocation *invocation, struct what_if *what_if)
{
	static const struct tc_column columns[] = {
		{"at", "AT"},
		{"messageType", "MESSAGE"},
		{"sender", "FROM"},
		{"recipient", "TO"},
		{"subject", "PERSON"},
		{"was", "WAS"},
		{"wouldBe", "WOULD BE"},
		{"code", "CODE"},
		{"noLonger", "NO LONGER"},
		{"newly", "NEWLY"},
		{"messageId", "ID"},
		{"logSequence", "LOG"},
		{NULL, NULL},
	};
	struct replay replay = {.screen = &invocation->screen,
				.progress = isatty(STDERR_FILENO) == 1,
				.limit = ROWS_MAX,
				.kept = json_array()};
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	enum tc_exit code = TC_EXIT_USAGE;

	query.body_case = THROUGHCARE__V1__QUERY__BODY_TRAIL_WHAT_IF;
	query.trail_what_if = &what_if->query;
	if (tc_invocation_number(invocation, "limit", 1, ROWS_MAX, ROWS_MAX, &replay.limit) == 0)
		code = tc_question_pages(invocation, &query, (size_t)replay.limit, page_take,
					 &replay);
	if (replay.progress && replay.examined > 0)
		fputc('\n', invocation->screen.err);
	if (code == TC_EXIT_DONE && !invocation->screen.json) {
		tc_screen_table(&invocation->screen, columns, replay.kept);
		tc_screen_say(&invocation->screen, "%lld decisions looked at, %lld would differ",
			      (long long)replay.examined, (long long)replay.differ);
	}
	json_decref(replay.kept);
	return code;
}

enum tc_exit tc_trail_what_if_run(struct tc_invocation *invocation)
{
	struct what_if what_if = {.query = THROUGHCARE__V1__TRAIL_WHAT_IF_QUERY__INIT};

	if (what_if_read(invocation, &what_if) < 0)
		return TC_EXIT_USAGE;
	enum tc_exit code = policy_read(invocation, &what_if);
	if (code == TC_EXIT_DONE)
		code = replay_run(invocation, &what_if);
	tc_yaml_document_done(&what_if.policy);
	return code;
}
