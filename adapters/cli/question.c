#include "cli/question.h"

#include <stdlib.h>
#include <string.h>

#include "cli/rendition.h"
#include "wire/fields.h"
#include "wire/limits.h"

#define ROWS_MAX 10000000

static bool has_option(const struct tc_command *command, const char *name)
{
	for (const struct tc_command_option *option = command->options; option && option->name;
	     option++)
		if (strcmp(option->name, name) == 0)
			return true;
	return false;
}

static enum tc_exit no_memory(struct tc_invocation *invocation)
{
	tc_problem_set(&invocation->problem, "no_memory", "there is not enough memory",
		       "ask for less at a time", NULL);
	return TC_EXIT_FAILED;
}

static enum tc_exit unreadable(struct tc_invocation *invocation)
{
	tc_problem_set(&invocation->problem, "protocol", "the exchange's answer cannot be read",
		       "check that this program is of the exchange's version", NULL);
	return TC_EXIT_FAILED;
}

/* The packed reply, borrowed from the client. */
static enum tc_exit reply_get(struct tc_invocation *invocation, struct tc_client *client,
			      Throughcare__V1__Query *query, struct tc_slice *ret)
{
	const void *answer = NULL;
	size_t answer_len = 0;
	size_t len = throughcare__v1__query__get_packed_size(query);
	uint8_t *packed = malloc(len + 1);

	if (!packed)
		return no_memory(invocation);
	throughcare__v1__query__pack(query, packed);
	int r = tc_client_query(client, packed, len, TC_SESSION_TIMEOUT_MS, &answer, &answer_len);
	free(packed);
	if (r != 0)
		return tc_session_failed(invocation, client, r);
	*ret = tc_slice(answer, answer_len);
	return TC_EXIT_DONE;
}

enum tc_exit tc_question_ask(struct tc_invocation *invocation, struct tc_client *client,
			     Throughcare__V1__Query *query, json_t **ret)
{
	struct tc_slice reply = {0};
	enum tc_exit code = reply_get(invocation, client, query, &reply);

	if (code == TC_EXIT_DONE &&
	    tc_rendition_packed(reply, &throughcare__v1__query_reply__descriptor, ret) != 0)
		code = unreadable(invocation);
	return code;
}

void tc_question_actor(const struct tc_invocation *invocation, Throughcare__V1__Query *query,
		       Throughcare__V1__Actor *actor)
{
	const char *id = has_option(invocation->command, "actor")
				 ? tc_invocation_option(invocation, "actor")
				 : NULL;
	if (!id)
		return;
	throughcare__v1__actor__init(actor);
	/* protobuf-c has no const strings; packing does not write. */
	actor->id = (char *)(uintptr_t)id;
	query->actor = actor;
}

enum tc_exit tc_question_once(struct tc_invocation *invocation, Throughcare__V1__Query *query,
			      json_t **ret)
{
	Throughcare__V1__Actor actor;
	struct tc_client *client = NULL;

	tc_question_actor(invocation, query, &actor);
	enum tc_exit code = tc_session_open(invocation, &client);
	if (code == TC_EXIT_DONE)
		code = tc_question_ask(invocation, client, query, ret);
	tc_client_close(&client);
	return code;
}

void tc_question_time(int64_t ms, Google__Protobuf__Timestamp *to)
{
	int64_t part = ((ms % 1000) + 1000) % 1000;

	google__protobuf__timestamp__init(to);
	to->seconds = (ms - part) / 1000;
	to->nanos = (int32_t)part * 1000000;
}

/* The place to go on from, out of the reply. 0 bytes: that was the last page. */
static int cursor_take(const json_t *reply, struct tc_bytes *cursor)
{
	const char *text = json_string_value(json_object_get(reply, "nextCursor"));

	cursor->len = 0;
	if (!text)
		return 0;
	return tc_rendition_bytes(text, cursor);
}

enum tc_exit tc_question_pages(struct tc_invocation *invocation, Throughcare__V1__Query *query,
			       size_t page_rows, tc_question_visitor visit, void *context)
{
	Throughcare__V1__Actor actor;
	Throughcare__V1__Page page = THROUGHCARE__V1__PAGE__INIT;
	struct tc_client *client = NULL;
	struct tc_bytes cursor = {0};
	bool more = true;

	tc_question_actor(invocation, query, &actor);
	query->page = &page;
	page.has_limit = true;
	page.limit = page_rows < TC_PAGE_ROWS_MAX ? (uint32_t)page_rows : TC_PAGE_ROWS_MAX;
	enum tc_exit code = tc_session_open(invocation, &client);
	while (code == TC_EXIT_DONE && more) {
		json_t *reply = NULL;
		code = tc_question_ask(invocation, client, query, &reply);
		if (code != TC_EXIT_DONE)
			break;
		more = visit(context, reply) && cursor_take(reply, &cursor) == 0 && cursor.len > 0;
		json_decref(reply);
		page.has_cursor = true;
		page.cursor = (ProtobufCBinaryData){.data = cursor.data, .len = cursor.len};
	}
	query->page = NULL;
	tc_bytes_free(&cursor);
	tc_client_close(&client);
	return code;
}

