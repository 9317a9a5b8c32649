#include "daemon/decision_bench.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "daemon/decision_gauge.h"
#include "daemon/decision_memory.h"
#include "daemon/decision_person.h"
#include "daemon/problem.h"
#include "daemon/stores.h"
#include "store/store.h"
#include "store/store_cursor.h"

#define GRANT_BYTES    800 /* more than one takes on the disk, with its part of the document */
#define PERSON_BYTES   4096
#define OTHER_BYTES    (UINT64_C(64) * 1024 * 1024)
#define COMMIT_GRANTS  100000 /* in one transaction */
#define SAY_EVERY_US   2000000
#define AGAIN_PERSONS  64  /* of each shape, that were asked about last */
#define LOOK_EVERY     256 /* questions between two looks at the time left */
#define MICROSECONDS_S 1000000

enum visit { VISIT_ANEW, VISIT_AGAIN, VISITS };

struct decision_bench {
	const struct decision_bench_plan *plan;
	struct store *store;
	struct consent_tables tables;
	struct policy *policy;
	struct decision_memory memory;
	struct decision_gauge gauges[DECISION_SHAPES][VISITS];
	uint64_t outcomes[DECISION_DENY + 1];
	uint64_t last[DECISION_SHAPES][AGAIN_PERSONS]; /* asked about */
	double record_s, warm_s;
	long faults_from_disk;
};

static void failed(const char *error, int fault)
{
	problem_print(error, tc_err_text(fault), "try again, or report it");
}

/* ---- the store ---- */

/* For the signal handler, too. */
static char folder[PATH_MAX];

/* By then the folder is empty: nothing is left but its name. */
static void end_by_signal(int number)
{
	(void)rmdir(folder);
	signal(number, SIG_DFL);
	raise(number);
}

static uint64_t bytes_needed(const struct decision_bench_plan *plan)
{
	return plan->persons * (PERSON_BYTES + (uint64_t)plan->grants * GRANT_BYTES) + OTHER_BYTES;
}

static int folder_make(const struct decision_bench_plan *plan)
{
	const char *base = getenv("TMPDIR");
	uint64_t needed = bytes_needed(plan), there;
	struct statvfs disk;
	char detail[128];

	if (!base || !*base)
		base = "/var/tmp";
	snprintf(folder, sizeof(folder), "%s/throughcare-decisions-XXXXXX", base);
	if (statvfs(base, &disk) != 0) {
		problem_print_at(base, "the folder cannot be used", strerror(errno),
				 "set TMPDIR to a folder on a disk");
		return TC_EIO;
	}
	there = (uint64_t)disk.f_bavail * disk.f_frsize;
	if (there >= needed) {
		if (mkdtemp(folder))
			return 0;
		problem_print_at(base, "cannot make a temporary folder", strerror(errno),
				 "set TMPDIR to a folder on a disk");
		return TC_EIO;
	}
	snprintf(detail, sizeof(detail), "%llu MiB are free, up to %llu MiB are needed",
		 (unsigned long long)(there >> 20), (unsigned long long)(needed >> 20));
	problem_print_at(base, "there is not enough room for the consents", detail,
			 "set TMPDIR to a larger disk, or measure with fewer --persons");
	return TC_EFULL;
}

/* SIGINT and SIGTERM wait while there are files that have names. */
static void signals_hold(bool hold)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	signal(SIGINT, end_by_signal);
	signal(SIGTERM, end_by_signal);
	(void)sigprocmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

static int files_unlink(void)
{
	int r = stores_folder_remove(folder);

	/* The store asks the file system about its folder. */
	return r == 0 && mkdir(folder, 0700) != 0 ? TC_EIO : r;
}

static int store_open_unnamed(struct decision_bench *bench)
{
	struct store_options options = {
		.path = folder,
		.map_bytes = 2 * bytes_needed(bench->plan),
		.sync = STORE_SYNC_LAZY,
		.tables_max = CONSENT_TABLES_COUNT,
	};
	char data[PATH_MAX + 16];
	int r = store_open(&options, &bench->store);

	if (r == 0) {
		snprintf(data, sizeof(data), "%s/data.mdb", folder);
		r = decision_memory_open(&bench->memory, data, options.map_bytes);
	}
	/* Nobody opens it again: without names it is gone with this process. */
	if (r == 0)
		r = files_unlink();
	if (r == 0)
		r = consent_tables_open(bench->store, &bench->tables);
	r = r > 0 ? TC_ESTORE : r;
	if (r != 0)
		failed("the store cannot be opened", r);
	return r;
}

static int store_make(struct decision_bench *bench)
{
	int r;

	signals_hold(true);
	r = folder_make(bench->plan);
	if (r == 0)
		r = store_open_unnamed(bench);
	signals_hold(false);
	return r;
}

/* ---- what decisions read ---- */

static int note_some(struct decision_bench *bench, struct store_txn *txn, struct store_table table,
		     struct tc_id person)
{
	struct store_cursor cursor = {0};
	struct tc_slice value;
	int r = store_cursor_init(&cursor, txn, table, tc_slice(person.bytes, sizeof(person.bytes)),
				  STORE_FORWARD);

