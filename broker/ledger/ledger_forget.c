#include "ledger/ledger_forget.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/attached.h"
#include "ledger/delivery.h"
#include "ledger/forget_rule.h"
#include "ledger/idempotency.h"
#include "ledger/order.h"
#include "ledger/state.h"
#include "referral/referral_row.h"

#define ID_BYTES sizeof(((struct tc_id *)NULL)->bytes)

int forget_what_root(struct forget_what *what, struct tc_id id)
{
	int r = sought_add(&what->roots, id);

	return r < 0 ? r : sought_add(&what->ids, id);
}

void forget_what_done(struct forget_what *what)
{
	sought_done(&what->roots);
	sought_done(&what->ids);
	sought_numbers_done(&what->records);
	sought_numbers_done(&what->orders);
	sought_done(&what->closed);
	sought_numbers_done(&what->deliveries);
	forget_consents_done(&what->consents);
}

int ledger_forget_due(struct ledger *ledger, struct order *ret)
{
	struct order_tables tables = order_tables_of(ledger);

	return order_next_due(ledger->txn, &tables, ret);
}

/* ---- every row of every table ---- */

typedef int (*row_visit)(void *context, const struct forget_rule *rule, struct tc_slice key,
			 struct tc_slice value);
typedef int (*table_visit)(void *context, const struct forget_rule *rule);

static int walk_table(struct ledger *ledger, struct store_table table,
		      const struct forget_rule *rule, row_visit see, void *context)
{
	struct store_cursor cursor = {0};
	struct tc_slice key, value;
	int r = store_cursor_init(&cursor, ledger->txn, table, tc_slice(NULL, 0), STORE_FORWARD);

	while (r == 0) {
		r = store_cursor_next(&cursor, &key, &value);
		if (r == 0)
			r = see(context, rule, key, value);
	}
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : r;
}

static int walk(struct ledger *ledger, table_visit begin, row_visit see, void *context)
{
	char name[STORE_NAME_BYTES] = "";
	struct store_table table;
	int r = ledger_flush(ledger);

	while (r == 0) {
		struct forget_rule rule;

		r = store_table_next(ledger->txn, name, name, &table);
		if (r != 0)
			break;
		rule = forget_rule_of(name);
		if (begin != NULL)
			r = begin(context, &rule);
		if (r == 0)
			r = walk_table(ledger, table, &rule, see, context);
	}
	return r == STORE_NOT_FOUND ? 0 : r;
}

/* ---- what belongs to it ---- */

struct finding {
	struct forget_what *what;
	struct sought gone;   /* ids of messages that are forgotten... */
	struct sought others; /* ...that another's message has, too */
};

/* What an order set off stays: it tells others of what became of theirs. */
static bool is_forgotten(const struct forget_what *what, uint64_t sequence)
{
	return sought_numbers_has(&what->records, sequence) &&
	       !sought_numbers_has(&what->orders, sequence);
}

/* A delivery of a forgotten record, or that names what is forgotten. */
static int find_delivery(void *context, const struct forget_rule *rule, struct tc_slice key,
			 struct tc_slice value)
{
	struct forget_what *what = ((struct finding *)context)->what;
	uint64_t sequence;
	bool found;

	if (rule->deliveries != FORGET_KEY_FIRST || key.len != 8)
		return 0;
	found = sought_in(&what->ids, value) ||
		(forget_rule_number(rule->records, key, value, &sequence) &&
		 is_forgotten(what, sequence));
	return found ? sought_numbers_add(&what->deliveries, tc_get_be64(key.data)) : 0;
}

/* Of a row of SUBMISSION. */
static bool message_of(struct tc_slice key, struct tc_slice value, struct tc_id *ret,
		       uint64_t *ret_sequence)
{
	if (key.len != 4 + ID_BYTES || value.len < 8)
		return false;
	memcpy(ret->bytes, key.data, ID_BYTES);
	*ret_sequence = tc_get_be64(value.data);
	return true;
}

static int find_gone(void *context, const struct forget_rule *rule, struct tc_slice key,
		     struct tc_slice value)
{
	struct finding *finding = context;
	struct tc_id message;
	uint64_t sequence;

	if (!rule->messages)
		return 0;
	if (!message_of(key, value, &message, &sequence))
		return TC_ECORRUPT;
	return is_forgotten(finding->what, sequence) ? sought_add(&finding->gone, message) : 0;
}

/* An id is of its sender's own choice: what another sent under the same one stays. */
static int find_others(void *context, const struct forget_rule *rule, struct tc_slice key,
		       struct tc_slice value)
{
	struct finding *finding = context;
	struct tc_id message;
	uint64_t sequence;

