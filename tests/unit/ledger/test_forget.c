/* What is left of the ledger's rows when a person is forgotten. */
#include "ledger/ledger_forget.h"

#include <string.h>

#include "consent/grant.h"
#include "ledger/outcome_check.h"
#include "ledger/principal.h"
#include "ledger/state.h"
#include "unit/ledger/case_fixture.h"

static struct tc_id id_of(uint8_t number)
{
	struct tc_id id = {.bytes = {0x01, 0x99, number}};

	for (size_t i = 6; i < sizeof(id.bytes); i++)
		id.bytes[i] = (uint8_t)(number * 37 + i * 11);
	return id;
}

static void ids_are_found_as_bytes_and_as_text(void **state)
{
	char text[TC_ID_TEXT_BYTES], long_text[100];
	struct sought sought = {0};
	uint8_t bytes[40] = {0};

	(void)state;
	for (uint8_t i = 1; i < 200; i++)
		assert_int_equal(sought_add(&sought, id_of(i)), 0);
	assert_int_equal(sought_add(&sought, id_of(7)), 0);
	assert_int_equal(sought.count, 199);
	for (uint8_t i = 1; i < 200; i++) {
		memcpy(bytes + 5, id_of(i).bytes, 16);
		assert_true(sought_in(&sought, tc_slice(bytes, sizeof(bytes))));
		assert_false(sought_in(&sought, tc_slice(bytes, 20)));
		tc_id_format(id_of(i), text);
		snprintf(long_text, sizeof(long_text), "about %s, or so", text);
		assert_true(sought_in(&sought, tc_slice_text(long_text)));
	}
	memcpy(bytes + 5, id_of(201).bytes, 16);
	assert_false(sought_in(&sought, tc_slice(bytes, sizeof(bytes))));
	sought_done(&sought);
}

static void blanked_ids_leave_everything_around_them(void **state)
{
	uint8_t bytes[] = "..0123456789abcdef::01990700-0000-0000-0000-000000000001;;";
	struct sought sought = {0};
	struct tc_id binary, text;

	(void)state;
	memcpy(binary.bytes, bytes + 2, 16);
	assert_true(tc_id_parse(tc_slice(bytes + 20, 36), &text));
	assert_int_equal(sought_add(&sought, binary), 0);
	assert_int_equal(sought_add(&sought, text), 0);
	assert_true(sought_blank(&sought, bytes, sizeof(bytes) - 1));
	assert_memory_equal(bytes, "..\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0::00000000-", 29);
	assert_memory_equal(bytes + 20, "00000000-0000-0000-0000-000000000000;;", 38);
	assert_false(sought_blank(&sought, bytes, sizeof(bytes) - 1));
	sought_done(&sought);
}

/* A person with something consented to, held, queued and in somebody's hands. */
static void live(struct exchange *x, struct tc_id subject)
{
	struct message message = attendance(x, subject);
	struct consent consent = grant(x, subject);

	exchange_consent(x, &consent);
	exchange_send(x, &message);
	message = attendance(x, subject);
	message.to = "court";
	exchange_send(x, &message);
	message = contact(x);
	message.subject = subject;
	message.referral = exchange_id(x);
	exchange_send(x, &message);
	message = contact(x);
	message.subject = subject;
	exchange_send(x, &message);
}

/* Every record of the log that names one of the ids, as the daemon's scan does. */
static void scan(struct exchange *x, struct forget_what *what)
{
	for (int round = 0; round < 3; round++) {
		assert_int_equal(ledger_forget_find(x->ledger, what), 0);
		for (uint64_t i = 0; i < x->count; i++) {
			if (sought_in(&what->ids, tc_bytes_slice(&x->log[i].body)))
				assert_int_equal(sought_numbers_add(&what->records, i), 0);
		}
	}
	assert_int_equal(ledger_forget_find(x->ledger, what), 0);
}

