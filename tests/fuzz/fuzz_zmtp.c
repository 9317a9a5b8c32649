/*
 * Bytes of a peer, cut into reads: the first byte is the role and how large the reads are. What the
 * codec says may not depend on where they are cut.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "wire/limits.h"
#include "wire/zmtp.h"

#define FRAME_BYTES_MAX 4096

struct told {
	size_t events;
	size_t bytes;
	unsigned sum; /* of what was handed out */
	int end;
	enum tc_refusal_code code;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void event_note(struct told *told, const struct tc_zmtp_event *event)
{
	told->events++;
	told->bytes += event->bytes.len;
	told->sum = told->sum * 31 + event->kind;
	for (size_t i = 0; i < event->bytes.len; i++)
		told->sum = told->sum * 31 + event->bytes.data[i];
}

static struct told listen_to(enum tc_zmtp_role role, const uint8_t *data, size_t size, size_t step)
{
	struct told told = {0};
	struct tc_bytes in = {0};
	struct tc_bytes out = {0};
	struct tc_zmtp zmtp;

	tc_zmtp_init(&zmtp, role, FRAME_BYTES_MAX);
	if (role == TC_ZMTP_DEALER)
		TC_CHECK(tc_zmtp_write_ready(&zmtp, &out) == 0);
	told.end = TC_ZMTP_MORE;
	for (size_t at = 0; at < size && told.end == TC_ZMTP_MORE; at += step) {
		TC_CHECK(tc_bytes_append(&in, data + at, size - at < step ? size - at : step) == 0);
		do {
			struct tc_zmtp_event event;
			size_t used;

			told.end = tc_zmtp_next(&zmtp, tc_bytes_slice(&in), &used, &event);
			TC_CHECK(used <= in.len);
			if (told.end == 0)
				event_note(&told, &event);
			tc_bytes_consume(&in, used);
			if (zmtp.state == TC_ZMTP_STATE_HELD)
				TC_CHECK(tc_zmtp_write_ready(&zmtp, &out) == 0);
		} while (told.end == 0);
		TC_CHECK(told.end != TC_ZMTP_MORE || zmtp.wanted > in.len);
		TC_CHECK(zmtp.wanted <= FRAME_BYTES_MAX + TC_ZMTP_FRAME_HEADER_MAX);
	}
	told.code = zmtp.refusal.code;
	TC_CHECK((told.code != TC_REFUSAL_NONE) == (told.end == TC_ZMTP_REFUSED) ||
		 zmtp.state == TC_ZMTP_STATE_OVER);
	tc_bytes_free(&in);
	tc_bytes_free(&out);
	return told;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum tc_zmtp_role role;
	struct told whole;
	struct told cut;

	if (size < 1)
		return 0;
	role = data[0] & 1 ? TC_ZMTP_DEALER : TC_ZMTP_ROUTER;
	whole = listen_to(role, data + 1, size - 1, size);
	cut = listen_to(role, data + 1, size - 1, 1U + (data[0] >> 1));
	TC_CHECK(whole.events == cut.events && whole.bytes == cut.bytes && whole.sum == cut.sum);
	TC_CHECK(whole.end == cut.end && whole.code == cut.code);
	return 0;
}