	if (!rule->messages || !message_of(key, value, &message, &sequence) ||
	    !sought_has(&finding->gone, message) || is_forgotten(finding->what, sequence))
		return 0;
	return sought_add(&finding->others, message);
}

/* Nor does it take a person or referral along that happens to have the same id. */
static int is_others(const struct forget_what *what, struct tc_id id, enum forget_role role,
		     bool *ret)
{
	*ret = false;
	if (what->others == NULL || sought_has(&what->roots, id))
		return 0;
	return what->others(what->others_context, what, id, role, ret);
}

static int add_gone(struct finding *finding)
{
	struct forget_what *what = finding->what;
	int r = 0;

	for (size_t i = 0; r == 0 && i < finding->gone.count; i++) {
		struct tc_id id = finding->gone.ids[i];
		bool others = sought_has(&finding->others, id);

		if (!others)
			r = is_others(what, id, FORGET_A_CASE, &others);
		if (r == 0 && !others)
			r = sought_add(&what->ids, id);
	}
	return r;
}

static int find_owned(void *context, const struct forget_rule *rule, struct tc_slice key,
		      struct tc_slice value)
{
	struct finding *finding = context;
	struct forget_what *what = finding->what;
	struct tc_id id;
	bool others;
	int r;

	if (!rule->owned || key.len < ID_BYTES ||
	    !(sought_in(&what->roots, key) || sought_in(&what->roots, value)))
		return 0;
	memcpy(id.bytes, key.data, ID_BYTES);
	r = is_others(what, id, FORGET_A_PERSON, &others);
	return r < 0 || others ? r : forget_what_root(what, id);
}

static int find_closed(void *context, const struct forget_rule *rule, struct tc_slice key,
		       struct tc_slice value)
{
	struct forget_what *what = ((struct finding *)context)->what;

	return rule->orders ? order_find_closed(key, value, &what->ids, &what->closed) : 0;
}

int ledger_forget_find(struct ledger *ledger, struct forget_what *what)
{
	struct finding finding = {.what = what};
	size_t before;
	int r;

	sought_numbers_sort(&what->records);
	sought_numbers_sort(&what->orders);
	do {
		before = what->roots.count;
		r = walk(ledger, NULL, find_owned, &finding);
	} while (r == 0 && what->roots.count > before);
	if (r == 0)
		r = walk(ledger, NULL, find_gone, &finding);
	if (r == 0)
		r = walk(ledger, NULL, find_others, &finding);
	if (r == 0)
		r = add_gone(&finding);
	if (r == 0)
		r = walk(ledger, NULL, find_closed, &finding);
	if (r == 0)
		r = walk(ledger, NULL, find_delivery, &finding);
	if (r == 0)
		r = forget_consents_find(ledger, &what->records, &what->consents);
	sought_numbers_sort(&what->deliveries);
	sought_done(&finding.gone);
	sought_done(&finding.others);
	return r;
}

/* ---- one id ---- */

struct sent_search {
	struct tc_id id;
	bool message;
	struct sought_numbers *found;
};

static int find_sent(void *context, const struct forget_rule *rule, struct tc_slice key,
		     struct tc_slice value)
{
	const struct sent_search *search = context;
	struct receipt receipt;
	struct tc_id message;
	uint64_t sequence;

	if (!rule->messages)
		return 0;
	if (!message_of(key, value, &message, &sequence) || !receipt_read(value, &receipt))
		return TC_ECORRUPT;
	return tc_id_equal(search->message ? message : receipt.referral, search->id)
		       ? sought_numbers_add(search->found, sequence)
		       : 0;
}

int ledger_forget_submissions(struct ledger *ledger, struct tc_id id, bool message,
			      struct sought_numbers *ret)
{
	struct sent_search search = {.id = id, .message = message, .found = ret};

	return walk(ledger, NULL, find_sent, &search);
}

/* ---- open deliveries ---- */

int ledger_forget_settle(struct ledger *ledger, const struct forget_what *what)
{
	Throughcare__V1__Record none = THROUGHCARE__V1__RECORD__INIT;
	const struct record route = {.sequence = ledger->next};
	struct effects effects = {0};
	struct effect *effect;
	int r = 0;

	arena_reset(&ledger->arena);
	ledger->record = &none;
	ledger->route = &route;
	ledger->effects = &effects;
	for (size_t i = 0; r == 0 && i < what->deliveries.count; i++) {
		struct delivery delivery;

		r = delivery_find(ledger, what->deliveries.numbers[i], &delivery);
		r = r == DELIVERY_UNKNOWN ? 0 : r < 0 ? r : attached_recall(ledger, &delivery);
	}
	while ((effect = effects_pop(&effects)) != NULL)
		effect_free(&effect);
	effects_clear(&effects);
	ledger->record = NULL;
	ledger->route = NULL;
	ledger->effects = NULL;
	return r;
}