/* The rows that are left, in a ledger of their own. */
static struct ledger *left_of(struct exchange *x, const struct forget_what *what)
{
	struct store_options options = {.map_bytes = x->options.map_bytes,
					.sync = STORE_SYNC_LAZY,
					.tables_max = STORE_TABLES_MAX};
	struct ledger_options left = x->options;
	static char file[PATH_MAX + 32], folder[PATH_MAX + 32];
	struct store_dump *dump;
	struct store_load *load;
	struct store *store;
	struct ledger *ledger;
	uint8_t sha256[32];

	snprintf(file, sizeof(file), "%s/base", x->folder);
	snprintf(folder, sizeof(folder), "%s/left", x->folder);
	assert_int_equal(store_dump_open(file, tc_slice_text("head"), &dump), 0);
	assert_int_equal(ledger_dump(x->ledger, what, dump), 0);
	assert_int_equal(store_dump_end(dump, sha256), 0);
	store_dump_free(&dump);
	options.path = left.path = folder;
	assert_int_equal(store_open(&options, &store), 0);
	assert_int_equal(store_load_open(file, &load), 0);
	assert_int_equal(store_load_into(load, "ledger/", store), 0);
	store_load_close(&load);
	store_close(&store);
	assert_int_equal(ledger_open(&ledger, &left), 0);
	return ledger;
}

static void remove_left(struct exchange *x, struct ledger **ledger)
{
	char path[PATH_MAX + 32];

	ledger_close(ledger);
	snprintf(path, sizeof(path), "%s/left", x->folder);
	assert_int_equal(store_remove(path), 0);
	snprintf(path, sizeof(path), "%s/base", x->folder);
	assert_int_equal(store_file_erase(path), 0);
	/* What was settled was not committed: the ledger is as the log makes it. */
	ledger_close(&x->ledger);
	assert_int_equal(ledger_open(&x->ledger, &x->options), 0);
}

static void count_rows(struct ledger *ledger, const struct sought *ids, uint64_t *ret_rows,
		       uint64_t *ret_named)
{
	char name[STORE_NAME_BYTES] = "";
	struct store_table table;
	struct tc_slice key, value;

	*ret_rows = *ret_named = 0;
	while (store_table_next(ledger->txn, name, name, &table) == 0) {
		struct store_cursor cursor = {0};

		assert_int_equal(store_cursor_init(&cursor, ledger->txn, table, tc_slice(NULL, 0),
						   STORE_FORWARD),
				 0);
		while (store_cursor_next(&cursor, &key, &value) == 0) {
			++*ret_rows;
			*ret_named += sought_in(ids, key) || sought_in(ids, value);
		}
		store_cursor_done(&cursor);
	}
}

static uint64_t rows_of(struct ledger *ledger, enum ledger_table table)
{
	uint64_t count;

	assert_int_equal(store_count(ledger->txn, ledger->table[table], &count), 0);
	return count;
}

/* Every row that has only a delivery's number leads to one that is open, and counts are those of
 * the rows. */
static void check_open(struct ledger *ledger)
{
	static const enum ledger_table by_value[] = {LEDGER_TABLE_READY, LEDGER_TABLE_LANE};
	uint64_t ready = 0, in_flight = 0, open = rows_of(ledger, LEDGER_TABLE_DELIVERY);
	struct tc_slice key, value;

	for (size_t i = 0; i < 2; i++) {
		struct store_cursor cursor = {0};

		assert_int_equal(store_cursor_init(&cursor, ledger->txn, ledger->table[by_value[i]],
						   tc_slice(NULL, 0), STORE_FORWARD),
				 0);
		while (store_cursor_next(&cursor, &key, &value) == 0) {
			struct delivery delivery;

			assert_int_equal(delivery_find(ledger, tc_get_be64(value.data), &delivery),
					 0);
		}
		store_cursor_done(&cursor);
	}
	for (size_t i = 0; i < ledger->principals.count; i++) {
		const struct mailbox_counts *box = &ledger->principals.rows[i]->box;

		for (size_t n = 0; n < MAILBOX_PRIORITIES; n++)
			ready += box->ready[n];
		in_flight += box->in_flight;
	}
	assert_int_equal(ready, rows_of(ledger, LEDGER_TABLE_READY));
	assert_true(in_flight <= open);
}