	while (r == 0) {
		r = store_cursor_next(&cursor, NULL, &value);
		if (r == 0)
			decision_memory_note(&bench->memory, value);
	}
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : r;
}

/* What decisions about these persons read: live grants, and what is over, which tells why
 * something is held. */
static int note_persons(struct decision_bench *bench, uint64_t from, uint64_t end)
{
	struct store_txn *txn = NULL;
	int r = store_read_begin(bench->store, &txn);

	for (uint64_t person = from; r == 0 && person < end; person++) {
		r = note_some(bench, txn, bench->tables.pairs, decision_person_id(person));
		if (r == 0)
			r = note_some(bench, txn, bench->tables.over, decision_person_id(person));
	}
	store_abort(&txn);
	return r;
}

/* The second walk brings in what leads to the rows, and maps it all. */
static int warm_up(struct decision_bench *bench)
{
	int64_t begun_us = tc_clock_monotonic_us();
	int r;

	fprintf(stderr, "reading what decisions read\n");
	r = decision_memory_settle(&bench->memory);
	if (r == 0)
		r = note_persons(bench, 0, bench->plan->persons);
	bench->warm_s = (double)(tc_clock_monotonic_us() - begun_us) / MICROSECONDS_S;
	if (r != 0)
		failed("the consents cannot be read", r);
	return r;
}

/* ---- recording ---- */

static int record_some(struct decision_bench *bench, uint64_t from, uint64_t end)
{
	struct store_txn *txn = NULL;
	int r = store_begin(bench->store, &txn);

	for (uint64_t person = from; r == 0 && person < end; person++)
		r = decision_person_record(txn, &bench->tables, bench->policy, person,
					   bench->plan->grants);
	if (r == 0)
		r = store_commit(&txn);
	store_abort(&txn);
	if (r == 0)
		r = note_persons(bench, from, end);
	return r > 0 ? TC_EFULL : r;
}

static int record_all(struct decision_bench *bench)
{
	uint64_t persons = bench->plan->persons, step = COMMIT_GRANTS / bench->plan->grants;
	int64_t begun_us = tc_clock_monotonic_us(), said_us = begun_us;
	int r = 0;

	for (uint64_t from = 0; r == 0 && from < persons;) {
		uint64_t end = persons - from > step ? from + step : persons;

		r = record_some(bench, from, end);
		from = end;
		if (tc_clock_monotonic_us() - said_us >= SAY_EVERY_US) {
			said_us = tc_clock_monotonic_us();
			fprintf(stderr, "recorded the consents of %llu of %llu persons\n",
				(unsigned long long)from, (unsigned long long)persons);
		}
	}
	bench->record_s = (double)(tc_clock_monotonic_us() - begun_us) / MICROSECONDS_S;
	if (r != 0)
		failed("the consents cannot be recorded", r);
	return r;
}

/* ---- asking ---- */

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Any person of the shape, or one of those that were asked about last. */
static uint64_t choose(struct decision_bench *bench, enum decision_shape shape, enum visit visit,
		       uint64_t *sequence)
{
	uint64_t drawn = decision_person_draw(sequence);
	uint64_t *last = &bench->last[shape][drawn % AGAIN_PERSONS];
	uint64_t of_shape = (bench->plan->persons + 1 - shape) / 2;

	if (visit == VISIT_ANEW)
		*last = drawn / AGAIN_PERSONS % of_shape * 2 + shape;
	return *last;
}

static int ask_one(struct decision_bench *bench, struct store_txn *txn, enum decision_shape shape,
		   enum visit visit, uint64_t *sequence)
{
	struct decision_question question;
	struct decision decision;
	uint64_t begun_ns;
	int r;

	decision_person_ask(choose(bench, shape, visit, sequence), bench->plan->grants, sequence,
			    &question);
	begun_ns = now_ns();
	r = decision_take(txn, &bench->tables, bench->policy, &question.request, &decision);
	decision_gauge_add(&bench->gauges[shape][visit], now_ns() - begun_ns);
	if (r == 0)
		bench->outcomes[decision.kind]++;
	return r;
}

/* In a transaction that may write, as the ledger does. */
static int ask_all(struct decision_bench *bench)
{
	int64_t end_us = tc_clock_monotonic_us() + (int64_t)bench->plan->seconds * MICROSECONDS_S;
	struct store_txn *txn = NULL;
	struct rusage before, after;
	uint64_t sequence = 0;
	int r;

	/* Until they are drawn anew, the last ones are some of all. */
	for (unsigned shape = 0; shape < DECISION_SHAPES; shape++)
		for (size_t i = 0; i < AGAIN_PERSONS; i++)
			bench->last[shape][i] = shape;
	getrusage(RUSAGE_SELF, &before);
	r = store_begin(bench->store, &txn);
	while (r == 0 && tc_clock_monotonic_us() < end_us)
		for (unsigned i = 0; r == 0 && i < LOOK_EVERY; i++)
			r = ask_one(bench, txn, (enum decision_shape)(i & 1),
				    (enum visit)(i >> 1 & 1), &sequence);
	store_abort(&txn);
	getrusage(RUSAGE_SELF, &after);
	bench->faults_from_disk = after.ru_majflt - before.ru_majflt;
	if (r != 0)
		failed("the decisions cannot be taken", r);
	return r;
}

