#include "gateway/reply.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/response.h"
#include "wire/limits.h"
#include "wire/zmtp.h"

struct reply {
	struct reply *next;
	uint64_t request_id;
	size_t bytes;
	uint32_t count; /* of receipts; 0: one whole response */
	uint32_t got;
	struct tc_bytes receipts[];
};

static size_t records_of(uint32_t count)
{
	return count ? count : 1;
}

static void reply_free(struct reply *reply)
{
	for (uint32_t i = 0; i < reply->count; i++)
		tc_bytes_free(&reply->receipts[i]);
	free(reply);
}

int reply_expect(struct reply_queue *queue, uint64_t request_id, uint32_t count, size_t bytes)
{
	struct reply *reply;

	if (count > TC_ENVELOPES_MAX)
		return TC_EINVAL;
	reply = calloc(1, sizeof(*reply) + count * sizeof(reply->receipts[0]));
	if (!reply)
		return TC_ENOMEM;
	reply->request_id = request_id;
	reply->count = count;
	reply->bytes = bytes;
	if (queue->last)
		queue->last->next = reply;
	else
		queue->first = reply;
	queue->last = reply;
	queue->records += records_of(count);
	queue->bytes += bytes;
	return 0;
}

/* Unlinks the reply after `before` (NULL: the first) and takes it out of the sums. */
static void reply_remove(struct reply_queue *queue, struct reply *before, struct reply *reply)
{
	if (before)
		before->next = reply->next;
	else
		queue->first = reply->next;
	if (queue->last == reply)
		queue->last = before;
	queue->records -= records_of(reply->count);
	queue->bytes -= reply->bytes;
	reply_free(reply);
}

static int receipts_write(const struct reply *reply, struct tc_bytes *out)
{
	size_t body = 0;
	uint8_t *room;
	int r;

	for (uint32_t i = 0; i < reply->count; i++)
		body += response_field_bytes(reply->receipts[i].len);
	r = tc_zmtp_write_room(response_head_bytes(reply->request_id, body) + body, out, &room);
	if (r)
		return r;
	room = response_head_write(room, reply->request_id, RESPONSE_SUBMIT, body);
	for (uint32_t i = 0; i < reply->count; i++) {
		room = response_field_write(room, 1, reply->receipts[i].len);
		memcpy(room, reply->receipts[i].data, reply->receipts[i].len);
		room += reply->receipts[i].len;
	}
	return 0;
}

int reply_receipt(struct reply_queue *queue, struct effect *effect, struct tc_bytes *out)
{
	struct reply *before = NULL;
	int r;

	/* Answers come in the order of the log, so it is nearly always the first. */
	for (struct reply *reply = queue->first; reply; before = reply, reply = reply->next) {
		if (reply->request_id != effect->request_id || reply->count != effect->count ||
		    effect->index >= reply->count || reply->receipts[effect->index].data)
			continue;
		if (effect->body.len == 0)
			return REPLY_UNKNOWN;
		reply->receipts[effect->index] = effect->body;
		effect->body = (struct tc_bytes){0};
		if (++reply->got < reply->count)
			return REPLY_WAITING;
		r = receipts_write(reply, out);
		reply_remove(queue, before, reply);
		return r;
	}
	return REPLY_UNKNOWN;
}

int reply_whole(struct reply_queue *queue, const struct effect *effect, struct tc_bytes *out)
{
	struct reply *before = NULL;
	int r;

	for (struct reply *reply = queue->first; reply; before = reply, reply = reply->next) {
		if (reply->request_id != effect->request_id || reply->count != 0)
			continue;
		r = tc_zmtp_write_message(tc_bytes_slice(&effect->body), out);
		reply_remove(queue, before, reply);
		return r;
	}
	return REPLY_UNKNOWN;
}

void reply_queue_done(struct reply_queue *queue)
{
	while (queue->first)
		reply_remove(queue, NULL, queue->first);
}