static void a_person_is_left_out_and_nothing_dangles(void **state)
{
	struct exchange *x = *state;
	struct tc_id gone = exchange_id(x), stays = exchange_id(x);
	struct forget_what what = {.records = {0}}, other = {.records = {0}};
	uint64_t rows, named, rows_before, named_before, of_other, of_other_before;
	struct ledger *left;

	collector(x, "parole", 1);
	live(x, gone);
	live(x, stays);
	assert_int_equal(ledger_commit(x->ledger), 0);
	assert_int_equal(forget_what_root(&what, gone), 0);
	assert_int_equal(forget_what_root(&other, stays), 0);
	scan(x, &what);
	scan(x, &other);
	assert_int_equal(what.records.count, 5);
	assert_true(what.deliveries.count >= 4);
	count_rows(x->ledger, &what.ids, &rows_before, &named_before);
	count_rows(x->ledger, &other.ids, &rows_before, &of_other_before);
	assert_true(named_before > 10);
	assert_int_equal(ledger_forget_settle(x->ledger, &what), 0);
	left = left_of(x, &what);
	count_rows(left, &what.ids, &rows, &named);
	assert_int_equal(named, 0);
	count_rows(left, &other.ids, &rows, &of_other);
	assert_int_equal(of_other, of_other_before);
	assert_int_equal(rows_of(left, LEDGER_TABLE_FORGOTTEN_ID),
			 rows_of(x->ledger, LEDGER_TABLE_SUBMISSION) -
				 rows_of(left, LEDGER_TABLE_SUBMISSION));
	assert_true(rows_of(left, LEDGER_TABLE_FORGOTTEN_ID) >= 4);
	assert_int_equal(ledger_next(left), ledger_next(x->ledger));
	check_open(left);
	remove_left(x, &left);
	forget_what_done(&what);
	forget_what_done(&other);
}

/* A referral of which treatment has reported a housing outcome, and said that it holds. */
static struct message housed(struct exchange *x, struct tc_id *ret_said)
{
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct message referral = case_referral(x), message;

	referral.referral = exchange_id(x);
	exchange_send(x, &referral);
	case_begin(x, &referral);
	message = case_message(x, &referral, "treatment", "OutcomeReport", &claim);
	claim.status = (char *)(uintptr_t) "COMPLETED";
	message.second = CONTACT;
	message.second_type = "HousingOutcome";
	exchange_send(x, &message);
	message = case_message(x, &referral, "treatment", "HousingVerification", &claim);
	throughcare__v1__lifecycle_claim__init(&claim);
	claim.status = (char *)(uintptr_t) "YES";
	claim.has_after_days = 1;
	claim.after_days = 30;
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "accepted");
	*ret_said = message.id;
	return referral;
}

/* The clock of the check names no message. */
static void a_message_goes_and_its_referral_and_every_clock_go_on(void **state)
{
	struct exchange *x = *state;
	struct forget_what what = {.records = {0}};
	struct outcome_check check;
	struct message referral;
	struct referral row;
	struct ledger *left;
	struct tc_id said;

	collector(x, "treatment", 50);
	referral = housed(x, &said);
	assert_int_equal(outcome_check_find(x->ledger->txn,
					    x->ledger->table[LEDGER_TABLE_OUTCOME_CHECK],
					    referral.referral, 0, &check),
			 0);
	assert_int_equal(ledger_commit(x->ledger), 0);
	assert_int_equal(sought_add(&what.ids, said), 0);
	assert_int_equal(sought_add(&what.ids, referral.id), 0);
	left = left_of(x, &what);
	assert_int_equal(outcome_check_clock(left, check.id), 0);
	assert_int_equal(referral_find(left->txn, &left->referral, referral.referral, &row), 0);
	assert_true(tc_id_is_none(row.message));
	for (uint64_t version = 1; version <= row.version; version++) {
		struct referral_step step;

		assert_int_equal(referral_step_find(left->txn, &left->referral, referral.referral,
						    version, &step),
				 0);
		assert_int_equal(tc_id_is_none(step.message), version == 1);
	}
	remove_left(x, &left);
	forget_what_done(&what);
}

