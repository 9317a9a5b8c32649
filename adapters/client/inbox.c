#include "client/inbox.h"

#include <stdlib.h>

#include "wire/fields.h"

bool tc_frame_kind_read(struct tc_slice frame, struct tc_frame_kind *ret)
{
	struct tc_slice rest = frame;
	struct tc_field field;
	int r;

	*ret = (struct tc_frame_kind){0};
	while ((r = tc_fields_next(&rest, &field)) == 0) {
		if (field.number == 1 && field.wire_type == 0)
			ret->request_id = field.value;
		else if (field.wire_type == 2)
			ret->body = field.number;
	}
	return r == TC_FIELDS_END && ret->body != 0;
}

int tc_inbox_push(struct tc_inbox *inbox, const struct tc_frame_kind *kind, struct tc_slice frame)
{
	struct tc_inbox_frame *kept = calloc(1, sizeof(*kept));

	if (!kept)
		return TC_ENOMEM;
	if (tc_bytes_append(&kept->bytes, frame.data, frame.len) < 0) {
		free(kept);
		return TC_ENOMEM;
	}
	kept->kind = *kind;
	if (inbox->last)
		inbox->last->next = kept;
	else
		inbox->first = kept;
	inbox->last = kept;
	return 0;
}

void tc_inbox_take(struct tc_inbox *inbox, struct tc_inbox_frame *frame)
{
	struct tc_inbox_frame **at = &inbox->first;
	struct tc_inbox_frame *before = NULL;

	while (*at != frame) {
		before = *at;
		at = &before->next;
	}
	*at = frame->next;
	if (inbox->last == frame)
		inbox->last = before;
	frame->next = NULL;
}

void tc_inbox_frame_free(struct tc_inbox_frame **frame)
{
	if (!*frame)
		return;
	tc_bytes_free(&(*frame)->bytes);
	free(*frame);
	*frame = NULL;
}

void tc_inbox_clear(struct tc_inbox *inbox)
{
	while (inbox->first) {
		struct tc_inbox_frame *frame = inbox->first;

		tc_inbox_take(inbox, frame);
		tc_inbox_frame_free(&frame);
	}
}
