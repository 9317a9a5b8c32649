#include "unit/ledger/order_fixture.h"

#include <stdio.h>
#include <string.h>

#include "ledger/ledger_view.h"
#include "ledger/order.h"

#define TEXT_BYTES 512

const char *order_id_text(struct tc_id id)
{
	static char text[TC_ID_TEXT_BYTES];

	tc_id_format(id, text);
	return text;
}

struct tc_id order_say(struct exchange *x, const char *from, const char *actor, const char *kind,
		       const char *what, struct tc_id target)
{
	struct tc_id id = exchange_id(x);
	char json[TEXT_BYTES];

	snprintf(json, sizeof(json),
		 "{\"kind\":\"ORDER_KIND_%s\",\"%s\":[\"%s\"],\"cite\":\"Example Code 1.2\","
		 "\"reference\":\"order 26-1\",\"seen_by\":[\"court\"]}",
		 kind, what, order_id_text(target));
	x->next_id = id;
	exchange_say(x, from, actor, "TrailOrder", (struct tc_id){{0}}, json);
	return id;
}

struct tc_id order_ending(struct exchange *x, const char *actor, const char *kind,
			  struct tc_id ended)
{
	struct tc_id id = exchange_id(x);
	char json[TEXT_BYTES];

	snprintf(json, sizeof(json),
		 "{\"kind\":\"ORDER_KIND_%s\",\"cite\":\"Example Code 1.3\",\"reference\":\"order "
		 "26-2\",\"ends_order_id\":\"%s\"}",
		 kind, order_id_text(ended));
	x->next_id = id;
	exchange_say(x, "court", actor, "TrailOrder", (struct tc_id){{0}}, json);
	return id;
}

void order_approve(struct exchange *x, const char *from, const char *actor, struct tc_id id,
		   bool approved)
{
	char json[TEXT_BYTES];

	snprintf(json, sizeof(json), "{\"order_id\":\"%s\",\"approved\":%s}", order_id_text(id),
		 approved ? "true" : "false");
	exchange_say(x, from, actor, "TrailOrderApproval", (struct tc_id){{0}}, json);
}

static Throughcare__V1__SequenceRange range_of(uint64_t first, uint32_t count)
{
	Throughcare__V1__SequenceRange range = THROUGHCARE__V1__SEQUENCE_RANGE__INIT;

	range.has_first = range.has_count = 1;
	range.first = first;
	range.count = count;
	return range;
}

static void forgotten_append(struct exchange *x, Throughcare__V1__ForgottenKind kind,
			     Throughcare__V1__ForgottenRecord *forgotten)
{
	Throughcare__V1__Record record = THROUGHCARE__V1__RECORD__INIT;

	forgotten->has_kind = 1;
	forgotten->kind = kind;
	record.body_case = THROUGHCARE__V1__RECORD__BODY_FORGOTTEN;
	record.forgotten = forgotten;
	exchange_append(x, &record, 0);
}

static void records_forgotten(struct exchange *x, uint64_t first, uint32_t count, bool is_order)
{
	Throughcare__V1__ForgottenRecord forgotten = THROUGHCARE__V1__FORGOTTEN_RECORD__INIT;
	Throughcare__V1__SequenceRange range = range_of(first, count), *ranges[] = {&range};

	forgotten.has_order_sequence = is_order;
	forgotten.order_sequence = is_order ? first : 0;
	forgotten.records = ranges;
	forgotten.n_records = 1;
	forgotten_append(x, THROUGHCARE__V1__FORGOTTEN_KIND__FORGOTTEN_KIND_ORDER, &forgotten);
}

void order_forgets(struct exchange *x, uint64_t first, uint32_t count)
{
	records_forgotten(x, first, count, false);
}

void order_forgets_by(struct exchange *x, uint64_t order_sequence, uint32_t count)
{
	records_forgotten(x, order_sequence, count, true);
}

void retention_forgets(struct exchange *x, uint64_t sequence)
{
	Throughcare__V1__ForgottenRecord forgotten = THROUGHCARE__V1__FORGOTTEN_RECORD__INIT;
	Throughcare__V1__SequenceRange early = range_of(0, 1), late = range_of(sequence, 1);
	Throughcare__V1__SequenceRange *ranges[] = {&early, &late};

	forgotten.parts = ranges;
	forgotten.n_parts = 2;
	forgotten_append(x, THROUGHCARE__V1__FORGOTTEN_KIND__FORGOTTEN_KIND_RETENTION, &forgotten);
}

bool order_hidden(struct exchange *x, struct tc_id subject, struct tc_id message, const char *asker)
{
	struct order_tables tables;
	struct ledger_view *view;
	tc_agency agency = {{0}};
	uint64_t next;
	bool sealed;

	memcpy(agency.name, asker, strlen(asker));
	assert_int_equal(ledger_commit(x->ledger), 0);
	assert_int_equal(ledger_view_open(&view, x->ledger), 0);
	assert_int_equal(ledger_view_renew(view, &next), 0);
	tables = ledger_view_orders(view);
	assert_int_equal(order_sealed(ledger_view_txn(view), &tables, subject, (struct tc_id){{0}},
				      message, &agency, &sealed),
			 0);
	ledger_view_close(&view);
	return sealed;
}