/* Rows of the consent tables, in their order. */
static void count_consent_rows(struct ledger *ledger, uint64_t ret[CONSENT_TABLES_COUNT])
{
	const struct consent_tables *at = &ledger->consent;
	const struct store_table tables[] = {
		at->consents, at->grants,      at->pairs,  at->over,   at->members,   at->subjects,
		at->seen,     at->proceedings, at->events, at->courts, at->unsettled, at->happened};

	for (size_t i = 0; i < CONSENT_TABLES_COUNT; i++)
		assert_int_equal(store_count(ledger->txn, tables[i], &ret[i]), 0);
}

/* Its id and those of its grants stand in others' messages: they are not looked for. */
static void a_version_of_a_consent_goes_with_the_message_that_said_it(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x), message = exchange_id(x);
	uint64_t rows[CONSENT_TABLES_COUNT], left_rows[CONSENT_TABLES_COUNT];
	struct consent consent = grant(x, subject), other = grant(x, subject);
	struct forget_what what = {.records = {0}};
	struct grant_view view;
	struct ledger *left;

	consent.proceeding = "case-1";
	exchange_consent(x, &other);
	exchange_consent(x, &consent);
	assert_int_equal(ledger_commit(x->ledger), 0);
	count_consent_rows(x->ledger, rows);
	consent.version = 2;
	consent.also = "court";
	x->next_id = message;
	exchange_consent(x, &consent);
	assert_string_equal(exchange_answer(x), "accepted");
	consent.alone = true;
	exchange_revoke(x, &consent);
	assert_int_equal(ledger_commit(x->ledger), 0);
	assert_int_equal(sought_add(&what.ids, message), 0);
	scan(x, &what);
	assert_int_equal(what.records.count, 1);
	left = left_of(x, &what);
	count_consent_rows(left, left_rows);
	rows[2]--; /* of the first version, which is superseded since: */
	rows[3]++;
	assert_memory_equal(rows, left_rows, sizeof(rows));
	assert_int_equal(grant_find(left->txn, &left->consent, consent.grant, &view), 0);
	assert_int_equal(view.version, 1);
	remove_left(x, &left);
	forget_what_done(&what);
	sought_numbers_done(&what.records);
	what = (struct forget_what){.records = {0}};
	for (uint64_t i = 0; i < 2; i++)
		assert_int_equal(sought_numbers_add(&what.records, x->count - 2 - i), 0);
	assert_int_equal(ledger_forget_find(x->ledger, &what), 0);
	left = left_of(x, &what);
	assert_int_equal(grant_find(left->txn, &left->consent, consent.grant, &view),
			 GRANT_UNKNOWN);
	assert_int_equal(grant_find(left->txn, &left->consent, other.grant, &view), 0);
	count_consent_rows(left, left_rows);
	for (size_t i = 0; i < CONSENT_TABLES_COUNT; i++)
		assert_true(left_rows[i] <= 1 || i == 6); /* the other's, seen by two agencies */
	remove_left(x, &left);
	forget_what_done(&what);
}

static void a_dump_of_everything_is_the_same_state(void **state)
{
	struct exchange *x = *state;
	uint8_t digest[32], again[32];
	struct ledger *left;

	collector(x, "parole", 1);
	live(x, exchange_id(x));
	assert_int_equal(ledger_commit(x->ledger), 0);
	assert_int_equal(ledger_digest(x->ledger, digest), 0);
	left = left_of(x, NULL);
	assert_int_equal(ledger_digest(left, again), 0);
	assert_memory_equal(digest, again, sizeof(digest));
	remove_left(x, &left);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_found_as_bytes_and_as_text),
		cmocka_unit_test(blanked_ids_leave_everything_around_them),
		TEST(a_person_is_left_out_and_nothing_dangles),
		TEST(a_message_goes_and_its_referral_and_every_clock_go_on),
		TEST(a_version_of_a_consent_goes_with_the_message_that_said_it),
		TEST(a_dump_of_everything_is_the_same_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
