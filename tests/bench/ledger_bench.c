/*
 * ledger_bench - what one ordinary message costs the ledger thread: submitted under a
 * grant, decided, handed over at once, acknowledged. Prints microseconds of processor
 * time for each message; asserts no time.
 *
 *   ledger_bench [MESSAGES]
 *   ledger_bench --recall [MESSAGES]     one revocation that recalls them all, per message
 */
#include <string.h>
#include <time.h>

#include "simulation/exchange.h"
#include "store/store.h"

#define PERSONS 64
#define WINDOW  64

static double cpu_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The log first, so that making it is not measured. */
static void make_log(struct exchange *x, long messages)
{
	struct tc_id persons[PERSONS];
	uint64_t connection, deliveries[WINDOW];
	size_t held = 0;

	exchange_agency(x, "intake", "INTAKE");
	exchange_agency(x, "treatment", "TREATMENT");
	exchange_agency(x, "parole", "PAROLE");
	for (int i = 0; i < PERSONS; i++) {
		struct consent consent = {.consent = exchange_id(x),
					  .grant = exchange_id(x),
					  .from = "treatment",
					  .to = "parole",
					  .category = "ATTENDANCE",
					  .expires_ms = x->now_ms + 300LL * 86400 * 1000};

		consent.subject = persons[i] = exchange_id(x);
		exchange_consent(x, &consent);
		MUST(strcmp(exchange_answer(x), "accepted") == 0);
	}
	connection = exchange_logon(x, "parole");
	exchange_collect(x, connection, 1024, 30000);
	for (long i = 0; i < messages; i++) {
		struct message message = {
			.from = "treatment",
			.to = "parole",
			.type = "AttendanceRecord",
			.category = THROUGHCARE__V1__CATEGORY__CATEGORY_ATTENDANCE,
			.id = exchange_id(x),
			.subject = persons[i % PERSONS],
			.evidence = THROUGHCARE__V1__EVIDENCE_LEVEL__EVIDENCE_LEVEL_EXCEPTIONS,
		};

		/* Ids as random as version 7 ids of many senders. */
		tc_put_be32(message.id.bytes, (uint32_t)i * 2654435761u);
		exchange_send(x, &message);
		MUST(exchange_effects(x, EFFECT_DELIVER) == 1);
		deliveries[held++] = exchange_effect(x, EFFECT_DELIVER, 0)->delivery_id;
		if (held == WINDOW) {
			exchange_settle_many(x, connection, deliveries, held);
			held = 0;
		}
	}
}

static double replay(struct exchange *x)
{
	double begun;

	ledger_close(&x->ledger);
	MUST(store_remove(x->path) == 0);
	MUST(ledger_open(&x->ledger, &x->options) == 0);
	begun = cpu_s();
	MUST(ledger_replay(x->ledger, &x->journal, NULL, NULL) == 0);
	return cpu_s() - begun;
}

/* Messages that nobody collects, and the revocation of the grant that they rely on. */
static double recall(struct exchange *x, long messages)
{
	struct consent consent = {.consent = exchange_id(x),
				  .grant = exchange_id(x),
				  .subject = exchange_id(x),
				  .from = "treatment",
				  .to = "parole",
				  .category = "ATTENDANCE",
				  .expires_ms = x->now_ms + 300LL * 86400 * 1000};
	struct message message = {
		.from = "treatment",
		.to = "parole",
		.type = "AttendanceRecord",
		.category = THROUGHCARE__V1__CATEGORY__CATEGORY_ATTENDANCE,
		.subject = consent.subject,
	};
	double begun;

	exchange_agency(x, "intake", "INTAKE");
	exchange_agency(x, "treatment", "TREATMENT");
	exchange_agency(x, "parole", "PAROLE");
	exchange_consent(x, &consent);
	for (long i = 0; i < messages; i++) {
		message.id = exchange_id(x);
		tc_put_be32(message.id.bytes, (uint32_t)i * 2654435761u);
		exchange_send(x, &message);
		MUST(strcmp(exchange_answer(x), "accepted") == 0);
	}
	MUST(ledger_commit(x->ledger) == 0);
	begun = cpu_s();
	exchange_revoke(x, &consent);
	while (ledger_due_ms(x->ledger) == 0)
		exchange_tick(x, x->now_ms);
	MUST(strcmp(exchange_answer(x), "accepted") == 0);
	return cpu_s() - begun;
}

int main(int argc, char **argv)
{
	struct exchange *x = calloc(1, sizeof(*x));
	bool recalls = argc > 1 && strcmp(argv[1], "--recall") == 0;
	long messages = argc > 1 + recalls ? strtol(argv[1 + recalls], NULL, 10) : 200000;
	double seconds;

	MUST(x != NULL && messages > 0);
	exchange_open(x);
	if (recalls) {
		seconds = recall(x, messages);
		printf("%ld recalled: %.2f us of processor time a message\n", messages,
		       seconds * 1e6 / (double)messages);
		exchange_close(x);
		free(x);
		return 0;
	}
	make_log(x, messages);
	seconds = replay(x);
	printf("%ld messages, %zu records: %.2f us of processor time a message\n", messages,
	       x->count, seconds * 1e6 / (double)messages);
	exchange_close(x);
	free(x);
	return 0;
}
