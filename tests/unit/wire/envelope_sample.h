/*
 * envelope_sample - a message that is good as it stands; tests spoil it before it is packed.
 *
 * Owner: the test. Blocks: never.
 */
#ifndef UNIT_WIRE_ENVELOPE_SAMPLE_H
#define UNIT_WIRE_ENVELOPE_SAMPLE_H

#include "throughcare/v1/envelope.pb-c.h"
#include "wire/draft.h"

#define SAMPLE_NOW_MS  1800000000000LL
#define SAMPLE_SUBJECT "00000000-0000-7000-8000-000000000001"

struct sample {
	Throughcare__V1__Header header;
	Throughcare__V1__Recipient recipient;
	Throughcare__V1__Recipient *recipients[1];
	Google__Protobuf__Timestamp created;
	Google__Protobuf__Timestamp other_time;
	char id[40];
	struct tc_draft_part parts[2];
	struct tc_draft draft;
};

/* Of agency "parole". */
extern struct tc_signing_key *sample_key;
extern struct tc_certificate *sample_certificate;

int sample_setup(void **state);
int sample_teardown(void **state);
/* `number`: 0 to 9, the last digit of the message id. */
void sample_init(struct sample *sample, int number);
/* Texts of unpacked messages have no const. */
char *sample_text(const char *from);

#endif