/* Rows on their way to a table. */
struct rows {
	const struct tc_screen *screen;
	const char *key;
	int64_t limit;
	int64_t seen;
	json_t *kept;
	int64_t looked_at;             /* of a list that is longer; 0: all of it was */
	tc_question_shortener shorten; /* NULL: as it is */
};

static bool rows_take(void *context, const json_t *reply)
{
	struct rows *rows = context;
	size_t index;
	json_t *row;

	rows->looked_at = json_integer_value(json_object_get(reply, "lookedAt"));
	json_array_foreach(json_object_get(reply, rows->key), index, row)
	{
		if (rows->seen >= rows->limit)
			return false;
		rows->seen++;
		if (rows->screen->json) {
			tc_screen_line(rows->screen, row);
			continue;
		}
		if (rows->shorten)
			rows->shorten(row);
		json_array_append(rows->kept, row);
	}
	return rows->seen < rows->limit;
}

/* After the rows: that they are not chosen from all. */
static void rows_say_left(const struct rows *rows)
{
	json_t *row;

	if (rows->looked_at == 0)
		return;
	tc_screen_say(rows->screen,
		      "(the list is longer: only %lld of it were looked at; ask for a part of it)",
		      (long long)rows->looked_at);
	if (!rows->screen->json)
		return;
	row = json_pack("{sI}", "lookedAt", (json_int_t)rows->looked_at);
	tc_screen_line(rows->screen, row);
	json_decref(row);
}

enum tc_exit tc_question_rows(struct tc_invocation *invocation, Throughcare__V1__Query *query,
			      const char *key, const struct tc_column *columns,
			      tc_question_shortener shorten)
{
	struct rows rows = {.screen = &invocation->screen,
			    .key = key,
			    .limit = ROWS_MAX,
			    .kept = json_array(),
			    .shorten = shorten};
	enum tc_exit code = TC_EXIT_USAGE;

	if (!has_option(invocation->command, "limit") ||
	    tc_invocation_number(invocation, "limit", 1, ROWS_MAX, ROWS_MAX, &rows.limit) == 0)
		code = tc_question_pages(invocation, query, (size_t)rows.limit, rows_take, &rows);
	if (code == TC_EXIT_DONE && !invocation->screen.json)
		tc_screen_table(&invocation->screen, columns, rows.kept);
	if (code == TC_EXIT_DONE)
		rows_say_left(&rows);
	json_decref(rows.kept);
	return code;
}

enum tc_exit tc_question_table(struct tc_invocation *invocation, Throughcare__V1__Query *query,
			       const char *key, const struct tc_column *columns)
{
	return tc_question_rows(invocation, query, key, columns, NULL);
}

/* Field 10 of QueryReply, as it came. */
static struct tc_slice message_find(struct tc_slice reply)
{
	struct tc_field field;

	while (tc_fields_next(&reply, &field) == 0)
		if (field.number == 10 && field.wire_type == 2)
			return field.bytes;
	return (struct tc_slice){0};
}

/* With the profile's key: what one sent oneself stays sealed. */
static bool part_open(void *context, size_t place, struct tc_slice sealed, struct tc_slice *ret)
{
	const void *content;
	size_t len;

	(void)place;
	if (tc_client_unseal(context, sealed.data, sealed.len, &content, &len) != 0)
		return false;
	*ret = tc_slice(content, len);
	return true;
}

enum tc_exit tc_question_message(struct tc_invocation *invocation, Throughcare__V1__Query *query,
				 json_t **ret)
{
	Throughcare__V1__Actor actor;
	struct tc_client *client = NULL;
	struct tc_slice reply = {0};

	tc_question_actor(invocation, query, &actor);
	enum tc_exit code = tc_session_open(invocation, &client);
	if (code == TC_EXIT_DONE)
		code = reply_get(invocation, client, query, &reply);
	if (code == TC_EXIT_DONE) {
		struct tc_slice message = message_find(reply);
		if (!message.data) {
			tc_problem_set(&invocation->problem, "not_found",
				       "there is no such message that you may see", "check the id",
				       NULL);
			code = TC_EXIT_REFUSED;
		} else if (tc_rendition_delivery(message, part_open, client, ret) != 0) {
			code = unreadable(invocation);
		}
	}
	tc_client_close(&client);
	return code;
}
