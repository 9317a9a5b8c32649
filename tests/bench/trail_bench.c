/*
 * trail_bench - what the trail costs and how fast it answers, without an exchange around it.
 *
 *   trail_bench FOLDER [FACTS]     (default 1,000,000)
 *
 * Fills FACTS facts of made-up messages into a trail in FOLDER: of each message a submission, a
 * release and a settlement, among 50 agencies, persons and referrals in proportion, and one
 * person with 1,000 disclosures. Then asks for first pages of 100 rows by person and by
 * referral, and reads all links and rows of that one person.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "trail/trail_index.h"
#include "trail/trail_view.h"

#define FACTS_DEFAULT 1000000
#define BATCH         8192  /* facts of one message over the bus */
#define COMMIT        65536 /* as the trail's thread commits */
#define AGENCIES      50
#define ROWS_PER_ONE  10 /* messages of one person */
#define KNOWN         1000
#define ASKED         2000
#define PAGE          100
#define MAP_BYTES     (UINT64_C(64) << 30)

typedef Throughcare__V1__TrailRow trail_row;

static struct tc_id id_of(unsigned kind, uint64_t number)
{
	struct tc_id id = {{0}};

	/* As random ids lie: everywhere. */
	tc_put_be64(id.bytes, number * UINT64_C(0x9e3779b97f4a7c15) + kind);
	tc_put_be64(id.bytes + 8, number);
	id.bytes[6] = (uint8_t)(0x70 | (id.bytes[6] & 0x0f));
	id.bytes[8] = 0x80;
	return id;
}

static char *text(const char *from)
{
	return (char *)(uintptr_t)from;
}

static void push(struct effects *effects, uint64_t sequence, trail_row *row)
{
	struct fact *fact = calloc(1, sizeof(*fact));
	size_t len = throughcare__v1__trail_row__get_packed_size(row);

	TC_CHECK(fact != NULL && tc_bytes_reserve(&fact->row, len) == 0);
	fact->row.len = throughcare__v1__trail_row__pack(row, fact->row.data);
	fact->sequence = sequence;
	fact->time_ms = 1700000000000 + (int64_t)sequence / 20;
	effects_push_fact(effects, &fact);
}

/* Three facts of one message, at three positions. */
static void push_message(struct effects *effects, uint64_t number)
{
	static char *categories[] = {"attendance", "progress"};
	static char certificate[65] =
		"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
	char message[TC_ID_TEXT_BYTES], subject[TC_ID_TEXT_BYTES], referral[TC_ID_TEXT_BYTES];
	char grant[TC_ID_TEXT_BYTES], from[32], to[32], actor[32], *grants[] = {grant};
	/* The one person's disclosures lie far apart. */
	uint64_t person = number % 300 == 0 && number / 300 < KNOWN ? 0 : 1 + number / ROWS_PER_ONE;
	trail_row row = THROUGHCARE__V1__TRAIL_ROW__INIT;

	tc_id_format(id_of(1, number), message);
	tc_id_format(id_of(2, person), subject);
	tc_id_format(id_of(3, person), referral);
	tc_id_format(id_of(4, person), grant);
	(void)snprintf(from, sizeof(from), "treatment-%u", (unsigned)(number % AGENCIES));
	(void)snprintf(to, sizeof(to), "parole-%u", (unsigned)(number / 7 % AGENCIES));
	(void)snprintf(actor, sizeof(actor), "worker-%u", (unsigned)(number % 1000));
	memcpy(certificate, from + strlen(from) - 1, 1);
	row.message_id = message;
	row.subject = subject;
	row.referral_id = referral;
	row.message_type = text("AttendanceRecord");
	row.agency = from;
	row.recipient = to;
	row.event = text("submission");
	row.actor = actor;
	row.certificate = certificate;
	push(effects, number * 3, &row);
	row.event = text("release");
	row.actor = row.certificate = NULL;
	row.basis = grant;
	row.grants = grants;
	row.categories = categories;
	row.n_grants = 1;
	row.n_categories = 2;
	push(effects, number * 3 + 1, &row);
	row.event = text("settlement");
	row.n_grants = row.n_categories = 0;
	row.basis = NULL;
	row.code = text("ack");
	push(effects, number * 3 + 2, &row);
}

