#include "query/orders.h"

#include <stdio.h>
#include <string.h>

#include "ledger/ledger_view.h"
#include "ledger/order.h"

#define WHO_BYTES_MAX (TC_NAME_BYTES_MAX + TC_ACTOR_BYTES_MAX + 2)

/* "court-county/judge-1". */
static int put_who(const struct question *question, struct answer *answer, uint32_t number,
		   const char *actor, char **ret)
{
	char text[WHO_BYTES_MAX];
	tc_agency name;
	int r = ledger_view_principal(question->ledger, number, &name);

	if (r != 0)
		return r > 0 ? TC_ECORRUPT : r;
	(void)snprintf(text, sizeof(text), "%s/%s", name.name, actor);
	return answer_put_text(answer, text, ret);
}

/* Is the asker named in it? */
static int is_named(const struct question *question, struct answer *answer,
		    const struct order *order, bool *ret)
{
	const Throughcare__V1__TrailOrder *said = throughcare__v1__trail_order__unpack(
		&answer->arena.allocator, order->packed.len, order->packed.data);

	if (said == NULL)
		return TC_ENOMEM;
	for (size_t i = 0; !*ret && i < said->n_seen_by; i++)
		*ret = strcmp(said->seen_by[i], question->asker.name) == 0;
	return 0;
}

static int is_visible(const struct question *question, struct answer *answer,
		      const struct order *order, bool *ret)
{
	uint32_t number = 0;
	int r;

	*ret = question->scope == GATE_ALL;
	if (*ret)
		return 0;
	r = ledger_view_number(question->ledger, &question->asker, &number);
	if (r < 0)
		return r;
	*ret = number != 0 && (order->proposer == number || order->approver == number);
	return *ret ? 0 : is_named(question, answer, order, ret);
}

static int add_row(const struct question *question, struct answer *answer,
		   const struct order *order)
{
	Throughcare__V1__OrderRow *row = arena_take(&answer->arena, sizeof(*row));
	int r;

	if (row == NULL)
		return TC_ENOMEM;
	throughcare__v1__order_row__init(row);
	r = answer_put_id(answer, order->id, &row->order_id);
	if (r == 0)
		r = answer_put_text(answer, order_kind_name(order->kind), &row->kind);
	if (r == 0)
		r = answer_put_text(answer, order_status_name(order->status), &row->status);
	if (r == 0)
		r = put_who(question, answer, order->proposer, order->ordered_by, &row->agency);
	if (r == 0 && order->approver != 0)
		r = put_who(question, answer, order->approver, order->approved_by,
			    &row->approved_by);
	if (r == 0)
		r = answer_put_time(answer, order->at_ms, &row->ordered_at);
	if (r == 0)
		r = answer_put_time(answer, order->approved_ms, &row->approved_at);
	if (r == 0)
		r = answer_put_time(answer, order->executed_ms, &row->executed_at);
	if (r == 0)
		r = answer_put_text(answer, order->cite, &row->cite);
	row->has_records = order->status == ORDER_EXECUTED;
	row->records = order->records;
	answer->reply.orders[answer->reply.n_orders++] = row;
	return r;
}

static bool is_open(const struct order *order)
{
	return order->status == ORDER_PROPOSED || order->status == ORDER_IN_FORCE;
}

int orders_list(const struct question *question, struct answer *answer)
{
	const Throughcare__V1__OrderListQuery *asked = question->query->order_list;
	struct store_table table = ledger_view_table(question->ledger, LEDGER_TABLE_ORDER);
	bool open_only = asked->has_open_only && asked->open_only, visible;
	struct tc_slice cursor = answer_cursor(question);
	size_t rows_max = answer_page_rows(question);
	struct order order = {.id = {{0}}};
	struct tc_id last = {{0}};
	int r = 0;

	if (cursor.len != 0 && cursor.len != sizeof(order.id.bytes))
		return tc_refuse(&answer->refusal, TC_REFUSAL_FIELD_INVALID, "page.cursor");
	if (cursor.len != 0)
		memcpy(order.id.bytes, cursor.data, cursor.len);
	answer->reply.orders = answer_array(answer, rows_max);
	if (answer->reply.orders == NULL)
		return TC_ENOMEM;
	while (r == 0) {
		r = order_next(ledger_view_txn(question->ledger), table, order.id, &order);
		if (r != 0 || (open_only && !is_open(&order)))
			continue;
		r = is_visible(question, answer, &order, &visible);
		if (r != 0 || !visible)
			continue;
		if (answer->reply.n_orders == rows_max)
			return answer_next_page(answer, tc_slice(last.bytes, sizeof(last.bytes)));
		r = add_row(question, answer, &order);
		last = order.id;
	}
	return r == ORDER_NONE ? 0 : r;
}
