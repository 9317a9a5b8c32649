#include "query/answer.h"

#include <string.h>

static const Throughcare__V1__QueryReply empty_reply = THROUGHCARE__V1__QUERY_REPLY__INIT;

void answer_init(struct answer *answer)
{
	arena_init(&answer->arena);
	answer->reply = empty_reply;
	answer->refusal = (struct tc_refusal){0};
}

void answer_reset(struct answer *answer)
{
	arena_reset(&answer->arena);
	answer->reply = empty_reply;
	answer->refusal = (struct tc_refusal){0};
}

void answer_done(struct answer *answer)
{
	arena_done(&answer->arena);
}

size_t answer_page_rows(const struct question *question)
{
	const Throughcare__V1__Page *page = question->query->page;

	if (page == NULL || !page->has_limit || page->limit == 0)
		return TC_PAGE_ROWS_DEFAULT;
	return page->limit < TC_PAGE_ROWS_MAX ? page->limit : TC_PAGE_ROWS_MAX;
}

struct tc_slice answer_cursor(const struct question *question)
{
	const Throughcare__V1__Page *page = question->query->page;

	if (page == NULL || !page->has_cursor)
		return tc_slice(NULL, 0);
	return tc_slice(page->cursor.data, page->cursor.len);
}

int answer_next_page(struct answer *answer, struct tc_slice cursor)
{
	uint8_t *copy = answer_bytes(answer, cursor);

	if (copy == NULL)
		return TC_ENOMEM;
	answer->reply.has_next_cursor = 1;
	answer->reply.next_cursor = (ProtobufCBinaryData){.len = cursor.len, .data = copy};
	return 0;
}

int answer_read_id(struct answer *answer, const char *text, const char *field, struct tc_id *ret)
{
	if (text == NULL || text[0] == '\0')
		return tc_refuse(&answer->refusal, TC_REFUSAL_FIELD_MISSING, "%s", field);
	if (!tc_id_parse(tc_slice_text(text), ret) || tc_id_is_none(*ret))
		return tc_refuse(&answer->refusal, TC_REFUSAL_FIELD_INVALID, "%s", field);
	return 0;
}

int answer_read_agency(struct answer *answer, const char *text, const char *field, tc_agency *ret)
{
	if (text == NULL || text[0] == '\0')
		return tc_refuse(&answer->refusal, TC_REFUSAL_FIELD_MISSING, "%s", field);
	if (!tc_agency_parse(tc_slice_text(text), ret))
		return tc_refuse(&answer->refusal, TC_REFUSAL_FIELD_INVALID, "%s", field);
	return 0;
}

char *answer_text(struct answer *answer, const char *text)
{
	size_t len = strlen(text) + 1;
	char *copy = arena_take(&answer->arena, len);

	if (copy != NULL)
		memcpy(copy, text, len);
	return copy;
}

char *answer_id(struct answer *answer, struct tc_id id)
{
	char *text = arena_take(&answer->arena, TC_ID_TEXT_BYTES);

	if (text != NULL)
		tc_id_format(id, text);
	return text;
}

uint8_t *answer_bytes(struct answer *answer, struct tc_slice bytes)
{
	uint8_t *copy = arena_take(&answer->arena, bytes.len + 1);

	if (copy != NULL && bytes.len > 0)
		memcpy(copy, bytes.data, bytes.len);
	return copy;
}

Google__Protobuf__Timestamp *answer_time(struct answer *answer, int64_t ms)
{
	Google__Protobuf__Timestamp *time = arena_take(&answer->arena, sizeof(*time));
	int64_t rest = ms % 1000;

	if (time == NULL)
		return NULL;
	google__protobuf__timestamp__init(time);
	/* Nanoseconds count forward, also before 1970. */
	time->seconds = ms / 1000 - (rest < 0);
	time->nanos = (int32_t)(rest < 0 ? rest + 1000 : rest) * 1000000;
	return time;
}

int answer_put_time(struct answer *answer, int64_t ms, Google__Protobuf__Timestamp **ret)
{
	if (ms == 0)
		return 0;
	*ret = answer_time(answer, ms);
	return *ret ? 0 : TC_ENOMEM;
}

int answer_put_text(struct answer *answer, const char *text, char **ret)
{
	if (text[0] == '\0')
		return 0;
	*ret = answer_text(answer, text);
	return *ret ? 0 : TC_ENOMEM;
}

int answer_put_id(struct answer *answer, struct tc_id id, char **ret)
{
	if (tc_id_is_none(id))
		return 0;
	*ret = answer_id(answer, id);
	return *ret ? 0 : TC_ENOMEM;
}

void *answer_array(struct answer *answer, size_t count)
{
	return arena_take(&answer->arena, (count ? count : 1) * sizeof(void *));
}

static void fill_refusal(Throughcare__V1__Refusal *refusal, struct tc_refusal *from)
{
	/* protobuf-c's fields are not const; packing only reads. */
	refusal->code = (char *)(uintptr_t)tc_refusal_name(from->code);
	refusal->message = (char *)(uintptr_t)tc_refusal_message(from->code);
	refusal->hint = (char *)(uintptr_t)tc_refusal_hint(from->code);
	if (from->detail[0] != '\0')
		refusal->detail = from->detail;
}

static int pack(const Throughcare__V1__Response *response, struct tc_bytes *ret)
{
	size_t len = throughcare__v1__response__get_packed_size(response);
	int r = tc_bytes_reserve(ret, len);

	if (r < 0)
		return r;
	ret->len = throughcare__v1__response__pack(response, ret->data);
	return 0;
}

struct effects *answer_take(struct answer *answer, const struct query_request *request, int r)
{
	Throughcare__V1__Response response = THROUGHCARE__V1__RESPONSE__INIT;
	Throughcare__V1__Refusal refusal = THROUGHCARE__V1__REFUSAL__INIT;
	struct effects *effects = effects_new();
	struct effect *effect = effect_new(EFFECT_REPLY);

	if (effects == NULL || effect == NULL)
		goto out;
	effect->gateway = request->gateway;
	effect->connection = request->connection;
	effect->request_id = request->request_id;
	effect->sequence = request->sequence;
	response.has_request_id = 1;
	response.request_id = request->request_id;
	if (r < 0)
		(void)tc_refuse(&answer->refusal, TC_REFUSAL_INTERNAL, "%s", "");
	if (r == 0) {
		answer->reply.has_log_sequence = 1;
		answer->reply.log_sequence = request->sequence;
		response.body_case = THROUGHCARE__V1__RESPONSE__BODY_QUERY;
		response.query = &answer->reply;
	} else {
		fill_refusal(&refusal, &answer->refusal);
		response.body_case = THROUGHCARE__V1__RESPONSE__BODY_REFUSAL;
		response.refusal = &refusal;
	}
	if (pack(&response, &effect->body) < 0)
		goto out;
	effects_push(effects, &effect);
	return effects;
out:
	effect_free(&effect);
	effects_free(&effects);
	return NULL;
}