static void fill(struct trail_index *index, uint64_t messages)
{
	int64_t begun_us = tc_clock_monotonic_us(), spent_us = 0;
	struct effects effects = {0};

	for (uint64_t i = 0; i < messages; i++) {
		int64_t from_us;

		push_message(&effects, i);
		if (effects.fact_count < BATCH && i + 1 < messages)
			continue;
		from_us = tc_clock_monotonic_us();
		TC_CHECK(trail_index_take(index, &effects, i * 3 + 3) == 0);
		if (trail_index_pending(index) >= COMMIT || i + 1 == messages)
			TC_CHECK(trail_index_commit(index) == 0);
		spent_us += tc_clock_monotonic_us() - from_us;
	}
	printf("filled %llu facts: %.2f us each, with the disk (%.0f s in all)\n",
	       (unsigned long long)messages * 3, (double)spent_us / (double)(messages * 3),
	       (double)(tc_clock_monotonic_us() - begun_us) / 1e6);
}

static int count_rows(void *context, trail_row *row)
{
	size_t *left = context;

	(void)row;
	if (*left == 0)
		return TRAIL_FOUND_ENOUGH;
	(*left)--;
	return TRAIL_FOUND_MORE;
}

static int compare(const void *left, const void *right)
{
	const int64_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

static void ask(struct trail_view *view, unsigned kind, const char *name, uint64_t persons)
{
	static int64_t spent_us[ASKED];
	size_t rows = 0;

	for (size_t i = 0; i < ASKED; i++) {
		struct trail_question question = trail_question_any();
		struct tc_id id = id_of(kind, i % 10 == 0 ? 0 : 1 + i * 7919 % persons);
		struct posting_position next;
		size_t left = PAGE;
		int64_t from_us = tc_clock_monotonic_us();
		bool ended;

		if (kind == 2)
			question.subject = id;
		else
			question.referral = id;
		question.newest_first = i % 2 == 0;
		TC_CHECK(trail_view_find(view, &question, count_rows, &left, &next, &ended) == 0);
		spent_us[i] = tc_clock_monotonic_us() - from_us;
		rows += PAGE - left;
	}
	qsort(spent_us, ASKED, sizeof(spent_us[0]), compare);
	printf("find by %s: p50 %lld us, p99 %lld us, worst %lld us (%zu rows)\n", name,
	       (long long)spent_us[ASKED / 2], (long long)spent_us[ASKED * 99 / 100],
	       (long long)spent_us[ASKED - 1], rows);
}

static void account(struct trail_view *view)
{
	static struct disclosure_link links[KNOWN];
	int64_t from_us = tc_clock_monotonic_us();
	size_t count, bytes = 0;

	TC_CHECK(trail_view_links(view, id_of(2, 0), 1, links, KNOWN, &count) == 0);
	for (size_t i = 0; i < count; i++) {
		struct tc_slice row;

		TC_CHECK(trail_view_row(view, &links[i], &row) == 0);
		bytes += row.len;
	}
	printf("accounting: %zu disclosures, %zu bytes: %lld us\n", count, bytes,
	       (long long)(tc_clock_monotonic_us() - from_us));
}

int main(int argc, char **argv)
{
	uint64_t messages = (argc > 2 ? strtoull(argv[2], NULL, 10) : FACTS_DEFAULT) / 3;
	struct trail_index_options options = {.path = argc > 1 ? argv[1] : NULL,
					      .map_bytes = MAP_BYTES};
	struct trail_index *index = NULL;
	struct trail_view *view = NULL;
	struct store_usage usage;
	uint64_t next;

	if (argc < 2) {
		fprintf(stderr, "usage: trail_bench FOLDER [FACTS]\n");
		return 2;
	}
	TC_CHECK(trail_index_open(&options, &index) == 0);
	fill(index, messages);
	TC_CHECK(store_usage(trail_index_store(index), &usage) == 0);
	printf("%.0f bytes a fact on disk\n", (double)usage.bytes_used / (double)(messages * 3));
	TC_CHECK(trail_view_open(index, &view) == 0 && trail_view_renew(view, &next) == 0);
	ask(view, 2, "person", messages / ROWS_PER_ONE);
	ask(view, 3, "referral", messages / ROWS_PER_ONE);
	account(view);
	trail_view_close(&view);
	trail_index_close(&index);
	return 0;
}
