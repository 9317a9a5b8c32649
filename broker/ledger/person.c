#include "ledger/person.h"

#include <string.h>

#include "ledger/row.h"
#include "ledger/state.h"

/* ---- rows ---- */

static struct tc_slice person_id_slice(const struct tc_id *id)
{
	return tc_slice(id->bytes, sizeof(id->bytes));
}

static int person_read(struct store_txn *txn, const struct person_tables *tables, struct tc_id id,
		       struct person_id *ret, struct tc_id *ret_canonical)
{
	struct row_reader row;
	struct tc_slice value;
	int r = store_get(txn, tables->rows, person_id_slice(&id), &value);

	if (r != 0)
		return r;
	row = row_read(value);
	ret->id = id;
	*ret_canonical = row_take_id(&row);
	ret->tied_to = row_take_id(&row);
	ret->merge = row_take_id(&row);
	ret->since_ms = (int64_t)row_take_u64(&row);
	return row_read_whole(&row) ? 0 : TC_ECORRUPT;
}

static void person_member_key(struct store_key *key, struct tc_id canonical, struct tc_id id)
{
	store_key_init(key);
	store_key_id(key, canonical);
	store_key_id(key, id);
}

static int person_write(struct ledger *ledger, const struct person_id *at, struct tc_id canonical)
{
	struct row_writer row;
	struct store_key key;
	int r;

	row.len = 0;
	row_put_id(&row, canonical);
	row_put_id(&row, at->tied_to);
	row_put_id(&row, at->merge);
	row_put_u64(&row, (uint64_t)at->since_ms);
	r = ledger_put(ledger, LEDGER_TABLE_PERSON, person_id_slice(&at->id), row_slice(&row));
	person_member_key(&key, canonical, at->id);
	return r < 0 ? r
		     : ledger_put(ledger, LEDGER_TABLE_PERSON_MEMBER, store_key_slice(&key),
				  tc_slice(NULL, 0));
}

static int person_erase(struct ledger *ledger, const struct person *person)
{
	struct tc_id canonical = person_canonical(person);
	int r = 0;

	if (person->count == 1)
		return 0; /* it has no rows */
	for (size_t i = 0; r == 0 && i < person->count; i++) {
		struct store_key key;

		person_member_key(&key, canonical, person->ids[i].id);
		r = ledger_del(ledger, LEDGER_TABLE_PERSON, person_id_slice(&person->ids[i].id));
		if (r == 0)
			r = ledger_del(ledger, LEDGER_TABLE_PERSON_MEMBER, store_key_slice(&key));
	}
	return r;
}

static int person_store(struct ledger *ledger, const struct person *person)
{
	struct tc_id canonical = person_canonical(person);
	int r = 0;

	for (size_t i = 0; r == 0 && person->count > 1 && i < person->count; i++)
		r = person_write(ledger, &person->ids[i], canonical);
	return r;
}

/* ---- reading ---- */

int person_find(struct store_txn *txn, const struct person_tables *tables, struct tc_id id,
		struct person *ret)
{
	struct store_cursor cursor;
	struct tc_id canonical, own;
	struct person_id first;
	struct tc_slice key;
	int r = person_read(txn, tables, id, &first, &canonical);

	*ret = (struct person){.count = 1, .ids = {{.id = id}}};
	if (r != 0)
		return r == STORE_NOT_FOUND ? 0 : r;
	ret->count = 0;
	r = store_cursor_init(&cursor, txn, tables->members, person_id_slice(&canonical),
			      STORE_FORWARD);
	while (r == 0 && (r = store_cursor_next(&cursor, &key, NULL)) == 0) {
		struct tc_id member;

		if (key.len != 2 * sizeof(member.bytes) || ret->count == PERSON_IDS_MAX) {
			r = TC_ECORRUPT;
			break;
		}
		memcpy(member.bytes, key.data + sizeof(member.bytes), sizeof(member.bytes));
		r = person_read(txn, tables, member, &ret->ids[ret->count++], &own);
		if (r == STORE_NOT_FOUND)
			r = TC_ECORRUPT;
	}
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : r;
}

static size_t person_at(const struct person *person, struct tc_id id)
{
	size_t at = 0;

	while (at < person->count && !tc_id_equal(person->ids[at].id, id))
		at++;
	TC_CHECK(at < person->count);
	return at;
}

/* The ids that hang together with the one at `from` by ties that `ties` has set. */
static void person_reach(const struct person *person, const bool *ties, size_t from, bool *ret)
{
	bool more = true;

	memset(ret, 0, PERSON_IDS_MAX * sizeof(*ret));
	ret[from] = true;
	while (more) {
		more = false;
		for (size_t i = 0; i < person->count; i++) {
			size_t to;

			if (!ties[i] || tc_id_is_none(person->ids[i].tied_to))
				continue;
			to = person_at(person, person->ids[i].tied_to);
			if (ret[i] != ret[to])
				ret[i] = ret[to] = more = true;
		}
	}
}