/* ---- the dump ---- */

struct dumping {
	struct ledger *ledger;
	const struct forget_what *what;
	struct store_dump *dump;
	struct sought marks; /* rows of FORGOTTEN_ID to be added */
};

static int dump_table(void *context, const struct forget_rule *rule)
{
	struct dumping *dumping = context;
	char name[STORE_DUMP_NAME_MAX + 1];

	snprintf(name, sizeof(name), "ledger/%s", rule->name);
	return store_dump_table(dumping->dump, name);
}

/* Is it known by a number that it has at a place of its table's own? */
static bool numbered(const struct forget_what *what, const struct forget_rule *rule,
		     struct tc_slice key, struct tc_slice value)
{
	uint64_t number;

	if (forget_rule_number(rule->deliveries, key, value, &number) &&
	    sought_numbers_has(&what->deliveries, number))
		return true;
	return forget_rule_number(rule->records, key, value, &number) && is_forgotten(what, number);
}

/* The sender never gets the same id accepted again, and nobody reads from the mark what it was. */
static int mark_message(struct dumping *dumping, uint32_t number, struct tc_id message)
{
	struct principal *sender;
	struct tc_id mark;
	int r = principal_get(dumping->ledger, number, &sender);

	if (r == 0)
		r = order_forgotten_key(&sender->name, message, mark.bytes);
	return r == 0 ? sought_add(&dumping->marks, mark) : r;
}

static int dump_blanked(struct dumping *dumping, const struct forget_rule *rule,
			struct tc_slice key, struct tc_slice value)
{
	struct tc_bytes copy = {0};
	int r = rule->orders ? order_stays(key, value, &dumping->what->closed, &copy)
			     : tc_bytes_append(&copy, value.data, value.len);

	if (r == 0) {
		(void)sought_blank(&dumping->what->ids, copy.data, copy.len);
		r = store_dump_row(dumping->dump, key, tc_bytes_slice(&copy));
	}
	tc_bytes_free(&copy);
	return r;
}

/* And nobody whom all of it is about. */
static bool names_message(const struct forget_what *what, struct tc_slice key,
			  struct tc_slice value)
{
	return sought_in(&what->ids, value) && !sought_in(&what->ids, key) &&
	       !sought_in(&what->roots, value);
}

static int dump_step(struct dumping *dumping, struct tc_slice key, struct tc_slice value)
{
	struct store_row row;
	int r = referral_step_forget(value, &row);

	return r == 0 ? store_dump_row(dumping->dump, key, store_row_slice(&row)) : r;
}

static int dump_row(void *context, const struct forget_rule *rule, struct tc_slice key,
		    struct tc_slice value)
{
	struct dumping *dumping = context;
	const struct forget_what *what = dumping->what;
	struct tc_id message;
	uint64_t sequence;

	if (what == NULL)
		return store_dump_row(dumping->dump, key, value);
	if (rule->messages && message_of(key, value, &message, &sequence))
		return is_forgotten(what, sequence)
			       ? mark_message(dumping, tc_get_be32(key.data + ID_BYTES), message)
			       : store_dump_row(dumping->dump, key, value);
	/* An order is remembered, also one whose id somebody has named as a person's. */
	if (rule->blanked && (rule->orders || !sought_in(&what->ids, key)))
		return dump_blanked(dumping, rule, key, value);
	if (rule->kept && names_message(what, key, value))
		return rule->steps ? dump_step(dumping, key, value)
				   : dump_blanked(dumping, rule, key, value);
	if (numbered(what, rule, key, value) ||
	    forget_consents_has(&what->consents, rule->version, key) ||
	    sought_in(&what->ids, key) || sought_in(&what->ids, value))
		return 0;
	return store_dump_row(dumping->dump, key, value);
}

int ledger_dump(struct ledger *ledger, const struct forget_what *what, struct store_dump *dump)
{
	struct dumping dumping = {.ledger = ledger, .what = what, .dump = dump};
	int r = walk(ledger, dump_table, dump_row, &dumping);

	if (r == 0 && dumping.marks.count > 0)
		r = store_dump_table(dump, "ledger/forgotten_id");
	for (size_t i = 0; r == 0 && i < dumping.marks.count; i++)
		r = store_dump_row(dump, tc_slice(dumping.marks.ids[i].bytes, ID_BYTES),
				   tc_slice(NULL, 0));
	sought_done(&dumping.marks);
	return r;
}
