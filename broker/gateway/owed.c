#include "gateway/owed.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/response.h"
#include "wire/limits.h"
#include "wire/zmtp.h"

struct owed {
	struct owed *next;
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

static void owed_free(struct owed *owed)
{
	for (uint32_t i = 0; i < owed->count; i++)
		tc_bytes_free(&owed->receipts[i]);
	free(owed);
}

int owed_expect(struct owed_queue *queue, uint64_t request_id, uint32_t count, size_t bytes)
{
	struct owed *owed;

	if (count > TC_ENVELOPES_MAX)
		return TC_EINVAL;
	owed = calloc(1, sizeof(*owed) + count * sizeof(owed->receipts[0]));
	if (!owed)
		return TC_ENOMEM;
	owed->request_id = request_id;
	owed->count = count;
	owed->bytes = bytes;
	if (queue->last)
		queue->last->next = owed;
	else
		queue->first = owed;
	queue->last = owed;
	queue->records += records_of(count);
	queue->bytes += bytes;
	return 0;
}

/* Unlinks what comes after `before` (NULL: the first) and takes it out of the sums. */
static void owed_remove(struct owed_queue *queue, struct owed *before, struct owed *owed)
{
	if (before)
		before->next = owed->next;
	else
		queue->first = owed->next;
	if (queue->last == owed)
		queue->last = before;
	queue->records -= records_of(owed->count);
	queue->bytes -= owed->bytes;
	owed_free(owed);
}

static int receipts_write(const struct owed *owed, struct tc_bytes *out)
{
	size_t body = 0;
	uint8_t *room;
	int r;

	for (uint32_t i = 0; i < owed->count; i++)
		body += response_field_bytes(owed->receipts[i].len);
	r = tc_zmtp_write_room(response_head_bytes(owed->request_id, body) + body, out, &room);
	if (r)
		return r;
	room = response_head_write(room, owed->request_id, RESPONSE_SUBMIT, body);
	for (uint32_t i = 0; i < owed->count; i++) {
		room = response_field_write(room, 1, owed->receipts[i].len);
		memcpy(room, owed->receipts[i].data, owed->receipts[i].len);
		room += owed->receipts[i].len;
	}
	return 0;
}

int owed_receipt(struct owed_queue *queue, struct effect *effect, struct tc_bytes *out)
{
	struct owed *before = NULL;
	int r;

	/* Answers come in the order of the log, so it is nearly always the first. */
	for (struct owed *owed = queue->first; owed; before = owed, owed = owed->next) {
		if (owed->request_id != effect->request_id || owed->count != effect->count ||
		    effect->index >= owed->count || owed->receipts[effect->index].data)
			continue;
		if (effect->body.len == 0)
			return OWED_UNKNOWN;
		owed->receipts[effect->index] = effect->body;
		effect->body = (struct tc_bytes){0};
		if (++owed->got < owed->count)
			return OWED_WAITING;
		r = receipts_write(owed, out);
		owed_remove(queue, before, owed);
		return r;
	}
	return OWED_UNKNOWN;
}

int owed_whole(struct owed_queue *queue, const struct effect *effect, struct tc_bytes *out)
{
	struct owed *before = NULL;
	int r;

	for (struct owed *owed = queue->first; owed; before = owed, owed = owed->next) {
		if (owed->request_id != effect->request_id || owed->count != 0)
			continue;
		r = tc_zmtp_write_message(tc_bytes_slice(&effect->body), out);
		owed_remove(queue, before, owed);
		return r;
	}
	return OWED_UNKNOWN;
}

void owed_queue_done(struct owed_queue *queue)
{
	while (queue->first)
		owed_remove(queue, NULL, queue->first);
}