int person_others(struct store_txn *txn, const struct person_tables *tables, struct tc_id id,
		  int64_t as_of_ms, struct tc_id ret[PERSON_IDS_MAX], size_t *ret_count)
{
	bool ties[PERSON_IDS_MAX], reached[PERSON_IDS_MAX];
	struct person person;
	size_t self;
	int r;

	*ret_count = 0;
	if (tc_id_is_none(id))
		return 0;
	r = person_find(txn, tables, id, &person);
	if (r < 0 || person.count == 1)
		return r;
	for (size_t i = 0; i < person.count; i++)
		ties[i] = person.ids[i].since_ms <= as_of_ms;
	self = person_at(&person, id);
	person_reach(&person, ties, self, reached);
	for (size_t i = 0; i < person.count; i++) {
		if (reached[i] && i != self)
			ret[(*ret_count)++] = person.ids[i].id;
	}
	return 0;
}

void person_between(const struct person *person, struct tc_id a, struct tc_id b,
		    struct tc_id ret[PERSON_IDS_MAX], size_t *ret_count)
{
	size_t from = person_at(person, a), to = person_at(person, b);

	*ret_count = 0;
	for (size_t i = 0; i < person->count; i++) {
		bool ties[PERSON_IDS_MAX], reached[PERSON_IDS_MAX], known = false;

		if (tc_id_is_none(person->ids[i].tied_to))
			continue;
		for (size_t k = 0; k < person->count; k++)
			ties[k] = !tc_id_equal(person->ids[k].merge, person->ids[i].merge);
		person_reach(person, ties, from, reached);
		for (size_t k = 0; k < *ret_count; k++)
			known = known || tc_id_equal(ret[k], person->ids[i].merge);
		if (!reached[to] && !known)
			ret[(*ret_count)++] = person->ids[i].merge;
	}
}

struct tc_id person_canonical(const struct person *person)
{
	for (size_t i = 0; i < person->count; i++) {
		if (tc_id_is_none(person->ids[i].tied_to))
			return person->ids[i].id;
	}
	TC_CHECK(false);
	return person->ids[0].id;
}

/* ---- ties ---- */

struct person_tables person_tables_of(const struct ledger *ledger)
{
	return (struct person_tables){.rows = ledger->table[LEDGER_TABLE_PERSON],
				      .members = ledger->table[LEDGER_TABLE_PERSON_MEMBER]};
}

int person_tie(struct ledger *ledger, struct tc_id from, struct tc_id to, struct tc_id merge,
	       int64_t since_ms)
{
	struct person_tables tables = person_tables_of(ledger);
	struct person tied, whole;
	struct person_id *tie;
	int r = person_find(ledger->txn, &tables, from, &tied);

	if (r == 0)
		r = person_find(ledger->txn, &tables, to, &whole);
	if (r < 0)
		return r;
	if (!tc_id_equal(person_canonical(&tied), from) ||
	    tc_id_equal(person_canonical(&whole), from) ||
	    tied.count + whole.count > PERSON_IDS_MAX)
		return PERSON_UNFIT;
	r = person_erase(ledger, &tied);
	if (r == 0)
		r = person_erase(ledger, &whole);
	if (r < 0)
		return r;
	tie = &tied.ids[person_at(&tied, from)];
	tie->tied_to = to;
	tie->merge = merge;
	tie->since_ms = since_ms;
	memcpy(&whole.ids[whole.count], tied.ids, tied.count * sizeof(tied.ids[0]));
	whole.count += tied.count;
	return person_store(ledger, &whole);
}

int person_untie(struct ledger *ledger, struct tc_id from)
{
	struct person_tables tables = person_tables_of(ledger);
	struct person whole, parts[2] = {{0}, {0}};
	bool ties[PERSON_IDS_MAX], reached[PERSON_IDS_MAX];
	size_t at;
	int r = person_find(ledger->txn, &tables, from, &whole);

	if (r == 0)
		r = person_erase(ledger, &whole);
	if (r < 0)
		return r;
	at = person_at(&whole, from);
	TC_CHECK(!tc_id_is_none(whole.ids[at].tied_to));
	for (size_t i = 0; i < whole.count; i++)
		ties[i] = i != at;
	person_reach(&whole, ties, at, reached);
	whole.ids[at] = (struct person_id){.id = from};
	for (size_t i = 0; i < whole.count; i++) {
		struct person *part = &parts[reached[i]];

		part->ids[part->count++] = whole.ids[i];
	}
	r = person_store(ledger, &parts[0]);
	return r < 0 ? r : person_store(ledger, &parts[1]);
}
