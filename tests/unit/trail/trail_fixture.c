#include "unit/trail/trail_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define MAP_BYTES (64ULL * 1024 * 1024)

static void open_index(struct trail_fixture *fixture)
{
	struct trail_index_options options = {.path = fixture->path, .map_bytes = MAP_BYTES};

	assert_int_equal(trail_index_open(&options, &fixture->index), 0);
}

int trail_fixture_setup(void **state)
{
	struct trail_fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	(void)snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/tc-trail-XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	(void)snprintf(fixture->path, sizeof(fixture->path), "%s/trail", fixture->folder);
	open_index(fixture);
	*state = fixture;
	return 0;
}

int trail_fixture_teardown(void **state)
{
	struct trail_fixture *fixture = *state;

	trail_index_close(&fixture->index);
	assert_int_equal(store_remove(fixture->path), 0);
	assert_int_equal(rmdir(fixture->folder), 0);
	free(fixture);
	return 0;
}

void trail_fixture_reopen(struct trail_fixture *fixture)
{
	trail_index_close(&fixture->index);
	open_index(fixture);
}

struct tc_id made_id(unsigned number)
{
	struct tc_id id = {{0}};

	if (number == 0)
		return id;
	id.bytes[6] = 0x70;
	id.bytes[8] = 0x80;
	tc_put_be32(id.bytes + 12, number);
	return id;
}

static char *id_text(unsigned number, char to[TC_ID_TEXT_BYTES])
{
	if (number == 0)
		return NULL;
	tc_id_format(made_id(number), to);
	return to;
}

static char *text(const char *from)
{
	return (char *)(uintptr_t)from;
}

void push_fact(struct effects *effects, const struct made_fact *made)
{
	Throughcare__V1__TrailRow row = THROUGHCARE__V1__TRAIL_ROW__INIT;
	struct fact *fact = calloc(1, sizeof(*fact));
	char ids[5][TC_ID_TEXT_BYTES];
	char *grant;
	size_t len;

	assert_non_null(fact);
	row.event = text(made->event ? made->event : "submission");
	row.subject = id_text(made->subject, ids[0]);
	row.referral_id = id_text(made->referral, ids[1]);
	row.message_id = id_text(made->message, ids[2]);
	row.agency = text(made->agency);
	row.recipient = text(made->recipient);
	row.actor = text(made->actor);
	row.message_type = text(made->type);
	row.code = text(made->code);
	row.proceeding_id = text(made->proceeding);
	row.certificate = text(made->certificate);
	row.basis = id_text(made->basis, ids[3]);
	grant = id_text(made->grant, ids[4]);
	row.grants = &grant;
	row.n_grants = grant != NULL;
	row.has_record = made->record.len > 0;
	row.record = (ProtobufCBinaryData){.len = made->record.len,
					   .data = (uint8_t *)(uintptr_t)made->record.data};
	len = throughcare__v1__trail_row__get_packed_size(&row);
	assert_int_equal(tc_bytes_reserve(&fact->row, len), 0);
	fact->row.len = throughcare__v1__trail_row__pack(&row, fact->row.data);
	fact->sequence = made->sequence;
	fact->time_ms = made->time_ms;
	effects_push_fact(effects, &fact);
}

void take_one(struct trail_fixture *fixture, const struct made_fact *made)
{
	struct effects effects = {0};

	push_fact(&effects, made);
	assert_int_equal(trail_index_take(fixture->index, &effects, made->sequence + 1), 0);
}

struct found {
	uint64_t *sequences;
	size_t max;
	size_t count;
};

static int collect(void *context, Throughcare__V1__TrailRow *row)
{
	struct found *found = context;

	assert_non_null(row->at);
	if (found->count == found->max)
		return TRAIL_FOUND_ENOUGH;
	found->sequences[found->count++] = row->log_sequence;
	return TRAIL_FOUND_MORE;
}

size_t find_all(struct trail_fixture *fixture, const struct trail_question *question,
		uint64_t *sequences, size_t max)
{
	struct found found = {.sequences = sequences, .max = max};
	struct posting_position next;
	struct trail_view *view;
	bool ended;

	assert_int_equal(trail_view_open(fixture->index, &view), 0);
	assert_int_equal(trail_view_find(view, question, collect, &found, &next, &ended), 0);
	assert_true(ended);
	trail_view_close(&view);
	return found.count;
}