/* ---- the result ---- */

static void print_gauge(const char *name, const struct decision_gauge *gauge)
{
	printf("\"%s\":{\"p50_ns\":%llu,\"p99_ns\":%llu,\"p999_ns\":%llu,\"most_ns\":%llu}", name,
	       (unsigned long long)decision_gauge_ns(gauge, 500),
	       (unsigned long long)decision_gauge_ns(gauge, 990),
	       (unsigned long long)decision_gauge_ns(gauge, 999),
	       (unsigned long long)gauge->most_ns);
}

static void print_shape(const char *name, const struct decision_gauge gauges[VISITS],
			struct decision_gauge *total)
{
	struct decision_gauge both = gauges[VISIT_ANEW];

	decision_gauge_merge(&both, &gauges[VISIT_AGAIN]);
	decision_gauge_merge(total, &both);
	printf(",\"%s\":{", name);
	print_gauge("all", &both);
	putchar(',');
	print_gauge("anew", &gauges[VISIT_ANEW]);
	putchar(',');
	print_gauge("again", &gauges[VISIT_AGAIN]);
	putchar('}');
}

enum { ROWS_DOCUMENTS, ROWS_GRANTS, ROWS_PAIRS, ROWS_OVER, ROWS };

static int count_rows(struct decision_bench *bench, uint64_t ret[ROWS])
{
	const struct store_table tables[ROWS] = {
		[ROWS_DOCUMENTS] = bench->tables.consents,
		[ROWS_GRANTS] = bench->tables.grants,
		[ROWS_PAIRS] = bench->tables.pairs,
		[ROWS_OVER] = bench->tables.over,
	};
	struct store_txn *txn = NULL;
	int r = store_read_begin(bench->store, &txn);

	for (size_t i = 0; r == 0 && i < ROWS; i++)
		r = store_count(txn, tables[i], &ret[i]);
	store_abort(&txn);
	return r;
}

static int print_result(struct decision_bench *bench)
{
	static struct decision_gauge total;
	struct store_usage usage;
	uint64_t rows[ROWS];
	int r = count_rows(bench, rows);

	if (r == 0)
		r = store_usage(bench->store, &usage);
	if (r != 0) {
		failed("the store cannot be read", r);
		return r;
	}
	printf("{\"persons\":%llu,\"grants_per_person\":%u,\"documents\":%llu,\"grants\":%llu,"
	       "\"pairs\":%llu,\"disk_bytes\":%llu,\"record_s\":%.1f,\"warm_s\":%.1f",
	       (unsigned long long)bench->plan->persons, bench->plan->grants,
	       (unsigned long long)rows[ROWS_DOCUMENTS], (unsigned long long)rows[ROWS_GRANTS],
	       (unsigned long long)(rows[ROWS_PAIRS] + rows[ROWS_OVER]),
	       (unsigned long long)usage.bytes_used, bench->record_s, bench->warm_s);
	print_shape("spread", bench->gauges[DECISION_SPREAD], &total);
	print_shape("one_pair", bench->gauges[DECISION_ONE_PAIR], &total);
	putchar(',');
	print_gauge("all", &total);
	printf(",\"decisions\":%llu,\"decisions_per_s\":%.0f,\"page_faults_from_disk\":%ld",
	       (unsigned long long)total.total,
	       total.sum_ns ? (double)total.total * 1e9 / (double)total.sum_ns : 0.0,
	       bench->faults_from_disk);
	printf(",\"outcomes\":{\"permit\":%llu,\"permit_parts\":%llu,\"hold\":%llu,\"deny\":%llu}}"
	       "\n",
	       (unsigned long long)bench->outcomes[DECISION_PERMIT],
	       (unsigned long long)bench->outcomes[DECISION_PERMIT_PARTS],
	       (unsigned long long)bench->outcomes[DECISION_HOLD],
	       (unsigned long long)bench->outcomes[DECISION_DENY]);
	return fflush(stdout) == 0 ? 0 : TC_EIO;
}

int decision_bench_run(const struct decision_bench_plan *plan)
{
	struct decision_bench *bench = calloc(1, sizeof(*bench));
	struct tc_refusal refusal;
	int r;

	if (!bench)
		return EXIT_FAILURE;
	bench->plan = plan;
	r = policy_compile(policy_default(), &bench->policy, &refusal);
	if (r != 0)
		failed("the default policy cannot be used", TC_EINVAL);
	if (r == 0)
		r = store_make(bench);
	if (r == 0)
		r = record_all(bench);
	if (r == 0)
		r = warm_up(bench);
	if (r == 0)
		r = ask_all(bench);
	if (r == 0)
		r = print_result(bench);
	store_close(&bench->store);
	decision_memory_close(&bench->memory);
	(void)rmdir(folder);
	policy_free(&bench->policy);
	free(bench);
	return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
