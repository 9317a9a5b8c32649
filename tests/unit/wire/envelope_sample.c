#include "unit/wire/envelope_sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "unit/tls/test_authority.h"

#define ID "0197f000-0000-7000-8000-00000000000"

static struct test_authority authority;
static struct test_identity identity;

struct tc_signing_key *sample_key;
struct tc_certificate *sample_certificate;

char *sample_text(const char *from)
{
	return (char *)(uintptr_t)from;
}

void sample_init(struct sample *sample, int number)
{
	memset(sample, 0, sizeof(*sample));
	throughcare__v1__header__init(&sample->header);
	throughcare__v1__recipient__init(&sample->recipient);
	google__protobuf__timestamp__init(&sample->created);
	google__protobuf__timestamp__init(&sample->other_time);
	snprintf(sample->id, sizeof(sample->id), "%s", ID);
	sample->id[35] = (char)('0' + number);
	sample->id[36] = '\0';
	sample->created.seconds = SAMPLE_NOW_MS / 1000;
	sample->recipient.agency = sample_text("treatment");
	sample->recipients[0] = &sample->recipient;
	sample->header.message_id = sample->id;
	sample->header.type = sample_text("TestMessage");
	sample->header.sender = sample_text("parole");
	sample->header.subject = sample_text(SAMPLE_SUBJECT);
	sample->header.n_recipients = 1;
	sample->header.recipients = sample->recipients;
	sample->header.created_at = &sample->created;
	sample->parts[0] = (struct tc_draft_part){
		.type = "TestMessage",
		.category = THROUGHCARE__V1__CATEGORY__CATEGORY_TEST,
		.content = tc_slice_text("\x0a\x05hello\x10\x01"),
	};
	sample->parts[1] = sample->parts[0];
	sample->parts[1].content = tc_slice_text("\x0a\x05world\x10\x02");
	sample->draft = (struct tc_draft){
		.header = &sample->header, .parts = sample->parts, .part_count = 2};
}

int sample_setup(void **state)
{
	struct test_request request = {.uri = "spiffe://d/agency/parole"};

	(void)state;
	test_authority_init(&authority);
	identity = test_authority_issue(&authority, &request);
	assert_int_equal(tc_signing_key_wrap(identity.key, &sample_key), 0);
	assert_int_equal(tc_certificate_wrap(identity.certificate, &sample_certificate), 0);
	return 0;
}

int sample_teardown(void **state)
{
	(void)state;
	tc_signing_key_free(&sample_key);
	tc_certificate_free(&sample_certificate);
	test_identity_done(&identity);
	test_authority_done(&authority);
	return 0;
}
